"""Read a home's events file: a table of sensor messages in local time.

Columns: ``timestamp`` (ISO 8601 without a zone), ``sensor_id``, ``sensor_type``,
``room_id``, ``state``. Rows that make no sense are counted by what is wrong with
them and left out.
"""

from collections import Counter
import csv
from dataclasses import dataclass, replace
from datetime import UTC, datetime
import gzip
import io
import math
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np

from custom_components.occupancy_prediction.engine import (
    OCCUPANCY_KINDS,
    HomeSpec,
    ObservationTable,
    RoomSpec,
    SensorKind,
    SensorSpec,
    purpose_of,
)

COLUMNS = ("timestamp", "sensor_id", "sensor_type", "room_id", "state")
_ACTIVE = {"on": 1.0, "off": 0.0, "open": 1.0, "closed": 0.0, "1": 1.0, "0": 0.0}
_LOST = frozenset({"unavailable", "unknown"})


class EventsFileError(Exception):
    """The file is not an events file."""


@dataclass(frozen=True, slots=True)
class EventsFile:
    """A home as an events file tells it.

    Attributes:
        spec: rooms with the sensors that appear in the file.
        table: all good rows, ordered by time.
        skipped: bad rows by what is wrong with them.
        examples: the first bad row of each kind, as "line N: what".
    """

    spec: HomeSpec
    table: ObservationTable
    skipped: dict[str, int]
    examples: tuple[str, ...]

    @property
    def start(self) -> float:
        """Return local midnight before the first event (UTC s)."""
        zone = ZoneInfo(self.spec.time_zone)
        first = datetime.fromtimestamp(float(self.table.timestamps[0]), zone)
        return datetime(first.year, first.month, first.day, tzinfo=zone).timestamp()

    @property
    def end(self) -> float:
        """Return the moment of the last event (UTC s)."""
        return float(self.table.timestamps[-1])

    def with_vacancy_delay(self, seconds: float) -> Self:
        """Return the home with another vacancy delay in every room."""
        rooms = tuple(replace(r, vacancy_delay=seconds) for r in self.spec.rooms)
        return replace(self, spec=replace(self.spec, rooms=rooms))


def read_events(path: Path, time_zone: str = "UTC") -> EventsFile:
    """Read an events file, gzipped or plain.

    Raises:
        EventsFileError: it has no such columns or not one good row.
        OSError: it cannot be read.
    """
    reader = _Reader(ZoneInfo(time_zone))
    try:
        with _opened(path) as lines:
            rows = csv.reader(lines)
            header = next(rows, [])
            if missing := [name for name in COLUMNS if name not in header]:
                raise EventsFileError(f"{path.name} has no column {', '.join(missing)}")
            order = [header.index(name) for name in COLUMNS]
            for row in rows:
                reader.take(rows.line_num, row, order)
    except (csv.Error, EOFError, UnicodeDecodeError, gzip.BadGzipFile) as error:
        raise EventsFileError(f"{path.name} is not a table: {error}") from error
    if not reader.timestamps:
        raise EventsFileError(f"{path.name} has no event that can be used")
    return reader.result(time_zone)


def _opened(path: Path) -> io.TextIOWrapper:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if packed:
        return io.TextIOWrapper(gzip.open(path, "rb"), "utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


class _Reader:
    """Collects the good rows and counts the bad ones."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.timestamps: list[float] = []
        self._zone = None if zone.key == "UTC" else zone
        self._sensors: list[int] = []
        self._values: list[float] = []
        self._known: dict[str, tuple[int, SensorKind, str]] = {}
        self._skipped: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def take(self, line: int, row: list[str], order: list[int]) -> None:
        """Add one row or count what is wrong with it."""
        problem = self._add(row, order)
        if problem is not None:
            self._skipped[problem] += 1
            self._examples.setdefault(problem, f"line {line}: {problem}")

    def _add(self, row: list[str], order: list[int]) -> str | None:
        if len(row) <= max(order):
            return "too few columns"
        stamp, sensor_id, kind, room_id, state = (row[i].strip() for i in order)
        try:
            moment = datetime.fromisoformat(stamp)
        except ValueError:
            return "no time"
        if kind not in set(SensorKind):
            return "unknown sensor type"
        if not sensor_id or not room_id:
            return "no sensor or room"
        value = _value(state.lower(), SensorKind(kind))
        if value is None:
            return "a state its sensor type does not have"
        index, known_kind, known_room = self._known.setdefault(
            sensor_id, (len(self._known), SensorKind(kind), room_id)
        )
        if (known_kind, known_room) != (kind, room_id):
            return "a sensor in two rooms or of two types"
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone or UTC)
        self.timestamps.append(moment.timestamp())
        self._sensors.append(index)
        self._values.append(value)
        return None

    def result(self, time_zone: str) -> EventsFile:
        """Return what was collected."""
        rooms: dict[str, list[SensorSpec]] = {}
        for sensor_id, (_, kind, room_id) in self._known.items():
            rooms.setdefault(room_id, []).append(SensorSpec(sensor_id, kind))
        table = ObservationTable.from_columns(
            np.array(self.timestamps),
            np.array(self._sensors, np.int64),
            np.array(self._values),
            tuple(self._known),
        )
        spec = HomeSpec(
            tuple(
                RoomSpec(room_id, tuple(sensors), purpose=purpose_of(room_id))
                for room_id, sensors in sorted(rooms.items())
            ),
            time_zone,
        )
        return EventsFile(
            spec, table, dict(self._skipped), tuple(self._examples.values())
        )


def _value(state: str, kind: SensorKind) -> float | None:
    """Return the value of a state, NaN for lost, None if it makes no sense."""
    if state in _LOST:
        return math.nan
    if state in _ACTIVE and (kind in OCCUPANCY_KINDS or kind is SensorKind.OTHER):
        return _ACTIVE[state]
    if kind in OCCUPANCY_KINDS:
        return None
    try:
        value = float(state)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
