"""Ways to keep a model, and what their forecasts were worth day by day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, override

import numpy as np

from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    ModelState,
    build_timeline,
    train,
    update,
)
from custom_components.occupancy_prediction.engine.adaptation import (
    QUICK,
    Adaptation,
    choose_memory,
    recent_alarms,
)
from custom_components.occupancy_prediction.engine.drift import (
    Alarm,
    RoomTrack,
    Track,
    away_spans,
    daily_skill,
    detect,
    first_of_spells,
)
from custom_components.occupancy_prediction.engine.ensemble import pooled_forecast
from custom_components.occupancy_prediction.engine.habits import home_days
from custom_components.occupancy_prediction.engine.memory import Memory
from custom_components.occupancy_prediction.engine.metrics import crps, pit
from custom_components.occupancy_prediction.engine.models import MEMBERS
from custom_components.occupancy_prediction.engine.types import (
    HORIZON,
    BoolArray,
    FloatArray,
)

from .lives import Life

DAY = 86400.0
# Updates of a day; in use it is one every hour.
UPDATES = 4
_CLIMATOLOGY = [member.name for member in MEMBERS].index("climatology")


@dataclass(slots=True)
class Rows:
    """Forecasts of a room, as they fared, in the order of issue. Shapes: (n,)."""

    origin: FloatArray = field(default_factory=lambda: np.zeros(0))
    occupied: BoolArray = field(default_factory=lambda: np.zeros(0, np.bool_))
    known: FloatArray = field(default_factory=lambda: np.zeros(0))
    crps: FloatArray = field(default_factory=lambda: np.zeros(0))
    baseline: FloatArray = field(default_factory=lambda: np.zeros(0))
    pit: FloatArray = field(default_factory=lambda: np.zeros(0))

    def collect(self, room_id: str, state: ModelState, config: EngineConfig) -> None:
        """Take what a model has forecast since the last time, now that it is known."""
        room = state.rooms[room_id]
        after = self.origin[-1] if len(self.origin) else -np.inf
        part = room.evidence.take(room.evidence.samples.origin > after)
        outcomes = part.outcomes
        part = part.take(outcomes.observed | (outcomes.remaining >= HORIZON))
        if not len(part):
            return
        said = part.forecasts()
        pooled = pooled_forecast(said, room.weights, part.samples, config)
        outcome = part.outcomes.remaining, part.outcomes.observed
        new = {
            "origin": part.samples.origin,
            "occupied": part.samples.occupied,
            "known": part.samples.origin + part.outcomes.remaining * 60,
            "crps": crps(pooled, *outcome),
            "baseline": crps(said[_CLIMATOLOGY], *outcome),
            "pit": pit(pooled, *outcome),
        }
        for name, column in new.items():
            setattr(self, name, np.concatenate([getattr(self, name), column]))


@dataclass(slots=True)
class Log:
    """What became of the forecasts of one way to keep a model."""

    rooms: dict[str, Rows] = field(default_factory=dict)

    def collect(self, state: ModelState, config: EngineConfig) -> None:
        """Take in what is known by now."""
        for room_id in state.rooms:
            self.rooms.setdefault(room_id, Rows()).collect(room_id, state, config)

    def track(self, now: float, time_zone: str, config: EngineConfig) -> Track:
        """Return what the detectors look at."""
        start = now - config.drift_days * DAY
        rooms: dict[str, RoomTrack] = {}
        for room_id, rows in self.rooms.items():
            chosen = (rows.origin >= start) & (rows.known <= now)
            origin, known = rows.origin[chosen], rows.known[chosen]
            first = first_of_spells(origin, rows.occupied[chosen], known)
            rooms[room_id] = RoomTrack(
                origin[first], known[first], rows.pit[chosen][first]
            )
        days, skill = self.daily_skill(start, now, time_zone)
        return Track(days, skill, rooms)

    def daily_skill(
        self, start: float, end: float, time_zone: str
    ) -> tuple[FloatArray, FloatArray]:
        """Return the noon of each day, and the skill of the home on it."""
        parts = [
            np.stack([rows.origin, rows.crps, rows.baseline])[:, inside]
            for rows in self.rooms.values()
            for inside in [(rows.origin >= start) & (rows.origin < end)]
        ]
        return daily_skill(parts, time_zone)


class Policy(Protocol):
    """A way to keep a model; nights are told one after the other."""

    log: Log
    alarms: list[Alarm]

    def live(self, life: Life, now: float, config: EngineConfig) -> None:
        """Forecast and learn until a moment."""

    def night(self, life: Life, now: float, config: EngineConfig) -> None:
        """Learn anew, if that is what it does."""


class Frozen:
    """The model of the first day, for ever."""

    def __init__(self, state: ModelState) -> None:
        """Begin with a model."""
        self.state = state
        self.log = Log()
        self.alarms: list[Alarm] = []
        self._first = state

    def live(self, life: Life, now: float, config: EngineConfig) -> None:
        """Forecast only; what is counted on the way is undone."""
        start = self.state.data_end
        for moment in np.linspace(start, now, UPDATES + 1)[1:]:
            part = life.table.before(float(moment))
            state = update(self.state, life.spec, part, config, now=float(moment))
            self.log.collect(state, config)
            rooms = {
                room_id: replace(room, members=self._first.rooms[room_id].members)
                for room_id, room in state.rooms.items()
            }
            self.state = replace(state, rooms=rooms)

    def night(self, life: Life, now: float, config: EngineConfig) -> None:
        """Learn nothing."""


class Nightly:
    """All data learned anew every night, and every hour counted."""

    def __init__(self, state: ModelState) -> None:
        """Begin with a model."""
        self.state = state
        self.log = Log()
        self.alarms: list[Alarm] = []

    def live(self, life: Life, now: float, config: EngineConfig) -> None:
        """Forecast, then count."""
        start = self.state.data_end
        for moment in np.linspace(start, now, UPDATES + 1)[1:]:
            part = life.table.before(float(moment))
            self.state = update(self.state, life.spec, part, config, now=float(moment))
            self.log.collect(self.state, config)

    def night(self, life: Life, now: float, config: EngineConfig) -> None:
        """Learn everything anew."""
        self.state = self._trained(life, now, config, Memory())

    def _trained(
        self, life: Life, now: float, config: EngineConfig, memory: Memory
    ) -> ModelState:
        return train(
            life.spec,
            life.table.before(now),
            config,
            now=now,
            version=f"{now:.0f}",
            previous=self.state,
            memory=memory,
            members=QUICK,
        )


class Adapting(Nightly):
    """The same, with detectors, and memories that are tried after an alarm."""

    def __init__(self, state: ModelState, twin: Nightly | None = None) -> None:
        """Begin with a model; as long as nothing was noticed ``twin`` is the same."""
        super().__init__(state)
        self.decisions: list[tuple[float, Adaptation]] = []
        # Every alarm as it was first heard: a longer past may tell otherwise later.
        self.heard: set[tuple[str, float]] = set()
        self._twin = twin

    @override
    def live(self, life: Life, now: float, config: EngineConfig) -> None:
        if self._twin is None:
            super().live(life, now, config)
        else:
            self.state = self._twin.state
            self.log.collect(self.state, config)

    @override
    def night(self, life: Life, now: float, config: EngineConfig) -> None:
        timeline = build_timeline(life.spec, life.table, config, now)
        away = away_spans(timeline, config.away)
        track = self.log.track(now, life.spec.time_zone, config)
        start = now - config.drift_days * DAY
        days = home_days(timeline, start, away, life.spec.time_zone)
        self.alarms = detect(track, days, away, config)
        self.heard |= {
            (alarm.room_id, alarm.noticed)
            for alarm in self.alarms
            if now - alarm.noticed <= 2 * DAY
        }
        if not recent_alarms(self.alarms, now, config) and not self.state.memory.rooms:
            if self._twin is None:
                super().night(life, now, config)
            return
        adaptation = choose_memory(
            self.state,
            self.alarms,
            away,
            life.spec,
            life.table,
            config,
            now=now,
            checkpoint=lambda _: None,
            announce=lambda *_: None,
        )
        self.decisions.append((now, adaptation))
        if adaptation.memory.rooms or self._twin is None:
            self._twin = None
            self.state = self._trained(life, now, config, adaptation.memory)


def run(
    life: Life,
    policies: Sequence[Policy],
    first: float,
    config: EngineConfig,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Live on from a moment, night by night; the order of the policies is kept."""
    for now in np.arange(first + DAY, life.end + 1, DAY).tolist():
        for policy in policies:
            policy.live(life, min(now, life.end), config)
        # A twin that learns first would show what it learned to the other.
        for policy in reversed(policies):
            policy.night(life, now, config)
        progress(now)
