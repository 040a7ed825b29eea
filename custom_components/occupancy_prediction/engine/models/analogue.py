"""What came next on the days that had gone like this one so far.

PreHeat (Scott et al. 2011): the nearest days by the room's occupancy since the day
began, those of the same type of day preferred. What followed on them at this time is a
Kaplan-Meier estimate (Kaplan & Meier 1958), pulled to the one over all days by a few
pseudo-observations. The days are also an explanation: "like last Tuesday". What is
learned are counts and moments, so adding a day is exact.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Self

import numpy as np

from ..config import EngineConfig
from ..distribution import bin_index, from_hazards
from ..local_time import DAY_MINUTES, is_weekend
from ..samples import Samples, TrainingSet
from ..types import BINS, GRID, HORIZON, FloatArray, IntArray
from .base import Arrays, FitContext, circular_distance, day_pattern, fit_each

# A day of living begins when most people sleep (min of the local day): who is up at
# one in the morning has not got up early.
_DAY_BEGINS = 4.0 * 60
# Width of a cell (min) in which a day is kept, as in PreHeat.
_CELL = 15.0
_CELLS = int(DAY_MINUTES / _CELL)
# Days kept: a year, so that last winter is there when the next one comes.
_DAYS = 366
# Days that have a say, and the disagreement (h) that halves it.
_NEIGHBORS = 8
_HALVING = 2.0
# Disagreement (h) that a day of the other type, or a day of age, counts like: two
# months old is like half an hour of disagreement.
_OTHER_TYPE = 2.0
_AGE = 0.5 / 60
# What was not seen of a day agrees by half.
_UNSEEN = 0.5
# Cells around the time of the question in which a day is asked: the same state half an
# hour earlier or later is the same situation.
_AROUND = 2
# Moments a quarter of an hour apart see the same transition several times: where all
# days are counted each is this share of an observation.
_MOMENT_WEIGHT = 0.25
# Situations of a room: vacant, occupied with the delay running, with a sensor on. Days
# are asked about the same one: who still moves will not be gone in a minute.
_SITUATIONS = 3
# Questions answered at once: bounds memory to some ten MB.
_CHUNK = 128


class Analogue:
    """Most similar past days."""

    name: ClassVar[str] = "analogue"
    share: ClassVar[float] = 0.02
    counts: ClassVar[bool] = True

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Keep the days, and what came after each quarter of an hour."""
        return fit_each(
            rooms,
            context,
            lambda training: _Days.of(training).to_arrays(context.config),
        )

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Add the new moments to the days."""
        days = _Days.from_arrays(arrays).joined(_Days.of(training))
        return days.to_arrays(context.config)

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return what followed on similar days."""
        days = _Days.from_arrays(arrays)
        hazards = np.zeros((len(samples), BINS))
        for part in _chunks(len(samples)):
            asked = samples.take(part)
            coarse = _usual(arrays, asked)
            hazards[part] = days.shrunk(asked, coarse, config.shrinkage)
        return _later(from_hazards(hazards), samples.earliest)


def similar_days(arrays: Arrays, sample: Samples) -> list[tuple[int, float]]:
    """Return the days (ordinals) most like that of one sample, and their weights.

    A day is named by the date on which it began, and goes on to the small hours of the
    next; weights sum to 1. Empty where no day was in this situation at this time.
    """
    days = _Days.from_arrays(arrays)
    chosen, weights = days.nearest(sample)
    total = float(weights.sum())
    found = zip(days.days[chosen[0]].tolist(), weights[0].tolist(), strict=True)
    return [(day, weight / total) for day, weight in found if weight > 0]


def _chunks(count: int) -> Iterator[IntArray]:
    for first in range(0, count, _CHUNK):
        yield np.arange(first, min(first + _CHUNK, count))


def _place(samples: Samples) -> tuple[IntArray, FloatArray]:
    """Return the day of living of each sample, and the minutes since it began."""
    since = samples.clock - _DAY_BEGINS
    day = samples.day + np.floor(since / DAY_MINUTES).astype(np.int64)
    return day, since % DAY_MINUTES


def _situation(samples: Samples) -> IntArray:
    """Return 0, 1 or 2 for each sample; see ``_SITUATIONS``."""
    return np.where(samples.occupied, 1 + samples.sensor_on.astype(np.int64), 0)


def _cell(minutes: FloatArray) -> IntArray:
    return np.floor(minutes / _CELL).astype(np.int64) % _CELLS


@dataclass(frozen=True, slots=True)
class _Days:
    """Past days of a room.

    Shapes: ``days`` (d,) ordinals, the rest (d, cells): ``seen`` and ``occupied`` how
    many moments of a cell were seen and occupied; of its first moment the ``situation``
    (-1 where there was none), the ``bin`` in which the state ended, counted from the
    earliest possible end, and whether that was ``observed``.
    """

    days: IntArray
    seen: np.ndarray
    occupied: np.ndarray
    situation: np.ndarray
    bin: np.ndarray
    observed: np.ndarray

    @classmethod
    def empty(cls, days: IntArray) -> Self:
        """Return days of which nothing was seen."""
        shape = (len(days), _CELLS)
        return cls(
            days.astype(np.int32),
            np.zeros(shape, np.uint8),
            np.zeros(shape, np.uint8),
            np.full(shape, -1, np.int8),
            np.zeros(shape, np.int8),
            np.zeros(shape, np.bool_),
        )

    @classmethod
    def of(cls, training: TrainingSet) -> Self:
        """Keep the days of some samples."""
        samples, outcomes = training.samples, training.outcomes
        day, minutes = _place(samples)
        result = cls.empty(np.unique(day)[-_DAYS:])
        kept = np.flatnonzero(np.isin(day, result.days))
        address = np.searchsorted(result.days, day[kept]) * _CELLS
        address += _cell(minutes[kept])
        occupied = samples.occupied[kept]
        size = result.seen.size
        result.seen.flat[:] = np.bincount(address, minlength=size)
        result.occupied.flat[:] = np.bincount(address[occupied], minlength=size)
        cells, first = np.unique(address, return_index=True)
        rows = kept[first]
        # While the delay runs nothing can happen: what is alike is the time beyond it.
        lead = np.maximum(outcomes.remaining[rows] - samples.earliest[rows], 0.0)
        observed = outcomes.observed[rows]
        outlived = ~observed & (outcomes.remaining[rows] >= HORIZON)
        result.situation.flat[cells] = _situation(samples)[rows]
        result.bin.flat[cells] = np.where(outlived, BINS, bin_index(lead))
        result.observed.flat[cells] = observed
        return result

    def joined(self, new: Self) -> Self:
        """Return these days with what was seen later; the oldest make room."""
        result = type(self).empty(np.union1d(self.days, new.days)[-_DAYS:])
        for part in (self, new):
            kept = np.isin(part.days, result.days)
            rows = np.searchsorted(result.days, part.days[kept])
            for name in ("seen", "occupied"):
                counts = getattr(result, name)
                total = counts[rows].astype(np.int64) + getattr(part, name)[kept]
                counts[rows] = np.minimum(total, 255)
            fresh = result.situation[rows] < 0
            for name in ("situation", "bin", "observed"):
                table = getattr(result, name)
                table[rows] = np.where(fresh, getattr(part, name)[kept], table[rows])
        return result

    def to_arrays(self, config: EngineConfig) -> dict[str, np.ndarray]:
        """Return the days, and what all of them together say, as arrays to save."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**own, "usual": self._hazards(config).astype(np.float32)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Read them back."""
        return cls(*(arrays[field.name] for field in fields(cls)))

    def _hazards(self, config: EngineConfig) -> FloatArray:
        """Return hazards, (situations, types of day, cells, BINS)."""
        rows, cells = np.nonzero(self.situation >= 0)
        weekend = is_weekend(self.days).astype(np.int64)[rows]
        place = (self.situation[rows, cells] * 2 + weekend) * _CELLS + cells
        ended, looked = (
            (table * _MOMENT_WEIGHT).reshape(_SITUATIONS, 2, _CELLS, BINS)
            for table in _life_table(
                place,
                self.bin[rows, cells],
                self.observed[rows, cells],
                np.ones(len(rows)),
                _SITUATIONS * 2 * _CELLS,
            )
        )
        # One transition per horizon before anything was seen.
        base = (ended.sum((1, 2)) + 1.0 / BINS) / (looked.sum((1, 2)) + 1.0)
        centers: FloatArray = np.linspace(0.0, DAY_MINUTES - _CELL, _CELLS)
        distance = circular_distance(centers[:, None], centers[None])
        kernel = np.exp(-0.5 * (distance / config.clock_width) ** 2)
        near_ended, near_looked = (
            smooth + config.other_day_weight * smooth[:, ::-1]
            for smooth in (
                np.einsum("kc,stcb->stkb", kernel, table) for table in (ended, looked)
            )
        )
        strength = config.shrinkage
        hazards: FloatArray = (near_ended + strength * base[:, None, None]) / (
            near_looked + strength
        )
        return hazards

    def nearest(self, samples: Samples) -> tuple[IntArray, FloatArray]:
        """Return the most similar days and their weights, (n, neighbors) both.

        Only days that were in the situation of the sample about that time, and not
        the day of the sample itself, have a weight.
        """
        day, minutes = _place(samples)
        distance = self._disagreement(samples, minutes)
        other = is_weekend(day)[:, None] != is_weekend(self.days)[None]
        distance += _OTHER_TYPE * other + _AGE * np.abs(day[:, None] - self.days[None])
        answers = self._answers(samples, np.arange(len(self.days))[None]).any(2)
        distance[~answers | (day[:, None] == self.days[None])] = np.inf
        chosen = np.argsort(distance, axis=1, kind="stable")[:, :_NEIGHBORS]
        return chosen, 0.5 ** (np.take_along_axis(distance, chosen, 1) / _HALVING)

    def shrunk(
        self, samples: Samples, coarse: FloatArray, strength: float
    ) -> FloatArray:
        """Return hazards of similar days, pulled to coarser ones, (n, BINS)."""
        chosen, weights = self.nearest(samples)
        answers = self._answers(samples, chosen)
        # A day is one observation, however many of its moments are asked.
        share = answers / np.maximum(answers.sum(2, keepdims=True), 1)
        rows, days, around = np.nonzero(answers)
        cells = self._around(samples)[rows, around]
        place = chosen[rows, days]
        ended, looked = _life_table(
            rows,
            self.bin[place, cells],
            self.observed[place, cells],
            (weights[..., None] * share)[rows, days, around],
            len(samples),
        )
        return (ended + strength * coarse) / (looked + strength)

    def _around(self, samples: Samples) -> IntArray:
        """Return the cells around each sample, (n, a); not beyond its day."""
        cell = _cell(_place(samples)[1])
        cells: IntArray = cell[:, None] + np.arange(-_AROUND, _AROUND + 1)[None]
        return np.clip(cells, 0, _CELLS - 1)

    def _answers(self, samples: Samples, chosen: IntArray) -> np.ndarray:
        """Tell which cells around a sample answer for it on some days, (n, days, a)."""
        cells = self._around(samples)
        then = self.situation[chosen[:, :, None], cells[:, None, :]]
        return np.asarray(then == _situation(samples)[:, None, None])

    def _disagreement(self, samples: Samples, minutes: FloatArray) -> FloatArray:
        """Return the hours since the day began that went otherwise, (n, d)."""
        edges = np.maximum(minutes[:, None] - 60.0 * np.arange(25)[None], 0.0)
        share = self.occupied / np.maximum(self.seen, 1)
        then = -np.diff(_until(share, edges))
        seen = -np.diff(_until(self.seen > 0, edges))
        now = day_pattern(samples).astype(np.float64)
        known = np.isfinite(now)
        seen = np.where(known, seen, 0.0)
        different = np.abs(
            np.where(known, now, 0.0) * seen - np.where(known, then, 0.0)
        )
        unseen = -np.diff(edges) - seen
        total = (different + _UNSEEN * unseen).sum(2) / 60.0
        return np.asarray(total.T, np.float64)


def _until(shares: np.ndarray, edges: FloatArray) -> FloatArray:
    """Return the minutes of each day up to moments (n, e) since it began, (d, n, e).

    ``shares`` (d, cells) are those of each cell.
    """
    total = np.concatenate([np.zeros((len(shares), 1)), shares.cumsum(1)], 1) * _CELL
    cell = np.minimum(np.floor(edges / _CELL).astype(np.int64), _CELLS - 1)
    inside = edges / _CELL - cell
    low = total[:, cell]
    minutes: FloatArray = low + inside * (total[:, cell + 1] - low)
    return minutes


def _life_table(
    place: IntArray,
    index: np.ndarray,
    observed: np.ndarray,
    weights: FloatArray,
    count: int,
) -> tuple[FloatArray, FloatArray]:
    """Return who ended and who was looked at in each bin, (count, BINS) both."""
    address = place.astype(np.int64) * (BINS + 1) + index
    shape = (count, BINS + 1)
    ended: FloatArray = np.zeros(shape)
    cut: FloatArray = np.zeros(shape)
    for table, chosen in ((ended, observed), (cut, ~observed)):
        table.flat[:] = np.bincount(address, weights * chosen, table.size)
    # One that was cut off in a bin counts for half of it (the actuarial estimate).
    looked: FloatArray = (ended + cut)[:, ::-1].cumsum(1)[:, ::-1] - 0.5 * cut
    return ended[:, :BINS], looked[:, :BINS]


def _usual(arrays: Arrays, samples: Samples) -> FloatArray:
    """Return what all days say, (n, BINS)."""
    day, minutes = _place(samples)
    weekend = is_weekend(day).astype(np.int64)
    usual = arrays["usual"][_situation(samples), weekend, _cell(minutes)]
    return np.asarray(usual, np.float64)


def _later(cdf: FloatArray, earliest: FloatArray) -> FloatArray:
    """Return distributions that begin only at ``earliest`` minutes, (n, BINS)."""
    minutes = np.maximum(GRID[None, 1:] - earliest[:, None], 0.0)
    upper = np.clip(np.searchsorted(GRID, minutes, "left"), 1, BINS)
    edges = np.concatenate([np.zeros((len(cdf), 1)), cdf], 1)
    high = np.take_along_axis(edges, upper, 1)
    low = np.take_along_axis(edges, upper - 1, 1)
    share = (minutes - GRID[upper - 1]) / (GRID[upper] - GRID[upper - 1])
    later: FloatArray = low + share * (high - low)
    return later
