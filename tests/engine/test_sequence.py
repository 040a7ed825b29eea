"""Tests of the member that reads the last visits, and of the visits themselves."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.distribution import (
    from_hazards,
    quantile,
)
from custom_components.occupancy_prediction.engine.features import (
    FEATURE_BLOCKS,
    HomeScene,
    Scene,
    describe,
)
from custom_components.occupancy_prediction.engine.models.base import (
    Arrays,
    FitContext,
    is_of_block,
    visits,
)
from custom_components.occupancy_prediction.engine.models.sequence import Sequence
from custom_components.occupancy_prediction.engine.samples import (
    Samples,
    TrainingSet,
    stays_of,
)
from custom_components.occupancy_prediction.engine.timeline import (
    HomeTimeline,
    RoomTimeline,
    Spans,
    build_timeline,
)
from custom_components.occupancy_prediction.engine.types import BINS, FloatArray

from .family import home
from .made import MONDAY, outcomes_of_minutes, samples_of

CONFIG = EngineConfig()
CONTEXT = FitContext(CONFIG, 5, lambda share: None)
MEMBER = Sequence()
DAY = 86400.0

# --- the visits -----------------------------------------------------------------------


def walked(*ways: tuple[str, float, float]) -> HomeTimeline:
    """Return a home in which rooms were active from minute to minute."""
    rooms = {}
    for room_id in ("hall", "kitchen", "attic"):
        spans = [(begin, end) for name, begin, end in ways if name == room_id]
        starts, ends = (
            MONDAY + 60 * np.array([span[side] for span in spans], np.float64)
            for side in (0, 1)
        )
        states = np.zeros(1, np.int64)
        rooms[room_id] = RoomTimeline(
            room_id, 300.0, np.array([MONDAY]), states, Spans(starts, ends), starts
        )
    return HomeTimeline(MONDAY, MONDAY + DAY, rooms)


def asked(timeline: HomeTimeline, room_id: str, *minutes: float) -> FloatArray:
    """Return the block of a room at minutes, (3, n, 16)."""
    moments = MONDAY + 60 * np.array(minutes, np.float64)
    scene = Scene(HomeScene(timeline, "UTC"), room_id, moments)
    block = FEATURE_BLOCKS["visited"](scene)
    assert block.shape == (len(minutes), 48)
    return block.reshape(len(minutes), 3, 16).transpose(1, 0, 2)


WALK = walked(
    ("hall", 10, 11), ("kitchen", 12, 14), ("kitchen", 20, 21), ("hall", 30, 31)
)


def test_visits_by_hand() -> None:
    """Latest first: the room, when its visit began, and how long it has lasted."""
    codes, ago, stayed = asked(WALK, "kitchen", 5, 25, 40)
    assert not codes[0].any()
    kitchen, hall = codes[1, :2]
    assert kitchen < 0 < hall
    assert codes[1, 2:].tolist() == [0.0] * 14
    # Two movements in a row in one room are one visit.
    np.testing.assert_allclose(np.expm1(ago[1, :2]), [13, 15])
    np.testing.assert_allclose(np.expm1(stayed[1, :2]), [13, 2])
    assert codes[2, :3].tolist() == [hall, kitchen, hall]
    np.testing.assert_allclose(np.expm1(ago[2, :3]), [10, 28, 30])
    np.testing.assert_allclose(np.expm1(stayed[2, :3]), [10, 18, 2])


def test_rooms_keep_their_numbers() -> None:
    """Whoever asks and whatever rooms there are; the own room is told by its sign."""
    from_hall, from_attic = (asked(WALK, room, 40)[0, 0] for room in ("hall", "attic"))
    np.testing.assert_array_equal(np.abs(from_hall), from_attic)
    rooms = dict(reversed(WALK.rooms.items()))
    turned = asked(replace(WALK, rooms=rooms), "hall", 40)[0, 0]
    np.testing.assert_array_equal(turned, from_hall)
    # Features are kept in single precision.
    np.testing.assert_array_equal(from_hall, from_hall.astype(np.float32))


def test_long_ago_is_not_told() -> None:
    """After half a day nobody was anywhere."""
    codes, ago, stayed = asked(WALK, "hall", 10 + 720, 10.5 + 720, 31 + 720)
    assert (codes != 0).sum(1).tolist() == [3, 2, 0]
    assert not ago[2].any()
    assert not stayed[2].any()


def test_a_home_in_which_nobody_moved() -> None:
    """No visits at all."""
    assert not asked(walked(), "hall", 0, 100).any()


def test_what_comes_later_changes_nothing() -> None:
    """A family whose future is cut off has the same visits."""
    spec, table, start, end = home(3)
    whole = build_timeline(spec, table, CONFIG, end)
    minutes = [(start - MONDAY) / 60 + m for m in (300.0, 615.0, 1300.0, 2500.0)]
    for room_id in ("kitchen", "bathroom"):
        told = asked(whole, room_id, *minutes)
        for number, minute in enumerate(minutes):
            moment = MONDAY + minute * 60
            known = build_timeline(spec, table.before(moment + 1e-6), CONFIG, moment)
            alone = asked(known, room_id, minute)
            np.testing.assert_allclose(alone[:, 0], told[:, number], atol=1e-9)


def test_members_find_the_visits() -> None:
    """By name, in order; members for which they mean nothing know them, too."""
    samples = describe(HomeScene(WALK, "UTC"), "hall", MONDAY + 60 * np.array([40.0]))
    np.testing.assert_allclose(
        visits(samples)[:, 0], asked(WALK, "hall", 40)[:, 0], rtol=1e-6
    )
    assert sum(is_of_block(name) for name in samples.names) == 48 + 24
    assert visits(samples.bare()).shape == (3, 1, 0)


# --- the member -----------------------------------------------------------------------

KITCHEN, HALL = 4711.0, 815.0
NAMES = tuple(f"visited_{number}" for number in range(48))


def moments(count: int, days: int, seed: int) -> tuple[Samples, np.ndarray]:
    """Return a vacant kitchen, and whether somebody went to it before the hall."""
    generator = np.random.default_rng(seed)
    towards = generator.integers(0, 2, count)
    samples = samples_of(count, elapsed=30.0, clock=generator.uniform(0, 1440, count))
    told = np.zeros((count, 3, 16))
    told[:, 0, 0] = np.where(towards, HALL, -KITCHEN)
    told[:, 0, 1] = np.where(towards, -KITCHEN, HALL)
    told[:, 1, :2] = np.log1p([2.0, 4.0])
    told[:, 2, :2] = np.log1p([2.0, 2.0])
    day = samples.day + np.arange(count) * days // count
    return (
        replace(
            samples,
            origin=samples.origin + np.arange(count) * 300.0,
            day=day,
            weekend=(day - 1) % 7 >= 5,
            features=told.reshape(count, 48),
            reference=np.full((count, BINS), 0.05),
            names=NAMES,
        ),
        towards,
    )


def kitchen(days: int = 10, count: int = 2400) -> TrainingSet:
    """Return a kitchen to which people come back soon after the hall."""
    samples, towards = moments(count, days, 1)
    minutes = np.random.default_rng(2).exponential(np.where(towards, 4.0, 300.0))
    stays = stays_of(WALK.rooms["attic"], 0.0, "UTC")
    return TrainingSet(samples, outcomes_of_minutes(minutes), stays)


def fitted(training: TrainingSet, seed: int = 5) -> Arrays:
    """Return what one room taught."""
    context = FitContext(CONFIG, seed, lambda share: None)
    return MEMBER.fit({"kitchen": training}, context)["kitchen"]


def test_the_order_of_visits_decides() -> None:
    """The same two rooms a few minutes ago, the other way round."""
    arrays = fitted(kitchen())
    samples, towards = moments(50, 1, 9)
    median = quantile(MEMBER.predict(arrays, samples, CONFIG), 0.5)
    soon, later = np.median(median[towards == 1]), np.median(median[towards == 0])
    assert later > 4 * soon
    other = fitted(kitchen(), seed=6)
    assert (other["network_input"] != arrays["network_input"]).any()


def test_few_samples_teach_nothing() -> None:
    """The simpler forecast stays as it is."""
    arrays = fitted(kitchen(count=300))
    samples = moments(5, 1, 9)[0]
    np.testing.assert_allclose(
        MEMBER.predict(arrays, samples, CONFIG), from_hazards(samples.reference)
    )


def test_it_stops_when_the_last_days_are_forecast_worse() -> None:
    """Of what has turned around since, nothing is learned."""
    training = kitchen()
    minutes = training.outcomes.remaining.copy()
    last = training.samples.day >= training.samples.day.max() - 1
    changed = replace(training.outcomes, remaining=np.where(last, 1440.0, minutes))
    changed = replace(changed, observed=training.outcomes.observed & ~last)
    arrays = fitted(replace(training, outcomes=changed))
    assert not arrays["network_output"].any()


def test_rooms_it_does_not_know() -> None:
    """A room that was added later is an unknown one."""
    arrays = fitted(kitchen())
    samples = moments(4, 1, 9)[0]
    added = samples.features.copy()
    added[:, 0] = 99.0
    cdf = MEMBER.predict(arrays, replace(samples, features=added), CONFIG)
    assert np.isfinite(cdf).all()
    never = replace(samples, features=np.zeros((4, 48)))
    assert np.isfinite(MEMBER.predict(arrays, never, CONFIG)).all()


@pytest.mark.parametrize("remembered", [2, 7])
def test_empty_places_make_no_difference(remembered: int) -> None:
    """With fewer visits told, the same two say the same."""
    arrays = fitted(kitchen())
    samples = moments(6, 1, 9)[0]
    fewer = samples.features.reshape(6, 3, 16)[:, :, :remembered].reshape(6, -1)
    short = replace(samples, features=fewer, names=NAMES[: 3 * remembered])
    np.testing.assert_allclose(
        MEMBER.predict(arrays, short, CONFIG),
        MEMBER.predict(arrays, samples, CONFIG),
        atol=1e-12,
    )


def test_one_network_for_all_rooms() -> None:
    """Rooms learn from each other; each knows which it is."""
    training = kitchen()
    flipped = training.samples.features.copy()
    flipped[:, :16] *= -1
    hall = replace(training, samples=replace(training.samples, features=flipped))
    both = MEMBER.fit({"kitchen": training, "hall": hall}, CONTEXT)
    for name in both["hall"]:
        if name.startswith("network_"):
            np.testing.assert_array_equal(both["hall"][name], both["kitchen"][name])
    assert both["kitchen"]["own"] == KITCHEN
    assert both["hall"]["own"] == HALL
