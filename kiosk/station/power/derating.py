"""Less power for what is hot, so that it need not be switched off. Pure: told temperatures, asked for shares."""

from __future__ import annotations

import math
from typing import Final

import msgspec


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What heat leaves, degrees Celsius and parts of the full power.

    All of it up to ``full_until_c``; from there in a straight line down to ``least`` at ``least_at_c``; nothing
    from ``stop_at_c`` on, and then nothing until it has cooled down to ``back_at_c``.
    """

    full_until_c: float
    least_at_c: float
    least: float
    stop_at_c: float
    back_at_c: float


CABINET: Final = Marks(full_until_c=50.0, least_at_c=70.0, least=0.5, stop_at_c=75.0, back_at_c=70.0)
"""The stacks, by the air inside (facts.md section 4)."""

CABLE: Final = Marks(full_until_c=70.0, least_at_c=90.0, least=0.0, stop_at_c=90.0, back_at_c=85.0)
"""A cable, where it is hottest: its contacts may reach 90 degrees (IEC 62196-1)."""


def share_at(marks: Marks, temperature_c: float) -> float:
    """Part of the full power that may flow at that temperature, 0 to 1, without regard to what was before."""
    if temperature_c <= marks.full_until_c:
        return 1.0
    if temperature_c >= marks.stop_at_c:
        return 0.0
    if temperature_c >= marks.least_at_c:
        return marks.least
    way = (temperature_c - marks.full_until_c) / (marks.least_at_c - marks.full_until_c)
    return 1.0 - way * (1.0 - marks.least)


class Derating:
    """One place that gets hot. What was known last holds while its sensor is silent."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self.share = 1.0

    def feel(self, temperature_c: float | None) -> None:
        """A measurement; None: there is none at present."""
        if temperature_c is None:
            return
        if self.share == 0.0 and temperature_c > self._marks.back_at_c:
            return
        self.share = share_at(self._marks, temperature_c)

    def limit_w(self, power_w: int) -> int | None:
        """What heat leaves of ``power_w``; None: all of it."""
        return None if self.share == 1.0 else math.floor(power_w * self.share + 1e-6)
