"""Tests of the timeline: from messages to what happened in each room."""

import math

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    RoomTimeline,
    Spans,
    build_timeline,
    judging_kinds,
)
from custom_components.occupancy_prediction.engine.types import (
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

from .streams import (
    CONFIG,
    HOME,
    ROOMS,
    START,
    Reference,
    Stream,
    check_shape,
    lattice,
    streams,
    table_of,
)

HOUR = 3600.0
NAN = math.nan


def build(
    *messages: tuple[float, float], kind: str = "motion", end: float = 1e6
) -> RoomTimeline:
    """Return the timeline of a room with one sensor and a delay of 300 s."""
    spec = HomeSpec((RoomSpec("room", (SensorSpec("sensor", SensorKind(kind)),)),))
    table = table_of([Observation(time, "sensor", value) for time, value in messages])
    return build_timeline(spec, table, EngineConfig(), end).rooms["room"]


def changes(room: RoomTimeline) -> list[tuple[float, int]]:
    """Return moments and states."""
    return list(
        zip(room.change_times.tolist(), room.change_states.tolist(), strict=True)
    )


# --- worked by hand -------------------------------------------------------------------


def test_on_and_off() -> None:
    """Occupied from ON until the delay after OFF has passed."""
    room = build((0.0, 0.0), (100.0, 1.0), (160.0, 0.0))
    assert changes(room) == [(0.0, VACANT), (100.0, OCCUPIED), (460.0, VACANT)]
    assert room.active.starts.tolist() == [100.0]
    assert room.active.ends.tolist() == [160.0]
    assert room.on_times.tolist() == [100.0]


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        (459.0, [(100.0, OCCUPIED), (809.0, VACANT)]),
        (460.0, [(100.0, OCCUPIED), (810.0, VACANT)]),
        (
            460.5,
            [(100.0, OCCUPIED), (460.0, VACANT), (460.5, OCCUPIED), (810.5, VACANT)],
        ),
    ],
)
def test_activity_within_the_delay_prolongs_the_stay(
    again: float, expected: list[tuple[float, int]]
) -> None:
    """The very moment at which the delay runs out still belongs to the stay."""
    messages = [(100.0, 1.0), (160.0, 0.0), (again, 1.0), (again + 50.0, 0.0)]
    assert changes(build(*messages)) == expected


@pytest.mark.parametrize(
    ("kind", "limit"), [("motion", 4 * HOUR), ("presence", 16 * HOUR)]
)
def test_on_without_off_runs_out(kind: str, limit: float) -> None:
    """A sensor that says no OFF counts as off some hours after its last ON."""
    room = build((0.0, 1.0), (HOUR, 1.0), kind=kind)
    assert changes(room) == [(0.0, OCCUPIED), (HOUR + limit + 300, VACANT)]
    assert room.active.ends.tolist() == [HOUR + limit]
    assert room.on_times.tolist() == [0.0, HOUR]


def test_repeated_off_changes_nothing() -> None:
    """The stay ends after the first OFF."""
    room = build((0.0, 1.0), (60.0, 0.0), (200.0, 0.0), (2000.0, 0.0))
    assert changes(room) == [(0.0, OCCUPIED), (360.0, VACANT)]


def test_unavailable_sensor_leaves_the_state_unknown() -> None:
    """A lost sensor is no vacancy."""
    room = build((0.0, 1.0), (100.0, NAN), (1500.0, 0.0), (5000.0, NAN), (6000.0, 0.0))
    assert changes(room) == [
        (0.0, OCCUPIED),
        (100.0, UNKNOWN),
        (1500.0, VACANT),
        (5000.0, UNKNOWN),
        (6000.0, VACANT),
    ]


@pytest.mark.parametrize(
    ("lost", "back", "expected"),
    [
        # A restart of two minutes: the absence goes on.
        (5000.0, 5120.0, []),
        (5000.0, 5900.0, []),
        (5000.0, 5900.5, [(5000.0, UNKNOWN), (5900.5, VACANT)]),
    ],
)
def test_short_gap_that_ends_as_it_began_is_none(
    lost: float, back: float, expected: list[tuple[float, int]]
) -> None:
    """A restart must not make a long stay or absence look fresh."""
    room = build((0.0, 1.0), (60.0, 0.0), (lost, NAN), (back, 0.0))
    assert changes(room) == [(0.0, OCCUPIED), (360.0, VACANT), *expected]


def test_stay_goes_on_over_a_restart() -> None:
    """Back with OFF, what is left of the delay counts; two gaps are bridged alike."""
    room = build((0.0, 1.0), (100.0, NAN), (150.0, 0.0), (200.0, NAN), (210.0, 0.0))
    assert changes(room) == [(0.0, OCCUPIED), (400.0, VACANT)]


def test_gap_in_which_the_state_changed_stays_unknown() -> None:
    """Nobody knows when in the gap it changed."""
    room = build((0.0, 1.0), (60.0, 0.0), (300.0, NAN), (420.0, 0.0))
    assert changes(room) == [(0.0, OCCUPIED), (300.0, UNKNOWN), (420.0, VACANT)]


def test_one_available_sensor_is_enough() -> None:
    """A room with two sensors is known as long as one of them is available."""
    room = RoomSpec(
        "room",
        (SensorSpec("a", SensorKind.MOTION), SensorSpec("b", SensorKind.PRESENCE)),
    )
    stream = [
        Observation(0.0, "a", 0.0),
        Observation(5.0, "b", NAN),
        Observation(50.0, "a", NAN),
        Observation(1070.0, "b", 0.0),
    ]
    timeline = build_timeline(HomeSpec((room,)), table_of(stream), EngineConfig(), 1e4)
    assert changes(timeline.rooms["room"]) == [
        (0.0, VACANT),
        (50.0, UNKNOWN),
        (1070.0, VACANT),
    ]


def test_door_is_a_moment_of_activity() -> None:
    """Opening or closing makes the room occupied for the delay, being open does not."""
    room = build((0.0, 1.0), (1000.0, 0.0), (1200.0, 1.0), kind="door")
    assert changes(room) == [
        (0.0, OCCUPIED),
        (300.0, VACANT),
        (1000.0, OCCUPIED),
        (1500.0, VACANT),
    ]
    assert (room.active.starts == room.active.ends).all()
    assert room.door_times.tolist() == room.on_times.tolist() == [0.0, 1000.0, 1200.0]


def test_door_that_is_back_has_not_moved() -> None:
    """The first word after an outage tells where the door is."""
    room = build((0.0, 0.0), (1000.0, NAN), (2000.0, 1.0), (3000.0, 0.0), kind="door")
    assert changes(room) == [
        (0.0, OCCUPIED),
        (300.0, VACANT),
        (1000.0, UNKNOWN),
        (2000.0, VACANT),
        (3000.0, OCCUPIED),
        (3300.0, VACANT),
    ]


def test_doors_judge_only_where_nothing_better_is() -> None:
    """A door cannot tell that a room with a motion sensor is vacant."""
    door, motion = SensorSpec("d", SensorKind.DOOR), SensorSpec("m", SensorKind.MOTION)
    climate = SensorSpec("t", SensorKind.TEMPERATURE)
    assert judging_kinds(RoomSpec("r", (door, climate))) == {SensorKind.DOOR}
    assert SensorKind.DOOR not in judging_kinds(RoomSpec("r", (door, motion)))
    stream = [
        Observation(0.0, "m", NAN),
        Observation(10.0, "d", 1.0),
        Observation(100.0, "m", 0.0),
    ]
    spec = HomeSpec((RoomSpec("r", (door, motion)),))
    room = build_timeline(spec, table_of(stream), EngineConfig(), 1e4).rooms["r"]
    assert changes(room) == [(100.0, OCCUPIED), (310.0, VACANT)]


def test_nothing_at_or_after_the_end_is_used() -> None:
    """The end is the moment of asking: what comes then is not known yet."""
    messages = ((0.0, 1.0), (10.0, 0.0), (310.0, 1.0))
    assert changes(build(*messages, end=310.0)) == [(0.0, OCCUPIED), (310.0, VACANT)]
    assert changes(build(*messages, end=311.0)) == [(0.0, OCCUPIED)]
    assert changes(build(*messages, end=0.0)) == []


def test_span_that_is_open_reaches_past_the_end() -> None:
    """Whoever asks sees a sensor that is on as on."""
    room = build((0.0, 1.0), end=60.0)
    assert room.active.ends.tolist() == [4 * HOUR]


def test_sensor_named_without_a_message() -> None:
    """A table may know sensors that have said nothing in the span asked for."""
    spec = HomeSpec(
        (
            RoomSpec(
                "room",
                (
                    SensorSpec("early", SensorKind.MOTION),
                    SensorSpec("late", SensorKind.MOTION),
                    SensorSpec("late_door", SensorKind.DOOR),
                ),
            ),
        )
    )
    stream = [
        Observation(0.0, "early", 1.0),
        Observation(5000.0, "late", 1.0),
        Observation(5000.0, "late_door", 1.0),
    ]
    timeline = build_timeline(spec, table_of(stream), EngineConfig(), 1000.0)
    assert changes(timeline.rooms["room"]) == [(0.0, OCCUPIED)]
    assert (timeline.start, timeline.end) == (0.0, 1000.0)


def test_no_messages() -> None:
    """Nothing observed, nothing known."""
    timeline = build_timeline(HOME, ObservationTable.empty(), CONFIG, 500.0)
    assert (timeline.start, timeline.end) == (500.0, 500.0)
    for room in timeline.rooms.values():
        assert changes(room) == []
        assert room.state_at(np.array([0.0, 600.0])).tolist() == [UNKNOWN, UNKNOWN]


def test_state_at_each_moment() -> None:
    """A state holds from its change on; before the first it is unknown."""
    room = build((0.0, 1.0), (60.0, 0.0))
    moments = np.array([-1.0, 0.0, 359.0, 360.0, 1e9])
    expected = [UNKNOWN, OCCUPIED, OCCUPIED, VACANT, VACANT]
    assert room.state_at(moments).tolist() == expected


# --- against the slow definition ------------------------------------------------------


@given(stream=streams(), after=st.sampled_from([0.0, 0.5, 3.0, 40.0]))
def test_states_are_those_of_the_definition(stream: Stream, after: float) -> None:
    """Every half second of every room is what the plain definition says."""
    end = (stream[-1].timestamp if stream else START) + after
    timeline = build_timeline(HOME, table_of(stream), CONFIG, end)
    moments = lattice(end)
    for room in ROOMS:
        built = timeline.rooms[room.room_id]
        check_shape(built, end)
        known = [item for item in stream if item.timestamp < end]
        reference = Reference(room, known)
        assert built.state_at(np.array(moments)).tolist() == reference.states(moments)
        assert built.on_times.tolist() == reference.events()
        assert built.door_times.tolist() == reference.events([SensorKind.DOOR])
        active = built.active.covers(np.array(moments)).tolist()
        assert active == [reference.is_active(moment) for moment in moments]


@given(stream=streams(), cut=st.floats(0.0, 1.0))
def test_the_past_does_not_depend_on_the_future(stream: Stream, cut: float) -> None:
    """Messages after a moment change nothing before it."""
    last = stream[-1].timestamp if stream else START
    split = START + round(cut * (last - START))
    whole = build_timeline(HOME, table_of(stream), CONFIG, last + 50)
    part = build_timeline(HOME, table_of(stream), CONFIG, split)
    for room_id, room in part.rooms.items():
        moments = np.array(lattice(split))
        full = whole.rooms[room_id]
        assert full.state_at(moments).tolist() == room.state_at(moments).tolist()


# --- spans ----------------------------------------------------------------------------

INTERVALS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12)).map(
        lambda pair: (float(pair[0]), float(pair[0] + pair[1]))
    ),
    max_size=20,
)


@given(intervals=INTERVALS, bridge=st.sampled_from([0.0, 1.0, 4.0]))
def test_merged_spans(intervals: list[tuple[float, float]], bridge: float) -> None:
    """Every interval lies in one span, and spans are further apart than the bridge."""
    starts = np.array([start for start, _ in intervals])
    ends = np.array([end for _, end in intervals])
    spans = Spans.merged(starts, ends, bridge)
    assert (spans.starts[1:] > spans.ends[:-1] + bridge).all()
    assert set(spans.starts.tolist()) <= set(starts.tolist())
    assert set(spans.ends.tolist()) <= set(ends.tolist())
    for start, end in intervals:
        holders = (spans.starts <= start) & (end <= spans.ends)
        assert holders.sum() == 1
    moments = np.linspace(-1.0, 75.0, 305)
    expected = [
        any(start <= moment < end for start, end in intervals)
        for moment in moments.tolist()
    ]
    if bridge == 0:
        assert spans.covers(moments).tolist() == expected
