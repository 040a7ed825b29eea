"""Tests of the sensors that say how good the forecasts have been."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.occupancy_prediction.engine import AccuracyTable, HomeAccuracy

from .forecasts import (
    ISSUED,
    NOW,
    accuracy_of_kitchen,
    enable_all_sensors,
    show,
    start_home,
    vacant_kitchen,
)

HOME = "sensor.occupancy_prediction_accuracy"


@pytest.fixture(autouse=True)
def sensors_only(freezer: FrozenDateTimeFactory) -> Iterator[None]:
    """Limit the home to this platform, at a fixed time."""
    freezer.move_to(NOW)
    with patch("custom_components.occupancy_prediction.PLATFORMS", [Platform.SENSOR]):
        yield


def attributes(hass: HomeAssistant, entity_id: str) -> dict[str, Any]:
    """Return the figures that an entity has beside its state."""
    state = hass.states.get(entity_id)
    assert state
    general = {
        "device_class",
        "friendly_name",
        "icon",
        "state_class",
        "unit_of_measurement",
    }
    return {key: value for key, value in state.attributes.items() if key not in general}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (
            "mean_absolute_error",
            "35",
            {
                "last_24_hours": 51,
                "last_30_days": 35,
                "until_occupied": 35,
                "until_vacant": 20,
                "within_threshold": 55,
            },
        ),
        (
            "within_20",
            "61",
            {
                "last_24_hours": 61,
                "last_30_days": 61,
                "until_occupied": 61,
                "until_vacant": 61,
            },
        ),
        (
            "skill",
            "24",
            {
                "last_24_hours": -4,
                "last_30_days": 24,
                "until_occupied": None,
                "until_vacant": 24,
                "late_share": 51,
                "coverage": 79,
            },
        ),
        (
            "reliable_share",
            "12",
            {
                "last_24_hours": 12,
                "last_30_days": 0,
                "until_occupied": 12,
                "until_vacant": 12,
                "within_20_if_reliable": 93,
                "error_if_reliable": 9,
            },
        ),
    ],
)
async def test_figures_of_a_room(
    hass: HomeAssistant, key: str, value: str, expected: dict[str, int | None]
) -> None:
    """The last seven days are the state, other times and directions beside it."""
    enable_all_sensors(hass)
    entry = await start_home(hass)
    show(entry, vacant_kitchen(), accuracy=accuracy_of_kitchen())
    state = hass.states.get(f"sensor.kitchen_{key}")
    assert state
    assert state.state == value
    assert attributes(hass, state.entity_id) == expected
    other = hass.states.get(f"sensor.bath_{key}")
    assert other
    assert other.state == STATE_UNKNOWN
    assert set(attributes(hass, other.entity_id).values()) == {None}


async def test_figures_of_the_home(hass: HomeAssistant) -> None:
    """One sensor says it all, of all rooms together."""
    entry = await start_home(hass)
    show(entry, vacant_kitchen(), accuracy=accuracy_of_kitchen())
    state = hass.states.get(HOME)
    assert state
    assert state.state == "24"
    assert attributes(hass, HOME) == {
        "last_24_hours": -4,
        "last_30_days": 24,
        "until_occupied": None,
        "until_vacant": 24,
        "late_share": 51,
        "coverage": 79,
        "within_20": 61,
        "reliable_share": 12,
        "within_20_if_reliable": 93,
        "error_if_reliable": 9,
    }


async def test_nothing_was_marked_reliable(hass: HomeAssistant) -> None:
    """Then there is nothing to be said of such forecasts."""
    entry = await start_home(hass)
    none_of_them = accuracy_of_kitchen(reliable=None, reliable_share=0.0)
    show(entry, vacant_kitchen(), accuracy=none_of_them)
    found = attributes(hass, HOME)
    assert found["reliable_share"] == 0
    assert found["within_20_if_reliable"] is None
    assert found["error_if_reliable"] is None


async def test_one_sensor_of_a_room_is_enough_for_most(
    hass: HomeAssistant, entity_registry: er.EntityRegistry
) -> None:
    """The others are there for who wants them."""
    await start_home(hass)
    disabled = {
        entry.entity_id
        for entry in entity_registry.entities.values()
        if entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    }
    assert disabled == {
        f"sensor.{room}_{key}"
        for room in ("kitchen", "bath", "nook")
        for key in ("within_20", "skill", "reliable_share")
    }
    assert hass.states.get("sensor.kitchen_mean_absolute_error")


async def test_what_cannot_be_seen_is_not_written(hass: HomeAssistant) -> None:
    """Fractions of a minute and of a percent write no state."""
    entry = await start_home(hass)
    shown = ("sensor.kitchen_mean_absolute_error", HOME)
    show(entry, vacant_kitchen(), accuracy=accuracy_of_kitchen())
    written = [hass.states.get(entity_id) for entity_id in shown]
    show(
        entry,
        vacant_kitchen(),
        accuracy=accuracy_of_kitchen(
            count=2017, mean_absolute_error=34.9, skill=0.242, within_threshold=0.551
        ),
    )
    assert [hass.states.get(entity_id) for entity_id in shown] == written
    show(entry, vacant_kitchen(), accuracy=accuracy_of_kitchen(skill=0.25))
    assert hass.states.get(shown[0]) == written[0]
    assert hass.states.get(shown[1]) != written[1]


async def test_attributes_are_not_recorded(hass: HomeAssistant) -> None:
    """The statistics of the states are enough."""
    await start_home(hass)
    for entity_id in ("sensor.kitchen_mean_absolute_error", HOME):
        state = hass.states.get(entity_id)
        assert state
        assert state.state_info
        unrecorded = state.state_info["unrecorded_attributes"]
        assert attributes(hass, entity_id).keys() <= unrecorded


async def test_before_anything_was_scored(hass: HomeAssistant) -> None:
    """Neither a home that has just begun nor one without scores says a number."""
    entry = await start_home(hass)
    for accuracy in (None, HomeAccuracy(ISSUED, 15.0, {}, AccuracyTable())):
        show(entry, vacant_kitchen(), accuracy=accuracy)
        for entity_id in ("sensor.kitchen_mean_absolute_error", HOME):
            state = hass.states.get(entity_id)
            assert state
            assert state.state == STATE_UNKNOWN
