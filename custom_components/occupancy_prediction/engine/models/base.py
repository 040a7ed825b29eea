"""What every member of the pool is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from ..config import EngineConfig
from ..samples import Samples, TrainingSet
from ..types import BoolArray, FloatArray, IntArray

# What a member has learned: named arrays and nothing else, so that a saved
# model is data that can be read without running anything.
type Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class FitContext:
    """What a fit may know besides the data.

    ``checkpoint`` is called now and then with the share done (0..1) and raises
    ``TrainingCancelled`` when the fit is to stop; ``seed`` is the only source of
    randomness.
    """

    config: EngineConfig
    seed: int
    checkpoint: Callable[[float], None]


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
        context.checkpoint(done / len(rooms))
        result[room_id] = fit_room(training)
    return result


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


@dataclass(frozen=True, slots=True)
class Profile:
    """How usual it is that a room is occupied, by day type and clock.

    Shapes: ``days`` (d,) ordinals, ``weekend`` (d,), ``occupied`` and ``seen``
    (d, 96) moments counted of each day. Days are kept apart: what a model sees of
    a day in training must not be made of that day.
    """

    days: IntArray
    weekend: BoolArray
    occupied: FloatArray
    seen: FloatArray

    @classmethod
    def of(cls, samples: Samples) -> Profile:
        """Count the samples of a room."""
        days, first, place = np.unique(
            samples.day, return_index=True, return_inverse=True
        )
        cell = np.floor(samples.clock / _CELL).astype(np.int64) % _CELLS
        address = place * _CELLS + cell
        shape = (len(days), _CELLS)
        size = len(days) * _CELLS
        return cls(
            days,
            samples.weekend[first],
            np.bincount(address[samples.occupied], minlength=size).reshape(shape) * 1.0,
            np.bincount(address, minlength=size).reshape(shape) * 1.0,
        )

    def add(self, samples: Samples) -> Profile:
        """Return the profile with more samples counted."""
        new = Profile.of(samples)
        days = np.union1d(self.days, new.days)[-_PROFILE_DAYS:]
        result = Profile(
            days,
            (days - 1) % 7 >= 5,
            np.zeros((len(days), _CELLS)),
            np.zeros((len(days), _CELLS)),
        )
        for part in (self, new):
            kept = np.isin(part.days, days)
            rows = np.searchsorted(days, part.days[kept])
            result.occupied[rows] += part.occupied[kept]
            result.seen[rows] += part.seen[kept]
        return result

    def to_arrays(self, suffix: str) -> dict[str, np.ndarray]:
        """Return the profile as arrays to save."""
        return {
            f"profile_days{suffix}": self.days.astype(np.int32),
            f"profile_occupied{suffix}": self.occupied.astype(np.uint8),
            f"profile_seen{suffix}": self.seen.astype(np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays, suffix: str) -> Profile:
        """Read it back."""
        days = arrays[f"profile_days{suffix}"].astype(np.int64)
        return cls(
            days,
            (days - 1) % 7 >= 5,
            arrays[f"profile_occupied{suffix}"].astype(np.float64),
            arrays[f"profile_seen{suffix}"].astype(np.float64),
        )

    def future(
        self, samples: Samples, minutes: FloatArray, *, leave_out_day: bool
    ) -> FloatArray:
        """Return the log-odds of being occupied at clock + minutes, (n, m)."""
        future = samples.clock[:, None] + minutes[None]
        ahead = np.floor(future / 1440.0).astype(np.int64)
        weekend = (samples.day[:, None] + ahead - 1) % 7 >= 5
        cell = np.floor(future / _CELL).astype(np.int64) % _CELLS
        day_type = weekend.astype(np.int64)
        occupied, seen = (
            np.stack([table[self.weekend == bool(t)].sum(0) for t in (0, 1)])
            for table in (self.occupied, self.seen)
        )
        own_occupied = own_seen = np.zeros(())
        if leave_out_day and len(self.days):
            place = np.minimum(
                np.searchsorted(self.days, samples.day), len(self.days) - 1
            )
            # Bins of tomorrow may also lie in days that came after, which is no
            # harm: only the own day knows its own outcome.
            mine = (self.days[place] == samples.day)[:, None] & (ahead == 0)
            own_occupied = np.where(mine, self.occupied[place[:, None], cell], 0.0)
            own_seen = np.where(mine, self.seen[place[:, None], cell], 0.0)
        mean = (occupied.sum() + 1.0) / (seen.sum() + 2.0)
        other = (occupied[1 - day_type, cell] + _PROFILE_STRENGTH * mean) / (
            seen[1 - day_type, cell] + _PROFILE_STRENGTH
        )
        share = (
            occupied[day_type, cell] - own_occupied + _PROFILE_STRENGTH * other
        ) / (seen[day_type, cell] - own_seen + _PROFILE_STRENGTH)
        return np.log(share / (1 - share))
