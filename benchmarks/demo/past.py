"""Give Home Assistant a past: the component's archive and the recorder's database."""

from collections.abc import Collection, Mapping
from pathlib import Path
import time

from homeassistant.components.recorder.db_schema import (
    SCHEMA_VERSION,
    Base,
    SchemaChanges,
    States,
    StatesMeta,
)
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import ARCHIVE_FILE, STORAGE_FOLDER
from custom_components.occupancy_prediction.engine import Observation

from .home import DAY, DemoSensor

RECORDER_FILE = "home-assistant_v2.db"
# What graphs show. The recorder would hold ten days; a day is enough to look at.
RECORDER_SPAN = DAY


def fill_archive(
    folder: Path, observations: Collection[Observation], until: float
) -> None:
    """Add observations to the archive, as if the component had been watching."""
    archive, _ = Archive.open(folder / STORAGE_FOLDER / ARCHIVE_FILE, time.time())
    try:
        archive.append(observations)
        archive.set_alive(until)
    finally:
        archive.close()


def fill_recorder(
    folder: Path,
    observations: Collection[Observation],
    sensors: Mapping[str, DemoSensor],
) -> None:
    """Make the recorder's database with the last day of the sensors' states.

    ``sensors`` are by entity id. Home Assistant must not have started yet.
    """
    engine = create_engine(f"sqlite:///{folder / RECORDER_FILE}")
    try:
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            session.add(SchemaChanges(schema_version=SCHEMA_VERSION))
            known = {
                entity_id: StatesMeta(entity_id=entity_id) for entity_id in sensors
            }
            session.add_all(known.values())
            session.flush()
            end = max((item.timestamp for item in observations), default=0.0)
            session.add_all(
                States(
                    metadata_id=known[item.sensor_id].metadata_id,
                    state=sensors[item.sensor_id].state(item.value),
                    last_updated_ts=item.timestamp,
                )
                for item in observations
                if item.timestamp > end - RECORDER_SPAN
            )
    finally:
        engine.dispose()
