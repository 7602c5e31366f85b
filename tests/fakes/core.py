"""A whole station core in one process on a virtual clock: real parts, no sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from kiosk.model.clock import LoopClock
from kiosk.model.enums import ResetKind
from kiosk.model.snapshot import Connector
from kiosk.settings import Installation
from kiosk.station.hardware import simulator
from kiosk.station.hardware.simulator import Simulator
from kiosk.station.service import Core
from kiosk.station.system.network import NetworkPort
from kiosk.station.system.ports import SystemPort

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class RunningCore:
    """What a test does to a core and asks of it."""

    def __init__(self, core: Core, hardware: Simulator, running: asyncio.Task[ResetKind | None]) -> None:
        self.core = core
        self.sim = hardware.control
        self.running = running
        self.statuses: list[tuple[int, str]] = []
        core.state.subscribe(self._note)

    def _note(self, changes: object) -> None:
        for connector in getattr(changes, "connectors", ()) or ():
            entry = (connector.id, connector.status.value)
            last = next((e for e in reversed(self.statuses) if e[0] == connector.id), None)
            if entry != last:
                self.statuses.append(entry)

    def connector(self, connector_id: int) -> Connector:
        return self.core.state.connector(connector_id)

    @property
    def page(self) -> str:
        return self.core.state.snapshot.dialogue.page.value

    async def until(self, condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
        """Let virtual time pass until ``condition`` holds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while not condition():
            if loop.time() >= deadline:
                picture = [
                    (c.id, c.status.value, c.phase.value, c.power_w) for c in self.core.state.snapshot.connectors
                ]
                raise AssertionError(f"not within {timeout_s} s; page {self.page}, connectors {picture}")
            await asyncio.sleep(0.1)


@asynccontextmanager
async def core_on(
    data_dir: Path,
    *,
    keys: Sequence[tuple[str, str]] = (),
    install: Sequence[str] = (),
    connectors: str = "CCS,CCS,CHAdeMO",
    start: datetime = START,
    network: NetworkPort | None = None,
    system: SystemPort | None = None,
) -> AsyncIterator[RunningCore]:
    """A core on ``data_dir``, on the running (virtual) loop; left by ``stop``."""
    clock = LoopClock(asyncio.get_running_loop().time, start)
    installation = Installation.load(None, list(install)).with_connectors(connectors)
    hardware = simulator.build(installation, data_dir, clock, installation.hardware.speed)
    core = Core(
        data_dir=data_dir,
        installation=installation,
        clock=clock,
        hardware=hardware,
        network=network,
        system=system,
        start_options=keys,
        doors=False,
    )
    async with core:
        running = asyncio.create_task(core.run())
        await asyncio.sleep(0)
        try:
            yield RunningCore(core, hardware, running)
        finally:
            core.stop()
            await running


async def charge(station: RunningCore, connector_id: int = 1, tag: str = "04AE179C4F6181") -> None:
    """A car that charges with a card, on authority of whatever backend there is."""
    station.sim.plug(connector_id, soc_percent=30)
    outcome = await station.core.commands.start(connector_id, tag)
    assert outcome.authorized, outcome
    await station.until(lambda: station.connector(connector_id).status == "Charging")
