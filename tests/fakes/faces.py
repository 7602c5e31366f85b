"""A core behind real doors with nothing real behind them, and faces that remember what they were told."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, unix_connect

from kiosk.link.client import LinkClient
from kiosk.link.messages import (
    ConnectorParams,
    DriverTap,
    KeyList,
    Nothing,
    StartSession,
    StopResult,
)
from kiosk.link.rundir import find_core
from kiosk.model.enums import Door, RefusalReason
from kiosk.model.errors import (
    Refused,
)
from kiosk.model.snapshot import Snapshot
from kiosk.station.link_server import LinkServer
from kiosk.station.state import State
from tests.fakes.clock import ManualClock
from tests.fakes.pictures import snapshot


class Commands:
    """Stands for everything behind the doors."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()

    def handlers(self) -> dict[str, Any]:
        return {
            "driver.tap": self.tap,
            "session.stop": self.stop,
            "session.start": self.start,
            "connector.unlock": self.fail,
            "keys.list": self.keys,
        }

    async def tap(self, params: DriverTap) -> Nothing:
        self.seen.append(params)
        return Nothing()

    async def stop(self, params: ConnectorParams) -> StopResult:
        self.begun.set()
        await self.go_on.wait()
        return StopResult(local_id="s-1", energy_wh=params.connector_id)

    async def start(self, params: StartSession) -> Nothing:
        raise Refused(RefusalReason.CARD_BLOCKED, f"card {params.id_tag} is blocked")

    async def fail(self, params: ConnectorParams) -> Nothing:
        raise RuntimeError("a fault of ours")

    async def keys(self, params: Nothing) -> KeyList:
        return KeyList(keys=())


class Running:
    def __init__(
        self, data_dir: Path, state: State, server: LinkServer, commands: Commands, clock: ManualClock
    ) -> None:
        self.data_dir, self.state, self.server, self.commands = data_dir, state, server, commands
        self.clock = clock


@asynccontextmanager
async def core(data_dir: Path, picture: Snapshot | None = None) -> AsyncIterator[Running]:
    state, commands, clock = State(picture or snapshot()), Commands(), ManualClock()
    server = LinkServer(state, clock, commands.handlers(), lambda: {1: 20, 2: None}, data_dir)
    async with server:
        yield Running(data_dir, state, server, commands, clock)


class Face:
    """A face that remembers what it was told and lets a test wait for it."""

    def __init__(self, data_dir: Path, face: str = "screen", **options: Any) -> None:
        self.heard: list[Any] = []
        self._news = asyncio.Event()
        self.client = LinkClient(
            data_dir, face, self.hear, self.hear, self.hear, lambda: self.hear("lost"), **options
        )

    def hear(self, what: Any) -> None:
        self.heard.append(what)
        self._news.set()

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The first matching thing heard; what came before it is forgotten."""
        while True:
            for index, what in enumerate(self.heard):
                if wanted(what):
                    del self.heard[: index + 1]
                    return what
            self._news.clear()
            await self._news.wait()

    async def a(self, kind: type | str) -> Any:
        return await self.until(lambda w: w == kind if isinstance(kind, str) else isinstance(w, kind))


@asynccontextmanager
async def connected(data_dir: Path, face: str = "screen", **options: Any) -> AsyncIterator[Face]:
    face_ = Face(data_dir, face, **options)
    running = asyncio.create_task(face_.client.run())
    try:
        await face_.a(Snapshot)
        yield face_
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def raw(data_dir: Path, door: Door = Door.OPERATOR) -> ClientConnection:
    return await unix_connect(find_core(data_dir).socket(door), "ws://localhost/", compression=None)


def mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def exists(path: str) -> bool:
    return os.path.lexists(path)


HELLO = '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"face":"cli"}}'
