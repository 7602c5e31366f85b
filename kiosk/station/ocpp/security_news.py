"""Delivers the security events that the backend is owed: in order, each until it is answered."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from kiosk.model.errors import BackendRefused
from kiosk.station.ocpp.wire import NoAnswer, Wire
from kiosk.station.security import SecurityLog
from kiosk.station.storage.security import SecurityEvent

log = logging.getLogger(__name__)

ATTEMPTS: Final = 3
RETRY_S: Final = 10.0
"""Wait after the first refusal."""
SILENT_S: Final = 60.0
LONGEST_S: Final = 3600.0
"""Wait after the first time that a living backend did not answer; doubles. Never given up: it is stored."""
_NEVER: Final = frozenset({"NotImplemented", "NotSupported"})
"""A backend that answers so does not know the security white paper, and will not learn it by repetition."""


class SecurityNews:
    def __init__(self, security: SecurityLog) -> None:
        self._security = security
        self._wake = asyncio.Event()
        self._attempts: tuple[int, int] = (0, 0)  # (event, how often it failed)

    async def talk(self, wire: Wire) -> None:
        """Until the connection ends. Raises BackendUnreachable, StorageFailed."""
        end = self._security.subscribe(self._wake.set)
        try:
            while True:
                self._wake.clear()
                event = await self._security.next_owed()
                if event is None:
                    await self._wake.wait()
                else:
                    await self._tell(wire, event)
        finally:
            end()

    async def _tell(self, wire: Wire, event: SecurityEvent) -> None:
        try:
            await wire.request("SecurityEventNotification", payload(event))
        except BackendRefused as error:
            tries = self._failed(event)
            if error.code not in _NEVER and tries < ATTEMPTS:
                await asyncio.sleep(RETRY_S * tries)
                return
            log.info("SecurityEventNotification %s is given up: %s", event.type.value, error)
        except NoAnswer as error:
            if not error.alive:
                raise
            wait_s = min(SILENT_S * 2.0 ** min(self._failed(event) - 1, 30), LONGEST_S)
            log.warning("SecurityEventNotification, again in %g s: %s", wait_s, error)
            await asyncio.sleep(wait_s)
            return
        await self._security.answered(event.seq)

    def _failed(self, event: SecurityEvent) -> int:
        seq, tries = self._attempts
        self._attempts = (event.seq, tries + 1 if seq == event.seq else 1)
        return self._attempts[1]


def payload(event: SecurityEvent) -> dict[str, Any]:
    """SecurityEventNotification.req (security white paper, section 5)."""
    at = event.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{event.at.microsecond // 1000:03d}Z"
    told: dict[str, Any] = {"type": event.type.value, "timestamp": at}
    if event.tech_info:
        told["techInfo"] = event.tech_info
    return told
