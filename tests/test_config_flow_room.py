"""Tests of the flow that adds and changes rooms."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryState,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)

from custom_components.occupancy_prediction.const import DOMAIN

from .home import add_area, add_home, add_sensor, room, set_up
from .texts import complete, texts

MOTION = "binary_sensor.kitchen_motion"
RADAR = "binary_sensor.kitchen_radar"
TEMPERATURE = "sensor.kitchen_temperature"
BATH_MOTION = "binary_sensor.bath_motion"


@pytest.fixture
def setup_entry() -> Iterator[AsyncMock]:
    """Keep what is configured from being started."""
    with patch(
        "custom_components.occupancy_prediction.async_setup_entry", return_value=True
    ) as mock:
        yield mock


@pytest.fixture
def kitchen(hass: HomeAssistant) -> str:
    """Return the area of a kitchen with sensors."""
    area_id = add_area(hass, "Kitchen")
    add_sensor(hass, MOTION, "motion", area_id)
    add_sensor(hass, RADAR, "occupancy", area_id)
    add_sensor(hass, TEMPERATURE, "temperature", area_id, state="20")
    return area_id


@pytest.fixture
def home(hass: HomeAssistant) -> MockConfigEntry:
    """Return a home that has a bath."""
    add_sensor(hass, BATH_MOTION, "motion", add_area(hass, "Bath"))
    return add_home(hass, room("Bath", area_id="bath", motion_sensors=[BATH_MOTION]))


async def start(hass: HomeAssistant, home: MockConfigEntry) -> SubentryFlowResult:
    """Begin to add a room."""
    return await hass.config_entries.subentries.async_init(
        (home.entry_id, "room"), context={"source": SOURCE_USER}
    )


async def change(
    hass: HomeAssistant, home: MockConfigEntry, room_id: str
) -> SubentryFlowResult:
    """Begin to change a room."""
    return await hass.config_entries.subentries.async_init(
        (home.entry_id, "room"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": room_id},
    )


async def send(
    hass: HomeAssistant, result: SubentryFlowResult, user_input: dict[str, Any]
) -> SubentryFlowResult:
    """Send a form; each error that comes back has a text."""
    result = await hass.config_entries.subentries.async_configure(
        result["flow_id"], user_input
    )
    for error in (result.get("errors") or {}).values():
        text = texts("config_subentries", "room", "error", error)
        assert complete(text, result["description_placeholders"])
    return result


def suggested(result: SubentryFlowResult, key: str, section: str | None = None) -> Any:
    """Return what a field is filled in with."""
    schema = result["data_schema"]
    assert schema is not None
    fields = schema.schema if section is None else schema.schema[section].schema.schema
    return get_schema_suggested_value(fields, key)


@pytest.mark.usefixtures("setup_entry")
async def test_an_area_fills_in_its_sensors(
    hass: HomeAssistant, home: MockConfigEntry, kitchen: str
) -> None:
    """The form of a room starts with what the area has."""
    await set_up(hass, home)
    result = await start(hass, home)
    assert result["type"] is FlowResultType.FORM
    assert (result["step_id"], result["last_step"]) == ("user", False)
    result = await send(hass, result, {"area_id": kitchen})
    assert result["step_id"] == "room"
    assert suggested(result, "name") == "Kitchen"
    assert suggested(result, "motion_sensors") == [MOTION]
    assert suggested(result, "presence_sensors") == [RADAR]
    assert suggested(result, "door_sensors") == []
    assert suggested(result, "temperature_sensors", "climate") == [TEMPERATURE]

    result = await send(
        hass,
        result,
        {
            "name": " Kitchen ",
            "motion_sensors": [MOTION],
            "presence_sensors": [RADAR],
            "climate": {"temperature_sensors": [TEMPERATURE]},
            "advanced": {"vacancy_delay": 120},
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    added = list(home.subentries.values())[-1]
    assert (added.title, added.unique_id) == ("Kitchen", kitchen)
    assert added.data == {
        "area_id": kitchen,
        "motion_sensors": [MOTION],
        "presence_sensors": [RADAR],
        "door_sensors": [],
        "temperature_sensors": [TEMPERATURE],
        "humidity_sensors": [],
        "light_sensors": [],
        "vacancy_delay": 120,
    }


@pytest.mark.usefixtures("setup_entry", "kitchen")
async def test_a_room_without_an_area(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """Any sensors can be a room; what the form leaves out has its default."""
    await set_up(hass, home)
    result = await send(hass, await start(hass, home), {})
    assert result["step_id"] == "room"
    assert suggested(result, "name") is None
    result = await send(hass, result, {"name": "Nook", "presence_sensors": [RADAR]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    added = list(home.subentries.values())[-1]
    assert (added.title, added.unique_id) == ("Nook", None)
    assert added.data["area_id"] is None
    assert added.data["presence_sensors"] == [RADAR]
    assert added.data["vacancy_delay"] == 300


@pytest.mark.usefixtures("setup_entry")
async def test_an_area_is_one_room_only(
    hass: HomeAssistant, home: MockConfigEntry, kitchen: str
) -> None:
    """The second room of an area is refused at the first question."""
    await set_up(hass, home)
    result = await send(hass, await start(hass, home), {"area_id": "bath"})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"area_id": "area_has_room"}
    result = await send(hass, result, {"area_id": "cellar"})
    assert result["errors"] == {"area_id": "unknown_area"}
    result = await send(hass, result, {"area_id": kitchen})
    result = await send(hass, result, {"name": "Kitchen", "motion_sensors": [MOTION]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("setup_entry")
async def test_two_forms_for_one_area(
    hass: HomeAssistant, home: MockConfigEntry, kitchen: str
) -> None:
    """The form that is sent last makes no second room."""
    await set_up(hass, home)
    first = await send(hass, await start(hass, home), {"area_id": kitchen})
    second = await send(hass, await start(hass, home), {"area_id": kitchen})
    await send(hass, first, {"name": "Kitchen", "motion_sensors": [MOTION]})
    nook = {"name": "Nook", "presence_sensors": [RADAR], "climate": {}}
    result = await send(hass, second, nook)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(home.subentries) == 2


@pytest.mark.parametrize(
    ("form", "errors", "placeholders"),
    [
        ({"name": " ", "motion_sensors": [MOTION]}, {"name": "name_missing"}, {}),
        ({"name": "BATH", "motion_sensors": [MOTION]}, {"name": "name_taken"}, {}),
        ({}, {"base": "no_occupancy_sensor"}, {}),
        (
            {"climate": {"temperature_sensors": [TEMPERATURE]}},
            {"base": "no_occupancy_sensor"},
            {},
        ),
        (
            {"door_sensors": ["binary_sensor.nothing"]},
            {"door_sensors": "unknown_sensor"},
            {"sensor": "binary_sensor.nothing"},
        ),
        (
            {"motion_sensors": ["binary_sensor.disabled"]},
            {"motion_sensors": "disabled_sensor"},
            {"sensor": "binary_sensor.disabled"},
        ),
        (
            {"presence_sensors": ["binary_sensor.forecast"]},
            {"presence_sensors": "own_sensor"},
            {"sensor": "binary_sensor.forecast"},
        ),
        (
            {"motion_sensors": [TEMPERATURE]},
            {"motion_sensors": "unsuitable_sensor"},
            {"sensor": TEMPERATURE},
        ),
        (
            {"motion_sensors": [MOTION], "climate": {"light_sensors": ["sensor.x"]}},
            {"base": "unknown_sensor"},
            {"sensor": "sensor.x"},
        ),
        (
            {"motion_sensors": [MOTION, BATH_MOTION]},
            {"motion_sensors": "sensor_in_other_room"},
            {"sensor": BATH_MOTION, "room": "Bath"},
        ),
        (
            {"motion_sensors": [RADAR], "presence_sensors": [RADAR]},
            {"presence_sensors": "sensor_twice"},
            {"sensor": RADAR},
        ),
    ],
)
@pytest.mark.usefixtures("setup_entry")
async def test_what_is_wrong_with_a_room_is_told(
    hass: HomeAssistant,
    home: MockConfigEntry,
    kitchen: str,
    form: dict[str, Any],
    errors: dict[str, str],
    placeholders: dict[str, str],
) -> None:
    """The form comes back with the error and what was filled in, and then passes."""
    add_sensor(
        hass,
        "binary_sensor.disabled",
        "motion",
        disabled_by=er.RegistryEntryDisabler.INTEGRATION,
    )
    add_sensor(hass, "binary_sensor.forecast", "occupancy", platform=DOMAIN)
    await set_up(hass, home)
    result = await send(hass, await start(hass, home), {"area_id": kitchen})
    result = await send(hass, result, {"name": "Kitchen", **form})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "room"
    assert result["errors"] == errors
    assert placeholders.items() <= (result["description_placeholders"] or {}).items()
    assert suggested(result, "motion_sensors") == form.get("motion_sensors", [])

    result = await send(hass, result, {"name": "Kitchen", "motion_sensors": [MOTION]})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("setup_entry", "kitchen")
async def test_a_room_can_be_changed(
    hass: HomeAssistant, home: MockConfigEntry
) -> None:
    """The form starts with the room as it is, and a section keeps what it hides."""
    hass.config_entries.async_update_subentry(
        home,
        home.subentries["room_bath"],
        data={**home.subentries["room_bath"].data, "light_sensors": [TEMPERATURE]},
    )
    await set_up(hass, home)
    result = await change(hass, home, "room_bath")
    assert result["step_id"] == "reconfigure"
    assert suggested(result, "name") == "Bath"
    assert suggested(result, "area_id") == "bath"
    assert suggested(result, "motion_sensors") == [BATH_MOTION]
    result = await send(
        hass,
        result,
        {
            "name": "Bathroom",
            "presence_sensors": [RADAR],
            "advanced": {"vacancy_delay": 600},
        },
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    changed = home.subentries["room_bath"]
    assert (changed.title, changed.unique_id) == ("Bathroom", None)
    assert changed.data["area_id"] is None
    assert changed.data["motion_sensors"] == []
    assert changed.data["presence_sensors"] == [RADAR]
    assert changed.data["light_sensors"] == [TEMPERATURE]
    assert changed.data["vacancy_delay"] == 600


@pytest.mark.usefixtures("setup_entry")
async def test_a_wrong_change_is_told(
    hass: HomeAssistant, home: MockConfigEntry, kitchen: str
) -> None:
    """A room keeps its own name, area and sensors, but not those of others."""
    other = room("Kitchen", area_id=kitchen, motion_sensors=[MOTION])
    await hass.config_entries.async_remove(home.entry_id)
    home = add_home(
        hass, room("Bath", area_id="bath", motion_sensors=[BATH_MOTION]), other
    )
    await set_up(hass, home)
    result = await change(hass, home, "room_bath")
    form = {"name": "Bath", "area_id": "bath", "motion_sensors": [BATH_MOTION]}
    for wrong, errors in (
        ({"name": "kitchen"}, {"name": "name_taken"}),
        ({"area_id": kitchen}, {"area_id": "area_has_room"}),
        ({"motion_sensors": [MOTION]}, {"motion_sensors": "sensor_in_other_room"}),
    ):
        result = await send(hass, result, form | wrong)
        assert result["errors"] == errors
    result = await send(hass, result, form)
    assert result["reason"] == "reconfigure_successful"


async def test_rooms_reload_the_home_once_each(
    hass: HomeAssistant,
    home: MockConfigEntry,
    kitchen: str,
    device_registry: dr.DeviceRegistry,
    area_registry: ar.AreaRegistry,
) -> None:
    """A room that is added, changed or removed shows at once."""
    await set_up(hass, home)
    loads: list[ConfigEntryState] = []
    home.async_on_state_change(
        lambda: (
            loads.append(home.state) if home.state is ConfigEntryState.LOADED else None
        )
    )
    result = await send(hass, await start(hass, home), {"area_id": kitchen})
    await send(hass, result, {"name": "Kitchen", "motion_sensors": [MOTION]})
    await hass.async_block_till_done()
    assert len(loads) == 1
    assert hass.states.get("binary_sensor.kitchen_occupancy")
    room_id = list(home.subentries)[-1]

    # Moved to another area under another name: so does its device.
    hall = area_registry.async_create("Hall").id
    result = await change(hass, home, room_id)
    form = {"name": "Hall", "area_id": hall, "motion_sensors": [MOTION]}
    await send(hass, result, form)
    await hass.async_block_till_done()
    assert len(loads) == 2
    identifier = (DOMAIN, room_id), home.entry_id
    device = device_registry.async_get_device_by_identifier(*identifier)
    assert device
    assert (device.name, device.area_id) == ("Hall", hall)

    # Sent again as it is: nothing to do.
    result = await change(hass, home, room_id)
    await send(hass, result, form)
    await hass.async_block_till_done()
    assert len(loads) == 2

    assert hass.config_entries.async_remove_subentry(home, room_id)
    await hass.async_block_till_done()
    assert len(loads) == 3
    assert hass.states.get("binary_sensor.kitchen_occupancy") is None
    assert device_registry.async_get_device_by_identifier(*identifier) is None
