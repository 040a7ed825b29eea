"""Does a new model lose to the one in use on the days both could not know?

The new model has learned from all days there are, so on the last of them it proves
nothing. A twin of it, learned in the same way from what was known some days ago,
forecasts these days; the model in use has forecast them already, hour by hour, before
it learned them. The same moments are compared. The new model itself has seen these
days: there it must not lose either, or something went wrong in learning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .config import EngineConfig
from .ensemble import pooled_forecast
from .evidence import Evidence
from .fitting import Checkpoint
from .metrics import crps, summary
from .state import ModelState, RoomModel
from .training import Announce, train, update
from .types import HORIZON, BoolArray, FloatArray, HomeSpec, ObservationTable

_DAY = 86400.0
# Errors within such a stretch (s) have one cause: a day that is unlike others.
_STRETCH = 6 * 3600.0
# In so many steps the twin learns, after the fact, what it has forecast.
_STEPS = 8

type _Scores = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class Trial:
    """How two models did at the same moments; scores are mean CRPS in minutes.

    Attributes:
        count: moments compared.
        in_use: score of the model in use, as it forecast them.
        unseen: score of the twin, which did not know these days.
        seen: score of the new model, which did.
        margin: by how much a score must be worse to count as a loss.
    """

    count: int
    in_use: float
    unseen: float
    seen: float
    margin: float

    @property
    def is_lost(self) -> bool:
        """Tell whether the new model lost; what is no number has."""
        limit = self.in_use + self.margin
        return not (self.unseen <= limit and self.seen <= limit)


def try_out(
    model: ModelState,
    in_use: ModelState,
    spec: HomeSpec,
    table: ObservationTable,
    config: EngineConfig,
    *,
    now: float,
    checkpoint: Checkpoint,
    announce: Announce,
) -> Trial | None:
    """Compare a new model with the one in use, None if there is too little to see."""
    split = now - config.trial_days * _DAY
    if split - in_use.data_start < config.trial_record * _DAY:
        return None
    old = recent_scores(update(in_use, spec, table, config, now=now), split, config)
    if sum(len(origins) for origins, _ in old.values()) < config.trial_minimum:
        return None
    twin = train(
        spec,
        table.before(split),
        config,
        now=split,
        version=model.version,
        previous=as_of(in_use, split),
        checkpoint=checkpoint,
        announce=announce,
        memory=model.memory,
    )
    for moment in np.linspace(split, now, _STEPS + 1)[1:]:
        # The one in use did not have to wait for the end either.
        twin = update(twin, spec, table.before(moment), config, now=float(moment))
    unseen = recent_scores(twin, split, config)
    again = update(as_of(model, split), spec, table, config, now=now)
    seen = recent_scores(again, split, config)
    return compared(old, unseen, seen, config)


def figures(state: ModelState, config: EngineConfig) -> dict[str, float]:
    """Return how the forecasts fared of which a model keeps record; see ``summary``."""
    parts = [_pooled(room, room.evidence, config) for room in state.rooms.values()]
    if not parts:
        return {"count": 0.0}
    return summary(
        np.concatenate([cdf for cdf, _, _ in parts]),
        np.concatenate([remaining for _, remaining, _ in parts]),
        np.concatenate([observed for _, _, observed in parts]),
    )


def as_of(state: ModelState, moment: float) -> ModelState:
    """Return a model that has yet to forecast what came after a moment.

    Of the time before, it knows only what had come true by then.
    """
    rooms = {}
    for room_id, room in state.rooms.items():
        evidence = room.evidence
        known = evidence.samples.origin + evidence.outcomes.remaining * 60 <= moment
        rooms[room_id] = replace(
            room,
            evidence=evidence.take(known),
            counted_until=min(room.counted_until, moment),
            open_since=min(room.open_since, moment),
        )
    return replace(state, data_end=min(state.data_end, moment), rooms=rooms)


def _whole(evidence: Evidence) -> Evidence:
    """Return the forecasts of which it is known what came within the horizon."""
    outcomes = evidence.outcomes
    return evidence.take(outcomes.observed | (outcomes.remaining >= HORIZON))


def _pooled(
    room: RoomModel, evidence: Evidence, config: EngineConfig
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the pool's forecasts that can be scored in full, with what came."""
    evidence = _whole(evidence)
    cdf = pooled_forecast(evidence.forecasts(), room.weights, evidence.samples, config)
    return cdf, evidence.outcomes.remaining, evidence.outcomes.observed


def recent_scores(
    state: ModelState, start: float, config: EngineConfig
) -> dict[str, _Scores]:
    """Return moment and score of each forecast since a moment, by room."""
    found = {}
    for room_id, room in state.rooms.items():
        recent = _whole(room.evidence.since(start))
        score = crps(*_pooled(room, recent, config))
        found[room_id] = (recent.samples.origin, score)
    return found


def compared(
    old: Mapping[str, _Scores],
    unseen: Mapping[str, _Scores],
    seen: Mapping[str, _Scores],
    config: EngineConfig,
) -> Trial | None:
    """Compare where all three have forecast."""
    rows: list[FloatArray] = []
    stretches: list[float] = []
    for room_id in old.keys() & unseen.keys() & seen.keys():
        three = [found[room_id] for found in (old, unseen, seen)]
        common = np.intersect1d(np.intersect1d(three[0][0], three[1][0]), three[2][0])
        scores = np.stack(
            [score[np.isin(origin, common)] for origin, score in three], axis=1
        )
        rows.append(scores)
        stretches += stretches_of(common, scores[:, 1] - scores[:, 0])
    scores = np.concatenate(rows) if rows else np.zeros((0, 3))
    if len(scores) < config.trial_minimum:
        return None
    in_use, by_twin, by_new = scores.mean(0).tolist()
    error = float(np.std(stretches) / np.sqrt(len(stretches)))
    margin = max(
        config.trial_tolerance * in_use, config.trial_errors * error, config.trial_slack
    )
    return Trial(len(scores), in_use, by_twin, by_new, margin)


def stretches_of(moments: FloatArray, values: FloatArray) -> list[float]:
    """Return the means of values over stretches of time that have one cause."""
    part = (moments // _STRETCH).astype(np.int64)
    return [float(values[part == each].mean()) for each in np.unique(part)]
