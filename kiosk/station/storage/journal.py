"""Transactions: journal first, then act (design rule 8). Every call is one committed SQL transaction."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from kiosk.model.enums import AuthorizationSource, AuthorizationStatus
from kiosk.station.storage import statements
from kiosk.station.storage.owed import Owed, Tally
from kiosk.station.storage.records import (
    Checkpoint,
    FactKind,
    MeterSample,
    OpenTransaction,
    SessionRecord,
    TransactionBegin,
    TransactionEnd,
    from_text,
    to_text,
)

log = logging.getLogger(__name__)

DECODE_SAMPLE: Final = msgspec.json.Decoder(MeterSample).decode


class Journal(Owed):
    """The one owner of transaction facts and of what a backend is still owed.

    A later fact of a transaction is owed only if its begin was: a backend that never heard of a transaction is
    not told of its samples or its end.
    """

    # --- a session's life ----------------------------------------------------------------------------------

    async def begin(self, begin: TransactionBegin, *, owed: bool) -> int:
        """Number of the fact. ``owed``: a backend is to be told. Raises ValueError for a local_id used before."""

        def work(sql: sqlite3.Connection, change: Tally) -> int:
            if statements.transaction(sql, begin.local_id) is not None:
                raise ValueError(f"transaction {begin.local_id} was begun already")
            sql.execute(
                "INSERT INTO transactions (local_id, connector_id, id_tag, parent_id_tag, vehicle_id, source,"
                " kiosk, remote, reservation_id, started_at, meter_start_wh) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                (
                    begin.local_id,
                    begin.connector_id,
                    begin.id_tag,
                    begin.parent_id_tag,
                    begin.vehicle_id,
                    begin.source.value,
                    begin.kiosk,
                    begin.remote,
                    begin.reservation_id,
                    to_text(begin.started_at),
                    begin.meter_start_wh,
                ),
            )
            statements.checkpoint(
                sql, Checkpoint(local_id=begin.local_id, at=begin.started_at, meter_wh=begin.meter_start_wh)
            )
            change.grew(FactKind.BEGIN, owed)
            return statements.add(sql, FactKind.BEGIN, begin.local_id, begin.connector_id, begin, owed)

        return await self.commit(work)

    async def sample(self, sample: MeterSample, *, owed: bool) -> int | None:
        """Number of the fact; None when the transaction has ended meanwhile, then nothing is kept.

        Raises ValueError for an unknown transaction.
        """

        [seq] = await self.samples([sample], owed=owed)
        return seq

    async def samples(self, samples: Sequence[MeterSample], *, owed: bool) -> list[int | None]:
        """As ``sample`` for several of one moment, in one commit."""
        payloads = [msgspec.json.encode(sample).decode() for sample in samples]

        def work(sql: sqlite3.Connection, change: Tally) -> list[int | None]:
            numbers: list[int | None] = []
            for sample, payload in zip(samples, payloads, strict=True):
                stored = statements.add_sample(sql, sample, payload, owed)
                if stored is None and sample.local_id is not None:
                    statements.known(sql, sample.local_id)
                if stored is not None and stored.owed:
                    change.grew(FactKind.SAMPLE)
                numbers.append(None if stored is None else stored.seq)
            if change.samples:
                self._bound(sql, change)
            return numbers

        return await self.commit(work)

    async def checkpoint(self, rows: Sequence[Checkpoint]) -> None:
        """Remember the registers of running sessions; the newest replaces the one before."""

        def work(sql: sqlite3.Connection) -> None:
            for row in rows:
                statements.checkpoint(sql, row)

        if rows:
            await self._database.run(work)

    async def end(self, end: TransactionEnd, *, owed: bool) -> int:
        """Number of the fact. Idempotent: a second end changes nothing and returns the first one's number.

        Raises ValueError for an unknown transaction.
        """

        def work(sql: sqlite3.Connection, change: Tally) -> int:
            row = statements.known(sql, end.local_id)
            if row["ended_at"] is not None:
                log.warning("transaction %s ended already: the second end is not kept", end.local_id)
                return statements.number(sql, end.local_id, FactKind.END)
            sql.execute(
                "UPDATE transactions SET ended_at = ?, meter_stop_wh = ?, reason = ?, stop_id_tag = ?"
                " WHERE local_id = ?",
                (to_text(end.ended_at), end.meter_stop_wh, end.reason.value, end.id_tag, end.local_id),
            )
            sql.execute("DELETE FROM checkpoints WHERE local_id = ?", (end.local_id,))
            wanted = owed and statements.backend_knows(sql, end.local_id)
            change.grew(FactKind.END, wanted)
            return statements.add(sql, FactKind.END, end.local_id, row["connector_id"], end, wanted)

        return await self.commit(work)

    async def open_transactions(self) -> list[OpenTransaction]:
        """Begun, not ended, oldest first."""

        def work(sql: sqlite3.Connection) -> list[OpenTransaction]:
            rows = statements.rows(
                sql,
                "SELECT t.*, c.at, c.meter_wh, c.soc_percent FROM transactions AS t"
                " JOIN checkpoints AS c USING (local_id) WHERE t.ended_at IS NULL ORDER BY t.id",
            )
            return [
                OpenTransaction(
                    local_id=r["local_id"],
                    connector_id=r["connector_id"],
                    transaction_id=r["transaction_id"],
                    id_tag=r["id_tag"],
                    parent_id_tag=r["parent_id_tag"],
                    vehicle_id=r["vehicle_id"],
                    source=AuthorizationSource(r["source"]),
                    kiosk=bool(r["kiosk"]),
                    remote=bool(r["remote"]),
                    reservation_id=r["reservation_id"],
                    started_at=from_text(r["started_at"]),
                    meter_start_wh=r["meter_start_wh"],
                    last_at=from_text(r["at"]),
                    last_meter_wh=r["meter_wh"],
                    last_soc_percent=r["soc_percent"],
                    id_tag_status=AuthorizationStatus(r["id_tag_status"]) if r["id_tag_status"] else None,
                )
                for r in rows
            ]

        return await self._database.run(work)

    # --- looking things up ---------------------------------------------------------------------------------

    async def told_at_end(self, local_id: str, most: int) -> tuple[SessionRecord | None, list[MeterSample]]:
        """A transaction with its samples, for its StopTransaction.

        Of more than ``most`` samples every second, fourth ... is read, the first and the last always, so that a
        session of days costs no more memory than one of an hour.
        """

        def work(sql: sqlite3.Connection) -> tuple[SessionRecord | None, list[MeterSample]]:
            row = statements.transaction(sql, local_id)
            many = statements.count_samples(sql, local_id)
            step = 1
            while many // step > most:
                step *= 2
            kept = [
                text
                for n, (text,) in enumerate(statements.samples(sql, local_id))
                if n % step == 0 or n == many - 1
            ]
            return (None if row is None else statements.session(row)), [DECODE_SAMPLE(text) for text in kept]

        return await self._database.run(work)

    async def sessions(self, limit: int = 100) -> list[SessionRecord]:
        """Stored sessions, newest first."""

        def work(sql: sqlite3.Connection) -> list[SessionRecord]:
            rows = statements.rows(
                sql, f"SELECT {statements.SESSION_COLUMNS} FROM transactions ORDER BY id DESC LIMIT ?", (limit,)
            )
            return [statements.session(r) for r in rows]

        return await self._database.run(work)

    async def session(self, local_id: str) -> SessionRecord | None:
        def work(sql: sqlite3.Connection) -> SessionRecord | None:
            row = statements.transaction(sql, local_id)
            return None if row is None else statements.session(row)

        return await self._database.run(work)

    async def newest_stamp(self) -> datetime | None:
        """The newest time of the newest session, None without one."""
        text = await self._database.run(statements.newest_stamp)
        return None if text is None else from_text(text)

    async def made_good(self, before: datetime, by: timedelta) -> int:
        """Move all stamps from before ``before``: the clock was not set then. Returns how many."""
        return await self._database.run(lambda sql: statements.make_good(sql, before, by))

    async def forget(self, before: datetime) -> int:
        """Remove idTags and vehicle ids of sessions ended before ``before`` (decision 26); returns how many.

        A session of which the backend is still owed something keeps them until it was told.
        """

        def work(sql: sqlite3.Connection) -> int:
            sql.execute("PRAGMA secure_delete = ON")
            rows = statements.rows(
                sql,
                "SELECT local_id FROM transactions AS t WHERE forgotten = 0 AND ended_at < ? AND NOT EXISTS"
                " (SELECT 1 FROM facts WHERE facts.local_id = t.local_id AND delivery = 'owed')",
                (to_text(before),),
            )
            for (local_id,) in rows:
                sql.execute(
                    "UPDATE transactions SET id_tag = '', parent_id_tag = NULL, vehicle_id = NULL,"
                    " stop_id_tag = NULL, forgotten = 1 WHERE local_id = ?",
                    (local_id,),
                )
                sql.execute(
                    "UPDATE facts SET payload = json_remove(json_set(payload, '$.id_tag', ''),"
                    " '$.vehicle_id', '$.parent_id_tag') WHERE local_id = ? AND kind = 'begin'",
                    (local_id,),
                )
                sql.execute(
                    "UPDATE facts SET payload = json_remove(payload, '$.id_tag')"
                    " WHERE local_id = ? AND kind = 'end'",
                    (local_id,),
                )
            return len(rows)

        return await self._database.run(work)

    async def prune(self, before: datetime, most: int = 10_000) -> int:
        """Remove facts of sessions that ended before ``before``, and samples of no session taken before it.

        The sessions stay. A session of which a fact is owed or undelivered stays whole. Removes about ``most`` and
        returns how many, so that the thread is not kept for long: call again until it is 0.
        """

        def work(sql: sqlite3.Connection) -> int:
            at = to_text(before)
            gone = sql.execute(
                "DELETE FROM facts WHERE seq IN (SELECT seq FROM facts WHERE local_id IS NULL"
                " AND delivery IN ('none', 'answered') AND json_extract(payload, '$.at') < ? LIMIT ?)",
                (at, most),
            ).rowcount
            rows = sql.execute(
                "SELECT t.local_id FROM transactions AS t WHERE t.pruned = 0 AND t.ended_at IS NOT NULL"
                " AND t.ended_at < ? AND NOT EXISTS"
                " (SELECT 1 FROM facts AS f WHERE f.local_id = t.local_id"
                " AND f.delivery IN ('owed', 'undelivered')) ORDER BY t.ended_at LIMIT ?",
                (at, max(1, most // 50)),
            ).fetchall()
            for (local_id,) in rows:
                gone += sql.execute("DELETE FROM facts WHERE local_id = ?", (local_id,)).rowcount
                sql.execute("UPDATE transactions SET pruned = 1 WHERE local_id = ?", (local_id,))
                if gone >= most:
                    break
            return gone

        return await self._database.run(work)
