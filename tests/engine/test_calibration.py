"""Tests of the calibration: how sure is meant as it is said."""

from dataclasses import replace

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.calibration import (
    NEVER,
    Calibration,
    HeldOut,
    learn_calibrations,
)
from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import within_tolerance
from custom_components.occupancy_prediction.engine.samples import Outcomes, Samples
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    BoolArray,
    FloatArray,
)

from .made import ROWS, outcomes_of_minutes, samples_of

CONFIG = EngineConfig()
# The bin from 60 to 75 min holds the median of the rows below.
MEDIAN = 67.5
FAR = 300.0


def rows_of(sure: FloatArray) -> FloatArray:
    """Return distributions that are so sure of a moment; else early or never."""
    rest = (1 - sure)[:, None] / 2
    inside = (GRID[None, 1:] >= 75).astype(np.float64)
    return rest + sure[:, None] * inside


def learned(
    sure: FloatArray, hit: BoolArray, *, occupied: bool = False
) -> tuple[Calibration, Samples]:
    """Return what is learned from forecasts that came true or did not."""
    samples = samples_of(len(sure), occupied=occupied)
    outcomes = outcomes_of_minutes(np.where(hit, MEDIAN, FAR))
    return learn_calibration(rows_of(sure), samples, outcomes, CONFIG), samples


def logistic(value: FloatArray) -> FloatArray:
    """Return the probability of a logit."""
    return np.asarray(1 / (1 + np.exp(-value)))


def logit(probability: FloatArray) -> FloatArray:
    """Return the logit of a probability."""
    return np.asarray(np.log(probability / (1 - probability)))


# --- before anything was learned ------------------------------------------------------


def learn_calibration(
    cdf: FloatArray, samples: Samples, outcomes: Outcomes, config: EngineConfig
) -> Calibration:
    """Return the calibration of the only room of a home."""
    return learn_calibrations({"room": HeldOut(cdf, samples, outcomes)}, config)["room"]


@given(cdf=ROWS, occupied=st.booleans())
def test_identity_leaves_the_confidence_as_it_is(
    cdf: FloatArray, occupied: bool
) -> None:
    """And marks nothing as reliable."""
    samples = samples_of(1, occupied=occupied)
    raw = within_tolerance(cdf, 20.0)
    calibration = Calibration.identity()
    confidence = calibration.confidence(cdf, samples)
    assert confidence[0] == pytest.approx(raw[0], abs=2e-4)
    assert (confidence == 0).tolist() == (raw == 0).tolist()
    assert not calibration.reliable(np.ones(1), samples).any()


@pytest.mark.parametrize("count", [0, 7])
def test_nothing_to_learn_from(count: int) -> None:
    """No forecasts, or only such whose outcome nobody saw, teach nothing."""
    samples = samples_of(count)
    outcomes = Outcomes(np.full(count, 30.0), np.zeros(count, np.bool_))
    calibration = learn_calibration(
        rows_of(np.full(count, 0.5)), samples, outcomes, CONFIG
    )
    identity = Calibration.identity()
    assert (calibration.coefficients == identity.coefficients).all()
    assert (calibration.thresholds == NEVER).all()


def test_median_beyond_the_horizon_claims_no_minute() -> None:
    """However often it came true that nothing happened."""
    cdf = np.zeros((500, BINS))
    samples = samples_of(500)
    outcomes = outcomes_of_minutes(np.full(500, 2 * HORIZON))
    calibration = learn_calibration(cdf, samples, outcomes, CONFIG)
    assert (calibration.confidence(cdf, samples) == 0).all()
    assert (calibration.thresholds == NEVER).all()


# --- the map --------------------------------------------------------------------------


@pytest.mark.parametrize("truth", [(0.0, 1.0), (-0.8, 1.0), (0.5, 0.6), (0.3, 1.5)])
def test_known_truth_is_recovered(truth: tuple[float, float]) -> None:
    """With many forecasts the map is the one they were drawn from."""
    generator = np.random.default_rng(3)
    sure = generator.uniform(0.1, 0.95, 30_000)
    chance = logistic(truth[0] + truth[1] * logit(sure))
    calibration, samples = learned(sure, generator.random(len(sure)) < chance)
    confidence = calibration.confidence(rows_of(sure), samples)
    assert np.abs(confidence - chance).max() < 0.04


def test_states_have_maps_of_their_own() -> None:
    """What occupied rooms teach changes nothing for vacant ones."""
    sure = np.full(40_000, 0.6)
    calibration, _ = learned(sure, np.arange(40_000) % 10 == 0, occupied=True)
    vacant = calibration.confidence(rows_of(sure[:1]), samples_of(1))
    occupied = calibration.confidence(rows_of(sure[:1]), samples_of(1, occupied=True))
    assert vacant[0] == pytest.approx(0.6)
    assert occupied[0] == pytest.approx(0.1, abs=0.02)


def test_little_data_changes_little() -> None:
    """Two hours of bad luck are no reason to doubt everything."""
    calibration, samples = learned(np.full(24, 0.8), np.zeros(24, np.bool_))
    confidence = calibration.confidence(rows_of(np.full(24, 0.8)), samples)
    assert 0.74 < confidence[0] < 0.8


def test_wrong_way_round() -> None:
    """Where the surer ones come true less, all get about the same, right level."""
    sure = np.repeat([0.2, 0.9], 4000)
    hit = np.concatenate([np.arange(4000) % 4 > 0, np.arange(4000) % 4 == 0])
    calibration, samples = learned(sure, hit)
    confidence = calibration.confidence(rows_of(sure), samples)
    assert confidence[0] <= confidence[-1]
    assert confidence.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("sure", [0.9999, 0.999, 0.98, 0.02, 0.001])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_far_from_the_truth(sure: float, share: float) -> None:
    """However wrong it was, and however much of it, the map ends at the truth."""
    count = 20_000
    hit = np.arange(count) < share * count
    calibration, samples = learned(np.full(count, sure), hit)
    confidence = calibration.confidence(rows_of(np.full(count, sure)), samples)
    assert confidence[0] == pytest.approx(share, abs=0.05)


@settings(max_examples=10)
@given(
    seed=st.integers(0, 10_000),
    level=st.floats(-3, 3),
    slope=st.floats(-1, 3),
)
def test_confidence_is_right_on_the_whole(
    seed: int, level: float, slope: float
) -> None:
    """It grows with what was said, and is on average what came true."""
    generator = np.random.default_rng(seed)
    sure = generator.uniform(0.02, 0.98, 20_000)
    hit = generator.random(20_000) < logistic(level + slope * logit(sure))
    calibration, samples = learned(sure, hit)
    confidence = calibration.confidence(rows_of(sure), samples)
    assert (np.diff(confidence[np.argsort(sure)]) >= 0).all()
    assert ((confidence > 0) & (confidence < 1)).all()
    assert confidence.mean() == pytest.approx(hit.mean(), abs=0.05)


def test_tolerance_is_that_of_the_configuration() -> None:
    """Whoever promises 60 min is sure of more."""
    cdf = np.interp(GRID[1:], [0, 200], [0, 1])[None]
    samples = samples_of(1)
    identity = Calibration.identity()
    assert identity.confidence(cdf, samples)[0] == pytest.approx(0.2)
    assert identity.confidence(cdf, samples, 60.0)[0] == pytest.approx(0.6)


# --- the threshold --------------------------------------------------------------------


def lowest(share: float, count: int) -> float:
    """Return a share less the margin, ten forecasts counting as one."""
    spread = np.sqrt(max(share * (1 - share), 0.02) / (count / 10))
    return float(share - CONFIG.reliable_margin * spread)


@given(seed=st.integers(0, 10_000), target=st.sampled_from([0.6, 0.8, 0.93]))
def test_threshold_is_the_lowest_that_kept_the_promise(
    seed: int, target: float
) -> None:
    """Found by trying each confidence that was given, one after the other."""
    config = replace(CONFIG, reliable_target=target, reliable_minimum=20)
    generator = np.random.default_rng(seed)
    # Few different ones, so that many rows are equally sure.
    sure = generator.choice([0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95], 300)
    samples = samples_of(300, occupied=(generator.random(300) < 0.5).tolist())
    wrong = generator.choice([MEDIAN + 25, FAR, 2 * HORIZON], 300)
    time = np.where(generator.random(300) < sure, MEDIAN + 5, wrong)
    outcomes = outcomes_of_minutes(time)
    calibration = learn_calibration(rows_of(sure), samples, outcomes, config)
    confidence = calibration.confidence(rows_of(sure), samples)
    error = np.abs(np.minimum(time, HORIZON) - MEDIAN)

    def lowest_of(mine: BoolArray) -> float:
        kept = [
            float(least)
            for least in np.unique(confidence[mine])
            if (rows := mine & (confidence >= least)).sum() >= 20
            and lowest((error[rows] <= 20).mean(), rows.sum()) >= target
            and error[rows].mean() < 15
        ]
        return min(kept, default=NEVER)

    apart = [lowest_of(samples.occupied == state) for state in (False, True)]
    together = lowest_of(np.ones(300, np.bool_))
    shares = [
        (error[rows] <= 20).mean()
        for state in (False, True)
        if (rows := (samples.occupied == state) & (confidence >= together)).any()
    ]
    marked = [
        int((confidence >= np.array(each)[samples.occupied.astype(int)]).sum())
        for each in (apart, [together] * 2)
    ]
    joined = min(shares, default=1.0) >= 0.75 and marked[1] > marked[0]
    expected = [together] * 2 if joined else apart
    assert calibration.thresholds == pytest.approx(expected)
    reliable = calibration.reliable(confidence, samples)
    assert reliable.tolist() == [
        bool(sure_of >= calibration.thresholds[int(state)])
        for sure_of, state in zip(confidence, samples.occupied, strict=True)
    ]


def test_one_state_may_rest_on_the_other_only_so_far() -> None:
    """Together they keep the promise; vacant ones alone would not."""
    occupied = np.arange(4000) % 2 == 0
    for vacant_hits, together in ((0.85, True), (0.65, False)):
        late = np.arange(4000) // 2 % 100
        hit = late < np.where(occupied, 98, 100 * vacant_hits)
        samples = samples_of(4000, occupied=occupied.tolist())
        outcomes = outcomes_of_minutes(np.where(hit, MEDIAN, MEDIAN + 30))
        calibration = learn_calibration(
            rows_of(np.full(4000, 0.9)), samples, outcomes, CONFIG
        )
        confidence = calibration.confidence(rows_of(np.full(4000, 0.9)), samples)
        reliable = calibration.reliable(confidence, samples)
        assert reliable[occupied].all()
        assert reliable[~occupied].all() == together
        assert not reliable[~occupied].any() or together


def test_a_lucky_handful_proves_nothing() -> None:
    """Below the minimum nothing is reliable, at the minimum it is."""
    for count, expected in ((299, NEVER), (300, None)):
        calibration, samples = learned(np.full(count, 0.9), np.ones(count, np.bool_))
        confidence = calibration.confidence(rows_of(np.full(count, 0.9)), samples)
        assert calibration.thresholds[0] == (expected or confidence[0])


def test_error_beyond_tolerance_can_break_the_promise_alone() -> None:
    """Nineteen of twenty on the minute do not excuse one a day off."""
    count = 1000
    samples = samples_of(count)
    hit = np.arange(count) % 20 > 0
    sure = np.full(count, 0.9)
    mild = outcomes_of_minutes(np.where(hit, MEDIAN, MEDIAN + 60))
    harsh = outcomes_of_minutes(np.where(hit, MEDIAN, 2 * HORIZON))
    for outcomes, promised in ((mild, True), (harsh, False)):
        calibration = learn_calibration(rows_of(sure), samples, outcomes, CONFIG)
        confidence = calibration.confidence(rows_of(sure), samples)
        assert calibration.reliable(confidence, samples).all() == promised


def test_rooms_share_their_thresholds_but_not_their_maps() -> None:
    """A room with little to show is marked by what the home has shown."""
    sure = np.full(200, 0.9)
    good = HeldOut(
        rows_of(sure), samples_of(200), outcomes_of_minutes(sure * 0 + MEDIAN)
    )
    few = good.samples.take(np.arange(20))
    far = HeldOut(rows_of(sure[:20]), few, outcomes_of_minutes(np.full(20, FAR)))
    alone = learn_calibrations({"one": good}, CONFIG)
    assert alone["one"].thresholds[0] == NEVER
    both = learn_calibrations({"one": good, "two": good, "far": far}, CONFIG)
    assert both["one"].thresholds.tolist() == both["far"].thresholds.tolist()
    assert both["one"].thresholds[0] < 1
    confidence = {
        room_id: calibration.confidence(rows_of(sure[:1]), few.take(np.arange(1)))[0]
        for room_id, calibration in both.items()
    }
    assert confidence["far"] < confidence["one"] == confidence["two"]
