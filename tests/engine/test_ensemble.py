"""Tests of the pool and its weights."""

from dataclasses import replace

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    bin_masses,
    from_hazards,
    is_valid,
    quantile,
)
from custom_components.occupancy_prediction.engine.ensemble import (
    CLASSES,
    default_weights,
    issue_class,
    learn_weights,
    member_forecasts,
    pool,
    pool_shares,
    pooled_forecast,
    with_prior,
)
from custom_components.occupancy_prediction.engine.models import MEMBERS, PRIOR
from custom_components.occupancy_prediction.engine.samples import Outcomes, Samples
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    HORIZON,
    FloatArray,
)

from .made import outcomes_of_minutes, random_rows, row, samples_of

CONFIG = EngineConfig()
EQUAL = default_weights([1, 1])
SOON = row((60, 0.9), (1440, 0.95))
LATE = row((300, 0.05), (720, 0.7), (1440, 0.9))


def drawn(share: float, count: int) -> Outcomes:
    """Return outcomes of which a share comes from SOON, the rest from LATE."""
    levels = (np.arange(count) + 0.5) / count
    first = round(share * count)
    picked = np.concatenate(
        [
            np.array([quantile(SOON, level)[0] for level in levels[:first] / share])
            if first
            else np.zeros(0),
            np.array(
                [
                    quantile(LATE, level)[0]
                    for level in (levels[first:] - share) / (1 - share)
                ]
            )
            if first < count
            else np.zeros(0),
        ]
    )
    # What was not reached within the horizon was not observed.
    ends = np.concatenate(
        [np.full(first, SOON[0, -1]), np.full(count - first, LATE[0, -1])]
    )
    own = np.concatenate(
        [
            levels[:first] / max(share, 1e-9),
            (levels[first:] - share) / max(1 - share, 1e-9),
        ]
    )
    return Outcomes(np.minimum(picked, HORIZON), own <= ends)


def many(cdf: FloatArray, count: int) -> FloatArray:
    """Return one distribution many times."""
    return np.repeat(cdf, count, 0)


# --- weights --------------------------------------------------------------------------


def test_issue_classes() -> None:
    """By state, and by whether it has just begun."""
    samples = samples_of(
        4, occupied=[False, False, True, True], elapsed=np.array([10.0, 10.1, 0, 500])
    )
    assert issue_class(samples, CONFIG).tolist() == [0, 1, 2, 3]


def test_default_weights() -> None:
    """Before anything was learned, and for any number of members."""
    assert default_weights([1, 1, 1, 1]).tolist() == [[0.25] * 4] * CLASSES
    assert default_weights([]).shape == (CLASSES, 0)
    assert default_weights().shape == (CLASSES, len(MEMBERS))
    assert learn_weights(
        [], samples_of(3), outcomes_of_minutes([1, 2, 3]), CONFIG, default_weights([])
    ).shape == (
        CLASSES,
        0,
    )
    nothing = learn_weights(
        [SOON[:0]] * 2, samples_of(0), outcomes_of_minutes([]), CONFIG, EQUAL
    )
    assert (nothing == 0.5).all()


def test_the_prior_has_the_first_word() -> None:
    """By hand: by the spells of the state and by the days."""
    weights = default_weights()
    place = MEMBERS.index(PRIOR)
    others = np.delete(np.arange(len(MEMBERS)), place)
    nothing = with_prior(weights, (0, 0), 0.0, CONFIG)
    assert nothing[:, place].tolist() == [1.0] * CLASSES
    spells = (int(CONFIG.prior_spells), 0)
    mixed = with_prior(weights, spells, CONFIG.prior_days, CONFIG)
    np.testing.assert_allclose(mixed.sum(1), 1.0)
    np.testing.assert_allclose(mixed[:2, others], weights[:2, others] / 4)
    assert mixed[2:, place].tolist() == [1.0, 1.0]
    much = with_prior(weights, (10_000, 10_000), 1000.0, CONFIG)
    np.testing.assert_allclose(much, weights, atol=1e-3)
    no_time = with_prior(weights, (10_000, 10_000), 0.0, CONFIG)
    np.testing.assert_array_equal(no_time, nothing)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.75, 1.0])
def test_known_mixture_is_recovered(share: float) -> None:
    """With many forecasts the weights are the shares the truth was drawn from."""
    count = 8000
    samples = samples_of(count, elapsed=60.0)
    weights = learn_weights(
        [many(SOON, count), many(LATE, count)],
        samples,
        drawn(share, count),
        CONFIG,
        EQUAL,
    )
    # 8000 forecasts against 500 for equal shares.
    assert weights[1, 0] == pytest.approx(share + (0.5 - share) / 17, abs=0.05)
    assert (weights[[0, 2, 3]] == 0.5).all()
    assert weights.sum(1) == pytest.approx(np.ones(CLASSES))


def test_little_data_changes_little() -> None:
    """An hour of luck makes no favorite."""
    samples = samples_of(12)
    weights = learn_weights(
        [many(SOON, 12), many(LATE, 12)], samples, drawn(1.0, 12), CONFIG, EQUAL
    )
    assert 0.5 < weights[0, 0] < 0.54


@given(seed=st.integers(0, 10_000), shrinkage=st.sampled_from([20.0, 500.0]))
def test_weights_are_the_most_probable_ones(seed: int, shrinkage: float) -> None:
    """No weight on a fine grid has a higher posterior than the one found."""
    generator = np.random.default_rng(seed)
    config = replace(CONFIG, pool_shrinkage=shrinkage)
    count = 120
    first, second = random_rows(seed, count), random_rows(seed + 1, count)
    minutes = generator.exponential(200, count)
    outcomes = outcomes_of_minutes(minutes)
    weights = learn_weights([first, second], samples_of(count), outcomes, config, EQUAL)
    likelihoods = []
    for forecast in (first, second):
        bins = np.searchsorted(np.r_[0.0, _edges()], minutes, "left") - 1
        inside = bin_masses(forecast)[np.arange(count), np.clip(bins, 0, BINS)]
        likelihoods.append(np.maximum(inside, 1e-6))
    grid = np.linspace(0.005, 0.995, 199)[:, None]
    fit = np.log(grid * likelihoods[0] + (1 - grid) * likelihoods[1]).sum(1)
    prior = shrinkage / 2 * np.log(grid * (1 - grid))[:, 0]
    best = float(grid[np.argmax(fit + prior), 0])
    assert weights[0, 0] == pytest.approx(best, abs=0.01)


def _edges() -> FloatArray:
    """Return the upper edges of the bins."""
    return np.array(
        [
            *(1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150),
            *(180, 240, 300, 360, 480, 600, 720, 1080, 1440),
        ],
        np.float64,
    )


def test_cut_off_outcomes_count_as_later() -> None:
    """Nothing within five hours speaks for whoever said so."""
    count = 3000
    outcomes = Outcomes(np.full(count, 300.0), np.zeros(count, np.bool_))
    weights = learn_weights(
        [many(SOON, count), many(LATE, count)],
        samples_of(count),
        outcomes,
        CONFIG,
        EQUAL,
    )
    assert weights[0, 1] > 0.9


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.5])
def test_member_that_says_nothing_gets_little_weight(wrong: float) -> None:
    """And spoils the weights of nobody."""
    count = 2000
    broken = many(LATE, count)
    broken[::2, 7] = wrong
    samples = samples_of(count)
    weights = learn_weights(
        [many(LATE, count), broken], samples, drawn(0, count), CONFIG, EQUAL
    )
    assert np.isfinite(weights).all()
    assert weights[0, 0] > 0.7
    silent = np.full((count, BINS), np.nan)
    weights = learn_weights(
        [silent, many(LATE, count)], samples, drawn(0, count), CONFIG, EQUAL
    )
    assert weights[0, 1] > 0.85
    weights = learn_weights([silent, silent], samples, drawn(0, count), CONFIG, EQUAL)
    assert weights[0].tolist() == [0.5, 0.5]


# --- the pool -------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000))
def test_hazards_are_averaged_as_odds(seed: int) -> None:
    """Row by row, by the weights of its class; computed here bin by bin."""
    generator = np.random.default_rng(seed)
    samples = samples_of(
        6,
        occupied=(generator.random(6) < 0.5).tolist(),
        elapsed=generator.uniform(0, 20, 6),
    )
    hazards = generator.uniform(0.001, 0.8, (3, 6, BINS))
    weights = generator.dirichlet(np.ones(3), CLASSES)
    pooled = pool([from_hazards(each) for each in hazards], weights, samples, CONFIG)
    assert is_valid(pooled).all()
    for row_, number in enumerate(issue_class(samples, CONFIG)):
        left = 1.0
        for column in range(BINS):
            odds = hazards[:, row_, column] / (1 - hazards[:, row_, column])
            mean = float(np.prod(odds ** weights[number]))
            left *= 1 - mean / (1 + mean)
            assert pooled[row_, column] == pytest.approx(1 - left, abs=1e-5)


def test_rows_that_are_no_distributions_have_no_say() -> None:
    """The others share their weight; without others any bin is as good."""
    broken = many(SOON, 3)
    broken[1] = np.nan
    broken[2, 3] = np.inf
    late = many(LATE, 3)
    weights = np.full((CLASSES, 2), 0.5)
    pooled = pool([broken, late], weights, samples_of(3), CONFIG)
    both = pool([SOON, LATE], weights, samples_of(1), CONFIG)
    np.testing.assert_allclose(pooled[0], both[0])
    np.testing.assert_allclose(pooled[1:], late[1:], atol=1e-4)
    alone = pool([broken], np.ones((CLASSES, 1)), samples_of(3), CONFIG)
    np.testing.assert_allclose(bin_masses(alone)[1:], 1 / (BINS + 1))
    np.testing.assert_allclose(alone[0], SOON[0], atol=1e-4)


def test_member_without_weight_speaks_when_nobody_else_can() -> None:
    """Better than to claim that nothing will ever happen."""
    weights = np.tile([1.0, 0.0], (CLASSES, 1))
    silent = np.full((1, BINS), np.nan)
    unheard = pool([silent, LATE], weights, samples_of(1), CONFIG)
    np.testing.assert_allclose(unheard, LATE, atol=1e-4)
    heard = pool([SOON, LATE], weights, samples_of(1), CONFIG)
    np.testing.assert_allclose(heard, SOON, atol=1e-4)


def test_shares_of_those_who_had_a_say() -> None:
    """The silent have none, whatever their weight; where all are silent, nobody has."""
    silent = np.full((2, BINS), np.nan)
    weights = np.tile([0.2, 0.5, 0.3], (CLASSES, 1))
    heard = pool_shares(
        [many(SOON, 2), silent, many(LATE, 2)], weights, samples_of(2), CONFIG
    )
    np.testing.assert_allclose(heard, [[0.4, 0.0, 0.6]] * 2)
    assert not pool_shares([silent] * 3, weights, samples_of(2), CONFIG).any()


def test_no_questions() -> None:
    """No rows in, no rows out."""
    empty = np.zeros((0, BINS))
    assert pool(
        [empty, empty], default_weights([1, 1]), samples_of(0), CONFIG
    ).shape == (
        0,
        BINS,
    )


def test_silent_members() -> None:
    """A member that has learned nothing is not asked."""
    samples: Samples = samples_of(2)
    forecasts = member_forecasts({}, samples, CONFIG)
    assert len(forecasts) == len(MEMBERS)
    assert all(np.isnan(forecast).all() for forecast in forecasts)
    shown = pooled_forecast(forecasts, default_weights(), samples, CONFIG)
    assert is_valid(shown).all()


@given(seed=st.integers(0, 10_000), earliest=st.floats(0, 30))
def test_shown_forecasts_rule_out_only_what_is_impossible(
    seed: int, earliest: float
) -> None:
    """Zero before the delay is over, a little everywhere after it."""
    samples = samples_of(1, occupied=True, earliest=earliest)
    shown = pooled_forecast(
        [random_rows(seed, 1)], np.ones((CLASSES, 1)), samples, CONFIG
    )
    assert is_valid(shown).all()
    masses = bin_masses(shown)[0]
    after = np.r_[_edges() > earliest, True]
    assert (masses[after] > 0).all()
    assert np.abs(masses[~after]).max(initial=0) < 1e-9
