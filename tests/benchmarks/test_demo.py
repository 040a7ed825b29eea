"""Tests of what the demo prepares and prints, without starting Home Assistant."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
import gzip
from itertools import islice
from pathlib import Path
import socket
from zoneinfo import ZoneInfo

from homeassistant.util.yaml import load_yaml
import pytest

from benchmarks.demo.__main__ import main
from benchmarks.demo.client import ApiError
from benchmarks.demo.configuration import write_configuration
from benchmarks.demo.forecasts import NONE, RoomForecast, table
from benchmarks.demo.home import (
    DAY,
    PAST_DAYS,
    TIME_ZONE,
    DemoHome,
    family_home,
    recorded_home,
)
from benchmarks.demo.rooms import suggested_input
from benchmarks.demo.server import HOST
from benchmarks.household import HouseholdConfig, live_events
from custom_components.occupancy_prediction.engine import SensorKind

ZONE = ZoneInfo(TIME_ZONE)
NOW = datetime(2026, 11, 24, 7, 30, tzinfo=ZONE).timestamp()
HEADER = "timestamp,sensor_id,sensor_type,room_id,state"
GOOD = [
    "2023-06-05T07:00:00,bath_pir,motion,bath,on",
    "2023-06-05T07:01:00,bath_pir,motion,bath,off",
    "2023-06-12T08:30:00,front door,door,hall,open",
    "2023-06-12T08:31:00,tap,other,bath,on",
    "2023-06-13T08:30:00,bath_lux,light,bath,12.5",
]
FORECAST = RoomForecast(
    "Kitchen", "vacant", "occupied", "07:40", "07:31 to 08:15", "61 %", "no"
)


def _file(path: Path, rows: Sequence[str]) -> Path:
    path.write_bytes(gzip.compress("\n".join((HEADER, *rows, "")).encode()))
    return path


def _local(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, ZONE).replace(tzinfo=None)


def test_family_has_six_weeks_behind_it_and_goes_on() -> None:
    """The past of the simulated family ends now and its future follows."""
    home = family_home(NOW)
    assert len(home.rooms) == 6
    past = home.events.until(NOW)
    assert past[0].timestamp < NOW - PAST_DAYS * DAY
    assert past[-1].timestamp <= NOW < (home.events.next_time or 0.0)
    assert {item.sensor_id for item in past} == {s.entity_id for s in home.sensors}
    future = home.events.until(NOW + 3 * DAY)
    assert future[-1].timestamp > NOW + 2.9 * DAY
    stamps = [item.timestamp for item in (*past, *future)]
    assert stamps == sorted(stamps)
    # No seam: it is the household as it would have been simulated at once.
    start = (datetime.fromtimestamp(NOW, ZONE) - timedelta(days=PAST_DAYS)).date()
    config = HouseholdConfig(start=start, days=PAST_DAYS + 7)
    whole = islice(live_events(config, NOW), len(future))
    assert [item.timestamp for item in future] == [event.timestamp for event in whole]


def test_recorded_home_is_moved_by_whole_weeks(tmp_path: Path) -> None:
    """Weekday and time of day stay, and at least a day is left to come."""
    home = recorded_home(_file(tmp_path / "flat.csv.gz", GOOD), NOW)
    assert home.name == "flat"
    past = home.events.until(NOW)
    future = home.events.until(NOW + 8 * DAY)
    assert home.events.next_time is None
    originals = [datetime.fromisoformat(row[:19]) for row in GOOD if "other" not in row]
    moved = [_local(item.timestamp) for item in (*past, *future)]
    shifts = {after - before for before, after in zip(originals, moved, strict=True)}
    assert len(shifts) == 1
    assert shifts.pop() % timedelta(weeks=1) == timedelta(0)
    assert NOW + DAY <= future[-1].timestamp < NOW + 8 * DAY
    assert [item.value for item in (*past, *future)] == [1.0, 0.0, 1.0, 12.5]
    entities = {sensor.entity_id: sensor.kind for sensor in home.sensors}
    assert entities == {
        "binary_sensor.bath_pir": SensorKind.MOTION,
        "binary_sensor.front_door": SensorKind.DOOR,
        "sensor.bath_lux": SensorKind.LIGHT,
    }


def test_broken_rows_are_counted_and_named(tmp_path: Path) -> None:
    """What is wrong with a file is told, and the rest of it used."""
    rows = [*GOOD, "yesterday,bath_pir,motion,bath,on", "nonsense"]
    home = recorded_home(_file(tmp_path / "flat.csv.gz", rows), NOW)
    text = "\n".join(home.notes)
    assert f"{len(GOOD)} events" in text
    assert "2 broken rows" in text
    assert "no time" in text
    assert "line 7" in text
    assert "too few columns" in text


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("content", [b"not an events file", None])
def test_what_is_no_home_is_refused(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is missing or something else ends with a clear message."""
    path = tmp_path / "home.csv.gz"
    if content is not None:
        path.write_bytes(content)
    assert main(["--home", str(path), "--port", "0"]) == 2
    assert "home.csv.gz cannot be used" in capsys.readouterr().err


@pytest.mark.usefixtures("socket_enabled")
def test_port_in_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A demo does not start beside what has its port."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    assert f"Port {port} is in use" in capsys.readouterr().err


def _sensors_of(home: DemoHome, folder: Path) -> list[str]:
    write_configuration(folder, 8123, home)
    configuration = load_yaml(folder / "configuration.yaml")
    assert isinstance(configuration, dict)
    return [
        entity["default_entity_id"]
        for block in configuration["template"]
        for domain in ("binary_sensor", "sensor")
        for entity in block.get(domain, ())
    ]


def test_each_sensor_is_configured(tmp_path: Path) -> None:
    """The configuration has an entity for each sensor of the home."""
    home = family_home(NOW)
    sensors = _sensors_of(home, tmp_path / "config")
    assert sensors == [sensor.entity_id for sensor in home.sensors]
    component = tmp_path / "config" / "custom_components" / "occupancy_prediction"
    assert (component / "manifest.json").exists()


def test_form_is_filled_in_as_it_is_offered() -> None:
    """Defaults and suggestions are taken, in sections too; the rest is left out."""
    fields = [
        {"name": "areas", "default": ["hall"]},
        {"name": "name", "description": {"suggested_value": "Hall"}},
        {"name": "empty"},
        {
            "name": "advanced",
            "type": "expandable",
            "schema": [{"name": "delay", "default": 300}],
        },
    ]
    assert suggested_input({"type": "form", "data_schema": fields}) == {
        "areas": ["hall"],
        "name": "Hall",
        "advanced": {"delay": 300},
    }
    with pytest.raises(ApiError, match="single_instance"):
        suggested_input({"type": "abort", "reason": "single_instance"})


def test_table_has_a_line_for_each_room() -> None:
    """A room without a forecast is in the table, and known to have none."""
    nothing = RoomForecast("Hall", "occupied", *[NONE] * 5)
    lines = table([FORECAST, nothing]).splitlines()
    assert lines[0].split() == [
        *("room", "state", "becomes", "at", "interval", "confidence", "reliable"),
    ]
    assert "07:31 to 08:15" in lines[2]
    assert lines[3].startswith("Hall")
    assert FORECAST.is_forecast
    assert not nothing.is_forecast
    # Beyond the horizon there is an interval, but no time.
    assert replace(FORECAST, at=NONE).is_forecast
