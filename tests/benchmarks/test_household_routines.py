"""Tests of routines, holidays, pets and guests of the simulated household."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from statistics import median, quantiles

from benchmarks.household import FAMILY, Household, Person, Routine, SimulatedEvent
from benchmarks.household.routines import OUT, PLAY, SLEEP, Step

from .households import (
    HOLIDAY,
    HOUR,
    MINUTE,
    SIX_WEEKS,
    TELLING,
    TWO_WEEKS,
    days_of,
    events_of,
    everybody_away,
    is_weekend,
    is_work_day,
    local_time_of,
    share,
    simulate,
    where,
)

# --- routines ---------------------------------------------------------------------


def test_rooms_are_used_at_the_usual_hours() -> None:
    """Bedrooms at night, the living room in the evening, nobody twice a day."""
    household = simulate(SIX_WEEKS)
    for hour in (2, 3, 4):
        assert share(household, hour, "bedroom") > 0.95
        assert share(household, hour, "kids_room") > 0.9
        assert share(household, hour, "living_room") < 0.1
    assert share(household, 20.5, "living_room") > 0.85
    dinner = max(share(household, hour, "kitchen") for hour in (18.5, 18.75, 19))
    assert dinner > 0.6


def test_nights_have_visits_to_the_bathroom() -> None:
    """In some nights somebody gets up, in some nobody does."""
    household = simulate(SIX_WEEKS)
    nights = {
        local_time_of(household, span.start).date()
        for span in household.presence["kim"]
        if span.room == "bathroom"
        and 1 <= local_time_of(household, span.start).hour < 5
    }
    assert 3 < len(nights) < SIX_WEEKS.days - 3


def test_work_days_and_weekends_differ() -> None:
    """The office is for work days, and weekends begin later and less sharply."""
    household = simulate(SIX_WEEKS)
    at_work = share(household, 11, None, people=("alex",), on=is_work_day)
    out = share(household, 11, None, people=("alex",), on=is_weekend)
    assert at_work == 1
    assert out < 0.4
    risen: dict[bool, list[float]] = {True: [], False: []}
    for day in days_of(SIX_WEEKS):
        spans = household.presence["alex"]
        first = next(
            span.start
            for span in spans
            if span.room == "bathroom" and span.start > SIX_WEEKS.moment(day, 5.5)
        )
        risen[is_weekend(day)].append((first - SIX_WEEKS.moment(day)) / HOUR)
    assert median(risen[True]) > median(risen[False]) + 1.5
    assert _spread(risen[True]) > _spread(risen[False]) > 5 / 60


def _spread(values: list[float]) -> float:
    """Return the width of the middle half."""
    low, _, high = quantiles(values, n=4)
    return high - low


def test_motion_tells_work_days_from_weekends() -> None:
    """The difference is in what the sensors say, not only in the truth."""
    household = simulate(SIX_WEEKS)
    mornings: dict[bool, set[date]] = {True: set(), False: set()}
    for event in events_of(household, "living_room_motion"):
        local = local_time_of(household, event.timestamp)
        if 9 <= local.hour < 12:
            mornings[is_weekend(local.date())].add(local.date())
    assert len(mornings[True]) > 10  # of 12 weekend days
    assert len(mornings[False]) < 10  # of 30 work days, six of them at home


def test_people_change_their_life_on_a_date() -> None:
    """A new job or a baby is another routine from a day on, and nothing before."""
    moved = date(2026, 9, 14)
    night_shift = (Step(SLEEP, at=8, spread=20), Step(PLAY, at=15), Step(OUT, at=21))
    alex = replace(
        FAMILY[0], changes=((moved, Routine("kids_room", (night_shift,) * 7)),)
    )
    baby_day = (Step(SLEEP, at=0.5), Step(PLAY, at=7), Step(SLEEP, at=19))
    baby = Person(
        "baby",
        Routine("bedroom", ((),) * 7),
        changes=((moved, Routine("bedroom", (baby_day,) * 7)),),
    )
    changed = simulate(replace(TWO_WEEKS, people=(alex, *FAMILY[1:], baby)))
    usual = simulate(TWO_WEEKS)
    before = TWO_WEEKS.moment(moved)
    assert [each for each in changed.events if each.timestamp < before] == [
        each for each in usual.events if each.timestamp < before
    ]
    later = TWO_WEEKS.moment(moved + timedelta(days=3), 12)
    assert where(changed.presence["alex"], later) == "kids_room"
    assert where(usual.presence["alex"], later) is None
    assert where(changed.presence["baby"], before - HOUR) is None
    assert where(changed.presence["baby"], later - 10 * HOUR) == "bedroom"
    assert changed.presence["kim"] == usual.presence["kim"]


# --- switches ---------------------------------------------------------------------


def test_holiday_is_quiet_and_changes_nothing_else() -> None:
    """Between leaving and coming home nothing moves; other days stay as they were."""
    usual = simulate(TWO_WEEKS)
    holiday = simulate(replace(TWO_WEEKS, holidays=(HOLIDAY,)))
    left = TWO_WEEKS.moment(HOLIDAY[0], 13)
    back = TWO_WEEKS.moment(HOLIDAY[1], 13)

    def told(household: Household, start: float, end: float) -> list[SimulatedEvent]:
        events = events_of(household, None, *TELLING)
        return [event for event in events if start <= event.timestamp < end]

    assert told(holiday, left, back) == []
    assert len(told(usual, left, back)) > 1000
    climate = events_of(holiday, None, "temperature", "light")
    assert any(left <= event.timestamp < back for event in climate)
    start, end = TWO_WEEKS.span
    leaving = TWO_WEEKS.moment(HOLIDAY[0])
    settled = TWO_WEEKS.moment(HOLIDAY[1], 24 + 12)
    assert told(holiday, start, leaving) == told(usual, start, leaving)
    assert told(holiday, settled, end) == told(usual, settled, end)
    assert told(holiday, back, settled)


def test_pet_moves_while_everybody_is_away() -> None:
    """Only a pet makes motion in an empty home, in short bursts."""
    usual, pet = simulate(TWO_WEEKS), simulate(replace(TWO_WEEKS, pet=True))

    def alone(household: Household) -> list[SimulatedEvent]:
        return [
            event
            for event in events_of(household, None, "motion")
            if event.state == "on" and everybody_away(household, event.timestamp)
        ]

    assert alone(usual) == []
    assert len(alone(pet)) > 2 * TWO_WEEKS.days
    assert {event.room_id for event in alone(pet)} == {"living_room", "kitchen", "hall"}
    assert pet.presence == usual.presence
    for sensor_id in ("living_room_presence", "bedroom_motion", "front_door"):
        assert events_of(pet, sensor_id) == events_of(usual, sensor_id)
    boarded = simulate(replace(TWO_WEEKS, pet=True, holidays=(HOLIDAY,)))
    left = TWO_WEEKS.moment(HOLIDAY[0], 13)
    back = TWO_WEEKS.moment(HOLIDAY[1], 13)
    assert not any(
        left < event.timestamp < back for event in events_of(boarded, None, "motion")
    )


def test_guests_come_on_some_evenings() -> None:
    """Guests sit in the living room on Fridays or Saturdays, and leave again."""
    usual, guests = (
        simulate(SIX_WEEKS),
        simulate(replace(SIX_WEEKS, guests=True, holidays=(HOLIDAY,))),
    )
    spans = guests.presence["guest_1"]
    arrivals = [
        local_time_of(guests, after.start)
        for before, after in pairwise(spans)
        if before.room is None
    ]
    assert 3 <= len(arrivals) <= 11
    assert {arrival.weekday() for arrival in arrivals} <= {4, 5}
    assert all(18 <= arrival.hour <= 20 for arrival in arrivals)
    assert HOLIDAY[0] not in {arrival.date() for arrival in arrivals}
    for arrival in arrivals:
        late = arrival.timestamp() + HOUR
        evening = [where(spans, late + step * 10 * MINUTE) for step in range(6)]
        assert evening.count("living_room") >= 3
        assert where(spans, late + 5 * HOUR) is None
    assert not any(name.startswith("guest") for name in usual.presence)


def test_guests_leave_the_family_alone() -> None:
    """The switch adds people and changes nobody else's life."""
    usual, guests = simulate(SIX_WEEKS), simulate(replace(SIX_WEEKS, guests=True))
    for name in ("alex", "kim", "mia"):
        assert guests.presence[name] == usual.presence[name]
    assert len(events_of(guests, "front_door")) > len(events_of(usual, "front_door"))
    assert events_of(guests, "bedroom_motion") == events_of(usual, "bedroom_motion")
