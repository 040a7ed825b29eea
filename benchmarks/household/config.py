"""What can be chosen about a simulated household."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from .home import FAMILY_HOME, Room, Sensor
from .routines import FAMILY, GUESTS, DayPlan, Person

SWITCHES = ("motion", "presence", "door")  # sensor types with two states


class FaultKind(StrEnum):
    """The ways a sensor fails."""

    STUCK_ON = "stuck_on"
    DEAD = "dead"
    UNAVAILABLE = "unavailable"
    CHATTERING = "chattering"
    MISSING_OFF = "missing_off"


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure of one sensor, counted in days from the start of the household."""

    kind: FaultKind
    sensor_id: str
    first_day: float
    days: float


@dataclass(frozen=True, slots=True)
class HouseholdConfig:
    """A household; equal values give equal events.

    Each holiday is (day of leaving, day of coming home). A fault, guest, pet or
    holiday changes nothing but what it touches: the rest of the life stays the same.
    """

    seed: int = 1
    start: date = date(2026, 9, 7)  # a Monday, with the end of summer time in reach
    days: int = 42
    time_zone: str = "Europe/Berlin"
    people: tuple[Person, ...] = FAMILY
    rooms: tuple[Room, ...] = FAMILY_HOME
    guests: bool = False
    holidays: tuple[tuple[date, date], ...] = ()
    pet: bool = False
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be lived."""
        if self.days < 1:
            raise ValueError("a household needs at least one day")
        if sum(room.entrance for room in self.rooms) != 1:
            raise ValueError("a home needs exactly one entrance")
        if any(last <= first for first, last in self.holidays):
            raise ValueError("a holiday must end on a later day than it begins")
        names = [person.name for person in self.everybody]
        if len(set(names)) < len(names):
            raise ValueError("people need names of their own")
        self._check_rooms()
        self._check_faults()

    def _check_rooms(self) -> None:
        """Refuse routines that lead to rooms the home does not have."""
        wanted = {
            room
            for person in self.everybody
            for routine in (person.routine, *(change[1] for change in person.changes))
            for room in routine.rooms
        }
        if missing := wanted - {room.room_id for room in self.rooms}:
            raise ValueError(f"the home has no {', '.join(sorted(missing))}")

    def _check_faults(self) -> None:
        """Refuse faults of sensors that do not exist or cannot fail that way."""
        types = {sensor.sensor_id: sensor.sensor_type for _, sensor in self.sensors}
        for fault in self.faults:
            if fault.sensor_id not in types:
                raise ValueError(f"the home has no sensor {fault.sensor_id}")
            silent = fault.kind in (FaultKind.DEAD, FaultKind.UNAVAILABLE)
            if not silent and types[fault.sensor_id] not in SWITCHES:
                raise ValueError(f"{fault.sensor_id} cannot be {fault.kind}")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone people live by."""
        return ZoneInfo(self.time_zone)

    @property
    def everybody(self) -> tuple[Person, ...]:
        """Residents and, if they are switched on, guests."""
        return (*self.people, *GUESTS) if self.guests else self.people

    @property
    def entrance(self) -> Room:
        """The room with the front door."""
        return next(room for room in self.rooms if room.entrance)

    @property
    def sensors(self) -> list[tuple[str, Sensor]]:
        """Every sensor after the id of its room."""
        return [(room.room_id, each) for room in self.rooms for each in room.sensors]

    @property
    def planned_days(self) -> list[date]:
        """The days to plan: one more at either end, so that both nights are whole."""
        return [self.start + timedelta(days=day) for day in range(-1, self.days + 1)]

    @property
    def span(self) -> tuple[float, float]:
        """First moment of the household and the moment after its last."""
        after = self.start + timedelta(days=self.days)
        return self.moment(self.start), self.moment(after)

    def moment(self, day: date, hour: float = 0.0) -> float:
        """Turn a local hour of a day into UTC epoch seconds."""
        local = datetime.combine(day, time()) + timedelta(hours=hour)
        return local.replace(tzinfo=self.zone).timestamp()

    def on_holiday(self, day: date) -> bool:
        """Tell whether any of the day belongs to a holiday."""
        return any(first <= day <= last for first, last in self.holidays)

    def plan(self, person: Person, day: date) -> DayPlan:
        """Return what a person intends to do on a day."""
        routine = person.routine_on(day)
        if not self.on_holiday(day):
            return routine.week[day.weekday()]
        if any(day == first for first, _ in self.holidays):
            return routine.departure
        if any(day == last for _, last in self.holidays):
            return routine.homecoming
        return ()

    def random(self, *names: str | int) -> np.random.Generator:
        """Return the random numbers of one named purpose.

        Each purpose and day has its own, so that a longer household begins like a
        shorter one and a switch does not reshuffle everything else.
        """
        keys = [
            crc32(name.encode()) if isinstance(name, str) else name for name in names
        ]
        return np.random.default_rng([self.seed, *keys])
