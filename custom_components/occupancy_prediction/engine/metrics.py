"""Proper scores and calibration figures of forecast distributions.

``cdf`` has shape (n, BINS) as in ``distribution``; ``remaining`` and
``observed`` (n,) are the outcome: minutes to the transition, or minutes up to
which none was seen. Forecasts of an outcome that was cut off before the horizon
by lost sensors cannot be scored in full and should be left out by the caller;
one that ran past the horizon counts as "later".
"""

import numpy as np

from .distribution import bin_index, bin_masses, probability_within, quantile
from .types import BINS, GRID, HORIZON, BoolArray, FloatArray

# Gneiting & Raftery (2007): a proper score is best, in expectation, for the
# forecaster who says what he believes.
_SMALLEST = 1e-6


def crps(cdf: FloatArray, remaining: FloatArray, observed: BoolArray) -> FloatArray:
    """Return the continuous ranked probability score over the horizon (min).

    The integral of (F(x) - 1{x >= time})^2, exact for a piecewise linear F.
    """
    edges = np.concatenate([np.zeros((len(cdf), 1)), cdf], 1)
    time = np.where(observed, remaining, HORIZON)[:, None]
    split = np.clip(time, GRID[None, :-1], GRID[None, 1:])
    low, high = edges[:, :-1], edges[:, 1:]
    share = (split - GRID[:-1]) / np.diff(GRID)
    middle = low + share * (high - low)
    before = (split - GRID[:-1]) * _square_mean(low, middle)
    after = (GRID[1:] - split) * _square_mean(1 - middle, 1 - high)
    total: FloatArray = (before + after).sum(1)
    return total


def _square_mean(first: FloatArray, last: FloatArray) -> FloatArray:
    """Return the mean of the square of a line from ``first`` to ``last``."""
    return np.asarray((first * first + first * last + last * last) / 3, np.float64)


def log_score(
    cdf: FloatArray, remaining: FloatArray, observed: BoolArray
) -> FloatArray:
    """Return -log of the probability of the bin the transition fell in.

    Where none was observed it is -log P(later than ``remaining``).
    """
    index = np.minimum(bin_index(remaining), BINS)
    masses = bin_masses(cdf)[np.arange(len(cdf)), index]
    later = 1 - probability_within(cdf, remaining)
    likelihood = np.where(observed, masses, later)
    return np.asarray(-np.log(np.maximum(likelihood, _SMALLEST)), np.float64)


def brier(
    cdf: FloatArray, remaining: FloatArray, observed: BoolArray, minutes: float
) -> FloatArray:
    """Return (P(within minutes) - whether it was)^2 per forecast."""
    happened = observed & (remaining <= minutes)
    said = probability_within(cdf, np.full(len(cdf), minutes))
    return (said - happened) ** 2


def pit(cdf: FloatArray, remaining: FloatArray, observed: BoolArray) -> FloatArray:
    """Return the probability integral transform: uniform if calibrated.

    An outcome beyond the horizon lies somewhere above the last number of the
    row; the middle of that range is returned.
    """
    inside = probability_within(cdf, remaining)
    return np.where(observed, inside, (1 + cdf[:, -1]) / 2)


def covered(
    lower: FloatArray, upper: FloatArray, remaining: FloatArray, observed: BoolArray
) -> BoolArray:
    """Tell whether the outcome lay in the interval (min); the horizon is open."""
    time = np.where(observed, remaining, np.inf)
    return (time >= lower) & ((time <= upper) | (upper >= HORIZON))


def summary(
    cdf: FloatArray, remaining: FloatArray, observed: BoolArray
) -> dict[str, float]:
    """Return the figures a report shows for a set of forecasts."""
    if not len(cdf):
        return {"count": 0.0}
    median = quantile(cdf, 0.5)
    time = np.where(observed, remaining, HORIZON)
    error = median - time
    inside = covered(quantile(cdf, 0.1), quantile(cdf, 0.9), remaining, observed)
    return {
        "count": float(len(cdf)),
        "crps": float(crps(cdf, remaining, observed).mean()),
        "log_score": float(log_score(cdf, remaining, observed).mean()),
        "mean_absolute_error": float(np.abs(error).mean()),
        "bias": float(error.mean()),
        "late_share": float((time > median).mean()),
        "within_15": float((np.abs(error) <= 15).mean()),
        "within_20": float((np.abs(error) <= 20).mean()),
        "coverage_80": float(inside.mean()),
        "brier_15": float(brier(cdf, remaining, observed, 15.0).mean()),
        "brier_60": float(brier(cdf, remaining, observed, 60.0).mean()),
    }
