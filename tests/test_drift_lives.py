"""Tests of the lives that the drift benchmark changes."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.drift.lives import ROOMS, SCENARIOS, Scenario

BEFORE, AFTER = 4, 3
DAY = 86400.0
LIVES = {each.name: replace(each, days_after=AFTER) for each in SCENARIOS}


def seen(
    scenario: Scenario, start: float, end: float, *, ever_since: bool = False
) -> list[tuple[float, str]]:
    """Return what sensors say between two days after the change."""
    life = scenario.life(1, BEFORE, ever_since=ever_since)
    changed = life.start + BEFORE * DAY
    times = life.table.timestamps
    rows = np.flatnonzero(
        (times >= changed + start * DAY) & (times < changed + end * DAY)
    )
    return [
        (float(times[row] - changed), life.table.sensor_ids[life.table.sensors[row]])
        for row in rows
    ]


@pytest.mark.parametrize("name", ["job", "baby", "bedroom", "sensor"])
def test_life_changes_on_its_day(name: str) -> None:
    """Before it is as if nothing came; after it as if it had been so long before."""
    as_ever = replace(LIVES["holiday"], holiday=False)
    assert seen(LIVES[name], -3, -1) == seen(as_ever, -3, -1)
    assert seen(LIVES[name], 0.5, 2) != seen(as_ever, 0.5, 2)
    # What a baby does by chance hangs on the day before.
    after, ever = (
        len(seen(LIVES[name], 0.5, 3, ever_since=ever)) for ever in (False, True)
    )
    assert after == pytest.approx(ever, rel=0.02)


def test_holiday_is_quiet() -> None:
    """Nobody moves once they have left."""
    assert seen(LIVES["holiday"], 1, 3) == []
    assert len(seen(LIVES["holiday"], 1, 3, ever_since=True)) > 100


def test_clocks_go_back_on_the_first_day() -> None:
    """It has 25 hours."""
    life = LIVES["clock"].life(1, BEFORE)
    assert (life.end - life.start) / 3600 == (BEFORE + AFTER) * 24 + 1
    assert tuple(room.room_id for room in life.spec.rooms) == ROOMS
