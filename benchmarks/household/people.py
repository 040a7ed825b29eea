"""From day plans to who is in which room at every moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .config import HouseholdConfig
from .routines import OUT, OWN_ROOM, Activity, Person, Step, Visit

HOUR = 3600.0  # s
MINUTE = 60.0  # s
MAX_DEVIATIONS = 2.5  # cuts off days no plan would survive, such as waking at noon
DURATION_SPREAD = 0.25  # log-scale; a 20 min breakfast takes 16 to 26 min
VISIT_SPREAD = 0.5  # log-scale; short trips vary more than meals
MIN_STEP = 180.0  # s; leaves room for putting on shoes within a step
SETTLED = 60.0  # s before and after a visit; nobody turns round in the doorway
WALK = (5.0, 14.0)  # s through the hall from one room to the next
SHOES = (45.0, 120.0)  # s in the hall before leaving or after coming home
WALK_STILL = 4.0  # s between movements while walking: always moving
DOOR_OPEN = (3.0, 20.0)  # s the front door stands open
DOOR_LEAD = 4.0  # s between opening the door and being on its other side


class Stay(NamedTuple):
    """One person in one room (None: away) without a break; UTC epoch seconds."""

    start: float
    end: float
    room: str | None
    still: float  # s, mean time between movements
    awake: bool
    day: int  # ordinal of the day whose plan led to it


@dataclass(slots=True)
class Life:
    """Where a person was, and when they opened the front door."""

    stays: list[Stay] = field(default_factory=list)
    door_openings: list[tuple[float, float]] = field(default_factory=list)


class _Begin(NamedTuple):
    """A step of a plan, put on the clock."""

    start: float
    activity: Activity
    own_room: str
    day: date


def _deviations(generator: np.random.Generator) -> tuple[float, float]:
    """Draw how late and how long, in standard deviations."""
    late, long = np.clip(generator.standard_normal(2), -MAX_DEVIATIONS, MAX_DEVIATIONS)
    return float(late), float(long)


def _begins(config: HouseholdConfig, person: Person) -> list[_Begin]:
    """Put every step of every planned day on the clock, in order."""
    days = config.planned_days
    earliest = config.moment(days[0])
    begins = [_Begin(earliest, OUT, "", days[0])]
    for day in days:
        own = config.random("plan", person.name, day.toordinal())
        for step in config.plan(person, day):
            source = _source(config, step, day) or own
            happens = source.random() < step.chance
            late, long = _deviations(source)
            if not happens:
                continue
            start = earliest
            if step.at is not None:
                due = config.moment(day, step.at) + late * step.spread * MINUTE
                start = max(start, due)
            room = person.routine_on(day).own_room
            begins.append(_Begin(start, step.activity, room, day))
            lasting = step.minutes * MINUTE * np.exp(DURATION_SPREAD * long)
            earliest = start + max(MIN_STEP, float(lasting))
    return begins


def _source(
    config: HouseholdConfig, step: Step, day: date
) -> np.random.Generator | None:
    """Return the random numbers people share when they do a step together."""
    if not step.shared:
        return None
    return config.random("shared", step.shared, day.toordinal())


def _stay(begin: _Begin, start: float, end: float) -> Stay:
    """Spend some time at an activity."""
    activity = begin.activity
    room = begin.own_room if activity.room == OWN_ROOM else activity.room
    still = activity.still_minutes * MINUTE
    return Stay(start, end, room, still, activity.awake, begin.day.toordinal())


def _trips(
    start: float, end: float, visit: Visit, generator: np.random.Generator
) -> Iterable[tuple[float, float]]:
    """Draw the trips of one kind, start and length, one after the other.

    In this order the end of the step, which may hang on the next day's plan, changes
    none of the trips before it.
    """
    at = start
    while (at := at + float(generator.exponential(HOUR / visit.per_hour))) < end:
        factor = np.exp(VISIT_SPREAD * generator.standard_normal())
        yield at, max(MINUTE, float(visit.minutes * MINUTE * factor))


def _with_visits(
    begin: _Begin, end: float, generator: np.random.Generator
) -> Iterable[Stay]:
    """Split a step into its room and the short trips from there."""
    whole = _stay(begin, begin.start, end)
    trips: list[tuple[float, float, str]] = []
    sources = generator.spawn(len(begin.activity.visits))
    for visit, source in zip(begin.activity.visits, sources, strict=True):
        room = begin.own_room if visit.room == OWN_ROOM else visit.room
        if room != whole.room:
            trips += [
                (at, length, room)
                for at, length in _trips(begin.start, end, visit, source)
            ]
    now = begin.start
    for start, length, room in sorted(trips):
        if start < now + SETTLED or start + length > end - SETTLED:
            continue
        yield whole._replace(start=now, end=start)
        yield Stay(start, start + length, room, MINUTE / 2, True, whole.day)
        now = start + length
    yield whole._replace(start=now)


class _Walker:
    """Adds the ways between rooms to the life of one person."""

    def __init__(self, config: HouseholdConfig) -> None:
        """Learn which rooms are open to each other."""
        self.life = Life()
        self._hall = config.entrance.room_id
        self._open = {room.room_id: room.open_to for room in config.rooms}

    def add(self, stay: Stay, generator: np.random.Generator) -> None:
        """Go to a room, starting from wherever the person is now."""
        stays = self.life.stays
        before = stays[-1].room if stays else None
        leaving = stay.room is None
        if before == stay.room or not stays:
            stays.append(stay)
            return
        arriving = before is None
        if arriving:
            self._pass_door(stay.start, generator)
        if not arriving and not leaving and self._is_next_to(before, stay.room):
            stays.append(stay)
            return
        bounds = SHOES if arriving or leaving else WALK
        passed = stay.start + float(generator.uniform(*bounds))
        passed = min(passed, (stay.start + stay.end) / 2)
        stays.append(Stay(stay.start, passed, self._hall, WALK_STILL, True, stay.day))
        if leaving:
            self._pass_door(passed, generator)
        stays.append(stay._replace(start=passed))

    def _pass_door(self, moment: float, generator: np.random.Generator) -> None:
        """Open and close the front door around the moment of stepping through."""
        opened = moment - DOOR_LEAD
        closed = opened + float(generator.uniform(*DOOR_OPEN))
        self.life.door_openings.append((opened, closed))

    def _is_next_to(self, before: str | None, after: str | None) -> bool:
        """Tell whether one can step from a room straight into the other."""
        if self._hall in (before, after):
            return True
        return before is not None and after in self._open[before]


def live(config: HouseholdConfig, person: Person) -> Life:
    """Live all the planned days of one person."""
    begins = _begins(config, person)
    last_day = config.planned_days[-1]
    end = max(config.moment(last_day + timedelta(days=1)), begins[-1].start + HOUR)
    begins.append(_Begin(end, OUT, "", last_day))
    walker = _Walker(config)
    generators: dict[date, np.random.Generator] = {}
    for begin, following in pairwise(begins):
        if begin.day not in generators:
            ordinal = begin.day.toordinal()
            generators[begin.day] = config.random("visits", person.name, ordinal)
        generator = generators[begin.day]
        for stay in _with_visits(begin, following.start, generator):
            walker.add(stay, generator)
    return walker.life


class Presence(NamedTuple):
    """Where a person truly is: a room, or None for away; UTC epoch seconds."""

    start: float
    end: float
    room: str | None


def presence(stays: Iterable[Stay], span: tuple[float, float]) -> list[Presence]:
    """Join stays in the same room and cut them to the span asked for."""
    joined: list[Presence] = []
    for stay in stays:
        start, end = max(stay.start, span[0]), min(stay.end, span[1])
        if start >= end:
            continue
        if joined and joined[-1].room == stay.room:
            joined[-1] = joined[-1]._replace(end=end)
        else:
            joined.append(Presence(start, end, stay.room))
    return joined
