"""Tests of the clock on the wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.local_time import (
    is_weekend,
    local_time,
)

# Half hours, three quarters, half-hour summer time, southern winters, no changes,
# the far sides of the date line.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Africa/Casablanca",
    "America/Santiago",
]
HOUR = 3600.0


def slow(moment: float, zone: str) -> tuple[float, int, bool]:
    """Ask the standard library about one moment."""
    local = datetime.fromtimestamp(moment, ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    minute = (local.replace(tzinfo=None) - midnight) / timedelta(minutes=1)
    return minute, local.toordinal(), local.weekday() >= 5


def check(moments: list[float], zone: str) -> None:
    """Compare with the standard library, moment by moment."""
    local = local_time(np.array(moments, np.float64), zone)
    for row, moment in enumerate(moments):
        minute, day, weekend = slow(moment, zone)
        assert local.minute[row] == pytest.approx(minute, abs=1e-5)
        assert local.day[row] == day
        assert bool(local.weekend[row]) is weekend


# 2012 to 2050, in steps that floats hold exactly.
MOMENTS = st.integers(1_325_376_000 * 4, 2_524_608_000 * 4).map(lambda n: n / 4)


@given(moments=st.lists(MOMENTS, max_size=12), zone=st.sampled_from(ZONES))
def test_as_the_standard_library_says(moments: list[float], zone: str) -> None:
    """At any moment, in any order."""
    check(moments, zone)


@pytest.mark.parametrize(
    ("zone", "year"), [*((zone, 2026) for zone in ZONES), ("Pacific/Apia", 2011)]
)
def test_around_each_change_of_the_clock(zone: str, year: int) -> None:
    """Seconds before and after each change of the offset, which can skip a day."""
    start = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    hours = [start + half * HOUR / 2 for half in range(366 * 48)]
    offsets = [
        datetime.fromtimestamp(moment, ZoneInfo(zone)).utcoffset() for moment in hours
    ]
    moments = [
        moment + shift
        for moment, before, after in zip(hours[1:], offsets, offsets[1:], strict=False)
        if before != after
        for shift in (-HOUR, -1.0, -0.25, 0.0, 0.25, 1.0, HOUR)
    ]
    check(moments, zone)


def test_spring_has_no_hour_between_two_and_three() -> None:
    """The clock jumps over it."""
    two = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
    local = local_time(np.array([two - 60, two]), "Europe/Berlin")
    assert local.minute.tolist() == [119.0, 180.0]


def test_autumn_has_the_hour_between_two_and_three_twice() -> None:
    """The same minute of the same day comes again an hour later."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    local = local_time(np.array([first, first + HOUR]), "Europe/Berlin")
    assert local.minute.tolist() == [150.0, 150.0]
    assert local.day[0] == local.day[1]
    assert local.weekend.tolist() == [True, True]


def test_minutes_stay_below_a_day() -> None:
    """However close to midnight."""
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp()
    moments = np.array([np.nextafter(midnight, 0), midnight])
    local = local_time(moments, "Europe/Berlin")
    assert 1439.99 < local.minute[0] < 1440
    assert local.minute[1] == 0
    assert local.day[1] == local.day[0] + 1


def test_no_moments() -> None:
    """Nothing asked, nothing answered."""
    local = local_time(np.zeros(0), "Europe/Berlin")
    assert len(local.minute) == len(local.day) == len(local.weekend) == 0


def test_weekends() -> None:
    """Two days of seven."""
    monday = datetime(2026, 9, 7).toordinal()
    week = is_weekend(np.arange(monday, monday + 7))
    assert week.tolist() == [False] * 5 + [True] * 2
