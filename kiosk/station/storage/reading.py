"""Reads the facts of a journal that nobody uses: for audits and for a technician with a copy of the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from kiosk.station.storage.records import Delivery, FactKind


class FactRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as it lies in the file; ``payload`` is its JSON. ``transaction_id``: the backend's, if known."""

    seq: int
    kind: FactKind
    local_id: str | None
    connector_id: int
    payload: msgspec.Raw
    delivery: Delivery
    attempts: int
    transaction_id: int | None


def read_facts(path: Path) -> list[FactRow]:
    """All facts, oldest first. Opening folds the write-ahead log in, so give it a copy.

    Raises sqlite3.Error when the file cannot be read or has another layout.
    """
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(
            "SELECT f.seq, f.kind, f.local_id, f.connector_id, f.payload, f.delivery, f.attempts,"
            " t.transaction_id FROM facts AS f LEFT JOIN transactions AS t USING (local_id) ORDER BY f.seq"
        ).fetchall()
    finally:
        connection.close()
    return [
        FactRow(
            seq=seq,
            kind=FactKind(kind),
            local_id=local_id,
            connector_id=connector_id,
            payload=msgspec.Raw(payload.encode()),
            delivery=Delivery(delivery),
            attempts=attempts,
            transaction_id=transaction_id,
        )
        for seq, kind, local_id, connector_id, payload, delivery, attempts, transaction_id in rows
    ]


def owed_span(path: Path) -> tuple[int | None, int]:
    """(oldest fact still owed or None, newest fact or 0). As ``read_facts``."""
    connection = sqlite3.connect(path)
    try:
        (first,) = connection.execute("SELECT min(seq) FROM facts WHERE delivery = 'owed'").fetchone()
        (last,) = connection.execute("SELECT max(seq) FROM facts").fetchone()
    finally:
        connection.close()
    return first, last or 0
