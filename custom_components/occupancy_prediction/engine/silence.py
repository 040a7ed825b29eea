"""Which part of what was observed is a record of how a home is lived in.

A stray message of years ago, or a season in which nothing was watching, must not be
learned as time in which nobody came. While no sensor of the home says anything for
longer than any habit, nothing is known of it.
"""

import numpy as np

from .config import EngineConfig
from .types import OCCUPANCY_KINDS, FloatArray, HomeSpec, IntArray, ObservationTable

_DAY = 86400.0
# After the last message before a silence the sensors are believed that long (s): it is
# how the home was left.
_BELIEVED = 3600.0


def recorded(
    spec: HomeSpec, table: ObservationTable, config: EngineConfig, end: float
) -> ObservationTable:
    """Return what there is to learn from at ``end`` (UTC s).

    No longer ago than the record goes back; nothing before a silence that is longer
    than all the time before it; every sensor lost in the other silences. Only sensors
    that tell of people count: thermometers do not know whether somebody is there.
    """
    table = table.before(end).since(end - config.record_days * _DAY)
    telling = _telling(spec, table)
    spoken = table.timestamps[np.isin(table.sensors, telling)]
    if not len(spoken):
        return table
    moments = np.r_[spoken, end]
    before = np.flatnonzero(np.diff(moments) > config.record_gap * _DAY)
    lengths = moments[before + 1] - moments[before]
    too_long = before[lengths > moments[before] - moments[0]]
    # A silence that still lasts leaves something to learn from all the same.
    too_long = too_long[too_long < len(spoken) - 1]
    first = float(moments[too_long[-1] + 1] if len(too_long) else moments[0])
    lost = moments[before] + _BELIEVED
    return _lost_at(table.since(first), telling, lost[lost >= first])


def _telling(spec: HomeSpec, table: ObservationTable) -> IntArray:
    """Return which columns of the table are of sensors that tell of people."""
    names = {
        sensor.sensor_id
        for room in spec.rooms
        for sensor in room.sensors
        if sensor.kind in OCCUPANCY_KINDS
    }
    return np.flatnonzero([name in names for name in table.sensor_ids])


def _lost_at(
    table: ObservationTable, sensors: IntArray, moments: FloatArray
) -> ObservationTable:
    """Return the table with sensors lost at some moments."""
    count = len(moments) * len(sensors)
    return ObservationTable.from_columns(
        np.r_[table.timestamps, np.repeat(moments, len(sensors))],
        np.r_[table.sensors, np.tile(sensors, len(moments))],
        np.r_[table.values, np.full(count, np.nan)],
        table.sensor_ids,
    )
