"""What every entity of a room or of the home has in common."""

from typing import override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import callback
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import CONF_AREA_ID, DOMAIN
from .coordinator import OccupancyCoordinator
from .engine import Forecast


class OccupancyEntity(CoordinatorEntity[OccupancyCoordinator]):
    """An entity that writes its state only when it shows something else.

    The coordinator speaks with every change of any room and every heartbeat,
    and each state that is written may become a row of the recorder.
    """

    _attr_has_entity_name = True

    def __init__(
        self,
        coordinator: OccupancyCoordinator,
        owner_id: str,
        description: EntityDescription,
    ) -> None:
        """Name the entity after its room or home."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{owner_id}_{description.key}"
        self._shown: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Remember what Home Assistant writes right after this."""
        await super().async_added_to_hass()
        self._shown = self._to_show()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if it is not what is shown already."""
        to_show = self._to_show()
        if to_show != self._shown:
            self._shown = to_show
            super()._handle_coordinator_update()

    def _to_show(self) -> object:
        return self.available, self.state, self.extra_state_attributes


class RoomEntity(OccupancyEntity):
    """An entity of one room, on the device of the room in its area."""

    def __init__(
        self,
        coordinator: OccupancyCoordinator,
        room: ConfigSubentry,
        description: EntityDescription,
    ) -> None:
        """Place the device of the room; later moves are up to the user."""
        super().__init__(coordinator, room.subentry_id, description)
        self._room_id = room.subentry_id
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, room.subentry_id)},
            name=room.title,
            entry_type=DeviceEntryType.SERVICE,
        )
        areas = ar.async_get(coordinator.hass)
        area_id = room.data.get(CONF_AREA_ID)
        if area_id is not None and (area := areas.async_get_area(area_id)):
            self._attr_device_info["suggested_area"] = area.name

    @property
    def forecast(self) -> Forecast | None:
        """Return what is known of the room, None before there is anything."""
        return self.coordinator.data.rooms.get(self._room_id)


class HomeEntity(OccupancyEntity):
    """An entity of the whole home."""

    def __init__(
        self, coordinator: OccupancyCoordinator, description: EntityDescription
    ) -> None:
        """Use the device of the home."""
        entry = coordinator.config_entry
        super().__init__(coordinator, entry.entry_id, description)
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)},
            name=entry.title,
            entry_type=DeviceEntryType.SERVICE,
        )
