"""Tests of setting up, changing and taking down a home."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
import os
import sqlite3
from threading import Event
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.occupancy_prediction as component
from custom_components.occupancy_prediction.const import (
    ARCHIVE_FILE,
    DOMAIN,
    MODEL_FILE,
)
from custom_components.occupancy_prediction.engine import ModelState, job as job_module

from .home import add_home, room, set_up
from .life import (
    DAY,
    HOUR,
    NOW,
    START,
    fill_archive,
    lived_days,
    pass_time,
    read_archive,
    saved_model,
    settle,
    shown,
    storage_folder,
)
from .processes import wait_for_end, wait_for_learning

MOTION = "binary_sensor.kitchen_motion"
OTHER_MOTION = "binary_sensor.bath_motion"
OCCUPANCY = "binary_sensor.kitchen_occupancy"
ARCHIVE_UNWRITABLE = (DOMAIN, "archive_unwritable")


@pytest.fixture
async def entry(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> MockConfigEntry:
    """Store a home that has been lived in for five days, without starting it."""
    freezer.move_to(START)
    past = lived_days(MOTION, 5, NOW) + lived_days(OTHER_MOTION, 5, NOW)
    await fill_archive(hass, past, NOW)
    for sensor in (MOTION, OTHER_MOTION):
        hass.states.async_set(sensor, "off")
    return add_home(
        hass,
        room("Kitchen", motion_sensors=[MOTION]),
        room("Bath", motion_sensors=[OTHER_MOTION]),
    )


@pytest.fixture
async def home(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Start that home."""
    await set_up(hass, entry)
    await settle(hass)
    return entry


def state_of(entry: MockConfigEntry) -> ConfigEntryState:
    """Return the state of an entry as it is now."""
    return entry.state


async def damage(hass: HomeAssistant, change: Callable[[], object]) -> None:
    """Change the files while nobody has them open."""
    await hass.async_add_executor_job(change)


async def test_setup_and_unload(hass: HomeAssistant, home: MockConfigEntry) -> None:
    """Entities come and go; what was seen is on disk after unloading."""
    assert state_of(home) is ConfigEntryState.LOADED
    assert shown(hass, OCCUPANCY) == "off"
    hass.states.async_set(MOTION, "on")
    assert shown(hass, OCCUPANCY) == "on"

    assert await hass.config_entries.async_unload(home.entry_id)
    assert state_of(home) is ConfigEntryState.NOT_LOADED
    assert shown(hass, OCCUPANCY) == "unavailable"
    table = await read_archive(hass, MOTION)
    assert (table.timestamps[-1], table.values[-1]) == (NOW, 1.0)
    hass.states.async_set(MOTION, "off")
    await hass.async_block_till_done()
    assert len(await read_archive(hass, MOTION)) == len(table)


async def test_reload(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Nothing is lost and nobody is invented."""
    trained = shown(hass, "sensor.occupancy_prediction_last_trained")
    for _ in range(3):
        await pass_time(hass, freezer, 60)
        assert await hass.config_entries.async_reload(home.entry_id)
        assert shown(hass, OCCUPANCY) == "off"
    await pass_time(hass, freezer, 1)
    assert shown(hass, "sensor.kitchen_next_transition") != "unknown"
    assert shown(hass, "sensor.occupancy_prediction_last_trained") == trained


async def test_home_without_rooms(hass: HomeAssistant) -> None:
    """A home may wait for its first room."""
    entry = add_home(hass)
    await set_up(hass, entry)
    await settle(hass)
    assert state_of(entry) is ConfigEntryState.LOADED
    assert shown(hass, "sensor.occupancy_prediction_learning_stage") == "collecting"


async def test_change_of_an_option_takes_effect(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """The home starts anew with it."""
    hass.config_entries.async_update_entry(home, options={"forecast_interval": 60})
    await settle(hass)
    await pass_time(hass, freezer, 1)
    coordinator = home.runtime_data.coordinator
    issued = coordinator.data.rooms["room_bath"].issued_at
    await pass_time(hass, freezer, 60)
    assert coordinator.data.rooms["room_bath"].issued_at > issued


async def test_removed_room_is_forgotten(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Its device, its part of the model and what its sensors said are gone."""
    model = await saved_model(hass)
    assert model is not None
    assert model.rooms.keys() == {"room_kitchen", "room_bath"}
    devices = dr.async_get(hass)
    device_id = (DOMAIN, "room_bath")
    assert devices.async_get_device_by_identifier(device_id, home.entry_id)

    hass.config_entries.async_remove_subentry(home, "room_bath")
    await settle(hass)
    assert state_of(home) is ConfigEntryState.LOADED
    assert hass.states.get("binary_sensor.bath_occupancy") is None
    assert devices.async_get_device_by_identifier(device_id, home.entry_id) is None
    model = await saved_model(hass)
    assert model is not None
    assert model.rooms.keys() == {"room_kitchen"}
    assert home.runtime_data.archive.sensor_ids() == {MOTION}
    assert len(home.runtime_data.archive.load([MOTION])) > 200


async def test_room_removed_while_unloaded_is_forgotten(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """The next start sees that the model knows more rooms than there are."""
    assert await hass.config_entries.async_unload(home.entry_id)
    hass.config_entries.async_remove_subentry(home, "room_bath")
    await set_up(hass, home)
    model = await saved_model(hass)
    assert model is not None
    assert model.rooms.keys() == {"room_kitchen"}
    assert home.runtime_data.archive.sensor_ids() == {MOTION}


async def test_sensor_moved_to_another_room_keeps_its_past(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """What a sensor said is not lost when it is taken out of a room."""
    bath = home.subentries["room_bath"]
    hass.config_entries.async_update_subentry(home, bath, data={"motion_sensors": []})
    await settle(hass)
    kitchen = home.subentries["room_kitchen"]
    hass.config_entries.async_update_subentry(
        home, kitchen, data={"motion_sensors": [MOTION, OTHER_MOTION]}
    )
    await settle(hass)
    first, _ = home.runtime_data.archive.spans([OTHER_MOTION])[OTHER_MOTION]
    assert first < NOW - 4 * DAY


async def test_removed_entry_leaves_nothing(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Files, entities, devices and issues are gone."""
    assert await saved_model(hass) is not None
    await hass.config_entries.async_remove(home.entry_id)
    await hass.async_block_till_done()
    folder = storage_folder(hass)
    assert await hass.async_add_executor_job(lambda: list(folder.iterdir())) == []
    assert not er.async_get(hass).entities.get_entries_for_config_entry_id("home_entry")
    assert [domain for domain, _ in ir.async_get(hass).issues if domain == DOMAIN] == []


async def test_corrupt_archive_is_replaced(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """The file is kept, the user told, and a new archive begun."""
    file = storage_folder(hass) / ARCHIVE_FILE
    await damage(hass, lambda: file.write_bytes(b"no database at all" * 100))
    await set_up(hass, entry)
    assert state_of(entry) is ConfigEntryState.LOADED
    issue = ir.async_get(hass).async_get_issue(DOMAIN, "archive_corrupt")
    assert issue is not None
    (kept,) = await hass.async_add_executor_job(
        lambda: list(file.parent.glob("*corrupt*"))
    )
    assert issue.data == {"kept_as": str(kept)}
    assert caplog.text.count("a new one begun") == 1
    hass.states.async_set(MOTION, "on")
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert (await read_archive(hass, MOTION)).values[-1] == 1


async def test_archive_of_a_newer_version_is_kept(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A downgrade reads nothing it does not understand."""

    def raise_version() -> None:
        connection = sqlite3.connect(storage_folder(hass) / ARCHIVE_FILE)
        connection.execute("PRAGMA user_version = 99")
        connection.close()

    await damage(hass, raise_version)
    await set_up(hass, entry)
    assert state_of(entry) is ConfigEntryState.LOADED
    assert ir.async_get(hass).async_get_issue(DOMAIN, "archive_newer")


async def test_archive_that_cannot_be_opened(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    """The user is told why; the home starts once it is solved."""
    folder = storage_folder(hass)
    aside = folder.with_name("aside")

    def block() -> None:
        folder.rename(aside)
        folder.write_text("a file where the folder should be")

    def solve() -> None:
        folder.unlink()
        aside.rename(folder)

    await damage(hass, block)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "archive_unavailable"
    assert ARCHIVE_UNWRITABLE in ir.async_get(hass).issues
    await damage(hass, solve)
    await pass_time(hass, freezer, 60)
    assert state_of(entry) is ConfigEntryState.LOADED
    assert ARCHIVE_UNWRITABLE not in ir.async_get(hass).issues


def refuse(hass: HomeAssistant, statement: str) -> None:
    """Let the archive refuse a kind of write, as a failing disk does."""
    with closing(sqlite3.connect(storage_folder(hass) / ARCHIVE_FILE)) as connection:
        connection.execute(
            f"CREATE TRIGGER refuse BEFORE {statement} "
            "BEGIN SELECT RAISE(FAIL, 'no more'); END"
        )


def allow(hass: HomeAssistant) -> None:
    """Let the archive be written again."""
    with closing(sqlite3.connect(storage_folder(hass) / ARCHIVE_FILE)) as connection:
        connection.execute("DROP TRIGGER refuse")


async def test_archive_that_cannot_be_written_at_the_start(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    """Nothing is started that could not remember; it goes on by itself."""
    await damage(hass, lambda: refuse(hass, "INSERT ON events"))
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.SETUP_RETRY
    issue = ir.async_get(hass).issues[ARCHIVE_UNWRITABLE]
    assert issue.translation_placeholders is not None
    assert "no more" in issue.translation_placeholders["error"]
    await damage(hass, lambda: allow(hass))
    await pass_time(hass, freezer, 60)
    assert state_of(entry) is ConfigEntryState.LOADED
    assert ARCHIVE_UNWRITABLE not in ir.async_get(hass).issues


async def test_archive_that_cannot_be_written_in_between(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """States and forecasts go on; what happened is written later."""
    await damage(hass, lambda: refuse(hass, "INSERT ON events"))
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, 5)
    assert ARCHIVE_UNWRITABLE in ir.async_get(hass).issues
    assert shown(hass, OCCUPANCY) == "on"
    await damage(hass, lambda: allow(hass))
    await pass_time(hass, freezer, 60)
    assert ARCHIVE_UNWRITABLE not in ir.async_get(hass).issues
    assert await hass.config_entries.async_unload(home.entry_id)
    assert (await read_archive(hass, MOTION)).values[-1] == 1


async def test_archive_that_cannot_follow_a_removal(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is to be forgotten is forgotten when it can be."""
    await damage(hass, lambda: refuse(hass, "DELETE ON events"))
    hass.config_entries.async_remove_subentry(home, "room_bath")
    await settle(hass)
    assert caplog.text.count("could not follow") == 1
    assert hass.states.get("binary_sensor.bath_occupancy") is None
    assert state_of(home) is ConfigEntryState.SETUP_RETRY
    await damage(hass, lambda: allow(hass))
    await pass_time(hass, freezer, 60)
    assert state_of(home) is ConfigEntryState.LOADED
    assert home.runtime_data.archive.sensor_ids() == {MOTION}
    model = await saved_model(hass)
    assert model is not None
    assert model.rooms.keys() == {"room_kitchen"}


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04 nor a zip"])
async def test_corrupt_model_is_learned_anew(
    hass: HomeAssistant,
    home: MockConfigEntry,
    content: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The archive has all that is needed."""
    assert await hass.config_entries.async_unload(home.entry_id)
    file = storage_folder(hass) / MODEL_FILE
    await damage(hass, lambda: file.write_bytes(content))
    await set_up(hass, home)
    await settle(hass)
    assert caplog.text.count("The saved model is not used") == 1
    model = await saved_model(hass)
    assert model is not None
    assert shown(hass, "sensor.occupancy_prediction_learning_stage") == "early"


async def test_two_rooms_with_one_sensor(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A configuration that contradicts itself is tried again when it is mended."""
    entry = add_home(
        hass,
        room("Kitchen", motion_sensors=[MOTION]),
        room("Bath", motion_sensors=[MOTION]),
    )
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "invalid_rooms"
    hass.config_entries.async_remove_subentry(entry, "room_bath")
    await pass_time(hass, freezer, 60)
    assert state_of(entry) is ConfigEntryState.LOADED


async def test_stop_of_home_assistant_cancels_training(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Nothing holds up the shutdown, and nothing half learned is saved."""
    begun, stopped = Event(), Event()

    def endless_train(*_: object, **kwargs: Callable[[float], None]) -> ModelState:
        begun.set()
        try:
            while True:
                kwargs["checkpoint"](0.5)
        finally:
            stopped.set()

    with patch.object(job_module, "train", endless_train):
        await set_up(hass, entry)
        assert await hass.async_add_executor_job(begun.wait, 10)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await settle(hass)
        assert await hass.async_add_executor_job(stopped.wait, 10)
    assert await saved_model(hass) is None


@pytest.mark.usefixtures("processes")
async def test_stop_of_home_assistant_ends_the_learning_process(
    hass: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone when Home Assistant is, and nothing half learned is saved."""
    endless = replace(component.CONFIG, holdout_folds=10_000)
    monkeypatch.setattr(component, "CONFIG", endless)
    await set_up(hass, entry)
    process = await hass.async_add_executor_job(wait_for_learning, os.getpid())
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await settle(hass)
    assert await hass.async_add_executor_job(wait_for_end, process, 1)
    assert await saved_model(hass) is None


async def test_failed_training_leaves_the_model_in_use(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Forecasts go on as before, night after night."""
    before = await saved_model(hass)
    assert before is not None
    with patch.object(job_module, "train", side_effect=RuntimeError("bad luck")):
        for _ in range(2 * 24):
            await pass_time(hass, freezer, HOUR)
    assert caplog.text.count("Learning failed") == 1
    forecast = home.runtime_data.coordinator.data.rooms["room_kitchen"]
    assert forecast.model_version == before.version
    assert forecast.predicted_time is not None
