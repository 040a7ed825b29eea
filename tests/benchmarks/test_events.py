"""Reading events files, broken ones too."""

from datetime import UTC, datetime
import gzip
import math
from pathlib import Path

import pytest

from benchmarks.events import EventsFileError, read_events
from benchmarks.household import HouseholdConfig, simulate, write_events
from custom_components.occupancy_prediction.engine import SensorKind

HEADER = "timestamp,sensor_id,sensor_type,room_id,state\n"
GOOD = (
    "2026-03-01T08:00:00,pir,motion,kitchen,on\n"
    "2026-03-01T07:59:30.500,door,door,hall,open\n"
    "2026-03-01T08:00:40,pir,motion,kitchen,off\n"
    "2026-03-01T08:01:00,lux,light,kitchen,12.5\n"
    "2026-03-01T08:02:00,pir,motion,kitchen,unavailable\n"
    "2026-03-01T08:03:00,fridge,other,kitchen,open\n"
)


def _write(folder: Path, text: str) -> Path:
    path = folder / "home.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_rooms_sensors_and_values(tmp_path: Path) -> None:
    """Rows become observations in the order of time."""
    home = read_events(_write(tmp_path, HEADER + GOOD))
    assert [room.room_id for room in home.spec.rooms] == ["hall", "kitchen"]
    kinds = {s.sensor_id: s.kind for s in home.spec.room("kitchen").sensors}
    assert kinds == {
        "pir": SensorKind.MOTION,
        "lux": SensorKind.LIGHT,
        "fridge": SensorKind.OTHER,
    }
    table = home.table
    names = [table.sensor_ids[index] for index in table.sensors]
    assert names == ["door", "pir", "pir", "lux", "pir", "fridge"]
    assert table.values[:4].tolist() == [1.0, 1.0, 0.0, 12.5]
    assert math.isnan(table.values[4])
    assert (
        table.timestamps[0]
        == datetime(2026, 3, 1, 7, 59, 30, 500000, tzinfo=UTC).timestamp()
    )
    assert home.start == datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    assert home.end == table.timestamps[-1]
    assert not home.skipped
    assert home.with_vacancy_delay(60).spec.room("hall").vacancy_delay == 60


def test_broken_rows_are_counted_named_and_skipped(tmp_path: Path) -> None:
    """What makes no sense is left out, the rest is kept."""
    broken = (
        "not a time,pir,motion,kitchen,on\n"
        "2026-03-01T09:00:00,pir,motion,kitchen,maybe\n"
        "2026-03-01T09:00:00,pir,motion,bath,on\n"
        "2026-03-01T09:00:00,pir,presence,kitchen,on\n"
        "2026-03-01T09:00:00,robot,vacuum,kitchen,on\n"
        "2026-03-01T09:00:00,,motion,kitchen,on\n"
        "2026-03-01T09:00:00,lux,light,kitchen,bright\n"
        "2026-03-01T09:00:00,lux,light,kitchen,inf\n"
        "2026-03-01T09:00:00\n"
        "\n"
    )
    home = read_events(_write(tmp_path, HEADER + GOOD + broken))
    assert len(home.table) == 6
    assert home.skipped == {
        "no time": 1,
        "a state its sensor type does not have": 3,
        "a sensor in two rooms or of two types": 2,
        "unknown sensor type": 1,
        "no sensor or room": 1,
        "too few columns": 2,
    }
    assert "line 8: no time" in home.examples
    assert len(home.examples) == len(home.skipped)


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", HEADER, HEADER + "x,y\n", "\x00\x01\x02"]
)
def test_not_an_events_file(tmp_path: Path, text: str) -> None:
    """A file that is something else is refused by name."""
    with pytest.raises(EventsFileError, match=r"home\.csv"):
        read_events(_write(tmp_path, text))


def test_binary_and_truncated_files(tmp_path: Path) -> None:
    """Neither a picture nor half a download is an events file."""
    path = tmp_path / "home.csv.gz"
    path.write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(EventsFileError):
        read_events(path)
    path.write_bytes(gzip.compress((HEADER + GOOD * 500).encode())[:-40])
    with pytest.raises(EventsFileError):
        read_events(path)


def test_local_times_of_a_zone(tmp_path: Path) -> None:
    """A simulated home that is written and read back is the same home."""
    household = simulate(HouseholdConfig(days=2))
    path = tmp_path / "family.csv.gz"
    write_events(household, path)
    home = read_events(path, household.config.time_zone)
    assert not home.skipped
    assert home.table.timestamps.tolist() == pytest.approx(
        [event.timestamp for event in household.events], abs=0.001
    )
    assert home.start == household.config.span[0]
