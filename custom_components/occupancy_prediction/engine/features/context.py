"""What is going on in the rest of the home."""

import numpy as np

from ..samples import activity_at
from ..timeline import OCCUPIED, RoomTimeline
from ..types import BoolArray, FloatArray
from .registry import Scene, count_within, feature, log_minutes, pair_feature, since


@feature
def quiet_elsewhere(scene: Scene) -> FloatArray:
    """Return the time since any other room was active, as log minutes."""
    return log_minutes(scene.elsewhere.quiet)


@feature
def quiet_home(scene: Scene) -> FloatArray:
    """Return the time since any room was active, as log minutes."""
    return log_minutes(scene.anywhere.quiet)


@feature
def active_elsewhere(scene: Scene) -> FloatArray:
    """Tell whether a sensor of some other room is on."""
    return scene.elsewhere.sensor_on.astype(np.float64)


@feature
def rooms_occupied(scene: Scene) -> FloatArray:
    """Return the share of the other rooms that are occupied."""
    count: FloatArray = np.zeros(len(scene.moments))
    for room in scene.others:
        count += room.state_at(scene.moments) == OCCUPIED
    return count / max(len(scene.others), 1)


@feature
def home_activations_5(scene: Scene) -> FloatArray:
    """Return the ON messages of the home in the last 5 min, as log(1 + n)."""
    return np.log1p(count_within(scene.home.home_on_times, scene.moments, 5))


@feature
def home_activations_30(scene: Scene) -> FloatArray:
    """Return the ON messages of the home in the last half hour, as log(1 + n)."""
    return np.log1p(count_within(scene.home.home_on_times, scene.moments, 30))


@feature
def home_activations_240(scene: Scene) -> FloatArray:
    """Return the ON messages of the home in the last 4 hours, as log(1 + n)."""
    return np.log1p(count_within(scene.home.home_on_times, scene.moments, 240))


@pair_feature
def other_occupied(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Tell whether another room is occupied."""
    occupied: BoolArray = other.state_at(scene.moments) == OCCUPIED
    return occupied.astype(np.float64)


@pair_feature
def other_quiet(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Return the time since another room was active, as log minutes."""
    return log_minutes(activity_at(other.active, scene.moments).quiet)


@pair_feature
def other_elapsed(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Return how long another room has been in its state, as log minutes."""
    return log_minutes(since(other.change_times, scene.moments))


@pair_feature
def other_just_active(scene: Scene, other: RoomTimeline) -> FloatArray:
    """Tell whether another room was active within the last 2 minutes."""
    quiet = activity_at(other.active, scene.moments).quiet
    return (quiet <= 2.0).astype(np.float64)
