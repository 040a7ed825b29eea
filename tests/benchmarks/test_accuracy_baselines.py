"""What happened and what simple forecasters say of it, by hand."""

from dataclasses import replace
from math import exp

import numpy as np
import pytest

from benchmarks.accuracy.baselines import (
    Moments,
    climatology,
    constant_distribution,
    constant_minutes,
    elapsed_time,
    survival,
    training_moments,
)
from benchmarks.accuracy.grid import DAY, EDGES, Distributions
from benchmarks.accuracy.hindsight import Hindsight, hindsight_of
from benchmarks.accuracy.preheat import similar_days
from benchmarks.accuracy.truth import RoomTruth, truth_of
from benchmarks.events import EventsFile, read_events
from benchmarks.household import HouseholdConfig, simulate, write_events
from custom_components.occupancy_prediction.engine import (
    EngineConfig,
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
)
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    build_timeline,
)

MONDAY = 1_788_739_200.0  # 2026-09-07 00:00 UTC
MINUTE, HOUR = 60.0, 3600.0


def home_of(*messages: tuple[float, str, float]) -> EventsFile:
    """Return a home of one room; messages are (minutes, sensor, value)."""
    room = RoomSpec(
        "room",
        (
            SensorSpec("motion", SensorKind.MOTION),
            SensorSpec("bed", SensorKind.PRESENCE),
            SensorSpec("door", SensorKind.DOOR),
        ),
    )
    table = ObservationTable.from_observations(
        [
            Observation(MONDAY + m * MINUTE, sensor, value)
            for m, sensor, value in messages
        ]
    )
    return EventsFile(HomeSpec((room,)), table, {}, ())


def changes_of(*messages: tuple[float, str, float]) -> list[float]:
    """Return the minutes at which the room of such a home changes."""
    truth = truth_of(home_of(*messages), MONDAY)["room"]
    return [(change - MONDAY) / MINUTE for change in truth.changes.tolist()]


def moments(
    remaining: list[float],
    *,
    clock: float | list[float] = 720.0,
    elapsed: float | list[float] = 1.0,
    weekend: bool | list[bool] = False,
    observed: bool | list[bool] = True,
) -> Moments:
    """Return moments of a vacant room."""
    count = len(remaining)
    return Moments(
        np.zeros(count, np.bool_),
        np.broadcast_to(elapsed, count) * 1.0,
        np.broadcast_to(clock, count) * 1.0,
        np.broadcast_to(weekend, count),
        np.array(remaining),
        np.broadcast_to(observed, count),
    )


def said(answer: Distributions, *minutes: float) -> list[float]:
    """Return P(within minutes) of the first answer."""
    return [float(answer.within(m)[0]) for m in minutes]


def test_a_stay_ends_a_delay_after_the_last_activity() -> None:
    """Five minutes after OFF; an ON before that goes on with the same stay."""
    end = (600.0, "motion", 0.0)
    assert changes_of((10, "motion", 1), (20, "motion", 0), end) == [10, 25]
    assert changes_of(
        (10, "motion", 1), (20, "motion", 0), (25, "motion", 1), (30, "motion", 0), end
    ) == [10, 35]
    # A door tells of somebody at one moment.
    assert changes_of((10, "door", 1), (12, "door", 0), end) == [10, 17]


def test_a_sensor_that_says_no_off_is_not_on_for_ever() -> None:
    """Motion counts as off after 4 h, presence after 16 h; each ON starts anew."""
    end = (2000.0, "motion", 0.0)
    assert changes_of((10, "motion", 1), end) == [10, 10 + 240 + 5]
    assert changes_of((10, "motion", 1), (50, "motion", 1), end) == [10, 50 + 240 + 5]
    assert changes_of((10, "bed", 1), end) == [10, 10 + 960 + 5]
    assert changes_of((10, "bed", 1), (20, "bed", np.nan), end) == [10, 25]


def test_a_stay_that_is_not_over_has_no_end() -> None:
    """What lies behind the last event is not known."""
    assert changes_of((10, "motion", 1), (20, "motion", 0), (24, "door", 1)) == [10]
    assert changes_of((10, "motion", 0)) == []


def test_truth_is_what_the_engine_holds_true(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Two pieces of code, one definition."""
    path = tmp_path_factory.mktemp("homes") / "family.csv.gz"
    write_events(simulate(HouseholdConfig(days=14, pet=True, guests=True)), path)
    home = read_events(path)
    truths = truth_of(home, home.start)
    rooms = build_timeline(home.spec, home.table, EngineConfig(), home.end).rooms
    asked = np.arange(home.start, home.end, 97.0, np.float64)
    for room_id, room in rooms.items():
        states = room.state_at(asked)
        known = states != UNKNOWN
        assert known.mean() > 0.9
        occupied = truths[room_id].occupied(asked)
        assert (occupied[known] == (states[known] == OCCUPIED)).all()


def test_moments_of_a_room() -> None:
    """State, age and what is left, as minutes."""
    truth = RoomTruth(MONDAY, MONDAY + 9 * HOUR, MONDAY + np.array([1.0, 3.0]) * HOUR)
    asked = MONDAY + np.array([0.5, 2.0, 4.0]) * HOUR
    assert truth.occupied(asked).tolist() == [False, True, False]
    assert truth.elapsed(asked).tolist() == [30, 60, 60]
    assert truth.remaining(asked).tolist() == [30, 60, np.inf]
    # At the third hour nobody knew of the change at that very moment.
    seen = Moments.of(truth, asked[:2], MONDAY + 3 * HOUR, "UTC")
    assert seen.observed.tolist() == [True, False]
    assert seen.remaining.tolist() == [30, 60]


def test_baselines_learn_nothing_from_the_future() -> None:
    """What comes after the training days changes no moment learned from."""
    hours = np.cumsum(np.random.default_rng(3).exponential(2.0, 200))
    truth = RoomTruth(MONDAY, MONDAY + 500 * HOUR, MONDAY + hours * HOUR)
    end = MONDAY + 7 * 24 * HOUR
    cut = replace(truth, changes=truth.changes[truth.changes < end])
    whole, known = (training_moments(each, end, "UTC") for each in (truth, cut))
    for name in Moments.__slots__:
        assert (getattr(whole, name) == getattr(known, name)).all()
    assert len(whole.clock) == (7 * 24 - 1.5) * 12
    # Nobody has looked longer than to the end.
    assert (whole.remaining <= (7 * 24 - 1) * 60).all()


def test_survival_counts_who_was_still_there() -> None:
    """Three moments: one ended at 10 min, one lost at 10, one ended at 30."""
    past = moments([10, 10, 30], observed=[True, False, True])
    (cdf,) = survival(past, np.ones((1, 3)))
    by_minutes = dict(zip(EDGES.tolist(), cdf.tolist(), strict=True))
    assert by_minutes[5] == 0
    assert by_minutes[10] == by_minutes[15] == by_minutes[20] == pytest.approx(1 / 3)
    assert by_minutes[30] == by_minutes[1440] == pytest.approx(1)
    # Who counts twice ended twice.
    (cdf,) = survival(past, np.array([[2.0, 1.0, 1.0]]))
    assert cdf[2] == pytest.approx(2 / 4)


def test_climatology_by_hand() -> None:
    """Near in clock counts more, and days of the other type 0.3."""
    past = moments([10, 60, 30], clock=[720, 840, 720], weekend=[False, False, True])
    # Noon lies in the quarter of an hour around 12:07:30.
    near, far = exp(-0.5 * (7.5 / 45) ** 2), exp(-0.5 * (112.5 / 45) ** 2)
    by_10 = near / (near + far + 0.3 * near)
    by_30 = 1 - (1 - by_10) * (1 - 0.3 * near / (0.3 * near + far))
    answer = climatology(past, moments([0], clock=720.0))
    assert said(answer, 5, 10, 30, 60) == pytest.approx([0, by_10, by_30, 1])
    by_10 = 0.3 * near / (0.3 * near + 0.3 * far + near)
    answer = climatology(past, moments([0], clock=720.0, weekend=True))
    assert said(answer, 10) == pytest.approx([by_10])
    # Midnight lies between late and early.
    late = moments([10, 60], clock=[1430, 720])
    assert said(climatology(late, moments([0], clock=5.0)), 10)[0] > 0.99


def test_elapsed_time_by_hand() -> None:
    """Moments as old as this one, if there are more than twenty."""
    past = moments([10.0] * 21 + [60.0] * 5, elapsed=[3.0] * 21 + [100.0] * 5)
    assert said(elapsed_time(past, moments([0], elapsed=4)), 10) == pytest.approx([1])
    too_few = elapsed_time(past, moments([0], elapsed=100))
    assert said(too_few, 10, 60) == pytest.approx([21 / 26, 1])


def test_constants() -> None:
    """The same every time: a distribution, or twenty minutes."""
    past = moments([10, 60, 60, 60])
    asked = moments([0, 0], clock=[0, 720])
    always = constant_distribution(past, asked)
    assert always.cdf[0].tolist() == always.cdf[1].tolist()
    assert said(always, 10, 60) == pytest.approx([0.25, 1])
    point = constant_minutes(past, asked)
    assert said(point, 19.9, 20) == pytest.approx([0, 1])
    for quantile in (point.lower, point.median, point.upper):
        assert quantile == pytest.approx([20, 20])


def test_a_state_never_seen_is_not_known() -> None:
    """Nothing learned: as likely at any time of the day."""
    occupied = replace(moments([0]), occupied=np.array([True]))
    for baseline in (climatology, elapsed_time, constant_distribution):
        answer = baseline(moments([10, 60]), occupied)
        assert said(answer, 60, DAY) == pytest.approx([60 / DAY, 1])


def _breakfasts(days: int, *, late: frozenset[int] = frozenset()) -> RoomTruth:
    """Return a kitchen in use from 8 to 9, on late days from 10 to 11."""
    begin = np.array([(10.0 if day in late else 8.0) + 24 * day for day in range(days)])
    changes = MONDAY + np.stack([begin, begin + 1], axis=1).ravel() * HOUR
    return RoomTruth(MONDAY, MONDAY + days * 24 * HOUR, changes)


def test_similar_days_by_hand() -> None:
    """Five days alike say when; one more day knows nothing."""
    at_seven = MONDAY + np.array([(8 * 24 + 7) * HOUR])
    answer = similar_days(_breakfasts(10), at_seven, "UTC")
    assert said(answer, 45, 60) == pytest.approx([45 / DAY / 6, (5 + 60 / DAY) / 6])
    # Tuesday of the second week at half past nine, nobody there yet: the days that
    # were late themselves are more like it than the others, and work days more than
    # the weekend.
    late = frozenset({1, 2, 3, 5, 6, 8})
    half_past = MONDAY + np.array([(8 * 24 + 9.5) * HOUR])
    answer = similar_days(_breakfasts(10, late=late), half_past, "UTC")
    assert said(answer, 30) == pytest.approx([(3 + 30 / DAY) / 6])


def test_similar_days_know_only_the_past() -> None:
    """What comes after the moment changes nothing; the first days know nothing."""
    hours = np.cumsum(np.random.default_rng(5).exponential(2.0, 200))
    truth = RoomTruth(MONDAY, MONDAY + 400 * HOUR, MONDAY + hours * HOUR)
    for hour in (30.0, 100.0, 250.25):
        asked = MONDAY + np.array([hour * HOUR])
        cut = replace(truth, changes=truth.changes[truth.changes <= asked[0]])
        whole, known = (similar_days(each, asked, "UTC") for each in (truth, cut))
        assert whole.cdf.tolist() == known.cdf.tolist()
    first = similar_days(truth, MONDAY + np.array([20 * HOUR]), "UTC")
    assert said(first, 720) == pytest.approx([0.5])


def test_hindsight_gives_the_best_fixed_answer() -> None:
    """Breakfast at eight give or take an hour: nobody knows which day is which."""
    regular = looked_back_on([8 * 60.0] * 33)
    assert regular is not None
    assert regular.within_20 == 1
    assert regular.error == 0
    # Of three moments an hour apart one is met.
    irregular = looked_back_on([(7 + day % 3) * 60.0 for day in range(33)])
    assert irregular is not None
    assert irregular.days == 32
    assert irregular.within_20 == pytest.approx(1 / 3, abs=0.08)
    assert irregular.error > 30
    assert looked_back_on([8 * 60.0] * 5) is None


def looked_back_on(breakfasts: list[float]) -> Hindsight | None:
    """Look back at days with half an hour in the room at some minute of each."""
    return hindsight_of(
        home_of(
            *(
                (day * DAY + begin + minute, "motion", minute < 30)
                for day, begin in enumerate(breakfasts)
                for minute in (0.0, 30.0)
            )
        )
    )
