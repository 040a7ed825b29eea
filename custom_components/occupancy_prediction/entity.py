"""What every entity of a room or of the home has in common."""

from typing import override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import callback
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import slugify

from .const import CONF_AREA_ID, DOMAIN
from .coordinator import OccupancyCoordinator
from .engine import Forecast


class OccupancyEntity(CoordinatorEntity[OccupancyCoordinator]):
    """An entity that writes its state only when it shows something else.

    The coordinator speaks with every change of any room and every heartbeat,
    and each state that is written may become a row of the recorder.
    """

    _attr_has_entity_name = True
    # Of the platform, "sensor.{}".
    _entity_id_format: str

    def __init__(
        self,
        coordinator: OccupancyCoordinator,
        owner_id: str,
        owner_name: str,
        description: EntityDescription,
        *,
        area_name: str | None = None,
    ) -> None:
        """Name the entity after its room or home."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{owner_id}_{description.key}"
        # Home Assistant itself puts the area in front of the device, which for a
        # room gives "kitchen_kitchen_confidence".
        self.entity_id = self._entity_id_format.format(
            slugify(f"{owner_name} {description.key}")
        )
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, owner_id)},
            name=owner_name,
            entry_type=DeviceEntryType.SERVICE,
            suggested_area=area_name,
        )
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
        area_id = room.data.get(CONF_AREA_ID)
        area = area_id and ar.async_get(coordinator.hass).async_get_area(area_id)
        super().__init__(
            coordinator,
            room.subentry_id,
            room.title,
            description,
            area_name=area.name if area else None,
        )
        self._room_id = room.subentry_id

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
        super().__init__(coordinator, entry.entry_id, entry.title, description)
