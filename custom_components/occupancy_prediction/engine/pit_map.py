"""Making distributions mean what they say, learned only from out-of-sample forecasts.

The probability integral transform of a calibrated forecaster is uniform. Where it is
not, a smooth monotone map of two numbers per state straightens it: logit F' = a + b
logit F (Cox 1958), for the chance of a change within each of several horizons at
once. It is shrunk to leaving the forecasts as they are.
"""

import numpy as np

from .config import EngineConfig
from .distribution import probability_within
from .regression import logistic, logit, ridge_logistic
from .samples import Outcomes, Samples
from .types import BoolArray, FloatArray

# Leaves everything as it is: a and b of a vacant and of an occupied room.
IDENTITY: FloatArray = np.array([[0.0, 1.0], [0.0, 1.0]])
# Horizons at which the map is fitted (min), as many per octave early and late.
_HORIZONS = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
# Precision, in questions that count, with which a and b are held to 0 and 1.
_PENALTY = 20.0
# Rows minutes apart repeat each other, and so do the horizons of one row: this share
# of each counts.
_ROW_WEIGHT = 0.02
# A steeper or flatter map would be of too few days (b).
_SLOPES = (0.7, 1.4)
_DAY = 86400.0


def mapped(cdf: FloatArray, pit_map: FloatArray, occupied: BoolArray) -> FloatArray:
    """Return the distributions (n, BINS) as the map has them; 0 and 1 stay."""
    level, slope = pit_map[occupied.astype(np.int64)].T[..., None]
    inside = (cdf > 0) & (cdf < 1)
    clipped = np.clip(cdf, 1e-9, 1 - 1e-9)
    odds = level + slope * np.log(clipped / (1 - clipped))
    return np.where(inside, logistic(odds), cdf)


def learn_pit_map(
    cdf: FloatArray, samples: Samples, outcomes: Outcomes, config: EngineConfig
) -> FloatArray:
    """Return the map of the forecasts of all rooms, (2, 2); see ``IDENTITY``.

    With forecasts of fewer days than ``pit_map_days`` it is the identity.
    """
    result = IDENTITY.copy()
    if not len(samples) or np.ptp(samples.origin) < config.pit_map_days * _DAY:
        return result
    for state in (0, 1):
        rows = samples.occupied == bool(state)
        result[state] = _fit(cdf[rows], outcomes.take(rows))
    return result


def _fit(cdf: FloatArray, outcomes: Outcomes) -> FloatArray:
    said, happened = [np.zeros(0)], [np.zeros(0, np.bool_)]
    for horizon in _HORIZONS:
        asked = probability_within(cdf, np.full(len(cdf), horizon))
        came = outcomes.observed & (outcomes.remaining <= horizon)
        # One that was cut off before says nothing, what the definition of vacancy
        # rules out nothing new.
        told = (came | (outcomes.remaining >= horizon)) & (asked > 0) & (asked < 1)
        said.append(asked[told])
        happened.append(came[told])
    odds = logit(np.concatenate(said))
    level, slope = ridge_logistic(
        np.stack([np.ones_like(odds), odds], axis=1),
        np.zeros_like(odds),
        np.concatenate(happened),
        IDENTITY[0],
        row_weight=_ROW_WEIGHT,
        penalty=_PENALTY,
    )
    return np.array([level, np.clip(slope, *_SLOPES)])
