"""Coroutines that live and end together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.station.ocpp.jobs import first_of, wait

Run = Callable[..., Any]


class Job:
    def __init__(self, lasts_s: float, error: Exception | None = None) -> None:
        self.lasts_s, self.error = lasts_s, error
        self.cancelled = False

    async def run(self) -> None:
        try:
            await asyncio.sleep(self.lasts_s)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error is not None:
            raise self.error


def test_the_first_end_ends_all(aio: Run) -> None:
    async def story() -> None:
        short, long = Job(1), Job(100)
        await first_of(long.run(), short.run())
        assert (short.cancelled, long.cancelled) == (False, True)
        assert asyncio.get_running_loop().time() < 2

    aio(story())


def test_the_first_failure_is_raised(aio: Run) -> None:
    async def story() -> None:
        long = Job(100)
        with pytest.raises(ValueError, match="first"):
            await first_of(long.run(), Job(1, ValueError("first")).run())
        assert long.cancelled

    aio(story())


def test_a_failure_in_the_same_moment_is_not_silent(aio: Run, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.ocpp.jobs", "second")

    async def story() -> None:
        with pytest.raises(ValueError, match="first"):
            await first_of(Job(1, ValueError("first")).run(), Job(1, KeyError("second")).run())

    aio(story())


def test_cancelling_ends_all(aio: Run) -> None:
    async def story() -> None:
        jobs = [Job(100), Job(100)]
        task = asyncio.create_task(first_of(*(job.run() for job in jobs)))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert all(job.cancelled for job in jobs)

    aio(story())


def test_waiting(aio: Run) -> None:
    async def story() -> None:
        event = asyncio.Event()
        assert await wait(event, 1) is False
        assert await wait(event, 1e-12) is False
        asyncio.get_running_loop().call_later(5, event.set)
        assert await wait(event, None) is True
        assert await wait(event, 0) is True

    aio(story())
