"""The rows the boosted trees of the hazard learn from and answer.

One row per moment and bin reached, with what is known at the moment and what the
bin adds: when it is over by the clock, and how long the state will have lasted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any, Self

import numpy as np

from ..samples import Samples, TrainingSet
from ..types import BINS, GRID, BoolArray, FloatArray, IntArray
from .base import is_of_block, is_of_pair, last_bin

# Samples of a state that are learned from at most, per room and of all rooms: closer
# ones repeat each other, and time and memory grow with them.
_ROOM_SAMPLES = 3000
_HOME_SAMPLES = 15000
# Days after which a moment counts half: habits last for a season.
_HALF_LIFE = 90.0
# Rows of neighboring moments see the same transition: each counts as this share of an
# observation against the regularization.
_ROW_WEIGHT = 0.03
# Beyond a week (min) "long ago" is long ago.
_LONG_AGO = 7 * 1440.0
_DAY = 86400.0  # s
# Hazards are taken at their word within these bounds.
_SMALLEST = 1e-4


def at_risk(samples: Samples) -> BoolArray:
    """Tell in which bins a transition is possible at all, (n, BINS)."""
    return GRID[None, 1:] > samples.earliest[:, None] + 1e-9


def of_state(rooms: Sequence[TrainingSet], state: int) -> list[TrainingSet]:
    """Return a bounded number of the samples of one state of each room."""
    most = max(min(_HOME_SAMPLES // max(len(rooms), 1), _ROOM_SAMPLES), 1)
    parts = []
    for room in rooms:
        chosen = np.flatnonzero(room.samples.occupied == bool(state))
        chosen = chosen[:: max(1, -(-len(chosen) // most))]
        parts.append(
            TrainingSet(
                room.samples.take(chosen), room.outcomes.take(chosen), room.stays
            )
        )
    return parts


def rows_of(training: TrainingSet) -> tuple[IntArray, IntArray, FloatArray]:
    """Return sample, bin and label of each row: the bins reached and possible."""
    outcomes = training.outcomes
    last = last_bin(outcomes)
    # A bin in which one stopped looking was not seen to its end.
    seen = np.arange(BINS)[None] < (last + outcomes.observed)[:, None]
    rows, bins = np.nonzero(seen & at_risk(training.samples))
    labels = (bins == last[rows]) & outcomes.observed[rows]
    return rows, bins, labels.astype(np.float64)


def ranks(parts: Sequence[TrainingSet]) -> FloatArray:
    """Return the place of each room in the order of how soon its state ends.

    A column a tree can cut: rooms much alike lie side by side.
    """
    soon = [
        np.log1p(part.outcomes.remaining).mean() if len(part.samples) else 0.0
        for part in parts
    ]
    order = np.argsort(soon, kind="stable")
    return np.argsort(order).astype(np.float64)


def logit(probability: np.ndarray) -> FloatArray:
    """Return log-odds, bounded."""
    clipped = np.clip(probability, _SMALLEST, 1 - _SMALLEST).astype(np.float64)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float64)


@dataclass(frozen=True, slots=True)
class Inputs:
    """How a row (sample, bin) is described.

    Shapes: ``names`` and ``mean`` (k,) the features that mean the same in every room
    and their averages, ``usual`` (BINS,) the logit of the hazard in each bin.
    """

    names: tuple[str, ...]
    mean: FloatArray
    usual: FloatArray

    @classmethod
    def of(cls, parts: Sequence[TrainingSet]) -> Self:
        """Return the inputs for what the rooms have in common."""
        samples = [part.samples for part in parts if len(part.samples)]
        names = tuple(
            name
            for name in (samples[0].names if samples else ())
            if not is_of_pair(name) and not is_of_block(name)
        )
        total = np.zeros(len(names))
        # One transition per horizon before anything was seen.
        ended, looked = np.full(BINS, 1.0 / BINS), np.ones(BINS)
        for each in samples:
            columns = [each.names.index(name) for name in names]
            total += each.features[:, columns].sum(0, np.float64)
        for part in parts:
            _, bins, labels = rows_of(part)
            ended += np.bincount(bins, labels, BINS)
            looked += np.bincount(bins, minlength=BINS)
        mean = total / max(sum(len(each) for each in samples), 1)
        return cls(names, mean, logit(ended / looked))

    def start(self, samples: Samples, rows: IntArray, bins: IntArray) -> FloatArray:
        """Return the logit the trees start from, (r,)."""
        if samples.reference.shape[1]:
            return logit(samples.reference[rows, bins])
        return self.usual[bins]

    def columns(
        self,
        samples: Samples,
        rows: IntArray,
        bins: IntArray,
        start: FloatArray,
        room: float,
    ) -> np.ndarray:
        """Return what the trees look at, (r, c) float32."""
        ends = GRID[1:][bins]
        future = samples.clock[rows] + ends
        day = samples.day[rows] + np.floor(future / 1440.0).astype(np.int64)
        ahead = (
            start,
            bins,
            future % 1440.0,
            # Ordinal 1 was a Monday.
            (day - 1) % 7 >= 5,
            np.log1p(samples.elapsed[rows] + ends),
            np.full(len(rows), room),
        )
        now = self._now(samples)
        values = np.empty((len(rows), len(ahead) + now.shape[1]), np.float32)
        for place, column in enumerate(ahead):
            values[:, place] = column
        values[:, len(ahead) :] = now[rows]
        return values

    def _now(self, samples: Samples) -> np.ndarray:
        """Return what is the same for all bins, (n, c) float32."""
        fixed = (
            np.log1p(samples.elapsed),
            np.log1p(np.minimum(samples.quiet, _LONG_AGO)),
            np.log1p(np.minimum(samples.since_on, _LONG_AGO)),
            samples.earliest,
            samples.sensor_on,
            samples.clock,
        )
        values = np.empty((len(samples), len(fixed) + len(self.names)), np.float32)
        for place, column in enumerate(fixed):
            values[:, place] = column
        values[:, len(fixed) :] = self.mean
        known = {name: column for column, name in enumerate(samples.names)}
        for place, name in enumerate(self.names, start=len(fixed)):
            if name in known:
                values[:, place] = samples.features[:, known[name]]
        return values


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to learn from; shapes (r, c) and (r,).

    ``begun`` and ``over`` are the moments (UTC s) at which the question was asked and
    at which its bin was over, ``sample`` counts the samples of a room.
    """

    values: np.ndarray
    labels: FloatArray
    weights: FloatArray
    start: FloatArray
    begun: FloatArray
    over: FloatArray
    sample: IntArray

    @classmethod
    def of(cls, parts: Sequence[TrainingSet], inputs: Inputs) -> Self:
        """Describe every row of every room."""
        end = max(part.samples.origin.max(initial=0.0) for part in parts)
        tables = []
        for part, room in zip(parts, ranks(parts), strict=True):
            samples = part.samples
            rows, bins, labels = rows_of(part)
            start = inputs.start(samples, rows, bins)
            begun = samples.origin[rows]
            age = (end - begun) / _DAY
            tables.append(
                cls(
                    inputs.columns(samples, rows, bins, start, room),
                    labels,
                    _ROW_WEIGHT * 0.5 ** (age / _HALF_LIFE),
                    start,
                    begun,
                    begun + GRID[1:][bins] * 60,
                    rows,
                )
            )
        return cls(
            *(
                np.concatenate([getattr(table, field.name) for table in tables])
                for field in fields(cls)
            )
        )

    def take(self, chosen: BoolArray) -> Self:
        """Return some of the rows."""
        return type(self)(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def data(self, library: ModuleType, reference: object = None) -> Any:
        """Return the rows as the library takes them."""
        return library.Dataset(
            self.values,
            self.labels,
            weight=self.weights,
            init_score=self.start,
            reference=reference,
        )
