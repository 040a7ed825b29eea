"""The values that cross the engine's border, all immutable.

Times are UTC seconds since the epoch (float); durations are minutes in
everything about forecasts and seconds in what a user configures.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
import math
from typing import override

import numpy as np

from .errors import SpecificationError
from .purpose import Purpose
from .surroundings import ContextSpec, Place

type FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
type IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
type BoolArray = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


class SensorKind(StrEnum):
    """What a sensor measures."""

    MOTION = "motion"
    PRESENCE = "presence"
    DOOR = "door"
    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    LIGHT = "light"
    OTHER = "other"


# The kinds that decide whether a room is occupied; the others are context.
OCCUPANCY_KINDS = frozenset({SensorKind.MOTION, SensorKind.PRESENCE, SensorKind.DOOR})
# Of the context of a room, what is measured as a number.
MEASURED_KINDS = frozenset(
    {SensorKind.TEMPERATURE, SensorKind.HUMIDITY, SensorKind.LIGHT}
)


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """One sensor of a room."""

    sensor_id: str
    kind: SensorKind


@dataclass(frozen=True, slots=True)
class RoomSpec:
    """One room: its sensors and how long it takes to call it vacant.

    ``vacancy_delay`` is in seconds: the room is vacant when none of its
    sensors has been active for that long.
    """

    room_id: str
    sensors: tuple[SensorSpec, ...]
    vacancy_delay: float = 300.0
    purpose: Purpose = Purpose.OTHER

    def __post_init__(self) -> None:
        """Refuse what would make the occupancy of the room undefined."""
        if not math.isfinite(self.vacancy_delay) or self.vacancy_delay <= 0:
            raise SpecificationError(
                f"vacancy delay of {self.room_id} must be positive"
            )


@dataclass(frozen=True, slots=True)
class HomeSpec:
    """All rooms of a home, the clock its people live by, and its surroundings.

    ``time_zone`` is an IANA name; ``context``, ``latitude`` and ``longitude``
    (degrees, north and east positive, None where unknown) may be left out.
    """

    rooms: tuple[RoomSpec, ...]
    time_zone: str = "UTC"
    context: tuple[ContextSpec, ...] = ()
    latitude: float | None = None
    longitude: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is there twice, and a place that is not on earth."""
        self._refuse_doubles()
        if (self.latitude is None) is not (self.longitude is None):
            raise SpecificationError("latitude and longitude belong together")
        if self.place is not None and not self.place.is_on_earth:
            raise SpecificationError(f"{self.place} is not on earth")

    @property
    def place(self) -> Place | None:
        """Return where the home is, None if that is not known."""
        if self.latitude is None or self.longitude is None:
            return None
        return Place(self.latitude, self.longitude)

    @property
    def sensor_ids(self) -> tuple[str, ...]:
        """Return every sensor of the rooms and of the context."""
        rooms = [sensor.sensor_id for room in self.rooms for sensor in room.sensors]
        return (*rooms, *(source.sensor_id for source in self.context))

    def _refuse_doubles(self) -> None:
        seen: dict[str, str] = {}
        for room in self.rooms:
            for name in (f"room {room.room_id}", *(s.sensor_id for s in room.sensors)):
                _note(seen, name, room.room_id)
        for source in self.context:
            _note(seen, source.sensor_id, "the context")

    def room(self, room_id: str) -> RoomSpec:
        """Return the room of that id, or raise ``KeyError``."""
        for room in self.rooms:
            if room.room_id == room_id:
                return room
        raise KeyError(room_id)


def _note(seen: dict[str, str], name: str, owner: str) -> None:
    if name in seen:
        raise SpecificationError(f"{name} is in {seen[name]} and in {owner}")
    seen[name] = owner


@dataclass(frozen=True, slots=True)
class Observation:
    """A message of one sensor.

    ``value`` is 1 for active or open, 0 for inactive or closed, the measured
    number for climate sensors (for the context see ``ContextKind``), and NaN when
    the sensor became unavailable; what is infinite says as little.
    """

    timestamp: float
    sensor_id: str
    value: float


@dataclass(frozen=True, slots=True)
class ObservationTable:
    """Many observations as columns, ordered by time.

    Shapes: ``timestamps`` (n,) UTC seconds, ``sensors`` (n,) index into
    ``sensor_ids``, ``values`` (n,) as in ``Observation``.
    """

    timestamps: FloatArray
    sensors: IntArray
    values: FloatArray
    sensor_ids: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of observations."""
        return len(self.timestamps)

    @classmethod
    def empty(cls) -> ObservationTable:
        """Return a table without rows."""
        return cls(np.zeros(0), np.zeros(0, np.int64), np.zeros(0), ())

    @classmethod
    def from_columns(
        cls,
        timestamps: FloatArray,
        sensors: IntArray,
        values: FloatArray,
        sensor_ids: tuple[str, ...],
    ) -> ObservationTable:
        """Order the columns by time; rows of the same moment keep their order.

        A row without a finite time happened at no moment and is left out.
        """
        order = np.argsort(timestamps, kind="stable")
        order = order[np.isfinite(timestamps[order])]
        return cls(
            np.asarray(timestamps, np.float64)[order],
            np.asarray(sensors, np.int64)[order],
            np.asarray(values, np.float64)[order],
            sensor_ids,
        )

    @classmethod
    def from_observations(cls, observations: list[Observation]) -> ObservationTable:
        """Make columns of a list of observations in any order."""
        ids = tuple(sorted({item.sensor_id for item in observations}))
        index = {sensor_id: i for i, sensor_id in enumerate(ids)}
        return cls.from_columns(
            np.array([item.timestamp for item in observations], np.float64),
            np.array([index[item.sensor_id] for item in observations], np.int64),
            np.array([item.value for item in observations], np.float64),
            ids,
        )

    def before(self, moment: float) -> ObservationTable:
        """Return what had been observed strictly before a moment."""
        return self._rows(
            slice(0, int(np.searchsorted(self.timestamps, moment, "left")))
        )

    def since(self, moment: float, held: Collection[str] = ()) -> ObservationTable:
        """Return what was observed at or after a moment.

        Of the sensors ``held`` there is also the last row before it, if there is any:
        what they said then held on.
        """
        first = int(np.searchsorted(self.timestamps, moment, "left"))
        if not held:
            return self._rows(slice(first, None))
        last = np.full(len(self.sensor_ids), -1)
        last[self.sensors[:first]] = np.arange(first)
        wanted = np.array([name in held for name in self.sensor_ids], np.bool_)
        before = np.sort(last[wanted & (last >= 0)])
        return self._rows(np.r_[before, np.arange(first, len(self))])

    def _rows(self, rows: slice | IntArray) -> ObservationTable:
        return ObservationTable(
            self.timestamps[rows],
            self.sensors[rows],
            self.values[rows],
            self.sensor_ids,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """The confirmed state of a room changed.

    ``occupied`` is None when no sensor of the room can tell any more.
    """

    room_id: str
    timestamp: float
    occupied: bool | None


class Transition(StrEnum):
    """What a room is about to become."""

    OCCUPIED = "occupied"
    VACANT = "vacant"


class Stage(StrEnum):
    """How much the model of a room has to go on."""

    COLLECTING = "collecting"
    EARLY = "early"
    GROWING = "growing"
    ESTABLISHED = "established"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another moment at which the transition may come, and how likely."""

    timestamp: float
    probability: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the state of one room will change next.

    That of a room whose state is unknown has nothing to say: ``transition`` is None
    and ``cdf`` empty. Times that lie beyond the 24 h horizon are None.

    Attributes:
        issued_at: the moment it was made.
        occupied: the confirmed state, None if no sensor can tell.
        since: when the room came into this state, as far as is known.
        transition: what the room will become.
        predicted_time: median of the time of the transition.
        lower, upper: 10 % and 90 % quantile of that time.
        confidence: P(within 20 min of ``predicted_time``), calibrated.
        reliable: whether the figures promised for reliable forecasts hold.
        alternatives: most likely moments, most likely first.
        cdf: P(transition within m minutes) for m in ``GRID`` (26 numbers).
        baseline: the same as clock and kind of day alone would have it, or empty.
        curve: P(occupied) now and every 15 min for 24 h (97 numbers).
        next_occupied, next_vacant: one is ``predicted_time``, the other the
            median end of the stay (or absence) that begins with it.
        stage: how much the model has to go on.
        model_version: which model made it.
        member_weights: share of each member that had a say in it.
    """

    room_id: str
    issued_at: float
    occupied: bool | None
    since: float | None = None
    transition: Transition | None = None
    predicted_time: float | None = None
    lower: float | None = None
    upper: float | None = None
    confidence: float | None = None
    reliable: bool = False
    alternatives: tuple[Alternative, ...] = ()
    cdf: tuple[float, ...] = ()
    baseline: tuple[float, ...] = ()
    curve: tuple[float, ...] = ()
    next_occupied: float | None = None
    next_vacant: float | None = None
    stage: Stage = Stage.COLLECTING
    model_version: str | None = None
    member_weights: tuple[tuple[str, float], ...] = ()

    def probability_within(self, minutes: float) -> float | None:
        """Return P(transition within that many minutes), None if unknown."""
        if not self.cdf:
            return None
        return float(np.interp(minutes, GRID, (0.0, *self.cdf)))

    def occupied_within(self, minutes: float) -> float | None:
        """Return P(occupied at some moment of the next minutes).

        A room that is occupied already answers 1. So does one that has just become
        vacant, until it is forecast anew: what was forecast was that it would.
        """
        if self.occupied is None:
            return None
        if self.occupied or self.transition is Transition.VACANT:
            return 1.0
        return self.probability_within(minutes)


@dataclass(frozen=True, slots=True)
class HomeForecast:
    """The forecasts of all rooms of a home, made at one moment."""

    issued_at: float
    rooms: dict[str, Forecast]

    @override
    def __str__(self) -> str:
        """Name the rooms it covers."""
        return f"forecast of {', '.join(self.rooms)}"


# Edges in minutes of the bins on which the time to the next transition is
# described: fine where people act on minutes, coarse towards a day.
GRID: FloatArray = np.array(
    [
        *(0, 1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150),
        *(180, 240, 300, 360, 480, 600, 720, 1080, 1440),
    ],
    dtype=np.float64,
)
GRID.setflags(write=False)
BINS = len(GRID) - 1
HORIZON = float(GRID[-1])
