"""In what order rooms were visited, and how fast."""

import numpy as np

from ..timeline import RoomTimeline
from ..types import FloatArray, IntArray
from .registry import Scene, feature, log_minutes, pair_feature


@feature
def since_room_change(scene: Scene) -> FloatArray:
    """Return the time since activity moved to another room, as log minutes."""
    starts = scene.home.visits.starts
    if not len(starts):
        return log_minutes(np.full(len(scene.moments), np.inf))
    visit = scene.visit
    ago = np.where(
        visit >= 0, (scene.moments - starts[np.maximum(visit, 0)]) / 60, np.inf
    )
    return log_minutes(ago)


@feature
def movement_interval(scene: Scene) -> FloatArray:
    """Return the mean time between the last four visits, as log minutes.

    Small when somebody walks through the home, large when all sit.
    """
    starts = scene.home.visits.starts
    if len(starts) < 2:
        return np.zeros(len(scene.moments))
    last = scene.visit
    first = np.maximum(last - 3, 0)
    spent = starts[np.maximum(last, 0)] - starts[first]
    steps = np.maximum(last - first, 1)
    return np.where(last >= 1, log_minutes(spent / steps / 60), 0.0)


@feature
def is_last_room(scene: Scene) -> FloatArray:
    """Tell whether the last activity of the home was in this room."""
    return _was(scene, scene.room, 0)


@pair_feature
def last_room(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Tell whether the last activity of the home was in another room."""
    return _was(scene, other, 0)


@pair_feature
def previous_room(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Tell whether the activity before the last was in another room."""
    return _was(scene, other, 1)


def _was(scene: Scene, room: RoomTimeline, back: int) -> FloatArray:
    place: IntArray = scene.visit - back
    rooms = scene.home.visits.rooms
    if not len(rooms):
        return np.zeros(len(scene.moments))
    wanted = scene.home.room_ids.index(room.room_id)
    return ((place >= 0) & (rooms[np.maximum(place, 0)] == wanted)).astype(np.float64)
