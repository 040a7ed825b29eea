"""Tests of the occupancy of rooms."""

from collections.abc import Iterator
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.occupancy_prediction.engine import Forecast

from .forecasts import (
    ISSUED,
    KITCHEN,
    NOW,
    occupied_bath,
    show,
    silent_nook,
    start_home,
    vacant_kitchen,
)


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Let snapshots look as Home Assistant's own."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
def binary_sensors_only(freezer: FrozenDateTimeFactory) -> Iterator[None]:
    """Limit the home to this platform, at a fixed time."""
    freezer.move_to(NOW)
    with patch(
        "custom_components.occupancy_prediction.PLATFORMS", [Platform.BINARY_SENSOR]
    ):
        yield


async def test_all_binary_sensors(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """A vacant room, an occupied one and one nobody can tell of."""
    entry = await start_home(hass)
    show(entry, vacant_kitchen(), occupied_bath(), silent_nook())
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


@pytest.mark.parametrize(
    ("occupied", "shown"), [(True, STATE_ON), (False, STATE_OFF), (None, STATE_UNKNOWN)]
)
async def test_occupancy(
    hass: HomeAssistant, occupied: bool | None, shown: str
) -> None:
    """A room is occupied, vacant or unknown."""
    entry = await start_home(hass)
    show(entry, Forecast(KITCHEN, ISSUED, occupied))
    state = hass.states.get("binary_sensor.kitchen_occupancy")
    assert state
    assert state.state == shown
    assert state.attributes["since"] is None
    assert state.state_info
    assert "since" in state.state_info["unrecorded_attributes"]


async def test_a_room_the_forecast_knows_nothing_of(hass: HomeAssistant) -> None:
    """A room that is not in the forecast is unknown as well."""
    entry = await start_home(hass)
    show(entry, occupied_bath())
    state = hass.states.get("binary_sensor.kitchen_occupancy")
    assert state
    assert state.state == STATE_UNKNOWN
    assert "since" not in state.attributes
