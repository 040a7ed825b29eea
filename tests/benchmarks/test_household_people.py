"""Tests of the people of the simulated household: where they are, and who sees them."""

from bisect import bisect_right
from dataclasses import replace
from itertools import pairwise
from statistics import median

from benchmarks.household import FAMILY_HOME

from .households import (
    HOUR,
    MINUTE,
    SIX_WEEKS,
    events_of,
    local_time_of,
    simulate,
    where,
)


def test_everybody_is_in_exactly_one_place() -> None:
    """Whereabouts follow each other without a gap, from first to last moment."""
    household = simulate(replace(SIX_WEEKS, guests=True))
    assert set(household.presence) == {"alex", "kim", "mia", "guest_1", "guest_2"}
    for spans in household.presence.values():
        assert (spans[0].start, spans[-1].end) == household.config.span
        for before, after in pairwise(spans):
            assert before.start < before.end == after.start
            assert before.room != after.room
        assert {span.room for span in spans} <= {None, *household.room_ids}


def test_ways_lead_through_the_hall() -> None:
    """Nobody walks through walls, and the front door opens for all who pass."""
    household = simulate(SIX_WEEKS)
    open_to = {room.room_id: room.open_to for room in FAMILY_HOME}
    opened = [
        event.timestamp
        for event in events_of(household, "front_door")
        if event.state == "open"
    ]
    for spans in household.presence.values():
        for before, after in pairwise(spans):
            rooms = (before.room, after.room)
            if "hall" not in rooms:
                assert before.room is not None
                assert after.room in open_to[before.room]
            if None in rooms:
                at = bisect_right(opened, after.start) - 1
                assert after.start - opened[at] < 2 * MINUTE
        walks = [each.end - each.start for each in spans if each.room == "hall"]
        assert max(walks) < 5 * MINUTE


def test_motion_comes_only_from_people() -> None:
    """Each message of motion or presence has somebody in that room at that time."""
    household = simulate(SIX_WEEKS)
    for event in events_of(household, None, "motion", "presence"):
        if event.state == "on":
            assert any(
                where(spans, event.timestamp - 0.002) == event.room_id
                or where(spans, event.timestamp + 0.002) == event.room_id
                for spans in household.presence.values()
            ), event


def test_active_people_are_seen_within_minutes() -> None:
    """Who works in the kitchen or washes is noticed at once, who rests rarely."""
    household = simulate(SIX_WEEKS)
    for room in ("kitchen", "bathroom"):
        seen = [
            event.timestamp
            for event in events_of(household, f"{room}_motion")
            if event.state == "on"
        ]
        stays = [
            span
            for spans in household.presence.values()
            for span in spans
            if span.room == room and span.end - span.start > 5 * MINUTE
        ]
        # Somebody else may have switched it on before; one hold and movement earlier.
        noticed = [
            bisect_right(seen, span.start + 2 * MINUTE)
            > bisect_right(seen, span.start - 10 * MINUTE)
            for span in stays
        ]
        assert len(noticed) > 100
        assert sum(noticed) / len(noticed) > 0.99


def test_sleepers_move_rarely_and_sitters_now_and_then() -> None:
    """A night has long gaps without motion; an evening on the sofa has short ones."""
    household = simulate(SIX_WEEKS)
    gaps = {"bedroom": list[float](), "living_room": list[float]()}
    for room, hours in (("bedroom", range(1, 5)), ("living_room", range(20, 22))):
        moments = [
            event.timestamp
            for event in events_of(household, f"{room}_motion")
            if event.state == "on"
            and local_time_of(household, event.timestamp).hour in hours
        ]
        gaps[room] = [b - a for a, b in pairwise(moments) if b - a < 4 * HOUR]
    assert 4 * MINUTE < median(gaps["bedroom"]) < 30 * MINUTE
    assert 1 * MINUTE < median(gaps["living_room"]) < 5 * MINUTE
    assert max(gaps["bedroom"]) > 30 * MINUTE


def test_presence_sensor_sees_people_who_sit_still() -> None:
    """The radar stays on through most of an evening with one motion after another."""
    household = simulate(SIX_WEEKS)
    on_times = {"motion": 0.0, "presence": 0.0}
    for sensor_type in on_times:
        events = events_of(household, f"living_room_{sensor_type}")
        on_times[sensor_type] = sum(
            b.timestamp - a.timestamp for a, b in pairwise(events) if a.state == "on"
        )
    true = sum(
        span.end - span.start
        for span in household.presence["alex"]
        if span.room == "living_room"
    )
    assert on_times["presence"] > 0.95 * true
    assert on_times["presence"] > 2 * on_times["motion"]
