"""What came after moments like this one.

Residual life by analogy: a Kaplan-Meier estimate (Kaplan & Meier 1958) over past
moments in the same state, each weighted by how alike it is (Beran 1981). Likeness
is asked for step by step, and each narrower estimate is pulled to the wider one
before it by a few pseudo-observations, so a rare moment falls back to what is
known of more usual ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from ..config import EngineConfig
from ..distribution import from_hazards
from ..local_time import DAY_MINUTES
from ..samples import Outcomes, Samples, TrainingSet
from ..types import BINS, FloatArray, IntArray
from .base import Arrays, FitContext, fit_each, last_bin

# Past moments kept per state: a forecast compares with each of them, and more
# than two weeks of quarters of an hour add little but time.
_KEPT = 3000
# Questions answered at once: what fits the cache of the processor.
_CHUNK = 32
# While a sensor is on, nothing is running out: as far from any phase of the
# vacancy delay as one phase is from the next (min).
_ON_PHASE = 2.0
# Pseudo-observations of the wider estimate, and of one transition per horizon before
# anything was seen.
_STRENGTH = 3.0
_FIRST_STRENGTH = 1.0


@dataclass(frozen=True, slots=True)
class _Step:
    """One narrowing: widths of Gaussian kernels by column; see ``_columns``.

    ``clock`` is in minutes, ``elapsed`` in log minutes, ``near`` and ``far`` are in
    the units of that state; ``other_day`` is the weight of moments on the other type
    of day.
    """

    widths: Mapping[str, float]
    other_day: float = 1.0


# Occupied rooms: near is the phase of the vacancy delay, far the time since the
# last ON message. What matters is whether somebody still moves, then how long the
# stay has lasted, and least of all the hour.
# Vacant rooms: near is the quiet here, far the quiet elsewhere. What matters is the
# hour, then how long nobody has been here and anywhere.
_STEPS = (
    (
        _Step({"clock": 45.0}, other_day=0.6),
        _Step({"near": 1.2, "far": 1.2}),
        _Step({"elapsed": 1.2}),
    ),
    (
        _Step({"near": 0.4, "far": 0.7, "clock": 240.0}),
        _Step({"elapsed": 0.8}),
        _Step({"clock": 75.0}, other_day=0.6),
    ),
)


class Kernel:
    """Residual life by analogy."""

    name: ClassVar[str] = "kernel"
    share: ClassVar[float] = 0.2
    counts: ClassVar[bool] = False

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Keep past moments and what came after them."""
        return fit_each(rooms, context, _keep)

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Keep the new moments too; the oldest make room for them."""
        new = _keep(training)
        joined = {
            name: np.concatenate([array, new[name]]) for name, array in arrays.items()
        }
        return {name: array[-_KEPT:] for name, array in joined.items()}

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the narrowest estimate for each sample."""
        if samples.reference.shape[1]:
            return from_hazards(samples.reference)
        return from_hazards(self.hazards(arrays, samples))

    def hazards(
        self, arrays: Arrays, samples: Samples, *, leave_out_day: bool = False
    ) -> FloatArray:
        """Return hazards per bin, (n, BINS).

        With ``leave_out_day`` the sample's own day is not learned from: what a
        model sees of a day in training must not be made of that day.
        """
        result = np.zeros((len(samples), BINS))
        for state in (0, 1):
            rows = np.flatnonzero(samples.occupied == bool(state))
            if len(rows):
                result[rows] = _answer(
                    {
                        name.removesuffix(str(state)): array
                        for name, array in arrays.items()
                        if name.endswith(str(state))
                    },
                    samples.take(rows),
                    state,
                    leave_out_day,
                )
        return result


@dataclass(frozen=True, slots=True)
class _Past:
    """The past moments of one state, those with the same end next to each other.

    Shapes: ``columns`` (m,) each, ``day`` (m,), ``starts`` (g,) where each group
    begins, ``ended`` and ``looked`` (g, BINS): whether its moments ended in a bin, and
    whether they were looked at in it.
    """

    columns: Mapping[str, np.ndarray]
    day: IntArray
    starts: IntArray
    ended: FloatArray
    looked: FloatArray

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Order the moments that were kept, of which there is at least one."""
        ends = 2 * arrays["bin"] + arrays["observed"]
        order = np.argsort(ends, kind="stable")
        ends = ends[order]
        starts = np.flatnonzero(np.r_[True, ends[1:] != ends[:-1]])
        index, observed = ends[starts] // 2, ends[starts] % 2 == 1
        at = index[:, None] == np.arange(BINS)
        ended = (at & observed[:, None]).astype(np.float64)
        # One that was cut off in a bin counts for half of it (actuarial estimate).
        looked = (index[:, None] >= np.arange(BINS)) - 0.5 * (at & ~observed[:, None])
        columns = {name: array[order] for name, array in arrays.items()}
        return cls(columns, columns["day"], starts, ended, looked)

    def hazards(
        self, weights: np.ndarray, wider: FloatArray, strength: float
    ) -> FloatArray:
        """Return the estimate of weighted moments (q, m), pulled to a wider one."""
        # Summed by group first: there are thousands of moments and few ways to end.
        grouped = np.add.reduceat(weights, self.starts, axis=1).astype(np.float64)
        ended, looked = grouped @ self.ended, grouped @ self.looked
        return (ended + strength * wider) / (looked + strength)


def _answer(
    arrays: Mapping[str, np.ndarray], samples: Samples, state: int, leave_out_day: bool
) -> FloatArray:
    result: FloatArray = np.full((len(samples), BINS), 1.0 / BINS)
    if not len(arrays["bin"]):
        return result
    past, questions = _Past.of(arrays), _columns(samples)
    # The coarsest estimate: of all moments, whatever they were like. Of all days too:
    # some bins only one day ever reached, and an estimate without it would be the
    # further off the more there was to learn.
    every = np.ones((1, len(past.day)), np.float32)
    coarsest = past.hazards(every, result[:1], _FIRST_STRENGTH)
    for first in range(0, len(samples), _CHUNK):
        rows = slice(first, first + _CHUNK)
        log_weights = np.zeros((len(result[rows]), len(past.day)), np.float32)
        if leave_out_day:
            log_weights[samples.day[rows, None] == past.day] = -np.inf
        hazards = coarsest
        for step in _STEPS[state]:
            for column, width in step.widths.items():
                _narrow(log_weights, questions[column][rows], past, column, width)
            if step.other_day < 1.0:
                other = questions["weekend"][rows, None] != past.columns["weekend"]
                log_weights += other * np.float32(np.log(step.other_day))
            hazards = past.hazards(np.exp(log_weights), hazards, _STRENGTH)
        result[rows] = hazards
    return result


def _narrow(
    log_weights: np.ndarray, asked: np.ndarray, past: _Past, column: str, width: float
) -> None:
    """Multiply the weights (q, m) by a kernel of one column.

    In place and in single precision: in training millions of pairs are compared.
    """
    known = past.columns[column]
    distance = asked[:, None] - known
    if column == "clock":
        np.abs(distance, out=distance)
        np.minimum(distance, np.float32(DAY_MINUTES) - distance, out=distance)
    elif np.isnan(asked).any() or np.isnan(known).any():
        # An unknown number is like any other.
        np.nan_to_num(distance, copy=False)
    distance *= np.float32(np.sqrt(0.5) / width)
    np.square(distance, out=distance)
    log_weights -= distance


def _columns(samples: Samples) -> dict[str, FloatArray]:
    """Return what likeness is asked of, float32; see ``_STEPS``."""
    elsewhere = samples.feature("quiet_elsewhere")
    unknown = np.full(len(samples), np.nan)
    phase = np.where(samples.sensor_on, samples.earliest + _ON_PHASE, samples.earliest)
    near = np.where(samples.occupied, phase, np.log1p(samples.quiet))
    far = np.where(
        samples.occupied,
        np.log1p(samples.since_on),
        unknown if elsewhere is None else elsewhere,
    )
    columns = {
        "clock": samples.clock,
        "weekend": samples.weekend,
        "elapsed": np.log1p(samples.elapsed),
        "near": np.where(np.isfinite(near), near, np.nan),
        "far": np.where(np.isfinite(far), far, np.nan),
    }
    return {name: column.astype(np.float32) for name, column in columns.items()}


def _keep(training: TrainingSet) -> Arrays:
    arrays: dict[str, np.ndarray] = {}
    for state in (0, 1):
        rows = np.flatnonzero(training.samples.occupied == bool(state))
        rows = rows[:: max(1, -(-len(rows) // _KEPT))]
        samples = training.samples.take(rows)
        outcomes: Outcomes = training.outcomes.take(rows)
        for name, column in _columns(samples).items():
            arrays[f"{name}{state}"] = column
        arrays[f"day{state}"] = samples.day.astype(np.int32)
        arrays[f"bin{state}"] = last_bin(outcomes).astype(np.int16)
        arrays[f"observed{state}"] = outcomes.observed
    return arrays
