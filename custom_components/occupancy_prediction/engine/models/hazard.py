"""A logistic regression of the hazard in each bin.

Discrete-time survival analysis (Cox 1972; Allison 1982): a row per moment and
bin reached, the label whether the change fell into it, fitted by iteratively
reweighted least squares with a ridge. The ridge pulls a room to the same model
fitted over all rooms, as far as their columns mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from ..config import EngineConfig
from ..distribution import from_hazards
from ..samples import Outcomes, Samples, TrainingSet
from ..types import BINS, BoolArray, FloatArray, IntArray
from .base import Arrays, FitContext, Profile, last_bin
from .hazard_design import Scaling, at_risk, build, is_shared

# Rows minutes apart see the same transition again and again: each counts as this
# share of an observation against the ridge (per 5 min of spacing).
_ROW_WEIGHT = 0.015
_ROW_WEIGHT_MOST = 0.075
# Steps of Newton's method at most, and the change of a coefficient that ends it:
# what changes a hazard by a hundredth is seen in no forecast.
_STEPS = 12
_SETTLED = 0.01
# How often a step that makes things worse is halved at most.
_HALVINGS = 8
# Rows whose products are formed at once: what fits the cache of the processor.
_CHUNK = 4096
# Samples of each room and state in the model over all rooms: enough for what rooms
# have in common.
_SHARED_SAMPLES = 1200
# The hazard of the reference forecast is taken at nearly its word.
_PRIOR = {"reference": 0.8}
# Samples of a room and state that are learned from at most.
_MOST_SAMPLES = 5000


class Hazard:
    """Ridge-penalized logistic hazard."""

    name: ClassVar[str] = "hazard"
    share: ClassVar[float] = 2.5
    counts: ClassVar[bool] = False

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Fit all rooms together, then each room around what they share."""
        profiles = {
            room_id: Profile.of(training.samples) for room_id, training in rooms.items()
        }
        result = {room_id: profile.to_arrays() for room_id, profile in profiles.items()}
        work = 2 * (len(rooms) + 1)
        for state in (0, 1):
            done = state * (len(rooms) + 1)
            context.checkpoint(done / work)
            tasks = {
                room_id: _Task(training, profiles[room_id], occupied=bool(state))
                for room_id, training in rooms.items()
            }
            center = _fit_shared(list(tasks.values()))
            for number, (room_id, task) in enumerate(tasks.items()):
                context.announce(room_id)
                context.checkpoint((done + 1 + number) / work)
                arrays = task.fit(center)
                result[room_id] |= {f"{k}{state}": v for k, v in arrays.items()}
        return dict(result)

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Bring the usual occupancy up to date; coefficients wait for a training."""
        profile = Profile.from_arrays(arrays).add(training.samples)
        return {**arrays, **profile.to_arrays()}

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the distributions of the fitted hazards."""
        hazards = np.zeros((len(samples), BINS))
        for state in (0, 1):
            chosen = np.flatnonzero(samples.occupied == bool(state))
            if len(chosen):
                hazards[chosen] = _hazards(arrays, samples.take(chosen), state)
        return from_hazards(hazards)


def averages(arrays: Arrays, *, occupied: bool) -> dict[str, float]:
    """Return the averages of the features in a state, by name."""
    names, means = (arrays[f"{part}{int(occupied)}"] for part in ("features", "mean"))
    return dict(zip(names.tolist(), means.tolist(), strict=True))


def varied(arrays: Arrays) -> set[str]:
    """Return the features that were not always the same: what was learned from."""
    return {
        name
        for state in (0, 1)
        for name, scale in zip(
            arrays[f"features{state}"].tolist(),
            arrays[f"scale{state}"].tolist(),
            strict=True,
        )
        if scale
    }


def _hazards(arrays: Arrays, samples: Samples, state: int) -> FloatArray:
    mine = {
        name.removesuffix(str(state)): array
        for name, array in arrays.items()
        if name.endswith(str(state))
    }
    rows, bins = np.nonzero(at_risk(samples))
    design = build(
        samples,
        Scaling.from_arrays(mine),
        Profile.from_arrays(arrays),
        rows,
        bins,
        occupied=bool(state),
        leave_out_day=False,
    )
    names, coefficients = tuple(mine["columns"].tolist()), mine["coefficients"]
    if names != design.names:
        # Without a reference forecast its column is missing.
        known = dict(zip(names, coefficients, strict=True))
        coefficients = np.array([known.get(name, 0.0) for name in design.names])
    hazards = np.zeros((len(samples), BINS))
    hazards[rows, bins] = _logistic(design.scores(coefficients))
    return hazards


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows to learn from, with the columns that are not 0 in all of them.

    Shapes: ``columns`` (c,), ``values`` (r, c) float32, ``labels`` and ``weight`` (r,).
    """

    columns: IntArray
    values: np.ndarray
    labels: np.ndarray
    weight: np.ndarray

    def scores(self, beta: FloatArray) -> np.ndarray:
        """Return the log-odds of each row."""
        return np.asarray(self.values @ beta[self.columns].astype(np.float32))

    def value(self, scores: np.ndarray) -> float:
        """Return the log-likelihood."""
        each = self.labels * scores - np.logaddexp(0, scores)
        return float((self.weight * each).sum(dtype=np.float64))

    def slope(self, scores: np.ndarray) -> np.ndarray:
        """Return the slope of the log-likelihood, (c,)."""
        return self.values.T @ (self.weight * (self.labels - _logistic(scores)))

    def curvature(self, scores: np.ndarray) -> FloatArray:
        """Return minus the curvature of the log-likelihood, (c, c)."""
        said = _logistic(scores)
        root = np.sqrt(self.weight * said * (1 - said))
        result = np.zeros((len(self.columns), len(self.columns)))
        for first in range(0, len(root), _CHUNK):
            rows = slice(first, first + _CHUNK)
            # A matrix times itself is half the work of a product of two.
            scaled = self.values[rows] * root[rows, None]
            result += scaled.T @ scaled
        return result

    def only(self, kept: BoolArray) -> Self:
        """Return the block with some of the design's columns, numbered anew."""
        chosen = kept[self.columns]
        columns = (np.cumsum(kept) - 1)[self.columns[chosen]]
        return replace(self, columns=columns, values=self.values[:, chosen])


@dataclass(frozen=True, slots=True)
class _Problem:
    """A regression: columns with their names and penalties, and rows in blocks."""

    names: tuple[str, ...]
    penalty: FloatArray
    blocks: tuple[_Block, ...]

    def solve(self, center: Mapping[str, float]) -> FloatArray:
        """Return the most probable coefficients, given that of each column's center.

        The maximum of the likelihood with a ridge, by Newton's method.
        """
        middle = np.array(
            [center.get(name, _PRIOR.get(name, 0.0)) for name in self.names]
        )
        beta = middle
        for _ in range(_STEPS):
            value, slope, curvature = self._likelihood(beta)
            step = np.linalg.solve(
                curvature + np.diag(self.penalty),
                slope - self.penalty * (beta - middle),
            )
            # Far from the maximum the curve says little, and a step may go too far.
            best = value - self._ridge(beta - middle)
            for _ in range(_HALVINGS):
                if self._value(beta + step) - self._ridge(beta + step - middle) >= best:
                    break
                step = step / 2
            beta = beta + step
            if np.abs(step).max(initial=0.0) < _SETTLED:
                break
        return beta

    def _ridge(self, distance: FloatArray) -> float:
        return 0.5 * float(self.penalty @ distance**2)

    def _value(self, beta: FloatArray) -> float:
        """Return the log-likelihood."""
        return sum(block.value(block.scores(beta)) for block in self.blocks)

    def _likelihood(self, beta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return the log-likelihood, its slope (c,) and minus its curvature (c, c)."""
        value, slope = 0.0, np.zeros(len(beta))
        curvature = np.zeros((len(beta), len(beta)))
        for block in self.blocks:
            scores = block.scores(beta)
            value += block.value(scores)
            slope[block.columns] += block.slope(scores)
            place = np.ix_(block.columns, block.columns)
            curvature[place] += block.curvature(scores)
        return value, slope, curvature


class _Task:
    """What one room has to teach about one state."""

    def __init__(
        self, training: TrainingSet, profile: Profile, *, occupied: bool
    ) -> None:
        rows = np.flatnonzero(training.samples.occupied == occupied)
        rows = rows[:: max(1, -(-len(rows) // _MOST_SAMPLES))]
        self._occupied = occupied
        self._samples = training.samples.take(rows)
        self._outcomes = training.outcomes.take(rows)
        self._scaling = Scaling.of(self._samples)
        self._profile = profile
        self._weight = _row_weight(self._samples)

    def problem(self, most: int | None = None) -> _Problem:
        """Return the regression on so many samples, all where not said."""
        step = 1 if most is None else max(1, -(-len(self._samples) // most))
        chosen = np.arange(0, len(self._samples), step)
        samples = self._samples.take(chosen)
        rows, bins, labels = _rows(samples, self._outcomes.take(chosen))
        design = build(
            samples,
            self._scaling,
            self._profile,
            rows,
            bins,
            occupied=self._occupied,
            leave_out_day=True,
        )
        weight = np.full(len(rows), min(self._weight * step, _ROW_WEIGHT_MOST))
        blocks = (
            _Block(
                block.columns,
                block.values,
                labels[block.rows].astype(np.float32),
                weight[block.rows].astype(np.float32),
            )
            for block in design.blocks()
        )
        return _Problem(design.names, design.penalty, tuple(blocks))

    def fit(self, center: Mapping[str, float]) -> dict[str, np.ndarray]:
        """Fit the room around coefficients by column name."""
        problem = self.problem()
        return {
            "columns": np.array(problem.names),
            "coefficients": problem.solve(center),
            **self._scaling.to_arrays(),
        }


def _row_weight(samples: Samples) -> float:
    if len(samples) < 2:
        return _ROW_WEIGHT
    spacing = float(np.median(np.diff(samples.origin))) / 300.0
    return min(_ROW_WEIGHT * max(spacing, 1.0), _ROW_WEIGHT_MOST)


def _rows(samples: Samples, outcomes: Outcomes) -> tuple[IntArray, IntArray, BoolArray]:
    """Return sample, bin and label of each row: the bins reached and possible."""
    last = last_bin(outcomes)
    # A bin in which one stopped looking was not seen to its end.
    seen = np.arange(BINS)[None] < (last + outcomes.observed)[:, None]
    rows, bins = np.nonzero(seen & at_risk(samples))
    return rows, bins, (bins == last[rows]) & outcomes.observed[rows]


def _fit_shared(tasks: list[_Task]) -> dict[str, float]:
    """Return coefficients of the columns that mean the same in every room."""
    problems = [task.problem(_SHARED_SAMPLES) for task in tasks]
    if not problems:
        return {}
    kept = [is_shared(problem.names) for problem in problems]
    names = tuple(np.array(problems[0].names)[kept[0]].tolist())
    blocks = tuple(
        block.only(chosen)
        for problem, chosen in zip(problems, kept, strict=True)
        for block in problem.blocks
    )
    whole = _Problem(names, problems[0].penalty[kept[0]], blocks)
    return dict(zip(names, whole.solve({}).tolist(), strict=True))


def _logistic(value: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))
