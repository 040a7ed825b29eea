"""Set up the home, its options and its rooms.

Reloading is done in exactly one way: ``__init__`` has an update listener that
reloads the entry, and no flow here reloads anything itself. Home Assistant
tells the listener of every change of the entry: its options and rooms that are
added, changed or removed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryData,
    ConfigSubentryFlow,
    OptionsFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import callback, split_entity_id
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import (
    AreaSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import probatio as vol

from .const import CONF_AREA_ID, DOMAIN, SUBENTRY_TYPE_ROOM
from .options import (
    HOME_OPTIONS,
    ROOM_OPTIONS,
    SENSOR_OPTIONS,
    SensorOption,
    form_fields,
    form_values,
    room_spec,
    suggested,
)
from .registry import AreaSensors, areas_with_sensors, sensor_fault, tells_occupancy

TITLE: Final = "Occupancy Prediction"
CONF_AREAS: Final = "areas"


class OccupancyConfigFlow(ConfigFlow, domain=DOMAIN):
    """Set up the home with a room for each area that has the sensors for it."""

    VERSION = 1
    MINOR_VERSION = 1

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer a room for each suitable area, all of them ticked."""
        offered = {
            area.area_id: area
            for area in areas_with_sensors(self.hass).values()
            if tells_occupancy(area.sensors)
        }
        if user_input is not None:
            return self._create_home(
                # An area may have lost its sensors while the form was open.
                offered[area_id]
                for area_id in user_input[CONF_AREAS]
                if area_id in offered
            )
        if not offered:
            return await self.async_step_no_areas()
        return self.async_show_form(
            step_id="user",
            data_schema=vol.Schema(
                {vol.Required(CONF_AREAS, default=list(offered)): _area_choice(offered)}
            ),
        )

    async def async_step_no_areas(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that rooms have to be added by hand."""
        if user_input is not None:
            return self._create_home(())
        return self.async_show_form(step_id="no_areas")

    @callback
    def _create_home(self, areas: Iterable[AreaSensors]) -> ConfigFlowResult:
        return self.async_create_entry(
            title=TITLE,
            data={},
            subentries=[
                ConfigSubentryData(
                    subentry_type=SUBENTRY_TYPE_ROOM,
                    title=area.name,
                    unique_id=area.area_id,
                    data={CONF_AREA_ID: area.area_id, **area.sensors},
                )
                for area in areas
            ],
        )

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the flow of the options of the home."""
        return HomeOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the flow that adds or changes a room."""
        return {SUBENTRY_TYPE_ROOM: RoomSubentryFlow}


class HomeOptionsFlow(OptionsFlow):
    """Change what holds for the whole home."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the options and store them."""
        stored = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(
                data=form_values(HOME_OPTIONS, stored, user_input)
            )
        return self.async_show_form(
            step_id="init", data_schema=vol.Schema(form_fields(HOME_OPTIONS, stored))
        )


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is wrong with a form: where, which error, and its placeholders."""

    field: str
    error: str
    placeholders: dict[str, str]


class RoomSubentryFlow(ConfigSubentryFlow):
    """Add a room, or change one."""

    _area: AreaSensors | None = None

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Let the user pick the area of the new room, or none."""
        errors: dict[str, str] = {}
        if user_input is not None:
            area_id = user_input.get(CONF_AREA_ID)
            problem = self._problem_of_area(area_id)
            if problem is None:
                if area_id is not None:
                    self._area = areas_with_sensors(self.hass)[area_id]
                return await self.async_step_room()
            errors[problem.field] = problem.error
        return self.async_show_form(
            step_id="user",
            data_schema=vol.Schema({vol.Optional(CONF_AREA_ID): AreaSelector()}),
            errors=errors,
            last_step=False,
        )

    async def async_step_room(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the new room with the sensors of its area, and create it."""
        area = self._area
        values: dict[str, Any] = (
            {CONF_NAME: area.name, CONF_AREA_ID: area.area_id, **area.sensors}
            if area
            else {}
        )
        problem = None
        if user_input is not None:
            values = _room_values(values, user_input)
            # Should the area have got a room meanwhile, Home Assistant aborts.
            problem = self._problem_of_name(
                values[CONF_NAME]
            ) or self._problem_of_sensors(values)
            if problem is None:
                return self.async_create_entry(
                    title=values.pop(CONF_NAME),
                    data=values,
                    unique_id=values[CONF_AREA_ID],
                )
        return self._show_room("room", values, problem)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show the room as it is, and change it."""
        room = self._get_reconfigure_subentry()
        values = {CONF_NAME: room.title, **room.data}
        problem = None
        if user_input is not None:
            area_id = user_input.get(CONF_AREA_ID)
            values = _room_values(values, user_input) | {CONF_AREA_ID: area_id}
            problem = (
                self._problem_of_name(values[CONF_NAME])
                or self._problem_of_area(area_id)
                or self._problem_of_sensors(values)
            )
            if problem is None:
                if area_id != room.data.get(CONF_AREA_ID):
                    self._move_device(room, area_id)
                return self.async_update_and_abort(
                    self._get_entry(),
                    room,
                    title=values.pop(CONF_NAME),
                    data=values,
                    unique_id=area_id,
                )
        return self._show_room("reconfigure", values, problem)

    @callback
    def _show_room(
        self, step_id: str, values: Mapping[str, Any], problem: _Problem | None
    ) -> SubentryFlowResult:
        fields: dict[Any, Any] = {
            vol.Required(CONF_NAME, **suggested(values.get(CONF_NAME))): TextSelector()
        }
        if self.source == SOURCE_RECONFIGURE:
            fields[
                vol.Optional(CONF_AREA_ID, **suggested(values.get(CONF_AREA_ID)))
            ] = AreaSelector()
        return self.async_show_form(
            step_id=step_id,
            data_schema=vol.Schema(fields | form_fields(ROOM_OPTIONS, values)),
            errors={problem.field: problem.error} if problem else None,
            description_placeholders=problem.placeholders if problem else None,
        )

    @callback
    def _move_device(self, room: ConfigSubentry, area_id: str | None) -> None:
        """Move the device of a room: Home Assistant only places new ones."""
        registry = dr.async_get(self.hass)
        device = registry.async_get_device_by_identifier(
            (DOMAIN, room.subentry_id), self._get_entry().entry_id
        )
        if device is not None:
            registry.async_update_device(device.id, area_id=area_id)

    def _other_rooms(self) -> list[ConfigSubentry]:
        """Return the rooms of the home without the one that is being changed."""
        rooms = self._get_entry().get_subentries_of_type(SUBENTRY_TYPE_ROOM)
        if self.source != SOURCE_RECONFIGURE:
            return rooms
        return [
            room for room in rooms if room.subentry_id != self._reconfigure_subentry_id
        ]

    def _problem_of_name(self, name: str) -> _Problem | None:
        if not name:
            return _Problem(CONF_NAME, "name_missing", {})
        taken = {room.title.casefold() for room in self._other_rooms()}
        return (
            _Problem(CONF_NAME, "name_taken", {}) if name.casefold() in taken else None
        )

    def _problem_of_area(self, area_id: str | None) -> _Problem | None:
        if area_id is None:
            return None
        if area_id not in areas_with_sensors(self.hass):
            return _Problem(CONF_AREA_ID, "unknown_area", {})
        taken = {room.unique_id for room in self._other_rooms()}
        return _Problem(CONF_AREA_ID, "area_has_room", {}) if area_id in taken else None

    def _problem_of_sensors(self, values: Mapping[str, Any]) -> _Problem | None:
        owners = {
            sensor.sensor_id: room.title
            for room in self._other_rooms()
            for sensor in room_spec(room).sensors
        }
        seen: set[str] = set()
        for option in SENSOR_OPTIONS:
            for entity_id in values[option.key]:
                error = self._error_of_sensor(option, entity_id)
                if entity_id in owners:
                    error = "sensor_in_other_room"
                elif entity_id in seen:
                    error = "sensor_twice"
                if error:
                    # Fields inside a folded section cannot show an error.
                    return _Problem(
                        "base" if option.section else option.key,
                        error,
                        {"sensor": entity_id, "room": owners.get(entity_id, "")},
                    )
                seen.add(entity_id)
        if not tells_occupancy(dict(values)):
            return _Problem("base", "no_occupancy_sensor", {})
        return None

    def _error_of_sensor(self, option: SensorOption, entity_id: str) -> str | None:
        if fault := sensor_fault(self.hass, entity_id):
            return fault
        if split_entity_id(entity_id)[0] != option.domain:
            return "unsuitable_sensor"
        return None


def _area_choice(areas: Mapping[str, AreaSensors]) -> SelectSelector:
    """Return a list of check boxes: the areas and how many sensors they have."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(
                    value=area.area_id,
                    label=f"{area.name} ({sum(map(len, area.sensors.values()))})",
                )
                for area in areas.values()
            ],
            multiple=True,
            mode=SelectSelectorMode.LIST,
        )
    )


def _room_values(
    values: Mapping[str, Any], user_input: Mapping[str, Any]
) -> dict[str, Any]:
    """Return everything about a room after the user filled in its form."""
    return {
        CONF_NAME: user_input[CONF_NAME].strip(),
        CONF_AREA_ID: values.get(CONF_AREA_ID),
        **form_values(ROOM_OPTIONS, values, user_input),
    }
