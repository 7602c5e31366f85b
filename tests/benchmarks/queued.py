"""A journal with many messages owed, and a client that delivers them."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil

from kiosk.model.clock import SystemClock
from kiosk.model.enums import AuthorizationSource, ChargePointStatus, StopReason
from kiosk.model.snapshot import Backend, Connector, Dialogue, Gui, Listen, Screen, Snapshot, Station
from kiosk.settings import Installation, Settings
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.ocpp.client import OcppClient
from kiosk.station.state import State
from kiosk.station.storage import Database, Journal, TagStore
from kiosk.station.storage.records import MeterSample, TransactionBegin, TransactionEnd, to_text

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAMPLES = 8
VALUES = {
    "Energy.Active.Import.Register": 1000.0,
    "Power.Active.Import": 22000.0,
    "Current.Import": 55.5,
    "Voltage": 396.0,
    "SoC": 40.0,
}


def facts(local_id: str) -> Iterator[tuple[str, str]]:
    """(kind, payload) of one session."""
    begin = TransactionBegin(
        local_id=local_id,
        connector_id=1,
        id_tag="E36432E5",
        started_at=START,
        meter_start_wh=1000,
        source=AuthorizationSource.BACKEND,
    )
    yield "begin", msgspec.json.encode(begin).decode()
    for _ in range(SAMPLES):
        sample = MeterSample(local_id=local_id, connector_id=1, at=START, context="Sample.Periodic", values=VALUES)
        yield "sample", msgspec.json.encode(sample).decode()
    end = TransactionEnd(local_id=local_id, ended_at=START, meter_stop_wh=2000, reason=StopReason.LOCAL)
    yield "end", msgspec.json.encode(end).decode()


async def queue(path: Path, sessions: int) -> None:
    """Ended sessions of which everything is owed; written at once, as the journal would have left them."""
    database = await Database.open(path, SystemClock())
    at = to_text(START)

    def work(sql: sqlite3.Connection) -> None:
        for n in range(sessions):
            local_id = f"{n:032x}"
            sql.execute(
                "INSERT INTO transactions (local_id, connector_id, id_tag, source, kiosk, remote, started_at,"
                " meter_start_wh, ended_at, meter_stop_wh, reason)"
                " VALUES (?, 1, 'E36432E5', 'backend', 0, 0, ?, 1000, ?, 2000, 'Local')",
                (local_id, at, at),
            )
            sql.executemany(
                "INSERT INTO facts (local_id, connector_id, kind, payload, delivery) VALUES (?, 1, ?, ?, 'owed')",
                [(local_id, kind, payload) for kind, payload in facts(local_id)],
            )

    await database.run(work)
    await database.close()


class _Door:
    """Nobody asks anything here."""


async def delivered(path: Path, url: str) -> dict[str, Any]:
    """Deliver all that is owed; how much, the time and the CPU time it took, and the largest growth of memory."""
    clock = SystemClock()
    installation = Installation.load(None)
    settings = Settings(installation)
    database = await Database.open(path, clock)
    journal = Journal(database)
    connectors = tuple(
        Connector(id=i, type=c.type, status=ChargePointStatus.AVAILABLE)
        for i, c in enumerate(installation.connectors, start=1)
    )
    state = State(
        Snapshot(
            version="benchmark",
            station=Station(),
            connectors=connectors,
            backend=Backend(),
            screen=Screen(),
            dialogue=Dialogue(),
            gui=Gui(),
            listen=Listen(),
        )
    )

    async def start_answered(local_id: str, transaction_id: int, info: IdTagInfo) -> None:
        """The sessions are over."""

    client = OcppClient(
        url=url,
        settings=settings,
        installation=installation,
        state=state,
        journal=journal,
        tags=TagStore(database),
        clock=clock,
        commands=_Door(),  # type: ignore[arg-type]
        on_start_answered=start_answered,
        chance=random.Random(1),
    )
    settings.apply(settings.check("HeartbeatInterval", "3600", _operator()))
    owed, _ = await journal.waiting()
    process = psutil.Process()
    running = asyncio.create_task(client.run())
    while not client.online:
        await asyncio.sleep(0.01)
    wall_s, cpu_s, first_mb = time.perf_counter(), time.process_time(), _mb(process)
    most_mb = first_mb
    while (await journal.waiting())[0]:
        most_mb = max(most_mb, _mb(process))
        await asyncio.sleep(0.25)
    figures = {
        "messages": owed,
        "cpu_s": time.process_time() - cpu_s,
        "wall_s": time.perf_counter() - wall_s,
        "first_mb": first_mb,
        "most_mb": most_mb,
    }
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()
    return figures


def _operator() -> Any:
    from kiosk.model.enums import Provenance

    return Provenance.OPERATOR


def _mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6
