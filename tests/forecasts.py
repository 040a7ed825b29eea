"""Forecasts with figures that are easy to check, for the tests of entities."""

from dataclasses import replace
from typing import Any

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.occupancy_prediction.accuracy import ROOM_ACCURACY
from custom_components.occupancy_prediction.const import DOMAIN
from custom_components.occupancy_prediction.coordinator import OccupancyCoordinator
from custom_components.occupancy_prediction.engine import (
    GRID,
    HORIZON,
    Accuracy,
    AccuracyTable,
    Alternative,
    Forecast,
    HomeAccuracy,
    HomeForecast,
    Stage,
    Transition,
    Window,
)
from custom_components.occupancy_prediction.learning_status import LearningStatus

from .home import add_area, add_home, add_sensor, room, set_up

NOW = dt_util.parse_datetime("2026-11-23T18:00:00+00:00", raise_on_error=True)
ISSUED = NOW.timestamp()
KITCHEN, BATH, NOOK = "room_kitchen", "room_bath", "room_nook"


_VACANT_KITCHEN = Forecast(
    KITCHEN,
    ISSUED,
    False,
    since=ISSUED - 3600.4,
    transition=Transition.OCCUPIED,
    predicted_time=ISSUED + 90 * 60 + 31,
    lower=ISSUED + 40 * 60 + 5,
    upper=ISSUED + 200 * 60 - 5,
    confidence=0.614,
    reliable=True,
    alternatives=(
        Alternative(ISSUED + 95 * 60 + 1, 0.6123),
        Alternative(ISSUED + 180 * 60, 0.2),
    ),
    # As likely in every minute of the next 24 hours.
    cdf=tuple((GRID[1:] / HORIZON).tolist()),
    next_occupied=ISSUED + 90 * 60 + 31,
    next_vacant=ISSUED + 150 * 60 + 20,
    stage=Stage.GROWING,
)


def vacant_kitchen(**changed: Any) -> Forecast:
    """Return that the kitchen is empty until about half past seven."""
    return replace(_VACANT_KITCHEN, **changed)


def home_forecast(*rooms: Forecast) -> HomeForecast:
    """Return the forecast of a home with these rooms."""
    return HomeForecast(ISSUED, {each.room_id: each for each in rooms})


def occupied_bath() -> Forecast:
    """Return that somebody is in the bath, which has learned nothing yet."""
    return Forecast(BATH, ISSUED, True, since=ISSUED - 120)


def silent_nook() -> Forecast:
    """Return that no sensor of the nook can tell."""
    return Forecast(NOOK, ISSUED, None)


def enable_all_sensors(hass: HomeAssistant) -> None:
    """Let those sensors be enabled, too, that are disabled at first."""
    for room_id in (KITCHEN, BATH, NOOK):
        for description in ROOM_ACCURACY:
            er.async_get(hass).async_get_or_create(
                SENSOR_DOMAIN,
                DOMAIN,
                f"{room_id}_{description.key}",
                suggested_object_id=f"{room_id.removeprefix('room_')}_{description.key}",
            )


async def start_home(hass: HomeAssistant) -> MockConfigEntry:
    """Set up a home of three rooms, of which one has no area."""
    for name in ("kitchen", "bath"):
        area_id = add_area(hass, name.capitalize())
        add_sensor(hass, f"binary_sensor.{name}_motion", "motion", area_id)
    add_sensor(hass, "binary_sensor.nook_motion", "motion")
    entry = add_home(
        hass,
        room(
            "Kitchen",
            area_id="kitchen",
            motion_sensors=["binary_sensor.kitchen_motion"],
        ),
        room("Bath", area_id="bath", motion_sensors=["binary_sensor.bath_motion"]),
        room("Nook", motion_sensors=["binary_sensor.nook_motion"]),
    )
    await set_up(hass, entry)
    return entry


def accuracy_of_kitchen(**changed: Any) -> HomeAccuracy:
    """Return that the kitchen was forecast for a week, and the other rooms never."""
    week = Accuracy(
        count=2016,
        mean_absolute_error=34.6,
        late_share=0.514,
        within_threshold=0.553,
        within_20=0.607,
        crps=25.3,
        log_score=2.41,
        skill=0.236,
        coverage=0.788,
        pit=(0.1,) * 10,
        reliable_share=0.125,
        reliable=Accuracy(count=252, mean_absolute_error=8.7, within_20=0.933),
    )
    week = replace(week, **changed)
    table = AccuracyTable(
        {
            (Window.DAY, None): replace(week, mean_absolute_error=51.2, skill=-0.04),
            (Window.WEEK, None): week,
            (Window.WEEK, Transition.VACANT): replace(week, mean_absolute_error=20.4),
            (Window.WEEK, Transition.OCCUPIED): replace(week, skill=None),
            (Window.MONTH, None): replace(week, reliable=None, reliable_share=0.0),
        }
    )
    return HomeAccuracy(ISSUED, 15.0, {KITCHEN: table}, table)


def coordinator_of(entry: MockConfigEntry) -> OccupancyCoordinator:
    """Return the coordinator of a home that runs."""
    coordinator = entry.runtime_data.coordinator
    assert isinstance(coordinator, OccupancyCoordinator)
    return coordinator


def show(
    entry: MockConfigEntry,
    *rooms: Forecast,
    status: LearningStatus | None = None,
    accuracy: HomeAccuracy | None = None,
) -> None:
    """Let the entities see forecasts, how far learning has come and how good it is."""
    coordinator = coordinator_of(entry)
    if status is not None:
        coordinator.status = status
    if accuracy is not None:
        coordinator.accuracy = accuracy
    coordinator.async_set_updated_data(home_forecast(*rooms))
