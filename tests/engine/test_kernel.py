"""Residual life by analogy, against a slow and obvious form of it."""

from dataclasses import replace
from functools import cache
import math

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import from_hazards
from custom_components.occupancy_prediction.engine.models.base import FitContext
from custom_components.occupancy_prediction.engine.models.kernel import Kernel
from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    Stays,
    TrainingSet,
)
from custom_components.occupancy_prediction.engine.types import BINS, GRID, FloatArray

from .made import MONDAY, outcomes_of_minutes, samples_of

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, seed=1, checkpoint=lambda share: None)
NO_STAYS = Stays(
    np.zeros(0, np.bool_),
    np.zeros(0),
    np.zeros(0),
    np.zeros(0, np.bool_),
    np.zeros(0),
    np.zeros(0, np.bool_),
)
STRENGTH = 3.0
# What the kernels of the member are made of, written down once more: widths by
# column, and the weight of the other type of day.
VACANT = (
    ({"clock": 45.0}, 0.6),
    ({"quiet": 1.2, "elsewhere": 1.2}, 1.0),
    ({"elapsed": 1.2}, 1.0),
)
OCCUPIED = (
    ({"phase": 0.4, "since_on": 0.7, "clock": 240.0}, 1.0),
    ({"elapsed": 0.8}, 1.0),
    ({"clock": 75.0}, 0.6),
)


def lived(seed: int, count: int, *, occupied: bool) -> tuple[Samples, Outcomes]:
    """Return moments of all kinds over some days, and what came after."""
    generator = np.random.default_rng(seed)
    origin: FloatArray = np.linspace(MONDAY, MONDAY + count * 300.0, count)
    elapsed = generator.exponential(60.0, count)
    sensor_on = occupied & (generator.random(count) < 0.3)
    quiet = np.where(sensor_on, 0.0, generator.uniform(0, 5, count))
    samples = replace(
        samples_of(count, occupied=occupied, elapsed=elapsed),
        clock=generator.uniform(0, 1440, count),
        day=generator.integers(739_866, 739_876, count),
        sensor_on=sensor_on,
        earliest=5.0 - quiet if occupied else np.zeros(count),
        quiet=quiet if occupied else generator.exponential(90.0, count),
        since_on=generator.exponential(20.0, count),
        features=generator.uniform(0, 6, (count, 1)).astype(np.float32),
        names=("quiet_elsewhere",),
        origin=origin,
    )
    samples = replace(samples, weekend=(samples.day - 1) % 7 >= 5)
    minutes = generator.exponential(80.0, count)
    return samples, outcomes_of_minutes(minutes, minutes < 500)


@cache
def learned(occupied: bool) -> tuple[TrainingSet, dict[str, np.ndarray]]:
    """Return some past and what the member keeps of it."""
    samples, outcomes = lived(1, 60, occupied=occupied)
    training = TrainingSet(samples, outcomes, NO_STAYS)
    return training, dict(Kernel().fit({"room": training}, CONTEXT)["room"])


def described(samples: Samples, place: int) -> dict[str, float]:
    """Return what likeness is asked of, of one moment."""
    on = bool(samples.sensor_on[place])
    return {
        "clock": float(samples.clock[place]),
        "weekend": float(samples.weekend[place]),
        "elapsed": math.log1p(samples.elapsed[place]),
        "quiet": math.log1p(samples.quiet[place]),
        "elsewhere": float(samples.features[place, 0]),
        "phase": float(samples.earliest[place]) + (2.0 if on else 0.0),
        "since_on": math.log1p(samples.since_on[place]),
    }


def estimate(
    weights: list[float],
    outcomes: Outcomes,
    wider: list[float],
    strength: float,
) -> list[float]:
    """Return weighted hazards, pulled to wider ones."""
    ends = np.searchsorted(GRID[1:], outcomes.remaining, "left")
    result = []
    for place in range(BINS):
        ended = looked = 0.0
        for weight, end, observed in zip(weights, ends, outcomes.observed, strict=True):
            if end == place:
                ended += weight * observed
                looked += weight * (1.0 if observed else 0.5)
            elif end > place:
                looked += weight
        result.append((ended + strength * wider[place]) / (looked + strength))
    return result


def slowly(
    training: TrainingSet, asked: dict[str, float], day: int | None, *, occupied: bool
) -> FloatArray:
    """Return the hazards of one moment, past moment by past moment."""
    past, outcomes = training.samples, training.outcomes
    hazards = estimate([1.0] * len(past), outcomes, [1 / BINS] * BINS, 1.0)
    weights = [1.0 if day is None or each != day else 0.0 for each in past.day]
    for widths, other_day in OCCUPIED if occupied else VACANT:
        for place in range(len(past)):
            known = described(past, place)
            for column, width in widths.items():
                distance = abs(asked[column] - known[column])
                if column == "clock":
                    distance = min(distance, 1440 - distance)
                weights[place] *= math.exp(-0.5 * (distance / width) ** 2)
            if asked["weekend"] != known["weekend"]:
                weights[place] *= other_day
        hazards = estimate(weights, outcomes, hazards, STRENGTH)
    return np.array(hazards)


@pytest.mark.parametrize("occupied", [False, True])
@pytest.mark.parametrize("leave_out_day", [False, True])
def test_same_as_moment_by_moment(occupied: bool, leave_out_day: bool) -> None:
    """The matrices say what the definition says."""
    training, arrays = learned(occupied)
    asked, _ = lived(2, 12, occupied=occupied)
    hazards = Kernel().hazards(arrays, asked, leave_out_day=leave_out_day)
    for place in range(len(asked)):
        expected = slowly(
            training,
            described(asked, place),
            int(asked.day[place]) if leave_out_day else None,
            occupied=occupied,
        )
        np.testing.assert_allclose(hazards[place], expected, atol=2e-5)


def test_own_day_is_left_out() -> None:
    """A day that went like no other does not know itself."""
    samples, _ = lived(3, 200, occupied=False)
    odd = samples.day == 739_870
    outcomes = outcomes_of_minutes(np.where(odd, 1.5, 300.0))
    training = TrainingSet(samples, outcomes, NO_STAYS)
    arrays = Kernel().fit({"room": training}, CONTEXT)["room"]
    asked = samples.take(odd)
    with_it = Kernel().hazards(arrays, asked)[:, 1].mean()
    without = Kernel().hazards(arrays, asked, leave_out_day=True)[:, 1].mean()
    assert without < with_it / 2


def test_reference_is_its_own_forecast() -> None:
    """Where its hazards are given it does not work them out again."""
    _, arrays = learned(False)
    asked, _ = lived(2, 5, occupied=False)
    hazards = Kernel().hazards(arrays, asked)
    given = replace(asked, reference=hazards)
    np.testing.assert_array_equal(
        Kernel().predict(arrays, given, CONFIG), from_hazards(hazards)
    )


def test_oldest_moments_make_room() -> None:
    """However long it goes on, it keeps a bounded number."""
    member = Kernel()
    samples, outcomes = lived(4, 2500, occupied=False)
    training = TrainingSet(samples, outcomes, NO_STAYS)
    arrays = member.fit({"room": training}, CONTEXT)["room"]
    for _ in range(3):
        arrays = member.update(arrays, training, CONTEXT)
    assert len(arrays["bin0"]) == 3000
    np.testing.assert_array_equal(
        arrays["clock0"][-2500:], samples.clock.astype(np.float32)
    )
