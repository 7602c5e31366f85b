"""No silent task: every coroutine that runs beside the others is named, held, and its failure is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from kiosk.model.errors import StorageFailed

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


class Tasks:
    """The tasks of one program. ``fatal`` is set by a failure that the core may not survive (design rule 7)."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.fatal: asyncio.Future[BaseException] | None = None

    def spawn(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run ``work`` once; a failure is logged with its name."""
        task = asyncio.create_task(self._once(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # cancelled before its first step, it was never begun
        return task

    def supervise(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[Any]:
        """Run ``work`` again whenever it fails, with a growing pause; it is not restarted after it returned."""
        return self.spawn(name, self._again(name, work))

    async def close(self) -> None:
        """Cancel all and wait until they are gone."""
        tasks = [t for t in self._tasks if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _once(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except StorageFailed as error:
            log.critical("%s: %s", name, error)
            if self.fatal is not None and not self.fatal.done():
                self.fatal.set_result(error)
        except Exception:
            log.exception("%s failed", name)

    async def _again(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await work()
            except StorageFailed:
                raise
            except Exception:
                log.exception("%s failed; again in %.1f s", name, pause_s)
            else:
                return
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
