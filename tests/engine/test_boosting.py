"""Tests of the boosted trees: what they learn, and that reading them is harmless."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
import importlib
import sys

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    from_hazards,
    is_valid,
    probability_within,
)
from custom_components.occupancy_prediction.engine.models.base import Arrays, FitContext
from custom_components.occupancy_prediction.engine.models.boosting import Boosting
from custom_components.occupancy_prediction.engine.models.boosting_rows import (
    Inputs,
    Table,
    rows_of,
)
from custom_components.occupancy_prediction.engine.models.boosting_trees import (
    LEAVES,
    Forest,
)
from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    TrainingSet,
    stays_of,
)
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    HORIZON,
    FloatArray,
)

from .made import MONDAY, outcomes_of_minutes, samples_of
from .test_samples import room_of

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 3, lambda share: None)
MEMBER = Boosting()
NO_STAYS = stays_of(room_of([]), 0.0, "UTC")
# Ten days of moments 5 min apart.
COUNT = 3000


def training(samples: Samples, outcomes: Outcomes) -> TrainingSet:
    """Return what one room has to teach."""
    return TrainingSet(samples, outcomes, NO_STAYS)


def moments(count: int = COUNT, **features: FloatArray) -> Samples:
    """Return vacant moments with features, over whole days."""
    columns = [np.broadcast_to(column, (count,)) for column in features.values()]
    minutes: FloatArray = np.linspace(0.0, (count - 1) * 5.0, count)
    clock: FloatArray = minutes % 1440.0
    return replace(
        samples_of(count, clock=clock),
        origin=np.asarray(MONDAY + minutes * 60.0, np.float64),
        features=np.stack([*columns, np.zeros(count)], axis=1).astype(np.float32),
        names=(*features, "nothing"),
    )


def within(arrays: Arrays, samples: Samples, minutes: float) -> FloatArray:
    """Return P(within minutes) of each sample."""
    cdf = MEMBER.predict(arrays, samples, CONFIG)
    return probability_within(cdf, np.full(len(cdf), minutes))


@cache
def alternating() -> tuple[FloatArray, TrainingSet]:
    """Return a feature that tells soon from late, and what it came to."""
    sign = np.random.default_rng(5).integers(0, 2, COUNT).astype(np.float64)
    outcomes = outcomes_of_minutes(np.where(sign > 0, 10.0, 300.0))
    return sign, training(moments(sign=sign), outcomes)


@cache
def learned() -> Arrays:
    """Return what that teaches."""
    return MEMBER.fit({"room": alternating()[1]}, CONTEXT)["room"]


# --- the trees ------------------------------------------------------------------------


@pytest.mark.parametrize("leaves", [2, 5, LEAVES])
def test_arrays_say_what_the_library_says(leaves: int) -> None:
    """Tree by tree, also at the thresholds themselves."""
    library = importlib.import_module("lightgbm")
    generator = np.random.default_rng(leaves)
    values = np.round(generator.normal(size=(4000, 6)), 1).astype(np.float32)
    labels = values[:, 0] * values[:, 1] + generator.normal(size=4000) > 0
    model = library.train(
        {
            "objective": "binary",
            "num_leaves": leaves,
            "verbosity": -1,
            "num_threads": 1,
            "use_missing": False,
        },
        library.Dataset(values, labels.astype(np.float64)),
        30,
    )
    forest = Forest.of(model.dump_model())
    restored = Forest.from_arrays(forest.to_arrays())
    expected = model.predict(values, raw_score=True, num_threads=1)
    np.testing.assert_allclose(restored.sum(values), expected, atol=1e-6)


def test_trees_that_do_not_split() -> None:
    """A tree of one leaf says one number, no trees say nothing."""
    lone = {"tree_info": [{"tree_structure": {"leaf_value": 0.25}}] * 3}
    assert Forest.of(lone).sum(np.zeros((2, 4))).tolist() == [0.75, 0.75]
    assert Forest.empty().sum(np.zeros((2, 4))).tolist() == [0.0, 0.0]
    assert Forest.empty(5).sum(np.full((1, 4), np.inf)).tolist() == [0.0]


@pytest.mark.parametrize("seed", range(5))
def test_foreign_numbers_do_no_harm(seed: int) -> None:
    """Whatever a file claims the trees to be, the answer is a distribution."""
    arrays = dict(learned())
    generator = np.random.default_rng(seed)
    for name in ("feature0", "threshold0", "mask0", "value0"):
        array = arrays[name]
        noise = generator.integers(0, 256, array.nbytes, np.uint8)
        arrays[name] = noise.view(array.dtype).reshape(array.shape)
    arrays["value0"] = np.nan_to_num(arrays["value0"])
    with np.errstate(over="ignore", invalid="ignore"):
        cdf = MEMBER.predict(arrays, moments(50), CONFIG)
    assert cdf.shape == (50, BINS)
    assert (is_valid(cdf) | np.isnan(cdf).any(1)).all()


# --- the rows -------------------------------------------------------------------------


def test_rows_by_hand() -> None:
    """Up to the bin it ended in; not where the delay rules it out."""
    samples = samples_of(4, occupied=True, earliest=np.array([0.0, 2.0, 0.0, 0.0]))
    outcomes = Outcomes(
        np.array([1.5, 4.0, 2.5, 0.0]), np.array([True, True, False, False])
    )
    rows, bins, labels = rows_of(training(samples, outcomes))
    # (0, 1], (1, 2] ended; (2, 3], (3, 5] ended; two whole bins seen; none.
    assert rows.tolist() == [0, 0, 1, 1, 2, 2]
    assert bins.tolist() == [0, 1, 2, 3, 0, 1]
    assert labels.tolist() == [0, 1, 0, 1, 0, 0]
    # Who outlived the horizon was seen to the end of the last bin.
    late = training(samples_of(1), outcomes_of_minutes([2 * HORIZON]))
    assert rows_of(late)[1].tolist() == list(range(BINS))


def test_columns_by_hand() -> None:
    """What a row says of the moment its bin is over; pairs and patterns stay out."""
    samples = replace(
        samples_of(1, clock=1430.0, elapsed=20.0, quiet=np.inf, day=739_870),
        features=np.array([[7.0, 8.0, 9.0]]),
        names=("warmth", "warmth@hall", "hour_3"),
    )
    part = training(samples, outcomes_of_minutes([30.0]))
    inputs = Inputs.of([part])
    assert inputs.names == ("warmth",)
    assert inputs.mean.tolist() == [7.0]
    rows, bins = np.array([0]), np.array([9])  # up to 30 min
    start = inputs.start(samples, rows, bins)
    values = inputs.columns(samples, rows, bins, start, 2.0)[0].tolist()
    expected = [start[0], 9, 20, 1, np.log(51), 2]
    assert values[:6] == pytest.approx(expected)
    # From Thursday to Friday night it would be no weekend.
    early = replace(samples, day=samples.day - 1)
    assert inputs.columns(early, rows, bins, start, 2.0)[0, 3] == 0
    since_on = np.log1p(samples.since_on[0])
    assert values[6:] == pytest.approx(
        [np.log(21), np.log(10081), since_on, 0, 0, 1430, 7]
    )


def test_old_rows_count_less() -> None:
    """A quarter of a year halves the weight of a moment, a week changes little."""
    samples = replace(samples_of(3), origin=MONDAY - np.array([90.0, 7, 0]) * 86400)
    part = training(samples, outcomes_of_minutes([0.5] * 3))
    weights = Table.of([part], Inputs.of([part])).weights
    assert weights[0] == pytest.approx(weights[2] / 2)
    assert weights[1] > 0.94 * weights[2]


# --- what it learns -------------------------------------------------------------------


def test_learns_what_the_reference_does_not_know() -> None:
    """A reference that knows nothing of the feature is corrected by it."""
    sign, room = alternating()
    half = np.full((COUNT, BINS), 0.1)
    room = replace(room, samples=replace(room.samples, reference=half))
    arrays = MEMBER.fit({"room": room}, CONTEXT)["room"]
    said = within(arrays, room.samples, 20)
    assert said[sign > 0].mean() > 0.9
    assert said[sign == 0].mean() < 0.4
    assert probability_within(from_hazards(half[:1]), np.array([20.0]))[0] > 0.5


def test_without_trees_it_says_what_the_reference_says() -> None:
    """Where no change was seen there is nothing to correct."""
    hazards = np.random.default_rng(1).uniform(0.01, 0.3, (COUNT, BINS))
    samples = replace(moments(), reference=hazards)
    nothing = Outcomes(np.full(COUNT, 60.0), np.zeros(COUNT, np.bool_))
    arrays = MEMBER.fit({"room": training(samples, nothing)}, CONTEXT)["room"]
    np.testing.assert_allclose(
        MEMBER.predict(arrays, samples, CONFIG), from_hazards(hazards), atol=1e-9
    )


def test_rooms_are_told_apart() -> None:
    """One model for all rooms still knows which room it is asked about."""
    rooms = {
        name: training(moments(), outcomes_of_minutes(np.full(COUNT, minutes)))
        for name, minutes in (("hall", 4.0), ("attic", 500.0), ("bath", 45.0))
    }
    fitted = MEMBER.fit(rooms, CONTEXT)
    soon = {name: within(each, moments(9), 30)[4] for name, each in fitted.items()}
    assert soon["hall"] > 0.8 > soon["bath"] > soon["attic"]
    assert soon["attic"] < 0.1
    assert fitted["hall"]["value0"] is fitted["attic"]["value0"]


def test_missing_feature_is_average() -> None:
    """Without it the answer lies between; another order of columns changes nothing."""
    sign, arrays = alternating()[0], learned()
    samples = moments(2, sign=np.array([0.0, 1.0]))
    late, soon = within(arrays, samples, 20)
    assert late < 0.3
    assert soon > 0.7
    swapped = replace(
        samples, features=samples.features[:, ::-1], names=samples.names[::-1]
    )
    assert within(arrays, swapped, 20).tolist() == [late, soon]
    average = moments(2, sign=np.full(2, sign.mean()))
    bare = within(arrays, samples.bare(), 20)
    assert bare.tolist() == within(arrays, average, 20).tolist()


def test_what_the_last_days_contradict_is_not_grown() -> None:
    """A rule that turned around ends the search early, one that held goes on."""
    sign, room = alternating()
    turned = np.where(np.arange(COUNT) > 0.79 * COUNT, 1 - sign, sign)
    contradicted = training(
        room.samples, outcomes_of_minutes(np.where(turned > 0, 10.0, 300.0))
    )
    doubted = MEMBER.fit({"room": contradicted}, CONTEXT)["room"]
    assert learned()["mask0"].shape[1] > 60
    assert doubted["mask0"].shape[1] < 10


# --- with and without the library -----------------------------------------------------


@pytest.mark.parametrize("problem", ["tier", "not installed"])
def test_silent_without_the_library(
    problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is learned, and what was learned before can still be read."""
    room, arrays = alternating()[1], learned()
    expected = within(arrays, room.samples, 30)
    context = CONTEXT
    if problem == "tier":
        context = replace(CONTEXT, config=EngineConfig(tier="base"))
    else:
        monkeypatch.setitem(sys.modules, "lightgbm", None)
    assert MEMBER.fit({"room": room}, context) == {}
    assert within(arrays, room.samples, 30).tolist() == expected.tolist()


def test_library_that_cannot_be_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A missing system library is an OSError, and no reason to fail."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "lightgbm.py").write_text("raise OSError('libgomp.so.1')\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "lightgbm", raising=False)
    assert MEMBER.fit({"room": alternating()[1]}, CONTEXT) == {}


@pytest.mark.parametrize("rooms", [(), ("hall",), ("hall", "attic")])
def test_rooms_without_moments(rooms: Sequence[str]) -> None:
    """A room nobody has seen yet is forecast like the others."""
    _, room = alternating()
    nothing = training(room.samples.take(np.zeros(0, np.int64)), NO_OUTCOMES)
    data = dict.fromkeys(rooms, nothing)
    fitted = MEMBER.fit({**data, "room": room}, CONTEXT)
    assert list(fitted) == [*rooms, "room"]
    for arrays in fitted.values():
        assert is_valid(MEMBER.predict(arrays, room.samples, CONFIG)).all()


NO_OUTCOMES = outcomes_of_minutes([])
