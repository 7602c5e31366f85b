"""What the journal does inside one SQL transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from kiosk.model.enums import AuthorizationSource, StopReason
from kiosk.station.storage.records import (
    Checkpoint,
    Delivery,
    FactKind,
    MeterSample,
    Payload,
    SessionRecord,
    from_text,
    to_text,
)

SESSION_COLUMNS: Final = (
    "local_id, connector_id, transaction_id, id_tag, parent_id_tag, vehicle_id, source, kiosk, remote, "
    "started_at, meter_start_wh, ended_at, meter_stop_wh, reason"
)
"""What ``session`` reads."""


def rows(sql: sqlite3.Connection, statement: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
    cursor = sql.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(statement, values).fetchall()


def row(sql: sqlite3.Connection, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Row | None:
    found = rows(sql, statement, values)
    return found[0] if found else None


def transaction(sql: sqlite3.Connection, local_id: str) -> sqlite3.Row | None:
    return row(sql, f"SELECT {SESSION_COLUMNS} FROM transactions WHERE local_id = ?", (local_id,))


def known(sql: sqlite3.Connection, local_id: str) -> sqlite3.Row:
    found = transaction(sql, local_id)
    if found is None:
        raise ValueError(f"transaction {local_id} was never begun")
    return found


def number(sql: sqlite3.Connection, local_id: str, kind: FactKind) -> int:
    found = row(sql, "SELECT seq FROM facts WHERE local_id = ? AND kind = ?", (local_id, kind.value))
    if found is None:
        raise ValueError(f"transaction {local_id} has no {kind.value}")
    return int(found["seq"])


def backend_knows(sql: sqlite3.Connection, local_id: str) -> bool:
    # the first fact of a transaction is its begin; asking for the kind would read all the others too
    found = row(sql, "SELECT delivery FROM facts WHERE local_id = ? ORDER BY seq LIMIT 1", (local_id,))
    return found is not None and found["delivery"] != Delivery.NONE


def samples(sql: sqlite3.Connection, local_id: str) -> Iterator[tuple[str]]:
    """The payloads of a transaction's samples, one after the other."""
    return sql.execute(
        "SELECT payload FROM facts WHERE local_id = ? AND kind = 'sample' ORDER BY seq", (local_id,)
    )


def count_samples(sql: sqlite3.Connection, local_id: str) -> int:
    (many,) = sql.execute(
        "SELECT count(*) FROM facts WHERE local_id = ? AND kind = 'sample'", (local_id,)
    ).fetchone()
    return int(many)


def add(
    sql: sqlite3.Connection, kind: FactKind, local_id: str | None, connector_id: int, payload: Payload, owed: bool
) -> int:
    cursor = sql.execute(
        "INSERT INTO facts (local_id, connector_id, kind, payload, delivery) VALUES (?, ?, ?, ?, ?)",
        (
            local_id,
            connector_id,
            kind.value,
            msgspec.json.encode(payload).decode(),
            (Delivery.OWED if owed else Delivery.NONE).value,
        ),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


class Stored(msgspec.Struct, frozen=True):
    """Where a sample stands now, and whether a backend is owed it."""

    seq: int
    owed: bool


def add_sample(sql: sqlite3.Connection, sample: MeterSample, payload: str, owed: bool) -> Stored | None:
    """None when its transaction is not open."""
    if sample.local_id is None:
        return Stored(add(sql, FactKind.SAMPLE, None, sample.connector_id, sample, owed), owed)
    # one statement, because it is the one that is done all day
    rows = sql.execute(
        "INSERT INTO facts (local_id, connector_id, kind, payload, delivery)"
        " SELECT t.local_id, ?, 'sample', ?, CASE WHEN ? AND"
        " (SELECT delivery FROM facts WHERE local_id = t.local_id ORDER BY seq LIMIT 1) <> 'none'"
        " THEN 'owed' ELSE 'none' END"
        " FROM transactions AS t WHERE t.local_id = ? AND t.ended_at IS NULL RETURNING seq, delivery = 'owed'",
        (sample.connector_id, payload, owed, sample.local_id),
    ).fetchall()
    return Stored(rows[0][0], bool(rows[0][1])) if rows else None


def checkpoint(sql: sqlite3.Connection, row: Checkpoint) -> None:
    """Only for open transactions: a checkpoint that comes after the end has nothing to protect."""
    sql.execute(
        "INSERT INTO checkpoints (local_id, at, meter_wh, soc_percent)"
        " SELECT local_id, ?, ?, ? FROM transactions WHERE local_id = ? AND ended_at IS NULL"
        " ON CONFLICT (local_id) DO UPDATE SET at = excluded.at, meter_wh = excluded.meter_wh,"
        " soc_percent = excluded.soc_percent",
        (to_text(row.at), row.meter_wh, row.soc_percent, row.local_id),
    )


def deliver(sql: sqlite3.Connection, seq: int, delivery: Delivery) -> FactKind:
    """The fact is no longer owed; its kind. Raises ValueError when it was not."""
    rows = sql.execute(
        "UPDATE facts SET delivery = ? WHERE seq = ? AND delivery = 'owed' RETURNING kind", (delivery.value, seq)
    ).fetchall()
    if not rows:
        raise ValueError(f"fact {seq} is not owed")
    return FactKind(rows[0][0])


def session(row: Any) -> SessionRecord:
    """``row``: columns by name. Raises ValueError, TypeError for values that make no sense."""
    return SessionRecord(
        local_id=row["local_id"],
        connector_id=row["connector_id"],
        transaction_id=row["transaction_id"],
        id_tag=row["id_tag"],
        parent_id_tag=row["parent_id_tag"],
        vehicle_id=row["vehicle_id"],
        source=AuthorizationSource(row["source"]),
        kiosk=bool(row["kiosk"]),
        remote=bool(row["remote"]),
        started_at=from_text(row["started_at"]),
        meter_start_wh=row["meter_start_wh"],
        ended_at=from_text(row["ended_at"]) if row["ended_at"] else None,
        meter_stop_wh=row["meter_stop_wh"],
        reason=StopReason(row["reason"]) if row["reason"] else None,
    )


def newest_stamp(sql: sqlite3.Connection) -> str | None:
    """The newest time of the newest session."""
    found = row(
        sql,
        "SELECT max(t.started_at, coalesce(t.ended_at, ''), coalesce(c.at, '')) AS at FROM transactions AS t"
        " LEFT JOIN checkpoints AS c USING (local_id) ORDER BY t.id DESC LIMIT 1",
    )
    return None if found is None else str(found["at"])


_STAMPED: Final = (
    ("transactions", "id", "started_at"),
    ("transactions", "id", "ended_at"),
    ("checkpoints", "local_id", "at"),
    ("events", "seq", "at"),
    ("security_events", "seq", "at"),
)
_IN_PAYLOAD: Final = ("started_at", "at", "ended_at")


def make_good(sql: sqlite3.Connection, before: datetime, by: timedelta) -> int:
    """Move all stamps from before ``before``, in rows and in facts; returns how many."""
    moved = 0
    for table, key, column in _STAMPED:
        for name, text in sql.execute(
            f"SELECT {key}, {column} FROM {table} WHERE {column} < ?", (to_text(before),)
        ).fetchall():
            sql.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (to_text(from_text(text) + by), name))
            moved += 1
    for field in _IN_PAYLOAD:
        for seq, text in sql.execute(
            f"SELECT seq, json_extract(payload, '$.{field}') AS at FROM facts WHERE at < ?", (to_text(before),)
        ).fetchall():
            right = (from_text(text) + by).isoformat()
            sql.execute(
                f"UPDATE facts SET payload = json_set(payload, '$.{field}', ?) WHERE seq = ?", (right, seq)
            )
            moved += 1
    return moved
