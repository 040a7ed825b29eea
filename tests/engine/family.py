"""The simulated family as the engine sees it."""

from functools import cache

import numpy as np

from benchmarks.household import HouseholdConfig, simulate
from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    HomeSpec,
    ModelState,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
    train,
)

DAY = 86400.0
# What is learned in a moment: from fewer samples, with one look ahead, without the
# libraries of the full tier.
QUICK = EngineConfig(tier="base", learned_samples=600, holdout_folds=1)

ACTIVE = {"on": 1.0, "open": 1.0, "off": 0.0, "closed": 0.0}


@cache
def home(days: int = 12) -> tuple[HomeSpec, ObservationTable, float, float]:
    """Return a simulated family: its rooms, what was observed, start and end."""
    household = simulate(HouseholdConfig(days=days))
    rooms: dict[str, list[SensorSpec]] = {}
    for sensor_id, kind, room_id in household.sensors:
        if kind in ("motion", "presence", "door"):
            rooms.setdefault(room_id, []).append(
                SensorSpec(sensor_id, SensorKind(kind))
            )
    spec = HomeSpec(
        tuple(RoomSpec(room, tuple(sensors)) for room, sensors in rooms.items()),
        household.config.time_zone,
    )
    ids = tuple(sensor.sensor_id for room in spec.rooms for sensor in room.sensors)
    events = [event for event in household.events if event.sensor_id in ids]
    table = ObservationTable.from_columns(
        np.array([event.timestamp for event in events]),
        np.array([ids.index(event.sensor_id) for event in events]),
        np.array([ACTIVE[event.state] for event in events]),
        ids,
    )
    start, end = household.config.span
    return spec, table, start, end


@cache
def trained() -> ModelState:
    """Return what 11 of 12 days taught."""
    spec, table, _, end = home()
    return train(spec, table, QUICK, now=end - DAY, version="v7")
