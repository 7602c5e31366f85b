"""The small stores: configuration keys, availability, station events, named texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from kiosk.model.enums import Provenance
from kiosk.settings.values import Change, StoredKey
from kiosk.station.storage.database import Database
from kiosk.station.storage.records import Event, from_text, to_text


class SettingsStore:
    """Changed configuration keys, in their stored form; a key at its default has no row."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> list[StoredKey]:
        def work(sql: sqlite3.Connection) -> list[StoredKey]:
            rows = sql.execute("SELECT name, text, provenance, changed_at FROM settings ORDER BY name")
            return [
                StoredKey(name=n, text=t, provenance=Provenance(p), changed_at=from_text(at))
                for n, t, p, at in rows.fetchall()
            ]

        return await self._database.run(work)

    async def save(self, change: Change, changed_at: datetime) -> None:
        """Keep a checked change; on the disk when this returns."""

        def work(sql: sqlite3.Connection) -> None:
            sql.execute(
                "INSERT INTO settings (name, text, provenance, changed_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET text = excluded.text, provenance = excluded.provenance,"
                " changed_at = excluded.changed_at",
                (change.name, change.text, change.provenance.value, to_text(changed_at)),
            )

        await self._database.run(work)


class AvailabilityStore:
    """Which connectors were put out of service; 0 is the whole station. Survives a power cut (OCPP 1.6 5.2)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Mapping[int, bool]:
        """Connector to operative; a connector that was never changed is absent."""

        def work(sql: sqlite3.Connection) -> dict[int, bool]:
            rows = sql.execute("SELECT connector_id, operative FROM availability").fetchall()
            return {connector_id: bool(operative) for connector_id, operative in rows}

        return await self._database.run(work)

    async def set(self, connector_id: int, operative: bool, changed_at: datetime) -> None:
        def work(sql: sqlite3.Connection) -> None:
            sql.execute(
                "INSERT INTO availability (connector_id, operative, changed_at) VALUES (?, ?, ?)"
                " ON CONFLICT (connector_id) DO UPDATE SET operative = excluded.operative,"
                " changed_at = excluded.changed_at",
                (connector_id, operative, to_text(changed_at)),
            )

        await self._database.run(work)


class EventLog:
    """What a technician asks for later: faults raised and cleared, restarts, resets. Never holds an idTag."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, at: datetime, kind: str, connector_id: int | None, code: int | None, text: str) -> int:
        def work(sql: sqlite3.Connection) -> int:
            cursor = sql.execute(
                "INSERT INTO events (at, kind, connector_id, code, text) VALUES (?, ?, ?, ?, ?)",
                (to_text(at), kind, connector_id, code, text),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

        return await self._database.run(work)

    async def list(self, limit: int = 100) -> list[Event]:
        """Newest first."""

        def work(sql: sqlite3.Connection) -> list[Event]:
            rows = sql.execute(
                "SELECT seq, at, kind, connector_id, code, text FROM events ORDER BY seq DESC LIMIT ?", (limit,)
            ).fetchall()
            return [
                Event(seq=seq, at=from_text(at), kind=kind, connector_id=connector, code=code, text=text)
                for seq, at, kind, connector, code, text in rows
            ]

        return await self._database.run(work)

    async def forget(self, before: datetime) -> int:
        """Remove events older than ``before``; returns how many."""

        def work(sql: sqlite3.Connection) -> int:
            return sql.execute("DELETE FROM events WHERE at < ?", (to_text(before),)).rowcount

        return await self._database.run(work)


class MetaStore:
    """Named texts that are neither settings nor sessions (local list version, last start, ...)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        def work(sql: sqlite3.Connection) -> str | None:
            row = sql.execute("SELECT text FROM meta WHERE name = ?", (name,)).fetchone()
            return None if row is None else str(row[0])

        return await self._database.run(work)

    async def set(self, name: str, text: str) -> None:
        def work(sql: sqlite3.Connection) -> None:
            sql.execute(
                "INSERT INTO meta (name, text) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                (name, text),
            )

        await self._database.run(work)
