"""A load-management controller by pymodbus's own client, and a station that has one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pymodbus.client import AsyncModbusTcpClient

from tests.fakes.core import RunningCore, core_on

PORT = 5502
CARD = "04AE179C4F6181"
OWN_USE_W, EFFICIENCY = 100, 0.97
FALLBACK_W, GRID_W = 27_500, 75_000


class Controller:
    """What a load-management controller does, by pymodbus's own client."""

    def __init__(self, client: AsyncModbusTcpClient) -> None:
        self._client = client
        self._repeating: asyncio.Task[None] | None = None
        self._line = asyncio.Lock()
        self.fault = 0

    async def write(self, address: int, words: list[int]) -> None:
        """Any words anywhere; ``fault`` is the exception they met, 0: none."""
        async with self._line:
            answer = await self._client.write_registers(address, words)
        self.fault = answer.exception_code

    async def limit(self, watts: int, n: int = 0) -> None:
        """W of connector ``n``, 0: of the station."""
        await self.write(n * 100, [watts >> 16, watts & 0xFFFF])

    async def keep(self, watts: int, n: int = 0, every_s: float = 2.0) -> None:
        """Write that limit now, and again and again until told something else."""
        await self.rest()
        await self.limit(watts, n)

        async def repeat() -> None:
            while True:
                await asyncio.sleep(every_s)
                await self.limit(watts, n)

        self._repeating = asyncio.create_task(repeat())

    async def rest(self) -> None:
        """Fall silent."""
        async with self._line:  # not in the middle of a write
            if self._repeating is not None:
                self._repeating.cancel()
                await asyncio.gather(self._repeating, return_exceptions=True)
                self._repeating = None

    async def reads(self, address: int, count: int = 1, *, holding: bool = False) -> int:
        read = self._client.read_holding_registers if holding else self._client.read_input_registers
        async with self._line:
            answer = await read(address, count=count)
        assert not answer.isError(), answer
        value = 0
        for word in answer.registers:
            value = value << 16 | word
        return value


@asynccontextmanager
async def managed(
    folder: Path, *install: str, keys: tuple[tuple[str, str], ...] = (), connectors: str = "CCS,CCS,CHAdeMO"
) -> AsyncIterator[tuple[RunningCore, Controller]]:
    """A station with load management, a card that it knows, and its controller."""
    keys = (("ModbusLoadManagementEnabled", "true"), *keys)
    async with core_on(
        folder, keys=keys, install=[f"modbus.port={PORT}", *install], connectors=connectors
    ) as station:
        await station.core.commands.whitelist_add(CARD)
        await station.until(lambda: station.core.state.snapshot.listen.modbus is not None)
        client = AsyncModbusTcpClient("127.0.0.1", port=PORT)
        assert await client.connect()
        controller = Controller(client)
        try:
            yield station, controller
        finally:
            await controller.rest()
            client.close()
            await asyncio.sleep(0.1)


def load(station: RunningCore) -> Any:
    return station.core.state.snapshot.load_management


def dc_w(grid_w: int) -> int:
    """What one DC connector gets of that much at the grid."""
    return int((grid_w - OWN_USE_W) * EFFICIENCY)
