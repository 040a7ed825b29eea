"""A small recurrent network, its gradient and its optimizer, in NumPy.

LSTM (Hochreiter & Schmidhuber 1997) over a sequence, scaled dot-product attention
over its states, a hidden layer, and log-odds by group of bins on top of given ones.
Everything is worked out in the precision of the parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from ..types import GRID

# Any precision: single in training, double in forecasts and tests.
type Numbers = np.ndarray[tuple[int, ...], np.dtype[np.floating]]
type Parameters = Mapping[str, Numbers]

# Size of the states, of the hidden layer and of what stands for a room (count): a
# home tells some hundreds of visits a week, which carry no more.
STATE = 16
HIDDEN = 24
ROOM = 6
# Numbers known of each visit besides its room.
MARKS = 3
# Bins that are told apart, by their ends (min): what the last visits say of the next
# two minutes differs from what they say of the evening.
_GROUP_ENDS = (2.0, 5.0, 15.0, 60.0, 240.0)
GROUPS = len(_GROUP_ENDS) + 1
_IN_GROUP = (
    np.searchsorted(_GROUP_ENDS, GRID[1:], "left") == np.arange(GROUPS)[:, None]
).astype(np.float32)
# Share of the units of the hidden layer, and of what goes into it, that is left out
# of each batch (Srivastava et al. 2014): what is learned must not hang on one of them.
_LEFT_OUT = 0.3
# Adam (Kingma & Ba 2015), with its usual constants, and a pull to 0.
_RATE = 2e-3
_PULL = 1e-3
_MOMENTUM, _SCALE, _TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs and labels. Shapes: n samples, t visits, k facts, b bins.

    Attributes:
        rooms: (n, t) which room was visited, oldest first, 0 an unknown one.
        marks: (n, t, MARKS) what else is known of the visit.
        inside: (n, t) 1 where there was a visit, 0 before the first.
        facts: (n, k) what else is known of the moment.
        target: (n,) the room that is asked about.
        given: (n, b) log-odds that the network adds to.
        risk: (n, b) 1 for what is to be learned from.
        label: (n, b) 1 where it happened.
    """

    rooms: np.ndarray
    marks: Numbers
    inside: Numbers
    facts: Numbers
    target: np.ndarray
    given: Numbers
    risk: Numbers
    label: Numbers

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.facts)

    def take(self, rows: np.ndarray) -> Self:
        """Return some samples, with no more visits than they have."""
        taken = {each.name: getattr(self, each.name)[rows] for each in fields(self)}
        some = taken["inside"].any(0)
        first = int(some.argmax()) if some.any() else len(some)
        for name in ("rooms", "marks", "inside"):
            taken[name] = taken[name][:, first:]
        return type(self)(**taken)

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Return the samples of all parts, of which there is at least one."""
        return cls(
            *(
                np.concatenate([getattr(part, each.name) for part in parts])
                for each in fields(cls)
            )
        )


@dataclass(frozen=True, slots=True)
class Trace:
    """What the gradient needs of a forward pass. Shapes: n, t, states h.

    ``inputs`` (n, t, ROOM + MARKS), ``gates`` (n, t, 4 h) input, forget and output
    gate and the new content, ``cells`` and ``states`` (n, t, h), ``query`` (n, h),
    ``share`` (n, t) attention, ``facts`` with the target's numbers, ``joined`` what
    goes into the hidden layer ``hidden``, ``log_odds`` (n, b).
    """

    inputs: Numbers
    gates: Numbers
    cells: Numbers
    states: Numbers
    query: Numbers
    share: Numbers
    facts: Numbers
    joined: Numbers
    hidden: Numbers
    log_odds: Numbers


def first_parameters(
    rooms: int, facts: int, generator: np.random.Generator
) -> Parameters:
    """Return parameters that add nothing yet to the given log-odds."""

    def random(rows: int, columns: int) -> Numbers:
        scale = np.sqrt(1.0 / max(rows, 1))
        return generator.normal(0.0, scale, (rows, columns)).astype(np.float32)

    bias = np.zeros(4 * STATE, np.float32)
    # Remember, until it is learned what to forget.
    bias[STATE : 2 * STATE] = 1.0
    return {
        "rooms": random(rooms, ROOM),
        "input": random(ROOM + MARKS, 4 * STATE),
        "recurrent": random(STATE, 4 * STATE),
        "gate_bias": bias,
        "query": random(facts + ROOM, STATE),
        "hidden": random(facts + ROOM + 2 * STATE, HIDDEN),
        "hidden_bias": np.zeros(HIDDEN, np.float32),
        "output": np.zeros((HIDDEN, GROUPS), np.float32),
        "output_bias": np.zeros(GROUPS, np.float32),
    }


def thinned(
    parameters: Parameters, generator: np.random.Generator
) -> tuple[Parameters, Parameters]:
    """Return the parameters without some units, and by what theirs were multiplied."""
    masks = {}
    for name in ("hidden", "output"):
        kept = generator.random((len(parameters[name]), 1)) >= _LEFT_OUT
        masks[name] = (kept / (1 - _LEFT_OUT)).astype(parameters[name].dtype)
    return {**parameters, **scaled(parameters, masks)}, masks


def scaled(parameters: Parameters, masks: Parameters) -> Parameters:
    """Return the masked parameters (or their gradients), multiplied."""
    return {name: parameters[name] * mask for name, mask in masks.items()}


def sigmoid(value: Numbers) -> Numbers:
    """Return 1 / (1 + exp(-value)), without overflow."""
    result: Numbers = 0.5 * (np.tanh(0.5 * value) + 1.0)
    return result


def forward(parameters: Parameters, batch: Batch) -> Trace:
    """Return the log-odds of a batch, and what led to them."""
    count, length = batch.rooms.shape
    dtype = parameters["input"].dtype
    inputs = np.concatenate([parameters["rooms"][batch.rooms], batch.marks], axis=2)
    driven = inputs @ parameters["input"] + parameters["gate_bias"]
    gates = np.zeros((count, length, 4 * STATE), dtype)
    cells, states = (np.zeros((count, length, STATE), dtype) for _ in range(2))
    cell = state = np.zeros((count, STATE), dtype)
    for time in range(length):
        drive = driven[:, time] + state @ parameters["recurrent"]
        gate = gates[:, time]
        gate[:, : 3 * STATE] = sigmoid(drive[:, : 3 * STATE])
        gate[:, 3 * STATE :] = np.tanh(drive[:, 3 * STATE :])
        enter, keep, leave, new = np.split(gate, 4, axis=1)
        # Before the first visit there is nothing to remember.
        cell = (keep * cell + enter * new) * batch.inside[:, time, None]
        state = leave * np.tanh(cell)
        cells[:, time], states[:, time] = cell, state
    facts = np.concatenate([batch.facts, parameters["rooms"][batch.target]], axis=1)
    query = facts @ parameters["query"]
    share = _attention(states, query, batch.inside)
    context = np.einsum("nt,nth->nh", share, states)
    joined = np.concatenate([facts, context, state], axis=1)
    hidden = np.tanh(joined @ parameters["hidden"] + parameters["hidden_bias"])
    added = hidden @ parameters["output"] + parameters["output_bias"]
    return Trace(
        inputs=inputs,
        gates=gates,
        cells=cells,
        states=states,
        query=query,
        share=share,
        facts=facts,
        joined=joined,
        hidden=hidden,
        log_odds=batch.given + added @ _IN_GROUP.astype(dtype),
    )


def _attention(states: Numbers, query: Numbers, inside: Numbers) -> Numbers:
    """Return how much each visit matters, (n, t); nothing where there was none."""
    if not states.shape[1]:
        return np.zeros(inside.shape, states.dtype)
    score = np.einsum("nth,nh->nt", states, query) / np.sqrt(STATE).astype(states.dtype)
    score = np.where(inside > 0, score, -np.inf)
    highest = score.max(1, keepdims=True)
    weight = np.exp(score - np.where(np.isfinite(highest), highest, 0.0)) * inside
    share: Numbers = weight / np.maximum(weight.sum(1, keepdims=True), 1e-30)
    return share


def loss(trace: Trace, batch: Batch) -> float:
    """Return the mean negative log-likelihood of a sample."""
    odds = trace.log_odds
    missed = np.logaddexp(0.0, odds) - batch.label * odds
    return float((batch.risk * missed).sum(dtype=np.float64)) / max(len(batch), 1)


def gradient(parameters: Parameters, batch: Batch, trace: Trace) -> Parameters:
    """Return the gradient of the loss."""
    count = max(len(batch), 1)
    to_odds = batch.risk * (sigmoid(trace.log_odds) - batch.label) / count
    to_added = to_odds @ _IN_GROUP.T.astype(to_odds.dtype)
    to_hidden = (to_added @ parameters["output"].T) * (1 - trace.hidden**2)
    to_joined = to_hidden @ parameters["hidden"].T
    width = trace.facts.shape[1]
    to_facts = to_joined[:, :width]
    to_context, to_last = np.split(to_joined[:, width:], 2, axis=1)
    to_share = np.einsum("nh,nth->nt", to_context, trace.states)
    mean = (trace.share * to_share).sum(1, keepdims=True)
    to_score = trace.share * (to_share - mean) / np.sqrt(STATE).astype(to_share.dtype)
    to_states = (
        trace.share[..., None] * to_context[:, None]
        + to_score[..., None] * trace.query[:, None]
    )
    if to_states.shape[1]:
        to_states[:, -1] += to_last
    to_query = np.einsum("nt,nth->nh", to_score, trace.states)
    to_facts = to_facts + to_query @ parameters["query"].T
    to_drive = _through_time(parameters, batch, trace, to_states)
    flat = to_drive.reshape(-1, 4 * STATE)
    before = np.zeros_like(trace.states)
    before[:, 1:] = trace.states[:, :-1]
    to_inputs = to_drive @ parameters["input"].T
    return {
        "rooms": _by_room(parameters, batch.rooms, to_inputs[..., :ROOM])
        + _by_room(parameters, batch.target, to_facts[:, -ROOM:]),
        "input": trace.inputs.reshape(-1, ROOM + MARKS).T @ flat,
        "recurrent": before.reshape(-1, STATE).T @ flat,
        "gate_bias": flat.sum(0),
        "query": trace.facts.T @ to_query,
        "hidden": trace.joined.T @ to_hidden,
        "hidden_bias": to_hidden.sum(0),
        "output": trace.hidden.T @ to_added,
        "output_bias": to_added.sum(0),
    }


def _through_time(
    parameters: Parameters, batch: Batch, trace: Trace, to_states: Numbers
) -> Numbers:
    """Return the gradient of what drives the gates, (n, t, 4 STATE)."""
    count, length = batch.rooms.shape
    to_drive = np.zeros_like(trace.gates)
    to_cell = later = np.zeros((count, STATE), trace.gates.dtype)
    for time in range(length - 1, -1, -1):
        enter, keep, leave, new = np.split(trace.gates[:, time], 4, axis=1)
        shown = np.tanh(trace.cells[:, time])
        old = trace.cells[:, time - 1] if time else np.zeros_like(shown)
        to_state = to_states[:, time] + later
        to_cell = to_cell + to_state * leave * (1 - shown**2)
        to_cell = to_cell * batch.inside[:, time, None]
        to_drive[:, time] = np.concatenate(
            [
                to_cell * new * enter * (1 - enter),
                to_cell * old * keep * (1 - keep),
                to_state * shown * leave * (1 - leave),
                to_cell * enter * (1 - new**2),
            ],
            axis=1,
        )
        later = to_drive[:, time] @ parameters["recurrent"].T
        to_cell = to_cell * keep
    return to_drive


def _by_room(parameters: Parameters, rooms: np.ndarray, to_room: Numbers) -> Numbers:
    """Return sums over the places where each room appears."""
    count = len(parameters["rooms"])
    places = rooms.reshape(-1, 1) == np.arange(count)
    result: Numbers = places.T.astype(to_room.dtype) @ to_room.reshape(-1, ROOM)
    return result


class Adam:
    """Stochastic gradient steps of a size of their own for every number."""

    def __init__(self, parameters: Parameters) -> None:
        """Begin with no memory."""
        self._steps = 0
        self._mean = {name: np.zeros_like(each) for name, each in parameters.items()}
        self._square = {name: np.zeros_like(each) for name, each in parameters.items()}

    def step(self, parameters: Parameters, slope: Parameters) -> Parameters:
        """Return the parameters one step down the slope."""
        self._steps += 1
        mean_left, square_left = 1 - _MOMENTUM**self._steps, 1 - _SCALE**self._steps
        moved = {}
        for name, each in parameters.items():
            pulled = slope[name] + _PULL * each
            mean, square = self._mean[name], self._square[name]
            mean += (1 - _MOMENTUM) * (pulled - mean)
            square += (1 - _SCALE) * (pulled**2 - square)
            change = (mean / mean_left) / (np.sqrt(square / square_left) + _TINY)
            moved[name] = (each - _RATE * change).astype(each.dtype)
        return moved
