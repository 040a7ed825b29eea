"""What states mean."""

import math

from homeassistant.core import State
import pytest

from custom_components.occupancy_prediction.engine.types import Observation, SensorKind
from custom_components.occupancy_prediction.observation import (
    ChangeFilter,
    observation_of,
)

BINARY = "binary_sensor.hall"
NOW = 1_764_000_000.0


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("on", SensorKind.MOTION, 1.0),
        ("off", SensorKind.PRESENCE, 0.0),
        ("open", SensorKind.DOOR, 1.0),
        ("closing", SensorKind.DOOR, 1.0),
        ("opening", SensorKind.DOOR, 1.0),
        ("closed", SensorKind.DOOR, 0.0),
        ("21.5", SensorKind.TEMPERATURE, 21.5),
        ("48", SensorKind.HUMIDITY, 48.0),
        ("130.2", SensorKind.LIGHT, 130.2),
        ("on", SensorKind.LIGHT, 1.0),
        ("-3", SensorKind.OTHER, -3.0),
    ],
)
def test_value(text: str, kind: SensorKind, value: float) -> None:
    """Words and numbers mean what they say."""
    observation = observation_of(BINARY, State(BINARY, text), kind, NOW)
    assert observation.value == value
    assert observation.sensor_id == BINARY
    assert observation.timestamp == NOW


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("unavailable", SensorKind.MOTION),
        ("unknown", SensorKind.DOOR),
        ("", SensorKind.PRESENCE),
        # A number is no word: a motion sensor cannot be 0.5.
        ("1", SensorKind.MOTION),
        ("unknown", SensorKind.TEMPERATURE),
        ("on", SensorKind.HUMIDITY),
        ("nan", SensorKind.TEMPERATURE),
        ("inf", SensorKind.LIGHT),
    ],
)
def test_no_value(text: str, kind: SensorKind) -> None:
    """What is not understood is as good as unavailable."""
    assert math.isnan(observation_of(BINARY, State(BINARY, text), kind, NOW).value)


def test_missing() -> None:
    """An entity that does not exist says nothing."""
    assert math.isnan(observation_of(BINARY, None, SensorKind.DOOR, NOW).value)


@pytest.mark.parametrize(
    ("timestamp", "cut"),
    [
        (1_764_000_000.123_456, 1_764_000_000.123),
        (1_764_000_000.123_999, 1_764_000_000.123),
        (1_764_000_000.123, 1_764_000_000.123),
        (1_764_000_000.001, 1_764_000_000.001),
        (1_764_000_000.999_9, 1_764_000_000.999),
    ],
)
def test_milliseconds(timestamp: float, cut: float) -> None:
    """Moments are cut to the millisecond, never into the future."""
    first = observation_of(BINARY, None, SensorKind.DOOR, timestamp)
    assert first.timestamp == cut
    again = observation_of(BINARY, None, SensorKind.DOOR, first.timestamp)
    assert again.timestamp == cut


# --- what measuring sensors say -------------------------------------------------------

LIGHT, WARMTH = "sensor.hall_light", "sensor.hall_temperature"


def passed(
    kind: SensorKind, *values: float, every: float = 3600.0, sensor: str = LIGHT
) -> list[float]:
    """Return those of a series of values that pass."""
    filter_ = ChangeFilter()
    observations = [
        Observation(NOW + number * every, sensor, value)
        for number, value in enumerate(values)
    ]
    return [item.value for item in observations if filter_.passes(item, kind)]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (SensorKind.TEMPERATURE, (20.0, 20.05, 20.1, 20.19, 20.2), (20.0, 20.1, 20.2)),
        (SensorKind.TEMPERATURE, (-0.1, 0.0, 0.0, -0.05), (-0.1, 0.0)),
        (SensorKind.HUMIDITY, (50.0, 50.4, 50.9, 51.0, 50.5), (50.0, 51.0)),
        (SensorKind.LIGHT, (0.0, 0.5, 1.0, 1.9, 2.0), (0.0, 1.0, 2.0)),
        (SensorKind.LIGHT, (1000.0, 1099.0, 901.0, 900.0), (1000.0, 900.0)),
        (SensorKind.OTHER, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
        (SensorKind.MOTION, (1.0, 1.0, 0.0), (1.0, 1.0, 0.0)),
    ],
)
def test_small_changes(
    kind: SensorKind, values: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    """A change counts from what was told last, so that a slow drift is told, too."""
    assert passed(kind, *values) == list(expected)


def test_loss_and_return_always_pass() -> None:
    """Even in the middle of a flood."""
    flood = [float(number % 2 * 100) for number in range(500)]
    assert len(passed(SensorKind.LIGHT, *flood, every=1.0)) < 20
    filter_ = ChangeFilter()
    for number, value in enumerate([*flood, math.nan, 7.0, 7.1]):
        observation = Observation(NOW + number, LIGHT, value)
        result = filter_.passes(observation, SensorKind.LIGHT)
        assert result or number < 500 or number == 502


def test_a_flood_is_bounded_and_a_burst_is_not() -> None:
    """A lamp being dimmed is seen as it happens; clouds all day are not."""
    dimmed = [float(50 * number) for number in range(12)]
    assert passed(SensorKind.LIGHT, *dimmed, every=1.0) == dimmed
    clouds = [float(number % 2 * 1000) for number in range(17_280)]
    assert len(passed(SensorKind.LIGHT, *clouds, every=5.0)) <= 288 + 13
    slow = [float(number % 2 * 1000) for number in range(288)]
    assert passed(SensorKind.LIGHT, *slow, every=300.0) == slow


def test_each_sensor_for_itself() -> None:
    """What one says does not make the other old news."""
    filter_ = ChangeFilter()
    kind = SensorKind.TEMPERATURE
    for sensor in (LIGHT, WARMTH):
        assert filter_.passes(Observation(NOW, sensor, 20.0), kind)
        assert not filter_.passes(Observation(NOW + 1, sensor, 20.0), kind)


def test_a_clock_that_is_set_back_does_not_silence() -> None:
    """Changes pass as before."""
    filter_ = ChangeFilter()
    kind = SensorKind.TEMPERATURE
    assert filter_.passes(Observation(NOW, WARMTH, 20.0), kind)
    assert filter_.passes(Observation(NOW - 7200, WARMTH, 22.0), kind)
    assert not filter_.passes(Observation(NOW - 7100, WARMTH, 22.0), kind)
