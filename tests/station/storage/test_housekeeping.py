"""The file stays small and sound by itself, at times when nobody needs it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.clock import LoopClock
from kiosk.settings.sections import Storage
from kiosk.station.storage import Database, Housekeeping, Journal
from tests.fakes.clock import ManualClock

Expected = Callable[..., None]
START = ManualClock().now()
SESSIONS_A_DAY, SAMPLES = 60, 60
PAYLOAD = (
    '{"local_id":"%s","connector_id":1,"at":"%s","context":"Sample.Periodic","values":{'
    '"Energy.Active.Import.Register":123456.0,"Power.Active.Import":48123.0,"Current.Import":121.5,'
    '"Voltage":396.1,"SoC":47.0}}'
)


async def days(count: int) -> None:
    """In steps that the virtual loop believes."""
    for _ in range(24 * count):
        await asyncio.sleep(3600)


class World:
    def __init__(self, db: Database, clock: LoopClock, **rules: int) -> None:
        self.journal = Journal(db)
        self.busy = False
        self.forgotten: list[str] = []
        self.damage: list[str] = []

        async def forget(before: Any) -> None:
            self.forgotten.append(before.date().isoformat())

        self.keeping = Housekeeping(
            database=db,
            journal=self.journal,
            forget=(self.journal.forget, forget),
            rules=Storage(**rules),
            clock=clock,
            idle=lambda: not self.busy,
            on_damage=self.damage.append,
        )


def a_day(sql: sqlite3.Connection, day: int) -> None:
    """A day of a busy four-connector station whose backend took everything."""
    at = (START + timedelta(days=day)).isoformat(timespec="microseconds")
    for n in range(SESSIONS_A_DAY):
        local_id = f"{day:016x}{n:016x}"
        sql.execute(
            "INSERT INTO transactions (local_id, connector_id, transaction_id, id_tag, source, kiosk, remote,"
            " started_at, meter_start_wh, ended_at, meter_stop_wh, reason)"
            " VALUES (?, 1, 7, 'E36432E5', 'backend', 0, 0, ?, 1, ?, 2, 'Local')",
            (local_id, at, at),
        )
        payload = PAYLOAD % (local_id, at)
        sql.executemany(
            "INSERT INTO facts (local_id, connector_id, kind, payload, delivery) VALUES (?, 1, ?, ?, 'answered')",
            [(local_id, kind, payload) for kind in ("begin", *["sample"] * SAMPLES, "end")],
        )
    sql.executemany(
        "INSERT INTO facts (local_id, connector_id, kind, payload, delivery)"
        " VALUES (NULL, 1, 'sample', ?, 'answered')",
        [(PAYLOAD % ("", at),)] * (4 * 96),
    )


def test_a_year_of_operation_stays_bounded(aio: Any, tmp_path: Path) -> None:
    """A busy year, 60 sessions a day, shortened to a day of samples kept: the file is as large after it as before.

    By default 30 days are kept: about 50 MB at this load, and 6 MB a year for the sessions' own rows.
    """
    path = tmp_path / "station.sqlite3"
    sizes: list[int] = []

    async def story() -> None:
        clock = LoopClock(asyncio.get_running_loop().time, START)
        db = await Database.open(path, clock)
        world = World(db, clock, keep_samples_days=1)
        for day in range(20):
            await db.run(lambda sql, day=day: a_day(sql, day))  # type: ignore[misc]
            await world.keeping.tidy()
            await world.keeping.look_after()
            sizes.append(await db.run(_used))
            await days(1)
        (facts,) = await db.run(lambda sql: sql.execute("SELECT count(*) FROM facts").fetchone())
        assert facts <= 2 * (SESSIONS_A_DAY * (SAMPLES + 2) + 4 * 96)
        assert len(await world.journal.sessions(10_000)) == 20 * SESSIONS_A_DAY, "sessions are kept"
        await db.close()

    aio(story())
    row_bytes = (sizes[-1] - sizes[4]) / (15 * SESSIONS_A_DAY)
    assert row_bytes < 500, "what grows is the sessions' own rows"
    assert path.stat().st_size < 3 * sizes[-1]


def _used(sql: sqlite3.Connection) -> int:
    """Bytes in use, free pages not counted."""
    pages, free, size = (
        sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def test_what_was_removed_is_given_back(aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.station.storage.database.WORTH_COMPACTING", 500_000)
    path = tmp_path / "station.sqlite3"

    async def story() -> None:
        clock = LoopClock(asyncio.get_running_loop().time, START)
        db = await Database.open(path, clock)
        world = World(db, clock, keep_samples_days=1)
        assert not await db.compact(), "nothing to win"
        await db.run(lambda sql: a_day(sql, 0))
        await days(10)
        before = (await db.run(_size), await db.run(_used))
        await world.keeping.tidy()
        assert (await db.run(_size)) == before[0], "not before an idle hour"
        await world.keeping.look_after()
        assert (await db.run(_size)) < before[0] / 2
        assert len(await world.journal.sessions(100)) == SESSIONS_A_DAY
        await db.close()

    aio(story())


def _size(sql: sqlite3.Connection) -> int:
    return int(sql.execute("PRAGMA page_count").fetchone()[0] * sql.execute("PRAGMA page_size").fetchone()[0])


def test_once_a_day_and_the_long_work_only_when_idle(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop.time, START)
        db = await Database.open(tmp_path / "station.sqlite3", clock)
        world = World(db, clock, keep_days=10)
        checks: list[float] = []

        async def noted() -> list[str]:
            checks.append(round(loop.time() / 3600, 1))
            return []

        monkeypatch.setattr(db, "check", noted)
        world.busy = True
        task = asyncio.create_task(world.keeping.run())
        await asyncio.sleep(5 * 3600)
        assert (len(world.forgotten), checks) == (1, [])
        world.busy = False
        await asyncio.sleep(3600)
        assert checks == [5.0], "as soon as nobody charges"
        world.busy = True
        await asyncio.sleep(50 * 3600)
        assert checks == [5.0], "a station that is never idle is never held up"
        assert len(world.forgotten) == 3
        assert world.forgotten[0] == (START - timedelta(days=10)).date().isoformat()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await db.close()

    aio(story())


def test_damage_is_told(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    expected_log("kiosk.station.storage.database", "is damaged")

    async def story() -> None:
        clock = LoopClock(asyncio.get_running_loop().time, START)
        db = await Database.open(tmp_path / "station.sqlite3", clock)
        world = World(db, clock)
        await db.run(lambda sql: a_day(sql, 0))
        root = await db.run(
            lambda sql: sql.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'facts_by_session'"
            ).fetchone()[0]
        )
        await db.close()
        with (tmp_path / "station.sqlite3").open("r+b") as file:
            file.seek((root - 1) * 4096)
            file.write(b"\xff" * 4096)
        db = await Database.open(tmp_path / "station.sqlite3", clock)
        world = World(db, clock)
        await world.keeping.look_after()
        assert len(world.damage) == 1
        assert world.damage[0]
        await db.close()

    aio(story())
