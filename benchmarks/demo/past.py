"""Give Home Assistant a past: the component's archive and the recorder's database."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from pathlib import Path
import time

from homeassistant.components.recorder.db_schema import (
    SCHEMA_VERSION,
    Base,
    RecorderRuns,
    SchemaChanges,
    States,
    StatesMeta,
    StatisticsRuns,
)
from homeassistant.components.recorder.statistics import get_start_time
from homeassistant.util import dt as dt_util
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import ARCHIVE_FILE, STORAGE_FOLDER
from custom_components.occupancy_prediction.engine import OCCUPANCY_KINDS, Observation

from .home import DemoSensor

RECORDER_FILE = "home-assistant_v2.db"
# What graphs show. The recorder would hold ten days; a day is enough to look at.
RECORDER_SPAN = timedelta(days=1)


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
    folder: Path, observations: Iterable[Observation], sensors: Iterable[DemoSensor]
) -> None:
    """Make the recorder's database with the last day of motion and doors.

    Home Assistant must not have started yet.
    """
    now = dt_util.utcnow()
    start = now - RECORDER_SPAN
    # Without climate, of which statistics would have to be made up as well.
    shown = {
        sensor.entity_id: sensor for sensor in sensors if sensor.kind in OCCUPANCY_KINDS
    }
    engine = create_engine(f"sqlite:///{folder / RECORDER_FILE}")
    try:
        Base.metadata.create_all(engine)
        with Session(engine) as session, session.begin():
            known = {entity_id: StatesMeta(entity_id=entity_id) for entity_id in shown}
            session.add_all(
                [
                    SchemaChanges(schema_version=SCHEMA_VERSION),
                    RecorderRuns(start=start, end=now, created=start),
                    StatisticsRuns(start=get_start_time()),
                    *known.values(),
                ]
            )
            session.flush()
            session.add_all(
                States(
                    metadata_id=known[item.sensor_id].metadata_id,
                    state=shown[item.sensor_id].state(item.value),
                    last_updated_ts=item.timestamp,
                )
                for item in observations
                if item.timestamp > start.timestamp() and item.sensor_id in shown
            )
    finally:
        engine.dispose()
