"""Tests of when and how a home is learned."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
import time
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.occupancy_prediction import learner as learner_module
from custom_components.occupancy_prediction.engine import (
    HomeSpec,
    ModelState,
    Observation,
    RoomSpec,
    inputs_of,
    job as module,
    train,
)
from custom_components.occupancy_prediction.trainer import Trainer, TrainingReason

from .disk import full_disk
from .learning import LIGHT, MOTION, SPEC, Learning, empty_home
from .life import DAY, HOUR, NOW, START, lived_days, pass_time, settle


@pytest.fixture
async def learning(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[Learning]:
    """Return an empty archive and what learning needs besides."""
    freezer.move_to(START)
    async with empty_home(hass) as learning:
        yield learning


@pytest.fixture
async def trainer(learning: Learning) -> AsyncIterator[Trainer]:
    """Return a trainer that is stopped in the end."""
    trainer = learning.trainer()
    yield trainer
    await trainer.async_stop()


async def test_first_data_are_learned_soon(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    trainer: Trainer,
) -> None:
    """There is a model within minutes of the first hour, and it is saved."""
    trainer.async_start()
    await settle(hass)
    learning.archive.append([Observation(NOW, MOTION, 1.0)])
    for _ in range(11):
        await pass_time(hass, freezer, 300)
    assert learning.models == []
    for _ in range(3):
        await pass_time(hass, freezer, 300)
    assert len(learning.models) == 1
    assert learning.models[0].rooms.keys() == {"kitchen"}
    saved = await learning.saved()
    assert saved is not None
    assert saved.version == learning.models[0].version


async def test_what_rooms_measure_is_learned(
    hass: HomeAssistant, learning: Learning, trainer: Trainer
) -> None:
    """The light that goes on with people is among what the forecasts are made of."""
    await learning.live(5)
    light = [
        replace(item, sensor_id=LIGHT, value=40 + 200 * item.value)
        for item in lived_days(MOTION, 5, NOW)
    ]
    await hass.async_add_executor_job(learning.archive.append, light)
    trainer.async_start()
    await settle(hass)
    assert "light" in inputs_of(learning.models[0].rooms["kitchen"])


async def test_light_alone_is_no_data(
    hass: HomeAssistant, learning: Learning, trainer: Trainer
) -> None:
    """Without a word of a sensor that tells occupancy there is nothing to learn."""
    light = [Observation(NOW - DAY, LIGHT, 40.0), Observation(NOW - HOUR, LIGHT, 80.0)]
    await hass.async_add_executor_job(learning.archive.append, light)
    trainer.async_start()
    await settle(hass)
    assert learning.models == []


async def test_history_is_learned_at_once(
    hass: HomeAssistant, learning: Learning, trainer: Trainer
) -> None:
    """With data at the start nobody waits."""
    await learning.live(5)
    trainer.async_start()
    await settle(hass)
    (model,) = learning.models
    assert model.trained_at == pytest.approx(NOW, abs=15)
    assert model.rooms["kitchen"].spells[1] > 50
    assert learning.progress[-1] is None
    assert learning.progress[0] is not None


async def test_young_record_is_learned_anew_every_hour(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    trainer: Trainer,
) -> None:
    """Updates take over after a day; after three days it is once more."""
    await learning.live(0.9)
    trainer.async_start()
    await settle(hass)
    for hour in range(55):
        await learning.live(0.1, NOW + hour * HOUR)
        await pass_time(hass, freezer, HOUR)
    versions = {model.version: model for model in learning.models}
    ages = [
        round((model.trained_at - model.data_start) / HOUR)
        for model in versions.values()
    ]
    # At the start; the hours up to a day; two nights; three days.
    assert ages == [22, 23, 24, 38, 62, 72]


async def test_update_counts_the_last_hour(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    trainer: Trainer,
) -> None:
    """Between trainings the same model goes on with what has come since."""
    await learning.live(5)
    trainer.async_start()
    await settle(hass)
    await learning.live(0.2, NOW + 2 * HOUR)
    await pass_time(hass, freezer, HOUR)
    await pass_time(hass, freezer, HOUR)
    first, *_, last = learning.models
    assert last.version == first.version
    assert last.trained_at == first.trained_at
    assert last.data_end == pytest.approx(NOW + 2 * HOUR, abs=15)
    assert last.rooms["kitchen"].spells[1] == first.rooms["kitchen"].spells[1] + 2
    saved = await learning.saved()
    assert saved is not None
    assert saved.data_end == last.data_end


async def test_everything_is_learned_anew_at_night(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    trainer: Trainer,
) -> None:
    """It is at half past three plus the offset, local time, and once a night."""
    await learning.live(420)
    trainer.async_start()
    await settle(hass)
    first = learning.models[0]
    night = datetime(2026, 3, 3, 3, 31, tzinfo=dt_util.get_default_time_zone())
    freezer.move_to(night)
    async_fire_time_changed(hass)
    await settle(hass)
    assert learning.models[-1].version == first.version
    await pass_time(hass, freezer, 31)
    last = learning.models[-1]
    assert last.version != first.version
    assert last.trained_at == pytest.approx(
        (night + timedelta(seconds=31)).astimezone(UTC).timestamp(), abs=15
    )
    # The archive keeps a year and a month.
    first_moment, _ = learning.archive.spans([MOTION])[MOTION]
    assert first_moment == pytest.approx(last.trained_at - 400 * DAY, abs=HOUR)


async def test_saved_model_goes_on(
    hass: HomeAssistant, learning: Learning, trainer: Trainer
) -> None:
    """A restart does not cost a training."""
    await learning.live(5)
    trainer.async_start()
    await settle(hass)
    await trainer.async_stop()
    (model,) = learning.models
    again = learning.trainer(model=model)
    again.async_start()
    await settle(hass)
    assert learning.models[-1].version == model.version
    await again.async_stop()


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, rooms=(*SPEC.rooms, RoomSpec("bath", ()))),
        replace(SPEC, rooms=(replace(SPEC.rooms[0], vacancy_delay=60.0),)),
        replace(SPEC, time_zone="Europe/Berlin"),
    ],
)
async def test_other_configuration_is_learned_anew(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    trainer: Trainer,
    spec: HomeSpec,
) -> None:
    """What was learned about the home as it was configured before is no use."""
    await learning.live(5)
    trainer.async_start()
    await settle(hass)
    await trainer.async_stop()
    (model,) = learning.models
    freezer.tick(10)
    changed = learning.trainer(spec, model)
    changed.async_start()
    await settle(hass)
    assert len(learning.models) == 2
    assert learning.models[1].version != model.version
    assert learning.models[1].rooms.keys() == {room.room_id for room in spec.rooms}
    await changed.async_stop()


async def test_one_training_at_a_time(
    hass: HomeAssistant, learning: Learning, trainer: Trainer
) -> None:
    """What is asked for during a training is done once, after it."""
    await learning.live(2)
    running, most, calls = 0, 0, 0

    def slow_train(*args: Any, **kwargs: Any) -> ModelState:
        nonlocal running, most, calls
        running, calls = running + 1, calls + 1
        most = max(most, running)
        time.sleep(0.05)
        running -= 1
        return train(*args, **kwargs)

    with patch.object(module, "train", slow_train):
        trainer.async_start()
        for _ in range(5):
            trainer.async_request(TrainingReason.REQUEST)
        await hass.async_block_till_done()
        for _ in range(5):
            trainer.async_request(TrainingReason.REQUEST)
        await settle(hass)
    assert most == 1
    assert calls <= 3


async def test_failure_is_logged_once_and_the_old_model_stays(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    trainer: Trainer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Tries get rarer; another failure is another line; success is one as well."""
    await learning.live(5)
    trainer.async_start()
    await settle(hass)
    model = learning.models[-1]
    with patch.object(module, "train", side_effect=RuntimeError("bad luck")) as broken:
        trainer.async_request(TrainingReason.REQUEST)
        await settle(hass)
        # Tried again 10 minutes later, and then 20 minutes later.
        for calls in (1, 1, 2, 2, 2, 2, 3):
            assert broken.call_count == calls
            await pass_time(hass, freezer, 300)
        assert caplog.text.count("Learning failed") == 1
        broken.side_effect = MemoryError("too little")
        await pass_time(hass, freezer, 2400)
        assert broken.call_count == 4
        assert caplog.text.count("Learning failed") == 2
    assert learning.models[-1] is model
    assert await learning.saved() is not None
    await pass_time(hass, freezer, 4800)
    assert learning.models[-1].version != model.version
    assert caplog.text.count("Learning works again") == 1
    # The next failure waits as short as the first did.
    with patch.object(module, "train", side_effect=RuntimeError("again")) as broken:
        trainer.async_request(TrainingReason.REQUEST)
        await settle(hass)
        await pass_time(hass, freezer, 300)
        await pass_time(hass, freezer, 300)
        assert broken.call_count == 2


async def test_request_does_not_wait_for_the_pause(
    hass: HomeAssistant, learning: Learning, trainer: Trainer
) -> None:
    """A user who asks gets an answer now."""
    await learning.live(5)
    with patch.object(module, "train", side_effect=RuntimeError("bad luck")):
        trainer.async_start()
        await settle(hass)
    assert learning.models == []
    trainer.async_request(TrainingReason.REQUEST)
    await settle(hass)
    assert len(learning.models) == 1


async def test_model_that_cannot_be_updated_is_learned_anew(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    trainer: Trainer,
) -> None:
    """A model whose arrays do not fit is replaced."""
    await learning.live(5)
    trainer.async_start()
    await settle(hass)
    (model,) = learning.models
    with patch.object(learner_module, "update", side_effect=ValueError("shapes")):
        await pass_time(hass, freezer, HOUR)
        await pass_time(hass, freezer, 600)
    assert learning.models[-1].version != model.version


async def test_model_is_in_use_though_it_cannot_be_saved(
    hass: HomeAssistant,
    learning: Learning,
    trainer: Trainer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A full disk costs the file, not the forecasts."""
    await learning.live(2)
    with full_disk():
        trainer.async_start()
        await settle(hass)
    assert len(learning.models) == 1
    assert await learning.saved() is None
    assert caplog.text.count("Learning failed") == 1


async def test_stopping_cancels_a_training(
    hass: HomeAssistant, learning: Learning, trainer: Trainer
) -> None:
    """The engine is told at its next checkpoint; nothing comes of it."""
    await learning.live(2)
    begun, cancelled = Event(), Event()

    def endless_train(*_: Any, **kwargs: Any) -> ModelState:
        begun.set()
        try:
            while True:
                time.sleep(0.01)
                kwargs["checkpoint"](0.1)
        finally:
            cancelled.set()

    with patch.object(module, "train", endless_train):
        trainer.async_start()
        assert await hass.async_add_executor_job(begun.wait, 10)
        began = time.perf_counter()
        await trainer.async_stop()
        assert time.perf_counter() - began < 1
        assert await hass.async_add_executor_job(cancelled.wait, 10)
    assert learning.models == []
    trainer.async_request(TrainingReason.REQUEST)
    await settle(hass)
    assert learning.models == []


async def test_failure_while_stopping_is_the_end(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    learning: Learning,
    trainer: Trainer,
) -> None:
    """Nothing is tried again after the end."""
    await learning.live(2)
    begun, stopping = Event(), Event()

    def fail_late(*_: Any, **__: Any) -> ModelState:
        begun.set()
        stopping.wait(10)
        raise RuntimeError("bad luck")

    with patch.object(module, "train", side_effect=fail_late) as broken:
        trainer.async_start()
        assert await hass.async_add_executor_job(begun.wait, 10)
        stopped = hass.async_create_task(trainer.async_stop(), eager_start=True)
        stopping.set()
        await stopped
        await pass_time(hass, freezer, DAY)
        assert broken.call_count == 1


async def test_stopping_does_not_wait_for_a_stuck_training(
    hass: HomeAssistant, learning: Learning, trainer: Trainer
) -> None:
    """Unloading goes on, and what comes later is dropped."""
    await learning.live(2)
    stuck, released = Event(), Event()

    def stuck_train(*args: Any, **kwargs: Any) -> ModelState:
        stuck.set()
        released.wait(10)
        return train(*args, **kwargs)

    with patch.object(module, "train", stuck_train):
        trainer.async_start()
        assert await hass.async_add_executor_job(stuck.wait, 10)
        await trainer.async_stop()
        assert not released.is_set()
        released.set()
        await settle(hass)
    assert learning.models == []
    assert await learning.saved() is None
