"""When each room will change, how sure that is, and how far learning has come."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, override

from homeassistant.components.sensor import (
    ENTITY_ID_FORMAT,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import PERCENTAGE, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .accuracy import (
    HOME_ACCURACY,
    ROOM_ACCURACY,
    HomeAccuracySensor,
    RoomAccuracySensor,
)
from .const import SUBENTRY_TYPE_ROOM
from .coordinator import OccupancyConfigEntry, OccupancyCoordinator
from .engine import Forecast, Stage
from .entity import HomeEntity, RoomEntity
from .learning_status import LearningStatus

# Nothing is polled.
PARALLEL_UPDATES = 0

# Minutes ahead of which the probability to be occupied has a sensor.
OCCUPIED_WITHIN: Final = (15, 30, 60, 120)
# Progress is shown in steps of this many percent: each step is a new state.
PROGRESS_STEP: Final = 10


def _minute(timestamp: float | None) -> datetime | None:
    """Return a time to the minute: no forecast is worth its seconds."""
    if timestamp is None:
        return None
    return dt_util.utc_from_timestamp(round(timestamp / 60) * 60)


def _iso_minute(timestamp: float | None) -> str | None:
    moment = _minute(timestamp)
    return None if moment is None else moment.isoformat()


def _percent(probability: float | None) -> int | None:
    return None if probability is None else round(probability * 100)


def _occupied_within(minutes: int, room: Forecast) -> int | None:
    return _percent(room.occupied_within(minutes))


def _next_transition(room: Forecast) -> dict[str, Any]:
    return {
        "type": None if room.transition is None else room.transition.value,
        "interval_lower": _iso_minute(room.lower),
        "interval_upper": _iso_minute(room.upper),
        "alternatives": [
            {
                "time": _iso_minute(alternative.timestamp),
                "probability": round(alternative.probability, 2),
            }
            for alternative in room.alternatives
        ],
        "reliable": room.reliable,
    }


def _learning(status: LearningStatus) -> dict[str, Any]:
    progress = status.progress
    return {
        "activity": status.activity.value,
        "progress": None
        if progress is None
        else progress // PROGRESS_STEP * PROGRESS_STEP,
        "member": status.member,
        "room": status.room,
    }


@dataclass(frozen=True, kw_only=True)
class RoomSensorDescription(SensorEntityDescription):
    """A sensor of a room; ``placeholders`` are those of its name."""

    value_fn: Callable[[Forecast], StateType | datetime]
    attributes_fn: Callable[[Forecast], dict[str, Any]] | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class HomeSensorDescription(SensorEntityDescription):
    """A sensor of the home."""

    value_fn: Callable[[LearningStatus], StateType | datetime]
    attributes_fn: Callable[[LearningStatus], dict[str, Any]] | None = None


ROOM_SENSORS: tuple[RoomSensorDescription, ...] = (
    RoomSensorDescription(
        key="next_transition",
        translation_key="next_transition",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda room: _minute(room.predicted_time),
        attributes_fn=_next_transition,
    ),
    RoomSensorDescription(
        key="next_occupied",
        translation_key="next_occupied",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda room: _minute(room.next_occupied),
    ),
    RoomSensorDescription(
        key="next_vacant",
        translation_key="next_vacant",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda room: _minute(room.next_vacant),
    ),
    RoomSensorDescription(
        key="confidence",
        translation_key="confidence",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda room: _percent(room.confidence),
    ),
    *(
        RoomSensorDescription(
            key=f"occupied_within_{minutes}",
            translation_key="occupied_within",
            placeholders={"minutes": str(minutes)},
            native_unit_of_measurement=PERCENTAGE,
            suggested_display_precision=0,
            value_fn=partial(_occupied_within, minutes),
        )
        for minutes in OCCUPIED_WITHIN
    ),
)

HOME_SENSORS: tuple[HomeSensorDescription, ...] = (
    HomeSensorDescription(
        key="learning_stage",
        translation_key="learning_stage",
        device_class=SensorDeviceClass.ENUM,
        options=[stage.value for stage in Stage],
        value_fn=lambda status: status.stage.value,
        attributes_fn=_learning,
    ),
    HomeSensorDescription(
        key="last_trained",
        translation_key="last_trained",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda status: _minute(status.last_trained),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: OccupancyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of the home and of each room."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        [
            *(HomeSensor(coordinator, description) for description in HOME_SENSORS),
            *(
                HomeAccuracySensor(coordinator, description)
                for description in HOME_ACCURACY
            ),
        ]
    )
    for room in entry.get_subentries_of_type(SUBENTRY_TYPE_ROOM):
        async_add_entities(
            [
                *(
                    RoomSensor(coordinator, room, description)
                    for description in ROOM_SENSORS
                ),
                *(
                    RoomAccuracySensor(coordinator, room, description)
                    for description in ROOM_ACCURACY
                ),
            ],
            config_subentry_id=room.subentry_id,
        )


class RoomSensor(RoomEntity, SensorEntity):
    """A sensor of a room, unknown before there is a forecast."""

    _entity_id_format = ENTITY_ID_FORMAT
    entity_description: RoomSensorDescription
    # They change with nearly every forecast: recorded, each would be a new row
    # of attributes.
    _unrecorded_attributes = frozenset(
        {"interval_lower", "interval_upper", "alternatives"}
    )

    def __init__(
        self,
        coordinator: OccupancyCoordinator,
        room: ConfigSubentry,
        description: RoomSensorDescription,
    ) -> None:
        """Complete the name of the sensor."""
        super().__init__(coordinator, room, description)
        self._attr_translation_placeholders = description.placeholders

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the state."""
        room = self.forecast
        return None if room is None else self.entity_description.value_fn(room)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the attributes."""
        room, attributes_fn = self.forecast, self.entity_description.attributes_fn
        return None if room is None or attributes_fn is None else attributes_fn(room)


class HomeSensor(HomeEntity, SensorEntity):
    """A sensor of the home."""

    _entity_id_format = ENTITY_ID_FORMAT
    entity_description: HomeSensorDescription
    _unrecorded_attributes = frozenset({"activity", "progress", "member", "room"})

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the state."""
        return self.entity_description.value_fn(self.coordinator.status)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the attributes."""
        attributes_fn = self.entity_description.attributes_fn
        return None if attributes_fn is None else attributes_fn(self.coordinator.status)
