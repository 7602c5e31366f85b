"""The station's time: taken from the backend, kept over restarts, made good where it was not known.

Decisions
- A time before 2020 is none. What a machine without a clock stamps until somebody tells the time is moved, once
  that is known, by as much as the clock is: the monotonic clock ran on meanwhile, so durations and order hold.
- The offset is written when it changed by more than a second, not with every heartbeat.
- A start never begins before the newest stored session: a battery that is empty sets a clock back by years.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable

import msgspec

from kiosk.model.clock import SET_SINCE, STEP, Clock, is_set
from kiosk.model.enums import SecurityEventType
from kiosk.station.storage import Journal, MetaStore

log = logging.getLogger(__name__)

NAME: Final = "clock"
REPORTED: Final = timedelta(seconds=10)
"""A clock that is moved by more is a security event (security white paper, SettingSystemTime)."""

Moved = Callable[[timedelta, bool], None]


@runtime_checkable
class Correctable(Protocol):
    def correct(self, now: datetime) -> timedelta: ...


@runtime_checkable
class Offset(Protocol):
    """A clock that runs beside another one."""

    @property
    def offset(self) -> timedelta: ...

    def adopt(self, offset: timedelta) -> None: ...


class Kept(msgspec.Struct, frozen=True):
    """What is stored. ``at``: station time when it was."""

    offset_s: float
    at: datetime


class Timekeeper:
    """``on_moved(by, was_set)`` hears of every correction, after what is stored was made good.

    ``report`` is the security log's.
    """

    def __init__(
        self,
        clock: Clock,
        meta: MetaStore,
        journal: Journal,
        report: Callable[[SecurityEventType, str], None],
        on_moved: Moved,
    ) -> None:
        self._clock = clock
        self._meta = meta
        self._journal = journal
        self._report = report
        self._on_moved = on_moved
        self._kept: Kept | None = None

    async def restore(self) -> None:
        """At the start, before anything is stamped. Raises StorageFailed."""
        clock = self._clock
        if not isinstance(clock, Offset) or not isinstance(clock, Correctable):
            return  # a clock of a test is right by definition
        if not is_set(clock.now()):
            log.warning("this machine does not know the time; nothing is told before the backend gives it")
            return
        text = await self._meta.get(NAME)
        if text is not None:
            try:
                self._kept = msgspec.json.decode(text, type=Kept)
            except msgspec.MsgspecError as error:
                log.warning("stored clock offset ignored: %s", error)
            else:
                clock.adopt(timedelta(seconds=self._kept.offset_s))
        newest = await self._journal.newest_stamp()
        if newest is not None and newest - clock.now() > STEP:
            log.warning(
                "the clock says %s, but the last session was at %s: it goes on from there", clock.now(), newest
            )
            clock.adopt(clock.offset + (newest - clock.now()))

    async def correct(self, now: datetime) -> None:
        """The backend's time is the station's (OCPP 1.6 sections 4.2 and 4.6). Raises StorageFailed."""
        clock = self._clock
        if not is_set(now):
            log.warning("the backend says it is %s: not believed", now)
            return
        before = clock.now()
        moved = now - before
        if abs(moved) < STEP or not isinstance(clock, Correctable):
            return
        clock.correct(now)
        log.info("station time moved by %.1f s to the backend's", moved.total_seconds())
        if not is_set(before):
            made_good = await self._journal.made_good(SET_SINCE, moved)
            log.info("%d stamps from before the time was known were made good", made_good)
        self._on_moved(moved, is_set(before))
        if abs(moved) >= REPORTED:
            self._report(
                SecurityEventType.SETTING_SYSTEM_TIME, f"moved by {moved.total_seconds():+.0f} s by the backend"
            )
        if isinstance(clock, Offset):
            await self._keep(clock.offset)

    async def _keep(self, offset: timedelta) -> None:
        offset_s = offset.total_seconds()
        if self._kept is None or abs(self._kept.offset_s - offset_s) > STEP.total_seconds():
            self._kept = Kept(offset_s, self._clock.now())
            await self._meta.set(NAME, msgspec.json.encode(self._kept).decode())
