"""Simple ways to forecast, beside which skill is measured.

They learn once, from moments every 5 min of the training days: from each, how long
it took until the room changed, or how long one could look. Kaplan-Meier estimates
(Kaplan & Meier 1958) of these residual lives differ in which moments count.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from custom_components.occupancy_prediction.engine.local_time import local_time
from custom_components.occupancy_prediction.engine.types import (
    BoolArray,
    FloatArray,
    IntArray,
)

from .grid import DAY, EDGES, Distributions, uniform
from .truth import RoomTruth

# Moments learned from: every 5 min, but not the first hour, when nobody knows for
# how long the room had been as it was, nor the last half hour (s).
_STEP, _FIRST, _LAST = 300.0, 3600.0, 1800.0
# Climatology: width of the Gaussian kernel over the clock (min), the weight of days
# of the other type, and the cells in which it is asked (min).
_CLOCK_WIDTH, _OTHER_DAY, _CLOCK_CELL = 45.0, 0.3, 15.0
# Elapsed time: classes (min), and how many moments one has to hold.
_ELAPSED = np.array([2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0])
_FEWEST = 20
_AT_RISK = 1e-9
# A point that is right within 20 min surprisingly often, and of no use (min).
_CONSTANT = 20.0


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of one room. Shapes: (n,); minutes.

    ``remaining`` is the time to the change, or where none was ``observed`` up to
    the end of the look.
    """

    occupied: BoolArray
    elapsed: FloatArray
    clock: FloatArray
    weekend: BoolArray
    remaining: FloatArray
    observed: BoolArray

    @classmethod
    def of(
        cls, truth: RoomTruth, moments: FloatArray, end: float, time_zone: str
    ) -> Moments:
        """Describe a room at moments by what was known at ``end`` (UTC s)."""
        remaining = truth.remaining(moments)
        seen = moments + remaining * 60 < end
        local = local_time(moments, time_zone)
        return cls(
            truth.occupied(moments),
            truth.elapsed(moments),
            local.minute,
            local.weekend,
            np.where(seen, np.minimum(remaining, DAY), (end - moments) / 60),
            seen & (remaining <= DAY),
        )


type Baseline = Callable[[Moments, Moments], Distributions]


def training_moments(truth: RoomTruth, end: float, time_zone: str) -> Moments:
    """Return what the baselines learn from: the record up to ``end`` (UTC s)."""
    moments = np.arange(truth.start + _FIRST, end - _LAST, _STEP, np.float64)
    return Moments.of(truth, moments, end, time_zone)


def survival(past: Moments, weights: FloatArray) -> FloatArray:
    """Return Kaplan-Meier distributions for questions, (questions, k).

    ``weights`` (questions, n) tell how much each past moment counts.
    """
    bins = len(EDGES) - 1
    place = np.minimum(np.searchsorted(EDGES[1:], past.remaining, "left"), bins - 1)
    number = np.arange(bins)
    at_risk = weights @ (place[:, None] >= number)
    ended = weights @ ((place[:, None] == number) & past.observed[:, None])
    staying = np.cumprod(1 - np.clip(ended / (at_risk + _AT_RISK), 0.0, 1.0), axis=1)
    return np.concatenate([np.zeros((len(weights), 1)), 1 - staying], axis=1)


def climatology(past: Moments, asked: Moments) -> Distributions:
    """Time of week: residual lives near the same clock time, by type of day."""
    cell = np.floor(asked.clock / _CLOCK_CELL).astype(np.int64)
    return _by_class(past, asked, cell * 2 + asked.weekend, _near_clock)


def _near_clock(past: Moments, question: int) -> FloatArray:
    center = (question // 2 + 0.5) * _CLOCK_CELL
    distance = np.abs(past.clock - center)
    distance = np.minimum(distance, DAY - distance)
    same_type = past.weekend == bool(question % 2)
    return np.asarray(
        np.exp(-0.5 * (distance / _CLOCK_WIDTH) ** 2)
        * np.where(same_type, 1.0, _OTHER_DAY),
        np.float64,
    )


def elapsed_time(past: Moments, asked: Moments) -> Distributions:
    """Residual lives of moments that had lasted as long."""
    place = np.searchsorted(_ELAPSED, asked.elapsed, "right")
    return _by_class(past, asked, place, _as_long)


def _as_long(past: Moments, question: int) -> FloatArray:
    alike = np.searchsorted(_ELAPSED, past.elapsed, "right") == question
    return np.ones(len(alike)) if alike.sum() <= _FEWEST else alike * 1.0


def constant_distribution(past: Moments, asked: Moments) -> Distributions:
    """Say the same every time: the residual lives of all moments in this state."""
    return _by_class(
        past,
        asked,
        np.zeros(len(asked.clock), np.int64),
        lambda same, _: np.ones(len(same.clock)),
    )


def constant_minutes(_: Moments, asked: Moments) -> Distributions:
    """Say "in 20 minutes" every time."""
    edges = np.array([0.0, _CONSTANT - 1e-6, _CONSTANT, DAY])
    return Distributions.of(np.tile([0.0, 0.0, 1.0, 1.0], (len(asked.clock), 1)), edges)


def _by_class(
    past: Moments,
    asked: Moments,
    questions: IntArray,
    weigh: Callable[[Moments, int], FloatArray],
) -> Distributions:
    """Answer equal questions alike, from the past moments in the same state."""
    cdf = uniform(len(questions))
    for state in (False, True):
        same = _of_state(past, state)
        rows = np.flatnonzero(asked.occupied == state)
        if not len(rows) or not len(same.clock):
            continue
        distinct, place = np.unique(questions[rows], return_inverse=True)
        weights = np.stack([weigh(same, question) for question in distinct.tolist()])
        cdf[rows] = survival(same, weights)[place]
    return Distributions.of(cdf)


def _of_state(moments: Moments, state: bool) -> Moments:
    rows = moments.occupied == state
    return Moments(
        *(
            getattr(moments, name)[rows]
            for name in (
                "occupied",
                "elapsed",
                "clock",
                "weekend",
                "remaining",
                "observed",
            )
        )
    )


BASELINES: dict[str, Baseline] = {
    "time of week": climatology,
    "elapsed time": elapsed_time,
    "always the same": constant_distribution,
    "in 20 minutes": constant_minutes,
}
