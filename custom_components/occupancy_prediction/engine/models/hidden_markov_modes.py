"""A hidden Markov model with Gaussian observations, fitted by EM.

Baum & Petrie 1966; expectation-maximization with conjugate priors as in hmmlearn,
which does the same step where it is installed, compiled. Sequences are of any length
and independent of each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
import importlib

import numpy as np

from ..types import FloatArray, IntArray

# Priors, in pseudo-observations of standardized numbers: a mode that is hardly ever
# visited looks like the average day, and no mode becomes a point.
_MEAN_WEIGHT = 1.0
_VARIANCE_WEIGHT = 20.0
_START_PRIOR = 2.0
_TRANSITION_PRIOR = 1.1
# Longest sequence (count): a day in steps of five minutes. Sequences are worked
# through side by side, so a long one is cut.
_LONGEST = 288
_CLUSTER_STEPS = 10
# EM stops after that many steps, or once a step gains less than this per moment.
_EM_STEPS = 15
_EM_GAIN = 1e-3


@dataclass(frozen=True, slots=True)
class Modes:
    """Parameters. Shapes: ``start`` (m,), ``transitions`` (m, m), others (m, d)."""

    start: FloatArray
    transitions: FloatArray
    means: FloatArray
    variances: FloatArray

    @classmethod
    def unknown(cls, count: int, columns: int) -> Modes:
        """Return modes of which nothing is known: they are all alike."""
        return cls(
            np.full(count, 1 / count),
            np.full((count, count), 1 / count),
            np.zeros((count, columns)),
            np.ones((count, columns)),
        )

    def log_density(self, values: FloatArray) -> FloatArray:
        """Return the log-density of observations (..., d) in each mode, (..., m).

        A NaN was not observed and says nothing.
        """
        squares = (values[..., None, :] - self.means) ** 2 / self.variances
        terms = squares + np.log(2 * np.pi * self.variances)
        return np.asarray(-0.5 * np.nansum(terms, axis=-1), np.float64)


type Step = Callable[[Modes, FloatArray, IntArray], tuple[Modes, float]]


def sequences(origin: FloatArray) -> tuple[IntArray, float]:
    """Return lengths of runs of evenly spaced moments (s), and their spacing (min)."""
    gaps = np.diff(origin)
    spacing = float(np.median(gaps)) if len(gaps) else 300.0
    breaks = np.flatnonzero(gaps > 1.5 * spacing) + 1
    bounds = np.r_[0, breaks, len(origin)]
    lengths: list[int] = []
    for run in np.diff(bounds).tolist():
        lengths += [_LONGEST] * (run // _LONGEST)
        if run % _LONGEST:
            lengths.append(run % _LONGEST)
    return np.array(lengths, np.int64), spacing / 60.0


def fit_modes(
    values: FloatArray, lengths: IntArray, count: int, seed: int, step: Step
) -> Modes:
    """Return modes fitted to standardized observations (n, d), all finite."""
    modes = _first_guess(values, count, np.random.default_rng(seed))
    before = -np.inf
    for _ in range(_EM_STEPS):
        modes, likelihood = step(modes, values, lengths)
        if likelihood - before < _EM_GAIN * len(values):
            break
        before = likelihood
    return modes


def fastest_step() -> Step:
    """Return hmmlearn's step where it can be imported, else the one here."""
    try:
        return hmmlearn_step()
    except ImportError:
        return numpy_step


def hmmlearn_step() -> Step:
    """Return a step of EM done by hmmlearn, or raise ``ImportError``."""
    library = importlib.import_module("hmmlearn.hmm")

    def step(
        modes: Modes, values: FloatArray, lengths: IntArray
    ) -> tuple[Modes, float]:
        model = library.GaussianHMM(
            len(modes.start),
            covariance_type="diag",
            startprob_prior=_START_PRIOR,
            transmat_prior=_TRANSITION_PRIOR,
            means_weight=_MEAN_WEIGHT,
            covars_prior=_VARIANCE_WEIGHT,
            covars_weight=_VARIANCE_WEIGHT + 1,
            n_iter=1,
            init_params="",
        )
        model.startprob_, model.transmat_ = modes.start, modes.transitions
        model.means_, model.covars_ = modes.means, modes.variances
        model.fit(values, lengths)
        diagonals = np.diagonal(model.covars_, axis1=1, axis2=2)
        fitted = Modes(
            model.startprob_, model.transmat_, model.means_, np.array(diagonals)
        )
        return fitted, float(model.monitor_.history[-1])

    return step


def numpy_step(
    modes: Modes, values: FloatArray, lengths: IntArray
) -> tuple[Modes, float]:
    """Return the modes after a step of EM, and the log-likelihood before it."""
    inside, order = _side_by_side(lengths)
    log_density = modes.log_density(values)
    highest = log_density.max(1)
    density = np.ones((*inside.shape, len(modes.start)))
    density[inside] = np.exp(log_density - highest[:, None])[order]
    forward, scale = _forward(modes, density, inside)
    backward = _backward(modes, density, scale, inside)
    likelihood = float(highest.sum() + np.log(scale[inside]).sum())
    share = (forward * backward)[inside]
    arrived = density * backward / scale[..., None] * inside[..., None]
    moved = modes.transitions * np.einsum(
        "sti,stj->ij", forward[:, :-1], arrived[:, 1:]
    )
    weight = share.sum(0)[:, None]
    first, second = share.T @ values[order], share.T @ values[order] ** 2
    means = first / (_MEAN_WEIGHT + weight)
    spread = second - 2 * means * first + means**2 * weight
    variances = (_VARIANCE_WEIGHT + _MEAN_WEIGHT * means**2 + spread) / (
        _VARIANCE_WEIGHT + weight
    )
    start = (forward * backward)[:, 0].sum(0) + _START_PRIOR - 1
    moved = moved + _TRANSITION_PRIOR - 1
    fitted = Modes(
        start / start.sum(), moved / moved.sum(1, keepdims=True), means, variances
    )
    return fitted, likelihood


def _side_by_side(lengths: IntArray) -> tuple[np.ndarray, IntArray]:
    """Return where moments lie in a (sequence, time) table, and their order in it."""
    times = np.arange(int(lengths.max(initial=1)))
    inside = times[None] < lengths[:, None]
    starts = np.cumsum(lengths) - lengths
    return inside, (starts[:, None] + times[None])[inside]


def _forward(
    modes: Modes, density: FloatArray, inside: np.ndarray
) -> tuple[FloatArray, FloatArray]:
    forward = np.zeros_like(density)
    scale = np.ones(inside.shape)
    state = np.broadcast_to(modes.start, density[:, 0].shape)
    for time in range(density.shape[1]):
        joint = (state @ modes.transitions if time else state) * density[:, time]
        scale[:, time] = np.where(inside[:, time], joint.sum(1), 1.0)
        state = joint / joint.sum(1, keepdims=True)
        forward[:, time] = state
    return forward, scale


def _backward(
    modes: Modes, density: FloatArray, scale: FloatArray, inside: np.ndarray
) -> FloatArray:
    backward = np.ones_like(density)
    for time in range(density.shape[1] - 2, -1, -1):
        later = density[:, time + 1] * backward[:, time + 1] / scale[:, time + 1, None]
        backward[:, time] = np.where(
            inside[:, time + 1, None], later @ modes.transitions.T, 1.0
        )
    return backward


def _first_guess(
    values: FloatArray, count: int, generator: np.random.Generator
) -> Modes:
    """Return clusters (Lloyd 1982) as modes that last."""
    # Spread out: each further center is far from those before it.
    centers = [values[generator.integers(len(values))]]
    for _ in range(count - 1):
        near = np.min([((values - center) ** 2).sum(1) for center in centers], axis=0)
        total = near.sum()
        chance = near / total if total > 0 else np.full(len(values), 1 / len(values))
        centers.append(values[generator.choice(len(values), p=chance)])
    means = np.array(centers)
    label = np.zeros(len(values), np.int64)
    for _ in range(_CLUSTER_STEPS):
        label = np.argmin(((values[:, None] - means[None]) ** 2).sum(2), axis=1)
        for mode in range(count):
            if (label == mode).any():
                means[mode] = values[label == mode].mean(0)
    member = (label[:, None] == np.arange(count)).astype(np.float64)
    weight = member.sum(0)[:, None]
    squares = member.T @ (values - means[label]) ** 2
    return Modes(
        np.full(count, 1 / count),
        np.full((count, count), 0.1 / count) + 0.9 * np.eye(count),
        means,
        (_VARIANCE_WEIGHT + squares) / (_VARIANCE_WEIGHT + weight),
    )
