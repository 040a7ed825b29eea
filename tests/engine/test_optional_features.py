"""Features of what not every home has, worked by hand on a day of a small home."""

from dataclasses import replace
from datetime import UTC, datetime
import math

from astral import Observer
from astral.sun import elevation as oracle
from hypothesis import given, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.config import EngineConfig
from custom_components.occupancy_prediction.engine.features import (
    FEATURES,
    NEEDS,
    HomeScene,
    Scene,
)
from custom_components.occupancy_prediction.engine.features.sun import elevation
from custom_components.occupancy_prediction.engine.surroundings import Place
from custom_components.occupancy_prediction.engine.timeline import build_timeline
from custom_components.occupancy_prediction.engine.types import (
    FloatArray,
    HomeSpec,
    Observation,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

from .equipped import equipped
from .made import MONDAY

NAN, INF = math.nan, math.inf
# The bath has two sensors of each kind, the hall none; two people live here.
SPEC = equipped(
    HomeSpec(
        tuple(
            RoomSpec(room, (SensorSpec(f"{room}_motion", SensorKind.MOTION),))
            for room in ("bath", "hall")
        )
    )
)
HOUR = 60.0
DAY = 24 * HOUR

type Message = tuple[float, str, float]


def home_of(messages: list[Message], spec: HomeSpec = SPEC) -> HomeScene:
    """Return the home after messages (minute of that Monday, sensor, value)."""
    table = ObservationTable.from_observations(
        [Observation(MONDAY + m * 60, sensor, value) for m, sensor, value in messages]
    )
    end = MONDAY + 10 * 365 * DAY * 60
    return HomeScene(build_timeline(spec, table, EngineConfig(), end), spec.time_zone)


# Somebody showers at seven; one leaves at eight and is back at five in the afternoon.
MORNING: list[Message] = [
    (0.0, "bath_light_0", 0.0),
    (0.0, "bath_temperature_0", 20.0),
    (0.0, "bath_humidity_0", 50.0),
    (420.0, "bath_light_0", 101.0),
    (425.0, "bath_humidity_0", 80.0),
    (430.0, "bath_temperature_0", 22.5),
    (440.0, "bath_light_0", 50.0),
    (0.0, "person_0", 1.0),
    (0.0, "person_1", 1.0),
    (0.0, "distance_0", 0.01),
    (0.0, "travel_time_0", 0.0),
    (480.0, "person_0", 0.0),
    (500.0, "distance_0", 9.0),
    (500.0, "travel_time_0", 24.0),
    (17 * HOUR, "person_0", 1.0),
    (17 * HOUR, "distance_0", 0.1),
    (0.0, "alarm_0", MONDAY + 390 * 60),
    (0.0, "alarm_1", MONDAY + 420 * 60),
    (400.0, "alarm_0", MONDAY + (DAY + 390) * 60),
    (0.0, "workday_0", 1.0),
    (DAY, "workday_0", 0.0),
    (600.0, "calendar_1", 1.0),
    (660.0, "calendar_1", 0.0),
]
HOME = home_of(MORNING)


def told(name: str, minute: float, home: HomeScene = HOME, room: str = "bath") -> float:
    """Return what a feature says at a minute."""
    (value,) = FEATURES[name](Scene(home, room, np.array([MONDAY + minute * 60])))
    return float(value)


def after(name: str, *messages: Message, minute: float = 0.0) -> float:
    """Return what a feature says when nothing but some messages was heard."""
    return told(name, minute, home_of(list(messages)))


def log(number: float) -> float:
    """Return a number as features tell it."""
    return math.log(1 + number)


DARK = -log(50.0)

CASES: list[tuple[str, float, float]] = [
    ("light_level", -1.0, 0.0),
    ("light_level", 419.0, DARK),
    ("light_level", 420.0, log(101.0) + DARK),
    ("light_level", 440.0, 0.0),
    ("light_change_15", 419.0, 0.0),
    ("light_change_15", 420.0, log(101.0)),
    ("light_change_15", 434.9, log(101.0)),
    ("light_change_15", 435.0, 0.0),
    ("light_change_15", 440.0, log(50.0) - log(101.0)),
    # It is not known how warm it was an hour before the first word.
    ("temperature_change_60", 30.0, 0.0),
    ("temperature_change_60", 429.0, 0.0),
    ("temperature_change_60", 430.0, 2.5),
    ("temperature_change_60", 490.0, 0.0),
    ("humidity_change_15", 425.0, 30.0),
    ("humidity_change_15", 440.0, 0.0),
    ("humidity_change_60", 440.0, 30.0),
    ("humidity_change_60", 485.0, 0.0),
    ("people_home", -1.0, 0.5),
    ("people_home", 479.0, 1.0),
    ("people_home", 480.0, 0.5),
    ("people_home", 17 * HOUR, 1.0),
    # Nobody was seen coming or going yet.
    ("since_came_home", 479.0, log(DAY)),
    ("since_came_home", 17 * HOUR, 0.0),
    ("since_came_home", 17 * HOUR + 30, log(30.0)),
    ("since_came_home", 17 * HOUR + 2 * DAY, log(DAY)),
    ("since_left_home", 480.0, 0.0),
    ("since_left_home", 17 * HOUR, log(9 * HOUR)),
    ("nearest_distance", -1.0, 0.0),
    ("nearest_distance", 499.0, 0.0),
    ("nearest_distance", 500.0, log(9.0)),
    ("nearest_distance", 17 * HOUR, 0.0),
    ("shortest_travel", 499.0, 0.0),
    ("shortest_travel", 500.0, log(24.0)),
    ("calendar_event", 599.0, 0.0),
    ("calendar_event", 600.0, 1.0),
    ("calendar_event", 660.0, 0.0),
    ("until_alarm", -1.0, log(DAY)),
    ("until_alarm", 0.0, log(390.0)),
    ("until_alarm", 390.0, 0.0),
    # The other rings half an hour later; then both are long ahead.
    ("until_alarm", 391.0, log(29.0)),
    ("until_alarm", 420.0, 0.0),
    ("until_alarm", 421.0, log(DAY + 390 - 421)),
    ("workday", 600.0, 1.0),
    # A holiday, a Tuesday, tells more than the day of the week.
    ("workday", DAY + 600.0, 0.0),
    # In Berlin, at the equinox (nearly): noon is at 10:56 UTC.
    ("sun_elevation", 10 * HOUR + 56 + 11 * DAY, 90 - 52.52 + 1.9),
]


@pytest.mark.parametrize(("name", "minute", "expected"), CASES)
def test_by_hand(name: str, minute: float, expected: float) -> None:
    """Each feature at a few moments of that day."""
    tolerance = 1.0 if name == "sun_elevation" else 1e-9
    assert told(name, minute) == pytest.approx(expected, abs=tolerance)


def test_every_optional_feature_was_worked_by_hand() -> None:
    """Who adds one adds a case above."""
    assert {name for name, *_ in CASES} == set(NEEDS)


# --- what is not known ----------------------------------------------------------------

# What each says where there is nothing to say.
NEUTRAL = {
    "people_home": 0.5,
    "since_came_home": log(DAY),
    "since_left_home": log(DAY),
    "until_alarm": log(DAY),
    "workday": 1.0,
}


@pytest.mark.parametrize("name", sorted(NEEDS.keys() - {"sun_elevation"}))
@pytest.mark.parametrize("lost", [NAN, INF, -INF])
def test_a_lost_sensor_says_nothing_in_particular(name: str, lost: float) -> None:
    """Neither before it has spoken nor after it was lost, on that Monday."""
    neutral = NEUTRAL.get(name, 0.0)
    # That is a Friday.
    assert told(name, -3 * DAY) == neutral
    all_lost = [(18 * HOUR, sensor, lost) for sensor in SPEC.sensor_ids]
    home = home_of([*MORNING, *all_lost])
    if name in ("since_came_home", "since_left_home"):
        # It was seen, and the loss does not undo it.
        assert told(name, 19 * HOUR, home) == told(name, 19 * HOUR)
        assert told(name, 42 * HOUR, home) == neutral
    else:
        assert told(name, 19 * HOUR, home) == neutral
    # The hall has no sensors of its own.
    if NEEDS[name] in tuple(SensorKind):
        assert told(name, 430.0, room="hall") == 0.0


@pytest.mark.parametrize("name", sorted(NEEDS))
@given(
    values=st.lists(
        st.floats(width=64) | st.sampled_from([NAN, INF, -INF, 1e300, -1e300]),
        min_size=1,
        max_size=8,
    )
)
def test_nonsense_stays_small(name: str, values: list[float]) -> None:
    """Whatever sensors say, a feature is a number of ordinary size."""
    messages: list[Message] = [
        (7.0 * place, sensor, value)
        for sensor in SPEC.sensor_ids
        for place, value in enumerate(values)
    ]
    home = home_of(messages)
    moments = MONDAY + np.linspace(0.0, 120.0, 41) * 60
    column = FEATURES[name](Scene(home, "bath", moments))
    assert np.isfinite(column).all()
    assert np.abs(column).max() <= 100


# --- several sensors ------------------------------------------------------------------


def test_sensors_of_one_kind_are_averaged() -> None:
    """Light as ratios, so that a sensor in the sun does not drown the other."""
    messages: list[Message] = [
        (0.0, "bath_light_0", 50.0),
        (0.0, "bath_light_1", 101.0),
        (0.0, "bath_temperature_0", 20.0),
        (0.0, "bath_temperature_1", 24.0),
        (60.0, "bath_temperature_0", 21.0),
        (60.0, "bath_temperature_1", 24.5),
    ]
    assert after("light_level", *messages) == pytest.approx(math.log(2) / 2)
    change = after("temperature_change_60", *messages, minute=60.0)
    assert change == pytest.approx(0.75)


def test_a_sensor_that_drops_out_is_no_change() -> None:
    """The warmer of two is lost: the room is no colder for that, nor when it is back."""
    messages: list[Message] = [
        (0.0, "bath_temperature_0", 18.0),
        (0.0, "bath_temperature_1", 26.0),
        (60.0, "bath_temperature_1", NAN),
        (90.0, "bath_temperature_1", 26.0),
    ]
    for minute in range(0, 200, 10):
        assert after("temperature_change_60", *messages, minute=minute) == 0.0


def test_the_nearest_of_those_who_are_away() -> None:
    """Whoever is at home says nothing of who is on the way."""
    near = ((0.0, "distance_0", 0.05), (0.0, "distance_1", 30.0))
    assert after("nearest_distance", *near) == pytest.approx(log(30.0))
    both = ((0.0, "distance_0", 12.0), (0.0, "distance_1", 30.0))
    assert after("nearest_distance", *both) == pytest.approx(log(12.0))
    way = ((0.0, "travel_time_0", 0.0), (0.0, "travel_time_1", 45.0))
    assert after("shortest_travel", *way) == pytest.approx(log(45.0))


def test_who_is_there_after_a_gap_has_not_just_come() -> None:
    """Nobody saw when: a restart brings nobody home."""
    messages: list[Message] = [
        (0.0, "person_0", 0.0),
        (600.0, "person_0", NAN),
        (610.0, "person_0", 1.0),
    ]
    assert after("since_came_home", *messages, minute=620.0) == log(DAY)
    assert after("people_home", *messages, minute=620.0) == 1.0
    assert after("people_home", *messages, minute=605.0) == 0.5


def test_a_calendar_that_is_lost_does_not_hide_another() -> None:
    """One event is enough."""
    messages = ((0.0, "calendar_0", NAN), (0.0, "calendar_1", 1.0))
    assert after("calendar_event", *messages) == 1.0


# --- days of the calendar -------------------------------------------------------------


def moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> float:
    """Return a moment of UTC as minutes of that Monday."""
    then = datetime(year, month, day, hour, minute, tzinfo=UTC)
    return (then.timestamp() - MONDAY) / 60


def test_where_workdays_are_not_known_the_week_is() -> None:
    """A leap day is a day of its week: a Tuesday in 2028, a Sunday in 2032."""
    home = home_of([(0.0, "workday_0", NAN)])
    assert told("workday", moment(2028, 2, 29, 12), home) == 1.0
    assert told("workday", moment(2032, 2, 29, 12), home) == 0.0
    assert told("workday", moment(2032, 3, 1, 12), home) == 1.0


def test_the_day_begins_by_the_clock_of_the_home() -> None:
    """Sunday ends in Berlin an hour or two before it does in UTC."""
    home = home_of([], replace(SPEC, time_zone="Europe/Berlin"))
    for month, hour in ((7, 22), (12, 23)):
        sunday = {7: 5, 12: 6}[month]
        before, begun = (
            moment(2026, month, sunday, hour - 1, 59),
            moment(2026, month, sunday, hour, 0),
        )
        assert told("workday", before, home) == 0.0
        assert told("workday", begun, home) == 1.0


@pytest.mark.parametrize("day", [(2026, 3, 29), (2026, 10, 25), (2028, 2, 29)])
def test_clocks_that_change_move_nothing(day: tuple[int, int, int]) -> None:
    """Durations are of real minutes, whatever the clock on the wall does at two."""
    spec = replace(SPEC, time_zone="Europe/Berlin")
    start = moment(*day)
    home = home_of(
        [
            (start - 60, "person_0", 0.0),
            (start, "person_0", 1.0),
            (start, "alarm_0", MONDAY + (start + 300) * 60),
            (start, "bath_temperature_0", 20.0),
            (start + 60, "bath_temperature_0", 21.0),
        ],
        spec,
    )
    # One hour of UTC before, in and after the one in which the clocks change.
    for minute in (30.0, 60.0, 90.0, 150.0):
        assert told("since_came_home", start + minute, home) == pytest.approx(
            log(minute)
        )
        assert told("until_alarm", start + minute, home) == pytest.approx(
            log(300 - minute)
        )
    changes = [
        told("temperature_change_60", start + minute, home)
        for minute in (59.0, 60.0, 119.0, 120.0)
    ]
    assert changes == [0.0, 1.0, 1.0, 0.0]
    # The sun does not know of it either: it rises steadily.
    minutes: FloatArray = MONDAY + (start + np.linspace(0.0, 240.0, 241)) * 60
    heights = FEATURES["sun_elevation"](Scene(home, "bath", minutes))
    steps = np.diff(heights)
    assert (np.abs(np.diff(steps)) < 0.01).all()
    assert heights[-1] > heights[0]


# --- the sun --------------------------------------------------------------------------


def test_the_sun_stands_where_the_almanac_says() -> None:
    """Overhead at a solstice on the tropic, on the horizon at the poles in March."""
    # Solstice of June 2026: 21 June, 08:24 UTC, at 23.436 degrees north.
    noon = datetime(2026, 6, 21, 12, 1, 50, tzinfo=UTC).timestamp()
    tropic = elevation(np.array([noon]), Place(23.436, 0.0))
    assert tropic[0] == pytest.approx(90.0, abs=0.05)
    # Equinox of March 2026: 20 March, 14:46 UTC.
    equinox = datetime(2026, 3, 20, 14, 46, tzinfo=UTC).timestamp()
    for pole in (90.0, -90.0):
        assert abs(elevation(np.array([equinox]), Place(pole, 0.0))[0]) < 0.02
    # Midnight sun and polar night at Tromso.
    for month, sign in ((6, 1), (12, -1)):
        midnight = datetime(2026, month, 21, tzinfo=UTC).timestamp()
        day: FloatArray = midnight + np.linspace(0.0, 95 * 900.0, 96)
        assert (sign * elevation(day, Place(69.65, 18.96)) > 0).all()


@given(
    moment=st.floats(946_684_800.0, 2_524_608_000.0),
    latitude=st.floats(-89.0, 89.0),
    longitude=st.floats(-180.0, 180.0),
)
def test_the_sun_stands_where_another_says(
    moment: float, latitude: float, longitude: float
) -> None:
    """The library that Home Assistant asks, from 2000 to 2050, all over the world."""
    expected = oracle(
        Observer(latitude, longitude),
        datetime.fromtimestamp(moment, UTC),
        with_refraction=False,
    )
    found = elevation(np.array([moment]), Place(latitude, longitude))
    assert found[0] == pytest.approx(expected, abs=0.01)
