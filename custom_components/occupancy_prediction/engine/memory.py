"""How much of the past a model learns from, room by room.

After a change of life old days mislead; but which of them do is found by trying, and
they are never thrown away. Members learn from rows, so old days are made to count less
by leaving some of them out. A memory is a value: what is tried, what is in use, and
what is written down are the same thing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from .errors import ModelStateError
from .evidence import Evidence
from .local_time import local_time
from .samples import TrainingSet
from .types import BoolArray, FloatArray, IntArray

# Multiples of it are spread evenly over 0..1, whatever part of the days is looked at.
_GOLDEN = (5**0.5 - 1) / 2
# Pool weights and calibration are learned from what came since the change, once there
# are so many moments of it: a day and a half.
_ENOUGH = 144


@dataclass(frozen=True, slots=True)
class RoomMemory:
    """Days before a moment (UTC s) count less: only a share of them is learned from."""

    since: float
    share: float

    def days_kept(self, days: IntArray, newer: BoolArray) -> BoolArray:
        """Tell which of days (ordinals) are learned from."""
        kept: BoolArray = newer | ((days * _GOLDEN) % 1.0 < self.share)
        return kept

    def moments_kept(self, moments: FloatArray, time_zone: str) -> BoolArray:
        """Tell which of moments (UTC s) are learned from, whole local days alike."""
        local = local_time(moments, time_zone).day
        return self.days_kept(local, moments >= self.since)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is learned from of each room; all there is where nothing is said."""

    rooms: Mapping[str, RoomMemory] = field(default_factory=dict)

    def learned(self, room_id: str, part: TrainingSet, time_zone: str) -> TrainingSet:
        """Return what there is to learn from of a room."""
        room = self.rooms.get(room_id)
        if room is None:
            return part
        samples, stays = part.samples, part.stays
        rows = room.days_kept(samples.day, samples.origin >= room.since)
        return replace(
            part,
            samples=samples.take(rows),
            outcomes=part.outcomes.take(rows),
            stays=stays.take(room.moments_kept(stays.entry, time_zone)),
        )

    def moments(self, room_id: str, moments: FloatArray, time_zone: str) -> FloatArray:
        """Return which of moments are learned from."""
        room = self.rooms.get(room_id)
        return (
            moments if room is None else moments[room.moments_kept(moments, time_zone)]
        )

    def evidence(self, room_id: str, evidence: Evidence) -> Evidence:
        """Return the forecasts from which weights and calibration are learned."""
        room = self.rooms.get(room_id)
        if room is None:
            return evidence
        newer = evidence.since(room.since)
        return newer if len(newer) >= _ENOUGH else evidence

    def document(self) -> dict[str, list[float]]:
        """Return it as values that JSON knows."""
        return {key: [room.since, room.share] for key, room in self.rooms.items()}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read it back.

        Raises:
            ModelStateError: it is none.
        """
        rooms = {
            str(room_id): RoomMemory(float(since), float(share))
            for room_id, (since, share) in document.items()
        }
        if not np.isfinite([(r.since, r.share) for r in rooms.values()]).all():
            raise ModelStateError("a memory of no time")
        return cls(rooms)
