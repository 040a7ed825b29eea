"""Features that are kept are the features that would be worked out."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    FeatureStore,
    HomeSpec,
    HomeTracker,
    ObservationTable,
    explain,
    predict,
    update,
    update_start,
)
from custom_components.occupancy_prediction.engine.features import HomeScene, describe
from custom_components.occupancy_prediction.engine.record import RoomRecord
from custom_components.occupancy_prediction.engine.samples import Samples
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import FloatArray

from .family import DAY, QUICK as CONFIG, home, trained

STEP, HOUR = 600.0, 3600.0


def now() -> float:
    """Return the morning of the last day."""
    return home()[3] - DAY + 9 * HOUR


def scene(end: float, table: ObservationTable | None = None) -> HomeScene:
    """Return what was known of the family by a moment, of the last days."""
    spec, told, _, _ = home()
    told = told if table is None else table
    timeline = build_timeline(spec, told.since(now() - 3 * DAY), CONFIG, end)
    return HomeScene(timeline, spec.time_zone)


def before(end: float, hours: float = 6) -> FloatArray:
    """Return the moments of some hours up to another."""
    first = np.ceil((end - hours * HOUR) / STEP)
    return np.asarray(np.arange(first, end // STEP + 1) * STEP, np.float64)


def check_same(kept: Samples, fresh: Samples) -> None:
    """Check that two samples are the same to the last bit."""
    assert kept.names == fresh.names
    assert kept.features.dtype == fresh.features.dtype
    np.testing.assert_array_equal(kept.features, fresh.features)
    np.testing.assert_array_equal(kept.origin, fresh.origin)
    np.testing.assert_array_equal(kept.elapsed, fresh.elapsed)


def check_all(store: FeatureStore, known: HomeScene, moments: FloatArray) -> None:
    """Check what a store says of all rooms."""
    for room_id in known.room_ids:
        kept = store.rows(known, room_id, moments)
        check_same(kept, describe(known, room_id, moments))


def with_message(moment: float, sensor: str, value: float) -> ObservationTable:
    """Return what was told of the home, and a message nobody had heard of before."""
    table = home()[1]
    return ObservationTable.from_columns(
        np.r_[table.timestamps, moment],
        np.r_[table.sensors, table.sensor_ids.index(sensor)],
        np.r_[table.values, value],
        table.sensor_ids,
    )


def test_time_passes() -> None:
    """What was known does not change; only what is new is worked out."""
    store = FeatureStore()
    for end in now() + np.arange(0.0, 3 * HOUR, 700.0):
        asked, found = store.asked, store.found
        check_all(store, scene(end), before(end))
        if asked:
            # Two moments at most are new in these minutes.
            assert store.found - found >= store.asked - asked - 2 * 6


def test_followed_live() -> None:
    """A tracker forgets as it goes, and the store does not mind."""
    spec, table, _, _ = home()
    table = table.since(now() - 8 * DAY)
    store = FeatureStore()
    for end in now() + np.arange(0.0, 3 * HOUR, 900.0):
        tracker = HomeTracker.replay(spec, CONFIG, table.before(end))
        tracker.advance(end)
        known = HomeScene(tracker.timeline(end), spec.time_zone)
        check_all(store, known, before(end, 2))
    assert store.found > 0.8 * store.asked


@pytest.mark.parametrize("seed", range(12))
def test_a_late_message_is_heard(seed: int) -> None:
    """Of every moment from its own on; what was before stays known."""
    random = Random(seed)
    store, end = FeatureStore(), now()
    moments = before(end)
    check_all(store, scene(end), moments)
    late = random.choice([end - 5 * HOUR, end - 2 * HOUR, end - 60.0])
    late += random.random() * 50
    sensor = random.choice(home()[1].sensor_ids)
    value = random.choice([0.0, 1.0, np.nan])
    known = scene(end + 60, with_message(late, sensor, value))
    found = store.found
    check_all(store, known, moments)
    earlier = int((moments < late).sum()) * len(known.room_ids)
    assert store.found - found >= earlier


def test_a_message_at_the_very_moment_of_a_forecast() -> None:
    """It was not known, and is known a moment later."""
    store, end = FeatureStore(), now()
    moments = before(end, 1)
    check_all(store, scene(end), moments)
    told = with_message(end, "hall_motion", 1.0)
    check_all(store, scene(end + 1, told), np.r_[moments, end])


def test_what_is_still_to_come_is_not_kept() -> None:
    """A question about a later moment is answered by what is known now."""
    store, end = FeatureStore(), now()
    ahead = end + np.array([600.0, 1200.0])
    check_all(store, scene(end), ahead)
    assert not len(store)
    check_all(store, scene(end + HOUR), ahead)


def test_a_clock_that_is_set_back() -> None:
    """What was after it never was."""
    store, end = FeatureStore(), now()
    check_all(store, scene(end), before(end))
    check_all(store, scene(end - 2 * HOUR), before(end))
    check_all(store, scene(end), before(end))


def others() -> Iterator[HomeScene]:
    """Return homes that are not quite that of before."""
    spec, table, _, _ = home()
    table = table.since(now() - 3 * DAY)
    longer = tuple(replace(room, vacancy_delay=600.0) for room in spec.rooms)
    for other in (
        replace(spec, rooms=spec.rooms[:-1]),
        replace(spec, rooms=longer),
        replace(spec, rooms=spec.rooms[::-1]),
        HomeSpec(spec.rooms, "Asia/Tokyo"),
    ):
        timeline = build_timeline(other, table, CONFIG, now())
        yield HomeScene(timeline, other.time_zone)


def test_another_home_begins_anew() -> None:
    """Rooms, delays, clock: nothing that was kept holds any more."""
    for other in others():
        store = FeatureStore()
        check_all(store, scene(now()), before(now()))
        check_all(store, other, before(now()))
        assert store.found == 0


def test_a_day_is_kept_and_no_more() -> None:
    """However much is asked, and however long the span."""
    store, end = FeatureStore(), now()
    check_all(store, scene(end), before(end, 60))
    assert len(store) == 24 * 6 * 6
    many = np.sort(end - np.random.default_rng(1).random(3000) * 20 * HOUR)
    room = scene(end).room_ids[0]
    for part in np.split(many, 10):
        store.rows(scene(end), room, part)
    assert len(store) <= 960 + 24 * 6 * 5
    later = scene(end + 2 * DAY)
    store.rows(later, room, np.array([end + 2 * DAY - 1]))
    check_all(store, later, np.array([end + 2 * DAY - 1]))
    assert len(store) == 6


def test_forecasts_and_explanations_are_the_same() -> None:
    """After a forecast its explanation need not look again."""
    spec = home()[0]
    timeline = scene(now()).timeline
    store = FeatureStore()
    kept = predict(trained(), spec, timeline, CONFIG, now=now(), store=store)
    assert kept == predict(trained(), spec, timeline, CONFIG, now=now())
    assert (store.asked, store.found) == (6, 0)
    for room in spec.rooms:
        name = room.room_id
        asked = explain(
            trained(), spec, timeline, CONFIG, now=now(), room_id=name, store=store
        )
        fresh = explain(trained(), spec, timeline, CONFIG, now=now(), room_id=name)
        assert asked == fresh
    assert (store.asked, store.found) == (12, 6)


def test_updates_are_the_same() -> None:
    """Hour by hour with one store, and each by itself."""
    spec, table, _, _ = home()
    spec = replace(spec, rooms=spec.rooms[:2])
    state = replace(
        trained(), rooms={r.room_id: trained().rooms[r.room_id] for r in spec.rooms}
    )
    fresh, store = state, FeatureStore()
    for _ in range(4):
        moment = state.data_end + HOUR
        recent = table.since(update_start(state, CONFIG)).before(moment)
        state = update(state, spec, recent, CONFIG, now=moment, store=store)
        fresh = update(fresh, spec, recent, CONFIG, now=moment)
        assert state.to_bytes() == fresh.to_bytes()


def test_records_are_the_same() -> None:
    """Of a span of days, only the last of which is kept."""
    spec, table, start, end = home()
    known = HomeScene(build_timeline(spec, table, CONFIG, end), spec.time_zone)
    store = FeatureStore()
    first, again, alone = (
        RoomRecord(known, "kitchen", start, CONFIG, store=each).resolve(end).learned
        for each in (store, store, None)
    )
    assert 0 < store.found < store.asked / 4
    check_same(first.samples, alone.samples)
    check_same(again.samples, alone.samples)
