"""The report of a replayed home."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.events import read_events
from benchmarks.household import HouseholdConfig, simulate, write_events
from benchmarks.replay import Plan
from benchmarks.report import main, replayed_report
from custom_components.occupancy_prediction.engine import EngineConfig

DAY = 86400.0
# Which members there are and how much each learns does not matter here.
CONFIG = EngineConfig(tier="base", learned_samples=300, holdout_folds=1)
PLAN = Plan(train_days=2, test_days=1, step=3600.0)


def test_forecasts_of_the_test_days_are_scored(tmp_path: Path) -> None:
    """Each of which it became known what came, and none of another day."""
    path = tmp_path / "family.csv.gz"
    household = simulate(HouseholdConfig(days=4))
    kept = [event for event in household.events if event.room_id == "kitchen"]
    write_events(replace(household, events=kept), path)
    home = read_events(path)
    report = replayed_report(home, PLAN, CONFIG)
    assert report.end == home.start + 3 * DAY - PLAN.step
    assert report.start == report.end - DAY
    assert report.rooms.keys() == {"kitchen"}
    count = report.home.accuracy[None].count
    # Somebody was in the kitchen in the evening; what came last is still open.
    assert 12 <= count < 24
    assert report.home.accuracy[None].skill is not None


def test_no_such_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That is told."""
    assert main([str(tmp_path / "home.csv.gz")]) == 2
    assert "home.csv.gz" in capsys.readouterr().err
