"""The home of the demo: its rooms, its sensors and everything that happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
import math
from pathlib import Path
from zoneinfo import ZoneInfo

from homeassistant.util import slugify
import numpy as np

from benchmarks.events import read_events
from benchmarks.household import HouseholdConfig, live_events, simulate
from custom_components.occupancy_prediction.engine import (
    OCCUPANCY_KINDS,
    Observation,
    ObservationTable,
    SensorKind,
)
from custom_components.occupancy_prediction.engine.types import FloatArray

TIME_ZONE = "Europe/Berlin"
PAST_DAYS = 42  # six weeks: every weekday six times
DAY = 86400.0  # s
WEEK = 7 * DAY  # s
HOUR = 3600.0  # s

_VALUES = {"on": 1.0, "open": 1.0, "off": 0.0, "closed": 0.0, "unavailable": math.nan}
_ICONS = {
    "living": "mdi:sofa",
    "kitchen": "mdi:stove",
    "kids": "mdi:teddy-bear",
    "bed": "mdi:bed",
    "bath": "mdi:shower",
    "hall": "mdi:door-open",
    "entrance": "mdi:door",
    "office": "mdi:desk",
}
_ANY_ROOM = "mdi:floor-plan"


@dataclass(frozen=True, slots=True)
class DemoRoom:
    """A room; it becomes an area."""

    room_id: str

    @property
    def name(self) -> str:
        """Return what people call it."""
        return _words(self.room_id)

    @property
    def icon(self) -> str:
        """Return a picture that fits its name."""
        for word, icon in _ICONS.items():
            if word in self.room_id:
                return icon
        return _ANY_ROOM


@dataclass(frozen=True, slots=True)
class DemoSensor:
    """A sensor; it becomes an entity."""

    sensor_id: str
    kind: SensorKind
    room_id: str

    @property
    def name(self) -> str:
        """Return what people call it."""
        return _words(self.sensor_id)

    @property
    def domain(self) -> str:
        """Return the domain of its entity."""
        return "binary_sensor" if self.kind in OCCUPANCY_KINDS else "sensor"

    @property
    def entity_id(self) -> str:
        """Return the id of its entity."""
        return f"{self.domain}.{slugify(self.sensor_id)}"

    def state(self, value: float) -> str:
        """Return the state its entity takes on for an observed value."""
        if math.isnan(value):
            return "unavailable"
        if self.kind in OCCUPANCY_KINDS:
            return "on" if value else "off"
        return f"{value:g}"


class EventStream:
    """Everything that happens in a home, in order, taken out as time passes."""

    def __init__(self, events: Iterator[Observation]) -> None:
        """Take the events in order of time; they need not end."""
        self._events = events
        self._next = next(events, None)

    @property
    def next_time(self) -> float | None:
        """Return when the next event is due (UTC s), None if there is none."""
        return None if self._next is None else self._next.timestamp

    def until(self, moment: float) -> list[Observation]:
        """Take out what happens up to a moment (UTC s)."""
        taken: list[Observation] = []
        while self._next is not None and self._next.timestamp <= moment:
            taken.append(self._next)
            self._next = next(self._events, None)
        return taken


@dataclass(frozen=True, slots=True)
class DemoHome:
    """A home whose past ends now and which goes on.

    Observations in ``events`` name entities, not sensors.

    Attributes:
        name: what the home is called.
        time_zone: the clock its people live by, an IANA name.
        rooms: its rooms.
        sensors: their sensors.
        events: what has happened and will happen.
        notes: what is to be told about where the home came from.
    """

    name: str
    time_zone: str
    rooms: tuple[DemoRoom, ...]
    sensors: tuple[DemoSensor, ...]
    events: EventStream
    notes: tuple[str, ...] = ()


def family_home(now: float) -> DemoHome:
    """Return a simulated family home that has been lived in for six weeks."""
    today = datetime.fromtimestamp(now, ZoneInfo(TIME_ZONE)).date()
    config = HouseholdConfig(
        start=today - timedelta(days=PAST_DAYS), days=PAST_DAYS + 1, time_zone=TIME_ZONE
    )
    sensors = {
        sensor.sensor_id: DemoSensor(
            sensor.sensor_id, SensorKind(sensor.sensor_type), room_id
        )
        for room_id, sensor in config.sensors
    }
    events = chain(simulate(config).events, live_events(config, config.span[1]))
    return DemoHome(
        "Family home",
        TIME_ZONE,
        tuple(DemoRoom(room.room_id) for room in config.rooms),
        tuple(sensors.values()),
        EventStream(
            Observation(
                event.timestamp, sensors[event.sensor_id].entity_id, _value(event.state)
            )
            for event in events
        ),
        (f"A simulated family home with {PAST_DAYS // 7} weeks of past.",),
    )


def recorded_home(path: Path, now: float) -> DemoHome:
    """Return the home of an events file, moved to the present.

    It is moved by whole weeks, so that weekdays and times of day stay what they
    were, and by so many that one to eight days of it are still to come.

    Raises:
        EventsFileError: it is not an events file.
        OSError: it cannot be read.
    """
    file = read_events(path)
    zone = ZoneInfo(TIME_ZONE)
    # The file's times have no zone; read as UTC they are what the clock showed.
    clock = datetime.fromtimestamp(now, zone).replace(tzinfo=UTC).timestamp()
    weeks = math.ceil((clock + DAY - file.end) / WEEK)
    sensors = {
        sensor.sensor_id: DemoSensor(sensor.sensor_id, sensor.kind, room.room_id)
        for room in file.spec.rooms
        for sensor in room.sensors
        if sensor.kind is not SensorKind.OTHER
    }
    table = file.table
    moments = _moments(table.timestamps + weeks * WEEK, zone)
    moved = ObservationTable.from_columns(
        moments, table.sensors, table.values, table.sensor_ids
    )
    count = len(table)
    skipped = sum(file.skipped.values())
    return DemoHome(
        path.name.partition(".")[0],
        TIME_ZONE,
        tuple(DemoRoom(room.room_id) for room in file.spec.rooms),
        tuple(sensors.values()),
        EventStream(_observations(moved, sensors)),
        (
            f"{path.name}: {count} events, moved by {weeks} weeks to the present.",
            *((f"{skipped} broken rows skipped:",) if skipped else ()),
            *(
                f"  {number} x {problem} (first: {example.partition(':')[0]})"
                for (problem, number), example in zip(
                    file.skipped.items(), file.examples, strict=True
                )
            ),
        ),
    )


def _moments(clock: FloatArray, zone: ZoneInfo) -> FloatArray:
    """Turn what a local clock shows, in seconds as if UTC, into UTC seconds."""
    hours, index = np.unique(np.floor(clock / HOUR), return_inverse=True)
    # Clocks are changed on the hour.
    offsets = [
        datetime.fromtimestamp(hour * HOUR, UTC).replace(tzinfo=zone).utcoffset()
        for hour in hours.tolist()
    ]
    seconds = np.array(
        [offset.total_seconds() if offset else 0.0 for offset in offsets]
    )
    moments: FloatArray = clock - seconds[index]
    return moments


def _observations(
    table: ObservationTable, sensors: dict[str, DemoSensor]
) -> Iterator[Observation]:
    for timestamp, index, value in zip(
        table.timestamps.tolist(),
        table.sensors.tolist(),
        table.values.tolist(),
        strict=True,
    ):
        sensor = sensors.get(table.sensor_ids[index])
        if sensor is not None:
            yield Observation(timestamp, sensor.entity_id, value)


def _value(state: str) -> float:
    return _VALUES[state] if state in _VALUES else float(state)


def _words(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]
