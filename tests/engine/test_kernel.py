"""Tests of residual life by analogy: against slow code, and worked by hand."""

from dataclasses import replace
import math

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    from_hazards,
    probability_within,
)
from custom_components.occupancy_prediction.engine.models.base import Arrays, FitContext
from custom_components.occupancy_prediction.engine.models.kernel import Kernel
from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    TrainingSet,
    stays_of,
)
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    FloatArray,
)

from .made import outcomes_of_minutes, samples_of
from .test_oracles import distance, random_samples
from .test_samples import room_of

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 0, lambda share: None)
MEMBER = Kernel()
NO_STAYS = stays_of(room_of([]), 0.0, "UTC")
SATURDAY = 739_871


def fit(samples: Samples, outcomes: Outcomes) -> Arrays:
    """Return what is remembered of samples and what came of them."""
    training = TrainingSet(samples, outcomes, NO_STAYS)
    return MEMBER.fit({"room": training}, CONTEXT)["room"]


def within(arrays: Arrays, samples: Samples, minutes: float) -> float:
    """Return P(within minutes) of the first sample."""
    cdf = MEMBER.predict(arrays, samples, CONFIG)
    return float(probability_within(cdf, np.full(len(cdf), minutes))[0])


def with_elsewhere(samples: Samples, minutes: FloatArray) -> Samples:
    """Return samples that know how quiet it is elsewhere."""
    quiet = np.log1p(minutes)[:, None]
    return replace(samples, features=quiet, names=("quiet_elsewhere",))


def random_training(seed: int, count: int) -> TrainingSet:
    """Return moments of a few days and what came of them, some of it unknown."""
    generator = np.random.default_rng(seed)
    samples = random_samples(generator, count)
    quiet = np.where(
        samples.occupied | (generator.random(count) < 0.8), samples.quiet, math.inf
    )
    samples = replace(
        samples, quiet=quiet, since_on=quiet + generator.exponential(5, count)
    )
    samples = with_elsewhere(samples, generator.exponential(60, count))
    remaining = np.minimum(generator.exponential(300, count), HORIZON)
    observed = (generator.random(count) < 0.8) & (remaining < HORIZON)
    return TrainingSet(samples, Outcomes(remaining, observed), NO_STAYS)


# --- against slow code ----------------------------------------------------------------

# Column and width of each narrowing, and the weight of the other type of day.
STEPS: dict[bool, list[tuple[dict[str, float], float]]] = {
    False: [
        ({"clock": 45.0}, 0.6),
        ({"quiet": 1.2, "elsewhere": 1.2}, 1.0),
        ({"elapsed": 1.2}, 1.0),
    ],
    True: [
        ({"phase": 0.4, "since_on": 0.7, "clock": 240.0}, 1.0),
        ({"elapsed": 0.8}, 1.0),
        ({"clock": 75.0}, 0.6),
    ],
}


def columns(samples: Samples, row: int) -> dict[str, float]:
    """Return what likeness is asked of; NaN where it is not known."""
    elsewhere = samples.feature("quiet_elsewhere")
    known = {
        "clock": float(samples.clock[row]),
        "elapsed": math.log1p(samples.elapsed[row]),
        "quiet": math.log1p(samples.quiet[row]),
        "since_on": math.log1p(samples.since_on[row]),
        # A sensor that is on is two minutes from any phase of the delay.
        "phase": float(samples.earliest[row]) + (2 if samples.sensor_on[row] else 0),
        "elsewhere": math.nan if elsewhere is None else float(elsewhere[row]),
    }
    return {k: v if math.isfinite(v) else math.nan for k, v in known.items()}


def counted(outcomes: Outcomes, row: int) -> tuple[FloatArray, FloatArray]:
    """Return in which bin a moment ended, and in which it was looked at."""
    ended, looked = np.zeros(BINS), np.zeros(BINS)
    remaining, observed = outcomes.remaining[row], outcomes.observed[row]
    for number in range(BINS):
        if remaining > GRID[number + 1] or remaining == HORIZON:
            looked[number] = 1.0
        elif remaining > GRID[number] or number == 0:
            looked[number] = 1.0 if observed else 0.5
            ended[number] = float(observed)
    return ended, looked


def slow_hazards(
    training: TrainingSet, question: Samples, row: int, *, leave_out_day: bool
) -> FloatArray:
    """Return the narrowest estimate of one question, moment by moment."""
    state = bool(question.occupied[row])
    past = np.flatnonzero(training.samples.occupied == state)
    tables = [counted(training.outcomes, place) for place in past]
    weights = np.ones(len(past))
    ended = sum((table[0] for table in tables), np.zeros(BINS))
    looked = sum((table[1] for table in tables), np.zeros(BINS))
    hazards = (ended + 1 / BINS) / (looked + 1)
    for number, place in enumerate(past):
        if leave_out_day and training.samples.day[place] == question.day[row]:
            weights[number] = 0.0
    asked = columns(question, row)
    for widths, other_day in STEPS[state]:
        for number, place in enumerate(past):
            known = columns(training.samples, place)
            for name, width in widths.items():
                apart = asked[name] - known[name]
                if name == "clock":
                    apart = distance(asked[name], known[name])
                if not math.isnan(apart):
                    weights[number] *= math.exp(-0.5 * (apart / width) ** 2)
            if training.samples.weekend[place] != question.weekend[row]:
                weights[number] *= other_day
        ended = sum((w * t[0] for w, t in zip(weights, tables, strict=True)), 0 * ended)
        looked = sum(
            (w * t[1] for w, t in zip(weights, tables, strict=True)), 0 * ended
        )
        hazards = (ended + 3 * hazards) / (looked + 3)
    return hazards


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    count=st.sampled_from([1, 2, 60]),
    leave_out_day=st.booleans(),
    told=st.booleans(),
)
def test_against_slow_code(
    seed: int, count: int, leave_out_day: bool, told: bool
) -> None:
    """Whatever is known or unknown of the past and of the question."""
    training = random_training(seed, count)
    question = random_training(seed + 1, 6).samples
    if not told:
        question = question.bare()
    arrays = fit(training.samples, training.outcomes)
    fast = MEMBER.hazards(arrays, question, leave_out_day=leave_out_day)
    for row in range(len(question)):
        slow = slow_hazards(training, question, row, leave_out_day=leave_out_day)
        if (training.samples.occupied == question.occupied[row]).any():
            np.testing.assert_allclose(fast[row], slow, rtol=1e-4, atol=1e-6)
        else:
            np.testing.assert_allclose(fast[row], 1 / BINS)


def test_many_questions_at_once() -> None:
    """More than are answered in one go, each as if it were asked alone."""
    training = random_training(3, 200)
    question = random_training(4, 150).samples
    arrays = fit(training.samples, training.outcomes)
    for leave_out_day in (False, True):
        together = MEMBER.hazards(arrays, question, leave_out_day=leave_out_day)
        for row in (0, 31, 32, 77, 149):
            alone = MEMBER.hazards(
                arrays, question.take(np.array([row])), leave_out_day=leave_out_day
            )
            np.testing.assert_allclose(alone[0], together[row], rtol=1e-12)


# --- worked by hand -------------------------------------------------------------------


def test_what_came_after_moments_like_this_one() -> None:
    """Vacant in the morning: back in ten minutes; at night: in hours."""
    clock = np.resize([480.0, 120.0], 400)
    arrays = fit(
        samples_of(400, clock=clock, quiet=10.0, elapsed=5.0),
        outcomes_of_minutes(np.where(clock == 480, 10.0, 300.0)),
    )

    def soon(clock: float, minutes: float) -> float:
        question = samples_of(1, clock=clock, quiet=10.0, elapsed=5.0)
        return within(arrays, question, minutes)

    assert soon(500.0, 10) > 0.9
    assert soon(100.0, 10) < 0.1
    assert soon(100.0, 300) > 0.9


def test_midnight_is_no_border() -> None:
    """Five to twelve is like five past."""
    clock = np.resize([1435.0, 700.0], 400)
    minutes = np.where(clock == 1435, 10.0, 300.0)
    arrays = fit(samples_of(400, clock=clock), outcomes_of_minutes(minutes))
    assert within(arrays, samples_of(1, clock=5.0), 10) > 0.9


def test_moving_sensors_count_more_than_the_hour() -> None:
    """With the delay nearly over a stay ends at once, with a sensor on it does not."""
    count = 300
    on = samples_of(count, occupied=True, earliest=5.0)
    over = samples_of(count, occupied=True, sensor_on=False, earliest=1.0, quiet=4.0)
    arrays = fit(
        Samples.joined([on, over]),
        outcomes_of_minutes(np.repeat([60.0, 1.0], count)),
    )
    assert within(arrays, on.take(np.array([0])), 30) < 0.05
    assert within(arrays, over.take(np.array([0])), 1) > 0.95
    # With all of the delay left the sensor has just gone off: unlike one that is on.
    fresh = samples_of(1, occupied=True, sensor_on=False, earliest=4.9, quiet=0.1)
    assert within(arrays, fresh, 1) > within(arrays, on.take(np.array([0])), 1) + 0.1


def test_quiet_elsewhere_tells_nights_from_naps() -> None:
    """Where it is known it counts; where it is not, it is like any other."""
    count = 300
    night = with_elsewhere(samples_of(count), np.full(count, 400.0))
    nap = with_elsewhere(samples_of(count), np.full(count, 3.0))
    arrays = fit(
        Samples.joined([night, nap]),
        outcomes_of_minutes(np.repeat([480.0, 20.0], count)),
    )
    assert within(arrays, night.take(np.array([0])), 20) < 0.1
    assert within(arrays, nap.take(np.array([0])), 20) > 0.9
    assert within(arrays, samples_of(1), 20) == pytest.approx(0.5, abs=0.02)


def test_days_of_the_other_type_count_less() -> None:
    """Of 1.6 parts one is of its own type."""
    count = 2000
    arrays = fit(
        Samples.joined([samples_of(count), samples_of(count, day=SATURDAY)]),
        outcomes_of_minutes(np.repeat([10.0, 300.0], count)),
    )
    assert within(arrays, samples_of(1), 10) == pytest.approx(1 / 1.6, abs=0.01)
    assert within(arrays, samples_of(1, day=SATURDAY), 10) == pytest.approx(
        0.6 / 1.6, abs=0.01
    )


def test_own_day_is_left_out() -> None:
    """On a strange day what is said in training is what other days teach."""
    days = [samples_of(100, day=739_866 + number) for number in range(4)]
    arrays = fit(
        Samples.joined(days),
        outcomes_of_minutes(np.repeat([10.0, 10.0, 10.0, 300.0], 100)),
    )
    question = days[3].take(np.array([0]))

    def soon(*, leave_out_day: bool) -> float:
        hazards = MEMBER.hazards(arrays, question, leave_out_day=leave_out_day)
        return float(from_hazards(hazards)[0, 5])

    assert soon(leave_out_day=False) == pytest.approx(0.75, abs=0.02)
    assert soon(leave_out_day=True) > 0.97
    # On a day that was not learned from there is nothing to leave out.
    other = samples_of(1, day=739_873)
    np.testing.assert_array_equal(
        MEMBER.hazards(arrays, other, leave_out_day=True),
        MEMBER.hazards(arrays, other),
    )


def test_where_there_is_nothing_alike_the_wider_estimate_is_said() -> None:
    """Three pseudo-observations of it outweigh the unlike."""
    arrays = fit(samples_of(500, clock=720.0), outcomes_of_minutes([10.0] * 500))
    # At midnight nobody was ever asked: it is as at any hour.
    assert within(arrays, samples_of(1, clock=0.0), 10) > 0.9


def test_before_any_data() -> None:
    """About one transition a day, in either state."""
    nothing = fit(samples_of(0), outcomes_of_minutes([]))
    cdf = MEMBER.predict(nothing, samples_of(2, occupied=[False, True]), CONFIG)
    expected = 1 - (1 - 1 / BINS) ** np.arange(1, BINS + 1)
    np.testing.assert_allclose(cdf, np.tile(expected, (2, 1)))


def test_outliving_the_horizon_is_no_half_observation() -> None:
    """Of the moments from which it takes all day, the share that ends is right."""
    minutes = np.where(np.arange(2000) < 500, 1200.0, 2 * HORIZON)
    arrays = fit(samples_of(2000), outcomes_of_minutes(minutes))
    assert within(arrays, samples_of(1), HORIZON) == pytest.approx(0.25, abs=0.01)


# --- what is kept ---------------------------------------------------------------------


def test_memory_holds_some_moments_of_each_state() -> None:
    """Thinned evenly where there are more, so that no season is missing."""
    count = 8000
    samples = replace(
        samples_of(count, occupied=[False] * 7000 + [True] * 1000),
        clock=np.linspace(0, 1439, count),
    )
    arrays = fit(samples, outcomes_of_minutes(np.full(count, 10.0)))
    kept = arrays["clock0"]
    assert len(kept) == 2334
    assert len(arrays["clock1"]) == 1000
    assert kept[0] == 0
    assert kept[-1] > samples.clock[6990]
    assert np.ptp(np.diff(kept)) < 0.01


def test_new_moments_push_out_the_oldest() -> None:
    """Up to three thousand of each state; below that nothing is lost."""
    first = random_training(1, 400)
    more = random_training(2, 300)
    arrays = fit(first.samples, first.outcomes)
    grown = MEMBER.update(arrays, more, CONTEXT)
    whole = fit(
        Samples.joined([first.samples, more.samples]),
        Outcomes.joined([first.outcomes, more.outcomes]),
    )
    for name, array in whole.items():
        np.testing.assert_array_equal(grown[name], array, name)
        assert grown[name].dtype == array.dtype
    crowd = TrainingSet(
        samples_of(2900, elapsed=3.0), outcomes_of_minutes([10.0] * 2900), NO_STAYS
    )
    grown = MEMBER.update(MEMBER.update(grown, crowd, CONTEXT), crowd, CONTEXT)
    assert len(grown["bin0"]) == 3000
    np.testing.assert_allclose(grown["elapsed0"], np.float32(np.log(4)))
    assert len(grown["bin1"]) == len(whole["bin1"])


def test_a_reference_that_is_there_is_not_made_again() -> None:
    """The pool asks once and tells all members."""
    training = random_training(1, 50)
    arrays = fit(training.samples, training.outcomes)
    question = random_training(2, 5).samples
    hazards = MEMBER.hazards(arrays, question)
    told = replace(question, reference=hazards)
    expected = MEMBER.predict(arrays, question, CONFIG)
    np.testing.assert_array_equal(MEMBER.predict({}, told, CONFIG), expected)
    np.testing.assert_array_equal(expected, from_hazards(hazards))
