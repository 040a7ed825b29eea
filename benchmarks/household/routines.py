"""Who lives in the simulated home, and what their days look like.

Routines are plain values: another job, another bedroom or a new baby is another
`Routine` that starts on a date (`Person.changes`), never another branch of code.
"""

from dataclasses import dataclass
from datetime import date

OWN_ROOM = "own_room"  # stands for the bedroom of whoever does the activity


@dataclass(frozen=True, slots=True)
class Visit:
    """A short trip to another room in the middle of an activity."""

    room: str
    per_hour: float
    minutes: float


@dataclass(frozen=True, slots=True)
class Activity:
    """Something a person does in one room, or away from home (`room` is None)."""

    room: str | None
    still_minutes: float = 1.0  # mean time between movements a motion sensor sees
    awake: bool = True  # sleepers need no lamp
    visits: tuple[Visit, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a day; it lasts until the next step begins.

    It begins at `at` (local hour; above 24 means after midnight), give or take
    `spread` minutes, or as soon as the step before has had its `minutes`. People
    whose steps carry the same `shared` name do them together that day.
    """

    activity: Activity
    at: float | None = None
    spread: float = 0.0
    minutes: float = 0.0
    chance: float = 1.0
    shared: str = ""


type DayPlan = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Routine:
    """The days of a week, Monday first, and the ends of a holiday.

    A plan without steps carries on with what the person was last doing.
    """

    own_room: str
    week: tuple[DayPlan, ...]
    departure: DayPlan = ()
    homecoming: DayPlan = ()

    def __post_init__(self) -> None:
        """Refuse a week that does not have seven days."""
        if len(self.week) != len(WEEK):
            raise ValueError("a routine needs one plan for each day of the week")

    @property
    def rooms(self) -> set[str]:
        """Every room this routine leads to."""
        plans = (*self.week, self.departure, self.homecoming)
        activities = [step.activity for plan in plans for step in plan]
        rooms = {activity.room for activity in activities}
        rooms |= {visit.room for activity in activities for visit in activity.visits}
        return {self.own_room if room == OWN_ROOM else room for room in rooms if room}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a routine, and the dates on which another one takes over."""

    name: str
    routine: Routine
    changes: tuple[tuple[date, Routine], ...] = ()

    def routine_on(self, day: date) -> Routine:
        """Return the routine in force on a day."""
        begun = [change for change in self.changes if change[0] <= day]
        if not begun:
            return self.routine
        return max(begun, key=lambda change: change[0])[1]


@dataclass(frozen=True, slots=True)
class Pet:
    """An animal that wanders at any hour, whether or not people are at home."""

    rooms: tuple[str, ...]
    bouts_per_day: float


WEEK = range(7)  # Monday is 0, as in date.weekday()
SATURDAY = 5

# Rates follow from everyday counts: about six toilet visits and a dozen trips to the
# kitchen a day, and a toilet visit in every second night of eight hours.
_TOILET = Visit("bathroom", per_hour=0.3, minutes=4)
_NIGHT_TOILET = Visit("bathroom", per_hour=0.06, minutes=4)
_SNACK = Visit("kitchen", per_hour=0.6, minutes=4)
_FETCH = Visit(OWN_ROOM, per_hour=0.2, minutes=5)
_TIDY = Visit(OWN_ROOM, per_hour=0.8, minutes=12)
_PLAY_DOWNSTAIRS = Visit("living_room", per_hour=0.4, minutes=15)

# Sleepers turn over two to four times an hour, people on a sofa move every few
# minutes, and somebody cooking or washing hardly ever stands still.
OUT = Activity(None)
SLEEP = Activity(OWN_ROOM, still_minutes=22, awake=False, visits=(_NIGHT_TOILET,))
WASH = Activity("bathroom", still_minutes=0.6)
COOK = Activity("kitchen", still_minutes=0.5, visits=(_TOILET,))
EAT = Activity("kitchen", still_minutes=1.2)
RELAX = Activity("living_room", still_minutes=4, visits=(_TOILET, _SNACK, _FETCH))
DESK = Activity("living_room", still_minutes=3, visits=(_TOILET, _SNACK))
HOUSEWORK = Activity("living_room", still_minutes=1, visits=(_TOILET, _SNACK, _TIDY))
PLAY = Activity(OWN_ROOM, still_minutes=1.5, visits=(_TOILET, _SNACK, _PLAY_DOWNSTAIRS))

_DINNER = Step(COOK, at=18.5, spread=20, minutes=55, shared="dinner")
_FAMILY_OUTING = Step(OUT, at=13.5, spread=60, minutes=170, chance=0.6, shared="outing")


def _family_week(
    own_room: str, work_days: tuple[DayPlan, ...], saturday: DayPlan, sunday: DayPlan
) -> Routine:
    """Build a week, with holidays that begin and end like a weekend day."""
    leave = Step(OUT, at=10, spread=30, shared="departure")
    arrive = Step(RELAX, at=16, spread=60, shared="homecoming")
    return Routine(
        own_room=own_room,
        week=(*work_days, saturday, sunday),
        departure=(saturday[0], Step(EAT, minutes=20), leave),
        homecoming=(arrive, _DINNER, Step(RELAX), *sunday[-2:]),
    )


_OFFICE_DAY: DayPlan = (
    Step(WASH, at=6.4, spread=15, minutes=18),
    Step(EAT, minutes=20),
    Step(OUT, at=7.5, spread=15),
    Step(RELAX, at=17.25, spread=35),
    _DINNER,
    Step(RELAX),
    Step(WASH, at=22.5, spread=35, minutes=12),
    Step(SLEEP),
)
_SPORT_EVENING: DayPlan = (
    *_OFFICE_DAY[:-2],
    Step(OUT, at=19.8, spread=15, minutes=100, chance=0.7),
    Step(RELAX),
    *_OFFICE_DAY[-2:],
)
_HALF_DAY: DayPlan = (
    Step(WASH, at=6.6, spread=15, minutes=22),
    Step(EAT, minutes=25),
    Step(OUT, at=8.1, spread=15),
    Step(COOK, at=13.4, spread=30, minutes=30),
    Step(HOUSEWORK),
    Step(OUT, at=15.2, spread=30, minutes=45, chance=0.4),
    Step(RELAX),
    _DINNER,
    Step(RELAX),
    Step(WASH, at=22.2, spread=35, minutes=15),
    Step(SLEEP),
)
_HOME_OFFICE_DAY: DayPlan = (
    *_HALF_DAY[:2],
    Step(DESK, at=8.5, spread=15),
    Step(COOK, at=12.5, spread=20, minutes=40),
    Step(DESK, minutes=150),
    *_HALF_DAY[4:],
)
_SCHOOL_DAY: DayPlan = (
    Step(WASH, at=6.8, spread=15, minutes=10),
    Step(EAT, minutes=18),
    Step(OUT, at=7.6, spread=15),
    Step(PLAY, at=15.4, spread=25),
    _DINNER,
    Step(RELAX, minutes=25),
    Step(WASH, at=20.1, spread=18, minutes=10),
    Step(SLEEP, minutes=30),
)


def _free_day(wake: float, idle: Activity, bed: float) -> DayPlan:
    """Build a weekend day: the same shape for all, wider spreads than a work day."""
    return (
        Step(WASH, at=wake, spread=45, minutes=20),
        Step(EAT, minutes=40, at=wake + 0.4, spread=30),
        Step(idle),
        Step(COOK, at=12.3, spread=35, minutes=35),
        Step(idle),
        _FAMILY_OUTING,
        Step(idle),
        _DINNER,
        Step(RELAX),
        Step(WASH, at=bed, spread=50, minutes=15),
        Step(SLEEP),
    )


_SHOPPING = Step(OUT, at=10.3, spread=35, minutes=75, chance=0.8)
_KIM_SATURDAY = _free_day(8.1, HOUSEWORK, bed=23.3)

FAMILY = (
    Person(
        "alex",
        _family_week(
            "bedroom",
            (_OFFICE_DAY, _SPORT_EVENING, _OFFICE_DAY, _SPORT_EVENING, _OFFICE_DAY),
            saturday=_free_day(8.6, RELAX, bed=23.8),
            sunday=_free_day(8.8, RELAX, bed=22.7),
        ),
    ),
    Person(
        "kim",
        _family_week(
            "bedroom",
            (*(_HALF_DAY,) * 4, _HOME_OFFICE_DAY),
            saturday=(*_KIM_SATURDAY[:3], _SHOPPING, *_KIM_SATURDAY[3:]),
            sunday=_free_day(8.4, RELAX, bed=22.4),
        ),
    ),
    Person(
        "mia",
        _family_week(
            "kids_room",
            (_SCHOOL_DAY,) * 5,
            saturday=_free_day(7.9, PLAY, bed=21.2),
            sunday=_free_day(8.0, PLAY, bed=20.3),
        ),
    ),
)


def _guest(name: str) -> Person:
    """Build a visitor who is away but for some evenings of the week's end."""
    evening = Activity("living_room", still_minutes=3, visits=(_TOILET, _SNACK))

    def visit(chance: float) -> DayPlan:
        return (
            Step(evening, 19.6, 25, minutes=190, chance=chance, shared="guests"),
            Step(OUT),
        )

    quiet: DayPlan = ()
    week = (*(quiet,) * 4, visit(0.4), visit(0.7), quiet)
    return Person(name, Routine("living_room", week))


GUESTS = (_guest("guest_1"), _guest("guest_2"))
# The doors to bedrooms and bathroom are kept shut, as most cat owners do.
PET = Pet(rooms=("living_room", "kitchen", "hall"), bouts_per_day=18)
