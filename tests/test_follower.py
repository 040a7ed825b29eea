"""Tests of what the home follows: other ids, another time zone."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .home import add_home, add_sensor, room, set_up
from .life import (
    DAY,
    NOW,
    START,
    fill_archive,
    lived_days,
    pass_time,
    saved_model,
    settle,
    shown,
)

OLD = "binary_sensor.kitchen_motion"
NEW = "binary_sensor.kitchen_presence"
OTHER = "binary_sensor.bath_motion"
OCCUPANCY = "binary_sensor.kitchen_occupancy"


@pytest.fixture
async def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> MockConfigEntry:
    """Start a home with a past."""
    freezer.move_to(START)
    await fill_archive(hass, lived_days(OLD, 5, NOW), NOW)
    add_sensor(hass, OLD, "motion")
    add_sensor(hass, OTHER, "motion")
    entry = add_home(
        hass,
        room("Kitchen", motion_sensors=[OLD], vacancy_delay=120),
        room("Bath", motion_sensors=[OTHER]),
    )
    await set_up(hass, entry)
    await settle(hass)
    return entry


def rename(hass: HomeAssistant, old: str, new: str) -> None:
    """Give an entity another id, as the user does in its settings."""
    state = hass.states.get(old)
    assert state is not None
    er.async_get(hass).async_update_entity(old, new_entity_id=new)
    hass.states.async_remove(old)
    hass.states.async_set(new, state.state, state.attributes)


async def test_room_and_archive_follow(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """The room watches the new id and keeps all that the old one had said."""
    rows = len(home.runtime_data.archive.load([OLD]))
    rename(hass, OLD, NEW)
    await settle(hass)
    assert home.subentries["room_kitchen"].data == {
        "area_id": None,
        "motion_sensors": [NEW],
        "vacancy_delay": 120,
    }
    archive = home.runtime_data.archive
    assert archive.sensor_ids() == {NEW, OTHER}
    assert len(archive.load([NEW])) >= rows
    assert archive.spans([NEW])[NEW][0] < NOW - 4 * DAY

    hass.states.async_set(NEW, "on")
    assert shown(hass, OCCUPANCY) == "on"
    await pass_time(hass, freezer, 1)
    assert shown(hass, "sensor.kitchen_next_transition") != "unknown"
    model = await saved_model(hass)
    assert model is not None
    assert model.rooms["room_kitchen"].spells[1] > 50


async def test_id_that_is_a_sensor_already(
    hass: HomeAssistant, home: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Two rooms never come to share a sensor."""
    er.async_get(hass).async_remove(OTHER)
    hass.states.async_remove(OTHER)
    rename(hass, OLD, OTHER)
    await settle(hass)
    assert home.subentries["room_kitchen"].data["motion_sensors"] == [OLD]
    assert home.subentries["room_bath"].data["motion_sensors"] == [OTHER]
    assert "which is a sensor already" in caplog.text


async def test_other_changes_of_an_entity_change_nothing(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Its name or icon is none of our business."""
    runtime = home.runtime_data
    er.async_get(hass).async_update_entity(OLD, name="Eye", icon="mdi:eye")
    await settle(hass)
    assert home.runtime_data is runtime


async def test_another_time_zone_is_learned_anew(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """People live by the clock on their wall."""
    before = await saved_model(hass)
    assert before is not None
    runtime = home.runtime_data
    freezer.tick(60)
    await hass.config.async_update(location_name="Elsewhere")
    await settle(hass)
    assert home.runtime_data is runtime
    await hass.config.async_update(time_zone="Europe/Berlin")
    await settle(hass)
    assert home.runtime_data is not runtime
    after = await saved_model(hass)
    assert after is not None
    assert after.version != before.version
