"""Tests of the hours of the last day."""

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.features import (
    FEATURE_BLOCKS,
    HomeScene,
    Scene,
    describe,
    feature_matrix,
    schema_hash,
)
from custom_components.occupancy_prediction.engine.models.base import day_pattern
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    HomeTimeline,
    RoomTimeline,
)

from .test_samples import MONDAY, at, room_of

# Occupied from 01:00 to 02:30, from 23:00 to 00:15 and from 10:00 on, lost at 11:00.
CHANGES: list[tuple[float, int]] = [
    (0, VACANT),
    (60, OCCUPIED),
    (150, VACANT),
    (1380, OCCUPIED),
    (1455, VACANT),
    (2040, OCCUPIED),
    (2100, UNKNOWN),
]


def scene(room: RoomTimeline) -> HomeScene:
    """Return a home of one room."""
    return HomeScene(HomeTimeline(MONDAY, MONDAY + 2 * 86400, {"room": room}), "UTC")


def hours(room: RoomTimeline, *minutes: float) -> list[list[float]]:
    """Return the shares of the last hours at moments, latest first."""
    block = FEATURE_BLOCKS["hour"]
    shares = block(Scene(scene(room), "room", at(*minutes)))
    assert shares.shape == (len(minutes), 24)
    return [[round(share, 6) for share in row] for row in shares.tolist()]


def test_shares_by_hand() -> None:
    """Each hour back from the moment, whether it began on the hour or not."""
    at_three, later = hours(room_of(CHANGES), 180, 135)
    assert at_three == [0.5, 1.0] + [0.0] * 22
    assert later == [1.0, 0.25] + [0.0] * 22


def test_a_whole_day_back() -> None:
    """What lies further back than a day is not in it; midnight is no border."""
    (shares,) = hours(room_of(CHANGES), 1440 + 90)
    assert shares == [0.0, 0.75, 0.5] + [0.0] * 20 + [1.0]
    (shares,) = hours(room_of(CHANGES), 1440 + 150)
    assert shares == [0.0, 0.0, 0.75, 0.5] + [0.0] * 20


def test_what_comes_later_changes_nothing() -> None:
    """A room whose future is cut off has the same last hours."""
    minutes = np.arange(0, 2100, 35.0).tolist()
    whole = hours(room_of(CHANGES), *minutes)
    for moment, row in zip(minutes, whole, strict=True):
        known = [change for change in CHANGES if change[0] <= moment]
        assert hours(room_of(known), moment) == [row]


def test_nothing_known() -> None:
    """A room nobody has seen was not occupied."""
    assert hours(room_of([]), 100) == [[0.0] * 24]


def test_columns_are_found_by_name() -> None:
    """Members get the pattern in order, or are told that there is none."""
    home = scene(room_of(CHANGES))
    samples = describe(home, "room", at(180, 135))
    np.testing.assert_allclose(day_pattern(samples)[:, :3], [[0.5, 1, 0], [1, 0.25, 0]])
    assert np.isnan(day_pattern(samples.bare())).all()
    matrix = feature_matrix(Scene(home, "room", at(180)))
    assert [name for name in matrix.names if name.startswith("hour")] == [
        f"hour_{number}" for number in range(24)
    ]


def test_another_block_is_another_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is not read with columns it was not made for."""
    before = schema_hash()
    monkeypatch.delitem(FEATURE_BLOCKS, "hour")
    assert schema_hash() != before
