"""A logistic regression of the hazard in each bin.

Discrete-time survival analysis (Cox 1972; Allison 1982): a row per moment and
bin reached, the label whether the change fell into it, fitted by iteratively
reweighted least squares with a ridge. The ridge pulls a room to the same model
fitted over all rooms, as far as their columns mean the same.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ..config import EngineConfig
from ..distribution import bin_index, from_hazards
from ..samples import Outcomes, Samples, TrainingSet
from ..types import BINS, FloatArray, IntArray
from .base import Arrays, FitContext, Profile
from .hazard_design import Design, Scaling, at_risk, build, shared

# Rows minutes apart see the same transition again and again: each counts as this
# share of an observation against the ridge (per 5 min of spacing).
_ROW_WEIGHT = 0.03
_ROW_WEIGHT_MOST = 0.15
_STEPS = 6
# Samples of each room and state in the model over all rooms: enough for what rooms
# have in common.
_SHARED_SAMPLES = 1200
# The hazard of the reference forecast is taken at nearly its word.
_REFERENCE_PRIOR = 0.8
# Samples of a room and state that are learned from at most.
_MOST_SAMPLES = 5000


class Hazard:
    """Ridge-penalized logistic hazard."""

    name: ClassVar[str] = "hazard"
    share: ClassVar[float] = 1.0
    counts: ClassVar[bool] = False

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Fit all rooms together, then each room around what they share."""
        result: dict[str, dict[str, np.ndarray]] = {room_id: {} for room_id in rooms}
        work = 2 * (len(rooms) + 1)
        for state in (0, 1):
            done = state * (len(rooms) + 1)
            context.checkpoint(done / work)
            tasks = {
                room_id: _Task(training, state) for room_id, training in rooms.items()
            }
            center = _fit_shared(list(tasks.values()))
            for number, (room_id, task) in enumerate(tasks.items()):
                context.checkpoint((done + 1 + number) / work)
                arrays = task.fit(center)
                result[room_id] |= {f"{k}{state}": v for k, v in arrays.items()}
        return {room_id: arrays for room_id, arrays in result.items()}

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Bring the usual occupancy up to date; coefficients wait for a training."""
        updated = dict(arrays)
        for state in (0, 1):
            profile = Profile.from_arrays(arrays, str(state)).add(training.samples)
            updated |= profile.to_arrays(str(state))
        return updated

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the distributions of the fitted hazards."""
        hazards = np.zeros((len(samples), BINS))
        for state in (0, 1):
            chosen = np.flatnonzero(samples.occupied == bool(state))
            if len(chosen):
                hazards[chosen] = _hazards(arrays, samples.take(chosen), str(state))
        return from_hazards(hazards)


def _hazards(arrays: Arrays, samples: Samples, suffix: str) -> FloatArray:
    scaling = Scaling(
        tuple(str(name) for name in arrays[f"features{suffix}"]),
        arrays[f"mean{suffix}"],
        arrays[f"spread{suffix}"],
    )
    rows, bins = np.nonzero(at_risk(samples))
    profile = Profile.from_arrays(arrays, suffix)
    design = build(samples, scaling, profile, rows, bins, leave_out_day=False)
    weights = arrays[f"coefficients{suffix}"]
    names = tuple(str(name) for name in arrays[f"columns{suffix}"])
    if names != design.names:
        # Without a reference forecast its column is missing.
        known = dict(zip(names, weights, strict=True))
        weights = np.array([known.get(name, 0.0) for name in design.names])
    hazards = np.zeros((len(samples), BINS))
    hazards[rows, bins] = _logistic(design.values @ weights.astype(np.float32))
    return hazards


class _Task:
    """What one room has to teach about one state."""

    def __init__(self, training: TrainingSet, state: int) -> None:
        rows = np.flatnonzero(training.samples.occupied == bool(state))
        rows = rows[:: max(1, -(-len(rows) // _MOST_SAMPLES))]
        self._samples = training.samples.take(rows)
        self._outcomes = training.outcomes.take(rows)
        self._scaling = Scaling.of(self._samples)
        self._profile = Profile.of(training.samples)
        self._weight = _row_weight(self._samples)

    def rows(self, most: int | None = None) -> tuple[Design, FloatArray, FloatArray]:
        """Return the design, the labels and the weights of the rows."""
        step = 1 if most is None else max(1, -(-len(self._samples) // most))
        chosen = np.arange(0, len(self._samples), step)
        samples = self._samples.take(chosen)
        rows, bins, labels = _rows(samples, self._outcomes.take(chosen))
        design = build(
            samples, self._scaling, self._profile, rows, bins, leave_out_day=True
        )
        weight = np.full(len(rows), min(self._weight * step, _ROW_WEIGHT_MOST))
        return design, labels, weight

    def fit(self, center: Mapping[str, float]) -> dict[str, np.ndarray]:
        """Fit the room around coefficients by column name."""
        design, labels, weight = self.rows()
        start = np.array([center.get(name, _prior(name)) for name in design.names])
        coefficients = _solve(design, labels, weight, start)
        return {
            "columns": np.array(design.names),
            "coefficients": coefficients,
            "features": np.array(self._scaling.names, np.str_),
            "mean": self._scaling.mean,
            "spread": self._scaling.spread,
            **self._profile.to_arrays(""),
        }


def _row_weight(samples: Samples) -> float:
    if len(samples) < 2:
        return _ROW_WEIGHT
    spacing = float(np.median(np.diff(samples.origin))) / 300.0
    return min(_ROW_WEIGHT * max(spacing, 1.0), _ROW_WEIGHT_MOST)


def _rows(
    samples: Samples, outcomes: Outcomes
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return sample, bin and label of each row: the bins reached and possible."""
    last = bin_index(outcomes.remaining)
    bins = np.arange(BINS)
    # A bin in which one stopped looking was not seen to its end.
    seen = bins[None] < (last + outcomes.observed)[:, None]
    rows, index = np.nonzero(seen & at_risk(samples))
    labels = (index == last[rows]) & outcomes.observed[rows]
    return rows, index, labels.astype(np.float32)


def _prior(name: str) -> float:
    if name == "reference":
        return _REFERENCE_PRIOR
    return 0.0


def _fit_shared(tasks: list[_Task]) -> dict[str, float]:
    """Return coefficients of the columns that mean the same in every room."""
    parts = [task.rows(_SHARED_SAMPLES) for task in tasks]
    parts = [part for part in parts if len(part[1])]
    if not parts:
        return {}
    kept = shared(parts[0][0].names)
    names = tuple(np.array(parts[0][0].names)[kept].tolist())
    design = Design(
        names,
        np.concatenate([d.values[:, shared(d.names)] for d, _, _ in parts]),
        parts[0][0].penalty[kept],
    )
    labels = np.concatenate([labels for _, labels, _ in parts])
    weight = np.concatenate([weight for _, _, weight in parts])
    start = np.array([_prior(name) for name in names])
    return dict(zip(names, _solve(design, labels, weight, start).tolist(), strict=True))


def _solve(
    design: Design, labels: FloatArray, weight: FloatArray, center: FloatArray
) -> FloatArray:
    """Return the ridge-penalized maximum of the likelihood around ``center``."""
    values, penalty = design.values, design.penalty
    beta = center.copy()
    if not len(labels):
        return beta
    weight = weight.astype(np.float32)
    for _ in range(_STEPS):
        said = _logistic(values @ beta.astype(np.float32))
        curvature = (values * (weight * said * (1 - said))[:, None]).T @ values
        gradient = values.T @ (weight * (labels - said))
        step = np.linalg.solve(
            curvature.astype(np.float64) + np.diag(penalty),
            gradient.astype(np.float64) - penalty * (beta - center),
        )
        # A step is bounded: far from the maximum the curve says little.
        beta = beta + np.clip(step, -2.0, 2.0)
    return beta


def _logistic(value: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))
