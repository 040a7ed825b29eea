"""The clock on the wall, for many moments at once: what people live by."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from .types import BoolArray, FloatArray, IntArray

DAY_MINUTES = 1440.0
# Offsets from UTC change at whole or half hours of UTC (s), wherever people live
# since 2012.
_BLOCK = 1800.0


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Local calendar of moments.

    Shapes: all (n,). ``minute`` of the day in [0, 1440), ``day`` the ordinal
    of the local date (1 is 1 January of year 1), ``weekend`` Saturday or Sunday.
    """

    minute: FloatArray
    day: IntArray
    weekend: BoolArray


def local_time(moments: FloatArray, time_zone: str) -> LocalTime:
    """Return the local calendar of UTC moments (s); DST is honored."""
    blocks, inverse = np.unique(np.floor(moments / _BLOCK), return_inverse=True)
    zone = ZoneInfo(time_zone)
    offsets = np.array(
        [_offset(float(block) * _BLOCK, zone) for block in blocks], np.float64
    )
    local = moments + offsets[inverse]
    days, seconds = np.divmod(local, DAY_MINUTES * 60)
    epoch = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
    day = days.astype(np.int64) + epoch
    return LocalTime(seconds / 60, day, is_weekend(day))


def is_weekend(day: IntArray) -> BoolArray:
    """Tell which ordinals are Saturdays or Sundays; ordinal 1 was a Monday."""
    weekend: BoolArray = (day - 1) % 7 >= 5
    return weekend


def _offset(moment: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()
