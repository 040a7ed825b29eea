"""Follows what becomes of the home: other ids, removed rooms, another time zone."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.entity_registry import EventEntityRegistryUpdatedData
from homeassistant.helpers.event import async_track_entity_registry_updated_event

from .const import LOGGER, SUBENTRY_TYPE_ROOM
from .engine import HomeSpec
from .options import room_spec, sensor_kinds


class HomeFollower:
    """Lets the configuration follow Home Assistant, and remembers how.

    The new id of an entity is written into its room: ``renamed`` holds
    (old, new), for the archive follows only when nobody writes to it.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, spec: HomeSpec) -> None:
        """Take the home as it is now."""
        self._hass = hass
        self._entry = entry
        self._spec = spec
        self._sensors = sensor_kinds(spec).keys()
        self.renamed: list[tuple[str, str]] = []

    @callback
    def async_start(self) -> None:
        """Follow until the entry unloads."""
        self._entry.async_on_unload(
            self._hass.bus.async_listen(
                EVENT_CORE_CONFIG_UPDATE, self._async_core_config_updated
            )
        )
        self._entry.async_on_unload(
            async_track_entity_registry_updated_event(
                self._hass, self._sensors, self._async_registry_updated
            )
        )

    @callback
    def async_removed(self) -> list[str]:
        """Return the sensors whose room was removed and that no other has."""
        in_use = {
            sensor.sensor_id
            for room in self._entry.get_subentries_of_type(SUBENTRY_TYPE_ROOM)
            for sensor in room_spec(room).sensors
        }
        return [
            sensor.sensor_id
            for room in self._spec.rooms
            if room.room_id not in self._entry.subentries
            for sensor in room.sensors
            if sensor.sensor_id not in in_use
        ]

    @callback
    def _async_core_config_updated(self, _: Event) -> None:
        """Begin anew where the clock on the wall is another."""
        if self._hass.config.time_zone != self._spec.time_zone:
            self._hass.config_entries.async_schedule_reload(self._entry.entry_id)

    @callback
    def _async_registry_updated(
        self, event: Event[EventEntityRegistryUpdatedData]
    ) -> None:
        data = event.data
        if data["action"] != "update" or "old_entity_id" not in data:
            return
        old, new = data["old_entity_id"], data["entity_id"]
        if new in self._sensors:
            # It takes the place of a sensor that has a room and a past itself.
            LOGGER.warning("%s is now %s, which is a sensor already", old, new)
            return
        self.renamed.append((old, new))
        for room in self._entry.get_subentries_of_type(SUBENTRY_TYPE_ROOM):
            self._hass.config_entries.async_update_subentry(
                self._entry, room, data=_with_other_id(room.data, old, new)
            )


def _with_other_id(data: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Return the data of a room with the id replaced wherever it is listed."""
    return {
        key: [new if item == old else item for item in value]
        if isinstance(value, list)
        else value
        for key, value in data.items()
    }
