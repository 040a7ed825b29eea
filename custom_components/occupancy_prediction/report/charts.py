"""Small drawings for the report: text that a page colors by its style.

They have no color of their own but the classes ``grid``, ``axis``, ``ideal``,
``series``, ``bar`` and ``label``, so that one drawing serves light and dark pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
import math

from ..engine import ConfidenceClass, Period

# Lengths in units of the drawing, which scales with the page.
_WIDTH, _HEIGHT = 340.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 18.0, 12.0, 42.0
# Radius of a dot: its area tells how many forecasts it stands for.
_SMALLEST, _LARGEST = 2.5, 9.0
_DAY = 86400.0
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(slots=True)
class _Chart:
    """A pair of axes; both reach from 0 to 1 of what is drawn."""

    words: str
    across: str
    up: str
    parts: list[str] = field(default_factory=list)

    def x(self, share: float) -> float:
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, share: float) -> float:
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def tick_across(self, share: float, label: str) -> None:
        x, bottom = self.x(share), self.y(0.0)
        self.parts.append(_text(x, bottom + 16, label, "middle"))

    def tick_up(self, share: float, label: str) -> None:
        y = self.y(share)
        self.parts.append(_line(self.x(0.0), y, self.x(1.0), y, "grid"))
        self.parts.append(_text(self.x(0.0) - 6, y + 4, label, "end"))

    def bar(self, left: float, right: float, height: float, words: str) -> None:
        x, y = self.x(left), self.y(height)
        self.parts.append(
            f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" '
            f'width="{self.x(right) - x:.1f}" height="{self.y(0.0) - y:.1f}">'
            f"<title>{escape(words)}</title></rect>"
        )

    def svg(self) -> str:
        middle = (self.y(0.0) + self.y(1.0)) / 2
        return "\n".join(
            [
                (
                    f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
                    f'aria-label="{escape(self.words)}">'
                ),
                *self.parts,
                _line(self.x(0.0), self.y(0.0), self.x(1.0), self.y(0.0), "axis"),
                _text(
                    (self.x(0.0) + self.x(1.0)) / 2, _HEIGHT - 6, self.across, "middle"
                ),
                (
                    f'<g transform="translate(12 {middle:g}) rotate(-90)">'
                    f"{_text(0, 0, self.up, 'middle')}</g>"
                ),
                "</svg>",
            ]
        )


def reliability(classes: Sequence[ConfidenceClass]) -> str:
    """Draw the stated confidence against the share that came true."""
    chart = _Chart(
        "Confidence stated, and the share that came true",
        "confidence stated",
        "came within 20 min",
    )
    for tick in _TICKS:
        chart.tick_across(tick, f"{tick * 100:.0f} %")
        chart.tick_up(tick, f"{tick * 100:.0f} %")
    x, y = chart.x, chart.y
    chart.parts.append(_line(x(0.0), y(0.0), x(1.0), y(1.0), "ideal"))
    points = " ".join(
        f"{x(each.stated):.1f},{y(each.came_true):.1f}" for each in classes
    )
    chart.parts.append(f'<polyline class="series" points="{points}"/>')
    most = max((each.count for each in classes), default=1)
    for each in classes:
        radius = max(_LARGEST * math.sqrt(each.count / most), _SMALLEST)
        words = (
            f"{each.stated * 100:.0f} % stated, {each.came_true * 100:.0f} % came true, "
            f"{each.count} forecasts"
        )
        chart.parts.append(
            f'<circle class="dot" cx="{x(each.stated):.1f}" '
            f'cy="{y(each.came_true):.1f}" r="{radius:.1f}">'
            f"<title>{escape(words)}</title></circle>"
        )
    return chart.svg()


def histogram(shares: Sequence[float]) -> str:
    """Draw the parts of the PIT: all as high as the dashed line where it is right."""
    chart = _Chart(
        "Where the changes fell in the distributions that were forecast",
        "place in the distribution",
        "share of forecasts",
    )
    even = 1 / max(len(shares), 1)
    top = max(2 * even, *shares) * 1.05 if shares else 1.0
    for tick in _round_ticks(top * 100):
        chart.tick_up(tick / 100 / top, f"{tick:g} %")
    for share, label in ((0.0, "earlier"), (1.0, "later")):
        anchor = "start" if share == 0 else "end"
        x, bottom = chart.x(share), chart.y(0.0)
        chart.parts.append(_text(x, bottom + 16, label, anchor))
    for place, share in enumerate(shares):
        words = f"{share * 100:.1f} %"
        chart.bar((place + 0.08) * even, (place + 0.92) * even, share / top, words)
    y = chart.y(even / top)
    chart.parts.append(_line(chart.x(0.0), y, chart.x(1.0), y, "ideal"))
    return chart.svg()


def course(periods: Sequence[Period], start: float, end: float, length: float) -> str:
    """Draw the mean error of each period of a length (s)."""
    chart = _Chart(
        "How the mean error went", "days before the report", "mean error (min)"
    )
    errors = [
        (each.start, each.accuracy.mean_absolute_error, each.accuracy.count)
        for each in periods
        if each.accuracy.mean_absolute_error is not None
    ]
    top = max((error for _, error, _ in errors), default=1.0) * 1.05 or 1.0
    for tick in _round_ticks(top):
        chart.tick_up(tick / top, f"{tick:g}")
    days = (end - start) / _DAY
    for tick in _round_ticks(days):
        if tick.is_integer():
            chart.tick_across(1 - tick / days, f"{tick:g}")
    for moment, error, scored in errors:
        words = f"{error:.0f} min, {scored} forecasts"
        # The last one may not be over.
        left, right = (
            (min(moment + share * length, end) - start) / (end - start)
            for share in (0.1, 0.9)
        )
        chart.bar(left, right, error / top, words)
    return chart.svg()


def _round_ticks(top: float) -> list[float]:
    """Return about four round numbers from 0 to at most ``top``."""
    step = 10.0 ** math.floor(math.log10(top / 2))
    step = next(step * factor for factor in (1, 2, 5, 10) if top / (step * factor) <= 5)
    return [step * number for number in range(int(top / step) + 1)]


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return (
        f'<text class="label" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )
