"""What states mean."""

import math

from homeassistant.core import State
import pytest

from custom_components.occupancy_prediction.engine.types import SensorKind
from custom_components.occupancy_prediction.observation import observation_of

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
