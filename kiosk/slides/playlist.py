"""Which picture comes when (decision 15): Logo, Authenticate, then all slides A to Z, round and round."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import Final

import msgspec

from kiosk.model import paths
from kiosk.slides.check import check_name

LOGO: Final = "Logo.png"
AUTHENTICATE: Final = "Authenticate.png"
WELCOME_TIME_S: Final = 10.0
"""Time of each welcome image while there is no slide show (slide time 0)."""
FALLBACK_LANGUAGE: Final = "en"


class Kind(IntEnum):
    """The groups, in the order in which they are shown."""

    LOGO = 0
    AUTHENTICATE = 1
    SLIDE = 2


class Item(msgspec.Struct, frozen=True, order=False):
    """One place in the round; which file stands there may change while it lasts."""

    kind: Kind
    name: str

    @property
    def key(self) -> tuple[int, str, str]:
        """Items are shown by rising key: group, then alphabetical without regard to case, digits as text."""
        return (self.kind, self.name.lower(), self.name)


WELCOME: Final = (Item(Kind.LOGO, LOGO), Item(Kind.AUTHENTICATE, AUTHENTICATE))


def order(names: Iterable[str]) -> list[str]:
    """Names with allowed characters, in the order of showing: alphabetical, case ignored, digits as text."""
    return sorted((n for n in names if not check_name(n)), key=lambda n: (n.lower(), n))


class Playlist(msgspec.Struct, frozen=True):
    """All places of one round, in order, and the time for each."""

    items: tuple[Item, ...]
    time_s: float

    def __contains__(self, item: object) -> bool:
        return isinstance(item, Item) and self._at(item)

    def _at(self, item: Item) -> bool:
        place = bisect_right(self.items, item.key, key=lambda i: i.key)
        return place > 0 and self.items[place - 1] == item


def playlist(slide_names: Iterable[str], slide_time_s: float) -> Playlist:
    """The round for the slides of a folder and the key GUIslideTime (seconds, 0 = welcome images only)."""
    if slide_time_s <= 0:
        return Playlist(WELCOME, WELCOME_TIME_S)
    slides = tuple(Item(Kind.SLIDE, name) for name in order(slide_names))
    return Playlist(WELCOME + slides, float(slide_time_s))


def next_item(playlist: Playlist, current: Item | None) -> Item | None:
    """The place after ``current``, which may have left the round meanwhile; None in an empty round.

    In a round of one, that one comes again.
    """
    items = playlist.items
    if not items:
        return None
    place = 0 if current is None else bisect_right(items, current.key, key=lambda i: i.key)
    return items[place % len(items)]


def standard_image(kind: Kind, language: str) -> Path:
    """Our own welcome image for a language code; English where there is none in that language."""
    name = LOGO if kind is Kind.LOGO else AUTHENTICATE
    own = paths.assets() / "welcome" / language / name
    return own if own.is_file() else paths.assets() / "welcome" / FALLBACK_LANGUAGE / name


def demo_slides() -> Path:
    """Folder of the slides made by us, shown while no folder is configured."""
    return paths.assets() / "slides"
