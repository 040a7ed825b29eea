"""The report on accuracy from the command line, without a running Home Assistant.

In the configuration folder: ``python3 -m custom_components.occupancy_prediction.report``.
Nothing is written but the page that is asked for.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import json
from pathlib import Path
import sys
import time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.exc import DatabaseError

from ..archive_file import ArchiveUnreadableError, open_to_read
from ..const import (
    ARCHIVE_FILE,
    CONF_ACCURACY_THRESHOLD,
    DOMAIN,
    STORAGE_FOLDER,
    SUBENTRY_TYPE_ROOM,
)
from ..engine import LONGEST_REPORT, AccuracyReport, Scores, report_of
from ..forecast_log import ForecastLog
from ..options import HOME_OPTIONS
from .page import page
from .text import text

_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class _Home:
    """What the configuration says of the home."""

    rooms: Mapping[str, str] = field(default_factory=dict)
    threshold: float = next(
        option.default
        for option in HOME_OPTIONS
        if option.key == CONF_ACCURACY_THRESHOLD
    )
    time_zone: str = "UTC"


def main(argv: Sequence[str] | None = None, now: float | None = None) -> int:
    """Print the report, and write the page if one is asked for; 0 if all went well."""
    arguments = _arguments(argv)
    folder: Path = arguments.folder
    archive = folder / STORAGE_FOLDER / ARCHIVE_FILE
    if not folder.is_dir():
        return _fail(f"{folder}: there is no such folder")
    end = time.time() if now is None else now
    try:
        scores = _scores(archive, end - (arguments.days + 1) * _DAY)
    except ArchiveUnreadableError as error:
        return _fail(f"{archive}: {error.reason}")
    except DatabaseError as error:
        return _fail(f"{archive}: {error.orig}")
    home = _home_of(folder)
    report = report_of(scores, end, arguments.days, home.threshold)
    sys.stdout.write(text(report, home.rooms, home.time_zone))
    if arguments.html is not None:
        return _write_page(arguments.html, report, home)
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="report", description="How good the forecasts of a home were."
    )
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path(),
        metavar="CONFIG_FOLDER",
        help="the configuration folder of Home Assistant (default: this one)",
    )
    parser.add_argument(
        "--days", type=_days, default=30, metavar="N", help="1 to 400 (default: 30)"
    )
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="file for the report as a page"
    )
    return parser.parse_args(argv)


def _days(word: str) -> int:
    if not word.isdecimal() or not 1 <= (days := int(word)) <= LONGEST_REPORT:
        raise argparse.ArgumentTypeError(f"{word} is not from 1 to {LONGEST_REPORT}")
    return days


def _scores(path: Path, start: float) -> dict[str, Scores]:
    engine = open_to_read(path)
    try:
        return ForecastLog(engine.begin).scores(start)
    finally:
        engine.dispose()


def _home_of(folder: Path) -> _Home:
    """Return what the configuration says; what it does not say is left out."""
    entries = _stored(folder, "core.config_entries").get("entries", [])
    entry: dict[str, Any] = next(
        (each for each in entries if each.get("domain") == DOMAIN), {}
    )
    if not entry:
        sys.stderr.write("The names of the rooms are not in this folder.\n")
    home = _Home()
    time_zone = _stored(folder, "core.config").get("time_zone", home.time_zone)
    try:
        ZoneInfo(time_zone)
    except ZoneInfoNotFoundError, ValueError, OSError:
        time_zone = home.time_zone
    return _Home(
        {
            each["subentry_id"]: each["title"]
            for each in entry.get("subentries", [])
            if each["subentry_type"] == SUBENTRY_TYPE_ROOM
        },
        float(entry.get("options", {}).get(CONF_ACCURACY_THRESHOLD, home.threshold)),
        time_zone,
    )


def _stored(folder: Path, name: str) -> dict[str, Any]:
    """Return the data of one of Home Assistant's own files."""
    try:
        content = json.loads((folder / ".storage" / name).read_bytes())
    except OSError, ValueError:
        return {}
    data: dict[str, Any] = content["data"]
    return data


def _write_page(path: Path, report: AccuracyReport, home: _Home) -> int:
    try:
        path.write_text(page(report, home.rooms, home.time_zone), encoding="utf-8")
    except OSError as error:
        return _fail(f"{path}: {error.strerror}")
    sys.stdout.write(f"\n{path}\n")
    return 0


def _fail(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
