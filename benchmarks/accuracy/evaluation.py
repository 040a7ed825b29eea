"""From a recording and what happened to the scores of every forecaster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.events import EventsFile
from benchmarks.replay import Plan
from custom_components.occupancy_prediction.engine import EngineConfig
from custom_components.occupancy_prediction.engine.local_time import local_time
from custom_components.occupancy_prediction.engine.types import (
    BoolArray,
    FloatArray,
    IntArray,
)

from .baselines import BASELINES, Baseline, Moments, training_moments
from .grid import DAY, EDGES, Distributions, engine_distributions, from_engine
from .preheat import similar_days
from .recording import Recording, RoomRecording
from .scores import Scores, score
from .truth import RoomTruth, truth_of

# Members that need a library which not every platform has: without them it is the
# base tier.
FULL_TIER_ONLY = frozenset({"boosting"})
POOL, BASE_TIER, SIMILAR_DAYS = "pool", "base tier", "similar days"
WITHOUT = "without "
# Forecasts that a room must have in a state to be scored in it.
_FEWEST = 40


@dataclass(frozen=True, slots=True)
class Rows:
    """What was asked. Shapes: (n,).

    Attributes:
        room: place in ``rooms``.
        occupied: the true state.
        agrees: the engine held the room to be in that state.
        day: ordinal of the local date.
        time: minutes to the change, infinite if more than a day.
        confidence, reliable: as shown with the forecast of the pool.
    """

    rooms: tuple[str, ...]
    room: IntArray
    occupied: BoolArray
    agrees: BoolArray
    day: IntArray
    time: FloatArray
    confidence: FloatArray
    reliable: BoolArray

    @property
    def cell(self) -> IntArray:
        """Return a number for each room in each state."""
        return self.room * 2 + self.occupied


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores by forecaster: the pool, its parts and the baselines.

    ``spoke`` is the share of issue times at which a member had something to say.
    """

    home: str
    plan: Plan
    rows: Rows
    median: FloatArray
    scores: dict[str, Scores]
    members: tuple[str, ...]
    spoke: dict[str, float]


@dataclass(frozen=True, slots=True)
class Part:
    """One room: the rows of its recording that can be scored, by ``chosen``."""

    recording: RoomRecording
    truth: RoomTruth
    time_zone: str
    chosen: BoolArray
    number: IntArray
    occupied: BoolArray
    agrees: BoolArray
    day: IntArray
    time: FloatArray
    confidence: FloatArray
    reliable: BoolArray

    @classmethod
    def of(
        cls, number: int, room: RoomRecording, truth: RoomTruth, time_zone: str
    ) -> Part:
        """Compare a recording with what happened."""
        origin = room.samples.origin
        time, occupied = truth.remaining(origin), truth.occupied(origin)
        # On the last day "no change was seen" does not say that none came in time.
        chosen = np.isfinite(time) | (origin <= truth.end - DAY * 60)
        for state in (False, True):
            if (chosen & (occupied == state)).sum() < _FEWEST:
                chosen &= occupied != state
        time = np.where(time > DAY, np.inf, time)
        return cls(
            room,
            truth,
            time_zone,
            chosen,
            np.full(int(chosen.sum()), number),
            occupied[chosen],
            (occupied == room.samples.occupied)[chosen],
            local_time(origin[chosen], time_zone).day,
            time[chosen],
            room.confidence[chosen],
            room.reliable[chosen],
        )

    @property
    def moments(self) -> FloatArray:
        """Return the issue times that are scored (UTC s)."""
        return self.recording.samples.origin[self.chosen]


type Forecaster = Callable[[Part], Distributions]


def evaluate(
    name: str,
    home: EventsFile,
    plan: Plan,
    recording: Recording,
    config: EngineConfig,
) -> Evaluation | None:
    """Score everybody; None where nothing could be scored."""
    start = home.start + plan.start_day * DAY * 60
    truths = truth_of(home, start)
    parts = [
        Part.of(number, room, truths[room_id], home.spec.time_zone)
        for number, (room_id, room) in enumerate(recording.rooms.items())
    ]
    kept = [part for part in parts if part.chosen.any()]
    if not kept:
        return None
    rows = Rows(
        tuple(recording.rooms),
        *(
            np.concatenate([getattr(part, column) for part in kept])
            for column in (
                "number",
                "occupied",
                "agrees",
                "day",
                "time",
                "confidence",
                "reliable",
            )
        ),
    )
    learned_until = start + plan.train_days * DAY * 60
    scores: dict[str, Scores] = {}
    median: FloatArray = np.zeros(0)
    for forecaster, ask in forecasters(
        recording.members, learned_until, config
    ).items():
        said = Distributions.joined([ask(part) for part in kept])
        scores[forecaster] = score(said, rows.time)
        if forecaster == POOL:
            median = said.median
    spoke = {
        member: float(np.mean([room.spoke(place) for room in recording.rooms.values()]))
        for place, member in enumerate(recording.members)
    }
    return Evaluation(name, plan, rows, median, scores, recording.members, spoke)


def forecasters(
    members: tuple[str, ...], learned_until: float, config: EngineConfig
) -> dict[str, Forecaster]:
    """Return all that are scored, by name: what each says of a room.

    The baselines learn from what was known at ``learned_until`` (UTC s).
    """
    found: dict[str, Forecaster] = {POOL: _shown}
    if FULL_TIER_ONLY.intersection(members):
        base = [i for i, name in enumerate(members) if name not in FULL_TIER_ONLY]
        found[BASE_TIER] = partial(_pooled, base, config)
    for place, name in enumerate(members):
        found[name] = partial(_alone, place, config)
    for place, name in enumerate(members):
        others = [i for i in range(len(members)) if i != place]
        found[WITHOUT + name] = partial(_pooled, others, config)
    for name, baseline in BASELINES.items():
        found[name] = partial(_baseline, baseline, learned_until)
    found[SIMILAR_DAYS] = _similar_days
    return found


def _shown(part: Part) -> Distributions:
    room, chosen = part.recording, part.chosen
    return Distributions(
        EDGES,
        from_engine(room.shown[chosen]),
        room.median[chosen],
        room.lower[chosen],
        room.upper[chosen],
    )


def _alone(member: int, config: EngineConfig, part: Part) -> Distributions:
    return engine_distributions(part.recording.alone(member, config)[part.chosen])


def _pooled(members: Sequence[int], config: EngineConfig, part: Part) -> Distributions:
    return engine_distributions(part.recording.pooled(members, config)[part.chosen])


def _baseline(baseline: Baseline, learned_until: float, part: Part) -> Distributions:
    past = training_moments(part.truth, learned_until, part.time_zone)
    asked = Moments.of(part.truth, part.moments, learned_until, part.time_zone)
    return baseline(past, asked)


def _similar_days(part: Part) -> Distributions:
    return similar_days(part.truth, part.moments, part.time_zone)
