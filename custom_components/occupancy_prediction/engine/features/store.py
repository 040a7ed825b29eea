"""Features that have been worked out already, of the last day.

What is known up to a moment does not change when time passes, so its features need not
be worked out again: not for an explanation after the forecast, nor every hour for the
moments of a spell that goes on. Where a message comes late, or the home is another, what
was kept is forgotten from that moment on. With a store or without, the answer is the
same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..samples import Samples, samples_at
from ..steps import Steps
from ..timeline import HomeTimeline
from ..types import BoolArray, FloatArray
from .registry import HomeScene, Scene, feature_matrix

# Rows are kept for that long (s): as long as a spell may last that is looked back on.
LOOK_BACK = 24 * 3600.0
# Rows kept of a room (count): one every 90 s. More would be a burst of questions.
_MOST = 960

type _Sequence = tuple[FloatArray, np.ndarray]


class FeatureStore:
    """Rows of features by room and moment.

    It belongs to one owner, who asks one question at a time: it is not made for two
    threads at once.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._rows: dict[str, dict[float, np.ndarray]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._told: HomeTimeline | None = None
        self._home: tuple[object, ...] = ()
        # Rows that were asked for, and those of them that were there.
        self.asked = self.found = 0

    def __len__(self) -> int:
        """Return how many rows are kept, of all rooms."""
        return sum(map(len, self._rows.values()))

    def rows(self, home: HomeScene, room_id: str, moments: FloatArray) -> Samples:
        """Return samples of a room with all features; unknown states are left out."""
        room = home.timeline.rooms[room_id]
        return self.matrix(home, room_id, samples_at(room, moments, home.time_zone))

    def matrix(self, home: HomeScene, room_id: str, samples: Samples) -> Samples:
        """Return samples of any span with all features, working out what is not here.

        Of a long span only the last day is kept.
        """
        self._follow(home)
        known = self._rows.setdefault(room_id, {})
        moments = samples.origin.tolist()
        missing: BoolArray = np.array([each not in known for each in moments], np.bool_)
        self.asked += len(moments)
        self.found += len(moments) - int(missing.sum())
        if missing.any() or room_id not in self._names:
            worked_out = feature_matrix(Scene(home, room_id, samples.origin[missing]))
            self._names[room_id] = worked_out.names
            values = worked_out.values.astype(np.float32)
        else:
            values = np.zeros((0, len(self._names[room_id])), np.float32)
        features: np.ndarray = np.zeros((len(moments), values.shape[1]), np.float32)
        features[missing] = values
        for place in np.flatnonzero(~missing).tolist():
            features[place] = known[moments[place]]
        self._keep(known, samples.origin[missing], values, home.timeline.end)
        return replace(samples, features=features, names=self._names[room_id])

    def _keep(
        self,
        known: dict[float, np.ndarray],
        moments: FloatArray,
        values: np.ndarray,
        end: float,
    ) -> None:
        # Of a moment that is still to come, more will be known.
        kept = (moments > end - LOOK_BACK) & (moments <= end)
        for place in np.flatnonzero(kept)[-_MOST:].tolist():
            # A copy: a view would keep the matrix of a year alive.
            known[float(moments[place])] = values[place].copy()
        for moment in [each for each in known if each <= end - LOOK_BACK]:
            del known[moment]
        for moment in sorted(known)[:-_MOST]:
            del known[moment]

    def _follow(self, home: HomeScene) -> None:
        """Forget what no longer holds in what is told of the home now."""
        told, before = home.timeline, self._told
        if told is before:
            return
        kind = _kind(home)
        if before is None or kind != self._home:
            self._rows.clear()
            self._names.clear()
        else:
            first = _first_difference(before, told)
            for known in self._rows.values():
                for moment in [m for m in known if m >= first]:
                    del known[moment]
        self._told, self._home = told, kind


def _kind(home: HomeScene) -> tuple[object, ...]:
    """Return what columns and their meaning depend on, beside what happened."""
    rooms = home.timeline.rooms.values()
    return (
        home.time_zone,
        home.timeline.place,
        home.inputs,
        tuple((room.room_id, room.vacancy_delay, room.purpose) for room in rooms),
    )


def _first_difference(before: HomeTimeline, now: HomeTimeline) -> float:
    """Return from when on two timelines tell different stories, inf if nowhere.

    What one of them has forgotten already is no difference, and after the end of the
    one that ends first only the other speaks.
    """
    first, last = max(before.start, now.start), min(before.end, now.end)
    # A clock was set back: what had been foreseen of the time after is void.
    found = np.inf if now.end >= before.end else float(np.nextafter(now.end, np.inf))
    for mine, other in zip(_sequences(before), _sequences(now), strict=True):
        found = min(found, _parting(mine, other, first, last))
    return found


def _sequences(timeline: HomeTimeline) -> Iterator[_Sequence]:
    """Tell all that happened as ordered moments and what happened then."""
    for room in timeline.rooms.values():
        yield room.change_times, room.change_states
        active = room.active
        for times in (active.starts, active.ends, room.on_times, room.door_times):
            yield times, times
        yield from _measured(room.measures)
    yield from _measured(timeline.context)


def _measured[Kind](told: Mapping[Kind, tuple[Steps, ...]]) -> Iterator[_Sequence]:
    for steps in told.values():
        yield from ((each.times, each.values) for each in steps)


def _parting(mine: _Sequence, other: _Sequence, first: float, last: float) -> float:
    """Return the first moment up to ``last`` at which two sequences differ.

    Both remember everything since ``first``, and all between the first and the last of
    what they remember.
    """
    if len(mine[0]) and len(other[0]):
        first = min(first, max(float(mine[0][0]), float(other[0][0])))
    (times, values), (others, told) = (
        _within(each, first, last) for each in (mine, other)
    )
    common = min(len(times), len(others))
    differs = np.flatnonzero(
        (times[:common] != others[:common])
        | ~np.isclose(values[:common], told[:common], rtol=0, atol=0, equal_nan=True)
    )
    place = int(differs[0]) if len(differs) else common
    next_moments = [float(each[place]) for each in (times, others) if place < len(each)]
    return min(next_moments, default=np.inf)


def _within(sequence: _Sequence, first: float, last: float) -> _Sequence:
    times, values = sequence
    inside = (times > first) & (times <= last)
    return times[inside], values[inside]
