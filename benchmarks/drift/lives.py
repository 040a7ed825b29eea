"""Lives that change on a day, each with its twin that has always been so."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from benchmarks.household import (
    FAMILY,
    HouseholdConfig,
    Person,
    SimulatedEvent,
    simulate,
)
from benchmarks.household.changes import baby, moved_bedroom, new_job
from custom_components.occupancy_prediction.engine import (
    HomeSpec,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
)

# Three rooms: where people sleep, and where they are by day.
ROOMS = ("living_room", "bedroom", "kids_room")
MOVED_SENSOR, ITS_NEW_PLACE = "kids_room_motion", "kitchen_motion"
HOLIDAY_DAYS = 14
_VALUES = {"on": 1.0, "off": 0.0}
# Summer time ends on 25 October in Europe.
_CLOCKS_GO_BACK = date(2026, 10, 25)


@dataclass(frozen=True, slots=True)
class Life:
    """What was observed of a home, from ``start`` to ``end`` (UTC s)."""

    spec: HomeSpec
    table: ObservationTable
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """A change of life.

    ``people`` gives the family that changes on a day, or that has always been so for
    None.
    """

    name: str
    words: str
    people: Callable[[date | None], tuple[Person, ...]] | None = None
    holiday: bool = False
    moved_sensor: bool = False
    summer_time: bool = False
    days_after: int = 21

    def life(self, seed: int, days_before: int, *, ever_since: bool = False) -> Life:
        """Live it; with ``ever_since`` the new life has no beginning."""
        start = (
            _CLOCKS_GO_BACK - timedelta(days=days_before)
            if self.summer_time
            # A Monday, and no change of the clocks for five months.
            else date(2026, 10, 26)
        )
        changed = start + timedelta(days=days_before)
        home_again = changed + timedelta(days=HOLIDAY_DAYS)
        config = HouseholdConfig(
            seed=seed,
            start=start,
            days=days_before + self.days_after,
            people=FAMILY
            if self.people is None
            else self.people(None if ever_since else changed),
            holidays=((changed, home_again),)
            if self.holiday and not ever_since
            else (),
        )
        first = config.span[0] if ever_since else config.moment(changed)
        events: Iterable[SimulatedEvent] = simulate(config).events
        if self.moved_sensor:
            events = _with_moved_sensor(events, first)
        return _life(config, events)


SCENARIOS = (
    Scenario("job", "new job: works at home", new_job),
    Scenario("baby", "a baby, and a parent at home", baby),
    Scenario("bedroom", "parents and child swap rooms", moved_bedroom),
    Scenario("sensor", "a sensor moved to another room", moved_sensor=True),
    Scenario("holiday", "two weeks of holiday", holiday=True, days_after=23),
    Scenario("clock", "end of summer time", summer_time=True),
)
NO_CHANGE = Scenario("none", "no change")


def _with_moved_sensor(
    events: Iterable[SimulatedEvent], moment: float
) -> list[SimulatedEvent]:
    """Let a sensor see another room from a moment on."""
    found: list[SimulatedEvent] = []
    own_room = ""
    for event in events:
        if event.sensor_id == MOVED_SENSOR:
            own_room = event.room_id
            if event.timestamp >= moment:
                continue
        found.append(event)
        if event.sensor_id == ITS_NEW_PLACE and event.timestamp >= moment:
            found.append(
                event._replace(
                    timestamp=event.timestamp + 0.5,
                    sensor_id=MOVED_SENSOR,
                    room_id=own_room or MOVED_SENSOR.removesuffix("_motion"),
                )
            )
    return found


def _life(config: HouseholdConfig, events: Iterable[SimulatedEvent]) -> Life:
    names = tuple(f"{room}_motion" for room in ROOMS)
    rows = [
        (event.timestamp, names.index(event.sensor_id), _VALUES[event.state])
        for event in events
        if event.sensor_id in names
    ]
    times, sensors, values = (np.array(column) for column in zip(*rows, strict=True))
    start, end = config.span
    spec = HomeSpec(
        tuple(
            RoomSpec(room, (SensorSpec(name, SensorKind.MOTION),))
            for room, name in zip(ROOMS, names, strict=True)
        ),
        config.time_zone,
    )
    table = ObservationTable.from_columns(
        times, sensors.astype(np.int64), values, names
    )
    return Life(spec, table, start, end)


def shortened(life: Life, days: int) -> Life:
    """Return the first days of a life."""
    end = min(life.end, life.start + days * 86400.0)
    return replace(life, table=life.table.before(end), end=end)
