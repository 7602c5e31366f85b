"""A thread that does one thing after the other, and tells the event loop with as little ceremony as possible.

``concurrent.futures`` costs about as much as a committed SQL transaction does on a fast disk: a condition with two
locks, and a second future that follows the first. Here a thread takes calls from a queue and wakes the loop once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Calls run on its own thread in the order in which they were made."""

    def __init__(self, name: str) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._waited_for = _Waited(self._queue.put)
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()
        self._ended = False

    async def do(self, call: Callable[..., T], *given: Any) -> T:
        """Result of ``call(*given)``, or what it raises. Dropped when cancelled before its turn.

        After the end of the thread the caller does it itself: what it called knows that it is closed.
        """
        if self._ended:
            return call(*given)
        loop = asyncio.get_running_loop()
        if not isinstance(loop, asyncio.SelectorEventLoop):
            # a loop of another kind (virtual time) has its own way to wait for a thread
            return await loop.run_in_executor(self._waited_for, call, *given)
        done: asyncio.Future[T] = loop.create_future()

        def turn() -> None:
            if done.cancelled():
                return
            try:
                result = call(*given)
            except BaseException as error:  # noqa: BLE001 whoever waits gets it
                _wake(loop, _fail, done, error)
            else:
                _wake(loop, _succeed, done, result)

        self._queue.put(turn)
        return await done

    def stop(self) -> None:
        """End after what was called already; waits for it. Idempotent."""
        self.leave()
        self._thread.join()

    def leave(self) -> None:
        """End after what was called already, without waiting."""
        self._ended = True
        self._queue.put(None)

    def _work(self) -> None:
        while (turn := self._queue.get()) is not None:
            turn()


class _Waited(Executor):
    """The same queue for loops that bring an executor's result themselves."""

    def __init__(self, put: Callable[[Callable[[], None]], None]) -> None:
        self._put = put

    def submit(self, call: Callable[..., T], /, *given: Any, **named: Any) -> Future[T]:
        future: Future[T] = Future()

        def turn() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = call(*given, **named)
            except BaseException as error:  # noqa: BLE001 whoever waits gets it
                future.set_exception(error)
            else:
                future.set_result(result)

        self._put(turn)
        return future


def _wake(loop: asyncio.AbstractEventLoop, tell: Callable[..., None], *given: object) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(tell, *given)


def _succeed(done: asyncio.Future[T], result: T) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[T], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)
