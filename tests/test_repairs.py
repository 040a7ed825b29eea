"""Tests of the repair issues."""

import json
from pathlib import Path

from homeassistant.components.repairs import RepairsFlowManager, repairs_flow_manager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.occupancy_prediction.const import DOMAIN
from custom_components.occupancy_prediction.repairs import (
    ReplacedReason,
    async_check_missing_sensors,
    async_delete_issues,
    async_report_archive_replaced,
    async_report_archive_unwritable,
    async_report_recorder_missing,
    async_report_silent_sensors,
)

from .home import add_home, add_sensor, room, set_up
from .texts import complete, texts

MOTION, RADAR = "binary_sensor.kitchen_motion", "binary_sensor.kitchen_radar"
BATH_MOTION = "binary_sensor.bath_motion"


@pytest.fixture
def home(hass: HomeAssistant) -> MockConfigEntry:
    """Return a home whose sensors are all well."""
    for entity_id in (MOTION, RADAR, BATH_MOTION):
        add_sensor(hass, entity_id, "motion")
    return add_home(
        hass,
        room("Kitchen", motion_sensors=[MOTION], presence_sensors=[RADAR]),
        room("Bath", motion_sensors=[BATH_MOTION]),
    )


def issues(hass: HomeAssistant) -> dict[str, str]:
    """Return the texts of the open issues; fails if a text is missing."""
    found = {}
    for (domain, issue_id), issue in ir.async_get(hass).issues.items():
        if domain != DOMAIN or not issue.active:
            continue
        assert issue.translation_key
        parts = texts("issues", issue.translation_key)
        title = complete(parts["title"], issue.translation_placeholders)
        if issue.is_fixable:
            parts = parts["fix_flow"]["step"]["confirm"]
        text = complete(parts["description"], issue.translation_placeholders)
        found[issue_id] = f"{title}\n{text}"
    return found


async def test_missing_and_disabled_sensors(
    hass: HomeAssistant, home: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """One issue for each room, which goes when its sensors are back."""
    async_check_missing_sensors(hass, home)
    assert issues(hass) == {}

    entity_registry.async_update_entity(
        RADAR, disabled_by=er.RegistryEntryDisabler.USER
    )
    for entity_id in (MOTION, BATH_MOTION):
        entity_registry.async_remove(entity_id)
        hass.states.async_remove(entity_id)
    await hass.async_block_till_done()
    async_check_missing_sensors(hass, home)
    found = issues(hass)
    assert found.keys() == {
        "missing_sensors_room_kitchen",
        "missing_sensors_room_bath",
    }
    kitchen = found["missing_sensors_room_kitchen"]
    assert kitchen.startswith("Kitchen: ")
    assert f"`{MOTION}`, `{RADAR}`" in kitchen

    add_sensor(hass, MOTION, "motion")
    entity_registry.async_update_entity(RADAR, disabled_by=None)
    async_check_missing_sensors(hass, home)
    assert issues(hass).keys() == {"missing_sensors_room_bath"}


async def test_an_entity_of_yaml_is_not_missing(
    hass: HomeAssistant, home: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """An entity may be known by its state alone."""
    entity_registry.async_remove(MOTION)
    hass.states.async_set(MOTION, "off")
    async_check_missing_sensors(hass, home)
    assert issues(hass) == {}


async def test_silent_sensors(
    hass: HomeAssistant, home: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """Sensors that are silent are told unless they are missing altogether."""
    entity_registry.async_remove(RADAR)
    hass.states.async_remove(RADAR)
    async_check_missing_sensors(hass, home)
    async_report_silent_sensors(hass, home, [MOTION, RADAR])
    found = issues(hass)
    assert found.keys() == {
        "missing_sensors_room_kitchen",
        "silent_sensors_room_kitchen",
    }
    assert MOTION in found["silent_sensors_room_kitchen"]
    assert RADAR not in found["silent_sensors_room_kitchen"]
    async_report_silent_sensors(hass, home, [])
    assert issues(hass).keys() == {"missing_sensors_room_kitchen"}


async def test_a_room_that_is_removed_takes_its_issues_along(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Nobody can repair a room that is gone."""
    async_report_silent_sensors(hass, home, [MOTION, BATH_MOTION])
    assert len(issues(hass)) == 2
    hass.config_entries.async_remove_subentry(home, "room_kitchen")
    async_report_silent_sensors(hass, home, [MOTION, BATH_MOTION])
    assert issues(hass).keys() == {"silent_sensors_room_bath"}


async def test_recorder_and_archive(hass: HomeAssistant) -> None:
    """Problems of the whole home come and go."""
    async_report_recorder_missing(hass, True)
    async_report_archive_unwritable(hass, OSError(28, "No space left on device"))
    found = issues(hass)
    assert found.keys() == {"recorder_missing", "archive_unwritable"}
    assert "No space left on device" in found["archive_unwritable"]
    async_report_recorder_missing(hass, False)
    async_report_archive_unwritable(hass, None)
    assert issues(hass) == {}


@pytest.fixture
async def manager(hass: HomeAssistant, home: MockConfigEntry) -> RepairsFlowManager:
    """Return what runs the flows that repair something."""
    assert await async_setup_component(hass, "repairs", {})
    await set_up(hass, home)
    found = repairs_flow_manager(hass)
    assert found
    return found


@pytest.mark.parametrize("reason", ["corrupt", "newer"])
@pytest.mark.parametrize("delete", [True, False])
async def test_a_replaced_archive(
    hass: HomeAssistant,
    manager: RepairsFlowManager,
    tmp_path: Path,
    reason: ReplacedReason,
    delete: bool,
) -> None:
    """The user reads about it once and says what is to become of the file."""
    kept_as = tmp_path / "archive.db.kept"
    kept_as.write_bytes(b"observations")
    async_report_archive_replaced(hass, reason, kept_as)
    issue_id = f"archive_{reason}"
    assert str(kept_as) in issues(hass)[issue_id]

    result = await manager.async_init(DOMAIN, context={"issue_id": issue_id})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "confirm"
    step = texts("issues", issue_id, "fix_flow", "step", "confirm")
    complete(step["description"], result["description_placeholders"])
    result = await manager.async_configure(result["flow_id"], {"delete_file": delete})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert kept_as.exists() is not delete
    assert issue_id not in issues(hass)


async def test_a_replaced_archive_is_told_after_a_restart_too(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    """At the next start the archive is well, and the user may not know yet."""
    async_report_archive_replaced(hass, "corrupt", tmp_path / "kept")
    async_report_recorder_missing(hass, True)
    stored = {
        issue_id: issue.to_json()
        for (domain, issue_id), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    }
    assert stored["archive_corrupt"]["is_persistent"]
    assert json.loads(json.dumps(stored["archive_corrupt"]["data"])) == {
        "kept_as": str(tmp_path / "kept")
    }
    assert not stored["recorder_missing"]["is_persistent"]


async def test_nothing_is_left_of_a_removed_integration(
    hass: HomeAssistant, home: MockConfigEntry, tmp_path: Path
) -> None:
    """All issues go, but not those of others."""
    ir.async_create_issue(
        hass,
        "radio",
        "battery",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="battery",
    )
    async_report_archive_replaced(hass, "corrupt", tmp_path / "kept")
    async_report_silent_sensors(hass, home, [MOTION])
    async_delete_issues(hass)
    assert issues(hass) == {}
    assert ir.async_get(hass).async_get_issue("radio", "battery")
