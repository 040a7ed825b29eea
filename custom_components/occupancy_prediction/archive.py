"""The component's own memory of what the sensors said: one SQLite file.

The recorder forgets after ten days and keeps binary sensors in no long-term
statistics. This file keeps a year in about 40 bytes an event. Everything here
blocks: call it in an executor, from any thread.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain
import math
from pathlib import Path
import threading
from typing import Final

import numpy as np
from sqlalchemy import (
    Connection,
    Engine,
    Float,
    Integer,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from .archive_file import (
    EVENTS,
    MARKS,
    SENSORS,
    ArchiveProblem,
    ProblemKind,
    delete_archive,
    open_file,
)
from .engine.types import Observation, ObservationTable
from .forecast_log import ForecastLog

__all__ = [
    "Archive",
    "ArchiveClosedError",
    "ArchiveProblem",
    "ProblemKind",
    "delete_archive",
]

_ALIVE: Final = "alive"

_NEW_SENSOR = bindparam("new_sensor", type_=Integer)
_NEW_TIMESTAMP = bindparam("new_timestamp", type_=Integer)
_NEW_VALUE = bindparam("new_value", type_=Float)
# What is there already is left alone. Where a sensor says two things within a
# millisecond the later one holds, as a new event that mirrors see.
_APPEND = (
    insert(EVENTS)
    .prefix_with("OR REPLACE")
    .from_select(
        ["sensor", "timestamp", "value"],
        select(_NEW_SENSOR, _NEW_TIMESTAMP, _NEW_VALUE).where(
            ~exists().where(
                EVENTS.c.sensor == _NEW_SENSOR,
                EVENTS.c.timestamp == _NEW_TIMESTAMP,
                EVENTS.c.value.is_not_distinct_from(_NEW_VALUE),
            )
        ),
    )
)
# NumPy reads no NULL; no value in the file is infinite.
_ROWS = select(
    EVENTS.c.sensor, EVENTS.c.timestamp, func.coalesce(EVENTS.c.value, math.inf)
)


class ArchiveClosedError(Exception):
    """The archive was used after it had been closed."""


class Archive:
    """All observations of a home. One connection, one caller at a time.

    ``forecasts`` is what was forecast, in the same file.
    """

    def __init__(self, engine: Engine) -> None:
        """Take over a prepared file; use ``open``."""
        self._engine = engine
        self._lock = threading.Lock()
        self._closed = False
        self.forecasts = ForecastLog(self._transaction)

    @classmethod
    def open(cls, path: Path, now: float) -> tuple[Archive, ArchiveProblem | None]:
        """Open or create the archive.

        A file that is damaged or of a newer version is renamed (``now`` is in
        its new name), never deleted, and a new one started.

        Raises:
            OSError, SQLAlchemyError: the file cannot be read or written.
        """
        engine, problem = open_file(path, now)
        return cls(engine), problem

    def append(self, observations: Collection[Observation]) -> int:
        """Add observations in any order; return how many were new.

        Of one sensor and millisecond there is one observation, the last told.
        """
        if not observations:
            return 0
        with self._transaction() as connection:
            keys = _register(connection, {item.sensor_id for item in observations})
            rows = [
                {
                    "new_sensor": keys[item.sensor_id],
                    "new_timestamp": _milliseconds(item.timestamp),
                    "new_value": item.value if math.isfinite(item.value) else None,
                }
                for item in observations
            ]
            return connection.execute(
                _APPEND, rows, execution_options={"preserve_rowcount": True}
            ).rowcount

    def load(
        self,
        sensor_ids: Collection[str],
        start: float | None = None,
        end: float | None = None,
    ) -> ObservationTable:
        """Return what sensors said from ``start`` until before ``end``.

        The table names all sensors asked for, also those that said nothing.
        """
        rows = _ROWS
        if start is not None:
            rows = rows.where(EVENTS.c.timestamp >= _milliseconds(start))
        if end is not None:
            rows = rows.where(EVENTS.c.timestamp < _milliseconds(end))
        with self._transaction() as connection:
            return _table(connection, sensor_ids, rows)

    def recent(self, sensor_ids: Collection[str], start: float) -> ObservationTable:
        """Return all since ``start`` and of each sensor its last word before."""
        moment = _milliseconds(start)
        # Correlated with the sensor alone: one look into the index per sensor.
        before = EVENTS.alias().c
        first = func.coalesce(
            select(func.max(before.timestamp))
            .where(before.sensor == SENSORS.c.id, before.timestamp < moment)
            .scalar_subquery(),
            moment,
        )
        rows = _ROWS.join(SENSORS, EVENTS.c.sensor == SENSORS.c.id).where(
            EVENTS.c.timestamp >= first
        )
        with self._transaction() as connection:
            return _table(connection, sensor_ids, rows)

    def spans(self, sensor_ids: Collection[str]) -> dict[str, tuple[float, float]]:
        """Return the first and the last moment of each sensor that has any."""
        moments = select(EVENTS.c.timestamp).where(EVENTS.c.sensor == SENSORS.c.id)
        first = moments.with_only_columns(func.min(EVENTS.c.timestamp))
        last = moments.with_only_columns(func.max(EVENTS.c.timestamp))
        query = select(
            SENSORS.c.sensor_id, first.scalar_subquery(), last.scalar_subquery()
        ).where(SENSORS.c.sensor_id.in_(sensor_ids))
        with self._transaction() as connection:
            return {
                sensor_id: (start / 1000, end / 1000)
                for sensor_id, start, end in connection.execute(query)
                if start is not None
            }

    def sensor_ids(self) -> set[str]:
        """Return every sensor the archive knows."""
        with self._transaction() as connection:
            return set(connection.execute(select(SENSORS.c.sensor_id)).scalars())

    def alive_until(self) -> float | None:
        """Return the last moment at which Home Assistant was surely watching."""
        query = select(MARKS.c.value).where(MARKS.c.name == _ALIVE)
        with self._transaction() as connection:
            moment = connection.execute(query).scalar_one_or_none()
        return None if moment is None else moment / 1000

    def set_alive(self, now: float) -> None:
        """Remember that Home Assistant was watching until now."""
        row = {"name": _ALIVE, "value": _milliseconds(now)}
        with self._transaction() as connection:
            connection.execute(insert(MARKS).prefix_with("OR REPLACE"), row)

    def remove_sensors(self, sensor_ids: Collection[str]) -> None:
        """Forget sensors and all they said; the file gets smaller."""
        with self._transaction() as connection:
            keys = list(_keys(connection, sensor_ids).values())
            connection.execute(delete(EVENTS).where(EVENTS.c.sensor.in_(keys)))
            connection.execute(delete(SENSORS).where(SENSORS.c.id.in_(keys)))

    def remove_before(self, moment: float) -> int:
        """Forget what was said before a moment; return how much that was."""
        old = delete(EVENTS).where(
            EVENTS.c.sensor.in_(select(SENSORS.c.id)),
            EVENTS.c.timestamp < _milliseconds(moment),
        )
        with self._transaction() as connection:
            return connection.execute(old).rowcount

    def rename_sensor(self, old: str, new: str) -> None:
        """Give a sensor another name, or add it to the one that has that name."""
        if old == new:
            return
        with self._transaction() as connection:
            keys = _keys(connection, (old, new))
            if old not in keys:
                return
            sensor = SENSORS.c.id == keys[old]
            if new not in keys:
                connection.execute(update(SENSORS).where(sensor).values(sensor_id=new))
                return
            events = EVENTS.c.sensor == keys[old]
            connection.execute(
                update(EVENTS)
                .prefix_with("OR IGNORE")
                .where(events)
                .values(sensor=keys[new])
            )
            connection.execute(delete(EVENTS).where(events))
            connection.execute(delete(SENSORS).where(sensor))

    def close(self) -> None:
        """Close the file, after whoever uses it now; it cannot be used any more."""
        with self._lock:
            self._closed = True
            self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._lock:
            if self._closed:
                raise ArchiveClosedError
            with self._engine.begin() as connection:
                yield connection


def _milliseconds(timestamp: float) -> int:
    return round(timestamp * 1000)


def _keys(connection: Connection, sensor_ids: Collection[str]) -> dict[str, int]:
    """Return the keys of those sensors that the file knows."""
    query = select(SENSORS.c.sensor_id, SENSORS.c.id).where(
        SENSORS.c.sensor_id.in_(sensor_ids)
    )
    return dict(connection.execute(query).tuples().all())


def _register(connection: Connection, sensor_ids: set[str]) -> dict[str, int]:
    """Return the keys of sensors, new ones included."""
    keys = _keys(connection, sensor_ids)
    new = sorted(sensor_ids - keys.keys())
    if not new:
        return keys
    connection.execute(insert(SENSORS), [{"sensor_id": name} for name in new])
    return _keys(connection, sensor_ids)


def _table(
    connection: Connection,
    sensor_ids: Collection[str],
    query: Select[tuple[int, int, float]],
) -> ObservationTable:
    names = tuple(dict.fromkeys(sensor_ids))
    keys = _keys(connection, names)
    # In the order of the index: SQLite would sort a year in a temporary file.
    result = connection.execute(
        query.where(EVENTS.c.sensor.in_(list(keys.values()))).order_by(
            EVENTS.c.sensor, EVENTS.c.timestamp
        )
    )
    # One flat stream of numbers needs a tenth of the memory of a list of rows.
    rows = np.fromiter(chain.from_iterable(result), np.float64).reshape(-1, 3)
    places = np.zeros(max(keys.values(), default=0) + 1, np.int64)
    for place, name in enumerate(names):
        if name in keys:
            places[keys[name]] = place
    return ObservationTable.from_columns(
        rows[:, 1] / 1000,
        places[rows[:, 0].astype(np.int64)],
        np.where(np.isinf(rows[:, 2]), np.nan, rows[:, 2]),
        names,
    )
