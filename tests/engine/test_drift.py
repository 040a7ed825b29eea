"""Tests of the detectors: by hand, against ``river``, and how often they are wrong."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from river import drift as oracle

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.drift import (
    Change,
    RoomTrack,
    Signal,
    Track,
    adaptive_window,
    away_spans,
    daily_skill,
    detect,
    first_of_spells,
    has_alarm_since,
    page_hinkley,
)
from custom_components.occupancy_prediction.engine.habits import HOURS, RoomDays
from custom_components.occupancy_prediction.engine.timeline import (
    HomeTimeline,
    RoomTimeline,
    Spans,
)
from custom_components.occupancy_prediction.engine.types import FloatArray

CONFIG = EngineConfig()
# Its functions are not annotated.
RIVER: Any = oracle
DAY = 86400.0
HERE = Spans(np.zeros(0), np.zeros(0))
# A Monday.
FIRST = datetime(2026, 1, 5).toordinal()


def test_page_hinkley_by_hand() -> None:
    """It sums up what lies beyond the mean so far and the slack."""
    found = page_hinkley(
        [0.0, 0.0, 0.0, 3.0, 3.0, 3.0], slack=0.5, threshold=3.0, minimum=3
    )
    # After 0, 0, 0 the mean is 0; 3 is 2.25 above the new mean, the next 1.8, both
    # less the slack: 1.75 + 1.3 > 3.
    assert found == [Change(4, 3, rising=True)]


def test_page_hinkley_falls_too() -> None:
    """The same downwards, and nothing before it knows a mean."""
    values = [0.0, 0.0, 0.0, -3.0, -3.0, -3.0]
    assert page_hinkley(values, slack=0.5, threshold=3.0, minimum=3) == [Change(4, 3)]
    assert page_hinkley(values, slack=0.5, threshold=3.0, minimum=7) == []


@pytest.mark.parametrize("seed", range(6))
def test_page_hinkley_is_that_of_river(seed: int) -> None:
    """The same alarms at the same places, several in a row."""
    values = _steps(np.random.default_rng(seed), [0.0, 0.4, 0.1, -0.3], 150)
    detector = RIVER.PageHinkley(min_instances=20, delta=0.05, threshold=4.0)
    found = page_hinkley(values, slack=0.05, threshold=4.0, minimum=20)
    assert len(found) >= 2
    assert [each.noticed for each in found] == _alarms(detector, values)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("shortest", "minimum"), [(5, 10), (3, 14)])
def test_adaptive_window_is_that_of_river(
    seed: int, shortest: int, minimum: int
) -> None:
    """The same cuts at the same places, with buckets of many sizes."""
    values = _steps(np.random.default_rng(seed), [0.0, 1.0, 0.2, -0.8], 120)
    detector = RIVER.ADWIN(
        delta=0.05,
        clock=1,
        min_window_length=shortest,
        grace_period=minimum,
    )
    found = adaptive_window(values, confidence=0.05, shortest=shortest, minimum=minimum)
    assert len(found) >= 2
    assert [each.noticed for each in found] == _alarms(detector, values)
    # The first step was there; the older the values, the coarser they are kept.
    assert abs(found[0].began - 120) <= 4


def _steps(
    generator: np.random.Generator, levels: list[float], length: int
) -> list[float]:
    parts = [generator.normal(level, 0.3, length) for level in levels]
    return [float(value) for value in np.concatenate(parts)]


def _alarms(detector: Any, values: Sequence[float]) -> list[int]:
    found = []
    for place, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            found.append(place)
    return found


def room_of(
    days: int, seed: int, changed: int | None = None, *, noise: float = 0.15
) -> RoomDays:
    """Return a room used in the mornings of work days, and lately in the evenings."""
    generator = np.random.default_rng(seed)
    ordinals = FIRST + np.arange(days)
    used = np.zeros((days, HOURS))
    work = (ordinals - 1) % 7 < 5
    used[work, 7:11] = 1.0
    if changed is not None:
        used[changed:] = np.roll(used[changed:], 10, axis=1)
    shares = np.clip(used + generator.normal(0, noise, used.shape), 0, 1)
    return RoomDays(ordinals, np.asarray(ordinals * DAY, np.float64), shares)


@pytest.mark.parametrize("seed", range(4))
def test_other_days_are_noticed(seed: int) -> None:
    """Within a week of the change, and its day is found."""
    alarms = detect(Track(), {"office": room_of(60, seed, 42)}, HERE, CONFIG)
    (alarm,) = alarms[:1]
    assert (alarm.signal, alarm.room_id) == (Signal.HABIT, "office")
    began = (FIRST + 42) * DAY
    assert abs(alarm.since - began) <= 4 * DAY
    assert began < alarm.noticed <= began + 8 * DAY


def test_days_as_ever_give_no_alarm() -> None:
    """Less than one a month and home: here three years of rooms."""
    alarms = [
        alarm
        for seed in range(12)
        for alarm in detect(Track(), {"office": room_of(90, seed)}, HERE, CONFIG)
    ]
    assert len(alarms) <= 3


def test_one_odd_day_is_no_other_life() -> None:
    """Whatever it is like: hardly one in twenty is taken for one."""
    alarms = []
    for seed in range(20):
        room = room_of(60, seed)
        room.occupied[50] = 1.0
        alarms += detect(Track(), {"office": room}, HERE, CONFIG)
    assert len(alarms) <= 1


def track_of_pits(pit: FloatArray, per_day: int = 8) -> Track:
    """Return a room with so many spells a day."""
    moments = FIRST * DAY + np.arange(len(pit)) * DAY / per_day
    return Track(rooms={"kitchen": RoomTrack(moments, moments + 3600, pit)})


def test_biased_forecasts_are_noticed() -> None:
    """A room that becomes vacant later than it used to."""
    generator = np.random.default_rng(1)
    pit = np.r_[generator.uniform(0, 1, 400), generator.uniform(0.4, 1, 120)]
    track = track_of_pits(pit)
    (alarm,) = detect(track, {}, HERE, CONFIG)[:1]
    assert (alarm.signal, alarm.room_id) == (Signal.BIAS, "kitchen")
    assert alarm.noticed - (FIRST + 50) * DAY < 10 * DAY
    assert has_alarm_since(track, alarm.noticed - 1, CONFIG)
    assert not has_alarm_since(track, alarm.noticed, CONFIG)
    # While nobody was at home for long, they prove nothing.
    away = Spans(np.array([(FIRST + 50) * DAY]), np.array([np.inf]))
    assert detect(track, {}, away, CONFIG) == []


def test_calibrated_forecasts_give_no_alarm() -> None:
    """Less than one a month and home: here two years of rooms."""
    alarms = [
        alarm
        for seed in range(8)
        for alarm in detect(
            track_of_pits(np.random.default_rng(seed).uniform(0, 1, 720)),
            {},
            HERE,
            CONFIG,
        )
    ]
    assert len(alarms) <= 2


def test_lost_skill_is_noticed() -> None:
    """Of the home as a whole."""
    generator = np.random.default_rng(2)
    days = np.array([(FIRST + day) * DAY for day in range(80)])
    skill = generator.normal(0.3, 0.1, 80)
    assert detect(Track(days, skill), {}, HERE, CONFIG) == []
    skill[50:] -= 0.9
    (alarm,) = detect(Track(days, skill), {}, HERE, CONFIG)
    assert (alarm.signal, alarm.room_id) == (Signal.SKILL, "")
    assert abs(alarm.since - days[50]) <= 8 * DAY


def test_spells_have_one_sample() -> None:
    """A forecast issued before the one before it came true is of the same spell."""
    first = first_of_spells(
        np.array([0.0, 5.0, 10.0, 20.0, 30.0]),
        np.array([True, True, True, False, False]),
        np.array([10.0, 10.0, 20.0, 90.0, 90.0]),
    )
    assert first.tolist() == [True, False, True, True, False]
    assert len(first_of_spells(np.zeros(0), np.zeros(0, np.bool_), np.zeros(0))) == 0


def test_skill_is_of_local_days() -> None:
    """The day the clocks go forward has its forecasts, and is one day."""
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, tzinfo=zone).timestamp()
    end = datetime(2026, 3, 31, tzinfo=zone).timestamp()
    issued = np.arange(start, end, 900.0)
    parts = [np.stack([issued, np.full(len(issued), 30.0), np.full(len(issued), 40)])]
    noons, skill = daily_skill(parts, "Europe/Berlin")
    assert len(issued) == 3 * 96 - 4
    assert skill.tolist() == pytest.approx([0.25] * 3)
    days = [datetime.fromtimestamp(noon, zone).day for noon in noons]
    assert days == [28, 29, 30]
    # A day that is hardly there has no skill, nor has one without a baseline.
    assert len(daily_skill([parts[0][:, : 96 + 20]], "Europe/Berlin")[0]) == 1
    parts[0][2] = np.nan
    assert len(daily_skill(parts, "Europe/Berlin")[0]) == 0
    assert len(daily_skill([], "UTC")[0]) == 0


def test_nobody_at_home() -> None:
    """For longer than a day, over all rooms, also if that still lasts."""

    def room(starts: list[float], ends: list[float]) -> RoomTimeline:
        spans = Spans(np.array(starts) * DAY, np.array(ends) * DAY)
        return RoomTimeline("", 300, np.zeros(0), np.zeros(0, int), spans, np.zeros(0))

    rooms = {"bath": room([0.1, 4.0], [0.2, 4.1]), "hall": room([0.9], [1.0])}
    away = away_spans(HomeTimeline(0.0, 9.0 * DAY, rooms), DAY)
    assert (away.starts / DAY).tolist() == pytest.approx([1.0, 4.1])
    assert (away.ends / DAY).tolist() == pytest.approx([4.0, 9.0])
    assert len(away_spans(HomeTimeline(0.0, DAY, {}), DAY).starts) == 0
