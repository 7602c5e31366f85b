"""Journal: facts in order, nothing lost, nothing owed twice."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Callable
from datetime import timedelta

import pytest

from kiosk.model.enums import AuthorizationSource, StopReason
from kiosk.station.storage import Database, Journal
from kiosk.station.storage.records import (
    Checkpoint,
    FactKind,
    MeterSample,
    TransactionBegin,
    TransactionEnd,
)
from tests.fakes.clock import ManualClock
from tests.fakes.samples import samples_of

NOW = ManualClock().now()


def begin(local_id: str = "a", connector_id: int = 1, **more: object) -> TransactionBegin:
    return TransactionBegin(
        local_id=local_id,
        connector_id=connector_id,
        id_tag="E36432E5",
        started_at=NOW,
        meter_start_wh=1000,
        source=AuthorizationSource.BACKEND,
        **more,  # type: ignore[arg-type]
    )


def sample(local_id: str | None = "a", wh: float = 1100.0, after_s: float = 30) -> MeterSample:
    return MeterSample(
        local_id=local_id,
        connector_id=1,
        at=NOW + timedelta(seconds=after_s),
        context="Sample.Periodic",
        values={"Energy.Active.Import.Register": wh},
    )


def end(local_id: str = "a", wh: int = 1200, after_s: float = 60) -> TransactionEnd:
    return TransactionEnd(
        local_id=local_id,
        ended_at=NOW + timedelta(seconds=after_s),
        meter_stop_wh=wh,
        reason=StopReason.LOCAL,
        id_tag="E36432E5",
    )


@pytest.fixture
def journal(db: Database) -> Journal:
    return Journal(db)


def test_a_session_is_told_in_order_and_leaves_only_when_answered(
    runner: asyncio.Runner, journal: Journal
) -> None:
    async def story() -> None:
        numbers = [
            await journal.begin(begin(), owed=True),
            await journal.sample(sample(), owed=True),
            await journal.end(end(), owed=True),
        ]
        assert numbers == sorted(n for n in numbers if n is not None)
        assert await journal.waiting() == (3, 0)

        first = await journal.next_fact()
        assert first is not None
        assert (first.kind, first.payload, first.transaction_id) == (FactKind.BEGIN, begin(), None)
        assert await journal.next_fact() == first, "reading does not take it away"
        await journal.answered(first.seq, 0)

        second = await journal.next_fact()
        assert second is not None
        assert (second.kind, second.payload) == (FactKind.SAMPLE, sample())
        assert second.transaction_id == 0, "0 is a number like any other"
        await journal.answered(second.seq)

        third = await journal.next_fact()
        assert third is not None
        assert (third.kind, third.payload, third.transaction_id) == (FactKind.END, end(), 0)
        await journal.answered(third.seq)
        assert await journal.next_fact() is None
        assert await journal.waiting() == (0, 0)

    runner.run(story())


def test_failed_counts_and_give_up_keeps(runner: asyncio.Runner, journal: Journal) -> None:
    async def story() -> None:
        first = await journal.begin(begin(), owed=True)
        second = await journal.end(end(), owed=True)
        assert [await journal.failed(first), await journal.failed(first)] == [1, 2]
        await journal.give_up(first)
        assert await journal.waiting() == (1, 1)
        fact = await journal.next_fact()
        assert fact is not None
        assert (fact.seq, fact.transaction_id, fact.attempts) == (second, None, 0)
        assert await journal.send_again() == 1
        again = await journal.next_fact()
        assert again is not None
        assert (again.seq, again.attempts) == (first, 0), "the oldest goes first again"

    runner.run(story())


@pytest.mark.parametrize("operation", ["answered", "failed", "give_up"])
def test_an_answered_fact_cannot_be_settled_twice(
    runner: asyncio.Runner, journal: Journal, operation: str
) -> None:
    async def story() -> None:
        seq = await journal.begin(begin(), owed=True)
        await journal.answered(seq, 5)
        with pytest.raises(ValueError, match="not owed"):
            await getattr(journal, operation)(seq)

    runner.run(story())


def test_without_a_backend_nothing_is_owed_ever(runner: asyncio.Runner, journal: Journal) -> None:
    async def story() -> None:
        await journal.begin(begin(), owed=False)
        await journal.sample(sample(), owed=True)  # a backend was configured meanwhile
        await journal.end(end(), owed=True)
        assert await journal.waiting() == (0, 0)

    runner.run(story())


def test_the_second_end_changes_nothing(
    runner: asyncio.Runner, journal: Journal, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.storage.journal", "ended already")

    async def story() -> None:
        await journal.begin(begin(), owed=True)
        first = await journal.end(end(wh=1200), owed=True)
        assert await journal.end(end(wh=9999), owed=True) == first
        (session,) = await journal.sessions(10)
        assert session.meter_stop_wh == 1200
        assert await journal.waiting() == (2, 0)

    runner.run(story())


def test_a_sample_after_the_end_is_not_kept(runner: asyncio.Runner, journal: Journal) -> None:
    async def story() -> None:
        await journal.begin(begin(), owed=True)
        await journal.end(end(), owed=True)
        assert await journal.sample(sample(), owed=True) is None
        assert await samples_of(journal, "a") == []

    runner.run(story())


def test_a_sample_without_transaction_is_owed_by_itself(runner: asyncio.Runner, journal: Journal) -> None:
    async def story() -> None:
        await journal.sample(sample(local_id=None), owed=True)
        fact = await journal.next_fact()
        assert fact is not None
        assert (fact.local_id, fact.payload) == (None, sample(local_id=None))

    runner.run(story())


def test_unknown_transactions_are_refused(runner: asyncio.Runner, journal: Journal) -> None:
    with pytest.raises(ValueError, match="nobody was never begun"):
        runner.run(journal.sample(sample("nobody"), owed=True))
    with pytest.raises(ValueError, match="nobody was never begun"):
        runner.run(journal.end(end("nobody"), owed=True))


def test_a_local_id_is_used_once(runner: asyncio.Runner, journal: Journal) -> None:
    async def story() -> None:
        await journal.begin(begin(), owed=True)
        with pytest.raises(ValueError, match="begun already"):
            await journal.begin(begin(connector_id=2), owed=True)
        assert len(await journal.sessions(10)) == 1

    runner.run(story())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="leave an unknown value out"):
        sample(wh=value)
    with pytest.raises(ValueError, match="leave an unknown value out"):
        TransactionEnd(
            local_id="a", ended_at=NOW, meter_stop_wh=0, reason=StopReason.LOCAL, values={"Voltage": value}
        )


def test_open_transactions_carry_the_last_checkpoint(runner: asyncio.Runner, journal: Journal) -> None:
    async def story() -> None:
        await journal.begin(begin("a", 1, vehicle_id="001122334455", parent_id_tag="P", kiosk=True), owed=True)
        await journal.begin(begin("b", 2), owed=False)
        later = NOW + timedelta(seconds=10)
        await journal.checkpoint([Checkpoint(local_id="a", at=later, meter_wh=1050, soc_percent=40)])
        await journal.checkpoint([Checkpoint(local_id="a", at=later + timedelta(seconds=10), meter_wh=1090)])
        a, b = await journal.open_transactions()
        assert (a.local_id, a.last_meter_wh, a.last_soc_percent) == ("a", 1090, None)
        assert a.last_at == later + timedelta(seconds=10)
        assert (a.vehicle_id, a.parent_id_tag, a.kiosk, a.remote) == ("001122334455", "P", True, False)
        assert (b.local_id, b.last_meter_wh, b.last_at) == ("b", 1000, NOW), "the begin is the first checkpoint"

        await journal.end(end("a"), owed=True)
        await journal.checkpoint([Checkpoint(local_id="a", at=later, meter_wh=1)])
        assert [t.local_id for t in await journal.open_transactions()] == ["b"]

    runner.run(story())


def test_sessions_and_backend_numbers(runner: asyncio.Runner, journal: Journal) -> None:
    async def story() -> None:
        for local_id in ("a", "b", "c"):
            seq = await journal.begin(begin(local_id), owed=True)
            await journal.answered(seq, 7)  # a backend may use its numbers again
            await journal.end(end(local_id), owed=True)
        found = await journal.sessions(2)
        assert [(s.local_id, s.transaction_id) for s in found] == [("c", 7), ("b", 7)]
        assert [(s.reason, s.meter_stop_wh) for s in found] == [(StopReason.LOCAL, 1200)] * 2

    runner.run(story())


def test_forget_removes_every_trace_of_the_card(runner: asyncio.Runner, journal: Journal, db: Database) -> None:
    async def story() -> None:
        for local_id in ("old", "owed", "young"):
            seq = await journal.begin(begin(local_id, vehicle_id="001122334455"), owed=True)
            await journal.answered(seq, 1)
        owed = await journal.end(end("owed"), owed=True)
        seq = await journal.end(end("old"), owed=True)
        await journal.answered(seq)
        seq = await journal.end(end("young", after_s=7200), owed=True)
        await journal.answered(seq)

        limit = NOW + timedelta(hours=1)
        assert await journal.forget(limit) == 1, "young: too young; owed: the backend waits for it"
        kept = {s.local_id: (s.id_tag, s.vehicle_id) for s in await journal.sessions(10)}
        assert kept == {
            "old": ("", None),
            "owed": ("E36432E5", "001122334455"),
            "young": ("E36432E5", "001122334455"),
        }
        payloads = await db.run(
            lambda sql: [p for (p,) in sql.execute("SELECT payload FROM facts WHERE local_id = 'old'")]
        )
        assert len(payloads) == 2
        assert not [p for p in payloads if "E36432E5" in p or "001122334455" in p]

        await journal.answered(owed)
        assert await journal.forget(limit) == 1, "what was forgotten is not forgotten again"

    runner.run(story())


def test_nothing_that_is_asked_often_reads_the_whole_history(
    runner: asyncio.Runner, journal: Journal, db: Database
) -> None:
    """Every statement of the hot calls goes through an index, so a year of history costs nothing."""
    statements: set[str] = set()

    async def story() -> list[tuple[str, str]]:
        await db.run(lambda sql: sql.set_trace_callback(statements.add))
        seq = await journal.begin(begin(), owed=True)
        await journal.sample(sample(), owed=True)
        await journal.checkpoint([Checkpoint(local_id="a", at=NOW, meter_wh=1)])
        await journal.open_transactions()
        await journal.next_fact()
        await journal.waiting()
        await journal.failed(seq)
        await journal.answered(seq, 7)
        await samples_of(journal, "a")
        await journal.sessions(10)
        await journal.end(end(), owed=True)
        await db.run(lambda sql: sql.set_trace_callback(None))

        def plans(sql: sqlite3.Connection) -> list[tuple[str, str]]:
            return [
                (statement, row[3])
                for statement in statements
                if statement.startswith(("SELECT", "UPDATE", "DELETE"))
                for row in sql.execute(f"EXPLAIN QUERY PLAN {statement}")
            ]

        return await db.run(plans)

    plans = runner.run(story())
    assert len(plans) > 10
    # newest first by primary key is a scan that stops at the limit
    scans = [
        p for p in plans if p[1].startswith("SCAN") and "USING" not in p[1] and "ORDER BY id DESC" not in p[0]
    ]
    assert scans == []


def test_facts_survive_the_next_start(
    runner: asyncio.Runner, journal: Journal, db: Database, clock: ManualClock
) -> None:
    async def story() -> None:
        await journal.begin(begin(), owed=True)
        before = await journal.next_fact()
        await db.close()
        again = await Database.open(db.path, clock)
        assert await Journal(again).next_fact() == before
        await again.close()

    runner.run(story())
