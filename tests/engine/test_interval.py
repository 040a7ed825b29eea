"""Tests of how wide the shown interval is."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.interval import (
    OUTSIDE,
    learn_outside,
)
from custom_components.occupancy_prediction.engine.samples import Outcomes, Samples
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    FloatArray,
)

from .made import samples_of

# Even chances from now to ten hours.
EVEN: FloatArray = np.minimum(GRID[1:] / 600, 1.0)[None]


def spells(count: int, *, occupied: bool = False) -> Samples:
    """Return one sample of each of so many spells."""
    samples = samples_of(count, occupied=occupied)
    return replace(
        samples,
        origin=1e6 + 7200.0 * np.arange(count, dtype=np.float64),
        elapsed=np.full(count, 5.0),
        sensor_on=np.full(count, fill_value=True),
    )


def learned(
    time: FloatArray, *, occupied: bool = False, cdf: FloatArray = EVEN
) -> FloatArray:
    """Return what is learned from spells that lasted so long, the same forecast."""
    outcomes = Outcomes(np.minimum(time, HORIZON), time < HORIZON)
    samples = spells(len(time), occupied=occupied)
    return learn_outside(np.repeat(cdf, len(time), 0), samples, outcomes)


def test_nothing_known_is_what_is_promised() -> None:
    """Also where nobody saw the end."""
    assert learned(np.zeros(0)).tolist() == [OUTSIDE] * 2
    unseen = Outcomes(np.full(9, 30.0), np.zeros(9, np.bool_))
    answer = learn_outside(np.repeat(EVEN, 9, 0), spells(9), unseen)
    assert answer.tolist() == [OUTSIDE] * 2


@pytest.mark.parametrize("occupied", [False, True])
def test_right_forecasts_keep_their_width(occupied: bool) -> None:
    """Within the luck of the draw; the other state knows nothing."""
    time = np.random.default_rng(1).uniform(0, 600, 2000)
    outside = learned(time, occupied=occupied)
    assert outside[int(occupied)] == pytest.approx(OUTSIDE, abs=0.05)
    assert outside[int(not occupied)] == OUTSIDE


def test_too_narrow_grows_and_too_wide_shrinks() -> None:
    """Until four of five are inside."""
    generator = np.random.default_rng(2)
    # All in the middle half: the middle 40 % of the distribution hold 80 % of them.
    wide = learned(generator.uniform(150, 450, 3000))
    assert wide[0] > 0.35
    # Half of them early or late where only a fifth was expected.
    edge = np.where(generator.random(3000) < 0.5, 10.0, 300.0)
    narrow = learned(edge)
    assert narrow[0] == pytest.approx(2 * 10 / 600, abs=0.02)


def test_by_hand() -> None:
    """Three spells: inside, outside, later than a day."""
    # 300 min is the middle; 10 min lies in the first 2 %.
    after_first = OUTSIDE + 0.01 * OUTSIDE
    after_second = after_first + 0.01 * (OUTSIDE - 1)
    assert learned(np.array([300.0]))[0] == pytest.approx(after_first)
    assert learned(np.array([300.0, 10.0]))[0] == pytest.approx(after_second)
    # Nine of ten come within a day: the upper end is open, "later" is inside.
    most = 0.8 * EVEN
    inside = learned(np.array([2 * HORIZON]), cdf=most)
    assert inside[0] == pytest.approx(after_first)


def test_moments_of_one_spell_count_once() -> None:
    """A long night is one observation."""
    night = spells(1)
    rows = np.zeros(60, np.int64)
    many = replace(
        night.take(rows),
        origin=night.origin[0] + 60.0 * np.arange(60, dtype=np.float64),
        elapsed=5.0 + np.arange(60, dtype=np.float64),
    )
    outcomes = Outcomes(np.full(60, 10.0), np.ones(60, np.bool_))
    once = learn_outside(np.repeat(EVEN, 60, 0), many, outcomes)
    assert once[0] == pytest.approx(OUTSIDE + 0.01 * (OUTSIDE - 1))


def test_end_of_the_delay_is_one_moment() -> None:
    """It lies inside although most of its bin comes after it."""
    samples = replace(
        spells(1, occupied=True),
        sensor_on=np.array([False]),
        earliest=np.array([3.2]),
    )
    cdf = np.where(GRID[1:] >= 5, 0.95, 0.0)[None] * np.ones((1, BINS))
    outcomes = Outcomes(np.array([3.2]), np.array([True]))
    assert learn_outside(cdf, samples, outcomes)[1] > OUTSIDE
    # The same a minute later, as of a bin like others, is early, too.
    other = replace(samples, sensor_on=np.array([True]))
    assert learn_outside(cdf, other, outcomes)[1] < OUTSIDE
