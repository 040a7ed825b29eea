"""Making "how sure" true, learned only from out-of-sample forecasts.

The raw probability that the transition comes within 20 min of the predicted
time is mapped by a logistic regression of two numbers (Platt 1999), shrunk to
leaving it as it is. "Reliable" starts where, on those forecasts of all rooms
together, the promise held with a margin: a room alone has too few to tell luck
from merit. Vacant and occupied rooms have a threshold each, since vacant ones
keep it less.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .config import EngineConfig
from .distribution import quantile, within_tolerance
from .samples import Outcomes, Samples
from .types import HORIZON, BoolArray, FloatArray

# Precision, in forecasts, with which intercept and slope are held to 0 and 1; one
# forecast weighs a quarter of that at most, where it is undecided.
_SHRINKAGE = 200.0
# Rows minutes apart repeat each other; this share of each counts.
_ROW_WEIGHT = 0.1
_NEWTON_STEPS = 12
_STEP_MINIMUM = 1e-6
# More sure must never come out as less sure.
_SLOPE_MINIMUM = 0.05
# "Within 20 min" where no configuration says otherwise (min).
_TOLERANCE = EngineConfig().reliable_tolerance
# Variance of a hit that is assumed at least: nobody is right every time.
_SPREAD_MINIMUM = 0.02
# No threshold: nothing is marked reliable.
NEVER = 2.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Maps and thresholds per state (vacant, occupied).

    Shapes: ``coefficients`` (2, 2) intercept and slope on the logit,
    ``thresholds`` (2,) confidence from which a forecast is reliable.
    """

    coefficients: FloatArray
    thresholds: FloatArray

    @classmethod
    def identity(cls) -> Calibration:
        """Return the calibration before anything was learned."""
        return cls(np.array([[0.0, 1.0], [0.0, 1.0]]), np.full(2, NEVER))

    def confidence(
        self, cdf: FloatArray, samples: Samples, tolerance: float = _TOLERANCE
    ) -> FloatArray:
        """Return the calibrated P(within 20 min of the median), shape (n,)."""
        raw = within_tolerance(cdf, tolerance)
        state = samples.occupied.astype(np.int64)
        intercept, slope = self.coefficients[state].T
        mapped = _logistic(intercept + slope * _logit(raw))
        # A median beyond the horizon names no minute to be sure of.
        return np.where(raw > 0, mapped, 0.0)

    def reliable(self, confidence: FloatArray, samples: Samples) -> BoolArray:
        """Tell which forecasts may claim their minute."""
        return confidence >= self.thresholds[samples.occupied.astype(np.int64)]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Out-of-sample pooled forecasts of a room, (n, BINS), and what came."""

    cdf: FloatArray
    samples: Samples
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class _Claims:
    """How sure forecasts were and how they fared; shapes (n,), ``error`` in min."""

    occupied: BoolArray
    confidence: FloatArray
    hit: BoolArray
    error: FloatArray


def learn_calibrations(
    rooms: Mapping[str, HeldOut], config: EngineConfig
) -> dict[str, Calibration]:
    """Learn a map for each room, and the thresholds that all rooms share."""
    maps: dict[str, FloatArray] = {}
    claims: list[_Claims] = []
    for room_id, held_out in rooms.items():
        maps[room_id], claimed = _learn_map(held_out, config)
        claims.append(claimed)
    thresholds = np.array([_threshold(claims, state, config) for state in (0, 1)])
    return {
        room_id: Calibration(coefficients, thresholds)
        for room_id, coefficients in maps.items()
    }


def _learn_map(held_out: HeldOut, config: EngineConfig) -> tuple[FloatArray, _Claims]:
    cdf, samples, outcomes = held_out.cdf, held_out.samples, held_out.outcomes
    calibration = Calibration.identity()
    known = outcomes.observed | (outcomes.remaining >= HORIZON)
    median = quantile(cdf, 0.5)
    error = np.abs(median - outcomes.remaining)
    hit = outcomes.observed & (error <= config.reliable_tolerance)
    raw = within_tolerance(cdf, config.reliable_tolerance)
    for state in (0, 1):
        rows = known & (samples.occupied == bool(state)) & (raw > 0)
        if rows.any():
            calibration.coefficients[state] = _platt(_logit(raw[rows]), hit[rows])
    confidence = calibration.confidence(cdf, samples, config.reliable_tolerance)
    return calibration.coefficients, _Claims(
        samples.occupied[known], confidence[known], hit[known], error[known]
    )


def _threshold(claims: list[_Claims], state: int, config: EngineConfig) -> float:
    """Return the lowest confidence above which the promise held on the whole.

    The share of hits is taken at its lower end: with few forecasts, or forecasts
    that repeat each other, a high share may be luck.
    """
    rows = [each.occupied == bool(state) for each in claims]
    confidence, hit, error = (
        np.concatenate(
            [np.zeros(0), *(c[r] for c, r in zip(column, rows, strict=True))]
        )
        for column in (
            [each.confidence for each in claims],
            [each.hit for each in claims],
            [each.error for each in claims],
        )
    )
    order = np.argsort(-confidence, kind="stable")
    count = np.arange(1, len(order) + 1)
    share = np.cumsum(hit[order]) / count
    spread = np.maximum(share * (1 - share), _SPREAD_MINIMUM)
    lower = share - config.reliable_margin * np.sqrt(spread / (count * _ROW_WEIGHT))
    kept = (
        (lower >= config.reliable_target)
        & (np.cumsum(error[order]) / count < config.reliable_mean_error)
        & (count >= config.reliable_minimum)
    )
    # A threshold must fall between two different confidences.
    ordered = confidence[order]
    kept &= np.r_[ordered[1:] < ordered[:-1], True] if len(order) else kept
    last = np.flatnonzero(kept)
    return float(ordered[last[-1]]) if len(last) else NEVER


def _platt(logit: FloatArray, hit: BoolArray) -> FloatArray:
    """Return intercept and slope of the map."""
    ones = np.ones_like(logit)
    intercept, slope = _regression(
        np.stack([ones, logit], axis=1), np.zeros_like(logit), hit, np.array([0.0, 1.0])
    )
    if slope < _SLOPE_MINIMUM:
        # The level must still be right where the slope is held.
        slope = _SLOPE_MINIMUM
        (intercept,) = _regression(ones[:, None], slope * logit, hit, np.zeros(1))
    return np.array([intercept, slope])


def _regression(
    design: FloatArray, offset: FloatArray, hit: BoolArray, center: FloatArray
) -> FloatArray:
    """Return the logistic regression pulled to ``center``, by damped Newton steps."""
    penalty = _SHRINKAGE * _ROW_WEIGHT

    def loss(beta: FloatArray) -> float:
        value = offset + design @ beta
        misfit = np.logaddexp(0.0, value) - hit * value
        distance = beta - center
        return float(_ROW_WEIGHT * misfit.sum() + penalty / 2 * distance @ distance)

    beta = center
    for _ in range(_NEWTON_STEPS):
        said = _logistic(offset + design @ beta)
        gradient = _ROW_WEIGHT * design.T @ (hit - said) - penalty * (beta - center)
        spread = (said * (1 - said))[:, None]
        curvature = _ROW_WEIGHT * (design * spread).T @ design
        step = np.linalg.solve(curvature + penalty * np.eye(len(center)), gradient)
        # A full step from where the curve is flat would overshoot without end.
        before = loss(beta)
        while loss(beta + step) > before and np.abs(step).max() > _STEP_MINIMUM:
            step = step / 2
        beta = beta + step
    return beta


def _logit(probability: FloatArray) -> FloatArray:
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped))


def _logistic(value: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))
