"""Who went where before: a recurrent network over the last visits of the home.

One small network for all rooms of a home (see ``sequence_network``) reads the rooms
visited, when and for how long, and adds to the log-odds of a simpler forecast in each
bin. It begins by adding nothing. How long it may learn is found on the last days; then
it learns that long from all days. Where the order of visits tells nothing, the simpler
forecast stays nearly as it is.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np

from ..config import EngineConfig
from ..distribution import from_hazards
from ..samples import Samples, TrainingSet
from ..types import BINS, GRID, FloatArray, IntArray
from .base import Arrays, FitContext, last_bin, visits
from .sequence_network import (
    Adam,
    Batch,
    Parameters,
    first_parameters,
    forward,
    gradient,
    loss,
    scaled,
    sigmoid,
    thinned,
)

# Samples learned from, of a home and of a room at most (count): closer ones repeat
# each other, and the time of a training grows with them.
_SAMPLES_HOME = 12_000
_SAMPLES_ROOM = 2500
# Fewer than these teach a network nothing but themselves (count).
_SAMPLES_MINIMUM = 400
_BATCH = 256
# Times all samples are gone through, from where they are many to where they are few
# (count), to come to that many steps of learning: each moves a number by a few
# thousandths.
_EPOCHS = (8, 25)
_STEPS = 200
# Share of the days, the last ones, by which the network is judged.
_JUDGED = 0.2
# It has learned enough when these days are forecast worse than ever by that share: the
# simpler forecast it starts from knows the days around them, and looks too good.
_WORSE = 0.01
# Chances are held to be no smaller than that.
_SMALLEST = 1e-4
# Durations longer than a week (min) are all the same.
_LONGEST = 10_080.0
# Log minutes of a few hours are about one, which networks like best.
_LOG_SCALE = 5.0
_FACTS = 11
_NETWORK = "network_"


class Sequence:
    """Recurrent network with attention over visits."""

    name: ClassVar[str] = "sequence"
    share: ClassVar[float] = 1.0
    counts: ClassVar[bool] = False

    def fit(
        self, rooms: Mapping[str, TrainingSet], context: FitContext
    ) -> dict[str, Arrays]:
        """Fit one network to all rooms."""
        if not rooms:
            return {}
        codes = np.unique(
            np.concatenate(
                [np.abs(_visits(t.samples)[0]).ravel() for t in rooms.values()]
            )
        )
        codes = codes[codes > 0].astype(np.float64)
        batches, days, known = [], [], {}
        for number, (room_id, training) in enumerate(rooms.items()):
            context.checkpoint(0.1 * number / len(rooms))
            known[room_id] = {
                "codes": codes,
                "own": np.array(_own(training.samples)),
                "usual": _usual(training),
            }
            most = min(_SAMPLES_ROOM, max(1, _SAMPLES_HOME // len(rooms)))
            rows = np.arange(0, len(training.samples), _stride(training, most))
            part = TrainingSet(
                training.samples.take(rows),
                training.outcomes.take(rows),
                training.stays,
            )
            batches.append(_batch(known[room_id], part.samples, np.float32, part))
            days.append(part.samples.day)
        network = _learn(
            Batch.joined(batches), np.concatenate(days), len(codes), context
        )
        saved = {_NETWORK + name: array for name, array in network.items()}
        return {room_id: {**each, **saved} for room_id, each in known.items()}

    def update(
        self, arrays: Arrays, training: TrainingSet, context: FitContext
    ) -> Arrays:
        """Return the same: the network waits for a training."""
        return dict(arrays)

    def predict(
        self, arrays: Arrays, samples: Samples, config: EngineConfig
    ) -> FloatArray:
        """Return the distributions of the network's hazards."""
        network = {
            name.removeprefix(_NETWORK): array.astype(np.float64)
            for name, array in arrays.items()
            if name.startswith(_NETWORK)
        }
        batch = _batch(arrays, samples, np.float64).take(np.arange(len(samples)))
        hazards = sigmoid(forward(network, batch).log_odds)
        return from_hazards(np.asarray(hazards * _possible(samples), np.float64))


def _stride(training: TrainingSet, most: int) -> int:
    return max(1, -(-len(training.samples) // most))


def _visits(samples: Samples) -> FloatArray:
    """Return codes of rooms, log minutes ago and stayed, oldest first, (3, n, t)."""
    return visits(samples)[:, :, ::-1]


def _own(samples: Samples) -> float:
    """Return the code of the room itself, 0 where it was never visited."""
    codes = _visits(samples)[0]
    return float(-codes.min(initial=0.0))


def _possible(samples: Samples) -> np.ndarray:
    """Tell in which bins a transition is possible at all, (n, BINS)."""
    return GRID[None, 1:] > samples.earliest[:, None] + 1e-9


def _usual(training: TrainingSet) -> FloatArray:
    """Return the log-odds of vacant and occupied whatever the rest, (2, BINS)."""
    risk, label = _labels(training)
    odds = np.zeros((2, BINS))
    for state in (0, 1):
        chosen = training.samples.occupied == bool(state)
        # One transition per horizon before anything was seen.
        ended = label[chosen].sum(0) + 1.0 / BINS
        odds[state] = _log_odds(ended / (risk[chosen].sum(0) + 1.0))
    return odds


def _log_odds(chance: FloatArray) -> FloatArray:
    chance = np.clip(chance, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(chance / (1 - chance)), np.float64)


def _labels(training: TrainingSet) -> tuple[np.ndarray, np.ndarray]:
    """Return which bins were looked at to their end, and in which it happened."""
    outcomes, bins = training.outcomes, np.arange(BINS)
    last = last_bin(outcomes)
    risk = bins < (last + outcomes.observed)[:, None]
    label = (bins == last[:, None]) & outcomes.observed[:, None]
    return risk & _possible(training.samples), label & _possible(training.samples)


def _batch(
    known: Arrays,
    samples: Samples,
    dtype: type[np.floating],
    training: TrainingSet | None = None,
) -> Batch:
    codes, ago, stayed = _visits(samples)
    own = codes < 0
    marks = np.stack([own, ago / _LOG_SCALE, stayed / _LOG_SCALE], axis=2)
    given = known["usual"][samples.occupied.astype(np.int64)]
    if samples.reference.shape[1]:
        given = _log_odds(samples.reference)
    nothing = np.zeros((len(samples), BINS), np.bool_)
    risk, label = (nothing, nothing) if training is None else _labels(training)
    places = _places(known["codes"], np.abs(codes))
    target = _places(known["codes"], np.full(len(samples), float(known["own"])))
    return Batch(
        rooms=places,
        marks=marks.astype(dtype),
        inside=(codes != 0).astype(dtype),
        facts=_facts(samples).astype(dtype),
        target=target,
        given=given.astype(dtype),
        risk=risk.astype(dtype),
        label=label.astype(dtype),
    )


def _places(codes: np.ndarray, asked: np.ndarray) -> IntArray:
    """Return 1 + the place of each code, 0 for one that is not known."""
    if not len(codes):
        return np.zeros(asked.shape, np.int64)
    place = np.minimum(np.searchsorted(codes, asked), len(codes) - 1)
    return np.where(codes[place] == asked, place + 1, 0).astype(np.int64)


def _facts(samples: Samples) -> FloatArray:
    """Return what else is known of the moments, (n, _FACTS), all of about one."""
    angle = 2 * np.pi * samples.clock / 1440.0
    delay = np.maximum(samples.earliest + samples.quiet, 1e-9)
    durations = (samples.elapsed, samples.since_on, samples.quiet)
    columns = [
        *(wave(k * angle) for k in (1, 2) for wave in (np.sin, np.cos)),
        *(np.log1p(np.minimum(each, _LONGEST)) / _LOG_SCALE for each in durations),
        samples.earliest / delay,
        samples.weekend,
        samples.occupied,
        samples.sensor_on,
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _learn(batch: Batch, days: IntArray, rooms: int, context: FitContext) -> Parameters:
    """Return the network that learned from all days for as long as was good."""
    generator = np.random.default_rng(context.seed)
    network = first_parameters(rooms + 1, _FACTS, generator)
    if len(batch) < _SAMPLES_MINIMUM:
        return network
    different = np.unique(days)
    last = days >= different[int(len(different) * (1 - _JUDGED))]
    judged, before = batch.take(np.flatnonzero(last)), np.flatnonzero(~last)
    lowest, enough = loss(forward(network, judged), judged), 0
    most = int(np.clip(_STEPS * _BATCH // len(batch), *_EPOCHS))
    epochs = _epochs(network, batch, before, context.seed)
    for epoch, tried in zip(range(most), epochs, strict=False):
        context.checkpoint(0.1 + 0.4 * epoch / most)
        reached = loss(forward(tried, judged), judged)
        if reached > lowest * (1 + _WORSE):
            break
        lowest, enough = min(lowest, reached), epoch + 1
    every = np.arange(len(batch))
    epochs = _epochs(network, batch, every, context.seed)
    for epoch in range(enough):
        context.checkpoint(0.5 + 0.5 * epoch / most)
        network = next(epochs)
    return network


def _epochs(
    network: Parameters, batch: Batch, rows: IntArray, seed: int
) -> Iterator[Parameters]:
    """Learn from some rows over and over; yield the network after each time."""
    generator, optimizer = np.random.default_rng(seed + 1), Adam(network)
    while True:
        order = generator.permutation(rows)
        for first in range(0, len(order), _BATCH):
            some = batch.take(order[first : first + _BATCH])
            thin, masks = thinned(network, generator)
            slope = gradient(thin, some, forward(thin, some))
            network = optimizer.step(network, {**slope, **scaled(slope, masks)})
        yield network
