"""What the core allows and how long that is good for: limit, watchdog, and the check that the car obeys. Pure."""

from __future__ import annotations

from typing import Final

OBEY_WITHIN_S: Final = 1.0
"""A draw above the limit for longer opens the contactor (decision 10)."""

TINY_S: Final = 1e-6
"""Shorter spans count as over: after months, adding them to the clock's reading would change nothing."""


class Leash:
    """Times are real station seconds, whatever the speed of the simulated world: this watches over the core."""

    def __init__(self, watchdog_s: float, now_s: float) -> None:
        self.watchdog_s = watchdog_s
        self.limit_w = 0
        self.obeyed_w = 0  # what the car keeps to; above the limit only when it is disobedient
        self._fed_s = now_s
        self._over_s = 0.0

    def feed(self, limit_w: int, now_s: float, *, obedient: bool) -> None:
        """The core spoke."""
        self.limit_w = max(0, limit_w)
        if obedient or self.limit_w > self.obeyed_w:
            self.obeyed_w = self.limit_w
        self._fed_s = now_s

    def closed(self, now_s: float) -> None:
        """The contactor closed: from here on the core is expected to speak. A car that draws nothing yet has no
        power to keep, however disobedient it is."""
        self._fed_s = now_s
        self.obeyed_w = self.limit_w

    def cut(self) -> None:
        """The contactor opened: nothing is allowed until the core says so again."""
        self.limit_w = self.obeyed_w = 0
        self._over_s = 0.0

    def come_to_heel(self) -> None:
        """A disobedient car obeys again."""
        self.obeyed_w = self.limit_w

    def silent(self, now_s: float) -> bool:
        """The core was not heard for too long."""
        return self._fed_s + self.watchdog_s - now_s <= TINY_S

    def horizon_s(self, now_s: float) -> float:
        """How much time may pass at most before these checks are due again."""
        return min(self._fed_s + self.watchdog_s - now_s, max(0.01, OBEY_WITHIN_S - self._over_s))

    def slipped(self, power_w: int, dt_s: float) -> bool:
        """``power_w`` was drawn for ``dt_s``; True when the limit has been passed for too long."""
        self._over_s = self._over_s + dt_s if power_w > self.limit_w else 0.0
        return self._over_s >= OBEY_WITHIN_S - TINY_S
