"""Tests of which models come into use, and of trainings that are cut off."""

from collections.abc import AsyncIterator
from dataclasses import replace
import os
import signal
from threading import Event
import time
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.occupancy_prediction import worker as worker_module
from custom_components.occupancy_prediction.engine import (
    ModelState,
    Trial,
    job as module,
    train,
)
from custom_components.occupancy_prediction.engine.tuning import Tuning
from custom_components.occupancy_prediction.model_registry import Verdict
from custom_components.occupancy_prediction.trainer import TrainingReason

from .learning import Learning, empty_home
from .life import DAY, HOUR, START, pass_time, settle
from .processes import learning_processes, wait_for_learning

LOST = Trial(500, 40.0, 44.0, 39.0, 1.2)
WON = Trial(500, 40.0, 40.5, 38.0, 1.2)


@pytest.fixture
async def learning(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Learning]:
    """Return a home that has been lived in for five days."""
    freezer.move_to(START)
    async with empty_home(hass) as learning:
        await learning.live(5)
        yield learning


async def test_model_that_loses_is_not_adopted(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The one in use goes on learning by the hour; what happened is noted."""
    keeper = learning.keeper()
    trainer = learning.trainer(keeper=keeper)
    trainer.async_start()
    await settle(hass)
    (first,) = learning.models
    freezer.tick(60)
    with patch.object(module, "try_out", return_value=LOST):
        trainer.async_request(TrainingReason.ACCURACY)
        await settle(hass)
    assert {model.version for model in learning.models} == {first.version}
    assert learning.models[-1].data_end > first.data_end
    saved = await learning.saved()
    assert saved is not None
    assert saved.version == first.version
    lost, adopted = await keeper.async_records()
    assert (lost.verdict, adopted.verdict) == (Verdict.REJECTED, Verdict.ADOPTED)
    assert lost.reasons == ("accuracy",)
    assert lost.trial["unseen"] == 44.0
    assert caplog.text.count("is not adopted") == 1
    await trainer.async_stop()


async def test_model_that_wins_is_adopted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, learning: Learning
) -> None:
    """With its scores, and the one before can be gone back to."""
    keeper = learning.keeper()
    trainer = learning.trainer(keeper=keeper)
    trainer.async_start()
    await settle(hass)
    (first,) = learning.models
    freezer.tick(60)
    with patch.object(module, "try_out", return_value=WON):
        trainer.async_request(TrainingReason.DRIFT)
        await settle(hass)
    second = learning.models[-1]
    assert second.version != first.version
    record, _ = await keeper.async_records()
    assert (record.version, record.trial["seen"]) == (second.version, 38.0)
    assert record.weights.keys() <= set(second.rooms["kitchen"].members)
    assert record.figures["count"] > 0
    assert (await keeper.async_rollback()).version == first.version
    # From now on it is this one that learns.
    await pass_time(hass, freezer, HOUR)
    assert learning.models[-1].version == first.version
    assert learning.models[-1].data_end > first.data_end
    await trainer.async_stop()


@pytest.mark.parametrize(
    ("reason", "compared"),
    [
        (TrainingReason.SCHEDULE, True),
        (TrainingReason.REQUEST, True),
        (TrainingReason.HISTORY, False),
        (TrainingReason.CONFIGURATION, False),
    ],
)
async def test_only_models_of_the_same_home_are_compared(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    reason: TrainingReason,
    compared: bool,
) -> None:
    """With another past the new one is right, whatever the old one says."""
    trainer = learning.trainer()
    trainer.async_start()
    await settle(hass)
    freezer.tick(60)
    with patch.object(module, "try_out", return_value=LOST) as try_out:
        trainer.async_request(reason)
        await settle(hass)
    assert try_out.called is compared
    assert (len({model.version for model in learning.models}) == 1) is compared
    await trainer.async_stop()


async def test_search_is_for_the_night(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody waits for it then; what it came to is told, and stays with the model."""
    keeper = learning.keeper()
    trainer = learning.trainer(keeper=keeper)
    trainer.async_start()
    await settle(hass)
    tuning = Tuning({"pool_contrast": 0.7}, "0.7 was better")

    searches: list[str] = []

    def optimized(model: ModelState, *_: object, **__: object) -> ModelState:
        searches.append(model.version)
        return replace(model, tuning=tuning)

    with patch.object(module, "optimized", side_effect=optimized):
        freezer.tick(60)
        trainer.async_request(TrainingReason.REQUEST)
        await settle(hass)
        assert searches == []
        freezer.tick(60)
        trainer.async_request(TrainingReason.SCHEDULE)
        await settle(hass)
    assert searches == [learning.models[-1].version]
    assert "0.7 was better" in caplog.text
    saved = await learning.saved()
    assert saved is not None
    assert saved.tuning == tuning
    record, before, _ = await keeper.async_records()
    assert (record.tuning, record.search) == (tuning.values, tuning.reason)
    assert (before.tuning, before.search) == ({}, "")
    # The next model learns with it.
    freezer.tick(60)
    trainer.async_request(TrainingReason.REQUEST)
    await settle(hass)
    assert learning.models[-1].tuning == Tuning(tuning.values)
    await trainer.async_stop()


async def test_going_back_during_a_training_is_not_undone_by_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, learning: Learning
) -> None:
    """What was compared with another model is trained again."""
    keeper = learning.keeper()
    trainer = learning.trainer(keeper=keeper)
    for seconds in (0, 60):
        freezer.tick(seconds)
        trainer.async_request(TrainingReason.REQUEST)
        await settle(hass)
    first, _ = learning.models
    begun, through = Event(), Event()
    trained = []

    def slow_train(*args: Any, **kwargs: Any) -> ModelState:
        begun.set()
        through.wait(10)
        trained.append(kwargs["previous"].version)
        return train(*args, **kwargs)

    with patch.object(module, "train", slow_train):
        freezer.tick(60)
        trainer.async_request(TrainingReason.REQUEST)
        assert await hass.async_add_executor_job(begun.wait, 10)
        await keeper.async_rollback()
        through.set()
        await settle(hass)
    assert len(trained) == 2
    assert trained[1] == first.version
    assert keeper.model is learning.models[-1]
    await trainer.async_stop()


@pytest.mark.parametrize(
    "reason",
    [TrainingReason.REQUEST, TrainingReason.DRIFT, TrainingReason.ACCURACY],
)
async def test_training_cut_off_by_a_restart_is_made_up_for(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    reason: TrainingReason,
) -> None:
    """Whoever asked for it need not ask again; after that it is done."""
    trainer = learning.trainer()
    trainer.async_start()
    await settle(hass)
    (model,) = learning.models
    freezer.tick(60)
    begun, through = Event(), Event()

    def stuck_train(*args: Any, **kwargs: Any) -> ModelState:
        begun.set()
        through.wait(10)
        return train(*args, **kwargs)

    with patch.object(module, "train", stuck_train):
        trainer.async_request(reason)
        assert await hass.async_add_executor_job(begun.wait, 10)
        await trainer.async_stop()
        through.set()
    await settle(hass)
    assert learning.models == [model]
    again = learning.trainer(model=model)
    again.async_start()
    await settle(hass)
    assert learning.models[-1].version != model.version
    await again.async_stop()
    count = len({model.version for model in learning.models})
    freezer.tick(60)
    last = learning.trainer(model=learning.models[-1])
    last.async_start()
    await settle(hass)
    assert len({model.version for model in learning.models}) == count
    await last.async_stop()


async def test_night_without_home_assistant_is_made_up_for(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, learning: Learning
) -> None:
    """A model of the day before yesterday is made anew at the start."""
    trainer = learning.trainer()
    trainer.async_start()
    await settle(hass)
    await trainer.async_stop()
    (model,) = learning.models
    for hours, trainings in ((30, 1), (8, 2)):
        freezer.tick(hours * HOUR)
        again = learning.trainer(model=model)
        again.async_start()
        await settle(hass)
        assert len({model.version for model in learning.models}) == trainings
        await again.async_stop()


@pytest.mark.usefixtures("processes")
async def test_killed_worker_is_reported_once_and_the_old_model_goes_on(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However often it is killed; once it is left alone all is well."""
    keeper = learning.keeper()
    trainer = learning.trainer(keeper=keeper)
    trainer.async_start()
    await settle(hass)
    (model,) = learning.models
    for _ in range(3):
        freezer.tick(60)
        trainer.async_request(TrainingReason.REQUEST)
        process = await hass.async_add_executor_job(wait_for_learning, os.getpid())
        while learning.progress[-1] is None:
            # Until it learns: before that a thread would stand in.
            await hass.async_add_executor_job(time.sleep, 0.01)
        os.kill(process, signal.SIGKILL)
        await settle(hass)
        assert keeper.model is model
    assert caplog.text.count("Learning failed") == 1
    assert caplog.text.count("killed by SIGKILL") == 1
    assert learning_processes(os.getpid()) == []
    await pass_time(hass, freezer, DAY)
    assert keeper.model is not model
    await trainer.async_stop()


@pytest.mark.usefixtures("processes")
async def test_model_of_a_process_is_adopted_and_saved(
    hass: HomeAssistant, learning: Learning, caplog: pytest.LogCaptureFixture
) -> None:
    """No thread stands in, and nothing is left behind."""
    assert worker_module.PYTHON
    trainer = learning.trainer()
    trainer.async_start()
    await settle(hass)
    (model,) = learning.models
    saved = await learning.saved()
    assert saved is not None
    assert saved.version == model.version
    assert "in a thread" not in caplog.text
    assert learning_processes(os.getpid()) == []
    await trainer.async_stop()
