"""A journal with many messages owed, and a client that delivers them."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil

from kiosk.model.clock import SystemClock
from kiosk.model.enums import AuthorizationSource, StopReason
from kiosk.settings import Installation
from kiosk.station.hardware import simulator
from kiosk.station.service import Core
from kiosk.station.storage import Database
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


async def queue(folder: Path, sessions: int) -> None:
    """Ended sessions of which everything is owed; written at once, as the journal would have left them."""
    database = await Database.open(folder / "station.sqlite3", SystemClock())
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


async def delivered(folder: Path, url: str) -> dict[str, Any]:
    """Deliver all that is owed; how much, the time and the CPU time it took, and the largest growth of memory."""
    clock = SystemClock()
    installation = Installation.load(None, ["backend.retry_min_s=0.1"])
    hardware = simulator.build(installation, folder, clock, 1.0)
    core = Core(
        data_dir=folder, installation=installation, clock=clock, hardware=hardware, embedded_url=url, doors=False
    )
    process = psutil.Process()
    async with core:
        owed, _ = await core.journal.waiting()
        running = asyncio.create_task(core.run())
        while not core.backend.online:  # noqa: ASYNC110 nothing else tells
            await asyncio.sleep(0.01)
        wall_s, cpu_s, first_mb = time.perf_counter(), time.process_time(), _mb(process)
        most_mb = first_mb
        while (await core.journal.waiting())[0]:
            most_mb = max(most_mb, _mb(process))
            await asyncio.sleep(0.05)
        figures = {
            "messages": owed,
            "cpu_s": time.process_time() - cpu_s,
            "wall_s": time.perf_counter() - wall_s,
            "first_mb": first_mb,
            "most_mb": most_mb,
        }
        core.stop()
        await running
    return figures


def _mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6
