"""The report on accuracy as text, for a terminal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ..engine import Accuracy, AccuracyReport, Miss, Transition
from .document import in_order

_DIRECTIONS: Final[dict[Transition | None, str]] = {
    None: "both",
    Transition.OCCUPIED: "occupied",
    Transition.VACANT: "vacant",
}


def text(report: AccuracyReport, names: Mapping[str, str], time_zone: str) -> str:
    """Return the report as lines; ``names`` are those of rooms by id."""
    zone = ZoneInfo(time_zone)
    both = report.home.accuracy.get(None, Accuracy())
    period = f"{_moment(report.start, zone)} to {_moment(report.end, zone)}"
    if not both.count:
        return f"{period} ({time_zone}): of no forecast is it known what came\n"
    lines = [
        f"{period} ({time_zone}), {both.count} forecasts",
        "",
        *_aligned(_figures(report, names), words=2),
        "",
        "Confidence stated, and the share that came within 20 min:",
    ]
    lines += _aligned(
        [
            (_percent(each.stated), _percent(each.came_true), f"{each.count} forecasts")
            for each in report.home.calibration
        ]
    )
    if report.misses:
        lines += [
            "",
            "The worst misses, one of each stay, those marked reliable first:",
        ]
        rows = [_miss(miss, names, zone) for miss in report.misses]
        lines += _aligned(rows, words=len(rows[0]))
    return "\n".join(lines) + "\n"


def _figures(report: AccuracyReport, names: Mapping[str, str]) -> list[tuple[str, ...]]:
    head = (
        "Room",
        "becomes",
        "forecasts",
        "mean error",
        "later",
        f"in {report.threshold:g} min",
        "in 20 min",
        "skill",
        "CRPS",
        "interval",
        "reliable",
        "right",
    )
    parts = [
        ("All rooms", report.home),
        *((name, report.rooms[room_id]) for room_id, name in in_order(report, names)),
    ]
    return [
        head,
        *(
            (_printable(name), words, *_row(part.accuracy[transition]))
            for name, part in parts
            for transition, words in _DIRECTIONS.items()
            if part.accuracy[transition].count
        ),
    ]


def _row(accuracy: Accuracy) -> tuple[str, ...]:
    reliable = accuracy.reliable or Accuracy()
    return (
        f"{accuracy.count}",
        _minutes(accuracy.mean_absolute_error),
        _percent(accuracy.late_share),
        _percent(accuracy.within_threshold),
        _percent(accuracy.within_20),
        _percent(accuracy.skill),
        _minutes(accuracy.crps),
        _percent(accuracy.coverage),
        _percent(accuracy.reliable_share),
        _percent(reliable.within_20),
    )


def _miss(miss: Miss, names: Mapping[str, str], zone: ZoneInfo) -> tuple[str, ...]:
    return (
        _printable(names.get(miss.room_id, miss.room_id)),
        f"at {_moment(miss.issued_at, zone)}:",
        f"{miss.transition.value} {_moment(miss.predicted_at, zone)},",
        f"came {_moment(miss.came_at, zone)}",
        "(reliable)" if miss.reliable else "",
    )


def _aligned(rows: Sequence[Sequence[str]], words: int = 0) -> list[str]:
    """Return rows as lines: the first columns are words, the others numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _printable(name: str) -> str:
    """Return a name that cannot play tricks on a terminal."""
    return "".join(each if each.isprintable() else "?" for each in name)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.0f} %"


def _minutes(minutes: float | None) -> str:
    return "-" if minutes is None else f"{minutes:.1f}"


def _moment(moment: float | None, zone: ZoneInfo) -> str:
    if moment is None:
        return "not within a day"
    return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M")
