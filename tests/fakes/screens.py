"""The real screen program against the real link server, both on one Qt loop; only the station is made up."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtGui import QGuiApplication

from kiosk.link.messages import DriverTap, Nothing
from kiosk.model.clock import SystemClock
from kiosk.model.enums import Tap
from kiosk.model.snapshot import Dialogue, Gui, Snapshot, Station
from kiosk.screen.program import Program
from kiosk.screen.qt_loop import make_loop
from kiosk.station.link_server import LinkServer
from kiosk.station.state import State
from tests.fakes.pictures import connector, snapshot


@contextmanager
def qt_runner(app: QGuiApplication) -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Runs coroutines on Qt's loop, bounded: a hang is a failure."""
    gc.collect()
    gc.disable()  # a worker thread must not free what belongs to the GUI thread
    try:
        with asyncio.Runner(loop_factory=lambda: make_loop(app)) as runner:

            def run(work: Coroutine[Any, Any, Any]) -> Any:
                try:
                    return runner.run(asyncio.wait_for(work, 30))
                finally:
                    gc.disable()  # the program switches it on again when it ends

            yield run
        gc.collect()
    finally:
        gc.enable()


async def until(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    """Wait for ``condition``, which other coroutines or Qt bring about."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + timeout_s
    while not condition():
        assert loop.time() < deadline_s, "it did not come about in time"
        await asyncio.sleep(0.01)


def picture(**gui: Any) -> Snapshot:
    given = {"languages": ("en", "de", "it"), "slide_time_s": 600} | gui
    return snapshot(connector(1), connector(2), station=Station(identity="CP-1"), gui=Gui(**given))


class MadeUpCore:
    """State and doors of a core without a station behind them."""

    def __init__(self, data: Path, first: Snapshot) -> None:
        self.data = data
        self.state = State(first)
        self.taps: list[DriverTap] = []
        self.server: LinkServer | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._clock = SystemClock()

    @property
    def actions(self) -> list[Tap]:
        return [tap.action for tap in self.taps]

    @property
    def shown(self) -> str | None:
        return self.state.snapshot.screen.name

    def dialogue(self, **fields: Any) -> None:
        self.state.set(dialogue=msgspec.structs.replace(self.state.snapshot.dialogue, **fields))

    def show(self, page: Any, **fields: Any) -> None:
        self.state.set(dialogue=Dialogue(page=page, **fields))

    def gui(self, **fields: Any) -> None:
        self.state.set(gui=msgspec.structs.replace(self.state.snapshot.gui, **fields))

    def station(self, **fields: Any) -> None:
        self.state.set(station=msgspec.structs.replace(self.state.snapshot.station, **fields))

    async def _tap(self, tap: DriverTap) -> Nothing:
        self.taps.append(tap)
        return Nothing()

    def freeze(self) -> None:
        """No tick any more, as if the process were stopped; the connection stays open."""
        assert self._ticking is not None
        self._ticking.cancel()

    def thaw(self) -> None:
        assert self.server is not None
        self._ticking = asyncio.create_task(self.server.run())

    @asynccontextmanager
    async def open(self) -> AsyncIterator[MadeUpCore]:
        self.server = LinkServer(
            self.state, self._clock, {"driver.tap": self._tap}, lambda: {1: 0, 2: 0}, self.data
        )
        async with self.server:
            self.thaw()
            try:
                yield self
            finally:
                self.freeze()
                await asyncio.gather(self._ticking, return_exceptions=True)  # type: ignore[arg-type]


@asynccontextmanager
async def screen_on(data: Path, **options: Any) -> AsyncIterator[Program]:
    """The running program; left by ``stop``, as on SIGTERM."""
    program = Program(data, **options)
    running = asyncio.create_task(program.run())
    try:
        yield program
    finally:
        program.stop()
        assert await running == 0
