"""What has been going on in the room itself."""

import numpy as np

from ..types import FloatArray
from .registry import (
    LONG_AGO,
    Scene,
    count_within,
    feature,
    log_minutes,
    occupied_share,
    since,
)


@feature
def activations_15(scene: Scene) -> FloatArray:
    """Return the number of ON messages in the last 15 min, as log(1 + n)."""
    return np.log1p(count_within(scene.room.on_times, scene.moments, 15))


@feature
def activations_60(scene: Scene) -> FloatArray:
    """Return the number of ON messages in the last hour, as log(1 + n)."""
    return np.log1p(count_within(scene.room.on_times, scene.moments, 60))


@feature
def activations_240(scene: Scene) -> FloatArray:
    """Return the number of ON messages in the last 4 hours, as log(1 + n)."""
    return np.log1p(count_within(scene.room.on_times, scene.moments, 240))


@feature
def occupied_share_60(scene: Scene) -> FloatArray:
    """Return the share of the last hour in which the room was occupied."""
    return occupied_share(scene.room, scene.moments - 3600.0, scene.moments)


@feature
def occupied_share_240(scene: Scene) -> FloatArray:
    """Return the share of the last 4 hours in which the room was occupied."""
    return occupied_share(scene.room, scene.moments - 4 * 3600.0, scene.moments)


@feature
def occupied_share_1440(scene: Scene) -> FloatArray:
    """Return the share of the last day in which the room was occupied."""
    return occupied_share(scene.room, scene.moments - 24 * 3600.0, scene.moments)


@feature
def last_spell(scene: Scene) -> FloatArray:
    """Return how long the spell before this one lasted, as log minutes.

    0 where there was none, or where it is long ago.
    """
    times = scene.room.change_times
    if not len(times):
        return np.zeros(len(scene.moments))
    index = np.searchsorted(times, scene.moments, "right") - 1
    entry = times[np.maximum(index, 0)]
    lasted = entry - times[np.maximum(index - 1, 0)]
    is_recent = scene.moments - entry < LONG_AGO * 60
    return np.where(is_recent, log_minutes(lasted / 60), 0.0)


@feature
def since_door(scene: Scene) -> FloatArray:
    """Return the time since a door of the room moved, as log minutes."""
    return log_minutes(since(scene.room.door_times, scene.moments))
