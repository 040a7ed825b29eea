"""What sensors that measure have said: step functions, minute by minute.

A light sensor may speak every few seconds, and habits are not made of seconds. So
of all that a sensor says in a minute the last holds, from the end of that minute
on. That bounds what must be remembered, needs no look ahead, and makes the record of
a year and the memory of a tracker say the same.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
import math
from typing import Self

import numpy as np

from .config import EngineConfig
from .surroundings import ContextKind
from .types import (
    MEASURED_KINDS,
    FloatArray,
    HomeSpec,
    Observation,
    RoomSpec,
    SensorKind,
)

# Of this much (s) the last word counts, from its end on.
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Steps:
    """What one sensor says from each moment on.

    Shapes: ``times`` (n,) UTC seconds, ascending; ``values`` (n,), NaN where it is
    not available, else finite.
    """

    times: FloatArray
    values: FloatArray

    @classmethod
    def of(cls, times: FloatArray, values: FloatArray, end: float) -> Self:
        """Return what messages ordered by time mean up to ``end``."""
        told = np.ceil(times / MINUTE) * MINUTE
        kept = np.r_[told[1:] != told[:-1], True][: len(told)] & (told <= end)
        return cls(told[kept], _finite(values[kept]))

    def at(self, moments: FloatArray) -> FloatArray:
        """Return the value at each moment, NaN where there is none; any shape."""
        if not len(self.times):
            return np.full(moments.shape, np.nan)
        index = np.searchsorted(self.times, moments, "right") - 1
        return np.where(index >= 0, self.values[np.maximum(index, 0)], np.nan)


type RoomMeasures = Mapping[SensorKind, tuple[Steps, ...]]
type HomeContext = Mapping[ContextKind, tuple[Steps, ...]]


def measuring(room: RoomSpec) -> dict[SensorKind, list[str]]:
    """Return the sensors of a room that measure, by kind."""
    found: dict[SensorKind, list[str]] = {}
    for sensor in room.sensors:
        if sensor.kind in MEASURED_KINDS:
            found.setdefault(sensor.kind, []).append(sensor.sensor_id)
    return found


def surrounding(spec: HomeSpec) -> dict[ContextKind, list[str]]:
    """Return the sources of the context of a home, by kind."""
    found: dict[ContextKind, list[str]] = {}
    for source in spec.context:
        found.setdefault(source.kind, []).append(source.sensor_id)
    return found


class StepMemory:
    """Remembers what measuring sensors said for as long as features look back."""

    def __init__(self, spec: HomeSpec, config: EngineConfig) -> None:
        """Start without having heard anything."""
        self._rooms = {room.room_id: measuring(room) for room in spec.rooms}
        self._context = surrounding(spec)
        self._sensors: dict[str, _Sensor] = {}
        for room in self._rooms.values():
            for names in room.values():
                for name in names:
                    self._sensors[name] = _Sensor(config.measured_look_back)
        for names in self._context.values():
            for name in names:
                self._sensors[name] = _Sensor(config.look_back)

    def hear(self, observation: Observation, now: float) -> None:
        """Take in what a sensor says at ``now``; of others nothing is kept."""
        sensor = self._sensors.get(observation.sensor_id)
        if sensor is not None:
            sensor.hear(now, observation.value)

    def measures(self, room_id: str, now: float) -> RoomMeasures:
        """Return what is measured in a room, as known at ``now``."""
        return {
            kind: tuple(self._sensors[name].steps(now) for name in names)
            for kind, names in self._rooms[room_id].items()
        }

    def context(self, now: float) -> HomeContext:
        """Return what surrounds the home, as known at ``now``."""
        return {
            kind: tuple(self._sensors[name].steps(now) for name in names)
            for kind, names in self._context.items()
        }

    def rewind(self, now: float) -> None:
        """Let what was said after ``now``, before the clock was set back, be of now."""
        for sensor in self._sensors.values():
            sensor.rewind(now)


class _Sensor:
    """The last steps of one sensor."""

    def __init__(self, look_back: float) -> None:
        self._look_back = look_back
        self._steps: deque[tuple[float, float]] = deque()

    def hear(self, now: float, value: float) -> None:
        told = math.ceil(now / MINUTE) * MINUTE
        if self._steps and self._steps[-1][0] == told:
            self._steps.pop()
        self._steps.append((told, value if math.isfinite(value) else math.nan))
        self._forget(now)

    def steps(self, now: float) -> Steps:
        self._forget(now)
        told = [(time, value) for time, value in self._steps if time <= now]
        return Steps(
            np.array([time for time, _ in told], np.float64),
            np.array([value for _, value in told], np.float64),
        )

    def rewind(self, now: float) -> None:
        later = [value for time, value in self._steps if time > now]
        while self._steps and self._steps[-1][0] > now:
            self._steps.pop()
        if later:
            self.hear(now, later[-1])

    def _forget(self, now: float) -> None:
        """Drop what lies before the look-back, but for what held at its beginning."""
        first = now - self._look_back
        while len(self._steps) > 1 and self._steps[1][0] <= first:
            self._steps.popleft()


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)
