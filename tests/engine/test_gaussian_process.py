"""Tests of the member with Gaussian processes over the week."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import gaussian_process

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import quantile
from custom_components.occupancy_prediction.engine.models.base import FitContext
from custom_components.occupancy_prediction.engine.models.gaussian_process import (
    GaussianProcess,
)
from custom_components.occupancy_prediction.engine.models.gaussian_process_week import (
    Counts,
    Kernel,
    infer,
)
from custom_components.occupancy_prediction.engine.models.phases import HOURS_OF_WEEK
from custom_components.occupancy_prediction.engine.samples import (
    Samples,
    TrainingSet,
    stays_of,
)
from custom_components.occupancy_prediction.engine.timeline import RoomTimeline, Spans

from .made import outcomes_of_minutes, samples_of

# It carries no annotations.
ORACLE: Any = gaussian_process
CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 5, lambda share: None)
MEMBER = GaussianProcess()
EMPTY = Spans(np.zeros(0), np.zeros(0))
NO_STAYS = stays_of(
    RoomTimeline("r", 300.0, np.zeros(0), np.zeros(0, np.int64), EMPTY, np.zeros(0)),
    0.0,
    "UTC",
)
HOURS = np.arange(HOURS_OF_WEEK)[:, None].astype(np.float64)


def oracle_kernel(kernel: Kernel) -> Any:
    """Return the same covariance in scikit-learn's words."""
    constant, periodic = ORACLE.kernels.ConstantKernel, ORACLE.kernels.ExpSineSquared
    daily = periodic(0.6, 24.0)
    weekly = daily * periodic(0.6, 168.0)
    return constant(kernel.variance) * (
        constant(1 - kernel.weekly) * daily + constant(kernel.weekly) * weekly
    )


def random_counts(seed: int, ways: int = 3) -> Counts:
    """Return counts of a week of which some hours were never looked at."""
    generator = np.random.default_rng(seed)
    looked = generator.integers(0, 30, (HOURS_OF_WEEK, ways)) * (
        generator.random((HOURS_OF_WEEK, 1)) < 0.8
    )
    usual = np.broadcast_to(generator.normal(-2.0, 1.0, ways), looked.shape)
    truth = np.sin(2 * np.pi * np.arange(HOURS_OF_WEEK) / 24)[:, None]
    ended = generator.binomial(looked, 1 / (1 + np.exp(-usual - truth)))
    return Counts(ended.astype(np.float64), looked.astype(np.float64), usual)


@pytest.mark.parametrize("kernel", [Kernel(0.3, 0.6), Kernel(1.0, 0.2)])
def test_kernel(kernel: Kernel) -> None:
    """The covariance is scikit-learn's, and a covariance."""
    matrix = kernel.matrix()
    np.testing.assert_allclose(matrix, oracle_kernel(kernel)(HOURS), atol=1e-12)
    assert np.diag(matrix) == pytest.approx(kernel.variance)
    assert np.linalg.eigvalsh(matrix).min() > -1e-9


@pytest.mark.parametrize("seed", range(4))
def test_at_its_end_it_is_an_exact_regression(seed: int) -> None:
    """Of log-odds with the noise that the counts of each hour have."""
    kernel, counts = Kernel(0.5, 0.4), random_counts(seed)
    mean = infer(kernel.matrix(), counts).mean
    gradient, curvature = counts.slope(mean)
    told = curvature > 0
    assert 100 < told.sum() < HOURS_OF_WEEK
    oracle = ORACLE.GaussianProcessRegressor(
        oracle_kernel(kernel), alpha=1 / curvature[told], optimizer=None
    )
    oracle.fit(HOURS[told], (mean + gradient / np.where(told, curvature, 1.0))[told])
    expected, spread = oracle.predict(HOURS, return_std=True)
    np.testing.assert_allclose(mean, expected, atol=1e-5)
    # It is the less sure where it saw less, and stays the closer to the usual.
    assert spread[~told].mean() > spread[told].mean()


def test_evidence_is_the_integral() -> None:
    """Of the likelihood over the prior, for a single cell."""
    counts = Counts(*(np.array([[number]]) for number in (6.0, 20.0, -2.0)))
    off = np.linspace(-6, 6, 4001)
    likelihood = [np.exp(counts.log_likelihood(np.array([each]))) for each in off]
    prior = np.exp(-0.5 * off**2 / 0.5) / np.sqrt(2 * np.pi * 0.5)
    exact = np.log(np.trapezoid(likelihood * prior, off))
    said = infer(np.array([[0.5]]), counts)
    assert said.evidence == pytest.approx(exact, abs=0.02)
    # Between the usual and what was counted.
    assert 0.3 < said.mean[0] < 2.0 + np.log(6 / 14)


def test_far_from_the_usual() -> None:
    """Counts that were held to be all but impossible do not throw it off."""
    shape = (HOURS_OF_WEEK, 1)
    for ended in (0.0, 50.0):
        counts = Counts(
            np.full(shape, ended), np.full(shape, 50.0), np.full(shape, -11.0)
        )
        mean = infer(Kernel(1.0, 0.6).matrix(), counts).mean
        assert np.isfinite(mean).all()
        assert np.abs(counts.slope(mean)[0]).max() < 60


def weeks(count: int) -> Samples:
    """Return a vacant room every five minutes, with Sundays unlike other days."""
    rows = np.arange(count * 7 * 288)
    samples = samples_of(len(rows), elapsed=30.0, clock=np.mod(rows * 5.0, 1440.0))
    day = samples.day + rows // 288
    return replace(samples, day=day, weekend=(day - 1) % 7 >= 5)


def coming_home(samples: Samples) -> TrainingSet:
    """Return that somebody comes at six in the evening, and at noon on Sundays."""
    arrival = np.where((samples.day - 1) % 7 == 6, 720.0, 1080.0)
    remaining = (arrival - samples.clock) % 1440 + 1.0
    return TrainingSet(samples, outcomes_of_minutes(remaining), NO_STAYS)


def test_hours_of_the_week_are_told_apart() -> None:
    """When somebody is waited for, and which day it is, decides."""
    arrays = MEMBER.fit({"room": coming_home(weeks(6))}, CONTEXT)["room"]
    monday = samples_of(3, elapsed=30.0, clock=np.array([120.0, 630.0, 1020.0]))
    night, morning, evening = quantile(MEMBER.predict(arrays, monday, CONFIG), 0.5)
    assert night > morning > evening
    noon = samples_of(1, elapsed=30.0, clock=630.0, day=739_866 + 6)
    sunday = quantile(MEMBER.predict(arrays, noon, CONFIG), 0.5)[0]
    assert sunday < 0.7 * morning


def test_the_kernel_follows_the_room() -> None:
    """A week of unlike days chooses another one than days that are all alike."""
    samples = weeks(6)
    uneven = MEMBER.fit({"room": coming_home(samples)}, CONTEXT)["room"]["kernel"]
    always = TrainingSet(
        samples,
        outcomes_of_minutes(np.resize(np.arange(1.0, 200.0), len(samples))),
        NO_STAYS,
    )
    even = MEMBER.fit({"room": always}, CONTEXT)["room"]["kernel"]
    assert uneven[0] > even[0]


def test_counts_are_bounded() -> None:
    """After many years the fullest cells stay full."""
    arrays = dict(MEMBER.fit({"room": coming_home(weeks(1))}, CONTEXT)["room"])
    arrays["looked"] = np.full_like(arrays["looked"], 65_535)
    grown = MEMBER.update(arrays, coming_home(weeks(1)), CONTEXT)
    np.testing.assert_array_equal(grown["looked"], arrays["looked"])
