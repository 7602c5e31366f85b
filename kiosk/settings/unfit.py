"""The exception of the value types."""

from __future__ import annotations

from typing import NoReturn

from kiosk.model.errors import KioskError


class Unfit(KioskError):
    """The reason why a text is no value of its type; part of a sentence."""


def refuse(reason: str) -> NoReturn:
    """``raise Unfit(reason)`` where only an expression may stand."""
    raise Unfit(reason)
