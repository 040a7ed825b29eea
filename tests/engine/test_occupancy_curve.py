"""Tests of the occupancy curve: how likely a room is occupied later today."""

from datetime import UTC, datetime

from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.distribution import (
    probability_within,
)
from custom_components.occupancy_prediction.engine.occupancy_curve import (
    POINTS,
    STEP_MINUTES,
    common_profile,
    learn_profile,
    occupancy_curve,
    update_profile,
)
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    RoomTimeline,
    Spans,
)
from custom_components.occupancy_prediction.engine.types import BINS, FloatArray

from .made import ROWS, certain, random_rows, row

MONDAY = datetime(2026, 9, 7, tzinfo=UTC).timestamp()
DAY = 86400.0
HOUR = 3600.0
STEP = 300.0
NEVER, CHANGED = np.zeros((1, BINS)), np.ones((1, BINS))


def room_of(changes: list[tuple[float, int]]) -> RoomTimeline:
    """Return a room by its changes, in hours of a Monday."""
    return RoomTimeline(
        "room",
        300.0,
        np.array([MONDAY + hour * HOUR for hour, _ in changes], np.float64),
        np.array([state for _, state in changes], np.int64),
        Spans(np.zeros(0), np.zeros(0)),
        np.zeros(0),
    )


def moments_of(start: float, end: float, step: float = STEP) -> FloatArray:
    """Return moments between two hours of that Monday."""
    return MONDAY + np.arange(start * HOUR, end * HOUR, step, np.float64)


def daily(days: int, start: float, end: float) -> RoomTimeline:
    """Return a room that is occupied at the same hours every day."""
    changes = [(0.0, VACANT)]
    for day in range(days):
        changes += [(24 * day + start, OCCUPIED), (24 * day + end, VACANT)]
    return room_of(changes)


def learned(room: RoomTimeline, days: int, zone: str = "UTC") -> dict[str, np.ndarray]:
    """Return the profile of some days."""
    end = MONDAY + days * DAY
    return learn_profile(room, moments_of(0, 24 * days), STEP, end, zone)


def usual_of(arrays: dict[str, np.ndarray]) -> FloatArray:
    """Return the profile, (2, 96): the curve when all surprise is forgotten."""
    forgotten = {**arrays, "product": np.full((2, POINTS), -1e9)}
    usual = np.zeros((2, 96))
    for weekend in (0, 1):
        for number in range(96):
            moment = MONDAY + weekend * 5 * DAY + number * STEP_MINUTES * 60
            usual[weekend, number] = occupancy_curve(
                forgotten, CHANGED, occupied=True, now=moment - DAY, time_zone="UTC"
            )[-1]
    return usual


# --- the profile ----------------------------------------------------------------------


def test_minutes_are_counted_where_the_clock_stood() -> None:
    """An hour on Monday, by cells of a quarter; what is unknown is not counted."""
    room = room_of([(1, VACANT), (8, OCCUPIED), (9, VACANT), (20, UNKNOWN)])
    arrays = learned(room, 1)
    work_day, weekend = arrays["occupied"]
    assert work_day[32:36].tolist() == [15.0] * 4
    assert work_day.sum() == 60
    assert arrays["seen"][0].sum() == 19 * 60
    assert arrays["seen"][0, :4].sum() == arrays["seen"][0, 80:].sum() == 0
    assert weekend.sum() == arrays["seen"][1].sum() == 0


def test_days_of_the_weekend_are_another_type() -> None:
    """Saturday and Sunday of one week."""
    arrays = learned(daily(7, 8, 9), 7)
    assert arrays["occupied"].sum(1).tolist() == [5 * 60, 2 * 60]
    assert arrays["seen"].sum(1).tolist() == [5 * 1440, 2 * 1440]


def test_updating_is_counting_on() -> None:
    """A profile with another day added is that of all days; the fading is kept."""
    room = daily(4, 8, 12)
    first = learn_profile(room, moments_of(0, 72), STEP, MONDAY + 3 * DAY, "UTC")
    updated = update_profile(first, room, moments_of(72, 96), STEP, "UTC")
    whole = learned(room, 4)
    for name in ("occupied", "seen"):
        np.testing.assert_array_equal(updated[name], whole[name])
    for name in ("product", "square"):
        np.testing.assert_array_equal(updated[name], first[name])


def test_what_rooms_of_a_kind_do_is_counted_on_from() -> None:
    """It is a few minutes of each cell, then the room itself counts."""
    shares: FloatArray = np.linspace(0.0, 0.92, 24)
    common = common_profile(shares)
    np.testing.assert_allclose(
        common["occupied"] / common["seen"], np.tile(np.repeat(shares, 4), (2, 1))
    )
    usual = usual_of(common)
    assert (np.diff(usual[0]) > 0)[8:-8].all()
    room = daily(4, 8, 12)
    moments, end = moments_of(0, 96), MONDAY + 4 * DAY
    alone = learn_profile(room, moments, STEP, end, "UTC")
    begun = learn_profile(room, moments, STEP, end, "UTC", before=common)
    for name in ("occupied", "seen"):
        np.testing.assert_allclose(begun[name], alone[name] + common[name])
    nothing = learn_profile(
        room_of([]), moments_of(0, 0), STEP, MONDAY, "UTC", before=common
    )
    for name, array in common.items():
        np.testing.assert_array_equal(nothing[name], array)


def test_nothing_seen() -> None:
    """A room of which nothing is known has even odds."""
    arrays = learned(room_of([]), 0)
    curve = occupancy_curve(
        arrays, certain(15.0), occupied=False, now=MONDAY, time_zone="UTC"
    )
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(0.5)
    assert (np.diff(curve[2:]) <= 0).all()


def test_fading_is_a_regression_on_what_came_after_each_change() -> None:
    """Product and square, summed up change by change and lag by lag."""
    hours = np.random.default_rng(4).uniform(0, 5, 60).cumsum()
    states = np.resize([VACANT, OCCUPIED, VACANT, OCCUPIED, UNKNOWN], 60)
    changes = list(zip(hours.tolist(), states.tolist(), strict=True))
    room = room_of(changes)
    days = int(hours[-1] // 24)
    end = MONDAY + days * DAY
    arrays = learned(room, days)
    usual = usual_of(arrays)
    for state in (0, 1):
        product, square = np.zeros(POINTS), np.zeros(POINTS)
        for hour, became in changes:
            entry = MONDAY + hour * HOUR
            if became != state or entry > end:
                continue
            for lag in range(POINTS):
                moment = entry + lag * STEP_MINUTES * 60
                (now,) = room.state_at(np.array([moment]))
                if moment > end or now == UNKNOWN:
                    continue
                first = state - usual[_cell(entry)]
                product[lag] += ((now == OCCUPIED) - usual[_cell(moment)]) * first
                square[lag] += first**2
        np.testing.assert_allclose(arrays["product"][state], product, atol=1e-6)
        np.testing.assert_allclose(arrays["square"][state], square, atol=1e-6)


def _cell(moment: float) -> tuple[int, int]:
    local = datetime.fromtimestamp(moment, UTC)
    return int(local.weekday() >= 5), (local.hour * 60 + local.minute) // 15


def test_memory_of_a_known_process_is_recovered() -> None:
    """A room that forgets by half every hour."""
    generator = np.random.default_rng(2)
    rate = np.log(2) / 2  # per hour, in each direction
    hours = generator.exponential(1 / rate, 6000).cumsum()
    states = np.resize([VACANT, OCCUPIED], 6000)
    days = int(hours[-1] // 24)
    room = room_of(list(zip(hours.tolist(), states.tolist(), strict=True)))
    arrays = learned(room, days)
    shown = arrays["product"] / arrays["square"]
    expected = 0.5 ** (np.arange(POINTS) / 4)
    assert np.abs(shown - expected).max() < 0.12
    curve = occupancy_curve(arrays, CHANGED, occupied=True, now=MONDAY, time_zone="UTC")
    assert np.abs(curve[2:] - (1 - expected[1:-1]) / 2).max() < 0.1


# --- the curve ------------------------------------------------------------------------

PROFILE = learned(daily(14, 8, 12), 14)
QUARTERS = np.linspace(0.0, 1440.0, POINTS)
EVENINGS = learned(daily(14, 18, 23), 14)


@given(
    cdf=ROWS,
    occupied=st.booleans(),
    hour=st.integers(0, 400),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]),
)
def test_curve_is_made_of_probabilities(
    cdf: FloatArray, occupied: bool, hour: int, zone: str
) -> None:
    """It starts with what is known, and stays between 0 and 1."""
    curve = occupancy_curve(
        PROFILE, cdf, occupied=occupied, now=MONDAY + hour * HOUR, time_zone=zone
    )
    assert curve.shape == (POINTS,)
    assert curve[0] == float(occupied)
    assert ((curve >= 0) & (curve <= 1)).all()
    staying = 1 - probability_within(np.repeat(cdf, POINTS, 0), QUARTERS)
    if occupied:
        assert (curve >= staying - 1e-9).all()
    else:
        assert (curve <= 1 - staying + 1e-9).all()


@pytest.mark.parametrize("occupied", [True, False])
def test_what_never_changes_stays(occupied: bool) -> None:
    """Without a change there is nothing else to say."""
    curve = occupancy_curve(
        PROFILE, NEVER, occupied=occupied, now=MONDAY, time_zone="UTC"
    )
    assert (curve == float(occupied)).all()


def test_nothing_happens_before_the_change() -> None:
    """Vacant until then; right after it as good as occupied; then as usual."""
    curve = occupancy_curve(
        PROFILE, certain(480.0), occupied=False, now=MONDAY, time_zone="UTC"
    )
    hours = np.arange(POINTS) / 4
    assert (curve[hours <= 6] == 0).all()
    assert curve[hours == 8] > 0.8
    assert (curve[(hours > 9) & (hours < 11)] > 0.7).all()
    assert (curve[hours > 14] < 0.2).all()


def test_curve_follows_the_local_clock() -> None:
    """The same profile read on a clock two hours ahead comes two hours sooner."""
    cdf = row((15, 0.5), (1440, 1.0))
    home = occupancy_curve(
        PROFILE, cdf, occupied=False, now=MONDAY + 2 * HOUR, time_zone="UTC"
    )
    ahead = occupancy_curve(
        PROFILE, cdf, occupied=False, now=MONDAY, time_zone="Europe/Berlin"
    )
    np.testing.assert_allclose(home, ahead)


@pytest.mark.parametrize("arrays", [PROFILE, EVENINGS], ids=["mornings", "evenings"])
def test_curve_step_by_step(arrays: dict[str, np.ndarray]) -> None:
    """Sum over the step in which the change falls: usual, plus what is left of it."""
    usual = usual_of(arrays)
    for number, cdf in enumerate(random_rows(5, 12)[:, None]):
        now = MONDAY + 13 * number * HOUR
        other, occupied = number % 2, number % 2 == 0
        curve = occupancy_curve(
            arrays, cdf, occupied=occupied, now=now, time_zone="UTC"
        )
        then = [usual[_cell(now + point * STEP_MINUTES * 60)] for point in range(97)]
        fade = np.clip(
            (arrays["product"][other] + 10 * np.exp(-np.arange(97) / 4))
            / (arrays["square"][other] + 10),
            0,
            1,
        )
        reached = probability_within(np.repeat(cdf, POINTS, 0), QUARTERS)
        for point in range(POINTS):
            staying = (1 - reached[point]) * float(occupied)
            chance = staying
            for step in range(point):
                mass = reached[step + 1] - reached[step]
                surprise = other - (then[step] + then[step + 1]) / 2
                ago = point - step
                left = (fade[ago] + fade[ago - 1]) / 2
                chance += mass * (then[point] + surprise * left)
            expected = np.clip(chance, staying, staying + reached[point])
            assert curve[point] == pytest.approx(expected, abs=1e-9)
