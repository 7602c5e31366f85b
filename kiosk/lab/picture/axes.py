"""Round numbers and round hours for axes. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 10080)


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """``at``: seconds or watts. ``strong``: midnight."""

    at: float
    label: str
    strong: bool = False


def hours(starts_at: datetime, span_s: float, room: int) -> list[Tick]:
    """At most ``room`` ticks at round local times of the site."""
    step_min = next((step for step in STEPS_MIN if span_s / 60 / step <= room), STEPS_MIN[-1])
    several_days = span_s > 36 * 3600
    ticks = []
    for at in _round_times(starts_at, span_s, step_min):
        midnight = (at.hour, at.minute) == (0, 0)
        label = f"{DAYS[at.weekday()]} {at.day}" if midnight and several_days else f"{at:%H:%M}"
        ticks.append(Tick(at=(at - starts_at).total_seconds(), label=label, strong=midnight and several_days))
    return ticks


def _round_times(starts_at: datetime, span_s: float, step_min: int) -> Iterator[datetime]:
    at = starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=step_min)
    while at < starts_at:
        at += step
    while at <= starts_at + timedelta(seconds=span_s):
        yield at
        at += step


def watts(top_w: float, room: int) -> list[Tick]:
    """From 0 to ``top_w`` or just below, at most ``room`` steps."""
    step_w = _round_up(top_w / max(1, room))
    count = int(top_w / step_w + 1e-9)
    return [Tick(at=n * step_w, label=kilowatts(n * step_w)) for n in range(count + 1)]


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(max(value, 1.0)))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= value - 1e-9)


def kilowatts(power_w: float) -> str:
    """Without needless zeros: 27.5, 50."""
    return f"{power_w / 1000:.1f}".removesuffix(".0")


def day(starts_at: datetime, span_s: float) -> str:
    """Which day or days it was."""
    last = starts_at + timedelta(seconds=max(0.0, span_s - 1))
    first = f"{DAYS[starts_at.weekday()]} {starts_at.day} {MONTHS[starts_at.month - 1]} {starts_at.year}"
    if last.date() == starts_at.date():
        return first
    return f"{first} to {DAYS[last.weekday()]} {last.day} {MONTHS[last.month - 1]} {last.year}"
