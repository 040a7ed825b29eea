"""Sensors that fail: what is left of their messages."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .config import Fault, FaultKind, HouseholdConfig
from .sensors import DAY, Messages

CHATTER = 12.0  # s, mean time between two flips of a loose contact
LOST_OFF = 0.6  # share of OFF messages that do not get through

UNAVAILABLE = "unavailable"


class _Case(NamedTuple):
    """A sensor, what it would have said, and when it fails; UTC epoch seconds."""

    messages: Messages
    start: float
    end: float
    words: tuple[str, str]  # for on and off
    generator: np.random.Generator


def _now(messages: Messages, moment: float) -> str | None:
    """Return the state a sensor last reported before a moment."""
    states = [state for at, state in messages if at < moment]
    return states[-1] if states else None


def _held(case: _Case, state: str) -> Messages:
    """Report one state for the whole fault and the true one after it."""
    true = _now(case.messages, case.end)
    known = _now(case.messages, case.start) == state
    held = [] if known else [(case.start, state)]
    return held if true is None or true == state else [*held, (case.end, true)]


def _stuck_on(case: _Case) -> Messages:
    return _held(case, case.words[0])


def _dead(_: _Case) -> Messages:
    return []


def _unavailable(case: _Case) -> Messages:
    return _held(case, UNAVAILABLE)


def _chattering(case: _Case) -> Messages:
    on, off = case.words
    count = int(2 * (case.end - case.start) / CHATTER)  # twice what is likely to fit
    moments = case.start + np.cumsum(case.generator.exponential(CHATTER, count))
    flips: Messages = [
        (moment, off if number % 2 else on)
        for number, moment in enumerate(moments[moments < case.end].tolist())
    ]
    return [*flips, (case.end, _now(case.messages, case.end) or off)]


def _missing_off(case: _Case) -> Messages:
    inside = [each for each in case.messages if case.start <= each[0] < case.end]
    lost = case.generator.random(len(inside)) < LOST_OFF
    return [
        each
        for each, is_lost in zip(inside, lost.tolist(), strict=True)
        if not (is_lost and each[1] == case.words[1])
    ]


_FAILURES: dict[FaultKind, Callable[[_Case], Messages]] = {
    FaultKind.STUCK_ON: _stuck_on,
    FaultKind.DEAD: _dead,
    FaultKind.UNAVAILABLE: _unavailable,
    FaultKind.CHATTERING: _chattering,
    FaultKind.MISSING_OFF: _missing_off,
}


def broken(config: HouseholdConfig, fault: Fault, messages: Messages) -> Messages:
    """Return the messages of a sensor with one of its faults."""
    start = config.span[0] + fault.first_day * DAY
    end = start + fault.days * DAY
    types = {sensor.sensor_id: sensor.sensor_type for _, sensor in config.sensors}
    words = ("open", "closed") if types[fault.sensor_id] == "door" else ("on", "off")
    # Its place in time names the fault, so that another one does not change it.
    names = (fault.kind.value, fault.sensor_id, round(fault.first_day * DAY))
    generator = config.random("fault", *names)
    case = _Case(messages, start, end, words, generator)
    return [
        *(each for each in messages if each[0] < start),
        *_FAILURES[fault.kind](case),
        *(each for each in messages if each[0] >= end),
    ]


def example_faults(days: int) -> tuple[Fault, ...]:
    """Return one fault of each kind, spread over the default home and the span."""
    return (
        Fault(FaultKind.UNAVAILABLE, "hall_motion", days * 0.15, 0.25),
        Fault(FaultKind.UNAVAILABLE, "living_room_temperature", days * 0.15, 0.25),
        Fault(FaultKind.CHATTERING, "bathroom_motion", days * 0.3, 0.1),
        Fault(FaultKind.MISSING_OFF, "kids_room_motion", days * 0.4, days * 0.1),
        Fault(FaultKind.STUCK_ON, "bedroom_motion", days * 0.6, days * 0.1),
        Fault(FaultKind.DEAD, "kitchen_motion", days * 0.8, days * 0.2),
    )
