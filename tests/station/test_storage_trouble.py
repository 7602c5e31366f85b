"""A whole core whose disk makes trouble: it says so, and loses nothing that was sent."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.cli.status import as_table
from kiosk.model.errors import StorageFailed
from tests.fakes.core import core_on
from tests.fakes.site import site_on

Expected = Callable[..., None]


def spoil(path: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    sql = sqlite3.connect(path)
    root = sql.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    size = sql.execute("PRAGMA page_size").fetchone()[0]
    sql.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


def shown(core: Any) -> str:
    """What ``kiosk status`` prints."""
    from rich.console import Console

    console = Console(width=250)
    with console.capture() as capture:
        console.print(as_table(core.state.snapshot))
    return capture.get()


def test_a_damaged_file_costs_no_session(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    """Kept aside, the station starts, says so, goes on with its session, and tells the backend all of it once."""
    expected_log("kiosk.station.storage.database", "is damaged .*kept as station.sqlite3.corrupt-")
    expected_log("kiosk.station.storage.salvage", "availability")
    expected_log("kiosk.station.charging", "goes on after a restart")

    async def story() -> None:
        async with site_on(tmp_path, expected_log, ("MeterValueSampleInterval", "20")) as here:
            await here.charge(1)
            await here.settle(65)
            await here.offline()
            await here.settle(100)
            waiting = here.snapshot.backend.waiting_messages
            assert waiting >= 4
            await here.close()

            spoil(tmp_path / "station.sqlite3", "availability")
            await here.central.start("127.0.0.1", 9000)
            await here.boot()
            problem = here.snapshot.station.storage_problem
            assert "was damaged" in problem
            assert "corrupt-" in problem
            assert "was damaged" in shown(here.station.core)
            [event] = [e for e in await here.station.core.events.list() if e.kind == "storage_damaged"]
            assert event.text == problem

            await here.status_is(1, "Charging")
            await here.settle(30)
            await here.stop(1)
            assert len(here.calls("StartTransaction")) == 1
            [stop] = here.calls("StopTransaction")
            transaction = here.transaction
            assert transaction.stopped_at is not None
            assert transaction.meter_stop_wh == here.station.connector(1).meter_wh
            assert stop.payload["transactionId"] == 1
            registers = [
                float(v["sampledValue"][0]["value"])
                for f in here.calls("MeterValues")
                if f.payload.get("transactionId") == 1
                for v in f.payload["meterValue"]
            ]
            assert registers == sorted(registers)
            assert len(registers) >= 8
            assert here.snapshot.backend.waiting_messages == 0

    aio(story())
    assert list(tmp_path.glob("station.sqlite3.corrupt-*"))


def test_a_full_disk_ends_the_core_before_energy_flows_unrecorded(
    aio: Any, tmp_path: Path, expected_log: Expected
) -> None:
    """Journal first: what cannot be committed does not happen. Once there is room the station is whole again."""
    expected_log("kiosk.station", "the disk is full")

    expected_log("kiosk.station.storage.database", "not tidied at close")
    expected_log("kiosk.station.charging", "goes on after a restart")

    def fill(sql: sqlite3.Connection) -> None:
        (pages,) = sql.execute("PRAGMA page_count").fetchone()
        sql.execute(f"PRAGMA max_page_count = {pages}")

    async def full() -> None:
        async with core_on(tmp_path, keys=[("HycKioskModeEnabled", "true")]) as station:
            await station.core.journal._database.run(fill)
            station.sim.plug(1, soc_percent=30)
            await asyncio.wait({station.running}, timeout=3600)
            assert station.running.done(), "a core that cannot write does not go on"

    async def again() -> None:
        async with core_on(tmp_path) as station:
            await station.until(lambda: (station.connector(1).energy_wh or 0) > 100)
            await station.core.commands.stop(1)
            [session] = await station.core.commands.sessions(10)
            assert session.meter_stop_wh == station.connector(1).meter_wh

    with pytest.raises(StorageFailed, match="the disk is full; free some space"):
        aio(full())
    aio(again())
