"""How regular people are: what the best fixed answer would reach in hindsight.

Somebody who had seen every day of the recording before, and then gave for each
quarter of an hour, state and type of day the one answer that fits these days best.
That is more than any forecaster knows of habits, and still no more than habits.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.events import EventsFile
from custom_components.occupancy_prediction.engine.local_time import local_time
from custom_components.occupancy_prediction.engine.types import FloatArray

from .grid import DAY
from .results import TOLERANCE
from .truth import truth_of

_QUARTER, _QUARTERS = 900.0, 96  # s
# One answer fits fewer days than these well by chance.
_FEWEST = 10


@dataclass(frozen=True, slots=True)
class Hindsight:
    """Share within 20 min and mean error (min) of the best fixed answers."""

    days: int
    within_20: float
    error: float


def hindsight_of(home: EventsFile) -> Hindsight | None:
    """Look back at a home; None where there are too few days."""
    last = home.end - DAY * 60
    moments = np.arange(home.start, last, _QUARTER, np.float64)
    local = local_time(moments, home.spec.time_zone)
    quarter = np.floor(local.minute / 15).astype(np.int64)
    hits, errors, count = 0, 0.0, 0
    for truth in truth_of(home, home.start).values():
        waits = np.minimum(truth.remaining(moments), DAY)
        kind = truth.occupied(moments) * 2 + local.weekend
        question = kind * _QUARTERS + quarter
        order = np.argsort(question, kind="stable")
        bounds = np.flatnonzero(np.diff(question[order])) + 1
        for answers in np.split(waits[order], bounds):
            if len(answers) >= _FEWEST:
                hits += _most_within(np.sort(answers))
                errors += float(np.abs(answers - np.median(answers)).sum())
                count += len(answers)
    if not count:
        return None
    days = len(np.unique(local.day))
    return Hindsight(days, hits / count, errors / count)


def _most_within(waits: FloatArray) -> int:
    """Return how many of the ordered waits one answer can come near."""
    reach = np.searchsorted(waits, waits + 2 * TOLERANCE, "right")
    return int((reach - np.arange(len(waits))).max())
