"""Tests of what is reported of the sensors, and when."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest

from custom_components.occupancy_prediction.const import DOMAIN

from .home import add_home, add_sensor, room, set_up
from .life import DAY, HOUR, START, pass_time, settle, shown

MOTION = "binary_sensor.kitchen_motion"
LIGHT = "sensor.kitchen_light"
MISSING = (DOMAIN, "missing_sensors_room_kitchen")
SILENT = (DOMAIN, "silent_sensors_room_kitchen")


@pytest.fixture
async def issues(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> dict[tuple[str, str], ir.IssueEntry]:
    """Start a kitchen whose sensors are registered, and return all issues."""
    freezer.move_to(START)
    add_sensor(hass, MOTION, "motion")
    add_sensor(hass, LIGHT, "illuminance", state="100")
    entry = add_home(
        hass, room("Kitchen", motion_sensors=[MOTION], light_sensors=[LIGHT])
    )
    await set_up(hass, entry)
    await settle(hass)
    return ir.async_get(hass).issues


type Issues = dict[tuple[str, str], ir.IssueEntry]


async def test_healthy_sensors_are_not_mentioned(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, issues: Issues
) -> None:
    """A sensor that has nothing to say for a week is not silent."""
    await pass_time(hass, freezer, 7 * DAY)
    assert MISSING not in issues
    assert SILENT not in issues


async def test_disabled_sensor_is_reported_at_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, issues: Issues
) -> None:
    """And taken back when it is enabled again."""
    registry = er.async_get(hass)
    registry.async_update_entity(MOTION, disabled_by=er.RegistryEntryDisabler.USER)
    await settle(hass)
    placeholders = issues[MISSING].translation_placeholders
    assert placeholders == {"room": "Kitchen", "sensors": f"`{MOTION}`"}
    registry.async_update_entity(MOTION, disabled_by=None)
    await settle(hass)
    assert MISSING not in issues


async def test_removed_sensor_is_reported(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, issues: Issues
) -> None:
    """An entity that is deleted is missing; the room goes on without it."""
    er.async_get(hass).async_remove(MOTION)
    hass.states.async_remove(MOTION)
    await pass_time(hass, freezer, HOUR)
    assert MISSING in issues
    assert shown(hass, "binary_sensor.kitchen_occupancy") == "unknown"


async def test_unknown_sensor_from_the_start(hass: HomeAssistant) -> None:
    """A room with an entity that does not exist starts and says so."""
    entry = add_home(hass, room("Kitchen", motion_sensors=["binary_sensor.nowhere"]))
    await set_up(hass, entry)
    await settle(hass)
    assert MISSING in ir.async_get(hass).issues
    assert shown(hass, "binary_sensor.kitchen_occupancy") == "unknown"


@pytest.mark.parametrize("sensor", [MOTION, LIGHT])
@pytest.mark.parametrize("word", ["unavailable", "unknown"])
async def test_sensor_that_is_unavailable_for_days(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    issues: Issues,
    sensor: str,
    word: str,
) -> None:
    """It is reported after three days and taken back when it speaks again."""
    hass.states.async_set(sensor, word)
    await pass_time(hass, freezer, 3 * DAY - HOUR)
    assert SILENT not in issues
    await pass_time(hass, freezer, HOUR)
    placeholders = issues[SILENT].translation_placeholders
    assert placeholders == {"room": "Kitchen", "sensors": f"`{sensor}`"}
    hass.states.async_set(sensor, "off" if sensor == MOTION else "50")
    await pass_time(hass, freezer, HOUR)
    assert SILENT not in issues


async def test_restarts_do_not_hide_a_silent_sensor(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, issues: Issues
) -> None:
    """Since when it is silent is read from the archive."""
    hass.states.async_set(MOTION, "unavailable")
    for _ in range(3):
        await pass_time(hass, freezer, DAY)
        hass.states.async_remove(MOTION)
        hass.states.async_set(MOTION, "unavailable")
        assert await hass.config_entries.async_reload("home_entry")
        await settle(hass)
    assert SILENT in issues
