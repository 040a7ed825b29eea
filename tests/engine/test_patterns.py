"""Tests of weekly habits that come or go."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.habits import (
    HOURS,
    RoomDays,
    home_days,
    room_days,
)
from custom_components.occupancy_prediction.engine.patterns import (
    Pattern,
    PatternKind,
    find_patterns,
)
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    HomeTimeline,
    RoomTimeline,
    Spans,
)

CONFIG = EngineConfig()
DAY = 86400.0
# A Monday.
FIRST = date(2026, 1, 5)
HERE = Spans(np.zeros(0), np.zeros(0))
SATURDAY = 5


def office(days: int = 112, seed: int = 0) -> RoomDays:
    """Return a room that is used on work days from 9 to 17, mostly, and at random."""
    generator = np.random.default_rng(seed)
    ordinals = FIRST.toordinal() + np.arange(days)
    used = generator.random((days, HOURS)) < 0.05
    work = (ordinals - 1) % 7 < 5
    used[work, 9:17] = generator.random((int(work.sum()), 8)) < 0.9
    return RoomDays(
        ordinals, np.asarray(ordinals * DAY, np.float64), used.astype(np.float64)
    )


def of_weekday(room: RoomDays, weekday: int, since: date) -> np.ndarray:
    """Return the rows of a day of the week from a date on."""
    rows = ((room.days - 1) % 7 == weekday) & (room.days >= since.toordinal())
    return np.flatnonzero(rows)


@pytest.mark.parametrize("seed", range(3))
def test_new_saturday_mornings(seed: int) -> None:
    """Six Saturdays in a row are no chance."""
    room = office(seed=seed)
    since = FIRST + timedelta(days=70 + SATURDAY)
    room.occupied[of_weekday(room, SATURDAY, since), 8:12] = 1.0
    (found,) = find_patterns({"office": room}, CONFIG)
    assert found == Pattern(
        "office", PatternKind.NEW, (SATURDAY,), 8, 12, since.isoformat()
    )


def test_vanished_work_days() -> None:
    """Two weeks without them are enough, and are told of the work days together."""
    room = office()
    since = FIRST + timedelta(days=98)
    rows = room.days >= since.toordinal()
    room.occupied[rows] = 0.0
    (found,) = find_patterns({"office": room}, CONFIG)
    assert (found.kind, found.weekdays) == (PatternKind.VANISHED, (0, 1, 2, 3, 4))
    assert (found.start, found.end) == (9, 17)
    assert abs((date.fromisoformat(found.since) - since).days) <= 3


def test_same_hours_of_two_days_are_one_habit() -> None:
    """Tuesdays and Thursdays, but not the other work days."""
    room = office()
    since = FIRST + timedelta(days=70)
    for weekday in (1, 3):
        room.occupied[of_weekday(room, weekday, since), 19:22] = 1.0
    (found,) = find_patterns({"office": room}, CONFIG)
    assert (found.weekdays, found.start, found.end) == ((1, 3), 19, 22)


def test_steady_homes_have_no_news() -> None:
    """Of a hundred rooms whose habits stay as they are, hardly one has any."""
    found = [
        pattern
        for home in range(10)
        for pattern in find_patterns(
            {str(room): office(seed=100 + home * 10 + room) for room in range(10)},
            CONFIG,
        )
    ]
    assert len(found) <= 1


def test_nothing_is_known_of_a_young_home() -> None:
    """Nor of no home."""
    assert find_patterns({"office": office(10)}, CONFIG) == ()
    assert find_patterns({"office": office(0)}, CONFIG) == ()
    assert find_patterns({}, CONFIG) == ()


# --- from timelines to days -----------------------------------------------------------


def lived(zone: str, first: datetime, days: int, hours: range) -> HomeTimeline:
    """Return a room occupied at the same hours of the clock on the wall every day."""
    times, states = [first.timestamp()], [VACANT]
    for number in range(days):
        day = first + timedelta(days=number)
        for hour, state in ((hours.start, OCCUPIED), (hours.stop, VACANT)):
            times.append(day.replace(hour=hour, tzinfo=ZoneInfo(zone)).timestamp())
            states.append(state)
    room = RoomTimeline(
        "office", 300.0, np.array(times), np.array(states), HERE, np.zeros(0)
    )
    end = (first + timedelta(days=days)).timestamp()
    return HomeTimeline(times[0], end, {"office": room})


@pytest.mark.parametrize("first", [datetime(2026, 3, 26), datetime(2026, 10, 22)])
def test_days_follow_the_clock_on_the_wall(first: datetime) -> None:
    """Forward and back: eight is eight, and each day is one day."""
    zone = "Europe/Berlin"
    first = first.replace(tzinfo=ZoneInfo(zone))
    timeline = lived(zone, first, 7, range(8, 11))
    days = home_days(timeline, timeline.start, HERE, zone)["office"]
    # The first and the last are not known to be whole.
    assert days.days.tolist() == [first.toordinal() + n for n in range(1, 6)]
    used = days.occupied >= 0.5
    assert (used == np.isin(np.arange(HOURS), [8, 9, 10])).all()
    # The hour that the clock left out is not known, the one it repeated is one hour.
    assert np.isnan(days.occupied).sum() == (first.month == 3)


def test_hours_nobody_knows_of() -> None:
    """Lost sensors, and absences, are neither used nor unused."""
    timeline = lived(
        "UTC", datetime(2026, 5, 4, tzinfo=ZoneInfo("UTC")), 5, range(8, 11)
    )
    room = timeline.rooms["office"]
    lost = timeline.start + DAY + 12 * 3600
    unknown = RoomTimeline(
        "office",
        300.0,
        np.r_[room.change_times[:5], lost, lost + 7200],
        np.r_[room.change_states[:5], UNKNOWN, VACANT],
        HERE,
        np.zeros(0),
    )
    away = Spans(np.array([timeline.start + 2 * DAY]), np.array([timeline.end]))
    days = room_days(unknown, timeline.start, timeline.end, away, "UTC")
    known = np.isfinite(days.occupied)
    assert np.flatnonzero(~known[0]).tolist() == [12, 13]
    assert not known[1:].any()
    assert np.isnan(days.unlike()).all()


def test_unlike_by_hand() -> None:
    """The mean difference from the mean of the days of its type before it."""
    ordinals = FIRST.toordinal() + np.arange(7)
    occupied = np.zeros((7, HOURS))
    occupied[4, :12] = 1.0
    occupied[3, 0] = 1.0
    days = RoomDays(ordinals, np.asarray(ordinals * DAY, np.float64), occupied)
    unlike = days.unlike()
    # The four work days before Friday; weekends have none to compare.
    assert np.isnan(unlike[[0, 1, 2, 3, 5, 6]]).all()
    assert unlike[4] == pytest.approx((11 + 0.75) / 24)
    assert days.since(ordinals[2] * DAY).days.tolist() == ordinals[2:].tolist()
