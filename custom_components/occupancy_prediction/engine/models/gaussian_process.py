"""How much likelier than usual a change is at each hour of the week.

Per state and group of horizons a Gaussian process over the week, on the log-odds of
the hazard in each slot: what it gives is added to the log-odds usual for the room in
its phase. The hour asked is that of the slot, not of the question. Where an hour of
the week has told little, the process is unsure and falls back to the usual by itself;
the kernel is chosen per room by the probability of its counts. What is kept are
counts, so adding a day is exact.
"""

from collections.abc import Mapping
from itertools import product
from typing import ClassVar

import numpy as np

from ..config import EngineConfig
from ..samples import Samples, TrainingSet
from ..types import FloatArray, IntArray
from .base import Arrays, FitContext, fit_each
from .gaussian_process_week import Counts, Kernel, infer
from .phases import (
    GROUPS,
    HOURS_OF_WEEK,
    PHASE_STATES,
    SLOT_GROUPS,
    from_slots,
    hours_ahead,
    phase_hazards,
    phase_of,
    week_table,
)

# Kernels among which each room chooses: log-odds that vary by a third, a half or
# one; the same every day, or mostly not.
_KERNELS = tuple(Kernel(*choice) for choice in product((0.1, 0.3, 1.0), (0.2, 0.6)))
# Moments 5 min apart see the same transition many times; each counts as this
# share of an observation.
_ROW_WEIGHT = 0.1
# Counts are kept in two bytes: a year of moments every 5 min fits twenty times.
_MOST = 65_535
_LOG_ODDS = 12.0  # beyond which a chance is as good as none


class GaussianProcess:
    """Hazard over the hours of the week."""

    name: ClassVar[str] = "gaussian_process"
    share: ClassVar[float] = 0.02
    counts: ClassVar[bool] = True

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Count, choose each room's kernel and infer."""
        return fit_each(
            rooms,
            context,
            lambda training: _learned(_counted(training), context.config),
        )

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Add the new counts and infer again."""
        summed = {
            name: arrays[name].astype(np.int64) + new
            for name, new in _counted(training).items()
        }
        return _learned(summed, context.config)

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the distributions of the inferred hazards."""
        state = samples.occupied.astype(np.int64)[:, None]
        odds = (
            arrays["usual"][phase_of(samples)]
            + arrays["off"][state, SLOT_GROUPS[None], hours_ahead(samples)]
        ).astype(np.float64)
        survival = np.cumprod(1 / (1 + np.exp(odds)), axis=1)
        return from_slots(np.asarray(1 - survival, np.float64), samples.earliest)


def _counted(training: TrainingSet) -> dict[str, IntArray]:
    ended, looked = week_table(training.samples, training.outcomes)
    return {"ended": ended, "looked": looked}


def _learned(counts: Mapping[str, IntArray], config: EngineConfig) -> Arrays:
    kept = {name: np.minimum(array, _MOST) for name, array in counts.items()}
    ended, looked = (
        np.asarray(kept[name] * _ROW_WEIGHT, np.float64) for name in ("ended", "looked")
    )
    _, hazards = phase_hazards(ended.sum(1), looked.sum(1), config.shrinkage)
    usual = np.clip(np.log(hazards) - np.log1p(-hazards), -_LOG_ODDS, _LOG_ODDS)
    parts = _parts(ended, looked, usual)
    answers = [_answer(kernel, parts) for kernel in _KERNELS]
    best = int(np.argmax([evidence for _, evidence in answers]))
    kernel = _KERNELS[best]
    return {
        **{name: array.astype(np.uint16) for name, array in kept.items()},
        "kernel": np.array([kernel.variance, kernel.weekly]),
        "usual": usual.astype(np.float32),
        "off": answers[best][0].astype(np.float32),
    }


def _parts(
    ended: FloatArray, looked: FloatArray, usual: FloatArray
) -> dict[tuple[int, int], Counts]:
    """Return the counts of each state and group, as far as there are any."""
    parts: dict[tuple[int, int], Counts] = {}
    for state, group in product((0, 1), range(GROUPS)):
        # Every phase of the state in every slot of the group.
        chosen = (looked.sum(1) > 0) & np.equal(SLOT_GROUPS, group)
        phase, slot = np.nonzero(chosen & np.equal(PHASE_STATES, state)[:, None])
        if len(phase):
            parts[state, group] = Counts(
                ended[phase, :, slot].T,
                looked[phase, :, slot].T,
                np.broadcast_to(usual[phase, slot], (HOURS_OF_WEEK, len(phase))),
            )
    return parts


def _answer(
    kernel: Kernel, parts: Mapping[tuple[int, int], Counts]
) -> tuple[FloatArray, float]:
    """Return log-odds by state, group and hour, and how probable the counts are."""
    covariance, evidence = kernel.matrix(), 0.0
    off = np.zeros((2, GROUPS, HOURS_OF_WEEK))
    for place, counts in parts.items():
        posterior = infer(covariance, counts)
        off[place] = posterior.mean
        evidence += posterior.evidence
    return off, evidence
