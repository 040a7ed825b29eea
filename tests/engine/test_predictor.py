"""Forecasts as people see them, and what they say when there is little to say."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    GRID,
    Forecast,
    HomeSpec,
    HomeTimeline,
    HomeTracker,
    ModelState,
    Observation,
    Purpose,
    Stage,
    Transition,
    predict,
    train,
)
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import BINS

from .family import DAY, QUICK as CONFIG, home, trained


def forecast_at(moment: float, state: ModelState | None = None) -> dict[str, Forecast]:
    """Forecast all rooms of the family at a moment."""
    spec, table, _, _ = home()
    tracker = HomeTracker.replay(spec, CONFIG, table.before(moment))
    tracker.advance(moment)
    timeline = tracker.timeline(moment)
    return predict(state or trained(), spec, timeline, CONFIG, now=moment).rooms


@pytest.mark.parametrize("hour", [0.5, 3, 6.7, 7.2, 9, 12.3, 16, 18.1, 19.5, 22.4])
def test_forecasts_hang_together(hour: float) -> None:
    """All numbers of a forecast are of one distribution."""
    _, _, _, end = home()
    now = end - DAY + hour * 3600
    for forecast in forecast_at(now).values():
        assert forecast.issued_at == now
        assert forecast.occupied is not None
        assert forecast.since is not None
        assert forecast.since <= now
        wanted = Transition.VACANT if forecast.occupied else Transition.OCCUPIED
        assert forecast.transition is wanted
        assert forecast.model_version == "v7"
        cdf = np.array(forecast.cdf)
        assert (np.diff(cdf) >= 0).all()
        assert 0 <= cdf[0] <= cdf[-1] < 1
        baseline = np.array(forecast.baseline)
        assert baseline.shape == cdf.shape
        assert (np.diff(baseline) >= 0).all()
        assert 0 <= baseline[0] <= baseline[-1] <= 1
        curve = np.array(forecast.curve)
        assert len(curve) == 97
        assert ((curve >= 0) & (curve <= 1)).all()
        assert curve[0] == float(forecast.occupied)
        assert sum(weight for _, weight in forecast.member_weights) == pytest.approx(1)
        _check_times(forecast, now)


def _check_times(forecast: Forecast, now: float) -> None:
    same, other = (
        (forecast.next_vacant, forecast.next_occupied)
        if forecast.occupied
        else (forecast.next_occupied, forecast.next_vacant)
    )
    assert same == forecast.predicted_time
    if forecast.predicted_time is None:
        assert forecast.confidence is None
        assert other is None
        return
    assert forecast.lower is not None
    assert now <= forecast.lower <= forecast.predicted_time
    assert forecast.upper is None or forecast.upper >= forecast.predicted_time
    assert forecast.confidence is not None
    assert 0 <= forecast.confidence <= 1
    assert other is None or other > forecast.predicted_time
    assert forecast.alternatives
    chances = [each.probability for each in forecast.alternatives]
    assert chances == sorted(chances, reverse=True)
    assert len(chances) <= 3
    assert sum(chances) <= 1 + 1e-9
    # The median, to the minute, or of the moment at which the delay runs out.
    minutes = (forecast.predicted_time - now) / 60
    place = int(np.searchsorted(GRID, minutes))
    before, after = GRID[max(place - 2, 0)], GRID[min(place + 1, BINS)]
    below, above = map(forecast.probability_within, (before, after))
    assert below is not None
    assert above is not None
    assert below <= 0.5 <= above


def test_members_that_run_are_named() -> None:
    """Who has not learned a room has no say in it, and is not told."""
    now = home()[3] - DAY / 2
    kitchen = trained().rooms["kitchen"]
    learned = {name for name, _ in forecast_at(now)["kitchen"].member_weights}
    # In the base tier those that need a library have learned nothing.
    assert learned == set(kitchen.members)
    assert {"kernel", "hazard", "climatology", "duration"} <= learned
    assert "boosting" not in learned
    members = {name: kitchen.members[name] for name in learned - {"hazard"}}
    state = replace(trained(), rooms={"kitchen": replace(kitchen, members=members)})
    shares = dict(forecast_at(now, state)["kitchen"].member_weights)
    assert shares.keys() == members.keys()
    assert sum(shares.values()) == pytest.approx(1)


def test_without_climatology_there_is_no_baseline() -> None:
    """Who has not counted says nothing of what is usual."""
    state, (_, _, _, end) = trained(), home()
    rooms = {
        room_id: replace(
            room,
            members={k: v for k, v in room.members.items() if k != "climatology"},
        )
        for room_id, room in state.rooms.items()
    }
    for forecast in forecast_at(end - DAY, replace(state, rooms=rooms)).values():
        assert forecast.cdf
        assert forecast.baseline == ()


def test_prediction_is_pure() -> None:
    """The same question twice has the same answer."""
    _, _, _, end = home()
    assert forecast_at(end - DAY / 2) == forecast_at(end - DAY / 2)


def test_tracked_and_built_timelines_forecast_the_same() -> None:
    """What was followed live and what is read from the record agree."""
    spec, table, _, end = home()
    now = end - DAY / 3
    whole = build_timeline(spec, table, CONFIG, now)
    built = predict(trained(), spec, whole, CONFIG, now=now).rooms
    for room_id, forecast in forecast_at(now).items():
        assert forecast.cdf == pytest.approx(built[room_id].cdf)
        assert forecast.since == built[room_id].since


def test_not_vacant_before_the_delay_is_over() -> None:
    """While a sensor is on, P(vacant within the delay) is exactly 0."""
    spec, table, _, end = home()
    now = end - DAY / 2
    tracker = HomeTracker.replay(spec, CONFIG, table.before(now))
    tracker.observe(Observation(now, "bathroom_motion", 1.0))
    forecast = predict(trained(), spec, tracker.timeline(now), CONFIG, now=now).rooms[
        "bathroom"
    ]
    assert forecast.occupied is True
    assert forecast.probability_within(5) == 0.0
    assert (forecast.probability_within(60) or 0) > 0.5
    assert forecast.lower is not None
    assert forecast.lower >= now + 300


def check_first_forecast(forecast: Forecast, now: float) -> None:
    """Check that a forecast stands on what rooms of a kind commonly do."""
    assert forecast.occupied is not None
    assert forecast.stage is Stage.COLLECTING
    assert forecast.reliable is False
    assert forecast.transition is not None
    assert forecast.lower is not None
    assert now <= forecast.lower
    cdf = np.array(forecast.cdf)
    earliest = 5.0 if forecast.occupied else 0.0
    assert (np.diff(cdf)[GRID[1:-1] > earliest] > 0).all()
    assert 0 <= cdf[0] < cdf[-1] < 1
    assert len(forecast.curve) == 97
    assert 0 < min(forecast.curve[1:]) <= max(forecast.curve[1:]) < 1
    _check_times(forecast, now)


@pytest.mark.parametrize("hour", [3, 7.2, 18.1])
def test_without_a_model_rooms_are_like_others_of_their_kind(hour: float) -> None:
    """On day 0 the prior speaks, alone, by purpose, state and hour."""
    spec, table, _, end = home()
    now = end - DAY + hour * 3600
    timeline = build_timeline(spec, table, CONFIG, now)
    for forecast in predict(None, spec, timeline, CONFIG, now=now).rooms.values():
        check_first_forecast(forecast, now)
        assert forecast.model_version is None
        assert forecast.member_weights == (("prior", 1.0),)


def test_the_first_forecast_knows_purpose_and_hour() -> None:
    """A bedroom at night is not a kitchen at noon."""
    spec, table, _, end = home()
    said = set()
    for hour in (3, 12):
        now = end - DAY + hour * 3600
        line = build_timeline(spec, table, CONFIG, now).rooms["kitchen"]
        for purpose in (Purpose.BEDROOM, Purpose.KITCHEN):
            room = replace(spec.room("kitchen"), purpose=purpose)
            timeline = HomeTimeline(now - DAY, now, {"kitchen": line})
            one = HomeSpec((room,), spec.time_zone)
            said.add(predict(None, one, timeline, CONFIG, now=now).rooms["kitchen"].cdf)
    assert len(said) == 4


def test_a_room_the_model_does_not_know() -> None:
    """It is new, the others are forecast as ever."""
    now = home()[3] - DAY / 2
    known = forecast_at(now)
    rooms = forecast_at(now, trained().without_room("kitchen"))
    check_first_forecast(rooms["kitchen"], now)
    assert rooms["kitchen"].model_version is None
    assert rooms.keys() == known.keys()
    assert all(rooms[key] == known[key] for key in known if key != "kitchen")


def test_without_sensors_that_can_tell_nothing_is_known() -> None:
    """A room whose sensors are all lost has no state and no forecast."""
    spec, table, _, end = home()
    lost = [
        Observation(end, sensor.sensor_id, float("nan"))
        for sensor in spec.room("kitchen").sensors
    ]
    tracker = HomeTracker.replay(spec, CONFIG, table)
    for observation in lost:
        tracker.observe(observation)
    forecast = predict(trained(), spec, tracker.timeline(end), CONFIG, now=end).rooms[
        "kitchen"
    ]
    assert forecast.occupied is None
    assert forecast.transition is None
    assert forecast.occupied_within(30) is None
    assert forecast.stage is trained().rooms["kitchen"].stage


def test_the_prior_gives_way_as_days_come_in() -> None:
    """It has nearly all of the say after an hour, and little of it after days."""
    spec, table, start, end = home()
    spec = replace(spec, rooms=spec.rooms[:2])
    shares = []
    for days in (1 / 24, 1, 3):
        now = start + days * DAY
        state = train(spec, table.before(now), CONFIG, now=now, version="v")
        rooms = [
            r for k, r in forecast_at(end - DAY / 3, state).items() if k in state.rooms
        ]
        shares.append(np.mean([dict(r.member_weights)["prior"] for r in rooms]))
        if days < 3:
            for forecast in rooms:
                check_first_forecast(forecast, end - DAY / 3)
    assert shares[0] > 0.7
    assert 0.6 > shares[1] > shares[2]
    assert shares[2] < 0.25


def test_states_without_spells_of_their_own() -> None:
    """What never ended yet is forecast by the prior, the other state is not."""
    now = home()[3] - DAY / 2
    room = trained().rooms["hall"]
    usual = forecast_at(now)["hall"]
    assert usual.occupied is False
    for spells, is_known in (((room.spells[0], 0), True), ((0, room.spells[1]), False)):
        model = replace(room, spells=spells)
        state = replace(trained(), rooms={**trained().rooms, "hall": model})
        forecast = forecast_at(now, state)["hall"]
        assert (forecast.cdf == usual.cdf) is is_known
        assert (dict(forecast.member_weights) == {"prior": 1.0}) is not is_known
        assert forecast.next_occupied is not None
        assert forecast.next_vacant is not None
        if is_known:
            assert forecast.next_vacant != usual.next_vacant


def test_saved_model_forecasts_the_same() -> None:
    """Saving and loading changes no forecast."""
    _, _, _, end = home()
    now = end - DAY / 4
    loaded = ModelState.from_bytes(trained().to_bytes())
    assert forecast_at(now, loaded) == forecast_at(now)


def test_an_empty_home_is_forecast_empty() -> None:
    """While everybody is at work the kitchen is not expected within minutes."""
    spec, table, start, _ = home()
    names = ("kitchen", "kids_room")
    spec = replace(spec, rooms=tuple(r for r in spec.rooms if r.room_id in names))
    # A Wednesday of the second week, 10:00: work and school.
    now = start + 9 * DAY + 10 * 3600
    state = train(spec, table, CONFIG, now=now, version="v")
    rooms = forecast_at(now, state)
    early = forecast_at(now - 3 * 3600, state)
    for room_id in names:
        soon = rooms[room_id].occupied_within(30)
        morning = early[room_id].occupied_within(30)
        assert soon is not None
        assert morning is not None
        assert soon < 0.15 < morning
