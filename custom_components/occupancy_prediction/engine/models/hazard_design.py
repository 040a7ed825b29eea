"""The columns of the logistic hazard: one row per sample and bin.

A column is named by what it is; each has a penalty (its prior precision), and
those that mean the same in every room are shared, so rooms can learn from each
other.
"""

from dataclasses import dataclass

import numpy as np

from ..samples import Samples
from ..types import BINS, GRID, BoolArray, FloatArray, IntArray
from .base import Profile

# Middle of each bin (min): the moment at which its hazard is asked for.
MIDDLES: FloatArray = (GRID[1:] + GRID[:-1]) / 2
# Knots of the effect of time already spent in the state (min).
_KNOTS = np.log(np.array([6.0, 11, 21, 46, 91, 181, 361, 721]))
_EARLY_KNOTS = np.log(np.array([6.0, 21, 91]))
_HARMONICS = 5
# Phases of the vacancy delay (min left), and one for a sensor that is on.
_PHASES = 6
# Bins counted from the one in which the delay ends.
_AFTER_DELAY = 3
# Groups of bins in which what is known now may matter differently: the next two
# minutes, up to a quarter of an hour, later.
_GROUPS: IntArray = np.repeat([0, 1, 2], [2, 4, BINS - 6])
# Effects of pairs of rooms have two: up to a quarter of an hour, later.
_PAIR_GROUPS: IntArray = np.minimum(_GROUPS, 1)
_PAIR_MARK = "@"
_CLIP = 4.0  # standard deviations beyond which a feature tells no more


@dataclass(frozen=True, slots=True)
class Scaling:
    """Names, means and spreads of the features a model was fitted on; (k,) each."""

    names: tuple[str, ...]
    mean: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, samples: Samples) -> Scaling:
        """Return the scaling of some samples; a constant feature is left at 0."""
        if not len(samples):
            count = len(samples.names)
            return cls(samples.names, np.zeros(count), np.ones(count))
        values = samples.features.astype(np.float64)
        spread = values.std(0)
        return cls(
            samples.names, values.mean(0), np.where(spread > 1e-6, spread, np.inf)
        )

    def apply(self, samples: Samples) -> FloatArray:
        """Return standardized features (n, k); one that is missing is average."""
        if samples.names == self.names:
            values = samples.features
        else:
            columns = [samples.feature(name) for name in self.names]
            values = (
                np.stack(
                    [
                        np.full(len(samples), self.mean[i])
                        if column is None
                        else column
                        for i, column in enumerate(columns)
                    ],
                    axis=1,
                )
                if columns
                else np.zeros((len(samples), 0))
            )
        return np.clip((values - self.mean) / self.spread, -_CLIP, _CLIP)


@dataclass(frozen=True, slots=True)
class Design:
    """Rows of a regression. Shapes: ``values`` (r, c) float32, ``penalty`` (c,)."""

    names: tuple[str, ...]
    values: np.ndarray
    penalty: FloatArray


class _Columns:
    """Collects columns of the rows (sample, bin)."""

    def __init__(self, rows: IntArray, bins: IntArray) -> None:
        self.rows = rows
        self.bins = bins
        self.names: list[str] = []
        self.penalty: list[float] = []
        self._parts: list[np.ndarray] = []

    def add(self, name: str, column: FloatArray, penalty: float) -> None:
        """Add one column given per row."""
        self.names.append(name)
        self.penalty.append(penalty)
        self._parts.append(column.astype(np.float32)[:, None])

    def add_split(
        self, names: list[str], values: FloatArray, groups: IntArray, penalty: float
    ) -> None:
        """Add columns given per sample, (n, k), each once per group of bins."""
        # One gather for all: there are hundreds of thousands of rows.
        gathered = values.astype(np.float32)[self.rows]
        group = groups[self.bins]
        for number in range(int(groups.max()) + 1):
            self._parts.append(gathered * (group == number)[:, None])
            self.names += [f"{name}/{number}" for name in names]
            self.penalty += [penalty] * len(names)

    def design(self) -> Design:
        """Return everything collected."""
        return Design(
            tuple(self.names),
            np.concatenate(self._parts, axis=1),
            np.array(self.penalty),
        )


def at_risk(samples: Samples) -> BoolArray:
    """Tell in which bins a transition is possible at all, (n, BINS)."""
    return GRID[None, 1:] > samples.earliest[:, None] + 1e-9


def build(
    samples: Samples,
    scaling: Scaling,
    profile: Profile,
    rows: IntArray,
    bins: IntArray,
    *,
    leave_out_day: bool,
) -> Design:
    """Return the design of rows (sample, bin); all samples are of one state."""
    columns = _Columns(rows, bins)
    occupied = bool(samples.occupied[0]) if len(samples) else False
    for index in range(BINS):
        columns.add(f"bin{index}", (bins == index).astype(np.float32), 0.3)
    _clock(columns, samples)
    _elapsed(columns, samples)
    usual = profile.future(samples, MIDDLES, leave_out_day=leave_out_day)
    now = profile.future(samples, np.zeros(1), leave_out_day=leave_out_day)
    columns.add("usual", usual[rows, bins], 5.0)
    columns.add("usual_change", (usual - now)[rows, bins], 5.0)
    if occupied:
        _delay(columns, samples)
    else:
        _quiet(columns, samples)
    _features(columns, scaling, scaling.apply(samples))
    if samples.reference.shape[1]:
        hazard = np.clip(samples.reference[rows, bins], 1e-4, 1 - 1e-4)
        columns.add("reference", np.log(hazard / (1 - hazard)), 1.0)
    return columns.design()


def _clock(columns: _Columns, samples: Samples) -> None:
    future = samples.clock[columns.rows] + MIDDLES[columns.bins]
    day = samples.day[columns.rows] + np.floor(future / 1440.0).astype(np.int64)
    # Ordinal 1 was a Monday.
    weekend = ((day - 1) % 7 >= 5).astype(np.float64) - 2 / 7
    angle = 2 * np.pi * future / 1440.0
    columns.add("weekend", weekend, 5.0)
    for harmonic in range(1, _HARMONICS + 1):
        for name, wave in (
            (f"sin{harmonic}", np.sin(harmonic * angle)),
            (f"cos{harmonic}", np.cos(harmonic * angle)),
        ):
            columns.add(name, wave, 1.0 + harmonic)
            if harmonic <= 3:
                columns.add(f"weekend_{name}", wave * weekend, 15.0)


def _elapsed(columns: _Columns, samples: Samples) -> None:
    now = np.log1p(samples.elapsed)
    then = np.log1p(samples.elapsed[columns.rows] + MIDDLES[columns.bins])
    columns.add("spent", then - 4.0, 2.0)
    for knot in _KNOTS:
        columns.add(f"spent>{knot:.2f}", np.maximum(then - knot, 0.0), 4.0)
    hinges = [now - 3.0, *(np.maximum(now - knot, 0.0) for knot in _EARLY_KNOTS)]
    early = np.stack(hinges, axis=1)
    names = [f"elapsed{number}" for number in range(early.shape[1])]
    columns.add_split(names, early, _GROUPS, 4.0)


def _delay(columns: _Columns, samples: Samples) -> None:
    """Occupied rooms: where in the vacancy delay, around the bin where it ends."""
    ends_in = np.searchsorted(GRID[1:], samples.earliest + 1e-9, "left")
    after = columns.bins - ends_in[columns.rows]
    delay = np.maximum(samples.earliest + samples.quiet, 1e-9)
    running = np.floor(samples.earliest / delay * (_PHASES - 1)).astype(np.int64)
    phase = np.where(samples.sensor_on, _PHASES - 1, np.minimum(running, _PHASES - 2))
    age = np.log1p(np.minimum(samples.since_on, 1440.0)) - 1.0
    for distance in range(_AFTER_DELAY):
        here = after == distance
        for number in range(_PHASES):
            inside = here & (phase[columns.rows] == number)
            columns.add(f"phase{number}+{distance}", inside.astype(np.float32), 0.5)
        columns.add(f"age+{distance}", here * age[columns.rows], 3.0)


def _quiet(columns: _Columns, samples: Samples) -> None:
    """Vacant rooms: how long nobody has moved here."""
    quiet = np.log1p(np.minimum(samples.quiet, 10080.0))
    hinges = [quiet - 3.0, *(np.maximum(quiet - knot, 0.0) for knot in _EARLY_KNOTS)]
    names = [f"quiet{number}" for number in range(len(hinges))]
    columns.add_split(names, np.stack(hinges, axis=1), _GROUPS, 4.0)


def _features(columns: _Columns, scaling: Scaling, values: FloatArray) -> None:
    pair = np.array([_PAIR_MARK in name for name in scaling.names], np.bool_)
    for chosen, groups, penalty in (
        (~pair, _GROUPS, 25.0),
        (pair, _PAIR_GROUPS, 30.0),
    ):
        if chosen.any():
            names = [scaling.names[i] for i in np.flatnonzero(chosen)]
            columns.add_split(names, values[:, chosen], groups, penalty)


def shared(names: tuple[str, ...]) -> BoolArray:
    """Tell which columns mean the same in every room."""
    return np.array([_PAIR_MARK not in name for name in names], np.bool_)
