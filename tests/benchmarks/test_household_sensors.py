"""Tests of what the sensors of the simulated household say, and of their faults."""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from statistics import median

import pytest

from benchmarks.household import Fault, FaultKind, SimulatedEvent, example_faults

from .households import (
    DAY,
    HOUR,
    SIX_WEEKS,
    TWO_WEEKS,
    events_of,
    local_time_of,
    simulate,
)

# --- events -----------------------------------------------------------------------


def test_events_are_ordered_and_inside_the_span() -> None:
    """Events come in time order, from known sensors, in known words."""
    household = simulate(SIX_WEEKS)
    start, end = SIX_WEEKS.span
    times = [event.timestamp for event in household.events]
    assert times == sorted(times)
    assert start <= times[0] < times[-1] < end
    seen = {
        (each.sensor_id, each.sensor_type, each.room_id) for each in household.events
    }
    assert seen == set(household.sensors)
    assert {each.room_id for each in household.events} == set(household.room_ids)
    words = defaultdict(set)
    for event in household.events:
        words[event.sensor_type].add(event.state)
    assert words["motion"] == words["presence"] == {"on", "off"}
    assert words["door"] == {"open", "closed"}
    for sensor_type in ("temperature", "humidity", "light"):
        assert all(float(state) >= 0 for state in words[sensor_type])


def test_states_alternate_without_faults() -> None:
    """No sensor repeats itself; a motion sensor stays on at least for its hold."""
    household = simulate(SIX_WEEKS)
    holds = {sensor.sensor_id: sensor.hold for _, sensor in SIX_WEEKS.sensors}
    for sensor_id, sensor_type, _ in household.sensors:
        events = events_of(household, sensor_id)
        assert all(a.state != b.state for a, b in pairwise(events)), sensor_id
        if sensor_type == "motion":
            lasting = [
                b.timestamp - a.timestamp
                for a, b in pairwise(events)
                if a.state == "on"
            ]
            assert min(lasting) >= holds[sensor_id]
            # Movement during the hold starts it again, but nobody moves for hours.
            assert holds[sensor_id] * 1.3 < max(lasting) < HOUR


def test_event_rates_are_those_of_a_home() -> None:
    """A motion sensor reports tens to hundreds of times a day; the climate less."""
    counts = Counter(event.sensor_id for event in simulate(SIX_WEEKS).events)
    for sensor_id, sensor_type, _ in simulate(SIX_WEEKS).sensors:
        low, high = (40, 800) if sensor_type == "motion" else (3, 150)
        assert low < counts[sensor_id] / SIX_WEEKS.days < high, sensor_id


def test_climate_is_plausible() -> None:
    """Rooms are warm, baths are humid for a while, nights are dark."""
    household = simulate(SIX_WEEKS)
    for room in ("living_room", "bedroom", "bathroom"):
        warmth = [
            float(each.state) for each in events_of(household, f"{room}_temperature")
        ]
        assert 15 < min(warmth) < max(warmth) < 26
    humidity = [float(each.state) for each in events_of(household, "bathroom_humidity")]
    assert 35 < min(humidity) < 60
    assert 70 < max(humidity) <= 100
    light = defaultdict(list)
    for event in events_of(household, "kitchen_light"):
        light[local_time_of(household, event.timestamp).hour].append(float(event.state))
    assert median(light[12]) > 100
    assert min(light[21]) == 0 and max(light[21]) > 100  # a lamp, off and on


# --- faults -----------------------------------------------------------------------


def _faulty(kind: FaultKind, sensor_id: str) -> tuple[list[SimulatedEvent], ...]:
    """Return a sensor's events before, during and after a fault of two days."""
    household = simulate(
        replace(TWO_WEEKS, faults=(Fault(kind, sensor_id, first_day=4, days=2),))
    )
    healthy = simulate(TWO_WEEKS)
    start = TWO_WEEKS.span[0] + 4 * DAY
    end = start + 2 * DAY
    others = [each for each in household.events if each.sensor_id != sensor_id]
    assert others == [each for each in healthy.events if each.sensor_id != sensor_id]
    mine, well = events_of(household, sensor_id), events_of(healthy, sensor_id)
    for events in (mine, well):
        assert events[0].timestamp < start < end < events[-1].timestamp
    assert [each for each in mine if each.timestamp < start] == [
        each for each in well if each.timestamp < start
    ]
    assert [each for each in mine if each.timestamp > end] == [
        each for each in well if each.timestamp > end
    ]
    return (
        [each for each in mine if each.timestamp < start],
        [each for each in mine if start <= each.timestamp <= end],
        [each for each in well if start <= each.timestamp <= end],
    )


@pytest.mark.parametrize(
    ("sensor_id", "on"), [("kitchen_motion", "on"), ("front_door", "open")]
)
def test_stuck_on(sensor_id: str, on: str) -> None:
    """A stuck sensor says on once and is silent until it is well again."""
    before, during, _ = _faulty(FaultKind.STUCK_ON, sensor_id)
    assert [*before, *during][len(before)].state == on
    assert len(during) <= 2


def test_dead() -> None:
    """A dead sensor says nothing at all, and not that it is dead."""
    _, during, well = _faulty(FaultKind.DEAD, "kitchen_motion")
    assert during == []
    assert len(well) > 100


@pytest.mark.parametrize("sensor_id", ["kitchen_motion", "bedroom_temperature"])
def test_unavailable(sensor_id: str) -> None:
    """An unavailable sensor says so, and its true state when it is back."""
    _, during, well = _faulty(FaultKind.UNAVAILABLE, sensor_id)
    assert [each.state for each in during] == ["unavailable", well[-1].state]


def test_chattering() -> None:
    """A loose contact flips all the time."""
    _, during, well = _faulty(FaultKind.CHATTERING, "bathroom_motion")
    assert len(during) > 20 * len(well)
    assert median(b.timestamp - a.timestamp for a, b in pairwise(during)) < 20


def test_missing_off() -> None:
    """All ONs get through, but many OFFs do not."""
    _, during, well = _faulty(FaultKind.MISSING_OFF, "kids_room_motion")
    spoken = Counter(event.state for event in during)
    assert spoken["on"] == Counter(event.state for event in well)["on"]
    assert 0.2 * spoken["on"] < spoken["off"] < 0.6 * spoken["on"]


def test_example_faults_have_every_kind() -> None:
    """The demo's faults cover all kinds and fit the default home and span."""
    faults = example_faults(42)
    assert {fault.kind for fault in faults} == set(FaultKind)
    assert all(fault.first_day + fault.days <= 42 for fault in faults)
    household = simulate(replace(SIX_WEEKS, faults=faults))
    assert any(event.state == "unavailable" for event in household.events)
