"""LED rings at a terminal: a dot in the ring's colour, and the colour's name for whom it says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.cli import common

if TYPE_CHECKING:
    from rich.text import Text

NAMES: Final = {
    "000000": "black",
    "FFFFFF": "white",
    "FF0000": "red",
    "00FF00": "green",
    "0000FF": "blue",
    "FFFF00": "yellow",
    "00FFFF": "cyan",
    "FF00FF": "magenta",
    "FFA500": "orange",
    "FF7F00": "orange",
    "800080": "purple",
    "FFC0CB": "pink",
    "808080": "grey",
}
"""Web colours that people have a word for; others are told by their code."""

LIT, DARK = "●", "○"
FAINTEST: Final = 0.35
"""A ring at 1 % is hardly seen on a street; on a terminal its colour still should be."""


def name(rgb: str) -> str:
    """``00FF00`` is green; empty is dark."""
    return NAMES.get(rgb.upper(), f"#{rgb.upper()}") if rgb else "dark"


def ring(rgb: str, percent: int, flashes: int = 0, seen: str | None = None) -> Text:
    """What a ring shows: ``rgb`` at ``percent`` of full brightness, and how often it will still flash.

    ``seen``: the colour at this very moment, where the picture moves; else the steady one is drawn.
    """
    from rich.text import Text

    steady = rgb if percent else ""
    now = steady if seen is None else seen
    shown = name(now if flashes and seen is not None else steady)
    words = shown + (f" {percent} %" if steady and percent < 100 and not (flashes and seen is not None) else "")
    if flashes:
        words += ", flashes" if seen is not None else f", flashes {common.count(flashes, 'more time')}"
    dot = Text(LIT if now else DARK, style=_faded(now, percent) if now else "")
    return dot + Text(" " + words)


def _faded(rgb: str, percent: int) -> str:
    share = FAINTEST + (1 - FAINTEST) * percent / 100
    parts = (int(rgb[i : i + 2], 16) for i in (0, 2, 4))
    return "#" + "".join(f"{round(part * share):02x}" for part in parts)
