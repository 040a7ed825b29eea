"""Learning a home: from scratch, and a little more every hour.

``train`` learns everything anew from the whole record. ``update`` first writes
down what the members, as they are, say of the moments that have come since, and
then adds these moments, exactly where a member learned counts. Pool weights and
calibration are learned in training, from what was written down.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from .calibration import Calibration, HeldOut, learn_calibrations
from .config import EngineConfig
from .ensemble import default_weights, learn_weights, member_forecasts, pooled_forecast
from .evidence import Evidence
from .features import FeatureStore, HomeScene
from .fitting import Checkpoint, fit_members, part_of, with_reference
from .memory import Memory
from .models import MEMBERS
from .models.base import FitContext, Member, unheard
from .newcomer import newcomer
from .occupancy_curve import learn_profile, update_profile
from .record import Resolved, RoomRecord
from .silence import recorded
from .state import MemberArrays, ModelState, RoomModel
from .timeline import HomeTimeline, build_timeline
from .types import FloatArray, HomeSpec, ObservationTable, Stage

_DAY = 86400.0

_ALL = Memory()

# Is told the member that learns, and the room where it takes one after the other.
type Announce = Callable[..., None]


def _no_checkpoint(_: float) -> None:
    """Go on."""


def train(
    spec: HomeSpec,
    table: ObservationTable,
    config: EngineConfig,
    *,
    now: float,
    version: str,
    previous: ModelState | None = None,
    seed: int = 0,
    checkpoint: Checkpoint = _no_checkpoint,
    announce: Announce = unheard,
    memory: Memory = _ALL,
    members: Sequence[Member] = MEMBERS,
) -> ModelState:
    """Learn a home from all that was observed before ``now`` (UTC s).

    The evidence of a ``previous`` model is carried on where it is recent;
    elsewhere the last days are forecast from the days before them. Of the old days
    only what ``memory`` says is learned from. With some of the ``members`` alone it
    is quicker, for a comparison; the reference is one of them in any case.
    ``checkpoint`` is called with the share done (0..1) and may raise
    ``TrainingCancelled``. The answer depends on nothing but the arguments.
    """
    table = recorded(spec, table, config, now)
    timeline = build_timeline(spec, table, config, now)
    home = HomeScene(timeline, spec.time_zone)
    records = {
        room_id: RoomRecord(home, room_id, timeline.start, config)
        for room_id in timeline.rooms
    }
    evidence = _carried_on(previous, spec, table, config, now)
    missing = [room_id for room_id in records if room_id not in evidence]
    share = 0.75 if missing else 0.0
    if missing:
        evidence |= _look_ahead(
            {room_id: records[room_id] for room_id in missing},
            timeline,
            FitContext(config, seed, part_of(checkpoint, 0.0, share), announce),
            partial(
                fit_members,
                memory=memory,
                time_zone=spec.time_zone,
                members=members,
            ),
        )
    resolved = {room_id: record.resolve(now) for room_id, record in records.items()}
    context = FitContext(config, seed, part_of(checkpoint, share, 1.0), announce)
    fitted = fit_members(
        resolved, context, memory=memory, time_zone=spec.time_zone, members=members
    )
    weights, calibrations = learn_pool(
        {room_id: memory.evidence(room_id, each) for room_id, each in evidence.items()},
        config,
    )
    rooms = {}
    for room_id, part in resolved.items():
        moments = records[room_id].moments
        moments = moments[moments < part.counted_until]
        rooms[room_id] = _counted(
            RoomModel(
                members=fitted[room_id],
                weights=weights.get(room_id, default_weights()),
                calibration=calibrations.get(room_id, Calibration.identity()),
                evidence=evidence[room_id],
                profile=learn_profile(
                    timeline.rooms[room_id],
                    memory.moments(room_id, moments, spec.time_zone),
                    config.sample_step,
                    now,
                    spec.time_zone,
                    before=newcomer(timeline.rooms[room_id].purpose).profile,
                ),
                spells=(0, 0),
                days=0.0,
                stride=records[room_id].stride,
                counted_until=part.counted_until,
                open_since=part.open_since,
                stage=Stage.COLLECTING,
            ),
            part,
            config,
        )
    checkpoint(1.0)
    return ModelState(version, now, timeline.start, now, rooms, memory=memory)


def update_start(state: ModelState, config: EngineConfig) -> float:
    """Return the moment from which ``update`` needs the observations."""
    return (
        min((room.open_since for room in state.rooms.values()), default=state.data_end)
        - config.habit_look_back
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
    store: FeatureStore | None = None,
) -> ModelState:
    """Return the model with what was observed since its data ended.

    ``table`` holds the observations from ``update_start`` on. A room that the
    model does not know waits for the next training. A ``store`` keeps the features of
    the last day from one update to the next.
    """
    known = [room.room_id for room in spec.rooms if room.room_id in state.rooms]
    rooms = dict(state.rooms)
    if now > state.data_end:
        # A person may be away, or a calendar without an event, for longer than that.
        held = [source.sensor_id for source in spec.context]
        recent = table.since(update_start(state, config), held)
        timeline = build_timeline(spec, recent, config, now)
        home = HomeScene(timeline, spec.time_zone)
        context = FitContext(config, seed, _no_checkpoint)
        for done, room_id in enumerate(known):
            checkpoint(done / len(known))
            rooms[room_id] = _update_room(rooms[room_id], home, room_id, context, store)
    checkpoint(1.0)
    return replace(state, data_end=max(state.data_end, now), rooms=rooms)


def _update_room(
    model: RoomModel,
    home: HomeScene,
    room_id: str,
    context: FitContext,
    store: FeatureStore | None,
) -> RoomModel:
    config, now = context.config, home.timeline.end
    # New days are learned from as densely as those before them.
    record = RoomRecord(
        home, room_id, model.counted_until, config, stride=model.stride, store=store
    )
    part = record.resolve(now)
    stays = part.counted.stays
    stays = stays.take(stays.entry >= model.open_since)
    part = replace(part, counted=replace(part.counted, stays=stays))
    trainings = with_reference(model.members, part)
    issued = part.issued
    evidence = Evidence.joined(
        [
            model.evidence,
            Evidence.of(
                member_forecasts(model.members, issued.samples, config),
                issued.samples,
                issued.outcomes,
            ),
        ]
    )
    moments = record.moments
    return _counted(
        replace(
            model,
            members={
                member.name: member.update(
                    model.members[member.name], trainings[member.counts], context
                )
                for member in MEMBERS
                if member.name in model.members
            },
            evidence=evidence.since(now - config.evidence_days * _DAY),
            profile=update_profile(
                model.profile,
                home.timeline.rooms[room_id],
                moments[moments < part.counted_until],
                config.sample_step,
                home.time_zone,
            ),
            counted_until=max(model.counted_until, part.counted_until),
            open_since=max(model.open_since, part.open_since),
        ),
        part,
        config,
    )


def _counted(model: RoomModel, part: Resolved, config: EngineConfig) -> RoomModel:
    """Return the model with the counts of what it has to go on brought up."""
    stays = part.counted.stays
    vacant, occupied = model.spells
    days = model.days + len(part.counted.samples) * config.sample_step / _DAY
    return replace(
        model,
        spells=(
            vacant + int((stays.observed & ~stays.occupied).sum()),
            occupied + int((stays.observed & stays.occupied).sum()),
        ),
        days=days,
        stage=list(Stage)[int(np.searchsorted(config.stage_days, days, "right"))],
    )


def _carried_on(
    previous: ModelState | None,
    spec: HomeSpec,
    table: ObservationTable,
    config: EngineConfig,
    now: float,
) -> dict[str, Evidence]:
    """Return the evidence of a previous model, brought up to now, by room."""
    if (
        previous is None
        or not 0 <= now - previous.data_end <= config.evidence_gap * _DAY
    ):
        return {}
    state = update(previous, spec, table, config, now=now)
    return {
        room.room_id: state.rooms[room.room_id].evidence
        for room in spec.rooms
        if room.room_id in state.rooms and len(state.rooms[room.room_id].evidence)
    }


def _look_ahead(
    records: Mapping[str, RoomRecord],
    timeline: HomeTimeline,
    context: FitContext,
    fit: Callable[[Mapping[str, Resolved], FitContext], Mapping[str, MemberArrays]],
) -> dict[str, Evidence]:
    """Forecast the last days of the record, each from the days before it."""
    config = context.config
    days = (timeline.end - timeline.start) / _DAY
    length = min(
        max(days * config.holdout_share, config.holdout_days_minimum),
        config.holdout_days_maximum,
    )
    parts = {room_id: [Evidence.empty()] for room_id in records}
    folds = config.holdout_folds
    if days < length + config.holdout_days_minimum:
        folds = 0
    splits = timeline.end - _DAY * np.linspace(length, 0.0, folds + 1)
    for fold in range(folds):
        split, last = float(splits[fold]), float(splits[fold + 1])
        checkpoint = part_of(context.checkpoint, fold / folds, (fold + 1) / folds)
        resolved = {
            room_id: record.resolve(split) for room_id, record in records.items()
        }
        fitted = fit(resolved, replace(context, checkpoint=checkpoint))
        for room_id, record in records.items():
            issued = record.resolve(timeline.end, start=split).issued
            ahead = issued.samples.origin < last
            samples, outcomes = issued.samples.take(ahead), issued.outcomes.take(ahead)
            forecasts = member_forecasts(fitted[room_id], samples, config)
            parts[room_id].append(Evidence.of(forecasts, samples, outcomes))
    return {room_id: Evidence.joined(part) for room_id, part in parts.items()}


def learn_pool(
    evidence: Mapping[str, Evidence], config: EngineConfig
) -> tuple[dict[str, FloatArray], dict[str, Calibration]]:
    """Return pool weights and calibration by room; none where nothing is known."""
    weights: dict[str, FloatArray] = {}
    held_out: dict[str, HeldOut] = {}
    for room_id, part in evidence.items():
        if not len(part):
            continue
        forecasts, samples, outcomes = part.forecasts(), part.samples, part.outcomes
        weights[room_id] = learn_weights(
            forecasts, samples, outcomes, config, default_weights()
        )
        pooled = pooled_forecast(forecasts, weights[room_id], samples, config)
        held_out[room_id] = HeldOut(pooled, samples, outcomes)
    return weights, learn_calibrations(held_out, config)
