"""What a user can set: the tables from which forms and defaults are made.

This is the one place where the configuration of Home Assistant becomes the
types of the engine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components.binary_sensor.const import (
    DOMAIN as BINARY_SENSOR_DOMAIN,
    BinarySensorDeviceClass,
)
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN, SensorDeviceClass
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    Selector,
)
import probatio as vol

from .const import (
    CONF_ACCURACY_THRESHOLD,
    CONF_DOOR_SENSORS,
    CONF_FORECAST_INTERVAL,
    CONF_HUMIDITY_SENSORS,
    CONF_LIGHT_SENSORS,
    CONF_MOTION_SENSORS,
    CONF_PRESENCE_SENSORS,
    CONF_TEMPERATURE_SENSORS,
    CONF_VACANCY_DELAY,
    SUBENTRY_TYPE_ROOM,
)
from .engine import HomeSpec, RoomSpec, SensorKind, SensorSpec, purpose_of

SECTION_CLIMATE: Final = "climate"
SECTION_ADVANCED: Final = "advanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOption:
    """A number the user can set; ``section`` folds it away in the form."""

    key: str
    selector: Selector[Any]
    default: float
    section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorOption:
    """Sensors of one kind in a room.

    Attributes:
        key: where the list of entity ids is stored.
        kind: what these sensors are to the engine.
        domain: the domain of their entities.
        found: device classes that are filled in by themselves.
        offered: device classes the form lets choose from.
        section: the folded part of the form it is in.
    """

    key: str
    kind: SensorKind
    domain: str
    found: tuple[str, ...]
    offered: tuple[str, ...]
    section: str | None = None

    @property
    def default(self) -> list[str]:
        """Return what a room has that says nothing of it."""
        return []

    @property
    def selector(self) -> Selector[Any]:
        """Return the field of the form."""
        return EntitySelector(
            EntitySelectorConfig(
                filter=[
                    EntityWithDeviceFilterSelectorConfig(
                        domain=self.domain, device_class=list(self.offered)
                    )
                ],
                multiple=True,
            )
        )


type Option = NumberOption | SensorOption


def _duration(
    minimum: int, maximum: int, step: int, unit: UnitOfTime = UnitOfTime.SECONDS
) -> Selector[Any]:
    return NumberSelector(
        NumberSelectorConfig(
            min=minimum,
            max=maximum,
            step=step,
            unit_of_measurement=unit,
            mode=NumberSelectorMode.BOX,
        )
    )


# Some radars call themselves motion, some motion sensors occupancy, a bed or
# seat sensor vibration: the user may put each of them in either list.
_ACTIVITY: Final = (
    BinarySensorDeviceClass.MOTION,
    BinarySensorDeviceClass.OCCUPANCY,
    BinarySensorDeviceClass.PRESENCE,
    BinarySensorDeviceClass.MOVING,
    BinarySensorDeviceClass.SOUND,
    BinarySensorDeviceClass.VIBRATION,
)
_DOORS: Final = (
    BinarySensorDeviceClass.DOOR,
    BinarySensorDeviceClass.GARAGE_DOOR,
    BinarySensorDeviceClass.OPENING,
)

HOME_OPTIONS: Final[tuple[NumberOption, ...]] = (
    NumberOption(
        key=CONF_FORECAST_INTERVAL,
        # Below a minute the forecasts differ by nothing one can act on.
        selector=_duration(60, 3600, 30),
        default=300,
    ),
    NumberOption(
        key=CONF_ACCURACY_THRESHOLD,
        # Sensors and vacancy delays are not more exact than some minutes; an hour is
        # what guessing the usual time comes to.
        selector=_duration(5, 60, 1, UnitOfTime.MINUTES),
        default=15,
    ),
)

SENSOR_OPTIONS: Final[tuple[SensorOption, ...]] = (
    SensorOption(
        key=CONF_MOTION_SENSORS,
        kind=SensorKind.MOTION,
        domain=BINARY_SENSOR_DOMAIN,
        found=(BinarySensorDeviceClass.MOTION,),
        offered=_ACTIVITY,
    ),
    SensorOption(
        key=CONF_PRESENCE_SENSORS,
        kind=SensorKind.PRESENCE,
        domain=BINARY_SENSOR_DOMAIN,
        found=(BinarySensorDeviceClass.OCCUPANCY, BinarySensorDeviceClass.PRESENCE),
        offered=_ACTIVITY,
    ),
    SensorOption(
        key=CONF_DOOR_SENSORS,
        kind=SensorKind.DOOR,
        domain=BINARY_SENSOR_DOMAIN,
        found=_DOORS,
        offered=_DOORS,
    ),
    SensorOption(
        key=CONF_TEMPERATURE_SENSORS,
        kind=SensorKind.TEMPERATURE,
        domain=SENSOR_DOMAIN,
        found=(SensorDeviceClass.TEMPERATURE,),
        offered=(SensorDeviceClass.TEMPERATURE,),
        section=SECTION_CLIMATE,
    ),
    SensorOption(
        key=CONF_HUMIDITY_SENSORS,
        kind=SensorKind.HUMIDITY,
        domain=SENSOR_DOMAIN,
        found=(SensorDeviceClass.HUMIDITY,),
        offered=(SensorDeviceClass.HUMIDITY,),
        section=SECTION_CLIMATE,
    ),
    SensorOption(
        key=CONF_LIGHT_SENSORS,
        kind=SensorKind.LIGHT,
        domain=SENSOR_DOMAIN,
        found=(SensorDeviceClass.ILLUMINANCE,),
        offered=(SensorDeviceClass.ILLUMINANCE,),
        section=SECTION_CLIMATE,
    ),
)

ROOM_OPTIONS: Final[tuple[Option, ...]] = (
    *SENSOR_OPTIONS,
    NumberOption(
        key=CONF_VACANCY_DELAY,
        # Longer than the blind time of common motion sensors, shorter than the
        # absences that matter.
        selector=_duration(30, 3600, 30),
        default=300,
        section=SECTION_ADVANCED,
    ),
)

_DEFAULTS: Final = {
    option.key: option.default for option in (*HOME_OPTIONS, *ROOM_OPTIONS)
}


def suggested(value: object) -> dict[str, Any]:
    """Return what makes a field start with a value and yet can be emptied.

    A default would come back when the user empties the field.
    """
    return {} if value is None else {"description": {"suggested_value": value}}


def form_fields(options: Iterable[Option], values: Mapping[str, Any]) -> dict[Any, Any]:
    """Return the fields of a form made from a table of options."""
    fields: dict[Any, Any] = {}
    folded: dict[str, dict[Any, Any]] = {}
    for option in options:
        value = values.get(option.key, option.default)
        part = (
            fields if option.section is None else folded.setdefault(option.section, {})
        )
        marker = (
            vol.Required(option.key, default=value)
            if isinstance(option, NumberOption)
            else vol.Optional(option.key, **suggested(value))
        )
        part[marker] = option.selector
    return fields | {
        vol.Optional(name): section(vol.Schema(part), {"collapsed": True})
        for name, part in folded.items()
    }


def form_values(
    options: Iterable[Option], values: Mapping[str, Any], user_input: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the value of each option; a section left out stays as it was."""
    flat: dict[str, Any] = {}
    for option in options:
        given = user_input
        if option.section is not None:
            given = user_input.get(option.section, values)
        value = given.get(option.key, option.default)
        # The same sensor ticked twice in one list is meant once.
        flat[option.key] = (
            list(dict.fromkeys(value)) if isinstance(value, list) else value
        )
    return flat


def forecast_interval(entry: ConfigEntry) -> float:
    """Return how many seconds lie between two forecasts without an event."""
    return _home_number(entry, CONF_FORECAST_INTERVAL)


def accuracy_threshold(entry: ConfigEntry) -> float:
    """Return how many minutes a forecast may be off."""
    return _home_number(entry, CONF_ACCURACY_THRESHOLD)


def _home_number(entry: ConfigEntry, key: str) -> float:
    return float(entry.options.get(key, _DEFAULTS[key]))


def room_spec(subentry: ConfigSubentry) -> RoomSpec:
    """Return what the engine has to know of a room."""
    return RoomSpec(
        room_id=subentry.subentry_id,
        sensors=tuple(
            SensorSpec(entity_id, option.kind)
            for option in SENSOR_OPTIONS
            for entity_id in subentry.data.get(option.key, ())
        ),
        vacancy_delay=float(
            subentry.data.get(CONF_VACANCY_DELAY, _DEFAULTS[CONF_VACANCY_DELAY])
        ),
        purpose=purpose_of(subentry.title),
    )


def home_spec(hass: HomeAssistant, entry: ConfigEntry) -> HomeSpec:
    """Return what the engine has to know of the home."""
    config = hass.config
    # Who has not said where the home is, is told to live in the Gulf of Guinea.
    is_known = bool(config.latitude or config.longitude)
    return HomeSpec(
        rooms=tuple(
            room_spec(subentry)
            for subentry in entry.get_subentries_of_type(SUBENTRY_TYPE_ROOM)
        ),
        time_zone=config.time_zone,
        latitude=config.latitude if is_known else None,
        longitude=config.longitude if is_known else None,
    )


def sensor_kinds(spec: HomeSpec) -> dict[str, SensorKind]:
    """Return the kind of every sensor of the home by its entity id."""
    return {
        sensor.sensor_id: sensor.kind for room in spec.rooms for sensor in room.sensors
    }
