"""Tests of the sensors of rooms and of the home."""

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.occupancy_prediction.coordinator import Activity, LearningStatus
from custom_components.occupancy_prediction.engine import Alternative, Stage

from .forecasts import (
    ISSUED,
    NOW,
    accuracy_of_kitchen,
    coordinator_of,
    enable_all_sensors,
    occupied_bath,
    show,
    silent_nook,
    start_home,
    vacant_kitchen,
)
from .life import settle


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Let snapshots look as Home Assistant's own."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
def sensors_only(freezer: FrozenDateTimeFactory) -> Iterator[None]:
    """Limit the home to this platform, at a fixed time."""
    freezer.move_to(NOW)
    with patch("custom_components.occupancy_prediction.PLATFORMS", [Platform.SENSOR]):
        yield


async def test_all_sensors(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """A room with a forecast, one without, and one nobody can tell of."""
    enable_all_sensors(hass)
    entry = await start_home(hass)
    show(
        entry,
        vacant_kitchen(),
        occupied_bath(),
        silent_nook(),
        status=LearningStatus(Stage.GROWING, Activity.TRAINING, 37, ISSUED - 86400),
        accuracy=accuracy_of_kitchen(),
    )
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


async def test_before_anything_was_learned(hass: HomeAssistant) -> None:
    """Rooms just set up are forecast like others of their kind, and claim nothing."""
    await start_home(hass)
    await settle(hass)
    states = {state.entity_id: state for state in hass.states.async_all("sensor")}
    assert len(states) == 3 * 9 + 3
    assert states["sensor.occupancy_prediction_learning_stage"].state == "collecting"
    assert states["sensor.occupancy_prediction_last_trained"].state == STATE_UNKNOWN
    for name in ("kitchen", "bath", "nook"):
        attributes = states[f"sensor.{name}_next_transition"].attributes
        assert attributes["type"] == "occupied"
        assert attributes["interval_lower"] is not None
        assert attributes["reliable"] is False
        assert 0 < int(states[f"sensor.{name}_occupied_within_120"].state) < 100


async def test_nothing_is_invented_where_no_sensor_can_tell(
    hass: HomeAssistant,
) -> None:
    """A home whose sensors are all lost says that it knows nothing."""
    entry = await start_home(hass)
    for name in ("kitchen", "bath", "nook"):
        hass.states.async_set(f"binary_sensor.{name}_motion", STATE_UNAVAILABLE)
    await settle(hass)
    await coordinator_of(entry).async_refresh()
    states = {state.entity_id: state.state for state in hass.states.async_all("sensor")}
    assert states.pop("sensor.occupancy_prediction_learning_stage") == "collecting"
    assert len(states) == 3 * 9 + 2
    assert set(states.values()) == {STATE_UNKNOWN}


async def test_a_room_the_forecast_knows_nothing_of(hass: HomeAssistant) -> None:
    """A room that is not in the forecast is unknown as well."""
    entry = await start_home(hass)
    show(entry, vacant_kitchen(), occupied_bath(), silent_nook())
    show(entry, occupied_bath())
    state = hass.states.get("sensor.kitchen_next_transition")
    assert state
    assert state.state == STATE_UNKNOWN
    assert "alternatives" not in state.attributes


@pytest.mark.parametrize(
    ("minutes", "vacant", "occupied"),
    [(15, "1", "100"), (30, "2", "100"), (60, "4", "100"), (120, "8", "100")],
)
async def test_occupied_within(
    hass: HomeAssistant, minutes: int, vacant: str, occupied: str
) -> None:
    """The share of the day that has passed by then; an occupied room is sure."""
    entry = await start_home(hass)
    show(entry, vacant_kitchen(), occupied_bath(), silent_nook())
    for name, value in (
        ("kitchen", vacant),
        ("bath", occupied),
        ("nook", STATE_UNKNOWN),
    ):
        state = hass.states.get(f"sensor.{name}_occupied_within_{minutes}")
        assert state
        assert state.state == value
        assert state.name == f"{name.capitalize()} Occupied within {minutes} minutes"


async def test_what_changes_all_the_time_is_not_recorded(hass: HomeAssistant) -> None:
    """Interval, alternatives and progress stay out of the recorder."""
    await start_home(hass)
    for entity_id, attributes in (
        (
            "sensor.kitchen_next_transition",
            {"interval_lower", "interval_upper", "alternatives"},
        ),
        ("sensor.occupancy_prediction_learning_stage", {"activity", "progress"}),
    ):
        state = hass.states.get(entity_id)
        assert state
        assert state.state_info
        assert attributes <= state.state_info["unrecorded_attributes"]


async def test_what_cannot_be_seen_is_not_written(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """Seconds and fractions of a percent write no state, a minute does."""
    entry = await start_home(hass)
    show(entry, vacant_kitchen(), status=LearningStatus(progress=31))
    ids = [state.entity_id for state in hass.states.async_all("sensor")]
    written = {entity_id: hass.states.get(entity_id) for entity_id in ids}

    freezer.tick(timedelta(seconds=1))
    show(
        entry,
        vacant_kitchen(
            predicted_time=ISSUED + 90 * 60 + 50,
            lower=ISSUED + 40 * 60 + 12,
            confidence=0.609,
            alternatives=(
                Alternative(ISSUED + 95 * 60 + 2, 0.611),
                Alternative(ISSUED + 180 * 60 + 3, 0.204),
            ),
            next_occupied=ISSUED + 91 * 60,
        ),
        status=LearningStatus(progress=39),
    )
    # Not even reported again: it is the very same state.
    assert {entity_id: hass.states.get(entity_id) for entity_id in ids} == written
    for entity_id, state in written.items():
        assert state
        now = hass.states.get(entity_id)
        assert now
        assert now.last_reported == state.last_reported

    show(
        entry,
        vacant_kitchen(upper=ISSUED + 201 * 60),
        status=LearningStatus(progress=40),
    )
    changed = {
        entity_id
        for entity_id, state in written.items()
        if (now := hass.states.get(entity_id)) and now != state
    }
    assert changed == {
        "sensor.kitchen_next_transition",
        "sensor.occupancy_prediction_learning_stage",
    }
