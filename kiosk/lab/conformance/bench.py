"""What a case plays on: a whole station in this process, its world, and a judging central system."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from kiosk.lab.conformance.csms import Csms
from kiosk.lab.conformance.registry import Case
from kiosk.model.clock import LoopClock
from kiosk.model.enums import Provenance, ResetKind, Tap
from kiosk.model.snapshot import Connector, Snapshot
from kiosk.settings import Installation
from kiosk.station.commands import Commands
from kiosk.station.hardware import simulator
from kiosk.station.hardware.simulator import Simulator, SimulatorControl
from kiosk.station.service import Core

log = logging.getLogger(__name__)

START: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
PORT: Final = 9000
IDENTITY: Final = "KIOSK-0001"
LATENCY_S: Final = 0.04
"""Of an ordinary mobile network; without any, nothing would ever overlap."""
RESTART_S: Final = 3.0
"""How long the programs take to come back after a reset."""
QUICK: Final = ("backend.retry_min_s=1", "backend.retry_max_s=4", "backend.retry_random_s=0")
"""A station that dials soon, so that cases need not wait for its patience."""


class NotedSim:
    """``SimulatorControl`` whose deeds stand in the trace."""

    def __init__(self, control: SimulatorControl, note: Callable[[str], None]) -> None:
        self._control = control
        self._note = note

    def __getattr__(self, name: str) -> Any:
        deed = getattr(self._control, name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            shown = ", ".join([*(str(a) for a in args), *(f"{k}={v}" for k, v in kwargs.items())])
            if name != "state":
                self._note(f"simulator: {name}({shown})")
            return deed(*args, **kwargs)

        return noted


class Station:
    """The station under test: its programs can be switched on, off, killed and reset, on one data folder."""

    def __init__(self, case: Case, folder: Path, csms: Csms) -> None:
        self._folder = folder
        self._csms = csms
        self._loop_time = asyncio.get_running_loop().time
        self._origin_s = self._loop_time()
        self.installation = Installation.load(None, [*QUICK, *case.install]).with_connectors(case.connectors)
        self._keys = [("WebSocketUrl", csms.url), *case.keys]
        self._core: Core | None = None
        self._hardware: Simulator | None = None
        self._life: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self.clock_off_s = 0.0  # how wrong the clock is when the programs start
        self.starts = 0

    # --- power and programs ------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Start the programs; after a reset they start again by themselves."""
        assert self._life is None or self._life.done(), "the station is on"
        self._csms.note("the station is switched on")
        self._life = asyncio.create_task(self._live(), name="station")

    async def power_off(self) -> None:
        """As a power cut: the line dies, nothing is told, nothing is tidied."""
        self._csms.cut()
        self._csms.note("the power is cut")
        await self._end(kill=True)

    async def stop(self) -> None:
        """As an operator stops it: cleanly."""
        self._csms.note("the programs are stopped")
        await self._end(kill=False)

    async def restart(self, *, kill: bool = False, pause_s: float = RESTART_S) -> None:
        """Off and on again; ``kill``: as a power cut. Returns when the programs are up."""
        await (self.power_off() if kill else self.stop())
        await asyncio.sleep(pause_s)
        self.power_on()
        await self.up()

    async def up(self, within_s: float = 30.0) -> None:
        """Wait until the programs run."""
        async with asyncio.timeout(within_s):
            await self._up.wait()

    async def _live(self) -> None:
        while True:
            kind = await self._one_life()
            if kind is None:
                return
            self._csms.note(f"the programs restart after a {kind} reset")
            await asyncio.sleep(RESTART_S)

    async def _one_life(self) -> ResetKind | None:
        start = START + timedelta(seconds=self._loop_time() - self._origin_s + self.clock_off_s)
        clock = LoopClock(self._loop_time, start)
        hardware = simulator.build(self.installation, self._folder, clock, self.installation.hardware.speed)
        self.starts += 1
        self._csms.judge.restarted()
        core = Core(
            data_dir=self._folder,
            installation=self.installation,
            clock=clock,
            hardware=hardware,
            start_options=self._keys,
            launch="conformance",
            doors=False,
        )
        try:
            async with core:
                self._core, self._hardware = core, hardware
                running = asyncio.create_task(core.run(), name="core")
                self._up.set()
                try:
                    return await running
                finally:
                    self._up.clear()
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
        finally:
            hardware.close()

    async def _end(self, *, kill: bool) -> None:
        if self._life is None:
            return
        if kill or not self._up.is_set():
            self._life.cancel()
        else:
            self.core.stop()
        await asyncio.gather(self._life, return_exceptions=True)
        self._life = None

    # --- looking -----------------------------------------------------------------------------------------------

    @property
    def core(self) -> Core:
        assert self._core is not None, "the station was never on"
        return self._core

    @property
    def commands(self) -> Commands:
        return self.core.commands

    @property
    def sim(self) -> Any:
        """``SimulatorControl``: plug, unplug, card, fault, clear, request, end ..."""
        assert self._hardware is not None, "the station was never on"
        return NotedSim(self._hardware.control, self._csms.note)

    @property
    def state(self) -> Snapshot:
        return self.core.state.snapshot

    def connector(self, connector_id: int) -> Connector:
        return self.core.state.connector(connector_id)

    async def set_key(self, name: str, value: str) -> None:
        """Change a key as its operator, at the station."""
        await self.commands.change_key(name, value, Provenance.OPERATOR)

    async def until(self, condition: Callable[[], Any], what: str = "", within_s: float = 60.0) -> None:
        """Wait for something inside. Raises AssertionError."""
        try:
            async with asyncio.timeout(within_s):
                while not condition():  # noqa: ASYNC110  any condition of the inside, it tells nobody
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not within {within_s:g} s: {what or 'what was waited for'}") from None


class Driver:
    """What a person in front of the station does: screen, card, plug, car."""

    def __init__(self, station: Station, note: Callable[[str], None]) -> None:
        self._station = station
        self._note = note

    def plug(self, connector_id: int, soc_percent: int = 30, *, seated: bool = True) -> None:
        """``seated`` False: only halfway in."""
        how = {} if seated else {"seated": False}
        self._station.sim.plug(connector_id, soc_percent=soc_percent, **how)

    def unplug(self, connector_id: int) -> None:
        self._station.sim.unplug(connector_id)

    def card(self, id_tag: str, connector_id: int | None = None) -> None:
        """Hold a card to the reader; with a connector: choose it on the screen first."""
        if connector_id is not None:
            host = self._station.core.host
            self._note(f"screen: connector {connector_id} is chosen")
            host.tap(Tap.BEGIN, None)
            host.tap(Tap.OVERVIEW, None)
            host.tap(Tap.SELECT, connector_id)
        self._station.sim.card(id_tag)

    def press_stop(self, connector_id: int) -> None:
        """The screen's Stop, and yes."""
        host = self._station.core.host
        self._note(f"screen: stop at connector {connector_id}")
        host.tap(Tap.OVERVIEW, None)
        host.tap(Tap.SELECT, connector_id)
        host.tap(Tap.STOP, connector_id)
        host.tap(Tap.CONFIRM_STOP, connector_id)


class Bench:
    """A station, a driver, a central system. See the package's docstring for how a case is written."""

    def __init__(self, case: Case, folder: Path, csms: Csms, station: Station) -> None:
        self.case = case
        self.folder = folder
        self.csms = csms
        self.station = station
        self.driver = Driver(station, csms.note)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @property
    def connector_ids(self) -> list[int]:
        return list(range(1, len(self.station.installation.connectors) + 1))

    async def booted(self, within_s: float = 60.0) -> None:
        """Wait for BootNotification and the statuses of all connectors, and move on past them."""
        await self.csms.expect("BootNotification", within_s=within_s)
        await self.csms.expect_all(
            *(("StatusNotification", {"connectorId": i}) for i in (0, *self.connector_ids)), within_s=within_s
        )

    async def charge(self, connector_id: int = 1, id_tag: str = "TAG-1") -> int:
        """A local session up to Charging, plug first; returns its transactionId."""
        self.driver.plug(connector_id)
        await self.csms.status(connector_id, "Preparing")
        self.driver.card(id_tag, connector_id)
        await self.csms.expect("StartTransaction", connectorId=connector_id, idTag=id_tag)
        await self.csms.status(connector_id, "Charging", within_s=120)
        return self.transaction_id(connector_id)

    def transaction_id(self, connector_id: int = 1) -> int:
        """The number that we gave to the newest transaction at a connector."""
        given = [t.id for t in self.csms.central.transactions.values() if t.connector_id == connector_id]
        assert given, f"no transaction at connector {connector_id}"
        return given[-1]


@asynccontextmanager
async def bench_for(case: Case, folder: Path) -> AsyncIterator[Bench]:
    """Build the bench of a case, on the running loop, and take it down again."""
    time = asyncio.get_running_loop().time
    origin_s = time()
    csms = Csms(
        connectors=len(case.connectors.split(",")),
        now=lambda: START + timedelta(seconds=time() - origin_s),
        port=0 if case.real else PORT,
        latency_s=0.0 if case.real else LATENCY_S,
    )
    await csms.online()
    station = Station(case, folder, csms)
    bench = Bench(case, folder, csms, station)
    try:
        if case.booted:
            station.power_on()
            await station.up()
            await bench.booted()
        yield bench
    finally:
        await station.stop()
        await csms.offline()
