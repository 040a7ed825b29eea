"""A training as a value: all it needs, in bytes, for another process.

Arrays and JSON, never code: what comes in is checked before anything is run.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
import io
import json
from typing import Any, Self

import numpy as np

from .adaptation import Adaptation, adapt
from .config import EngineConfig
from .documents import config_document, read_config, read_spec, spec_document
from .drift import RoomTrack, Track
from .errors import ModelStateError, SpecificationError
from .models import MEMBERS
from .optimizer import optimized
from .state import DAMAGE, ModelState
from .training import train
from .trial import Trial, figures, try_out
from .tuning import UNTUNED, Tuning, tuned
from .types import HomeSpec, ObservationTable

_HEADER = "header"
_PREVIOUS = "previous"
# Shares of the work that are the trial of memories, the training and the search; the
# rest is the comparison.
_ADAPTATION_SHARE, _TRAINING_SHARE, _SEARCH_SHARE = 0.1, 0.5, 0.05
_NO_CHANGE = Adaptation()
_TRACK = "track/"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is.

    ``share`` is 0..1; ``room`` is empty while rooms are learned together, and before
    the first member learns both names are.
    """

    share: float
    member: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What is worth knowing of a new model.

    Attributes:
        weights: mean share of each member that learned anything.
        figures: how the forecasts it keeps record of fared; see ``metrics.summary``.
        trial: how it did against the one in use, None if it was not compared.
        adaptation: what was noticed of a change of life, and what it led to.
    """

    weights: Mapping[str, float]
    figures: Mapping[str, float]
    trial: Trial | None
    adaptation: Adaptation = _NO_CHANGE

    @classmethod
    def of(
        cls,
        model: ModelState,
        config: EngineConfig,
        trial: Trial | None,
        adaptation: Adaptation = _NO_CHANGE,
    ) -> Self:
        """Describe a model."""
        learned = {name for room in model.rooms.values() for name in room.members}
        shares = np.mean(
            [room.weights.mean(0) for room in model.rooms.values()]
            or [np.zeros(len(MEMBERS))],
            axis=0,
        )
        weights = {
            member.name: round(float(share), 4)
            for member, share in zip(MEMBERS, shares, strict=True)
            if member.name in learned
        }
        return cls(weights, figures(model, config), trial, adaptation)

    def to_bytes(self) -> bytes:
        """Return the report as JSON."""
        trial = None if self.trial is None else asdict(self.trial)
        return json.dumps(
            {
                "weights": dict(self.weights),
                "figures": dict(self.figures),
                "trial": trial,
                "adaptation": self.adaptation.document(),
            }
        ).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a report back."""
        told = json.loads(data)
        trial = told["trial"]
        return cls(
            told["weights"],
            told["figures"],
            None if trial is None else Trial(**trial),
            Adaptation.read(told["adaptation"]),
        )


@dataclass(frozen=True, slots=True)
class Trained:
    """A new model, and what is worth knowing of it."""

    model: ModelState
    report: TrainingReport


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What ``train`` is to be called with.

    ``track`` is how forecasts have fared: with a previous model, changes of life are
    looked for. With ``search`` another tuning number is tried afterwards.
    """

    spec: HomeSpec
    table: ObservationTable
    config: EngineConfig
    now: float
    version: str
    previous: ModelState | None = None
    track: Track = field(default_factory=Track)
    search: bool = False

    def run(self, on_progress: Callable[[Progress], None]) -> Trained:
        """Learn, and compare with the previous model if there is one.

        ``on_progress`` may raise ``TrainingCancelled``.
        """
        member, room = "", ""
        adapted, learned, tried = self._milestones()

        def announce(new_member: str, new_room: str = "") -> None:
            nonlocal member, room
            member, room = new_member, new_room

        def part(first: float, last: float) -> Callable[[float], None]:
            return lambda done: on_progress(
                Progress(first + (last - first) * done, member, room)
            )

        tuning = UNTUNED if self.previous is None else self.previous.tuning
        config = tuned(self.config, tuning.values)
        adaptation = _NO_CHANGE
        if self.previous is not None:
            adaptation = adapt(
                self.track,
                self.previous,
                self.spec,
                self.table,
                config,
                now=self.now,
                checkpoint=part(0.0, adapted),
                announce=announce,
            )
        model = train(
            self.spec,
            self.table,
            config,
            now=self.now,
            version=self.version,
            previous=self.previous,
            checkpoint=part(adapted, learned),
            announce=announce,
            memory=adaptation.memory,
        )
        model = replace(model, tuning=Tuning(tuning.values))
        trial = None
        if self.previous is not None:
            trial = try_out(
                model,
                self.previous,
                self.spec,
                self.table,
                config,
                now=self.now,
                checkpoint=part(learned, tried),
                announce=announce,
            )
        if self.search and not (trial is not None and trial.is_lost):
            model = optimized(
                model, self.config, now=self.now, checkpoint=part(tried, 1.0)
            )
        return Trained(model, TrainingReport.of(model, config, trial, adaptation))

    def _milestones(self) -> tuple[float, float, float]:
        """Return the shares of the work done when each of three steps ends.

        It is known how much past counts; the new model is there; it has been compared.
        """
        tried = 1.0 - _SEARCH_SHARE * self.search
        if self.previous is None:
            return 0.0, tried, tried
        return _ADAPTATION_SHARE, _ADAPTATION_SHARE + _TRAINING_SHARE, tried

    def to_bytes(self) -> bytes:
        """Return the job as a NumPy archive with a JSON header."""
        header = {
            "spec": spec_document(self.spec),
            "config": config_document(self.config),
            "now": self.now,
            "version": self.version,
            "search": self.search,
            "sensor_ids": self.table.sensor_ids,
            "track": list(self.track.rooms),
        }
        arrays: dict[str, np.ndarray] = {
            "timestamps": self.table.timestamps,
            "sensors": self.table.sensors,
            "values": self.table.values,
            _HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8),
            **_track_arrays(self.track),
        }
        if self.previous is not None:
            arrays[_PREVIOUS] = np.frombuffer(self.previous.to_bytes(), np.uint8)
        buffer = io.BytesIO()
        # Not compressed: it only crosses a pipe.
        np.savez(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> TrainingJob:
        """Read a job back.

        Raises:
            SpecificationError: it is none.
            ModelStateError: the previous model cannot be read.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
                arrays = {name: loaded[name] for name in loaded.files}
            header: dict[str, Any] = json.loads(arrays[_HEADER].tobytes())
            previous = arrays.get(_PREVIOUS)
            return cls(
                read_spec(header["spec"]),
                ObservationTable.from_columns(
                    arrays["timestamps"],
                    arrays["sensors"],
                    arrays["values"],
                    tuple(header["sensor_ids"]),
                ),
                read_config(header["config"]),
                float(header["now"]),
                str(header["version"]),
                None if previous is None else ModelState.from_bytes(previous.tobytes()),
                track=_read_track(header["track"], arrays),
                search=bool(header["search"]),
            )
        except SpecificationError, ModelStateError:
            raise
        except DAMAGE as error:
            raise SpecificationError(f"not a training job: {error}") from error


def _track_arrays(track: Track) -> dict[str, np.ndarray]:
    arrays = {f"{_TRACK}days": track.days, f"{_TRACK}skill": track.skill}
    for number, room in enumerate(track.rooms.values()):
        rows = np.stack([room.moments, room.known, room.pit])
        arrays[f"{_TRACK}{number}"] = rows
    return arrays


def _read_track(room_ids: list[str], arrays: Mapping[str, np.ndarray]) -> Track:
    return Track(
        arrays[f"{_TRACK}days"],
        arrays[f"{_TRACK}skill"],
        {
            str(room_id): RoomTrack(*arrays[f"{_TRACK}{number}"])
            for number, room_id in enumerate(room_ids)
        },
    )
