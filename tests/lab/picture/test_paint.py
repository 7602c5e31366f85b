"""The pixels of a picture are those that its layout promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from kiosk.lab.picture import draw
from kiosk.lab.picture.layout import picture
from kiosk.lab.picture.paint import paint, width
from kiosk.lab.picture.palette import STYLES, rgb
from kiosk.lab.picture.shapes import Area, Picture, Stroke, Text
from kiosk.model.enums import LimitReason
from kiosk.model.errors import BadFile
from tests.lab.picture.test_layout import measure, outside, overlapping, point, recording

ROWS = [(point(1, 20_000, 25_000, "car"), point(2))] * 30 + [(point(1, 9_000, 9_000, "grid"), point(2))] * 30


def test_a_png_of_the_size_that_was_asked_for(tmp_path: Path) -> None:
    draw(recording(*ROWS), tmp_path / "day.png", (1000, 600))
    with Image.open(tmp_path / "day.png") as image:
        assert (image.format, image.size, image.mode) == ("PNG", (1000, 600), "RGB")
    assert [p.name for p in tmp_path.iterdir()] == ["day.png"]


def test_the_colour_of_the_reason_is_where_the_power_is() -> None:
    made = picture(recording(*ROWS), width, (1600, 900))
    image = paint(made)
    powers = [s for s in made.shapes if isinstance(s, Area) and s.what == "power"]
    for area, reason in zip(powers, (LimitReason.CAR, LimitReason.GRID), strict=True):
        xs, ys = [x for x, _ in area.outline], [y for _, y in area.outline]
        part = image.crop((int(min(xs)) + 8, int(min(ys)) + 8, int(max(xs)) - 8, int(max(ys)) - 8))
        colours = part.getcolors(100_000) or []
        most = max(colours)[1]
        assert max(abs(a - b) for a, b in zip(rgb(STYLES[reason].colour), most, strict=True)) <= 6


def test_with_the_real_font_nothing_overlaps_either() -> None:
    made = picture(recording(*ROWS), width, (1600, 900))
    assert overlapping(made) == []
    assert outside(made) == []
    assert width("kWh", 14, "Bold") > width("kW", 14, "Bold") > 0
    assert measure("kWh", 14, "Bold") > 0


@pytest.mark.parametrize("pattern", sorted({s.pattern for s in STYLES.values()} | {"hatch"}))
def test_patterns_can_be_seen_and_leave_most_of_the_colour(pattern: str) -> None:
    square = Area(outline=((0, 0), (80, 0), (80, 80), (0, 80)), colour="#56B4E9", pattern=pattern)
    image = paint(Picture(size=(80, 80), ground="#FFFFFF", shapes=(square,)))
    counted = {colour: count for count, colour in image.getcolors(100_000) or []}
    plain = sum(
        n for c, n in counted.items() if max(abs(a - b) for a, b in zip(c, rgb("#56B4E9"), strict=True)) < 8
    )
    assert (plain == 6400) is (pattern == "solid")
    assert plain > 2000


def test_a_dashed_line_has_gaps_and_a_thin_area_is_nothing() -> None:
    line = Stroke(spots=((0, 10), (100, 10)), colour="#000000", width=2, dash=5)
    flat = Area(outline=((0, 15), (100, 15)), colour="#FF0000")
    image = paint(Picture(size=(100, 20), ground="#FFFFFF", shapes=(line, flat)))
    row = [image.getpixel((x, 10)) for x in range(100)]
    assert (0, 0, 0) in row
    assert (255, 255, 255) in row


def test_words_are_painted_within_their_box() -> None:
    made = picture(recording(*ROWS), width, (1600, 900))
    title = next(s for s in made.shapes if isinstance(s, Text) and s.what == "title")
    alone = paint(Picture(size=made.size, ground="#FFFFFF", shapes=(title,)))
    left, top, right, bottom = alone.convert("L").point(lambda v: 255 * (v < 200)).getbbox() or (0, 0, 0, 0)
    assert title.box.left - 1 <= left < right <= title.box.right + 1
    assert title.box.top <= top < bottom <= title.box.bottom


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no-such"):
        draw(recording(), tmp_path / "no-such" / "day.png")
