"""A simulated home in a real Home Assistant, in this very process.

Home Assistant has to be imported before the benchmarks are: see benchmarks/__init__.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
import time
from typing import Any

import homeassistant  # noqa: F401 - before the benchmarks, see benchmarks/__init__
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from benchmarks.homes import SimulatedHome
from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import (
    ARCHIVE_FILE,
    DOMAIN,
    STORAGE_FOLDER,
    SUBENTRY_TYPE_ROOM,
)
from custom_components.occupancy_prediction.engine import (
    Observation,
    RoomSpec,
    SensorKind,
)

# Of the one entry, the same after every restart.
ENTRY_ID = "benchmark"
_LISTS = {
    SensorKind.MOTION: "motion_sensors",
    SensorKind.PRESENCE: "presence_sensors",
    SensorKind.DOOR: "door_sensors",
}


def entity_id(sensor_id: str) -> str:
    """Return how Home Assistant calls a simulated sensor."""
    return f"binary_sensor.{sensor_id}"


def sensors_of(room: RoomSpec) -> list[str]:
    """Return the entities of a room."""
    return [entity_id(sensor.sensor_id) for sensor in room.sensors]


def prepare_folder(folder: Path, home: SimulatedHome) -> None:
    """Put the component and the past of the home there, which ends now."""
    (folder / "custom_components").symlink_to(
        Path(__file__).parent.parent / "custom_components"
    )
    shift = time.time() - home.end
    archive, _ = Archive.open(folder / STORAGE_FOLDER / ARCHIVE_FILE, time.time())
    table = home.table
    archive.append(
        [
            Observation(moment + shift, entity_id(table.sensor_ids[sensor]), value)
            for moment, sensor, value in zip(
                table.timestamps.tolist(),
                table.sensors.tolist(),
                table.values.tolist(),
                strict=True,
            )
        ]
    )
    archive.set_alive(time.time())
    archive.close()


@asynccontextmanager
async def home_assistant(
    folder: Path, home: SimulatedHome
) -> AsyncIterator[HomeAssistant]:
    """Run Home Assistant on a folder; the sensors are there and say off."""
    async with async_test_home_assistant(config_dir=str(folder)) as hass:
        hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
        hass.config.time_zone = home.spec.time_zone
        for room in home.spec.rooms:
            for sensor in sensors_of(room):
                hass.states.async_set(sensor, "off")
        yield hass
        await hass.async_stop(force=True)


async def set_up(
    hass: HomeAssistant, home: SimulatedHome, options: Mapping[str, Any] | None = None
) -> MockConfigEntry:
    """Set up the component with all rooms of the home, each with these options."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        entry_id=ENTRY_ID,
        subentries_data=[_subentry(room, options or {}) for room in home.spec.rooms],
    )
    entry.add_to_hass(hass)
    if not await hass.config_entries.async_setup(entry.entry_id):
        raise RuntimeError("the component could not be set up")
    return entry


def _subentry(room: RoomSpec, options: Mapping[str, Any]) -> ConfigSubentryDataWithId:
    data: dict[str, Any] = {"area_id": None, **options}
    for kind, name in _LISTS.items():
        data[name] = [
            entity_id(each.sensor_id) for each in room.sensors if each.kind is kind
        ]
    return ConfigSubentryDataWithId(
        subentry_id=room.room_id,
        subentry_type=SUBENTRY_TYPE_ROOM,
        title=room.room_id.replace("_", " ").title(),
        unique_id=None,
        data=data,
    )
