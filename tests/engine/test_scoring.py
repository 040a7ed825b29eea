"""Scores and figures, worked by hand."""

from collections.abc import Sequence
from dataclasses import replace
import math

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.distribution import quantile
from custom_components.occupancy_prediction.engine.samples import Outcomes
from custom_components.occupancy_prediction.engine.scoring import (
    Accuracy,
    AccuracyTable,
    Issued,
    Scores,
    Window,
    judge,
    outcomes_of_issued,
    score,
    summarize,
)
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    HomeTimeline,
)
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    FloatArray,
    Forecast,
    Transition,
)

from .made import certain, outcomes_of_minutes, row
from .test_samples import MINUTE, MONDAY, at, room_of

HOUR, DAY = 3600.0, 86400.0
# The change comes in any minute of the next hour, or of the next two.
HOURLY, TWO_HOURLY = row((60, 1.0)), row((120, 1.0))
# Most likely nothing happens within a day.
LATER = row((1440, 0.4))


def issued_of(
    *cdfs: FloatArray,
    baseline: FloatArray | None = TWO_HOURLY,
    minutes: Sequence[float] = (),
    occupied: bool = False,
    reliable: bool = False,
) -> Issued:
    """Return forecasts of these distributions, issued that many minutes after MONDAY."""
    count = len(cdfs)
    if baseline is None:
        baseline = np.full((1, BINS), np.nan)
    return Issued(
        issued_at=at(*(minutes or [0.0] * count)),
        version=np.full(count, "v1"),
        occupied=np.full(count, occupied),
        reliable=np.full(count, reliable),
        confidence=np.full(count, 0.7),
        predicted=quantile(np.concatenate(cdfs), 0.5),
        lower=quantile(np.concatenate(cdfs), 0.1),
        upper=quantile(np.concatenate(cdfs), 0.9),
        cdf=np.concatenate(cdfs),
        baseline=np.repeat(baseline, count, axis=0),
    )


def score_of(
    cdf: FloatArray, minutes: float, baseline: FloatArray | None = TWO_HOURLY
) -> dict[str, float]:
    """Return the scores of one forecast by the minute at which the change came."""
    scores = score(issued_of(cdf, baseline=baseline), outcomes_of_minutes([minutes]))
    return {
        name: float(getattr(scores, name)[0])
        for name in ("error", "crps", "baseline_crps", "log_score", "pit", "covered")
    }


def scores_of(
    errors: Sequence[float],
    *,
    issued_at: float | Sequence[float] = MONDAY,
    remaining: float | Sequence[float] = 60.0,
    occupied: bool | Sequence[bool] = False,
    reliable: bool | Sequence[bool] = False,
    baseline: float | Sequence[float] = 20.0,
    covered: bool | Sequence[bool] = True,
) -> Scores:
    """Return scores of which only what is named matters."""
    count = len(errors)

    def column(value: object) -> FloatArray:
        return np.broadcast_to(np.asarray(value, np.float64), (count,)).copy()

    return Scores(
        issued_at=column(issued_at),
        occupied=column(occupied) > 0,
        reliable=column(reliable) > 0,
        confidence=column(0.5),
        remaining=column(remaining),
        observed=np.full(count, True),
        error=column(errors),
        crps=np.abs(column(errors)),
        baseline_crps=column(baseline),
        log_score=column(2.0),
        pit=(np.arange(count) + 0.5) / max(count, 1),
        covered=column(covered) > 0,
    )


# --- one forecast ---------------------------------------------------------------------


def test_change_later_than_predicted() -> None:
    """Predicted in 30 minutes, it came in 40."""
    assert score_of(HOURLY, 40) == pytest.approx(
        {
            "error": -10,
            # The integral of (t / 60)^2 to 40 and of (1 - t / 60)^2 from there to 60.
            "crps": (40**3 + 20**3) / (3 * 60**2),
            "baseline_crps": (40**3 + 80**3) / (3 * 120**2),
            # The bin from 30 to 40 holds a sixth.
            "log_score": math.log(6),
            "pit": 40 / 60,
            "covered": 1,
        }
    )


def test_change_after_all_that_was_held_possible() -> None:
    """The score is bad but finite."""
    assert score_of(HOURLY, 90) == pytest.approx(
        {
            "error": -60,
            "crps": 60 / 3 + 30,
            "baseline_crps": (90**3 + 30**3) / (3 * 120**2),
            "log_score": math.log(1e6),
            "pit": 1,
            "covered": 0,
        }
    )


@pytest.mark.parametrize(("minutes", "covered"), [(5, 0), (6, 1), (54, 1), (55, 0)])
def test_interval_is_that_of_eighty_percent(minutes: float, covered: float) -> None:
    """Between a tenth and nine tenths of the hour."""
    assert score_of(HOURLY, minutes)["covered"] == covered


def test_nothing_predicted_and_nothing_came() -> None:
    """Both beyond the horizon: neither late nor early."""
    scores = score_of(LATER, math.inf)
    assert scores["error"] == 0
    assert scores["crps"] == pytest.approx(0.4**2 * 1440 / 3)
    assert scores["log_score"] == pytest.approx(-math.log(0.6))
    # Somewhere in what is left above 0.4.
    assert scores["pit"] == pytest.approx(0.7)
    assert scores["covered"] == 1


def test_one_of_both_beyond_the_horizon() -> None:
    """The horizon stands for "later": the error is at least that."""
    assert score_of(LATER, 720)["error"] == 720
    late = score_of(HOURLY, math.inf)
    assert late["error"] == 30 - HORIZON
    assert late["covered"] == 0


def test_what_was_shown_is_scored() -> None:
    """People see whole minutes, and an interval that was learned to be right."""
    issued = replace(
        issued_of(HOURLY),
        predicted=np.array([31.0]),
        lower=np.array([20.0]),
        upper=np.array([HORIZON]),
    )
    for minutes, error, covered in ((19, 12, False), (20, 11, True), (900, -869, True)):
        scores = score(issued, outcomes_of_minutes([minutes]))
        assert scores.error.tolist() == [error]
        assert scores.covered.tolist() == [covered]
    scores = score(issued, outcomes_of_minutes([math.inf]))
    assert scores.covered.tolist() == [True]
    assert scores.error.tolist() == [31 - HORIZON]


def test_no_baseline() -> None:
    """What nobody can be compared with has no score of the baseline."""
    scores = score_of(HOURLY, 40, baseline=None)
    assert math.isnan(scores["baseline_crps"])
    assert scores["crps"] == pytest.approx(72_000 / 10_800)


def test_what_nobody_saw_is_not_scored() -> None:
    """A forecast that was cut off is no miss."""
    outcomes = Outcomes(np.array([40.0, 40.0]), np.array([True, False]))
    assert outcomes.known.tolist() == [True, False]
    with pytest.raises(ValueError, match="nobody saw"):
        score(issued_of(HOURLY, HOURLY), outcomes)


def test_forecasts_become_columns() -> None:
    """What a forecast does not say is NaN; what made it is named."""
    cdf = tuple(HOURLY[0].tolist())
    forecasts = [
        Forecast("room", 5.0, True, confidence=0.7, reliable=True, cdf=cdf),
        Forecast(
            "room",
            9.0,
            False,
            predicted_time=609.0,
            lower=9.0,
            cdf=cdf,
            baseline=cdf,
            model_version="v12",
        ),
    ]
    issued = Issued.of(forecasts)
    assert issued.issued_at.tolist() == [5, 9]
    assert issued.version.tolist() == ["", "v12"]
    assert issued.occupied.tolist() == [True, False]
    assert issued.reliable.tolist() == [True, False]
    assert issued.confidence == pytest.approx([0.7, np.nan], nan_ok=True)
    # What is not shown lies beyond the horizon.
    assert issued.predicted.tolist() == [HORIZON, 10]
    assert issued.lower.tolist() == [HORIZON, 0]
    assert issued.upper.tolist() == [HORIZON, HORIZON]
    assert (issued.cdf == HOURLY).all()
    assert np.isnan(issued.baseline[0]).all()
    assert (issued.baseline[1] == HOURLY[0]).all()
    again = Issued.joined([Issued.of([]), *(Issued.of([each]) for each in forecasts)])
    assert len(again) == 2
    assert again.version.tolist() == ["", "v12"]
    assert again.take(np.array([False, True])).issued_at.tolist() == [9]


# --- what came ------------------------------------------------------------------------

# Vacant from minute 60, occupied at 100, lost at 140, vacant again from 300.
ROOM = room_of([(60, VACANT), (100, OCCUPIED), (140, UNKNOWN), (300, VACANT)])


@pytest.mark.parametrize(
    ("minute", "occupied", "end", "remaining"),
    [
        pytest.param(70, False, 400, 30, id="came"),
        pytest.param(100, True, 400, None, id="lost before it ended"),
        pytest.param(70, False, 99, None, id="still open"),
        pytest.param(200, False, 400, None, id="state not known"),
        pytest.param(70, True, 400, None, id="another state"),
        pytest.param(50, False, 400, None, id="before anything is known"),
        pytest.param(310, False, 300 + HORIZON, None, id="not quite a day"),
        pytest.param(310, False, 310 + HORIZON, HORIZON, id="a day"),
        pytest.param(500, False, 400, None, id="of the future"),
    ],
)
def test_what_came(
    minute: float, occupied: bool, end: float, remaining: float | None
) -> None:
    """It is known only if the end was seen, or none within the horizon."""
    issued = issued_of(HOURLY, minutes=[minute], occupied=occupied)
    outcomes = outcomes_of_issued(issued, ROOM, MONDAY + end * MINUTE)
    assert outcomes.known.tolist() == [remaining is not None]
    if remaining is not None:
        assert outcomes.remaining[0] == pytest.approx(remaining)
        assert outcomes.observed[0] == (remaining < HORIZON)


def test_judge_keeps_what_is_open() -> None:
    """Known ones are scored, open ones wait, and nobody waits for ever."""
    minutes = [70.0, 90.0, 110.0, 310.0, 320.0]
    issued = {
        "room": issued_of(*[HOURLY] * 5, minutes=minutes),
        "gone": issued_of(HOURLY),
    }
    issued["room"].occupied[2] = True
    later = 320 + HORIZON - 1

    def at_minute(end: float) -> tuple[list[float], list[float]]:
        home = HomeTimeline(MONDAY, MONDAY + end * MINUTE, {"room": ROOM})
        waiting, scores = judge(issued, home, patience=900.0)
        assert "gone" not in waiting | scores
        return tuple(
            ((part["room"].issued_at - MONDAY) / MINUTE).tolist()
            if "room" in part
            else []
            for part in (waiting, scores)
        )

    # Those of the future are of a time that never was.
    assert at_minute(95) == ([70, 90], [])
    # The stay that was lost sight of may yet turn out to have gone on.
    assert at_minute(330) == ([110, 310, 320], [70, 90])
    assert at_minute(later) == ([320], [70, 90, 310])
    assert at_minute(later + 1) == ([], [70, 90, 310, 320])


def test_judge_of_an_unbroken_stay() -> None:
    """A gap that was bridged is no end: the forecast is scored when it comes."""
    issued = {"room": issued_of(HOURLY, minutes=[70])}

    def look(*changes: tuple[float, int], end: float) -> dict[str, Scores]:
        home = HomeTimeline(
            MONDAY, MONDAY + end * MINUTE, {"room": room_of([*changes])}
        )
        waiting, scores = judge(issued, home, patience=900.0)
        assert bool(waiting) != bool(scores)
        return scores

    assert not look((60, VACANT), (80, UNKNOWN), end=85)
    assert not look((60, VACANT), end=90)
    scores = look((60, VACANT), (100, OCCUPIED), end=100)
    assert scores["room"].remaining.tolist() == [30]


# --- figures --------------------------------------------------------------------------


def figures(
    scores: Scores,
    transition: Transition | None = None,
    *,
    window: Window = Window.DAY,
    now: float = MONDAY + DAY,
    threshold: float = 15.0,
) -> Accuracy:
    """Return the figures of a room."""
    return (
        summarize({"room": scores}, now, threshold).rooms["room"].of(window, transition)
    )


def test_figures() -> None:
    """Four forecasts, of which two claimed their minute."""
    accuracy = figures(
        scores_of(
            [-10, 5, 0, 25],
            reliable=[True, True, False, False],
            baseline=[20, 20, 10, np.nan],
            covered=[True, True, True, False],
        )
    )
    assert accuracy == Accuracy(
        count=4,
        mean_absolute_error=10.0,
        # Of the three that were not exact.
        late_share=1 / 3,
        within_threshold=0.75,
        within_20=0.75,
        crps=10.0,
        log_score=2.0,
        # The last has nothing to be compared with.
        skill=1 - (10 + 5 + 0) / (20 + 20 + 10),
        coverage=0.75,
        # An eighth, three, five and seven eighths.
        pit=(0.0, 0.25, 0.0, 0.25, 0.0, 0.0, 0.25, 0.0, 0.25, 0.0),
        reliable_share=0.5,
        reliable=Accuracy(
            count=2,
            mean_absolute_error=7.5,
            late_share=0.5,
            within_threshold=1.0,
            within_20=1.0,
            crps=7.5,
            log_score=2.0,
            skill=1 - 15 / 40,
            coverage=1.0,
            pit=(0.0, 0.5, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        ),
    )


def test_threshold_is_the_homes_own() -> None:
    """The share within it counts what is off by exactly that as well."""
    scores = scores_of([-15, 15, 16, 3])
    assert figures(scores).within_threshold == 0.75
    assert figures(scores, threshold=3).within_threshold == 0.25
    assert figures(scores, threshold=60).within_threshold == 1.0
    assert figures(scores, threshold=60).within_20 == 1.0


def test_nothing_to_take_figures_of() -> None:
    """Neither a room without scores nor a home without rooms has any."""
    assert figures(scores_of([])) == Accuracy()
    assert figures(scores_of([5]), Transition.VACANT) == Accuracy()
    empty = summarize({}, MONDAY, 15.0)
    assert (empty.rooms, empty.home, empty.threshold) == ({}, AccuracyTable(), 15.0)
    assert empty.home.of(Window.WEEK) == Accuracy()


def test_no_bias_and_no_skill_where_they_mean_nothing() -> None:
    """Forecasts that were all exact are neither late nor early."""
    accuracy = figures(scores_of([0, 0], baseline=np.nan))
    assert accuracy.late_share is None
    assert accuracy.skill is None
    assert accuracy.reliable is None
    assert accuracy.reliable_share == 0
    assert accuracy.mean_absolute_error == 0


def test_directions_are_told_apart() -> None:
    """An occupied room is to become vacant."""
    scores = scores_of([-4, 8, 30], occupied=[True, False, True])
    assert figures(scores, Transition.VACANT).mean_absolute_error == 17
    assert figures(scores, Transition.OCCUPIED).mean_absolute_error == 8
    assert figures(scores).mean_absolute_error == 14


def test_windows_go_by_when_it_was_known_what_came() -> None:
    """By the time of issue the last hours would hold short stays alone."""
    now = MONDAY + 60 * DAY
    ago = np.array([25 * HOUR, 26 * HOUR, 6 * DAY, 7.5 * DAY, 29 * DAY, 31 * DAY, 60.0])
    remaining = [120.0, 60.0, 60.0, 60.0, 60.0, 60.0, 2.0]
    scores = scores_of(
        [1, 2, 4, 8, 16, 32, 64], issued_at=(now - ago).tolist(), remaining=remaining
    )
    # The last has not come true yet: the clock was set back.
    for window, sum_of_errors, count in (
        (Window.DAY, 1, 1),
        (Window.WEEK, 1 + 2 + 4, 3),
        (Window.MONTH, 1 + 2 + 4 + 8 + 16, 5),
    ):
        accuracy = figures(scores, window=window, now=now)
        assert accuracy.count == count
        assert accuracy.mean_absolute_error == pytest.approx(sum_of_errors / count)
    only = summarize({"room": scores}, now, 15.0, [Window.WEEK]).home
    assert only.of(Window.WEEK).count == 3
    assert only.of(Window.DAY) == Accuracy()


def test_home_is_all_rooms_together() -> None:
    """Each forecast counts alike, in whatever room."""
    home = summarize(
        {
            "kitchen": scores_of([10, 20], baseline=[20, 20]),
            "bath": scores_of([60], baseline=[60]),
        },
        MONDAY + DAY,
        15.0,
    )
    accuracy = home.home.of(Window.DAY)
    assert accuracy.count == 3
    assert accuracy.mean_absolute_error == 30
    assert accuracy.skill == pytest.approx(1 - 90 / 100)
    assert home.rooms["kitchen"].of(Window.DAY).skill == pytest.approx(1 - 30 / 40)
    assert home.rooms["bath"].of(Window.DAY).skill == 0


def test_skill_of_perfect_and_of_usual_forecasts() -> None:
    """0 for who says what is usual, more for who knows better, less for worse."""
    outcomes = outcomes_of_minutes([60.0, 60.0])

    def skill(cdf: FloatArray) -> float:
        scores = score(issued_of(cdf, cdf), outcomes)
        accuracy = figures(scores)
        assert accuracy.skill is not None
        return accuracy.skill

    # Spread over the ten minutes before, against the two hours around it.
    assert skill(certain(60.0)) == pytest.approx(1 - (10 / 3) / 10)
    assert skill(TWO_HOURLY) == 0
    assert skill(np.asarray(GRID[1:] / HORIZON)[None]) < 0
