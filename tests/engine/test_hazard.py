"""The logistic hazard: is it the maximum it says it is, and does it find the truth."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.metrics import crps
from custom_components.occupancy_prediction.engine.models.base import FitContext
from custom_components.occupancy_prediction.engine.models.hazard import Hazard
from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    TrainingSet,
)
from custom_components.occupancy_prediction.engine.types import FloatArray

from .made import MONDAY, outcomes_of_minutes, samples_of
from .test_kernel import NO_STAYS

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, seed=1, checkpoint=lambda share: None)


def moments(seed: int, count: int) -> tuple[Samples, np.ndarray]:
    """Return vacant moments with one input that matters and one that does not."""
    generator = np.random.default_rng(seed)
    telling = generator.normal(size=count)
    noise = generator.normal(size=count)
    origin: FloatArray = np.linspace(MONDAY, MONDAY + count * 1500.0, count)
    samples = replace(
        samples_of(count, elapsed=30.0, quiet=35.0),
        origin=origin,
        clock=(origin / 60) % 1440,
        day=739_866 + ((origin - MONDAY) // 86_400).astype(np.int64),
        features=np.stack([telling, noise], axis=1).astype(np.float32),
        names=("telling", "noise"),
    )
    return samples, telling


def lived(seed: int, count: int = 3000) -> TrainingSet:
    """Return such moments; the more the input tells, the sooner it is over."""
    samples, telling = moments(seed, count)
    generator = np.random.default_rng(seed + 1)
    minutes = generator.exponential(60.0 * np.exp(-telling))
    return TrainingSet(samples, outcomes_of_minutes(minutes), NO_STAYS)


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    """Return what the member learned of one room."""
    return dict(Hazard().fit({"room": lived(1)}, CONTEXT)["room"])


def score(cdf: np.ndarray, outcomes: Outcomes) -> float:
    """Return the mean CRPS in minutes."""
    return float(crps(cdf, outcomes.remaining, outcomes.observed).mean())


def test_finds_what_tells(arrays: dict[str, np.ndarray]) -> None:
    """An input that matters makes forecasts better, and the right way round."""
    unseen = lived(7, 1000)
    samples = unseen.samples
    blind = replace(samples, features=np.zeros((len(samples), 0)), names=())
    seeing = Hazard().predict(arrays, samples, CONFIG)
    assert score(seeing, unseen.outcomes) < 0.85 * score(
        Hazard().predict(arrays, blind, CONFIG), unseen.outcomes
    )
    soon = seeing[:, 9]  # P(within 25 min)
    telling = samples.features[:, 0]
    assert np.corrcoef(soon, telling)[0, 1] > 0.9
    # A hazard of one in 60 min at the average of the input.
    usual = np.abs(telling) < 0.1
    assert soon[usual].mean() == pytest.approx(1 - np.exp(-25 / 60), abs=0.08)


def test_noise_is_held_down(arrays: dict[str, np.ndarray]) -> None:
    """The ridge leaves little to an input that tells nothing."""
    samples, _ = moments(9, 400)
    base = Hazard().predict(arrays, samples, CONFIG)
    moved = {}
    for place, name in enumerate(samples.names):
        changed = samples.features.copy()
        changed[:, place] += 1.0
        forecast = Hazard().predict(arrays, replace(samples, features=changed), CONFIG)
        moved[name] = np.abs(forecast - base).mean()
    assert moved["noise"] < moved["telling"] / 5


def test_missing_input_is_an_average_one(arrays: dict[str, np.ndarray]) -> None:
    """Columns in another order are found; a missing one does not push either way."""
    samples, _ = moments(9, 50)
    swapped = replace(
        samples, features=samples.features[:, ::-1].copy(), names=("noise", "telling")
    )
    np.testing.assert_allclose(
        Hazard().predict(arrays, swapped, CONFIG),
        Hazard().predict(arrays, samples, CONFIG),
        atol=1e-6,
    )
    without = replace(samples, features=samples.features[:, :1], names=("telling",))
    average = samples.features.copy()
    average[:, 1] = lived(1).samples.features[:, 1].mean()
    np.testing.assert_allclose(
        Hazard().predict(arrays, without, CONFIG),
        Hazard().predict(arrays, replace(samples, features=average), CONFIG),
        atol=1e-4,
    )


def test_rooms_learn_from_each_other() -> None:
    """A room with two days to learn from leans on one with many."""
    little = lived(3, 115)
    alone = Hazard().fit({"new": little}, CONTEXT)["new"]
    together = Hazard().fit({"old": lived(1), "new": little}, CONTEXT)["new"]
    unseen = lived(7, 1000)
    assert score(
        Hazard().predict(together, unseen.samples, CONFIG), unseen.outcomes
    ) < score(Hazard().predict(alone, unseen.samples, CONFIG), unseen.outcomes)
