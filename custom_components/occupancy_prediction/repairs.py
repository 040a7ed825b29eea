"""Problems that need the user, shown as repair issues.

Each function is told how things are now: it raises the issue or takes it back.
An issue that depends on a room is one per room, however many sensors it names.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
import probatio as vol

from .const import DOMAIN, SUBENTRY_TYPE_ROOM
from .options import room_spec
from .registry import sensor_fault

ISSUE_MISSING_SENSORS: Final = "missing_sensors"
ISSUE_SILENT_SENSORS: Final = "silent_sensors"
ISSUE_RECORDER_MISSING: Final = "recorder_missing"
ISSUE_ARCHIVE_UNWRITABLE: Final = "archive_unwritable"
ISSUE_ARCHIVE_CORRUPT: Final = "archive_corrupt"
ISSUE_ARCHIVE_NEWER: Final = "archive_newer"

CONF_DELETE_FILE: Final = "delete_file"

type ReplacedReason = Literal["corrupt", "newer"]


@callback
def async_check_missing_sensors(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Report the sensors of each room that do not exist or are disabled.

    To be called when Home Assistant has started and whenever the entity
    registry changed: before that, entities of YAML are not known yet.
    """
    _async_report_per_room(
        hass,
        entry,
        ISSUE_MISSING_SENSORS,
        {
            sensor_id
            for sensor_id in _sensors_of(entry)
            if sensor_fault(hass, sensor_id)
        },
    )


@callback
def async_report_silent_sensors(
    hass: HomeAssistant, entry: ConfigEntry, sensor_ids: Collection[str]
) -> None:
    """Report the sensors that have been unavailable for days (all of them).

    One that does not exist any more has an issue of its own already.
    """
    _async_report_per_room(
        hass,
        entry,
        ISSUE_SILENT_SENSORS,
        [sensor for sensor in sensor_ids if not sensor_fault(hass, sensor)],
    )


@callback
def async_report_recorder_missing(hass: HomeAssistant, missing: bool) -> None:
    """Report that there is no recorder to learn the past from."""
    _async_set(hass, ISSUE_RECORDER_MISSING, missing)


@callback
def async_report_archive_unwritable(
    hass: HomeAssistant, error: Exception | None
) -> None:
    """Report that observations cannot be stored, or that they can again."""
    _async_set(
        hass,
        ISSUE_ARCHIVE_UNWRITABLE,
        error is not None,
        severity=ir.IssueSeverity.ERROR,
        placeholders={"error": str(error)},
    )


@callback
def async_report_archive_replaced(
    hass: HomeAssistant, reason: ReplacedReason, kept_as: Path
) -> None:
    """Report that a file could not be read and a new archive was begun.

    This happens once and is not seen again at the next start, so the issue
    stays until the user has dealt with it.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        ISSUE_ARCHIVE_CORRUPT if reason == "corrupt" else ISSUE_ARCHIVE_NEWER,
        data={"kept_as": str(kept_as)},
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=f"archive_{reason}",
        translation_placeholders={"file": str(kept_as)},
    )


@callback
def async_delete_issues(hass: HomeAssistant) -> None:
    """Take back every issue: the integration is being removed."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN:
            ir.async_delete_issue(hass, domain, issue_id)


class ReplacedArchiveFlow(RepairsFlow):
    """Let the user delete the file that could not be read, or keep it."""

    def __init__(self, kept_as: Path) -> None:
        """Remember which file it is about."""
        self._kept_as = kept_as

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the one step there is."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask, and do what was answered."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema(
                    {vol.Required(CONF_DELETE_FILE, default=False): bool}
                ),
                description_placeholders={"file": str(self._kept_as)},
            )
        if user_input[CONF_DELETE_FILE]:
            await self.hass.async_add_executor_job(_delete, self._kept_as)
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: Mapping[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Return the flow that deals with an issue."""
    return ReplacedArchiveFlow(Path(str((data or {})["kept_as"])))


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)


def _sensors_of(entry: ConfigEntry) -> set[str]:
    return {
        sensor.sensor_id
        for room in entry.get_subentries_of_type(SUBENTRY_TYPE_ROOM)
        for sensor in room_spec(room).sensors
    }


@callback
def _async_report_per_room(
    hass: HomeAssistant, entry: ConfigEntry, problem: str, sensor_ids: Collection[str]
) -> None:
    """Raise one issue for each room with such sensors, and no others."""
    raised = set()
    for room in entry.get_subentries_of_type(SUBENTRY_TYPE_ROOM):
        concerned = [
            sensor.sensor_id
            for sensor in room_spec(room).sensors
            if sensor.sensor_id in sensor_ids
        ]
        if not concerned:
            continue
        issue_id = f"{problem}_{room.subentry_id}"
        raised.add(issue_id)
        _async_set(
            hass,
            issue_id,
            True,
            translation_key=problem,
            placeholders={
                "room": room.title,
                "sensors": ", ".join(f"`{sensor_id}`" for sensor_id in concerned),
            },
        )
    # Also those of rooms that are gone.
    for domain, issue_id in list(ir.async_get(hass).issues):
        if (
            domain == DOMAIN
            and issue_id.startswith(f"{problem}_")
            and issue_id not in raised
        ):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def _async_set(
    hass: HomeAssistant,
    issue_id: str,
    present: bool,
    *,
    translation_key: str | None = None,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
    placeholders: dict[str, str] | None = None,
) -> None:
    """Raise an issue or take it back."""
    if not present:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=severity,
        translation_key=translation_key or issue_id,
        translation_placeholders=placeholders,
    )
