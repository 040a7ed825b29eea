"""Models of homes with and without inputs that not every home has."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    ContextKind,
    ContextSpec,
    HomeSpec,
    ModelState,
    ObservationTable,
    SensorKind,
    SensorSpec,
    explain,
    inputs_of,
    predict,
    train,
    update,
)
from custom_components.occupancy_prediction.engine.ensemble import member_forecasts
from custom_components.occupancy_prediction.engine.evidence import Evidence
from custom_components.occupancy_prediction.engine.explanation import (
    INPUTS,
    SUBJECTS,
    sentences,
)
from custom_components.occupancy_prediction.engine.features import (
    FEATURES,
    NEEDS,
    HomeScene,
    describe,
)
from custom_components.occupancy_prediction.engine.models.base import is_of_climate
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import (
    MEASURED_KINDS,
    FloatArray,
)

from .family import DAY, QUICK as CONFIG, home

ROOM = "kitchen"
LIGHT, PERSON, CALENDAR = "kitchen_lux", "ann", "holidays"


@cache
def plain() -> HomeSpec:
    """Return two rooms of the family."""
    spec = home()[0]
    return replace(spec, rooms=tuple(r for r in spec.rooms if r.room_id in ROOMS))


ROOMS = ("kitchen", "living_room")


@cache
def rich() -> HomeSpec:
    """Return the same rooms with light, a person, a silent calendar and a place."""
    spec = plain()
    rooms = tuple(
        replace(room, sensors=(*room.sensors, SensorSpec(LIGHT, SensorKind.LIGHT)))
        if room.room_id == ROOM
        else room
        for room in spec.rooms
    )
    return HomeSpec(
        rooms,
        spec.time_zone,
        (
            ContextSpec(PERSON, ContextKind.PERSON),
            ContextSpec(CALENDAR, ContextKind.CALENDAR),
        ),
        52.52,
        13.405,
    )


@cache
def observed() -> ObservationTable:
    """Return what the family did, with a lamp, and Ann, who leaves for good."""
    _, table, start, _ = home()
    scene = build_timeline(plain(), table, CONFIG, home()[3]).rooms[ROOM]
    # Who leaves the kitchen puts out the lamp, minutes before it counts as vacant.
    is_begun = scene.change_states == 1
    lamp = np.where(is_begun, 300.0, 5.0)
    switched = scene.change_times + np.where(is_begun, 5.0, -240.0)
    hours: FloatArray = np.linspace(0.0, 3.0, 13)
    times = np.r_[switched, start + hours * DAY, table.timestamps]
    sensors = np.r_[
        np.zeros(len(lamp)), np.ones(len(hours)), 2.0 + table.sensors
    ].astype(np.int64)
    values = np.r_[lamp, np.arange(13) % 2, table.values]
    return ObservationTable.from_columns(
        times, sensors, values, (LIGHT, PERSON, *table.sensor_ids)
    )


@cache
def model(spec: HomeSpec) -> ModelState:
    """Return what all but the last half day taught."""
    return train(spec, observed(), CONFIG, now=home()[3] - DAY / 2, version="v")


# --- what they are made of ------------------------------------------------------------


def test_a_model_tells_what_it_is_made_of() -> None:
    """Of all rooms of a home the same, but for what a room has not got."""
    inputs = {spec: inputs_of(model(spec).rooms[ROOM]) for spec in (plain(), rich())}
    assert inputs[plain()] == ("time of day", *SUBJECTS.values())
    assert inputs[rich()] == (*inputs[plain()], "light", "people", "the sun")
    living = inputs_of(model(rich()).rooms["living_room"])
    assert living == (*inputs[plain()], "people", "the sun")


def test_every_input_has_a_name_and_every_feature_words() -> None:
    """Nothing is told by the name of a function."""
    assert INPUTS.keys() == set(NEEDS.values())
    spec, now = rich(), home()[3]
    why = explain(
        model(spec),
        spec,
        build_timeline(spec, observed(), CONFIG, now),
        CONFIG,
        now=now,
        room_id=ROOM,
    )
    assert why.learned_from == inputs_of(model(spec).rooms[ROOM])
    for name in NEEDS:
        alone = replace(
            why, inputs=(replace(why.inputs[0], name=name, value=0.5, average=0.2),)
        )
        told = [s for s in sentences(alone, {}, "UTC") if "on average" in s]
        assert len(told) <= 1
        assert not any(name.replace("_", " ") in sentence for sentence in told)


def test_members_know_what_is_measured_by_its_name() -> None:
    """They hold it tighter, and know no other mark of it."""
    climate = {name for name, need in NEEDS.items() if need in MEASURED_KINDS}
    assert {name for name in FEATURES if is_of_climate(name)} == climate


def test_nothing_learned_is_made_of_the_clock_alone() -> None:
    """A room whose members are silent has a model, too."""
    room = replace(model(plain()).rooms[ROOM], members={})
    assert inputs_of(room) == ("time of day",)


# --- inputs that come and go ----------------------------------------------------------


@pytest.mark.parametrize("saved", [False, True])
def test_a_model_without_an_input_does_not_see_it(saved: bool) -> None:
    """Until it is trained anew it says what it would have said."""
    state, now = model(plain()), home()[3]
    if saved:
        state = ModelState.from_bytes(state.to_bytes())
    said = [
        predict(
            state,
            spec,
            build_timeline(spec, observed(), CONFIG, now),
            CONFIG,
            now=now,
        )
        for spec in (plain(), rich())
    ]
    for room_id, forecast in said[0].rooms.items():
        assert forecast.cdf
        assert forecast == said[1].rooms[room_id]


def test_a_model_with_an_input_does_without_it() -> None:
    """A sensor that was removed from the room is average."""
    state, now = model(rich()), home()[3]
    for spec in (plain(), rich()):
        timeline = build_timeline(spec, observed(), CONFIG, now)
        for forecast in predict(state, spec, timeline, CONFIG, now=now).rooms.values():
            assert len(forecast.cdf) == 26
            assert 0 < forecast.cdf[0] <= forecast.cdf[-1] < 1


def test_light_moves_the_forecast() -> None:
    """It is not only there: whoever puts the lamp out leaves sooner."""
    spec, end = rich(), home()[3]
    scene = HomeScene(build_timeline(spec, observed(), CONFIG, end), spec.time_zone)
    moments = np.linspace(end - DAY, end, 300)
    samples = describe(scene, ROOM, moments)
    samples = samples.take(samples.occupied & (samples.elapsed > 10))
    assert len(samples) > 10
    members = {"hazard": model(spec).rooms[ROOM].members["hazard"]}
    within = []
    for lamp in (5.0, 300.0):
        features = samples.features.copy()
        features[:, samples.names.index("light_level")] = np.log((1 + lamp) / 51)
        cdfs = member_forecasts(members, replace(samples, features=features), CONFIG)
        (cdf,) = (each for each in cdfs if np.isfinite(each).all())
        within.append(cdf[:, 6].mean())
    assert within[0] > within[1] + 0.002


@pytest.mark.parametrize("first", ["plain", "rich"])
def test_updates_go_on_when_inputs_change(first: str) -> None:
    """Nothing is lost and nothing raised until the next training."""
    one, other = (plain(), rich()) if first == "plain" else (rich(), plain())
    now = home()[3]
    later = update(model(one), other, observed(), CONFIG, now=now)
    assert later.data_end == now
    for room_id, room in later.rooms.items():
        assert len(room.evidence) > len(model(one).rooms[room_id].evidence)


def test_updates_know_what_has_held_for_weeks() -> None:
    """Ann left nine days ago and has said nothing since: she is still away."""
    spec, now = rich(), home()[3]
    state = model(spec)
    later = update(state, spec, observed(), CONFIG, now=now)
    scene = HomeScene(build_timeline(spec, observed(), CONFIG, now), spec.time_zone)
    for room_id, room in state.rooms.items():
        new = later.rooms[room_id].evidence.since(room.counted_until)
        assert len(new) > 20
        samples = describe(scene, room_id, new.samples.origin)
        said = member_forecasts(room.members, samples, CONFIG)
        expected = Evidence.of(said, samples, new.outcomes)
        np.testing.assert_allclose(new.masses, expected.masses, atol=1e-3)
