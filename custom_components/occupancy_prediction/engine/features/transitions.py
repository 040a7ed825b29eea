"""In what order rooms were visited, and how fast."""

import numpy as np

from ..timeline import RoomTimeline
from ..types import BoolArray, FloatArray, IntArray
from .registry import HOME_LEFT, Scene, feature, log_minutes, pair_feature

# Steps between visits that tell how fast somebody walks (count).
_STEPS = 3


@feature
def since_room_change(scene: Scene) -> FloatArray:
    """Return the time since activity moved to another room, as log minutes."""
    began = _at(scene.home.visits.starts, scene.visit, -np.inf)
    return log_minutes(np.minimum(scene.moments - began, HOME_LEFT) / 60)


@feature
def movement_interval(scene: Scene) -> FloatArray:
    """Return the mean time between the last four visits, as log minutes.

    Small when somebody walks through the home, large when all sit.
    """
    starts, last = scene.home.visits.starts, scene.visit
    recent = np.searchsorted(starts, scene.moments - HOME_LEFT, "right")
    first = np.maximum(last - _STEPS, recent)
    steps = np.maximum(last - first, 0)
    spent = _at(starts, last, 0.0) - _at(starts, np.minimum(first, last), 0.0)
    return log_minutes(spent / np.maximum(steps, 1) / 60)


@feature
def is_last_room(scene: Scene) -> FloatArray:
    """Tell whether the last activity of the home was in this room."""
    return _was(scene, scene.home.visits.rooms, scene.room)


@pair_feature
def last_room(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Tell whether the last activity of the home was in another room."""
    return _was(scene, scene.home.visits.rooms, other)


@pair_feature
def previous_room(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Tell whether the activity before the last was in another room."""
    return _was(scene, scene.home.visits.previous, other)


def _was(scene: Scene, rooms: IntArray, room: RoomTimeline) -> FloatArray:
    wanted = scene.home.room_ids.index(room.room_id)
    was: BoolArray = _at(rooms, scene.visit, -1) == wanted
    return was.astype(np.float64)


def _at[Number: np.generic](
    column: np.ndarray[tuple[int, ...], np.dtype[Number]], visit: IntArray, none: float
) -> np.ndarray[tuple[int, ...], np.dtype[Number]]:
    """Return what a column says of visits, something else before the first."""
    padded: np.ndarray[tuple[int, ...], np.dtype[Number]] = np.concatenate(
        [np.array([none], column.dtype), column]
    )
    return padded[visit + 1]
