"""Stories run real processes in real time, on an ordinary loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

STORY_S = 180.0


@pytest.fixture
def real_aio_long() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """As ``real_aio``, with time for processes to start and cars to charge."""
    with asyncio.Runner() as runner:

        def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
            return runner.run(asyncio.wait_for(coroutine, STORY_S))

        yield run
