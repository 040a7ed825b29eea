"""Tests of the tracker: the occupancy of rooms, event by event."""

from dataclasses import fields, replace
from itertools import pairwise
import math

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.occupancy import HomeTracker
from custom_components.occupancy_prediction.engine.samples import samples_at
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    HomeTimeline,
    build_timeline,
)
from custom_components.occupancy_prediction.engine.types import (
    Change,
    HomeSpec,
    Observation,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

from .streams import (
    BRIDGED,
    CONFIG,
    HOME,
    ROOMS,
    SENSORS,
    START,
    VALUES,
    Stream,
    check_same_steps,
    check_shape,
    streams,
    table_of,
)

HOUR = 3600.0
NAN = math.nan
STATES = {UNKNOWN: None, VACANT: False, OCCUPIED: True}
ONE_ROOM = HomeSpec(
    (
        RoomSpec(
            "room",
            (
                SensorSpec("motion", SensorKind.MOTION),
                SensorSpec("presence", SensorKind.PRESENCE),
                SensorSpec("door", SensorKind.DOOR),
            ),
        ),
    )
)


def tracker_of(*messages: tuple[float, str, float]) -> HomeTracker:
    """Return a tracker of one room that has heard some messages."""
    tracker = HomeTracker(ONE_ROOM, EngineConfig())
    for message in messages:
        tracker.observe(Observation(*message))
    return tracker


def check_same(
    tracker: HomeTracker, stream: Stream, now: float, config: EngineConfig = CONFIG
) -> None:
    """Check a tracker against the timeline of the same messages."""
    built = build_timeline(HOME, table_of(stream), config, now)
    tracked = tracker.timeline(now)
    assert tracked.end == now
    if stream:
        assert tracked.start == built.start
    check_same_steps(tracked.context, built.context)
    for room_id, expected in built.rooms.items():
        room = tracked.rooms[room_id]
        check_shape(room, now)
        assert room.change_times.tolist() == expected.change_times.tolist()
        assert room.change_states.tolist() == expected.change_states.tolist()
        assert room.active.starts.tolist() == expected.active.starts.tolist()
        assert room.active.ends.tolist() == expected.active.ends.tolist()
        assert room.on_times.tolist() == expected.on_times.tolist()
        assert room.door_times.tolist() == expected.door_times.tolist()
        assert room.vacancy_delay == expected.vacancy_delay
        check_same_steps(room.measures, expected.measures)
        (state,) = expected.state_at(np.array([now]))
        assert tracker.occupied(room_id) is STATES[state]
        since = expected.change_times[-1] if len(expected.change_times) else None
        assert tracker.since(room_id) == since


# --- the same as the timeline ---------------------------------------------------------


@given(stream=streams(), data=st.data(), config=st.sampled_from([CONFIG, BRIDGED]))
def test_tracker_says_what_the_timeline_says(
    stream: Stream, data: st.DataObject, config: EngineConfig
) -> None:
    """Event by event, with pauses of any length, it comes to the same answer."""
    tracker = HomeTracker(HOME, config)
    heard: Stream = []
    for item, following in pairwise([*stream, Observation(math.inf, "", NAN)]):
        tracker.observe(item)
        heard.append(item)
        room_to_move = min(following.timestamp - item.timestamp, 60.0)
        if room_to_move > 0 and data.draw(st.booleans()):
            pause = data.draw(st.sampled_from([0.25, 0.5, 1.0]))
            now = item.timestamp + pause * room_to_move
            tracker.advance(now)
            if now < following.timestamp:
                check_same(tracker, heard, now, config)
    end = (stream[-1].timestamp if stream else START) + 100.0
    tracker.advance(end)
    check_same(tracker, stream, end, config)


@settings(max_examples=150)
@given(stream=streams())
def test_replay_is_observing_one_by_one(stream: Stream) -> None:
    """A tracker made from a table has heard the table."""
    end = (stream[-1].timestamp if stream else START) + 4.5
    tracker = HomeTracker.replay(HOME, CONFIG, table_of(stream))
    tracker.advance(end)
    check_same(tracker, stream, end)


@given(stream=streams())
def test_changes_tell_the_whole_story(stream: Stream) -> None:
    """Woken at each deadline, it tells every change at the moment it happens."""
    tracker = HomeTracker(HOME, CONFIG)
    told: list[Change] = []
    last = Observation((stream[-1].timestamp if stream else START) + 60, "none", 0.0)
    now = -math.inf
    for item in (*stream, last):
        while (due := tracker.next_deadline()) is not None and due < item.timestamp:
            assert due >= now
            changes = tracker.advance(due)
            assert {change.timestamp for change in changes} == {due}
            assert not any(change.occupied for change in changes)
            told += changes
        now = item.timestamp
        changes = tracker.observe(item)
        assert all(change.timestamp == now for change in changes)
        told += changes
    built = build_timeline(HOME, table_of(stream), CONFIG, last.timestamp)
    for room_id, room in built.rooms.items():
        mine = [change for change in told if change.room_id == room_id]
        # Of changes at the same moment the last one holds.
        final = {change.timestamp: change.occupied for change in mine}
        times = room.change_times.tolist()
        states = [STATES[state] for state in room.change_states.tolist()]
        kept: list[tuple[float, bool | None]] = []
        for moment, state in final.items():
            if state is not (kept[-1][1] if kept else None):
                kept.append((moment, state))
        assert kept == list(zip(times, states, strict=True))


@given(stream=streams())
def test_late_advance_tells_changes_in_order(stream: Stream) -> None:
    """Time that passes unnoticed is made good, each change with its own moment."""
    tracker = HomeTracker(HOME, CONFIG)
    told = [change for item in stream for change in tracker.observe(item)]
    told += tracker.advance(START + 10_000)
    times = [change.timestamp for change in told]
    for room in ROOMS:
        mine = [change for change in told if change.room_id == room.room_id]
        assert [change.timestamp for change in mine] == sorted(
            change.timestamp for change in mine
        )
        assert all(a.occupied is not b.occupied for a, b in pairwise(mine))
        assert tracker.occupied(room.room_id) is (mine[-1].occupied if mine else None)
        assert tracker.occupied(room.room_id) is not True
    assert all(moment <= START + 10_000 for moment in times)
    assert tracker.next_deadline() is None


@given(stream=streams(), look_back=st.sampled_from([1.0, 10.0, 60.0]))
def test_inputs_of_a_forecast_need_only_the_look_back(
    stream: Stream, look_back: float
) -> None:
    """What is forgotten is not asked for: samples are those of the whole record."""
    config = replace(CONFIG, look_back=look_back, habit_look_back=look_back)
    tracker = HomeTracker(HOME, config)
    for item in stream:
        tracker.observe(item)
    now = (stream[-1].timestamp if stream else START) + 2.5
    tracker.advance(now)
    tracked = tracker.timeline(now)
    built = build_timeline(HOME, table_of(stream), CONFIG, now)
    for room_id, room in tracked.rooms.items():
        check_shape(room, now)
        mine = samples_at(room, np.array([now]), "UTC")
        full = samples_at(built.rooms[room_id], np.array([now]), "UTC")
        for field in fields(full):
            np.testing.assert_array_equal(
                getattr(mine, field.name), getattr(full, field.name), field.name
            )


# --- worked by hand -------------------------------------------------------------------


def test_a_stay() -> None:
    """Occupied at ON, vacant when the delay after OFF has passed."""
    tracker = tracker_of((0.0, "motion", 0.0))
    assert tracker.occupied("room") is False
    assert tracker.observe(Observation(100.0, "motion", 1.0)) == (
        Change("room", 100.0, True),
    )
    assert tracker.since("room") == 100.0
    assert tracker.next_deadline() == 100.0 + 4 * HOUR + 300
    assert tracker.observe(Observation(160.0, "motion", 0.0)) == ()
    assert tracker.next_deadline() == 460.0
    assert tracker.advance(459.9) == ()
    assert tracker.advance(460.0) == (Change("room", 460.0, False),)
    assert tracker.next_deadline() is None
    assert tracker.since("room") == 460.0


def test_message_at_the_moment_the_delay_runs_out() -> None:
    """It prolongs the stay: the room was never vacant in between."""
    tracker = tracker_of((0.0, "motion", 1.0), (10.0, "motion", 0.0))
    assert tracker.observe(Observation(310.0, "presence", 1.0)) == ()
    assert tracker.since("room") == 0.0


def test_off_at_the_moment_the_delay_runs_out() -> None:
    """It says that nobody is there: the room is vacant from then on."""
    tracker = tracker_of((0.0, "motion", 1.0), (10.0, "motion", 0.0))
    assert tracker.observe(Observation(310.0, "motion", 0.0)) == (
        Change("room", 310.0, False),
    )


def test_one_sensor_goes_on_where_another_stops() -> None:
    """Activity that touches is one span."""
    tracker = tracker_of(
        (0.0, "motion", 1.0), (10.0, "motion", 0.0), (10.0, "presence", 1.0)
    )
    tracker.observe(Observation(20.0, "presence", 0.0))
    active = tracker.timeline(30.0).rooms["room"].active
    assert (active.starts.tolist(), active.ends.tolist()) == ([0.0], [20.0])


def test_back_within_a_moment_of_vacancy() -> None:
    """A vacancy of no length leaves no trace in the record."""
    tracker = tracker_of((0.0, "motion", 1.0), (10.0, "motion", 0.0))
    assert tracker.advance(310.0) == (Change("room", 310.0, False),)
    assert tracker.observe(Observation(310.0, "motion", 1.0)) == (
        Change("room", 310.0, True),
    )
    assert tracker.since("room") == 0.0
    assert tracker.timeline(400.0).rooms["room"].change_states.tolist() == [OCCUPIED]


def test_unavailable_sensors() -> None:
    """A room whose sensors all are lost has no state, and says since when."""
    tracker = tracker_of((0.0, "motion", 1.0), (5.0, "presence", 0.0))
    assert tracker.observe(Observation(100.0, "motion", NAN)) == ()
    assert tracker.unavailable_since("motion") == 100.0
    assert tracker.observe(Observation(200.0, "presence", NAN)) == (
        Change("room", 200.0, None),
    )
    assert tracker.observe(Observation(250.0, "presence", NAN)) == ()
    assert tracker.unavailable_since("presence") == 200.0
    assert tracker.next_deadline() is None
    assert tracker.observe(Observation(900.0, "presence", 0.0)) == (
        Change("room", 900.0, False),
    )
    assert tracker.unavailable_since("presence") is None
    assert tracker.unavailable_since("nobody") is None


def test_restart_makes_no_room_occupied() -> None:
    """Told unavailable and then as before, no sensor pretends that somebody came."""
    tracker = tracker_of(
        (0.0, "motion", 0.0), (0.0, "presence", 0.0), (0.0, "door", 1.0)
    )
    tracker.advance(1000.0)
    assert tracker.occupied("room") is False
    for sensor in ("motion", "presence", "door"):
        tracker.observe(Observation(2000.0, sensor, NAN))
    assert tracker.occupied("room") is None
    for sensor, value in (("door", 1.0), ("motion", 0.0), ("presence", 0.0)):
        tracker.observe(Observation(2060.0, sensor, value))
    assert tracker.occupied("room") is False
    tracker.observe(Observation(2100.0, "door", 0.0))
    assert tracker.occupied("room") is True


def test_room_without_sensors() -> None:
    """Nothing is known of it, and it asks for no wake-up."""
    tracker = HomeTracker(HomeSpec((RoomSpec("attic", ()),)), EngineConfig())
    assert tracker.observe(Observation(0.0, "motion", 1.0)) == ()
    assert tracker.advance(1e6) == ()
    assert tracker.occupied("attic") is None
    assert tracker.since("attic") is None
    assert tracker.next_deadline() is None
    with pytest.raises(KeyError):
        tracker.occupied("cellar")


def test_timeline_before_anything_was_heard() -> None:
    """A forecast can be asked for at once."""
    timeline = HomeTracker(ONE_ROOM, EngineConfig()).timeline(500.0)
    assert timeline == HomeTimeline(500.0, 500.0, timeline.rooms)
    assert len(timeline.rooms["room"].change_times) == 0


@pytest.mark.parametrize("moment", [NAN, math.inf, -math.inf])
def test_impossible_moments(moment: float) -> None:
    """A message from no moment is not taken in, and time does not go there."""
    tracker = tracker_of((0.0, "motion", 1.0))
    assert tracker.observe(Observation(moment, "motion", 0.0)) == ()
    assert tracker.advance(moment) == ()
    assert tracker.next_deadline() == 4 * HOUR + 300
    assert tracker.timeline(1.0).end == 1.0


# --- clocks ---------------------------------------------------------------------------


@given(stream=streams(), data=st.data())
def test_late_messages_count_as_heard_now(stream: Stream, data: st.DataObject) -> None:
    """A message out of order, within the tolerance, is news of this moment."""
    late = [
        replace(item, timestamp=item.timestamp - data.draw(st.sampled_from([0.0, 4.5])))
        for item in stream
    ]
    tracker = HomeTracker(HOME, CONFIG)
    clamped: Stream = []
    for item in late:
        tracker.observe(item)
        before = clamped[-1].timestamp if clamped else -math.inf
        clamped.append(replace(item, timestamp=max(item.timestamp, before)))
    end = (clamped[-1].timestamp if clamped else START) + 3.5
    tracker.advance(end)
    check_same(tracker, clamped, end)


MOVES = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 2.0, 7.0, 20.0, -1.0, -5.0, -5.5, -12.0, -40.0]),
        st.sampled_from((*SENSORS, "of_no_room", "")),
        VALUES,
    ),
    max_size=40,
)


@given(moves=MOVES)
def test_clock_that_jumps(moves: list[tuple[float, str, float]]) -> None:
    """However the clock goes, the record is sound, and life goes on."""
    tracker = HomeTracker(HOME, CONFIG)
    clock, now = START, -math.inf
    for step, sensor, value in moves:
        clock += step
        if clock >= now or clock < now - CONFIG.clock_tolerance:
            now = clock
        if sensor:
            tracker.observe(Observation(clock, sensor, value))
        else:
            tracker.advance(clock)
        if now == clock:
            tracker.advance(now)
        _check_consistent(tracker, now)
    now = max(now, START)
    for sensor in SENSORS:
        tracker.observe(Observation(now, sensor, 0.0))
    tracker.advance(now + max(room.vacancy_delay for room in ROOMS))
    assert [tracker.occupied(room.room_id) for room in ROOMS] == [False] * len(ROOMS)
    assert tracker.next_deadline() is None


def _check_consistent(tracker: HomeTracker, now: float) -> None:
    """Check that state, deadline and record tell one story."""
    timeline = tracker.timeline(now)
    assert timeline.start <= timeline.end == now
    deadlines = []
    for room_id, room in timeline.rooms.items():
        check_shape(room, now)
        (state,) = room.state_at(np.array([now]))
        assert tracker.occupied(room_id) is STATES[state]
        if len(room.change_times):
            assert tracker.since(room_id) == room.change_times[-1]
        if state == OCCUPIED:
            deadlines.append(float(room.active.ends[-1]) + room.vacancy_delay)
    due = tracker.next_deadline()
    assert due == min(deadlines, default=None)
    assert due is None or due > now


def test_clock_set_back() -> None:
    """What lay after the new present is forgotten; the room stays as it is."""
    tracker = tracker_of(
        (0.0, "motion", 0.0), (1000.0, "motion", 1.0), (5000.0, "motion", 0.0)
    )
    tracker.advance(6000.0)
    tracker.observe(Observation(7000.0, "presence", 1.0))
    tracker.advance(3000.0)
    assert tracker.occupied("room") is True
    room = tracker.timeline(3000.0).rooms["room"]
    assert room.change_times.tolist() == [0.0, 1000.0]
    assert room.active.starts.tolist() == [1000.0]
    assert tracker.next_deadline() == 3000.0 + 16 * HOUR + 300
    tracker.observe(Observation(3100.0, "presence", 0.0))
    assert tracker.next_deadline() == 3400.0


def test_on_that_had_run_out_stays_off_when_the_clock_is_set_back() -> None:
    """A lost OFF is not undone by the clock."""
    tracker = tracker_of((0.0, "motion", 1.0))
    tracker.advance(5 * HOUR)
    assert tracker.occupied("room") is False
    tracker.advance(2 * HOUR)
    tracker.observe(Observation(2 * HOUR + 10, "presence", 1.0))
    tracker.observe(Observation(2 * HOUR + 20, "presence", 0.0))
    assert tracker.next_deadline() == 2 * HOUR + 320


def test_small_jitter_is_no_set_back() -> None:
    """Sensors a minute apart do not make the home forget."""
    tracker = tracker_of((0.0, "motion", 0.0), (100.0, "motion", 1.0))
    assert tracker.advance(40.0) == ()
    assert tracker.since("room") == 100.0
    tracker.advance(39.9)
    assert tracker.since("room") == 39.9


# --- bounds ---------------------------------------------------------------------------


def test_changes_are_remembered_longer_than_activity() -> None:
    """A week of states and a day of activity, and what held when each began."""
    config = replace(EngineConfig(), look_back=1 * HOUR, habit_look_back=9 * HOUR)
    tracker = HomeTracker(ONE_ROOM, config)
    for hour in range(11):
        tracker.observe(Observation(hour * HOUR, "motion", 1.0))
        tracker.observe(Observation(hour * HOUR + 60, "motion", 0.0))
    tracker.advance(10.5 * HOUR)
    room = tracker.timeline(10.5 * HOUR).rooms["room"]
    entries = [float(hour) for hour in range(2, 11)]
    leaves = [hour + 0.1 for hour in range(1, 11)]
    hours = (room.change_times / HOUR).tolist()
    assert hours == pytest.approx(sorted([*entries, *leaves]))
    assert (room.active.starts / HOUR).tolist() == [10.0]
    assert (room.on_times / HOUR).tolist() == [10.0]


def test_memory_is_bounded_without_anybody_asking() -> None:
    """A loose contact that flips for days does not fill the memory."""
    config = replace(EngineConfig(), look_back=600.0, habit_look_back=900.0)
    tracker = HomeTracker(ONE_ROOM, config)
    for second in range(20_000):
        tracker.observe(Observation(second * 400.0, "motion", float(second % 2)))
        tracker.observe(Observation(second * 400.0 + 1, "door", float(second % 2)))
    room = tracker._rooms["room"]  # noqa: SLF001 - memory shows nowhere else
    assert max(len(room.changes), len(room.active), len(room.on_times)) < 10
