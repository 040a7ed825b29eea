"""Gaussian processes over the hours of the week, for log-odds.

Rasmussen & Williams 2006: a periodic kernel over the day, and its product with a
squared exponential over the week wrapped to a circle (chapter 4); counts come in
through Laplace's approximation (algorithms 3.1 and 3.2), which at its end is an
exact regression on log-odds with a noise of its own in every hour.
"""

from dataclasses import dataclass

import numpy as np

from ..types import FloatArray
from .phases import HOURS, HOURS_OF_WEEK

# Newton's method on a concave function: a handful of steps is enough.
_STEPS = 10
_TOLERANCE = 1e-8
_HALVINGS = 6
# Length scale over the day (radians of its circle): some two hours.
_DAY_LENGTH = 0.6
# The same over the week: what happens on a day says something of the next, and
# little of the day after.
_WEEK_LENGTH = 0.6


@dataclass(frozen=True, slots=True)
class Kernel:
    """How log-odds vary over the week.

    ``variance`` is that of the log-odds, ``weekly`` its share that is not the same
    every day.
    """

    variance: float
    weekly: float

    def matrix(self) -> FloatArray:
        """Return the covariance of the hours of the week."""
        hours = np.arange(HOURS_OF_WEEK)
        apart = hours[:, None] - hours[None]
        daily = _periodic(apart / HOURS, _DAY_LENGTH)
        weekly = daily * _periodic(apart / HOURS_OF_WEEK, _WEEK_LENGTH)
        return self.variance * ((1 - self.weekly) * daily + self.weekly * weekly)


def _periodic(turns: FloatArray, length: float) -> FloatArray:
    """Return a squared exponential of the distance between points on a circle."""
    kernel: FloatArray = np.exp(-2 * np.sin(np.pi * turns) ** 2 / length**2)
    return kernel


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in c cells, of each in j ways. Shapes: (c, j).

    Of ``looked`` there ``ended``, at log-odds of ``usual`` plus what is to be found.
    """

    ended: FloatArray
    looked: FloatArray
    usual: FloatArray

    def log_likelihood(self, off: FloatArray) -> float:
        """Return the log-likelihood of log-odds that are off the usual by (c,)."""
        odds = self.usual + off[:, None]
        told = self.ended * odds - self.looked * np.logaddexp(0.0, odds)
        return float(told.sum())

    def slope(self, off: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return its gradient and its negative curvature, (c,) each."""
        chance = 1 / (1 + np.exp(-(self.usual + off[:, None])))
        expected = self.looked * chance
        return (self.ended - expected).sum(1), (expected * (1 - chance)).sum(1)


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the counts say.

    ``mean`` (c,) of the log-odds beyond the usual, and ``evidence``, the approximate
    log-probability of the counts under the kernel.
    """

    mean: FloatArray
    evidence: float


def infer(covariance: FloatArray, counts: Counts) -> Posterior:
    """Return the posterior of log-odds over cells, given their covariance.

    Where little was counted the posterior is unsure, and its mean goes back to the
    usual by as much.
    """
    weights, off = np.zeros(len(covariance)), np.zeros(len(covariance))
    reached = counts.log_likelihood(off)
    identity = np.eye(len(covariance))
    for _ in range(_STEPS):
        gradient, curvature = counts.slope(off)
        root = np.sqrt(curvature)
        inner = identity + root[:, None] * covariance * root
        target = curvature * off + gradient
        step = (
            target
            - root * np.linalg.solve(inner, root * (covariance @ target))
            - weights
        )
        gain = 0.0
        # A whole step may go too far where the counts are few.
        for halving in range(_HALVINGS):
            tried = weights + step / 2**halving
            there = covariance @ tried
            score = counts.log_likelihood(there) - 0.5 * float(tried @ there)
            if score > reached:
                gain, reached, weights, off = score - reached, score, tried, there
                break
        if gain < _TOLERANCE:
            break
    _, curvature = counts.slope(off)
    root = np.sqrt(curvature)
    lower = np.linalg.cholesky(identity + root[:, None] * covariance * root)
    return Posterior(off, reached - float(np.log(np.diag(lower)).sum()))
