"""Moments at which the question is asked, and what the answer turned out to be.

Training and forecasting read a room through the same functions, so a model
never sees in training what it would not see in use.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from .local_time import local_time
from .purpose import Purpose
from .timeline import OCCUPIED, UNKNOWN, RoomTimeline, Spans
from .types import HORIZON, BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Samples:
    """What is known of one room at n moments. Shapes: (n,) where not said.

    Attributes:
        origin: the moment, UTC seconds.
        occupied: the confirmed state.
        elapsed: minutes the room has been in it.
        clock: local minute of the day.
        day: ordinal of the local date.
        weekend: Saturday or Sunday.
        sensor_on: some sensor of the room is on.
        earliest: minutes before which the state cannot change by definition:
            for an occupied room what is left of the vacancy delay.
        since_on: minutes since the last ON message.
        quiet: minutes since the last activity ended, 0 while a sensor is on.
        features: (n, k) what else is known, in the order of ``names``.
        reference: (n, BINS) hazards of a simpler forecast, or (n, 0).
        names: (k) what the columns of ``features`` mean.
    """

    origin: FloatArray
    occupied: BoolArray
    elapsed: FloatArray
    clock: FloatArray
    day: IntArray
    weekend: BoolArray
    sensor_on: BoolArray
    earliest: FloatArray
    since_on: FloatArray
    quiet: FloatArray
    features: FloatArray
    reference: FloatArray
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of moments."""
        return len(self.origin)

    def take(self, rows: IntArray | BoolArray) -> Self:
        """Return the samples of some rows."""
        changed: dict[str, Any] = {
            name: getattr(self, name)[rows] for name in _SAMPLE_ARRAYS
        }
        return replace(self, **changed)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, of which there is at least one."""
        changed: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in _SAMPLE_ARRAYS
        }
        return replace(parts[0], **changed)

    def bare(self) -> Self:
        """Return the samples without features."""
        nothing = np.zeros((len(self), 0))
        return replace(self, features=nothing, reference=nothing, names=())

    @property
    def at_once(self) -> FloatArray:
        """Return the minutes to the moment at which the vacancy delay runs out, (n,).

        NaN for a vacant room, and while a sensor is on: then nothing runs out yet. If
        somebody moves before, the whole delay begins anew, so the room becomes vacant
        at that very moment or much later.
        """
        return np.where(self.occupied & ~self.sensor_on, self.earliest, np.nan)

    def feature(self, name: str) -> FloatArray | None:
        """Return one column of the features, None where it is not known."""
        if name not in self.names:
            return None
        return self.features[:, self.names.index(name)]


_SAMPLE_ARRAYS = [f.name for f in fields(Samples) if f.name != "names"]
# The columns of shape (n,).
SAMPLE_COLUMNS = [n for n in _SAMPLE_ARRAYS if n not in ("features", "reference")]


@dataclass(frozen=True, slots=True)
class Activity:
    """Whether a sensor is on, and the minutes since one was; shapes (n,)."""

    sensor_on: BoolArray
    quiet: FloatArray


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came after n moments. Shapes: (n,).

    ``remaining`` is in minutes, up to the change where ``observed``, else up to
    where one stopped looking (restart, lost sensors, end of data, horizon).
    """

    remaining: FloatArray
    observed: BoolArray

    @property
    def known(self) -> BoolArray:
        """Tell of which it is known what came: a change, or none within the horizon."""
        return self.observed | (self.remaining >= HORIZON)

    def take(self, rows: IntArray | BoolArray) -> Self:
        """Return the outcomes of some rows."""
        return type(self)(self.remaining[rows], self.observed[rows])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, of which there is at least one."""
        return cls(
            np.concatenate([part.remaining for part in parts]),
            np.concatenate([part.observed for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Stays:
    """Completed or interrupted spells of one state. Shapes: (n,).

    ``clock`` and ``weekend`` are those of the entry; ``length`` is in minutes,
    a lower bound where the end was not ``observed``. The entry itself was seen.
    """

    occupied: BoolArray
    entry: FloatArray
    clock: FloatArray
    weekend: BoolArray
    length: FloatArray
    observed: BoolArray

    def take(self, rows: IntArray | BoolArray) -> Self:
        """Return some of the stays."""
        return type(self)(*(getattr(self, f.name)[rows] for f in fields(self)))


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Everything a member may learn from about one room."""

    samples: Samples
    outcomes: Outcomes
    stays: Stays
    purpose: Purpose = Purpose.OTHER

    @classmethod
    def empty(cls, purpose: Purpose = Purpose.OTHER) -> Self:
        """Return what there is to learn before anything was observed."""
        numbers, flags = np.zeros(0), np.zeros(0, np.bool_)
        nowhere = entry_samples(
            numbers, occupied=False, vacancy_delay=1.0, time_zone="UTC"
        )
        stays = Stays(flags, numbers, numbers, flags, numbers, flags)
        return cls(nowhere, Outcomes(numbers, flags), stays, purpose)


def samples_at(room: RoomTimeline, moments: FloatArray, time_zone: str) -> Samples:
    """Describe a room at moments; those of unknown state are left out."""
    moments = np.asarray(moments, np.float64)
    moments = moments[room.state_at(moments) != UNKNOWN]
    index = np.searchsorted(room.change_times, moments, "right") - 1
    occupied = room.change_states[index] == OCCUPIED
    local = local_time(moments, time_zone)
    activity = activity_at(room.active, moments)
    last_on = np.searchsorted(room.on_times, moments, "right") - 1
    since_on = (
        np.where(last_on >= 0, moments - room.on_times[np.maximum(last_on, 0)], np.inf)
        if len(room.on_times)
        else np.full(len(moments), np.inf)
    )
    delay = room.vacancy_delay / 60
    return Samples(
        origin=moments,
        occupied=occupied,
        elapsed=(moments - room.change_times[index]) / 60,
        clock=local.minute,
        day=local.day,
        weekend=local.weekend,
        sensor_on=activity.sensor_on,
        earliest=np.where(occupied, np.clip(delay - activity.quiet, 0, delay), 0.0),
        since_on=since_on / 60,
        quiet=activity.quiet,
        features=np.zeros((len(moments), 0)),
        reference=np.zeros((len(moments), 0)),
    )


def activity_at(spans: Spans, moments: FloatArray) -> Activity:
    """Return what spans of activity mean at each moment."""
    if not len(spans.starts):
        count = len(moments)
        return Activity(np.zeros(count, np.bool_), np.full(count, np.inf))
    index = np.searchsorted(spans.starts, moments, "right") - 1
    begun = index >= 0
    end = spans.ends[np.maximum(index, 0)]
    return Activity(
        begun & (moments < end),
        np.where(begun, np.maximum(moments - end, 0) / 60, np.inf),
    )


def entry_samples(
    moments: FloatArray, *, occupied: bool, vacancy_delay: float, time_zone: str
) -> Samples:
    """Describe a room as it would be if its state had just begun at moments."""
    moments = np.asarray(moments, np.float64)
    count = len(moments)
    local = local_time(moments, time_zone)
    delay = vacancy_delay / 60
    return Samples(
        origin=moments,
        occupied=np.full(count, occupied),
        elapsed=np.zeros(count),
        clock=local.minute,
        day=local.day,
        weekend=local.weekend,
        sensor_on=np.full(count, occupied),
        earliest=np.full(count, delay if occupied else 0.0),
        since_on=np.full(count, 0.0 if occupied else delay),
        quiet=np.full(count, 0.0 if occupied else delay),
        features=np.zeros((count, 0)),
        reference=np.zeros((count, 0)),
    )


def outcomes_of(room: RoomTimeline, samples: Samples, end: float) -> Outcomes:
    """Return when the state of each sample ended, as seen by ``end``."""
    return outcomes_after(room, samples.origin, end)


def outcomes_after(room: RoomTimeline, moments: FloatArray, end: float) -> Outcomes:
    """Return when the state at each moment ended, as seen by ``end``."""
    index = np.searchsorted(room.change_times, moments, "right")
    changes = np.r_[room.change_times, np.inf]
    states = np.r_[room.change_states, UNKNOWN]
    moment = np.minimum(changes[index], end)
    observed = (changes[index] <= end) & (states[index] != UNKNOWN)
    remaining = np.maximum((moment - moments) / 60, 0)
    return Outcomes(np.minimum(remaining, HORIZON), observed & (remaining <= HORIZON))


def stays_of(room: RoomTimeline, end: float, time_zone: str) -> Stays:
    """Return the spells whose beginning was seen, up to ``end``."""
    kept = room.change_times <= end
    times, states = room.change_times[kept], room.change_states[kept]
    before = np.r_[UNKNOWN, states[:-1]][: len(states)]
    after = np.r_[states[1:], UNKNOWN][: len(states)]
    ends = np.r_[times[1:], end][: len(times)]
    seen = (states != UNKNOWN) & (before != UNKNOWN)
    local = local_time(times[seen], time_zone)
    return Stays(
        occupied=states[seen] == OCCUPIED,
        entry=times[seen],
        clock=local.minute,
        weekend=local.weekend,
        length=(ends - times)[seen] / 60,
        observed=after[seen] != UNKNOWN,
    )


def training_set(
    room: RoomTimeline, moments: FloatArray, end: float, time_zone: str
) -> TrainingSet:
    """Return samples at moments with their outcomes as seen by ``end``."""
    samples = samples_at(room, moments, time_zone)
    return TrainingSet(
        samples,
        outcomes_of(room, samples, end),
        stays_of(room, end, time_zone),
        room.purpose,
    )
