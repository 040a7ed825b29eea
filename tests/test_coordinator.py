"""Tests of what is shown of rooms, and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.occupancy_prediction import coordinator as module
from custom_components.occupancy_prediction.engine import (
    HomeForecast,
    Progress,
    predict,
)

from .home import add_home, room, set_up
from .life import HOUR, NOW, START, fill_archive, lived_days, pass_time, settle, shown

MOTION = "binary_sensor.kitchen_motion"
OTHER_MOTION = "binary_sensor.bath_motion"
OCCUPANCY = "binary_sensor.kitchen_occupancy"
NEXT = "sensor.kitchen_next_transition"
OTHER_NEXT = "sensor.bath_next_transition"
STAGE = "sensor.occupancy_prediction_learning_stage"


def rooms() -> list[ConfigSubentryDataWithId]:
    """Return a kitchen and a bath."""
    return [
        room("Kitchen", motion_sensors=[MOTION]),
        room("Bath", motion_sensors=[OTHER_MOTION]),
    ]


@pytest.fixture
async def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> MockConfigEntry:
    """Start a home that has been lived in for five days and is empty now."""
    freezer.move_to(START)
    past = lived_days(MOTION, 5, NOW) + lived_days(OTHER_MOTION, 5, NOW)
    await fill_archive(hass, past, NOW)
    for sensor in (MOTION, OTHER_MOTION):
        hass.states.async_set(sensor, "off")
    entry = add_home(hass, *rooms())
    await set_up(hass, entry)
    await settle(hass)
    # The forecasts with the new model.
    await pass_time(hass, freezer, 1)
    return entry


class SlowEngine:
    """Forecasts as the engine does, but not before it is told to."""

    def __init__(self) -> None:
        """Let nothing through."""
        self.let_through = Event()
        self.calls = 0

    def predict(self, *args: Any, **kwargs: Any) -> HomeForecast:
        """Wait, then forecast."""
        self.calls += 1
        assert self.let_through.wait(10)
        return predict(*args, **kwargs)


@contextmanager
def slow_engine() -> Iterator[SlowEngine]:
    """Let forecasts take as long as the test wants."""
    engine = SlowEngine()
    with patch.object(module, "predict", engine.predict):
        try:
            yield engine
        finally:
            engine.let_through.set()


def predicted(hass: HomeAssistant, entity_id: str = NEXT) -> datetime:
    """Return the time shown for the next transition."""
    time = dt_util.parse_datetime(shown(hass, entity_id))
    assert time is not None
    return time


async def test_occupancy_and_forecast_follow_motion(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """A room is occupied the moment its sensor is on, and is forecast anew."""
    assert shown(hass, OCCUPANCY) == "off"
    state = hass.states.get(NEXT)
    assert state is not None
    assert state.attributes["type"] == "occupied"
    # It happens at each full hour; how long the room had been empty before the
    # start is not known.
    assert abs(predicted(hass) - START - timedelta(minutes=30)) < timedelta(minutes=20)

    freezer.tick(0.2)
    hass.states.async_set(MOTION, "on")
    assert shown(hass, OCCUPANCY) == "on"
    await pass_time(hass, freezer, 1)
    state = hass.states.get(NEXT)
    assert state is not None
    assert state.attributes["type"] == "vacant"


async def test_old_forecast_gives_way_to_the_new_one(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Between a change and its forecast nothing is unknown for half a second."""
    before = shown(hass, NEXT)
    await pass_time(hass, freezer, 1)
    with slow_engine() as engine:
        hass.states.async_set(MOTION, "on")
        assert shown(hass, OCCUPANCY) == "on"
        assert shown(hass, NEXT) == before
        assert shown(hass, "sensor.kitchen_occupied_within_15") == "100"
        engine.let_through.set()
        await settle(hass)
    assert shown(hass, NEXT) != before
    assert predicted(hass) > START
    assert engine.calls == 1


async def test_leaving_is_not_shown_as_somebody_coming(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """How likely a room was to become vacant says nothing about who comes next."""
    within = "sensor.kitchen_occupied_within_15"
    hass.states.async_set(MOTION, "on")
    hass.states.async_set(MOTION, "off")
    await pass_time(hass, freezer, 290)
    with slow_engine():
        freezer.tick(10.5)
        async_fire_time_changed(hass)
        assert shown(hass, OCCUPANCY) == "off"
        assert shown(hass, within) == "100"
    await settle(hass)
    assert shown(hass, within) != "100"


async def test_forecast_that_does_not_come_is_not_waited_for(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """A forecast from before a change is gone with the next heartbeat."""
    other = shown(hass, OTHER_NEXT)
    await pass_time(hass, freezer, 1)
    with slow_engine():
        hass.states.async_set(MOTION, "on")
        assert shown(hass, NEXT) != "unknown"
        freezer.tick(61)
        async_fire_time_changed(hass)
        assert shown(hass, NEXT) == "unknown"
        assert shown(hass, "sensor.kitchen_confidence") == "unknown"
        assert shown(hass, OTHER_NEXT) == other
    await settle(hass)


async def test_late_forecast_does_not_overwrite_newer_state(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """What was forecast from before a change is dropped, for that room only."""
    with slow_engine() as engine:
        freezer.tick(300)
        async_fire_time_changed(hass)
        hass.states.async_set(MOTION, "on")
        engine.let_through.set()
        await settle(hass)
        assert engine.calls == 1
        assert shown(hass, OCCUPANCY) == "on"
        state = hass.states.get(NEXT)
        assert state is not None
        assert state.attributes["type"] == "occupied"
        assert shown(hass, OTHER_NEXT) != "unknown"
    # Its own forecast was asked for meanwhile.
    await pass_time(hass, freezer, 1)
    state = hass.states.get(NEXT)
    assert state is not None
    assert state.attributes["type"] == "vacant"


async def test_one_forecast_at_a_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """A burst of changes costs two forecasts, not one each."""
    await pass_time(hass, freezer, 1)
    with slow_engine() as engine:
        for number in range(10):
            hass.states.async_set(MOTION, "on" if number % 2 == 0 else "unavailable")
            freezer.tick(0.01)
        assert engine.calls <= 1
        engine.let_through.set()
        await settle(hass)
        await pass_time(hass, freezer, 1)
    assert engine.calls == 2


async def test_vacant_exactly_after_the_delay(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """The room is vacant when the delay is over, without any message."""
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, 60.3)
    hass.states.async_set(MOTION, "off")
    await settle(hass)
    await pass_time(hass, freezer, 299)
    assert shown(hass, OCCUPANCY) == "on"
    await pass_time(hass, freezer, 1)
    assert shown(hass, OCCUPANCY) == "off"
    state = hass.states.get(OCCUPANCY)
    assert state is not None
    assert (
        state.attributes["since"]
        == (START + timedelta(seconds=1 + 60.3 + 300))
        .replace(microsecond=0)
        .isoformat()
    )


async def test_motion_puts_vacancy_off(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """The delay begins anew with every activity."""
    for _ in range(3):
        hass.states.async_set(MOTION, "on")
        await pass_time(hass, freezer, 5)
        hass.states.async_set(MOTION, "off")
        await pass_time(hass, freezer, 290)
        assert shown(hass, OCCUPANCY) == "on"
    await pass_time(hass, freezer, 10)
    assert shown(hass, OCCUPANCY) == "off"


async def test_lost_sensor_is_not_vacancy(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """A room whose only sensor is unavailable has no state and no forecast."""
    hass.states.async_set(MOTION, "unavailable")
    await pass_time(hass, freezer, 1)
    assert shown(hass, OCCUPANCY) == "unknown"
    assert shown(hass, NEXT) == "unknown"
    assert shown(hass, OTHER_NEXT) != "unknown"


async def test_forecasts_by_the_clock(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Rooms where nothing happens are forecast anew every five minutes."""
    issued = home.runtime_data.coordinator.data.rooms["room_bath"].issued_at
    await pass_time(hass, freezer, 240)
    rooms = home.runtime_data.coordinator.data.rooms
    assert rooms["room_bath"].issued_at == issued
    await pass_time(hass, freezer, 60)
    rooms = home.runtime_data.coordinator.data.rooms
    assert rooms["room_bath"].issued_at == pytest.approx(issued + 300, abs=1)
    assert rooms["room_bath"].predicted_time is not None


@pytest.mark.parametrize("back", [90.0, 2 * HOUR, 48 * HOUR])
async def test_clock_that_is_set_back(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home: MockConfigEntry,
    back: float,
) -> None:
    """States and forecasts go on in the new time."""
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, 10)
    hass.states.async_set(MOTION, "off")
    await pass_time(hass, freezer, 10)
    assert shown(hass, OCCUPANCY) == "on"
    freezer.move_to(START - timedelta(seconds=back))
    # What runs on the loop's own clock is due as if nothing had happened.
    async_fire_time_changed(hass, START + timedelta(seconds=400))
    await settle(hass)
    await pass_time(hass, freezer, 1)
    forecast = home.runtime_data.coordinator.data.rooms["room_bath"]
    assert forecast.issued_at < NOW
    assert forecast.predicted_time is not None
    assert forecast.predicted_time < NOW - back + 2 * HOUR

    await pass_time(hass, freezer, 400)
    assert shown(hass, OCCUPANCY) == "off"
    hass.states.async_set(MOTION, "on")
    await settle(hass)
    assert shown(hass, OCCUPANCY) == "on"


async def test_failing_forecasts_are_logged_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without forecasts the states go on; nothing invented is shown."""
    with patch.object(module, "predict", side_effect=ValueError("broken array")):
        await pass_time(hass, freezer, 300)
        await pass_time(hass, freezer, 300)
        hass.states.async_set(MOTION, "on")
        await pass_time(hass, freezer, 1)
        assert shown(hass, OCCUPANCY) == "on"
        assert shown(hass, NEXT) == "unknown"
        assert shown(hass, OTHER_NEXT) == "unknown"
        assert shown(hass, "binary_sensor.bath_occupancy") == "off"
    assert caplog.text.count("Forecasting failed") == 1
    assert caplog.text.count("broken array") == 1
    await pass_time(hass, freezer, 300)
    assert shown(hass, NEXT) != "unknown"
    assert caplog.text.count("Forecasting works again") == 1


async def test_update_on_request(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """Home Assistant's own action forecasts every room."""
    assert await async_setup_component(hass, "homeassistant", {})
    await pass_time(hass, freezer, 60)
    await hass.services.async_call(
        "homeassistant", "update_entity", {"entity_id": NEXT}, blocking=True
    )
    forecasts = home.runtime_data.coordinator.data.rooms
    assert {forecast.issued_at for forecast in forecasts.values()} == {
        dt_util.utcnow().timestamp()
    }


async def test_status_shows_what_is_going_on(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Importing goes before training; progress is in percent."""
    coordinator = home.runtime_data.coordinator

    def activity() -> tuple[str, int | None]:
        state = hass.states.get(STAGE)
        assert state is not None
        return state.attributes["activity"], state.attributes["progress"]

    def learner() -> tuple[str | None, str | None]:
        state = hass.states.get(STAGE)
        assert state is not None
        return state.attributes["member"], state.attributes["room"]

    assert shown(hass, STAGE) == "early"
    assert learner() == (None, None)
    assert shown(hass, "sensor.occupancy_prediction_last_trained") != "unknown"
    coordinator.async_set_training(Progress(0.311, "hazard", "room_kitchen"))
    assert activity() == ("training", 30)
    assert learner() == ("hazard", "Kitchen")
    coordinator.async_set_training(Progress(0.45, "boosting"))
    assert learner() == ("boosting", None)
    coordinator.async_set_importing(0.5)
    assert activity() == ("importing", 50)
    assert coordinator.status.progress == 50
    assert learner() == (None, None)
    coordinator.async_set_importing(None)
    coordinator.async_set_training(None)
    assert activity() == ("idle", None)


async def test_new_room_is_collecting(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A room nothing is known of yet is forecast like others of its kind."""
    freezer.move_to(START)
    hass.states.async_set(MOTION, "off")
    entry = add_home(hass, *rooms())
    await set_up(hass, entry)
    await settle(hass)
    assert shown(hass, STAGE) == "collecting"
    assert shown(hass, OCCUPANCY) == "off"
    forecast = entry.runtime_data.coordinator.data.rooms["room_kitchen"]
    assert forecast.member_weights == (("prior", pytest.approx(1.0)),)
    assert forecast.model_version is None
    assert predicted(hass) > START
    state = hass.states.get(NEXT)
    assert state is not None
    assert state.attributes["type"] == "occupied"
    assert state.attributes["reliable"] is False
    assert 0 < int(shown(hass, "sensor.kitchen_occupied_within_60")) < 100
    # Nothing has told of the bath so far.
    assert shown(hass, "binary_sensor.bath_occupancy") == "unknown"
    assert shown(hass, OTHER_NEXT) == "unknown"


async def test_nothing_goes_on_after_unloading(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, home: MockConfigEntry
) -> None:
    """A forecast that is under way while the entry unloads is dropped."""
    coordinator = home.runtime_data.coordinator
    with slow_engine() as engine:
        freezer.tick(300)
        async_fire_time_changed(hass)
        assert await hass.config_entries.async_unload(home.entry_id)
        before = coordinator.data
        engine.let_through.set()
        await settle(hass)
    assert coordinator.data is before
    hass.states.async_set(MOTION, "on")
    await pass_time(hass, freezer, HOUR)
    assert coordinator.data is before
