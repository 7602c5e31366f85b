"""What a backend is still owed: the facts marked so in the journal, oldest first, counted and bounded."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from kiosk.model.enums import AuthorizationStatus
from kiosk.station.storage import statements
from kiosk.station.storage.database import Database
from kiosk.station.storage.records import (
    DECODERS,
    Delivery,
    Fact,
    FactKind,
    WaitingFact,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_WAITING: Final = 5000
"""So many samples may be owed, unless the installation says otherwise."""


@dataclass
class Tally:
    """How many facts of a sort there are, or by how many one commit changes that."""

    owed: int = 0
    samples: int = 0  # of the owed
    undelivered: int = 0

    def add(self, other: Tally) -> None:
        self.owed += other.owed
        self.samples += other.samples
        self.undelivered += other.undelivered

    def grew(self, kind: FactKind, by: int = 1) -> None:
        """Facts of that kind are owed now (negative: no longer)."""
        self.owed += by
        if kind is FactKind.SAMPLE:
            self.samples += by


class Owed:
    """The reading and settling side of the journal.

    The counts are taken once and then follow each commit, so that asking for them costs nothing however much
    waits.
    """

    def __init__(self, database: Database, most_waiting: int = MOST_WAITING) -> None:
        """``most_waiting``: owed samples beyond which the middle of the fullest session is thinned."""
        self._database = database
        self._most_waiting = most_waiting
        self._counted: Tally | None = None  # belongs to the storage thread

    async def commit(self, work: Callable[[sqlite3.Connection, Tally], T]) -> T:
        """``work`` in one SQL transaction; what it notes in the tally counts once it is committed."""
        change = Tally()

        def counted(sql: sqlite3.Connection) -> T:
            self._count(sql)  # before the work changes what there is to count
            return work(sql, change)

        def committed(_: T) -> None:
            assert self._counted is not None
            self._counted.add(change)

        return await self._database.run(counted, committed)

    # --- reading -------------------------------------------------------------------------------------------

    async def next_fact(self) -> Fact | None:
        """The oldest fact still owed."""
        return await self._database.run(_next)

    async def waiting(self) -> tuple[int, int]:
        """(owed, undelivered)"""
        counted = self._counted
        if counted is None:
            counted = await self._database.run(self._count)
        return counted.owed, counted.undelivered

    async def messages(self, limit: int = 100) -> list[WaitingFact]:
        """What was not delivered and what waits, each oldest first; at most ``limit`` of each."""

        def work(sql: sqlite3.Connection) -> list[WaitingFact]:
            found = []
            for delivery in (Delivery.UNDELIVERED, Delivery.OWED):
                rows = statements.rows(
                    sql,
                    f"{_FACTS} WHERE f.delivery = '{delivery.value}' ORDER BY f.seq LIMIT ?",
                    (limit,),
                )
                found += [WaitingFact(fact=_fact(r), delivery=delivery) for r in rows]
            return found

        return await self._database.run(work)

    async def undelivered(self) -> set[int]:
        """The numbers of all facts that were given up."""

        def work(sql: sqlite3.Connection) -> set[int]:
            return {seq for (seq,) in sql.execute("SELECT seq FROM facts WHERE delivery = 'undelivered'")}

        return await self._database.run(work)

    # --- settling ------------------------------------------------------------------------------------------

    async def answered(
        self,
        seq: int,
        transaction_id: int | None = None,
        id_tag_status: AuthorizationStatus | None = None,
        parent_id_tag: str | None = None,
    ) -> Fact | None:
        """The backend confirmed; returns the next fact that is owed.

        ``transaction_id`` becomes the backend's number of the transaction; ``id_tag_status``, what it said of the
        tag, is committed with it, so that a core which dies before it acts upon the verdict finds it again in
        ``open_transactions``; so is its ``parent_id_tag``, where it names one. Raises ValueError when nothing is
        owed under ``seq``.
        """

        def work(sql: sqlite3.Connection, change: Tally) -> Fact | None:
            change.grew(statements.deliver(sql, seq, Delivery.ANSWERED), -1)
            if transaction_id is not None:
                sql.execute(
                    "UPDATE transactions SET transaction_id = ?, id_tag_status = ?,"
                    " parent_id_tag = coalesce(?, parent_id_tag)"
                    " WHERE local_id = (SELECT local_id FROM facts WHERE seq = ?)",
                    (transaction_id, None if id_tag_status is None else id_tag_status.value, parent_id_tag, seq),
                )
            return _next(sql)

        return await self.commit(work)

    async def failed(self, seq: int) -> int:
        """The backend failed to process it; returns how often that happened now."""

        def work(sql: sqlite3.Connection) -> int:
            row = statements.row(
                sql,
                "UPDATE facts SET attempts = attempts + 1 WHERE seq = ? AND delivery = 'owed' RETURNING attempts",
                (seq,),
            )
            if row is None:
                raise ValueError(f"fact {seq} is not owed")
            return int(row["attempts"])

        return await self._database.run(work)

    async def give_up(self, seq: int) -> None:
        """All attempts are used up: kept, no longer owed. Raises ValueError when nothing is owed under ``seq``."""

        def work(sql: sqlite3.Connection, change: Tally) -> None:
            change.grew(statements.deliver(sql, seq, Delivery.UNDELIVERED), -1)
            change.undelivered += 1

        await self.commit(work)

    async def send_again(self, only: Iterable[int] | None = None) -> int:
        """Owe undelivered facts again, with fresh attempts; returns how many facts are owed again.

        ``only``: these numbers. A begin brings back all that was told of its transaction without a number: else
        the backend would be left with a transaction that never ends.
        """
        wanted = None if only is None else set(only)

        def work(sql: sqlite3.Connection, change: Tally) -> int:
            lost = statements.rows(
                sql, "SELECT seq, kind, local_id FROM facts WHERE delivery = 'undelivered' ORDER BY seq"
            )
            chosen = [r for r in lost if wanted is None or r["seq"] in wanted]
            again = 0
            for row in chosen:
                sql.execute("UPDATE facts SET delivery = 'owed', attempts = 0 WHERE seq = ?", (row["seq"],))
                change.grew(FactKind(row["kind"]))
                again += 1
                if row["kind"] == FactKind.BEGIN:
                    retold = statements.rows(
                        sql,
                        "UPDATE facts SET delivery = 'owed', attempts = 0 WHERE local_id = ? AND seq > ?"
                        " AND delivery = 'answered' RETURNING kind",
                        (row["local_id"], row["seq"]),
                    )
                    for told in retold:
                        change.grew(FactKind(told["kind"]))
                    again += len(retold)
            change.undelivered -= len(chosen)
            return again

        return await self.commit(work)

    # --- on the storage thread ------------------------------------------------------------------------------

    def _count(self, sql: sqlite3.Connection) -> Tally:
        if self._counted is None:
            (owed,) = sql.execute("SELECT count(*) FROM facts WHERE delivery = 'owed'").fetchone()
            (samples,) = sql.execute(
                "SELECT count(*) FROM facts WHERE delivery = 'owed' AND kind = 'sample'"
            ).fetchone()
            (lost,) = sql.execute("SELECT count(*) FROM facts WHERE delivery = 'undelivered'").fetchone()
            self._counted = Tally(owed=owed, samples=samples, undelivered=lost)
        return self._counted

    def _bound(self, sql: sqlite3.Connection, change: Tally) -> None:
        """Thin while too many samples are owed (OCPP 1.6 errata sheet: intermediate meter values may be dropped).

        Every second one between the first and the last of the session that waits with the most; its first and last
        stay, and with them the fact that may be on its way right now, which is the oldest of all.
        """
        while self._count(sql).samples + change.samples > self._most_waiting:
            fullest = statements.row(
                sql,
                "SELECT local_id, connector_id, count(*) AS waiting FROM facts WHERE delivery = 'owed'"
                " AND kind = 'sample' GROUP BY local_id, connector_id ORDER BY waiting DESC, min(seq) LIMIT 1",
            )
            assert fullest is not None
            dropped = sql.execute(
                "DELETE FROM facts WHERE seq IN (SELECT seq FROM (SELECT seq,"
                " row_number() OVER (PARTITION BY context ORDER BY seq) AS place,"
                " count(*) OVER (PARTITION BY context) AS many"
                " FROM (SELECT seq, json_extract(payload, '$.context') AS context FROM facts"
                " WHERE delivery = 'owed' AND kind = 'sample' AND local_id IS ? AND connector_id = ?))"
                " WHERE place % 2 = 0 AND place < many)",
                (fullest["local_id"], fullest["connector_id"]),
            ).rowcount
            if dropped == 0:
                return  # only firsts and lasts are left
            change.grew(FactKind.SAMPLE, -dropped)
            log.warning(
                "connector %d: %d meter samples dropped between others, because %d wait for the backend",
                fullest["connector_id"],
                dropped,
                self._most_waiting,
            )


_FACTS: Final = "SELECT f.*, t.transaction_id FROM facts AS f LEFT JOIN transactions AS t USING (local_id)"


def _next(sql: sqlite3.Connection) -> Fact | None:
    row = statements.row(sql, f"{_FACTS} WHERE f.delivery = 'owed' ORDER BY f.seq LIMIT 1")
    return None if row is None else _fact(row)


def _fact(row: sqlite3.Row) -> Fact:
    kind = FactKind(row["kind"])
    return Fact(
        seq=row["seq"],
        kind=kind,
        local_id=row["local_id"],
        connector_id=row["connector_id"],
        payload=DECODERS[kind].decode(row["payload"]),
        attempts=row["attempts"],
        transaction_id=row["transaction_id"],
    )
