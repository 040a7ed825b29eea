"""How good the forecasts of a room or of the home have been."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, override

from homeassistant.components.sensor import (
    ENTITY_ID_FORMAT,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime

from .engine import Accuracy, AccuracyTable, HomeAccuracy, Transition, Window
from .entity import HomeEntity, OccupancyEntity, RoomEntity

type Figure = Callable[[Accuracy], int | None]

# What a state shows is of these days; it moves slowly and follows all the same.
_SHOWN: Final = Window.WEEK
# The attributes that every sensor has: the same figure of other forecasts.
_OTHERS: Final[dict[str, tuple[Window, Transition | None]]] = {
    "last_24_hours": (Window.DAY, None),
    "last_30_days": (Window.MONTH, None),
    "until_occupied": (_SHOWN, Transition.OCCUPIED),
    "until_vacant": (_SHOWN, Transition.VACANT),
}


# Whole numbers: nothing is decided by fractions, and each change is a row of the
# recorder.
def _percent(share: float | None) -> int | None:
    return None if share is None else round(share * 100)


def _minutes(minutes: float | None) -> int | None:
    return None if minutes is None else round(minutes)


def _mean_absolute_error(accuracy: Accuracy) -> int | None:
    return _minutes(accuracy.mean_absolute_error)


def _within_threshold(accuracy: Accuracy) -> int | None:
    return _percent(accuracy.within_threshold)


def _within_20(accuracy: Accuracy) -> int | None:
    return _percent(accuracy.within_20)


def _skill(accuracy: Accuracy) -> int | None:
    return _percent(accuracy.skill)


def _late_share(accuracy: Accuracy) -> int | None:
    return _percent(accuracy.late_share)


def _coverage(accuracy: Accuracy) -> int | None:
    return _percent(accuracy.coverage)


def _reliable_share(accuracy: Accuracy) -> int | None:
    return _percent(accuracy.reliable_share)


def _when_reliable(figure: Figure) -> Figure:
    """Return a figure of those forecasts alone that claimed their minute."""

    def reliable(accuracy: Accuracy) -> int | None:
        return None if accuracy.reliable is None else figure(accuracy.reliable)

    return reliable


@dataclass(frozen=True, kw_only=True)
class AccuracyDescription(SensorEntityDescription):
    """A figure; ``more`` are others of the same forecasts, as attributes."""

    figure: Figure
    more: Mapping[str, Figure] = field(default_factory=dict)


ROOM_ACCURACY: tuple[AccuracyDescription, ...] = (
    AccuracyDescription(
        key="mean_absolute_error",
        translation_key="mean_absolute_error",
        device_class=SensorDeviceClass.DURATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        figure=_mean_absolute_error,
        more={"within_threshold": _within_threshold},
    ),
    AccuracyDescription(
        key="within_20",
        translation_key="within_20",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        figure=_within_20,
    ),
    AccuracyDescription(
        key="skill",
        translation_key="skill",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        figure=_skill,
        more={"late_share": _late_share, "coverage": _coverage},
    ),
    AccuracyDescription(
        key="reliable_share",
        translation_key="reliable_share",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        figure=_reliable_share,
        more={
            "within_20_if_reliable": _when_reliable(_within_20),
            "error_if_reliable": _when_reliable(_mean_absolute_error),
        },
    ),
)

HOME_ACCURACY: tuple[AccuracyDescription, ...] = (
    AccuracyDescription(
        key="accuracy",
        translation_key="skill",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        figure=_skill,
        more={
            "late_share": _late_share,
            "coverage": _coverage,
            "within_20": _within_20,
            "reliable_share": _reliable_share,
            "within_20_if_reliable": _when_reliable(_within_20),
            "error_if_reliable": _when_reliable(_mean_absolute_error),
        },
    ),
)


class AccuracySensor(OccupancyEntity, SensorEntity):
    """A figure of the last days, unknown before a forecast has been scored."""

    _entity_id_format = ENTITY_ID_FORMAT
    entity_description: AccuracyDescription
    _unrecorded_attributes = frozenset(
        {*_OTHERS, *(key for d in (*ROOM_ACCURACY, *HOME_ACCURACY) for key in d.more)}
    )

    @abstractmethod
    def table_of(self, accuracy: HomeAccuracy) -> AccuracyTable:
        """Return the figures of what the sensor is about."""

    @property
    def _table(self) -> AccuracyTable:
        accuracy = self.coordinator.accuracy
        return AccuracyTable() if accuracy is None else self.table_of(accuracy)

    @property
    @override
    def native_value(self) -> int | None:
        """Return the figure."""
        return self.entity_description.figure(self._table.of(_SHOWN))

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return it of other forecasts, and others of the same."""
        description, table = self.entity_description, self._table
        return {
            name: description.figure(table.of(window, transition))
            for name, (window, transition) in _OTHERS.items()
        } | {
            name: figure(table.of(_SHOWN)) for name, figure in description.more.items()
        }


class RoomAccuracySensor(RoomEntity, AccuracySensor):
    """A figure of one room."""

    @override
    def table_of(self, accuracy: HomeAccuracy) -> AccuracyTable:
        """Return the figures of the room."""
        return accuracy.rooms.get(self._room_id, AccuracyTable())


class HomeAccuracySensor(HomeEntity, AccuracySensor):
    """A figure of all rooms together."""

    @override
    def table_of(self, accuracy: HomeAccuracy) -> AccuracyTable:
        """Return the figures of the home."""
        return accuracy.home
