"""Tests of the report from the command line, on real files."""

from collections.abc import Iterator
from contextlib import closing
import json
from pathlib import Path
import sqlite3
from typing import Any

import pytest

from custom_components.occupancy_prediction.archive import Archive
from custom_components.occupancy_prediction.const import (
    ARCHIVE_FILE,
    DOMAIN,
    STORAGE_FOLDER,
)
from custom_components.occupancy_prediction.report.__main__ import main

from .reported import fared, in_room, remember

# A Monday, noon in Berlin.
NOW = 1_772_449_200.0
HOUR, DAY = 3600.0, 86400.0
ROOMS = [
    {"subentry_id": "room_kitchen", "subentry_type": "room", "title": "Kitchen"},
    {"subentry_id": "room_bath", "subentry_type": "room", "title": "B\x1b[2Jath"},
]


def store(folder: Path, name: str, **data: Any) -> None:
    """Write one of Home Assistant's own files."""
    path = folder / ".storage" / name
    path.write_text(json.dumps({"version": 1, "data": data}), encoding="utf-8")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Open the archive of a home, in a configuration folder that names its rooms."""
    archive, _ = Archive.open(tmp_path / STORAGE_FOLDER / ARCHIVE_FILE, NOW)
    remember(
        archive,
        fared(NOW - 10 * HOUR, [20.0, 60.0, 30.0]),
        in_room("room_bath", fared(NOW - 2 * HOUR, [1440.0], occupied=True)),
        fared(NOW - 20 * DAY, [130.0]),
        in_room("room_bath", fared(NOW - 2 * DAY, [1440.0], reliable=True)),
    )
    entry = {"domain": DOMAIN, "options": {"accuracy_threshold": 5.0}}
    store(
        tmp_path,
        "core.config_entries",
        entries=[{"domain": "sun"}, entry | {"subentries": ROOMS}],
    )
    store(tmp_path, "core.config", time_zone="Europe/Berlin")
    yield archive
    archive.close()


def listing(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_of_a_home_that_is_not_running(
    tmp_path: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """All is read and nothing changed, not even a journal begun."""
    archive.close()
    before = listing(tmp_path)
    assert main([str(tmp_path), "--days", "7"], NOW) == 0
    assert listing(tmp_path) == before
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert (
        lines[0] == "2026-02-23 12:00 to 2026-03-02 12:00 (Europe/Berlin), 4 forecasts"
    )
    assert "in 5 min" in lines[2]
    (kitchen,) = [
        line for line in lines if line.startswith("Kitchen") and "both" in line
    ]
    # Errors of 10, -30 and 0 minutes.
    assert kitchen.split()[:4] == ["Kitchen", "both", "3", "13.3"]
    assert "33 %" in kitchen
    assert "67 %" in kitchen
    came = [" ".join(line.partition("at ")[2].split()) for line in lines[-3:]]
    assert [line.partition(" at ")[0].strip() for line in lines[-3:]] == [
        "B?[2Jath",
        "Kitchen",
        "Kitchen",
    ]
    assert came == [
        "2026-02-28 12:00: occupied 2026-02-28 12:30, came not within a day (reliable)",
        "2026-03-02 03:00: occupied 2026-03-02 03:30, came 2026-03-02 04:00",
        "2026-03-02 02:00: occupied 2026-03-02 02:30, came 2026-03-02 02:20",
    ]


def test_while_home_assistant_is_running(
    tmp_path: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is in the journal alone is read too, and the writer is not disturbed."""
    assert main([str(tmp_path)], NOW) == 0
    assert "5 forecasts" in capsys.readouterr().out
    remember(archive, fared(NOW - 30 * HOUR, [50.0]))
    assert main([str(tmp_path)], NOW) == 0
    assert "6 forecasts" in capsys.readouterr().out


def test_page(
    tmp_path: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is written where it is asked for, and nowhere else."""
    page = tmp_path / "report.html"
    assert main([str(tmp_path), "--html", str(page)], NOW) == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert capsys.readouterr().out.endswith(f"\n{page}\n")
    assert main([str(tmp_path), "--html", str(tmp_path / "no" / "page")], NOW) == 1
    assert "No such file" in capsys.readouterr().err


def test_nothing_is_known_of_these_days(
    tmp_path: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """That is said, and is no error."""
    assert main([str(tmp_path)], NOW + 100 * DAY) == 0
    assert "of no forecast" in capsys.readouterr().out


def test_archive_alone(
    tmp_path: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without Home Assistant's own files, rooms go by their ids and times are UTC."""
    (tmp_path / ".storage/core.config_entries").write_text("{", encoding="utf-8")
    store(tmp_path, "core.config", time_zone="../Mars")
    assert main([str(tmp_path)], NOW) == 0
    captured = capsys.readouterr()
    assert "names of the rooms" in captured.err
    assert "\nroom_kitchen" in captured.out
    assert "11:00 (UTC)" in captured.out
    assert "in 15 min" in captured.out


@pytest.mark.parametrize("days", ["0", "401", "-1", "many"])
def test_days_that_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: str
) -> None:
    """They are refused with what is possible."""
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--days", days], NOW)
    assert "--days" in capsys.readouterr().err


def test_no_folder_and_no_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told which of them is missing, and none is made."""
    assert main([str(tmp_path / "nowhere")], NOW) == 1
    assert "no such folder" in capsys.readouterr().err
    assert main([str(tmp_path)], NOW) == 1
    assert "archive.db: there is no such file" in capsys.readouterr().err
    assert listing(tmp_path) == {}


@pytest.mark.parametrize(
    ("version", "words"), [(99, "a newer version"), (1, "an earlier version")]
)
def test_archive_of_another_version(
    tmp_path: Path,
    archive: Archive,
    capsys: pytest.CaptureFixture[str],
    version: int,
    words: str,
) -> None:
    """It is left as it is, for the version that can read it."""
    archive.close()
    path = tmp_path / STORAGE_FOLDER / ARCHIVE_FILE
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    before = listing(tmp_path)
    assert main([str(tmp_path)], NOW) == 1
    assert words in capsys.readouterr().err
    assert listing(tmp_path) == before


def test_damaged_archive(
    tmp_path: Path, archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told, whether its beginning is damaged or a part further in."""
    archive.close()
    path = tmp_path / STORAGE_FOLDER / ARCHIVE_FILE
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    assert main([str(tmp_path)], NOW) == 1
    assert "malformed" in capsys.readouterr().err
    path.write_bytes(b"no database " * 1000)
    assert main([str(tmp_path)], NOW) == 1
    assert "not a database" in capsys.readouterr().err
