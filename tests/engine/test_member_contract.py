"""Every member of the pool against every check; a new one is tested by existing."""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
import io
import math
import sys

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    bin_masses,
    from_hazards,
    is_valid,
)
from custom_components.occupancy_prediction.engine.errors import TrainingCancelled
from custom_components.occupancy_prediction.engine.features import HomeScene
from custom_components.occupancy_prediction.engine.metrics import crps
from custom_components.occupancy_prediction.engine.models import MEMBERS, REFERENCE
from custom_components.occupancy_prediction.engine.models.base import (
    Arrays,
    FitContext,
    Member,
)
from custom_components.occupancy_prediction.engine.record import RoomRecord
from custom_components.occupancy_prediction.engine.samples import (
    Outcomes,
    Samples,
    TrainingSet,
)
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import (
    BINS,
    GRID,
    HORIZON,
    BoolArray,
    FloatArray,
)

from .family import home
from .made import samples_of

# A bound as in use, 7000, would only take longer.
CONFIG = EngineConfig(learned_samples=1200)
CONTEXT = FitContext(CONFIG, seed=7, checkpoint=lambda share: None)
DAYS, LEARNED = 14, 11
DAY = 86400.0
# Two rooms that are walked through, and two that are lived in.
ROOMS = 4

every_member = pytest.mark.parametrize("member", MEMBERS, ids=lambda each: each.name)

type Known = dict[bool, TrainingSet]


@cache
def rooms() -> dict[str, Known]:
    """Return what members that count, and others, are told of rooms of the family."""
    spec, table, start, end = home(DAYS)
    spec = replace(spec, rooms=spec.rooms[:ROOMS])
    scene = HomeScene(build_timeline(spec, table, CONFIG, end), spec.time_zone)
    records = {
        room.room_id: RoomRecord(scene, room.room_id, start, CONFIG)
        for room in spec.rooms
    }
    early = {
        name: record.resolve(start + LEARNED * DAY).learned
        for name, record in records.items()
    }
    reference = REFERENCE.fit(early, CONTEXT)
    result = {}
    for name, record in records.items():
        known = record.resolve(end)
        samples = known.learned.samples
        hazards = REFERENCE.hazards(reference[name], samples, leave_out_day=True)
        samples = replace(samples, reference=hazards)
        result[name] = {
            True: known.counted,
            False: replace(known.learned, samples=samples),
        }
    return result


def part(training: TrainingSet, first: float, last: float) -> TrainingSet:
    """Return what was asked, and which stays began, between two days."""
    start = home(DAYS)[2]
    low, high = start + first * DAY, start + last * DAY
    asked = (training.samples.origin >= low) & (training.samples.origin < high)
    begun = (training.stays.entry >= low) & (training.stays.entry < high)
    return TrainingSet(
        training.samples.take(asked),
        training.outcomes.take(asked),
        training.stays.take(begun),
    )


def parts(member: Member, first: float, last: float) -> dict[str, TrainingSet]:
    """Return some days of all rooms, as a member is told of them."""
    return {
        name: part(room[member.counts], first, last) for name, room in rooms().items()
    }


def some(member: Member) -> tuple[Arrays, Samples]:
    """Return what a member has learned of a room, and questions of later days."""
    name, training = next(iter(parts(member, LEARNED, DAYS).items()))
    return learned(member)[name], training.samples


@cache
def fitted(number: int) -> dict[str, Arrays]:
    """Return what a member has learned from all but the last days."""
    return MEMBERS[number].fit(parts(MEMBERS[number], 0, LEARNED), CONTEXT)


def learned(member: Member) -> dict[str, Arrays]:
    """Return what a member has learned from all but the last days."""
    return fitted(MEMBERS.index(member))


def check_same(first: Arrays, second: Arrays) -> None:
    """Check that two members' arrays are the same, with their types."""
    assert sorted(first) == sorted(second)
    for name in first:
        assert first[name].dtype == second[name].dtype
        np.testing.assert_array_equal(first[name], second[name])


def check_distributions(cdf: FloatArray, count: int) -> None:
    """Check that a member's answer is what it promises."""
    assert cdf.shape == (count, BINS)
    assert cdf.dtype == np.float64
    assert is_valid(cdf).all()


def extremes() -> Samples:
    """Return moments no home has had yet, and some every home has."""
    elapsed = np.array([0.0, 0.5, 5, 60, 720, 1440, 10_080, 1e6])
    count = len(elapsed) * 4
    samples = samples_of(
        count,
        occupied=[False, True, False, True] * len(elapsed),
        elapsed=np.repeat(elapsed, 4),
        clock=np.resize([0.0, 719.5, 1439.999, 1080.0, 3.0], count),
        sensor_on=False,
        quiet=np.resize([0.0, 2.5, 5.0, math.inf, 1e6], count),
        earliest=np.resize([0.0, 2.5, 0.0, 0.0, 5.0], count),
    )
    return replace(
        samples,
        sensor_on=np.resize([False, True, False], count) & samples.occupied,
        since_on=np.resize([0.0, math.inf, 30.0], count),
    )


# --- what it learns -------------------------------------------------------------------


def test_names_are_unique() -> None:
    """Arrays are found by them in a saved model."""
    names = [member.name for member in MEMBERS]
    assert len(set(names)) == len(names) > 0
    assert all(name.isidentifier() and name.islower() for name in names)


@every_member
def test_learns_arrays_of_numbers_for_each_room(member: Member) -> None:
    """One entry per room, nothing but finite numbers and names in it."""
    without_libraries = replace(CONTEXT, config=replace(CONFIG, tier="base"))
    if learned(member) or member.fit(parts(member, 0, 1), without_libraries):
        assert list(learned(member)) == list(rooms())
    for arrays in learned(member).values():
        assert arrays
        for array in arrays.values():
            assert array.dtype.kind in "fiubU"
            assert array.dtype.kind == "U" or np.isfinite(array).all()


@every_member
def test_no_rooms(member: Member) -> None:
    """A home without rooms teaches nothing."""
    assert member.fit({}, CONTEXT) == {}


@every_member
def test_same_seed_same_arrays(member: Member) -> None:
    """Learning again is learning the same, and changes none of the data."""
    data = parts(member, 0, LEARNED)
    again = member.fit(data, CONTEXT)
    for name, arrays in learned(member).items():
        check_same(arrays, again[name])
    for name, training in parts(member, 0, LEARNED).items():
        for field in fields(Samples):
            np.testing.assert_array_equal(
                getattr(training.samples, field.name),
                getattr(data[name].samples, field.name),
            )


@every_member
def test_learning_can_be_cancelled(member: Member) -> None:
    """It asks now and then, with the share done, and lets the answer through."""
    shares: list[float] = []
    member.fit(parts(member, 0, 2), FitContext(CONFIG, 7, shares.append))
    assert len(shares) >= len(rooms())
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1

    def cancel(share: float) -> None:
        raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        member.fit(parts(member, 0, 2), FitContext(CONFIG, 7, cancel))


# --- what it says ---------------------------------------------------------------------


@every_member
def test_answers_are_distributions(member: Member) -> None:
    """For everything that was asked, and for what nobody has lived through."""
    for name, training in parts(member, LEARNED, DAYS).items():
        asked = training.samples
        for samples in (asked, asked.bare(), extremes(), samples_of(0)):
            cdf = member.predict(learned(member)[name], samples, CONFIG)
            check_distributions(cdf, len(samples))


@every_member
def test_answering_changes_nothing(member: Member) -> None:
    """Neither what was learned nor what was asked, which may be read-only."""
    known, samples = some(member)
    arrays = {key: array.copy() for key, array in known.items()}
    columns = {field.name: getattr(samples, field.name) for field in fields(Samples)}
    for array in (*arrays.values(), *columns.values()):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    first = member.predict(arrays, samples, CONFIG)
    second = member.predict(arrays, samples, CONFIG)
    np.testing.assert_array_equal(first, second)
    check_same(arrays, known)


@every_member
@pytest.mark.parametrize("count", [1, 2, 8, 9, 100])
def test_each_question_is_answered_by_itself(member: Member, count: int) -> None:
    """What else is asked at the same time makes no difference."""
    arrays, samples = some(member)
    together = member.predict(arrays, samples, CONFIG)
    rows = np.linspace(0, len(samples) - 1, count).astype(np.int64)
    alone = member.predict(arrays, samples.take(rows), CONFIG)
    np.testing.assert_allclose(alone, together[rows], atol=1e-9)


@every_member
def test_saved_arrays_say_the_same(member: Member) -> None:
    """Through a file without pickles and back."""
    arrays, samples = some(member)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as loaded:
        restored = {key: loaded[key] for key in loaded.files}
    check_same(arrays, restored)
    np.testing.assert_array_equal(
        member.predict(restored, samples, CONFIG),
        member.predict(arrays, samples, CONFIG),
    )


# --- with little, with nothing, with one kind only ------------------------------------

type Choice = Callable[[TrainingSet], TrainingSet]


def _only(state: bool) -> Choice:
    def choose(training: TrainingSet) -> TrainingSet:
        asked = training.samples.occupied == state
        return TrainingSet(
            training.samples.take(asked),
            training.outcomes.take(asked),
            training.stays.take(training.stays.occupied == state),
        )

    return choose


def _seen(observed: bool, remaining: float) -> Choice:
    def choose(training: TrainingSet) -> TrainingSet:
        count = len(training.samples)
        stays = training.stays
        return TrainingSet(
            training.samples,
            Outcomes(np.full(count, remaining), np.full(count, observed)),
            replace(stays, observed=np.full(len(stays.length), observed)),
        )

    return choose


def _first(count: int) -> Choice:
    def choose(training: TrainingSet) -> TrainingSet:
        rows = np.arange(min(count, len(training.samples)))
        begun = np.arange(min(count, len(training.stays.length)))
        return TrainingSet(
            training.samples.take(rows),
            training.outcomes.take(rows),
            training.stays.take(begun),
        )

    return choose


CHOICES: dict[str, Choice] = {
    "nothing": _first(0),
    "one": _first(1),
    "few": _first(9),
    "vacant": _only(False),
    "occupied": _only(True),
    "never": _seen(False, HORIZON),
    "cut off at once": _seen(False, 0.0),
    "at once": _seen(True, 0.0),
    "on the horizon": _seen(True, HORIZON),
}


@every_member
@pytest.mark.parametrize("choice", CHOICES)
def test_poor_data(member: Member, choice: str) -> None:
    """However one-sided the past, the answer is a distribution, at first the prior."""
    data = {name: CHOICES[choice](room) for name, room in parts(member, 0, 3).items()}
    later = parts(member, 3, 4)
    for name, arrays in member.fit(data, CONTEXT).items():
        for samples in (later[name].samples, extremes()):
            check_distributions(member.predict(arrays, samples, CONFIG), len(samples))
        more = member.update(arrays, later[name], CONTEXT)
        check_distributions(member.predict(more, extremes(), CONFIG), len(extremes()))


@every_member
def test_before_any_data_nothing_is_ruled_out(member: Member) -> None:
    """The prior leaves a chance to every bin, and to "later"."""
    nothing = _first(0)(next(iter(rooms().values()))[member.counts])
    samples = samples_of(2, occupied=[False, True])
    for arrays in member.fit({"room": nothing}, CONTEXT).values():
        assert (bin_masses(member.predict(arrays, samples, CONFIG)) > 0).all()


# --- a little more --------------------------------------------------------------------


@every_member
def test_updating_where_it_is_exact(member: Member) -> None:
    """Who promises that adding data is exact knows the same as after a new fit."""
    promise = sys.modules[type(member).__module__].__doc__ or ""
    whole = learned(member)
    for name, arrays in member.fit(parts(member, 0, 5), CONTEXT).items():
        before = {key: array.copy() for key, array in arrays.items()}
        grown = arrays
        for first, last in ((5, 8), (8, 8.3), (8.3, 8.3), (8.3, LEARNED)):
            grown = member.update(grown, parts(member, first, last)[name], CONTEXT)
        check_same(arrays, before)
        assert ("is exact" in promise) == member.counts
        if member.counts:
            check_same(grown, whole[name])
        samples = parts(member, LEARNED, DAYS)[name].samples
        check_distributions(member.predict(grown, samples, CONFIG), len(samples))


@every_member
def test_memory_is_bounded(member: Member) -> None:
    """However often a record is added, the arrays stop growing."""
    name, record = next(iter(parts(member, 0, DAYS).items()))
    arrays = learned(member)[name]
    sizes = []
    for _ in range(18):
        arrays = member.update(arrays, record, CONTEXT)
        sizes.append(sum(array.nbytes for array in arrays.values()))
    assert sizes[-1] == sizes[-3] < 1e6


# --- is it any good -------------------------------------------------------------------


def base_rate(training: TrainingSet) -> FloatArray:
    """Return, per state, the distribution of all remaining times alike, (2, BINS)."""
    hazards = np.zeros((2, BINS))
    for state in (0, 1):
        rows: BoolArray = training.samples.occupied == bool(state)
        outcomes = training.outcomes.take(rows)
        for number in range(BINS):
            at_risk = outcomes.remaining > GRID[number]
            ended = (
                at_risk & outcomes.observed & (outcomes.remaining <= GRID[number + 1])
            )
            hazards[state, number] = (ended.sum() + 0.1) / (at_risk.sum() + 2.6)
    return from_hazards(hazards)


@every_member
def test_beats_the_base_rate(member: Member) -> None:
    """On days of the family it has not seen, by CRPS over all rooms."""
    said, unsaid = [], []
    past = parts(member, 0, LEARNED)
    for name, training in parts(member, LEARNED, DAYS).items():
        outcomes = training.outcomes
        known = outcomes.observed | (outcomes.remaining >= HORIZON)
        asked, came = training.samples.take(known), outcomes.take(known)
        cdf = member.predict(learned(member)[name], asked, CONFIG)
        rate = base_rate(past[name])
        usual = rate[asked.occupied.astype(np.int64)]
        said.append(crps(cdf, came.remaining, came.observed))
        unsaid.append(crps(usual, came.remaining, came.observed))
    skill = 1 - np.concatenate(said).mean() / np.concatenate(unsaid).mean()
    assert skill > 0.05


def test_the_family_is_worth_learning_from() -> None:
    """Both states, many stays, and days that were not learned from, in each room."""
    first = MEMBERS[0]
    for training in parts(first, LEARNED, DAYS).values():
        assert training.samples.occupied.any()
        assert not training.samples.occupied.all()
    assert (
        sum(len(room.stays.length) for room in parts(first, 0, LEARNED).values()) > 300
    )
