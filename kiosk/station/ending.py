"""Ends all sessions on behalf of the whole station, and sees that the backend hears of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from kiosk.model.clock import Clock
from kiosk.model.enums import StopReason
from kiosk.model.errors import NotPossible
from kiosk.station.charging.connector import Stage
from kiosk.station.charging.sessions import Sessions
from kiosk.station.state import State
from kiosk.station.storage import Journal
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 0.1


class Ending:
    """``online``: the backend can be told. ``backup_s``: how long we live on when the mains have failed."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        journal: Journal,
        state: State,
        online: Callable[[], bool],
        clock: Clock,
        tasks: Tasks,
        backup_s: float,
    ) -> None:
        self._sessions = sessions
        self._journal = journal
        self._state = state
        self._online = online
        self._clock = clock
        self._tasks = tasks
        self._backup_s = backup_s

    async def end_all(self, reason: StopReason, told_within_s: float) -> None:
        """End every session, let nothing new begin, also where somebody is authorized and about to plug in.

        Returns when the backend knows, or after that time.
        """
        self._sessions.stopping = True
        used = [b.id for b in self._sessions.bays.values() if b.running or b.stage is Stage.AUTHORIZED]
        await asyncio.gather(*(self._end(each, reason) for each in used))
        deadline_s = self._clock.monotonic() + told_within_s
        while self._online() and self._clock.monotonic() < deadline_s:
            owed, _ = await self._journal.waiting()
            if not owed:
                break
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _end(self, connector_id: int, reason: StopReason) -> None:
        with contextlib.suppress(NotPossible):  # its driver, or its car, was quicker
            await self._sessions.stop(connector_id, reason)

    def mains(self, on: bool) -> None:
        """The hardware tells that the mains failed, or are back.

        A back-up supply lasts for seconds: they are used to end the sessions and to tell the backend, with reason
        PowerLoss (OCPP 1.6 section 7.36), while somebody still can.
        """
        if on:
            log.warning("the mains are back")
            self._sessions.stopping = self._state.snapshot.station.reset_pending is not None
            return
        log.warning("the mains failed, the back-up supply lasts %g s", self._backup_s)
        self._sessions.stopping = True
        self._tasks.spawn("mains failed", self.end_all(StopReason.POWER_LOSS, self._backup_s))
