"""The same family after something has changed in its life.

Everybody is who they were; what changes is a routine, from a date on. The family that
has always lived so has the same days from that date on.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from .routines import FAMILY, OWN_ROOM, Activity, DayPlan, Person, Routine, Step, Visit

type People = tuple[Person, ...]

_ALEX, _KIM, _MIA = FAMILY
# Kim works at home on Fridays.
_HOME_OFFICE_DAY: DayPlan = _KIM.routine.week[4]
_PARENTS_ROOM, _CHILDS_ROOM = _ALEX.routine.own_room, _MIA.routine.own_room

# A baby wakes every two or three hours, and is carried about by day.
_BABY_SLEEP = Activity(
    OWN_ROOM, still_minutes=12, awake=False, visits=(Visit("kitchen", 0.35, 12),)
)
_BABY_UP = Activity("living_room", still_minutes=2, visits=(Visit("kitchen", 0.8, 10),))
_BABY_DAY: DayPlan = (
    Step(_BABY_UP, at=6.2, spread=30),
    Step(_BABY_SLEEP, at=9.3, spread=30, minutes=80),
    Step(_BABY_UP),
    Step(_BABY_SLEEP, at=13.0, spread=40, minutes=110),
    Step(_BABY_UP),
    Step(_BABY_SLEEP, at=19.3, spread=30),
)


def new_job(day: date | None) -> People:
    """Return the family of which Alex works at home from a day on, or ever since."""
    week = (*(_HOME_OFFICE_DAY,) * 5, *_ALEX.routine.week[5:])
    return (_from(day, _ALEX, lambda old: replace(old, week=week)), _KIM, _MIA)


def moved_bedroom(day: date | None) -> People:
    """Return the family of which parents and child swap rooms."""

    def swapped(old: Routine) -> Routine:
        is_parent = old.own_room == _PARENTS_ROOM
        return replace(old, own_room=_CHILDS_ROOM if is_parent else _PARENTS_ROOM)

    return tuple(_from(day, person, swapped) for person in FAMILY)


def baby(day: date | None) -> People:
    """Return the family that has a baby, with whom Kim stays at home."""
    week = (*(_HOME_OFFICE_DAY,) * 5, *_KIM.routine.week[5:])
    nobody = Routine(_PARENTS_ROOM, ((),) * 7)
    child = Person("baby", nobody)
    return (
        _ALEX,
        _from(day, _KIM, lambda old: replace(old, week=week)),
        _MIA,
        _from(day, child, lambda old: replace(old, week=(_BABY_DAY,) * 7)),
    )


def _from(
    day: date | None, person: Person, change: Callable[[Routine], Routine]
) -> Person:
    new = change(person.routine)
    if day is None:
        return replace(person, routine=new)
    return replace(person, changes=((day, new),))
