"""The files of the home: opened, closed and deleted. Everything here blocks."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from .archive import Archive, ArchiveProblem, delete_archive
from .const import ARCHIVE_FILE, LOGGER
from .engine import (
    EngineConfig,
    HomeSpec,
    HomeTracker,
    ModelState,
    ModelStateError,
    Observation,
    ObservationTable,
)
from .model_registry import ModelRegistry

# The archive tells milliseconds apart, and keeps one row of a sensor in each.
_TICK: Final = 0.001


@dataclass(frozen=True, slots=True)
class Storage:
    """What was found on disk, as of the start.

    Attributes:
        archive: of all observations, open.
        problem: what was wrong with the file, if it had to be replaced.
        models: the models that are saved.
        model: the one in use before, None if there is none that can be read.
        tracker: has seen the last day and that nobody watched since then.
        new_sensors: those the archive knows nothing of.
    """

    archive: Archive
    problem: ArchiveProblem | None
    models: ModelRegistry
    model: ModelState | None
    tracker: HomeTracker
    new_sensors: frozenset[str]


def open_storage(
    folder: Path, spec: HomeSpec, config: EngineConfig, now: float
) -> Storage:
    """Open what is in the folder and bring it up to ``now`` (UTC s).

    Raises:
        OSError, SQLAlchemyError: the folder or the archive cannot be used.
    """
    archive, problem = Archive.open(folder / ARCHIVE_FILE, now)
    models = ModelRegistry(folder)
    sensors = spec.sensor_ids
    try:
        models.clean_up()
        model = _load_model(models)
        if model is not None:
            model = _without_removed_rooms(model, models, spec, archive)
        archive.forecasts.keep_rooms([room.room_id for room in spec.rooms])
        known = archive.spans(sensors)
        recent = archive.recent(sensors, now - config.habit_look_back).before(now)
        tracker = HomeTracker.replay(spec, config, recent)
        unwatched = _unwatched(sensors, recent, archive.alive_until(), now)
        for observation in unwatched:
            tracker.observe(observation)
        archive.append(unwatched)
    except OSError, SQLAlchemyError:
        archive.close()
        raise
    return Storage(
        archive,
        problem,
        models,
        model,
        tracker,
        frozenset(sensor for sensor in sensors if sensor not in known),
    )


def close_storage(
    archive: Archive, renamed: Iterable[tuple[str, str]], removed: Collection[str]
) -> None:
    """Close the archive, after it has followed what became of its sensors.

    ``renamed`` holds (old, new); ``removed`` are those of rooms that were removed.
    """
    try:
        for old, new in renamed:
            archive.rename_sensor(old, new)
        archive.remove_sensors(removed)
    except OSError, SQLAlchemyError:
        LOGGER.exception("The archive could not follow the change of the rooms")
    finally:
        archive.close()


def delete_storage(folder: Path) -> None:
    """Delete all that was stored."""
    delete_archive(folder / ARCHIVE_FILE)
    ModelRegistry(folder).delete()


def _load_model(models: ModelRegistry) -> ModelState | None:
    try:
        return models.load()
    except (ModelStateError, OSError) as error:
        LOGGER.warning("The saved model is not used but trained anew: %s", error)
        return None


def _without_removed_rooms(
    model: ModelState, models: ModelRegistry, spec: HomeSpec, archive: Archive
) -> ModelState:
    """Forget rooms that are no longer there, and what their sensors said.

    They were removed while the integration was running, which has forgotten the
    sensors already, or while it was not.
    """
    removed = model.rooms.keys() - {room.room_id for room in spec.rooms}
    if not removed:
        return model
    archive.remove_sensors(archive.sensor_ids() - set(spec.sensor_ids))
    for room_id in removed:
        model = model.without_room(room_id)
    # Models of before know them too, and fit the home no more.
    models.forget_previous()
    # Last: if anything fails, the next start finds the rooms here again.
    models.save(model)
    return model


def _unwatched(
    sensors: Collection[str],
    recent: ObservationTable,
    alive_until: float | None,
    now: float,
) -> list[Observation]:
    """Return that every sensor was lost when Home Assistant stopped watching.

    What happened since then is unknown; in particular, the first word of a
    sensor tells how it is, not that it has just changed.
    """
    last_seen = float(recent.timestamps[-1]) if len(recent) else -math.inf
    if alive_until is not None:
        last_seen = max(last_seen, alive_until)
    moment = now if math.isinf(last_seen) else last_seen + _TICK
    moment = min(moment, now - _TICK)
    last_values = dict(
        zip(recent.sensors.tolist(), recent.values.tolist(), strict=True)
    )
    last_of = {recent.sensor_ids[i]: value for i, value in last_values.items()}
    return [
        Observation(moment, sensor, math.nan)
        for sensor in sensors
        if not math.isnan(last_of.get(sensor, 0.0))
    ]
