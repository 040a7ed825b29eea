"""Fitting the members of the pool, each on what it starts from.

Two levels (stacked generalization, Wolpert 1992): the hazard starts from the reference,
and the members that correct start from both. What these were fitted on must be out of
sample, or they would trust them too much: the reference leaves out the day of each
moment, and the hazard is fitted once more for each part of the days, on the others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from .distribution import hazards_of
from .ensemble import with_start
from .memory import Memory
from .models import BASIS, CORRECTING, MEMBERS, REFERENCE
from .models.base import Arrays, FitContext, Member
from .record import Resolved
from .samples import TrainingSet
from .types import BINS, BoolArray, IntArray

# Parts of the days: each is forecast from the days of the others.
_PARTS = 4
# Samples of a room from which a part is forecast (count): half of what the hazard itself
# learns from is as good here.
_MOST_SAMPLES = 3500

type Checkpoint = Callable[[float], None]
type Trainings = Mapping[str, TrainingSet]


def part_of(checkpoint: Checkpoint, first: float, last: float) -> Checkpoint:
    """Return a checkpoint for the work between two shares of the whole."""
    return lambda share: checkpoint(first + (last - first) * share)


def with_reference(
    members: Mapping[str, Arrays], part: Resolved, *, leave_out_day: bool = False
) -> dict[bool, TrainingSet]:
    """Return what counting (True) and other members (False) learn from."""
    samples = part.learned.samples
    reference = REFERENCE.hazards(
        members[REFERENCE.name], samples, leave_out_day=leave_out_day
    )
    learned = replace(part.learned, samples=replace(samples, reference=reference))
    return {True: part.counted, False: learned}


def fit_members(
    resolved: Mapping[str, Resolved],
    context: FitContext,
    *,
    memory: Memory,
    time_zone: str,
    members: Sequence[Member] = MEMBERS,
) -> dict[str, dict[str, Arrays]]:
    """Fit members to what is remembered; return arrays by room and member."""
    resolved = {
        room_id: replace(
            part,
            counted=memory.learned(room_id, part.counted, time_zone),
            learned=memory.learned(room_id, part.learned, time_zone),
        )
        for room_id, part in resolved.items()
    }
    # The reference and what the correcting start from are two pieces of work more.
    steps = _Steps(context, len(members) + 2)
    reference = REFERENCE.fit(
        {room_id: part.learned for room_id, part in resolved.items()},
        steps.next(REFERENCE.name),
    )
    trainings = {
        room_id: with_reference(
            {REFERENCE.name: reference[room_id]}, part, leave_out_day=True
        )
        for room_id, part in resolved.items()
    }
    counted = {room_id: part[True] for room_id, part in trainings.items()}
    learned = {room_id: part[False] for room_id, part in trainings.items()}
    corrected: Trainings = learned
    if any(member.name in CORRECTING for member in members):
        corrected = started(learned, steps.next(BASIS.name))
    fitted: dict[str, dict[str, Arrays]] = {room_id: {} for room_id in resolved}
    for member in members:
        own = steps.next(member.name)
        taught = corrected if member.name in CORRECTING else learned
        arrays = (
            reference
            if member is REFERENCE
            else member.fit(counted if member.counts else taught, own)
        )
        for room_id, each in arrays.items():
            fitted[room_id][member.name] = each
    return fitted


class _Steps:
    """Contexts for pieces of work that take about as long as each other."""

    def __init__(self, context: FitContext, count: int) -> None:
        """Share the work of a context out."""
        self._context = context
        self._count = count
        self._done = 0

    def next(self, name: str) -> FitContext:
        """Begin with the next piece, which is said to be of a member."""
        first, last = self._done / self._count, (self._done + 1) / self._count
        self._done += 1
        self._context.announce(name)
        return replace(
            self._context,
            checkpoint=part_of(self._context.checkpoint, first, last),
            announce=partial(self._context.announce, name),
        )


def started(rooms: Trainings, context: FitContext) -> Trainings:
    """Return trainings with what is known out of sample of where to start from.

    With fewer days than parts nothing is: there the start is the reference.
    """
    days: IntArray = np.unique(
        np.concatenate([np.zeros(0), *(part.samples.day for part in rooms.values())])
    ).astype(np.int64)
    if len(days) < _PARTS:
        return rooms
    hazards = {
        room_id: np.zeros((len(part.samples), BINS)) for room_id, part in rooms.items()
    }
    for number in range(_PARTS):
        checkpoint = part_of(context.checkpoint, number / _PARTS, (number + 1) / _PARTS)
        asked = {
            room_id: np.isin(part.samples.day, days[number::_PARTS])
            for room_id, part in rooms.items()
        }
        fitted = BASIS.fit(
            {
                room_id: _thinned(part, ~asked[room_id])
                for room_id, part in rooms.items()
            },
            replace(context, checkpoint=checkpoint),
        )
        for room_id, part in rooms.items():
            rows = np.flatnonzero(asked[room_id])
            cdf = BASIS.predict(
                fitted[room_id], part.samples.take(rows), context.config
            )
            hazards[room_id][rows] = hazards_of(cdf)
    return {
        room_id: replace(part, samples=with_start(part.samples, hazards[room_id]))
        for room_id, part in rooms.items()
    }


def _thinned(part: TrainingSet, chosen: BoolArray) -> TrainingSet:
    rows = np.flatnonzero(chosen)
    rows = rows[:: max(1, -(-len(rows) // _MOST_SAMPLES))]
    return TrainingSet(part.samples.take(rows), part.outcomes.take(rows), part.stays)
