"""Which language the screen speaks when nobody chooses one. Pure."""

from __future__ import annotations

from typing import Final

from kiosk.model.enums import Page
from kiosk.model.snapshot import Snapshot
from kiosk.screen.view_cards import is_running

KEPT_S: Final = 60.0
"""On standby, with nobody charging, a language that is not the station's first goes back after this long."""


def primary(snapshot: Snapshot) -> str:
    return snapshot.gui.languages[0]


def busy(snapshot: Snapshot) -> bool:
    """A session runs: its driver comes back and wants to find the language again."""
    return any(is_running(c) for c in snapshot.connectors)


def settled(before: Snapshot, after: Snapshot, language: str) -> str:
    """The language after a change: back to the first one when a driver has left, at once where it is certain."""
    if language == primary(before) and primary(after) != language:
        return primary(after)
    if after.dialogue.page is not Page.STANDBY or busy(after):
        return language
    left = before.dialogue.page is not Page.STANDBY or busy(before)
    return primary(after) if left else language


def abandoned(snapshot: Snapshot, page: Page, language: str, untouched_s: float) -> bool:
    """Somebody changed the language on standby and went away; ``untouched_s``: seconds since the last touch."""
    return page is Page.STANDBY and language != primary(snapshot) and not busy(snapshot) and untouched_s >= KEPT_S
