"""Every feature against every check; a new one is tested by existing."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import EngineConfig, HomeTracker
from custom_components.occupancy_prediction.engine.features import (
    FEATURE_BLOCKS,
    FEATURES,
    NEEDS,
    PAIR_FEATURES,
    HomeScene,
    Scene,
    describe,
    feature_matrix,
    features_of,
)
from custom_components.occupancy_prediction.engine.samples import Samples
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import (
    OCCUPANCY_KINDS,
    FloatArray,
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

from .equipped import equipped, random_messages
from .family import DAY, home
from .made import MONDAY

# That a short gap in what is known was none is only found out when it is over; it is
# told of the room itself, and the checks below are of everything else.
CONFIG = EngineConfig(bridge=0.0)
HOUR = 3600.0

type Case = tuple[HomeSpec, ObservationTable]


def _spec(*rooms: str) -> HomeSpec:
    """Return a home of rooms with one sensor of each kind that decides."""
    kinds = (SensorKind.MOTION, SensorKind.PRESENCE, SensorKind.DOOR)
    return HomeSpec(
        tuple(
            RoomSpec(room, tuple(SensorSpec(f"{room}_{kind}", kind) for kind in kinds))
            for room in rooms
        ),
        "Europe/Berlin",
    )


def _random(seed: int, count: int, usual_gap: float) -> Case:
    """Return a home in which anything may happen, and nothing for days."""
    generator = np.random.default_rng(seed)
    spec = _spec("kitchen", "hall", "bedroom")
    sensors = [sensor.sensor_id for room in spec.rooms for sensor in room.sensors]
    gaps = generator.exponential(usual_gap, count) * generator.choice(
        [0.02, 1.0, 20.0], count, p=[0.5, 0.45, 0.05]
    )
    times = MONDAY + np.cumsum(np.round(gaps))
    values = generator.choice([1.0, 0.0, np.nan], count, p=[0.5, 0.47, 0.03])
    return spec, ObservationTable.from_columns(
        times, generator.integers(0, len(sensors), count), values, tuple(sensors)
    )


def _family() -> Case:
    spec, table, _, _ = home()
    return replace(spec, rooms=spec.rooms[:4]), table


def _one_room() -> Case:
    spec, table = _random(3, 200, 1800.0)
    return HomeSpec(spec.rooms[:1], spec.time_zone), table


def _equipped(seed: int, count: int, usual_gap: float) -> Case:
    """Return a home with every input there is."""
    spec = equipped(_spec("kitchen", "hall", "bedroom"))
    return spec, random_messages(spec, seed, count, usual_gap)


def _quiet(*observations: tuple[float, str, float]) -> Case:
    """Return a home of three rooms in which little was observed."""
    table = ObservationTable.from_observations(
        [Observation(MONDAY + time, name, value) for time, name, value in observations]
    )
    return _spec("kitchen", "hall", "bedroom"), table


CASES: dict[str, Callable[[], Case]] = {
    "family": _family,
    "lively": lambda: _random(1, 1500, 600.0),
    "left alone for days": lambda: _random(2, 300, 2 * HOUR),
    "lived in now and then": lambda: _random(4, 200, 6 * HOUR),
    "one room": _one_room,
    "every input, lively": lambda: _equipped(5, 4000, 200.0),
    "every input, now and then": lambda: _equipped(6, 500, 2 * HOUR),
    "every input, nothing observed": lambda: (
        equipped(_spec("kitchen", "hall", "bedroom")),
        ObservationTable.empty(),
    ),
    "never occupied": lambda: _quiet(
        *((10.0, f"{room}_motion", 0.0) for room in ("kitchen", "hall", "bedroom"))
    ),
    "occupied once": lambda: _quiet(
        (0.0, "kitchen_motion", 0.0),
        (0.0, "hall_motion", 0.0),
        (3600.0, "kitchen_motion", 1.0),
        (3700.0, "kitchen_motion", 0.0),
    ),
    "nothing observed": _quiet,
    "lost at once": lambda: _quiet(
        (0.0, "kitchen_motion", 0.0), (1.0, "kitchen_motion", np.nan)
    ),
}

every_case = pytest.mark.parametrize("case", CASES)


@cache
def known(case: str) -> Case:
    """Return the description of a home and what was observed in it."""
    return CASES[case]()


def moments_of(table: ObservationTable, count: int) -> FloatArray:
    """Return moments all over the record and after it, some of them of messages."""
    start = float(table.timestamps[0]) if len(table) else MONDAY
    end = float(table.timestamps[-1]) if len(table) else MONDAY
    even = np.linspace(start, end + 9 * DAY, count // 2)
    places = np.linspace(0, len(table) - 1, count - len(even)).astype(np.int64)
    heard = table.timestamps[places] if len(table) else np.zeros(0)
    return np.unique(np.r_[even, heard, heard + 59.5, end + 7.5 * DAY])


def up_to(table: ObservationTable, moment: float) -> ObservationTable:
    """Return what was observed up to a moment, itself included."""
    return table.before(np.nextafter(moment, np.inf))


def whole(case: str) -> HomeScene:
    """Return the scene of all that was observed."""
    spec, table = known(case)
    end = float(moments_of(table, 4)[-1]) + 1
    return HomeScene(build_timeline(spec, table, CONFIG, end), spec.time_zone)


def check_same(whole: Samples, alone: Samples, row: int, moment: float) -> None:
    """Check that one moment is described the same in both, column by column."""
    assert whole.names == alone.names
    different = ~np.isclose(whole.features[row], alone.features[0], atol=1e-5)
    names = [name for name, wrong in zip(whole.names, different, strict=True) if wrong]
    assert not names, f"at {moment}"
    for column in ("occupied", "elapsed", "sensor_on", "earliest", "since_on", "quiet"):
        assert getattr(whole, column)[row] == pytest.approx(getattr(alone, column)[0])


# --- nothing may look ahead -----------------------------------------------------------


@every_case
def test_what_comes_later_changes_nothing(case: str) -> None:
    """The columns at a moment are the same when everything after it is deleted."""
    spec, table = known(case)
    scene = whole(case)
    moments = moments_of(table, 24)
    described = {r.room_id: describe(scene, r.room_id, moments) for r in spec.rooms}
    for moment in moments:
        past = up_to(table, moment)
        end = np.nextafter(moment, np.inf)
        cut = HomeScene(build_timeline(spec, past, CONFIG, end), spec.time_zone)
        for room_id, samples in described.items():
            alone = describe(cut, room_id, np.array([moment]))
            rows = np.flatnonzero(samples.origin == moment)
            assert len(rows) == len(alone)
            if len(rows):
                check_same(samples, alone, int(rows[0]), moment)


@every_case
def test_what_was_followed_live_tells_the_same(case: str) -> None:
    """What the tracker remembers is enough for every feature."""
    spec, table = known(case)
    scene = whole(case)
    moments = moments_of(table, 40)
    described = {r.room_id: describe(scene, r.room_id, moments) for r in spec.rooms}
    tracker = HomeTracker(spec, CONFIG)
    heard = 0
    for moment in moments:
        past = len(up_to(table, moment))
        for row in range(heard, past):
            tracker.observe(
                Observation(
                    float(table.timestamps[row]),
                    table.sensor_ids[table.sensors[row]],
                    float(table.values[row]),
                )
            )
        heard = past
        tracker.advance(float(moment))
        live = HomeScene(tracker.timeline(float(moment)), spec.time_zone)
        for room_id, samples in described.items():
            alone = describe(live, room_id, np.array([moment]))
            rows = np.flatnonzero(samples.origin == moment)
            assert len(rows) == len(alone)
            if len(rows):
                check_same(samples, alone, int(rows[0]), moment)


# --- what every column is -------------------------------------------------------------


@every_case
def test_columns_are_finite_and_named(case: str) -> None:
    """One column per feature, and per other room for features of pairs."""
    spec, table = known(case)
    moments = moments_of(table, 40)
    for room in spec.rooms:
        matrix = feature_matrix(Scene(whole(case), room.room_id, moments))
        names = matrix.names
        assert len(set(names)) == len(names)
        assert matrix.values.shape == (len(moments), len(names))
        others = [other.room_id for other in spec.rooms if other is not room]
        expected = {
            *features_of(whole(case)),
            *(f"{name}@{other}" for name in PAIR_FEATURES for other in others),
        }
        blocks = tuple(f"{name}_" for name in FEATURE_BLOCKS)
        assert {name for name in names if not name.startswith(blocks)} == expected
        for block in blocks:
            numbers = [name for name in names if name.startswith(block)]
            assert numbers == [f"{block}{number}" for number in range(len(numbers))]
        # Single precision holds them.
        assert np.isfinite(matrix.values).all()
        assert np.abs(matrix.values).max(initial=0) < 2**24


@every_case
def test_features_say_what_they_are_before_the_guard(case: str) -> None:
    """They return finite numbers themselves; the matrix only makes sure."""
    spec, table = known(case)
    moments = moments_of(table, 40)
    scene = Scene(whole(case), spec.rooms[0].room_id, moments)
    features = features_of(scene.home)
    columns = {name: function(scene) for name, function in features.items()}
    for name, pair in PAIR_FEATURES.items():
        for other in scene.others:
            columns[f"{name}@{other.room_id}"] = pair(scene, other)
    for name, column in columns.items():
        assert column.shape == moments.shape, name
        assert np.isfinite(column).all(), name
    for name, block in FEATURE_BLOCKS.items():
        assert block(scene).shape[:1] == moments.shape, name
        assert np.isfinite(block(scene)).all(), name


@pytest.mark.parametrize("case", ["family", "lively", "every input, lively"])
def test_features_are_pure(case: str) -> None:
    """Asking changes nothing, and other moments make no difference."""
    spec, table = known(case)
    moments = moments_of(table, 60)
    moments.flags.writeable = False
    scene = whole(case)
    for room in scene.timeline.rooms.values():
        arrays = (room.change_times, room.change_states, room.on_times, room.door_times)
        for array in (*arrays, room.active.starts, room.active.ends):
            array.flags.writeable = False
        for told in room.measures.values():
            for each in told:
                each.times.flags.writeable = each.values.flags.writeable = False
    room_id = spec.rooms[1].room_id
    together = describe(scene, room_id, moments)
    again = describe(scene, room_id, moments)
    np.testing.assert_array_equal(together.features, again.features)
    some = describe(HomeScene(scene.timeline, spec.time_zone), room_id, moments[5::7])
    rows = np.isin(together.origin, some.origin)
    np.testing.assert_array_equal(together.features[rows], some.features)


def test_no_moments() -> None:
    """No rows in, no rows out, under the same names."""
    spec, _ = known("family")
    scene = whole("family")
    nothing = describe(scene, spec.rooms[0].room_id, np.zeros(0))
    assert nothing.features.shape == (0, len(nothing.names))
    assert len(nothing.names) > len(features_of(scene))


def test_every_feature_tells_something() -> None:
    """None is the same all the time; a constant teaches nothing."""
    spec, table, start, end = home()
    family = HomeScene(build_timeline(spec, table, CONFIG, end), spec.time_zone)
    every = whole("every input, lively")
    seen: dict[str, float] = {}
    for scene, moments in (
        (family, np.linspace(start + 8 * DAY, end, 400)),
        (every, moments_of(known("every input, lively")[1], 400)),
    ):
        for room_id in scene.room_ids:
            samples = describe(scene, room_id, moments)
            spreads = np.ptp(samples.features, 0)
            for name, spread in zip(samples.names, spreads, strict=True):
                key = name.partition("@")[0]
                seen[key] = max(seen.get(key, 0.0), float(spread))
    assert set(FEATURES) < set(seen)
    assert [name for name, spread in seen.items() if spread == 0] == []


def test_what_a_home_does_not_have_makes_no_column() -> None:
    """Its models are as if nobody had thought of it."""
    spec, table = known("lively")
    plain = describe(whole("lively"), spec.rooms[0].room_id, moments_of(table, 20))
    assert not {name for name in plain.names if name in NEEDS}
    every = describe(
        whole("every input, lively"), spec.rooms[0].room_id, moments_of(table, 20)
    )
    assert {name for name in every.names if name in NEEDS} == set(NEEDS)
    assert [name for name in every.names if name not in NEEDS] == list(plain.names)


def test_each_input_brings_its_own_columns_and_no_others() -> None:
    """In every room alike, so that rooms can learn from each other."""
    spec, table = known("every input, lively")
    plain = replace(
        _spec(*(room.room_id for room in spec.rooms)), time_zone=spec.time_zone
    )
    moments = moments_of(table, 6)
    for need in set(NEEDS.values()):
        only = replace(
            plain,
            rooms=tuple(
                replace(
                    room,
                    sensors=tuple(
                        sensor
                        for sensor in room.sensors
                        if sensor.kind in OCCUPANCY_KINDS or sensor.kind == need
                    ),
                )
                for room in spec.rooms
            ),
            context=tuple(each for each in spec.context if each.kind == need),
            latitude=spec.latitude if need == "place" else None,
            longitude=spec.longitude if need == "place" else None,
        )
        scene = HomeScene(build_timeline(only, table, CONFIG, moments[-1]), "UTC")
        for room in only.rooms:
            names = describe(scene, room.room_id, moments).names
            mine = {name for name in names if name in NEEDS}
            assert mine == {name for name, input_ in NEEDS.items() if input_ == need}
