"""What a feature is, and the table of all features.

A feature is a pure function of a ``Scene``: one room at n moments, with what
was known of the home up to each. It is registered by its decorator under its
own name; a feature of a pair of rooms makes one column per other room, a block
several numbered ones. An optional feature makes a column only in homes that have
what it is made of, and then in every room, so that rooms can learn from each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
import hashlib
from typing import Literal, Self

import numpy as np

from ..local_time import LocalTime, local_time
from ..samples import Activity, activity_at
from ..surroundings import PLACE, ContextKind
from ..timeline import OCCUPIED, HomeTimeline, RoomTimeline, Spans
from ..types import FloatArray, IntArray, SensorKind

# Between the name of a pair feature and the other room it is about.
SEPARATOR = "@"
# What lies further back than a week (min) is "long ago" to every habit.
LONG_AGO = 7 * 1440.0


# After so long without activity anywhere (s) the home is entered anew, and of a visit
# that began longer ago it is forgotten what was before. No more than half of the
# look-back, or the answer would depend on how far one looks back.
HOME_LEFT = 12 * 3600.0

# What a home may have or not have, beyond sensors that tell occupancy.
type Input = SensorKind | ContextKind | Literal["place"]


@dataclass(frozen=True, slots=True)
class RoomSpans:
    """When which room was active, ordered by the beginning; shapes (s,)."""

    starts: FloatArray
    ends: FloatArray
    rooms: IntArray

    @classmethod
    def of(cls, rooms: Sequence[Spans]) -> Self:
        """Join the spans of all rooms."""
        starts = _joined([active.starts for active in rooms])
        owner = np.repeat(np.arange(len(rooms)), [len(each.starts) for each in rooms])
        order = np.argsort(starts, kind="stable")
        ends = _joined([active.ends for active in rooms])
        return cls(starts[order], ends[order], owner[order])


@dataclass(frozen=True, slots=True)
class Visits:
    """The rooms in which somebody was active, one after the other.

    Shapes: ``starts`` (v,) when activity moved to the room ``rooms`` (v,); ``previous``
    (v,) the room it came from, -1 where the home was entered. Rooms are indices into
    those of the timeline.
    """

    starts: FloatArray
    rooms: IntArray
    previous: IntArray

    @classmethod
    def of(cls, spans: RoomSpans) -> Self:
        """Follow the activity from room to room."""
        starts, ends, rooms = spans.starts, spans.ends, spans.rooms
        before = np.arange(len(starts)) - 1
        # What ended long before does not count, even if nothing else began since.
        for index in np.flatnonzero(starts[1:] - ends[:-1] > HOME_LEFT) + 1:
            recent = np.flatnonzero(starts[index] - ends[:index] <= HOME_LEFT)
            before[index] = recent[-1] if len(recent) else -1
        came_from = np.r_[rooms, -1][before]
        moved = came_from != rooms
        return cls(starts[moved], rooms[moved], came_from[moved])


class HomeScene:
    """A home's timeline with what several rooms' features ask of it."""

    def __init__(self, timeline: HomeTimeline, time_zone: str) -> None:
        """Take the timeline; everything else is worked out when asked for."""
        self.timeline = timeline
        self.time_zone = time_zone
        self.room_ids = tuple(timeline.rooms)

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Return the inputs there are, in this or that room or for the home."""
        found: set[str] = set(self.timeline.context)
        for room in self.timeline.rooms.values():
            found |= room.measures.keys()
        return frozenset(found if self.timeline.place is None else found | {PLACE})

    @cached_property
    def spans(self) -> RoomSpans:
        """Return when which room was active."""
        return RoomSpans.of([room.active for room in self.timeline.rooms.values()])

    @cached_property
    def visits(self) -> Visits:
        """Return the sequence of visited rooms."""
        return Visits.of(self.spans)

    @cached_property
    def home_on_times(self) -> FloatArray:
        """Return the ON messages of all rooms."""
        return np.sort(
            _joined([room.on_times for room in self.timeline.rooms.values()])
        )

    @cached_property
    def arrivals(self) -> FloatArray:
        """Return the moments at which somebody came home."""
        return self._moves(0.0, 1.0)

    @cached_property
    def departures(self) -> FloatArray:
        """Return the moments at which somebody left home."""
        return self._moves(1.0, 0.0)

    def _moves(self, before: float, after: float) -> FloatArray:
        # Who is there after a gap came or left at a moment nobody knows.
        people = self.timeline.context.get(ContextKind.PERSON, ())
        moves = [
            person.times[1:][
                (person.values[:-1] == before) & (person.values[1:] == after)
            ]
            for person in people
        ]
        return np.sort(_joined(moves))

    def active_elsewhere(self, room_id: str) -> Spans:
        """Return when some other room was active."""
        return _united([r for key, r in self.timeline.rooms.items() if key != room_id])

    @cached_property
    def active_anywhere(self) -> Spans:
        """Return when some room was active."""
        return _united(list(self.timeline.rooms.values()))


def _united(rooms: list[RoomTimeline]) -> Spans:
    return Spans.merged(
        _joined([room.active.starts for room in rooms]),
        _joined([room.active.ends for room in rooms]),
    )


def _last(times: FloatArray, moments: FloatArray) -> IntArray:
    """Return the place of the last of some ordered times, -1 before the first."""
    return np.searchsorted(times, moments, "right").astype(np.int64) - 1


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.zeros(0)


class Scene:
    """One room at n moments (UTC s, ascending), as a feature may see it."""

    def __init__(self, home: HomeScene, room_id: str, moments: FloatArray) -> None:
        """Take the moments; everything else is worked out when asked for."""
        self.home = home
        self.room = home.timeline.rooms[room_id]
        self.moments = moments

    @cached_property
    def local(self) -> LocalTime:
        """Return the local calendar of the moments."""
        return local_time(self.moments, self.home.time_zone)

    @cached_property
    def elsewhere(self) -> Activity:
        """Return the activity of all other rooms together."""
        spans = self.home.active_elsewhere(self.room.room_id)
        return activity_at(spans, self.moments)

    @cached_property
    def anywhere(self) -> Activity:
        """Return the activity of the home."""
        return activity_at(self.home.active_anywhere, self.moments)

    @cached_property
    def others(self) -> tuple[RoomTimeline, ...]:
        """Return the other rooms of the home."""
        return tuple(
            room for room in self.home.timeline.rooms.values() if room is not self.room
        )

    @cached_property
    def visit(self) -> IntArray:
        """Return the index of the visit going on at each moment, -1 before any."""
        return _last(self.home.visits.starts, self.moments)

    @cached_property
    def active_last(self) -> IntArray:
        """Return the index of the room that became active last, -1 before any."""
        spans = self.home.spans
        return pick(spans.rooms, _last(spans.starts, self.moments), -1)


type Feature = Callable[[Scene], FloatArray]
type PairFeature = Callable[[Scene, RoomTimeline], FloatArray]
type FeatureBlock = Callable[[Scene], FloatArray]

FEATURES: dict[str, Feature] = {}
PAIR_FEATURES: dict[str, PairFeature] = {}
FEATURE_BLOCKS: dict[str, FeatureBlock] = {}
# What a feature is made of; one that is not here is made of occupancy and the clock.
NEEDS: dict[str, Input] = {}


def feature(function: Feature) -> Feature:
    """Register a feature; it returns finite numbers of shape (n,)."""
    FEATURES[function.__name__] = function
    return function


def optional_feature(needs: Input) -> Callable[[Feature], Feature]:
    """Register a feature of homes that have an input.

    Where it is not known just now, or not in this room, the feature says what means
    nothing in particular.
    """

    def register(function: Feature) -> Feature:
        NEEDS[function.__name__] = needs
        return feature(function)

    return register


def pair_feature(function: PairFeature) -> PairFeature:
    """Register a feature of the room and one other room, of shape (n,)."""
    PAIR_FEATURES[function.__name__] = function
    return function


def feature_block(function: FeatureBlock) -> FeatureBlock:
    """Register features that are worked out together, of shape (n, columns)."""
    FEATURE_BLOCKS[function.__name__] = function
    return function


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """Named columns: ``values`` (n, k) in the order of ``names`` (k)."""

    names: tuple[str, ...]
    values: FloatArray


def feature_matrix(scene: Scene) -> FeatureMatrix:
    """Return all features of a scene; a column that is not finite becomes 0."""
    features = features_of(scene.home)
    columns = {name: function(scene) for name, function in features.items()}
    for name, block in FEATURE_BLOCKS.items():
        for number, column in enumerate(block(scene).T):
            columns[f"{name}_{number}"] = column
    for name, pair in PAIR_FEATURES.items():
        for other in scene.others:
            columns[f"{name}{SEPARATOR}{other.room_id}"] = pair(scene, other)
    values = np.zeros((len(scene.moments), len(columns)))
    for place, column in enumerate(columns.values()):
        values[:, place] = column
    return FeatureMatrix(tuple(columns), np.nan_to_num(values, posinf=0.0, neginf=0.0))


def features_of(home: HomeScene) -> dict[str, Feature]:
    """Return the features of which a home has what they are made of."""
    return {
        name: function
        for name, function in FEATURES.items()
        if name not in NEEDS or NEEDS[name] in home.inputs
    }


def subject_of(name: str) -> str:
    """Return the subject a feature is filed under, by any name of its columns."""
    name = name.partition(SEPARATOR)[0]
    function = FEATURES.get(name) or PAIR_FEATURES.get(name)
    function = function or FEATURE_BLOCKS[name.rpartition("_")[0]]
    return function.__module__.rpartition(".")[2]


def schema_hash() -> str:
    """Return a mark of which features there are; another mark, another model."""
    tables = (FEATURES, FEATURE_BLOCKS, PAIR_FEATURES)
    names = SEPARATOR.join(",".join(sorted(table)) for table in tables)
    return hashlib.sha256(names.encode()).hexdigest()[:12]


def log_minutes(minutes: FloatArray) -> FloatArray:
    """Return durations as people feel them: log(1 + minutes), bounded."""
    return np.log1p(np.clip(minutes, 0.0, LONG_AGO))


def pick[Number: np.generic](
    column: np.ndarray[tuple[int, ...], np.dtype[Number]], places: IntArray, none: float
) -> np.ndarray[tuple[int, ...], np.dtype[Number]]:
    """Return what a column says at places, something else at place -1."""
    padded: np.ndarray[tuple[int, ...], np.dtype[Number]] = np.concatenate(
        [column, np.array([none], column.dtype)]
    )
    return padded[places]


def since(times: FloatArray, moments: FloatArray) -> FloatArray:
    """Return minutes since the last of some ordered times, inf before the first."""
    if not len(times):
        return np.full(len(moments), np.inf)
    index = _last(times, moments)
    return np.where(index >= 0, (moments - times[index]) / 60, np.inf)


def count_within(times: FloatArray, moments: FloatArray, minutes: float) -> FloatArray:
    """Return how many of some ordered times lie in the last minutes."""
    last = np.searchsorted(times, moments, "right")
    first = np.searchsorted(times, moments - minutes * 60, "right")
    return (last - first).astype(np.float64)


def occupied_share(
    room: RoomTimeline, starts: FloatArray, ends: FloatArray
) -> FloatArray:
    """Return the share of [start, end) in which a room was occupied, of any shape."""
    times = room.change_times
    if not len(times):
        return np.zeros(starts.shape)
    occupied = (room.change_states == OCCUPIED).astype(np.float64)
    total = np.r_[0.0, np.cumsum(np.diff(times) * occupied[:-1])]

    def until(moments: FloatArray) -> FloatArray:
        index = np.searchsorted(times, moments, "right") - 1
        at = np.maximum(index, 0)
        sum_: FloatArray = total[at] + occupied[at] * (moments - times[at])
        return np.where(index >= 0, sum_, 0.0)

    share: FloatArray = (until(ends) - until(starts)) / np.maximum(ends - starts, 1.0)
    return share
