"""Fast code against slow, obvious code: what the members count and say."""

from itertools import pairwise

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.models.base import Arrays, FitContext
from custom_components.occupancy_prediction.engine.models.climatology import Climatology
from custom_components.occupancy_prediction.engine.models.duration import (
    LENGTHS,
    Duration,
)
from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    Stays,
    TrainingSet,
)
from custom_components.occupancy_prediction.engine.types import BINS, GRID, HORIZON

from .made import samples_of

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 0, lambda share: None)
DELAY = 5.0


def random_samples(generator: np.random.Generator, count: int) -> Samples:
    """Return moments of a home with a delay of five minutes."""
    occupied = generator.random(count) < 0.6
    on = occupied & (generator.random(count) < 0.4)
    quiet = np.where(on, 0.0, generator.uniform(0, DELAY, count))
    samples = samples_of(
        count,
        occupied=occupied.tolist(),
        elapsed=generator.exponential(120, count),
        clock=generator.uniform(0, 1440, count),
        earliest=np.where(occupied, DELAY - quiet, 0.0),
        quiet=np.where(occupied, quiet, DELAY + generator.exponential(60, count)),
    )
    days = samples.day + generator.integers(0, 7, count)
    weekend = (days - 1) % 7 >= 5
    arrays = {"day": days, "weekend": weekend, "sensor_on": on}
    for name, values in arrays.items():
        getattr(samples, name)[:] = values
    return samples


def random_training(seed: int, count: int) -> TrainingSet:
    """Return samples, outcomes and stays that share nothing but the home."""
    generator = np.random.default_rng(seed)
    samples = random_samples(generator, count)
    remaining = np.round(generator.exponential(200, count), 1)
    observed = (generator.random(count) < 0.8) & (remaining <= HORIZON)
    stays = Stays(
        occupied=generator.random(count) < 0.5,
        entry=np.zeros(count),
        clock=generator.uniform(0, 1440, count),
        weekend=generator.random(count) < 0.3,
        length=np.round(generator.exponential(300, count), 1),
        observed=generator.random(count) < 0.9,
    )
    outcomes = Outcomes(np.minimum(remaining, HORIZON), observed)
    return TrainingSet(samples, outcomes, stays)


def distance(first: float, second: float) -> float:
    """Return the minutes between two times of day."""
    return min(abs(first - second), 1440 - abs(first - second))


# --- climatology ----------------------------------------------------------------------


def slow_phase(samples: Samples, row: int) -> int:
    """Return 0 vacant, 1 with a sensor on, 2.. by fifths of the delay left."""
    if not samples.occupied[row]:
        return 0
    if samples.sensor_on[row]:
        return 1
    left = samples.earliest[row] / (samples.earliest[row] + samples.quiet[row])
    return 2 + min(int(left * 5), 4)


def slow_climatology(training: TrainingSet, samples: Samples, row: int) -> list[float]:
    """Return one forecast: each past moment weighed, bin by bin, coarse to fine."""
    past = training.samples
    phase = slow_phase(samples, row)
    survival, answer = 1.0, []
    for low, high in pairwise(GRID.tolist()):
        near, same, state = np.zeros(2), np.zeros(2), np.zeros(2)
        for other in range(len(past)):
            if past.occupied[other] != samples.occupied[row]:
                continue
            remaining = training.outcomes.remaining[other]
            observed = bool(training.outcomes.observed[other])
            beyond = not observed and remaining >= HORIZON
            if remaining <= low and not beyond and not (low == 0 and remaining == 0):
                continue
            inside = remaining <= high and not beyond
            looked = 0.5 if inside and not observed else 1.0
            one = 0.1 * np.array([float(inside and observed), looked])
            state += one
            if slow_phase(past, other) != phase:
                continue
            same += one
            cell = past.clock[other] // 15 * 15 + 7.5
            asked = samples.clock[row] // 15 * 15 + 7.5
            weight = np.exp(-0.5 * (distance(cell, asked) / CONFIG.clock_width) ** 2)
            if past.weekend[other] != samples.weekend[row]:
                weight *= CONFIG.other_day_weight
            near += one * weight
        hazard = (state[0] + 1e-3) / (state[1] + 1e-3 * BINS)
        for level in (same, near):
            hazard = (level[0] + CONFIG.shrinkage * hazard) / (
                level[1] + CONFIG.shrinkage
            )
        survival *= 1 - hazard
        answer.append(1 - survival)
    return answer


@settings(max_examples=5)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 60))
def test_climatology(seed: int, count: int) -> None:
    """Few questions and many are answered in two ways; both are the slow one."""
    training = random_training(seed, count)
    member = Climatology()
    arrays = member.fit({"room": training}, CONTEXT)["room"]
    asked = random_samples(np.random.default_rng(seed + 1), 12)
    expected = [slow_climatology(training, asked, row) for row in range(6)]
    many = member.predict(arrays, asked, CONFIG)
    few = member.predict(arrays, asked.take(np.arange(6)), CONFIG)
    np.testing.assert_allclose(few, expected, atol=1e-6)
    np.testing.assert_allclose(many[:6], expected, atol=1e-6)


# --- duration -------------------------------------------------------------------------


def slow_log_survival(
    stays: Stays, state: bool, weekend: bool, hour: int, until: float
) -> float:
    """Return log P(longer than ``until``) of stays begun in an hour, step by step."""
    total = 0.0
    for index in range(len(LENGTHS) - 1):
        low, high = LENGTHS[index], LENGTHS[index + 1]
        last = index == len(LENGTHS) - 2
        if low >= until:
            break
        near, everywhere = np.zeros(2), np.zeros(2)
        for other in range(len(stays.length)):
            length, observed = stays.length[other], bool(stays.observed[other])
            reached = length > low or (index == 0 and length == 0)
            if bool(stays.occupied[other]) is not state or not reached:
                continue
            inside = length <= high
            looked = 0.5 if inside and not observed else 1.0
            one = np.array([float(inside and observed), looked])
            everywhere += one
            gap = distance(stays.clock[other] // 60 * 60, hour * 60)
            weight = np.exp(-0.5 * (gap / 60) ** 2)
            if bool(stays.weekend[other]) is not weekend:
                weight *= CONFIG.other_day_weight
            near += one * weight
        usual = (high - low) / (high + 1)
        overall = (everywhere[0] + 0.5 * usual) / (everywhere[1] + 0.5)
        hazard = (near[0] + CONFIG.shrinkage * overall) / (near[1] + CONFIG.shrinkage)
        # Within an interval the rate is the same; the last one goes on for ever.
        share = (until - low) / (high - low)
        total += np.log(1 - hazard) * (share if last else min(share, 1.0))
    return total


@settings(max_examples=5)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 40))
def test_duration(seed: int, count: int) -> None:
    """Remaining life is one survival over another."""
    training = random_training(seed, count)
    member = Duration()
    arrays: Arrays = member.fit({"room": training}, CONTEXT)["room"]
    asked = random_samples(np.random.default_rng(seed + 1), 3)
    asked.elapsed[2] = 9000.0
    cdf = member.predict(arrays, asked, CONFIG)
    for row in range(3):
        elapsed = float(asked.elapsed[row])
        entered = int(asked.day[row]) * 1440 + float(asked.clock[row]) - elapsed
        where = (
            bool(asked.occupied[row]),
            (entered // 1440 - 1) % 7 >= 5,
            int(entered % 1440 // 60),
        )
        now = slow_log_survival(training.stays, *where, elapsed)
        for index in (0, 4, 12, 20, 25):
            then = slow_log_survival(
                training.stays, *where, elapsed + float(GRID[index + 1])
            )
            assert cdf[row, index] == pytest.approx(1 - np.exp(then - now), abs=1e-6)
