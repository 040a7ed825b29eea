"""What the registries of Home Assistant know of the sensors of the home."""

from dataclasses import dataclass
from enum import StrEnum

from homeassistant.const import ATTR_DEVICE_CLASS
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar, entity_registry as er

from .const import DOMAIN
from .engine import OCCUPANCY_KINDS
from .options import SENSOR_OPTIONS, SensorOption

type RoomSensors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class AreaSensors:
    """An area and its usable sensors, by the key of their option."""

    area_id: str
    name: str
    sensors: RoomSensors


class SensorFault(StrEnum):
    """Why an entity cannot be a sensor of a room."""

    UNKNOWN = "unknown_sensor"
    DISABLED = "disabled_sensor"
    OWN = "own_sensor"


@callback
def sensor_fault(hass: HomeAssistant, entity_id: str) -> SensorFault | None:
    """Return what is wrong with an entity as a sensor, None if nothing is.

    An entity without a registry entry is known only once its integration has
    started.
    """
    registered = er.async_get(hass).async_get(entity_id)
    if registered is None:
        return None if hass.states.get(entity_id) else SensorFault.UNKNOWN
    if registered.disabled:
        return SensorFault.DISABLED
    # The room would follow its own forecast.
    return SensorFault.OWN if registered.platform == DOMAIN else None


@callback
def areas_with_sensors(hass: HomeAssistant) -> dict[str, AreaSensors]:
    """Return every area by its id, with the sensors found in it."""
    areas = {
        area.id: AreaSensors(area.id, area.name, {})
        for area in ar.async_get(hass).async_list_areas()
    }
    for entry in er.async_get(hass).entities.values():
        option = _option_of(hass, entry)
        area_id = er.async_get_effective_area_id(hass, entry)
        if option and area_id in areas:
            areas[area_id].sensors.setdefault(option.key, []).append(entry.entity_id)
    for area in areas.values():
        for entity_ids in area.sensors.values():
            entity_ids.sort()
    return areas


def tells_occupancy(sensors: RoomSensors) -> bool:
    """Return whether a room of these sensors can be told occupied or vacant."""
    return any(
        sensors.get(option.key)
        for option in SENSOR_OPTIONS
        if option.kind in OCCUPANCY_KINDS
    )


def _option_of(hass: HomeAssistant, entry: er.RegistryEntry) -> SensorOption | None:
    """Return the option an entity is filled in at by itself.

    Diagnostic entities (a chip's temperature, a battery door) and hidden ones
    are not what a room is made of.
    """
    if (
        entry.disabled
        or entry.hidden
        or entry.entity_category is not None
        or entry.platform == DOMAIN
    ):
        return None
    device_class = entry.device_class or entry.original_device_class
    if device_class is None and (state := hass.states.get(entry.entity_id)):
        device_class = state.attributes.get(ATTR_DEVICE_CLASS)
    return next(
        (
            option
            for option in SENSOR_OPTIONS
            if option.domain == entry.domain and device_class in option.found
        ),
        None,
    )
