"""The report on accuracy, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.report import (
    WORST,
    ConfidenceClass,
    calibration_of,
    misses_of,
    report_of,
)
from custom_components.occupancy_prediction.engine.scoring import Scores
from custom_components.occupancy_prediction.engine.types import HORIZON, Transition

from .test_samples import MONDAY
from .test_scoring import scores_of

DAY, MINUTE = 86400.0, 60.0
END = MONDAY + 10 * DAY


def test_figures_of_rooms_and_directions() -> None:
    """Of each room and direction, and of all together."""
    report = report_of(
        {
            "kitchen": scores_of([10.0, -30.0], issued_at=END - DAY),
            "bath": scores_of([2.0], issued_at=END - DAY, occupied=True),
        },
        END,
        7,
        15.0,
    )
    assert (report.start, report.end) == (END - 7 * DAY, END)
    kitchen = report.rooms["kitchen"].accuracy
    assert kitchen[None] == kitchen[Transition.OCCUPIED]
    assert kitchen[Transition.VACANT].count == 0
    assert kitchen[None].mean_absolute_error == 20.0
    assert kitchen[None].within_threshold == 0.5
    # CRPS 10 and 30 against 20 and 20.
    assert kitchen[None].skill == 0.0
    assert report.home.accuracy[None].count == 3
    assert report.home.accuracy[None].mean_absolute_error == 14.0
    assert report.home.accuracy[Transition.VACANT].mean_absolute_error == 2.0


def test_days_count_by_when_it_became_known() -> None:
    """A forecast of before counts if its change came in these days, and none later."""
    issued_at = [END - DAY - 90 * MINUTE, END - DAY - 30 * MINUTE, END - 30 * MINUTE]
    report = report_of(
        {
            "kitchen": scores_of([1.0, 2.0, 4.0], issued_at=issued_at),
            "bath": scores_of([1.0], issued_at=END - 5 * DAY),
        },
        END,
        1,
        15.0,
    )
    assert report.rooms.keys() == {"kitchen"}
    assert report.home.accuracy[None].mean_absolute_error == 2.0


def test_nothing_known() -> None:
    """No forecast, no figure."""
    report = report_of({}, END, 30, 15.0)
    assert (report.rooms, report.misses) == ({}, ())
    assert (report.home.accuracy, report.home.periods) == ({}, ())
    assert report_of({"kitchen": scores_of([])}, END, 30, 15.0).rooms == {}


def test_days() -> None:
    """Each day that something is known of has its figures."""
    scores = scores_of(
        [10.0, 20.0, 40.0],
        issued_at=[END - 3 * DAY, END - 3 * DAY, END - DAY],
        remaining=30.0,
    )
    report = report_of({"kitchen": scores}, END, 5, 15.0)
    periods = report.home.periods
    assert report.period == DAY
    assert [period.start for period in periods] == [END - 3 * DAY, END - DAY]
    assert [period.accuracy.mean_absolute_error for period in periods] == [15.0, 40.0]


def test_weeks_of_a_long_time() -> None:
    """A year has too many days to be looked at one by one."""
    scores = scores_of([10.0, 20.0], issued_at=[END - 16 * DAY, END - DAY])
    report = report_of({"kitchen": scores}, END, 364, 15.0)
    assert report.period == 7 * DAY
    starts = [period.start for period in report.home.periods]
    assert starts == [END - 21 * DAY, END - 7 * DAY]


def confident(*pairs: tuple[float, float]) -> Scores:
    """Return scores by confidence and error."""
    confidence, errors = zip(*pairs, strict=True)
    return replace(scores_of(errors), confidence=np.array(confidence))


def test_calibration() -> None:
    """Of each tenth: the mean that was stated, and what came within 20 minutes."""
    found = calibration_of(
        confident(
            (0.62, 20.0),
            (0.66, -21.0),
            (0.68, 0.0),
            (1.0, 3.0),
            (0.05, 90),
            (np.nan, 0),
        )
    )
    low, middle, high = found
    assert low == ConfidenceClass(0.05, 0.0, 1)
    assert high == ConfidenceClass(1.0, 1.0, 1)
    assert middle.stated == pytest.approx((0.62 + 0.66 + 0.68) / 3)
    assert middle.came_true == pytest.approx(2 / 3)
    assert middle.count == 3


def stay(*errors: float, start: float = END - DAY, length: float = 60.0) -> Scores:
    """Return scores of one stay: a forecast every five minutes, with these errors."""
    minutes = [5.0 * number for number in range(len(errors))]
    return scores_of(
        errors,
        issued_at=[start + minute * MINUTE for minute in minutes],
        remaining=[length - minute for minute in minutes],
    )


def test_one_miss_of_a_stay() -> None:
    """The worst, though all of its forecasts were wrong."""
    (miss,) = misses_of("kitchen", stay(-30.0, -40.0, -20.0), 15.0)
    assert miss.room_id == "kitchen"
    assert miss.transition is Transition.OCCUPIED
    assert miss.error == -40.0
    assert miss.issued_at == END - DAY + 5 * MINUTE
    assert miss.came_at == END - DAY + 60 * MINUTE
    assert miss.predicted_at == END - DAY + 20 * MINUTE
    assert not miss.reliable
    assert miss.confidence == 0.5


def test_what_is_accepted_is_no_miss() -> None:
    """Up to the error that is accepted."""
    assert misses_of("kitchen", stay(15.0, -15.0), 15.0) == []
    assert len(misses_of("kitchen", stay(15.0, -15.1), 15.0)) == 1


def test_a_broken_promise_is_worse() -> None:
    """A forecast marked reliable stands for its stay, and comes before all others."""
    broken = replace(stay(-50.0, -20.0, -60.0), reliable=np.array([False, True, False]))
    later = stay(90.0, start=END - 5 * 3600)
    scores = Scores.joined([broken, later])
    misses = report_of({"kitchen": scores}, END, 7, 15.0).misses
    assert [(miss.error, miss.reliable) for miss in misses] == [
        (-20.0, True),
        (90.0, False),
    ]


def test_stays_of_the_same_state() -> None:
    """A room that was left for a moment, between two forecasts, had two stays."""
    first = stay(-30.0, length=3.0)
    second = stay(-50.0, start=END - DAY + 5 * MINUTE)
    assert len(misses_of("kitchen", Scores.joined([second, first]), 15.0)) == 2


def test_a_change_of_state_is_another_stay() -> None:
    """However close it is."""
    vacant, occupied = stay(-30.0), stay(-30.0, start=END - DAY + 60)
    occupied = replace(occupied, occupied=np.array([True]))
    misses = misses_of("kitchen", Scores.joined([vacant, occupied]), 15.0)
    assert [miss.transition for miss in misses] == ["occupied", "vacant"]


def test_nothing_came_within_a_day() -> None:
    """A stay of more than a day is one stay; what was not seen has no moment."""
    count = 30
    scores = scores_of(
        [60.0 - HORIZON] * count,
        issued_at=[END - 3 * DAY + hour * 3600 for hour in range(count)],
        remaining=HORIZON,
    )
    scores = replace(scores, observed=np.full(count, False))
    (miss,) = misses_of("kitchen", scores, 15.0)
    assert miss.came_at is None
    assert miss.predicted_at == miss.issued_at + 60 * MINUTE


def test_predicted_beyond_the_horizon() -> None:
    """It said "not within a day", and somebody came."""
    scores = replace(stay(HORIZON - 60.0), confidence=np.array([np.nan]))
    (miss,) = misses_of("kitchen", scores, 15.0)
    assert miss.predicted_at is None
    assert miss.confidence is None
    assert miss.came_at == END - DAY + 60 * MINUTE


def test_only_the_worst_are_told() -> None:
    """Those of all rooms, the largest first."""
    rooms = {
        f"room {number}": Scores.joined(
            [
                stay(-20.0 - number - 50 * visit, start=END - DAY + visit * 7200)
                for visit in range(4)
            ]
        )
        for number in range(5)
    }
    misses = report_of(rooms, END, 7, 15.0).misses
    assert len(misses) == WORST
    errors = [-miss.error for miss in misses]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == 174.0
