"""A real core on a disk that is full, read-only or damaged: it says so, and no session is lost or told twice."""

from __future__ import annotations

import asyncio
import ctypes
import random
import resource
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kiosk.backend.central import CentralSystem, Options
from kiosk.lab.torture import damage
from kiosk.lab.torture.core import STORE, CoreProcess
from kiosk.lab.torture.evidence import Evidence
from kiosk.link import messages as m
from kiosk.model.errors import KioskError
from kiosk.model.snapshot import Snapshot
from kiosk.station.storage.reading import read_facts

pytestmark = pytest.mark.story

IDENTITY = "DISK-1"
CARD = "04AE179C4F6181"
PATIENCE_S = 30.0
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def obey_permissions() -> None:
    """In the child: not even the superuser writes where the mode forbids it."""
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


class Place:
    """A core, its backend, and a car at connector 1."""

    def __init__(self, core: CoreProcess, central: CentralSystem) -> None:
        self.core = core
        self.central = central

    async def until(self, what: str, condition: Callable[[Snapshot], Any]) -> Snapshot:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_S
        while loop.time() < deadline:
            try:
                picture = await self.core.snapshot()
            except KioskError:
                picture = None
            if picture is not None and condition(picture):
                return picture
            await asyncio.sleep(0.1)
        raise AssertionError(f"not within {PATIENCE_S:g} s: {what}\n{self.core.said[-3000:]}")

    async def charge(self) -> None:
        await self.until("online", lambda s: s.backend.online)
        await self.core.ask("sim.plug", m.SimPlug(connector_id=1, soc_percent=30))
        await self.core.ask("session.start", m.StartSession(connector_id=1, id_tag=CARD))
        await self.until("energy flows", lambda s: (s.connector(1).energy_wh or 0) > 100)
        await self.until("all told", lambda s: s.connector(1).session.transaction_id is not None)

    async def finish(self) -> None:
        await self.core.ask("session.stop", m.ConnectorParams(connector_id=1))
        await self.core.ask("sim.unplug", m.ConnectorParams(connector_id=1))

    async def settled(self) -> Snapshot:
        return await self.until(
            "everything is told", lambda s: s.backend.online and not s.backend.waiting_messages
        )

    def starts(self) -> list[dict[str, Any]]:
        return [frame.payload for frame in self.central.recorder.calls("StartTransaction")]

    def stops(self) -> list[dict[str, Any]]:
        return [frame.payload for frame in self.central.recorder.calls("StopTransaction")]


@asynccontextmanager
async def place(tmp_path: Path, *words: str) -> AsyncIterator[Place]:
    data = tmp_path / "data"
    data.mkdir()
    central = CentralSystem(Options(ping_interval_s=None))
    await central.start()
    install = ("backend.retry_min_s=0.1", "backend.retry_random_s=0.1", "hardware.speed=30")
    options = ["--identity", IDENTITY, "--backend", central.url, "--set", "MeterValueSampleInterval=1", *words]
    for one in install:
        options += ["--install", one]
    this = Place(CoreProcess(data, tmp_path, Evidence(seed=0), options), central)
    try:
        yield this
    finally:
        if this.core.running:
            this.core.strike()
            await this.core.leaves()
        await central.stop()


def played(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(150):
            await story()

    asyncio.run(bounded())


def test_a_full_disk_ends_the_core_and_loses_nothing(tmp_path: Path) -> None:
    """Charging without a journal is charging that nobody will be billed for: the core stops, with the reason."""

    async def story() -> None:
        async with place(tmp_path) as this:
            await this.core.start()
            await this.charge()
            full = (this.core.data / f"{STORE}-wal").stat().st_size
            resource.prlimit(this.core.pid, resource.RLIMIT_FSIZE, (full, full))
            assert await this.core.leaves() == 1
            assert "cannot be written" in this.core.said
            await this.core.start()  # there is space again
            await this.until("the session is there", lambda s: s.connector(1).session is not None)
            await this.finish()
            picture = await this.settled()
            [start], [stop] = this.starts(), this.stops()
            assert stop["meterStop"] == picture.connector(1).meter_wh
            assert stop["meterStop"] > start["meterStart"]
            assert await this.core.stop() == 0

    played(story)


def test_every_start_on_a_full_disk_says_the_same(tmp_path: Path) -> None:
    """The file, that there is no room, and what helps; no traceback, and nothing half-written is left."""

    async def story() -> None:
        async with place(tmp_path) as this:
            await this.core.start()
            await this.core.up()
            assert await this.core.stop() == 0
            for _ in range(2):
                said = len(this.core.said)
                await this.core.start(before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
                assert await this.core.leaves() == 1
                told = this.core.said[said:]
                assert "Traceback" not in told
                assert "rights" not in told
                [line] = [each for each in told.splitlines() if each.startswith("kiosk core: ")]
                end = f"cannot be written: the disk is full; free some space in {this.core.data}"
                assert line.endswith(end), told
                assert not list(this.core.data.glob(".run.json.*"))
            await this.core.start()
            await this.core.up()
            assert await this.core.stop() == 0

    played(story)


def test_a_read_only_folder_is_told_in_one_line(tmp_path: Path) -> None:
    async def story() -> None:
        async with place(tmp_path) as this:
            await this.core.start()
            await this.charge()
            this.core.strike()
            await this.core.leaves()
            said = len(this.core.said)
            files = [this.core.data, *this.core.data.rglob("*")]
            modes = {path: path.stat().st_mode for path in files}
            for path in files:
                path.chmod(0o555 if path.is_dir() else 0o444)
            await this.core.start(before=obey_permissions)
            assert await this.core.leaves() == 1
            told = this.core.said[said:]
            assert "Traceback" not in told
            assert str(this.core.data) in told
            assert "kiosk core: " in told
            for path, mode in modes.items():
                path.chmod(mode)
            await this.core.start()
            await this.until("the session goes on", lambda s: s.connector(1).session is not None)
            await this.finish()
            picture = await this.settled()
            assert len(this.starts()) == len(this.stops()) == 1
            assert this.stops()[0]["meterStop"] == picture.connector(1).meter_wh
            assert await this.core.stop() == 0

    played(story)


@pytest.mark.parametrize("kind", ["pages", "truncated", "garbage", "empty", "log"])
def test_a_damaged_store_is_kept_aside_and_nothing_is_told_twice(tmp_path: Path, kind: str) -> None:
    """What was sent stays sent, the old file stays for whoever can read it, and the next session is billed."""

    async def story() -> None:
        async with place(tmp_path) as this:
            await this.core.start()
            await this.charge()
            await this.finish()
            await this.settled()
            assert len(this.starts()) == len(this.stops()) == 1
            this.core.strike()
            await this.core.leaves()
            damage.spoil(this.core.data / STORE, kind, random.Random(kind))
            # the address may be lost with the store: a technician would type it again
            await this.core.start("--embedded-url", this.central.url)
            await this.core.up()
            aside = list(this.core.data.glob(f"{STORE}.corrupt-*Z"))
            if kind in ("pages", "truncated", "garbage", "empty"):
                assert aside
                told = await this.until("it is told", lambda s: s.station.storage_problem)
                assert "damaged" in told.station.storage_problem
            picture = await this.settled()
            assert not aside or aside[0].name in this.core.said
            before_wh = picture.connector(1).meter_wh
            await this.charge()
            await this.finish()
            picture = await this.settled()
            starts, stops = this.starts(), this.stops()
            new = [s for s in starts if s["meterStart"] >= (before_wh or 0)]
            assert len(new) == 1, "the new session is told once"
            if kind != "log":  # a log that is gone takes the answers along that it held
                assert len(starts) == len(stops) == 2, "what was told before is not told again"
            assert stops[-1]["meterStop"] == picture.connector(1).meter_wh
            assert await this.core.stop() == 0
            facts = read_facts(this.core.copy_store())
            assert not [f for f in facts if f.delivery not in ("answered", "none")]
            assert all(f.delivery == "answered" for f in facts if f.kind != "sample")

    played(story)


def test_damage_in_a_session_and_the_session_is_billed(tmp_path: Path) -> None:
    """What is whole in a damaged file is taken over: the backend hears the end of what it heard the begin of."""

    async def story() -> None:
        async with place(tmp_path) as this:
            await this.core.start()
            await this.charge()
            this.core.strike()
            await this.core.leaves()
            spoil_table(this.core.data / STORE, "meta")
            await this.core.start("--embedded-url", this.central.url)
            told = await this.until("it is told", lambda s: s.station.storage_problem)
            assert told.station.storage_problem
            assert list(this.core.data.glob(f"{STORE}.corrupt-*Z"))
            await this.until("the session is there", lambda s: s.connector(1).session is not None)
            await this.finish()
            await this.until("the end is told", lambda _: this.stops())
            picture = await this.settled()
            [start], [stop] = this.starts(), this.stops()
            [transaction] = this.central.transactions.values()
            assert stop["transactionId"] == transaction.id
            assert start["meterStart"] < stop["meterStop"] == picture.connector(1).meter_wh
            assert await this.core.stop() == 0

    played(story)


def spoil_table(store: Path, table: str) -> None:
    """Overwrite the first page of one table; all others stay whole."""
    sql = sqlite3.connect(store)
    sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    [(root,)] = sql.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    sql.close()
    with store.open("r+b") as file:
        file.seek((root - 1) * damage.PAGE)
        file.write(b"\xff" * damage.PAGE)
