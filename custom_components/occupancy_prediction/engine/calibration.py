"""Making "how sure" true, learned only from out-of-sample forecasts.

The raw probability that the transition comes within 20 min of the predicted
time is mapped by a logistic regression of two numbers (Platt 1999), shrunk to
leaving it as it is. "Reliable" starts where, on those forecasts of all rooms
together, the promise held with a margin: a room alone has too few to tell luck
from merit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from .config import EngineConfig
from .distribution import quantile, within_tolerance
from .interval import OUTSIDE, learn_outside
from .pit_map import IDENTITY, learn_pit_map, mapped
from .regression import logistic, logit, ridge_logistic
from .samples import Outcomes, Samples
from .types import BoolArray, FloatArray

# Precision, in forecasts that count, with which intercept and slope are held to 0 and
# 1; one forecast weighs a quarter of that at most, where it is undecided.
_PENALTY = 20.0
# Rows minutes apart repeat each other; this share of each counts.
_ROW_WEIGHT = 0.1
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

    Shapes: ``coefficients`` (2, 2) intercept and slope on the logit of the confidence,
    ``thresholds`` (2,) confidence from which a forecast is reliable, ``pit_map``
    (2, 2) of the distributions, ``outside`` (2,) the share of the distribution that
    is outside of the shown interval.
    """

    coefficients: FloatArray
    thresholds: FloatArray
    pit_map: FloatArray
    outside: FloatArray

    @classmethod
    def identity(cls) -> Calibration:
        """Return the calibration before anything was learned."""
        return cls(
            np.array([[0.0, 1.0], [0.0, 1.0]]),
            np.full(2, NEVER),
            IDENTITY.copy(),
            np.full(2, OUTSIDE),
        )

    def distributions(self, cdf: FloatArray, samples: Samples) -> FloatArray:
        """Return pooled forecasts (n, BINS) as they are shown."""
        return mapped(cdf, self.pit_map, samples.occupied)

    def confidence(
        self, cdf: FloatArray, samples: Samples, tolerance: float = _TOLERANCE
    ) -> FloatArray:
        """Return the calibrated P(within 20 min of the median), shape (n,).

        ``cdf`` (n, BINS) are distributions as shown.
        """
        raw = within_tolerance(cdf, tolerance, samples.at_once)
        state = samples.occupied.astype(np.int64)
        intercept, slope = self.coefficients[state].T
        mapped = logistic(intercept + slope * logit(raw))
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

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the claims of all rooms, of which there is at least one."""
        return cls(
            *(
                np.concatenate([getattr(part, each.name) for part in parts])
                for each in fields(cls)
            )
        )

    def take(self, rows: BoolArray) -> Self:
        """Return some of the claims."""
        return type(self)(*(getattr(self, each.name)[rows] for each in fields(self)))


def learn_calibrations(
    rooms: Mapping[str, HeldOut], config: EngineConfig
) -> dict[str, Calibration]:
    """Learn maps and intervals of each room, and what all rooms share."""
    if not rooms:
        return {}
    pit_map = learn_pit_map(
        np.concatenate([room.cdf for room in rooms.values()]),
        Samples.joined([room.samples for room in rooms.values()]),
        Outcomes.joined([room.outcomes for room in rooms.values()]),
        config,
    )
    learned: dict[str, Calibration] = {}
    claims: list[_Claims] = []
    for room_id, room in rooms.items():
        cdf = mapped(room.cdf, pit_map, room.samples.occupied)
        calibration, claimed = _learn_room(replace(room, cdf=cdf), config)
        learned[room_id] = replace(calibration, pit_map=pit_map)
        claims.append(claimed)
    thresholds = _thresholds(_Claims.joined(claims), config)
    return {
        room_id: replace(calibration, thresholds=thresholds)
        for room_id, calibration in learned.items()
    }


def _learn_room(held_out: HeldOut, config: EngineConfig) -> tuple[Calibration, _Claims]:
    """Return what a room has of its own, and what it claimed; as shown."""
    cdf, samples, outcomes = held_out.cdf, held_out.samples, held_out.outcomes
    calibration = replace(
        Calibration.identity(), outside=learn_outside(cdf, samples, outcomes)
    )
    known = outcomes.known
    median = quantile(cdf, 0.5, samples.at_once)
    error = np.abs(median - outcomes.remaining)
    hit = outcomes.observed & (error <= config.reliable_tolerance)
    raw = within_tolerance(cdf, config.reliable_tolerance, samples.at_once)
    for state in (0, 1):
        rows = known & (samples.occupied == bool(state)) & (raw > 0)
        if rows.any():
            calibration.coefficients[state] = _platt(logit(raw[rows]), hit[rows])
    confidence = calibration.confidence(cdf, samples, config.reliable_tolerance)
    return calibration, _Claims(
        samples.occupied[known], confidence[known], hit[known], error[known]
    )


def _thresholds(claims: _Claims, config: EngineConfig) -> FloatArray:
    """Return the thresholds of the two states, (2,), that mark the most forecasts.

    Either each state keeps the promise by itself, or both together do from the same
    confidence on: the promise is about all that is marked, but neither state may rest
    on the other for more than ``reliable_state_target`` allows.
    """
    states = [claims.take(claims.occupied == bool(state)) for state in (0, 1)]
    apart = np.array([_threshold(state, config) for state in states])
    together = np.full(2, _threshold(claims, config))
    for place, state in enumerate(states):
        marked = state.hit[state.confidence >= together[place]]
        if len(marked) and marked.mean() < config.reliable_state_target:
            return apart

    def marked_by(thresholds: FloatArray) -> int:
        least = thresholds[claims.occupied.astype(np.int64)]
        return int((claims.confidence >= least).sum())

    return max(apart, together, key=marked_by)


def _threshold(claims: _Claims, config: EngineConfig) -> float:
    """Return the lowest confidence above which the promise held on the whole.

    The share of hits is taken at its lower end: with few forecasts, or forecasts
    that repeat each other, a high share may be luck.
    """
    confidence, hit, error = claims.confidence, claims.hit, claims.error
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


def _platt(odds: FloatArray, hit: BoolArray) -> FloatArray:
    """Return intercept and slope of the map."""
    ones = np.ones_like(odds)
    intercept, slope = ridge_logistic(
        np.stack([ones, odds], axis=1),
        np.zeros_like(odds),
        hit,
        np.array([0.0, 1.0]),
        row_weight=_ROW_WEIGHT,
        penalty=_PENALTY,
    )
    if slope < _SLOPE_MINIMUM:
        # The level must still be right where the slope is held.
        slope = _SLOPE_MINIMUM
        (intercept,) = ridge_logistic(
            ones[:, None],
            slope * odds,
            hit,
            np.zeros(1),
            row_weight=_ROW_WEIGHT,
            penalty=_PENALTY,
        )
    return np.array([intercept, slope])
