"""Tests of distributions of the time to the next transition."""

from itertools import pairwise

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.distribution import (
    bin_index,
    bin_masses,
    condition_on_later,
    from_hazards,
    hazards_of,
    is_valid,
    mean_time,
    modes,
    probability_within,
    quantile,
    with_floor,
    within_tolerance,
)
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    FloatArray,
)

from .made import HAZARDS, LEVELS, MINUTES, ROWS, certain, random_rows, row


def within(cdf: FloatArray, minutes: float) -> float:
    """Return P(within minutes) of one row."""
    return float(probability_within(cdf, np.array([minutes]))[0])


# --- probabilities and times ----------------------------------------------------------


@given(cdf=ROWS, minutes=st.lists(st.floats(-10, 3000), min_size=1, max_size=9))
def test_probability_within_is_linear_between_the_edges(
    cdf: FloatArray, minutes: list[float]
) -> None:
    """The same as interpolation, row by row."""
    asked = np.array(minutes)
    answer = probability_within(np.repeat(cdf, len(asked), 0), asked)
    expected = np.interp(asked, GRID, np.r_[0.0, cdf[0]])
    np.testing.assert_allclose(answer, expected, atol=1e-12)


@given(cdf=ROWS, level=LEVELS)
def test_quantile_is_the_inverse_of_probability(cdf: FloatArray, level: float) -> None:
    """The first time by which the level is reached; the horizon if it never is."""
    minutes = float(quantile(cdf, level)[0])
    if cdf[0, -1] < level:
        assert minutes == HORIZON
        return
    assert within(cdf, minutes) == pytest.approx(level, abs=1e-9)
    assert within(cdf, minutes - 0.01) < level + 1e-12


@given(cdf=ROWS, first=LEVELS, second=LEVELS)
def test_quantiles_are_ordered(cdf: FloatArray, first: float, second: float) -> None:
    """A higher level is reached no sooner."""
    low, high = sorted((first, second))
    assert quantile(cdf, low)[0] <= quantile(cdf, high)[0]


@given(cdf=ROWS, minutes=MINUTES)
def test_probability_is_the_inverse_of_quantile(
    cdf: FloatArray, minutes: float
) -> None:
    """Where time does not stand still, level and time belong to each other."""
    level = within(cdf, minutes)
    steep = within(cdf, minutes + 0.1) > level + 1e-4
    if 0 < level < 1 and (steep or level > within(cdf, minutes - 0.1) + 1e-4):
        assert quantile(cdf, level)[0] <= minutes + 1e-6


def test_quantile_worked_by_hand() -> None:
    """A quarter in the first minute, half by ten, the rest never."""
    cdf = row((1, 0.25), (10, 0.5), (1440, 0.5))
    assert quantile(cdf, 0.125).tolist() == [0.5]
    assert quantile(cdf, 0.25).tolist() == [1.0]
    assert quantile(cdf, 0.5).tolist() == [10.0]
    assert quantile(cdf, 0.51).tolist() == [HORIZON]
    assert quantile(np.zeros((1, BINS)), 0.5).tolist() == [HORIZON]
    assert quantile(certain(30.0), 0.5).tolist() == [27.5]


def test_mean_time_worked_by_hand() -> None:
    """Of what does not come within the horizon, the horizon."""
    rows = np.concatenate(
        [certain(30.0), np.zeros((1, BINS)), row((60, 0.5), (1440, 0.5))]
    )
    assert mean_time(rows) == pytest.approx([27.5, HORIZON, 15 + HORIZON / 2])
    assert mean_time(rows[:0]).shape == (0,)


@given(minutes=MINUTES)
def test_bin_holds_its_upper_edge(minutes: float) -> None:
    """Each duration is in one bin; beyond the horizon there is one more."""
    (index,) = bin_index(np.array([minutes]))
    assert GRID[index] <= minutes <= GRID[index + 1]
    assert minutes == 0 or GRID[index] < minutes
    assert bin_index(np.array([HORIZON + 1e-6])).tolist() == [BINS]


@given(hazards=st.lists(HAZARDS, min_size=BINS, max_size=BINS))
def test_from_hazards(hazards: list[float]) -> None:
    """Bin by bin: who is left, and what share of them goes."""
    cdf = from_hazards(np.array([hazards]))
    left, reached = 1.0, []
    for hazard in hazards:
        left *= 1 - hazard
        reached.append(1 - left)
    np.testing.assert_allclose(cdf[0], reached, atol=1e-12)
    masses = bin_masses(cdf)[0]
    assert masses.shape == (BINS + 1,)
    assert masses.sum() == pytest.approx(1)
    assert (masses >= -1e-12).all()
    assert is_valid(cdf).all()


def test_hazards_are_clipped() -> None:
    """An estimate a little outside its range is no reason for an impossible row."""
    assert is_valid(from_hazards(np.array([[-0.1, 1.1] * (BINS // 2)]))).all()


# --- made of others -------------------------------------------------------------------


@given(cdf=ROWS, earliest=MINUTES)
def test_condition_on_later(cdf: FloatArray, earliest: float) -> None:
    """Nothing before; after it the odds of what is left."""
    conditioned = condition_on_later(cdf, np.array([earliest]))
    assert is_valid(conditioned).all()
    gone = within(cdf, earliest)
    for edge, after in zip(GRID[1:], conditioned[0], strict=True):
        if edge <= earliest:
            assert after == pytest.approx(0, abs=1e-9)
        elif gone < 1 - 1e-6:
            expected = (within(cdf, edge) - gone) / (1 - gone)
            assert after == pytest.approx(expected, abs=1e-6)
    if earliest == 0:
        np.testing.assert_allclose(conditioned, cdf, atol=1e-12)


@given(cdf=ROWS, floor=st.sampled_from([0.0, 1e-4, 0.1, 1.0]))
def test_with_floor(cdf: FloatArray, floor: float) -> None:
    """Every bin, and "later", keeps its little share."""
    raised = with_floor(cdf, floor)
    assert is_valid(raised).all()
    masses = bin_masses(raised)
    assert (masses >= floor / (BINS + 1) - 1e-12).all()
    assert np.abs(raised - cdf).max() <= floor + 1e-12


@given(cdf=ROWS, tolerance=st.sampled_from([5.0, 20.0, 60.0]))
def test_within_tolerance(cdf: FloatArray, tolerance: float) -> None:
    """The mass of the density around the median, added up cell by cell."""
    (answer,) = within_tolerance(cdf, tolerance)
    median = float(quantile(cdf, 0.5)[0])
    if median >= HORIZON:
        assert answer == 0
        return
    edges = np.linspace(0, HORIZON, 14401)
    reached = np.interp(edges, GRID, np.r_[0.0, cdf[0]])
    middle = (edges[1:] + edges[:-1]) / 2
    inside = np.abs(middle - median) <= tolerance
    # One cell at either end may be cut in two.
    slack = 2 * np.diff(reached).max() + 1e-9
    assert answer == pytest.approx(np.diff(reached)[inside].sum(), abs=slack)
    assert 0 <= answer <= 1


# --- modes ----------------------------------------------------------------------------


def test_two_modes() -> None:
    """Soon or much later: both are named, the likelier first, with their mass."""
    cdf = row((10, 0.0), (15, 0.3), (300, 0.3), (360, 0.9), (1440, 0.9))
    found = modes(cdf[0])
    assert [mass for _, mass in found] == pytest.approx([0.6, 0.3])
    assert [moment for moment, _ in found] == pytest.approx([330.0, 12.5])


def test_one_mode_takes_all() -> None:
    """A rise and a fall are one mode with all the mass inside the horizon."""
    ((moment, mass),) = modes(row((30, 0.05), (60, 0.5), (90, 0.7), (1440, 0.8))[0])
    assert mass == pytest.approx(0.8)
    assert 50 < moment < 60


def test_no_modes() -> None:
    """Nothing within a day, or nothing that stands out of the noise."""
    assert modes(np.zeros(BINS)) == []
    assert modes(row((1440, 0.04))[0]) == []


def test_dent_makes_no_second_mode() -> None:
    """Density 8, 7, 10: what hardly falls between two peaks is one of them."""
    found = {}
    for dent in (7.0, 5.0):
        masses = np.zeros(BINS)
        for index, density in {13: 8.0, 14: dent, 15: 10.0}.items():
            masses[index] = density / 1000 * (GRID[index + 1] - GRID[index])
        found[dent] = modes(np.cumsum(masses))
        assert sum(mass for _, mass in found[dent]) == pytest.approx(masses.sum())
    assert len(found[7.0]) == 1
    assert [mass for _, mass in found[5.0]] == pytest.approx([0.375, 0.12])


@given(cdf=ROWS, most=st.integers(1, 4))
def test_modes_are_sound(cdf: FloatArray, most: int) -> None:
    """At most so many, likeliest first, inside the horizon, never more than all."""
    found = modes(cdf[0], most)
    assert len(found) <= most
    masses = [mass for _, mass in found]
    assert masses == sorted(masses, reverse=True)
    assert all(0.05 <= mass <= 1 + 1e-9 for mass in masses)
    assert sum(masses) <= cdf[0, -1] + 1e-9
    assert all(0 <= moment <= HORIZON for moment, _ in found)
    ordered = sorted(moment for moment, _ in found)
    assert all(first < second for first, second in pairwise(ordered))


# --- validity -------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, -0.1, 1.1])
def test_rows_that_are_no_distributions(wrong: float) -> None:
    """Each is told apart from the good rows around it, without a warning."""
    rows = random_rows(1, 3)
    rows[1, 12] = wrong
    assert is_valid(rows).tolist() == [True, False, True]


def test_validity_of_edges() -> None:
    """All at once, or nothing at all, is a distribution; falling is not."""
    assert is_valid(np.ones((1, BINS))).all()
    assert is_valid(np.zeros((1, BINS))).all()
    assert not is_valid(np.linspace(1, 0, BINS)[None]).any()
    assert is_valid(np.zeros((0, BINS))).shape == (0,)


@given(hazards=st.lists(st.floats(0, 1), min_size=BINS, max_size=BINS))
def test_hazards_there_and_back(hazards: list[float]) -> None:
    """A distribution is made of its hazards, whatever follows when all is over."""
    cdf = from_hazards(np.array([hazards]))
    again = hazards_of(cdf)
    assert ((again >= 0) & (again <= 1)).all()
    np.testing.assert_allclose(from_hazards(again), cdf, atol=1e-7)


def test_a_moment_of_its_own_within_a_bin() -> None:
    """All that happens between 5 and 7 min happens after 6; other bins are spread."""
    cdf = row((5, 0.0), (7, 0.6), (60, 1.0))
    moment = np.array([6.0])
    assert quantile(cdf, 0.5, moment).tolist() == [6.0]
    assert quantile(cdf, 0.1, moment).tolist() == [6.0]
    assert quantile(cdf, 0.9, moment).tolist() == quantile(cdf, 0.9).tolist()
    assert (
        quantile(cdf, 0.5, np.array([np.nan])).tolist() == quantile(cdf, 0.5).tolist()
    )
    never = np.zeros((1, BINS))
    assert quantile(never, 0.5, np.array([GRID[-2] + 1])).tolist() == [HORIZON]
