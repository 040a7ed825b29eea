"""Homes whose sensors say nothing, too much, or nonsense: a forecast all the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
import math
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    GRID,
    EngineConfig,
    Forecast,
    HomeSpec,
    HomeTimeline,
    HomeTracker,
    ModelState,
    Observation,
    ObservationTable,
    Purpose,
    RoomSpec,
    SensorKind,
    SensorSpec,
    Stage,
    explain,
    predict,
    train,
    update,
    update_start,
)
from custom_components.occupancy_prediction.engine.timeline import build_timeline

HOUR, DAY = 3600.0, 86400.0
DAYS = 6
# Of six days some are held out, so that weights and calibration are learned as well.
CONFIG = EngineConfig(tier="base", learned_samples=150, holdout_folds=1)
ZONE = "Europe/Berlin"
ODD, HALL, DOOR, CLIMATE = "odd", "hall", "odd_door", "odd_climate"
SPEC = HomeSpec(
    (
        RoomSpec(
            "odd_room",
            (
                SensorSpec(ODD, SensorKind.MOTION),
                SensorSpec(CLIMATE, SensorKind.TEMPERATURE),
            ),
            purpose=Purpose.KITCHEN,
        ),
        RoomSpec("hall", (SensorSpec(HALL, SensorKind.MOTION),), purpose=Purpose.HALL),
    ),
    ZONE,
)


def local(*moment: int) -> float:
    """Return a local time as UTC seconds."""
    return datetime(*moment, tzinfo=ZoneInfo(ZONE)).timestamp()  # type: ignore[arg-type,misc]


START = local(2026, 9, 7)


def lived(sensor: str, start: float, days: float) -> list[Observation]:
    """Return a sensor that is on for some minutes of every waking hour."""
    random = Random(sensor)
    told = [Observation(start, sensor, 0.0)]
    for hour in range(int(days * 24)):
        if 7 <= hour % 24 < 23 and random.random() < 0.8:
            begun = start + hour * HOUR + random.random() * 1800
            told.append(Observation(begun, sensor, 1.0))
            told.append(Observation(begun + random.random() * 900, sensor, 0.0))
    return told


@dataclass(frozen=True, slots=True)
class Home:
    """What the sensors said in this order, and when it is asked about."""

    told: list[Observation]
    start: float = START
    days: float = DAYS

    @property
    def end(self) -> float:
        """Return the moment up to which it is learned."""
        return self.start + self.days * DAY


def never() -> list[Observation]:
    """The room is there, and nobody ever."""
    return [Observation(START, ODD, 0.0)]


def always() -> list[Observation]:
    """The sensor says ON again and again, and never OFF."""
    return [Observation(START + hour * HOUR, ODD, 1.0) for hour in range(DAYS * 24)]


def one_event() -> list[Observation]:
    """A single visit, of days ago."""
    visit = START + 3.4 * DAY
    return [*never(), Observation(visit, ODD, 1.0), Observation(visit + 60, ODD, 0.0)]


def gaps() -> list[Observation]:
    """Two days, three weeks of nothing, two days, ten of nothing, two days."""
    return [
        each for first in (0, 23, 35) for each in lived(ODD, START + first * DAY, 2.0)
    ]


def burst() -> list[Observation]:
    """Ten messages a second for an hour."""
    begun = START + 5 * DAY + 20 * HOUR
    return lived(ODD, START, DAYS) + [
        Observation(begun + number / 10, ODD, float(number % 2))
        for number in range(36_000)
    ]


def disordered() -> list[Observation]:
    """Everything is said two or three times, in any order within hours."""
    random = Random(1)
    told = [
        each for each in lived(ODD, START, DAYS) for _ in range(random.choice((2, 3)))
    ]
    late = [each.timestamp + random.random() * 3 * HOUR for each in told]
    return [told[place] for place in np.argsort(late).tolist()]


def nonsense() -> list[Observation]:
    """Numbers that are none, of the sensor and of the climate of the room."""
    random = Random(2)
    wrong = (math.nan, math.inf, -math.inf, 1e308, -7.0, 0.5)
    told = lived(ODD, START, DAYS)
    for number in range(600):
        moment = START + number * DAYS * DAY / 600
        told.append(Observation(moment, CLIMATE, random.choice(wrong)))
        if number % 3 == 0:
            told.append(Observation(moment + 7, ODD, random.choice(wrong)))
    return [*told, Observation(math.nan, ODD, 1.0), Observation(math.inf, ODD, 1.0)]


def only_wrong() -> list[Observation]:
    """A sensor that never said anything that could be used."""
    return [
        Observation(START + hour * HOUR, ODD, (math.nan, math.inf)[hour % 2])
        for hour in range(DAYS * 24)
    ]


def with_hall(odd: list[Observation], start: float, days: float) -> Home:
    """Return a home with an odd room, and a hall where people come and go."""
    return Home(odd + lived(HALL, start, days), start, days)


def of_days(start: float) -> Home:
    """Return an ordinary life around a day that is not like others."""
    return with_hall(lived(ODD, start, DAYS), start, DAYS)


HOMES: dict[str, Callable[[], Home]] = {
    "never occupied": lambda: with_hall(never(), START, DAYS),
    "always occupied": lambda: with_hall(always(), START, DAYS),
    "one event": lambda: with_hall(one_event(), START, DAYS),
    "gaps of weeks": lambda: Home(gaps(), START, 37),
    "ten a second": lambda: with_hall(burst(), START, DAYS),
    "duplicate and out of order": lambda: with_hall(disordered(), START, DAYS),
    "NaN and infinite": lambda: with_hall(nonsense(), START, DAYS),
    "never a word to use": lambda: with_hall(only_wrong(), START, DAYS),
    # The last day learned is the one with an hour too few, or too many.
    "summer time begins": lambda: of_days(local(2026, 3, 29, 4) - DAYS * DAY),
    "summer time ends": lambda: of_days(local(2026, 10, 25, 2) - DAYS * DAY),
    "leap day": lambda: of_days(local(2028, 2, 29, 12) - DAYS * DAY),
    "nothing at all": lambda: Home([]),
    "the hall alone": lambda: with_hall([], START, DAYS),
}


def check(forecast: Forecast, timeline: HomeTimeline) -> None:
    """Check that a forecast is a distribution that rules nothing out."""
    assert forecast.stage in Stage
    assert (forecast.transition is None) == (forecast.occupied is None)
    if forecast.occupied is None:
        assert not forecast.cdf
        return
    cdf = np.array(forecast.cdf)
    earliest = 0.0
    if forecast.occupied:
        active = timeline.rooms[forecast.room_id].active
        quiet = max(forecast.issued_at - active.ends[-1], 0.0) / 60
        earliest = max(5.0 - quiet, 0.0)
    reached = np.r_[0.0, cdf]
    assert np.isfinite(cdf).all()
    # Before the vacancy delay is over a room cannot become vacant, by definition.
    assert (reached[earliest - 1e-3 >= GRID] == 0.0).all()
    assert (np.diff(reached)[GRID[1:] > earliest + 1e-3] > 0).all()
    assert cdf[-1] < 1
    curve = np.array(forecast.curve)
    assert curve[0] == float(forecast.occupied)
    assert ((curve[1:] > 0) & (curve[1:] < 1)).all()
    assert sum(share for _, share in forecast.member_weights) == pytest.approx(1)
    assert forecast.lower is None or forecast.lower >= forecast.issued_at
    if forecast.predicted_time is not None:
        assert forecast.confidence is not None
        assert 0 < forecast.confidence < 1


def table_of(told: list[Observation]) -> ObservationTable:
    """Return what was told as the archive would."""
    if not told:
        return ObservationTable.empty()
    return ObservationTable.from_observations(told)


def timelines(home: Home, now: float) -> Iterator[HomeTimeline]:
    """Return what is known at a moment: as followed, and as read from the record."""
    tracker = HomeTracker(SPEC, CONFIG)
    for observation in home.told:
        if not observation.timestamp > now:
            tracker.observe(observation)
    tracker.advance(now)
    yield tracker.timeline(now)
    yield build_timeline(SPEC, table_of(home.told), CONFIG, now)


def check_all(state: ModelState | None, home: Home, now: float) -> None:
    """Forecast and explain every room, and check what is said."""
    for timeline in timelines(home, now):
        at = timeline.end
        rooms = predict(state, SPEC, timeline, CONFIG, now=at).rooms
        for room_id, forecast in rooms.items():
            check(forecast, timeline)
            why = explain(state, SPEC, timeline, CONFIG, now=at, room_id=room_id)
            assert why.sentences
            assert why.predicted_time == forecast.predicted_time


@pytest.mark.parametrize("name", HOMES)
def test_however_bad_there_is_a_forecast(name: str) -> None:
    """Learned, updated, forecast and explained; warnings of NumPy are errors here."""
    home = HOMES[name]()
    table = table_of(home.told)
    learned_until = home.end - DAY / 2
    state = train(
        SPEC, table.before(learned_until), CONFIG, now=learned_until, version="v"
    )
    check_all(state, home, learned_until)
    recent = table.since(update_start(state, CONFIG)).before(home.end)
    state = update(state, SPEC, recent, CONFIG, now=home.end)
    check_all(state, home, home.end)
    again = train(SPEC, table, CONFIG, now=home.end, version="w", previous=state)
    restored = ModelState.from_bytes(again.to_bytes())
    # Hours in which nothing is said at all, and a clock that has gone wrong.
    for hours in (0.01, 7.0, 10_000.0):
        check_all(restored, home, home.end + hours * HOUR)
    check_all(None, home, home.end)


def test_infinite_is_lost_not_vacant() -> None:
    """A number that is none says nothing of whether somebody is there."""
    told = [
        Observation(START, ODD, 1.0),
        Observation(START + 60, ODD, math.inf),
        Observation(START, HALL, 0.0),
    ]
    for timeline in timelines(Home(told), START + HOUR):
        rooms = predict(None, SPEC, timeline, CONFIG, now=START + HOUR).rooms
        assert rooms["odd_room"].occupied is None
        assert rooms["hall"].occupied is False


def test_a_room_whose_sensors_are_all_doors() -> None:
    """The very first messages of a home, one by one."""
    doors = replace(SPEC.rooms[0], sensors=(SensorSpec(DOOR, SensorKind.DOOR),))
    spec = HomeSpec((doors,), ZONE)
    tracker = HomeTracker(spec, CONFIG)
    for number in range(6):
        now = START + number * 40.0
        tracker.observe(Observation(now, DOOR, float(number % 2)))
        timeline = tracker.timeline(now)
        check(
            predict(None, spec, timeline, CONFIG, now=now).rooms["odd_room"], timeline
        )
