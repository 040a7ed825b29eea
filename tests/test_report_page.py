"""Tests of the page: what it shows, and that it needs and lets in nothing else."""

from html.parser import HTMLParser
import re
from typing import override
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from custom_components.occupancy_prediction.engine import (
    Accuracy,
    AccuracyReport,
    ConfidenceClass,
    Period,
    report_of,
)
from custom_components.occupancy_prediction.report.charts import (
    course,
    histogram,
    reliability,
)
from custom_components.occupancy_prediction.report.page import page

from .reported import fared, in_room

# A Monday, noon in Berlin.
NOW = 1_772_449_200.0
HOUR, DAY = 3600.0, 86400.0
EVIL = "</title><script src=//evil.example></script><img onerror='x' src=\"y\">&"
NAMES = {"room_kitchen": "Küche", "room_evil": EVIL}
EMPTY = ("area", "br", "hr", "img", "input", "link", "meta")


class Reader(HTMLParser):
    """Collects the elements and the text of a page, and checks that all are closed."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in EMPTY:
            self._open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        """Elements are closed in order."""
        if tag not in EMPTY:
            assert self._open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        """Remember text."""
        self.words.append(data.strip())

    @override
    def close(self) -> None:
        """Nothing is left open."""
        super().close()
        assert self._open == []


def read(html: str) -> Reader:
    """Read a page."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.fixture
def report() -> AccuracyReport:
    """Return a report of two rooms, one of them with a name that means harm."""
    kitchen = fared(NOW - 40 * HOUR, [20.0, 60.0, 30.0] * 10, confidence=0.7)
    evil = in_room("room_evil", fared(NOW - 5 * HOUR, [75.0], occupied=True))
    return report_of({**kitchen.scores, **evil.scores}, NOW, 7, 15.0)


def test_page_shows_the_figures(report: AccuracyReport) -> None:
    """Of the home and of each room, in both directions, and the worst misses."""
    reader = read(page(report, NAMES, "Europe/Berlin"))
    words = reader.words
    assert "2026-02-23 to 2026-03-02, 31 forecasts of 2 rooms." in words
    # Each chart once for the home and for each room.
    assert reader.tags.count("svg") == 3 * 3
    assert reader.tags.count("details") == 2
    assert "Within 15 min" in words
    assert words.count("Küche") >= 3
    # Of the room that was left 45 minutes later than said.
    assert words[words.index("45 min later") - 2] == "vacant 2026-03-02 07:30"
    assert words[words.index("45 min later") - 1] == "2026-03-02 08:15"


def test_page_needs_nothing_else(report: AccuracyReport) -> None:
    """No script, no address, no handler, and a policy that would stop them."""
    html = page(report, NAMES, "UTC")
    reader = read(html)
    assert not {"script", "link", "img", "iframe", "object", "a"} & set(reader.tags)
    assert not {"src", "href", "onerror", "onload", "style"} & reader.attributes
    assert "default-src 'none'" in html
    assert not re.search(r"url\(|@import|https?:", html)
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html


def test_names_are_text(report: AccuracyReport) -> None:
    """Whatever a room is called, the page is what it would be."""
    html = page(report, NAMES, "UTC")
    assert EVIL in read(html).words
    harmless = page(report, NAMES | {"room_evil": "Attic"}, "UTC")
    # The rooms stand in the order of their names.
    assert sorted(read(html).tags) == sorted(read(harmless).tags)
    unnamed = page(report, {}, "UTC")
    assert "room_kitchen" in read(unnamed).words


def test_page_of_nothing() -> None:
    """It says that nothing is known yet."""
    reader = read(page(report_of({}, NOW, 30, 15.0), {}, "UTC"))
    assert "svg" not in reader.tags
    assert any("of no forecast" in words for words in reader.words)


def test_page_without_misses() -> None:
    """Also that is said."""
    scores = fared(NOW - 5 * HOUR, [30.0]).scores
    words = read(page(report_of(scores, NOW, 1, 15.0), NAMES, "UTC")).words
    assert "None was off by more than the accepted error." in words


def numbers(drawing: str, kind: str, *names: str) -> list[tuple[float, ...]]:
    """Return attributes of the elements of a class."""
    return [
        tuple(float(element.attrib[name]) for name in names)
        for element in ET.fromstring(drawing).iter()
        if element.get("class") == kind
    ]


def test_reliability_curve() -> None:
    """What is as it was stated lies on the dashed line; the area is the count."""
    drawing = reliability(
        [ConfidenceClass(0.25, 0.25, 100), ConfidenceClass(0.75, 0.5, 25)]
    )
    ((x1, y1, x2, y2),) = numbers(drawing, "ideal", "x1", "y1", "x2", "y2")
    (x, y, large), (other_x, other_y, small) = numbers(drawing, "dot", "cx", "cy", "r")
    assert (x - x1) / (x2 - x1) == pytest.approx(0.25, abs=0.001)
    assert (y - y1) / (y2 - y1) == pytest.approx(0.25, abs=0.001)
    assert (other_x - x1) / (x2 - x1) == pytest.approx(0.75, abs=0.001)
    assert (other_y - y1) / (y2 - y1) == pytest.approx(0.5, abs=0.001)
    assert large == pytest.approx(2 * small)


def test_histogram() -> None:
    """Ten bars; an even one reaches the dashed line."""
    drawing = histogram([0.1] * 8 + [0.05, 0.15])
    heights = [height for (height,) in numbers(drawing, "bar", "height")]
    ((line,),) = numbers(drawing, "ideal", "y1")
    tops = [top for (top,) in numbers(drawing, "bar", "y")]
    assert tops[0] == pytest.approx(line, abs=0.1)
    assert heights[8] == pytest.approx(heights[0] / 2, abs=0.1)
    assert heights[9] == pytest.approx(heights[0] * 1.5, abs=0.1)


def test_course() -> None:
    """A bar where its day is, as high as its error; days of nothing have none."""
    days = [
        Period(NOW - 10 * DAY, Accuracy(4, 20.0)),
        Period(NOW - 9 * DAY, Accuracy()),
        Period(NOW - DAY, Accuracy(2, 40.0)),
    ]
    drawing = course(days, NOW - 10 * DAY, NOW, DAY)
    (left, low), (right, high) = numbers(drawing, "bar", "x", "height")
    ((start, end),) = numbers(drawing, "axis", "x1", "x2")
    assert left == pytest.approx(start + 0.01 * (end - start), abs=0.1)
    assert right == pytest.approx(start + 0.91 * (end - start), abs=0.1)
    assert high == pytest.approx(2 * low, abs=0.1)


@pytest.mark.parametrize("error", [0.0, 0.3, 7.0, 1440.0])
@pytest.mark.parametrize("count", [1, 7, 400])
def test_course_of_any_size(error: float, count: int) -> None:
    """Bars stay inside, and no axis is without a number."""
    start = NOW - count * DAY
    days = [Period(start + n * DAY, Accuracy(1, error)) for n in range(count)]
    drawing = course(days, start, NOW, DAY)
    assert len(numbers(drawing, "bar", "x")) == count
    assert np.min(numbers(drawing, "bar", "y")) >= 0
    assert 2 <= len(numbers(drawing, "grid", "y1")) <= 8
