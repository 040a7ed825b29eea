"""In what order rooms were visited, and how fast."""

import numpy as np

from ..timeline import RoomTimeline
from ..types import BoolArray, FloatArray, IntArray
from .registry import HOME_LEFT, Scene, feature, log_minutes, pair_feature, pick

# Steps between visits that tell how fast somebody walks (count).
_STEPS = 3


@feature
def since_room_change(scene: Scene) -> FloatArray:
    """Return the time since activity moved to another room, as log minutes."""
    began = pick(scene.home.visits.starts, scene.visit, -np.inf)
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
    spent = pick(starts, last, 0.0) - pick(starts, np.minimum(first, last), 0.0)
    return log_minutes(spent / np.maximum(steps, 1) / 60)


@feature
def is_last_room(scene: Scene) -> FloatArray:
    """Tell whether the last activity of the home was in this room."""
    return _is(scene, scene.active_last, scene.room)


@pair_feature
def last_room(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Tell whether the last activity of the home was in another room."""
    return _is(scene, scene.active_last, other)


@pair_feature
def previous_room(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Tell whether activity came from another room, not long ago."""
    visits = scene.home.visits
    came_from = _is(scene, pick(visits.previous, scene.visit, -1), other)
    began = pick(visits.starts, scene.visit, -np.inf)
    return np.where(scene.moments - began <= HOME_LEFT, came_from, 0.0)


def _is(scene: Scene, rooms: IntArray, room: RoomTimeline) -> FloatArray:
    wanted: BoolArray = rooms == scene.home.room_ids.index(room.room_id)
    return wanted.astype(np.float64)
