"""How good the forecasts of some days were: figures, calibration, the worst misses."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .scoring import TOLERANCE, Accuracy, Scores, accuracy_of
from .types import HORIZON, IntArray, Transition

_DAY = 86400.0
# Days it may be of: scores are kept no longer.
LONGEST_REPORT = 400
# Classes of the confidence, each as wide as the next: as fine as a month can fill.
CLASSES = 10
# Days of so long a time are told one by one, of a longer one week by week.
_MOST_DAYS = 60
# Misses that are told: what one looks into by hand.
WORST = 10


@dataclass(frozen=True, slots=True)
class ConfidenceClass:
    """Forecasts of about the same confidence.

    ``stated`` is its mean, ``came_true`` the share that came within 20 min.
    """

    stated: float
    came_true: float
    count: int


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a week that began at ``start`` (UTC s), and what became known in it."""

    start: float
    accuracy: Accuracy


@dataclass(frozen=True, slots=True)
class Part:
    """What is told of a room, or of all rooms together.

    Attributes:
        accuracy: figures by direction, None for both together.
        calibration: classes of the stated confidence, without empty ones.
        periods: those of which something is known, in order.
    """

    accuracy: Mapping[Transition | None, Accuracy]
    calibration: tuple[ConfidenceClass, ...]
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Miss:
    """A forecast that was far off, the worst of its stay.

    Attributes:
        room_id: whose.
        issued_at: UTC seconds.
        transition: what it forecast.
        reliable: whether it claimed its minute.
        confidence: P(within 20 min), None where no minute was named.
        predicted_at: None for "not within a day".
        came_at: None if it did not come within a day.
        error: minutes by which the predicted time was late, negative if the change was
            later than predicted.
    """

    room_id: str
    issued_at: float
    transition: Transition
    reliable: bool
    confidence: float | None
    predicted_at: float | None
    came_at: float | None
    error: float


@dataclass(frozen=True, slots=True)
class AccuracyReport:
    """How the forecasts fared of which it became known between two moments.

    Attributes:
        start, end: UTC seconds.
        threshold: the error one accepts (min).
        period: length of the periods (s).
        rooms: what is told of each room that had such forecasts.
        home: of all of them together.
        misses: the worst, those that were called reliable first; one of a stay.
    """

    start: float
    end: float
    threshold: float
    period: float
    rooms: Mapping[str, Part]
    home: Part
    misses: tuple[Miss, ...]


def report_of(
    scores: Mapping[str, Scores], end: float, days: int, threshold: float
) -> AccuracyReport:
    """Report on the scores of rooms of so many days."""
    start = end - days * _DAY
    period = _DAY if days <= _MOST_DAYS else 7 * _DAY
    inside = {
        room_id: each.take((each.resolved_at > start) & (each.resolved_at <= end))
        for room_id, each in scores.items()
    }
    inside = {room_id: each for room_id, each in inside.items() if len(each)}
    misses = [
        miss
        for room_id, each in inside.items()
        for miss in misses_of(room_id, each, threshold)
    ]
    misses.sort(key=lambda miss: (not miss.reliable, -abs(miss.error), miss.issued_at))
    home = (
        _part(Scores.joined(list(inside.values())), start, period, threshold)
        if inside
        else Part({}, (), ())
    )
    return AccuracyReport(
        start,
        end,
        threshold,
        period,
        {
            room_id: _part(each, start, period, threshold)
            for room_id, each in inside.items()
        },
        home,
        tuple(misses[:WORST]),
    )


def _part(scores: Scores, start: float, period: float, threshold: float) -> Part:
    number = ((scores.resolved_at - start) // period).astype(np.int64)
    order = np.argsort(number, kind="stable")
    present, firsts = np.unique(number[order], return_index=True)
    groups = np.split(order, firsts[1:])
    return Part(
        accuracy_of(scores, threshold),
        calibration_of(scores),
        tuple(
            Period(
                start + float(each) * period,
                accuracy_of(scores.take(rows), threshold)[None],
            )
            for each, rows in zip(present, groups, strict=True)
        ),
    )


def calibration_of(scores: Scores) -> tuple[ConfidenceClass, ...]:
    """Compare the stated confidence with the share that came within 20 min."""
    named = scores.take(np.isfinite(scores.confidence))
    hit = np.abs(named.error) <= TOLERANCE
    place = np.minimum((named.confidence * CLASSES).astype(np.int64), CLASSES - 1)
    return tuple(
        ConfidenceClass(
            float(named.confidence[place == each].mean()),
            float(hit[place == each].mean()),
            int((place == each).sum()),
        )
        for each in np.unique(place)
    )


def misses_of(room_id: str, scores: Scores, threshold: float) -> list[Miss]:
    """Return the worst forecasts of a room, one of each stay, the worst first.

    Every five minutes of a stay the same mistake is made once more.
    """
    scores = scores.take(np.argsort(scores.issued_at, kind="stable"))
    distance, stays = np.abs(scores.error), _stays(scores)
    rows = np.flatnonzero(distance > threshold)
    # The worst of each stay comes last; of equal ones the first that was issued.
    keys = (-rows, distance[rows], scores.reliable[rows], stays[rows])
    rows = rows[np.lexsort(keys)]
    rows = rows[np.r_[stays[rows][1:] != stays[rows][:-1], True][: len(rows)]]
    order = np.lexsort((rows, -distance[rows], ~scores.reliable[rows]))
    return [_miss(room_id, scores, row) for row in rows[order][:WORST].tolist()]


def _stays(scores: Scores) -> IntArray:
    """Number the stays in which forecasts, in order, were issued; shape (n,).

    Another one has begun where the state is another, or where the change that the
    forecast before was waiting for has come.
    """
    begins = np.r_[
        False,
        (scores.occupied[1:] != scores.occupied[:-1])
        | (scores.issued_at[1:] > scores.resolved_at[:-1]),
    ][: len(scores)]
    return np.asarray(np.cumsum(begins), np.int64)


def _miss(room_id: str, scores: Scores, row: int) -> Miss:
    issued_at, error = float(scores.issued_at[row]), float(scores.error[row])
    observed = bool(scores.observed[row])
    came = float(scores.remaining[row]) if observed else HORIZON
    predicted, confidence = error + came, float(scores.confidence[row])
    return Miss(
        room_id,
        issued_at,
        Transition.VACANT if scores.occupied[row] else Transition.OCCUPIED,
        bool(scores.reliable[row]),
        confidence if np.isfinite(confidence) else None,
        # Single precision keeps a day to less than a thousandth of a minute.
        issued_at + predicted * 60 if predicted < HORIZON - 0.01 else None,
        issued_at + came * 60 if observed else None,
        error,
    )
