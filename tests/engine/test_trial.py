"""A new model against the one in use."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    HomeSpec,
    ModelState,
    TrainingCancelled,
    Trial,
    train,
    update,
)
from custom_components.occupancy_prediction.engine.models import MEMBERS
from custom_components.occupancy_prediction.engine.trial import (
    compared,
    figures,
    try_out,
)
from custom_components.occupancy_prediction.engine.types import FloatArray

from .family import DAY, QUICK, home

HOUR = 3600.0
CONFIG = replace(QUICK, trial_record=5.0, trial_minimum=50)


def rooms() -> HomeSpec:
    """Return the first two rooms of the home."""
    spec = home()[0]
    return replace(spec, rooms=spec.rooms[:2])


@cache
def in_use() -> ModelState:
    """Return a model of nine days that has learned two more, by the hour."""
    _, table, _, end = home()
    now = end - 3 * DAY
    state = train(rooms(), table, CONFIG, now=now, version="old")
    while now < end:
        now += 6 * HOUR
        state = update(state, rooms(), table.before(now), CONFIG, now=now)
    return state


@cache
def new() -> ModelState:
    """Return a model of all twelve days."""
    _, table, _, end = home()
    return train(rooms(), table, CONFIG, now=end, version="new", previous=in_use())


def trial_of(model: ModelState, config: EngineConfig = CONFIG) -> Trial | None:
    """Compare a model with the one in use at the end of the record."""
    _, table, _, end = home()
    return try_out(
        model,
        in_use(),
        rooms(),
        table,
        config,
        now=end,
        checkpoint=lambda _: None,
        announce=lambda *_: None,
    )


def test_model_like_the_one_in_use_is_adopted() -> None:
    """What is learned in the same way does as well, and better on what it knows."""
    trial = trial_of(new())
    assert trial is not None
    assert trial.count > 50
    assert not trial.is_lost
    assert trial.unseen == pytest.approx(trial.in_use, rel=0.1)
    assert trial.seen < trial.in_use + trial.margin


def test_model_gone_wrong_loses() -> None:
    """Even of days that it knows it has no idea, though its twin is fine."""
    last = np.zeros((4, len(MEMBERS)))
    last[:, [member.name for member in MEMBERS].index("prior")] = 1.0
    spoiled = {
        room_id: replace(
            room,
            weights=last,
            members={
                **room.members,
                "prior": {
                    name: np.flip(array)
                    for name, array in room.members["prior"].items()
                },
            },
        )
        for room_id, room in new().rooms.items()
    }
    trial = trial_of(replace(new(), rooms=spoiled))
    assert trial is not None
    assert trial.is_lost
    assert trial.seen > trial.in_use + trial.margin > trial.unseen


def test_there_must_be_something_to_compare() -> None:
    """A young record, or few moments, prove nothing."""
    assert trial_of(new(), replace(CONFIG, trial_record=11.0)) is None
    assert trial_of(new(), replace(CONFIG, trial_minimum=5000)) is None


def test_trial_can_be_cancelled() -> None:
    """It takes as long as a training."""
    _, table, _, end = home()

    def stop(_: float) -> None:
        raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        try_out(
            new(),
            in_use(),
            rooms(),
            table,
            CONFIG,
            now=end,
            checkpoint=stop,
            announce=lambda *_: None,
        )


def scores(
    origins: list[float], values: list[float]
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return the scores of a home of one room."""
    return {"hall": (np.array(origins), np.array(values))}


def test_only_what_all_have_forecast_is_compared() -> None:
    """By hand: hours 1 and 7 are common, in two stretches of six hours."""
    config = EngineConfig(
        trial_minimum=2, trial_tolerance=0.1, trial_errors=2.0, trial_slack=0.0
    )
    trial = compared(
        scores([0.0, HOUR, 7 * HOUR], [90.0, 10.0, 30.0]),
        scores([HOUR, 7 * HOUR, 8 * HOUR], [12.0, 36.0, 90.0]),
        scores([HOUR, 7 * HOUR], [11.0, 31.0]),
        config,
    )
    assert trial is not None
    assert (trial.count, trial.in_use, trial.unseen, trial.seen) == (2, 20, 24, 21)
    # It was worse by 2 and by 6: 4 on average, deviation 2, error 2 / sqrt(2).
    assert trial.margin == pytest.approx(2 * 2 / np.sqrt(2))
    assert trial.is_lost
    assert not replace(trial, margin=4.0).is_lost


def test_what_is_no_number_has_lost() -> None:
    """A model that forecasts nothing is not better than one that is wrong."""
    assert Trial(100, 50.0, float("nan"), 40.0, 2.0).is_lost
    assert Trial(100, 50.0, 40.0, float("nan"), 2.0).is_lost


def test_figures_are_of_the_record_of_forecasts() -> None:
    """There are some for a home with a record, and none for one without."""
    found = figures(in_use(), CONFIG)
    assert found["count"] > 100
    assert 5 < found["crps"] < 200
    assert 0.5 < found["coverage_80"] <= 1
    assert figures(ModelState("v", 0.0, 0.0, 0.0, {}), CONFIG) == {"count": 0.0}
