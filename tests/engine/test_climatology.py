"""Tests of the climatology, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    probability_within,
    quantile,
)
from custom_components.occupancy_prediction.engine.models.base import (
    Arrays,
    FitContext,
    circular_distance,
)
from custom_components.occupancy_prediction.engine.models.climatology import (
    Climatology,
    time_of_week,
)
from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    TrainingSet,
    stays_of,
)
from custom_components.occupancy_prediction.engine.types import GRID, HORIZON

from .made import outcomes_of_minutes, samples_of
from .test_samples import room_of

CONFIG = EngineConfig()
MEMBER = Climatology()
NO_STAYS = stays_of(room_of([]), 0.0, "UTC")
# Enough to outweigh the pseudo-observations, each counting a tenth.
MANY = 4000


def fit(samples: Samples, outcomes: Outcomes, config: EngineConfig = CONFIG) -> Arrays:
    """Return what is learned from samples and what came of them."""
    training = TrainingSet(samples, outcomes, NO_STAYS)
    return MEMBER.fit({"room": training}, FitContext(config, 0, lambda share: None))[
        "room"
    ]


def within(arrays: Arrays, samples: Samples, minutes: float) -> float:
    """Return P(within minutes) of the first sample."""
    cdf = MEMBER.predict(arrays, samples, CONFIG)
    return float(probability_within(cdf, np.full(len(cdf), minutes))[0])


def test_counts_by_hand() -> None:
    """Who was looked at in each bin, who ended in it, who was cut off in it."""
    samples = samples_of(4, clock=np.array([0.0, 5.0, 20.0, 20.0]))
    # In the bin to 10 min; cut off in the bin to 10 min; to 1 min; beyond a day.
    outcomes = Outcomes(
        np.array([10.0, 8.0, 0.5, HORIZON]), np.array([True, False, True, False])
    )
    arrays = fit(samples, outcomes)
    ended, looked = arrays["ended"][0, 0], arrays["looked"][0, 0]
    assert ended[0].tolist() == [0, 0, 0, 0, 0, 1] + [0] * 20
    assert looked[0].tolist() == [2, 2, 2, 2, 2, 1.5] + [0] * 20
    assert ended[1].tolist() == [1] + [0] * 25
    assert looked[1].tolist() == [2] + [1] * 25
    assert arrays["ended"].sum() == 2
    assert arrays["looked"].sum() == 11.5 + 27


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75])
def test_outliving_the_horizon_is_no_half_observation(share: float) -> None:
    """Of the moments from which it takes all day, the share that ends is right."""
    count = np.arange(MANY)
    late = np.where(count < share * MANY, 1200.0, 2 * HORIZON)
    arrays = fit(samples_of(MANY), outcomes_of_minutes(late))
    assert within(arrays, samples_of(1), 1080) < 0.02
    assert within(arrays, samples_of(1), HORIZON) == pytest.approx(share, abs=0.02)


def test_vacant_follows_the_clock() -> None:
    """At seven somebody comes within minutes, at noon in hours."""
    clock = np.resize([420.0, 720.0], MANY)
    arrays = fit(
        samples_of(MANY, clock=clock),
        outcomes_of_minutes(np.where(clock == 420, 10.0, 600.0)),
    )
    early, noon = samples_of(1, clock=420.0), samples_of(1, clock=720.0)
    assert within(arrays, early, 10) > 0.9
    assert within(arrays, noon, 480) < 0.1
    assert within(arrays, noon, 600) > 0.85
    # Near the hour it is much the same, at midnight it is anybody's guess.
    assert within(arrays, samples_of(1, clock=435.0), 10) > 0.85
    assert 0.2 < within(arrays, samples_of(1, clock=0.0), 10) < 0.8


def test_the_day_is_a_circle() -> None:
    """Five to midnight is close to five past."""
    arrays = fit(
        samples_of(MANY, clock=np.resize([1435.0, 720.0], MANY)),
        outcomes_of_minutes(np.resize([10.0, 600.0], MANY)),
    )
    assert within(arrays, samples_of(1, clock=5.0), 10) > 0.9
    assert circular_distance(np.array([5.0]), np.array([1435.0])).tolist() == [10]
    assert circular_distance(np.array([0.0]), np.array([720.0])).tolist() == [720]


def test_days_of_the_other_type_count_less() -> None:
    """A home seen on work days and weekends tells them apart."""
    work, free = samples_of(MANY), samples_of(MANY, day=739_871)
    assert free.weekend.all() and not work.weekend.any()
    arrays = fit(
        Samples.joined([work, free]),
        outcomes_of_minutes(np.repeat([10.0, 300.0], MANY)),
    )
    # Of 1.3 parts 1 is of its own type.
    assert within(arrays, work.take(np.array([0])), 10) == pytest.approx(
        1 / 1.3, abs=0.03
    )
    assert within(arrays, free.take(np.array([0])), 10) == pytest.approx(
        0.3 / 1.3, abs=0.03
    )


def test_other_type_of_day_steps_in_where_this_one_was_not_seen() -> None:
    """The first Saturday is taken for a work day."""
    arrays = fit(samples_of(MANY), outcomes_of_minutes(np.full(MANY, 10.0)))
    assert within(arrays, samples_of(1, day=739_871), 10) > 0.85


def test_occupied_follows_the_delay() -> None:
    """While a sensor is on it can take long; with the delay running out it does not."""
    on = samples_of(MANY, occupied=True, earliest=5.0)
    running = samples_of(MANY, occupied=True, sensor_on=False, earliest=1.0, quiet=4.0)
    arrays = fit(
        Samples.joined([on, running]),
        outcomes_of_minutes(np.repeat([45.0, 1.0], MANY)),
    )
    assert within(arrays, on.take(np.array([0])), 30) < 0.1
    assert within(arrays, running.take(np.array([0])), 1) > 0.9
    fresh = samples_of(1, occupied=True, sensor_on=False, earliest=4.9, quiet=0.1)
    # Of a phase nobody was seen in, what is known of occupied rooms is said.
    assert 0.2 < within(arrays, fresh, 1) < 0.8


@pytest.mark.parametrize("left", [5.0, 0.0])
def test_ends_of_the_delay(left: float) -> None:
    """The moment a sensor goes off, and the one before the room is vacant."""
    running = samples_of(
        MANY, occupied=True, sensor_on=False, earliest=left, quiet=5.0 - left
    )
    arrays = fit(running, outcomes_of_minutes(np.full(MANY, left + 1)))
    assert within(arrays, running.take(np.array([0])), left + 2) > 0.9


def test_states_do_not_mix() -> None:
    """What is known of vacant rooms says nothing of occupied ones."""
    arrays = fit(samples_of(MANY), outcomes_of_minutes(np.full(MANY, 1.0)))
    nothing = fit(samples_of(0), outcomes_of_minutes([]))
    occupied = samples_of(1, occupied=True)
    np.testing.assert_allclose(
        MEMBER.predict(arrays, occupied, CONFIG),
        MEMBER.predict(nothing, occupied, CONFIG),
    )


def test_before_any_data() -> None:
    """About one transition a day, whatever is asked."""
    nothing = fit(samples_of(0), outcomes_of_minutes([]))
    cdf = MEMBER.predict(nothing, samples_of(2, occupied=[False, True]), CONFIG)
    expected = 1 - (1 - 1 / 26) ** np.arange(1, 27)
    np.testing.assert_allclose(cdf, np.tile(expected, (2, 1)))


def test_shrinkage_needs_a_tenth_of_each_moment() -> None:
    """Thirty moments at one clock time weigh as much as the pseudo-observations."""
    # At noon nobody leaves within a minute, at all other hours everybody does.
    clock = np.concatenate([np.full(30, 720.0), np.full(MANY, 0.0)])
    minutes = np.concatenate([np.full(30, 600.0), np.full(MANY, 1.0)])
    samples, outcomes = (
        samples_of(len(clock), clock=clock),
        outcomes_of_minutes(minutes),
    )
    noon = samples_of(1, clock=720.0)
    assert within(fit(samples, outcomes), noon, 1) == pytest.approx(0.5, abs=0.02)
    stronger = replace(CONFIG, shrinkage=300.0)
    assert within(fit(samples, outcomes, stronger), noon, 1) > 0.95


def test_median_is_that_of_the_past() -> None:
    """Outcomes drawn evenly between one and two hours."""
    minutes = np.linspace(60, 120, MANY)
    cdf = MEMBER.predict(
        fit(samples_of(MANY), outcomes_of_minutes(minutes)), samples_of(1), CONFIG
    )
    assert quantile(cdf, 0.5)[0] == pytest.approx(90, abs=2)
    assert GRID[0] == 0


def test_baseline_knows_state_clock_and_kind_of_day_alone() -> None:
    """It is the member where no delay runs, and does not see one that does."""
    # With a sensor on stays go on for 200 min, with the delay running for 2.
    samples = samples_of(
        MANY * 2,
        occupied=True,
        clock=600.0,
        earliest=np.resize([5.0, 1.0], MANY * 2),
        quiet=np.resize([0.0, 4.0], MANY * 2),
    )
    samples = replace(samples, sensor_on=samples.quiet == 0)
    arrays = fit(samples, outcomes_of_minutes(np.resize([200.0, 2.0], MANY * 2)))
    asked = samples.take(np.array([0, 1]))
    member = MEMBER.predict(arrays, asked, CONFIG)
    assert probability_within(member, np.full(2, 10.0)) == pytest.approx(
        [0, 1], abs=0.05
    )
    baseline = time_of_week(arrays, asked, CONFIG)
    assert probability_within(baseline, np.full(2, 10.0)) == pytest.approx(
        [0.5, 0.5], abs=0.02
    )
    assert (baseline[0] == baseline[1]).all()


def test_baseline_of_a_vacant_room_is_the_member() -> None:
    """There is no delay to know of."""
    samples = samples_of(MANY, clock=np.resize([100.0, 700.0], MANY))
    arrays = fit(samples, outcomes_of_minutes(np.resize([30.0, 600.0], MANY)))
    asked = samples_of(3, clock=np.array([95.0, 400.0, 720.0]))
    expected = MEMBER.predict(arrays, asked, CONFIG)
    assert time_of_week(arrays, asked, CONFIG) == pytest.approx(expected, abs=1e-3)


def test_baseline_of_the_other_kind_of_day() -> None:
    """A weekend is not what a Monday is."""
    monday, saturday = 739_866, 739_871
    days = [samples_of(MANY, clock=480.0, day=day) for day in (monday, saturday)]
    outcomes = outcomes_of_minutes(np.repeat([20.0, 300.0], MANY))
    arrays = fit(Samples.joined(days), outcomes)
    within_an_hour = [
        float(
            probability_within(time_of_week(arrays, day, CONFIG), np.full(MANY, 60.0))[
                0
            ]
        )
        for day in days
    ]
    # The other kind counts three tenths.
    assert within_an_hour == pytest.approx([1 / 1.3, 0.3 / 1.3], abs=0.02)
