"""An open database on a virtual loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import async_solipsism
import pytest

from kiosk.station.storage import Database
from tests.fakes.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
        yield runner


@pytest.fixture
def db(runner: asyncio.Runner, clock: ManualClock, tmp_path: Path) -> Iterator[Database]:
    database = runner.run(Database.open(tmp_path / "station.sqlite3", clock))
    yield database
    runner.run(database.close())
