"""The record of one room, cut into what may be learned by a given moment."""

from dataclasses import dataclass

import numpy as np

from .config import EngineConfig
from .features import FeatureStore, HomeScene
from .samples import Samples, TrainingSet, outcomes_of, samples_at, stays_of
from .timeline import UNKNOWN, RoomTimeline
from .types import HORIZON, BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Resolved:
    """Moments of which it is known by then what came after them.

    Attributes:
        counted: all of them.
        learned: a bounded number of them, with features.
        issued: those at which forecasts are compared with what came.
        counted_until: moment before which samples are in it (UTC s).
        open_since: when the spell began that was open at the end, or the end.
    """

    counted: TrainingSet
    learned: TrainingSet
    issued: TrainingSet
    counted_until: float
    open_since: float


class RoomRecord:
    """One room from ``start`` to the end of the timeline; features only once."""

    def __init__(
        self,
        home: HomeScene,
        room_id: str,
        start: float,
        config: EngineConfig,
        *,
        stride: int | None = None,
        store: FeatureStore | None = None,
    ) -> None:
        """Describe the room at every step, with features at every ``stride``-th.

        Where no stride is given it is as small as the bound on learned samples allows.
        What a ``store`` has of these features need not be worked out again.
        """
        self._room: RoomTimeline = home.timeline.rooms[room_id]
        self._time_zone = home.time_zone
        step = config.sample_step
        self.moments: FloatArray = (
            np.arange(np.ceil(start / step), np.ceil(home.timeline.end / step)) * step
        )
        self._samples = samples_at(self._room, self.moments, home.time_zone)
        if stride is None:
            stride = max(1, -(-len(self._samples) // config.learned_samples))
        self.stride = stride
        index = np.round(self._samples.origin / step).astype(np.int64)
        self._is_learned: BoolArray = index % stride == 0
        every = max(1, round(config.evidence_step / step))
        self._is_issued: BoolArray = index % every == 0
        described = np.flatnonzero(self._is_learned | self._is_issued)
        self._place = np.cumsum(self._is_learned | self._is_issued) - 1
        store = FeatureStore() if store is None else store
        self._described = store.matrix(home, room_id, self._samples.take(described))

    def resolve(self, end: float, *, start: float | None = None) -> Resolved:
        """Return what is known by ``end`` of the moments since ``start``.

        In the spell still open at the end that is so a horizon before it: nothing
        happened within the horizon. The open stay itself is counted once it ends.
        """
        changes = self._room.change_times <= end
        is_open = changes.any() and self._room.change_states[changes][-1] != UNKNOWN
        open_since = float(self._room.change_times[changes][-1]) if is_open else end
        counted_until = max(open_since, end - HORIZON * 60)
        origin = self._samples.origin
        inside = origin < counted_until
        if start is not None:
            inside &= origin >= start
        stays = stays_of(self._room, end, self._time_zone)
        stays = stays.take(stays.entry < open_since)

        def training(samples: Samples) -> TrainingSet:
            outcomes = outcomes_of(self._room, samples, end)
            return TrainingSet(samples, outcomes, stays, self._room.purpose)

        def described(chosen: BoolArray) -> Samples:
            return self._described.take(self._place[inside & chosen])

        return Resolved(
            training(self._samples.take(inside)),
            training(described(self._is_learned)),
            training(described(self._is_issued)),
            counted_until,
            open_since,
        )
