"""A small logistic regression with a ridge around given coefficients."""

import numpy as np

from .types import BoolArray, FloatArray

_NEWTON_STEPS = 12
_STEP_MINIMUM = 1e-6


def logit(probability: FloatArray) -> FloatArray:
    """Return the log-odds; no probability counts as surer than 1 in 10,000."""
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped))


def logistic(value: FloatArray) -> FloatArray:
    """Return the probability of log-odds."""
    return 1 / (1 + np.exp(-np.clip(value, -30, 30)))


def ridge_logistic(
    design: FloatArray,
    offset: FloatArray,
    hit: BoolArray,
    center: FloatArray,
    *,
    row_weight: float,
    penalty: float,
) -> FloatArray:
    """Return coefficients (c,) of ``design`` (n, c), by damped Newton steps.

    They are pulled to ``center`` with that ``penalty`` (precision); each row counts
    as ``row_weight`` of an observation.
    """

    def loss(beta: FloatArray) -> float:
        value = offset + design @ beta
        misfit = np.logaddexp(0.0, value) - hit * value
        distance = beta - center
        return float(row_weight * misfit.sum() + penalty / 2 * distance @ distance)

    beta = center
    for _ in range(_NEWTON_STEPS):
        said = logistic(offset + design @ beta)
        gradient = row_weight * design.T @ (hit - said) - penalty * (beta - center)
        spread = (said * (1 - said))[:, None]
        curvature = row_weight * (design * spread).T @ design
        step = np.linalg.solve(curvature + penalty * np.eye(len(center)), gradient)
        # A full step from where the curve is flat would overshoot without end.
        before = loss(beta)
        while loss(beta + step) > before and np.abs(step).max() > _STEP_MINIMUM:
            step = step / 2
        beta = beta + step
    return beta
