"""Distributions of the time to the next transition.

A distribution is a row of ``BINS`` numbers: P(transition within m minutes) at
the edges ``GRID[1:]``, linear in between; what is missing to 1 at the end is
the probability that nothing happens within the horizon.
"""

from itertools import pairwise

import numpy as np

from .types import BINS, GRID, HORIZON, BoolArray, FloatArray

# Modes closer together than this many minutes are one to a person.
_MODE_SEPARATION = 20.0
# A share that is nothing but rounding of floating-point numbers.
_NOTHING = 1e-9
# A mode with less mass than this is noise of the estimate.
_MODE_MINIMUM = 0.05
# Between two modes the density falls below this share of the lower one: a dent in a
# slope or a flat tail is no second moment.
_VALLEY_DEPTH = 0.8


def bin_masses(cdf: FloatArray) -> FloatArray:
    """Return the probability of each bin and of "later", shape (n, BINS + 1)."""
    count = len(cdf)
    edges = np.concatenate([np.zeros((count, 1)), cdf, np.ones((count, 1))], 1)
    return np.diff(edges, axis=1)


def from_hazards(hazards: FloatArray) -> FloatArray:
    """Return the distribution of hazards per bin, shape (n, BINS) both."""
    survival = np.cumprod(1 - np.clip(hazards, 0.0, 1.0), axis=1)
    return np.asarray(1 - survival, np.float64)


def hazards_of(cdf: FloatArray) -> FloatArray:
    """Return the hazards per bin of distributions, (n, BINS); see ``from_hazards``.

    Where nothing is left to end, the hazard is 1.
    """
    masses = bin_masses(cdf)[:, :BINS]
    left = 1 - np.concatenate([np.zeros((len(cdf), 1)), cdf[:, :-1]], axis=1)
    hazards: FloatArray = np.ones_like(masses)
    np.divide(masses, left, out=hazards, where=left > _NOTHING)
    return np.clip(hazards, 0.0, 1.0)


def bin_index(minutes: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the bin in which each duration ends; BINS if beyond the horizon.

    A bin holds its upper edge: "within 5 minutes" includes 5.0.
    """
    return np.searchsorted(GRID[1:], minutes, "left")


def probability_within(cdf: FloatArray, minutes: FloatArray) -> FloatArray:
    """Return P(transition within minutes[i]) for row i, shape (n,)."""
    minutes = np.clip(minutes, 0.0, HORIZON)
    upper = np.clip(np.searchsorted(GRID, minutes, "left"), 1, BINS)
    rows = np.arange(len(cdf))
    high = cdf[rows, upper - 1]
    low = np.where(upper > 1, cdf[rows, np.maximum(upper - 2, 0)], 0.0)
    share = (minutes - GRID[upper - 1]) / (GRID[upper] - GRID[upper - 1])
    return np.asarray(low + share * (high - low), np.float64)


def quantile(
    cdf: FloatArray, level: float, at_once: FloatArray | None = None
) -> FloatArray:
    """Return the time in minutes by which ``level`` is reached, shape (n,).

    The horizon stands for "later": the row never reaches the level. ``at_once`` (n,)
    is a moment at which all happens that happens in its bin, NaN where there is none.
    """
    reached = cdf >= level
    index = np.where(reached.any(1), reached.argmax(1), BINS - 1)
    rows = np.arange(len(cdf))
    high = cdf[rows, index]
    low = np.where(index > 0, cdf[rows, np.maximum(index - 1, 0)], 0.0)
    share = np.where(high > low, (level - low) / np.maximum(high - low, 1e-12), 1.0)
    width = GRID[index + 1] - GRID[index]
    minutes = GRID[index] + np.clip(share, 0.0, 1.0) * width
    if at_once is not None:
        inside = (GRID[index] <= at_once) & (at_once < GRID[index + 1])
        minutes = np.where(inside & reached.any(1), at_once, minutes)
    return np.asarray(minutes, np.float64)


def condition_on_later(cdf: FloatArray, earliest: FloatArray) -> FloatArray:
    """Return the rows given that nothing happens before ``earliest`` minutes.

    By the definition of vacancy that is certain, so these zeros are exact.
    """
    before = probability_within(cdf, earliest)[:, None]
    left = np.maximum(1 - before, 1e-12)
    conditioned: FloatArray = np.clip((cdf - before) / left, 0.0, 1.0)
    return conditioned


def with_floor(cdf: FloatArray, floor: float) -> FloatArray:
    """Leave a little probability to every bin and to "later"."""
    uniform = np.arange(1, BINS + 1) / (BINS + 1)
    return (1 - floor) * cdf + floor * uniform


def mean_time(cdf: FloatArray) -> FloatArray:
    """Return the mean time in minutes, of "later" the horizon, shape (n,)."""
    edges = np.concatenate([np.zeros((len(cdf), 1)), cdf], 1)
    left = 1 - (edges[:, 1:] + edges[:, :-1]) / 2
    return np.asarray(left @ np.diff(GRID), np.float64)


def within_tolerance(
    cdf: FloatArray, tolerance: float, at_once: FloatArray | None = None
) -> FloatArray:
    """Return P(|time - median| <= tolerance) per row; see ``quantile``.

    A median beyond the horizon promises no minute: its answer is 0.
    """
    median = quantile(cdf, 0.5, at_once)
    inside = probability_within(cdf, median + tolerance) - probability_within(
        cdf, median - tolerance
    )
    return np.where(median >= HORIZON, 0.0, inside)


def modes(cdf: FloatArray, most: int = 3) -> list[tuple[float, float]]:
    """Return (minutes, mass) of the likeliest moments of one row (BINS,).

    A mode is a peak of the density with all that lies between the valleys
    beside it; its moment is the median of that mass. Likeliest first.
    """
    masses = bin_masses(cdf[None])[0, :BINS]
    density = masses / np.diff(GRID)
    padded = np.r_[-1.0, density, -1.0]
    peaks = [
        int(i)
        for i in np.flatnonzero(
            (padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:])
        )
    ]
    chosen: list[int] = []
    for peak in sorted(peaks, key=lambda i: -masses[i]):
        if all(abs(GRID[peak] - GRID[other]) >= _MODE_SEPARATION for other in chosen):
            chosen.append(peak)
    chosen = _apart(density, sorted(chosen))
    # A peak keeps its own bin: the valley lies to the right of it.
    valleys = [
        left + 1 + int(np.argmin(density[left + 1 : right]))
        for left, right in pairwise(chosen)
    ]
    bounds = zip([0, *valleys], [*valleys, BINS], strict=True)
    found = [_mode(masses, low, high) for low, high in bounds] if chosen else []
    return sorted(
        (mode for mode in found if mode[1] >= _MODE_MINIMUM), key=lambda m: -m[1]
    )[:most]


def _apart(density: FloatArray, peaks: list[int]) -> list[int]:
    """Return the peaks with a real valley between each and the next."""
    apart: list[int] = []
    for peak in peaks:
        if apart:
            valley = density[apart[-1] + 1 : peak].min()
            if valley > _VALLEY_DEPTH * min(density[apart[-1]], density[peak]):
                peak = max(apart.pop(), peak, key=lambda i: float(density[i]))
        apart.append(peak)
    return apart


def _mode(masses: FloatArray, low: int, high: int) -> tuple[float, float]:
    total = float(masses[low:high].sum())
    cumulated = np.r_[0.0, np.cumsum(masses[low:high])]
    moment = float(np.interp(total / 2, cumulated, GRID[low : high + 1]))
    return moment, total


def is_valid(cdf: FloatArray) -> BoolArray:
    """Tell for each row whether it is a distribution."""
    finite = np.isfinite(cdf).all(1)
    edges = np.concatenate([np.zeros((len(cdf), 1)), cdf], 1)
    edges[~finite] = 0.0
    return (
        finite & (np.diff(edges, axis=1) >= -1e-9).all(1) & (edges[:, -1] <= 1 + 1e-9)
    )
