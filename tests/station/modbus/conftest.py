"""A Modbus server with nothing behind it, on virtual time, and clients that speak in bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from kiosk.model.clock import LoopClock
from kiosk.settings import Installation
from kiosk.station.commands.load_management import Setpoint
from kiosk.station.modbus.server import Server
from kiosk.station.state import State
from tests.fakes.core import START
from tests.fakes.scenes import scene

PORT = 5502
READ = bytes.fromhex("0400020001")  # number of connectors


class Door:
    """Stands for the one door: what was wished, and where the server says it listens."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.setpoints: list[Setpoint] = []
        self.reads = 0
        self.listening: list[tuple[str | None, str]] = []
        self.fails = False

    def set(self, setpoints: Sequence[Setpoint]) -> None:
        if self.fails:
            raise ValueError("a mistake of ours")
        self.setpoints += setpoints

    def polled(self) -> None:
        self.reads += 1

    def listens(self, address: str | None, problem: str = "") -> None:
        self.listening.append((address, problem))
        load = self._state.snapshot.load_management
        self._state.set(load_management=msgspec.structs.replace(load, address=address, problem=problem))


class Bytes:
    """A client that speaks in frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, body: bytes, *, unit: int = 1, transaction: int = 7) -> bytes:
        """Function code and data of the answer."""
        self.writer.write(frame(body, unit=unit, transaction=transaction))
        return await self.answer(unit=unit, transaction=transaction)

    async def answer(self, *, unit: int = 1, transaction: int = 7) -> bytes:
        head = await self.reader.readexactly(7)
        assert head[:4] == transaction.to_bytes(2, "big") + b"\0\0"
        assert head[6] == unit
        return await self.reader.readexactly(int.from_bytes(head[4:6], "big") - 1)

    async def is_gone(self) -> bool:
        """The server has closed it."""
        return await self.reader.read() == b""

    def leave(self) -> None:
        self.writer.close()


def frame(body: bytes, *, unit: int = 1, transaction: int = 7) -> bytes:
    length = len(body) + 1
    return transaction.to_bytes(2, "big") + b"\0\0" + length.to_bytes(2, "big") + bytes([unit]) + body


class Bench:
    def __init__(self, server: Server, door: Door, state: State) -> None:
        self.server, self.door, self.state = server, door, state
        self.clients: list[Bytes] = []

    async def connect(self) -> Bytes:
        client = Bytes(*await asyncio.open_connection("127.0.0.1", PORT))
        self.clients.append(client)
        return client


@asynccontextmanager
async def bench_on(*install: str) -> AsyncIterator[Bench]:
    """A server that runs; ``install``: values of the installation file."""
    state = State(scene().snapshot)
    door = Door(state)
    installation = Installation.load(None, [f"modbus.port={PORT}", *install])
    clock = LoopClock(asyncio.get_running_loop().time, START)
    server = Server(door, state, installation, clock)  # type: ignore[arg-type]
    bench = Bench(server, door, state)
    running = asyncio.create_task(server.run())
    await asyncio.sleep(0.1)
    try:
        yield bench
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for client in bench.clients:
            client.leave()
        await asyncio.sleep(0.1)


@pytest.fixture
def bench() -> Callable[..., Any]:
    return bench_on
