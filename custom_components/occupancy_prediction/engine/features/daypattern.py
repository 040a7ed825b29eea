"""How the last day went in the room, hour by hour: to find days like it."""

import numpy as np

from ..types import FloatArray
from .registry import Scene, feature_block, occupied_share

_HOURS = 24
_HOUR = 3600.0


@feature_block
def hour(scene: Scene) -> FloatArray:
    """Return the share of each of the last 24 hours it was occupied, latest first."""
    edges = scene.moments[:, None] - _HOUR * np.arange(_HOURS + 1)[None]
    ends, starts = edges[:, :-1], edges[:, 1:]
    return occupied_share(scene.room, starts, ends)
