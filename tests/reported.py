"""Forecasts that have been scored, for the tests of the report on accuracy."""

import numpy as np

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.engine import HORIZON, Issued, score
from custom_components.occupancy_prediction.engine.samples import Outcomes
from custom_components.occupancy_prediction.engine.types import BINS
from custom_components.occupancy_prediction.forecast_log import LogEntry

MINUTE = 60.0
# The predicted time of all of them, in minutes after they were issued.
PREDICTED = 30.0


def fared(
    first: float,
    came_after: list[float],
    *,
    occupied: bool = False,
    reliable: bool = False,
    confidence: float = 0.7,
) -> LogEntry:
    """Return what is kept of forecasts of the kitchen.

    A forecast each hour from ``first`` on, each of a change in 30 minutes that came
    after as many minutes as given.
    """
    count = len(came_after)
    said = np.tile(np.linspace(0.02, 0.98, BINS), (count, 1))
    issued = Issued(
        issued_at=np.asarray(first + 3600 * np.arange(count), np.float64),
        version=np.full(count, "v1"),
        occupied=np.full(count, occupied),
        reliable=np.full(count, reliable),
        confidence=np.full(count, confidence),
        predicted=np.full(count, PREDICTED),
        lower=np.full(count, 10.0),
        upper=np.full(count, 60.0),
        cdf=said,
        baseline=said,
    )
    minutes = np.array(came_after)
    observed = minutes < HORIZON
    outcomes = Outcomes(np.minimum(minutes, HORIZON), observed)
    scores = score(issued, outcomes)
    return LogEntry({"room_kitchen": issued}, {"room_kitchen": scores})


def in_room(room_id: str, entry: LogEntry) -> LogEntry:
    """Return the same of another room."""
    (issued,), (scores,) = entry.issued.values(), entry.scores.values()
    return LogEntry({room_id: issued}, {room_id: scores})


def remember(archive: Archive, *entries: LogEntry) -> None:
    """Write it to the archive: what was issued first, then how it fared."""
    archive.forecasts.write(entries)
