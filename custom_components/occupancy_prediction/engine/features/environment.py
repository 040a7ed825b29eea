"""How light, warm and humid the room is, and how that has changed.

Several sensors of one kind are averaged, changes sensor by sensor: one that drops out
or comes back changes nothing by itself.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..types import FloatArray, SensorKind
from .registry import Scene, optional_feature

# Light (lux) to which light is compared: a room with the curtains drawn. People see
# ratios, and this is neither night nor day.
_DIM = 50.0
# Light (lux) of the midday sun: what says more is broken.
_BRIGHTEST = 150_000.0
# No room changes more within an hour: temperature (degrees), humidity (%).
_MOST_DEGREES = 10.0
_MOST_HUMIDITY = 50.0


@optional_feature(SensorKind.LIGHT)
def light_level(scene: Scene) -> FloatArray:
    """Return how light it is, as the log of the ratio to 50 lux; 0 if not known."""
    return _mean([_log_light(light) for light in _told(scene, SensorKind.LIGHT)], scene)


@optional_feature(SensorKind.LIGHT)
def light_change_15(scene: Scene) -> FloatArray:
    """Return the log of the ratio to the light 15 min ago; 0 if not known."""
    return _change(scene, SensorKind.LIGHT, 15.0, _log_light)


@optional_feature(SensorKind.TEMPERATURE)
def temperature_change_60(scene: Scene) -> FloatArray:
    """Return how much warmer it is than an hour ago, in degrees; 0 if not known."""
    change = _change(scene, SensorKind.TEMPERATURE, 60.0, _as_told)
    return np.clip(change, -_MOST_DEGREES, _MOST_DEGREES)


@optional_feature(SensorKind.HUMIDITY)
def humidity_change_15(scene: Scene) -> FloatArray:
    """Return how much more humid it is than 15 min ago, in %; 0 if not known."""
    change = _change(scene, SensorKind.HUMIDITY, 15.0, _as_told)
    return np.clip(change, -_MOST_HUMIDITY, _MOST_HUMIDITY)


@optional_feature(SensorKind.HUMIDITY)
def humidity_change_60(scene: Scene) -> FloatArray:
    """Return how much more humid it is than an hour ago, in %; 0 if not known."""
    change = _change(scene, SensorKind.HUMIDITY, 60.0, _as_told)
    return np.clip(change, -_MOST_HUMIDITY, _MOST_HUMIDITY)


def _told(scene: Scene, kind: SensorKind, ago: float = 0.0) -> list[FloatArray]:
    """Return what each sensor of the room said so many minutes ago."""
    moments = scene.moments - ago * 60
    return [steps.at(moments) for steps in scene.room.measures.get(kind, ())]


def _change(
    scene: Scene,
    kind: SensorKind,
    minutes: float,
    meaning: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Return how what is measured has changed, 0 where no sensor knows both."""
    pairs = zip(_told(scene, kind), _told(scene, kind, minutes), strict=True)
    return _mean([meaning(now) - meaning(then) for now, then in pairs], scene)


def _log_light(lux: FloatArray) -> FloatArray:
    ratio: FloatArray = np.log1p(np.clip(lux, 0.0, _BRIGHTEST)) - np.log1p(_DIM)
    return ratio


def _as_told(values: FloatArray) -> FloatArray:
    # What single precision cannot hold was not measured.
    return np.clip(values, -1e6, 1e6)


def _mean(columns: Sequence[FloatArray], scene: Scene) -> FloatArray:
    """Return the mean of what is known, 0 where nothing is."""
    total: FloatArray = np.zeros(len(scene.moments))
    count: FloatArray = np.zeros(len(scene.moments))
    for column in columns:
        known = np.isfinite(column)
        total += np.where(known, column, 0.0)
        count += known
    mean: FloatArray = total / np.maximum(count, 1.0)
    return mean
