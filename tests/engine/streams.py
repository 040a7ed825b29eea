"""Random messages of small homes, and the slow, obvious definition of occupancy."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
import math

from hypothesis import strategies as st
import numpy as np

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.steps import Steps
from custom_components.occupancy_prediction.engine.surroundings import (
    ContextKind,
    ContextSpec,
)
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    RoomTimeline,
)
from custom_components.occupancy_prediction.engine.types import (
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

# Limits as in use are hours; seconds meet far more edges in a short stream.
MOTION_LIMIT, PRESENCE_LIMIT = 11.0, 29.0
CONFIG = EngineConfig(
    motion_limit=MOTION_LIMIT,
    presence_limit=PRESENCE_LIMIT,
    clock_tolerance=5.0,
    look_back=1e6,
    habit_look_back=1e6,
    measured_look_back=1e6,
    bridge=0.0,
)
# The same with short gaps in what is known held to be none.
BRIDGED = replace(CONFIG, bridge=8.0)
START = 1000.0
# Every moment of a stream, every limit and delay is a multiple of this (s).
TICK = 0.5

ROOMS = (
    RoomSpec(
        "living_room",
        (
            SensorSpec("living_motion", SensorKind.MOTION),
            SensorSpec("living_presence", SensorKind.PRESENCE),
            SensorSpec("living_door", SensorKind.DOOR),
        ),
        vacancy_delay=7.0,
    ),
    RoomSpec("hall", (SensorSpec("hall_door", SensorKind.DOOR),), vacancy_delay=3.0),
    RoomSpec(
        "bedroom",
        (
            SensorSpec("bedroom_motion", SensorKind.MOTION),
            SensorSpec("bedroom_climate", SensorKind.TEMPERATURE),
        ),
        vacancy_delay=5.5,
    ),
)
HOME = HomeSpec(ROOMS, context=(ContextSpec("somebody", ContextKind.PERSON),))
SENSORS = HOME.sensor_ids

type Stream = list[Observation]

# Mostly on and off, often lost, now and then a word no sensor should say.
VALUES = st.sampled_from([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, math.nan, 0.5, math.inf, -1.0])


@st.composite
def streams(draw: st.DrawFn, most: int = 40) -> Stream:
    """Draw messages in time order; several may come at the same moment."""
    count = draw(st.integers(0, most))
    gaps = draw(
        st.lists(
            st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 5.5, 7.0, 11.0, 18.0, 29.0]),
            min_size=count,
            max_size=count,
        )
    )
    sensors = st.sampled_from((*SENSORS, "of_no_room"))
    now, stream = START, []
    for gap in gaps:
        now += gap
        stream.append(Observation(now, draw(sensors), draw(VALUES)))
    return stream


def table_of(stream: Stream) -> ObservationTable:
    """Return the messages as columns."""
    return ObservationTable.from_observations(stream)


@dataclass(frozen=True)
class Reference:
    """The definition of occupancy, asked about one room moment by moment.

    Written for reading, not for speed: nothing is merged, swept or remembered.
    """

    room: RoomSpec
    stream: Stream
    config: EngineConfig = CONFIG

    def told(self, sensor: SensorSpec, moment: float) -> Observation | None:
        """Return the last word of a sensor up to a moment."""
        words = [
            item
            for item in self.stream
            if item.sensor_id == sensor.sensor_id and item.timestamp <= moment
        ]
        return words[-1] if words else None

    def is_on(self, sensor: SensorSpec, moment: float) -> bool:
        """Tell whether a motion or presence sensor counts as on."""
        limits = {
            SensorKind.MOTION: self.config.motion_limit,
            SensorKind.PRESENCE: self.config.presence_limit,
        }
        word = self.told(sensor, moment)
        return (
            sensor.kind in limits
            and word is not None
            and word.value == 1.0
            and moment < word.timestamp + limits[sensor.kind]
        )

    def events(self, kinds: Collection[SensorKind] = tuple(SensorKind)) -> list[float]:
        """Return when somebody was there for a moment: ON messages, doors moved."""
        moments = []
        for sensor in self.room.sensors:
            before = None
            for item in self.stream:
                if item.sensor_id != sensor.sensor_id or sensor.kind not in kinds:
                    continue
                is_door = sensor.kind is SensorKind.DOOR
                back = before is not None and not math.isfinite(before.value)
                moved = is_door and math.isfinite(item.value) and not back
                on = sensor.kind in (SensorKind.MOTION, SensorKind.PRESENCE)
                if moved or (on and item.value == 1.0):
                    moments.append(item.timestamp)
                before = item
        return sorted(moments)

    def is_known(self, moment: float) -> bool:
        """Tell whether a sensor that can judge is available."""
        better = [
            sensor
            for sensor in self.room.sensors
            if sensor.kind in (SensorKind.MOTION, SensorKind.PRESENCE)
        ]
        doors = [each for each in self.room.sensors if each.kind is SensorKind.DOOR]
        words = [self.told(sensor, moment) for sensor in better or doors]
        return any(word is not None and math.isfinite(word.value) for word in words)

    def is_active(self, moment: float) -> bool:
        """Tell whether a sensor of the room is on."""
        return any(self.is_on(sensor, moment) for sensor in self.room.sensors)

    def states(self, lattice: Iterable[float]) -> list[int]:
        """Return the state at each moment of a lattice of ticks.

        Nothing happens between two ticks, so what is active at one stays so up to the
        next.
        """
        delay, events = self.room.vacancy_delay, self.events()
        quiet_since = -math.inf
        result = []
        for moment in lattice:
            ended = [event for event in events if event <= moment]
            if self.is_active(moment):
                ended.append(moment + TICK)
            quiet_since = max([quiet_since, *ended])
            occupied = OCCUPIED if moment < quiet_since + delay else VACANT
            result.append(occupied if self.is_known(moment) else UNKNOWN)
        return result


def lattice(end: float) -> list[float]:
    """Return the moments from the start of a stream up to one."""
    return np.arange(START - 1, end, TICK).tolist()


def check_shape(room: RoomTimeline, now: float) -> None:
    """Check what every timeline of a room up to ``now`` must be."""
    assert (np.diff(room.change_times) > 0).all()
    assert (room.change_times <= now).all()
    assert (np.diff(room.change_states) != 0).all()
    assert set(room.change_states.tolist()) <= {VACANT, OCCUPIED, UNKNOWN}
    starts, ends = room.active.starts, room.active.ends
    assert (starts <= ends).all()
    assert (starts[1:] > ends[:-1]).all()
    assert (starts <= now).all()
    assert (ends[:-1] <= now).all()
    assert (np.diff(room.on_times) >= 0).all()
    assert (room.on_times <= now).all()
    # Whoever said ON was active then.
    index = np.searchsorted(starts, room.on_times, "right") - 1
    assert (room.on_times <= ends[index]).all()
    assert (np.diff(room.door_times) >= 0).all()


def check_same_steps[Kind: StrEnum](
    mine: Mapping[Kind, tuple[Steps, ...]], yours: Mapping[Kind, tuple[Steps, ...]]
) -> None:
    """Check that the same sensors are told to have measured the same."""
    assert mine.keys() == yours.keys()
    for kind, sensors in mine.items():
        for one, other in zip(sensors, yours[kind], strict=True):
            np.testing.assert_array_equal(one.times, other.times)
            np.testing.assert_array_equal(one.values, other.values)
