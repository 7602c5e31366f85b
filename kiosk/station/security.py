"""The security log: recorded by whoever sees something, stored at once, owed to the backend where it must know."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

from kiosk.model.clock import Clock
from kiosk.model.enums import SecurityEventType
from kiosk.model.errors import StorageFailed
from kiosk.station.storage.security import SecurityEvent, SecurityStore
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)

MAX_TECH_INFO: Final = 255
"""SecurityEventNotification.req techInfo."""


class SecurityLog:
    """``owes``: False where there is no backend to tell."""

    def __init__(
        self, store: SecurityStore, clock: Clock, tasks: Tasks, owes: Callable[[], bool] = lambda: True
    ) -> None:
        self._store = store
        self._clock = clock
        self._tasks = tasks
        self._owes = owes
        self._unkept: deque[tuple[datetime, SecurityEventType, str]] = deque()
        self._writing = asyncio.Lock()
        self._listeners: list[Callable[[], None]] = []

    def record(self, kind: SecurityEventType, tech_info: str = "") -> None:
        """Never blocks, never raises for its content. ``tech_info``: for a technician; no secret, no idTag."""
        text = "".join(c if c.isprintable() else " " for c in tech_info).strip()[:MAX_TECH_INFO]
        log.info("security: %s%s", kind.value, f": {text}" if text else "")
        self._unkept.append((self._clock.now(), kind, text))
        self._tasks.spawn("security log", self.flush())

    async def events(self, oldest: datetime | None, latest: datetime | None) -> list[SecurityEvent]:
        """For GetLog: in order, both ends included, None: open."""
        return await self._store.list(oldest, latest)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """``listener`` is called when something that is owed has been stored. Returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def next_owed(self) -> SecurityEvent | None:
        return await self._store.next_owed()

    async def answered(self, seq: int) -> None:
        """The backend has confirmed it; committed when this returns."""
        await self._store.answered(seq)

    async def forget(self, before: datetime) -> int:
        return await self._store.forget(before)

    async def flush(self) -> None:
        """What was recorded is on the disk when this returns."""
        async with self._writing:
            while self._unkept:
                await self._keep(*self._unkept.popleft())

    async def _keep(self, at: datetime, kind: SecurityEventType, tech_info: str) -> None:
        owed = kind.told and self._owes()
        try:
            await self._store.add(at, kind, tech_info, owed=owed)
        except StorageFailed as error:
            log.error("security: %s is not in the log: %s", kind.value, error)  # the journal decides, not this
            return
        if owed:
            for listener in tuple(self._listeners):
                listener()
