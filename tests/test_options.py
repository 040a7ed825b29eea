"""Tests of the option tables and of what the engine gets of them."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import selector
import probatio as vol
import pytest

from custom_components.occupancy_prediction.engine import (
    HomeSpec,
    Place,
    Purpose,
    RoomSpec,
    SensorKind,
    SensorSpec,
    SpecificationError,
)
from custom_components.occupancy_prediction.options import (
    HOME_OPTIONS,
    ROOM_OPTIONS,
    NumberOption,
    Option,
    accuracy_threshold,
    forecast_interval,
    form_values,
    home_spec,
    room_spec,
    sensor_kinds,
)

from .home import add_home, room


def test_every_kind_of_a_room_has_one_option() -> None:
    """Each kind the engine knows can be filled in, but for the unknown ones."""
    kinds = [
        option.kind for option in ROOM_OPTIONS if not isinstance(option, NumberOption)
    ]
    assert sorted(kinds) == sorted(set(SensorKind) - {SensorKind.OTHER})


@pytest.mark.parametrize("option", [*HOME_OPTIONS, *ROOM_OPTIONS], ids=lambda o: o.key)
def test_defaults_are_what_the_forms_accept(option: Option) -> None:
    """Each default passes its own field, and the field is a valid selector."""
    assert vol.Schema(option.selector)(option.default) == option.default
    assert selector(option.selector.serialize()["selector"]) == option.selector


def test_every_found_device_class_is_offered() -> None:
    """What is filled in by itself can also be chosen by hand."""
    for option in ROOM_OPTIONS:
        if not isinstance(option, NumberOption):
            assert set(option.found) <= set(option.offered)


async def test_a_room_becomes_a_spec(hass: HomeAssistant) -> None:
    """The lists of entities become sensors of their kinds."""
    entry = add_home(
        hass,
        room(
            "Kitchen",
            motion_sensors=["binary_sensor.kitchen_motion"],
            presence_sensors=["binary_sensor.kitchen_radar"],
            door_sensors=["binary_sensor.kitchen_door"],
            temperature_sensors=["sensor.kitchen_temperature"],
            humidity_sensors=["sensor.kitchen_humidity"],
            light_sensors=["sensor.kitchen_light"],
            vacancy_delay=120,
        ),
    )
    assert room_spec(entry.subentries["room_kitchen"]) == RoomSpec(
        "room_kitchen",
        (
            SensorSpec("binary_sensor.kitchen_motion", SensorKind.MOTION),
            SensorSpec("binary_sensor.kitchen_radar", SensorKind.PRESENCE),
            SensorSpec("binary_sensor.kitchen_door", SensorKind.DOOR),
            SensorSpec("sensor.kitchen_temperature", SensorKind.TEMPERATURE),
            SensorSpec("sensor.kitchen_humidity", SensorKind.HUMIDITY),
            SensorSpec("sensor.kitchen_light", SensorKind.LIGHT),
        ),
        120.0,
        Purpose.KITCHEN,
    )


async def test_what_is_not_stored_has_its_default(hass: HomeAssistant) -> None:
    """A room of the first release has no value for an option that came later."""
    entry = add_home(hass, room("Kitchen"))
    assert room_spec(entry.subentries["room_kitchen"]) == RoomSpec(
        "room_kitchen", (), 300.0, Purpose.KITCHEN
    )
    assert forecast_interval(entry) == 300.0
    assert accuracy_threshold(entry) == 15.0
    options = {"forecast_interval": 60, "accuracy_threshold": 20}
    hass.config_entries.async_update_entry(entry, options=options)
    assert forecast_interval(entry) == 60.0
    assert accuracy_threshold(entry) == 20.0


async def test_the_home_has_all_rooms_and_its_clock(hass: HomeAssistant) -> None:
    """The spec of the home holds the rooms and Home Assistant's time zone."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    entry = add_home(
        hass,
        room("Kitchen", motion_sensors=["binary_sensor.a"]),
        room("Bath", door_sensors=["binary_sensor.b"]),
    )
    spec = home_spec(hass, entry)
    assert [each.room_id for each in spec.rooms] == ["room_kitchen", "room_bath"]
    assert spec.time_zone == "Europe/Berlin"
    assert sensor_kinds(spec) == {
        "binary_sensor.a": SensorKind.MOTION,
        "binary_sensor.b": SensorKind.DOOR,
    }


async def test_a_home_without_rooms(hass: HomeAssistant) -> None:
    """Rooms may all come later."""
    spec = home_spec(hass, add_home(hass))
    assert spec == HomeSpec(
        (),
        hass.config.time_zone,
        latitude=hass.config.latitude,
        longitude=hass.config.longitude,
    )
    assert sensor_kinds(spec) == {}


async def test_a_home_at_no_place(hass: HomeAssistant) -> None:
    """Where nobody has said where the home is, the sun stands nowhere."""
    await hass.config.async_update(latitude=0.0, longitude=0.0)
    assert home_spec(hass, add_home(hass)).place is None


async def test_a_home_on_the_equator(hass: HomeAssistant) -> None:
    """One zero is a place like any other."""
    await hass.config.async_update(latitude=0.0, longitude=32.5)
    assert home_spec(hass, add_home(hass)).place == Place(0.0, 32.5)


async def test_a_sensor_in_two_rooms_is_refused(hass: HomeAssistant) -> None:
    """The flows prevent it; a storage edited by hand is refused by the engine."""
    entry = add_home(
        hass,
        room("Kitchen", motion_sensors=["binary_sensor.a"]),
        room("Bath", motion_sensors=["binary_sensor.a"]),
    )
    with pytest.raises(SpecificationError, match=r"binary_sensor\.a"):
        home_spec(hass, entry)


def test_a_section_left_out_keeps_its_values() -> None:
    """Only what a form shows can be changed by it."""
    stored = {"temperature_sensors": ["sensor.t"], "vacancy_delay": 60}
    values = form_values(
        ROOM_OPTIONS,
        stored,
        {"motion_sensors": ["binary_sensor.a", "binary_sensor.a"], "advanced": {}},
    )
    assert values == {
        "motion_sensors": ["binary_sensor.a"],
        "presence_sensors": [],
        "door_sensors": [],
        "temperature_sensors": ["sensor.t"],
        "humidity_sensors": [],
        "light_sensors": [],
        "vacancy_delay": 300,
    }
