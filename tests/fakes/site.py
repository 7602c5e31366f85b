"""A whole station core with its central system, both real, on one virtual loop: as backend and driver see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from ocpp.v16 import call

from kiosk.backend.central import CentralSystem, Options, Transaction
from kiosk.backend.recording import Frame
from kiosk.model.enums import Tap
from kiosk.model.snapshot import Snapshot
from kiosk.station.system.network import NetworkPort
from kiosk.station.system.ports import SystemPort
from tests.fakes.core import START, RunningCore, core_on

PORT = 9000
IDENTITY = "HYC-7"
CARD = "04AE179C4F6181"


class Site:
    """``station`` is another one after ``reset``. Calls are read from the backend's recorder."""

    def __init__(self, data_dir: Path, central: CentralSystem, allow: Any) -> None:
        self.data_dir = data_dir
        self.central = central
        self.station: RunningCore
        self._station_stack = AsyncExitStack()
        self.allow = allow
        self._build: dict[str, Any] = {}

    async def boot(self, keys: Sequence[tuple[str, str]] = (), **build: Any) -> None:
        """Start the core; ``build``: as for ``core_on``, kept for the next start."""
        self._build |= build
        self._station_stack = AsyncExitStack()
        running = core_on(self.data_dir, keys=keys, start=self.now, **self._build)
        self.station = await self._station_stack.enter_async_context(running)
        await self.station.until(lambda: self.snapshot.backend.online or not self.snapshot.backend.configured, 300)
        # statuses are told, nothing is owed
        await self.settle()

    async def close(self) -> None:
        await self._station_stack.aclose()

    async def reset(self, kind: str = "Soft") -> None:
        """By the backend; returns when the station is back."""
        self.allow("kiosk.station.service", f"{kind} reset")
        answer = await self.ask(call.Reset(type=kind))
        assert answer.status == "Accepted"
        await self.restarted()

    async def restarted(self) -> None:
        """The core leaves because of a reset, and its programs start anew."""
        await asyncio.wait_for(asyncio.shield(self.station.running), 120)
        await self.close()
        await self.boot()

    # --- the backend ---------------------------------------------------------------------------------------

    @property
    def now(self) -> Any:
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    async def ask(self, payload: Any, identity: str = IDENTITY) -> Any:
        """A call of the backend; the library's answer object. Raises OCPPError for a CALLERROR."""
        return await self.central.stations[identity].ask(payload)

    async def raw(self, action: str, payload: dict[str, Any]) -> Frame:
        """A call past the library's own check; the frame that answers it."""
        await self.central.stations[IDENTITY].socket.send(json.dumps([2, f"raw-{self.mark}", action, payload]))
        asked = self.central.recorder.frames[-1]
        await self.settle()
        return next(
            f for f in self.central.recorder.frames if f.message_id == asked.message_id and not f.to_station
        )

    async def change(self, name: str, value: str) -> str:
        """ChangeConfiguration; its status."""
        answer = await self.ask(call.ChangeConfiguration(key=name, value=value))
        return str(answer.status)

    async def set(self, name: str, value: str) -> None:
        """A key that must be accepted and be in force at once."""
        assert await self.change(name, value) == "Accepted"

    async def set_after_reset(self, *wishes: tuple[str, str]) -> None:
        """Keys whose row says that they need a reset, and that reset."""
        for name, value in wishes:
            assert await self.change(name, value) == "RebootRequired", name
        await self.reset()

    async def get(self, *names: str) -> dict[str, dict[str, Any]]:
        """GetConfiguration: rows by name."""
        answer = await self.ask(call.GetConfiguration(key=list(names) or None))
        return {row["key"]: row for row in answer.configuration_key or []}

    async def value(self, name: str) -> str | None:
        """What GetConfiguration says of one key."""
        rows = await self.get(name)
        assert len(rows) == 1, (name, rows)
        return next(iter(rows.values())).get("value")

    def calls(self, action: str | None = None, after: int = 0) -> list[Frame]:
        """Of the station, oldest first; ``after``: a ``seq``."""
        return [f for f in self.central.recorder.calls(action) if f.seq > after]

    @property
    def mark(self) -> int:
        """The ``seq`` of the newest frame."""
        return self.central.recorder.frames[-1].seq if self.central.recorder.frames else 0

    def statuses(self, connector_id: int, after: int = 0) -> list[str]:
        """StatusNotification words of a connector."""
        return [
            f.payload["status"]
            for f in self.calls("StatusNotification", after)
            if f.payload["connectorId"] == connector_id
        ]

    @property
    def transaction(self) -> Transaction:
        """The newest one."""
        return list(self.central.transactions.values())[-1]

    async def offline(self) -> None:
        """The backend is gone, and the station has noticed that it cannot be had back."""
        self.allow("kiosk.station.ocpp", "backend: ")
        await self.central.stop()
        backend = self.station.core.backend
        await self.until(lambda: backend.unreachable)

    async def online(self) -> None:
        await self.central.start("127.0.0.1", PORT)
        await self.until(lambda: self.snapshot.backend.online, 600)
        await self.settle()

    async def settle(self, seconds: float = 2.0) -> None:
        """Let what is on its way arrive."""
        await asyncio.sleep(seconds)

    # --- the station ---------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        return self.station.core.state.snapshot

    @property
    def page(self) -> str:
        return self.station.page

    def ring(self, connector_id: int) -> Any:
        """One holder of the simulated world."""
        return self.station.sim.state().connectors[connector_id - 1]

    async def until(self, condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
        await self.station.until(condition, timeout_s)

    async def status_is(self, connector_id: int, status: str, timeout_s: float = 120.0) -> None:
        await self.until(lambda: self.station.connector(connector_id).status == status, timeout_s)

    def tap(self, action: Tap, connector_id: int | None = None) -> None:
        self.station.core.host.tap(action, connector_id)

    async def card(self, connector_id: int, uid: str = CARD) -> Any:
        """A card at a connector; the outcome."""
        return await self.station.core.commands.start(connector_id, uid)

    async def charge(
        self, connector_id: int = 1, uid: str = CARD, *, soc_percent: int = 30, car: str | None = None
    ) -> None:
        """A car that charges with a card."""
        self.station.sim.plug(connector_id, car, soc_percent)
        await self.status_is(connector_id, "Preparing")
        outcome = await self.card(connector_id, uid)
        assert outcome.authorized, outcome
        await self.status_is(connector_id, "Charging")

    async def stop(self, connector_id: int = 1) -> None:
        """By the driver, delivered."""
        await self.station.core.commands.stop(connector_id)
        await self.settle()

    async def leave(self, connector_id: int = 1) -> None:
        """The driver ends the session, where there is one, and drives away."""
        if self.station.core.sessions.bays[connector_id].running:
            await self.stop(connector_id)
        self.station.sim.unplug(connector_id)
        await self.status_is(connector_id, "Available")
        await self.settle()

    def power_w(self, connector_id: int) -> int:
        return self.station.connector(connector_id).power_w or 0


@asynccontextmanager
async def site_on(
    data_dir: Path,
    allow: Any,
    *keys: tuple[str, str],
    install: Sequence[str] = (),
    connectors: str = "CCS,CCS,CHAdeMO",
    options: Options | None = None,
    network: NetworkPort | None = None,
    system: SystemPort | None = None,
    online: bool = True,
) -> AsyncIterator[Site]:
    """``allow``: the fixture ``expected_log``. ``keys``: given with the start. ``online``: there is a backend."""
    loop = asyncio.get_running_loop()
    central = CentralSystem(options or Options(), now=lambda: START + timedelta(seconds=loop.time()))
    await central.start("127.0.0.1", PORT)
    given = [("chargePointIdentity", IDENTITY), *keys]
    if online:
        given.insert(0, ("WebSocketUrl", central.url))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(central.stop)
        site = Site(data_dir, central, allow)
        await site.boot(given, install=install, connectors=connectors, network=network, system=system)
        try:
            yield site
        finally:
            await site.close()
