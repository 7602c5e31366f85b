"""Times as a scenario file writes them: ``07:30``, ``day 2 07:30``, ``+90s``, and durations. Pure.

Clock times are those of the site: of the offset that ``starts_at`` bears. It stays the same throughout, so a
scenario never lives through a change to or from summer time.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

DAY_S: Final = 86_400.0
WEEK: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GROUPS: Final = {"daily": WEEK, "weekdays": WEEK[:5], "weekend": WEEK[5:]}
DAYS: Final = (*GROUPS, *WEEK)
"""Words for days."""

DURATION: Final = 'a duration such as "90s", "15min", "2h 30min" or "7d"'
TIME: Final = 'a time such as "07:30", "day 2 07:30" or "+90s"'
_UNITS: Final = {"d": DAY_S, "h": 3600.0, "min": 60.0, "s": 1.0}
_PART: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(d|h|min|s)(?![a-z])")
_CLOCK: Final = re.compile(r"(?:day\s+(\d+)\s+)?([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def duration_s(text: str) -> float:
    """Raises ValueError with what is allowed."""
    total, place = 0.0, 0
    while (part := _PART.match(text, place)) is not None:
        total += float(part[1]) * _UNITS[part[2]]
        place = part.end()
    if place == 0 or text[place:].strip():
        raise ValueError(DURATION)
    return total


def days(words: tuple[str, ...]) -> frozenset[int]:
    """Weekdays, 0 is Monday; without words all of them. Raises ValueError with what is allowed."""
    found: set[int] = set()
    for word in words or ("daily",):
        if word not in DAYS:
            raise ValueError(f"days out of {', '.join(DAYS)}")
        found.update(WEEK.index(name) for name in GROUPS.get(word, (word,)))
    return frozenset(found)


def moments_s(text: str, repeat: tuple[str, ...], starts_at: datetime, lasts_s: float) -> tuple[float, ...]:
    """Seconds after the start at which ``text`` is, on every day of ``repeat``, or once without any.

    Raises ValueError with what is allowed, or that it is not in the scenario at all.
    """
    text = text.strip()
    if text.startswith("+"):
        if repeat:
            raise ValueError("a clock time, because it is repeated")
        return (_inside(duration_s(text[1:]), lasts_s),)
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise ValueError(TIME)
    midnight = starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    on_day = timedelta(hours=int(clock[2]), minutes=int(clock[3]), seconds=int(clock[4] or 0))
    if clock[1] is not None:
        if repeat:
            raise ValueError("a time without a day, because it is repeated")
        at = midnight + timedelta(days=int(clock[1]) - 1) + on_day
        return (_inside((at - starts_at).total_seconds(), lasts_s),)
    wanted = days(repeat)
    found = []
    at = midnight + on_day
    while (at_s := (at - starts_at).total_seconds()) < lasts_s:
        if at_s >= 0 and at.weekday() in wanted:
            found.append(at_s)
            if not repeat:
                break
        at += timedelta(days=1)
    if not found:
        raise ValueError(f"a time within the scenario, which lasts {spoken(lasts_s)} from {starts_at:%a %H:%M} on")
    return tuple(found)


def _inside(at_s: float, lasts_s: float) -> float:
    if not 0 <= at_s < lasts_s:
        raise ValueError(f"a time within the scenario, which lasts {spoken(lasts_s)}")
    return at_s


def spoken(seconds: float) -> str:
    """``2 h 30 min``, ``7 d``, ``45 s``."""
    left, parts = round(seconds), []
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def on_clock(starts_at: datetime, at_s: float) -> str:
    """``Tue 07:30:15``"""
    return f"{starts_at + timedelta(seconds=at_s):%a %H:%M:%S}"
