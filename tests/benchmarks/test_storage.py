"""Budgets of the storage, as ratios measured in one run."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pytest

from kiosk.model.enums import AuthorizationSource, StopReason
from kiosk.station.storage import Database, Journal, SettingsStore
from kiosk.station.storage.records import MeterSample, TransactionBegin, TransactionEnd, to_text
from tests.fakes.clock import ManualClock

pytestmark = pytest.mark.benchmark

SESSIONS = 100_000
COMMITS = 300
ROUNDS = 3
Run = Callable[..., Any]
START = ManualClock().now() - timedelta(days=400)


NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
"""0 to count - 1, inside SQLite: writing a year through the journal would take an hour."""


async def fill(path: Path, sessions: int) -> None:
    """A year and more of finished, answered sessions, each with begin, sample and end."""
    at = to_text(START)
    payloads = {
        "begin": TransactionBegin(
            local_id="0" * 32,
            connector_id=1,
            id_tag="E36432E5",
            started_at=START,
            meter_start_wh=0,
            source=AuthorizationSource.BACKEND,
        ),
        "sample": MeterSample(
            local_id="0" * 32,
            connector_id=1,
            at=START,
            context="Sample.Periodic",
            values={"Energy.Active.Import.Register": 400.0, "SoC": 40.0},
        ),
        "end": TransactionEnd(local_id="0" * 32, ended_at=START, meter_stop_wh=20_000, reason=StopReason.LOCAL),
    }
    db = await Database.open(path, ManualClock())

    def work(sql: sqlite3.Connection) -> None:
        sql.execute(
            f"{NUMBERS} INSERT INTO transactions (local_id, connector_id, transaction_id, id_tag, source, kiosk,"
            " remote, started_at, meter_start_wh, ended_at, meter_stop_wh, reason)"
            " SELECT printf('%032x', i), i % 3 + 1, i, 'E36432E5', 'backend', 0, 0, :at, i * 20000, :at,"
            " (i + 1) * 20000, 'Local' FROM n",
            {"count": sessions, "at": at},
        )
        for kind, payload in payloads.items():
            sql.execute(
                f"{NUMBERS} INSERT INTO facts (local_id, connector_id, kind, payload, delivery)"
                " SELECT printf('%032x', i), i % 3 + 1, :kind, :payload, 'answered' FROM n",
                {"count": sessions, "kind": kind, "payload": msgspec.json.encode(payload).decode()},
            )

    if sessions:
        await db.run(work)
    stored = await db.run(lambda sql: sql.execute("SELECT count(*) FROM facts").fetchone()[0])
    assert stored == 3 * sessions
    await db.close()


async def start(path: Path) -> float:
    """Seconds from nothing to all that a start of the core reads."""
    since = time.perf_counter()
    db = await Database.open(path, ManualClock())
    journal = Journal(db)
    await SettingsStore(db).load()
    await journal.open_transactions()
    await journal.next_fact()
    await journal.waiting()
    took = time.perf_counter() - since
    await db.close()
    return took


def test_a_year_of_history_does_not_slow_the_start(
    real_aio: Run, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async def measured() -> tuple[float, float]:
        full, empty = tmp_path / "full.sqlite3", tmp_path / "empty.sqlite3"
        await fill(full, SESSIONS)
        await fill(empty, 0)
        times = [(await start(full), await start(empty)) for _ in range(ROUNDS)]
        return median(t for t, _ in times), median(t for _, t in times)

    full_s, empty_s = real_aio(measured())
    ratio = full_s / empty_s
    print(
        f"\nstart with {SESSIONS} sessions {full_s * 1000:.1f} ms, empty {empty_s * 1000:.1f} ms,"
        f" ratio {ratio:.2f} (budget 3, and 100 ms)"
    )
    record_property("open_ratio", round(ratio, 2))
    assert ratio < 3, "an open that reads the history"
    assert full_s < 0.1


def test_commits_cost_little_more_than_bare_sqlite(
    real_aio: Run, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same facts, each committed to the disk: through the journal, and by hand on a plain connection."""
    values = {"Energy.Active.Import.Register": 1000.0, "Power.Active.Import": 22000.0, "SoC": 40.0}
    clock = ManualClock()

    def sample(n: int) -> MeterSample:
        at = clock.now() + timedelta(seconds=n)
        return MeterSample(local_id="a", connector_id=1, at=at, context="Sample.Periodic", values=values)

    async def measured() -> list[tuple[float, float]]:
        """(seconds of ours, seconds of theirs), turn by turn: a busy disk then slows both alike."""
        db = await Database.open(tmp_path / "journal.sqlite3", clock)
        journal = Journal(db)
        await journal.begin(
            TransactionBegin(
                local_id="a",
                connector_id=1,
                id_tag="T",
                started_at=clock.now(),
                meter_start_wh=0,
                source=AuthorizationSource.KIOSK,
            ),
            owed=True,
        )
        plain = sqlite3.connect(tmp_path / "bare.sqlite3", isolation_level=None)
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        plain.execute("CREATE TABLE facts (seq INTEGER PRIMARY KEY AUTOINCREMENT, payload TEXT, delivery TEXT)")
        plain.execute("CREATE INDEX owed ON facts (seq) WHERE delivery = 'owed'")
        turns = []
        for n in range(COMMITS):
            since = time.perf_counter()
            await journal.sample(sample(n), owed=True)
            between = time.perf_counter()
            plain.execute("BEGIN IMMEDIATE")
            payload = msgspec.json.encode(sample(n)).decode()
            plain.execute("INSERT INTO facts (payload, delivery) VALUES (?, 'owed')", (payload,))
            plain.execute("COMMIT")
            turns.append((between - since, time.perf_counter() - between))
        plain.close()
        await db.close()
        return turns

    turns = real_aio(measured())
    ours, theirs = (1 / median(turn[i] for turn in turns) for i in (0, 1))
    ratio = ours / theirs
    print(f"\n{ours:.0f} commits/s, bare sqlite3 {theirs:.0f}, ratio {ratio:.2f} (budget 0.7)")
    record_property("commit_ratio", round(ratio, 2))
    assert ratio >= 0.7
