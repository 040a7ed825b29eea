"""Tests of samples, outcomes and stays: what is asked, and what came."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
import math

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    entry_samples,
    outcomes_of,
    samples_at,
    stays_of,
    training_set,
)
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    RoomTimeline,
    Spans,
    build_timeline,
)
from custom_components.occupancy_prediction.engine.types import HORIZON

from .streams import CONFIG, HOME, START, Stream, streams, table_of

MINUTE = 60.0
MONDAY = datetime(2026, 9, 7, tzinfo=UTC).timestamp()


def room_of(
    changes: list[tuple[float, int]],
    active: Sequence[tuple[float, float]] = (),
    on_times: Sequence[float] = (),
) -> RoomTimeline:
    """Return a room with a delay of 5 min; times in minutes of a Monday in UTC."""
    return RoomTimeline(
        "room",
        300.0,
        np.array([MONDAY + time * MINUTE for time, _ in changes], np.float64),
        np.array([state for _, state in changes], np.int64),
        Spans(
            np.array([MONDAY + start * MINUTE for start, _ in active], np.float64),
            np.array([MONDAY + end * MINUTE for _, end in active], np.float64),
        ),
        np.array([MONDAY + time * MINUTE for time in on_times], np.float64),
    )


def at(*minutes: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return moments of that Monday."""
    return MONDAY + np.array(minutes, np.float64) * MINUTE


# A stay of 40 min in which a sensor was on twice, then vacant, lost, vacant again.
ROOM = room_of(
    [(60, VACANT), (100, OCCUPIED), (140, VACANT), (300, UNKNOWN), (400, VACANT)],
    [(100, 110), (120, 135)],
    [100, 105, 120],
)


# --- worked by hand -------------------------------------------------------------------


def test_samples_by_hand() -> None:
    """Each column of a handful of moments."""
    samples = samples_at(ROOM, at(30, 70, 100, 112, 125, 137, 141, 350, 410), "UTC")
    # At 30 and at 350 the state is unknown: nothing is asked then.
    assert ((samples.origin - MONDAY) / MINUTE).tolist() == [
        *(70, 100, 112, 125, 137, 141, 410),
    ]
    assert samples.occupied.tolist() == [False, True, True, True, True, False, False]
    assert samples.elapsed.tolist() == [10, 0, 12, 25, 37, 1, 10]
    assert samples.clock.tolist() == [70, 100, 112, 125, 137, 141, 410]
    assert samples.sensor_on.tolist() == [
        *(False, True, False, True, False, False, False),
    ]
    assert samples.quiet.tolist() == [math.inf, 0, 2, 0, 2, 6, 275]
    assert samples.earliest.tolist() == [0, 5, 3, 5, 3, 0, 0]
    assert samples.since_on.tolist() == [math.inf, 0, 7, 5, 17, 21, 290]
    assert not samples.weekend.any()
    assert set(samples.day.tolist()) == {datetime(2026, 9, 7).toordinal()}
    assert len(samples) == 7


def test_outcomes_by_hand() -> None:
    """The change where it was seen, and how far one looked where it was not."""
    samples = samples_at(ROOM, at(70, 110, 150, 410), "UTC")
    end = MONDAY + 1000 * MINUTE
    outcomes = outcomes_of(ROOM, samples, end)
    # At 150 the sensors were lost before anything changed, at 410 the data ended.
    assert outcomes.remaining.tolist() == [30, 30, 150, 590]
    assert outcomes.observed.tolist() == [True, True, False, False]
    assert outcomes_of(ROOM, samples, MONDAY + 139 * MINUTE).observed.tolist() == [
        *(True, False, False, False),
    ]
    assert outcomes_of(ROOM, samples, MONDAY + 140 * MINUTE).observed.tolist() == [
        *(True, True, False, False),
    ]


def test_known_is_a_change_or_a_day_without() -> None:
    """Not what was cut off before."""
    outcomes = Outcomes(
        np.array([10.0, 10.0, HORIZON, HORIZON]), np.array([True, False, True, False])
    )
    assert outcomes.known.tolist() == [True, False, True, True]


def test_outcome_beyond_the_horizon_counts_as_later() -> None:
    """A change on the horizon was seen, one after it was not."""
    room = room_of([(0, VACANT), (1440, OCCUPIED), (1445, VACANT), (3000, OCCUPIED)])
    samples = samples_at(room, at(0, 1445, 1560), "UTC")
    outcomes = outcomes_of(room, samples, MONDAY + 9999 * MINUTE)
    assert outcomes.remaining.tolist() == [HORIZON, HORIZON, 1440]
    assert outcomes.observed.tolist() == [True, False, True]


def test_stays_by_hand() -> None:
    """A spell counts from its entry, if that was seen; its end may not have been."""
    stays = stays_of(ROOM, MONDAY + 1000 * MINUTE, "UTC")
    assert stays.occupied.tolist() == [True, False]
    assert stays.clock.tolist() == [100, 140]
    assert stays.length.tolist() == [40, 160]
    assert stays.observed.tolist() == [True, False]
    cut = stays_of(ROOM, MONDAY + 120 * MINUTE, "UTC")
    assert cut.occupied.tolist() == [True]
    assert cut.length.tolist() == [20]
    assert cut.observed.tolist() == [False]
    assert len(stays_of(ROOM, MONDAY, "UTC").length) == 0
    assert stays.take(np.array([1])).length.tolist() == [160]


def test_entry_samples_describe_the_first_moment_of_a_state() -> None:
    """Whoever has just come in has a sensor on; whoever left did so a delay ago."""
    came = entry_samples(at(100), occupied=True, vacancy_delay=300.0, time_zone="UTC")
    left = entry_samples(at(140), occupied=False, vacancy_delay=300.0, time_zone="UTC")
    real = samples_at(ROOM, at(100, 140), "UTC")
    for made, row in ((came, 0), (left, 1)):
        for name in ("origin", "occupied", "clock", "day", "weekend", "elapsed"):
            assert getattr(made, name)[0] == getattr(real, name)[row]
        assert made.sensor_on[0] == real.sensor_on[row]
        assert made.earliest[0] == real.earliest[row]
        assert made.quiet[0] == real.quiet[row]
    assert came.since_on[0] == real.since_on[0] == 0


def test_room_of_which_nothing_is_known() -> None:
    """No samples, no outcomes, no stays, and no complaint."""
    nothing = training_set(room_of([]), at(1, 2), MONDAY + 999, "UTC")
    assert len(nothing.samples) == len(nothing.outcomes.remaining) == 0
    assert len(nothing.stays.length) == 0


def test_rows_can_be_taken_and_joined() -> None:
    """Parts put together again are the whole."""
    samples = samples_at(ROOM, at(70, 110, 150, 410), "UTC")
    outcomes = outcomes_of(ROOM, samples, MONDAY + 1000 * MINUTE)
    first = np.array([True, True, False, False])
    joined = Samples.joined([samples.take(first), samples.take(~first)])
    for field in fields(samples):
        np.testing.assert_array_equal(
            getattr(joined, field.name), getattr(samples, field.name)
        )
    again = Outcomes.joined([outcomes.take(first), outcomes.take(~first)])
    assert again.remaining.tolist() == outcomes.remaining.tolist()
    assert again.observed.tolist() == outcomes.observed.tolist()


@pytest.mark.parametrize(("zone", "clock"), [("Europe/Berlin", 120), ("UTC", 0)])
def test_clock_is_that_of_the_home(zone: str, clock: float) -> None:
    """People live by the clock on their wall."""
    room = room_of([(-60, VACANT), (0, OCCUPIED), (30, VACANT)])
    assert samples_at(room, at(0), zone).clock.tolist() == [clock]
    assert stays_of(room, MONDAY + 9999, zone).clock.tolist()[0] == clock


# --- against random homes -------------------------------------------------------------


@given(stream=streams(), asked=st.integers(0, 200))
def test_no_vacancy_before_the_earliest_moment(stream: Stream, asked: int) -> None:
    """Whatever comes next, an occupied room stays so for what is left of the delay."""
    now = START + asked / 2
    end = (stream[-1].timestamp if stream else START) + 200
    then = build_timeline(HOME, table_of(stream), CONFIG, now)
    later = build_timeline(HOME, table_of(stream), CONFIG, end)
    for room_id, room in then.rooms.items():
        samples = samples_at(room, np.array([now]), "UTC")
        if not len(samples):
            continue
        full = later.rooms[room_id]
        outcomes = outcomes_of(full, samples, end)
        # A message at the very moment may be one the sample has not heard yet.
        heard = all(item.timestamp != now for item in stream)
        if outcomes.observed[0] and heard:
            assert outcomes.remaining[0] >= samples.earliest[0] - 1e-9


@given(stream=streams())
def test_samples_outcomes_and_stays_one_by_one(stream: Stream) -> None:
    """All at once, they are what a look at each moment finds."""
    end = (stream[-1].timestamp if stream else START) + 20
    timeline = build_timeline(HOME, table_of(stream), CONFIG, end)
    moments = np.linspace(START - 2, end, int(end - START))
    for room in timeline.rooms.values():
        training = training_set(room, moments, end, "UTC")
        changes = list(
            zip(room.change_times.tolist(), room.change_states.tolist(), strict=True)
        )
        row = 0
        for moment in moments.tolist():
            past = [change for change in changes if change[0] <= moment]
            if not past or past[-1][1] == UNKNOWN:
                continue
            _check_row(training.samples, row, room, moment, past[-1])
            coming = [change for change in changes if change[0] > moment]
            until, state = coming[0] if coming else (end, UNKNOWN)
            assert training.outcomes.remaining[row] == pytest.approx(
                (until - moment) / 60
            )
            assert bool(training.outcomes.observed[row]) is (state != UNKNOWN)
            row += 1
        assert row == len(training.samples)
        unknown = [(end, UNKNOWN)]
        expected = [
            (state == OCCUPIED, entry, (leave - entry) / 60, after != UNKNOWN)
            for (_, before), (entry, state), (leave, after) in zip(
                [*unknown, *changes], changes, [*changes[1:], *unknown], strict=False
            )
            if UNKNOWN not in (before, state)
        ]
        stays = training.stays
        found = zip(
            stays.occupied.tolist(),
            stays.entry.tolist(),
            stays.length.tolist(),
            stays.observed.tolist(),
            strict=True,
        )
        assert list(found) == expected


def _check_row(
    samples: Samples,
    row: int,
    room: RoomTimeline,
    moment: float,
    change: tuple[float, int],
) -> None:
    """Check one sample against a slow look at the room."""
    spans = zip(room.active.starts.tolist(), room.active.ends.tolist(), strict=True)
    begun = [(start, end) for start, end in spans if start <= moment]
    on = any(moment < end for _, end in begun)
    quiet = 0.0 if on else min([moment - end for _, end in begun], default=math.inf)
    spoken = [moment - time for time in room.on_times.tolist() if time <= moment]
    assert samples.origin[row] == moment
    assert bool(samples.occupied[row]) is (change[1] == OCCUPIED)
    assert samples.elapsed[row] == pytest.approx((moment - change[0]) / 60)
    assert bool(samples.sensor_on[row]) is on
    assert samples.quiet[row] == pytest.approx(quiet / 60)
    assert samples.since_on[row] == pytest.approx(min(spoken, default=math.inf) / 60)
    left = max(room.vacancy_delay - quiet, 0) / 60 if change[1] == OCCUPIED else 0
    assert samples.earliest[row] == pytest.approx(left)
