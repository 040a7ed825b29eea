"""The days most like today: PreHeat's way to forecast (Scott et al. 2011).

A day so far is the occupancy of its quarters of an hour, with 4 h of the evening
before. The five past days of the same type that differ least from it tell what
comes next. Every day before today is learned from, to the last.
"""

import numpy as np

from custom_components.occupancy_prediction.engine.local_time import local_time
from custom_components.occupancy_prediction.engine.types import FloatArray, IntArray

from .grid import DAY, EDGES, Distributions, uniform
from .truth import RoomTruth

_NEIGHBORS = 5
_QUARTER = 900.0  # s
_EVENING = 16  # quarters of an hour of the day before
_QUARTERS = 96
_DAY_SECONDS = DAY * 60


def similar_days(
    truth: RoomTruth, moments: FloatArray, time_zone: str
) -> Distributions:
    """Forecast a room at moments from the days before each."""
    local = local_time(moments, time_zone)
    cdf = uniform(len(moments))
    for day in np.unique(local.day):
        rows = np.flatnonzero(local.day == day)
        midnight = float(moments[rows[0]] - local.minute[rows[0]] * 60)
        ago, mismatches = _mismatches(truth, midnight)
        if not len(ago):
            continue
        is_weekend = (day - ago - 1) % 7 >= 5
        other_type = is_weekend != bool(local.weekend[rows[0]])
        quarter = np.minimum((local.minute[rows] * 60) // _QUARTER, _QUARTERS - 1)
        for row, place in zip(rows, quarter.astype(np.int64), strict=True):
            # The later of two equal days is the better guess.
            order = np.lexsort((ago, mismatches[:, _EVENING + place], other_type))
            nearest = ago[order[:_NEIGHBORS]]
            cdf[row] = _empirical(_waits(truth, float(moments[row]), nearest))
    return Distributions.of(cdf)


def _mismatches(truth: RoomTruth, midnight: float) -> tuple[IntArray, IntArray]:
    """Return days ago, and how much each differs up to each quarter of an hour."""
    evening = _EVENING * _QUARTER
    count = int((midnight - evening - truth.start) // _DAY_SECONDS)
    ago = np.arange(1, count + 1)
    steps = np.arange(_EVENING + _QUARTERS, dtype=np.float64)
    quarters: FloatArray = midnight - evening + steps * _QUARTER
    today = truth.occupied(quarters)
    before = truth.occupied((quarters - ago[:, None] * _DAY_SECONDS).ravel())
    differ = before.reshape(len(ago), len(quarters)) != today
    return ago, np.cumsum(differ, axis=1)


def _waits(truth: RoomTruth, moment: float, ago: IntArray) -> FloatArray:
    """Return after how many minutes those days were as the room is not now."""
    same_clock = np.asarray(moment - ago * _DAY_SECONDS, np.float64)
    state = truth.occupied(np.array([moment]))[0]
    is_other = truth.occupied(same_clock) != state
    return np.where(is_other, 0.0, truth.remaining(same_clock))


def _empirical(waits: FloatArray) -> FloatArray:
    """Return the share of days by minutes, with one more that knows nothing."""
    come = (waits[:, None] <= EDGES).sum(axis=0) * (EDGES > 0)
    return np.asarray((come + EDGES / DAY) / (len(waits) + 1), np.float64)
