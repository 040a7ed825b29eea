"""The file of the archive: its tables, its versions, and what to do if it is bad."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
import glob
from pathlib import Path
import sqlite3
from typing import Final

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    QueuePool,
    String,
    Table,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

# How long to wait for another program that has the file locked, seconds.
_BUSY_TIMEOUT: Final = 5.0
# Result codes of SQLite that mean the content is wrong, not that the disk, the
# rights or the moment are.
_DAMAGE: Final = frozenset(
    {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
)

METADATA = MetaData()
SENSORS = Table(
    "sensors",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("sensor_id", String, nullable=False, unique=True),
)
# The id only ever grows, so a mirror can follow it as a cursor. Timestamps are
# whole milliseconds, an unavailable sensor (NaN) is NULL.
EVENTS = Table(
    "events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("sensor", Integer, ForeignKey(SENSORS.c.id), nullable=False),
    Column("timestamp", Integer, nullable=False),
    Column("value", Float),
    Index("ix_events_sensor_timestamp", "sensor", "timestamp", unique=True),
    sqlite_autoincrement=True,
)
MARKS = Table(
    "marks",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)
ROOMS = Table(
    "rooms",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("room_id", String, nullable=False, unique=True),
)
VERSIONS = Table(
    "versions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("version", String, nullable=False, unique=True),
)
# Forecasts of which it is not known yet what came, or never will be: there is one at
# most of a room in each slot of time.
FORECASTS = Table(
    "forecasts",
    METADATA,
    Column("slot", Integer, primary_key=True),
    Column("room", ForeignKey(ROOMS.c.id), primary_key=True),
    Column("version", ForeignKey(VERSIONS.c.id), nullable=False),
    Column("said", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
# How the others fared. A day of a room is one row: reading a month of ten rooms
# takes 300 of them instead of 90,000.
SCORES = Table(
    "scores",
    METADATA,
    Column("day", Integer, primary_key=True),
    Column("room", ForeignKey(ROOMS.c.id), primary_key=True),
    Column("version", ForeignKey(VERSIONS.c.id), primary_key=True),
    Column("scores", LargeBinary, nullable=False),
)


class ProblemKind(StrEnum):
    """Why a file could not be used."""

    CORRUPT = "corrupt"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class ArchiveProblem:
    """The archive was started anew; the old file is kept under another name."""

    kind: ProblemKind
    kept_as: Path


def open_file(path: Path, now: float) -> tuple[Engine, ArchiveProblem | None]:
    """Return a connected engine of a file that is sound and up to date.

    Raises:
        OSError, SQLAlchemyError: the file cannot be read or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = _create_engine(path)
    kind = _prepare_or_dispose(engine)
    if kind is None:
        return engine, None
    kept_as = _set_aside(path, kind, now)
    engine = _create_engine(path)
    _prepare_or_dispose(engine)
    return engine, ArchiveProblem(kind, kept_as)


class ArchiveUnreadableError(Exception):
    """The archive cannot be read; ``reason`` tells why in a few words."""

    def __init__(self, reason: str) -> None:
        """Tell why."""
        super().__init__(reason)
        self.reason = reason


def open_to_read(path: Path) -> Engine:
    """Return an engine that only reads, whether or not Home Assistant is running.

    Raises:
        ArchiveUnreadableError: the file is missing, damaged or of another version.
    """
    if not path.is_file():
        raise ArchiveUnreadableError("there is no such file")
    # Without a journal nobody uses the file, and reading must not begin one: a file of
    # another user could keep Home Assistant from its own archive.
    is_used = path.with_name(f"{path.name}-wal").exists()
    mode = {"mode": "ro"} if is_used else {"immutable": "1"}
    url = URL.create(
        "sqlite", database=path.absolute().as_uri(), query={**mode, "uri": "true"}
    )
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT})
    try:
        with engine.connect() as connection:
            version: int = connection.exec_driver_sql(
                "PRAGMA user_version"
            ).scalar_one()
    except DatabaseError as error:
        engine.dispose()
        raise ArchiveUnreadableError(str(error.orig)) from error
    if version != SCHEMA:
        engine.dispose()
        age = "a newer" if version > SCHEMA else "an earlier"
        raise ArchiveUnreadableError(f"it was written by {age} version")
    return engine


def delete_archive(path: Path) -> None:
    """Delete the archive and whatever was kept of earlier ones."""
    for name in (f"{path.name}-wal", f"{path.name}-shm", path.name):
        path.with_name(name).unlink(missing_ok=True)
    for kind in ProblemKind:
        for kept in path.parent.glob(f"{glob.escape(path.name)}.{kind}-*"):
            kept.unlink(missing_ok=True)


def _create_events(connection: Connection) -> None:
    METADATA.create_all(connection, [SENSORS, EVENTS, MARKS])


def _create_forecasts(connection: Connection) -> None:
    METADATA.create_all(connection, [ROOMS, VERSIONS, FORECASTS, SCORES])


# The step at place n makes a file of schema n one of schema n + 1.
_MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    _create_events,
    _create_forecasts,
)
SCHEMA: Final = len(_MIGRATIONS)


def _create_engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={
            "timeout": _BUSY_TIMEOUT,
            # Executor threads change; the lock of the archive keeps them apart.
            "check_same_thread": False,
            # The module's own transactions leave out changes of the schema.
            "isolation_level": None,
        },
    )
    if not path.exists() or path.stat().st_size == 0:
        # Not in a file that is there: one that is damaged stays as it is.
        event.listen(engine, "connect", _set_up_file)
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up_connection(
    connection: DBAPIConnection, _entry: ConnectionPoolEntry
) -> None:
    cursor = connection.cursor()
    # A power cut may lose the last seconds, never the file; and few syncs.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _set_up_file(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Set what stays in the file, before anything is written to it."""
    cursor = connection.cursor()
    # The space of what is removed is given back.
    cursor.execute("PRAGMA auto_vacuum = FULL")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _begin(connection: Connection) -> None:
    # Not when the first row is written: SQLite does not wait for its turn then.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_or_dispose(engine: Engine) -> ProblemKind | None:
    """Check the file and bring it up to date; close it unless all is well."""
    kind = None
    ready = False
    try:
        kind = _prepare(engine)
        ready = kind is None
    finally:
        if not ready:
            engine.dispose()
    return kind


def _prepare(engine: Engine) -> ProblemKind | None:
    try:
        with engine.begin() as connection:
            version: int = connection.exec_driver_sql(
                "PRAGMA user_version"
            ).scalar_one()
            if version > SCHEMA:
                return ProblemKind.NEWER
            if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
                return ProblemKind.CORRUPT
            if version == 0 and inspect(connection).get_table_names():
                # Somebody else's database.
                return ProblemKind.CORRUPT
            for step in _MIGRATIONS[version:]:
                step(connection)
            if version < SCHEMA:
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
            for table in METADATA.sorted_tables:
                connection.execute(select(table).limit(1)).all()
    except DatabaseError as error:
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
        # The low byte is the result, the rest only details it.
        if code & 0xFF in _DAMAGE:
            return ProblemKind.CORRUPT
        raise
    return None


def _set_aside(path: Path, kind: ProblemKind, now: float) -> Path:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    kept_as = path.with_name(f"{path.name}.{kind}-{stamp}")
    number = 1
    while kept_as.exists():
        number += 1
        kept_as = path.with_name(f"{path.name}.{kind}-{stamp}-{number}")
    # The journal first: left beside a new file it would be applied to that.
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept_as.with_name(kept_as.name + suffix))
    return kept_as
