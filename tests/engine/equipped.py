"""A home that has everything an engine can know of, and sensors that lie."""

from dataclasses import replace
import math

import numpy as np

from custom_components.occupancy_prediction.engine.surroundings import (
    ContextKind,
    ContextSpec,
)
from custom_components.occupancy_prediction.engine.types import (
    HomeSpec,
    ObservationTable,
    SensorKind,
    SensorSpec,
)

from .made import MONDAY

CLIMATE = (SensorKind.TEMPERATURE, SensorKind.HUMIDITY, SensorKind.LIGHT)
# Of the kinds in this order there are so many sources.
SOURCES = dict.fromkeys(ContextKind, 2) | {ContextKind.WORKDAY: 1}
BERLIN = (52.52, 13.405)


def equipped(spec: HomeSpec) -> HomeSpec:
    """Return the home with two sensors of each kind in its rooms but the last.

    The last has none, and the home knows of two people and where it is.
    """
    rooms = tuple(
        replace(room, sensors=room.sensors + _climate(room.room_id))
        for room in spec.rooms[:-1]
    )
    context = tuple(
        ContextSpec(f"{kind}_{number}", kind)
        for kind, count in SOURCES.items()
        for number in range(count)
    )
    return HomeSpec(
        (*rooms, spec.rooms[-1]), spec.time_zone, context, BERLIN[0], BERLIN[1]
    )


def _climate(room_id: str) -> tuple[SensorSpec, ...]:
    return tuple(
        SensorSpec(f"{room_id}_{kind}_{number}", kind)
        for kind in CLIMATE
        for number in range(2)
    )


def random_messages(
    spec: HomeSpec, seed: int, count: int, usual_gap: float
) -> ObservationTable:
    """Return messages of all sensors; some come in bursts, some make no sense."""
    generator = np.random.default_rng(seed)
    gaps = generator.exponential(usual_gap, count) * generator.choice(
        [0.02, 1.0, 20.0], count, p=[0.5, 0.45, 0.05]
    )
    times = MONDAY + np.cumsum(np.round(gaps))
    names = spec.sensor_ids
    sensors = generator.integers(0, len(names), count)
    # Now and then exactly on the minute, where one step ends and the next begins.
    on_the_minute = generator.random(count) < 0.1
    times = np.maximum.accumulate(np.where(on_the_minute, times // 60 * 60, times))
    values = np.array(
        [
            _value(names[sensor], time, generator)
            for sensor, time in zip(sensors, times, strict=True)
        ]
    )
    wrong = generator.random(count) < 0.06
    values[wrong] = generator.choice(
        [math.nan, math.nan, math.inf, -math.inf, 1e300, -5.0], int(wrong.sum())
    )
    return ObservationTable.from_columns(times, sensors, values, names)


def _value(name: str, time: float, generator: np.random.Generator) -> float:
    for part, made in (
        ("_light", lambda: generator.choice([0.0, 3.0, 80.0, 700.0, 20_000.0])),
        ("_temperature", lambda: generator.normal(21.0, 1.5)),
        ("_humidity", lambda: generator.uniform(20.0, 90.0)),
        ("distance", lambda: generator.choice([0.05, 1.2, 8.0, 300.0])),
        ("travel_time", lambda: generator.choice([0.0, 4.0, 35.0])),
        ("alarm", lambda: time + generator.uniform(-1.0, 30.0) * 3600),
    ):
        if part in name:
            return float(made())
    return float(generator.choice([0.0, 1.0]))
