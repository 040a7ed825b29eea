"""What may go wrong around the integration, looked at every hour."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.entity_registry import EventEntityRegistryUpdatedData
from homeassistant.helpers.event import (
    async_track_entity_registry_updated_event,
    async_track_time_interval,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .repairs import async_check_missing_sensors, async_report_silent_sensors

CHECK_INTERVAL: Final = timedelta(hours=1)
# A sensor that is unavailable for this long (s) does not come back by itself: a
# weekend with the power off is over by then.
SILENCE_LIMIT: Final = 3 * 86400.0


class HealthCheck:
    """Reports sensors that are missing, disabled or silent for days.

    ``unavailable_since`` answers for the sensors that tell occupancy; it knows
    of the time before the last restart, which Home Assistant's states do not.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        sensors: Collection[str],
        unavailable_since: Callable[[str], float | None],
    ) -> None:
        """Take what is to be watched."""
        self._hass = hass
        self._entry = entry
        self._sensors = sensors
        self._unavailable_since = unavailable_since

    @callback
    def async_start(self) -> None:
        """Look when Home Assistant has started, then until the entry unloads."""
        self._entry.async_on_unload(async_at_started(self._hass, self._async_started))

    @callback
    def _async_started(self, hass: HomeAssistant) -> None:
        self._entry.async_on_unload(
            async_track_time_interval(
                hass, self._async_check, CHECK_INTERVAL, name=f"{DOMAIN} health"
            )
        )
        self._entry.async_on_unload(
            async_track_entity_registry_updated_event(
                hass, self._sensors, self._async_registry_updated
            )
        )
        self._async_check(dt_util.utcnow())

    @callback
    def _async_registry_updated(self, _: Event[EventEntityRegistryUpdatedData]) -> None:
        async_check_missing_sensors(self._hass, self._entry)

    @callback
    def _async_check(self, now: datetime) -> None:
        async_check_missing_sensors(self._hass, self._entry)
        limit = now.timestamp() - SILENCE_LIMIT
        async_report_silent_sensors(
            self._hass,
            self._entry,
            [
                sensor_id
                for sensor_id in self._sensors
                if (since := self._silent_since(sensor_id)) is not None
                and since <= limit
            ],
        )

    def _silent_since(self, sensor_id: str) -> float | None:
        state = self._hass.states.get(sensor_id)
        if state is None:
            return self._unavailable_since(sensor_id)
        if state.state not in {STATE_UNAVAILABLE, STATE_UNKNOWN}:
            return None
        since = self._unavailable_since(sensor_id)
        return state.last_changed_timestamp if since is None else since
