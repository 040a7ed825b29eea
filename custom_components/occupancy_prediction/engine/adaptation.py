"""How much of the past should be learned from, now that life has changed?

Whether old days mislead is found by trying: twins with longer and shorter memories
learn what was known some days ago and forecast the days since. Each room takes the
memory that came closest, and goes back to the whole past once that is as good. So a
false alarm costs some idle time, and after a holiday everything is there again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

import numpy as np

from .config import EngineConfig
from .drift import (
    Alarm,
    RoomTrack,
    Signal,
    Track,
    away_spans,
    daily_skill,
    detect,
    first_of_spells,
)
from .fitting import Checkpoint, part_of
from .habits import home_days
from .memory import Memory, RoomMemory
from .models import MEMBERS
from .patterns import Pattern, PatternKind, find_patterns
from .scoring import Scores
from .state import ModelState
from .timeline import Spans, build_timeline
from .training import Announce, train, update
from .trial import as_of, recent_scores, stretches_of
from .types import FloatArray, HomeSpec, ObservationTable

_DAY = 86400.0
# Members that learn in no time; what is better for them is better for the others.
QUICK = tuple(
    member
    for member in MEMBERS
    if member.name in {"climatology", "duration", "kernel", "hazard", "analogue"}
)
# In so many steps a twin learns, after the fact, what it has forecast.
_STEPS = 4

type _RoomScores = Mapping[str, tuple[FloatArray, FloatArray]]


class Decision(StrEnum):
    """What was done about a change of life, the most forgetful last.

    Nothing, everything was learned anew from the whole past, old days count less, or
    only what came since the change is learned from.
    """

    NONE = "none"
    RETRAINED = "retrained"
    REWEIGHTED = "reweighted"
    SHORTENED = "shortened"


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What was noticed of a change of life, and what it led to.

    Attributes:
        memory: what is learned from now on.
        alarms: changes noticed lately.
        scores: of rooms, mean CRPS (min) by the share of old days, "all" and "current"
            included, where memories were compared.
        patterns: weekly habits that have come or gone.
    """

    memory: Memory = field(default_factory=Memory)
    alarms: tuple[Alarm, ...] = ()
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()

    @property
    def decision(self) -> Decision:
        """Return what was done, in the room where most is forgotten."""
        shares = [room.share for room in self.memory.rooms.values()]
        if shares:
            return Decision.SHORTENED if min(shares) == 0 else Decision.REWEIGHTED
        return Decision.RETRAINED if self.alarms else Decision.NONE

    @property
    def since(self) -> float | None:
        """Return when the last change began (UTC s), None if there was none."""
        moments = [alarm.since for alarm in self.alarms]
        moments += [room.since for room in self.memory.rooms.values()]
        return max(moments, default=None)

    @property
    def room_ids(self) -> tuple[str, ...]:
        """Return the rooms that are lived in otherwise."""
        changed = {alarm.room_id for alarm in self.alarms if alarm.room_id}
        return tuple(sorted(changed | self.memory.rooms.keys()))

    def document(self) -> dict[str, Any]:
        """Return it as values that JSON knows."""
        return {
            "decision": self.decision.value,
            "memory": self.memory.document(),
            "alarms": [asdict(alarm) for alarm in self.alarms],
            "scores": {room_id: dict(each) for room_id, each in self.scores.items()},
            "patterns": [asdict(pattern) for pattern in self.patterns],
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read it back; what is none raises some error."""
        return cls(
            Memory.read(document["memory"]),
            tuple(
                Alarm(**{**each, "signal": Signal(each["signal"])})
                for each in document["alarms"]
            ),
            document["scores"],
            tuple(
                Pattern(
                    **{
                        **each,
                        "kind": PatternKind(each["kind"]),
                        "weekdays": tuple(each["weekdays"]),
                    }
                )
                for each in document["patterns"]
            ),
        )


def track_of(scores: Mapping[str, Scores], time_zone: str) -> Track:
    """Return of scores by room what the detectors look at."""
    rooms: dict[str, RoomTrack] = {}
    for room_id, each in scores.items():
        first = first_of_spells(each.issued_at, each.occupied, each.resolved_at)
        rooms[room_id] = RoomTrack(
            each.issued_at[first], each.resolved_at[first], each.pit[first]
        )
    parts = [
        np.stack([each.issued_at, each.crps, each.baseline_crps])
        for each in scores.values()
    ]
    return Track(*daily_skill(parts, time_zone), rooms)


def adapt(
    track: Track,
    in_use: ModelState,
    spec: HomeSpec,
    table: ObservationTable,
    config: EngineConfig,
    *,
    now: float,
    checkpoint: Checkpoint,
    announce: Announce,
) -> Adaptation:
    """Look for changes of life, and find out what they should lead to.

    ``in_use`` is the model whose forecasts the track is of. Where nothing has changed
    lately, nothing is tried.
    """
    start = now - max(config.drift_days, config.pattern_days) * _DAY
    timeline = build_timeline(spec, table.since(start), config, now)
    away = away_spans(timeline, config.away)
    days = home_days(timeline, start, away, spec.time_zone)
    recent = now - config.drift_days * _DAY
    alarms = detect(
        track, {key: room.since(recent) for key, room in days.items()}, away, config
    )
    adaptation = choose_memory(
        in_use,
        alarms,
        away,
        spec,
        table,
        config,
        now=now,
        checkpoint=checkpoint,
        announce=announce,
    )
    return replace(adaptation, patterns=find_patterns(days, config))


def recent_alarms(
    alarms: Sequence[Alarm], now: float, config: EngineConfig
) -> tuple[Alarm, ...]:
    """Return the alarms that still call for trials."""
    return tuple(
        alarm for alarm in alarms if now - alarm.noticed <= config.alarm_days * _DAY
    )


def changed_since(
    room_ids: Sequence[str], alarms: Sequence[Alarm], in_use: Memory
) -> dict[str, float]:
    """Return since when rooms may be lived in otherwise (UTC s).

    The last alarm of the room itself, else what its memory says already, else the last
    of the home or of other rooms: a life does not change in one room alone.
    """
    latest = max(alarms, key=lambda alarm: alarm.noticed, default=None)
    found: dict[str, float] = {}
    for room_id in room_ids:
        own = [alarm for alarm in alarms if alarm.room_id == room_id]
        if own:
            found[room_id] = own[-1].since
        elif room_id in in_use.rooms:
            found[room_id] = in_use.rooms[room_id].since
        elif latest is not None:
            found[room_id] = latest.since
    return found


def choose_memory(
    in_use: ModelState,
    alarms: Sequence[Alarm],
    away: Spans,
    spec: HomeSpec,
    table: ObservationTable,
    config: EngineConfig,
    *,
    now: float,
    checkpoint: Checkpoint,
    announce: Announce,
) -> Adaptation:
    """Try memories and return what each room should learn from."""
    alarms = recent_alarms(alarms, now, config)
    room_ids = [room.room_id for room in spec.rooms if room.room_id in in_use.rooms]
    since = changed_since(room_ids, alarms, in_use.memory)
    if not since:
        return Adaptation()
    length = _trial_length(since, now, config)
    split = now - length
    candidates = _candidates(since, in_use.memory, config)
    scores: dict[str, _RoomScores] = {}
    for number, (name, memory) in enumerate(candidates.items()):
        twin = train(
            spec,
            table.before(split),
            config,
            now=split,
            version="twin",
            previous=as_of(in_use, split),
            checkpoint=part_of(
                checkpoint, number / len(candidates), (number + 1) / len(candidates)
            ),
            announce=announce,
            memory=memory,
            members=QUICK,
        )
        for moment in np.linspace(split, now, _STEPS + 1)[1:]:
            twin = update(twin, spec, table.before(moment), config, now=float(moment))
        scores[name] = recent_scores(twin, split, config)
    return decided(candidates, scores, in_use.memory, alarms, away, config)


def _trial_length(
    since: Mapping[str, float], now: float, config: EngineConfig
) -> float:
    return float(
        np.clip(
            (now - max(since.values())) / 2,
            config.memory_trial_shortest * _DAY,
            config.memory_trial_longest * _DAY,
        )
    )


def _candidates(
    since: Mapping[str, float], in_use: Memory, config: EngineConfig
) -> dict[str, Memory]:
    found = {"all": Memory()} | {
        f"{share:g}": Memory(
            {room_id: RoomMemory(each, share) for room_id, each in since.items()}
        )
        for share in config.memory_shares
    }
    if in_use.rooms and in_use not in found.values():
        found["current"] = in_use
    return found


def decided(
    candidates: Mapping[str, Memory],
    scores: Mapping[str, _RoomScores],
    in_use: Memory,
    alarms: tuple[Alarm, ...],
    away: Spans,
    config: EngineConfig,
) -> Adaptation:
    """Return the memory that came closest in each room.

    The whole past is given up for what is clearly better only; what is in use is kept
    for as long as it is better at all.
    """
    rooms: dict[str, RoomMemory] = {}
    means: dict[str, dict[str, float]] = {}
    for room_id in scores["all"]:
        moments, base = scores["all"][room_id]
        lived = ~away.covers(moments)
        if lived.sum() < config.trial_minimum:
            if room_id in in_use.rooms:
                rooms[room_id] = in_use.rooms[room_id]
            continue
        means[room_id] = {"all": float(base[lived].mean())}
        best = means[room_id]["all"]
        for name, memory in candidates.items():
            if name == "all":
                continue
            score = scores[name][room_id][1]
            means[room_id][name] = mean = float(score[lived].mean())
            if memory.rooms.get(room_id) == in_use.rooms.get(room_id):
                needed = 0.0
            else:
                gains = stretches_of(moments[lived], (base - score)[lived])
                error = float(np.std(gains) / np.sqrt(len(gains)))
                needed = max(
                    config.memory_gain * means[room_id]["all"],
                    config.memory_errors * error,
                )
            if mean < best and mean < means[room_id]["all"] - needed:
                best = mean
                if room_id in memory.rooms:
                    rooms[room_id] = memory.rooms[room_id]
    return Adaptation(Memory(rooms), alarms, means)
