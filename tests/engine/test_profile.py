"""Tests of the usual occupancy, by day type and clock."""

from dataclasses import replace

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.models.base import Profile, last_bin
from custom_components.occupancy_prediction.engine.samples import Outcomes, Samples
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    HORIZON,
    FloatArray,
    IntArray,
)

from .made import samples_of

MONDAY, SATURDAY = 739_866, 739_871
QUARTERS: FloatArray = np.linspace(0.0, 1425.0, 96)
# Moments of an hour and of the room by which a cell is pulled.
STRENGTH = 6.0


def day_of(day: int, *occupied: tuple[float, float]) -> Samples:
    """Return a day seen every five minutes; occupied from one clock time to another."""
    clock: FloatArray = np.linspace(0.0, 1435.0, 288)
    inside = np.zeros(288, np.bool_)
    for first, last in occupied:
        inside |= (clock >= first) & (clock < last)
    return samples_of(288, occupied=inside.tolist(), clock=clock, day=day)


def asked(clock: float, day: int) -> Samples:
    """Return a question at a clock time."""
    return samples_of(1, clock=clock, day=day)


def shares(
    profile: Profile, samples: Samples, *minutes: float, leave_out_day: bool = False
) -> list[float]:
    """Return the probability of being occupied some minutes later, first sample."""
    odds = profile.future(samples, np.array(minutes), leave_out_day=leave_out_day)
    assert odds.shape == (len(samples), len(minutes))
    return [float(share) for share in 1 / (1 + np.exp(-odds[0]))]


# --- counting -------------------------------------------------------------------------


def test_counts_by_hand() -> None:
    """Three moments in each quarter of an hour of each day."""
    profile = Profile.of(
        Samples.joined([day_of(MONDAY, (60, 100)), day_of(MONDAY + 1)])
    )
    assert profile.days.tolist() == [MONDAY, MONDAY + 1]
    assert (profile.seen == 3).all()
    # From 1:00 to 1:40: two quarters, and two moments of the third.
    assert profile.occupied[0, 3:8].tolist() == [0, 3, 3, 2, 0]
    assert profile.occupied[0].sum() == 8
    assert profile.occupied[1].sum() == 0


def test_adding_days_and_hours_of_a_day() -> None:
    """Whole or in parts, in any order, what was counted is the same."""
    days = [day_of(MONDAY + n, (420 + 60 * n, 500 + 60 * n)) for n in range(4)]
    whole = Profile.of(Samples.joined(days))
    grown = Profile.of(days[2])
    for part in (days[0], days[3].take(np.arange(100)), days[1].take(np.arange(0))):
        grown = grown.add(part)
    grown = grown.add(Samples.joined([days[3].take(np.arange(100, 288)), days[1]]))
    for name in ("days", "occupied", "seen"):
        np.testing.assert_array_equal(getattr(grown, name), getattr(whole, name))


def test_the_oldest_days_make_room() -> None:
    """A year and a month are kept apart, no more."""
    every = [day_of(MONDAY + n).take(np.arange(1)) for n in range(420)]
    profile = Profile.of(Samples.joined(every[:390])).add(Samples.joined(every[390:]))
    assert len(profile.days) == 400
    assert profile.days[0] == MONDAY + 20
    assert profile.seen.shape == profile.occupied.shape == (400, 96)
    # A day long past is not taken back in.
    assert profile.add(every[0]).days[0] == MONDAY + 20


def test_there_and_back() -> None:
    """What is saved says the same; nothing is counted over the edge of a byte."""
    samples = Samples.joined([day_of(MONDAY, (60, 300)), day_of(SATURDAY, (0, 1440))])
    profile = Profile.of(samples)
    arrays = profile.to_arrays()
    assert all(name.startswith("profile_") for name in arrays)
    assert arrays["profile_seen"].dtype == np.uint8
    restored = Profile.from_arrays(arrays)
    for name in ("days", "occupied", "seen"):
        np.testing.assert_array_equal(getattr(restored, name), getattr(profile, name))
    dense = Profile.of(Samples.joined([samples] * 100))
    assert Profile.from_arrays(dense.to_arrays()).seen.max() == 255


# --- what is usual --------------------------------------------------------------------


def slow_share(
    samples: Samples, question: tuple[float, int], later: float, *, leave_out: bool
) -> float:
    """Return what is usual at a later moment, counted one by one."""
    clock, day = question
    then = (clock + later) % 1440
    date = day + int((clock + later) // 1440)

    def counted(weekend: bool) -> tuple[int, int]:
        hits = [
            bool(occupied)
            for occupied, minute, of_day in zip(
                samples.occupied, samples.clock, samples.day, strict=True
            )
            if minute // 15 == then // 15
            and ((of_day - 1) % 7 >= 5) == weekend
            and not (leave_out and of_day == date)
        ]
        return sum(hits), len(hits)

    mean = (int(samples.occupied.sum()) + 1) / (len(samples) + 2)
    weekend = (date - 1) % 7 >= 5
    other, all_other = counted(not weekend)
    mine, all_mine = counted(weekend)
    usual = (other + STRENGTH * mean) / (all_other + STRENGTH)
    return (mine + STRENGTH * usual) / (all_mine + STRENGTH)


@given(
    seed=st.integers(0, 1000),
    clock=st.floats(0, 1439.9),
    later=st.sampled_from([0.0, 0.5, 12.5, 300.0, 900.0, 1260.0, 1440.0]),
    leave_out=st.booleans(),
)
def test_against_slow_code(
    seed: int, clock: float, later: float, leave_out: bool
) -> None:
    """Type of day, clock and day are those of the later moment."""
    generator = np.random.default_rng(seed)
    count = 300
    days: IntArray = MONDAY + 3 + generator.integers(0, 5, count)
    samples = replace(
        samples_of(
            count,
            occupied=(generator.random(count) < 0.4).tolist(),
            clock=generator.uniform(0, 1440, count),
        ),
        day=days,
    )
    day = int(MONDAY + 3 + generator.integers(-1, 6))
    (share,) = shares(
        Profile.of(samples), asked(clock, day), later, leave_out_day=leave_out
    )
    expected = slow_share(samples, (clock, day), later, leave_out=leave_out)
    assert share == pytest.approx(expected)


def test_many_days_settle_it() -> None:
    """At eight it is occupied on work days and not at weekends."""
    work = [day_of(MONDAY + n, (480, 540)) for n in range(5)]
    profile = Profile.of(
        Samples.joined([*work, day_of(SATURDAY), day_of(SATURDAY + 1)])
    )
    eight, later = shares(profile, asked(420, MONDAY + 7), 60, 200)
    assert eight > 0.7
    assert later < 0.1
    # Friday evening looks at Saturday morning, Sunday evening at Monday's.
    assert shares(profile, asked(1200, MONDAY + 4), 720)[0] < 0.4
    assert shares(profile, asked(1200, SATURDAY + 1), 720)[0] > 0.7


def test_the_day_asked_about_is_left_out() -> None:
    """Whatever that day was like, what is said of it is made of other days."""
    usual = [day_of(MONDAY + n, (480, 540)) for n in (0, 1, 3, 4, 7, 8, 10)]
    answers = []
    for strange in (((480.0, 540.0),), (), ((0.0, 1440.0),)):
        odd = day_of(MONDAY + 2, *strange)
        profile = Profile.of(Samples.joined([*usual, odd]))
        question = asked(470, MONDAY + 2)
        answers.append(shares(profile, question, 0, 20, 600, leave_out_day=True))
        assert shares(profile, question, 20) != answers[-1][1:2]
    # But for the mean of the room, which pulls a little.
    for other in answers[1:]:
        np.testing.assert_allclose(answers[0], other, atol=0.06)


def test_tomorrow_is_left_out_as_well() -> None:
    """Late in the evening, tomorrow's early hours are the outcome."""
    quiet = [day_of(MONDAY + n) for n in (0, 1, 3)]
    late = asked(1430, MONDAY + 1)
    answers = []
    for strange in ((), ((0.0, 60.0),)):
        odd = day_of(MONDAY + 2, *strange)
        profile = Profile.of(Samples.joined([*quiet, odd]))
        answers.append(shares(profile, late, 20, leave_out_day=True)[0])
    assert answers[0] == pytest.approx(answers[1], abs=0.01)


def test_nothing_known() -> None:
    """As likely as not, and nothing to leave out."""
    nothing = Profile.of(samples_of(0))
    for leave_out_day in (False, True):
        said = shares(nothing, asked(60, MONDAY), 0, 720, leave_out_day=leave_out_day)
        assert said == [0.5, 0.5]
    assert nothing.future(samples_of(0), QUARTERS, leave_out_day=True).shape == (0, 96)
    assert nothing.add(day_of(MONDAY)).days.tolist() == [MONDAY]


# --- where looking ended --------------------------------------------------------------


def test_last_bin() -> None:
    """Who outlived the horizon was looked at in every bin to its end."""
    outcomes = Outcomes(
        np.array([0.0, 1.0, 1.5, HORIZON, HORIZON, 600.0]),
        np.array([True, True, False, True, False, False]),
    )
    assert last_bin(outcomes).tolist() == [0, 0, 1, BINS - 1, BINS, 22]
