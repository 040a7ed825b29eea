"""Households that the tests share, and questions asked of them."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import cache

from benchmarks.household import (
    FAMILY,
    Household,
    HouseholdConfig,
    Presence,
    SimulatedEvent,
    simulate as simulate_anew,
)

simulate = cache(simulate_anew)

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
SIX_WEEKS = HouseholdConfig()
TWO_WEEKS = HouseholdConfig(days=14)
HOLIDAY = (date(2026, 9, 12), date(2026, 9, 16))
OFFICE_ROUTINE = FAMILY[0].routine
WEEKEND = (5, 6)
TELLING = ("motion", "presence", "door")


def events_of(
    household: Household, sensor_id: str | None = None, *types: str
) -> list[SimulatedEvent]:
    """Return the events of one sensor, or of some types."""
    return [
        event
        for event in household.events
        if sensor_id in (None, event.sensor_id)
        and (not types or event.sensor_type in types)
    ]


def local_time_of(household: Household, timestamp: float) -> datetime:
    """Return a moment on the clock of the home."""
    return datetime.fromtimestamp(timestamp, household.config.zone)


def where(spans: list[Presence], timestamp: float) -> str | None:
    """Return where a person is at a moment."""
    return spans[bisect_right(spans, timestamp, key=lambda span: span.start) - 1].room


def days_of(config: HouseholdConfig) -> list[date]:
    """Return the days of a household."""
    return [config.start + timedelta(days=day) for day in range(config.days)]


def share(
    household: Household,
    hour: float,
    room: str | None,
    *,
    people: Iterable[str] = ("alex", "kim", "mia"),
    on: Callable[[date], bool] = lambda day: True,
) -> float:
    """Return on which share of days any of some people is in a room at an hour."""
    days = [day for day in days_of(household.config) if on(day)]
    hits = sum(
        any(
            where(household.presence[name], household.config.moment(day, hour)) == room
            for name in people
        )
        for day in days
    )
    return hits / len(days)


def is_work_day(day: date) -> bool:
    """Tell whether people work or go to school."""
    return day.weekday() not in WEEKEND


def is_weekend(day: date) -> bool:
    """Tell whether it is Saturday or Sunday."""
    return day.weekday() in WEEKEND


def everybody_away(household: Household, timestamp: float) -> bool:
    """Tell whether the home is empty at a moment and was for the minute before."""
    return all(
        where(spans, moment) is None
        for spans in household.presence.values()
        for moment in (timestamp - MINUTE, timestamp)
    )
