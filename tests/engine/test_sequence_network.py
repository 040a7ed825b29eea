"""Tests of the recurrent network: against slow code and finite differences."""

from dataclasses import replace
import math

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.models.sequence_network import (
    GROUPS,
    HIDDEN,
    MARKS,
    ROOM,
    STATE,
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
from custom_components.occupancy_prediction.engine.types import BINS

ROOMS, FACTS, VISITS = 4, 3, 5


def batch_of(seed: int, count: int = 6) -> Batch:
    """Return samples with none, some and all of their visits."""
    generator = np.random.default_rng(seed)
    begun = np.resize([VISITS, 0, 2, 4, 1, 3], count)
    return Batch(
        rooms=generator.integers(0, ROOMS, (count, VISITS)),
        marks=generator.normal(size=(count, VISITS, MARKS)),
        inside=(np.arange(VISITS)[None] >= begun[:, None]) * 1.0,
        facts=generator.normal(size=(count, FACTS)),
        target=generator.integers(0, ROOMS, count),
        given=generator.normal(size=(count, BINS)),
        risk=(generator.random((count, BINS)) < 0.8) * 1.0,
        label=(generator.random((count, BINS)) < 0.3) * 1.0,
    )


def parameters_of(seed: int) -> Parameters:
    """Return parameters of any kind, in double precision."""
    generator = np.random.default_rng(seed)
    return {
        name: each.astype(np.float64) + 0.3 * generator.normal(size=each.shape)
        for name, each in first_parameters(ROOMS, FACTS, generator).items()
    }


# --- forward --------------------------------------------------------------------------


def slow_states(parameters: Parameters, batch: Batch, row: int) -> list[list[float]]:
    """Return the states of one sample, one visit and one unit after the other."""
    cell, state = [0.0] * STATE, [0.0] * STATE
    states = []
    for time in range(VISITS):
        if not batch.inside[row, time]:
            states.append([0.0] * STATE)
            continue
        room = parameters["rooms"][batch.rooms[row, time]]
        seen = [*room.tolist(), *batch.marks[row, time].tolist()]
        drive = []
        for unit in range(4 * STATE):
            total = float(parameters["gate_bias"][unit])
            for place, number in enumerate(seen):
                total += number * float(parameters["input"][place, unit])
            for place, number in enumerate(state):
                total += number * float(parameters["recurrent"][place, unit])
            drive.append(total)
        for unit in range(STATE):
            enter, keep, leave = (
                1 / (1 + math.exp(-drive[gate * STATE + unit])) for gate in range(3)
            )
            new = math.tanh(drive[3 * STATE + unit])
            cell[unit] = keep * cell[unit] + enter * new
            state[unit] = leave * math.tanh(cell[unit])
        states.append(list(state))
    return states


def slow_added(parameters: Parameters, batch: Batch, row: int) -> list[float]:
    """Return what is added to the log-odds of each group of bins."""
    states = slow_states(parameters, batch, row)
    target = parameters["rooms"][batch.target[row]]
    facts = np.array([*batch.facts[row], *target])
    query = facts @ parameters["query"]
    told = [time for time in range(VISITS) if batch.inside[row, time]]
    weights = {
        time: math.exp(float(np.dot(states[time], query)) / math.sqrt(STATE))
        for time in told
    }
    context = np.zeros(STATE)
    for time in told:
        context += weights[time] / sum(weights.values()) * np.array(states[time])
    joined = np.array([*facts, *context, *states[-1]])
    hidden = np.tanh(joined @ parameters["hidden"] + parameters["hidden_bias"])
    added = hidden @ parameters["output"] + parameters["output_bias"]
    return [float(number) for number in added]


@pytest.mark.parametrize("seed", range(3))
def test_forward_is_the_slow_one(seed: int) -> None:
    """Cell, attention and what comes after them, with any number of visits."""
    parameters, batch = parameters_of(seed), batch_of(seed)
    trace = forward(parameters, batch)
    added = trace.log_odds - batch.given
    # The first and the last bin, and one between, of each group.
    group = [0, 0, 1, 1, 2, 2, 2, *[3] * 6, *[4] * 6, *[5] * 7]
    for row in range(len(batch)):
        np.testing.assert_allclose(
            trace.states[row], slow_states(parameters, batch, row), atol=1e-12
        )
        slow = slow_added(parameters, batch, row)
        np.testing.assert_allclose(added[row], [slow[g] for g in group], atol=1e-12)


def test_attention_is_on_visits_that_were() -> None:
    """It adds up to one, and to nothing where nobody has moved yet."""
    batch = batch_of(2)
    share = forward(parameters_of(2), batch).share
    assert (share[batch.inside == 0] == 0).all()
    np.testing.assert_allclose(share.sum(1), batch.inside.any(1))


def test_before_it_has_learned_it_adds_nothing() -> None:
    """The given log-odds are where it starts."""
    network = first_parameters(ROOMS, FACTS, np.random.default_rng(0))
    batch = batch_of(3)
    np.testing.assert_array_equal(forward(network, batch).log_odds, batch.given)


def test_fewer_visits_than_asked_for() -> None:
    """Empty places before the first visit make no difference, nor does their lack."""
    parameters, batch = parameters_of(4), batch_of(4)
    rows = np.flatnonzero(batch.inside[:, 1] == 0)
    taken = batch.take(rows)
    assert taken.rooms.shape[1] == 3
    np.testing.assert_allclose(
        forward(parameters, taken).log_odds,
        forward(parameters, batch).log_odds[rows],
        atol=1e-12,
    )
    alone = batch.take(np.flatnonzero(~batch.inside.any(1)))
    assert alone.rooms.shape == (1, 0)
    assert np.isfinite(forward(parameters, alone).log_odds).all()


def test_loss_by_hand() -> None:
    """The log-likelihood of what was looked at."""
    batch = batch_of(5, 2)
    trace = forward(parameters_of(5), batch)
    chance = sigmoid(trace.log_odds)
    expected = sum(
        -math.log(chance[row, b] if batch.label[row, b] else 1 - chance[row, b])
        for row in range(2)
        for b in range(BINS)
        if batch.risk[row, b]
    )
    assert loss(trace, batch) == pytest.approx(expected / 2)


def test_sigmoid_has_no_overflow() -> None:
    """However large its argument is."""
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]


# --- backward -------------------------------------------------------------------------


def steepness(parameters: Parameters, batch: Batch, name: str) -> np.ndarray:
    """Return how the loss changes with each number, by trying."""
    result = np.zeros_like(parameters[name])
    for place in np.ndindex(result.shape):
        sides = []
        for step in (1e-6, -1e-6):
            moved = parameters[name].copy()
            moved[place] += step
            changed = {**parameters, name: moved}
            sides.append(loss(forward(changed, batch), batch))
        result[place] = (sides[0] - sides[1]) / 2e-6
    return result


@pytest.mark.parametrize("name", list(parameters_of(0)))
def test_gradient(name: str) -> None:
    """Every number of every parameter, against finite differences."""
    parameters, batch = parameters_of(7), batch_of(7)
    slope = gradient(parameters, batch, forward(parameters, batch))
    expected = steepness(parameters, batch, name)
    np.testing.assert_allclose(slope[name], expected, atol=1e-8)
    assert np.abs(expected).max() > 1e-4


def test_gradient_without_visits() -> None:
    """What was not used has none, and the rest the right one."""
    parameters, batch = parameters_of(8), batch_of(8)
    batch = batch.take(np.flatnonzero(~batch.inside.any(1)))
    slope = gradient(parameters, batch, forward(parameters, batch))
    for name in ("input", "recurrent", "gate_bias", "query"):
        assert not slope[name].any()
    for name in ("rooms", "hidden", "output"):
        np.testing.assert_allclose(
            slope[name], steepness(parameters, batch, name), atol=1e-8
        )


def test_gradient_of_a_thinned_network() -> None:
    """Units that are left out are not moved."""
    parameters, batch = parameters_of(9), batch_of(9)
    thin, masks = thinned(parameters, np.random.default_rng(1))
    slope = gradient(thin, batch, forward(thin, batch))
    moved = scaled(slope, masks)

    def thin_loss(name: str, place: tuple[int, ...], step: float) -> float:
        changed = parameters[name].copy()
        changed[place] += step
        network = {**thin, name: changed * masks[name]}
        return loss(forward(network, batch), batch)

    for name, mask in masks.items():
        assert mask.shape == (len(parameters[name]), 1)
        assert 0 < (mask == 0).sum() < len(mask)
        for place in ((int(mask.argmax()), 1), (int(mask.argmin()), 1)):
            expected = thin_loss(name, place, 1e-6) - thin_loss(name, place, -1e-6)
            assert moved[name][place] == pytest.approx(expected / 2e-6, abs=1e-8)


# --- learning -------------------------------------------------------------------------


def test_adam_by_hand() -> None:
    """Two steps of one number."""
    optimizer, value = Adam({"x": np.array([1.0])}), 1.0
    parameters: Parameters = {"x": np.array([1.0])}
    mean = square = 0.0
    for number, slope in ((1, 2.0), (2, -0.5)):
        pulled = slope + 0.001 * value
        mean = 0.9 * mean + 0.1 * pulled
        square = 0.999 * square + 0.001 * pulled**2
        size = (mean / (1 - 0.9**number)) / math.sqrt(square / (1 - 0.999**number))
        value -= 2e-3 * size
        parameters = optimizer.step(parameters, {"x": np.array([slope])})
        assert parameters["x"][0] == pytest.approx(value, abs=1e-9)


def test_it_learns_what_only_the_order_tells() -> None:
    """Whether room 1 was visited before or after room 2."""
    generator = np.random.default_rng(3)
    first = generator.integers(0, 2, 1024)
    rooms = np.stack([1 + first, 2 - first], axis=1)
    nothing = np.zeros((1024, BINS), np.float32)
    batch = Batch(
        rooms=rooms,
        marks=np.zeros((1024, 2, MARKS), np.float32),
        inside=np.ones((1024, 2), np.float32),
        facts=np.zeros((1024, FACTS), np.float32),
        target=np.zeros(1024, np.int64),
        given=nothing,
        risk=nothing + 1.0,
        label=nothing + first[:, None],
    )
    network = first_parameters(ROOMS, FACTS, generator)
    optimizer = Adam(network)
    before = loss(forward(network, batch), batch)
    for _ in range(150):
        network = optimizer.step(
            network, gradient(network, batch, forward(network, batch))
        )
    assert loss(forward(network, batch), batch) < 0.5 * before
    backwards = replace(batch, rooms=rooms[:, ::-1])
    assert loss(forward(network, backwards), backwards) > before
    assert all(each.dtype == np.float32 for each in network.values())


def test_it_stays_small() -> None:
    """A home of twenty rooms has a network of some ten thousand numbers."""
    network = first_parameters(21, 11, np.random.default_rng(0))
    assert sum(each.size for each in network.values()) < 10_000
    assert network["output"].shape == (HIDDEN, GROUPS)
    assert network["rooms"].shape == (21, ROOM)
