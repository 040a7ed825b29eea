"""Tests of the moments that people are shown."""

from dataclasses import replace

from hypothesis import given, strategies as st
import numpy as np

from custom_components.occupancy_prediction.engine.distribution import quantile
from custom_components.occupancy_prediction.engine.shown import Shown
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    FloatArray,
)

from .made import ROWS, samples_of

NOW = 1_700_000_040.0


@given(
    cdf=ROWS,
    now=st.floats(NOW, NOW + 3600),
    outside=st.floats(0.05, 0.4),
)
def test_whole_minutes_around_the_quantiles(
    cdf: FloatArray, now: float, outside: float
) -> None:
    """Rounded outward, the prediction to the nearest; never of the past."""
    samples = replace(samples_of(1), origin=np.array([now]))
    shown = Shown.of(cdf, samples, outside)
    for moment, level in (
        (shown.lower, outside / 2),
        (shown.predicted, 0.5),
        (shown.upper, 1 - outside / 2),
    ):
        minutes = float(quantile(cdf, level)[0])
        assert (moment is None) == (minutes >= HORIZON)
        if moment is not None:
            assert moment >= now
            assert moment == now or moment % 60 == 0
            assert abs(moment - now - minutes * 60) <= 60
    if shown.predicted is not None:
        assert abs(shown.predicted - now - quantile(cdf, 0.5)[0] * 60) <= 30.001
        assert shown.lower is not None
        assert shown.lower <= shown.predicted
    if shown.upper is not None:
        assert shown.predicted is not None
        assert shown.predicted <= shown.upper


def test_end_of_the_delay() -> None:
    """Most likely it runs out: at that minute, not somewhere in its bin."""
    samples = replace(
        samples_of(1, occupied=True),
        origin=np.array([NOW]),
        sensor_on=np.array([False]),
        earliest=np.array([3.2]),
    )
    cdf = np.where(GRID[1:] >= 5, 0.8, 0.0)[None] * np.ones((1, BINS))
    shown = Shown.of(cdf, samples)
    assert shown.lower == NOW + 3 * 60
    assert shown.predicted == NOW + 3 * 60
    assert shown.upper is None
