"""How regular people are: the spread of their nights, which no forecast can beat."""

from dataclasses import dataclass

import numpy as np

from benchmarks.events import EventsFile
from custom_components.occupancy_prediction.engine import OCCUPANCY_KINDS
from custom_components.occupancy_prediction.engine.types import FloatArray

# A night lies between these (h after midnight of the evening), and is the longest
# time without a message of any sensor that notices people, of this length at least
# (s).
_EVENING, _NOON = 18.0, 36.0
_SHORTEST = 3 * 3600.0
# Nights of which a spread can be told.
_FEWEST = 7
_HOUR, _DAY = 3600.0, 86400.0
# Half the distance between these is a standard deviation if the spread is normal,
# and is not moved by a few nights away from home.
_LOW, _HIGH = 0.1587, 0.8413


@dataclass(frozen=True, slots=True)
class Nights:
    """Spread (min, like a standard deviation) of when the nights began and ended."""

    count: int
    beginning: float
    end: float


def nights_of(home: EventsFile) -> Nights | None:
    """Measure the nights of a home; None where there are too few."""
    kinds = {each.sensor_id: each.kind for r in home.spec.rooms for each in r.sensors}
    telling = np.array(
        [kinds[each] in OCCUPANCY_KINDS for each in home.table.sensor_ids]
    )
    times = home.table.timestamps[telling[home.table.sensors]]
    found = []
    for midnight in np.arange(home.start, home.end - _NOON * _HOUR, _DAY).tolist():
        first, last = midnight + _EVENING * _HOUR, midnight + _NOON * _HOUR
        inside = times[(times >= first) & (times < last)]
        gaps = np.diff(inside)
        if len(gaps) and gaps.max() >= _SHORTEST:
            place = int(gaps.argmax())
            found.append((inside[place] - midnight, inside[place + 1] - midnight))
    if len(found) < _FEWEST:
        return None
    moments = np.array(found)
    return Nights(len(found), _spread(moments[:, 0]), _spread(moments[:, 1]))


def _spread(moments: FloatArray) -> float:
    low, high = np.quantile(moments, [_LOW, _HIGH])
    return float(high - low) / 2 / 60
