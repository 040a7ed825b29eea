"""Which rooms were visited last, one after the other."""

import zlib

import numpy as np

from ..types import FloatArray
from .registry import Scene, feature_block, log_minutes

# Visits told (count): more than people remember of what they just did.
_VISITS = 16
# Visits that began longer ago (min) are not told: half of what is remembered in use,
# so that the beginning of each is known there, too.
_LONGEST = 12 * 60.0
# Codes stay below this, so that they are exact in single precision.
_CODES = (1 << 24) - 2


@feature_block
def visited(scene: Scene) -> FloatArray:
    """Return the last visits, latest first, (n, 3 * 16).

    First the rooms, as numbers that stand for their ids, negative for the room itself
    and 0 where there was no visit; then how long ago each began and how long it has
    lasted so far, as log minutes.
    """
    visits, moments = scene.home.visits, scene.moments
    if not len(visits.starts):
        return np.zeros((len(moments), 3 * _VISITS))
    place = scene.visit[:, None] - np.arange(_VISITS)[None]
    at = np.maximum(place, 0)
    begun = visits.starts[at]
    over = np.minimum(np.r_[visits.starts[1:], np.inf][at], moments[:, None])
    ago = (moments[:, None] - begun) / 60
    told = (place >= 0) & (ago <= _LONGEST)
    codes = np.array([_code(room_id) for room_id in scene.home.room_ids])
    own = scene.home.room_ids.index(scene.room.room_id)
    codes[own] = -codes[own]
    columns = (
        codes[visits.rooms[at]],
        log_minutes(ago),
        log_minutes((over - begun) / 60),
    )
    return np.concatenate([np.where(told, column, 0.0) for column in columns], axis=1)


def _code(room_id: str) -> float:
    # The order of rooms changes when one is added; this does not.
    return 1.0 + zlib.crc32(room_id.encode()) % _CODES
