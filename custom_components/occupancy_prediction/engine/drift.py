"""Has life changed? Detectors over how forecasts have fared and how days went.

ADWIN (Bifet & Gavaldà 2007) looks at the daily mean skill of the home, Page-Hinkley
(Page 1954) at the PIT of each room, one forecast of each spell, and at how unlike the
days before it each day of a room was. Both are written out here, and tests hold them to
the library ``river``, which would bring a hundred times their size. Nothing here knows
a clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
import math

import numpy as np

from .config import EngineConfig
from .habits import RoomDays
from .local_time import local_time
from .timeline import HomeTimeline, Spans
from .types import BoolArray, FloatArray

_DAY = 86400.0


class Signal(StrEnum):
    """What gave an alarm: skill of the home, bias of a room, its days."""

    SKILL = "skill"
    BIAS = "bias"
    HABIT = "habit"


@dataclass(frozen=True, slots=True)
class Change:
    """A change in a row of numbers: where it was noticed, and where it began.

    ``rising`` is what Page-Hinkley found to have become more.
    """

    noticed: int
    began: int
    rising: bool = False


@dataclass(frozen=True, slots=True)
class RoomTrack:
    """One forecast of each spell of a room, ordered by time. Shapes: (n,).

    ``moments`` is when it was issued (UTC s), ``known`` when it was known what came,
    ``pit`` its probability integral transform.
    """

    moments: FloatArray
    known: FloatArray
    pit: FloatArray


@dataclass(frozen=True, slots=True)
class Track:
    """How forecasts have fared: what the detectors look at.

    Shapes: ``days`` (d,) the noon of each local day (UTC s), ``skill`` (d,) the mean
    skill of the home on it.
    """

    days: FloatArray = field(default_factory=lambda: np.zeros(0))
    skill: FloatArray = field(default_factory=lambda: np.zeros(0))
    rooms: Mapping[str, RoomTrack] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A change of life, as far as forecasts show it.

    ``room_id`` is empty for the home; ``since`` is when it began, ``noticed`` when it
    could be known (UTC s).
    """

    signal: Signal
    room_id: str
    since: float
    noticed: float


def page_hinkley(
    values: Sequence[float], *, slack: float, threshold: float, minimum: int
) -> list[Change]:
    """Return where the mean of values has moved; it starts anew after each change.

    ``slack`` is what is no change, ``threshold`` the sum of what is beyond it that is
    one, ``minimum`` the values it takes to know a mean.
    """
    found: list[Change] = []
    first = 0
    while first < len(values):
        change = _first_shift(values, first, slack, threshold, minimum)
        if change is None:
            break
        found.append(change)
        first = change.noticed + 1
    return found


def _first_shift(
    values: Sequence[float], first: int, slack: float, threshold: float, minimum: int
) -> Change | None:
    mean = up = down = 0.0
    lowest, highest = math.inf, -1.0
    up_began = down_began = first
    for place in range(first, len(values)):
        count = place - first + 1
        mean += (values[place] - mean) / count
        beyond = values[place] - mean
        up, down = _FADING * up + beyond - slack, _FADING * down + beyond + slack
        if up < lowest:
            lowest, up_began = up, place + 1
        if down > highest:
            highest, down_began = down, place + 1
        if count < minimum:
            continue
        if up - lowest > threshold:
            return Change(place, min(up_began, place), rising=True)
        if highest - down > threshold:
            return Change(place, min(down_began, place))
    return None


# What was summed up fades by this factor with every value, as in ``river``.
_FADING = 1 - 0.0001


def adaptive_window(
    values: Sequence[float], *, confidence: float, shortest: int, minimum: int
) -> list[Change]:
    """Return where ADWIN cuts a row of numbers; it starts anew after each cut.

    ``confidence`` bounds the chance of a false cut, neither part is shorter than
    ``shortest``, and nothing is cut before there are more than ``minimum`` values.
    """
    found: list[Change] = []
    window = _Window()
    for place, value in enumerate(values):
        window.add(value)
        if window.count <= minimum:
            continue
        old = window.split(confidence, shortest)
        if old is not None:
            found.append(Change(place, place + 1 - window.count + old))
            window = _Window()
    return found


@dataclass(frozen=True, slots=True)
class _Bucket:
    """So many values, their sum, and the sum of squares about their mean."""

    count: int
    total: float = 0.0
    spread: float = 0.0

    def __add__(self, other: _Bucket) -> _Bucket:
        return _Bucket(
            self.count + other.count,
            self.total + other.total,
            self.spread + other.spread + self._between(other),
        )

    def __sub__(self, other: _Bucket) -> _Bucket:
        rest = _Bucket(self.count - other.count, self.total - other.total, self.spread)
        spread = self.spread - other.spread - rest._between(other)
        return _Bucket(rest.count, rest.total, spread)

    def _between(self, other: _Bucket) -> float:
        if not self.count or not other.count:
            return 0.0
        apart = self.total / self.count - other.total / other.count
        return self.count * other.count * apart**2 / (self.count + other.count)


class _Window:
    """The exponential histogram of ADWIN: the older, the coarser."""

    # Buckets of one size; one more, and the two oldest become one.
    _MOST = 5

    def __init__(self) -> None:
        # By size, 1, 2, 4 ...; in each row the oldest first.
        self._rows: list[list[_Bucket]] = [[]]
        self._all = _Bucket(0)

    @property
    def count(self) -> int:
        """Return how many values are in the window."""
        return self._all.count

    def add(self, value: float) -> None:
        """Take in a value."""
        one = _Bucket(1, value)
        self._rows[0].append(one)
        self._all += one
        for size, row in enumerate(self._rows):
            if len(row) <= self._MOST:
                break
            if size + 1 == len(self._rows):
                self._rows.append([])
            self._rows[size + 1].append(row[0] + row[1])
            del row[:2]

    def split(self, confidence: float, shortest: int) -> int | None:
        """Return how many of the values are of before a change, None without one.

        Of all places at which the old part differs from the new one, the clearest.
        """
        old, new = _Bucket(0), self._all
        strictness = math.log(2 * math.log(self.count) / confidence)
        variance = self._all.spread / self.count
        clearest, found = 1.0, None
        buckets = [bucket for row in reversed(self._rows) for bucket in row]
        for bucket in buckets[:-1]:
            old, new = old + bucket, new - bucket
            if min(old.count, new.count) < shortest:
                continue
            few = 1 / (old.count - shortest + 1) + 1 / (new.count - shortest + 1)
            bound = (
                math.sqrt(2 * few * variance * strictness) + 2 / 3 * few * strictness
            )
            apart = abs(old.total / old.count - new.total / new.count) / bound
            if apart > clearest:
                clearest, found = apart, old.count
        return found


def away_spans(timeline: HomeTimeline, shortest: float) -> Spans:
    """Return when nobody was at home for longer than ``shortest`` seconds.

    Being away is no other life: a holiday must teach nothing.
    """
    active = [room.active for room in timeline.rooms.values()]
    seen = Spans.merged(
        np.concatenate([spans.starts for spans in active] or [np.zeros(0)]),
        np.concatenate([spans.ends for spans in active] or [np.zeros(0)]),
        shortest,
    )
    if not len(seen.starts):
        return seen
    # The last absence may still last.
    following = np.r_[seen.starts[1:], timeline.end]
    long = following - seen.ends > shortest
    return Spans(seen.ends[long], following[long])


def detect(
    track: Track, days: Mapping[str, RoomDays], away: Spans, config: EngineConfig
) -> list[Alarm]:
    """Return all changes that are seen, in the order they were noticed.

    What was forecast while nobody was at home for long is left out.
    """
    alarms = [
        Alarm(Signal.SKILL, "", float(days[each.began]), float(days[each.noticed]))
        for days, skill in [_at_home(track, away)]
        for each in adaptive_window(
            skill.tolist(),
            confidence=config.skill_confidence,
            shortest=config.skill_shortest,
            minimum=config.skill_minimum,
        )
    ]
    for room_id, room in track.rooms.items():
        lived = ~(away.covers(room.moments) | away.covers(room.known))
        moments, known = room.moments[lived], room.known[lived]
        alarms += [
            Alarm(
                Signal.BIAS,
                room_id,
                float(moments[each.began]),
                float(known[each.noticed]),
            )
            for each in page_hinkley(
                (room.pit[lived] - 0.5).tolist(),
                slack=config.bias_slack,
                threshold=config.bias_threshold,
                minimum=config.bias_minimum,
            )
        ]
    for room_id, room_days in days.items():
        alarms += _unlike_days(room_id, room_days, config)
    return sorted(alarms, key=lambda alarm: alarm.noticed)


def has_alarm_since(track: Track, moment: float, config: EngineConfig) -> bool:
    """Tell whether forecasts alone give an alarm that came after a moment (UTC s).

    A cheap look between two trainings; a training looks at the days themselves, and
    knows when nobody was at home.
    """
    nowhere = Spans(np.zeros(0), np.zeros(0))
    return any(alarm.noticed > moment for alarm in detect(track, {}, nowhere, config))


def _unlike_days(room_id: str, room: RoomDays, config: EngineConfig) -> list[Alarm]:
    unlike = room.unlike()
    known = np.isfinite(unlike)
    noons = room.noons[known]
    return [
        Alarm(
            Signal.HABIT,
            room_id,
            # Days begin and end half a day from their noon.
            float(noons[each.began] - _DAY / 2),
            float(noons[each.noticed] + _DAY / 2),
        )
        for each in page_hinkley(
            _standardized(unlike[known], room.weekend[known]).tolist(),
            slack=config.habit_slack,
            threshold=config.habit_threshold,
            minimum=config.habit_minimum,
        )
        if each.rising
    ]


def _standardized(values: FloatArray, kind: BoolArray) -> FloatArray:
    """Return values in deviations from the median of their kind of day, cut off.

    One odd day is not another life, whatever it is like.
    """
    result = np.zeros(len(values))
    for rows in (kind, ~kind):
        if not rows.any():
            continue
        middle = float(np.median(values[rows]))
        deviation = _NORMAL * float(np.median(np.abs(values[rows] - middle)))
        scale = max(deviation, _LEAST_DEVIATION * middle, _TINY)
        result[rows] = np.clip((values[rows] - middle) / scale, -_ODD, _ODD)
    return result


# The median deviation of normal numbers, times this, is their standard deviation.
_NORMAL = 1.4826
# Few days may be alike by chance: they deviate by this share of the middle at least.
_LEAST_DEVIATION = 0.3
_TINY = 1e-9
# Nothing counts as more than so many deviations.
_ODD = 3.0


def _at_home(track: Track, away: Spans) -> tuple[FloatArray, FloatArray]:
    lived = ~away.covers(track.days)
    return track.days[lived], track.skill[lived]


def first_of_spells(
    moments: FloatArray, occupied: BoolArray, known: FloatArray
) -> BoolArray:
    """Tell which forecasts of a room are the first of their spell, (n,).

    One that was issued before it was known what came of the one before it, in the same
    state, is of the same spell.
    """
    if not len(moments):
        return np.zeros(0, np.bool_)
    same = (occupied[1:] == occupied[:-1]) & (moments[1:] < known[:-1])
    first: BoolArray = np.r_[True, ~same]
    return first


def daily_skill(
    parts: Sequence[FloatArray], time_zone: str
) -> tuple[FloatArray, FloatArray]:
    """Return the noon of each local day (UTC s) and the skill of the home on it.

    Of each room, in rows: when forecasts were issued, their CRPS and that of the
    baseline. Days of few forecasts are left out.
    """
    issued, scores, baseline = np.concatenate([np.zeros((3, 0)), *parts], axis=1)
    compared = np.isfinite(baseline)
    issued, scores, baseline = issued[compared], scores[compared], baseline[compared]
    local = local_time(issued, time_zone)
    days, place = np.unique(local.day, return_inverse=True)
    noons = np.zeros(len(days))
    noons[place] = issued + (720.0 - local.minute) * 60
    hours = np.zeros((len(days), 24), np.bool_)
    hours[place, (local.minute // 60).astype(np.int64)] = True
    total = np.bincount(place, baseline, len(days))
    whole = (hours.sum(1) >= _WHOLE) & (total > 0)
    skill = 1 - np.bincount(place, scores, len(days))[whole] / total[whole]
    return noons[whole], skill


# Hours of which there are forecasts that make a day.
_WHOLE = 18
