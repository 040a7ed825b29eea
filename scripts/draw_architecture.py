"""Draw the architecture: which module may know which, and the way of the data.

Run ``.venv/bin/python scripts/draw_architecture.py`` after a change of the
drawing. tests/test_docs.py holds it to the imports and to the layers in
pyproject.toml.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path
import tomllib
from typing import Final

FILE: Final = Path(__file__).parent.parent / "docs/architecture.svg"

# All lengths are in units of the drawing, which a README shows as pixels.
WIDTH: Final = 1040
MARGIN: Final = 22
PADDING: Final = 14
# Boxes stand on a grid of so many columns.
COLUMNS: Final = 12
LEFT: Final = MARGIN + PADDING
COLUMN: Final = (WIDTH - 2 * LEFT) / COLUMNS
GAP: Final = 12
TITLE: Final = 70
HEADER: Final = 30
BETWEEN_ROWS: Final = 20
BETWEEN_BANDS: Final = 18
LEGEND: Final = 84
# Heights of boxes with the text beside the name, and below it.
LOW, HIGH = 34, 48

# Of one width on every machine: the names must fit their boxes.
FONT: Final = "Arial, Helvetica, 'Liberation Sans', sans-serif"
INK: Final = "#16324f"
QUIET: Final = "#5b7288"
GROUND: Final = "#f6f9fc"
LINE: Final = "#7f98ae"


@dataclass(frozen=True, slots=True)
class Box:
    """A module; it reaches from one column of the grid to another.

    ``step`` is its place on the way of the data.
    """

    module: str
    start: float
    end: float
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Band:
    """Modules that stand for the same thing, lower layers further down."""

    title: str
    text: str
    colors: tuple[str, str]
    height: int
    boxes: str

    @property
    def rows(self) -> list[list[Box]]:
        """Return the boxes, row by row."""
        found: list[list[Box]] = []
        for line in self.boxes.strip().splitlines():
            row, module, start, end, step, text = line.split(maxsplit=5)
            if int(row) > len(found):
                found.append([])
            found[-1].append(
                Box(module, float(start), float(end), step.strip("-"), text)
            )
        return found


_CONTENT: Final = tomllib.loads(
    (Path(__file__).parent / "architecture.toml").read_text(encoding="utf-8")
)
BANDS: Final = tuple(
    Band(
        band["title"],
        band["text"],
        (band["colors"][0], band["colors"][1]),
        HIGH if band["height"] == "high" else LOW,
        band["boxes"],
    )
    for band in _CONTENT["bands"]
)

# These are folders: one file for each member or subject.
PACKAGES: Final = ("engine/features", "engine/models", "report")

# Who uses whom, and the column in which the arrow is drawn.
ARROWS: Final[str] = _CONTENT["arrows"]

# What is said of the two ways of the data, by the letter of their steps.
WAYS: Final = {
    "A": "a sensor speaks (1), its room changes (2), is forecast (3), pushed (4), shown (5)",
    "B": "past (1) and present (2) are kept (3), learned (5) when it is time (4), and saved (6)",
}
WAY_COLORS: Final = {"A": "#0e74b8", "B": "#c77700"}


def x_of(column: float) -> float:
    """Return where a column begins."""
    return LEFT + column * COLUMN


def rows_of(band: Band, top: float) -> list[float]:
    """Return the upper edges of the rows of a band."""
    step = band.height + BETWEEN_ROWS
    return [top + HEADER + step * number for number in range(len(band.rows))]


def tops() -> dict[str, float]:
    """Return the upper edge of each band by its title, and where the last ends."""
    edges: dict[str, float] = {}
    top: float = TITLE
    for band in BANDS:
        edges[band.title] = top
        top = rows_of(band, top)[-1] + band.height + PADDING + BETWEEN_BANDS
    edges[""] = top - BETWEEN_BANDS
    return edges


def places() -> dict[str, tuple[float, float]]:
    """Return the upper and the lower edge of each module, and of the engine."""
    edges = tops()
    found = {"engine": (edges["engine/"], edges[""])}
    for band in BANDS:
        for top, row in zip(rows_of(band, edges[band.title]), band.rows, strict=True):
            found |= {box.module: (top, top + band.height) for box in row}
    return found


def text(
    x: float, y: float, content: str, size: float, color: str, *, more: str = ""
) -> str:
    """Draw a line of text; ``more`` are further attributes."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{color}"{more}>'
        f"{escape(content)}</text>"
    )


def badge(x: float, y: float, step: str) -> str:
    """Draw a step on the way of the data, centered."""
    color = WAY_COLORS[step[0]]
    center = ' text-anchor="middle" font-weight="700"'
    return (
        f'<rect x="{x - 14:.1f}" y="{y - 9:.1f}" width="28" height="18" rx="9"'
        f' fill="{color}" stroke="#ffffff" stroke-width="1.5"/>'
        + text(x, y + 4, step, 11, "#ffffff", more=center)
    )


def box_of(box: Box, band: Band, top: float) -> str:
    """Draw a module: what it does below its name where it is narrow, else beside."""
    left, right = x_of(box.start) + GAP / 2, x_of(box.end) - GAP / 2
    frame = (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}"'
        f' height="{band.height}" rx="7" fill="#ffffff" stroke="{band.colors[1]}"/>'
    )
    x = left + 11
    name = box.module.removeprefix("engine/")
    name += "/" if box.module in PACKAGES else ".py"
    bold = ' font-weight="600"'
    if band.height == HIGH:
        content = text(x, top + 20, name, 14, INK, more=bold) + text(
            x, top + 37, box.text, 12, QUIET
        )
    else:
        line = (
            f'<tspan font-weight="600">{name}</tspan>'
            f'<tspan dx="9" font-size="12" fill="{QUIET}">{escape(box.text)}</tspan>'
        )
        content = (
            f'<text x="{x:.1f}" y="{top + band.height / 2 + 5:.1f}" font-size="14"'
            f' fill="{INK}">{line}</text>'
        )
    # On the second line where there are two.
    middle = top + (33 if band.height == HIGH else band.height / 2)
    step = badge(right - 21, middle, box.step) if box.step else ""
    return frame + content + step


def ground_of(band: Band, top: float) -> str:
    """Draw what the modules of a band stand on."""
    bottom = rows_of(band, top)[-1] + band.height + PADDING
    return (
        f'<rect x="{MARGIN}" y="{top:.1f}" width="{WIDTH - 2 * MARGIN}"'
        f' height="{bottom - top:.1f}" rx="12" fill="{band.colors[0]}"'
        f' stroke="{band.colors[1]}"/>'
    )


def heading_of(number: int, band: Band, top: float) -> str:
    """Draw the number and the title of a band, readable across arrows."""
    is_dark = band.title == "engine/"
    ink, quiet = ("#ffffff", "#b9d2e8") if is_dark else (INK, QUIET)
    halo = f' stroke="{band.colors[0]}" stroke-width="6" paint-order="stroke"'
    return (
        f'<text x="{LEFT + GAP / 2:.1f}" y="{top + 20:.1f}" font-size="13"'
        f' fill="{quiet}"{halo}><tspan font-weight="700" fill="{ink}">{number}'
        f"&#160; {escape(band.title)}</tspan>"
        f'<tspan dx="9">{escape(band.text)}</tspan></text>'
    )


def arrows() -> list[tuple[str, str, float]]:
    """Return who uses whom, and the column of the arrow."""
    found = []
    for line in ARROWS.strip().splitlines():
        source, targets = line.split(":")
        for target in targets.split(","):
            name, column = target.split()
            found.append((source, name, float(column)))
    return found


def arrow(source: str, target: str, column: float) -> str:
    """Draw who uses whom, always downwards."""
    found = places()
    x, start, end = x_of(column), found[source][1], found[target][0]
    return (
        f'<path d="M{x:.1f} {start:.1f}V{end - 6:.1f}" stroke="{LINE}"'
        f' stroke-width="1.6" marker-end="url(#tip)"/>'
    )


def drawing() -> str:
    """Return the whole drawing."""
    edges = tops()
    height = edges[""] + LEGEND
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"'
        f' width="{WIDTH}" height="{height:.0f}" font-family="{FONT}" role="img"'
        ' aria-label="Layers of modules and the way of the data">'
    )
    tip = (
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="3" refY="5" markerWidth="5"'
        f' markerHeight="5" orient="auto"><path d="M0 0L10 5L0 10z" fill="{LINE}"/>'
        "</marker></defs>"
    )
    parts = [
        start,
        tip,
        f'<rect width="{WIDTH}" height="{height:.0f}" rx="16" fill="{GROUND}"/>',
        text(LEFT, 34, "Occupancy Prediction", 20, INK, more=' font-weight="700"'),
        text(
            LEFT,
            54,
            "A module uses only what is further down; arrows show the main uses.",
            13,
            QUIET,
        ),
    ]
    parts += [ground_of(band, edges[band.title]) for band in BANDS]
    # On the bands, under the boxes and the titles.
    parts += [arrow(*item) for item in arrows()]
    for number, band in enumerate(BANDS, start=1):
        top = edges[band.title]
        parts.append(heading_of(number, band, top))
        for row_top, row in zip(rows_of(band, top), band.rows, strict=True):
            parts += [box_of(box, band, row_top) for box in row]
    for number, (letter, meaning) in enumerate(WAYS.items()):
        y = edges[""] + 34 + 28 * number
        parts.append(badge(LEFT + 22, y, letter))
        parts.append(text(LEFT + 46, y + 5, meaning, 13, INK))
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Write the drawing."""
    FILE.write_text(drawing(), encoding="utf-8")


if __name__ == "__main__":
    main()
