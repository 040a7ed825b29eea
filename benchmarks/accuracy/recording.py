"""What every member said at each issue time of a replay, and with what weight.

One replay is expensive, since the home is learned anew every night; what a member
would have said alone, or the pool without it, is computed from the recording.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.events import EventsFile
from benchmarks.replay import Plan, live
from custom_components.occupancy_prediction.engine import (
    GRID,
    HORIZON,
    EngineConfig,
    Forecast,
    ModelState,
)
from custom_components.occupancy_prediction.engine.ensemble import (
    default_weights,
    member_forecasts,
    pooled_forecast,
)
from custom_components.occupancy_prediction.engine.features import HomeScene, describe
from custom_components.occupancy_prediction.engine.models import MEMBERS
from custom_components.occupancy_prediction.engine.samples import (
    SAMPLE_COLUMNS,
    Samples,
)
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    BoolArray,
    FloatArray,
)

_UNKNOWN: FloatArray = GRID[1:] / HORIZON


@dataclass(frozen=True, slots=True)
class RoomRecording:
    """One room at n issue times. Minutes, a day for "later".

    Shapes: ``said`` (n, members, BINS) what each member said, NaN where it was
    silent; ``weights`` (n, classes, members) of the model in use; ``shown`` (n,
    BINS) what people saw, with ``median``, ``lower``, ``upper``, ``confidence``
    and ``reliable`` (n,) as they were shown.
    """

    samples: Samples
    said: FloatArray
    weights: FloatArray
    shown: FloatArray
    median: FloatArray
    lower: FloatArray
    upper: FloatArray
    confidence: FloatArray
    reliable: BoolArray

    def pooled(self, members: Sequence[int], config: EngineConfig) -> FloatArray:
        """Return the pool of some members as it would have been shown, (n, BINS)."""
        chosen = list(members)
        result = np.zeros((len(self.samples), BINS))
        flat = self.weights.reshape(len(self.weights), -1)
        distinct, place = np.unique(flat, axis=0, return_inverse=True)
        for number in range(len(distinct)):
            rows = np.flatnonzero(place.ravel() == number)
            said = self.said[rows].astype(np.float64)
            result[rows] = pooled_forecast(
                [said[:, member] for member in chosen],
                self.weights[rows[0]][:, chosen].astype(np.float64),
                self.samples.take(rows),
                config,
            )
        return result

    def alone(self, member: int, config: EngineConfig) -> FloatArray:
        """Return what one member would have shown, (n, BINS)."""
        one = default_weights([1.0])
        said = self.said[:, member].astype(np.float64)
        return pooled_forecast([said], one, self.samples, config)

    def spoke(self, member: int) -> float:
        """Return the share of issue times at which a member had something to say."""
        return float(np.isfinite(self.said[:, member]).all(axis=1).mean())


@dataclass(frozen=True, slots=True)
class Recording:
    """A replay: the members of the pool by name, and the rooms."""

    members: tuple[str, ...]
    rooms: dict[str, RoomRecording]

    def save(self, path: Path) -> None:
        """Write it to a compressed NumPy archive; half a file is never left."""
        arrays: dict[str, Any] = {
            "members": np.array(self.members),
            "rooms": np.array(list(self.rooms)),
        }
        for number, room in enumerate(self.rooms.values()):
            for name in SAMPLE_COLUMNS:
                arrays[f"{number}/samples/{name}"] = getattr(room.samples, name)
            for name in _ARRAYS:
                arrays[f"{number}/{name}"] = getattr(room, name)
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            np.savez_compressed(file, **arrays)
        unfinished.replace(path)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read it back."""
        with np.load(path) as arrays:
            rooms = {
                room_id: RoomRecording(
                    _bare({n: arrays[f"{i}/samples/{n}"] for n in SAMPLE_COLUMNS}),
                    *(arrays[f"{i}/{name}"] for name in _ARRAYS),
                )
                for i, room_id in enumerate(arrays["rooms"].tolist())
            }
            return cls(tuple(arrays["members"].tolist()), rooms)


_ARRAYS = [each.name for each in fields(RoomRecording) if each.name != "samples"]


def _bare(columns: dict[str, Any]) -> Samples:
    nothing = np.zeros((len(columns["origin"]), 0))
    return Samples(**columns, features=nothing, reference=nothing)


@dataclass(slots=True)
class _Room:
    """What is being written down of one room."""

    waiting: list[Samples] = field(default_factory=list)
    parts: list[tuple[Samples, FloatArray, FloatArray]] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)

    def ask_members(
        self, room_id: str, state: ModelState, config: EngineConfig
    ) -> None:
        """Ask the members of the model about the moments that wait for it."""
        if not self.waiting:
            return
        samples = Samples.joined(self.waiting)
        model = state.rooms.get(room_id)
        said = member_forecasts({} if model is None else model.members, samples, config)
        weights = default_weights() if model is None else model.weights_now(config)
        self.parts.append(
            (
                samples.bare(),
                np.stack(said, axis=1).astype(np.float32),
                np.tile(weights, (len(samples), 1, 1)).astype(np.float32),
            )
        )
        self.waiting.clear()

    def finished(self) -> RoomRecording:
        """Return all that was written down."""
        samples, said, weights = zip(*self.parts, strict=True)
        shown = self.forecasts
        return RoomRecording(
            Samples.joined(samples),
            np.concatenate(said),
            np.concatenate(weights),
            np.array([each.cdf or _UNKNOWN for each in shown]),
            _minutes(shown, "predicted_time"),
            _minutes(shown, "lower"),
            _minutes(shown, "upper"),
            np.array([each.confidence or 0.0 for each in shown]),
            np.array([each.reliable for each in shown]),
        )


def _minutes(forecasts: Sequence[Forecast], name: str) -> FloatArray:
    """Return the minutes to a moment of each forecast, as a forecasts file has them."""
    moments = [getattr(each, name) for each in forecasts]
    return np.array(
        [
            (moment - each.issued_at) / 60
            if moment is not None
            else (0.0 if name == "lower" and not each.cdf else HORIZON)
            for each, moment in zip(forecasts, moments, strict=True)
        ]
    )


def record(
    home: EventsFile,
    plan: Plan,
    config: EngineConfig,
    progress: Callable[[float], None] = lambda _: None,
) -> Recording:
    """Replay a home; ``progress`` is told the moment (UTC s) at every step."""
    rooms = {room.room_id: _Room() for room in home.spec.rooms}
    state: ModelState | None = None
    for moment in live(home, plan, config):
        if state is not None and moment.state is not state:
            _ask_members(rooms, state, config)
        state = moment.state
        scene = HomeScene(moment.timeline, home.spec.time_zone)
        at = np.array([moment.origin])
        for room_id, forecast in moment.forecasts.rooms.items():
            if forecast.occupied is not None:
                rooms[room_id].waiting.append(describe(scene, room_id, at))
                rooms[room_id].forecasts.append(forecast)
        progress(moment.origin)
    if state is not None:
        _ask_members(rooms, state, config)
    return Recording(
        tuple(member.name for member in MEMBERS),
        {room_id: room.finished() for room_id, room in rooms.items() if room.forecasts},
    )


def _ask_members(
    rooms: dict[str, _Room], state: ModelState, config: EngineConfig
) -> None:
    for room_id, room in rooms.items():
        room.ask_members(room_id, state, config)
