"""A room of which nothing was learned yet: what rooms of its kind commonly do."""

from functools import cache

import numpy as np

from .calibration import Calibration
from .config import EngineConfig
from .distribution import mean_time
from .ensemble import default_weights
from .evidence import Evidence
from .models import PRIOR
from .models.base import Arrays, FitContext
from .occupancy_curve import common_profile
from .purpose import Purpose
from .samples import TrainingSet, entry_samples
from .state import ModelState, RoomModel
from .types import FloatArray, RoomSpec, Stage

_HOURS = 24
_CONFIG = EngineConfig()
_ROOM = "room"


def known_or_newcomer(state: ModelState | None, room: RoomSpec) -> RoomModel:
    """Return what was learned of a room, or what there is to say without that."""
    known = None if state is None else state.rooms.get(room.room_id)
    return newcomer(room.purpose) if known is None else known


@cache
def newcomer(purpose: Purpose) -> RoomModel:
    """Return what is known of a room before its first day."""
    context = FitContext(_CONFIG, 0, lambda share: None)
    arrays = PRIOR.fit({_ROOM: TrainingSet.empty(purpose)}, context)[_ROOM]
    return RoomModel(
        members={PRIOR.name: arrays},
        weights=default_weights(),
        calibration=Calibration.identity(),
        evidence=Evidence.empty(),
        profile=common_profile(_usual_occupancy(arrays)),
        spells=(0, 0),
        days=0.0,
        stride=1,
        counted_until=0.0,
        open_since=0.0,
        stage=Stage.COLLECTING,
    )


def _usual_occupancy(arrays: Arrays) -> FloatArray:
    """Return P(occupied) by hour of the day, (24,): the share of the stays.

    As if people came and went at each hour the way they do at that hour.
    """
    hours: FloatArray = np.linspace(0.0, 24 * 3600.0, _HOURS, endpoint=False)
    vacant, occupied = (
        mean_time(
            PRIOR.predict(
                arrays,
                entry_samples(
                    hours,
                    occupied=state,
                    vacancy_delay=RoomSpec(_ROOM, ()).vacancy_delay,
                    time_zone="UTC",
                ),
                _CONFIG,
            )
        )
        for state in (False, True)
    )
    share: FloatArray = occupied / (occupied + vacant)
    return share
