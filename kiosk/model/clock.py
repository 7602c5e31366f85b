"""Time is given, never taken: every shell gets one ``Clock``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

log = logging.getLogger(__name__)

SET_SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""No station is older: an earlier time is that of a machine whose clock nobody has set."""
SET_UNTIL: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""No station lives longer: a backend that tells a later time is wrong or wants to harm."""
STEP: Final = timedelta(seconds=1)
"""A clock that moves by more against the monotonic one was stepped."""


class Clock(Protocol):
    """Two times: the wall clock for what people and backends read, the monotonic one for durations."""

    def now(self) -> datetime:
        """Station time, aware, UTC. May jump when a backend corrects it."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever rise; the origin means nothing."""
        ...


def is_set(at: datetime) -> bool:
    """Whether this can be the time at all."""
    return SET_SINCE <= at < SET_UNTIL


def machine_time() -> datetime:
    return datetime.now(UTC)


class SystemClock:
    """The machine's clock plus the station's own offset.

    The offset is set from BootNotification and Heartbeat answers; the machine's clock is never touched here
    (design: nothing on a developer's machine is ever re-clocked). Once a backend has told the time, a step of the
    machine's clock (NTP, a technician) does not move the station's: the step is taken out of the offset. Before
    that the machine is all we have, and is followed.
    """

    def __init__(
        self, machine: Callable[[], datetime] = machine_time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._machine = machine
        self._steady = steady
        self._offset = timedelta()
        self._told = False
        self._seen = machine(), steady()

    def now(self) -> datetime:
        machine, steady_s = self._machine(), self._steady()
        seen, seen_s = self._seen
        step = machine - seen - timedelta(seconds=steady_s - seen_s)
        if abs(step) > STEP:
            self._seen = machine, steady_s
            if self._told:
                self._offset -= step
            log.warning(
                "the machine's clock was moved by %.1f s; the station's %s",
                step.total_seconds(),
                "stays with the backend's" if self._told else "follows",
            )
        return machine + self._offset

    def monotonic(self) -> float:
        return self._steady()

    @property
    def offset(self) -> timedelta:
        """Station time minus machine time."""
        return self._offset

    def adopt(self, offset: timedelta) -> None:
        """Take up the offset of an earlier run."""
        self._offset = offset

    def correct(self, now: datetime) -> timedelta:
        """Take ``now`` (aware) as the true time; returns by how much the station time moved."""
        moved = now - self.now()
        self._offset += moved
        self._told = True
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
