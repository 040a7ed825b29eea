"""Tests of who starts from whom."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import hazards_of
from custom_components.occupancy_prediction.engine.ensemble import (
    member_forecasts,
    with_start,
)
from custom_components.occupancy_prediction.engine.fitting import started
from custom_components.occupancy_prediction.engine.models import (
    BASIS,
    CORRECTING,
    MEMBERS,
    REFERENCE,
)
from custom_components.occupancy_prediction.engine.models.base import FitContext
from custom_components.occupancy_prediction.engine.samples import Outcomes, TrainingSet
from custom_components.occupancy_prediction.engine.types import BINS

from .made import samples_of
from .test_hazard import training

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 0, lambda share: None)
PLACES = np.arange(BINS)


def days_of(data: TrainingSet) -> np.ndarray:
    """Return the days that a training is of."""
    return np.unique(data.samples.day)


def test_those_that_correct_come_after_what_they_correct() -> None:
    """Or there would be nothing to start from."""
    names = [member.name for member in MEMBERS]
    assert names.index(REFERENCE.name) < names.index(BASIS.name)
    assert all(names.index(BASIS.name) < names.index(name) for name in CORRECTING)


def test_the_start_is_halfway() -> None:
    """By hand: of odds of 1 to 4 and 4 to 1, even ones; what cannot be, cannot."""
    samples = replace(samples_of(1), reference=np.full((1, BINS), 0.2))
    basis = np.where(PLACES < 3, 0.0, 0.8)[None]
    start = with_start(samples, basis).reference
    assert start[0, :3].tolist() == [0, 0, 0]
    np.testing.assert_allclose(start[0, 3:], 0.5)
    # Without a reference it is the basis alone.
    bare = with_start(samples_of(1), basis)
    np.testing.assert_array_equal(bare.reference, basis)


def test_the_start_is_out_of_sample() -> None:
    """What came on a day changes the start of other days, never of its own."""
    rooms = {"kitchen": training(1, 600), "bath": training(2, 300)}
    day = days_of(rooms["kitchen"])[0]
    other = rooms["kitchen"]
    own = other.samples.day == day
    changed = Outcomes(
        np.where(own, 1.0, other.outcomes.remaining), other.outcomes.observed | own
    )
    before = started(rooms, CONTEXT)
    after = started({**rooms, "kitchen": replace(other, outcomes=changed)}, CONTEXT)
    first, second = (each["kitchen"].samples.reference for each in (before, after))
    np.testing.assert_array_equal(first[own], second[own])
    assert np.abs(first - second)[~own].max() > 1e-3
    # Everything else is as it was.
    assert before["bath"].outcomes is rooms["bath"].outcomes
    np.testing.assert_array_equal(
        before["bath"].samples.features, rooms["bath"].samples.features
    )


@pytest.mark.parametrize("days", [1, 3])
def test_few_days_start_from_the_reference(days: int) -> None:
    """There is no other part to learn from."""
    data = training(3, 100)
    kept = np.isin(data.samples.day, days_of(data)[:days])
    few = TrainingSet(data.samples.take(kept), data.outcomes.take(kept), data.stays)
    assert started({"room": few}, CONTEXT)["room"] is few
    assert started({}, CONTEXT) == {}


def test_a_forecast_starts_where_training_did() -> None:
    """Halfway between reference and basis, as they are by now."""
    data = training(4, 400)
    rooms = {"room": data}
    members = {
        member.name: member.fit(rooms, CONTEXT)["room"]
        for member in MEMBERS
        if member is REFERENCE or member is BASIS or member.name == "sequence"
    }
    asked = data.samples.take(np.arange(20)).bare()
    said = dict(
        zip(
            [member.name for member in MEMBERS],
            member_forecasts(members, asked, CONFIG),
            strict=True,
        )
    )
    reference = replace(
        asked, reference=REFERENCE.hazards(members[REFERENCE.name], asked)
    )
    start = with_start(reference, hazards_of(said[BASIS.name]))
    (sequence,) = [member for member in MEMBERS if member.name == "sequence"]
    np.testing.assert_array_equal(
        said["sequence"], sequence.predict(members["sequence"], start, CONFIG)
    )
    assert np.isnan(said["climatology"]).all()
