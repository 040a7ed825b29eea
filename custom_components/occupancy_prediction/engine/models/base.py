"""What every member of the pool is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np

from ..config import EngineConfig
from ..distribution import bin_index
from ..local_time import DAY_MINUTES, is_weekend
from ..samples import Outcomes, Samples, TrainingSet
from ..types import BINS, HORIZON, FloatArray, IntArray

# What a member has learned: named arrays and nothing else, so that a saved
# model is data that can be read without running anything.
type Arrays = Mapping[str, np.ndarray]

# Names of features say what they mean beyond the room itself: this mark stands before
# the other room of a pair, and this is how the hours of the last day, the last visits
# and what is measured in the room begin.
_PAIR_MARK = "@"
_DAY_PATTERN = "hour_"
_VISITS = "visited_"
_CLIMATE = ("light_", "temperature_", "humidity_")


def is_of_pair(name: str) -> bool:
    """Tell whether a feature is about the room and one other."""
    return _PAIR_MARK in name


def is_of_block(name: str) -> bool:
    """Tell whether a feature is an hour of the last day or one of the last visits.

    They are there to find days or ways alike; as inputs one by one they say little.
    """
    return name.startswith((_DAY_PATTERN, _VISITS))


def is_of_climate(name: str) -> bool:
    """Tell whether a feature is made of light, temperature or humidity."""
    return name.startswith(_CLIMATE)


def day_pattern(samples: Samples) -> FloatArray:
    """Return the shares of the last hours, latest first, (n, 24); NaN if not known."""
    columns = [samples.feature(f"{_DAY_PATTERN}{hour}") for hour in range(24)]
    unknown = np.full(len(samples), np.nan)
    return np.stack([unknown if c is None else c for c in columns], axis=1)


def visits(samples: Samples) -> FloatArray:
    """Return the last visits, latest first, (3, n, visits); see the feature.

    The rooms as codes, negative for the room itself and 0 for none, and the log minutes
    since each began and that it lasted. None where they are not known.
    """
    chosen = [name.startswith(_VISITS) for name in samples.names]
    told = samples.features[:, chosen] if any(chosen) else np.zeros((len(samples), 0))
    parts = told.reshape(len(samples), 3, told.shape[1] // 3)
    return np.asarray(parts.transpose(1, 0, 2), np.float64)


def unheard(*_: str) -> None:
    """Listen to no announcement."""


@dataclass(frozen=True, slots=True)
class FitContext:
    """What a fit may know besides the data.

    ``checkpoint`` is called now and then with the share done (0..1) and raises
    ``TrainingCancelled`` when the fit is to stop; ``announce`` is told the room that
    is being learned, by members that take one after the other; ``seed`` is the only
    source of randomness.
    """

    config: EngineConfig
    seed: int
    checkpoint: Callable[[float], None]
    announce: Callable[[str], None] = unheard


class Member(Protocol):
    """One way to forecast the time to the next transition.

    A member holds no data of its own: what it learned travels as arrays, so
    predicting cannot change it and a model can be swapped in one assignment.
    """

    name: ClassVar[str]
    # Whether it learns counts, exactly and from every sample, or from samples
    # thinned to a bounded number, with features.
    counts: ClassVar[bool]
    # Its share of the pool before anything was learned, in any unit.
    share: ClassVar[float]

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Learn all rooms of a home afresh; one entry per room.

        Rooms come together so that a member may let them learn from each other.
        """
        ...

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Return what one room knows with a little more data added.

        The new samples and stays were in none of the data learned before.
        """
        ...

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return distributions, shape (n, BINS); see ``distribution``."""
        ...


def fit_each(
    rooms: Mapping[str, TrainingSet],
    context: FitContext,
    fit_room: Callable[[TrainingSet], Arrays],
) -> dict[str, Arrays]:
    """Fit rooms that learn nothing from each other, one after the other."""
    result: dict[str, Arrays] = {}
    for done, (room_id, training) in enumerate(rooms.items()):
        context.announce(room_id)
        context.checkpoint(done / len(rooms))
        result[room_id] = fit_room(training)
    return result


def last_bin(outcomes: Outcomes) -> IntArray:
    """Return the bin in which each sample was last looked at, (n,).

    BINS for one that outlived the horizon: it was seen to the end of every bin.
    """
    outlived = ~outcomes.observed & (outcomes.remaining >= HORIZON)
    return np.where(outlived, BINS, bin_index(outcomes.remaining))


def circular_distance(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the minutes between two times of day, at most 720."""
    distance = np.abs(first - second) % 1440.0
    return np.minimum(distance, 1440.0 - distance)


# Cells of a quarter of an hour in which the usual occupancy is counted.
_CELLS = 96
_CELL = 1440.0 / _CELLS
# Moments of an hour and of the whole room by which a cell is pulled.
_PROFILE_STRENGTH = 6.0
# Days whose counts are kept apart, so that a day can be left out.
_PROFILE_DAYS = 400
# The most that is counted of a cell and day when it is saved: three is usual.
_PROFILE_MOST = 255


@dataclass(frozen=True, slots=True)
class Profile:
    """How usual it is that a room is occupied, by day type and clock.

    Shapes: ``days`` (d,) ordinals; ``occupied`` and ``seen`` (d, 96) moments counted
    of each day. Days are kept apart: what a model sees of a day in training must not
    be made of that day.
    """

    days: IntArray
    occupied: IntArray
    seen: IntArray

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Count the samples of a room."""
        days, place = np.unique(samples.day, return_inverse=True)
        address = place * _CELLS + _cell(samples.clock)
        shape = (len(days), _CELLS)
        size = len(days) * _CELLS
        return cls(
            days,
            np.bincount(address[samples.occupied], minlength=size).reshape(shape),
            np.bincount(address, minlength=size).reshape(shape),
        )

    def add(self, samples: Samples) -> Self:
        """Return the profile with more samples counted; the oldest days make room."""
        new = type(self).of(samples)
        days = np.union1d(self.days, new.days)[-_PROFILE_DAYS:]
        occupied, seen = (np.zeros((len(days), _CELLS), np.int64) for _ in range(2))
        for part in (self, new):
            kept = np.isin(part.days, days)
            rows = np.searchsorted(days, part.days[kept])
            occupied[rows] += part.occupied[kept]
            seen[rows] += part.seen[kept]
        return type(self)(days, occupied, seen)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the profile as arrays to save."""
        occupied, seen = (
            np.minimum(counts, _PROFILE_MOST).astype(np.uint8)
            for counts in (self.occupied, self.seen)
        )
        return {
            "profile_days": self.days.astype(np.int32),
            "profile_occupied": occupied,
            "profile_seen": seen,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Read it back."""
        days, occupied, seen = (
            arrays[f"profile_{name}"].astype(np.int64)
            for name in ("days", "occupied", "seen")
        )
        return cls(days, occupied, seen)

    def future(
        self, samples: Samples, minutes: FloatArray, *, leave_out_day: bool
    ) -> FloatArray:
        """Return the log-odds of being occupied at clock + minutes, (n, m).

        With ``leave_out_day`` the day of that moment is not counted: its cells are
        the very outcome that is asked for.
        """
        future = samples.clock[:, None] + minutes[None]
        day = samples.day[:, None] + np.floor(future / DAY_MINUTES).astype(np.int64)
        cell, day_type = _cell(future), is_weekend(day).astype(np.int64)
        weekend = is_weekend(self.days)
        occupied, seen = (
            np.stack([table[weekend == free].sum(0) for free in (False, True)])
            for table in (self.occupied, self.seen)
        )
        own_occupied = own_seen = np.zeros((), np.int64)
        if leave_out_day and len(self.days):
            place = np.minimum(np.searchsorted(self.days, day), len(self.days) - 1)
            mine = self.days[place] == day
            own_occupied = self.occupied[place, cell] * mine
            own_seen = self.seen[place, cell] * mine
        mean = (occupied.sum() + 1.0) / (seen.sum() + 2.0)
        other = (occupied[1 - day_type, cell] + _PROFILE_STRENGTH * mean) / (
            seen[1 - day_type, cell] + _PROFILE_STRENGTH
        )
        share: FloatArray = (
            occupied[day_type, cell] - own_occupied + _PROFILE_STRENGTH * other
        ) / (seen[day_type, cell] - own_seen + _PROFILE_STRENGTH)
        return np.log(share / (1 - share))


def _cell(minutes: FloatArray) -> IntArray:
    """Return the cell of the day in which each time of day lies."""
    return np.floor(minutes / _CELL).astype(np.int64) % _CELLS
