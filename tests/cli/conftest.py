"""A core behind the real doors, in a thread of its own, for a command line that runs its own event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.link.messages import METHODS, Params
from kiosk.model.errors import UserFacing
from kiosk.model.snapshot import Snapshot
from kiosk.station.link_server import LinkServer
from kiosk.station.state import State
from tests.fakes.clock import ManualClock
from tests.fakes.pictures import snapshot


class FakeCore:
    """Answers every method with what the test put into ``answers`` (a result, or an error to raise).

    ``asked`` is what came in: (method, params). ``dies_of``: the method at which all connections break.
    """

    def __init__(self, data_dir: Path, picture: Snapshot) -> None:
        self.data_dir = data_dir
        self.asked: list[tuple[str, Params]] = []
        self.answers: dict[str, Params | UserFacing] = {}
        self.dies_of = ""
        self.state = State(picture)
        self._server: LinkServer | None = None
        self._stop: Callable[[], None] = lambda: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="fake core")

    def __enter__(self) -> FakeCore:
        self._thread.start()
        assert self._up.wait(10), "the fake core did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop)
            self._thread.join(10)

    def change(self, change: Callable[[State], None]) -> None:
        """Do something to the state, on the core's thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(change, self.state)

    async def _run(self) -> None:
        end = asyncio.Event()
        self._loop, self._stop = asyncio.get_running_loop(), end.set
        handlers = {name: self._handler(name) for name in METHODS}
        async with LinkServer(self.state, ManualClock(), handlers, dict, self.data_dir) as server:
            self._server = server
            ticking = asyncio.create_task(server.run())
            self._up.set()
            await end.wait()
            ticking.cancel()

    def _handler(self, name: str) -> Callable[[Any], Awaitable[Params]]:
        async def serve(params: Params) -> Params:
            self.asked.append((name, params))
            if name == self.dies_of and self._server is not None:
                for face in self._server._faces:
                    face._connection.transport.abort()
            answer = self.answers.get(name)
            if isinstance(answer, UserFacing):
                raise answer
            return METHODS[name].result() if answer is None else answer

        return serve


@pytest.fixture
def fake_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCore]:
    monkeypatch.setenv("KIOSK_DATA", str(tmp_path))
    with FakeCore(tmp_path, snapshot()) as core:
        yield core


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of tables do not depend on who runs them in how wide a window."""
    monkeypatch.delenv("COLUMNS", raising=False)
