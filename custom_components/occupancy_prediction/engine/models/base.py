"""What every member of the pool is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from ..config import EngineConfig
from ..samples import Samples, TrainingSet
from ..types import FloatArray

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
