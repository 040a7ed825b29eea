"""A home made of areas, sensors and rooms, for the tests of the component."""

from typing import Any

from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.const import ATTR_DEVICE_CLASS, EntityCategory
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.helpers import area_registry as ar, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.occupancy_prediction.const import DOMAIN, SUBENTRY_TYPE_ROOM

HOME_ID = "home_entry"


def add_area(hass: HomeAssistant, name: str) -> str:
    """Create an area and return its id."""
    return ar.async_get(hass).async_create(name).id


def add_sensor(
    hass: HomeAssistant,
    entity_id: str,
    device_class: str | None,
    area_id: str | None = None,
    *,
    state: str = "off",
    platform: str = "radio",
    device_id: str | None = None,
    disabled_by: er.RegistryEntryDisabler | None = None,
    hidden_by: er.RegistryEntryHider | None = None,
    entity_category: EntityCategory | None = None,
    shown_as: str | None = None,
) -> str:
    """Register an entity with a state, as an integration does."""
    registry = er.async_get(hass)
    domain, object_id = split_entity_id(entity_id)
    registry.async_get_or_create(
        domain,
        platform,
        object_id,
        suggested_object_id=object_id,
        original_device_class=device_class,
        original_name=object_id,
        device_id=device_id,
        disabled_by=disabled_by,
        hidden_by=hidden_by,
        entity_category=entity_category,
    )
    registry.async_update_entity(entity_id, area_id=area_id, device_class=shown_as)
    if disabled_by is None:
        attributes = {ATTR_DEVICE_CLASS: device_class} if device_class else {}
        hass.states.async_set(entity_id, state, attributes)
    return entity_id


def room(
    title: str, *, room_id: str | None = None, area_id: str | None = None, **data: Any
) -> ConfigSubentryDataWithId:
    """Return a room as it is stored."""
    return ConfigSubentryDataWithId(
        subentry_id=room_id or f"room_{title.casefold()}",
        subentry_type=SUBENTRY_TYPE_ROOM,
        title=title,
        unique_id=area_id,
        data={"area_id": area_id, **data},
    )


def add_home(hass: HomeAssistant, *rooms: ConfigSubentryDataWithId) -> MockConfigEntry:
    """Store a home of these rooms without setting it up."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        entry_id=HOME_ID,
        title="Occupancy Prediction",
        subentries_data=rooms,
    )
    entry.add_to_hass(hass)
    return entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up a home and wait until everything it starts has settled."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
