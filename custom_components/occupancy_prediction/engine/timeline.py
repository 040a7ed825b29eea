"""From irregular sensor messages to what happened in each room, all at once.

This is the fast, whole-span form of the definition that ``occupancy`` keeps
event by event; a test holds the two to the same answer.
"""

from dataclasses import dataclass, field

import numpy as np

from .config import EngineConfig
from .purpose import Purpose
from .steps import HomeContext, RoomMeasures, Steps, measuring, surrounding
from .surroundings import Place
from .types import (
    BoolArray,
    FloatArray,
    HomeSpec,
    IntArray,
    ObservationTable,
    RoomSpec,
    SensorKind,
)

VACANT, OCCUPIED, UNKNOWN = 0, 1, -1


@dataclass(frozen=True, slots=True)
class Spans:
    """Intervals of time, ordered and disjoint; shapes (n,), UTC seconds."""

    starts: FloatArray
    ends: FloatArray

    @classmethod
    def merged(cls, starts: FloatArray, ends: FloatArray, bridge: float = 0.0) -> Spans:
        """Unite intervals that overlap, touch, or lie within ``bridge`` seconds."""
        if not len(starts):
            return cls(np.zeros(0), np.zeros(0))
        order = np.argsort(starts, kind="stable")
        starts, ends = starts[order], np.maximum.accumulate(ends[order])
        fresh = np.r_[True, starts[1:] > ends[:-1] + bridge]
        last = np.r_[np.flatnonzero(fresh)[1:] - 1, len(ends) - 1]
        return cls(starts[fresh], ends[last])

    def covers(self, moments: FloatArray) -> BoolArray:
        """Tell for each moment whether it lies in a span (start in, end out)."""
        if not len(self.starts):
            return np.zeros(len(moments), np.bool_)
        index = np.searchsorted(self.starts, moments, "right") - 1
        covered: BoolArray = (index >= 0) & (moments < self.ends[np.maximum(index, 0)])
        return covered


@dataclass(frozen=True, slots=True)
class RoomTimeline:
    """What is known of one room over a span of time.

    Shapes: ``change_times`` and ``change_states`` (k,), the confirmed state
    (VACANT, OCCUPIED or UNKNOWN) from each moment on; ``active`` the spans in
    which some sensor was on (a door event is a span of no length; the last
    span may reach past the end of the timeline: it is open); ``on_times``
    (m,), the moments of ON messages and door events; ``door_times`` (d,), those of
    door events alone; ``measures`` what each sensor that measures says, by kind, also
    of a sensor that has not spoken yet.
    """

    room_id: str
    vacancy_delay: float
    change_times: FloatArray
    change_states: IntArray
    active: Spans
    on_times: FloatArray
    door_times: FloatArray = field(default_factory=lambda: np.zeros(0))
    purpose: Purpose = Purpose.OTHER
    measures: RoomMeasures = field(default_factory=dict)

    def state_at(self, moments: FloatArray) -> IntArray:
        """Return the confirmed state at each moment, shape (n,)."""
        if not len(self.change_times):
            return np.full(len(moments), UNKNOWN)
        index = np.searchsorted(self.change_times, moments, "right") - 1
        states = self.change_states[np.maximum(index, 0)]
        return np.where(index >= 0, states, UNKNOWN)


@dataclass(frozen=True, slots=True)
class HomeTimeline:
    """What is known of a home from ``start`` to ``end`` (UTC seconds).

    ``context`` is what each source says, by kind; ``place`` is None where unknown.
    """

    start: float
    end: float
    rooms: dict[str, RoomTimeline]
    context: HomeContext = field(default_factory=dict)
    place: Place | None = None


def build_timeline(
    spec: HomeSpec, table: ObservationTable, config: EngineConfig, end: float
) -> HomeTimeline:
    """Describe what the observations say about each room up to ``end``."""
    table = table.before(end)
    start = float(table.timestamps[0]) if len(table) else end
    order = np.argsort(table.sensors, kind="stable")
    bounds = np.searchsorted(
        table.sensors[order], np.arange(len(table.sensor_ids) + 1), "left"
    )
    rows = {
        sensor_id: order[bounds[i] : bounds[i + 1]]
        for i, sensor_id in enumerate(table.sensor_ids)
    }
    return HomeTimeline(
        start,
        end,
        {
            room.room_id: _build_room(room, table, rows, config, end)
            for room in spec.rooms
        },
        {
            kind: _steps(names, table, rows, end)
            for kind, names in surrounding(spec).items()
        },
        spec.place,
    )


def _steps(
    names: list[str], table: ObservationTable, rows: dict[str, IntArray], end: float
) -> tuple[Steps, ...]:
    found = [rows.get(name, np.zeros(0, np.int64)) for name in names]
    return tuple(Steps.of(table.timestamps[r], table.values[r], end) for r in found)


def _build_room(
    room: RoomSpec,
    table: ObservationTable,
    rows: dict[str, IntArray],
    config: EngineConfig,
    end: float,
) -> RoomTimeline:
    limits = {
        SensorKind.MOTION: config.motion_limit,
        SensorKind.PRESENCE: config.presence_limit,
        SensorKind.DOOR: None,
    }
    judges = judging_kinds(room)
    active: list[Spans] = []
    known: list[Spans] = []
    doors: list[FloatArray] = []
    for sensor in room.sensors:
        if sensor.kind not in limits or sensor.sensor_id not in rows:
            continue
        index = rows[sensor.sensor_id]
        times, values = table.timestamps[index], table.values[index]
        limit = limits[sensor.kind]
        active.append(
            _door_events(times, values)
            if limit is None
            else _on_spans(times, values, limit)
        )
        if sensor.kind is SensorKind.DOOR:
            doors.append(active[-1].starts)
        if sensor.kind in judges:
            known.append(_known_spans(times, values))
    starts = _joined([spans.starts for spans in active])
    ends = _joined([spans.ends for spans in active])
    occupied = Spans.merged(starts, ends, room.vacancy_delay)
    times, states = _confirmed_changes(
        Spans(occupied.starts, occupied.ends + room.vacancy_delay),
        Spans.merged(
            _joined([spans.starts for spans in known]),
            _joined([spans.ends for spans in known]),
        ),
        end,
    )
    times, states = _bridged(times, states, config.bridge)
    return RoomTimeline(
        room.room_id,
        room.vacancy_delay,
        times,
        states,
        Spans.merged(starts, ends),
        np.sort(starts),
        np.sort(_joined(doors)),
        room.purpose,
        {
            kind: _steps(names, table, rows, end)
            for kind, names in measuring(room).items()
        },
    )


def judging_kinds(room: RoomSpec) -> frozenset[SensorKind]:
    """Return the kinds of sensor that can tell that the room is vacant.

    A door alone says little about vacancy, so it judges only a room that has
    nothing better.
    """
    better = {SensorKind.MOTION, SensorKind.PRESENCE}
    if any(sensor.kind in better for sensor in room.sensors):
        return frozenset(better)
    return frozenset({SensorKind.DOOR})


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.zeros(0)


def _on_spans(times: FloatArray, values: FloatArray, limit: float) -> Spans:
    """Return one span per ON message: until the next message, or the limit."""
    following = np.r_[times[1:], np.inf]
    on = values == 1.0
    return Spans(times[on], np.minimum(following[on], times[on] + limit))


def _door_events(times: FloatArray, values: FloatArray) -> Spans:
    """Return a point for each message that is not the first after an outage."""
    after_outage = np.r_[False, ~np.isfinite(values[:-1])]
    events = times[np.isfinite(values) & ~after_outage]
    return Spans(events, events)


def _known_spans(times: FloatArray, values: FloatArray) -> Spans:
    """Return the spans in which the sensor was available."""
    following = np.r_[times[1:], np.inf]
    available = np.isfinite(values)
    return Spans.merged(times[available], following[available])


def _confirmed_changes(
    occupied: Spans, known: Spans, end: float
) -> tuple[FloatArray, IntArray]:
    moments = np.unique(
        np.concatenate([occupied.starts, occupied.ends, known.starts, known.ends])
    )
    moments = moments[moments <= end]
    states = np.where(
        known.covers(moments), occupied.covers(moments).astype(np.int64), UNKNOWN
    )
    changed = np.r_[UNKNOWN, states[:-1]] != states
    return moments[changed], states[changed]


def _bridged(
    times: FloatArray, states: IntArray, bridge: float
) -> tuple[FloatArray, IntArray]:
    """Leave out short gaps of unknown state that ended as they began."""
    if len(times) < 3:
        return times, states
    gap = (
        (states[1:-1] == UNKNOWN)
        & (states[:-2] == states[2:])
        & (times[2:] - times[1:-1] <= bridge)
    )
    kept = ~(np.r_[False, gap, False] | np.r_[False, False, gap])
    return times[kept], states[kept]
