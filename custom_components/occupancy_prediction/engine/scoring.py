"""What became of the forecasts that were issued, and how good they were.

A forecast is scored once, when it is known what came: the change, or that none came
within the horizon. One whose end nobody saw (a restart, lost sensors) is not scored
at all: it would count as a miss, and long stays are interrupted most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self

import numpy as np

from .metrics import covered, crps, log_score, pit
from .samples import Outcomes, outcomes_after
from .timeline import OCCUPIED, VACANT, HomeTimeline, RoomTimeline
from .types import BINS, HORIZON, BoolArray, FloatArray, Forecast, IntArray, Transition

type TextArray = np.ndarray[tuple[int, ...], np.dtype[np.str_]]

# The other tolerance people ask for besides the home's own (min).
TOLERANCE = 20.0
# Parts into which the PIT is sorted: uneven ones tell what is wrong with forecasts.
PIT_PARTS = 10


class _Columns:
    """Rows as columns of equal length."""

    __slots__ = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(getattr(self, _names(type(self))[0]))

    def take(self, rows: IntArray | BoolArray) -> Self:
        """Return some of the rows."""
        return type(self)(*(getattr(self, name)[rows] for name in _names(type(self))))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of all parts, of which there is at least one."""
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in _names(cls)
            )
        )


def _names(columns: Any) -> list[str]:
    return [column.name for column in fields(columns)]


@dataclass(frozen=True, slots=True)
class Issued(_Columns):
    """Forecasts of one room as they were issued. Shapes: (n,) where not said.

    Attributes:
        issued_at: UTC seconds.
        version: of the model.
        occupied: the confirmed state at that moment.
        reliable: whether they claimed their minute.
        confidence: P(within 20 min), NaN where no minute was named.
        predicted, lower, upper: the moments shown, in minutes from then; the horizon
            where one lies beyond it.
        cdf: (n, BINS); see ``distribution``.
        baseline: (n, BINS) the same of time-of-week climatology, or NaN.
    """

    issued_at: FloatArray
    version: TextArray
    occupied: BoolArray
    reliable: BoolArray
    confidence: FloatArray
    predicted: FloatArray
    lower: FloatArray
    upper: FloatArray
    cdf: FloatArray
    baseline: FloatArray

    @classmethod
    def of(cls, forecasts: Sequence[Forecast]) -> Self:
        """Keep what forecasts of one room said; each of them has a ``cdf``."""
        unknown = (np.nan,) * BINS
        shape = (len(forecasts), BINS)
        issued_at = np.array([each.issued_at for each in forecasts], np.float64)
        sure = [each.confidence for each in forecasts]
        return cls(
            issued_at,
            np.array([each.model_version or "" for each in forecasts], np.str_),
            np.array([each.occupied for each in forecasts], np.bool_),
            np.array([each.reliable for each in forecasts], np.bool_),
            np.array([np.nan if each is None else each for each in sure], np.float64),
            _minutes(issued_at, [each.predicted_time for each in forecasts]),
            _minutes(issued_at, [each.lower for each in forecasts]),
            _minutes(issued_at, [each.upper for each in forecasts]),
            np.array([each.cdf for each in forecasts], np.float64).reshape(shape),
            np.array(
                [each.baseline or unknown for each in forecasts], np.float64
            ).reshape(shape),
        )


def _minutes(issued_at: FloatArray, moments: Sequence[float | None]) -> FloatArray:
    """Return the minutes until moments, the horizon of those beyond it."""
    times = np.array([np.inf if each is None else each for each in moments], np.float64)
    return np.minimum((times - issued_at) / 60, HORIZON)


def outcomes_of_issued(issued: Issued, room: RoomTimeline, end: float) -> Outcomes:
    """Return what came after forecasts, as far as a timeline up to ``end`` knows.

    Where it has the room in another state than the forecast had, it tells of another
    life (a clock that was wrong, other sensors), and nothing is known.
    """
    outcomes = outcomes_after(room, issued.issued_at, end)
    state = np.where(issued.occupied, OCCUPIED, VACANT)
    same = (room.state_at(issued.issued_at) == state) & (issued.issued_at <= end)
    return Outcomes(np.where(same, outcomes.remaining, 0.0), outcomes.observed & same)


@dataclass(frozen=True, slots=True)
class Scores(_Columns):
    """How forecasts of one room fared. Shapes: (n,).

    Attributes:
        issued_at: UTC seconds.
        occupied: the state, and so the direction of the change.
        reliable: whether they claimed their minute.
        confidence: P(within 20 min), NaN where no minute was named.
        remaining: minutes until the change, the horizon where it came later.
        observed: whether it came within the horizon.
        error: minutes by which the predicted time was late, negative if the change
            was later than predicted; 0 where both lie beyond the horizon.
        crps: continuous ranked probability score (min).
        baseline_crps: the same of time-of-week climatology, or NaN.
        log_score: -log of the probability of what came (nats).
        pit: probability integral transform.
        covered: whether the change came in the interval shown, of 80 %.
    """

    issued_at: FloatArray
    occupied: BoolArray
    reliable: BoolArray
    confidence: FloatArray
    remaining: FloatArray
    observed: BoolArray
    error: FloatArray
    crps: FloatArray
    baseline_crps: FloatArray
    log_score: FloatArray
    pit: FloatArray
    covered: BoolArray

    @property
    def resolved_at(self) -> FloatArray:
        """Return when it was known what came (UTC s)."""
        return self.issued_at + self.remaining * 60


def score(issued: Issued, outcomes: Outcomes) -> Scores:
    """Score forecasts of which it is known what came.

    Raises:
        ValueError: of some it is not; see ``Outcomes.known``.
    """
    if not outcomes.known.all():
        raise ValueError("a forecast whose end nobody saw cannot be scored")
    remaining, observed, cdf = outcomes.remaining, outcomes.observed, issued.cdf
    return Scores(
        issued_at=issued.issued_at,
        occupied=issued.occupied,
        reliable=issued.reliable,
        confidence=issued.confidence,
        remaining=remaining,
        observed=observed,
        error=issued.predicted - np.where(observed, remaining, HORIZON),
        crps=crps(cdf, remaining, observed),
        baseline_crps=crps(issued.baseline, remaining, observed),
        log_score=log_score(cdf, remaining, observed),
        pit=pit(cdf, remaining, observed),
        covered=covered(issued.lower, issued.upper, remaining, observed),
    )


def judge(
    issued: Mapping[str, Issued], timeline: HomeTimeline, patience: float
) -> tuple[dict[str, Issued], dict[str, Scores]]:
    """Score what is known by now of rooms; return what is still open, and scores.

    After ``patience`` seconds more than the horizon a forecast is open no longer: its
    end was not seen.
    """
    still_open: dict[str, Issued] = {}
    scores: dict[str, Scores] = {}
    first = timeline.end - HORIZON * 60 - patience
    for room_id in issued.keys() & timeline.rooms.keys():
        rows = issued[room_id]
        outcomes = outcomes_of_issued(rows, timeline.rooms[room_id], timeline.end)
        known = outcomes.known
        if known.any():
            scores[room_id] = score(rows.take(known), outcomes.take(known))
        recent = (rows.issued_at > first) & (rows.issued_at <= timeline.end)
        if (waiting := recent & ~known).any():
            still_open[room_id] = rows.take(waiting)
    return still_open, scores


class Window(StrEnum):
    """How far back a figure looks."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def seconds(self) -> float:
        """Return its length."""
        return {Window.DAY: 1, Window.WEEK: 7, Window.MONTH: 30}[self] * 86400.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Figures of some forecasts, None where there is nothing to take them of.

    Attributes:
        count: how many forecasts.
        mean_absolute_error: of the predicted time (min).
        late_share: share of changes later than predicted, of those that were earlier
            or later; 0.5 is no bias.
        within_threshold: share off by no more than the home's threshold.
        within_20: share off by no more than 20 min.
        crps: mean (min).
        log_score: mean (nats).
        skill: 1 - CRPS / that of time-of-week climatology: 0 is no better, 1 perfect.
        coverage: share of changes inside the 80 % interval.
        pit: shares of the PIT in ten equal parts, 0.1 each if calibrated.
        reliable_share: share that claimed their minute.
        reliable: the figures of these.
    """

    count: int = 0
    mean_absolute_error: float | None = None
    late_share: float | None = None
    within_threshold: float | None = None
    within_20: float | None = None
    crps: float | None = None
    log_score: float | None = None
    skill: float | None = None
    coverage: float | None = None
    pit: tuple[float, ...] = ()
    reliable_share: float | None = None
    reliable: Accuracy | None = None


@dataclass(frozen=True, slots=True)
class AccuracyTable:
    """Figures by window and direction, None for both directions together."""

    figures: Mapping[tuple[Window, Transition | None], Accuracy] = field(
        default_factory=dict
    )

    def of(self, window: Window, transition: Transition | None = None) -> Accuracy:
        """Return the figures of a window, of one direction or of both."""
        return self.figures.get((window, transition), Accuracy())


@dataclass(frozen=True, slots=True)
class HomeAccuracy:
    """Figures of each room and of all rooms together.

    ``computed_at`` is in UTC seconds, ``threshold`` in minutes.
    """

    computed_at: float
    threshold: float
    rooms: Mapping[str, AccuracyTable]
    home: AccuracyTable


def summarize(
    scores: Mapping[str, Scores],
    now: float,
    threshold: float,
    windows: Sequence[Window] = tuple(Window),
) -> HomeAccuracy:
    """Summarize the scores of rooms by direction and window.

    A forecast is in the window in which it became known what came. By the time of
    issue, the last day would hold those alone that came true soon.
    """
    rooms = {
        room_id: _table(each, now, threshold, windows)
        for room_id, each in scores.items()
    }
    everything = (
        _table(Scores.joined(list(scores.values())), now, threshold, windows)
        if scores
        else AccuracyTable()
    )
    return HomeAccuracy(now, threshold, rooms, everything)


def _table(
    scores: Scores, now: float, threshold: float, windows: Sequence[Window]
) -> AccuracyTable:
    figures: dict[tuple[Window, Transition | None], Accuracy] = {}
    inside = scores.take(scores.resolved_at <= now)
    # The longest first: the others are parts of it.
    for window in sorted(windows, key=lambda each: -each.seconds):
        inside = inside.take(inside.resolved_at > now - window.seconds)
        for transition, accuracy in accuracy_of(inside, threshold).items():
            figures[window, transition] = accuracy
    return AccuracyTable(figures)


def accuracy_of(scores: Scores, threshold: float) -> dict[Transition | None, Accuracy]:
    """Return figures by direction, None for both together; ``threshold`` in min."""
    found: dict[Transition | None, Accuracy] = {None: _accuracy(scores, threshold)}
    for transition in Transition:
        to_vacant = transition is Transition.VACANT
        chosen = scores.take(scores.occupied == to_vacant)
        found[transition] = _accuracy(chosen, threshold)
    return found


def _accuracy(scores: Scores, threshold: float) -> Accuracy:
    if not len(scores):
        return Accuracy()
    reliable = scores.take(scores.reliable)
    return replace(
        _figures(scores, threshold),
        reliable_share=len(reliable) / len(scores),
        reliable=_figures(reliable, threshold) if len(reliable) else None,
    )


def _figures(scores: Scores, threshold: float) -> Accuracy:
    distance = np.abs(scores.error)
    late, early = int((scores.error < 0).sum()), int((scores.error > 0).sum())
    compared = np.isfinite(scores.baseline_crps)
    baseline = float(scores.baseline_crps[compared].sum())
    parts, _ = np.histogram(scores.pit, PIT_PARTS, (0.0, 1.0))
    return Accuracy(
        count=len(scores),
        mean_absolute_error=float(distance.mean()),
        late_share=late / (late + early) if late + early else None,
        within_threshold=float((distance <= threshold).mean()),
        within_20=float((distance <= TOLERANCE).mean()),
        crps=float(scores.crps.mean()),
        log_score=float(scores.log_score.mean()),
        skill=1 - float(scores.crps[compared].sum()) / baseline if baseline else None,
        coverage=float(scores.covered.mean()),
        pit=tuple((parts / len(scores)).tolist()),
    )
