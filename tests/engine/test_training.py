"""Training from scratch, and the updates between two trainings."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    HomeSpec,
    ModelState,
    ObservationTable,
    Stage,
    TrainingCancelled,
    train,
    update,
    update_start,
)
from custom_components.occupancy_prediction.engine.calibration import NEVER
from custom_components.occupancy_prediction.engine.ensemble import (
    default_weights,
    member_forecasts,
)
from custom_components.occupancy_prediction.engine.evidence import Evidence
from custom_components.occupancy_prediction.engine.features import HomeScene, describe
from custom_components.occupancy_prediction.engine.models import MEMBERS
from custom_components.occupancy_prediction.engine.state import RoomModel
from custom_components.occupancy_prediction.engine.timeline import build_timeline

from .family import DAY, QUICK, home, trained

# Of nine days and of twelve every third moment is learned from with features.
CONFIG = replace(QUICK, learned_samples=1200)


def rooms(count: int = 2) -> HomeSpec:
    """Return the home with its first rooms only."""
    spec = home()[0]
    return replace(spec, rooms=spec.rooms[:count])


@cache
def trained_at(days_before_end: float) -> ModelState:
    """Return what two rooms taught until so many days before the end."""
    _, table, _, end = home()
    now = end - days_before_end * DAY
    return train(rooms(), table, CONFIG, now=now, version="v")


@cache
def one_room(days_before_end: float) -> ModelState:
    """Return what one room taught in a moment, until so many days before the end."""
    _, table, _, end = home()
    now = end - days_before_end * DAY
    return train(rooms(1), table, QUICK, now=now, version="v")


def arrays_of(room: RoomModel) -> dict[str, np.ndarray]:
    """Return all arrays of a room by name."""
    return {
        **{f"profile/{name}": array for name, array in room.profile.items()},
        **{f"evidence/{k}": array for k, array in room.evidence.to_arrays().items()},
        **{
            f"{member}/{name}": array
            for member, arrays in room.members.items()
            for name, array in arrays.items()
        },
        "weights": room.weights,
        "coefficients": room.calibration.coefficients,
        "thresholds": room.calibration.thresholds,
    }


def assert_same(first: ModelState, second: ModelState) -> None:
    """Check that two models learned the same to the last digit."""
    assert list(first.rooms) == list(second.rooms)
    for room_id, room in first.rooms.items():
        mine, other = arrays_of(room), arrays_of(second.rooms[room_id])
        assert mine.keys() == other.keys()
        for name, array in mine.items():
            np.testing.assert_array_equal(array, other[name], err_msg=name)


def assert_same_counts(first: ModelState, second: ModelState) -> None:
    """Compare what two models have counted, and the moments they remember."""
    exact = {f"{member.name}/" for member in MEMBERS if member.counts}
    # These keep moments, or count them by day, with features or without.
    exact |= {"kernel/", "hazard/profile_", "profile/occupied", "profile/seen"}
    for room_id, room in first.rooms.items():
        other = second.rooms[room_id]
        expected = arrays_of(other)
        for name, array in arrays_of(room).items():
            if name.startswith(tuple(exact)):
                np.testing.assert_allclose(array, expected[name], rtol=1e-5)
        assert room.spells == other.spells
        assert room.days == pytest.approx(other.days)
        assert room.counted_until == other.counted_until
        assert room.open_since == other.open_since
        assert room.stage == other.stage
        assert room.stride == other.stride


def updated(
    state: ModelState, table: ObservationTable, hours: float, end: float
) -> ModelState:
    """Bring a model up to a moment, every so many hours."""
    now = state.data_end
    while now < end:
        now = min(now + hours * 3600, end)
        recent = table.since(update_start(state, CONFIG)).before(now)
        state = update(state, rooms(), recent, CONFIG, now=now)
    return state


# --- training -------------------------------------------------------------------------


def test_training_learns_every_room() -> None:
    """Each room has seen spells of both kinds and has weights that sum to one."""
    spec, _, start, end = home()
    state = trained()
    assert state.version == "v7"
    assert state.trained_at == state.data_end == end - DAY
    assert start <= state.data_start < start + DAY
    assert set(state.rooms) == {room.room_id for room in spec.rooms}
    assert state.stage is Stage.EARLY
    for room in state.rooms.values():
        assert min(room.spells) >= 10
        assert 10 < room.days <= 11
        np.testing.assert_allclose(room.weights.sum(1), 1.0)
    # The members were compared on unseen days: somebody won.
    assert not np.allclose(state.rooms["kitchen"].weights, default_weights())


def test_same_input_same_model() -> None:
    """Training has no clock and no dice of its own."""
    _, table, _, end = home()
    again = train(rooms(1), table, QUICK, now=end, version="v")
    assert_same(again, one_room(0))
    assert_same(ModelState.from_bytes(again.to_bytes()), again)


def test_training_does_not_look_ahead() -> None:
    """What comes after ``now`` changes nothing."""
    _, table, _, end = home()
    now = end - 3 * DAY
    without = train(rooms(), table.before(now), CONFIG, now=now, version="v")
    assert_same(trained_at(3), without)


def test_progress_rises_to_one() -> None:
    """The share done never falls and ends at 1."""
    _, table, _, end = home()
    shares: list[float] = []
    state = train(
        rooms(1), table, QUICK, now=end - DAY, version="v", checkpoint=shares.append
    )
    assert len(shares) > 20
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    shares.clear()
    update(state, rooms(1), table, QUICK, now=end, checkpoint=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_cancelled_at_a_checkpoint() -> None:
    """A checkpoint that raises ends the training."""
    _, table, _, end = home()

    def stop(share: float) -> None:
        if share > 0.3:
            raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        train(rooms(), table, CONFIG, now=end, version="v", checkpoint=stop)


def test_nothing_observed() -> None:
    """An empty record gives a model that has nothing to say."""
    spec, _, _, end = home()
    state = train(spec, ObservationTable.empty(), CONFIG, now=end, version="v")
    assert state.stage is Stage.COLLECTING
    for room in state.rooms.values():
        assert room.spells == (0, 0)
        assert room.days == 0.0
        assert not len(room.evidence)
        assert (room.calibration.thresholds == NEVER).all()
    assert ModelState.from_bytes(state.to_bytes()).rooms.keys() == state.rooms.keys()
    later = update(state, spec, ObservationTable.empty(), CONFIG, now=end + DAY)
    assert later.data_end == end + DAY


def test_little_data_claims_nothing() -> None:
    """Before there are days to hold out, shares are the default, nothing reliable."""
    _, table, start, _ = home()
    state = train(rooms(), table, CONFIG, now=start + 2.5 * DAY, version="v")
    for room in state.rooms.values():
        assert not len(room.evidence)
        np.testing.assert_array_equal(room.weights, default_weights())
        assert (room.calibration.thresholds == NEVER).all()


def test_home_without_rooms() -> None:
    """A home without rooms can be trained and updated."""
    state = train(HomeSpec(()), ObservationTable.empty(), CONFIG, now=DAY, version="v")
    assert not state.rooms
    assert state.stage is Stage.COLLECTING
    assert update_start(state, CONFIG) == DAY - CONFIG.habit_look_back
    assert not update(
        state, HomeSpec(()), ObservationTable.empty(), CONFIG, now=2 * DAY
    ).rooms


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        (2, Stage.COLLECTING),
        (5, Stage.EARLY),
        (15.5, Stage.GROWING),
        (30, Stage.ESTABLISHED),
    ],
)
def test_stages(days: float, stage: Stage) -> None:
    """The stage tells how many days are behind a model."""
    _, table, start, _ = home(31)
    state = train(rooms(1), table, QUICK, now=start + days * DAY, version="v")
    assert state.stage is stage


# --- updates --------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "days"), [(1, 0.25), (13, 3)])
def test_updates_are_exact(hours: float, days: float) -> None:
    """Hour by hour or all at once: what was counted is the same."""
    _, table, _, end = home()
    state = updated(trained_at(days), table, hours, end)
    assert_same_counts(state, trained_at(0))


def test_updates_survive_an_absence() -> None:
    """A spell of many days is counted once, when it has ended."""
    _, table, start, end = home()
    away = (start + 6 * DAY, start + 9.5 * DAY)
    quiet = (table.timestamps < away[0]) | (table.timestamps >= away[1])
    table = ObservationTable(
        table.timestamps[quiet],
        table.sensors[quiet],
        table.values[quiet],
        table.sensor_ids,
    )
    state = train(rooms(), table, CONFIG, now=start + 9 * DAY, version="v")
    state = updated(state, table, 20, end)
    assert_same_counts(state, train(rooms(), table, CONFIG, now=end, version="v"))


def test_update_goes_only_forward() -> None:
    """An update up to a moment already learned changes nothing."""
    _, table, _, end = home()
    state = trained_at(0)
    assert update(state, rooms(), table, CONFIG, now=end - 3600) == state


def test_update_leaves_unknown_rooms_alone() -> None:
    """A room that was added since waits for the next training."""
    spec, table, _, end = home()
    later = update(trained_at(0.5), spec, table, CONFIG, now=end)
    assert set(later.rooms) == {room.room_id for room in rooms().rooms}
    assert later.data_end == end


# --- evidence -------------------------------------------------------------------------


def test_evidence_is_of_the_last_days() -> None:
    """Every quarter of an hour of the days held out, up to what is known."""
    end = home()[3]
    for room in trained_at(0).rooms.values():
        origin = room.evidence.samples.origin
        assert len(room.evidence) > 150
        assert (origin % CONFIG.evidence_step == 0).all()
        assert (np.diff(origin) > 0).all()
        # A quarter of twelve days, of which the sensors are silent at first.
        assert end - 3 * DAY <= origin[0] < end - 3 * DAY + 2 * 3600
        assert origin[-1] < room.counted_until
        # Who needs a library is silent, the others are not.
        said = np.isfinite(room.evidence.masses).all((0, 2))
        learned = [member.name in room.members for member in MEMBERS]
        assert said.tolist() == learned


def test_evidence_was_not_learned_from() -> None:
    """What was said of a day before the last is the same without the last day."""
    _, table, _, end = home()
    cut = end - DAY
    still = table.before(cut)
    other = train(rooms(), still, CONFIG, now=end, version="v")
    for room_id, room in trained_at(0).rooms.items():
        mine, yours = room.evidence, other.rooms[room_id].evidence
        count = min(int((part.samples.origin < cut).sum()) for part in (mine, yours))
        assert count > 100
        np.testing.assert_array_equal(mine.masses[:count], yours.masses[:count])
    assert not np.array_equal(
        trained_at(0).rooms["kitchen"].weights, other.rooms["kitchen"].weights
    )


def test_updates_write_down_forecasts_before_they_learn() -> None:
    """Tested on each hour, then trained on it."""
    spec, table, _, end = home()
    state = trained_at(0.5)
    later = update(state, rooms(), table, CONFIG, now=end)
    scene = HomeScene(build_timeline(rooms(), table, CONFIG, end), spec.time_zone)
    for room_id, room in state.rooms.items():
        grown = later.rooms[room_id].evidence
        new = grown.since(room.counted_until)
        assert len(new) > 20
        assert len(grown) == len(room.evidence) + len(new)
        samples = describe(scene, room_id, new.samples.origin)
        said = member_forecasts(room.members, samples, CONFIG)
        expected = Evidence.of(said, samples, new.outcomes)
        np.testing.assert_allclose(new.masses, expected.masses, atol=2e-3)


def test_old_evidence_is_forgotten() -> None:
    """What is compared follows the seasons."""
    _, table, _, end = home()
    short = replace(CONFIG, evidence_days=1.0)
    later = update(trained_at(0.5), rooms(), table, short, now=end)
    for room in later.rooms.values():
        assert room.evidence.samples.origin[0] >= end - DAY


def test_training_carries_recent_evidence_on() -> None:
    """What was said in use counts, rather than what would have been said."""
    _, table, _, end = home()
    before = trained_at(0.5)
    state = train(rooms(), table, CONFIG, now=end, version="v", previous=before)
    carried = update(before, rooms(), table, CONFIG, now=end)
    for room_id, room in state.rooms.items():
        np.testing.assert_array_equal(
            room.evidence.masses, carried.rooms[room_id].evidence.masses
        )
        learned = trained_at(0).rooms[room_id].members["climatology"]
        np.testing.assert_array_equal(
            room.members["climatology"]["ended"], learned["ended"]
        )


def test_a_new_room_is_looked_ahead_for() -> None:
    """The other keeps the evidence it has."""
    _, table, _, end = home()
    before = trained_at(0.5).without_room("kitchen")
    state = train(rooms(), table, CONFIG, now=end, version="v", previous=before)
    fresh = trained_at(0).rooms["kitchen"].evidence
    mine = state.rooms["kitchen"].evidence
    np.testing.assert_array_equal(mine.samples.origin, fresh.samples.origin)
    assert len(state.rooms["living_room"].evidence) > len(fresh)


@pytest.mark.parametrize("days", [-0.5, 4.0])
def test_evidence_of_another_time_is_made_anew(days: float) -> None:
    """After a pause of days, and when the clock was set back."""
    _, table, _, end = home()
    now = end - 0.5 * DAY
    before = replace(one_room(0.5), data_end=now - days * DAY)
    state = train(rooms(1), table, QUICK, now=now, version="v", previous=before)
    assert_same(state, one_room(0.5))
