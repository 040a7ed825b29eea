"""Tests of the simulated household: is it reproducible, are its files right."""

import csv
from dataclasses import replace
from datetime import date, datetime, timedelta
import gzip
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from time import process_time

import pytest

from benchmarks.household import (
    FAMILY,
    FAMILY_HOME,
    Fault,
    FaultKind,
    HouseholdConfig,
    Routine,
    example_faults,
    live_events,
    simulate as simulate_anew,
    write_events,
)
from benchmarks.household.__main__ import main

from .households import (
    HOLIDAY,
    HOUR,
    OFFICE_ROUTINE,
    SIX_WEEKS,
    TWO_WEEKS,
    events_of,
    is_work_day,
    local_time_of,
    share,
    simulate,
)

# --- reproducible -----------------------------------------------------------------


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
    moments = {event.timestamp for event in events_of(other, None, "motion")}
    same = [
        event
        for event in events_of(simulate(TWO_WEEKS), None, "motion")
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


# --- files, command line, limits --------------------------------------------------


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
    assert events_of(household, "kids_room_motion") == []
    assert len(events_of(household, "bedroom_motion")) > 100


def test_half_a_year_takes_seconds() -> None:
    """Tests and the demo can afford a long past: 20 s, and 5 s for six weeks."""
    for days, bound in ((42, 5.0), (183, 20.0)):
        begun = process_time()
        simulate_anew(replace(SIX_WEEKS, days=days, guests=True, pet=True))
        assert process_time() - begun < bound


# --- time zones -------------------------------------------------------------------


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
        local = local_time_of(household, after.start)
        if after.room is None and is_work_day(local.date()) and local.hour < 10:
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
    assert share(far, 3, "bedroom") > 0.9
    noon = [
        float(event.state)
        for event in events_of(far, "kitchen_light")
        if local_time_of(far, event.timestamp).hour in (11, 12, 13)
    ]
    assert median(noon) > 100
