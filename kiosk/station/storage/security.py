"""The security log on disk, and which of its entries the backend is still owed."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

import msgspec

from kiosk.model.enums import SecurityEventType
from kiosk.station.storage.database import Database
from kiosk.station.storage.records import from_text, to_text

MOST_EVENTS: Final = 10_000
"""The log is bounded: whoever provokes entries must not fill the disk. The oldest go first, told or not."""
TRIM_EVERY: Final = 100


class SecurityEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the security log."""

    seq: int
    at: datetime
    type: SecurityEventType
    tech_info: str


class SecurityStore:
    """``most``: entries kept."""

    def __init__(self, database: Database, most: int = MOST_EVENTS) -> None:
        self._database = database
        self._most = most

    async def add(self, at: datetime, kind: SecurityEventType, tech_info: str, *, owed: bool) -> int:
        """On the disk when this returns; its number."""

        def work(sql: sqlite3.Connection) -> int:
            cursor = sql.execute(
                "INSERT INTO security_events (at, type, tech_info, delivery) VALUES (?, ?, ?, ?)",
                (to_text(at), kind.value, tech_info, "owed" if owed else "none"),
            )
            assert cursor.lastrowid is not None
            if cursor.lastrowid % TRIM_EVERY == 0:
                sql.execute("DELETE FROM security_events WHERE seq <= ?", (cursor.lastrowid - self._most,))
            return cursor.lastrowid

        return await self._database.run(work)

    async def list(self, oldest: datetime | None, latest: datetime | None) -> list[SecurityEvent]:
        """In order of time; both ends included, None: open."""

        def work(sql: sqlite3.Connection) -> list[SecurityEvent]:
            rows = sql.execute(
                "SELECT seq, at, type, tech_info FROM security_events"
                " WHERE (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR at <= ?2) ORDER BY seq",
                (oldest and to_text(oldest), latest and to_text(latest)),
            )
            return [_event(row) for row in rows.fetchall()]

        return await self._database.run(work)

    async def next_owed(self) -> SecurityEvent | None:
        """The oldest that the backend has not answered."""

        def work(sql: sqlite3.Connection) -> SecurityEvent | None:
            row = sql.execute(
                "SELECT seq, at, type, tech_info FROM security_events WHERE delivery = 'owed' ORDER BY seq LIMIT 1"
            ).fetchone()
            return None if row is None else _event(row)

        return await self._database.run(work)

    async def answered(self, seq: int) -> None:
        def work(sql: sqlite3.Connection) -> None:
            sql.execute("UPDATE security_events SET delivery = 'answered' WHERE seq = ?", (seq,))

        await self._database.run(work)

    async def forget(self, before: datetime) -> int:
        """Remove entries older than ``before``; returns how many."""

        def work(sql: sqlite3.Connection) -> int:
            return sql.execute("DELETE FROM security_events WHERE at < ?", (to_text(before),)).rowcount

        return await self._database.run(work)


def _event(row: tuple[int, str, str, str]) -> SecurityEvent:
    seq, at, kind, tech_info = row
    return SecurityEvent(seq=seq, at=from_text(at), type=SecurityEventType(kind), tech_info=tech_info)
