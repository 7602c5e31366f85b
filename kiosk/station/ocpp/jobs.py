"""Coroutines that live and end together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends; then end the others. Raises what the first one raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    first = next(task for task in tasks if task in done)
    error = results[tasks.index(first)]
    if isinstance(error, BaseException):
        raise error


async def wait(event: asyncio.Event, at_most_s: float | None) -> bool:
    """True when the event came, False when the time ran out; None waits for ever.

    A wait is at least a millisecond: differences of clock readings leave crumbs that no timer can wait for.
    """
    try:
        async with asyncio.timeout(None if at_most_s is None else max(at_most_s, 0.001)):
            await event.wait()
    except TimeoutError:
        return False
    return True
