"""How the rooms were used on each day: what a change of life shows in first."""

from dataclasses import dataclass

import numpy as np

from .local_time import is_weekend, local_time
from .timeline import OCCUPIED, UNKNOWN, HomeTimeline, RoomTimeline, Spans
from .types import BoolArray, FloatArray, IntArray

HOURS = 24
# A room is looked at so often (s); shorter visits say little about habits.
_STEP = 300.0
# Less of an hour than this share was seen: nothing is known of it.
_SEEN = 0.5
# Days of the same type (work day or weekend) it takes to know what is usual.
_USUAL = 4


@dataclass(frozen=True, slots=True)
class RoomDays:
    """A room day by day.

    Shapes: ``days`` (d,) ordinals of local dates, ``noons`` (d,) UTC s, ``occupied`` (d,
    HOURS) the share of each hour of the clock on the wall in which the room was
    occupied, NaN where that is not known.
    """

    days: IntArray
    noons: FloatArray
    occupied: FloatArray

    @property
    def weekend(self) -> BoolArray:
        """Tell which days are Saturdays or Sundays."""
        return is_weekend(self.days)

    def since(self, moment: float) -> RoomDays:
        """Return the days whose noon is at or after a moment (UTC s)."""
        kept = self.noons >= moment
        return RoomDays(self.days[kept], self.noons[kept], self.occupied[kept])

    def unlike(self) -> FloatArray:
        """Return how unlike the days before it each day was, (d,).

        The mean difference from what was usual on days of its type, NaN where there is
        nothing to compare.
        """
        result = np.full(len(self.days), np.nan)
        for kind in (False, True):
            rows = np.flatnonzero(self.weekend == kind)
            occupied = self.occupied[rows]
            known = np.isfinite(occupied)
            count = np.cumsum(known, axis=0) - known
            total = np.cumsum(np.where(known, occupied, 0.0), axis=0)
            before = total - np.where(known, occupied, 0.0)
            compared = known & (count >= _USUAL)
            usual = before / np.maximum(count, 1)
            off = np.where(compared, np.abs(occupied - usual), 0.0).sum(1)
            hours = compared.sum(1)
            result[rows] = np.where(
                hours >= HOURS / 2, off / np.maximum(hours, 1), np.nan
            )
        return result


def room_days(
    room: RoomTimeline, start: float, end: float, away: Spans, time_zone: str
) -> RoomDays:
    """Return the whole local days of a room from ``start`` to ``end`` (UTC s).

    Of hours in which nobody was at home for longer nothing is said, nor of hours that
    the clock left out; of those it repeated, the mean.
    """
    moments = np.arange(np.ceil(start / _STEP), np.ceil(end / _STEP)) * _STEP
    local = local_time(moments, time_zone)
    states = room.state_at(moments)
    known = (states != UNKNOWN) & ~away.covers(moments)
    days, place = np.unique(local.day, return_inverse=True)
    cell = place * HOURS + (local.minute // 60).astype(np.int64)
    size = len(days) * HOURS
    seen = np.bincount(cell[known], minlength=size)
    there = np.bincount(cell[known & (states == OCCUPIED)], minlength=size)
    enough = seen >= _SEEN * 3600 / _STEP
    shares = np.where(enough, there / np.maximum(seen, 1), np.nan)
    noons = np.zeros(len(days))
    noons[place] = moments + (720.0 - local.minute) * 60
    # The first and the last day are not whole.
    inside = slice(1, len(days) - 1)
    return RoomDays(
        days[inside], noons[inside], shares.reshape(len(days), HOURS)[inside]
    )


def home_days(
    timeline: HomeTimeline, start: float, away: Spans, time_zone: str
) -> dict[str, RoomDays]:
    """Return the days of each room since a moment (UTC s)."""
    first = max(start, timeline.start)
    return {
        room_id: room_days(room, first, timeline.end, away, time_zone)
        for room_id, room in timeline.rooms.items()
    }
