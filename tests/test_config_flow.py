"""Tests of the flow that sets up the home, and of its options."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.occupancy_prediction.const import DOMAIN

from .home import add_area, add_home, add_sensor, room, set_up


@pytest.fixture
def setup_entry() -> Iterator[AsyncMock]:
    """Keep what is configured from being started."""
    with patch(
        "custom_components.occupancy_prediction.async_setup_entry", return_value=True
    ) as mock:
        yield mock


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Begin to set up the home."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )


def choices(result: ConfigFlowResult) -> dict[str, str]:
    """Return the label of each area that is offered."""
    assert result["data_schema"] is not None
    field = result["data_schema"].schema["areas"]
    return {each["value"]: each["label"] for each in field.config["options"]}


@pytest.mark.usefixtures("setup_entry")
async def test_areas_become_rooms(hass: HomeAssistant) -> None:
    """All suitable areas are ticked and come with their sensors filled in."""
    kitchen, bath = add_area(hass, "Kitchen"), add_area(hass, "Bath")
    add_area(hass, "Attic")
    add_sensor(hass, "binary_sensor.kitchen_motion", "motion", kitchen)
    add_sensor(hass, "binary_sensor.kitchen_radar", "occupancy", kitchen)
    add_sensor(hass, "binary_sensor.kitchen_chair", "presence", kitchen)
    add_sensor(hass, "sensor.kitchen_temperature", "temperature", kitchen)
    add_sensor(hass, "sensor.kitchen_light", "illuminance", kitchen)
    add_sensor(hass, "binary_sensor.bath_door", "door", bath)
    add_sensor(hass, "sensor.bath_humidity", "humidity", bath)

    result = await start(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert choices(result) == {kitchen: "Kitchen (5)", bath: "Bath (2)"}

    # Nothing is changed: what is ticked by itself is what is made.
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Occupancy Prediction"
    rooms = {
        each.title: (each.unique_id, dict(each.data), each.subentry_type)
        for each in result["result"].subentries.values()
    }
    assert rooms == {
        "Kitchen": (
            kitchen,
            {
                "area_id": kitchen,
                "motion_sensors": ["binary_sensor.kitchen_motion"],
                "presence_sensors": [
                    "binary_sensor.kitchen_chair",
                    "binary_sensor.kitchen_radar",
                ],
                "temperature_sensors": ["sensor.kitchen_temperature"],
                "light_sensors": ["sensor.kitchen_light"],
            },
            "room",
        ),
        "Bath": (
            bath,
            {
                "area_id": bath,
                "door_sensors": ["binary_sensor.bath_door"],
                "humidity_sensors": ["sensor.bath_humidity"],
            },
            "room",
        ),
    }


@pytest.mark.usefixtures("setup_entry")
async def test_areas_can_be_left_out(hass: HomeAssistant) -> None:
    """Only what is ticked becomes a room; an area of nowhere is refused."""
    kitchen, bath = add_area(hass, "Kitchen"), add_area(hass, "Bath")
    add_sensor(hass, "binary_sensor.kitchen_motion", "motion", kitchen)
    add_sensor(hass, "binary_sensor.bath_motion", "motion", bath)
    result = await start(hass)
    with pytest.raises(InvalidData):
        await hass.config_entries.flow.async_configure(
            result["flow_id"], {"areas": ["garage"]}
        )
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"areas": [bath]}
    )
    assert [each.title for each in result["result"].subentries.values()] == ["Bath"]


@pytest.mark.usefixtures("setup_entry")
async def test_an_area_may_lose_its_sensors_meanwhile(
    hass: HomeAssistant, entity_registry: er.EntityRegistry
) -> None:
    """What is gone when the form is sent is not made a room."""
    kitchen, bath = add_area(hass, "Kitchen"), add_area(hass, "Bath")
    add_sensor(hass, "binary_sensor.kitchen_motion", "motion", kitchen)
    add_sensor(hass, "binary_sensor.bath_motion", "motion", bath)
    result = await start(hass)
    entity_registry.async_remove("binary_sensor.bath_motion")
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    assert [each.title for each in result["result"].subentries.values()] == ["Kitchen"]


@pytest.mark.parametrize(
    ("device_class", "how"),
    [
        ("window", {}),
        ("battery", {}),
        (None, {}),
        ("motion", {"disabled_by": er.RegistryEntryDisabler.USER}),
        ("motion", {"hidden_by": er.RegistryEntryHider.USER}),
        ("motion", {"entity_category": EntityCategory.DIAGNOSTIC}),
        ("occupancy", {"entity_category": EntityCategory.CONFIG}),
        ("occupancy", {"platform": DOMAIN}),
        ("motion", {"shown_as": "window"}),
    ],
)
@pytest.mark.usefixtures("setup_entry")
async def test_unsuitable_sensors_make_no_room(
    hass: HomeAssistant, device_class: str | None, how: dict[str, Any]
) -> None:
    """Areas that have nothing else lead to a home without rooms."""
    kitchen = add_area(hass, "Kitchen")
    add_sensor(hass, "binary_sensor.kitchen", device_class, kitchen, **how)
    add_sensor(hass, "sensor.kitchen_temperature", "temperature", kitchen)
    add_sensor(hass, "binary_sensor.nowhere", "motion")

    result = await start(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "no_areas"
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not result["result"].subentries


@pytest.mark.usefixtures("setup_entry")
async def test_sensors_are_found_by_the_area_of_their_device(
    hass: HomeAssistant, device_registry: dr.DeviceRegistry
) -> None:
    """An entity inherits the area of its device unless it has its own."""
    hall, stairs = add_area(hass, "Hall"), add_area(hass, "Stairs")
    radio = MockConfigEntry(domain="radio")
    radio.add_to_hass(hass)
    device = device_registry.async_get_or_create(
        config_entry_id=radio.entry_id, identifiers={("radio", "1")}
    )
    device_registry.async_update_device(device.id, area_id=hall)
    add_sensor(hass, "binary_sensor.a", "motion", device_id=device.id)
    add_sensor(hass, "binary_sensor.b", "motion", stairs, device_id=device.id)
    # Some integrations tell the class in the state only.
    add_sensor(hass, "binary_sensor.c", None, hall)
    hass.states.async_set("binary_sensor.c", "off", {"device_class": "garage_door"})

    result = await start(hass)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    rooms = {each.title: each.data for each in result["result"].subentries.values()}
    assert rooms["Hall"]["motion_sensors"] == ["binary_sensor.a"]
    assert rooms["Hall"]["door_sensors"] == ["binary_sensor.c"]
    assert rooms["Stairs"]["motion_sensors"] == ["binary_sensor.b"]


async def test_there_is_one_home_only(hass: HomeAssistant) -> None:
    """A second home is refused."""
    add_home(hass)
    result = await start(hass)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "single_instance_allowed"


@pytest.mark.usefixtures("setup_entry")
async def test_options_of_the_home(hass: HomeAssistant) -> None:
    """The options start from their defaults and are stored as they are set."""
    entry = add_home(hass)
    await set_up(hass, entry)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "init"
    assert result["data_schema"] is not None
    defaults = {"forecast_interval": 300, "accuracy_threshold": 15}
    assert result["data_schema"]({}) == defaults
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            result["flow_id"], {"forecast_interval": 59}
        )
    chosen = {"forecast_interval": 600, "accuracy_threshold": 20}
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], chosen
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == chosen

    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    assert result["data_schema"]({}) == chosen


async def test_a_changed_option_reloads_once(hass: HomeAssistant) -> None:
    """The running home takes on a new option, and is left alone without one."""
    add_sensor(hass, "binary_sensor.kitchen_motion", "motion")
    entry = add_home(
        hass, room("Kitchen", motion_sensors=["binary_sensor.kitchen_motion"])
    )
    await set_up(hass, entry)
    first = entry.runtime_data
    for interval, reloaded in ((300, True), (300, False), (600, True)):
        result = await hass.config_entries.options.async_init(entry.entry_id)
        await hass.config_entries.options.async_configure(
            result["flow_id"], {"forecast_interval": interval}
        )
        await hass.async_block_till_done()
        assert (entry.runtime_data is not first) == reloaded
        first = entry.runtime_data


async def test_forms_reach_the_browser(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """Each form can be sent as JSON, with what it is filled in with."""
    assert await async_setup_component(hass, "config", {})
    kitchen = add_area(hass, "Kitchen")
    add_sensor(hass, "binary_sensor.kitchen_motion", "motion", kitchen)
    add_sensor(hass, "sensor.kitchen_light", "illuminance", kitchen)
    client = await hass_client()
    flows = "/api/config/config_entries"

    async def post(path: str, **sent: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await (
            await client.post(f"{flows}/{path}", json=sent)
        ).json()
        return answer

    form = await post("flow", handler=DOMAIN)
    (areas,) = form["data_schema"]
    assert areas["default"] == [kitchen]
    await post(f"flow/{form['flow_id']}", areas=[])
    (entry,) = hass.config_entries.async_entries(DOMAIN)

    form = await post("options/flow", handler=entry.entry_id)
    assert [field["name"] for field in form["data_schema"]] == [
        "forecast_interval",
        "accuracy_threshold",
    ]

    form = await post("subentries/flow", handler=[entry.entry_id, "room"])
    form = await post(f"subentries/flow/{form['flow_id']}", area_id=kitchen)
    fields = {field["name"]: field for field in form["data_schema"]}
    assert list(fields) == [
        "name",
        "motion_sensors",
        "presence_sensors",
        "door_sensors",
        "climate",
        "advanced",
    ]
    assert fields["motion_sensors"]["description"]["suggested_value"] == [
        "binary_sensor.kitchen_motion"
    ]
    light = fields["climate"]["schema"][-1]
    assert light["description"]["suggested_value"] == ["sensor.kitchen_light"]
    assert light["selector"]["entity"]["filter"] == [
        {"domain": ["sensor"], "device_class": ["illuminance"]}
    ]
