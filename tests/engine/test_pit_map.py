"""Tests of the map that straightens distributions."""

from dataclasses import replace

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    is_valid,
    quantile,
)
from custom_components.occupancy_prediction.engine.metrics import log_score
from custom_components.occupancy_prediction.engine.pit_map import (
    IDENTITY,
    learn_pit_map,
    mapped,
)
from custom_components.occupancy_prediction.engine.samples import Outcomes, Samples
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    HORIZON,
    FloatArray,
)

from .made import ROWS, random_rows, samples_of

CONFIG = EngineConfig()
DAY = 86400.0


def spread_over(days: float, count: int, *, occupied: bool = False) -> Samples:
    """Return samples over so many days."""
    samples = samples_of(count, occupied=occupied)
    return replace(samples, origin=np.linspace(0, days * DAY, count))


def drawn_from(truth: FloatArray, seed: int) -> Outcomes:
    """Return one outcome of each distribution."""
    level = np.random.default_rng(seed).random(len(truth))
    time = np.array(
        [quantile(row[None], share)[0] for row, share in zip(truth, level, strict=True)]
    )
    return Outcomes(np.minimum(time, HORIZON), level < truth[:, -1])


@given(cdf=ROWS, level=st.floats(-2, 2), slope=st.floats(0.7, 1.4))
def test_mapped_distributions_are_distributions(
    cdf: FloatArray, level: float, slope: float
) -> None:
    """And what was certain stays certain."""
    answer = mapped(cdf, np.array([[level, slope]] * 2), np.zeros(len(cdf), np.bool_))
    assert is_valid(answer).all()
    assert ((answer == 0) == (cdf == 0)).all()
    same = mapped(cdf, IDENTITY, np.ones(len(cdf), np.bool_))
    np.testing.assert_allclose(same, cdf, atol=1e-8)


@pytest.mark.parametrize("occupied", [False, True])
@pytest.mark.parametrize("truth", [(0.4, 1.0), (-0.4, 1.2), (0.0, 0.75)])
def test_known_map_is_recovered(truth: tuple[float, float], occupied: bool) -> None:
    """With many forecasts; the other state is left as it is."""
    said = random_rows(5, 12_000)
    bent = mapped(said, np.array([truth, truth]), np.zeros(len(said), np.bool_))
    outcomes = drawn_from(bent, 1)
    samples = spread_over(30, len(said), occupied=occupied)
    learned = learn_pit_map(said, samples, outcomes, CONFIG)
    assert learned[int(occupied)] == pytest.approx(truth, abs=0.12)
    assert learned[int(not occupied)].tolist() == [0.0, 1.0]
    straightened = mapped(said, learned, samples.occupied)
    before, after = (
        log_score(cdf, outcomes.remaining, outcomes.observed).mean()
        for cdf in (said, straightened)
    )
    assert after < before


def test_few_days_teach_nothing() -> None:
    """Nor do no forecasts at all."""
    said = random_rows(2, 500)
    outcomes = drawn_from(said**2, 3)
    early = learn_pit_map(said, spread_over(20.9, 500), outcomes, CONFIG)
    assert early.tolist() == IDENTITY.tolist()
    later = learn_pit_map(said, spread_over(21.1, 500), outcomes, CONFIG)
    assert later.tolist() != IDENTITY.tolist()
    none = learn_pit_map(
        np.zeros((0, BINS)), samples_of(0), outcomes.take(np.zeros(0, np.int64)), CONFIG
    )
    assert none.tolist() == IDENTITY.tolist()


def test_cut_off_forecasts_say_nothing_of_what_came_later() -> None:
    """A restart is neither early nor late."""
    said = random_rows(4, 3000)
    outcomes = drawn_from(said, 5)
    cut = Outcomes(outcomes.remaining * 0, np.zeros(3000, np.bool_))
    learned = learn_pit_map(said, spread_over(30, 3000), cut, CONFIG)
    assert learned[0] == pytest.approx([0.0, 1.0])
