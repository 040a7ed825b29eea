"""Small drawings of curves and bars, as text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

# Okabe & Ito (2008): colors that most eyes can tell apart.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
_INK, _FAINT, _PAPER = "#333333", "#dddddd", "#ffffff"
_FONT = "system-ui, sans-serif"
# Room around the axes for their labels (px).
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 26.0, 40.0, 48.0
_LEGEND, _LEGEND_LINE = 230.0, 20.0


@dataclass(frozen=True, slots=True)
class Axis:
    """A direction from ``low`` to ``high`` with ticks; ``percent`` writes them so."""

    label: str
    low: float
    high: float
    ticks: Sequence[float]
    percent: bool = False

    def text(self, value: float) -> str:
        """Return how a tick is written."""
        return f"{value * 100:.0f} %" if self.percent else f"{value:g}"

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


@dataclass(slots=True)
class Chart:
    """One pair of axes; curves and bars are added to it."""

    title: str
    across: Axis
    up: Axis
    width: float = 400.0
    height: float = 320.0
    _marks: list[str] = field(default_factory=list)

    def curve(
        self,
        points: Sequence[tuple[float, float]],
        color: str,
        *,
        dots: bool = False,
        dashed: bool = False,
    ) -> None:
        """Add a line through points."""
        path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="4 4"' if dashed else ""
        self._marks.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" '
            f'stroke-width="2"{dash}/>'
        )
        if dots:
            self._marks += [
                f'<circle cx="{self._x(x):.1f}" cy="{self._y(y):.1f}" r="3" '
                f'fill="{color}"/>'
                for x, y in points
            ]

    def whisker(self, x: float, low: float, high: float, color: str) -> None:
        """Add a vertical line from low to high."""
        self._line(self._x(x), self._y(low), self._x(x), self._y(high), color)

    def svg(self, left: float = 0.0, top: float = 0.0) -> str:
        """Return the chart as a group of a drawing."""
        parts = [*self._frame(), *self._marks]
        return f'<g transform="translate({left:g} {top:g})">{"\n".join(parts)}</g>'

    def _x(self, value: float) -> float:
        return _LEFT + self.across.share(value) * (self.width - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        bottom = self.height - _BOTTOM
        return bottom - self.up.share(value) * (bottom - _TOP)

    def _line(self, x1: float, y1: float, x2: float, y2: float, color: str) -> None:
        self._marks.append(line(x1, y1, x2, y2, color, 2))

    def _frame(self) -> list[str]:
        right, bottom = self.width - _RIGHT, self.height - _BOTTOM
        parts = [text(self.width / 2, 24, self.title, bold=True)]
        for value in self.across.ticks:
            x = self._x(value)
            parts.append(line(x, _TOP, x, bottom, _FAINT))
            parts.append(text(x, bottom + 18, self.across.text(value)))
        for value in self.up.ticks:
            y = self._y(value)
            parts.append(line(_LEFT, y, right, y, _FAINT))
            parts.append(text(_LEFT - 8, y + 4, self.up.text(value), anchor="end"))
        middle = (_LEFT + right) / 2
        parts.append(text(middle, self.height - 10, self.across.label))
        height = (_TOP + bottom) / 2
        parts.append(
            f'<g transform="translate(14 {height:g}) rotate(-90)">'
            f"{text(0, 0, self.up.label)}</g>"
        )
        return parts


@dataclass(frozen=True, slots=True)
class Bar:
    """A horizontal bar from 0 to ``value`` with its interval."""

    label: str
    value: float
    low: float
    high: float
    color: str


_LABELS, _BAR = 170.0, 20.0


def bars(title: str, axis: Axis, rows: Sequence[Bar], width: float = 640.0) -> str:
    """Return a drawing of bars below each other."""
    bottom = _TOP + _BAR * len(rows)

    def x(value: float) -> float:
        share = min(max(axis.share(value), 0.0), 1.0)
        return _LABELS + share * (width - _LABELS - _RIGHT)

    parts = [text(width / 2, 24, title, bold=True)]
    for value in axis.ticks:
        parts.append(line(x(value), _TOP, x(value), bottom, _FAINT))
        parts.append(text(x(value), bottom + 18, axis.text(value)))
    parts.append(text((_LABELS + width) / 2, bottom + 38, axis.label))
    for number, bar in enumerate(rows):
        y = _TOP + number * _BAR
        left, right = sorted((x(0.0), x(bar.value)))
        parts.append(
            f'<rect x="{left:.1f}" y="{y + 3:g}" width="{right - left:.1f}" '
            f'height="{_BAR - 6:g}" fill="{bar.color}"/>'
        )
        middle = y + _BAR / 2
        parts.append(line(x(bar.low), middle, x(bar.high), middle, _INK, 1.5))
        parts.append(text(_LABELS - 8, middle + 4, bar.label, anchor="end"))
    parts.append(line(x(0.0), _TOP, x(0.0), bottom, _INK))
    return drawing(width, bottom + _BOTTOM, parts)


def side_by_side(charts: Sequence[Chart], legend: Sequence[tuple[str, str]]) -> str:
    """Return a drawing of charts in a row, and what their colors mean."""
    left, parts = 0.0, []
    for chart in charts:
        parts.append(chart.svg(left))
        left += chart.width
    for number, (label, color) in enumerate(legend):
        y = _TOP + (number + 0.5) * _LEGEND_LINE
        parts.append(line(left, y, left + 20, y, color, 3))
        parts.append(text(left + 28, y + 4, label, anchor="start"))
    height = max(chart.height for chart in charts)
    return drawing(left + _LEGEND, height, parts)


def drawing(width: float, height: float, parts: Sequence[str]) -> str:
    """Return a whole drawing on paper of its own, for light and dark pages."""
    return "\n".join(
        [
            (
                '<svg xmlns="http://www.w3.org/2000/svg" '
                f'viewBox="0 0 {width:g} {height:g}" '
                f'width="{width:g}" height="{height:g}" '
                f'font-family="{_FONT}" font-size="12" fill="{_INK}">'
            ),
            f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{_PAPER}"/>',
            *parts,
            "</svg>\n",
        ]
    )


def text(
    x: float, y: float, words: str, *, anchor: str = "middle", bold: bool = False
) -> str:
    """Return words at a place."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}>'
        f"{escape(words)}</text>"
    )


def line(
    x1: float, y1: float, x2: float, y2: float, color: str, width: float = 1.0
) -> str:
    """Return a straight line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{color}" stroke-width="{width:g}"/>'
    )
