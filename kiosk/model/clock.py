"""Time is given, never taken: every shell gets one ``Clock``."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Two times: the wall clock for what people and backends read, the monotonic one for durations."""

    def now(self) -> datetime:
        """Station time, aware, UTC. May jump when a backend corrects it."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever rise; the origin means nothing."""
        ...


class SystemClock:
    """The machine's clock plus the station's own offset.

    The offset is set from BootNotification and Heartbeat answers; the machine's clock is never touched here
    (design: nothing on a developer's machine is ever re-clocked).
    """

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return time.monotonic()

    def correct(self, now: datetime) -> timedelta:
        """Take ``now`` (aware) as the true time; returns by how much the station time moved."""
        moved = now - self.now()
        self._offset += moved
        return moved


class LoopClock:
    """Follows an event loop's time: with a virtual loop, the whole core runs on virtual time.

    ``loop_time`` is ``loop.time``; ``start`` is the wall time at the loop's time of construction.
    """

    def __init__(self, loop_time: Callable[[], float], start: datetime) -> None:
        self._loop_time = loop_time
        self._origin = loop_time()
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop_time() - self._origin)

    def monotonic(self) -> float:
        return self._loop_time()

    def correct(self, now: datetime) -> timedelta:
        moved = now - self.now()
        self._start += moved
        return moved
