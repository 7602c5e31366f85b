"""Reasons can be told apart by everybody: by colour with any kind of colour blindness, by pattern, by letter."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import pytest

from kiosk.lab.picture.palette import (
    ALARM,
    FORBIDDEN,
    INK,
    INK_SOFT,
    PAGE,
    SHARES,
    STYLES,
    SURFACE,
    mix,
    rgb,
    style,
)
from kiosk.model.enums import LimitReason

Matrix = tuple[tuple[float, float, float], ...]
# Machado, Oliveira, Fernandes 2009: what is seen at full severity, linear light
SEEN: dict[str, Matrix] = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
CLEARLY = 17.0
"""Difference in CIE Lab; 2.3 is just noticeable."""


def linear(colour: str) -> tuple[float, ...]:
    parts = (c / 255 for c in rgb(colour))
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def lab(light: tuple[float, ...]) -> tuple[float, float, float]:
    r, g, b = (min(1.0, max(0.0, c)) for c in light)
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen(colour: str, eye: str) -> tuple[float, float, float]:
    light = linear(colour)
    return lab(tuple(sum(m * c for m, c in zip(row, light, strict=True)) for row in SEEN[eye]))


def contrast(one: str, other: str) -> float:
    """WCAG 2."""
    bright = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True)) for x in (one, other)
    )
    return (bright[1] + 0.05) / (bright[0] + 0.05)


@pytest.mark.parametrize("eye", SEEN)
def test_every_two_reasons_differ_for_every_eye(eye: str) -> None:
    for (one, a), (other, b) in combinations(STYLES.items(), 2):
        distance = sum((x - y) ** 2 for x, y in zip(seen(a.colour, eye), seen(b.colour, eye), strict=True)) ** 0.5
        assert distance >= CLEARLY, (one, other, distance)


def test_every_reason_has_a_look_of_its_own() -> None:
    assert set(STYLES) == set(LimitReason)
    for field in ("letter", "pattern", "colour", "name"):
        assert len({getattr(s, field) for s in STYLES.values()}) == len(STYLES), field
    assert style(None).letter not in {s.letter for s in STYLES.values()}


def test_what_is_written_can_be_read() -> None:
    for each in STYLES.values():
        assert contrast(each.ink, each.colour) >= 4.5, each.name
    for ink, ground in product((INK, INK_SOFT, ALARM), (PAGE, SURFACE)):
        assert contrast(ink, ground) >= 7, (ink, ground)
    assert contrast(INK, FORBIDDEN) >= 7


def test_parts_of_the_station_s_draw_differ_by_brightness() -> None:
    for one, other in pairwise(SHARES):
        assert seen(other, "all")[0] - seen(one, "all")[0] >= 10


def test_mixing() -> None:
    assert mix("#000000", "#FFFFFF", 0.5) == "#808080"
    assert mix("#102030", "#FFFFFF", 0.0) == "#102030"
