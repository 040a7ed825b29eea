"""Tests of step functions: what measuring sensors said, minute by minute."""

from collections.abc import Mapping
import math

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.occupancy import HomeTracker
from custom_components.occupancy_prediction.engine.steps import StepMemory, Steps
from custom_components.occupancy_prediction.engine.surroundings import (
    ContextKind,
    ContextSpec,
)
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import (
    FloatArray,
    HomeSpec,
    Observation,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

from .made import MONDAY
from .streams import check_same_steps, table_of

NAN, INF = math.nan, math.inf
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
SPEC = HomeSpec(
    (
        RoomSpec(
            "hall",
            (
                SensorSpec("motion", SensorKind.MOTION),
                SensorSpec("light", SensorKind.LIGHT),
                SensorSpec("lamp", SensorKind.LIGHT),
                SensorSpec("warmth", SensorKind.TEMPERATURE),
                SensorSpec("mood", SensorKind.OTHER),
            ),
        ),
        RoomSpec("attic", (SensorSpec("hatch", SensorKind.DOOR),)),
    ),
    context=(
        ContextSpec("ann", ContextKind.PERSON),
        ContextSpec("bob", ContextKind.PERSON),
        ContextSpec("clock", ContextKind.ALARM),
    ),
)


def light(*messages: tuple[float, float], end: float = INF) -> Steps:
    """Return what messages of one sensor mean (seconds after that Monday began)."""
    times: FloatArray = MONDAY + np.array([time for time, _ in messages])
    values: FloatArray = np.array([value for _, value in messages])
    return Steps.of(times, values, MONDAY + end)


def told(steps: Steps) -> list[tuple[float, str]]:
    """Return seconds and values, which are easier to compare as words."""
    times = (steps.times - MONDAY).tolist()
    return [(t, str(v)) for t, v in zip(times, steps.values.tolist(), strict=True)]


# --- worked by hand -------------------------------------------------------------------


def test_the_last_word_of_a_minute_holds_from_its_end_on() -> None:
    """The end of a minute belongs to it."""
    steps = light((0.0, 1.0), (0.1, 2.0), (59.9, 3.0), (60.0, 4.0), (60.1, 5.0))
    assert told(steps) == [(0.0, "1.0"), (60.0, "4.0"), (120.0, "5.0")]


def test_what_is_not_a_number_is_not_available() -> None:
    """Infinite as well as NaN; a short loss within a minute is none."""
    steps = light((0.0, 1.0), (70.0, INF), (130.0, -INF), (190.0, NAN), (200.0, 2.0))
    assert told(steps) == [(0.0, "1.0"), (120.0, "nan"), (180.0, "nan"), (240.0, "2.0")]


def test_before_the_first_word_nothing_is_known() -> None:
    """At each moment the last step holds."""
    moments = MONDAY + np.array([[-1.0, 59.0], [60.0, 1e6]])
    assert str(light((1.0, 7.0)).at(moments).tolist()) == "[[nan, nan], [7.0, 7.0]]"
    assert str(light().at(moments).tolist()) == "[[nan, nan], [nan, nan]]"


def test_no_step_lies_after_the_end() -> None:
    """What a minute says that is not over is not known yet."""
    messages = ((0.0, 1.0), (30.0, 2.0))
    assert told(light(*messages, end=59.0)) == [(0.0, "1.0")]
    assert told(light(*messages, end=60.0)) == [(0.0, "1.0"), (60.0, "2.0")]


# --- the same in the record and in use ------------------------------------------------

MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 1.0, 20.0, 60.0, 61.0, 600.0, 5000.0, 90_000.0]),
        st.sampled_from((*SPEC.sensor_ids, "of_nobody")),
        st.sampled_from([0.0, 1.0, 21.5, NAN, INF, -INF]),
    ),
    max_size=40,
)


@given(messages=MESSAGES, pause=st.sampled_from([0.25, 30.0, 60.0, 4000.0]))
def test_the_memory_says_what_the_record_says(
    messages: list[tuple[float, str, float]], pause: float
) -> None:
    """For as long as it remembers, at every moment and after every message."""
    config = EngineConfig()
    tracker = HomeTracker(SPEC, config)
    heard: list[Observation] = []
    now = MONDAY
    for gap, sensor, value in messages:
        now += gap
        heard.append(Observation(now, sensor, value))
        tracker.observe(heard[-1])
    now += pause
    tracker.advance(now)
    mine = tracker.timeline(now)
    yours = build_timeline(SPEC, table_of(heard), config, now)
    assert mine.place == yours.place
    for room_id, room in mine.rooms.items():
        reach = config.measured_look_back
        same_at(room.measures, yours.rooms[room_id].measures, now, reach)
    same_at(mine.context, yours.context, now, config.look_back)


def same_at[Kind: (SensorKind, ContextKind)](
    mine: Mapping[Kind, tuple[Steps, ...]],
    yours: Mapping[Kind, tuple[Steps, ...]],
    now: float,
    reach: float,
) -> None:
    """Check that two agree at every moment of the last seconds."""
    moments = np.r_[np.linspace(now - reach, now, 777), now]
    assert mine.keys() == yours.keys()
    for kind, sensors in mine.items():
        for one, other in zip(sensors, yours[kind], strict=True):
            np.testing.assert_array_equal(one.at(moments), other.at(moments))


def test_every_sensor_of_the_home_is_there_from_the_start() -> None:
    """Columns of features must not come and go with what was said."""
    for timeline in (
        HomeTracker(SPEC, EngineConfig()).timeline(MONDAY),
        build_timeline(SPEC, table_of([]), EngineConfig(), MONDAY),
    ):
        measures = timeline.rooms["hall"].measures
        assert {kind: len(sensors) for kind, sensors in measures.items()} == {
            SensorKind.LIGHT: 2,
            SensorKind.TEMPERATURE: 1,
        }
        assert timeline.rooms["attic"].measures == {}
        assert {kind: len(sources) for kind, sources in timeline.context.items()} == {
            ContextKind.PERSON: 2,
            ContextKind.ALARM: 1,
        }


@pytest.mark.parametrize(
    ("sensor", "most"), [("light", 2 * 60 + 2), ("ann", 24 * 60 + 2)]
)
def test_memory_is_bounded(sensor: str, most: int) -> None:
    """A sensor that speaks every few seconds for days fills its look-back, no more."""
    tracker = HomeTracker(SPEC, EngineConfig())
    for second in range(0, 2 * 86400, 7):
        tracker.observe(Observation(MONDAY + second, sensor, float(second % 5)))
    now = MONDAY + 2 * DAY
    tracker.advance(now)
    timeline = tracker.timeline(now)
    light, _ = timeline.rooms["hall"].measures[SensorKind.LIGHT]
    ann, _ = timeline.context[ContextKind.PERSON]
    steps = light if sensor == "light" else ann
    assert most - 3 <= len(steps.times) <= most


def test_a_sensor_that_says_nothing_for_weeks_still_holds() -> None:
    """Whoever is away for a holiday is away."""
    tracker = HomeTracker(SPEC, EngineConfig())
    tracker.observe(Observation(MONDAY, "ann", 0.0))
    now = MONDAY + 20 * DAY
    tracker.advance(now)
    ann, bob = tracker.timeline(now).context[ContextKind.PERSON]
    assert ann.at(np.array([now - 7.0])).tolist() == [0.0]
    assert not len(bob.times)


# --- clocks that are set back ---------------------------------------------------------


def test_a_clock_that_is_set_back_leaves_what_holds() -> None:
    """What was said in times that never were is said now."""
    tracker = HomeTracker(SPEC, EngineConfig())
    for second, value in ((0.0, 1.0), (HOUR, 2.0), (3 * HOUR, 3.0)):
        tracker.observe(Observation(MONDAY + second, "light", value))
    tracker.advance(MONDAY + 2 * HOUR)
    steps, _ = (
        tracker.timeline(MONDAY + 2 * HOUR).rooms["hall"].measures[SensorKind.LIGHT]
    )
    assert told(steps) == [(HOUR, "2.0"), (2 * HOUR, "3.0")]
    # And it goes on from there.
    tracker.observe(Observation(MONDAY + 2 * HOUR + 90, "light", 4.0))
    tracker.advance(MONDAY + 2 * HOUR + 120)
    steps, _ = (
        tracker.timeline(MONDAY + 2 * HOUR + 120)
        .rooms["hall"]
        .measures[SensorKind.LIGHT]
    )
    assert told(steps)[-1] == (2 * HOUR + 120, "4.0")


def test_a_message_a_little_late_is_of_now() -> None:
    """Sensors differ by seconds; steps stay in order."""
    memory = StepMemory(SPEC, EngineConfig())
    tracker = HomeTracker(SPEC, EngineConfig())
    tracker.observe(Observation(MONDAY + 100, "light", 1.0))
    tracker.observe(Observation(MONDAY + 58, "light", 2.0))
    memory.hear(Observation(MONDAY, "light", 2.0), MONDAY + 100)
    tracker.advance(MONDAY + 120)
    timeline = tracker.timeline(MONDAY + 120)
    check_same_steps(
        timeline.rooms["hall"].measures, memory.measures("hall", MONDAY + 120)
    )
