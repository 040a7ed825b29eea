"""Weekly habits that are new or gone, by name: "Saturdays 8 to 12 since 3 May".

The days of a room are compared hour by hour and day of the week by day of the week with
the days before them. Days are the units: an hour of a day counts once, as used or not.
There are thousands of hours to compare, so what is told is held to a bound on the share
of false findings (Benjamini & Hochberg 1995), and hours in which nothing could be found
anyway are not compared (Tarone 1990).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import groupby
from math import comb

import numpy as np

from .config import EngineConfig
from .habits import HOURS, RoomDays
from .types import BoolArray, FloatArray, IntArray

# The share of an hour in which a room has to be occupied for it to be used.
_USED = 0.5
# Monday is 0. Wider groups first: what they tell is not told again of their days.
_GROUPS: tuple[tuple[int, ...], ...] = (
    (0, 1, 2, 3, 4),
    (5, 6),
    *((day,) for day in range(7)),
)
# Days of a group that it takes on either side.
_FEWEST = 2
# A habit is what happens on most days where it is one, and on few where it is none.
_OFTEN, _SELDOM = 0.6, 0.3
# Hours beside a finding belong to it if they alone would be worth a look.
_BESIDE = 0.05


class PatternKind(StrEnum):
    """Whether a habit came or went."""

    NEW = "new"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A weekly habit of a room that is new or gone.

    ``weekdays`` count from Monday, 0; ``start`` and ``end`` are whole hours of the clock
    on the wall, 24 is midnight; ``since`` is the first day of it, or without it
    (YYYY-MM-DD).
    """

    room_id: str
    kind: PatternKind
    weekdays: tuple[int, ...]
    start: int
    end: int
    since: str


@dataclass(frozen=True, slots=True)
class _Finding:
    """An hour on some days of the week, and how likely it looks so by chance."""

    room_id: str
    kind: PatternKind
    weekdays: tuple[int, ...]
    recent: int
    hour: int
    chance: float
    is_clear: bool


def find_patterns(
    days: Mapping[str, RoomDays], config: EngineConfig
) -> tuple[Pattern, ...]:
    """Return the habits of rooms that have come or gone lately."""
    findings = [
        finding
        for room_id, room in days.items()
        for recent in config.pattern_recent_days
        for weekdays in _GROUPS
        for finding in _compared(room_id, room, weekdays, recent, config)
    ]
    limit = _limit([each.chance for each in findings], config.pattern_false_share)
    found: list[Pattern] = []
    for key, group in groupby(
        findings, key=lambda each: (each.room_id, each.weekdays, each.recent)
    ):
        room_id, weekdays, _ = key
        hours = [each for each in group if each.is_clear]
        for kind in PatternKind:
            of_kind = {each.hour: each.chance for each in hours if each.kind is kind}
            for start, end in _spans(of_kind, limit):
                since = _since(days[room_id], weekdays, start, end, kind)
                pattern = Pattern(room_id, kind, weekdays, start, end, since)
                if not any(_covers(other, pattern) for other in found):
                    found = [each for each in found if not _covers(pattern, each)]
                    found.append(pattern)
    return tuple(_united(found))


def _compared(
    room_id: str,
    room: RoomDays,
    weekdays: tuple[int, ...],
    recent: int,
    config: EngineConfig,
) -> Iterable[_Finding]:
    """Compare each hour of some days of the week with the same before."""
    chosen = np.isin((room.days - 1) % 7, weekdays)
    is_recent = room.days[chosen] > (room.days[-1:].max(initial=0) - recent)
    known = np.isfinite(room.occupied[chosen])
    used = known & (room.occupied[chosen] >= _USED)
    old, new = known[~is_recent].sum(0), known[is_recent].sum(0)
    old_used, new_used = used[~is_recent].sum(0), used[is_recent].sum(0)
    for hour in range(HOURS):
        counts = int(old[hour]), int(new[hour])
        if min(counts) < _FEWEST:
            continue
        was, now = int(old_used[hour]), int(new_used[hour])
        shares = was / counts[0], now / counts[1]
        for kind in PatternKind:
            is_new = kind is PatternKind.NEW
            total = was + now if is_new else sum(counts) - was - now
            seen = now if is_new else counts[1] - now
            best = min(total, counts[1])
            if _chance(*counts, total, best) > config.pattern_false_share:
                continue
            before, after = shares if is_new else shares[::-1]
            yield _Finding(
                room_id,
                kind,
                weekdays,
                recent,
                hour,
                _chance(*counts, total, seen),
                before <= _SELDOM and after >= _OFTEN,
            )


@cache
def _chance(old: int, new: int, total: int, seen: int) -> float:
    """Return P(at least ``seen`` of ``total`` fall on the new days) by chance alone.

    Fisher's exact test, one-sided.
    """
    ways = sum(
        comb(new, k) * comb(old, total - k)
        for k in range(seen, min(new, total) + 1)
        if total - k <= old
    )
    return ways / comb(old + new, total)


def _limit(chances: list[float], share: float) -> float:
    """Return the chance up to which findings are told (Benjamini & Hochberg)."""
    ordered = np.sort(np.array(chances))
    passed = ordered <= share * np.arange(1, len(ordered) + 1) / max(len(ordered), 1)
    return float(ordered[passed][-1]) if passed.any() else -1.0


def _spans(hours: Mapping[int, float], limit: float) -> list[tuple[int, int]]:
    """Return runs of hours that hold a finding, from and to."""
    near = sorted(hour for hour, chance in hours.items() if chance <= _BESIDE)
    runs: list[list[int]] = []
    for hour in near:
        if runs and runs[-1][-1] == hour - 1:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    return [
        (run[0], run[-1] + 1)
        for run in runs
        if any(hours[hour] <= limit for hour in run)
    ]


def _since(
    room: RoomDays,
    weekdays: tuple[int, ...],
    start: int,
    end: int,
    kind: PatternKind,
) -> str:
    """Return the day from which on it is most likely so."""
    hours = room.occupied[:, start:end]
    chosen = np.isin((room.days - 1) % 7, weekdays) & np.isfinite(hours).any(1)
    ordinals = room.days[chosen]
    used = np.nanmean(hours[chosen], axis=1) >= _USED
    if kind is PatternKind.VANISHED:
        used = ~used
    return date.fromordinal(int(ordinals[_split(used, ordinals)])).isoformat()


def _split(used: BoolArray, ordinals: IntArray) -> int:
    """Return the row from which on rows are most likely of another share."""
    places = np.arange(1, len(ordinals))
    before = np.cumsum(used.astype(np.int64))[:-1]
    after = int(used.sum()) - before
    likely = _log_likelihood(before, places) + _log_likelihood(
        after, len(ordinals) - places
    )
    rising = after / (len(ordinals) - places) > before / places
    return int(places[np.argmax(np.where(rising, likely, -np.inf))])


def _log_likelihood(used: IntArray, count: IntArray) -> FloatArray:
    share = used / count
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = used * np.log(share) + (count - used) * np.log(1 - share)
    return np.asarray(np.nan_to_num(terms, nan=0.0), np.float64)


def _covers(wider: Pattern, other: Pattern) -> bool:
    """Tell whether one pattern tells all of another, or nearly."""
    common = min(wider.end, other.end) - max(wider.start, other.start)
    return (
        wider.room_id == other.room_id
        and wider.kind is other.kind
        and set(wider.weekdays) >= set(other.weekdays)
        and common * 2 >= other.end - other.start
    )


def _united(patterns: list[Pattern]) -> list[Pattern]:
    """Return the patterns with those of the same hours on several days as one."""
    united: dict[tuple[str, PatternKind, int, int], Pattern] = {}
    for pattern in patterns:
        key = pattern.room_id, pattern.kind, pattern.start, pattern.end
        other = united.get(key, pattern)
        united[key] = replace(
            pattern,
            weekdays=tuple(sorted({*other.weekdays, *pattern.weekdays})),
            since=min(other.since, pattern.since),
        )
    return list(united.values())
