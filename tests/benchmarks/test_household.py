"""Tests of the simulated household: is it a plausible, reproducible home."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
import csv
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
import gzip
from itertools import islice, pairwise
from pathlib import Path
from statistics import median, quantiles
from time import process_time

from benchmarks.household import (
    FAMILY,
    FAMILY_HOME,
    Fault,
    FaultKind,
    Household,
    HouseholdConfig,
    Person,
    Presence,
    Routine,
    SimulatedEvent,
    example_faults,
    live_events,
    simulate as simulate_anew,
    write_events,
)
from benchmarks.household.__main__ import main
from benchmarks.household.routines import OUT, PLAY, SLEEP, Step
import pytest

simulate = cache(simulate_anew)

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
SIX_WEEKS = HouseholdConfig()
TWO_WEEKS = HouseholdConfig(days=14)
HOLIDAY = (date(2026, 9, 12), date(2026, 9, 16))
OFFICE_ROUTINE = FAMILY[0].routine
WEEKEND = (5, 6)
TELLING = ("motion", "presence", "door")


def _events(
    household: Household, sensor_id: str | None = None, *types: str
) -> list[SimulatedEvent]:
    """Return the events of one sensor, or of some types."""
    return [
        event
        for event in household.events
        if sensor_id in (None, event.sensor_id)
        and (not types or event.sensor_type in types)
    ]


def _local(household: Household, timestamp: float) -> datetime:
    """Return a moment on the clock of the home."""
    return datetime.fromtimestamp(timestamp, household.config.zone)


def _where(spans: list[Presence], timestamp: float) -> str | None:
    """Return where a person is at a moment."""
    starts = [span.start for span in spans]
    return spans[bisect_right(starts, timestamp) - 1].room


def _days(config: HouseholdConfig) -> list[date]:
    """Return the days of a household."""
    return [config.start + timedelta(days=day) for day in range(config.days)]


def _share(
    household: Household,
    hour: float,
    room: str | None,
    *,
    people: Iterable[str] = ("alex", "kim", "mia"),
    on: Callable[[date], bool] = lambda day: True,
) -> float:
    """Return on which share of days any of some people is in a room at an hour."""
    days = [day for day in _days(household.config) if on(day)]
    hits = sum(
        any(
            _where(household.presence[name], household.config.moment(day, hour)) == room
            for name in people
        )
        for day in days
    )
    return hits / len(days)


def _is_work_day(day: date) -> bool:
    return day.weekday() not in WEEKEND


def _is_weekend(day: date) -> bool:
    return day.weekday() in WEEKEND


def _everybody_away(household: Household, timestamp: float) -> bool:
    """Tell whether the home is empty at a moment and was for the minute before."""
    return all(
        _where(spans, moment) is None
        for spans in household.presence.values()
        for moment in (timestamp - MINUTE, timestamp)
    )


# --- reproducible ------------------------------------------------------------------


def test_same_seed_same_events() -> None:
    """Everything random comes from the seed."""
    config = replace(
        TWO_WEEKS, guests=True, pet=True, holidays=(HOLIDAY,), faults=example_faults(14)
    )
    assert simulate_anew(config).events == simulate_anew(config).events


def test_seeds_differ() -> None:
    """Another seed is another life, in the truth and in the events."""
    other = simulate(replace(TWO_WEEKS, seed=2))
    assert simulate(TWO_WEEKS).presence != other.presence
    moments = {event.timestamp for event in _events(other, None, "motion")}
    same = [
        event
        for event in _events(simulate(TWO_WEEKS), None, "motion")
        if event.timestamp in moments
    ]
    assert len(same) < 10


@pytest.mark.parametrize("days", [5, 9])
def test_longer_life_begins_like_a_shorter_one(days: int) -> None:
    """More days add events at the end and change none before."""
    rich = replace(
        TWO_WEEKS, guests=True, pet=True, holidays=(HOLIDAY,), faults=example_faults(14)
    )
    short = simulate(replace(rich, days=days))
    long = simulate(rich)
    end = short.config.span[1]
    assert short.events == [each for each in long.events if each.timestamp < end]


def test_live_events_continue_the_past() -> None:
    """What comes live is what a longer simulation holds from that moment."""
    config = replace(TWO_WEEKS, days=6, pet=True)
    moment = config.span[1] - 5 * HOUR
    long = simulate(replace(config, days=20)).events
    expected = [event for event in long if event.timestamp >= moment]
    live = list(islice(live_events(config, moment), len(expected)))
    assert live == expected
    local = datetime.fromtimestamp(moment, config.zone)
    assert list(islice(live_events(config, local), 50)) == expected[:50]


# --- events ------------------------------------------------------------------------


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
        events = _events(household, sensor_id)
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
            float(each.state) for each in _events(household, f"{room}_temperature")
        ]
        assert 15 < min(warmth) < max(warmth) < 26
    humidity = [float(each.state) for each in _events(household, "bathroom_humidity")]
    assert 35 < min(humidity) < 60 < 70 < max(humidity) <= 100
    light = defaultdict(list)
    for event in _events(household, "kitchen_light"):
        light[_local(household, event.timestamp).hour].append(float(event.state))
    assert median(light[12]) > 100
    assert min(light[21]) == 0 and max(light[21]) > 100  # a lamp, off and on


# --- truth and physics -------------------------------------------------------------


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
        for event in _events(household, "front_door")
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
    for event in _events(household, None, "motion", "presence"):
        if event.state == "on":
            assert any(
                _where(spans, event.timestamp - 0.002) == event.room_id
                or _where(spans, event.timestamp + 0.002) == event.room_id
                for spans in household.presence.values()
            ), event


def test_active_people_are_seen_within_minutes() -> None:
    """Who works in the kitchen or washes is noticed at once, who rests rarely."""
    household = simulate(SIX_WEEKS)
    for room in ("kitchen", "bathroom"):
        seen = [
            event.timestamp
            for event in _events(household, f"{room}_motion")
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
            for event in _events(household, f"{room}_motion")
            if event.state == "on" and _local(household, event.timestamp).hour in hours
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
        events = _events(household, f"living_room_{sensor_type}")
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


# --- routines ----------------------------------------------------------------------


def test_rooms_are_used_at_the_usual_hours() -> None:
    """Bedrooms at night, the living room in the evening, nobody twice a day."""
    household = simulate(SIX_WEEKS)
    for hour in (2, 3, 4):
        assert _share(household, hour, "bedroom") > 0.95
        assert _share(household, hour, "kids_room") > 0.9
        assert _share(household, hour, "living_room") < 0.1
    assert _share(household, 20.5, "living_room") > 0.85
    dinner = max(_share(household, hour, "kitchen") for hour in (18.5, 18.75, 19))
    assert dinner > 0.6


def test_nights_have_visits_to_the_bathroom() -> None:
    """In some nights somebody gets up, in some nobody does."""
    household = simulate(SIX_WEEKS)
    nights = {
        _local(household, span.start).date()
        for span in household.presence["kim"]
        if span.room == "bathroom" and 1 <= _local(household, span.start).hour < 5
    }
    assert 3 < len(nights) < SIX_WEEKS.days - 3


def test_work_days_and_weekends_differ() -> None:
    """The office is for work days, and weekends begin later and less sharply."""
    household = simulate(SIX_WEEKS)
    at_work = _share(household, 11, None, people=("alex",), on=_is_work_day)
    out = _share(household, 11, None, people=("alex",), on=_is_weekend)
    assert at_work == 1
    assert out < 0.4
    risen: dict[bool, list[float]] = {True: [], False: []}
    for day in _days(SIX_WEEKS):
        spans = household.presence["alex"]
        first = next(
            span.start
            for span in spans
            if span.room == "bathroom" and span.start > SIX_WEEKS.moment(day, 5.5)
        )
        risen[_is_weekend(day)].append((first - SIX_WEEKS.moment(day)) / HOUR)
    assert median(risen[True]) > median(risen[False]) + 1.5
    assert _spread(risen[True]) > _spread(risen[False]) > 5 / 60


def _spread(values: list[float]) -> float:
    """Return the width of the middle half."""
    low, _, high = quantiles(values, n=4)
    return high - low


def test_motion_tells_work_days_from_weekends() -> None:
    """The difference is in what the sensors say, not only in the truth."""
    household = simulate(SIX_WEEKS)
    mornings: dict[bool, set[date]] = {True: set(), False: set()}
    for event in _events(household, "living_room_motion"):
        local = _local(household, event.timestamp)
        if 9 <= local.hour < 12:
            mornings[_is_weekend(local.date())].add(local.date())
    assert len(mornings[True]) > 10  # of 12 weekend days
    assert len(mornings[False]) < 10  # of 30 work days, six of them at home


def test_people_change_their_life_on_a_date() -> None:
    """A new job or a baby is another routine from a day on, and nothing before."""
    moved = date(2026, 9, 14)
    night_shift = (Step(SLEEP, at=8, spread=20), Step(PLAY, at=15), Step(OUT, at=21))
    alex = replace(
        FAMILY[0], changes=((moved, Routine("kids_room", (night_shift,) * 7)),)
    )
    baby_day = (Step(SLEEP, at=0.5), Step(PLAY, at=7), Step(SLEEP, at=19))
    baby = Person(
        "baby",
        Routine("bedroom", ((),) * 7),
        changes=((moved, Routine("bedroom", (baby_day,) * 7)),),
    )
    changed = simulate(replace(TWO_WEEKS, people=(alex, *FAMILY[1:], baby)))
    usual = simulate(TWO_WEEKS)
    before = TWO_WEEKS.moment(moved)
    assert [each for each in changed.events if each.timestamp < before] == [
        each for each in usual.events if each.timestamp < before
    ]
    later = TWO_WEEKS.moment(moved + timedelta(days=3), 12)
    assert _where(changed.presence["alex"], later) == "kids_room"
    assert _where(usual.presence["alex"], later) is None
    assert _where(changed.presence["baby"], before - HOUR) is None
    assert _where(changed.presence["baby"], later - 10 * HOUR) == "bedroom"
    assert changed.presence["kim"] == usual.presence["kim"]


# --- switches ----------------------------------------------------------------------


def test_holiday_is_quiet_and_changes_nothing_else() -> None:
    """Between leaving and coming home nothing moves; other days stay as they were."""
    usual = simulate(TWO_WEEKS)
    holiday = simulate(replace(TWO_WEEKS, holidays=(HOLIDAY,)))
    left = TWO_WEEKS.moment(HOLIDAY[0], 13)
    back = TWO_WEEKS.moment(HOLIDAY[1], 13)

    def told(household: Household, start: float, end: float) -> list[SimulatedEvent]:
        events = _events(household, None, *TELLING)
        return [event for event in events if start <= event.timestamp < end]

    assert told(holiday, left, back) == []
    assert len(told(usual, left, back)) > 1000
    climate = _events(holiday, None, "temperature", "light")
    assert any(left <= event.timestamp < back for event in climate)
    start, end = TWO_WEEKS.span
    leaving = TWO_WEEKS.moment(HOLIDAY[0])
    settled = TWO_WEEKS.moment(HOLIDAY[1], 24 + 12)
    assert told(holiday, start, leaving) == told(usual, start, leaving)
    assert told(holiday, settled, end) == told(usual, settled, end)
    assert told(holiday, back, settled)


def test_pet_moves_while_everybody_is_away() -> None:
    """Only a pet makes motion in an empty home, in short bursts."""
    usual, pet = simulate(TWO_WEEKS), simulate(replace(TWO_WEEKS, pet=True))

    def alone(household: Household) -> list[SimulatedEvent]:
        return [
            event
            for event in _events(household, None, "motion")
            if event.state == "on" and _everybody_away(household, event.timestamp)
        ]

    assert alone(usual) == []
    assert len(alone(pet)) > 2 * TWO_WEEKS.days
    assert {event.room_id for event in alone(pet)} == {"living_room", "kitchen", "hall"}
    assert pet.presence == usual.presence
    for sensor_id in ("living_room_presence", "bedroom_motion", "front_door"):
        assert _events(pet, sensor_id) == _events(usual, sensor_id)
    boarded = simulate(replace(TWO_WEEKS, pet=True, holidays=(HOLIDAY,)))
    left = TWO_WEEKS.moment(HOLIDAY[0], 13)
    back = TWO_WEEKS.moment(HOLIDAY[1], 13)
    assert not any(
        left < event.timestamp < back for event in _events(boarded, None, "motion")
    )


def test_guests_come_on_some_evenings() -> None:
    """Guests sit in the living room on Fridays or Saturdays, and leave again."""
    usual, guests = (
        simulate(SIX_WEEKS),
        simulate(replace(SIX_WEEKS, guests=True, holidays=(HOLIDAY,))),
    )
    spans = guests.presence["guest_1"]
    arrivals = [
        _local(guests, after.start)
        for before, after in pairwise(spans)
        if before.room is None
    ]
    assert 3 <= len(arrivals) <= 11
    assert {arrival.weekday() for arrival in arrivals} <= {4, 5}
    assert all(18 <= arrival.hour <= 20 for arrival in arrivals)
    assert HOLIDAY[0] not in {arrival.date() for arrival in arrivals}
    for arrival in arrivals:
        late = arrival.timestamp() + HOUR
        evening = [_where(spans, late + step * 10 * MINUTE) for step in range(6)]
        assert evening.count("living_room") >= 3
        assert _where(spans, late + 5 * HOUR) is None
    assert not any(name.startswith("guest") for name in usual.presence)


def test_guests_leave_the_family_alone() -> None:
    """The switch adds people and changes nobody else's life."""
    usual, guests = simulate(SIX_WEEKS), simulate(replace(SIX_WEEKS, guests=True))
    for name in ("alex", "kim", "mia"):
        assert guests.presence[name] == usual.presence[name]
    assert len(_events(guests, "front_door")) > len(_events(usual, "front_door"))
    assert _events(guests, "bedroom_motion") == _events(usual, "bedroom_motion")


# --- faults ------------------------------------------------------------------------


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
    mine, well = _events(household, sensor_id), _events(healthy, sensor_id)
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


# --- time zones --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "change", "hours"),
    [
        (date(2026, 10, 5), date(2026, 10, 25), 25),
        (date(2026, 3, 9), date(2026, 3, 29), 23),
    ],
)
def test_life_follows_the_local_clock_over_dst(
    start: date, change: date, hours: int
) -> None:
    """The day of the change is longer or shorter; people still rise by the clock."""
    config = HouseholdConfig(start=start, days=42)
    household = simulate(config)
    day_length = config.moment(change + timedelta(days=1)) - config.moment(change)
    assert day_length == hours * HOUR
    times = [event.timestamp for event in household.events]
    assert times == sorted(times)
    for spans in household.presence.values():
        assert all(a.end == b.start for a, b in pairwise(spans))
    left: dict[bool, list[float]] = {True: [], False: []}
    for before, after in pairwise(household.presence["alex"]):
        local = _local(household, after.start)
        if after.room is None and _is_work_day(local.date()) and local.hour < 10:
            minutes = local.hour * 60 + local.minute
            left[local.date() > change].append(minutes)
            assert before.room == "hall"
    assert len(left[True]) == len(left[False]) == 15
    assert abs(median(left[True]) - median(left[False])) < 20


def test_other_time_zone() -> None:
    """The same life is lived by the clock of another place."""
    config = replace(TWO_WEEKS, time_zone="America/New_York")
    far = simulate(config)
    assert config.span[0] - TWO_WEEKS.span[0] == 6 * HOUR
    assert _share(far, 3, "bedroom") > 0.9
    noon = [
        float(event.state)
        for event in _events(far, "kitchen_light")
        if _local(far, event.timestamp).hour in (11, 12, 13)
    ]
    assert median(noon) > 100


# --- files, command line, limits ---------------------------------------------------


def test_write_events(tmp_path: Path) -> None:
    """The file has the agreed columns, in local time without zone."""
    household = simulate(replace(TWO_WEEKS, days=3))
    path = tmp_path / "home.csv.gz"
    write_events(household, path)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text))
    assert rows[0] == ["timestamp", "sensor_id", "sensor_type", "room_id", "state"]
    assert len(rows) == len(household.events) + 1
    for row, event in zip(rows[1:], household.events, strict=True):
        local = datetime.fromisoformat(row[0])
        assert local.tzinfo is None
        moment = local.replace(tzinfo=household.config.zone).timestamp()
        assert moment == pytest.approx(event.timestamp, abs=0.001)
        assert tuple(row[1:]) == event[1:]
    again = tmp_path / "again.csv.gz"
    write_events(household, str(again))
    assert again.read_bytes() == path.read_bytes()


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each switch of the command line reaches the household."""
    files = {}
    for switch in ("", "--pet", "--guests", "--holidays", "--faults"):
        path = tmp_path / f"home{switch}.csv.gz"
        extra = [switch] if switch else []
        assert main([str(path), "--days", "21", "--seed", "3", *extra]) == 0
        assert "events" in capsys.readouterr().out
        files[switch] = gzip.decompress(path.read_bytes())
    assert len(set(files.values())) == len(files)
    plain = tmp_path / "plain.csv.gz"
    write_events(simulate(HouseholdConfig(days=21, seed=3)), plain)
    assert gzip.decompress(plain.read_bytes()) == files[""]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"days": 0}, "at least one day"),
        ({"rooms": FAMILY_HOME[:-1]}, "exactly one entrance"),
        ({"rooms": FAMILY_HOME[1:]}, "no living_room"),
        ({"holidays": ((HOLIDAY[0], HOLIDAY[0]),)}, "later day"),
        ({"people": (FAMILY[0], FAMILY[0])}, "names of their own"),
        ({"faults": (Fault(FaultKind.DEAD, "attic_motion", 1, 1),)}, "attic_motion"),
        (
            {"faults": (Fault(FaultKind.STUCK_ON, "bedroom_humidity", 1, 1),)},
            "cannot be stuck_on",
        ),
    ],
)
def test_impossible_households_are_refused(
    change: dict[str, object], complaint: str
) -> None:
    """What cannot be lived is refused before anybody lives it."""
    with pytest.raises(ValueError, match=complaint):
        replace(SIX_WEEKS, **change)  # type: ignore[arg-type]


def test_routine_needs_seven_days() -> None:
    """A week has seven days."""
    with pytest.raises(ValueError, match="each day"):
        Routine("bedroom", OFFICE_ROUTINE.week[:6])


def test_somebody_alone_in_the_home() -> None:
    """People and rooms can be chosen; unused rooms stay silent."""
    household = simulate(replace(TWO_WEEKS, people=FAMILY[:1]))
    assert set(household.presence) == {"alex"}
    assert _events(household, "kids_room_motion") == []
    assert len(_events(household, "bedroom_motion")) > 100


def test_half_a_year_takes_seconds() -> None:
    """Tests and the demo can afford a long past: 20 s, and 5 s for six weeks."""
    for days, bound in ((42, 5.0), (183, 20.0)):
        begun = process_time()
        simulate_anew(replace(SIX_WEEKS, days=days, guests=True, pet=True))
        assert process_time() - begun < bound
