"""Distributions of the time to the next transition, as the benchmark sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from benchmarks.replay import HORIZONS
from custom_components.occupancy_prediction.engine.types import GRID, FloatArray

# Durations are minutes; what lies beyond a day is "later".
DAY = 1440.0
# The horizons of a forecasts file: whatever forecasts is compared at these.
EDGES: FloatArray = np.array([0.0, *HORIZONS])
LOWER, UPPER = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Distributions:
    """What one forecaster said n times.

    Shapes: ``edges`` (k,) minutes from 0 to a day, ``cdf`` (n, k) P(transition
    within that time), linear in between; ``median``, ``lower`` and ``upper`` (n,)
    minutes, a day for "later".
    """

    edges: FloatArray
    cdf: FloatArray
    median: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __len__(self) -> int:
        """Return how often it spoke."""
        return len(self.cdf)

    @classmethod
    def of(cls, cdf: FloatArray, edges: FloatArray = EDGES) -> Self:
        """Read the quantiles off the distribution itself."""
        levels = (quantile(cdf, edges, level) for level in (0.5, LOWER, UPPER))
        return cls(edges, cdf, *levels)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, of which there is at least one."""
        return cls(
            parts[0].edges,
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("cdf", "median", "lower", "upper")
            ),
        )

    def within(self, minutes: FloatArray | float) -> FloatArray:
        """Return P(transition within so many minutes), (n,)."""
        asked = np.broadcast_to(np.clip(minutes, 0.0, DAY), (len(self),))
        right = np.clip(
            np.searchsorted(self.edges, asked, "left"), 1, len(self.edges) - 1
        )
        rows = np.arange(len(self))
        width = self.edges[right] - self.edges[right - 1]
        share = (asked - self.edges[right - 1]) / width
        low, high = self.cdf[rows, right - 1], self.cdf[rows, right]
        return np.asarray(low + share * (high - low), np.float64)


def quantile(cdf: FloatArray, edges: FloatArray, level: float) -> FloatArray:
    """Return the minutes by which a level is reached, a day if it never is, (n,)."""
    reached = cdf >= level
    right = np.where(reached.any(1), reached.argmax(1), len(edges) - 1)
    left = np.maximum(right - 1, 0)
    rows = np.arange(len(cdf))
    rise = cdf[rows, right] - cdf[rows, left]
    share = np.where(rise > 0, (level - cdf[rows, left]) / np.maximum(rise, 1e-12), 1.0)
    width = edges[right] - edges[left]
    return np.asarray(edges[left] + np.clip(share, 0.0, 1.0) * width, np.float64)


def from_engine(cdf: FloatArray) -> FloatArray:
    """Return rows on the engine's grid, (n, BINS), at the horizons, (n, k)."""
    whole = np.concatenate([np.zeros((len(cdf), 1)), cdf], axis=1)
    right = np.clip(np.searchsorted(GRID, EDGES, "left"), 1, len(GRID) - 1)
    share = (EDGES - GRID[right - 1]) / (GRID[right] - GRID[right - 1])
    return np.asarray(
        whole[:, right - 1] * (1 - share) + whole[:, right] * share, np.float64
    )


def engine_distributions(cdf: FloatArray) -> Distributions:
    """Return what was said on the engine's grid, (n, BINS); quantiles are exact."""
    whole = np.concatenate([np.zeros((len(cdf), 1)), cdf], axis=1)
    levels = (quantile(whole, GRID, level) for level in (0.5, LOWER, UPPER))
    return Distributions(EDGES, from_engine(cdf), *levels)


def uniform(count: int) -> FloatArray:
    """Return what somebody says who knows nothing, (count, k)."""
    return np.tile(EDGES / DAY, (count, 1))
