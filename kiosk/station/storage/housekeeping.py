"""What keeps the file small and sound, at times when nobody needs it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from kiosk.model.clock import Clock
from kiosk.settings.sections import Storage
from kiosk.station.storage.database import Database
from kiosk.station.storage.journal import Journal

log = logging.getLogger(__name__)

DAILY_S: Final = 24 * 3600.0
LOOK_S: Final = 60.0
"""How often it is looked whether the station is idle, while something is due."""
LONGEST_SLEEP_S: Final = 3600.0
BREATH_S: Final = 0.05
"""Between two portions, so that sessions find the thread free."""


class Housekeeping:
    """``forget``: who keeps personal data, told up to when to remove it. ``idle``: no session is running.

    ``on_damage`` hears what a check of the whole file found.
    """

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        forget: Sequence[Callable[[datetime], Awaitable[object]]],
        rules: Storage,
        clock: Clock,
        idle: Callable[[], bool],
        on_damage: Callable[[str], None],
    ) -> None:
        self._database = database
        self._journal = journal
        self._forget = forget
        self._rules = rules
        self._clock = clock
        self._idle = idle
        self._on_damage = on_damage

    async def run(self) -> None:
        """Once a day, for ever. Raises StorageFailed."""
        while True:
            due_s = self._clock.monotonic() + DAILY_S
            await self.tidy()
            while not self._idle() and self._clock.monotonic() < due_s:  # noqa: ASYNC110 looked at, not told
                await asyncio.sleep(LOOK_S)
            if self._idle():
                await self.look_after()
            while (left_s := due_s - self._clock.monotonic()) > 0:  # noqa: ASYNC110 a clock, no event
                await asyncio.sleep(min(left_s, LONGEST_SLEEP_S))

    async def tidy(self) -> None:
        """Personal data (decision 26), and samples that everybody has."""
        now = self._clock.now()
        old = now - timedelta(days=self._rules.keep_days)
        for forget in self._forget:
            await forget(old)
        told = now - timedelta(days=self._rules.keep_samples_days)
        gone = 0
        while portion := await self._journal.prune(told):
            gone += portion
            await asyncio.sleep(BREATH_S)
        if gone:
            log.info("%d old samples and facts removed; their sessions are kept", gone)

    async def look_after(self) -> None:
        """Read the whole file for damage; make it smaller where that is worth it."""
        problems = await self._database.check()
        if problems:
            self._on_damage(problems[0])
        else:
            await self._database.compact()
