"""Archives that cannot be used, and what becomes of them."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
import sqlite3

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from custom_components.occupancy_prediction.archive import (
    Archive,
    ArchiveProblem,
    ProblemKind,
    delete_archive,
)
from custom_components.occupancy_prediction.archive_file import SCHEMA
from custom_components.occupancy_prediction.engine import GRID, Forecast, Issued
from custom_components.occupancy_prediction.engine.types import Observation
from custom_components.occupancy_prediction.forecast_log import LogEntry

from .disk import busy_database, full_disk

# 2026-11-24 05:59:14 UTC
NOW = 1_795_499_954.0
STAMP = "20261124-055914"
HALL = "binary_sensor.hall_motion"
# What the first release made of a new file.
FIRST_SCHEMA = """
PRAGMA auto_vacuum = FULL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE sensors (
    id INTEGER NOT NULL,
    sensor_id VARCHAR NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (sensor_id)
);
CREATE TABLE marks (
    name VARCHAR NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE events (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    sensor INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    value FLOAT,
    FOREIGN KEY(sensor) REFERENCES sensors (id)
);
CREATE UNIQUE INDEX ix_events_sensor_timestamp ON events (sensor, timestamp);
INSERT INTO sensors VALUES (1, 'binary_sensor.hall_motion');
INSERT INTO events VALUES (7, 1, 1795499954000, 1.0), (8, 1, 1795499999500, NULL);
INSERT INTO marks VALUES ('alive', 1795500000000);
PRAGMA user_version = 1;
COMMIT;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of an archive."""
    return tmp_path / "archive.db"


def _fill(path: Path) -> None:
    archive, _ = Archive.open(path, NOW)
    archive.append([Observation(NOW + n, HALL, n % 2) for n in range(5000)])
    archive.close()


def _garbage(path: Path) -> None:
    path.write_bytes(b"This is not a database." * 1000)


def _truncated(path: Path) -> None:
    _fill(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _bad_page(path: Path) -> None:
    """Leave head and size as they are; only the check of the pages tells."""
    _fill(path)
    content = bytearray(path.read_bytes())
    size = 4096
    middle = len(content) // size // 2 * size
    content[middle : middle + size] = b"\xa5" * size
    path.write_bytes(content)


def _sql(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        _fill(path)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    return change


def _first_release(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(FIRST_SCHEMA)


def _forecast(moment: float) -> Issued:
    cdf = np.linspace(0.1, 0.9, len(GRID) - 1)
    forecast = Forecast("hall", moment, False, cdf=tuple(cdf.tolist()))
    return Issued.of([forecast])


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE states (state_id INTEGER)")


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        pytest.param(_garbage, ProblemKind.CORRUPT, id="garbage"),
        pytest.param(_truncated, ProblemKind.CORRUPT, id="truncated"),
        pytest.param(_bad_page, ProblemKind.CORRUPT, id="bad page"),
        pytest.param(_foreign, ProblemKind.CORRUPT, id="foreign"),
        pytest.param(_sql("DROP TABLE events"), ProblemKind.CORRUPT, id="no table"),
        pytest.param(_sql("DROP TABLE scores"), ProblemKind.CORRUPT, id="no scores"),
        pytest.param(
            _sql("ALTER TABLE events DROP COLUMN value"),
            ProblemKind.CORRUPT,
            id="no column",
        ),
        pytest.param(
            _sql(f"PRAGMA user_version = {SCHEMA + 1}"), ProblemKind.NEWER, id="newer"
        ),
    ],
)
def test_set_aside(
    path: Path, damage: Callable[[Path], None], kind: ProblemKind
) -> None:
    """What cannot be used is kept under another name and a new file begun."""
    damage(path)
    content = path.read_bytes()
    archive, problem = Archive.open(path, NOW)
    kept_as = path.with_name(f"archive.db.{kind}-{STAMP}")
    assert problem == ArchiveProblem(kind, kept_as)
    assert kept_as.read_bytes() == content
    assert archive.spans([HALL]) == {}
    assert archive.append([Observation(NOW, HALL, 1.0)]) == 1
    archive.close()
    again, problem = Archive.open(path, NOW)
    assert problem is None
    assert len(again.load([HALL])) == 1
    again.close()


def test_first_release(path: Path) -> None:
    """A file of the first release keeps all it holds, and takes forecasts from now on."""
    _first_release(path)
    archive, problem = Archive.open(path, NOW)
    assert problem is None
    assert archive.alive_until() == 1_795_500_000.0
    table = archive.load([HALL])
    assert table.timestamps.tolist() == [1_795_499_954.0, 1_795_499_999.5]
    assert table.values[0] == 1.0
    assert archive.append([Observation(NOW + 99, HALL, 0.0)]) == 1
    archive.forecasts.write([LogEntry({"hall": _forecast(NOW)})])
    archive.close()
    again, problem = Archive.open(path, NOW)
    assert problem is None
    assert again.forecasts.unscored(0.0)["hall"].issued_at.tolist() == [NOW]
    assert len(again.load([HALL])) == 3
    again.close()
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
        newest = connection.execute("SELECT max(id) FROM events").fetchone()
    assert version == (SCHEMA,)
    # Mirrors follow the ids: they go on where they were.
    assert newest == (9,)


def test_first_release_that_cannot_be_changed_now(path: Path) -> None:
    """Where the disk is full or somebody has the file it stays as it is."""
    _first_release(path)
    with full_disk(), pytest.raises(OperationalError):
        Archive.open(path, NOW)
    with busy_database(path), pytest.raises(OperationalError):
        Archive.open(path, NOW)
    with closing(sqlite3.connect(path)) as connection:
        tables = {
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            )
        }
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert tables == {"sensors", "events", "marks", "sqlite_sequence"}
    assert [file.name for file in path.parent.iterdir()] == ["archive.db"]
    archive, problem = Archive.open(path, NOW)
    assert problem is None
    assert archive.spans([HALL]) == {HALL: (1_795_499_954.0, 1_795_499_999.5)}
    archive.close()


def test_set_aside_twice(path: Path) -> None:
    """A second accident within a second takes nothing from the first."""
    for content, name in (
        (b"first" * 99, f"archive.db.corrupt-{STAMP}"),
        (b"second" * 99, f"archive.db.corrupt-{STAMP}-2"),
        (b"third" * 99, f"archive.db.corrupt-{STAMP}-3"),
    ):
        path.write_bytes(content)
        archive, problem = Archive.open(path, NOW)
        archive.close()
        assert problem is not None
        assert problem.kept_as.name == name
        assert problem.kept_as.read_bytes() == content


def test_journal_goes_along(path: Path) -> None:
    """The journal of a damaged file is kept with it, never applied to the new one."""
    _bad_page(path)
    with closing(sqlite3.connect(path)) as other:
        # Another program that is at work keeps SQLite from clearing it away.
        with other:
            other.execute("INSERT INTO marks VALUES ('other', 1)")
        archive, problem = Archive.open(path, NOW)
        assert problem is not None
        kept = problem.kept_as
        assert kept.with_name(f"{kept.name}-wal").stat().st_size > 0
        assert kept.with_name(f"{kept.name}-shm").exists()
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT name FROM marks").fetchall() == [("other",)]
    assert archive.spans([HALL]) == {}
    assert archive.alive_until() is None
    archive.close()


def test_power_cut(path: Path, tmp_path: Path) -> None:
    """What was written before a power cut is there, though nothing was closed."""
    archive, _ = Archive.open(path, NOW)
    archive.append([Observation(NOW, HALL, 1.0)])
    other = tmp_path / "other.db"
    for suffix in ("", "-wal"):
        copy = path.with_name(path.name + suffix).read_bytes()
        other.with_name(other.name + suffix).write_bytes(copy)
    archive.close()
    found, problem = Archive.open(other, NOW)
    assert problem is None
    assert found.spans([HALL]) == {HALL: (NOW, NOW)}
    found.close()


def test_empty_file(path: Path) -> None:
    """An empty file is a new archive, as it is for SQLite."""
    path.touch()
    archive, problem = Archive.open(path, NOW)
    assert problem is None
    archive.close()


def test_settings(path: Path) -> None:
    """The file carries its version and its journal mode."""
    _fill(path)
    with closing(sqlite3.connect(path)) as connection:
        for pragma, value in (
            ("user_version", SCHEMA),
            ("journal_mode", "wal"),
            ("auto_vacuum", 1),
        ):
            assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_not_a_file(path: Path) -> None:
    """What is no damage of the content is not renamed but told."""
    path.mkdir()
    with pytest.raises(OperationalError):
        Archive.open(path, NOW)
    assert [file.name for file in path.parent.iterdir()] == ["archive.db"]


def test_no_folder(tmp_path: Path) -> None:
    """A folder that cannot be made is told."""
    (tmp_path / "storage").touch()
    with pytest.raises(FileExistsError):
        Archive.open(tmp_path / "storage" / "archive.db", NOW)


def test_full_disk(path: Path) -> None:
    """On a full disk no archive is begun; once there is room it is."""
    with full_disk(), pytest.raises(OperationalError):
        Archive.open(path, NOW)
    archive, problem = Archive.open(path, NOW)
    assert problem is None
    archive.close()


def test_delete(path: Path) -> None:
    """Everything of the archive goes, what was set aside too, and nothing else."""
    delete_archive(path)
    _garbage(path)
    archive, _ = Archive.open(path, NOW)
    archive.append([Observation(NOW, HALL, 1.0)])
    neighbor = path.with_name("model.npz")
    neighbor.touch()
    delete_archive(path)
    archive.close()
    assert list(path.parent.iterdir()) == [neighbor]
