"""What usually came next at this time of day.

Residual life of past moments in the same state near the same clock time, on
the same type of day: a Kaplan-Meier estimate with a Gaussian kernel over the
clock (Kaplan & Meier 1958; Beran 1981 for the kernel). For an occupied room it
also asks how much of the vacancy delay is left, since that is when most stays
end. What is learned are counts, so adding a day is exact.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ..config import EngineConfig
from ..distribution import from_hazards
from ..samples import Samples, TrainingSet
from ..types import BINS, FloatArray, IntArray
from .base import Arrays, FitContext, circular_distance, fit_each, last_bin

# Width of a clock cell (min), as fine as people's habits are worth asking.
_CELL = 15.0
_CELLS = int(1440 / _CELL)
# Phases: vacant; occupied with a sensor on; occupied with the delay running, by
# how much of it is left.
_DELAY_PHASES = 5
_PHASES = 2 + _DELAY_PHASES
# Moments 5 min apart see the same transition many times; each counts as this
# share of an observation where it is weighed against a coarser estimate.
_ROW_WEIGHT = 0.1


class Climatology:
    """Time-of-day and day-type residual life."""

    name: ClassVar[str] = "climatology"
    share: ClassVar[float] = 0.02
    counts: ClassVar[bool] = True

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Count how the states of past moments ended."""
        return fit_each(
            rooms,
            context,
            lambda training: _with_hazards(_counts(training), context.config),
        )

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Add the new counts to the old."""
        new = _counts(training)
        return _with_hazards(
            {name: arrays[name] + new[name] for name in new}, context.config
        )

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the shrunken kernel estimate for each sample."""
        phase, cell, day = _address(samples)
        return from_hazards(arrays["hazards"][phase, day, cell].astype(np.float64))


def _with_hazards(
    counts: Mapping[str, np.ndarray], config: EngineConfig
) -> dict[str, np.ndarray]:
    """Add what the counts say, (phases, 2, cells, BINS), so that forecasts look it up."""
    ended, looked = (
        counts[name].astype(np.float64) * _ROW_WEIGHT for name in ("ended", "looked")
    )
    base = _shrunk(
        ended.sum((1, 2)),
        looked.sum((1, 2)),
        _state_hazards(ended, looked)[_occupied_phase()],
        config.shrinkage,
    )
    kernel = _kernel(config.clock_width)
    hazards = _shrunk(
        _near(ended, kernel, config),
        _near(looked, kernel, config),
        base[:, None, None],
        config.shrinkage,
    )
    return {**counts, "hazards": hazards.astype(np.float32)}


def time_of_week(arrays: Arrays, samples: Samples, config: EngineConfig) -> FloatArray:
    """Return what state, clock and kind of day alone say, (n, BINS).

    This is what forecasts are measured against: what the member counted, without
    what it knows of the vacancy delay.
    """
    by_phase = [
        arrays[name].astype(np.float64) * _ROW_WEIGHT for name in ("ended", "looked")
    ]
    ended, looked = (
        np.stack([table[_occupied_phase() == state].sum(0) for state in (0, 1)])
        for table in by_phase
    )
    # A forecast asks for one cell.
    cells, place = np.unique(_cell(samples), return_inverse=True)
    kernel = _kernel(config.clock_width)[cells]
    hazards = _shrunk(
        _near(ended, kernel, config),
        _near(looked, kernel, config),
        _state_hazards(*by_phase)[:, None, None],
        config.shrinkage,
    )
    state, day = samples.occupied.astype(np.int64), samples.weekend.astype(np.int64)
    return from_hazards(hazards[state, day, place])


def _near(table: FloatArray, kernel: FloatArray, config: EngineConfig) -> FloatArray:
    """Return counts (p, 2, k, BINS) with those of near cells and other days.

    ``kernel`` (k, cells) are the weights of all cells in each of those asked for.
    """
    smooth = np.einsum("kc,ptcb->ptkb", kernel, table)
    near: FloatArray = smooth + config.other_day_weight * smooth[:, ::-1]
    return near


def _kernel(width: float) -> FloatArray:
    """Return the weights of cells for a question in each cell, (cells, cells)."""
    centers: FloatArray = np.linspace(_CELL / 2, 1440.0 - _CELL / 2, _CELLS)
    distance = circular_distance(centers[:, None], centers[None])
    return np.exp(-0.5 * (distance / width) ** 2)


def _occupied_phase() -> IntArray:
    return (np.arange(_PHASES) > 0).astype(np.int64)


def _state_hazards(ended: FloatArray, looked: FloatArray) -> FloatArray:
    """Return the hazards of vacant and of occupied whatever the rest, (2, BINS)."""
    rows = []
    for state in (0, 1):
        chosen = _occupied_phase() == state
        events, exposure = (table[chosen].sum((0, 1, 2)) for table in (ended, looked))
        # Without any observation: one transition a day, spread evenly.
        rows.append((events + 1e-3) / (exposure + 1e-3 * BINS))
    return np.array(rows)


def _shrunk(
    ended: FloatArray, looked: FloatArray, coarse: FloatArray, strength: float
) -> FloatArray:
    """Return hazards, each pulled to the coarser one by pseudo-observations."""
    return (ended + strength * coarse) / (looked + strength)


def _address(samples: Samples) -> tuple[IntArray, IntArray, IntArray]:
    """Return phase, clock cell and day type of each sample."""
    delay = np.maximum(samples.earliest + samples.quiet, 1e-9)
    share = np.clip(samples.earliest / delay, 0.0, 1.0 - 1e-9)
    running = 2 + np.floor(share * _DELAY_PHASES).astype(np.int64)
    phase = np.where(~samples.occupied, 0, np.where(samples.sensor_on, 1, running))
    return phase, _cell(samples), samples.weekend.astype(np.int64)


def _cell(samples: Samples) -> IntArray:
    return np.floor(samples.clock / _CELL).astype(np.int64) % _CELLS


def _counts(training: TrainingSet) -> dict[str, np.ndarray]:
    """Count, per phase, day type, cell and bin, who was looked at and who ended."""
    phase, cell, day = _address(training.samples)
    place = (phase * 2 + day) * _CELLS + cell
    outcomes = training.outcomes
    index = last_bin(outcomes)
    inside = index < BINS
    shape = (_PHASES, 2, _CELLS, BINS)
    size = _PHASES * 2 * _CELLS
    ended = np.bincount(
        (place * BINS + np.minimum(index, BINS - 1))[inside & outcomes.observed],
        minlength=size * BINS,
    ).reshape(shape)
    # A sample was looked at in all bins up to the one it ended in; one that was
    # cut off counts for half of its last bin (the actuarial estimate).
    last = np.bincount(place * (BINS + 1) + index, minlength=size * (BINS + 1))
    at_risk = last.reshape(size, BINS + 1)[:, ::-1].cumsum(1)[:, ::-1]
    cut = np.bincount(
        (place * (BINS + 1) + index)[~outcomes.observed],
        minlength=size * (BINS + 1),
    ).reshape(size, BINS + 1)
    looked = (at_risk - 0.5 * cut)[:, :BINS].reshape(shape)
    return {"ended": ended.astype(np.float32), "looked": looked.astype(np.float32)}
