"""What came after moments like this one.

Residual life by analogy: a Kaplan-Meier estimate (Kaplan & Meier 1958) over past
moments in the same state, each weighted by how alike it is (Beran 1981). Likeness
is asked for step by step, and each narrower estimate is pulled to the wider one
before it by a few pseudo-observations, so a rare moment falls back to what is
known of more usual ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..config import EngineConfig
from ..distribution import bin_index, from_hazards
from ..samples import Outcomes, Samples, TrainingSet
from ..types import BINS, FloatArray, IntArray
from .base import Arrays, FitContext, circular_distance, fit_each

# Past moments kept per state: a forecast compares with each of them, and more
# than two weeks of quarters of an hour add little but time.
_KEPT = 3000
# Questions answered at once: bounds memory to a few ten MB.
_CHUNK = 512
# While a sensor is on, nothing is running out: as far from any phase of the
# vacancy delay as one phase is from the next (min).
_ON_PHASE = 2.0
# Pseudo-observations of the wider estimate.
_STRENGTH = 3.0

_COLUMNS = ("clock", "weekend", "elapsed", "near", "far")


@dataclass(frozen=True, slots=True)
class _Step:
    """One narrowing: widths of Gaussian kernels by column, None is "does not matter".

    ``clock`` is in minutes, ``near`` and ``far`` in the units of the columns of
    that state, ``elapsed`` in log minutes; ``other_day`` is the weight of moments
    on the other type of day.
    """

    clock: float | None = None
    elapsed: float | None = None
    near: float | None = None
    far: float | None = None
    other_day: float = 1.0


# Occupied rooms: near is the phase of the vacancy delay, far the time since the
# last ON message. What matters is whether somebody still moves, then how long the
# stay has lasted, and least of all the hour.
# Vacant rooms: near is the quiet here, far the quiet elsewhere. What matters is the
# hour, then how long nobody has been here and anywhere.
_STEPS = (
    (
        _Step(clock=45.0, other_day=0.6),
        _Step(near=1.2, far=1.2),
        _Step(elapsed=1.2),
    ),
    (
        _Step(near=0.4, far=0.7, clock=240.0),
        _Step(elapsed=0.8),
        _Step(clock=75.0, other_day=0.6),
    ),
)


class Kernel:
    """Residual life by analogy."""

    name: ClassVar[str] = "kernel"
    share: ClassVar[float] = 1.0
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


def _answer(
    past: Mapping[str, np.ndarray], samples: Samples, state: int, leave_out_day: bool
) -> FloatArray:
    if not len(past["bin"]):
        return np.full((len(samples), BINS), 1.0 / (BINS + 1))
    ended, looked = _life_table(past["bin"], past["observed"])
    # The coarsest estimate: one transition per horizon before anything was seen.
    total = (ended.sum(0) + 1.0 / BINS) / (looked.sum(0) + 1.0)
    columns = _columns(samples)
    result = np.zeros((len(samples), BINS), np.float32)
    for rows in _chunks(len(samples)):
        log_weights = np.zeros((len(columns["clock"][rows]), len(ended)), np.float32)
        if leave_out_day:
            own = samples.day[rows][:, None] == past["day"][None]
            log_weights[own] = -np.inf
        hazards = np.broadcast_to(total, (len(log_weights), BINS))
        for step in _STEPS[state]:
            log_weights += _likeness(step, columns, past, rows)
            weights = np.exp(log_weights)
            hazards = (weights @ ended + _STRENGTH * hazards) / (
                weights @ looked + _STRENGTH
            )
        result[rows] = hazards
    return result.astype(np.float64)


def _likeness(
    step: _Step,
    columns: Mapping[str, FloatArray],
    past: Mapping[str, np.ndarray],
    rows: slice,
) -> FloatArray:
    """Return the log of the kernel of a step, (rows, past moments)."""
    result = np.zeros((), np.float32)
    for name in ("elapsed", "near", "far"):
        width = getattr(step, name)
        if width is not None:
            distance = (columns[name][rows, None] - past[name][None]) / width
            # An unknown number is like any other.
            result = result - 0.5 * np.nan_to_num(distance) ** 2
    if step.clock is not None:
        distance = circular_distance(columns["clock"][rows, None], past["clock"][None])
        result = result - 0.5 * (distance / step.clock) ** 2
    if step.other_day < 1.0:
        other = columns["weekend"][rows, None] != past["weekend"][None]
        result = result + np.where(other, np.float32(np.log(step.other_day)), 0)
    return np.asarray(result, np.float32)


def _chunks(count: int) -> Iterator[slice]:
    for first in range(0, count, _CHUNK):
        yield slice(first, min(first + _CHUNK, count))


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


def _life_table(index: IntArray, observed: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Return who ended and who was looked at in each bin, (m, BINS) float32."""
    bins = np.arange(BINS)
    looked = (index[:, None] >= bins[None]).astype(np.float32)
    at = index < BINS
    ended = np.zeros_like(looked)
    ended[np.flatnonzero(at & observed), index[at & observed]] = 1.0
    # One that was cut off in a bin counts for half of it (actuarial estimate).
    cut = at & ~observed
    looked[np.flatnonzero(cut), index[cut]] = 0.5
    return ended, looked


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
        arrays[f"bin{state}"] = bin_index(outcomes.remaining).astype(np.int16)
        arrays[f"observed{state}"] = outcomes.observed
    return arrays
