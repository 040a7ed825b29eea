"""How wide an interval has to be to hold what it promises, per room and direction.

Adaptive conformal inference (Gibbs & Candes 2021): after each spell the share that is
left outside moves a little against the error that was made, so that in the long run as
many transitions lie inside as is promised, whatever the distributions are like.
"""

import numpy as np

from .distribution import bin_index, probability_within
from .samples import Outcomes, Samples
from .types import BINS, FloatArray

# Share of the transitions outside of the shown interval, half on either side.
OUTSIDE = 0.2
# How far one spell moves it, as a share of the error: some hundred spells are seen
# in a month, and their luck must not show.
_PACE = 0.01
# The interval neither shrinks to nothing nor grows to everything.
_BOUNDS = (0.05, 0.4)
# Two moments closer than this (min) are one: times are kept in milliseconds.
_AT_ONCE = 1e-3


def learn_outside(cdf: FloatArray, samples: Samples, outcomes: Outcomes) -> FloatArray:
    """Return what to leave outside, vacant and occupied, (2,).

    ``cdf`` (n, BINS) are out-of-sample forecasts of one room.
    """
    result = np.full(2, OUTSIDE)
    known = outcomes.known
    least = _least_outside(cdf, samples, outcomes)
    begun = samples.origin - samples.elapsed * 60
    for state in (0, 1):
        rows = np.flatnonzero(known & (samples.occupied == bool(state)))
        rows = rows[np.argsort(samples.origin[rows], kind="stable")]
        # The moments of one spell are one observation.
        breaks = np.flatnonzero(np.diff(np.round(begun[rows])) > 1) + 1
        outside = OUTSIDE
        for spell in np.split(least[rows], breaks):
            if len(spell):
                missed = float((spell < outside).mean())
                outside += _PACE * (OUTSIDE - missed)
                outside = min(max(outside, _BOUNDS[0]), _BOUNDS[1])
        result[state] = outside
    return result


def _least_outside(cdf: FloatArray, samples: Samples, outcomes: Outcomes) -> FloatArray:
    """Return the largest share outside at which the outcome is still inside, (n,)."""
    rows = np.arange(len(cdf))
    before = after = probability_within(cdf, outcomes.remaining)
    # All that happens as the delay runs out happens at one moment.
    index = np.minimum(bin_index(outcomes.remaining), BINS - 1)
    jump = np.abs(outcomes.remaining - samples.at_once) <= _AT_ONCE
    low = np.where(index > 0, cdf[rows, np.maximum(index - 1, 0)], 0.0)
    before = np.where(jump, low, before)
    after = np.where(jump, cdf[rows, index], after)
    # "Later than a day" lies above the last number, and the end of the interval is open.
    later = ~outcomes.observed
    before = np.where(later, cdf[:, -1], before)
    after = np.where(later, 1.0, after)
    return np.minimum(2 * after, 2 * (1 - before))
