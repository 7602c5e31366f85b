"""The simulated LED ring of a holder: a steady colour, and flashes that interrupt it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FLASH_S: Final = 0.5
"""One flash: half of it lit, half of it dark."""


class Ring:
    """``rgb``: steady colour, RRGGBB, empty = off; ``intensity_percent``: brightness of steady light and flashes.

    ``monotonic``: the station's monotonic seconds. Not renewed by ``show`` for ``watchdog_s`` it goes dark: the
    core is dead.
    """

    def __init__(self, monotonic: Callable[[], float], watchdog_s: float) -> None:
        self.rgb = ""
        self.intensity_percent = 100
        self._monotonic = monotonic
        self._flash_rgb = ""
        self._flashes = 0
        self._flashing_since_s = 0.0
        self._watchdog_s = watchdog_s
        self._renewed_s = monotonic()

    def show(self, rgb: str, intensity_percent: int) -> None:
        self.rgb, self.intensity_percent = rgb, intensity_percent
        self._renewed_s = self._monotonic()

    def flash(self, rgb: str, times: int) -> None:
        """Replaces flashes that are still to come."""
        self._flash_rgb, self._flashes, self._flashing_since_s = rgb, times, self._monotonic()

    @property
    def flashes(self) -> int:
        """How many have not ended yet."""
        return max(0, self._flashes - int((self._monotonic() - self._flashing_since_s) / FLASH_S))

    @property
    def seen(self) -> str:
        """The colour that an eye sees at this moment; empty: dark."""
        if self._monotonic() - self._renewed_s > self._watchdog_s:
            return ""
        rgb = self.rgb
        if self.flashes:
            lit = (self._monotonic() - self._flashing_since_s) % FLASH_S < FLASH_S / 2
            rgb = self._flash_rgb if lit else ""
        return rgb if self.intensity_percent else ""
