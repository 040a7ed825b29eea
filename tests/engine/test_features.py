"""Tests of the features, worked by hand on one morning of a small home."""

from dataclasses import replace
import math

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.features import (
    FEATURES,
    PAIR_FEATURES,
    HomeScene,
    Scene,
    describe,
    feature_matrix,
    features_of,
)
from custom_components.occupancy_prediction.engine.features.registry import (
    HOME_LEFT,
    LONG_AGO,
    RoomSpans,
    Visits,
    count_within,
    log_minutes,
    occupied_share,
    since,
)
from custom_components.occupancy_prediction.engine.timeline import (
    OCCUPIED,
    UNKNOWN,
    VACANT,
    HomeTimeline,
    Spans,
    build_timeline,
)
from custom_components.occupancy_prediction.engine.types import (
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

from .made import MONDAY
from .test_samples import at, room_of

SPEC = HomeSpec(
    (
        RoomSpec(
            "kitchen",
            (
                SensorSpec("kitchen_motion", SensorKind.MOTION),
                SensorSpec("kitchen_door", SensorKind.DOOR),
            ),
        ),
        RoomSpec("hall", (SensorSpec("hall_motion", SensorKind.MOTION),)),
        RoomSpec("bedroom", (SensorSpec("bedroom_motion", SensorKind.MOTION),)),
    )
)
# Minutes of a Monday. At seven somebody comes through the hall into the kitchen, opens
# and closes its door, stays till 7:10 and is in the hall once more at 7:20; nobody is
# in the bedroom. With a delay of 5 min the kitchen is occupied from 422 to 435, the
# hall from 420 to 426 and from 440 to 446.
MORNING = [
    *((0.0, f"{room}_motion", 0.0) for room in ("kitchen", "hall", "bedroom")),
    (420.0, "hall_motion", 1.0),
    (421.0, "hall_motion", 0.0),
    (422.0, "kitchen_motion", 1.0),
    (423.0, "kitchen_door", 1.0),
    (424.0, "kitchen_door", 0.0),
    (430.0, "kitchen_motion", 0.0),
    (440.0, "hall_motion", 1.0),
    (441.0, "hall_motion", 0.0),
]
WEEK = 7 * 1440.0


def home_of(
    messages: list[tuple[float, str, float]], time_zone: str = "UTC"
) -> HomeScene:
    """Return the home after messages (minute of that Monday, sensor, value)."""
    table = ObservationTable.from_observations(
        [Observation(MONDAY + m * 60, sensor, value) for m, sensor, value in messages]
    )
    spec = replace(SPEC, time_zone=time_zone)
    timeline = build_timeline(spec, table, EngineConfig(), MONDAY + 3 * WEEK * 60)
    return HomeScene(timeline, time_zone)


HOME = home_of(MORNING)


def told(name: str, room: str, minute: float, home: HomeScene = HOME) -> float:
    """Return what a feature says at a minute; ``name@room`` is of a pair of rooms."""
    scene = Scene(home, room, at(minute))
    name, _, other = name.partition("@")
    column = (
        PAIR_FEATURES[name](scene, home.timeline.rooms[other])
        if other
        else FEATURES[name](scene)
    )
    assert column.shape == (1,)
    return float(column[0])


def log(minutes: float) -> float:
    """Return a duration as features tell it."""
    return math.log(1 + minutes)


# What a feature says of a room at a minute.
CASES: list[tuple[str, str, float, float]] = [
    ("weekday", "kitchen", 428, 0),
    ("weekday", "kitchen", 428 + 6 * 1440, 6),
    ("weekday", "kitchen", 428 + 7 * 1440, 0),
    # The day begins at four: before seven nobody is up.
    ("since_first_activity", "kitchen", 419, 0),
    ("since_first_activity", "kitchen", 428, log(8)),
    ("since_first_activity", "bedroom", 1500, log(1080)),
    ("since_first_activity", "kitchen", 1440 + 239, log(1259)),
    ("since_first_activity", "kitchen", 1440 + 240, 0),
    ("occupied_today", "kitchen", 421, 0),
    ("occupied_today", "kitchen", 428, 6 / 60),
    ("occupied_today", "kitchen", 1440 + 239, 13 / 60),
    ("occupied_today", "kitchen", 1440 + 300, 0),
    ("occupied_yesterday", "kitchen", 1440 + 400, 13 / 60),
    ("occupied_yesterday", "kitchen", 1440 + 430, 5 / 60),
    ("occupied_yesterday", "kitchen", 1440 + 436, 0),
    ("occupied_last_week", "kitchen", WEEK + 400, 13 / 60),
    ("occupied_last_week", "hall", WEEK + 423, (3 + 6) / 60),
    ("occupied_last_week", "kitchen", 1440 + 400, 0),
    ("activations_15", "kitchen", 421, 0),
    ("activations_15", "kitchen", 422, math.log(2)),
    ("activations_15", "kitchen", 435, math.log(4)),
    ("activations_15", "kitchen", 438, math.log(2)),
    ("activations_60", "kitchen", 438, math.log(4)),
    ("activations_60", "hall", 440, math.log(3)),
    ("activations_60", "hall", 480, math.log(2)),
    ("activations_240", "hall", 480, math.log(3)),
    ("occupied_share_60", "kitchen", 430, 8 / 60),
    ("occupied_share_60", "kitchen", 440, 13 / 60),
    ("occupied_share_60", "hall", 483, (3 + 6) / 60),
    ("occupied_share_240", "hall", 483, 12 / 240),
    ("occupied_share_1440", "hall", 1440, 12 / 1440),
    # There was no spell before the first.
    ("last_spell", "kitchen", 100, 0),
    ("last_spell", "kitchen", 428, log(422)),
    ("last_spell", "kitchen", 440, log(13)),
    ("last_spell", "kitchen", 435 + WEEK - 1, log(13)),
    # Who has been away for a week is not asked what was before.
    ("last_spell", "kitchen", 435 + WEEK, 0),
    ("since_door", "kitchen", 400, log(LONG_AGO)),
    ("since_door", "kitchen", 423.5, log(0.5)),
    ("since_door", "kitchen", 434, log(10)),
    ("since_door", "hall", 434, log(LONG_AGO)),
    ("quiet_elsewhere", "kitchen", 400, log(LONG_AGO)),
    ("quiet_elsewhere", "kitchen", 428, log(7)),
    ("quiet_elsewhere", "hall", 428, 0),
    ("quiet_elsewhere", "hall", 438, log(8)),
    ("quiet_home", "bedroom", 428, 0),
    ("quiet_home", "bedroom", 438, log(8)),
    ("active_elsewhere", "hall", 428, 1),
    ("active_elsewhere", "kitchen", 428, 0),
    ("rooms_occupied", "kitchen", 424, 1 / 2),
    ("rooms_occupied", "bedroom", 424, 1),
    ("rooms_occupied", "kitchen", 428, 0),
    ("home_activations_5", "hall", 424, math.log(5)),
    ("home_activations_5", "hall", 425, math.log(4)),
    ("home_activations_30", "hall", 450, math.log(5)),
    ("home_activations_240", "hall", 450, math.log(6)),
    ("other_occupied@hall", "kitchen", 425, 1),
    ("other_occupied@hall", "kitchen", 426, 0),
    ("other_occupied@kitchen", "hall", 426, 1),
    ("other_quiet@hall", "kitchen", 420.5, 0),
    ("other_quiet@hall", "kitchen", 428, log(7)),
    ("other_quiet@bedroom", "kitchen", 428, log(LONG_AGO)),
    ("other_elapsed@hall", "kitchen", 425, log(5)),
    ("other_elapsed@hall", "kitchen", 428, log(2)),
    ("other_elapsed@bedroom", "kitchen", 428, log(428)),
    ("other_just_active@hall", "kitchen", 423, 1),
    ("other_just_active@hall", "kitchen", 423.1, 0),
    ("since_room_change", "kitchen", 400, log(720)),
    ("since_room_change", "hall", 421, log(1)),
    ("since_room_change", "hall", 430, log(8)),
    ("since_room_change", "hall", 445, log(5)),
    ("since_room_change", "hall", 440 + 1000, log(720)),
    # Hall at 420, kitchen at 422, hall at 440.
    ("movement_interval", "bedroom", 400, 0),
    ("movement_interval", "bedroom", 421, 0),
    ("movement_interval", "bedroom", 425, log(2)),
    ("movement_interval", "bedroom", 445, log(10)),
    # The first visit is more than half a day ago: two are left, then one.
    ("movement_interval", "bedroom", 440 + 701, log(18)),
    ("movement_interval", "bedroom", 440 + 720, 0),
    ("is_last_room", "kitchen", 419, 0),
    ("is_last_room", "kitchen", 430, 1),
    ("is_last_room", "kitchen", 441, 0),
    ("last_room@hall", "kitchen", 419, 0),
    ("last_room@hall", "kitchen", 421, 1),
    ("last_room@hall", "kitchen", 441, 1),
    ("last_room@kitchen", "hall", 441, 0),
    ("previous_room@hall", "kitchen", 421, 0),
    ("previous_room@hall", "kitchen", 430, 1),
    ("previous_room@kitchen", "hall", 441, 1),
]


@pytest.mark.parametrize(("name", "room", "minute", "expected"), CASES)
def test_by_hand(name: str, room: str, minute: float, expected: float) -> None:
    """Each feature at a few moments of that morning."""
    assert told(name, room, minute) == pytest.approx(expected, abs=1e-9)


def test_every_feature_was_worked_by_hand() -> None:
    """Who adds one adds a case above."""
    names = {name.partition("@")[0] for name, *_ in CASES}
    assert names == features_of(HOME).keys() | PAIR_FEATURES.keys()


def test_the_day_of_a_home_is_that_of_its_clock() -> None:
    """At 7:00 UTC it is nine in Berlin, and still three in New York."""
    berlin = home_of(MORNING, "Europe/Berlin")
    york = home_of(MORNING, "America/New_York")
    assert told("since_first_activity", "hall", 425, berlin) == pytest.approx(log(5))
    # Whoever is up at three has not got up early: that day begins at four.
    assert told("since_first_activity", "hall", 479, york) == pytest.approx(log(59))
    assert told("since_first_activity", "hall", 481, york) == 0
    assert told("weekday", "hall", 230, york) == 6


def test_a_home_that_was_left_is_entered_anew() -> None:
    """The same room after half a day of quiet is another visit; after less it is not."""
    back = 441 + HOME_LEFT / 60
    for pause, visits in ((-1.0, 3), (1.0, 4)):
        again = (back + pause, "hall_motion", 1.0)
        home = home_of([*MORNING, again])
        assert len(home.visits.starts) == visits
        # Where somebody was before that is forgotten.
        assert told("last_room@hall", "kitchen", back + 2, home) == 1
        assert told("previous_room@kitchen", "hall", back + 2, home) == 0
        ago = 2 - pause if visits == 4 else 720
        assert told("since_room_change", "hall", back + 2, home) == pytest.approx(
            log(ago)
        )


def test_a_long_stay_goes_on_when_it_moves_again() -> None:
    """Whoever was elsewhere for a moment, half a day before, is not who moves now."""
    spans = [
        Spans(at(0, 1000), at(990, 1001)),
        Spans(at(100, 1100), at(101, 1101)),
    ]
    visits = Visits.of(RoomSpans.of(spans))
    assert ((visits.starts - MONDAY) / 60).tolist() == [0, 100, 1100]
    assert visits.rooms.tolist() == [0, 1, 1]
    assert visits.previous.tolist() == [-1, 0, 0]
    assert not len(Visits.of(RoomSpans.of([Spans(at(), at())])).starts)
    rooms = [
        replace(room_of([]), room_id=room, active=active)
        for room, active in zip("ab", spans, strict=True)
    ]
    timeline = HomeTimeline(MONDAY, MONDAY + 9e4, {r.room_id: r for r in rooms})
    scene = Scene(HomeScene(timeline, "UTC"), "a", at(-1, 50, 100, 1050, 1200))
    assert FEATURES["is_last_room"](scene).tolist() == [0, 1, 0, 1, 0]


def test_unknown_rooms_are_not_occupied() -> None:
    """Nobody can tell, so it does not count."""
    home = home_of([*MORNING, (424.5, "hall_motion", math.nan)])
    assert told("other_occupied@hall", "kitchen", 424.4, home) == 1
    assert told("other_occupied@hall", "kitchen", 425, home) == 0
    assert told("rooms_occupied", "kitchen", 425, home) == 0
    assert told("other_elapsed@hall", "kitchen", 425, home) == pytest.approx(log(0.5))


# --- what they are made of ------------------------------------------------------------


def test_log_minutes() -> None:
    """From now to a week, and no further."""
    minutes = np.array([-1.0, 0, 9, LONG_AGO, 1e9, math.inf])
    expected = [0, 0, log(9), log(LONG_AGO), log(LONG_AGO), log(LONG_AGO)]
    np.testing.assert_allclose(log_minutes(minutes), expected)


def test_since_and_count() -> None:
    """A time counts from the moment itself on, for just less than the minutes."""
    times = at(10, 20, 20)
    moments = at(9, 10, 19, 20, 25)
    assert since(times, moments).tolist() == [math.inf, 0, 9, 0, 5]
    assert since(times[:0], moments).tolist() == [math.inf] * 5
    assert count_within(times, moments, 10).tolist() == [0, 1, 1, 2, 2]
    assert count_within(times[:0], moments, 10).tolist() == [0] * 5


def test_occupied_share() -> None:
    """Of spans before, in and after what is known."""
    room = room_of([(60, VACANT), (100, OCCUPIED), (140, VACANT), (300, UNKNOWN)])
    starts, ends = at(0, 90, 100, 110, 50, 290), at(50, 110, 140, 120, 150, 900)
    shares = occupied_share(room, starts, ends)
    np.testing.assert_allclose(shares, [0, 0.5, 1, 1, 0.4, 0])
    # A spell that goes on, and a room that was always occupied.
    assert occupied_share(room_of([(0, OCCUPIED)]), at(10), at(20)).tolist() == [1]
    assert occupied_share(room_of([]), at(0), at(10)).tolist() == [0]
    # The share of no time is none.
    assert occupied_share(room, at(120), at(120)).tolist() == [0]


def test_matrix_has_a_column_per_feature_and_other_room() -> None:
    """In the order of their names, the same for every room but for the pairs."""
    matrix = feature_matrix(Scene(HOME, "kitchen", at(425, 428)))
    assert matrix.values.shape == (2, len(matrix.names))
    features = list(features_of(HOME))
    assert features == list(matrix.names[: len(features)])
    pairs = [name for name in matrix.names if "@" in name]
    assert pairs == [
        f"{n}@{room}" for n in PAIR_FEATURES for room in ("hall", "bedroom")
    ]
    column = matrix.values[:, matrix.names.index("other_occupied@hall")]
    assert column.tolist() == [1, 0]


def test_a_column_that_is_not_finite_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It must not spoil a forecast."""
    monkeypatch.setitem(FEATURES, "weekday", lambda scene: scene.moments * math.inf)
    matrix = feature_matrix(Scene(HOME, "kitchen", at(425)))
    assert np.isfinite(matrix.values).all()
    assert matrix.values[0, matrix.names.index("weekday")] == 0


def test_described_samples_are_those_of_the_room() -> None:
    """Moments of unknown state are left out, the others have their features."""
    home = home_of([*MORNING, (500, "kitchen_motion", math.nan)])
    samples = describe(home, "kitchen", at(-5, 425, 428, 600))
    assert ((samples.origin - MONDAY) / 60).tolist() == [425, 428]
    assert samples.features.dtype == np.float32
    quiet = samples.feature("quiet_elsewhere")
    assert quiet is not None
    np.testing.assert_allclose(quiet, [log(4), log(7)], rtol=1e-6)
    assert samples.feature("nothing") is None
    assert samples.take(np.array([1])).feature("quiet_home") is not None
    assert samples.bare().feature("quiet_home") is None
