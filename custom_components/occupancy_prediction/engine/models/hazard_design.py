"""The columns of the logistic hazard: one row per sample and bin.

A column is named by what it is; each has a penalty (its prior precision), and
those that mean the same in every room are shared, so rooms can learn from each
other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np

from ..local_time import DAY_MINUTES, is_weekend
from ..samples import Samples
from ..types import BINS, GRID, BoolArray, FloatArray, IntArray
from .base import Arrays, Profile, is_of_block, is_of_climate, is_of_pair

# Middle of each bin (min): the moment at which its hazard is asked for.
MIDDLES: FloatArray = (GRID[1:] + GRID[:-1]) / 2
# Knots of the effect of time already spent in the state (log min).
_KNOTS: FloatArray = np.log([6.0, 11, 21, 46, 91, 181, 361, 721])
_EARLY_KNOTS: FloatArray = np.log([6.0, 21, 91])
_HARMONICS: FloatArray = np.linspace(1.0, 5.0, 5)
# Harmonics that may differ between work days and weekends.
_WEEKEND_HARMONICS = 3
# Phases of the vacancy delay (shares of it left), and one for a sensor that is on.
_PHASES = 6
# Bins counted from the one in which the delay ends.
_AFTER_DELAY = 3
# Groups of bins in which what is known now may matter differently: the next two
# minutes, up to a quarter of an hour, later.
_FIRST_BINS = (0, 2, 6)
_GROUPS: IntArray = np.searchsorted(_FIRST_BINS, np.arange(BINS), "right") - 1
# Effects of pairs of rooms have two: the next two minutes, later.
_PAIR_GROUPS: IntArray = np.minimum(_GROUPS, 1)
_CLIP = 4.0  # standard deviations beyond which a feature tells no more
# No reference forecast is taken to be surer than this.
_SUREST = 1e-4


@dataclass(frozen=True, slots=True)
class Scaling:
    """Names, means and 1 / spreads of the features a model was fitted on; (k,) each."""

    names: tuple[str, ...]
    mean: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Return the scaling of some samples; a constant feature is left at 0."""
        chosen = [not is_of_block(name) for name in samples.names]
        names = tuple(np.array(samples.names, np.str_)[chosen].tolist())
        scale: FloatArray = np.zeros(len(names))
        if not len(samples):
            return cls(names, np.zeros(len(names)), scale)
        values = samples.features[:, chosen].astype(np.float64)
        spread = values.std(0)
        np.divide(1.0, spread, out=scale, where=spread > 1e-6)
        return cls(names, values.mean(0), scale)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the scaling as arrays to save."""
        names = np.array(self.names, np.str_)
        return {"features": names, "mean": self.mean, "scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Read it back."""
        names = tuple(arrays["features"].tolist())
        return cls(names, arrays["mean"], arrays["scale"])

    def apply(self, samples: Samples) -> FloatArray:
        """Return standardized features (n, k); one that is missing is average."""
        values = samples.features
        if samples.names != self.names:
            values = np.tile(self.mean, (len(samples), 1))
            places = {name: place for place, name in enumerate(samples.names)}
            for column, name in enumerate(self.names):
                if name in places:
                    values[:, column] = samples.features[:, places[name]]
        return np.clip((values - self.mean) * self.scale, -_CLIP, _CLIP)


@dataclass(frozen=True, slots=True)
class _Part:
    """Columns given per row: ``values`` (r, k), ``penalty`` (k,)."""

    names: tuple[str, ...]
    penalty: FloatArray
    values: FloatArray


@dataclass(frozen=True, slots=True)
class _Split:
    """Columns given per sample, each once per group of bins and 0 in the others.

    Shapes: ``values`` (n, k), ``groups`` (BINS,); names and penalty group by group.
    """

    names: tuple[str, ...]
    penalty: FloatArray
    values: FloatArray
    groups: IntArray


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a design with those columns that are not 0 in all of them.

    Shapes: ``rows`` (r,), ``columns`` (c,), ``values`` (r, c) float32.
    """

    rows: IntArray
    columns: IntArray
    values: np.ndarray


@dataclass(frozen=True, slots=True)
class Design:
    """Rows (sample, bin) of a regression. Shapes: ``rows``, ``bins`` (r,)."""

    rows: IntArray
    bins: IntArray
    parts: tuple[_Part, ...]
    splits: tuple[_Split, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return what the columns are."""
        return tuple(name for names, _ in self._columns for name in names)

    @property
    def penalty(self) -> FloatArray:
        """Return the prior precision of each column."""
        return np.concatenate([penalty for _, penalty in self._columns])

    @property
    def _columns(self) -> list[tuple[tuple[str, ...], FloatArray]]:
        return [
            *((part.names, part.penalty) for part in self.parts),
            *((split.names, split.penalty) for split in self.splits),
        ]

    def scores(self, coefficients: FloatArray) -> FloatArray:
        """Return the sum of columns times coefficients, (r,)."""
        result: FloatArray = np.zeros(len(self.rows))
        first = 0
        for part in self.parts:
            last = first + len(part.names)
            result += part.values @ coefficients[first:last]
            first = last
        for split in self.splits:
            last = first + len(split.names)
            effects = coefficients[first:last].reshape(-1, split.values.shape[1])
            result += (split.values @ effects.T)[self.rows, split.groups[self.bins]]
            first = last
        return result

    def blocks(self) -> Iterator[Block]:
        """Cut the design by group of bins, since most columns are of one group."""
        for number in range(len(_FIRST_BINS)):
            rows = np.flatnonzero(_GROUPS[self.bins] == number)
            values = [part.values[rows].astype(np.float32) for part in self.parts]
            columns = [np.arange(sum(part.shape[1] for part in values))]
            first = len(columns[0])
            for split in self.splits:
                width = split.values.shape[1]
                group = split.groups[_FIRST_BINS[number]]
                columns.append(first + group * width + np.arange(width))
                values.append(split.values.astype(np.float32)[self.rows[rows]])
                first += len(split.names)
            joined = np.concatenate(values, axis=1)
            used = joined.any(0)
            yield Block(rows, np.concatenate(columns)[used], joined[:, used])


def at_risk(samples: Samples) -> BoolArray:
    """Tell in which bins a transition is possible at all, (n, BINS)."""
    return GRID[None, 1:] > samples.earliest[:, None] + 1e-9


def is_shared(names: tuple[str, ...]) -> BoolArray:
    """Tell which columns mean the same in every room."""
    return np.array([not is_of_pair(name) for name in names], np.bool_)


def build(
    samples: Samples,
    scaling: Scaling,
    profile: Profile,
    rows: IntArray,
    bins: IntArray,
    *,
    occupied: bool,
    leave_out_day: bool,
) -> Design:
    """Return the design of rows (sample, bin); all samples are of one state."""
    parts = [
        _part(_BIN_NAMES, 0.3, np.eye(BINS)[bins]),
        _clock(samples, rows, bins),
        _spent(samples, rows, bins),
        _usual(samples, profile, rows, bins, leave_out_day=leave_out_day),
    ]
    splits = [_hinges("elapsed", samples.elapsed)]
    if occupied:
        parts += _delay(samples, rows, bins)
    else:
        splits.append(_hinges("quiet", np.minimum(samples.quiet, 7 * DAY_MINUTES)))
    if samples.reference.shape[1]:
        hazard = np.clip(samples.reference[rows, bins], _SUREST, 1 - _SUREST)
        odds = np.log(hazard / (1 - hazard))[:, None]
        parts.append(_part(("reference",), 1.0, odds))
    splits += _features(scaling, scaling.apply(samples))
    return Design(rows, bins, tuple(parts), tuple(splits))


def _part(names: tuple[str, ...], penalty: float, values: FloatArray) -> _Part:
    return _Part(names, np.full(len(names), penalty), values)


_BIN_NAMES = tuple(f"bin{index}" for index in range(BINS))
_CLOCK_NAMES = (
    *(f"{wave}{harmonic:.0f}" for wave in ("sin", "cos") for harmonic in _HARMONICS),
    "weekend",
    *(
        f"weekend_{wave}{harmonic:.0f}"
        for wave in ("sin", "cos")
        for harmonic in _HARMONICS[:_WEEKEND_HARMONICS]
    ),
)
_CLOCK_PENALTY: FloatArray = np.r_[
    np.tile(1.0 + _HARMONICS, 2), 5.0, np.full(2 * _WEEKEND_HARMONICS, 15.0)
]


def _clock(samples: Samples, rows: IntArray, bins: IntArray) -> _Part:
    """Time of day and type of day at the future bin."""
    future = samples.clock[rows] + MIDDLES[bins]
    day = samples.day[rows] + np.floor(future / DAY_MINUTES).astype(np.int64)
    # Centered, so that the other columns are of the usual day.
    weekend = (is_weekend(day) - 2 / 7)[:, None]
    angles = (2 * np.pi / DAY_MINUTES * future)[:, None] * _HARMONICS
    sine, cosine = np.sin(angles), np.cos(angles)
    values = (
        *(sine, cosine, weekend),
        sine[:, :_WEEKEND_HARMONICS] * weekend,
        cosine[:, :_WEEKEND_HARMONICS] * weekend,
    )
    return _Part(_CLOCK_NAMES, _CLOCK_PENALTY, np.concatenate(values, axis=1))


_SPENT_NAMES = ("spent", *(f"spent>{knot:.2f}" for knot in _KNOTS))
_SPENT_PENALTY: FloatArray = np.r_[2.0, np.full(len(_KNOTS), 4.0)]


def _spent(samples: Samples, rows: IntArray, bins: IntArray) -> _Part:
    """Time that will have been spent in the state at the future bin."""
    spent = np.log1p(samples.elapsed[rows] + MIDDLES[bins])[:, None]
    values = np.concatenate([spent - 4.0, np.maximum(spent - _KNOTS, 0.0)], axis=1)
    return _Part(_SPENT_NAMES, _SPENT_PENALTY, values)


def _usual(
    samples: Samples,
    profile: Profile,
    rows: IntArray,
    bins: IntArray,
    *,
    leave_out_day: bool,
) -> _Part:
    """How usual it is to be occupied at the future bin, and how much more than now."""
    minutes: FloatArray = np.r_[0.0, MIDDLES]
    usual = profile.future(samples, minutes, leave_out_day=leave_out_day)
    then, now = usual[rows, bins + 1], usual[rows, 0]
    values = np.stack([then, then - now], axis=1)
    return _part(("usual", "usual_change"), 5.0, values)


def _hinges(name: str, minutes: FloatArray) -> _Split:
    """How long something has lasted by now, bent at some knots."""
    spent = np.log1p(minutes)[:, None]
    values = np.concatenate([spent - 3.0, np.maximum(spent - _EARLY_KNOTS, 0)], axis=1)
    names = tuple(f"{name}{number}" for number in range(values.shape[1]))
    return _split(names, 4.0, values, _GROUPS)


_PHASE_NAMES = tuple(
    f"phase{number}+{distance}"
    for distance in range(_AFTER_DELAY)
    for number in range(_PHASES)
)
_AGE_NAMES = tuple(f"age+{distance}" for distance in range(_AFTER_DELAY))


def _delay(samples: Samples, rows: IntArray, bins: IntArray) -> list[_Part]:
    """Occupied rooms: where in the vacancy delay, around the bin where it ends."""
    ends_in = np.searchsorted(GRID[1:], samples.earliest + 1e-9, "left")
    distance = np.minimum(bins - ends_in[rows], _AFTER_DELAY)
    delay = np.maximum(samples.earliest + samples.quiet, 1e-9)
    running = np.floor(samples.earliest / delay * (_PHASES - 1)).astype(np.int64)
    phase = np.where(samples.sensor_on, _PHASES - 1, np.minimum(running, _PHASES - 2))
    # The last row of the table is of bins further away.
    here = np.eye(_AFTER_DELAY + 1)[:, :_AFTER_DELAY]
    inside = np.eye((_AFTER_DELAY + 1) * _PHASES)[:, : _AFTER_DELAY * _PHASES]
    age = np.log1p(np.minimum(samples.since_on, DAY_MINUTES)) - 1.0
    return [
        _part(_PHASE_NAMES, 0.5, inside[distance * _PHASES + phase[rows]]),
        _part(_AGE_NAMES, 3.0, here[distance] * age[rows, None]),
    ]


# Prior precision of the effects of features. What is measured in the room has to prove
# more than what people do: daylight and weather go their own ways, and on a recorded
# home these inputs helped in some weeks and harmed in others.
_PENALTY, _CLIMATE_PENALTY, _PAIR_PENALTY = 25.0, 100.0, 30.0


def _features(scaling: Scaling, values: FloatArray) -> list[_Split]:
    pair = ~is_shared(scaling.names)
    climate = np.array([is_of_climate(name) for name in scaling.names], np.bool_)
    result = []
    for chosen, groups, penalty in (
        (~pair & ~climate, _GROUPS, _PENALTY),
        (climate, _GROUPS, _CLIMATE_PENALTY),
        (pair, _PAIR_GROUPS, _PAIR_PENALTY),
    ):
        # A home of one room has no pairs, and not every home measures something.
        if chosen.any():
            names = tuple(np.array(scaling.names, np.str_)[chosen].tolist())
            result.append(_split(names, penalty, values[:, chosen], groups))
    return result


def _split(
    names: tuple[str, ...], penalty: float, values: FloatArray, groups: IntArray
) -> _Split:
    split = _split_names(names, int(groups.max()) + 1)
    return _Split(split, np.full(len(split), penalty), values, groups)


@cache
def _split_names(names: tuple[str, ...], groups: int) -> tuple[str, ...]:
    return tuple(f"{name}/{number}" for number in range(groups) for name in names)
