"""A station's OCPP side with a central system, on one virtual loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.backend.central import CentralSystem, Options
from kiosk.backend.recording import Frame
from kiosk.model.clock import LoopClock
from kiosk.model.enums import (
    AuthorizationSource,
    ChargePointStatus,
    Provenance,
    ResetKind,
    StopReason,
)
from kiosk.model.errors import UnknownConnector
from kiosk.model.snapshot import Backend, Connector, Dialogue, Gui, Listen, Screen, Snapshot, Station
from kiosk.settings import Change, Installation, Settings
from kiosk.station.certificates.store import CertificateStore
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.commands.certificates import Certificates
from kiosk.station.ocpp.client import OcppClient
from kiosk.station.ocpp.dialler import Dialler
from kiosk.station.ocpp.signing import Signing
from kiosk.station.security import SecurityLog
from kiosk.station.state import State
from kiosk.station.storage import Database, Journal, MetaStore, SecurityStore, SettingsStore, TagStore
from kiosk.station.storage.records import MeterSample, TransactionBegin, TransactionEnd
from kiosk.station.tasks import Tasks
from kiosk.station.timekeeper import Timekeeper
from tests.fakes.file_jobs import FakeFiles
from tests.fakes.secured import Site

START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
PORT = 9000


class Said(StrEnum):
    UNLOCKED = "Unlocked"
    ACCEPTED = "Accepted"


class FakeCommands:
    """Writes down what it is asked and says yes, but for connector 9."""

    certificates: Certificates

    def __init__(self, settings: Settings, store: SettingsStore, clock: LoopClock) -> None:
        self.settings = settings
        self._store = store
        self._clock = clock
        self.asked: list[tuple[Any, ...]] = []
        self.says = True
        self.fails: Exception | None = None
        self.slow_s = 0.0
        self.files = FakeFiles()

    async def _note(self, *asked: Any) -> None:
        self.asked.append(asked)
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if self.fails is not None:
            raise self.fails

    async def remote_start(
        self, id_tag: str, connector_id: int | None, profile: dict[str, Any] | None = None
    ) -> bool:
        await self._note("remote_start", id_tag, connector_id, *([profile] if profile else []))
        return self.says

    async def remote_stop(self, transaction_id: int) -> bool:
        await self._note("remote_stop", transaction_id)
        return self.says

    async def unlock(self, connector_id: int) -> Said:
        await self._note("unlock", connector_id)
        if connector_id == 9:
            raise UnknownConnector(9, 3)
        return Said.UNLOCKED

    async def change_availability(self, connector_id: int, operative: bool) -> Said:
        await self._note("availability", connector_id, operative)
        if connector_id == 9:
            raise UnknownConnector(9, 3)
        return Said.ACCEPTED

    async def change_key(self, name: str, value: str, by: Provenance) -> Change:
        await self._note("change_key", name, value, by)
        change = self.settings.check(name, value, by)
        await self._store.save(change, self._clock.now())
        self.settings.apply(change)
        return change

    def show_cost(self, transaction_id: int, text: str) -> bool:
        self.asked.append(("show_cost", transaction_id, text))
        return self.says

    def request_reset(self, kind: ResetKind) -> bool:
        self.asked.append(("reset", kind))
        return self.says


class World:
    """Everything a test of the client touches."""

    def __init__(self, tmp_path: Path, options: Options, keys: Sequence[str]) -> None:
        self.tmp_path = tmp_path
        self.options = options
        self.keys = keys
        self.answers: list[tuple[str, int, IdTagInfo]] = []

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.clock = LoopClock(loop.time, START)
        self.installation = Installation.load(None, ["station.serial=HYC-7", *self.keys])
        self.settings = Settings(self.installation)
        self.central = CentralSystem(self.options, now=lambda: START + timedelta(seconds=loop.time()))
        await self.central.start("127.0.0.1", PORT)
        self.db = await Database.open(self.tmp_path / "station.sqlite3", self.clock)
        self.journal = Journal(self.db)
        self.tags = TagStore(self.db)
        self.commands = FakeCommands(self.settings, SettingsStore(self.db), self.clock)
        self.state = State(
            Snapshot(
                version="test",
                station=Station(),
                connectors=tuple(
                    Connector(id=i, type=c.type, status=ChargePointStatus.AVAILABLE)
                    for i, c in enumerate(self.installation.connectors, start=1)
                ),
                backend=Backend(),
                screen=Screen(),
                dialogue=Dialogue(),
                gui=Gui(),
                listen=Listen(),
            )
        )
        self.tasks = Tasks()
        self.security = SecurityLog(SecurityStore(self.db), self.clock, self.tasks)
        self.meta = MetaStore(self.db)
        self.moved: list[timedelta] = []
        self.timekeeper = Timekeeper(
            self.clock, self.meta, self.journal, self.security.record, lambda by, _: self.moved.append(by)
        )
        self.commands.certificates = Certificates(
            store=CertificateStore(self.tmp_path),
            settings=self.settings,
            settings_store=SettingsStore(self.db),
            installation=self.installation,
            security=self.security,
            clock=self.clock,
        )
        self.client = self.new_client()

    def new_client(self, url: str | None = None) -> OcppClient:
        certificates = self.commands.certificates
        return OcppClient(
            dialler=Dialler(
                embedded_url=url or self.central.url,
                settings=self.settings,
                installation=self.installation,
                certificates=certificates,
                security=self.security,
                meta=self.meta,
                clock=self.clock,
            ),
            signing=Signing(certificates, self.installation, self.clock),
            security=self.security,
            settings=self.settings,
            installation=self.installation,
            state=self.state,
            journal=self.journal,
            tags=self.tags,
            clock=self.clock,
            commands=self.commands,
            on_start_answered=self._start_answered,
            correct=self.timekeeper.correct,
            chance=random.Random(1),
        )

    async def _start_answered(self, local_id: str, transaction_id: int, info: IdTagInfo) -> None:
        fact = await self.journal.next_fact()
        assert fact is None or fact.local_id != local_id or fact.kind != "begin", "told before it was committed"
        self.answers.append((local_id, transaction_id, info))

    async def close(self) -> None:
        await self.central.stop()
        await self.tasks.close()
        await self.db.close()

    # --- what tests do -------------------------------------------------------------------------------------

    def set_key(self, name: str, value: str) -> None:
        self.settings.apply(self.settings.check(name, value, Provenance.OPERATOR))

    def set_status(self, connector_id: int, status: ChargePointStatus, **more: Any) -> None:
        old = self.state.connector(connector_id)
        self.state.set_connector(msgspec.structs.replace(old, status=status, **more))

    async def until(self, condition: Callable[[], bool], within_s: float = 600.0) -> None:
        """Let virtual time pass until it holds."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 virtual time costs nothing
                await asyncio.sleep(0.05)

    async def online(self) -> None:
        await self.until(lambda: self.client.online)

    async def delivered(self) -> None:
        """Nothing is owed any more."""
        async with asyncio.timeout(7200):
            while (await self.journal.waiting())[0]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def calls(self, action: str | None = None) -> list[Frame]:
        return self.central.recorder.calls(action)

    async def session(self, local_id: str = "a", connector_id: int = 1, samples: int = 2) -> None:
        """A whole session in the journal, told to the client step by step."""
        await self.begin(local_id, connector_id)
        for n in range(samples):
            await self.sample(local_id, connector_id, 1000 + 100 * (n + 1))
        await self.end(local_id, 1000 + 100 * (samples + 1))

    async def begin(self, local_id: str = "a", connector_id: int = 1) -> None:
        await self.journal.begin(
            TransactionBegin(
                local_id=local_id,
                connector_id=connector_id,
                id_tag="E36432E5",
                started_at=self.clock.now(),
                meter_start_wh=1000,
                source=AuthorizationSource.BACKEND,
            ),
            owed=True,
        )
        self.client.facts_waiting()

    async def sample(self, local_id: str, connector_id: int, wh: int) -> None:
        await self.journal.sample(
            MeterSample(
                local_id=local_id,
                connector_id=connector_id,
                at=self.clock.now(),
                context="Sample.Periodic",
                values={"Energy.Active.Import.Register": float(wh), "SoC": 40.0},
            ),
            owed=True,
        )
        self.client.facts_waiting()

    async def sample_of_none(self) -> None:
        """A reading outside any transaction."""
        await self.journal.sample(
            MeterSample(
                local_id=None,
                connector_id=1,
                at=self.clock.now(),
                context="Sample.Periodic",
                values={"Energy.Active.Import.Register": 1.0},
            ),
            owed=True,
        )
        self.client.facts_waiting()

    async def end(self, local_id: str, wh: int) -> None:
        await self.journal.end(
            TransactionEnd(
                local_id=local_id,
                ended_at=self.clock.now(),
                meter_stop_wh=wh,
                reason=StopReason.LOCAL,
                id_tag="E36432E5",
            ),
            owed=True,
        )
        self.client.facts_waiting()


Opened = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """``async with opened(options, "backend.retry_min_s=1") as world``: all but the client runs."""

    @asynccontextmanager
    async def open_world(options: Options | None = None, *overrides: str) -> AsyncIterator[World]:
        world = World(tmp_path, options or Options(), overrides)
        await world.open()
        try:
            yield world
        finally:
            await world.close()

    return open_world


@pytest.fixture
def running(opened: Opened) -> Opened:
    """As ``opened``, with the client running; its failure is the test's."""

    @asynccontextmanager
    async def run_world(options: Options | None = None, *overrides: str) -> AsyncIterator[World]:
        async with opened(options, *overrides) as world:
            task = asyncio.create_task(world.client.run())
            try:
                yield world
            finally:
                task.cancel()
                results = await asyncio.gather(task, return_exceptions=True)
                if not isinstance(results[0], asyncio.CancelledError):
                    raise AssertionError("the client ended by itself") from results[0]

    return run_world


@pytest.fixture
def site(tmp_path: Path) -> Opened:
    """``async with site() as s``: a dialler with its stores and a central system, on real sockets."""

    @asynccontextmanager
    async def opened_site() -> AsyncIterator[Site]:
        made = Site(tmp_path)
        await made.listen(None)
        await made.open(url=made.central.url)
        try:
            yield made
        finally:
            await made.close()
            await made.central.stop()

    return opened_site
