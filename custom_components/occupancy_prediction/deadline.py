"""A moment at which something is due, and which may be moved."""

from collections.abc import Callable
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util


class Deadline:
    """Calls back once at the moment set last; there is one timer at most."""

    def __init__(self, hass: HomeAssistant, on_reached: Callable[[], None]) -> None:
        """Wait for nothing yet."""
        self._hass = hass
        self._on_reached = on_reached
        self._moment: float | None = None
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def async_set(self, moment: float | None) -> None:
        """Wait for a moment (UTC s), or for nothing."""
        if moment == self._moment:
            return
        self.async_cancel()
        self._moment = moment
        if moment is not None:
            self._cancel = async_track_point_in_utc_time(
                self._hass,
                HassJob(self._async_reached, cancel_on_shutdown=True),
                dt_util.utc_from_timestamp(moment),
            )

    @callback
    def async_cancel(self) -> None:
        """Wait no longer."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        self._moment = None

    @callback
    def _async_reached(self, _: datetime) -> None:
        self._moment = self._cancel = None
        self._on_reached()
