"""What the home is up to decides how long a room stays as it is.

A hidden Markov model tells modes of the whole home (asleep, out, about, ...) apart
by how much goes on, how long nothing has and the time of day; nobody names them.
Each mode has life tables of its own for the time of day, pulled to those of the room
whatever the mode. A forecast mixes them by the posterior of the modes, and the tables
are counted by that same posterior.

The posterior sees one moment's inputs and no other: it is a forward pass over the
past half-hours about which these inputs tell, namely those since the home was last
active (each then was as quiet as the quiet time says, at its own time of day), and
from a stationary start before them. It is not the filter over all that was ever
observed, and never looks ahead.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from ..config import EngineConfig
from ..samples import Samples, TrainingSet
from ..types import FloatArray
from .base import Arrays, FitContext, circular_distance, fit_each
from .hidden_markov_modes import Modes, fastest_step, fit_modes, numpy_step, sequences
from .phases import HOURS, SLOTS, from_slots, hour_table, phase_hazards, phase_of

# Enough for asleep, out, about, quiet evening, busy kitchen; more split days by the
# clock, which other members do better.
_MODES = 5
# Moments below which modes are not told apart (count): a day in 5 min steps.
_MOMENTS_MINIMUM = 288
# What is observed: quiet time, activity within windows (min), share of rooms occupied,
# then the clock as two harmonics.
_WINDOWS = (5.0, 30.0, 240.0)
_OBSERVED = 2 + len(_WINDOWS)
_COLUMNS = _OBSERVED + 4
_CLIP = 4.0  # standard deviations beyond which an observation tells no more
# The past is looked at in steps of about half an hour (min), half a day back: closer
# ones repeat each other, and make the posterior surer than it should be.
_LAG = 30.0
_LAGS = 24
# Moments 5 min apart see the same transition many times; each counts as this
# share of an observation where it is weighed against a coarser estimate.
_ROW_WEIGHT = 0.1
# Questions answered at once: bounds memory to a few MB.
_CHUNK = 512


class HiddenMarkov:
    """Life tables by mode of the home."""

    name: ClassVar[str] = "hidden_markov"
    share: ClassVar[float] = 0.02
    counts: ClassVar[bool] = False

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Learn the modes of the home, then each room's life tables in them."""
        if not rooms:
            return {}
        context.checkpoint(0.0)
        # The home is the same seen from any room: the one with the most to say.
        modes = _learn_modes(max((t.samples for t in rooms.values()), key=len), context)
        return fit_each(
            rooms, context, lambda training: modes | _count(modes, training)
        )

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Count what came; the modes wait for a training."""
        new = _count(arrays, training)
        return {**arrays, **{name: arrays[name] + new[name] for name in new}}

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the mixture of the modes' life tables."""
        ended, looked = (
            arrays[name].astype(np.float64) * _ROW_WEIGHT
            for name in ("ended", "looked")
        )
        _, usual = phase_hazards(
            ended.sum((0, 2)), looked.sum((0, 2)), config.shrinkage
        )
        share, phase = posterior(arrays, samples), phase_of(samples)
        near = _nearness(samples.clock, config.clock_width)
        reached = np.zeros((len(samples), SLOTS))
        for rows in _chunks(len(samples)):
            # (modes, rows, slots): what was counted near this time of day.
            some, seen = (
                np.einsum("mrhs,rh->mrs", table[:, phase[rows]], near[rows])
                for table in (ended, looked)
            )
            strength = config.shrinkage
            coarse = (some.sum(0) + strength * usual[phase[rows]]) / (
                seen.sum(0) + strength
            )
            hazards = (some + strength * coarse) / (seen + strength)
            alive = np.cumprod(1 - hazards, axis=-1)
            reached[rows] = np.einsum("rm,mrs->rs", share[rows], 1 - alive)
        return from_slots(reached, samples.earliest)


def _nearness(clock: FloatArray, width: float) -> FloatArray:
    """Return how near each hour of the day is to each time of day, (n, HOURS)."""
    centers = np.asarray(np.arange(HOURS) * 60.0 + 30.0, np.float64)
    distance = circular_distance(clock[:, None], centers[None])
    near: FloatArray = np.exp(-0.5 * (distance / width) ** 2)
    return near


def _chunks(count: int) -> Iterator[slice]:
    for first in range(0, count, _CHUNK):
        yield slice(first, min(first + _CHUNK, count))


def observations(samples: Samples) -> FloatArray:
    """Return what is seen of the home, (n, _COLUMNS); NaN where it is not known."""
    result = np.full((len(samples), _COLUMNS), np.nan)
    names = ["quiet_home", *(f"home_activations_{window:.0f}" for window in _WINDOWS)]
    for place, name in enumerate(names):
        column = samples.feature(name)
        if column is not None:
            result[:, place] = column
    others = samples.feature("rooms_occupied")
    if others is not None:
        count = sum(name.startswith("other_occupied@") for name in samples.names)
        result[:, _OBSERVED - 1] = (others * count + samples.occupied) / (count + 1)
    result[:, _OBSERVED:] = _clock(samples.clock)
    return result


def posterior(arrays: Arrays, samples: Samples) -> FloatArray:
    """Return the probability of each mode given a moment's inputs, (n, modes)."""
    modes = Modes(
        *(arrays[f"modes_{name}"] for name in ("share", "lagged", "means", "variances"))
    )
    result = np.zeros((len(samples), _MODES))
    seen = observations(samples)
    for rows in _chunks(len(samples)):
        result[rows] = _filtered(modes, seen[rows], samples.clock[rows], arrays)
    return result


def _filtered(
    modes: Modes, seen: FloatArray, clock: FloatArray, arrays: Arrays
) -> FloatArray:
    """Run the forward pass over the quiet half-hours before each moment."""
    lag = float(arrays["modes_lag"])
    back = np.arange(_LAGS, -1, -1) * lag
    # Minutes without activity up to then; negative where the home was active since.
    quiet = np.expm1(np.nan_to_num(seen[:, :1])) - back
    past = np.full((len(seen), _LAGS + 1, _COLUMNS), np.nan)
    past[:, :, 0] = np.log1p(np.maximum(quiet, 0.0))
    for place, window in enumerate(_WINDOWS, 1):
        past[:, :, place] = np.where(quiet >= window, 0.0, np.nan)
    past[:, :, _OBSERVED:] = _clock(clock[:, None] - back)
    past[:, -1] = seen
    log_density = modes.log_density(_standardized(past, arrays))
    density = np.exp(log_density - log_density.max(-1, keepdims=True))
    share = np.broadcast_to(modes.start, density[:, 0].shape)
    for step in range(_LAGS + 1):
        told = (quiet[:, step] >= 0) | (step == _LAGS)
        joint = (share @ modes.transitions) * density[:, step]
        joint /= joint.sum(1, keepdims=True)
        share = np.where(told[:, None], joint, modes.start)
    return share


def _standardized(values: FloatArray, arrays: Arrays) -> FloatArray:
    scaled = (values - arrays["modes_center"]) / arrays["modes_spread"]
    clipped: FloatArray = np.clip(scaled, -_CLIP, _CLIP)
    return clipped


def _clock(minutes: FloatArray) -> FloatArray:
    """Return two harmonics of the time of day, (..., 4)."""
    angle = 2 * np.pi * minutes / 1440.0
    waves = [wave(k * angle) for k in (1, 2) for wave in (np.sin, np.cos)]
    return np.stack(waves, axis=-1)


def _learn_modes(samples: Samples, context: FitContext) -> dict[str, np.ndarray]:
    seen = observations(samples)
    # What is not known at every moment is not learned from, nor asked for later.
    used = np.isfinite(seen).all(0) & (len(seen) > 0)
    seen = np.where(used, seen, 0.0)
    arrays = {
        "modes_center": seen.mean(0) if len(seen) else np.zeros(_COLUMNS),
        # A number that never changed tells nothing when it does.
        "modes_spread": np.full(_COLUMNS, 1e9),
    }
    if len(seen):
        spread = seen.std(0)
        arrays["modes_spread"] = np.where(used & (spread > 1e-6), spread, 1e9)
    modes, spacing = Modes.unknown(_MODES, _COLUMNS), 5.0
    if len(seen) >= _MOMENTS_MINIMUM:
        lengths, spacing = sequences(samples.origin)
        values = _standardized(seen, arrays)
        step = numpy_step if context.config.tier == "base" else fastest_step()
        modes = fit_modes(values, lengths, _MODES, context.seed, step)
    steps = max(1, round(_LAG / spacing))
    return arrays | {
        "modes_lag": np.array(steps * spacing),
        # Where the chain is after a long time, whatever it came from.
        "modes_share": np.linalg.matrix_power(modes.transitions, 1 << 16)[0],
        "modes_lagged": np.linalg.matrix_power(modes.transitions, steps),
        "modes_means": modes.means,
        "modes_variances": modes.variances,
    }


def _count(arrays: Arrays, training: TrainingSet) -> dict[str, np.ndarray]:
    share = posterior(arrays, training.samples)
    ended, looked = hour_table(training.samples, training.outcomes, share)
    return {"ended": ended.astype(np.float32), "looked": looked.astype(np.float32)}
