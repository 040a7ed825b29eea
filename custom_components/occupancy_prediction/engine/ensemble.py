"""The pool: the members' hazards, averaged as log-odds with convex weights.

The logarithmic pool (Genest & Zidek 1986) of each bin's hazard came closer on recorded
homes than the mixture of the distributions. Weights are kept per direction and issue
class (soon after a transition, or later), learned on forecasts of days the members were
not fitted on, and shrunk to their default shares: unlike members are pooled for
robustness, not to win a contest. What rooms of a kind commonly do has the first word
and gives way as the room's own past comes in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .config import EngineConfig
from .distribution import (
    bin_index,
    bin_masses,
    condition_on_later,
    from_hazards,
    hazards_of,
    is_valid,
    probability_within,
    with_floor,
)
from .models import BASIS, CORRECTING, MEMBERS, PRIOR, REFERENCE
from .models.base import Arrays
from .samples import Outcomes, Samples
from .types import BINS, BoolArray, FloatArray, IntArray

# Vacant and fresh, vacant, occupied and fresh, occupied.
CLASSES = 4
# Expectation-maximization of mixture weights converges in a few dozen steps.
_STEPS = 50
# Likelihood of what a member held to be impossible.
_SMALLEST = 1e-6
# No member can rule out alone what the others hold to be possible: no hazard counts
# as surer than this.
_SUREST = 1e-4


def issue_class(samples: Samples, config: EngineConfig) -> IntArray:
    """Return 0..3 per sample: vacant or occupied, fresh or later; shape (n,)."""
    later = samples.elapsed > config.fresh_minutes
    return samples.occupied.astype(np.int64) * 2 + later.astype(np.int64)


def default_weights(shares: Sequence[float] | None = None) -> FloatArray:
    """Return the weights before anything was learned, (CLASSES, members).

    ``shares`` are in any unit, those of MEMBERS where none are given.
    """
    if shares is None:
        shares = [member.share for member in MEMBERS]
    total = np.asarray(shares, np.float64) / max(sum(shares), 1e-12)
    return np.tile(total, (CLASSES, 1))


def with_prior(
    weights: FloatArray, spells: tuple[int, int], days: float, config: EngineConfig
) -> FloatArray:
    """Return the weights as they hold for so much of a past, (CLASSES, members).

    ``spells`` are those that ended, vacant and occupied: with none of a state, or no
    time observed, nobody but the prior knows how long it lasts.
    """
    completed = np.repeat(np.asarray(spells, np.float64), CLASSES // 2)
    known = completed / (completed + config.prior_spells)
    known = known * days / (days + config.prior_days)
    mixed = weights * known[:, None]
    mixed[:, MEMBERS.index(PRIOR)] += 1 - known
    return mixed


def learn_weights(
    forecasts: Sequence[FloatArray],
    samples: Samples,
    outcomes: Outcomes,
    config: EngineConfig,
    default: FloatArray,
) -> FloatArray:
    """Return weights (CLASSES, members) by the log score of forecasts.

    ``forecasts`` are the members' out-of-sample distributions, (n, BINS) each.
    Expectation-maximization for mixture proportions with a Dirichlet prior around
    ``default`` (Dempster, Laird & Rubin 1977).
    """
    default = _contrasted(default, config.pool_contrast)
    weights = default.copy()
    if not len(samples) or not forecasts:
        return weights
    likelihood = np.stack(
        [_likelihood(forecast, outcomes) for forecast in forecasts], axis=1
    )
    classes = issue_class(samples, config)
    for row in range(CLASSES):
        part = likelihood[classes == row]
        for _ in range(_STEPS if len(part) else 0):
            joint = part * weights[row]
            share = (joint / joint.sum(1, keepdims=True)).sum(0)
            prior = config.pool_shrinkage * default[row]
            weights[row] = (share + prior) / (len(part) + config.pool_shrinkage)
    return weights


def _contrasted(weights: FloatArray, contrast: float) -> FloatArray:
    """Return weights that differ more from each other, or less."""
    if contrast == 1.0:
        return weights
    raised = weights**contrast
    total: FloatArray = raised.sum(1, keepdims=True)
    return np.asarray(raised / total, np.float64)


def _likelihood(forecast: FloatArray, outcomes: Outcomes) -> FloatArray:
    index = np.minimum(bin_index(outcomes.remaining), BINS)
    inside = bin_masses(forecast)[np.arange(len(forecast)), index]
    later = 1 - probability_within(forecast, outcomes.remaining)
    # Where a member says nothing it is as wrong as a member can be.
    said = np.where(is_valid(forecast), np.where(outcomes.observed, inside, later), 0.0)
    return np.asarray(np.maximum(said, _SMALLEST), np.float64)


def pool_shares(
    forecasts: Sequence[FloatArray],
    weights: FloatArray,
    samples: Samples,
    config: EngineConfig,
) -> FloatArray:
    """Return each member's share of the mixture, (n, members), rows summing to 1.

    A row that is no distribution has no say. Where no member with a weight has
    anything to say, those without one speak; where nobody does, the row is 0.
    """
    said = np.stack(forecasts, axis=1)
    valid: BoolArray = is_valid(said.reshape(-1, BINS)).reshape(said.shape[:2])
    shares = np.where(valid, weights[issue_class(samples, config)], 0.0)
    shares = np.where(shares.sum(1, keepdims=True) > 0, shares, valid)
    total = shares.sum(1, keepdims=True)
    normalized: FloatArray = shares / np.where(total > 0, total, 1.0)
    return normalized


def pool(
    forecasts: Sequence[FloatArray],
    weights: FloatArray,
    samples: Samples,
    config: EngineConfig,
) -> FloatArray:
    """Return the pooled distributions, (n, BINS); see ``pool_shares``.

    Where nobody has a say, every bin is as likely as the next.
    """
    shares = pool_shares(forecasts, weights, samples, config)
    said = np.where(shares[..., None] > 0, np.stack(forecasts, axis=1), 0.0)
    log_odds = _log_odds(hazards_of(said.reshape(-1, BINS))).reshape(said.shape)
    pooled = from_hazards(1 / (1 + np.exp(-np.einsum("nm,nmb->nb", shares, log_odds))))
    unheard = np.arange(1, BINS + 1) / (BINS + 1)
    return np.where(shares.sum(1, keepdims=True) > 0, pooled, unheard)


def member_forecasts(
    members: Mapping[str, Arrays], samples: Samples, config: EngineConfig
) -> list[FloatArray]:
    """Return what each member says, (n, BINS) each, in the order of MEMBERS.

    A member without arrays says nothing: its rows are no distributions.
    """
    silent = np.full((len(samples), BINS), np.nan)
    if REFERENCE.name in members:
        reference = REFERENCE.hazards(members[REFERENCE.name], samples)
        samples = replace(samples, reference=reference)
    start = samples
    said: list[FloatArray] = []
    for member in MEMBERS:
        if member.name not in members:
            said.append(silent)
            continue
        asked = start if member.name in CORRECTING else samples
        said.append(member.predict(members[member.name], asked, config))
        if member is BASIS:
            start = with_start(samples, hazards_of(said[-1]))
    return said


def with_start(samples: Samples, basis: FloatArray) -> Samples:
    """Return samples with what those that correct start from.

    ``basis`` are the hazards (n, BINS) of BASIS. Halfway between them and the reference
    is a better forecast than either, and unlike in kind.
    """
    if not samples.reference.shape[1]:
        return replace(samples, reference=basis)
    halfway = (_log_odds(basis) + _log_odds(samples.reference)) / 2
    hazards = np.where(basis > 0, 1 / (1 + np.exp(-halfway)), 0.0)
    return replace(samples, reference=hazards)


def _log_odds(hazards: FloatArray) -> FloatArray:
    inside = np.clip(hazards, _SUREST, 1 - _SUREST)
    return np.asarray(np.log(inside / (1 - inside)), np.float64)


def pooled_forecast(
    forecasts: Sequence[FloatArray],
    weights: FloatArray,
    samples: Samples,
    config: EngineConfig,
) -> FloatArray:
    """Return the distributions shown to people, (n, BINS).

    The pool with nothing ruled out, except what the definition of vacancy
    rules out: before the delay is over the room cannot become vacant.
    """
    pooled = with_floor(pool(forecasts, weights, samples, config), config.floor)
    return condition_on_later(pooled, samples.earliest)
