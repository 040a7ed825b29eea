"""Training from scratch, and the updates between two trainings."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    EngineConfig,
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

from .family import home

DAY = 86400.0
CONFIG = EngineConfig()


def counts(state: ModelState) -> dict[str, np.ndarray]:
    """Return all arrays that are counts, by room, member and name."""
    return {
        f"{room_id}/{member}/{name}": array
        for room_id, room in state.rooms.items()
        for member, arrays in room.members.items()
        for name, array in arrays.items()
    } | {
        f"{room_id}/profile/{name}": room.profile[name]
        for room_id, room in state.rooms.items()
        for name in ("occupied", "seen")
    }


def assert_same_counts(first: ModelState, second: ModelState) -> None:
    """Compare what two models have counted."""
    expected = counts(second)
    for name, array in counts(first).items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-5, err_msg=name)
    for room_id, room in first.rooms.items():
        other = second.rooms[room_id]
        assert room.spells == other.spells
        assert room.days == pytest.approx(other.days)
        assert room.counted_until == other.counted_until
        assert room.open_since == other.open_since


def test_training_learns_every_room() -> None:
    """Each room has seen spells of both kinds and has weights that sum to one."""
    spec, table, start, end = home()
    state = train(spec, table, CONFIG, now=end, version="v1")
    assert state.version == "v1"
    assert state.trained_at == state.data_end == end
    assert start <= state.data_start < start + DAY
    assert set(state.rooms) == {room.room_id for room in spec.rooms}
    assert state.stage is Stage.EARLY
    for room in state.rooms.values():
        assert min(room.spells) > CONFIG.spells_minimum
        assert 11 < room.days <= 12
        np.testing.assert_allclose(room.weights.sum(1), 1.0)
    # Two families of forecasts were compared on unseen days: somebody won.
    kitchen = state.rooms["kitchen"]
    assert not np.allclose(kitchen.weights, kitchen.weights[0, 0])


def test_same_input_same_model() -> None:
    """Training has no clock and no dice of its own."""
    spec, table, _, end = home()
    first, second = (
        train(spec, table, CONFIG, now=end, version="v").to_bytes() for _ in range(2)
    )
    one, two = ModelState.from_bytes(first), ModelState.from_bytes(second)
    for name, array in counts(one).items():
        np.testing.assert_array_equal(array, counts(two)[name])


def test_training_does_not_look_ahead() -> None:
    """What comes after ``now`` changes nothing."""
    spec, table, start, _ = home()
    now = start + 9 * DAY
    with_future = train(spec, table, CONFIG, now=now, version="v")
    without = train(spec, table.before(now), CONFIG, now=now, version="v")
    assert_same_counts(with_future, without)
    for room_id, room in with_future.rooms.items():
        np.testing.assert_array_equal(room.weights, without.rooms[room_id].weights)


@pytest.mark.parametrize("hours", [1, 7, 40])
def test_updates_are_exact(hours: int) -> None:
    """Hour by hour or all at once: the counts are the same."""
    spec, table, _, end = home()
    state = train(spec, table, CONFIG, now=end - 3 * DAY, version="v")
    now = state.data_end
    while now < end:
        now = min(now + hours * 3600, end)
        recent = table.since(update_start(state, CONFIG)).before(now)
        state = update(state, spec, recent, CONFIG, now=now)
    assert_same_counts(state, train(spec, table, CONFIG, now=end, version="v"))


def test_updates_survive_an_absence() -> None:
    """A spell of many days is counted once, when it has ended."""
    spec, table, start, end = home()
    away = (start + 6 * DAY, start + 9.5 * DAY)
    quiet = (table.timestamps < away[0]) | (table.timestamps >= away[1])
    table = ObservationTable(
        table.timestamps[quiet],
        table.sensors[quiet],
        table.values[quiet],
        table.sensor_ids,
    )
    state = train(spec, table, CONFIG, now=start + 5 * DAY, version="v")
    now = state.data_end
    while now < end:
        now = min(now + 5 * 3600, end)
        recent = table.since(update_start(state, CONFIG)).before(now)
        state = update(state, spec, recent, CONFIG, now=now)
    assert_same_counts(state, train(spec, table, CONFIG, now=end, version="v"))


def test_update_goes_only_forward() -> None:
    """An update up to a moment already learned changes nothing."""
    spec, table, _, end = home()
    state = train(spec, table, CONFIG, now=end, version="v")
    assert update(state, spec, table, CONFIG, now=end - 3600) == state


def test_update_leaves_unknown_rooms_alone() -> None:
    """A room that was added since waits for the next training."""
    spec, table, _, end = home()
    first = replace(spec, rooms=spec.rooms[:2])
    state = train(first, table, CONFIG, now=end - DAY, version="v")
    updated = update(state, spec, table, CONFIG, now=end)
    assert set(updated.rooms) == {room.room_id for room in first.rooms}
    assert updated.data_end == end


def test_progress_rises_to_one() -> None:
    """The share done never falls and ends at 1."""
    spec, table, _, end = home()
    shares: list[float] = []
    train(spec, table, CONFIG, now=end, version="v", checkpoint=shares.append)
    assert len(shares) > 20
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    shares.clear()
    state = train(spec, table, CONFIG, now=end - DAY, version="v")
    update(state, spec, table, CONFIG, now=end, checkpoint=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_cancelled_at_a_checkpoint() -> None:
    """A checkpoint that raises ends the training."""
    spec, table, _, end = home()

    def stop(share: float) -> None:
        if share > 0.3:
            raise TrainingCancelled

    with pytest.raises(TrainingCancelled):
        train(spec, table, CONFIG, now=end, version="v", checkpoint=stop)


def test_nothing_observed() -> None:
    """An empty record gives a model that has nothing to say."""
    spec, _, _, end = home()
    state = train(spec, ObservationTable.empty(), CONFIG, now=end, version="v")
    assert state.stage is Stage.COLLECTING
    for room in state.rooms.values():
        assert room.spells == (0, 0)
        assert room.days == 0.0
        assert (room.calibration.thresholds == NEVER).all()
    assert ModelState.from_bytes(state.to_bytes()).rooms.keys() == state.rooms.keys()
    later = update(state, spec, ObservationTable.empty(), CONFIG, now=end + DAY)
    assert later.data_end == end + DAY


def test_little_data_claims_nothing() -> None:
    """Before there are days to hold out, pool shares are equal, nothing reliable."""
    spec, table, start, _ = home()
    state = train(spec, table, CONFIG, now=start + 2.5 * DAY, version="v")
    for room in state.rooms.values():
        assert np.ptp(room.weights) == 0
        assert (room.calibration.thresholds == NEVER).all()


def test_home_without_rooms() -> None:
    """A home without rooms can be trained and updated."""
    state = train(HomeSpec(()), ObservationTable.empty(), CONFIG, now=DAY, version="v")
    assert not state.rooms
    assert state.stage is Stage.COLLECTING
    assert update_start(state, CONFIG) == DAY - CONFIG.look_back
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
    spec, table, start, _ = home(31)
    part = replace(spec, rooms=spec.rooms[:1])
    state = train(part, table, CONFIG, now=start + days * DAY, version="v")
    assert state.stage is stage
