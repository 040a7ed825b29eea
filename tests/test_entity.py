"""Tests of what all entities have in common."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.update_coordinator import UpdateFailed
import pytest

from custom_components.occupancy_prediction.const import DOMAIN

from .forecasts import (
    BATH,
    KITCHEN,
    NOOK,
    NOW,
    coordinator_of,
    show,
    start_home,
    vacant_kitchen,
)
from .home import HOME_ID


@pytest.fixture(autouse=True)
def fixed_time(freezer: FrozenDateTimeFactory) -> None:
    """Let the forecasts be of now."""
    freezer.move_to(NOW)


async def test_each_room_is_a_device_in_its_area(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """The devices belong to the subentries of their rooms, the home to none."""
    await start_home(hass)
    for owner, name, area_id, subentry, entities in (
        (KITCHEN, "Kitchen", "kitchen", KITCHEN, 10),
        (BATH, "Bath", "bath", BATH, 10),
        (NOOK, "Nook", None, NOOK, 10),
        (HOME_ID, "Occupancy Prediction", None, None, 4),
    ):
        device = device_registry.async_get_device_by_identifier(
            (DOMAIN, owner), HOME_ID
        )
        assert device
        assert (device.name, device.area_id) == (name, area_id)
        assert device.config_subentry_id == subentry
        assert device.entry_type is dr.DeviceEntryType.SERVICE
        entries = er.async_entries_for_device(entity_registry, device.id)
        assert len(entries) == entities
        assert all(each.unique_id.startswith(f"{owner}_") for each in entries)
        assert all(each.config_subentry_id == subentry for each in entries)


async def test_entity_ids_do_not_depend_on_the_language(
    hass: HomeAssistant, entity_registry: er.EntityRegistry
) -> None:
    """They are made of the room and the key; the names are translated."""
    hass.config.language = "de"
    await start_home(hass)
    for unique_id, entity_id in (
        (f"{KITCHEN}_next_transition", "sensor.kitchen_next_transition"),
        (f"{KITCHEN}_occupied_within_15", "sensor.kitchen_occupied_within_15"),
        (f"{HOME_ID}_last_trained", "sensor.occupancy_prediction_last_trained"),
    ):
        assert entity_registry.async_get_entity_id("sensor", DOMAIN, unique_id) == (
            entity_id
        )


async def test_a_device_the_user_moved_stays_there(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    area_registry: ar.AreaRegistry,
) -> None:
    """The area of a room places its device once only."""
    entry = await start_home(hass)
    identifier = (DOMAIN, KITCHEN), HOME_ID
    device = device_registry.async_get_device_by_identifier(*identifier)
    assert device
    hall = area_registry.async_create("Hall").id
    device_registry.async_update_device(device.id, area_id=hall)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    device = device_registry.async_get_device_by_identifier(*identifier)
    assert device
    assert device.area_id == hall


async def test_an_area_that_is_gone(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    area_registry: ar.AreaRegistry,
) -> None:
    """A room whose area was deleted goes on without one."""
    entry = await start_home(hass)
    area_registry.async_delete("kitchen")
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    device = device_registry.async_get_device_by_identifier((DOMAIN, KITCHEN), HOME_ID)
    assert device
    assert device.area_id is None
    assert area_registry.async_get_area("kitchen") is None


async def test_availability(hass: HomeAssistant) -> None:
    """Entities are there as long as the home runs and its forecasts come."""
    entry = await start_home(hass)
    show(entry, vacant_kitchen())
    ids = ("binary_sensor.kitchen_occupancy", "sensor.kitchen_confidence")

    def shown() -> list[str]:
        return [state.state for each in ids if (state := hass.states.get(each))]

    assert shown() == [STATE_OFF, "61"]
    coordinator_of(entry).async_set_update_error(UpdateFailed("out of order"))
    assert shown() == [STATE_UNAVAILABLE, STATE_UNAVAILABLE]
    show(entry, vacant_kitchen())
    assert shown() == [STATE_OFF, "61"]
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert shown() == [STATE_UNAVAILABLE, STATE_UNAVAILABLE]
