"""Cars and cards at every connector, without end: each comes and goes in one of the ways that drivers know.

The core may be dead at any moment; a driver then stands there and tries again. What comes of a wish is no matter
here: the audit compares what the station made of it with what it told.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from ocpp.exceptions import OCPPError
from ocpp.v16 import call

from kiosk.backend.central import CentralSystem
from kiosk.backend.station import StationGone
from kiosk.lab.torture.core import CoreProcess
from kiosk.link import messages as m
from kiosk.model.errors import CoreNotRunning, KioskError, LinkClosed, NotPossible

AWAY: Final = (KioskError, OSError, TimeoutError, StationGone, OCPPError)
"""The core is dead, busy or refuses: that is no trouble here."""
DEAD: Final = (CoreNotRunning, LinkClosed, StationGone, OSError)
STUBBORN_S: Final = 6.0
"""So long a driver waits for a core that is dead."""
ARRIVALS: Final = (
    "card first",
    "plug first",
    "card at the reader",
    "remote",
    "remote anywhere",
    "autocharge",
    "kiosk",
)
ENDINGS: Final = ("stop", "card", "remote", "unplug", "unlock", "fault", "never")
FAULT: Final = 51
"""Vendor code of a fault that ends a session."""


class Drivers:
    """``counts``: how often each way was tried."""

    def __init__(
        self, core: CoreProcess, central: CentralSystem, identity: str, connectors: int, seed: int
    ) -> None:
        self._core = core
        self._central = central
        self._identity = identity
        self._chances = {c: random.Random(f"{seed} connector {c}") for c in range(1, connectors + 1)}
        self.leaving = False
        self.counts: dict[str, int] = {}

    async def run(self) -> None:
        """Until ``leaving``; then everybody has gone."""
        async with asyncio.TaskGroup() as group:
            for connector_id in self._chances:
                group.create_task(self._stand(connector_id))

    async def _stand(self, connector_id: int) -> None:
        chance = self._chances[connector_id]
        while not self.leaving:
            try:
                await self._visit(connector_id, chance)
            except AWAY:
                await asyncio.sleep(0.05)
        await self._leave(connector_id)

    async def _leave(self, connector_id: int) -> None:
        """Whatever runs here is ended, whatever is plugged is pulled. The core lives by now."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 60
        while loop.time() < deadline:
            try:
                connector = (await self._core.snapshot()).connector(connector_id)
                assert connector is not None
                running = connector.session is not None and connector.session.local_id is not None
                over = connector.session is None or connector.session.ended_at is not None
                if running and not over:
                    await self._core.ask("session.stop", m.ConnectorParams(connector_id=connector_id))
                if connector.plugged:
                    await self._core.ask("sim.unplug", m.ConnectorParams(connector_id=connector_id))
                if over and not connector.plugged:
                    return
            except AWAY:
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.05)
        raise TimeoutError(f"connector {connector_id} does not come to rest")

    # --- one visit -----------------------------------------------------------------------------------------

    async def _visit(self, connector_id: int, chance: random.Random) -> None:
        tag = f"{chance.getrandbits(56):014X}"
        arrival = chance.choice(ARRIVALS)
        self._count(arrival)
        await self._arrive(arrival, connector_id, tag, chance)
        await asyncio.sleep(chance.uniform(0.0, 2.0))
        await self._look()
        ending = chance.choice(ENDINGS)
        self._count(ending)
        await self._end(ending, connector_id, tag)
        await asyncio.sleep(chance.uniform(0.0, 0.4))
        if ending != "never":
            await self._ask("sim.unplug", m.ConnectorParams(connector_id=connector_id))
        await asyncio.sleep(chance.uniform(0.0, 0.3))

    async def _arrive(self, arrival: str, connector_id: int, tag: str, chance: random.Random) -> None:
        start = m.StartSession(connector_id=connector_id, id_tag=tag)
        pause_s = chance.uniform(0.0, 0.4)

        async def plug() -> None:
            soc = chance.choice((5, 40, 80, 97))
            await self._ask("sim.plug", m.SimPlug(connector_id=connector_id, soc_percent=soc))

        async def remote(any_connector: bool) -> None:
            station = self._central.stations.get(self._identity)
            if station is None:
                raise StationGone(f"{self._identity} is not connected")
            wanted = None if any_connector else connector_id
            await station.ask(call.RemoteStartTransaction(id_tag=tag, connector_id=wanted))

        first: dict[str, Callable[[], Awaitable[object]]] = {
            "card first": lambda: self._core.ask("session.start", start),
            "remote": lambda: remote(False),
            "remote anywhere": lambda: remote(True),
        }
        then: dict[str, Callable[[], Awaitable[object]]] = {
            "plug first": lambda: self._core.ask("session.start", start),
            "card at the reader": lambda: self._core.ask("sim.card", m.SimCard(uid=tag)),
            "kiosk": lambda: self._core.ask("session.start", m.StartSession(connector_id=connector_id)),
        }
        if arrival in first:
            await self._stubborn(first[arrival])
            await asyncio.sleep(pause_s)
        await plug()
        await asyncio.sleep(pause_s)
        if arrival in then:
            await self._stubborn(then[arrival])

    async def _end(self, ending: str, connector_id: int, tag: str) -> None:
        here = m.ConnectorParams(connector_id=connector_id)
        match ending:
            case "stop":
                await self._ask("session.stop", here)
            case "card":
                await self._ask("sim.card", m.SimCard(uid=tag))
            case "unplug":
                await self._ask("sim.unplug", here)
            case "unlock":
                await self._ask("connector.unlock", here)
            case "fault":
                await self._ask("sim.fault", m.SimFault(connector_id=connector_id, code=FAULT))
                await asyncio.sleep(0.2)
                await self._ask("sim.clear", m.SimFault(connector_id=connector_id, code=FAULT))
            case "remote":
                await self._remote_stop(connector_id)
            case "never":
                pass  # the car stays; it ends when it is full, or the next visit finds the plug taken

    async def _remote_stop(self, connector_id: int) -> None:
        connector = (await self._core.snapshot()).connector(connector_id)
        station = self._central.stations.get(self._identity)
        if connector is not None and connector.session is not None and station is not None:
            transaction_id = connector.session.transaction_id
            if transaction_id is not None:
                await station.ask(call.RemoteStopTransaction(transaction_id=transaction_id))

    async def _look(self) -> None:
        """What is seen here must be in the books later."""
        await self._core.snapshot()

    async def _ask(self, method: str, params: m.Params) -> None:
        """Until the core hears it; a car that is plugged already, or gone, is no reason to leave."""
        await self._stubborn(lambda: self._core.ask(method, params))

    async def _stubborn(self, wish: Callable[[], Awaitable[object]]) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STUBBORN_S
        while True:
            try:
                await wish()
            except NotPossible:
                return
            except DEAD:
                if loop.time() > deadline or self.leaving:
                    raise
                await asyncio.sleep(0.05)
            else:
                return

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
