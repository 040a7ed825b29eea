"""Tests of the logistic hazard and its design."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import from_hazards
from custom_components.occupancy_prediction.engine.models.base import (
    Arrays,
    FitContext,
    Profile,
    last_bin,
)
from custom_components.occupancy_prediction.engine.models.hazard import Hazard
from custom_components.occupancy_prediction.engine.models.hazard_design import (
    Design,
    Scaling,
    at_risk,
    build,
    is_shared,
)
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
    BoolArray,
    FloatArray,
)

from .made import samples_of
from .test_oracles import random_samples
from .test_samples import room_of

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 0, lambda share: None)
MEMBER = Hazard()
NO_STAYS = stays_of(room_of([]), 0.0, "UTC")
NAMES = ("activity", "constant", "other@hall", "other@attic")
# What a moment weighs against the ridge when moments are five minutes apart.
ROW_WEIGHT = 0.015


def training(
    seed: int,
    count: int,
    *,
    names: tuple[str, ...] = NAMES,
    effect: float = 0.0,
    occupied: bool | None = None,
    spacing: float = 300.0,
) -> TrainingSet:
    """Return moments, five minutes apart, whose hazard is known.

    It is a tenth in every bin, and what the first feature makes of it.
    """
    generator = np.random.default_rng(seed)
    samples = random_samples(generator, count)
    if occupied is not None:
        samples = replace(
            samples,
            occupied=np.full(count, occupied),
            sensor_on=samples.sensor_on & occupied,
            earliest=samples.earliest * occupied,
        )
    features = generator.normal(0, 1, (count, len(names)))
    features[:, [name == "constant" for name in names]] = 7.0
    reference = generator.uniform(0.05, 0.15, (count, BINS))
    odds = np.log(0.1 / 0.9) + effect * features[:, 0]
    hazard = np.clip(1 / (1 + np.exp(-odds)), 0.001, 0.9)
    fell = generator.random((count, BINS)) < hazard[:, None]
    fell &= at_risk(samples)
    last = np.where(fell.any(1), fell.argmax(1), BINS)
    observed = last < BINS
    edges = np.r_[GRID[1:], HORIZON]
    samples = replace(
        samples,
        origin=samples.origin + spacing * np.arange(count),
        features=features,
        reference=reference,
        names=names,
    )
    return TrainingSet(samples, Outcomes(edges[last], observed), NO_STAYS)


def fit(**rooms: TrainingSet) -> dict[str, Arrays]:
    """Return what is learned of rooms."""
    return MEMBER.fit(rooms, CONTEXT)


def coefficients(arrays: Arrays, state: int) -> dict[str, float]:
    """Return the coefficients of a state by column."""
    names, values = arrays[f"columns{state}"], arrays[f"coefficients{state}"]
    return dict(zip(names.tolist(), values.tolist(), strict=True))


def whole_design(
    samples: Samples, profile: Profile, *, occupied: bool, leave_out_day: bool = True
) -> Design:
    """Return the design of all rows at risk."""
    rows, bins = np.nonzero(at_risk(samples))
    scaling = Scaling.of(samples)
    return build(
        samples,
        scaling,
        profile,
        rows,
        bins,
        occupied=occupied,
        leave_out_day=leave_out_day,
    )


def dense(design: Design) -> FloatArray:
    """Return the design as one matrix."""
    values = np.zeros((len(design.rows), len(design.names)))
    for block in design.blocks():
        values[np.ix_(block.rows, block.columns)] = block.values
    return values


def of_state(data: TrainingSet, state: int) -> tuple[Samples, Outcomes]:
    """Return the part of one state."""
    rows = data.samples.occupied == bool(state)
    return data.samples.take(rows), data.outcomes.take(rows)


# --- the design -----------------------------------------------------------------------


@pytest.mark.parametrize("occupied", [False, True])
def test_blocks_and_scores_are_of_one_matrix(occupied: bool) -> None:
    """Each row is in one block, and what is left out of it is 0."""
    samples = training(1, 40, occupied=occupied).samples
    design = whole_design(samples, Profile.of(samples), occupied=occupied)
    assert len(set(design.names)) == len(design.names) == len(design.penalty)
    assert (design.penalty > 0).all()
    rows = np.concatenate([block.rows for block in design.blocks()])
    assert sorted(rows.tolist()) == list(range(len(design.rows)))
    weights = np.random.default_rng(2).normal(0, 1, len(design.names))
    scores = design.scores(weights)
    np.testing.assert_allclose(dense(design) @ weights, scores, atol=1e-4)


def test_columns_by_hand() -> None:
    """A vacant room on a Friday at 23:30, an hour after it became so."""
    samples = samples_of(1, clock=1410.0, elapsed=60.0, quiet=65.0, day=739_870)
    design = whole_design(samples, Profile.of(samples), occupied=False)
    values = dict(zip(design.names, dense(design).T, strict=True))
    # Of a bin that lies between 40 and 50 minutes from now: 00:15 on Saturday.
    row = int(np.searchsorted(GRID, 45) - 1)
    assert values[f"bin{row}"][row] == 1
    assert values[f"bin{row}"].sum() == 1
    angle = 2 * np.pi * 15 / 1440
    assert values["sin1"][row] == pytest.approx(np.sin(angle), abs=1e-6)
    assert values["cos3"][row] == pytest.approx(np.cos(3 * angle), abs=1e-6)
    assert values["weekend"][row] == pytest.approx(5 / 7)
    assert values["weekend"][0] == pytest.approx(-2 / 7)
    assert values["weekend_sin2"][row] == pytest.approx(5 / 7 * np.sin(2 * angle))
    spent = np.log1p(60 + 45)
    assert values["spent"][row] == pytest.approx(spent - 4, abs=1e-6)
    assert values["spent>4.51"][row] == pytest.approx(spent - np.log(91), abs=1e-6)
    assert values["spent>5.20"][row] == 0
    # What is known now counts in three groups of bins, one at a time.
    late, soon = np.log1p(60) - 3, np.log1p(65) - 3
    assert values["elapsed0/2"][row] == pytest.approx(late, abs=1e-6)
    assert values["elapsed0/0"][row] == values["elapsed0/1"][row] == 0
    assert values["quiet0/0"][:3].tolist() == pytest.approx([soon, soon, 0], abs=1e-6)
    assert "phase0+0" not in values


@pytest.mark.parametrize(
    ("on", "earliest", "quiet", "phase"),
    [
        (True, 5.0, 0.0, 5),
        (False, 5.0, 0.0, 4),
        (False, 4.5, 0.5, 4),
        (False, 2.6, 2.4, 2),
        (False, 0.2, 4.8, 0),
        (False, 0.0, 6.0, 0),
    ],
)
def test_phases_of_the_delay(
    on: bool, earliest: float, quiet: float, phase: int
) -> None:
    """In the bin in which the delay ends and the two after it, nowhere else."""
    samples = replace(
        samples_of(1, occupied=True, sensor_on=on, earliest=earliest, quiet=quiet),
        since_on=np.array([3.0]),
    )
    design = whole_design(samples, Profile.of(samples), occupied=True)
    values = dict(zip(design.names, dense(design).T, strict=True))
    first = int(np.searchsorted(GRID[1:], earliest + 1e-9))
    assert design.bins.tolist() == list(range(first, BINS))
    for after in range(3):
        for number in range(6):
            column = values[f"phase{number}+{after}"]
            expected = np.flatnonzero(column).tolist()
            assert expected == ([after] if number == phase else [])
        age = values[f"age+{after}"]
        assert age[after] == pytest.approx(np.log(4) - 1, abs=1e-6)
        assert np.count_nonzero(age) == 1
    assert "quiet0/0" not in values


def test_scaling() -> None:
    """Standard deviations from the mean, bounded; what is constant tells nothing."""
    samples = training(1, 200).samples
    scaling = Scaling.of(samples)
    values = scaling.apply(samples)
    np.testing.assert_allclose(values.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(values.std(0), [1, 0, 1, 1], atol=1e-2)
    wild = replace(samples, features=samples.features * 1e6)
    assert np.abs(scaling.apply(wild)).max() == 4.0
    # Features of another order, some of them missing: those are average.
    chosen = [2, 0]
    some = replace(
        samples,
        features=samples.features[:, chosen],
        names=tuple(NAMES[number] for number in chosen),
    )
    np.testing.assert_allclose(scaling.apply(some)[:, [0, 2]], values[:, [0, 2]])
    assert (scaling.apply(some)[:, [1, 3]] == 0).all()
    assert (scaling.apply(samples.bare()) == 0).all()
    restored = Scaling.from_arrays(scaling.to_arrays())
    assert restored.names == scaling.names
    np.testing.assert_array_equal(restored.apply(samples), values)
    nothing = Scaling.of(samples.take(np.zeros(0, np.int64)))
    assert (nothing.apply(samples) == 0).all()


def test_what_rooms_share() -> None:
    """Everything but what is about one other room."""
    samples = training(1, 20, occupied=False).samples
    names = whole_design(samples, Profile.of(samples), occupied=False).names
    own = {name for name, kept in zip(names, is_shared(names), strict=True) if not kept}
    pairs = ("other@hall", "other@attic")
    assert own == {f"{name}/{group}" for name in pairs for group in (0, 1)}


# --- the fit --------------------------------------------------------------------------


def slow_rows(
    data: TrainingSet, state: int
) -> tuple[Design, FloatArray, BoolArray, float]:
    """Return design, matrix, labels and weight of the bins that were reached."""
    samples, outcomes = of_state(data, state)
    profile = Profile.of(data.samples)
    design = whole_design(samples, profile, occupied=bool(state))
    last = last_bin(outcomes)[design.rows]
    ended = (design.bins == last) & outcomes.observed[design.rows]
    reached = (design.bins < last) | ended
    spacing = float(np.median(np.diff(samples.origin))) / 300
    return design, dense(design)[reached], ended[reached], ROW_WEIGHT * spacing


def slow_step(
    parts: list[tuple[FloatArray, BoolArray, float]],
    penalty: FloatArray,
    center: FloatArray,
    beta: FloatArray,
) -> FloatArray:
    """Return how far a maximum of likelihood and ridge is, by its slope and curve."""
    slope, curve = -penalty * (beta - center), np.diag(penalty)
    for matrix, labels, weight in parts:
        said = 1 / (1 + np.exp(-(matrix @ beta)))
        slope = slope + weight * matrix.T @ (labels - said)
        curve = curve + weight * (matrix * (said * (1 - said))[:, None]).T @ matrix
    return np.asarray(np.linalg.solve(curve, slope), np.float64)


def slow_maximum(
    parts: list[tuple[FloatArray, BoolArray, float]],
    penalty: FloatArray,
    center: FloatArray,
) -> FloatArray:
    """Return where the slope is 0."""
    beta = center.copy()
    for _ in range(40):
        beta = beta + np.clip(slow_step(parts, penalty, center, beta), -1.0, 1.0)
    return beta


@pytest.mark.parametrize("state", [0, 1])
def test_the_fit_is_the_maximum(state: int) -> None:
    """Of each room around what all rooms share, which is the maximum over all."""
    rooms = {
        "kitchen": training(5, 500, effect=0.8),
        "bath": training(6, 400, names=(*NAMES[:2], "other@hall"), effect=0.5),
    }
    learned = fit(**rooms)
    rows = {name: slow_rows(data, state) for name, data in rooms.items()}
    kept = {name: is_shared(part[0].names) for name, part in rows.items()}
    first = rows["kitchen"][0]
    names = [n for n, own in zip(first.names, kept["kitchen"], strict=True) if own]
    shared = slow_maximum(
        [
            (matrix[:, kept[name]], labels, weight)
            for name, (_, matrix, labels, weight) in rows.items()
        ],
        first.penalty[kept["kitchen"]],
        np.array([0.8 if name == "reference" else 0.0 for name in names]),
    )
    center = dict(zip(names, shared.tolist(), strict=True))
    for name, (design, matrix, labels, weight) in rows.items():
        part = (matrix, labels, weight)
        mine = coefficients(learned[name], state)
        assert list(mine) == list(design.names)
        beta = np.array(list(mine.values()))
        around = np.array([center.get(column, 0.0) for column in design.names])
        step = slow_step([part], design.penalty, around, beta)
        assert np.abs(step).max() < 0.02
        # And it is not where it began.
        assert np.abs(beta - around).max() > 0.05


@pytest.mark.parametrize("state", [0, 1])
def test_a_known_hazard_is_recovered(state: int) -> None:
    """A tenth in every bin, more where there is much activity, less where little."""
    # So far apart that each moment counts in full.
    data = training(7, 4000, effect=1.0, occupied=bool(state), spacing=1500.0)
    arrays = fit(room=data)["room"]
    rows = np.arange(0, 4000, 40)
    asked = data.samples.take(rows)
    said = MEMBER.predict(arrays, asked, CONFIG)
    odds = np.log(0.1 / 0.9) + asked.features[:, 0]
    known = np.where(at_risk(asked), 1 / (1 + np.exp(-odds))[:, None], 0.0)
    truth = from_hazards(known)
    assert np.abs(said - truth).mean() < 0.06
    # Better by far than the reference that it was told.
    unknown = from_hazards(np.where(at_risk(asked), asked.reference, 0.0))
    assert np.abs(said - truth).mean() < 0.4 * np.abs(unknown - truth).mean()


def test_impossible_bins_are_left_out() -> None:
    """Before the delay is over the hazard is 0, not small."""
    data = training(7, 500)
    arrays = fit(room=data)["room"]
    running = samples_of(1, occupied=True, sensor_on=False, earliest=3.5, quiet=1.5)
    cdf = MEMBER.predict(arrays, running, CONFIG)
    assert cdf[0, :3].tolist() == [0, 0, 0]
    assert cdf[0, 3] > 0


def test_a_room_with_little_data_says_what_rooms_share() -> None:
    """An hour of its own changes nothing that days of others taught."""
    taught = training(7, 3000, effect=1.2, occupied=False, spacing=600.0)
    little = training(8, 12, occupied=False)
    learned = fit(kitchen=taught, attic=little)
    alone = fit(attic=little)["attic"]
    asked = training(9, 200, effect=1.2, occupied=False).samples.take(np.arange(50))
    first, second, without = (
        MEMBER.predict(arrays, asked, CONFIG)
        for arrays in (learned["kitchen"], learned["attic"], alone)
    )
    assert np.abs(first - second).mean() < 0.5 * np.abs(first - without).mean()
    mine = coefficients(learned["attic"], 0)
    assert mine["activity/1"] > 0.3
    assert abs(coefficients(alone, 0)["activity/1"]) < 0.1
    # What is between two rooms stays between them.
    assert abs(mine["other@hall/1"]) < 0.05


def test_features_that_are_missing_are_neutral() -> None:
    """Unknown is said as if it were average, not as if it were 0."""
    data = training(7, 1500, effect=1.0, occupied=False)
    shifted = replace(data.samples, features=data.samples.features + 100.0)
    arrays = fit(room=TrainingSet(shifted, data.outcomes, NO_STAYS))["room"]
    asked = shifted.take(np.arange(1))
    average = shifted.features.mean(0, keepdims=True)
    usual = MEMBER.predict(arrays, replace(asked, features=average), CONFIG)
    bare = replace(asked, features=np.zeros((1, 0)), names=())
    np.testing.assert_allclose(MEMBER.predict(arrays, bare, CONFIG), usual)
    # Some of them, in another order, with others that nobody knows.
    some = replace(
        asked,
        features=np.array([[1e3, average[0, 2], average[0, 0]]]),
        names=("novel", NAMES[2], NAMES[0]),
    )
    np.testing.assert_allclose(MEMBER.predict(arrays, some, CONFIG), usual)


def test_without_a_reference_the_rest_is_said() -> None:
    """The column is left out; the others are where they were."""
    data = training(7, 800)
    arrays = fit(room=data)["room"]
    asked = data.samples.take(np.arange(20))
    silent = replace(asked, reference=np.zeros((20, 0)))
    cdf = MEMBER.predict(arrays, silent, CONFIG)
    certain = replace(asked, reference=np.full((20, BINS), 0.5))
    # A reference of one half has odds of 1: it adds nothing.
    np.testing.assert_allclose(cdf, MEMBER.predict(arrays, certain, CONFIG))


def test_the_last_bin_is_no_certainty() -> None:
    """Of those who were there after 18 hours, half were after a day as well."""
    count = 2000
    origin: FloatArray = np.linspace(0.0, 300.0 * (count - 1), count)
    samples = replace(
        samples_of(count, elapsed=300.0),
        origin=origin,
        day=739_866 + np.arange(count) // 288,
    )
    remaining = np.resize([1200.0, HORIZON], count)
    outcomes = Outcomes(remaining, remaining < HORIZON)
    arrays = fit(room=TrainingSet(samples, outcomes, NO_STAYS))["room"]
    cdf = MEMBER.predict(arrays, samples.take(np.arange(1)), CONFIG)
    assert cdf[0, -2] < 0.1
    assert cdf[0, -1] == pytest.approx(0.5, abs=0.07)


def test_updates_bring_the_usual_occupancy_up_to_date() -> None:
    """Coefficients wait for a training."""
    first, more = training(1, 300), training(2, 200)
    later = replace(more.samples, day=more.samples.day + 20)
    arrays = fit(room=first)["room"]
    grown = MEMBER.update(arrays, TrainingSet(later, more.outcomes, NO_STAYS), CONTEXT)
    both = Profile.of(Samples.joined([first.samples, later]))
    for name, array in both.to_arrays().items():
        np.testing.assert_array_equal(grown[name], array)
    assert grown.keys() == arrays.keys()
    for name in arrays:
        if not name.startswith("profile"):
            assert grown[name] is arrays[name]


def test_spacing_of_moments_is_their_weight() -> None:
    """Moments half an hour apart say more each than those five minutes apart."""
    data = training(7, 600, effect=1.0, occupied=False)
    far = replace(data.samples, origin=6 * data.samples.origin)
    near, apart = (
        coefficients(fit(room=TrainingSet(s, data.outcomes, NO_STAYS))["room"], 0)
        for s in (data.samples, far)
    )
    assert apart["activity/0"] > near["activity/0"] + 0.05
