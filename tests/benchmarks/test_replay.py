"""Replay does what production does, and never looks ahead."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.events import EventsFile, read_events
from benchmarks.household import HouseholdConfig, simulate, write_events
from benchmarks.replay import HEADER, Plan, main, replay
from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    Forecast,
    ObservationTable,
)

DAY = 86400.0
# Which members there are and how much each learns does not matter here.
CONFIG = EngineConfig(tier="base", learned_samples=600, holdout_folds=1)
PLAN = Plan(train_days=4, test_days=2, step=1800.0)
# So does how many rooms there are, as long as one is beside another.
ROOMS = {"hall", "kitchen"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an events file of two rooms of a simulated family."""
    path = tmp_path_factory.mktemp("homes") / "family.csv.gz"
    household = simulate(HouseholdConfig(days=7))
    kept = [event for event in household.events if event.room_id in ROOMS]
    write_events(replace(household, events=kept), path)
    return path


@pytest.fixture(scope="module")
def whole(path: Path) -> list[tuple[float, Forecast]]:
    """Return what is forecast when all events are there."""
    return list(replay(read_events(path), PLAN, CONFIG))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_writes_a_row_per_room_and_step(path: Path, tmp_path: Path) -> None:
    """The forecasts file has the columns and rows the scorer wants."""
    out = tmp_path / "forecasts.csv"
    command = ["--train-days", "4", "--test-days", "1", "--step", "3600"]
    command += ["--tier", "base"]
    assert main([str(path), "--out", str(out), *command]) == 0
    rows = _rows(out)
    assert tuple(rows[0]) == HEADER
    assert len(rows) == len(ROOMS) * 24
    assert rows[0]["origin"] == "2026-09-11T00:00:00"
    for row in rows:
        chances = [float(row[name]) for name in HEADER if name.startswith("p")]
        assert chances == sorted(chances)
        assert 0 <= chances[0] <= chances[-1] <= 1
        assert float(row["lower_min"]) <= float(row["median_min"])
        assert float(row["median_min"]) <= float(row["upper_min"])
        assert row["state"] in ("on", "off")
        assert row["reliable"] in ("0", "1")


@pytest.mark.parametrize("cut_day", [4.9, 5.5])
def test_never_looks_ahead(
    path: Path, whole: list[tuple[float, Forecast]], cut_day: float
) -> None:
    """Cutting the events off changes no earlier row."""
    home = read_events(path)
    cut = home.start + cut_day * DAY
    short = EventsFile(home.spec, home.table.before(cut), {}, ())
    part = list(replay(short, PLAN, CONFIG))
    assert part
    assert part == whole[: len(part)]
    # The end of the events is the end of the replay, not a guess beyond it.
    assert part[-1][0] < cut


def test_starts_where_it_is_told(path: Path) -> None:
    """Days before the start day are not learned from."""
    home = read_events(path)
    plan = Plan(start_day=2, train_days=3, test_days=1, step=7200.0)
    forecasts = list(replay(home, plan, CONFIG))
    assert forecasts[0][0] == home.start + 5 * DAY
    kept = home.table.timestamps >= home.start + 2 * DAY
    later = ObservationTable(
        home.table.timestamps[kept],
        home.table.sensors[kept],
        home.table.values[kept],
        home.table.sensor_ids,
    )
    same = EventsFile(home.spec, later, {}, ())
    assert forecasts == list(
        replay(same, Plan(train_days=3, test_days=1, step=7200.0), CONFIG)
    )


def test_forecasts_tell_the_rooms_apart(whole: list[tuple[float, Forecast]]) -> None:
    """Some days are enough to forecast most rooms most of the time."""
    forecasts = [each for _, each in whole]
    assert {each.room_id for each in forecasts} == ROOMS
    told = np.mean([each.predicted_time is not None for each in forecasts])
    assert told > 0.9


def test_tiers_differ(path: Path, tmp_path: Path) -> None:
    """The full tier asks members that the base tier does without."""
    command = ["--train-days", "4", "--test-days", "1", "--step", "21600"]
    tables = []
    for tier in ("base", "full"):
        out = tmp_path / f"{tier}.csv"
        assert main([str(path), "--out", str(out), *command, "--tier", tier]) == 0
        tables.append(_rows(out))
    base, full = tables
    assert [row["origin"] for row in base] == [row["origin"] for row in full]
    assert base != full


def test_bad_input_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file and a file of something else end with 2 and a sentence."""
    out = str(tmp_path / "out.csv")
    assert main([str(tmp_path / "none.csv.gz"), "--out", out]) == 2
    assert "none.csv.gz" in capsys.readouterr().err
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n")
    assert main([str(wrong), "--out", out]) == 2
    assert "wrong.csv has no column" in capsys.readouterr().err
