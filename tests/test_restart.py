"""Tests of what a restart of Home Assistant keeps, and of what it must not invent."""

from datetime import timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.occupancy_prediction.engine import Observation, job as job_module

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
)

MOTION = "binary_sensor.kitchen_motion"
DOOR = "binary_sensor.hall_door"
OCCUPANCY = "binary_sensor.kitchen_occupancy"
HALL_OCCUPANCY = "binary_sensor.hall_occupancy"


def add_kitchen_and_hall(hass: HomeAssistant) -> MockConfigEntry:
    """Store a kitchen with a motion sensor and a hall with a door."""
    return add_home(
        hass,
        room("Kitchen", motion_sensors=[MOTION]),
        room("Hall", door_sensors=[DOOR]),
    )


async def boot(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up the home as a booting Home Assistant does, before it has started."""
    hass.set_state(CoreState.not_running)
    await set_up(hass, entry)


async def finish_boot(hass: HomeAssistant) -> None:
    """Tell that Home Assistant has started."""
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await settle(hass)


async def test_everything_learned_is_kept(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Archive, model and rooms are there again; nothing is trained for it."""
    freezer.move_to(START)
    await fill_archive(hass, lived_days(MOTION, 5, NOW), NOW)
    hass.states.async_set(MOTION, "off")
    hass.states.async_set(DOOR, "off")
    entry = add_kitchen_and_hall(hass)
    await set_up(hass, entry)
    await settle(hass)
    hass.states.async_set(DOOR, "on")
    await pass_time(hass, freezer, 60)
    assert await hass.config_entries.async_unload(entry.entry_id)
    before = await saved_model(hass)
    assert before is not None
    rows = len(await read_archive(hass, MOTION, DOOR))

    freezer.tick(600)
    with patch.object(job_module, "train") as train:
        await boot(hass, entry)
        assert shown(hass, OCCUPANCY) == "unknown"
        await finish_boot(hass)
        await pass_time(hass, freezer, 1)
        train.assert_not_called()
    assert shown(hass, OCCUPANCY) == "off"
    assert shown(hass, "sensor.kitchen_next_transition") != "unknown"
    forecast = entry.runtime_data.coordinator.data.rooms["room_kitchen"]
    assert forecast.model_version == before.version
    assert await hass.config_entries.async_unload(entry.entry_id)
    after = await read_archive(hass, MOTION, DOOR)
    # Each sensor: that it was lost, and how it is now.
    assert len(after) == rows + 4


@pytest.mark.parametrize(
    "words",
    [
        ["off"],
        ["unavailable", "off"],
        ["unknown", "off"],
        ["unavailable", "unknown", "unavailable", "off"],
    ],
)
@pytest.mark.parametrize("last_word", [0.0, 1.0, np.nan])
async def test_sensors_that_come_back_occupy_nothing(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    words: list[str],
    last_word: float,
) -> None:
    """Whatever was last heard of it, a sensor that is off says: nobody there."""
    freezer.move_to(START)
    await fill_archive(
        hass,
        [Observation(NOW - 2 * HOUR, sensor, last_word) for sensor in (MOTION, DOOR)],
        NOW - HOUR,
    )
    entry = add_kitchen_and_hall(hass)
    hass.states.async_remove(MOTION)
    await boot(hass, entry)
    assert shown(hass, OCCUPANCY) == "unknown"
    seen = set()
    for number, word in enumerate(words):
        for sensor in (MOTION, DOOR):
            hass.states.async_set(sensor, word)
        if number == 0:
            await finish_boot(hass)
        await pass_time(hass, freezer, 5)
        seen |= {shown(hass, OCCUPANCY), shown(hass, HALL_OCCUPANCY)}
    assert shown(hass, OCCUPANCY) == "off"
    assert shown(hass, HALL_OCCUPANCY) == "off"
    assert "on" not in seen


@pytest.mark.parametrize("word", ["on", "off"])
async def test_first_word_of_a_door_is_not_an_event(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, word: str
) -> None:
    """Neither at the very first start nor later; moving it is."""
    freezer.move_to(START)
    hass.states.async_set(DOOR, word)
    entry = add_kitchen_and_hall(hass)
    await set_up(hass, entry)
    await settle(hass)
    assert shown(hass, HALL_OCCUPANCY) == "off"
    await pass_time(hass, freezer, 60)
    for _ in range(2):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        assert shown(hass, HALL_OCCUPANCY) == "off"
        await pass_time(hass, freezer, 60)
    hass.states.async_set(DOOR, "on" if word == "off" else "off")
    assert shown(hass, HALL_OCCUPANCY) == "on"


async def test_what_is_archived_says_the_same(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Learning sees the restart as well: nobody watched, then the first word."""
    freezer.move_to(START)
    await fill_archive(hass, [Observation(NOW - 2 * HOUR, MOTION, 1.0)], NOW - HOUR)
    hass.states.async_set(MOTION, "off")
    entry = add_kitchen_and_hall(hass)
    await set_up(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    table = await read_archive(hass, MOTION)
    assert table.timestamps == pytest.approx([NOW - 2 * HOUR, NOW - HOUR, NOW], abs=0.1)
    assert table.values[[0, 2]].tolist() == [1.0, 0.0]
    assert np.isnan(table.values[1])


async def test_somebody_who_is_there_is_seen(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A sensor that is on after the restart occupies its room."""
    freezer.move_to(START)
    await fill_archive(hass, [Observation(NOW - DAY, MOTION, 0.0)], NOW - HOUR)
    hass.states.async_set(MOTION, "on")
    entry = add_kitchen_and_hall(hass)
    await boot(hass, entry)
    assert shown(hass, OCCUPANCY) == "unknown"
    await finish_boot(hass)
    assert shown(hass, OCCUPANCY) == "on"


async def test_short_restart_keeps_what_was_true(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Who left 100 s ago still counts until the delay is over, to the second."""
    freezer.move_to(START)
    await fill_archive(
        hass,
        [
            Observation(NOW - 200, MOTION, 1.0),
            Observation(NOW - 100, MOTION, 0.0),
        ],
        NOW - 60,
    )
    hass.states.async_set(MOTION, "off")
    entry = add_kitchen_and_hall(hass)
    await set_up(hass, entry)
    await settle(hass)
    assert shown(hass, OCCUPANCY) == "on"
    await pass_time(hass, freezer, 199)
    assert shown(hass, OCCUPANCY) == "on"
    await pass_time(hass, freezer, 1)
    assert shown(hass, OCCUPANCY) == "off"


async def test_archive_from_the_future(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The clock was set back while Home Assistant was down."""
    freezer.move_to(START - timedelta(days=1))
    await fill_archive(hass, lived_days(MOTION, 5, NOW), NOW)
    hass.states.async_set(MOTION, "off")
    entry = add_kitchen_and_hall(hass)
    await set_up(hass, entry)
    await settle(hass)
    assert shown(hass, OCCUPANCY) == "off"
    await pass_time(hass, freezer, 1)
    assert shown(hass, "sensor.kitchen_next_transition") != "unknown"
    hass.states.async_set(MOTION, "on")
    assert shown(hass, OCCUPANCY) == "on"
    await pass_time(hass, freezer, 1)
    assert shown(hass, "sensor.kitchen_next_transition") != "unknown"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert NOW - DAY + 1 in (await read_archive(hass, MOTION)).timestamps
