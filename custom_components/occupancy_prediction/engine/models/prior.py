"""What rooms of its kind commonly do, until a room has done enough itself.

Hazards by purpose of the room, phase and hour of the day are shipped with the
component. What the room does itself first scales them, by phase and by hour, and then
takes their place where there is enough of it; what is kept are counts, so adding a day
is exact. The shipped hazards come from simulated households, which are no measure of
accuracy: they are a place to start from on the first day, and no more.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ..config import EngineConfig
from ..purpose import Purpose
from ..samples import Samples, TrainingSet
from ..types import FloatArray, IntArray
from . import prior_table
from .base import Arrays, FitContext, fit_each
from .phases import (
    GROUPS,
    HOURS,
    PHASE_STATES,
    PHASES,
    SLOT_GROUPS,
    SLOTS,
    VACANT_PHASES,
    from_slots,
    hours_ahead,
    phase_of,
    week_table,
)

# Shipped numbers are steps of that size (log-odds) above the lowest of their table.
SCALE = 0.1
USUAL_LOWEST = -7.0
HOURS_LOWEST = -5.0
# Moments 5 min apart see the same transition many times; each counts as this
# share of an observation where it is weighed against the shipped hazards.
_ROW_WEIGHT = 0.1
# Events that weigh as much as the shipped hazards when these are scaled (count).
_EVENTS = 1.0
# Scaling makes no end surer than that: one chance in twenty is left to the unusual.
_MOST_HAZARD = 0.95
# Which slot is in which group, (SLOTS, GROUPS).
_IN_GROUP: FloatArray = (SLOT_GROUPS[:, None] == np.arange(GROUPS)) * 1.0
# Counts are kept in two bytes: a year of moments every 5 min fits twenty times.
_MOST = 65_535
_PURPOSES = tuple(Purpose)


class Prior:
    """Shipped hazards and the room's own counts."""

    name: ClassVar[str] = "prior"
    share: ClassVar[float] = 0.02
    counts: ClassVar[bool] = True

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Note what each room is for, and count."""
        return fit_each(rooms, context, _learned)

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Add the new counts to the old."""
        new = _counted(training)
        return {**arrays, **{name: _bounded(arrays[name] + new[name]) for name in new}}

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the distributions of the mixed hazards."""
        ended, looked = (
            np.asarray(arrays[name] * _ROW_WEIGHT, np.float64)
            for name in ("ended", "looked")
        )
        common = _scaled(SHIPPED[int(arrays["purpose"])], ended, looked)
        hazards = (ended + config.shrinkage * common) / (looked + config.shrinkage)
        hour = hours_ahead(samples) % HOURS
        asked = hazards[phase_of(samples)[:, None], hour, np.arange(SLOTS)]
        survival = np.cumprod(1 - asked, axis=1)
        return from_slots(np.asarray(1 - survival, np.float64), samples.earliest)


def _scaled(common: FloatArray, ended: FloatArray, looked: FloatArray) -> FloatArray:
    """Return hazards scaled to what happened, (PHASES, HOURS, SLOTS) all.

    First each phase and slot over all hours, then each hour by state and group of
    slots; as far as there were events to speak of.
    """
    happened, expected = ended.sum(1), (looked * common).sum(1)
    ratio = (happened + _EVENTS) / (expected + _EVENTS)
    common = np.minimum(common * ratio[:, None], _MOST_HAZARD)
    happened, expected = (_by_hour(table) for table in (ended, looked * common))
    ratio = (happened + _EVENTS) / (expected + _EVENTS)
    by_slot = ratio[PHASE_STATES][:, SLOT_GROUPS].transpose(0, 2, 1)
    return np.minimum(common * by_slot, _MOST_HAZARD)


def _by_hour(table: FloatArray) -> FloatArray:
    """Return sums by state, group of slots and hour, (2, GROUPS, HOURS)."""
    states = np.stack([table[:VACANT_PHASES].sum(0), table[VACANT_PHASES:].sum(0)])
    return np.asarray(states @ _IN_GROUP, np.float64).transpose(0, 2, 1)


def _learned(training: TrainingSet) -> Arrays:
    counted = {name: _bounded(array) for name, array in _counted(training).items()}
    return {"purpose": np.array(_PURPOSES.index(training.purpose), np.int8), **counted}


def _counted(training: TrainingSet) -> dict[str, IntArray]:
    """Count by phase, hour of the day in the slot, and slot."""
    tables = week_table(training.samples, training.outcomes)
    shape = (PHASES, 7, HOURS, SLOTS)
    ended, looked = (table.reshape(shape).sum(1) for table in tables)
    return {"ended": ended, "looked": looked}


def _bounded(counts: IntArray) -> np.ndarray:
    return np.minimum(counts, _MOST).astype(np.uint16)


def _numbers(rows: tuple[str, ...], lowest: float) -> FloatArray:
    steps = [[int(number) for number in row.split()] for row in rows]
    return lowest + SCALE * np.array(steps, np.float64)


def _shipped(purpose: Purpose) -> FloatArray:
    """Return the shipped hazards of a purpose, (PHASES, HOURS, SLOTS)."""
    usual = _numbers(prior_table.USUAL[purpose], USUAL_LOWEST)
    hours = _numbers(prior_table.HOURS[purpose], HOURS_LOWEST)
    added = hours.reshape(2, GROUPS, HOURS)[PHASE_STATES][:, SLOT_GROUPS]
    hazards: FloatArray = 1 / (1 + np.exp(-(usual[:, None] + added.transpose(0, 2, 1))))
    return hazards


# By the place of the purpose among all.
SHIPPED = tuple(_shipped(purpose) for purpose in _PURPOSES)
