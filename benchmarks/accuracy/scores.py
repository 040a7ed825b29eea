"""Scores of single forecasts, and what they come to over many.

``time`` is the minutes that passed until the transition, infinite if that was more
than a day.
"""

from dataclasses import dataclass

import numpy as np

from custom_components.occupancy_prediction.engine.types import (
    BoolArray,
    FloatArray,
    IntArray,
)

from .grid import DAY, EDGES, Distributions

# Horizons of the yes-or-no question "will it change by then?" (min).
ASKED = (15, 30, 60, 120)
# A forecaster that held what came to be impossible would score without bound: this
# much of each is spread evenly before the log score is taken.
_SPREAD = 1e-3
# CRPS ratios of very short waits would be noise: this is added to both sides (min).
_SKILL_OFFSET = 1.0
_RELIABILITY_BINS = 10


@dataclass(frozen=True, slots=True)
class Scores:
    """How each of n forecasts did. Shapes: (n,); ``within`` (n, len(ASKED)).

    Attributes:
        crps: continuous ranked probability score over a day (min).
        log_score: -log of the probability of the bin it came in.
        error: predicted minus true minutes, both at most a day.
        late: it came later than predicted.
        covered: it came in the 80 % interval.
        within: P(within the minutes of ASKED).
    """

    crps: FloatArray
    log_score: FloatArray
    error: FloatArray
    late: BoolArray
    covered: BoolArray
    within: FloatArray


def score(said: Distributions, time: FloatArray) -> Scores:
    """Compare what was said with what came."""
    open_end = said.upper >= DAY - 1e-6
    return Scores(
        crps=crps(said, time),
        log_score=log_score(said, time),
        error=np.minimum(said.median, DAY) - np.minimum(time, DAY),
        late=time > said.median,
        covered=(time >= said.lower - 1e-9) & ((time <= said.upper + 1e-9) | open_end),
        within=np.stack([said.within(float(m)) for m in ASKED], axis=1),
    )


def crps(said: Distributions, time: FloatArray) -> FloatArray:
    """Integrate (F(x) - [x >= time])^2 over a day, exactly, (n,)."""
    left, right = said.edges[:-1], said.edges[1:]
    low, high = said.cdf[:, :-1], said.cdf[:, 1:]
    cut = np.clip(time[:, None], left, right)
    middle = low + (high - low) * (cut - left) / (right - left)
    before = (cut - left) * (low**2 + low * middle + middle**2) / 3
    low, middle, high = 1 - low, 1 - middle, 1 - high
    after = (right - cut) * (middle**2 + middle * high + high**2) / 3
    total: FloatArray = (before + after).sum(axis=1)
    return total


def log_score(said: Distributions, time: FloatArray) -> FloatArray:
    """Return -log P(the bin between two horizons in which it came), (n,)."""
    reached = np.stack([said.within(float(edge)) for edge in EDGES], axis=1)
    ends = np.concatenate([reached, np.ones((len(said), 1))], axis=1)
    masses = np.diff(ends, axis=1)
    masses = (1 - _SPREAD) * masses + _SPREAD / masses.shape[1]
    place = np.searchsorted(EDGES[1:], time, "left")
    return np.asarray(-np.log(masses[np.arange(len(said)), place]), np.float64)


def cell_means(values: FloatArray, cells: IntArray) -> FloatArray:
    """Return the mean of each cell, ordered by cell, (cells,)."""
    _, place = np.unique(cells, return_inverse=True)
    return np.asarray(
        np.bincount(place, weights=values) / np.bincount(place), np.float64
    )


def crps_ratio(own: FloatArray, other: FloatArray) -> FloatArray:
    """Return the mean CRPS of cells relative to another forecaster's."""
    return np.asarray((own + _SKILL_OFFSET) / (other + _SKILL_OFFSET), np.float64)


def skill(own: FloatArray, other: FloatArray) -> float:
    """Return the geometric-mean CRPS skill of cells; 0 is as good as the other.

    A cell is a room in one state: each counts alike, so that the long absences do
    not drown the rest.
    """
    return float(1 - np.exp(np.log(crps_ratio(own, other)).mean()))


def reliability(
    said: FloatArray, happened: BoolArray
) -> list[tuple[float, float, int]]:
    """Return (mean said, share that happened, count) of ten classes of chances."""
    place = np.minimum((said * _RELIABILITY_BINS).astype(np.int64), 9)
    return [
        (float(said[part].mean()), float(happened[part].mean()), int(part.sum()))
        for part in (place == number for number in range(_RELIABILITY_BINS))
        if part.any()
    ]


def calibration_error(said: FloatArray, happened: BoolArray, cells: IntArray) -> float:
    """Return the expected calibration error, taken in each cell by itself."""
    distance = 0.0
    for cell in np.unique(cells):
        part = cells == cell
        curve = reliability(said[part], happened[part])
        distance += sum(count * abs(mean - share) for mean, share, count in curve)
    return distance / len(said)
