"""The occupancy of rooms, event by event.

A room is occupied from the first activity (a motion or presence sensor on, a
door event) until no such sensor has been on for the vacancy delay. A sensor
that is not available is left out: a room whose sensors all are has no state.
"""

from collections import deque
from dataclasses import dataclass, field
import math
from typing import Self

import numpy as np

from .config import EngineConfig
from .steps import RoomMeasures, StepMemory
from .timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    HomeTimeline,
    RoomTimeline,
    Spans,
    judging_kinds,
)
from .types import (
    OCCUPANCY_KINDS,
    Change,
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
)


@dataclass(slots=True)
class _Sensor:
    """Last word of one sensor. ``on_until`` is where its ON would run out."""

    kind: SensorKind
    limit: float
    judge: bool
    room: _Room
    value: float | None = None
    on_until: float = -math.inf
    unavailable_since: float | None = None

    def is_on(self, now: float) -> bool:
        return self.value == 1.0 and now < self.on_until


@dataclass(slots=True)
class _Room:
    """State of one room. ``quiet_since`` is when the last activity ended."""

    spec: RoomSpec
    sensors: list[_Sensor] = field(default_factory=list)
    occupied: bool | None = None
    since: float | None = None
    quiet_since: float = -math.inf
    active_since: float | None = None
    changes: deque[tuple[float, int]] = field(default_factory=deque)
    active: deque[tuple[float, float]] = field(default_factory=deque)
    on_times: deque[float] = field(default_factory=deque)
    door_times: deque[float] = field(default_factory=deque)


_STATE = {None: UNKNOWN, False: VACANT, True: OCCUPIED}


class HomeTracker:
    """Keeps the confirmed state of every room; constant work per event."""

    def __init__(self, spec: HomeSpec, config: EngineConfig) -> None:
        """Start without knowing anything."""
        self._config = config
        self._place = spec.place
        self._measured = StepMemory(spec, config)
        self._now = -math.inf
        self._start: float | None = None
        self._rooms = {room.room_id: _Room(room) for room in spec.rooms}
        self._sensors: dict[str, _Sensor] = {}
        limits = {
            SensorKind.MOTION: config.motion_limit,
            SensorKind.PRESENCE: config.presence_limit,
            SensorKind.DOOR: 0.0,
        }
        for room in self._rooms.values():
            judges = judging_kinds(room.spec)
            for sensor in room.spec.sensors:
                if sensor.kind in OCCUPANCY_KINDS:
                    track = _Sensor(
                        sensor.kind, limits[sensor.kind], sensor.kind in judges, room
                    )
                    room.sensors.append(track)
                    self._sensors[sensor.sensor_id] = track

    @classmethod
    def replay(
        cls, spec: HomeSpec, config: EngineConfig, table: ObservationTable
    ) -> Self:
        """Return a tracker that has seen the observations of a table."""
        tracker = cls(spec, config)
        for timestamp, sensor, value in zip(
            table.timestamps.tolist(),
            table.sensors.tolist(),
            table.values.tolist(),
            strict=True,
        ):
            tracker.observe(Observation(timestamp, table.sensor_ids[sensor], value))
        return tracker

    def observe(self, observation: Observation) -> tuple[Change, ...]:
        """Take in one message; return what it changed, earlier run-outs included.

        A message of a sensor that tells no occupancy is remembered, if it is one of
        the home, and moves the time on; one without a finite time happened at no
        moment and is not taken in.
        """
        if not math.isfinite(observation.timestamp):
            return ()
        sensor = self._sensors.get(observation.sensor_id)
        changes = self._move_on(
            observation.timestamp, None if sensor is None else sensor.room
        )
        now = self._now
        if sensor is None:
            self._measured.hear(observation, now)
            return changes
        if not math.isfinite(observation.value):
            self._lose(sensor, now)
        else:
            self._hear(sensor, observation.value, now)
        self._settle_activity(sensor.room, now)
        _forget(sensor.room, now, self._config)
        return changes + self._settle_state(sensor.room, now)

    def advance(self, now: float) -> tuple[Change, ...]:
        """Let time pass; return the changes that time alone brought.

        Time that goes back by more than the tolerance forgets the future.
        """
        return self._move_on(now, None) if math.isfinite(now) else ()

    def next_deadline(self) -> float | None:
        """Return when the next change by time alone is due, None if none is."""
        deadlines = [
            deadline
            for room in self._rooms.values()
            if (deadline := self._vacant_at(room)) is not None
        ]
        return min(deadlines, default=None)

    def occupied(self, room_id: str) -> bool | None:
        """Return the confirmed state, None if no sensor can tell."""
        return self._rooms[room_id].occupied

    def since(self, room_id: str) -> float | None:
        """Return since when the room is in its state, as far as is known."""
        return self._rooms[room_id].since

    def unavailable_since(self, sensor_id: str) -> float | None:
        """Return since when a sensor is unavailable, None if it is not."""
        sensor = self._sensors.get(sensor_id)
        return None if sensor is None else sensor.unavailable_since

    def timeline(self, now: float) -> HomeTimeline:
        """Return what the look-back holds, as the inputs of a forecast.

        Time does not pass in it: ``advance`` first, it has changes to tell.
        """
        now = max(now, self._now)
        rooms = {}
        for room_id, room in self._rooms.items():
            _forget(room, now, self._config)
            measures = self._measured.measures(room_id, now)
            rooms[room_id] = _timeline(room, self._active_until(room), measures)
        first = now - self._config.look_back
        start = now if self._start is None else max(self._start, first)
        context = self._measured.context(now)
        return HomeTimeline(start, now, rooms, context, self._place)

    def _move_on(self, now: float, heard: _Room | None) -> tuple[Change, ...]:
        """Advance to ``now``; in the room just heard of, only to before it.

        What is heard at the very moment a delay runs out still prolongs the stay.
        """
        if self._start is None:
            self._start = now
        if now < self._now:
            if now < self._now - self._config.clock_tolerance:
                self._rewind(now)
            return ()
        changes: list[Change] = []
        for room in self._rooms.values():
            until = math.nextafter(now, -math.inf) if room is heard else now
            changes += self._run_out(room, until)
        self._now = now
        return tuple(sorted(changes, key=lambda change: change.timestamp))

    def _lose(self, sensor: _Sensor, now: float) -> None:
        sensor.value = math.nan
        if sensor.unavailable_since is None:
            sensor.unavailable_since = now

    def _hear(self, sensor: _Sensor, value: float, now: float) -> None:
        room, back = sensor.room, sensor.unavailable_since is not None
        sensor.value, sensor.unavailable_since = value, None
        if sensor.kind is SensorKind.DOOR:
            # The first word after an outage tells where the door is, not that
            # somebody has just moved it.
            if not back:
                room.on_times.append(now)
                room.door_times.append(now)
                if room.active_since is None and not _touches(room, now):
                    room.active.append((now, now))
                room.quiet_since = max(room.quiet_since, now)
        elif value == 1.0:
            sensor.on_until = now + sensor.limit
            room.on_times.append(now)
            if room.active_since is None:
                # What touches the span before it goes on with it.
                room.active_since = room.active.pop()[0] if _touches(room, now) else now

    def _settle_activity(self, room: _Room, now: float) -> None:
        """Close the span of activity when its last sensor went off."""
        if room.active_since is None:
            return
        if not any(sensor.is_on(now) for sensor in room.sensors):
            room.active.append((room.active_since, now))
            room.active_since = None
            room.quiet_since = now

    def _settle_state(self, room: _Room, now: float) -> tuple[Change, ...]:
        known = any(
            sensor.judge and sensor.value is not None and not math.isnan(sensor.value)
            for sensor in room.sensors
        )
        occupied = None
        if known:
            occupied = (
                room.active_since is not None
                or now < room.quiet_since + room.spec.vacancy_delay
            )
        return self._set(room, now, occupied)

    def _set(
        self, room: _Room, now: float, occupied: bool | None
    ) -> tuple[Change, ...]:
        if occupied is room.occupied:
            return ()
        if room.changes and room.changes[-1][0] == now:
            room.changes.pop()
        if _was_all_along(room, now, occupied, self._config):
            room.changes.pop()
        room.occupied, room.since = occupied, now
        if room.changes and room.changes[-1][1] == _STATE[occupied]:
            room.since = room.changes[-1][0]
        elif room.changes or occupied is not None:
            room.changes.append((now, _STATE[occupied]))
        else:
            room.since = None
        return (Change(room.spec.room_id, now, occupied),)

    def _active_until(self, room: _Room) -> float:
        return max(
            (sensor.on_until for sensor in room.sensors if sensor.value == 1.0),
            default=self._now,
        )

    def _vacant_at(self, room: _Room) -> float | None:
        if not room.occupied:
            return None
        quiet = (
            room.quiet_since
            if room.active_since is None
            else max(self._active_until(room), room.quiet_since)
        )
        return quiet + room.spec.vacancy_delay

    def _run_out(self, room: _Room, now: float) -> tuple[Change, ...]:
        """Let ON messages reach their limit and the vacancy delay pass."""
        due = self._vacant_at(room)
        if room.active_since is not None:
            until = self._active_until(room)
            if until <= now:
                room.active.append((room.active_since, until))
                room.active_since = None
                room.quiet_since = max(room.quiet_since, until)
        if due is not None and due <= now and room.active_since is None:
            return self._set(room, due, False)
        return ()

    def _rewind(self, now: float) -> None:
        """Forget the times that, after a set-back of the clock, never were."""
        for sensor in self._sensors.values():
            # An ON that had run out does not come back to life.
            sensor.on_until = (
                min(sensor.on_until, now + sensor.limit)
                if sensor.on_until > self._now
                else -math.inf
            )
            if sensor.unavailable_since is not None:
                sensor.unavailable_since = min(sensor.unavailable_since, now)
        self._now = now
        self._measured.rewind(now)
        self._start = None if self._start is None else min(self._start, now)
        for room in self._rooms.values():
            room.quiet_since = min(room.quiet_since, now)
            _cut_changes(room, now)
            _cut_activity(room, now)


def _timeline(room: _Room, until: float, measures: RoomMeasures) -> RoomTimeline:
    """Return what is remembered of a room; its open span goes on ``until`` then."""
    active = list(room.active)
    if room.active_since is not None:
        active.append((room.active_since, until))
    return RoomTimeline(
        room.spec.room_id,
        room.spec.vacancy_delay,
        np.array([time for time, _ in room.changes], np.float64),
        np.array([state for _, state in room.changes], np.int64),
        Spans(
            np.array([start for start, _ in active], np.float64),
            np.array([end for _, end in active], np.float64),
        ),
        np.array(room.on_times, np.float64),
        np.array(room.door_times, np.float64),
        room.spec.purpose,
        measures,
    )


def _was_all_along(
    room: _Room, now: float, occupied: bool | None, config: EngineConfig
) -> bool:
    """Tell whether a gap in what is known ends as it began, soon enough."""
    if occupied is None or len(room.changes) < 2:
        return False
    (_, before), (lost, state) = room.changes[-2], room.changes[-1]
    return (
        state == UNKNOWN and before == _STATE[occupied] and now - lost <= config.bridge
    )


def _forget(room: _Room, now: float, config: EngineConfig) -> None:
    """Drop what lies before the look-back, but for the last of each kind."""
    first = now - config.look_back
    while len(room.changes) > 1 and room.changes[1][0] <= now - config.habit_look_back:
        room.changes.popleft()
    while len(room.active) > 1 and room.active[0][1] < first:
        room.active.popleft()
    for times in (room.on_times, room.door_times):
        while len(times) > 1 and times[0] < first:
            times.popleft()


def _touches(room: _Room, now: float) -> bool:
    return bool(room.active) and room.active[-1][1] >= now


def _cut_changes(room: _Room, now: float) -> None:
    """Let the room be in its state since ``now`` at the latest."""
    if room.since is None:
        return
    room.changes = deque((time, state) for time, state in room.changes if time < now)
    if not room.changes or room.changes[-1][1] != _STATE[room.occupied]:
        room.changes.append((min(room.since, now), _STATE[room.occupied]))
    room.since = room.changes[-1][0]


def _cut_activity(room: _Room, now: float) -> None:
    """Let everything that was active have been so at ``now`` at the latest."""
    spans = [(min(start, now), min(end, now)) for start, end in room.active]
    if room.active_since is not None:
        spans.append((min(room.active_since, now), now))
    room.active.clear()
    for start, end in spans:
        begun = room.active.pop()[0] if _touches(room, start) else start
        room.active.append((begun, end))
    if room.active_since is not None:
        room.active_since = room.active.pop()[0]
    room.on_times = deque(dict.fromkeys(min(time, now) for time in room.on_times))
    room.door_times = deque(dict.fromkeys(min(time, now) for time in room.door_times))
