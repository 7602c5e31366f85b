"""Sessions out of a damaged file, as far as they are whole: what runs, and what a backend is still owed.

A row is taken only if every value in it can be read and makes sense; half a fact would be told to a backend as the
truth. What everybody has already stays in the file that was set aside.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from typing import Final

import msgspec

from kiosk.station.storage.records import DECODERS, Delivery, FactKind, SessionRecord, TransactionEnd
from kiosk.station.storage.statements import session

log = logging.getLogger(__name__)

Row = dict[str, object]

CHUNK: Final = 50
"""Rows that are read at once: so many are lost with a page that cannot be read."""
_ALIVE: Final = (Delivery.OWED.value, Delivery.UNDELIVERED.value)


def rescue(fresh: sqlite3.Connection, old: sqlite3.Connection) -> tuple[int, int]:
    """Copy whole sessions that are open or owed; (transactions, facts). Raises sqlite3.Error of ``fresh`` only."""
    facts: dict[object, list[Row]] = {}
    broken: set[object] = set()
    for fact in _rows(old, "facts", "seq"):
        if _makes_sense(fact):
            facts.setdefault(fact["local_id"], []).append(fact)
        else:
            broken.add(fact.get("local_id"))
    checkpoints = {row["local_id"]: row for row in _rows(old, "checkpoints", None)}
    alone = [f for f in facts.pop(None, []) if f["delivery"] in _ALIVE]
    saved, told = 0, 0
    fresh.execute("BEGIN IMMEDIATE")
    try:
        for row in _rows(old, "transactions", "id"):
            its = facts.get(row["local_id"], [])
            record = _record(row)
            if record is None or row["local_id"] in broken or not _wanted(row, its):
                continue
            if not its or its[0]["kind"] != FactKind.BEGIN:
                log.warning("transaction %s: its begin cannot be read, so it is left behind", row["local_id"])
                continue
            fresh.execute("SAVEPOINT one")
            try:
                told += _copy(fresh, row, record, its, checkpoints.get(row["local_id"]))
                saved += 1
            except (sqlite3.IntegrityError, sqlite3.InterfaceError) as error:
                fresh.execute("ROLLBACK TO one")
                log.warning("transaction %s is damaged and left behind: %s", row["local_id"], error)
            fresh.execute("RELEASE one")
        for fact in alone:
            _insert(fresh, "facts", fact)
        fresh.execute("COMMIT")
    except sqlite3.Error:
        fresh.execute("ROLLBACK")
        raise
    return saved, told + len(alone)


def _copy(
    fresh: sqlite3.Connection, row: Row, record: SessionRecord, its: list[Row], checkpoint: Row | None
) -> int:
    """One transaction with its facts; how many."""
    _insert(fresh, "transactions", row)
    for fact in its:
        _insert(fresh, "facts", fact)
    if record.ended_at is None:
        first = {"local_id": row["local_id"], "at": row["started_at"], "meter_wh": row["meter_start_wh"]}
        _insert(fresh, "checkpoints", checkpoint or first)
    elif its[-1]["kind"] != FactKind.END:
        _insert(fresh, "facts", _end_of(record, row, its[-1]))
        return len(its) + 1
    return len(its)


def _rows(old: sqlite3.Connection, table: str, number: str | None) -> Iterator[Row]:
    """Every row that can be read, past the pages that cannot."""
    try:
        if number is None:
            yield from _read(old, f"SELECT * FROM {table} NOT INDEXED")
            return
        most = _most(old, table, number)
    except sqlite3.Error as error:
        log.info("%s of the damaged file: %s", table, error)
        return
    lost = 0
    for first in range(0, most + 1, CHUNK):
        try:
            yield from _read(
                old,
                f"SELECT * FROM {table} NOT INDEXED WHERE {number} >= ? AND {number} < ? ORDER BY {number}",
                (first, first + CHUNK),
            )
        except sqlite3.Error:
            lost += 1
    if lost:
        log.info("%s of the damaged file: %d times %d rows cannot be read", table, lost, CHUNK)


def _most(old: sqlite3.Connection, table: str, number: str) -> int:
    """The last row's number; where its page cannot be read, what the table counted itself."""
    try:
        (most,) = old.execute(f"SELECT max({number}) FROM {table} NOT INDEXED").fetchone()
    except sqlite3.Error:
        found = old.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        if found is None:
            raise
        (most,) = found
    return int(most or 0)


def _read(old: sqlite3.Connection, statement: str, values: tuple[object, ...] = ()) -> list[Row]:
    cursor = old.execute(statement, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _makes_sense(fact: Row) -> bool:
    try:
        payload = DECODERS[FactKind(str(fact["kind"]))].decode(str(fact["payload"]))
        Delivery(str(fact["delivery"]))
    except (ValueError, msgspec.MsgspecError):
        return False
    return payload.local_id == fact["local_id"]


def _record(row: Row) -> SessionRecord | None:
    try:
        return session(row)
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def _wanted(row: Row, its: list[Row]) -> bool:
    return row.get("ended_at") is None or any(f["delivery"] in _ALIVE for f in its)


def _end_of(record: SessionRecord, row: Row, last: Row) -> Row:
    """The end that stands in the session's own row; its fact was lost."""
    assert record.ended_at is not None
    assert record.meter_stop_wh is not None
    assert record.reason is not None
    tag = row.get("stop_id_tag")
    end = TransactionEnd(
        local_id=record.local_id,
        ended_at=record.ended_at,
        meter_stop_wh=record.meter_stop_wh,
        reason=record.reason,
        id_tag=None if tag is None else str(tag),
    )
    return {
        "local_id": record.local_id,
        "connector_id": record.connector_id,
        "kind": FactKind.END.value,
        "payload": msgspec.json.encode(end).decode(),
        "delivery": Delivery.OWED.value if last["delivery"] != Delivery.NONE else Delivery.NONE.value,
    }


def _insert(fresh: sqlite3.Connection, table: str, row: Row) -> None:
    """Raises sqlite3.IntegrityError for a row that breaks a rule of the table."""
    known = {column[1] for column in fresh.execute(f"PRAGMA table_info({table})")}
    names = [name for name in row if name in known]
    marks = ", ".join("?" * len(names))
    fresh.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", [row[n] for n in names])
