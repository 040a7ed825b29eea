"""How long such a stay usually lasts, given how long it has lasted.

A semi-Markov view: Kaplan-Meier estimate of the length of a stay (or absence)
by the hour of its beginning and the type of day, shrunk to the estimate over
all hours. A forecast is the remaining life given the time already elapsed.
What is learned are counts, so adding a day is exact.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ..config import EngineConfig
from ..local_time import is_weekend
from ..samples import Samples, Stays, TrainingSet
from ..types import GRID, FloatArray, IntArray
from .base import Arrays, FitContext, circular_distance, fit_each

# Edges (min) on which lengths are counted: fine where the vacancy delay ends
# most stays, coarse towards a week, after which an absence is a holiday.
LENGTHS: FloatArray = np.concatenate(
    [
        np.arange(0.0, 15.0, 0.5),
        np.arange(15.0, 30.0, 1.0),
        np.arange(30.0, 60.0, 2.5),
        np.arange(60.0, 180.0, 7.5),
        np.arange(180.0, 720.0, 20.0),
        np.arange(720.0, 1440.0, 60.0),
        np.arange(1440.0, 4320.0, 360.0),
        np.arange(4320.0, 10081.0, 1440.0),
    ]
)
_INTERVALS = len(LENGTHS) - 1
_HOURS = 24
# Width of the kernel over the hour of entry (min): a stay that began at nine is
# much like one that began at ten.
_ENTRY_WIDTH = 60.0
# Age (min) from which on it is taken that a stay lasts about as long again: at the
# entry itself "as long again" would be at once. More than some minutes costs accuracy.
_YOUNG = 1.0


class Duration:
    """Length of stays by hour of entry."""

    name: ClassVar[str] = "duration"
    share: ClassVar[float] = 0.03
    counts: ClassVar[bool] = True

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Count how long past stays lasted."""
        return fit_each(
            rooms,
            context,
            lambda training: _with_survival(_counts(training.stays), context.config),
        )

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Add the new counts to the old."""
        new = _counts(training.stays)
        return _with_survival(
            {name: arrays[name] + new[name] for name in new}, context.config
        )

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the remaining life of each sample's state."""
        # The clock and the type of day are those of the entry, as in the counts.
        entry = samples.clock - samples.elapsed
        hour = np.floor(entry % 1440.0 / 60.0).astype(np.int64) % _HOURS
        date = samples.day + np.floor(entry / 1440.0).astype(np.int64)
        state = samples.occupied.astype(np.int64)
        day = is_weekend(date).astype(np.int64)
        log_survival = arrays["log_survival"][state, day, hour].astype(np.float64)
        now = _interpolated(log_survival, samples.elapsed[:, None])
        then = _interpolated(log_survival, samples.elapsed[:, None] + GRID[None, 1:])
        return np.clip(1 - np.exp(then - now), 0.0, 1.0)


def _counts(stays: Stays) -> dict[str, np.ndarray]:
    state, day, hour = (
        stays.occupied.astype(np.int64),
        stays.weekend.astype(np.int64),
        np.floor(stays.clock / 60.0).astype(np.int64) % _HOURS,
    )
    place = (state * 2 + day) * _HOURS + hour
    # One more interval holds the stays that outlived them all.
    shape = (2, 2, _HOURS, _INTERVALS + 1)
    size = int(np.prod(shape))
    address = place * (_INTERVALS + 1) + _interval(stays.length)
    all_ends = np.bincount(address, minlength=size).reshape(shape)
    ended = np.bincount(address[stays.observed], minlength=size).reshape(shape)
    at_risk = all_ends[..., ::-1].cumsum(-1)[..., ::-1]
    # A stay that was cut off counts for half of its last interval (the actuarial
    # estimate).
    looked = at_risk - 0.5 * (all_ends - ended)
    return {
        "ended": ended[..., :-1].astype(np.float32),
        "looked": looked[..., :-1].astype(np.float32),
    }


def _interval(length: FloatArray) -> IntArray:
    """Return the interval in which a length ends; an interval holds its upper edge."""
    index = np.searchsorted(LENGTHS, length, "left") - 1
    return np.maximum(index, 0).astype(np.int64)


def _with_survival(
    counts: Mapping[str, np.ndarray], config: EngineConfig
) -> dict[str, np.ndarray]:
    """Add log P(longer than each of LENGTHS), (2, 2, 24, len(LENGTHS))."""
    ended = counts["ended"].astype(np.float64)
    looked = counts["looked"].astype(np.float64)
    centers: FloatArray = np.linspace(30.0, 1410.0, _HOURS)
    distance = circular_distance(centers[:, None], centers[None])
    kernel = np.exp(-0.5 * (distance / _ENTRY_WIDTH) ** 2)
    near = [
        smooth + config.other_day_weight * smooth[:, ::-1]
        for smooth in (
            np.einsum("kh,sthb->stkb", kernel, table) for table in (ended, looked)
        )
    ]
    # Where nobody has been, a stay ends within as long as it has lasted, as often as
    # not.
    usual = np.diff(LENGTHS) / (LENGTHS[1:] + _YOUNG)
    overall = (ended.sum((1, 2)) + 0.5 * usual) / (looked.sum((1, 2)) + 0.5)
    hazards = (near[0] + config.shrinkage * overall[:, None, None]) / (
        near[1] + config.shrinkage
    )
    # A sum of logarithms: however long a stay, there is a rest of it to speak of.
    lived = np.log1p(-np.clip(hazards, 0.0, 1.0 - 1e-6)).cumsum(-1)
    survival = np.concatenate([np.zeros((*lived.shape[:-1], 1)), lived], -1)
    return {**counts, "log_survival": survival.astype(np.float32)}


def _interpolated(log_survival: FloatArray, lengths: FloatArray) -> FloatArray:
    """Interpolate log survival at lengths (n, m); beyond the last edge it goes on."""
    index = np.clip(np.searchsorted(LENGTHS, lengths, "right") - 1, 0, _INTERVALS - 1)
    rows = np.arange(len(log_survival))[:, None]
    low, high = log_survival[rows, index], log_survival[rows, index + 1]
    share = (lengths - LENGTHS[index]) / (LENGTHS[index + 1] - LENGTHS[index])
    return np.asarray(low + np.clip(share, 0.0, None) * (high - low), np.float64)
