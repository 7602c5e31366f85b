"""The small languages inside a scenario's texts: when a driver leaves, who pays, how far a clock is off. Pure."""

from __future__ import annotations

import re
import typing
from typing import Final

import msgspec

from kiosk.lab.scenario import times
from kiosk.lab.scenario.kinds import Pays, Stops

PAYS: Final[tuple[str, ...]] = typing.get_args(Pays)
STOPS: Final[tuple[str, ...]] = typing.get_args(Stops)
LEAVING: Final = '"full", "80 %", "45min", or "80 % or 45min"'
CARD_STATUS: Final = {"unknown card": "Invalid", "blocked card": "Blocked", "expired card": "Expired"}
"""What the backend says of such a card."""
_PERCENT: Final = re.compile(r"(\d{1,3})\s*%")


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """When a driver ends the session; both None: when the car does."""

    soc_percent: int | None = None
    after_s: float | None = None


def leaving(text: str) -> Leaving:
    """Raises ValueError with what is allowed."""
    soc: int | None = None
    after_s: float | None = None
    for part in (part.strip() for part in text.split(" or ")):
        percent = _PERCENT.fullmatch(part)
        if percent is not None and 1 <= int(percent[1]) <= 100:
            soc = int(percent[1])
        elif part != "full":
            try:
                after_s = times.duration_s(part)
            except ValueError:
                raise ValueError(LEAVING) from None
    return Leaving(soc_percent=soc, after_s=after_s)


def offset_s(text: str) -> float:
    """``-90s``, ``+2min``. Raises ValueError with what is allowed."""
    sign = {"+": 1.0, "-": -1.0}.get(text[:1])
    try:
        if sign is None:
            raise ValueError
        return sign * times.duration_s(text[1:])
    except ValueError:
        raise ValueError('a sign and a duration, such as "-90s" or "+2min"') from None
