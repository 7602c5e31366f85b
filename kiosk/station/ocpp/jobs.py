"""Coroutines that live and end together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


async def first_of(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends; then end the others. Raises what the first one raised.

    If several end in one moment, the first in the order of the arguments counts; other failures are logged.
    """
    tasks = [
        asyncio.create_task(job, name=getattr(job, "__qualname__", "job").rpartition(".")[2].strip("_"))
        for job in jobs
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    ended = [(task, result) for task, result in zip(tasks, results, strict=True) if task in done]
    for task, error in ended[1:]:
        if isinstance(error, Exception):
            log.warning("%s ended at the same moment: %s", task.get_name(), error)
    if isinstance(ended[0][1], BaseException):
        raise ended[0][1]


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
