"""Draw the images of the brand: a house, and in it the forecast of a room.

Run ``.venv/bin/python scripts/draw_brand.py`` after a change of the drawing.
"""

from itertools import pairwise
import math
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

FOLDER: Final = (
    Path(__file__).parent.parent / "custom_components/occupancy_prediction/brand"
)

# Drawn so many times larger and scaled down: Pillow draws without smoothing.
OVERSAMPLING: Final = 4
# The drawing below is in units of a square of this side.
SIDE: Final = 512

BLUE: Final = (14, 116, 184)
DEEP_BLUE: Final = (9, 66, 124)
WHITE: Final = (255, 255, 255)
AMBER: Final = (255, 183, 27)

type Point = tuple[float, float]


def curve(start: float, end: float, steps: int = 96) -> list[Point]:
    """Return the rise of a forecast: a slow start, a steep middle, a slow end."""
    points = []
    for step in range(steps + 1):
        share = start + (end - start) * step / steps
        rise = 1 / (1 + math.exp(-9 * (share - 0.5)))
        points.append((150 + 212 * share, 374 - 150 * rise))
    return points


def stroke(
    draw: ImageDraw.ImageDraw,
    points: list[Point],
    width: float,
    color: tuple[int, int, int],
    scale: float,
) -> None:
    """Draw a line with round joints and ends."""
    scaled = [(x * scale, y * scale) for x, y in points]
    radius = width * scale / 2
    for start, end in pairwise(scaled):
        draw.line((start, end), fill=color, width=round(2 * radius))
    for x, y in scaled:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def icon(side: int) -> Image.Image:
    """Draw the icon on a transparent square."""
    large = side * OVERSAMPLING
    scale = large / SIDE
    # From top to bottom a little darker.
    ground = Image.new("RGB", (1, 2))
    ground.putpixel((0, 0), BLUE)
    ground.putpixel((0, 1), DEEP_BLUE)
    image = ground.resize((large, large), Image.Resampling.BILINEAR)
    mask = Image.new("L", (large, large), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (8 * scale, 8 * scale, 504 * scale, 504 * scale), 112 * scale, fill=255
    )
    image.putalpha(mask)
    draw = ImageDraw.Draw(image)
    roof = [(64.0, 252.0), (256.0, 88.0), (448.0, 252.0)]
    walls = [(112.0, 246.0), (112.0, 424.0), (400.0, 424.0), (400.0, 246.0)]
    stroke(draw, roof, 32, WHITE, scale)
    stroke(draw, walls, 32, WHITE, scale)
    # What was is drawn in full, what is forecast in the color of the moment of change.
    stroke(draw, curve(0, 0.5), 24, WHITE, scale)
    stroke(draw, curve(0.5, 1), 24, AMBER, scale)
    stroke(draw, [curve(0, 0.5)[-1]] * 2, 64, AMBER, scale)
    return image.resize((side, side), Image.Resampling.LANCZOS)


def logo(height: int) -> Image.Image:
    """Draw the icon with the name beside it."""
    font = ImageFont.load_default(height * 0.36)
    text = "Occupancy\nPrediction"
    probe = ImageDraw.Draw(Image.new("RGBA", (1, 1)))
    left, top, right, bottom = probe.multiline_textbbox((0, 0), text, font, spacing=8)
    gap = height // 8
    width = math.ceil(height + gap + right - left)
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    image.paste(icon(height))
    ImageDraw.Draw(image).multiline_text(
        (height + gap - left, (height - bottom - top) / 2),
        text,
        # Readable on a light and on a dark ground.
        fill=BLUE,
        font=font,
        spacing=8,
    )
    return image


def main() -> None:
    """Write all images."""
    FOLDER.mkdir(exist_ok=True)
    for name, image in (
        ("icon.png", icon(256)),
        ("icon@2x.png", icon(512)),
        ("logo.png", logo(256)),
    ):
        image.save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main()
