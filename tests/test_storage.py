"""What a start finds on disk of sensors that tell no occupancy."""

import math
from pathlib import Path

import numpy as np

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import ARCHIVE_FILE, MODEL_FILE
from custom_components.occupancy_prediction.engine import (
    ContextKind,
    ContextSpec,
    EngineConfig,
    HomeSpec,
    Observation,
    RoomSpec,
    SensorKind,
    SensorSpec,
    train,
)
from custom_components.occupancy_prediction.model_store import ModelStore
from custom_components.occupancy_prediction.storage import Storage, open_storage

from .life import DAY, HOUR, NOW, lived_days

MOTION, LIGHT, PERSON = "binary_sensor.hall", "sensor.hall_light", "person.ann"
CONFIG = EngineConfig(tier="base", learned_samples=300, holdout_folds=1)


def _room(room_id: str, *sensors: SensorSpec) -> RoomSpec:
    motion = SensorSpec(f"{MOTION}_{room_id}", SensorKind.MOTION)
    return RoomSpec(room_id, (motion, *sensors))


SPEC = HomeSpec(
    (_room("hall", SensorSpec(LIGHT, SensorKind.LIGHT)),),
    context=(ContextSpec(PERSON, ContextKind.PERSON),),
)


def fill(folder: Path, *observations: Observation) -> None:
    """Leave an archive behind, as of an hour ago."""
    archive, _ = Archive.open(folder / ARCHIVE_FILE, NOW)
    archive.append(observations)
    archive.set_alive(NOW - HOUR)
    archive.close()


def told(storage: Storage, moment: float) -> tuple[str, str]:
    """Return what is remembered of the light and the person at a moment."""
    timeline = storage.tracker.timeline(NOW)
    (light,) = timeline.rooms["hall"].measures[SensorKind.LIGHT]
    (person,) = timeline.context[ContextKind.PERSON]
    at = np.array([moment])
    return str(light.at(at)[0]), str(person.at(at)[0])


def test_a_start_knows_what_was_and_not_what_is(tmp_path: Path) -> None:
    """Nobody watched since Home Assistant stopped; what was long before still held."""
    fill(
        tmp_path,
        Observation(NOW - 30 * DAY, PERSON, 0.0),
        Observation(NOW - 3 * HOUR, LIGHT, 120.0),
    )
    storage = open_storage(tmp_path, SPEC, CONFIG, NOW)
    assert told(storage, NOW - 1.5 * HOUR) == ("120.0", "0.0")
    assert told(storage, NOW - 0.5 * HOUR) == ("nan", "nan")
    table = storage.archive.load((LIGHT, PERSON))
    assert [math.isnan(value) for value in table.values] == [False, False, True, True]
    storage.archive.close()


def test_the_context_outlives_the_rooms(tmp_path: Path) -> None:
    """What was heard of people is not forgotten with a room that is removed."""
    observations = [
        *lived_days(f"{MOTION}_hall", 2, NOW),
        *lived_days(f"{MOTION}_attic", 2, NOW),
        Observation(NOW - DAY, LIGHT, 120.0),
        Observation(NOW - DAY, PERSON, 1.0),
    ]
    fill(tmp_path, *observations)
    both = HomeSpec((*SPEC.rooms, _room("attic")), context=SPEC.context)
    archive, _ = Archive.open(tmp_path / ARCHIVE_FILE, NOW)
    table = archive.load(both.sensor_ids)
    archive.close()
    ModelStore(tmp_path / MODEL_FILE).save(
        train(both, table, CONFIG, now=NOW, version="v")
    )
    storage = open_storage(tmp_path, SPEC, CONFIG, NOW)
    assert storage.model is not None
    assert storage.model.rooms.keys() == {"hall"}
    assert storage.archive.sensor_ids() == {f"{MOTION}_hall", LIGHT, PERSON}
    storage.archive.close()
