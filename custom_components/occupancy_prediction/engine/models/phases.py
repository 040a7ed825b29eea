"""Life tables of where a room is in its state.

An occupied room cannot become vacant before the rest of its vacancy delay is over,
and very often does so that very moment. Time is therefore counted from the earliest
possible end: slot 0 is that moment itself, slot k what follows it up to ``GRID[k]``
minutes later. For a vacant room the earliest end is now.
"""

import numpy as np

from ..samples import Outcomes, Samples
from ..types import BINS, GRID, HORIZON, FloatArray, IntArray

SLOTS = BINS + 1
# Middle of each slot, in minutes after the earliest end.
SLOT_MIDDLES: FloatArray = np.r_[0.0, (GRID[1:] + GRID[:-1]) / 2]
# Groups of slots for which an hour of the day may mean different things: at once, up
# to ten minutes after the earliest end, an hour, four hours, later.
SLOT_GROUPS: IntArray = np.searchsorted((0.0, 10.0, 60.0, 240.0), GRID, "left")
GROUPS = 5
HOURS = 24
# Hours of the week, Monday 0 first.
HOURS_OF_WEEK = 7 * HOURS

# Minutes in the state at which its next phase begins: nobody is missed for ten
# minutes after leaving, and few things outside the room take less than an hour.
_VACANT_EDGES = (10.0, 60.0, 240.0)
# The same of an occupied room: whoever stays longer did not come to fetch something.
_STAY_EDGE = 20.0
# Parts of the vacancy delay: the longer nobody has moved, the surer it runs out.
_DELAY_PARTS = 3
VACANT_PHASES = len(_VACANT_EDGES) + 1
# Then a sensor on or the parts of the delay, each early and late in the stay.
PHASES = VACANT_PHASES + 2 * (1 + _DELAY_PARTS)
# The state of each phase, 0 vacant or 1 occupied.
PHASE_STATES: IntArray = (np.arange(PHASES) >= VACANT_PHASES).astype(np.int64)
# A change this long after the earliest end (min) came at once: times are kept in
# milliseconds.
_AT_ONCE = 1e-3


def phase_of(samples: Samples) -> IntArray:
    """Return the phase 0..PHASES - 1 of each sample, (n,)."""
    vacant = np.searchsorted(_VACANT_EDGES, samples.elapsed, "right")
    delay = np.maximum(samples.earliest + samples.quiet, 1e-9)
    left = np.clip(samples.earliest / delay, 0.0, 1.0 - 1e-9)
    running = 1 + np.floor(left * _DELAY_PARTS).astype(np.int64)
    late = (samples.elapsed > _STAY_EDGE).astype(np.int64)
    occupied = 2 * np.where(samples.sensor_on, 0, running) + late
    return np.where(samples.occupied, VACANT_PHASES + occupied, vacant)


def slot_of(samples: Samples, outcomes: Outcomes) -> IntArray:
    """Return the slot in which each outcome lies, SLOTS if beyond the horizon."""
    lead = np.maximum(outcomes.remaining - samples.earliest, 0.0)
    slot = np.where(lead <= _AT_ONCE, 0, np.searchsorted(GRID, lead, "left"))
    outlived = ~outcomes.observed & (outcomes.remaining >= HORIZON)
    return np.where(outlived, SLOTS, slot)


def hour_table(
    samples: Samples, outcomes: Outcomes, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Count per group, phase, hour of the day of the question, and slot.

    ``weights`` (n, g) is how much each sample belongs to each group. Both answers are
    (g, PHASES, HOURS, SLOTS): who ended, and who was looked at to the end of the slot.
    """
    slot = slot_of(samples, outcomes)
    hour = np.floor(samples.clock / 60.0).astype(np.int64) % HOURS
    place = (phase_of(samples) * HOURS + hour) * (SLOTS + 1) + slot
    shape = (weights.shape[1], PHASES, HOURS, SLOTS + 1)
    ended, left = np.zeros(shape), np.zeros(shape)
    for group, weight in enumerate(weights.T):
        for table, chosen in ((ended, outcomes.observed), (left, ~outcomes.observed)):
            counts = np.bincount(place, weight * chosen, table[group].size)
            table[group] = counts.reshape(shape[1:])
    # Who left in a later slot was looked at in this one.
    looked = (ended + left)[..., ::-1].cumsum(-1)[..., ::-1] - left
    return ended[..., :SLOTS], looked[..., :SLOTS]


def hours_ahead(samples: Samples) -> IntArray:
    """Return the hour of the week in the middle of each slot, (n, SLOTS)."""
    minutes = (samples.clock + samples.earliest)[:, None] + SLOT_MIDDLES
    # Ordinal 1 was a Monday.
    midnight = HOURS * (samples.day - 1)
    hours = np.floor(minutes / 60.0).astype(np.int64) + midnight[:, None]
    ahead: IntArray = hours % HOURS_OF_WEEK
    return ahead


def week_table(samples: Samples, outcomes: Outcomes) -> tuple[IntArray, IntArray]:
    """Count per phase, hour of the week *in the slot*, and slot.

    Both are (PHASES, HOURS_OF_WEEK, SLOTS): who ended, and who was looked at to
    the end of the slot.
    """
    slot = slot_of(samples, outcomes)
    places = phase_of(samples)[:, None] * HOURS_OF_WEEK + hours_ahead(samples)
    shape = (PHASES, HOURS_OF_WEEK, SLOTS)
    ended, looked = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    size = PHASES * HOURS_OF_WEEK
    for number in range(SLOTS):
        here = (slot == number) & outcomes.observed
        seen = (slot > number) | here
        for table, chosen in ((ended, here), (looked, seen)):
            counts = np.bincount(places[chosen, number], minlength=size)
            table[:, :, number] = counts.reshape(shape[:2])
    return ended, looked


def phase_hazards(
    ended: FloatArray, looked: FloatArray, strength: float
) -> tuple[FloatArray, FloatArray]:
    """Return the hazards of each state (2, SLOTS) and phase (PHASES, SLOTS).

    A phase is pulled to its state by that many pseudo-observations.
    """
    states = np.zeros((2, SLOTS))
    for state in (0, 1):
        chosen = state == PHASE_STATES
        # Without any observation: one transition a day, spread evenly.
        states[state] = (ended[chosen].sum(0) + 1e-3) / (
            looked[chosen].sum(0) + 1e-3 * SLOTS
        )
    phases = (ended + strength * states[PHASE_STATES]) / (looked + strength)
    return states, phases


def from_slots(reached: FloatArray, earliest: FloatArray) -> FloatArray:
    """Return distributions on the grid, (n, BINS).

    ``reached`` (n, SLOTS) is the probability that the state has ended by the end of
    each slot, ``earliest`` (n,) when slot 0 is (min).
    """
    lead = GRID[None, 1:] - earliest[:, None]
    upper = np.clip(np.searchsorted(GRID, lead, "left"), 1, BINS)
    low = np.take_along_axis(reached, upper - 1, axis=1)
    high = np.take_along_axis(reached, upper, axis=1)
    share = np.clip((lead - GRID[upper - 1]) / (GRID[upper] - GRID[upper - 1]), 0, 1)
    cdf = low + share * (high - low)
    return np.asarray(np.where(lead < -_AT_ONCE, 0.0, cdf), np.float64)
