"""How far learning has come, for whoever shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from .engine import ModelState, Progress, Stage


class Activity(StrEnum):
    """What the learning part is doing."""

    IDLE = "idle"
    IMPORTING = "importing"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class LearningStatus:
    """How far learning has come.

    ``progress`` is in percent of the activity, None when idle; ``last_trained``
    is in UTC seconds. ``member`` and ``room`` tell who learns in a training; there
    is no room where all are learned together.
    """

    stage: Stage = Stage.COLLECTING
    activity: Activity = Activity.IDLE
    progress: int | None = None
    last_trained: float | None = None
    member: str | None = None
    room: str | None = None

    @classmethod
    def of(
        cls,
        model: ModelState | None,
        rooms: Mapping[str, str],
        importing: float | None,
        training: Progress | None,
    ) -> Self:
        """Describe a model of rooms (titles by id) and what goes on."""
        activity, share = Activity.IDLE, None
        if importing is not None:
            activity, share = Activity.IMPORTING, importing
            training = None
        elif training is not None:
            activity, share = Activity.TRAINING, training.share
        stage = Stage.COLLECTING
        if model is not None and model.rooms.keys() >= rooms.keys():
            stage = model.stage
        return cls(
            stage=stage,
            activity=activity,
            progress=None if share is None else int(share * 100),
            last_trained=None if model is None else model.trained_at,
            member=(training and training.member) or None,
            room=None if training is None else rooms.get(training.room),
        )
