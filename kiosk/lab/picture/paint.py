"""Puts a picture on pixels: drawn twice as large, then made smaller, so that every edge is smooth."""

from __future__ import annotations

import math
import os
from functools import cache
from itertools import pairwise
from pathlib import Path

import font_manrope
from PIL import Image, ImageDraw, ImageFont

from kiosk.lab.picture.layout import picture
from kiosk.lab.picture.palette import mix, rgb
from kiosk.lab.picture.shapes import Area, Picture, Spot, Stroke, Text
from kiosk.lab.scenario.recording import Recording
from kiosk.model.errors import BadFile

OVER = 2
"""Drawn that many times larger."""

PATTERN_PX = 8 * OVER
"""Side of a pattern's tile, pixels of the large picture."""


def draw(recording: Recording, path: Path, size: tuple[int, int] = (1600, 900)) -> None:
    """Write the recording as a PNG of that size. Whole or not at all. Raises BadFile."""
    image = paint(picture(recording, width, size))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        image.save(fresh, format="PNG", optimize=True)
        os.replace(fresh, path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise BadFile(path, f"cannot be written ({error.strerror or error})", "choose another place") from error


@cache
def _font(size: float, weight: str) -> ImageFont.FreeTypeFont:
    file = Path(font_manrope.__file__).parent / "files" / f"Manrope-{weight}.ttf"
    return ImageFont.truetype(file, size * OVER)


def width(words: str, size: float, weight: str) -> float:
    """Of a text, in points of the finished picture."""
    return _font(size, weight).getlength(words) / OVER


def paint(made: Picture) -> Image.Image:
    """The pixels."""
    large = Image.new("RGB", (made.size[0] * OVER, made.size[1] * OVER), rgb(made.ground))
    pen = ImageDraw.Draw(large)
    for shape in made.shapes:
        match shape:
            case Area():
                _area(large, pen, shape)
            case Stroke():
                _stroke(pen, shape)
            case Text():
                middle = (shape.box.top + shape.box.bottom) / 2
                at = (shape.box.left * OVER, middle * OVER)
                pen.text(at, shape.text, font=_font(shape.size, shape.weight), fill=shape.colour, anchor="lm")
    return large.resize(made.size, Image.Resampling.LANCZOS)


def _area(large: Image.Image, pen: ImageDraw.ImageDraw, area: Area) -> None:
    spots = [(x * OVER, y * OVER) for x, y in area.outline]
    left, top = (math.floor(min(values)) for values in zip(*spots, strict=True))
    right, bottom = (math.ceil(max(values)) for values in zip(*spots, strict=True))
    if right <= left or bottom <= top:
        return
    # one pixel less: Pillow paints the far edge too
    if area.pattern == "solid":
        pen.polygon([(min(x, right - 1), min(y, bottom - 1)) for x, y in spots], fill=area.colour)
        return
    mask = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(mask).polygon(
        [(min(x, right - 1) - left, min(y, bottom - 1) - top) for x, y in spots], fill=255
    )
    tile = _tile(area.colour, area.pattern)
    filled = Image.new("RGB", mask.size)
    # patterns of neighbours run on: they hang on the picture, not on the area
    for y in range(-(top % PATTERN_PX), mask.height, PATTERN_PX):
        for x in range(-(left % PATTERN_PX), mask.width, PATTERN_PX):
            filled.paste(tile, (x, y))
    large.paste(filled, (left, top), mask)


@cache
def _tile(colour: str, pattern: str) -> Image.Image:
    """One tile that can be laid beside itself."""
    side = PATTERN_PX
    dark = sum(rgb(colour)) < 3 * 120
    strength = 0.30 if dark else 0.12 if pattern == "hatch" else 0.22
    over = mix(colour, "#FFFFFF" if dark else "#10201D", strength)
    big = 4
    tile = Image.new("RGB", (side * big, side * big), rgb(colour))
    pen, end, thick = ImageDraw.Draw(tile), side * big, round(1.1 * OVER * big)
    if pattern in ("up", "cross", "hatch"):
        for shift in (-end, 0, end):
            pen.line([(shift, end), (shift + end, 0)], fill=over, width=thick)
    if pattern in ("down", "cross"):
        for shift in (-end, 0, end):
            pen.line([(shift, 0), (shift + end, end)], fill=over, width=thick)
    if pattern in ("vertical", "grid"):
        pen.rectangle((0, 0, thick - 1, end), fill=over)
    if pattern in ("horizontal", "grid"):
        pen.rectangle((0, 0, end, thick - 1), fill=over)
    if pattern == "dots":
        _dot(pen, end / 2, end / 2, thick * 0.8, over)
    if pattern == "dense":
        for x, y in ((end / 4, end / 4), (3 * end / 4, 3 * end / 4)):
            _dot(pen, x, y, thick * 0.9, over)
    return tile.resize((side, side), Image.Resampling.LANCZOS)


def _dot(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _stroke(pen: ImageDraw.ImageDraw, stroke: Stroke) -> None:
    spots = [(x * OVER, y * OVER) for x, y in stroke.spots]
    thick = max(1, round(stroke.width * OVER))
    if not stroke.dash:
        pen.line(spots, fill=stroke.colour, width=thick, joint="curve")
        return
    for begin, end in pairwise(spots):
        _dashed(pen, begin, end, stroke.dash * OVER, stroke.colour, thick)


def _dashed(pen: ImageDraw.ImageDraw, begin: Spot, end: Spot, dash: float, colour: str, thick: int) -> None:
    length = math.dist(begin, end)
    for number in range(math.ceil(length / (2 * dash))):
        along = [min(1.0, at / length) for at in (2 * number * dash, (2 * number + 1) * dash)]
        spots = [(begin[0] + (end[0] - begin[0]) * a, begin[1] + (end[1] - begin[1]) * a) for a in along]
        pen.line(spots, fill=colour, width=thick)
