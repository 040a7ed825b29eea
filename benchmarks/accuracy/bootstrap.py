"""How sure a figure is: days drawn anew with replacement (Efron & Tibshirani 1993).

Forecasts of one day share its surprises, so whole days are drawn, not forecasts.
"""

from dataclasses import dataclass

import numpy as np

from custom_components.occupancy_prediction.engine.types import (
    BoolArray,
    FloatArray,
    IntArray,
)

from .scores import crps_ratio

# Draws, and the part of them left out on each side.
_DRAWS = 1000
_TAIL = 0.025
_SEED = 20261124


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Drawn days.

    Shapes: ``day`` and ``cell`` (n,) place of each forecast among the days and
    among the cells, ``drawn`` (draws, days) how often each day was drawn.
    """

    day: IntArray
    cell: IntArray
    drawn: FloatArray

    @classmethod
    def of(cls, day: IntArray, cell: IntArray) -> Bootstrap:
        """Draw days; the same ones every time."""
        days, place = np.unique(day, return_inverse=True)
        chances = np.full(len(days), 1 / len(days))
        drawn = np.random.default_rng(_SEED).multinomial(len(days), chances, _DRAWS)
        return cls(
            place, np.unique(cell, return_inverse=True)[1], drawn.astype(np.float64)
        )

    def mean(
        self, values: FloatArray | BoolArray, weights: FloatArray | BoolArray
    ) -> tuple[float, float]:
        """Return the 95 % interval of a weighted mean."""
        size = self.drawn.shape[1]
        total = self.drawn @ np.bincount(self.day, values * weights, size)
        count = self.drawn @ np.bincount(self.day, weights * 1.0, size)
        return _interval(total[count > 0] / count[count > 0])

    def skill(self, own: FloatArray, other: FloatArray) -> tuple[float, float]:
        """Return the 95 % interval of a geometric-mean CRPS skill."""
        ones = np.ones(len(own))
        count, first, second = (self._by_cell(each) for each in (ones, own, other))
        seen = count > 0
        count = np.maximum(count, 1.0)
        # A cell that no drawn day has seen says nothing.
        ratios = np.where(seen, crps_ratio(first / count, second / count), 1.0)
        return _interval(1 - np.exp(np.log(ratios).sum(axis=1) / seen.sum(axis=1)))

    def _by_cell(self, values: FloatArray) -> FloatArray:
        """Return sums by draw and cell."""
        days, cells = self.drawn.shape[1], int(self.cell.max()) + 1
        table = np.bincount(self.day * cells + self.cell, values, days * cells)
        return np.asarray(self.drawn @ table.reshape(days, cells), np.float64)


def _interval(values: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    return float(low), float(high)
