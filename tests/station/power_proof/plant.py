"""A whole core whose life can be interrupted, on a simulated station that goes on without it."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.model.clock import LoopClock
from kiosk.settings import Installation
from kiosk.station.hardware import simulator
from kiosk.station.hardware.simulator import Simulator, SimulatorControl
from kiosk.station.hardware.simulator.connector import SimConnector
from kiosk.station.service import Core
from tests.station.power_proof.law import Law

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK_S = 0.1
KEYS = {
    "MaxGridPower": "75000",
    "ChargingStrategy": "FCFS",
    "GridFallbackPower": "27500",
    "GridFallbackTimeout": "5",
    "ModbusLoadManagementEnabled": "false",
}
USUAL_W = {"CCS": 50_000, "CHAdeMO": 50_000, "GBT": 50_000, "CCS_AC": 22_000}
MEANT = re.compile(
    r"contactor opened|begins again|goes on after a restart|closed after power loss|fault_raised|fault_cleared|"
    r"another car than|did not report its end|does not unlock|emergency|GridFallbackPower holds"
)
"""What the log may warn of when cars disobey, cores die and things break."""


class Plant:
    """``observe``: called after each control step with the time of it, ``tick`` ten times a second."""

    def __init__(self, folder: Path, connectors: str, stacks: int, keys: dict[str, str]) -> None:
        self.folder = folder
        self.installation = Installation.load(
            None, [f"hardware.stacks={stacks}", "modbus.port=0"]
        ).with_connectors(connectors)
        usual = ",".join(str(USUAL_W[kind]) for kind in connectors.split(","))
        self.keys = KEYS | {"ConnectorsPowerLimit": usual} | keys
        self.usual_keys = KEYS | {"ConnectorsPowerLimit": usual}
        self.law = Law(self.installation, dict(self.keys))
        self.alive = False
        self.frozen_s = 0.0
        self.on_control: Callable[[float], None] = lambda _now_s: None
        self.on_limit: Callable[[SimConnector, int], None] = lambda _c, _w: None
        self.on_assign: Callable[[SimConnector, int], None] = lambda _c, _n: None
        self.on_tick: Callable[[], None] = lambda: None
        self.core: Core
        self.hardware: Simulator
        self._stack = AsyncExitStack()

    # --- time ----------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """Of a machine that may have stood still."""
        return asyncio.get_running_loop().time() + self.frozen_s

    async def live(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            await asyncio.sleep(TICK_S)
            if not self.alive:
                self.hardware.step()
            self.on_tick()

    def freeze(self, seconds: float) -> None:
        """The program is not run for a while; the world is."""
        self.frozen_s += seconds

    # --- life ----------------------------------------------------------------------------------------------

    @property
    def sim(self) -> SimulatorControl:
        return self.hardware.control

    async def start(self) -> None:
        clock = LoopClock(lambda: self.now_s, START + timedelta(seconds=self.now_s))
        self.hardware = simulator.build(self.installation, self.folder, clock)
        for port in self.hardware.connectors:
            self._listen(port)
        self.core = Core(
            data_dir=self.folder,
            installation=self.installation,
            clock=clock,
            hardware=self.hardware,
            start_options=tuple(self.keys.items()),
            launch="proof",
            doors=False,
        )
        self._stack = AsyncExitStack()
        self._stack.callback(self.hardware.close)
        await self._stack.enter_async_context(self.core)
        self.law.restarted()
        decide = self.core.supply.step

        def step(now_s: float) -> None:
            self.law.asked()
            decide(now_s)
            self.on_control(now_s)

        self.core.supply.step = step  # type: ignore[method-assign]
        self._running = asyncio.create_task(self.core.run())
        self.alive = True
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """Cleanly."""
        self.alive = False
        self.core.stop()
        await self._running
        await self._stack.aclose()

    async def kill(self, dead_s: float) -> None:
        """The programs are gone at once; what they allowed last is all the hardware knows."""
        self.alive = False
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.live(dead_s)
        await self._stack.aclose()

    def _listen(self, port: SimConnector) -> None:
        set_limit_w, assign = port.set_limit_w, port.assign

        def limited(limit_w: int) -> None:
            self.on_limit(port, limit_w)
            set_limit_w(limit_w)

        def assigned(stacks: int) -> None:
            self.on_assign(port, stacks)
            assign(stacks)

        port.set_limit_w = limited  # type: ignore[method-assign]
        port.assign = assigned  # type: ignore[method-assign]

    # --- wishes --------------------------------------------------------------------------------------------

    def draw_w(self, port: SimConnector) -> int:
        """What truly flows at this moment."""
        port.catch_up()
        return port.vehicle.power_w if port.vehicle is not None and port.contactor_closed else 0


@contextmanager
def meant_warnings(records: list[logging.LogRecord]) -> Iterator[None]:
    """Of ``records`` (those of the guard) all that come meanwhile must be meant; they are taken off."""
    before = len(records)
    yield
    new = records[before:]
    del records[before:]
    odd = [f"{r.name}: {r.getMessage()}" for r in new if not MEANT.search(r.getMessage())]
    assert not odd, odd
