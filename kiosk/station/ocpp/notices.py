"""Messages that are no transaction facts: what firmware, diagnostics, logs and security have to tell.

Order is kept, one is sent after the other once the station is registered, and a lost connection repeats what was
not answered. The list is bounded. Nothing here survives a restart: whoever must be heard then says it again,
until ``on_answer`` tells him that he was heard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from ocpp.exceptions import OCPPError

from kiosk.model.errors import BackendRefused
from kiosk.station.ocpp.wire import NoAnswer, Wire

log = logging.getLogger(__name__)

Payload = dict[str, Any]

MOST: Final = 200
"""So many wait at most."""
MOST_SILENCES: Final = 3
"""A backend that answers pings, but not this message so many times, will never answer it."""
SILENT_S: Final = 30.0
"""Wait after the first of them; doubles."""
STATUSES: Final = frozenset(
    {
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "LogStatusNotification",
        "SignedFirmwareStatusNotification",
    }
)
"""Of these a newer one of the same job (action and requestId) makes an older one history."""


class Notice(msgspec.Struct, kw_only=True):
    """One message that is owed. ``silences``: how often a living backend did not answer it."""

    action: str
    payload: Payload
    on_answer: Callable[[Payload], None] | None = None
    on_refusal: Callable[[str], None] | None = None
    silences: int = 0

    @property
    def job(self) -> tuple[str, Any] | None:
        """Notices with the same one tell of the same job; None: this one stands for itself."""
        return (self.action, self.payload.get("requestId")) if self.action in STATUSES else None


class Waiting:
    """The list of what is owed, oldest first. Pure."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._notices: list[Notice] = []

    def __len__(self) -> int:
        return len(self._notices)

    @property
    def first(self) -> Notice | None:
        return self._notices[0] if self._notices else None

    def add(self, notice: Notice) -> Notice | None:
        """Returns the notice that had to go for it: the oldest status of a job that has a newer one, else the
        oldest of those that stand for themselves, else the oldest."""
        self._notices.append(notice)
        if len(self._notices) <= self._most:
            return None
        gone = self._oldest_superseded() or self._oldest_alone() or self._notices[0]
        self.done(gone)
        return gone

    def done(self, notice: Notice) -> None:
        """It was answered, refused or given up; no harm if it is gone already."""
        self._notices = [each for each in self._notices if each is not notice]

    def _oldest_superseded(self) -> Notice | None:
        newest = {each.job: each for each in self._notices if each.job is not None}
        return next((n for n in self._notices if n.job is not None and newest[n.job] is not n), None)

    def _oldest_alone(self) -> Notice | None:
        return next((n for n in self._notices[:-1] if n.job is None), None)


class Notices:
    """Takes notices at any time; ``talk`` delivers them while a registered connection lasts."""

    def __init__(self, most: int = MOST) -> None:
        self._waiting = Waiting(most)
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def say(
        self,
        action: str,
        payload: Payload,
        *,
        on_answer: Callable[[Payload], None] | None = None,
        on_refusal: Callable[[str], None] | None = None,
    ) -> None:
        """Send this when its turn comes. ``on_answer`` gets the answer's payload, ``on_refusal`` the error code
        of a CALLERROR (or "NoAnswer", when nothing came three times), after which it is not sent again."""
        notice = Notice(action=action, payload=payload, on_answer=on_answer, on_refusal=on_refusal)
        gone = self._waiting.add(notice)
        if gone is not None:
            log.warning("too much is owed to the backend: a %s is dropped", gone.action)
        self._wake.set()

    async def talk(self, wire: Wire) -> None:
        """Until the connection ends. Raises BackendUnreachable."""
        while True:
            notice = self._waiting.first
            if notice is None:
                self._wake.clear()
                await self._wake.wait()
            else:
                await self._deliver(wire, notice)

    async def _deliver(self, wire: Wire, notice: Notice) -> None:
        try:
            answered = await wire.request(notice.action, notice.payload)
        except BackendRefused as error:
            self._give_up(notice, error.code, str(error))
        except OCPPError as error:
            self._give_up(notice, error.code, f"it does not fit OCPP: {error.description}")
        except NoAnswer as error:
            notice.silences += error.alive
            if not error.alive:
                raise
            if notice.silences >= MOST_SILENCES:
                self._give_up(notice, "NoAnswer", str(error))
            else:
                await asyncio.sleep(SILENT_S * 2 ** (notice.silences - 1))
        else:
            self._waiting.done(notice)
            if notice.on_answer is not None:
                notice.on_answer(answered)

    def _give_up(self, notice: Notice, code: str, reason: str) -> None:
        log.warning("%s is dropped: %s", notice.action, reason)
        self._waiting.done(notice)
        if notice.on_refusal is not None:
            notice.on_refusal(code)
