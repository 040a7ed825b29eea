"""Days as they were lived, and how time passes, for the tests of the component."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import (
    ARCHIVE_FILE,
    MODEL_FILE,
    STORAGE_FOLDER,
)
from custom_components.occupancy_prediction.engine import (
    ModelState,
    Observation,
    ObservationTable,
)
from custom_components.occupancy_prediction.model_store import ModelStore

# A Monday, half past noon where the tests live (US/Pacific).
START = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
NOW = START.timestamp()
HOUR = 3600.0
DAY = 24 * HOUR


def lived_days(sensor_id: str, days: float, now: float) -> list[Observation]:
    """Return a sensor that was on for 12 minutes from every full hour on."""
    observations = []
    moment = (now - days * DAY) // HOUR * HOUR
    while moment < now:
        observations.append(Observation(moment, sensor_id, 1.0))
        if moment + 720 < now:
            observations.append(Observation(moment + 720, sensor_id, 0.0))
        moment += HOUR
    return observations


def storage_folder(hass: HomeAssistant) -> Path:
    """Return where the component keeps its files."""
    return Path(hass.config.path(STORAGE_FOLDER))


async def fill_archive(
    hass: HomeAssistant,
    observations: Collection[Observation],
    alive_until: float | None = None,
) -> None:
    """Put observations into the archive before the component opens it."""

    def fill() -> None:
        archive, _ = Archive.open(storage_folder(hass) / ARCHIVE_FILE, 0.0)
        archive.append(observations)
        if alive_until is not None:
            archive.set_alive(alive_until)
        archive.close()

    await hass.async_add_executor_job(fill)


async def read_archive(hass: HomeAssistant, *sensor_ids: str) -> ObservationTable:
    """Return what the archive holds of sensors, while the component is unloaded."""

    def read() -> ObservationTable:
        archive, problem = Archive.open(storage_folder(hass) / ARCHIVE_FILE, 0.0)
        assert problem is None
        table = archive.load(sensor_ids)
        archive.close()
        return table

    return await hass.async_add_executor_job(read)


async def saved_model(hass: HomeAssistant) -> ModelState | None:
    """Return the model as it is on disk."""
    store = ModelStore(storage_folder(hass) / MODEL_FILE)
    return await hass.async_add_executor_job(store.load)


async def settle(hass: HomeAssistant) -> None:
    """Wait for everything under way, training included."""
    await hass.async_block_till_done(wait_background_tasks=True)


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float
) -> None:
    """Let time pass and wait for what that brings."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await settle(hass)


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return what an entity shows."""
    state = hass.states.get(entity_id)
    assert isinstance(state, State), f"{entity_id} does not exist"
    return state.state
