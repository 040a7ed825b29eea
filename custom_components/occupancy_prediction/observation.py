"""What a state of Home Assistant tells the engine.

The live collector and the import from the recorder read states through the
same function, so a model never learns from what it would not see in use.
"""

from dataclasses import dataclass
import math
from typing import Final

from homeassistant.const import STATE_CLOSED, STATE_OFF, STATE_ON, STATE_OPEN
from homeassistant.core import State

from .engine.types import MEASURED_KINDS, OCCUPANCY_KINDS, Observation, SensorKind

# A cover on its way is not closed.
_WORDS = {
    STATE_ON: 1.0,
    STATE_OFF: 0.0,
    STATE_OPEN: 1.0,
    "opening": 1.0,
    "closing": 1.0,
    STATE_CLOSED: 0.0,
}
_NUMBERS_ONLY = frozenset({SensorKind.TEMPERATURE, SensorKind.HUMIDITY})

# What changes by less tells nothing of people: temperature in degrees, the last digit
# that makers send; humidity in %, likewise; light as a share of what it was, which is
# what eyes tell apart, and in lux for what is nearly dark.
TEMPERATURE_STEP: Final = 0.1
HUMIDITY_STEP: Final = 1.0
LIGHT_STEP: Final = 0.1
DARK_STEP: Final = 1.0
# Of a difference of exactly one step floating point may lack this much.
_ROUNDING: Final = 1e-6
# On average a sensor may say something that often (s): training looks every five
# minutes, and a year of a home with twenty such sensors stays under 100 MB on disk.
MEASURED_INTERVAL: Final = 300.0
# So many changes may follow each other at once (count), so that a lamp being dimmed
# or a shower is seen as it happens.
MEASURED_BURST: Final = 12.0


def observation_of(
    entity_id: str, state: State | None, kind: SensorKind, timestamp: float
) -> Observation:
    """Return what a state means, NaN where it means nothing.

    The moment is cut to the millisecond, which is what the archive keeps: what
    was seen live and what is replayed later are the same to the last bit.
    """
    value = math.nan if state is None else _value(state.state, kind)
    return Observation(_whole_milliseconds(timestamp), entity_id, value)


class ChangeFilter:
    """Keeps back what measuring sensors say that is not worth remembering.

    They report every few seconds that nothing has changed. What tells occupancy, and
    that a sensor is lost or back, always passes.
    """

    def __init__(self) -> None:
        """Start without having heard anything."""
        self._last: dict[str, _Told] = {}

    def passes(self, observation: Observation, kind: SensorKind) -> bool:
        """Tell whether to remember an observation; then it is what holds."""
        if kind not in MEASURED_KINDS:
            return True
        last = self._last.get(observation.sensor_id)
        allowance = MEASURED_BURST
        if last is not None:
            passed = max(observation.timestamp - last.timestamp, 0.0)
            allowance = min(last.allowance + passed / MEASURED_INTERVAL, allowance)
        if last is None or math.isnan(last.value) or math.isnan(observation.value):
            cost = 0.0
        elif allowance < 1 or not _is_news(last.value, observation.value, kind):
            return False
        else:
            cost = 1.0
        self._last[observation.sensor_id] = _Told(
            observation.timestamp, observation.value, allowance - cost
        )
        return True


@dataclass(frozen=True, slots=True)
class _Told:
    """What a sensor said last, and how many more changes could follow at once."""

    timestamp: float
    value: float
    allowance: float


def _is_news(before: float, now: float, kind: SensorKind) -> bool:
    step = TEMPERATURE_STEP
    if kind is SensorKind.HUMIDITY:
        step = HUMIDITY_STEP
    elif kind is SensorKind.LIGHT:
        step = max(DARK_STEP, LIGHT_STEP * abs(before))
    return abs(now - before) >= step - _ROUNDING


def _value(text: str, kind: SensorKind) -> float:
    if kind not in _NUMBERS_ONLY and (word := _WORDS.get(text)) is not None:
        return word
    if kind in OCCUPANCY_KINDS:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _whole_milliseconds(timestamp: float) -> float:
    """Cut off what is finer than a millisecond, without touching what is not."""
    milliseconds = round(timestamp * 1000)
    if milliseconds / 1000 > timestamp:
        milliseconds -= 1
    return milliseconds / 1000
