"""Colours, patterns and letters. Pure.

Checked by tests: every pair of reasons differs clearly for the three kinds of colour blindness, and no two share
pattern and letter.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kiosk.model.enums import LimitReason

PAGE: Final = "#F4F3EE"
SURFACE: Final = "#FFFFFF"
INK: Final = "#10201D"
INK_SOFT: Final = "#3B4A46"
LINE: Final = "#76827D"
HAIRLINE: Final = "#D3D5CD"
FORBIDDEN: Final = "#E7E7DF"
"""Ground of what may not be drawn, above the station's limit."""

ALARM: Final = "#98101A"

SHARES: Final = ("#00453C", "#1F7263", "#4F9A89", "#86BCAE")
"""Of the station's draw, by connector: one hue from dark to light, as the parts are ordered."""


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """How a reason looks. ``pattern``: lines that are drawn over the colour; ``ink``: of its letter on it."""

    name: str
    letter: str
    colour: str
    pattern: str  # solid, up, down, cross, vertical, horizontal, dots, grid, dense
    ink: str = INK


STYLES: Final[dict[LimitReason, Style]] = {
    LimitReason.CAR: Style(name="the car itself", letter="C", colour="#BFE5DC", pattern="solid"),
    LimitReason.CONNECTOR: Style(name="connector", letter="N", colour="#818B7E", pattern="dots"),
    LimitReason.STACK: Style(name="power stacks", letter="S", colour="#3E9FEA", pattern="up"),
    LimitReason.DERATING: Style(
        name="derating (heat)", letter="D", colour="#B53D08", pattern="cross", ink=SURFACE
    ),
    LimitReason.GRID: Style(name="grid", letter="G", colour="#074BB1", pattern="down", ink=SURFACE),
    LimitReason.MODBUS: Style(
        name="load management", letter="M", colour="#783F84", pattern="vertical", ink=SURFACE
    ),
    LimitReason.FALLBACK: Style(name="fallback", letter="F", colour="#242323", pattern="grid", ink=SURFACE),
    LimitReason.PROFILE: Style(name="charging profile", letter="P", colour="#FCD106", pattern="horizontal"),
    LimitReason.AUTHORIZATION: Style(name="authorization", letter="A", colour="#EB85C1", pattern="dense"),
}


def style(reason: LimitReason | None) -> Style:
    """Of what is unknown: grey, with a question mark."""
    return (
        STYLES[reason] if reason is not None else Style(name="unknown", letter="?", colour=LINE, pattern="solid")
    )


def rgb(colour: str) -> tuple[int, int, int]:
    """Of ``#RRGGBB``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(one: str, other: str, share: float) -> str:
    """``share`` of the second in the first."""
    parts = [round(a + (b - a) * share) for a, b in zip(rgb(one), rgb(other), strict=True)]
    return "#{:02X}{:02X}{:02X}".format(*parts)
