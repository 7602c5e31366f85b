"""Charging profiles, as the backend sent them. They survive everything (OCPP 1.6 errata 3.37)."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime

import msgspec

from kiosk.station.storage.database import Database
from kiosk.station.storage.records import from_text, to_text


class ProfileRow(msgspec.Struct, frozen=True, kw_only=True):
    """One installed profile. ``payload``: the ChargingProfile as JSON; ``local_id``: of a TxProfile's session."""

    profile_id: int
    connector_id: int
    purpose: str
    stack_level: int
    payload: str
    installed_at: datetime
    local_id: str | None = None


class ProfileStore:
    """The one place where charging profiles are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> tuple[list[ProfileRow], list[tuple[int, str]]]:
        """All that can be read, by id; and the ids of those that cannot, with the reason."""

        def work(sql: sqlite3.Connection) -> tuple[list[ProfileRow], list[tuple[int, str]]]:
            rows, damaged = [], []
            for row in sql.execute(
                "SELECT profile_id, connector_id, purpose, stack_level, local_id, payload, installed_at"
                " FROM charging_profiles ORDER BY profile_id"
            ).fetchall():
                try:
                    rows.append(
                        ProfileRow(
                            profile_id=row[0],
                            connector_id=row[1],
                            purpose=row[2],
                            stack_level=row[3],
                            local_id=row[4],
                            payload=row[5],
                            installed_at=from_text(row[6]),
                        )
                    )
                except ValueError as error:
                    damaged.append((int(row[0]), str(error)))
            return rows, damaged

        return await self._database.run(work)

    async def put(self, row: ProfileRow) -> list[int]:
        """Keep a profile in place of the one with its id and of the one with its connector, purpose and level.

        Returns the ids of those. All changes in one commit, so that no restart brings the old one back.
        """

        def work(sql: sqlite3.Connection) -> list[int]:
            replaced = sql.execute(
                "DELETE FROM charging_profiles WHERE profile_id = ?"
                " OR (connector_id = ? AND purpose = ? AND stack_level = ?) RETURNING profile_id",
                (row.profile_id, row.connector_id, row.purpose, row.stack_level),
            ).fetchall()
            sql.execute(
                "INSERT INTO charging_profiles"
                " (profile_id, connector_id, purpose, stack_level, local_id, payload, installed_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row.profile_id,
                    row.connector_id,
                    row.purpose,
                    row.stack_level,
                    row.local_id,
                    row.payload,
                    to_text(row.installed_at),
                ),
            )
            return [int(each[0]) for each in replaced]

        return await self._database.run(work)

    async def remove(self, profile_ids: Collection[int]) -> None:
        """Forget these; an unknown id is none the worse for it."""

        def work(sql: sqlite3.Connection) -> None:
            sql.executemany("DELETE FROM charging_profiles WHERE profile_id = ?", [(n,) for n in profile_ids])

        await self._database.run(work)
