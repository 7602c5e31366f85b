"""Is the external load-management controller still there? Pure: told what was heard, asked with ``now``."""

from __future__ import annotations

from kiosk.settings import Settings


class Watchdog:
    """Falls back to GridFallbackPower while ModbusLoadManagementEnabled and nothing was heard for too long.

    The time runs from the first question, so a controller has GridFallbackTimeout to speak up after a start.
    """

    def __init__(self) -> None:
        self._heard_s: float | None = None

    def heard(self, now_s: float) -> None:
        """The controller wrote a limit that was accepted (monotonic seconds); the fallback ends at once."""
        self._heard_s = now_s

    def fallback_w(self, settings: Settings, now_s: float) -> int | None:
        """The limit of the whole station while the controller is silent, W at the grid; None: no such limit."""
        if not settings.bool("ModbusLoadManagementEnabled"):
            self._heard_s = None
            return None
        if self._heard_s is None:
            self._heard_s = now_s
        if now_s - self._heard_s < settings.int("GridFallbackTimeout"):
            return None
        return settings.int("GridFallbackPower")
