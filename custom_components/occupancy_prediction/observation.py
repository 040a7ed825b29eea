"""What a state of Home Assistant tells the engine.

The live collector and the import from the recorder read states through the
same function, so a model never learns from what it would not see in use.
"""

import math

from homeassistant.const import STATE_CLOSED, STATE_OFF, STATE_ON, STATE_OPEN
from homeassistant.core import State

from .engine.types import OCCUPANCY_KINDS, Observation, SensorKind

# A cover on its way is not closed.
_WORDS = {
    STATE_ON: 1.0,
    STATE_OFF: 0.0,
    STATE_OPEN: 1.0,
    "opening": 1.0,
    "closing": 1.0,
    STATE_CLOSED: 0.0,
}
_MEASURED_KINDS = frozenset({SensorKind.TEMPERATURE, SensorKind.HUMIDITY})


def observation_of(
    entity_id: str, state: State | None, kind: SensorKind, timestamp: float
) -> Observation:
    """Return what a state means, NaN where it means nothing.

    The moment is cut to the millisecond, which is what the archive keeps: what
    was seen live and what is replayed later are the same to the last bit.
    """
    value = math.nan if state is None else _value(state.state, kind)
    return Observation(_whole_milliseconds(timestamp), entity_id, value)


def _value(text: str, kind: SensorKind) -> float:
    if kind not in _MEASURED_KINDS and (word := _WORDS.get(text)) is not None:
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
