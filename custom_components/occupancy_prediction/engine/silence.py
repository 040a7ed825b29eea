"""Which part of what was observed is a record of how a home is lived in.

A stray message of years ago, or a season in which nothing was watching, must not be
learned as time in which nobody came. While no sensor of the home says anything for
longer than any habit, nothing is known of it.
"""

import numpy as np

from .config import EngineConfig
from .types import ObservationTable

_DAY = 86400.0
# After the last message before a silence the sensors are believed that long (s): it is
# how the home was left.
_BELIEVED = 3600.0


def recorded(
    table: ObservationTable, config: EngineConfig, end: float
) -> ObservationTable:
    """Return what there is to learn from at ``end`` (UTC s).

    No longer ago than the record goes back; nothing before a silence that is longer
    than all the time before it; every sensor lost in the other silences.
    """
    table = table.before(end).since(end - config.record_days * _DAY)
    if not len(table):
        return table
    moments = np.r_[table.timestamps, end]
    longest = config.record_gap * _DAY
    before = np.flatnonzero(np.diff(moments) > longest)
    lengths = moments[before + 1] - moments[before]
    too_long = before[lengths > moments[before] - moments[0]]
    # A silence that still lasts leaves something to learn from all the same.
    too_long = too_long[too_long < len(table) - 1]
    if len(too_long):
        table = table.since(float(moments[too_long[-1] + 1]))
    lost = moments[before] + _BELIEVED
    return _lost_at(table, lost[lost >= table.timestamps[0]])


def _lost_at(table: ObservationTable, moments: np.ndarray) -> ObservationTable:
    """Return the table with every sensor lost at some moments."""
    if not len(moments):
        return table
    sensors = np.arange(len(table.sensor_ids))
    return ObservationTable.from_columns(
        np.r_[table.timestamps, np.repeat(moments, len(sensors))],
        np.r_[table.sensors, np.tile(sensors, len(moments))],
        np.r_[table.values, np.full(len(moments) * len(sensors), np.nan)],
        table.sensor_ids,
    )
