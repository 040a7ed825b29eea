"""Live a household and write down what its sensors say."""

from collections.abc import Iterator
import csv
from dataclasses import dataclass, replace
from datetime import datetime
import gzip
import io
from math import ceil
from pathlib import Path
from typing import NamedTuple

from .climate import climate_messages
from .config import HouseholdConfig
from .faults import broken
from .home import SensorType
from .people import Presence, live, presence
from .sensors import DAY, Messages, door_messages, motion_messages, presence_messages

HEADER = ("timestamp", "sensor_id", "sensor_type", "room_id", "state")
MILLISECONDS = 3  # decimals of a second; what event files carry
LIVE_DAYS = 7  # days lived ahead at a time


class SimulatedEvent(NamedTuple):
    """One message of a sensor; the time is in UTC epoch seconds."""

    timestamp: float
    sensor_id: str
    sensor_type: SensorType
    room_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Household:
    """What happened: the sensors' events in time order, and the truth."""

    config: HouseholdConfig
    events: list[SimulatedEvent]
    presence: dict[str, list[Presence]]
    room_ids: list[str]
    sensors: list[tuple[str, SensorType, str]]


def simulate(config: HouseholdConfig) -> Household:
    """Live a household from its first to its last day."""
    lives = {person.name: live(config, person) for person in config.everybody}
    messages = {
        **motion_messages(config, lives),
        **presence_messages(config, lives),
        **door_messages(config, lives),
        **climate_messages(config, lives),
    }
    for fault in config.faults:
        messages[fault.sensor_id] = broken(config, fault, messages[fault.sensor_id])
    return Household(
        config=config,
        events=_events(config, messages),
        presence={
            name: presence(life.stays, config.span) for name, life in lives.items()
        },
        room_ids=[room.room_id for room in config.rooms],
        sensors=[
            (sensor.sensor_id, sensor.sensor_type, room_id)
            for room_id, sensor in config.sensors
        ],
    )


def _events(
    config: HouseholdConfig, messages: dict[str, Messages]
) -> list[SimulatedEvent]:
    """Put the messages of all sensors in one order and cut them to the span."""
    start, end = config.span
    # Round first: a moment just before the end must not become the end itself.
    events = [
        SimulatedEvent(timestamp, sensor.sensor_id, sensor.sensor_type, room_id, state)
        for room_id, sensor in config.sensors
        for moment, state in messages.get(sensor.sensor_id, ())
        if start <= (timestamp := round(moment, MILLISECONDS)) < end
    ]
    events.sort(key=lambda event: event.timestamp)
    return events


def write_events(household: Household, path: Path | str) -> None:
    """Write the events as a gzipped table in local time without zone."""
    zone = household.config.zone
    # A fixed file name and time in the header make equal homes equal files.
    with (
        Path(path).open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, "utf-8", newline="") as text,
    ):
        table = csv.writer(text, lineterminator="\n")
        table.writerow(HEADER)
        for event in household.events:
            local = datetime.fromtimestamp(event.timestamp, zone).replace(tzinfo=None)
            table.writerow((local.isoformat(timespec="milliseconds"), *event[1:]))


def live_events(
    config: HouseholdConfig, start: float | datetime
) -> Iterator[SimulatedEvent]:
    """Yield the events from a moment on, for as long as they are asked for.

    They are those of the same household with more days, so a home whose past was
    simulated goes on without a seam. A float is UTC epoch seconds.
    """
    moment = start.timestamp() if isinstance(start, datetime) else start
    days = max(0, ceil((moment - config.span[0]) / DAY))
    while True:
        days += LIVE_DAYS
        longer = replace(config, days=days)
        for event in simulate(longer).events:
            if event.timestamp >= moment:
                yield event
        moment = longer.span[1]
