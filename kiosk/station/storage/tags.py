"""idTag lists: the operator's whitelist, the authorization cache, the backend's local list.

idTags compare case-insensitively (decision 8); the spelling that was stored last is kept.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kiosk.model.enums import AuthorizationStatus
from kiosk.station.storage.database import Database
from kiosk.station.storage.records import TagEntry, from_text, to_text

WHITELIST: Final = "whitelist"
CACHE: Final = "cache"
LOCAL: Final = "local"
MOST_CACHED: Final = 1000
"""So many answers of the backend are kept: more cards than one station sees in weeks."""
_VERSION: Final = "local_list_version"


class ListTooLong(Exception):
    """The local list would hold more tags than it may; it is as it was."""


class OldVersion(Exception):
    """A differential update that is not newer than the local list; the list is as it was."""


class TagStore:
    """The three lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- NFC whitelist -------------------------------------------------------------------------------------

    async def whitelist(self) -> list[str]:
        """All tags, sorted."""
        return [entry.id_tag for entry in await self._list(WHITELIST)]

    async def whitelist_has(self, id_tag: str) -> bool:
        return await self._get(WHITELIST, id_tag) is not None

    async def whitelist_add(self, id_tag: str) -> None:
        await self._put(WHITELIST, TagEntry(id_tag=id_tag))

    async def whitelist_remove(self, id_tag: str) -> bool:
        """False when it was not in the list."""
        return await self._remove(WHITELIST, id_tag)

    async def whitelist_clear(self) -> None:
        await self._clear(WHITELIST)

    # --- authorization cache -------------------------------------------------------------------------------

    async def cache_get(self, id_tag: str) -> TagEntry | None:
        return await self._get(CACHE, id_tag)

    async def cache_used(self, id_tag: str) -> None:
        """Somebody was let in by this entry: it goes last when room is needed. Not cached: nothing."""
        at = self._now()

        def work(sql: sqlite3.Connection) -> None:
            sql.execute("UPDATE tags SET changed_at = ? WHERE list = ? AND id_tag = ?", (at, CACHE, id_tag))

        await self._database.run(work)

    async def cache_put(self, entry: TagEntry, most: int = MOST_CACHED) -> None:
        """Keep the backend's newest answer, whatever its status.

        A full cache loses its tags that are not valid, then those used longest ago (OCPP 1.6 section 3.5.1).
        """
        at = self._now()

        def work(sql: sqlite3.Connection) -> None:
            _put(sql, CACHE, entry, at)
            if _count(sql, CACHE) <= most:
                return
            sql.execute(
                "DELETE FROM tags WHERE list = ? AND id_tag <> ? AND (status <> ? OR expiry <= ?)",
                (CACHE, entry.id_tag, AuthorizationStatus.ACCEPTED.value, at),
            )
            sql.execute(
                "DELETE FROM tags WHERE list = ? AND id_tag IN (SELECT id_tag FROM tags WHERE list = ?"
                " AND id_tag <> ? ORDER BY changed_at LIMIT max(0, ?))",
                (CACHE, CACHE, entry.id_tag, _count(sql, CACHE) - most),
            )

        await self._database.run(work)

    async def cache_clear(self) -> None:
        await self._clear(CACHE)

    # --- local authorization list --------------------------------------------------------------------------

    async def local_get(self, id_tag: str) -> TagEntry | None:
        return await self._get(LOCAL, id_tag)

    async def local_list(self) -> list[TagEntry]:
        return await self._list(LOCAL)

    async def local_version(self) -> int:
        """0 while the list is empty (OCPP 1.6 section 5.10)."""
        return await self._database.run(_local_version)

    async def local_replace(self, entries: Sequence[TagEntry], version: int, most: int = sys.maxsize) -> None:
        """A full update: the list is exactly ``entries`` afterwards. Raises ListTooLong."""
        at = self._now()

        def work(sql: sqlite3.Connection) -> None:
            sql.execute("DELETE FROM tags WHERE list = ?", (LOCAL,))
            _put_all(sql, LOCAL, entries, at)
            _settle(sql, version, most)

        await self._database.run(work)

    async def local_update(
        self, put: Sequence[TagEntry], remove: Sequence[str], version: int, most: int = sys.maxsize
    ) -> None:
        """A differential update, whole or not at all. Raises OldVersion, ListTooLong."""
        at = self._now()

        def work(sql: sqlite3.Connection) -> None:
            if version <= (present := _local_version(sql)):
                raise OldVersion(f"the list is at version {present}")
            sql.executemany(
                "DELETE FROM tags WHERE list = ? AND id_tag = ?", [(LOCAL, id_tag) for id_tag in remove]
            )
            _put_all(sql, LOCAL, put, at)
            _settle(sql, version, most)

        await self._database.run(work)

    async def forget(self, before: datetime) -> int:
        """Drop cached answers last confirmed before ``before`` (decision 26); returns how many."""

        def work(sql: sqlite3.Connection) -> int:
            return sql.execute(
                "DELETE FROM tags WHERE list = ? AND changed_at < ?", (CACHE, to_text(before))
            ).rowcount

        return await self._database.run(work)

    # --- one list ------------------------------------------------------------------------------------------

    def _now(self) -> str:
        return to_text(self._database.clock.now())

    async def _list(self, name: str) -> list[TagEntry]:
        def work(sql: sqlite3.Connection) -> list[TagEntry]:
            rows = sql.execute(
                "SELECT id_tag, status, expiry, parent_id_tag FROM tags WHERE list = ? ORDER BY id_tag", (name,)
            )
            return [_entry(row) for row in rows.fetchall()]

        return await self._database.run(work)

    async def _get(self, name: str, id_tag: str) -> TagEntry | None:
        def work(sql: sqlite3.Connection) -> TagEntry | None:
            row = sql.execute(
                "SELECT id_tag, status, expiry, parent_id_tag FROM tags WHERE list = ? AND id_tag = ?",
                (name, id_tag),
            ).fetchone()
            return None if row is None else _entry(row)

        return await self._database.run(work)

    async def _put(self, name: str, entry: TagEntry) -> None:
        at = self._now()
        await self._database.run(lambda sql: _put(sql, name, entry, at))

    async def _remove(self, name: str, id_tag: str) -> bool:
        def work(sql: sqlite3.Connection) -> bool:
            return sql.execute("DELETE FROM tags WHERE list = ? AND id_tag = ?", (name, id_tag)).rowcount > 0

        return await self._database.run(work)

    async def _clear(self, name: str) -> None:
        await self._database.run(lambda sql: sql.execute("DELETE FROM tags WHERE list = ?", (name,)))


def _put(sql: sqlite3.Connection, name: str, entry: TagEntry, at: str) -> None:
    _put_all(sql, name, (entry,), at)


def _put_all(sql: sqlite3.Connection, name: str, entries: Sequence[TagEntry], at: str) -> None:
    sql.executemany(
        "INSERT OR REPLACE INTO tags (list, id_tag, status, expiry, parent_id_tag, changed_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                name,
                entry.id_tag,
                entry.status.value,
                to_text(entry.expiry) if entry.expiry else None,
                entry.parent_id_tag,
                at,
            )
            for entry in entries
        ],
    )


def _count(sql: sqlite3.Connection, name: str) -> int:
    row = sql.execute("SELECT count(*) FROM tags WHERE list = ?", (name,)).fetchone()
    return int(row[0])


def _local_version(sql: sqlite3.Connection) -> int:
    row = sql.execute(
        "SELECT text FROM meta WHERE name = ? AND EXISTS (SELECT 1 FROM tags WHERE list = ?)", (_VERSION, LOCAL)
    ).fetchone()
    return 0 if row is None else int(row[0])


def _settle(sql: sqlite3.Connection, version: int, most: int) -> None:
    """The list is complete: number it. Raises ListTooLong, which takes everything back."""
    if (count := _count(sql, LOCAL)) > most:
        raise ListTooLong(f"{count} tags, at most {most}")
    _set_version(sql, version)


def _set_version(sql: sqlite3.Connection, version: int) -> None:
    sql.execute(
        "INSERT INTO meta (name, text) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET text = excluded.text",
        (_VERSION, str(version)),
    )


def _entry(row: tuple[str, str, str | None, str | None]) -> TagEntry:
    id_tag, status, expiry, parent = row
    return TagEntry(
        id_tag=id_tag,
        status=AuthorizationStatus(status),
        expiry=from_text(expiry) if expiry else None,
        parent_id_tag=parent,
    )
