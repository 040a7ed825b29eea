"""The moments that people are shown, in whole minutes.

Nobody plans by the second. The interval is rounded outward, the predicted time to the
nearest minute: where a room becomes vacant the moment its delay runs out, that is as
often a little early as a little late.
"""

from collections.abc import Callable
from dataclasses import dataclass
import math
from typing import Self

from .distribution import quantile
from .interval import OUTSIDE
from .samples import Samples
from .types import HORIZON, FloatArray

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Shown:
    """Moments (UTC s) of a forecast; None is beyond the horizon."""

    predicted: float | None
    lower: float | None
    upper: float | None

    @classmethod
    def of(cls, cdf: FloatArray, samples: Samples, outside: float = OUTSIDE) -> Self:
        """Read them off one row (1, BINS); ``outside`` of the interval is so much."""
        now = float(samples.origin[0])
        at_once = samples.at_once

        def moment(level: float, rounded: Callable[[float], float]) -> float | None:
            minutes = float(quantile(cdf, level, at_once)[0])
            if minutes >= HORIZON:
                return None
            # Nothing is predicted for the past.
            return max(rounded((now + minutes * 60) / _MINUTE) * _MINUTE, now)

        return cls(
            moment(0.5, round),
            moment(outside / 2, math.floor),
            moment(1 - outside / 2, math.ceil),
        )
