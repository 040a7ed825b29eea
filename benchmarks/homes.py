"""Simulated homes of any size, as the engine takes them."""

from dataclasses import dataclass

import numpy as np

from custom_components.occupancy_prediction.engine import (
    HomeSpec,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

from .household import HouseholdConfig, simulate

_VALUES = {"on": 1.0, "open": 1.0, "off": 0.0, "closed": 0.0, "unavailable": np.nan}
_OCCUPANCY = ("motion", "presence", "door")
_CLIMATE = ("temperature", "humidity", "light")


@dataclass(frozen=True, slots=True)
class SimulatedHome:
    """Rooms and what was observed in them, from ``start`` to ``end`` (UTC s)."""

    spec: HomeSpec
    table: ObservationTable
    start: float
    end: float


def simulated_home(
    rooms: int = 6, days: int = 42, seed: int = 1, *, climate: bool = False
) -> SimulatedHome:
    """Return a home of so many rooms; families live side by side to fill them.

    With ``climate`` the sensors that measure are there, too.
    """
    kinds = _OCCUPANCY + (_CLIMATE if climate else ())
    specs: list[RoomSpec] = []
    ids: list[str] = []
    columns: list[tuple[float, int, float]] = []
    while len(specs) < rooms:
        household = simulate(HouseholdConfig(seed=seed + len(specs), days=days))
        prefix = "" if not specs else f"{len(specs)}_"
        wanted = household.room_ids[: rooms - len(specs)]
        for room_id in wanted:
            sensors = [
                SensorSpec(prefix + sensor_id, SensorKind(kind))
                for sensor_id, kind, owner in household.sensors
                if owner == room_id and kind in kinds
            ]
            specs.append(RoomSpec(prefix + room_id, tuple(sensors)))
            ids += [sensor.sensor_id for sensor in sensors]
        place = {sensor_id: number for number, sensor_id in enumerate(ids)}
        columns += [
            (event.timestamp, place[prefix + event.sensor_id], _value(event.state))
            for event in household.events
            if event.room_id in wanted and event.sensor_type in kinds
        ]
    times, sensors_, values = (
        np.array(column) for column in zip(*columns, strict=True)
    )
    start, end = household.config.span
    return SimulatedHome(
        HomeSpec(tuple(specs), household.config.time_zone),
        ObservationTable.from_columns(
            times, sensors_.astype(np.int64), values, tuple(ids)
        ),
        start,
        end,
    )


def _value(state: str) -> float:
    """Return what a state means: a word, or a number."""
    return _VALUES[state] if state in _VALUES else float(state)
