"""Occupancy Prediction: when will each room next become occupied or vacant?

This is where the parts are made and connected; they do not know each other.
"""

import math
from pathlib import Path
from typing import Final
import zlib

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util
from sqlalchemy.exc import SQLAlchemyError

from .archive_writer import ArchiveWriter
from .backfill import Backfill, async_forget_imports
from .collector import Collector
from .const import DOMAIN, LOGGER, PLATFORMS, STORAGE_FOLDER
from .coordinator import OccupancyConfigEntry, OccupancyCoordinator, RuntimeData
from .engine import Adaptation, EngineConfig, HomeSpec, Observation, SpecificationError
from .follower import HomeFollower
from .health import HealthCheck
from .learner import Learner
from .model_keeper import ModelKeeper
from .options import accuracy_threshold, home_spec, sensor_kinds
from .repairs import (
    async_delete_issues,
    async_report_archive_replaced,
    async_report_archive_unwritable,
)
from .scorekeeper import Scorekeeper
from .services import async_setup_services
from .storage import Storage, close_storage, delete_storage, open_storage
from .trainer import Trainer, TrainingReason

CONFIG: Final = EngineConfig()
CONFIG_SCHEMA: Final = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions: they tell why they cannot answer where no home is set up."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: OccupancyConfigEntry) -> bool:
    """Set up the home."""
    spec = _home_spec(hass, entry)
    found = await _async_open(hass, spec)
    runtime = _connect(hass, entry, spec, found)
    entry.runtime_data = runtime
    await runtime.backfill.async_load(found.new_sensors)

    @callback
    def start(_: HomeAssistant) -> None:
        """Watch and learn, when the sensors are there."""
        runtime.collector.async_start()
        runtime.trainer.async_start()
        runtime.backfill.async_start()

    async def stop(_: Event) -> None:
        """Leave what may take long, so that Home Assistant stops at once."""
        await _async_stop_learning(runtime)

    records = await runtime.keeper.async_records()
    # It has been told already.
    runtime.coordinator.adaptation = next(
        (record.noticed for record in records if record.adaptation), Adaptation()
    )
    runtime.writer.async_start()
    runtime.coordinator.async_start()
    runtime.follower.async_start()
    entry.async_on_unload(async_at_started(hass, start))
    entry.async_on_unload(hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, stop))
    entry.async_on_unload(entry.add_update_listener(_async_reload))
    HealthCheck(
        hass, entry, sensor_kinds(spec), found.tracker.unavailable_since
    ).async_start()
    await runtime.coordinator.async_refresh()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: OccupancyConfigEntry) -> bool:
    """Write what is not written yet, and stop."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    runtime = entry.runtime_data
    runtime.collector.async_stop()
    await _async_stop_learning(runtime)
    await runtime.scorekeeper.async_stop()
    await runtime.writer.async_stop()
    follower = runtime.follower
    await hass.async_add_executor_job(
        close_storage, runtime.archive, follower.renamed, follower.async_removed()
    )
    return True


async def async_remove_entry(hass: HomeAssistant, entry: OccupancyConfigEntry) -> None:
    """Forget everything."""
    await hass.async_add_executor_job(delete_storage, _folder(hass))
    await async_forget_imports(hass)
    async_delete_issues(hass)


async def _async_reload(hass: HomeAssistant, entry: OccupancyConfigEntry) -> None:
    """Start anew with what was changed: an option, a room, a sensor's id."""
    hass.config_entries.async_schedule_reload(entry.entry_id)


def _home_spec(hass: HomeAssistant, entry: OccupancyConfigEntry) -> HomeSpec:
    try:
        return home_spec(hass, entry)
    except SpecificationError as error:
        # Tried again: once the user has corrected the rooms it goes on by itself.
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="invalid_rooms",
            translation_placeholders={"error": str(error)},
        ) from error


async def _async_open(hass: HomeAssistant, spec: HomeSpec) -> Storage:
    now = dt_util.utcnow().timestamp()
    try:
        found = await hass.async_add_executor_job(
            open_storage, _folder(hass), spec, CONFIG, now
        )
    except (OSError, SQLAlchemyError) as error:
        async_report_archive_unwritable(hass, error)
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="archive_unavailable",
            translation_placeholders={"error": str(error)},
        ) from error
    async_report_archive_unwritable(hass, None)
    if found.problem is not None:
        LOGGER.error(
            "The archive is %s, it was kept as %s and a new one begun",
            found.problem.kind,
            found.problem.kept_as,
        )
        async_report_archive_replaced(
            hass, found.problem.kind.value, found.problem.kept_as
        )
    return found


def _connect(
    hass: HomeAssistant, entry: OccupancyConfigEntry, spec: HomeSpec, found: Storage
) -> RuntimeData:
    """Make the parts and tell each whom to tell."""
    sensors = sensor_kinds(spec)
    archive = found.archive
    writer = ArchiveWriter(
        hass, archive, lambda problem: async_report_archive_unwritable(hass, problem)
    )
    scorekeeper = Scorekeeper(
        hass, spec, CONFIG, archive, writer, accuracy_threshold(entry)
    )
    coordinator = OccupancyCoordinator(
        hass, entry, spec, CONFIG, found.tracker, found.model, scorekeeper
    )
    learner = Learner(spec, CONFIG, archive)
    keeper = ModelKeeper(
        hass, learner, found.models, coordinator.async_set_model, found.model
    )
    trainer = Trainer(
        hass,
        learner,
        keeper,
        coordinator.async_set_training,
        coordinator.async_set_adaptation,
        # Of its own for each home, and the same every night.
        nightly_offset=zlib.crc32(entry.entry_id.encode()),
    )

    # The start has told of every sensor that it was lost. Once is enough, so that
    # the archive shows since when.
    lost = set(sensors)

    @callback
    def observed(observation: Observation) -> None:
        coordinator.async_observe(observation)
        if not math.isnan(observation.value):
            lost.discard(observation.sensor_id)
        elif observation.sensor_id in lost:
            return
        else:
            lost.add(observation.sensor_id)
        writer.put(observation)

    @callback
    def imported() -> None:
        scorekeeper.async_archive_filled()
        trainer.async_request(TrainingReason.HISTORY)

    return RuntimeData(
        archive=archive,
        writer=writer,
        collector=Collector(hass, sensors, observed),
        keeper=keeper,
        trainer=trainer,
        backfill=Backfill(
            hass,
            sensors,
            archive,
            coordinator.async_set_importing,
            imported,
        ),
        follower=HomeFollower(hass, entry, spec),
        scorekeeper=scorekeeper,
        coordinator=coordinator,
    )


async def _async_stop_learning(runtime: RuntimeData) -> None:
    await runtime.backfill.async_stop()
    await runtime.trainer.async_stop()


def _folder(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(STORAGE_FOLDER))
