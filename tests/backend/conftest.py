"""A central system and a hand-driven station, on one virtual loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from kiosk.backend.central import CentralSystem, Options

START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class HandStation:
    """A station that says what the test tells it to say."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._count = 0

    async def say(self, action: str, **payload: Any) -> Any:
        """The answer's payload; a CALLERROR comes as its code."""
        self._count += 1
        await self.socket.send(json.dumps([2, f"s{self._count}", action, payload]))
        answer = json.loads(await self.socket.recv())
        assert answer[1] == f"s{self._count}"
        return answer[2]

    async def boot(self) -> Any:
        return await self.say("BootNotification", chargePointVendor="V", chargePointModel="M")

    async def start(self, id_tag: str = "E36432E5", at: str = "2026-11-22T12:00:00Z") -> Any:
        return await self.say("StartTransaction", connectorId=1, idTag=id_tag, meterStart=1000, timestamp=at)

    async def obey(self, **payload: Any) -> tuple[str, Any]:
        """Wait for a call, answer it with ``payload``; (action, what was asked)."""
        _, message_id, action, asked = json.loads(await self.socket.recv())
        await self.socket.send(json.dumps([3, message_id, payload]))
        return action, asked


class Place:
    def __init__(self, central: CentralSystem, printed: list[str]) -> None:
        self.central = central
        self.printed = printed

    @asynccontextmanager
    async def station(self, path: str = "/ocpp/HYC-1", **more: Any) -> AsyncIterator[HandStation]:
        async with connect(
            f"ws://127.0.0.1:{self.central.port}{path}",
            subprotocols=[Subprotocol("ocpp1.6")],
            proxy=None,
            **more,
        ) as socket:
            yield HandStation(socket)

    async def ask(self, name: str, **params: Any) -> Any:
        """Through the control door; raises AssertionError with the door's error."""
        async with connect(
            self.central.control_url, subprotocols=[Subprotocol("kiosk.control")], proxy=None
        ) as door:
            await door.send(json.dumps({"call": name, **params}))
            answer = json.loads(await door.recv())
        assert answer["ok"], answer["error"]
        return answer["result"]


@pytest.fixture
def place() -> Callable[..., Any]:
    """``async with place(options) as here``."""

    @asynccontextmanager
    async def open_place(options: Options | None = None) -> AsyncIterator[Place]:
        printed: list[str] = []
        loop = asyncio.get_running_loop()
        central = CentralSystem(options, out=printed.append, now=lambda: START + timedelta(seconds=loop.time()))
        await central.start("127.0.0.1", 0)
        try:
            yield Place(central, printed)
        finally:
            await central.stop()

    return open_place
