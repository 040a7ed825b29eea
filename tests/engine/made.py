"""Distributions and samples made up for tests."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st
import numpy as np

from custom_components.occupancy_prediction.engine.distribution import from_hazards
from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    entry_samples,
)
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    BoolArray,
    FloatArray,
)

MONDAY = 1_788_739_200.0  # 2026-09-07 00:00 UTC


def row(*points: tuple[float, float]) -> FloatArray:
    """Return one distribution, linear between (minutes, probability) points."""
    minutes = [0.0, *(point[0] for point in points)]
    reached = [0.0, *(point[1] for point in points)]
    return np.interp(GRID[1:], minutes, reached)[None]


def certain(minutes: float) -> FloatArray:
    """Return one distribution with everything in the bin that ends at an edge."""
    return (GRID[None, 1:] >= minutes).astype(np.float64)


def random_rows(seed: int, count: int) -> FloatArray:
    """Return distributions of all shapes."""
    generator = np.random.default_rng(seed)
    scale = generator.choice([0.02, 0.2, 1.0], (count, 1))
    hazards = generator.random((count, BINS)) ** 2 * scale
    return from_hazards(hazards)


# Hazards of exactly 0 and 1 make flat and finished distributions.
HAZARDS = st.one_of(st.sampled_from([0.0, 0.0, 1.0, 1e-9]), st.floats(0.0, 1.0))
ROWS = st.lists(HAZARDS, min_size=BINS, max_size=BINS).map(
    lambda hazards: from_hazards(np.array([hazards]))
)
LEVELS = st.floats(0.001, 0.999)
MINUTES = st.one_of(st.sampled_from(GRID.tolist()), st.floats(0.0, HORIZON))


def samples_of(
    count: int,
    *,
    occupied: bool | Sequence[bool] = False,
    elapsed: float | FloatArray = 0.0,
    clock: float | FloatArray = 0.0,
    sensor_on: bool | None = None,
    earliest: float | FloatArray = 0.0,
    quiet: float | FloatArray = 0.0,
    day: int = 739_866,
) -> Samples:
    """Return samples of which only what is named matters (that day is a Monday)."""
    base = entry_samples(
        np.full(count, MONDAY), occupied=False, vacancy_delay=300.0, time_zone="UTC"
    )
    state = np.broadcast_to(np.asarray(occupied, np.bool_), (count,)).copy()

    def column(value: float | FloatArray) -> FloatArray:
        return np.broadcast_to(np.asarray(value, np.float64), (count,)).copy()

    return replace(
        base,
        occupied=state,
        elapsed=column(elapsed),
        clock=column(clock),
        day=np.full(count, day),
        weekend=np.full(count, (day - 1) % 7 >= 5),
        sensor_on=state.copy() if sensor_on is None else np.full(count, sensor_on),
        earliest=column(earliest),
        quiet=column(quiet),
    )


def outcomes_of_minutes(
    minutes: Sequence[float] | FloatArray, observed: Sequence[bool] | BoolArray = ()
) -> Outcomes:
    """Return outcomes; what lies beyond the horizon was not observed."""
    time = np.asarray(minutes, np.float64)
    seen = time <= HORIZON if not len(observed) else np.asarray(observed, np.bool_)
    return Outcomes(np.minimum(time, HORIZON), seen)
