"""Actions: what one can ask of the integration."""

from collections.abc import Iterable
from typing import Any, Final

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import probatio as vol
from sqlalchemy.exc import SQLAlchemyError

from .archive import Archive, ArchiveClosedError
from .const import DOMAIN, SUBENTRY_TYPE_ROOM
from .coordinator import OccupancyConfigEntry
from .engine import LONGEST_REPORT, AccuracyReport, report_of
from .options import accuracy_threshold
from .report.document import document_of
from .report.page import page

ACTION_GET_ACCURACY: Final = "get_accuracy"
ACTION_GET_REPORT: Final = "get_report"

ATTR_DAYS: Final = "days"
ATTR_HTML: Final = "html"
ATTR_INCLUDE_HTML: Final = "include_html"
ATTR_ROOMS: Final = "rooms"

_DAY: Final = 86400.0

_ACCURACY_FIELDS: Final[dict[Any, Any]] = {
    vol.Optional(ATTR_ROOMS): vol.All(cv.ensure_list, [cv.string]),
    vol.Optional(ATTR_DAYS, default=30): vol.All(
        vol.Coerce(int), vol.Range(min=1, max=LONGEST_REPORT)
    ),
}
_REPORT_FIELDS: Final[dict[Any, Any]] = {
    **_ACCURACY_FIELDS,
    vol.Optional(ATTR_INCLUDE_HTML, default=False): cv.boolean,
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions, whether or not a home is set up."""
    hass.services.async_register(
        DOMAIN,
        ACTION_GET_ACCURACY,
        _async_get_accuracy,
        schema=vol.Schema(_ACCURACY_FIELDS),
        supports_response=SupportsResponse.ONLY,
    )
    hass.services.async_register(
        DOMAIN,
        ACTION_GET_REPORT,
        _async_get_report,
        schema=vol.Schema(_REPORT_FIELDS),
        supports_response=SupportsResponse.ONLY,
    )


async def _async_get_accuracy(call: ServiceCall) -> ServiceResponse:
    """Return the figures of rooms."""
    return await _async_answer(call, whole=False)


async def _async_get_report(call: ServiceCall) -> ServiceResponse:
    """Return the figures of rooms, how true the confidence is, and the worst misses."""
    return await _async_answer(call, whole=True)


async def _async_answer(call: ServiceCall, *, whole: bool) -> ServiceResponse:
    hass = call.hass
    entry: OccupancyConfigEntry = async_get_config_entry(hass, DOMAIN, None)
    names = _rooms(entry, call.data.get(ATTR_ROOMS))
    days: int = call.data[ATTR_DAYS]
    threshold, time_zone = accuracy_threshold(entry), hass.config.time_zone
    now = dt_util.utcnow().timestamp()

    def answer() -> JsonObjectType:
        report = _report(entry.runtime_data.archive, names, now, days, threshold)
        document = document_of(report, names, whole=whole)
        if call.data.get(ATTR_INCLUDE_HTML):
            document[ATTR_HTML] = page(report, names, time_zone)
        return document

    try:
        return await hass.async_add_executor_job(answer)
    except (OSError, SQLAlchemyError, ArchiveClosedError) as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="archive_unreadable",
            translation_placeholders={"error": str(error)},
        ) from error


def _rooms(entry: OccupancyConfigEntry, wanted: Iterable[str] | None) -> dict[str, str]:
    """Return the names by id of the rooms that are asked for, or of all."""
    rooms = {
        room.subentry_id: room.title
        for room in entry.get_subentries_of_type(SUBENTRY_TYPE_ROOM)
    }
    if wanted is None:
        return rooms
    chosen: dict[str, str] = {}
    for name in wanted:
        found = {
            room_id: title
            for room_id, title in rooms.items()
            if title.casefold() == name.strip().casefold()
        }
        if not found:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unknown_room",
                translation_placeholders={
                    "room": name,
                    "rooms": ", ".join(sorted(rooms.values())),
                },
            )
        chosen |= found
    return chosen


def _report(
    archive: Archive,
    names: Iterable[str],
    now: float,
    days: int,
    threshold: float,
) -> AccuracyReport:
    """Read the scores of rooms and sum them up (executor)."""
    # Of those that became known in these days, some were issued a day before.
    scores = archive.forecasts.scores(now - (days + 1) * _DAY)
    chosen = {room_id: scores[room_id] for room_id in names if room_id in scores}
    return report_of(chosen, now, days, threshold)
