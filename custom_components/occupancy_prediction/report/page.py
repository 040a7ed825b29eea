"""The report on accuracy as one page that needs nothing else.

Its drawings and style are in it, it runs no script and fetches nothing. Whatever a
user may have named is escaped.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from ..engine import Accuracy, AccuracyReport, Miss, Part, Transition
from .charts import course, histogram, reliability
from .document import in_order

_STYLE: Final = Path(__file__).with_name("page.css").read_text(encoding="utf-8").strip()
_NOTHING: Final = "–"
_DIRECTIONS: Final[dict[Transition | None, str]] = {
    None: "both",
    Transition.OCCUPIED: "becomes occupied",
    Transition.VACANT: "becomes vacant",
}
# What the figures mean, in the order of the columns.
_COLUMNS: Final = (
    ("Forecasts", "how many of them it is known what came of"),
    ("Mean error", "minutes between the predicted time and the change"),
    ("Later", "share of changes later than predicted; 50 % is no bias"),
    ("Within {threshold:g} min", "share off by no more than the accepted error"),
    ("Within 20 min", "share off by no more than 20 minutes"),
    (
        "Skill",
        "how much better than the usual time of the week; 0 % is no better",
    ),
    ("CRPS", "error of the whole distribution (minutes), smaller is better"),
    ("Interval", "share of changes inside the 80 % interval"),
    ("Reliable", "share marked reliable"),
    ("Right if reliable", "share of these within 20 minutes; 90 % are promised"),
)


def page(report: AccuracyReport, names: Mapping[str, str], time_zone: str) -> str:
    """Return the page as HTML; ``names`` are those of rooms by id."""
    zone = ZoneInfo(time_zone)
    both = report.home.accuracy.get(None, Accuracy())
    period = f"{_day(report.start, zone)} to {_day(report.end, zone)}"
    parts = [
        "<h1>How good the forecasts were</h1>",
        f"<p>{period}, {both.count} forecasts of {len(report.rooms)} rooms.</p>",
    ]
    if not both.count:
        parts.append("<p>In this time it became known of no forecast what came.</p>")
    else:
        rooms = in_order(report, names)
        parts += [
            _tiles(both),
            _table(report, rooms),
            "<h2>All rooms together</h2>",
            _drawings(report, report.home),
            _misses(report.misses, names, zone),
            "<h2>Each room</h2>",
            *(
                f"<details><summary>{escape(name)}</summary>"
                f"{_drawings(report, report.rooms[room_id])}</details>"
                for room_id, name in rooms
            ),
            _meanings(report.threshold),
        ]
    return _whole(period, parts)


def _whole(title: str, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<title>Forecasts {title}</title>
<style>
{_STYLE}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def _tiles(accuracy: Accuracy) -> str:
    reliable = accuracy.reliable or Accuracy()
    figures = (
        ("Mean error", _minutes(accuracy.mean_absolute_error)),
        ("Skill", _percent(accuracy.skill)),
        ("Within 20 min", _percent(accuracy.within_20)),
        ("In the 80 % interval", _percent(accuracy.coverage)),
        ("Marked reliable", _percent(accuracy.reliable_share)),
        ("of these within 20 min", _percent(reliable.within_20)),
    )
    tiles = "".join(
        f"<div><strong>{figure}</strong><span>{name}</span></div>"
        for name, figure in figures
    )
    return f'<div class="tiles">{tiles}</div>'


def _table(report: AccuracyReport, rooms: Sequence[tuple[str, str]]) -> str:
    titles = [title.format(threshold=report.threshold) for title, _ in _COLUMNS]
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Room", "", *titles))
    parts = [(name, report.rooms[room_id]) for room_id, name in rooms]
    rows = [
        _row(name if transition is None else "", words, figures)
        for name, part in (("All rooms", report.home), *parts)
        for transition, words in _DIRECTIONS.items()
        if (figures := part.accuracy[transition]).count
    ]
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(name: str, direction: str, accuracy: Accuracy) -> str:
    reliable = accuracy.reliable or Accuracy()
    cells = (
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
    kind = ' class="first"' if name else ""
    return (
        f'<tr{kind}><th scope="row">{escape(name)}</th><td>{direction}</td>'
        f"{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    )


def _drawings(report: AccuracyReport, part: Part) -> str:
    both = part.accuracy[None]
    drawn = (
        ("Is the confidence true?", reliability(part.calibration)),
        ("Is the spread true?", histogram(both.pit)),
        ("How it went", course(part.periods, report.start, report.end, report.period)),
    )
    return '<div class="charts">{}</div>'.format(
        "".join(
            f"<figure><figcaption>{title}</figcaption>{drawing}</figure>"
            for title, drawing in drawn
        )
    )


def _misses(misses: Sequence[Miss], names: Mapping[str, str], zone: ZoneInfo) -> str:
    if not misses:
        return (
            "<h2>Worst misses</h2><p>None was off by more than the accepted error.</p>"
        )
    titles = ("Room", "Issued", "Said", "Came", "That is", "Confidence", "")
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    rows = []
    for miss in misses:
        cells = (
            _moment(miss.issued_at, zone),
            f"{miss.transition.value} {_moment(miss.predicted_at, zone)}",
            _moment(miss.came_at, zone),
            f"{_minutes(abs(miss.error))} {'sooner' if miss.error > 0 else 'later'}",
            _percent(miss.confidence),
            "reliable" if miss.reliable else "",
        )
        name = escape(names.get(miss.room_id, miss.room_id))
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{name}</th>{row}</tr>')
    return (
        "<h2>Worst misses</h2><p>One of each stay, those marked reliable first.</p>"
        f'<div class="wide"><table class="misses"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _meanings(threshold: float) -> str:
    meanings = "".join(
        f"<dt>{title.format(threshold=threshold)}</dt><dd>{meaning}</dd>"
        for title, meaning in _COLUMNS
    )
    return (
        f"<h2>What the figures mean</h2><dl>{meanings}"
        "<dt>Is the confidence true?</dt><dd>Of forecasts with a confidence of 70 %, 70 % "
        "are to come within 20 minutes of the time said: dots on the dashed line. Below "
        "it the forecasts were too sure. Large dots stand for many forecasts.</dd>"
        "<dt>Is the spread true?</dt><dd>Then all bars are "
        "as high as the dashed line. High ends: too narrow. A high middle: too wide. "
        "More on the left: changes came earlier than expected.</dd></dl>"
    )


def _percent(share: float | None) -> str:
    return _NOTHING if share is None else f"{share * 100:.0f} %"


def _minutes(minutes: float | None) -> str:
    return _NOTHING if minutes is None else f"{minutes:.0f} min"


def _day(moment: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d")


def _moment(moment: float | None, zone: ZoneInfo) -> str:
    if moment is None:
        return "not within a day"
    return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M")
