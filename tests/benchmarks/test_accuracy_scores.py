"""Scores of forecasts, by hand and against slow code."""

import numpy as np
import pytest

from benchmarks.accuracy.bootstrap import Bootstrap
from benchmarks.accuracy.grid import (
    DAY,
    EDGES,
    Distributions,
    engine_distributions,
    from_engine,
    uniform,
)
from benchmarks.accuracy.scores import (
    calibration_error,
    cell_means,
    crps,
    log_score,
    reliability,
    score,
    skill,
)
from benchmarks.replay import HORIZONS
from custom_components.occupancy_prediction.engine import metrics
from custom_components.occupancy_prediction.engine.distribution import (
    from_hazards,
    probability_within,
    quantile,
)
from custom_components.occupancy_prediction.engine.types import BINS, GRID, FloatArray


def random_cdf(count: int) -> FloatArray:
    """Return distributions on the engine's grid."""
    hazards = np.random.default_rng(7).random((count, BINS)) ** 2 * 0.4
    return from_hazards(hazards)


def step_at(minutes: float, count: int = 1) -> Distributions:
    """Return a forecaster who is certain."""
    edges = np.array([0.0, minutes - 1e-9, minutes, DAY])
    return Distributions.of(np.tile([0.0, 0.0, 1.0, 1.0], (count, 1)), edges)


def test_the_grid_says_what_the_engine_said() -> None:
    """At the horizons of a forecasts file nothing is lost; quantiles are exact."""
    cdf = random_cdf(20)
    shown = from_engine(cdf)
    for column, minutes in enumerate(HORIZONS):
        expected = probability_within(cdf, np.full(20, float(minutes)))
        assert shown[:, column + 1] == pytest.approx(expected)
    answer = engine_distributions(cdf)
    for level, name in ((0.1, "lower"), (0.5, "median"), (0.9, "upper")):
        assert getattr(answer, name) == pytest.approx(quantile(cdf, level))
    assert answer.within(60.0) == pytest.approx(shown[:, EDGES.tolist().index(60)])
    assert answer.within(0.0) == pytest.approx(np.zeros(20))


def test_crps_is_the_integral() -> None:
    """Beside a sum over small steps."""
    said = engine_distributions(random_cdf(5))
    time = np.array([3.0, 20.0, 77.7, 1439.0, np.inf])
    step = 0.05
    middle = np.arange(step / 2, DAY, step)
    for row in range(5):
        reached = np.interp(middle, EDGES, said.cdf[row])
        slow = (((reached - (middle >= time[row])) ** 2) * step).sum()
        assert crps(said, time)[row] == pytest.approx(slow, rel=1e-3)


def test_crps_of_a_point_is_its_error() -> None:
    """Somebody who is certain is scored by the distance in minutes."""
    time = np.array([20.0, 50.0, 5.0, np.inf])
    assert crps(step_at(20.0, 4), time) == pytest.approx(
        [0, 30, 15, DAY - 20], abs=1e-6
    )


def test_crps_is_the_engines_on_the_same_edges() -> None:
    """Two pieces of code, one score."""
    cdf = random_cdf(50)
    time = np.random.default_rng(1).exponential(100, 50)
    on_grid = np.concatenate([np.zeros((50, 1)), cdf], axis=1)
    said = Distributions.of(on_grid, GRID)
    observed = np.ones(50, np.bool_)
    assert crps(said, time) == pytest.approx(metrics.crps(cdf, time, observed))


def test_log_score_by_hand() -> None:
    """-log of the bin, with a thousandth spread over all sixteen."""
    said = Distributions.of(uniform(3))
    time = np.array([4.0, 1000.0, np.inf])
    masses = np.array([5, 720, 0]) / DAY
    expected = -np.log(0.999 * masses + 0.001 / 16)
    assert log_score(said, time) == pytest.approx(expected)


def test_scores_of_single_forecasts() -> None:
    """Errors and hits are those of the median and of the interval."""
    scores = score(step_at(20.0, 3), np.array([19.0, 90.0, np.inf]))
    assert scores.error == pytest.approx([1, -70, 20 - DAY], abs=1e-6)
    assert scores.late.tolist() == [False, True, True]
    assert scores.covered.tolist() == [False, False, False]
    wide = Distributions.of(np.array([[0.0, 0.0, 1.0]]), np.array([0.0, 10.0, DAY]))
    assert score(wide, np.array([700.0])).covered.tolist() == [True]
    assert scores.within.tolist() == [[0, 1, 1, 1]] * 3
    # An interval that ends with the day is open: "later" lies in it.
    rare = Distributions.of(uniform(1) * 0.5)
    assert score(rare, np.array([np.inf])).covered.tolist() == [True]
    assert score(rare, np.array([np.inf])).error == pytest.approx([0])


def test_skill_counts_each_cell_alike() -> None:
    """Half the CRPS in one cell and the same in another: a geometric mean."""
    cells = np.array([0, 0, 0, 4])
    own = cell_means(np.array([4.0, 5.0, 3.0, 9.0]), cells)
    assert own.tolist() == [4, 9]
    assert skill(own, np.array([9.0, 9.0])) == pytest.approx(1 - 0.5**0.5)
    assert skill(own, own) == 0
    assert skill(np.array([9.0]), np.array([4.0])) == pytest.approx(-1)


def test_reliability_by_hand() -> None:
    """Of four forecasts of 75 %, two came true; 10 % never did."""
    said = np.array([0.75] * 4 + [0.1] * 6)
    came = np.array([True, True, False, False] + [False] * 6)
    rare, likely = reliability(said, came)
    assert rare == pytest.approx((0.1, 0, 6))
    assert likely == pytest.approx((0.75, 0.5, 4))
    together = calibration_error(said, came, np.zeros(10, np.int64))
    assert together == pytest.approx((0.25 * 4 + 0.1 * 6) / 10)
    # Errors of two rooms must not make up for each other.
    two = calibration_error(
        np.full(4, 0.5), np.array([True, True, False, False]), np.array([0, 0, 1, 1])
    )
    assert two == pytest.approx(0.5)


def test_bootstrap_draws_days() -> None:
    """Forecasts of one day are drawn together, the same ones every time."""
    day = np.repeat(np.arange(10), 50)
    cell = np.tile([0, 1], 250)
    values = np.repeat(np.random.default_rng(2).random(10), 50)
    bootstrap = Bootstrap.of(day, cell)
    everywhere = np.ones(500)
    low, high = bootstrap.mean(values, everywhere)
    assert low < values.mean() < high
    # As wide as that of ten numbers, not of five hundred.
    deviation = values.reshape(10, 50)[:, 0].std() / 10**0.5
    assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.15)
    assert Bootstrap.of(day, cell).mean(values, everywhere) == (low, high)
    assert bootstrap.mean(np.ones(500), values > 0.5) == (1, 1)


def test_bootstrap_of_a_skill() -> None:
    """It lies around the skill, and is certain where every day is alike."""
    day = np.repeat(np.arange(14), 40)
    cell = np.tile([0, 3], 280)
    generator = np.random.default_rng(4)
    own, other = generator.exponential(50, 560), generator.exponential(100, 560)
    bootstrap = Bootstrap.of(day, cell)
    low, high = bootstrap.skill(own, other)
    assert low < skill(cell_means(own, cell), cell_means(other, cell)) < high
    assert high - low < 0.5
    half = bootstrap.skill(np.full(560, 4.0), np.full(560, 9.0))
    assert half == pytest.approx((0.5, 0.5))
    # A room that has its forecasts on one day is missing from many draws.
    lone = np.where(day == 3, cell, 0)
    assert np.isfinite(Bootstrap.of(day, lone).skill(own, other)).all()
