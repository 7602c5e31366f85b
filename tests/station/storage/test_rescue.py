"""Of a damaged file the sessions that run or are owed are saved, whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.model.enums import AuthorizationSource, AuthorizationStatus, StopReason
from kiosk.station.storage import Database, Journal
from kiosk.station.storage.records import Checkpoint, MeterSample, TransactionBegin, TransactionEnd
from tests.fakes.clock import ManualClock
from tests.fakes.samples import samples_of

Expected = Callable[..., None]
NOW = ManualClock().now()
DATABASE = "kiosk.station.storage.database"
RESCUE = "kiosk.station.storage.rescue"


@pytest.fixture
def path(tmp_path: Path, expected_log: Expected) -> Path:
    """Of a file that is found damaged, which the log tells."""
    expected_log(DATABASE, "is damaged")
    expected_log("kiosk.station.storage.salvage", "settings")
    return tmp_path / "station.sqlite3"


async def begin(journal: Journal, local_id: str, *, answered: bool) -> None:
    seq = await journal.begin(
        TransactionBegin(
            local_id=local_id,
            connector_id=1,
            id_tag="E36432E5",
            started_at=NOW,
            meter_start_wh=100,
            source=AuthorizationSource.BACKEND,
        ),
        owed=True,
    )
    if answered:
        await journal.answered(seq, 7, AuthorizationStatus.BLOCKED)


async def sample(journal: Journal, local_id: str, wh: int) -> None:
    at = NOW + timedelta(seconds=wh)
    values = {"Energy.Active.Import.Register": float(wh)}
    await journal.sample(
        MeterSample(local_id=local_id, connector_id=1, at=at, context="Sample.Periodic", values=values), owed=True
    )


async def end(journal: Journal, local_id: str) -> int:
    return await journal.end(
        TransactionEnd(
            local_id=local_id,
            ended_at=NOW + timedelta(hours=1),
            meter_stop_wh=900,
            reason=StopReason.LOCAL,
            id_tag="E36432E5",
        ),
        owed=True,
    )


async def fill(path: Path) -> None:
    """told: everything answered. owed: its end is owed. running: open. A damaged meta table is damage enough."""
    db = await Database.open(path, ManualClock())
    journal = Journal(db)
    await begin(journal, "told", answered=True)
    await journal.answered(await end(journal, "told"))
    await begin(journal, "owed", answered=True)
    for wh in range(200, 400, 20):
        await sample(journal, "owed", wh)
    await end(journal, "owed")
    await begin(journal, "running", answered=False)
    await sample(journal, "running", 500)
    await journal.checkpoint([Checkpoint(local_id="running", at=NOW + timedelta(minutes=5), meter_wh=510)])
    await db.close()


def damage(path: Path, *statements: str) -> None:
    """``statements`` on the file, then its settings are spoilt, so that it is found damaged."""
    sql = sqlite3.connect(path)
    for statement in statements:
        sql.execute(statement)
    sql.commit()
    root = sql.execute("SELECT rootpage FROM sqlite_master WHERE name = 'settings'").fetchone()[0]
    size = sql.execute("PRAGMA page_size").fetchone()[0]
    sql.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


async def opened(path: Path) -> tuple[Database, Journal]:
    db = await Database.open(path, ManualClock())
    return db, Journal(db)


async def rescued(path: Path, *statements: str) -> tuple[Database, Journal]:
    """A file with sessions of all kinds, damaged after ``statements``, as it is opened."""
    await fill(path)
    damage(path, *statements)
    return await opened(path)


async def owed(journal: Journal) -> list[tuple[str, str | None, int | None]]:
    found = []
    while (fact := await journal.next_fact()) is not None:
        found.append((fact.kind.value, fact.local_id, fact.transaction_id))
        await journal.answered(fact.seq, 9 if fact.kind.value == "begin" else None)
    return found


def test_what_runs_and_what_is_owed_is_saved(runner: asyncio.Runner, path: Path) -> None:

    async def check() -> None:
        db, journal = await rescued(path)
        assert db.damage.startswith("the data file was damaged")
        assert [s.local_id for s in await journal.sessions()] == ["running", "owed"]
        [running] = await journal.open_transactions()
        assert (running.last_meter_wh, running.last_at) == (510, NOW + timedelta(minutes=5))
        assert await journal.waiting() == (13, 0)
        expected = [("sample", "owed", 7)] * 10 + [("end", "owed", 7), ("begin", "running", None)]
        assert await owed(journal) == [*expected, ("sample", "running", 9)]
        session = await journal.session("owed")
        assert session is not None
        assert (session.transaction_id, session.meter_stop_wh) == (7, 900)
        assert len(await samples_of(journal, "owed")) == 10
        await journal.prune(NOW + timedelta(days=9))
        await db.close()
        again, _ = await opened(path)
        assert again.damage == "", "told once"
        await again.close()

    runner.run(check())


@pytest.mark.parametrize(
    "spoilt",
    [
        "UPDATE facts SET payload = '{\"half' WHERE local_id = 'owed' AND kind = 'end'",
        "UPDATE transactions SET started_at = 'yesterday' WHERE local_id = 'owed'",
        "UPDATE transactions SET reason = 'Whim' WHERE local_id = 'owed'",
    ],
    ids=["half a fact", "no time", "no reason"],
)
def test_half_a_session_is_left_behind(runner: asyncio.Runner, path: Path, spoilt: str) -> None:
    """A fact that is only half right would be told to a backend as the truth."""

    async def check() -> None:
        db, journal = await rescued(path, spoilt)
        assert [s.local_id for s in await journal.sessions()] == ["running"]
        await db.close()

    runner.run(check())


def test_an_end_that_was_lost_stands_in_the_sessions_row(runner: asyncio.Runner, path: Path) -> None:

    async def check() -> None:
        db, journal = await rescued(path, "DELETE FROM facts WHERE local_id = 'owed' AND kind = 'end'")
        waiting = await journal.messages()
        [told] = [m.fact.payload for m in waiting if m.fact.kind == "end"]
        assert isinstance(told, TransactionEnd)
        assert (told.meter_stop_wh, told.reason, told.id_tag) == (900, StopReason.LOCAL, "E36432E5")
        await db.close()

    runner.run(check())


def test_without_its_begin_a_session_is_left_behind(
    runner: asyncio.Runner, path: Path, expected_log: Expected
) -> None:
    expected_log(RESCUE, "its begin cannot be read")

    async def check() -> None:
        db, journal = await rescued(path, "DELETE FROM facts WHERE local_id = 'running' AND kind = 'begin'")
        assert await journal.open_transactions() == []
        await db.close()

    runner.run(check())


def test_pages_of_facts_that_cannot_be_read(runner: asyncio.Runner, path: Path, expected_log: Expected) -> None:
    """Every page of the facts in turn: never an error, never a session without its begin."""
    expected_log(RESCUE, "begin cannot be read")
    whole = path.with_name("whole.sqlite3")

    async def many() -> list[int]:
        db = await Database.open(whole, ManualClock())
        journal = Journal(db)
        for n in range(40):
            await begin(journal, f"s{n:02d}", answered=True)
            for wh in range(5):
                await sample(journal, f"s{n:02d}", 200 + wh)
            await end(journal, f"s{n:02d}")
        await db.close()
        sql = sqlite3.connect(whole)
        pages = (
            [p for (p,) in sql.execute("SELECT pageno FROM dbstat WHERE name = 'facts' AND pagetype = 'leaf'")]
            if _has_dbstat(sql)
            else list(range(20, 45, 4))
        )
        sql.close()
        return pages

    async def check(pages: list[int]) -> None:
        kept = set()
        for number in pages[:12]:
            hurt = path.with_name(f"page{number}.sqlite3")
            hurt.write_bytes(whole.read_bytes())
            with hurt.open("r+b") as file:
                file.seek((number - 1) * 4096)
                file.write(b"\xff" * 4096)
            damage(hurt)
            db, journal = await opened(hurt)
            sessions = await journal.sessions()
            kept.add(len(sessions))
            for told in await journal.messages(500):
                assert told.fact.local_id in {s.local_id for s in sessions}
            await db.close()
        assert max(kept) >= 20, "what lies on other pages is saved"

    runner.run(check(runner.run(many())))


def _has_dbstat(sql: sqlite3.Connection) -> bool:
    return bool(sql.execute("SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'").fetchall())
