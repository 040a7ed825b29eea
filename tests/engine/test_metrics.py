"""Tests of scores, against numeric integration and by hand."""

from collections.abc import Callable
import math

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.distribution import quantile
from custom_components.occupancy_prediction.engine.metrics import (
    brier,
    covered,
    crps,
    log_score,
    pit,
    summary,
)
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    BoolArray,
    FloatArray,
)

from .made import MINUTES, ROWS, certain, random_rows, row

YES, NO = np.array([True]), np.array([False])
_EDGES = np.linspace(0, HORIZON, 14401)
_CELL = _EDGES[1]
_MIDDLES = (_EDGES[1:] + _EDGES[:-1]) / 2


def slow_crps(cdf: FloatArray, time: float) -> float:
    """Integrate (F - 1{time reached})^2 over the horizon, cell by cell."""
    said = np.interp(_MIDDLES, GRID, np.r_[0.0, cdf[0]])
    reached = (time <= _MIDDLES).astype(float)
    return float(((said - reached) ** 2).sum() * _CELL)


@given(cdf=ROWS, minutes=MINUTES, observed=st.booleans())
def test_crps_is_the_integral(cdf: FloatArray, minutes: float, observed: bool) -> None:
    """The exact formula against small steps; half a cell is the outcome's own."""
    score = crps(cdf, np.array([minutes]), np.array([observed]))[0]
    slow = slow_crps(cdf, minutes if observed else math.inf)
    assert score == pytest.approx(slow, abs=_CELL)


def test_crps_by_hand() -> None:
    """A certain forecast is off by its distance, an empty one by what is left."""
    assert crps(certain(60.0), np.array([120.0]), YES)[0] == pytest.approx(60 + 10 / 3)
    nothing = np.zeros((1, BINS))
    assert crps(nothing, np.array([440.0]), YES).tolist() == [1000.0]
    assert crps(nothing, np.array([HORIZON]), NO).tolist() == [0.0]
    assert crps(np.ones((1, BINS)), np.array([0.0]), YES)[0] == pytest.approx(1 / 3)
    half = row((1440, 1.0))
    assert crps(half, np.array([720.0]), YES)[0] == pytest.approx(1440 / 12)


type Score = Callable[[FloatArray, FloatArray, BoolArray], FloatArray]


@pytest.mark.parametrize(
    "score", [crps, log_score, lambda f, t, o: brier(f, t, o, 60.0)]
)
def test_scores_are_proper(score: Score) -> None:
    """In expectation nobody does better than whoever says what will be."""
    levels = (np.arange(2000) + 0.5) / 2000
    for seed in range(8):
        truth, other = random_rows(seed, 2)[:, None]
        times = np.concatenate([quantile(truth, level) for level in levels])
        observed = levels <= truth[0, -1]
        honest, mistaken = (
            score(np.repeat(said, len(times), 0), times, observed).mean()
            for said in (truth, other)
        )
        assert honest < mistaken


def test_log_score_by_hand() -> None:
    """-log of the bin's mass, or of what is left where nothing was seen."""
    cdf = np.repeat(row((10, 0.5), (1440, 0.9)), 4, 0)
    time = np.array([10.0, 0.0, 10.0, HORIZON])
    observed = np.array([True, True, False, False])
    np.testing.assert_allclose(
        np.exp(-log_score(cdf, time, observed)), [0.15, 0.05, 0.5, 0.1]
    )


def test_log_score_is_finite() -> None:
    """Whoever held it to be impossible pays a lot, not everything."""
    score = log_score(certain(60.0), np.array([5.0]), YES)
    assert score[0] == pytest.approx(-math.log(1e-6))
    assert np.isfinite(log_score(np.ones((1, BINS)), np.array([HORIZON]), NO)).all()


def test_brier_by_hand() -> None:
    """The square of what was said to be too likely, or not likely enough."""
    cdf = np.repeat(row((60, 0.3), (1440, 0.3)), 4, 0)
    time = np.array([60.0, 60.1, 5.0, HORIZON])
    observed = np.array([True, True, True, False])
    np.testing.assert_allclose(
        brier(cdf, time, observed, 60.0), [0.49, 0.09, 0.49, 0.09]
    )


@given(cdf=ROWS, level=st.floats(0.01, 0.99))
def test_pit_is_the_level_of_the_outcome(cdf: FloatArray, level: float) -> None:
    """At the median it is a half; beyond the horizon the middle of what is left."""
    minutes = quantile(cdf, level)
    if cdf[0, -1] >= level:
        assert pit(cdf, minutes, YES)[0] == pytest.approx(level, abs=1e-9)
    beyond = pit(cdf, np.array([HORIZON]), NO)[0]
    assert beyond == pytest.approx((1 + cdf[0, -1]) / 2)


def test_covered() -> None:
    """Both ends belong to the interval, and the horizon has no end."""
    lower, upper = np.full(5, 10.0), np.array([20.0, 20.0, 20.0, HORIZON, 20.0])
    time = np.array([10.0, 20.0, 20.1, HORIZON, HORIZON])
    observed = np.array([True, True, True, False, False])
    expected = [True, True, False, True, False]
    assert covered(lower, upper, time, observed).tolist() == expected


def test_pit_beyond_the_horizon() -> None:
    """Nine of ten within a day: the tenth lies in the middle of what is left."""
    cdf = row((1080, 0.5), (1440, 0.9))
    assert pit(cdf, np.array([HORIZON]), NO).tolist() == pytest.approx([0.95])


def test_summary_by_hand() -> None:
    """Each figure of forecasts whose median is half an hour."""
    minutes = np.array([40.0, 12.0, 45.0, 15.5, 50.0, 30.0])
    cdf = np.repeat(row((10, 0.0), (50, 1.0), (1440, 1.0)), 6, 0)
    seen = np.full(6, True)
    figures = summary(cdf, minutes, seen)
    assert figures == {
        "count": 6,
        "crps": pytest.approx(crps(cdf, minutes, seen).mean()),
        "log_score": pytest.approx(log_score(cdf, minutes, seen).mean()),
        "mean_absolute_error": pytest.approx((10 + 18 + 15 + 14.5 + 20 + 0) / 6),
        "bias": pytest.approx((-10 + 18 - 15 + 14.5 - 20 + 0) / 6),
        "late_share": 3 / 6,
        "within_15": 4 / 6,
        "within_20": 1.0,
        # 10 % to 90 % is from 14 to 46 min.
        "coverage_80": 4 / 6,
        "brier_15": pytest.approx((5 * 0.125**2 + 0.875**2) / 6),
        "brier_60": 0.0,
    }
    late = summary(row((60, 0.4), (75, 0.6), (1440, 0.6)), np.array([60.5]), YES)
    assert late["brier_60"] == pytest.approx(0.16)


def test_summary_of_nothing() -> None:
    """No forecasts, no figures."""
    empty = np.zeros(0)
    assert summary(np.zeros((0, BINS)), empty, empty > 0) == {"count": 0.0}
