"""Learning a home: from scratch, and a little more every hour.

``train`` learns everything anew from the whole record. ``update`` adds what has
come since, exactly where a member learned counts, and leaves what needs
forecasts of unseen days (pool weights, calibration) to the next training.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .calibration import Calibration, learn_calibration
from .config import EngineConfig
from .ensemble import equal_weights, learn_weights, member_forecasts, pooled_forecast
from .models import MEMBERS
from .models.base import Arrays, FitContext
from .occupancy_curve import learn_profile, update_profile
from .samples import Outcomes, Samples, TrainingSet, training_set
from .state import ModelState, RoomModel
from .timeline import UNKNOWN, HomeTimeline, RoomTimeline, build_timeline
from .types import HORIZON, FloatArray, HomeSpec, ObservationTable, Stage

_DAY = 86400.0
# Share of the work that is done when the held-out days have been forecast; the
# folds and the final fit cost about the same each.
_HOLDOUT_WORK = 0.75

type Checkpoint = Callable[[float], None]


def _no_checkpoint(_: float) -> None:
    """Go on."""


@dataclass(frozen=True, slots=True)
class _Resolved:
    """What can be counted of one room: moments whose outcome is known."""

    training: TrainingSet
    counted_until: float
    open_since: float


def train(
    spec: HomeSpec,
    table: ObservationTable,
    config: EngineConfig,
    *,
    now: float,
    version: str,
    seed: int = 0,
    checkpoint: Checkpoint = _no_checkpoint,
) -> ModelState:
    """Learn a home from all that was observed before ``now`` (UTC s).

    ``checkpoint`` is called with the share done (0..1) and may raise
    ``TrainingCancelled``. The answer depends on nothing but the arguments.
    """
    timeline = build_timeline(spec, table, config, now)
    held_out = _forecast_held_out(spec, timeline, config, seed, checkpoint)

    def step(share: float) -> None:
        checkpoint(_HOLDOUT_WORK + (1 - _HOLDOUT_WORK) * share)

    moments = _moments(timeline.start, now, config)
    resolved = {
        room_id: _resolve(room, moments, now, spec.time_zone)
        for room_id, room in timeline.rooms.items()
    }
    fitted = _fit(resolved, FitContext(config, seed, step))
    rooms = {}
    for room_id, room in timeline.rooms.items():
        part = resolved[room_id]
        weights, calibration = _learn_from(held_out.get(room_id), config)
        rooms[room_id] = _room_model(
            RoomModel(
                members=fitted[room_id],
                weights=weights,
                calibration=calibration,
                profile=learn_profile(
                    room,
                    _counted(moments, part),
                    config.sample_step,
                    now,
                    spec.time_zone,
                ),
                spells=(0, 0),
                days=0.0,
                counted_until=part.counted_until,
                open_since=part.open_since,
                stage=Stage.COLLECTING,
            ),
            part,
            config,
        )
    checkpoint(1.0)
    return ModelState(version, now, timeline.start, now, rooms)


def update_start(state: ModelState, config: EngineConfig) -> float:
    """Return the moment from which ``update`` needs the observations."""
    return (
        min((room.open_since for room in state.rooms.values()), default=state.data_end)
        - config.look_back
    )


def update(
    state: ModelState,
    spec: HomeSpec,
    table: ObservationTable,
    config: EngineConfig,
    *,
    now: float,
    seed: int = 0,
    checkpoint: Checkpoint = _no_checkpoint,
) -> ModelState:
    """Return the model with what was observed since its data ended.

    ``table`` holds the observations from ``update_start`` on. A room that the
    model does not know waits for the next training.
    """
    timeline = build_timeline(spec, table, config, now)
    context = FitContext(config, seed, _no_checkpoint)
    rooms = dict(state.rooms)
    for done, (room_id, room) in enumerate(timeline.rooms.items()):
        checkpoint(done / len(timeline.rooms))
        if room_id in rooms and now > state.data_end:
            rooms[room_id] = _update_room(
                rooms[room_id], room, context, now, spec.time_zone
            )
    checkpoint(1.0)
    return replace(state, data_end=max(state.data_end, now), rooms=rooms)


def _update_room(
    model: RoomModel,
    room: RoomTimeline,
    context: FitContext,
    now: float,
    time_zone: str,
) -> RoomModel:
    config = context.config
    moments = _moments(model.counted_until, now, config)
    part = _resolve(room, moments, now, time_zone)
    stays = part.training.stays
    training = replace(part.training, stays=stays.take(stays.entry >= model.open_since))
    part = replace(part, training=training)
    return _room_model(
        replace(
            model,
            members={
                member.name: member.update(
                    model.members[member.name], training, context
                )
                for member in MEMBERS
                if member.name in model.members
            },
            profile=update_profile(
                model.profile,
                room,
                _counted(moments, part),
                config.sample_step,
                time_zone,
            ),
            counted_until=max(model.counted_until, part.counted_until),
            open_since=max(model.open_since, part.open_since),
        ),
        part,
        config,
    )


def _room_model(model: RoomModel, part: _Resolved, config: EngineConfig) -> RoomModel:
    """Return the model with the counts of what it has to go on brought up."""
    stays = part.training.stays
    vacant, occupied = model.spells
    days = model.days + len(part.training.samples) * config.sample_step / _DAY
    return replace(
        model,
        spells=(
            vacant + int((stays.observed & ~stays.occupied).sum()),
            occupied + int((stays.observed & stays.occupied).sum()),
        ),
        days=days,
        stage=list(Stage)[int(np.searchsorted(config.stage_days, days, "right"))],
    )


def _moments(start: float, end: float, config: EngineConfig) -> FloatArray:
    """Return the multiples of the sample step in [start, end)."""
    step = config.sample_step
    return np.arange(np.ceil(start / step), np.ceil(end / step)) * step


def _counted(moments: FloatArray, part: _Resolved) -> FloatArray:
    return moments[moments < part.counted_until]


def _resolve(
    room: RoomTimeline, moments: FloatArray, end: float, time_zone: str
) -> _Resolved:
    """Take the moments of which it is known by ``end`` what came after them.

    In the spell still open at the end that is so a horizon before it: nothing
    happened within the horizon. The open stay itself is counted once it ends.
    """
    known = room.change_times <= end
    is_open = known.any() and room.change_states[known][-1] != UNKNOWN
    open_since = float(room.change_times[known][-1]) if is_open else end
    counted_until = max(open_since, end - HORIZON * 60)
    training = training_set(room, moments[moments < counted_until], end, time_zone)
    stays = training.stays
    return _Resolved(
        replace(training, stays=stays.take(stays.entry < open_since)),
        counted_until,
        open_since,
    )


def _fit(
    resolved: Mapping[str, _Resolved], context: FitContext
) -> dict[str, dict[str, Arrays]]:
    """Fit every member; return arrays by room and member."""
    trainings = {room_id: part.training for room_id, part in resolved.items()}
    fitted: dict[str, dict[str, Arrays]] = {room_id: {} for room_id in trainings}
    for number, member in enumerate(MEMBERS):

        def step(share: float, number: int = number) -> None:
            context.checkpoint((number + share) / len(MEMBERS))

        part = replace(context, checkpoint=step)
        for room_id, arrays in member.fit(trainings, part).items():
            fitted[room_id][member.name] = arrays
    return fitted


@dataclass(frozen=True, slots=True)
class _HeldOut:
    """Forecasts of days that were not learned from, and what came."""

    forecasts: list[FloatArray]
    samples: Samples
    outcomes: Outcomes


def _forecast_held_out(
    spec: HomeSpec,
    timeline: HomeTimeline,
    config: EngineConfig,
    seed: int,
    checkpoint: Checkpoint,
) -> dict[str, list[_HeldOut]]:
    """Forecast the last days of the record, each from the days before it."""
    days = (timeline.end - timeline.start) / _DAY
    length = min(
        max(days * config.holdout_share, config.holdout_days_minimum),
        config.holdout_days_maximum,
    )
    if days < length + config.holdout_days_minimum:
        return {}
    splits = timeline.end - _DAY * np.linspace(length, 0.0, config.holdout_folds + 1)
    result: dict[str, list[_HeldOut]] = {room_id: [] for room_id in timeline.rooms}
    for fold in range(config.holdout_folds):

        def step(share: float, fold: int = fold) -> None:
            checkpoint(_HOLDOUT_WORK * (fold + share) / config.holdout_folds)

        split, last = float(splits[fold]), float(splits[fold + 1])
        past = _moments(timeline.start, split, config)
        ahead = _moments(split, last, config)
        resolved = {
            room_id: _resolve(room, past, split, spec.time_zone)
            for room_id, room in timeline.rooms.items()
        }
        fitted = _fit(resolved, FitContext(config, seed, step))
        for room_id, room in timeline.rooms.items():
            part = _resolve(room, ahead, timeline.end, spec.time_zone).training
            forecasts = member_forecasts(fitted[room_id], part.samples, config)
            result[room_id].append(_HeldOut(forecasts, part.samples, part.outcomes))
    return result


def _learn_from(
    held_out: list[_HeldOut] | None, config: EngineConfig
) -> tuple[FloatArray, Calibration]:
    """Return pool weights and calibration of one room."""
    if not held_out:
        return equal_weights(len(MEMBERS)), Calibration.identity()
    forecasts = [
        np.concatenate([part.forecasts[i] for part in held_out])
        for i in range(len(MEMBERS))
    ]
    samples = Samples.joined([part.samples for part in held_out])
    outcomes = Outcomes.joined([part.outcomes for part in held_out])
    weights = learn_weights(forecasts, samples, outcomes, config)
    pooled = pooled_forecast(forecasts, weights, samples, config)
    return weights, learn_calibration(pooled, samples, outcomes, config)
