"""A real core in a process of its own, a real Modbus client on real TCP: control, silence, a kill, a new start."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import AsyncModbusTcpClient

from kiosk.lab.torture.core import CoreProcess
from kiosk.lab.torture.evidence import Evidence
from kiosk.link import messages as m
from kiosk.model.errors import KioskError
from kiosk.model.snapshot import Snapshot

pytestmark = pytest.mark.story

CARD = "04AE179C4F6181"
PATIENCE_S = 30.0


class Place:
    def __init__(self, core: CoreProcess) -> None:
        self.core = core

    async def until(self, what: str, condition: Callable[[Snapshot], Any]) -> Snapshot:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_S
        picture = None
        while loop.time() < deadline:
            try:
                picture = await self.core.snapshot()
            except KioskError:
                picture = None
            if picture is not None and condition(picture):
                return picture
            await asyncio.sleep(0.1)
        raise AssertionError(f"not within {PATIENCE_S:g} s: {what}\n{picture}\n{self.core.said[-3000:]}")

    @asynccontextmanager
    async def controller(self) -> AsyncIterator[AsyncModbusTcpClient]:
        picture = await self.until("it listens", lambda s: s.listen.modbus)
        port = int(picture.listen.modbus.rpartition(":")[2])
        async with AsyncModbusTcpClient("127.0.0.1", port=port, timeout=10) as client:
            yield client

    async def kiosk(self, *words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "kiosk.cli", *words, "--data", str(self.core.data),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0, out.decode()
        return out.decode()


@asynccontextmanager
async def place(tmp_path: Path, *install: str) -> AsyncIterator[Place]:
    data = tmp_path / "data"
    data.mkdir()
    words = ["--backend", "none", "--set", "ModbusLoadManagementEnabled=true", "--set", "GridFallbackTimeout=6"]
    for one in ("modbus.port=0", "hardware.speed=10", *install):
        words += ["--install", one]
    this = Place(CoreProcess(data, tmp_path, Evidence(seed=0), words))
    await this.core.start()
    try:
        yield this
    finally:
        if this.core.running:
            this.core.strike()
            await this.core.leaves()


def total_w(picture: Snapshot) -> int:
    return sum(connector.power_w or 0 for connector in picture.connectors)


def test_control_silence_kill_and_return(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with place(tmp_path) as here:
            async with here.controller() as client:
                assert not (await client.write_registers(0, [1, 0x24F8])).isError()
                await here.core.ask("whitelist.add", m.TagParams(id_tag=CARD))
                await here.core.ask("sim.plug", m.SimPlug(connector_id=1, car="cruiser112", soc_percent=20))
                await here.core.ask("session.start", m.StartSession(connector_id=1, id_tag=CARD))

                async def charging(condition: Callable[[Snapshot], bool], *words: int) -> Snapshot:
                    """Write that limit again and again until the station is so."""
                    for _ in range(300):
                        assert not (await client.write_registers(0, list(words))).isError()
                        picture = await here.core.snapshot()
                        if condition(picture):
                            return picture
                        await asyncio.sleep(0.1)
                    raise AssertionError(f"never: {picture}")

                await charging(lambda s: total_w(s) > 30_000, 1, 0x24F8)
                await charging(lambda s: 0 < total_w(s) <= 10_000, 0, 10_000)
                shown = await here.kiosk("modbus")
                assert "has control" in shown
                registers = await here.kiosk("modbus", "registers", "--connector", "0")
                assert "10000 W" in registers
                await here.until("the fallback", lambda s: s.load_management.available_w == 27_500)
                assert (await client.read_input_registers(18, count=1)).registers == [0]
                waiting = ["SuspendedEVSE", "Unavailable", "Unavailable"]
                await charging(lambda s: [c.status.value for c in s.connectors] == waiting, 0, 0)
            here.core.strike()
            await here.core.leaves()
            await here.core.start()
            picture = await here.until("the fallback", lambda s: s.load_management.available_w == 27_500)
            assert not picture.load_management.heard
            await here.until("the session goes on", lambda s: s.connector(1).status == "Charging")
            async with here.controller() as client:
                assert not (await client.write_registers(0, [0, 20_000])).isError()
                await here.until("back", lambda s: s.load_management.available_w == 20_000)
            assert here.core.evidence.complaints == []

    real_aio_long(story())


def test_a_port_that_is_taken_keeps_nobody_from_charging(real_aio_long: Any, tmp_path: Path) -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            async with place(tmp_path, f"modbus.port={port}") as here:
                here.core.forgiven = ("Modbus cannot listen",)
                picture = await here.until("it says so", lambda s: s.load_management.problem)
                assert f"another program has port {port} of 127.0.0.1" in picture.load_management.problem
                assert "another program has port" in " ".join((await here.kiosk("modbus")).split())
                await here.core.ask("whitelist.add", m.TagParams(id_tag=CARD))
                await here.core.ask("sim.plug", m.SimPlug(connector_id=1, soc_percent=20))
                await here.core.ask("session.start", m.StartSession(connector_id=1, id_tag=CARD))
                await here.until("it charges", lambda s: total_w(s) > 10_000)
                other.close()
                await here.until("it listens now", lambda s: s.listen.modbus == f"127.0.0.1:{port}")
                assert here.core.evidence.complaints == []

    real_aio_long(story())
