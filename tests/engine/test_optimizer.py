"""The search for better tuning numbers, on forecasts made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
import io
import json

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.calibration import Calibration
from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.ensemble import default_weights
from custom_components.occupancy_prediction.engine.errors import (
    ModelStateError,
    TrainingCancelled,
)
from custom_components.occupancy_prediction.engine.evidence import Evidence
from custom_components.occupancy_prediction.engine.models import MEMBERS
from custom_components.occupancy_prediction.engine.optimizer import (
    Comparison,
    Step,
    compare,
    day_scores,
    optimized,
    step_of,
)
from custom_components.occupancy_prediction.engine.state import ModelState, RoomModel
from custom_components.occupancy_prediction.engine.training import learn_pool
from custom_components.occupancy_prediction.engine.tuning import (
    LADDERS,
    UNTUNED,
    Tuning,
    checked,
    tuned,
)
from custom_components.occupancy_prediction.engine.types import FloatArray, Stage

from .made import MONDAY, outcomes_of_minutes, row, samples_of

CONFIG = EngineConfig()
DAY, STEP = 86400.0, 3600.0
DAYS = 21
NOW = MONDAY + DAYS * DAY
# What comes within the hour, and what a member says that expects it in ten.
RIGHT, WRONG = (
    row((60, 0.98), (1440, 0.99)),
    row((540, 0.02), (660, 0.98), (1440, 0.99)),
)
NAMES = [member.name for member in MEMBERS]
# It has most of the say of a vacant room at first.
STRONGEST = NAMES[int(default_weights()[0].argmax())]


def evidence_of(
    right: Sequence[str], *, days: int = DAYS, minutes: float = 30.0
) -> Evidence:
    """Return a forecast an hour, for days up to NOW, by members that know or not."""
    count = int(days * DAY / STEP)
    samples = replace(
        samples_of(count, elapsed=60.0),
        origin=NOW - days * DAY + STEP * np.arange(count, dtype=np.float64),
    )
    said = [np.repeat(RIGHT if name in right else WRONG, count, 0) for name in NAMES]
    # No two days are the same, or nothing could be told of luck.
    spread = 0.5 + np.random.default_rng(7).random(count)
    return Evidence.of(said, samples, outcomes_of_minutes(minutes * spread))


def model_of(evidence: Mapping[str, Evidence], tuning: Tuning = UNTUNED) -> ModelState:
    """Return a model that keeps these forecasts and has learned nothing else."""
    rooms = {
        room_id: RoomModel(
            members={},
            weights=default_weights(),
            calibration=Calibration.identity(),
            evidence=each,
            profile={},
            spells=(100, 100),
            days=float(DAYS),
            stride=1,
            counted_until=NOW,
            open_since=NOW,
            stage=Stage.GROWING,
        )
        for room_id, each in evidence.items()
    }
    return ModelState("v-1", NOW, NOW - DAYS * DAY, NOW, rooms, tuning)


def compared(evidence: Evidence, **new: float) -> Comparison | None:
    """Compare the defaults with other numbers."""
    return compare(
        {"kitchen": evidence},
        CONFIG,
        tuned(CONFIG, new),
        now=NOW,
        checkpoint=lambda _: None,
    )


def night_of(step: Step, values: Mapping[str, float] = UNTUNED.values) -> float:
    """Return the next night (UTC s) in which a step is tried."""
    return next(
        NOW + day * DAY
        for day in range(40)
        if step_of(CONFIG, values, int((NOW + day * DAY) // DAY)) == step
    )


def test_ladders_have_the_defaults() -> None:
    """Somewhere inside, so that there is a way to either side."""
    for name, ladder in LADDERS.items():
        assert list(ladder) == sorted(set(ladder))
        assert getattr(CONFIG, name) in ladder[1:-1]


def test_nothing_of_its_own_is_the_default() -> None:
    """The very same numbers, to the last bit."""
    assert tuned(CONFIG, {}) == CONFIG
    evidence = {"kitchen": evidence_of([STRONGEST])}
    plain = learn_pool(evidence, CONFIG)[0]["kitchen"]
    same = learn_pool(evidence, replace(CONFIG, pool_contrast=1.0))[0]["kitchen"]
    np.testing.assert_array_equal(plain, same)


def test_steps_take_turns() -> None:
    """Each number goes one step up and one down, night after night."""
    steps = [step_of(CONFIG, {}, night) for night in range(4)]
    assert {(step.name, step.new) for step in steps if step} == {
        ("pool_contrast", 0.7),
        ("pool_contrast", 1.4),
        ("pool_shrinkage", 250.0),
        ("pool_shrinkage", 1000.0),
    }
    assert step_of(CONFIG, {}, 4) == steps[0]
    assert not any(step.is_back for step in steps if step)


def test_every_other_night_is_the_way_back() -> None:
    """From the end of a ladder there is only that, besides the other number."""
    values = {"pool_contrast": 0.5}
    steps = [step_of(CONFIG, values, night) for night in range(4)]
    back = Step("pool_contrast", 0.5, 0.7, is_back=True)
    assert [step == back for step in steps] == [False, True, False, True]
    assert {step.name for step in steps[::2] if step} == {"pool_shrinkage"}


def test_other_configurations_are_left_alone() -> None:
    """Whoever has set a number to something else knows why."""
    config = replace(CONFIG, pool_contrast=0.9, pool_shrinkage=77.0)
    assert step_of(config, {}, 3) is None
    model = model_of({"kitchen": evidence_of([STRONGEST])})
    assert optimized(model, config, now=NOW, checkpoint=lambda _: None) is model


def test_day_is_forecast_from_what_was_known() -> None:
    """Weights of a day do not know it, nor what was still open when it began."""
    evidence = evidence_of([STRONGEST], days=9)
    start = NOW - DAY
    scores = day_scores([evidence], (CONFIG,), start)
    assert scores.shape == (24, 1)
    # What came later is another life: nobody could know.
    later = evidence_of([], days=9)
    ended = evidence.samples.origin + evidence.outcomes.remaining * 60 <= start
    changed = Evidence.joined([evidence.take(ended), later.take(~ended)])
    again = day_scores([changed], (CONFIG,), start)
    silent = evidence.take(evidence.samples.origin >= start)
    asked = Evidence.joined([evidence.take(ended), silent])
    np.testing.assert_array_equal(day_scores([asked], (CONFIG,), start), scores)
    assert again.mean() > scores.mean()


def test_minor_members_that_know_better() -> None:
    """A flatter pool wins, where those with little say at first are right."""
    found = compared(
        evidence_of([n for n in NAMES if n != STRONGEST]), pool_contrast=0.7
    )
    assert found is not None
    assert found.days == 14
    assert found.new < found.old
    assert found.is_won(Step("pool_contrast", 1.0, 0.7, is_back=False), CONFIG)


def test_strong_members_that_know_better() -> None:
    """There it loses."""
    found = compared(evidence_of([STRONGEST]), pool_contrast=0.7)
    assert found is not None
    assert found.new > found.old
    assert not found.is_won(Step("pool_contrast", 1.0, 0.7, is_back=False), CONFIG)


def test_too_little_to_tell() -> None:
    """Two weeks of forecasts are needed, one of them to learn from."""
    assert compared(evidence_of([STRONGEST], days=13), pool_contrast=0.7) is None
    found = compared(evidence_of([STRONGEST], days=15), pool_contrast=0.7)
    assert found is not None
    assert found.days == 8
    assert compared(evidence_of([STRONGEST], days=0), pool_contrast=0.7) is None
    assert compare({}, CONFIG, CONFIG, now=NOW, checkpoint=lambda _: None) is None


@pytest.mark.parametrize(
    ("new", "error", "out", "back"),
    [
        (29.0, 0.2, True, True),  # by 1 min, five errors
        (29.0, 0.4, False, True),  # two and a half errors
        (29.9, 0.01, False, True),  # by a third of a percent
        (29.9, 0.2, False, False),
        (31.0, 0.1, False, False),
    ],
)
def test_what_wins(new: float, error: float, out: bool, back: bool) -> None:
    """The way out must be clear, the way back likely."""
    found = Comparison(14, 30.0, new, error)
    assert found.is_won(Step("pool_contrast", 1.0, 0.7, is_back=False), CONFIG) is out
    assert found.is_won(Step("pool_contrast", 0.7, 1.0, is_back=True), CONFIG) is back


def test_what_has_won_is_used() -> None:
    """Weights and calibration are as a training with it would have learned them."""
    evidence = {"kitchen": evidence_of([n for n in NAMES if n != STRONGEST])}
    step = Step("pool_contrast", 1.0, 0.7, is_back=False)
    now = night_of(step)
    # The same weeks, up to that night.
    shift = now - NOW
    evidence = {
        room_id: replace(
            each, samples=replace(each.samples, origin=each.samples.origin + shift)
        )
        for room_id, each in evidence.items()
    }
    model = optimized(model_of(evidence), CONFIG, now=now, checkpoint=lambda _: None)
    assert model.tuning.values == {"pool_contrast": 0.7}
    assert model.tuning.reason.startswith("pool_contrast 0.7 instead of 1 on 14 days")
    assert model.tuning.reason.endswith(", adopted")
    weights, calibrations = learn_pool(evidence, replace(CONFIG, pool_contrast=0.7))
    room = model.rooms["kitchen"]
    np.testing.assert_array_equal(room.weights, weights["kitchen"])
    np.testing.assert_array_equal(
        room.calibration.coefficients, calibrations["kitchen"].coefficients
    )


def test_what_has_lost_changes_nothing_but_the_note() -> None:
    """The model forecasts as before."""
    evidence = {"kitchen": evidence_of([STRONGEST])}
    before = model_of(evidence)
    model = optimized(before, CONFIG, now=NOW, checkpoint=lambda _: None)
    assert model.tuning.values == {}
    assert model.tuning.reason.endswith(", not adopted")
    assert replace(model, tuning=UNTUNED) == before


def test_back_to_the_default() -> None:
    """Once it does worse, the number is forgotten."""
    values = {"pool_contrast": 0.7}
    now = night_of(Step("pool_contrast", 0.7, 1.0, is_back=True), values)
    each = evidence_of([STRONGEST])
    samples = replace(each.samples, origin=each.samples.origin + now - NOW)
    model = model_of({"kitchen": replace(each, samples=samples)}, Tuning(values))
    model = optimized(model, CONFIG, now=now, checkpoint=lambda _: None)
    assert model.tuning.values == {}
    assert model.tuning.reason.endswith(", adopted")


def test_search_can_be_cancelled() -> None:
    """Between two days, as any training."""

    def stop(share: float) -> None:
        if share > 0.3:
            raise TrainingCancelled("stop")

    model = model_of({"kitchen": evidence_of([STRONGEST])})
    with pytest.raises(TrainingCancelled):
        optimized(model, CONFIG, now=NOW, checkpoint=stop)


def test_tuning_is_saved_with_the_model() -> None:
    """And only then: a model without it is the file that it was."""
    model = model_of({"kitchen": evidence_of([STRONGEST], days=1)})
    with np.load(io.BytesIO(model.to_bytes())) as file:
        assert "tuning" not in json.loads(file["header"].tobytes())
    tuning = Tuning({"pool_contrast": 0.7, "pool_shrinkage": 250.0}, "because")
    saved = replace(model, tuning=tuning).to_bytes()
    assert ModelState.from_bytes(saved).tuning == tuning
    assert ModelState.from_bytes(model.to_bytes()).tuning == UNTUNED


@pytest.mark.parametrize(
    "values",
    [
        {"pool_contrast": 0.71},
        {"pool_contrast": 1e9},
        {"pool_contrast": "0.7"},
        {"pool_contrast": [0.7]},
        {"learned_samples": 7000},
        ["pool_contrast"],
    ],
)
def test_tuning_out_of_bounds_is_refused(values: object) -> None:
    """A foreign file cannot set what it likes."""
    with pytest.raises(ModelStateError):
        checked({"values": values, "reason": ""})


def test_contrast_keeps_what_a_member_may_not_say() -> None:
    """Weights add up to 1, and those without a share stay without."""
    evidence = evidence_of([STRONGEST], days=1)
    nothing = evidence.take(np.zeros(len(evidence), np.bool_))
    weights: FloatArray = learn_pool({"kitchen": evidence}, CONFIG)[0]["kitchen"]
    assert learn_pool({"kitchen": nothing}, CONFIG)[0] == {}
    for contrast in LADDERS["pool_contrast"]:
        config = replace(CONFIG, pool_contrast=contrast, pool_shrinkage=1e12)
        flat = learn_pool({"kitchen": evidence}, config)[0]["kitchen"]
        assert flat.shape == weights.shape
        np.testing.assert_allclose(flat.sum(1), 1.0)
        default = default_weights()
        np.testing.assert_array_equal(flat == 0, default == 0)
        place = int(default[2].argmax())
        assert (flat[2, place] > default[2, place]) == (contrast > 1)
