"""Virtual time in long strides while nothing happens.

An ordinary virtual loop goes from timer to timer, and a station has fourteen of them a second. While nothing
changes it is enough to look every few seconds: the simulator works out everything that went on between two looks,
as it does when a real loop is slow. So calm hours cost little, and what matters is lived through in full detail.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import Any

from kiosk.lab.missing import LabMissing


class Pace:
    """``stride_s``: how long a look may be put off at the moment; 0: not at all."""

    def __init__(self) -> None:
        self.stride_s: Callable[[], float] = lambda: 0.0
        self._appointments: list[float] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        """A new virtual loop at this pace. Raises LabMissing."""
        try:
            import async_solipsism
        except ImportError as error:
            raise LabMissing("async-solipsism") from error
        loop: Any = async_solipsism.EventLoop()
        clock = loop._selector.clock
        advance = clock.advance
        # the library's own clock, told to go further than the next timer
        clock.advance = lambda delta_s: advance(self._leap(clock.time(), delta_s))
        self._loop = loop
        assert isinstance(loop, asyncio.AbstractEventLoop)
        return loop

    @property
    def now_s(self) -> float:
        """The loop's time."""
        assert self._loop is not None, "no loop was made yet"
        return self._loop.time()

    async def until(self, at_s: float) -> None:
        """Sleep till that very moment, whatever the stride."""
        if at_s <= self.now_s:
            return
        heapq.heappush(self._appointments, at_s)
        await asyncio.sleep(at_s - self.now_s)

    def _leap(self, now_s: float, delta_s: float) -> float:
        """How far to go when the next timer is ``delta_s`` away."""
        while self._appointments and self._appointments[0] <= now_s:
            heapq.heappop(self._appointments)
        furthest_s = self._appointments[0] - now_s if self._appointments else delta_s
        return max(delta_s, min(self.stride_s(), furthest_s))
