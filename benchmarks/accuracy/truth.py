"""What happened in each room, told by the events alone.

A room is occupied from the first activity until none of its sensors has been
active for the vacancy delay. A motion sensor that says no OFF counts as off 4 h after
its last ON message, a presence sensor 16 h. The engine keeps the same definition
in code of its own.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.events import EventsFile
from custom_components.occupancy_prediction.engine import (
    ObservationTable,
    RoomSpec,
    SensorKind,
)
from custom_components.occupancy_prediction.engine.types import BoolArray, FloatArray

# Seconds; a message of a door is a moment of activity.
_LONGEST_ON = {
    SensorKind.MOTION: 4 * 3600.0,
    SensorKind.PRESENCE: 16 * 3600.0,
    SensorKind.DOOR: 0.0,
}


@dataclass(frozen=True, slots=True)
class RoomTruth:
    """The stays of one room.

    Shapes: ``changes`` (k,) UTC seconds, occupied from each even one and vacant
    from each odd one on. Before the first it is vacant, since ``start``.
    """

    start: float
    end: float
    changes: FloatArray

    def occupied(self, moments: FloatArray) -> BoolArray:
        """Tell whether the room is occupied at each moment."""
        seen = np.searchsorted(self.changes, moments, "right")
        occupied: BoolArray = seen % 2 == 1
        return occupied

    def elapsed(self, moments: FloatArray) -> FloatArray:
        """Return the minutes for which the room has been as it is."""
        begins = np.r_[self.start, self.changes]
        since = begins[np.searchsorted(self.changes, moments, "right")]
        return np.asarray((moments - since) / 60, np.float64)

    def remaining(self, moments: FloatArray) -> FloatArray:
        """Return the minutes to the next change, infinite if none was seen."""
        ends = np.r_[self.changes, np.inf]
        following = ends[np.searchsorted(self.changes, moments, "right")]
        return np.asarray((following - moments) / 60, np.float64)


def truth_of(home: EventsFile, start: float) -> dict[str, RoomTruth]:
    """Return what happened in each room from ``start`` (UTC s) to the last event."""
    table = home.table.since(start)
    return {
        room.room_id: RoomTruth(start, home.end, _changes(room, table, home.end))
        for room in home.spec.rooms
    }


def _changes(room: RoomSpec, table: ObservationTable, end: float) -> FloatArray:
    starts, ends = [np.zeros(0)], [np.zeros(0)]
    for sensor in room.sensors:
        if sensor.kind not in _LONGEST_ON or sensor.sensor_id not in table.sensor_ids:
            continue
        rows = table.sensors == table.sensor_ids.index(sensor.sensor_id)
        times, values = table.timestamps[rows], table.values[rows]
        is_door = sensor.kind is SensorKind.DOOR
        active = ~np.isnan(values) if is_door else values == 1.0
        longest = times + _LONGEST_ON[sensor.kind]
        starts.append(times[active])
        ends.append(np.minimum(np.r_[times[1:], np.inf], longest)[active])
    begin = np.concatenate(starts)
    order = np.argsort(begin, kind="stable")
    begin = begin[order]
    vacant = np.maximum.accumulate(np.concatenate(ends)[order] + room.vacancy_delay)
    is_first = np.r_[True, begin[1:] > vacant[:-1]][: len(begin)]
    is_last = np.r_[is_first[1:], True][: len(begin)]
    changes = np.stack([begin[is_first], vacant[is_last]], axis=1).ravel()
    return changes[changes <= end]
