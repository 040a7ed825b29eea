"""Tests of life tables counted from the earliest possible end."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from custom_components.occupancy_prediction.engine.distribution import (
    from_hazards,
    is_valid,
)
from custom_components.occupancy_prediction.engine.models.phases import (
    HOURS,
    HOURS_OF_WEEK,
    PHASE_STATES,
    PHASES,
    SLOTS,
    from_slots,
    hour_table,
    hours_ahead,
    phase_hazards,
    phase_of,
    slot_of,
    week_table,
)
from custom_components.occupancy_prediction.engine.types import BINS, GRID, HORIZON

from .made import outcomes_of_minutes, samples_of
from .test_oracles import random_samples


def test_phases_are_of_their_state() -> None:
    """Each phase belongs to one state; all of them are met."""
    samples = random_samples(np.random.default_rng(1), 3000)
    phase = phase_of(samples)
    np.testing.assert_array_equal(PHASE_STATES[phase], samples.occupied)
    assert set(phase.tolist()) == set(range(PHASES))


@pytest.mark.parametrize(
    ("remaining", "slot"), [(2.5, 0), (2.6, 1), (3.5, 1), (4.5, 2), (7.4, 4)]
)
def test_slots_count_from_the_earliest_end(remaining: float, slot: int) -> None:
    """Of a room that has two and a half minutes of its delay left."""
    samples = samples_of(1, occupied=True, sensor_on=False, earliest=2.5, quiet=2.5)
    assert slot_of(samples, outcomes_of_minutes([remaining])).tolist() == [slot]


def test_who_outlived_the_horizon_was_looked_at_in_every_slot() -> None:
    """Also where the horizon ends inside the last one."""
    samples = samples_of(2, occupied=True, sensor_on=False, earliest=5.0)
    outcomes = outcomes_of_minutes([HORIZON, HORIZON], [False, True])
    assert slot_of(samples, outcomes).tolist() == [SLOTS, BINS]
    ended, looked = hour_table(samples, outcomes, np.ones((2, 1)))
    assert (looked.sum((0, 1, 2)) == 2).all()
    assert ended.sum() == ended[..., -1].sum() == 1


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 40))
def test_counts_are_those_made_one_by_one(seed: int, count: int) -> None:
    """Sample by sample and slot by slot, in both tables."""
    generator = np.random.default_rng(seed)
    samples = random_samples(generator, count)
    outcomes = outcomes_of_minutes(
        samples.earliest + generator.exponential(100, count),
        generator.random(count) < 0.8,
    )
    share = generator.random((count, 2))
    slot, phase = slot_of(samples, outcomes), phase_of(samples)
    expected = np.zeros((2, 2, PHASES, HOURS, SLOTS))
    weekly = np.zeros((2, PHASES, HOURS_OF_WEEK, SLOTS))
    for row in range(count):
        for number in range(SLOTS):
            ended = slot[row] == number and outcomes.observed[row]
            hour = hours_ahead(samples)[row, number]
            for table, counted in enumerate((ended, ended or slot[row] > number)):
                now = int(samples.clock[row] // 60)
                expected[table, :, phase[row], now, number] += share[row] * counted
                weekly[table, phase[row], hour, number] += counted
    np.testing.assert_allclose(hour_table(samples, outcomes, share), expected)
    np.testing.assert_array_equal(week_table(samples, outcomes), weekly)


def test_hours_ahead_are_those_of_the_week() -> None:
    """A slot that lies on Monday is counted on Monday, whenever it was asked."""
    sunday = samples_of(1, clock=1430.0, day=739_865)
    assert hours_ahead(sunday)[0, [0, 1, 10, -1]].tolist() == [167, 167, 0, 20]


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), earliest=st.floats(0.0, 60.0))
def test_from_slots(seed: int, earliest: float) -> None:
    """Nothing before the earliest end, then the same as counted from it."""
    hazards = np.random.default_rng(seed).random((1, SLOTS)) * 0.3
    reached = np.asarray(1 - np.cumprod(1 - hazards, axis=1), np.float64)
    cdf = from_slots(reached, np.array([earliest]))
    assert is_valid(cdf).all()
    lead = GRID[1:] - earliest
    expected = np.where(lead >= 0, np.interp(lead, GRID, reached[0]), 0.0)
    np.testing.assert_allclose(cdf[0], expected, atol=1e-12)


def test_from_slots_of_a_vacant_room_is_the_plain_hour_table() -> None:
    """Nothing ends in the slot that has no length."""
    hazards = np.random.default_rng(3).random((4, BINS)) * 0.3
    reached = np.concatenate([np.zeros((4, 1)), from_hazards(hazards)], axis=1)
    np.testing.assert_array_equal(
        from_slots(reached, np.zeros(4)), from_hazards(hazards)
    )


def test_a_phase_without_data_is_like_its_state() -> None:
    """And a state without data rules nothing out."""
    ended, looked = np.zeros((PHASES, SLOTS)), np.zeros((PHASES, SLOTS))
    ended[0], looked[0] = 1.0, 10.0
    states, phases = phase_hazards(ended, looked, 3.0)
    assert states[0] == pytest.approx(0.1, rel=0.01)
    np.testing.assert_array_equal(phases[1], states[0])
    np.testing.assert_array_equal(phases[-1], states[1])
    assert ((phases > 0) & (phases < 1)).all()
