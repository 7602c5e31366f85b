"""Less power for a hot cable, so that it need not be switched off. Pure."""

from __future__ import annotations

import math
from typing import Final

FULL_UNTIL_C: Final = 70.0
NOTHING_FROM_C: Final = 90.0
"""What the contacts of a vehicle connector may reach at most (IEC 62196-1)."""


def derated_w(power_w: int, temperature_c: float | None) -> int | None:
    """What a cable of that temperature may carry of its full power, in a straight line between the two marks.

    None: no limit, because it is cool enough, or because nothing measures it.
    """
    if temperature_c is None or temperature_c <= FULL_UNTIL_C:
        return None
    left = (NOTHING_FROM_C - temperature_c) / (NOTHING_FROM_C - FULL_UNTIL_C)
    return max(0, math.floor(power_w * left))
