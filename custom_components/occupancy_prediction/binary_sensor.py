"""Whether each room is occupied, and whether life has changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    ENTITY_ID_FORMAT,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import SUBENTRY_TYPE_ROOM
from .coordinator import OccupancyConfigEntry, OccupancyCoordinator
from .engine import Decision, Forecast
from .entity import HomeEntity, RoomEntity
from .life_change import shown

# Nothing is polled.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RoomBinarySensorDescription(BinarySensorEntityDescription):
    """A binary sensor of a room."""

    value_fn: Callable[[Forecast], bool | None]
    attributes_fn: Callable[[Forecast], dict[str, Any]]


def _since(room: Forecast) -> dict[str, Any]:
    """Return since when the room is as it is, to the second.

    The time of the last change that Home Assistant itself keeps is that of its
    last start.
    """
    since = room.since
    return {
        "since": None
        if since is None
        else dt_util.utc_from_timestamp(int(since)).isoformat()
    }


ROOM_BINARY_SENSORS: tuple[RoomBinarySensorDescription, ...] = (
    RoomBinarySensorDescription(
        key="occupancy",
        translation_key="occupancy",
        device_class=BinarySensorDeviceClass.OCCUPANCY,
        value_fn=lambda room: room.occupied,
        attributes_fn=_since,
    ),
)


@dataclass(frozen=True, kw_only=True)
class HomeBinarySensorDescription(BinarySensorEntityDescription):
    """A binary sensor of the home."""

    value_fn: Callable[[OccupancyCoordinator], bool]
    attributes_fn: Callable[[OccupancyCoordinator], dict[str, Any]]


HOME_BINARY_SENSORS: tuple[HomeBinarySensorDescription, ...] = (
    HomeBinarySensorDescription(
        key="life_changed",
        translation_key="life_changed",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda home: home.adaptation.decision is not Decision.NONE,
        attributes_fn=lambda home: shown(home.adaptation, home.room_titles),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: OccupancyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of each room."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        [
            HomeBinarySensor(coordinator, description)
            for description in HOME_BINARY_SENSORS
        ]
    )
    for room in entry.get_subentries_of_type(SUBENTRY_TYPE_ROOM):
        async_add_entities(
            [
                RoomBinarySensor(coordinator, room, description)
                for description in ROOM_BINARY_SENSORS
            ],
            config_subentry_id=room.subentry_id,
        )


class RoomBinarySensor(RoomEntity, BinarySensorEntity):
    """A binary sensor of a room, unknown when no sensor of the room can tell."""

    _entity_id_format = ENTITY_ID_FORMAT
    entity_description: RoomBinarySensorDescription
    _unrecorded_attributes = frozenset({"since"})

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state."""
        room = self.forecast
        return None if room is None else self.entity_description.value_fn(room)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the attributes."""
        room = self.forecast
        return None if room is None else self.entity_description.attributes_fn(room)


class HomeBinarySensor(HomeEntity, BinarySensorEntity):
    """A binary sensor of the home."""

    _entity_id_format = ENTITY_ID_FORMAT
    entity_description: HomeBinarySensorDescription
    _unrecorded_attributes = frozenset({"since", "rooms", "decision", "patterns"})

    @property
    @override
    def is_on(self) -> bool:
        """Return the state."""
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return the attributes."""
        return self.entity_description.attributes_fn(self.coordinator)
