"""What may be said before BootNotification was accepted (OCPP 1.6 sections 4.2 and 4.2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from kiosk.backend.judge.words import Breach

BOOT: Final = "BootNotification"
EARLY: Final = timedelta(seconds=1)
"""An interval may be short by so much: clocks and rounding."""


class Registration:
    """``status``: the last answer to BootNotification, None before the first one of a start of the station."""

    def __init__(self) -> None:
        self.status: str | None = None
        self._not_before: datetime | None = None  # the next BootNotification
        self._triggered: list[str] = []

    def restarted(self) -> None:
        """The station began anew: it has to boot first, and at once."""
        self.__init__()  # type: ignore[misc]

    def triggered(self, action: str) -> None:
        """We asked for that message and the station agreed."""
        self._triggered.append(action)

    def answered(self, payload: dict[str, Any], at: datetime) -> None:
        """Our BootNotification.conf."""
        self.status = str(payload.get("status"))
        interval = payload.get("interval")
        waits = self.status != "Accepted" and isinstance(interval, int) and interval > 0
        self._not_before = at + timedelta(seconds=interval) if waits and isinstance(interval, int) else None

    def called(self, action: str, at: datetime) -> Iterator[Breach]:
        """A call of the station."""
        if action in self._triggered:
            self._triggered.remove(action)
            return
        if action == BOOT:
            if self._not_before is not None and at < self._not_before - EARLY:
                early_s = (self._not_before - at).total_seconds()
                yield Breach(rule="boot-interval", text=f"BootNotification came {early_s:.0f} s too early")
        elif self.status != "Accepted":
            known = "no BootNotification was answered yet" if self.status is None else f"it was {self.status}"
            yield Breach(rule="registration", text=f"{action} though {known}")
