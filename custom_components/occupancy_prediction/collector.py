"""What the sensors say, as it happens."""

from collections.abc import Callable, Mapping

from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from .engine.types import Observation, SensorKind
from .observation import ChangeFilter, observation_of


class Collector:
    """Turns the states of the configured sensors into observations."""

    def __init__(
        self,
        hass: HomeAssistant,
        sensors: Mapping[str, SensorKind],
        on_observation: Callable[[Observation], None],
    ) -> None:
        """Remember which entities to follow and whom to tell."""
        self._hass = hass
        self._sensors = dict(sensors)
        self._on_observation = on_observation
        self._filter = ChangeFilter()
        self._unsubscribe: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Tell the state each sensor is in now, then follow its changes.

        The moment told is now, not that of the last change: nobody watched
        before. An entity that does not exist is told as unavailable.
        """
        self._filter = ChangeFilter()
        now = dt_util.utcnow().timestamp()
        for entity_id in self._sensors:
            self._tell(entity_id, self._hass.states.get(entity_id), now)
        self._unsubscribe = async_track_state_change_event(
            self._hass, self._sensors, self._async_state_changed
        )

    @callback
    def async_stop(self) -> None:
        """Follow nothing any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @callback
    def _async_state_changed(self, event: Event[EventStateChangedData]) -> None:
        entity_id = event.data["entity_id"]
        old, new = event.data["old_state"], event.data["new_state"]
        if new is None:
            timestamp = event.time_fired_timestamp
        elif (
            old is not None
            and new.state == old.state
            and new.last_changed == old.last_changed
        ):
            # Only attributes changed. An integration that forces an update says
            # the same state again on purpose; that moves last_changed.
            return
        else:
            timestamp = new.last_updated_timestamp
        # A clock that was set back leaves states that lie in the future.
        timestamp = min(timestamp, dt_util.utcnow().timestamp())
        self._tell(entity_id, new, timestamp)

    @callback
    def _tell(self, entity_id: str, state: State | None, timestamp: float) -> None:
        kind = self._sensors[entity_id]
        observation = observation_of(entity_id, state, kind, timestamp)
        if self._filter.passes(observation, kind):
            self._on_observation(observation)
