"""Reservations, so that a power cut does not give away what a driver was promised (OCPP 1.6 section 5.13)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

import msgspec

from kiosk.station.storage.database import Database
from kiosk.station.storage.records import from_text, to_text


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """``connector_id`` 0: any one connector. Whoever has the tag, or a tag of that parent, may charge."""

    reservation_id: int
    connector_id: int
    id_tag: str
    parent_id_tag: str | None = None
    expires_at: datetime


class ReservationStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> list[Reservation]:
        """Those still in force, lowest number first; what a dead core could not remove any more is dropped.

        That is one that ran out meanwhile, and one whose transaction begun though the core died before the
        reservation was removed.
        """
        now = to_text(self._database.clock.now())

        def work(sql: sqlite3.Connection) -> list[Reservation]:
            sql.execute(
                "DELETE FROM reservations WHERE expires_at <= ? OR EXISTS (SELECT 1 FROM transactions AS t"
                " WHERE t.reservation_id = reservations.reservation_id AND t.started_at >= reservations.made_at)",
                (now,),
            )
            rows = sql.execute(
                "SELECT reservation_id, connector_id, id_tag, parent_id_tag, expires_at FROM reservations"
                " ORDER BY reservation_id"
            )
            return [
                Reservation(
                    reservation_id=number,
                    connector_id=connector_id,
                    id_tag=id_tag,
                    parent_id_tag=parent,
                    expires_at=from_text(expires_at),
                )
                for number, connector_id, id_tag, parent, expires_at in rows.fetchall()
            ]

        return await self._database.run(work)

    async def put(self, reservation: Reservation) -> None:
        """Keep it; one of the same number is replaced."""
        made_at = to_text(self._database.clock.now())

        def work(sql: sqlite3.Connection) -> None:
            sql.execute(
                "INSERT OR REPLACE INTO reservations"
                " (reservation_id, connector_id, id_tag, parent_id_tag, expires_at, made_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    reservation.reservation_id,
                    reservation.connector_id,
                    reservation.id_tag,
                    reservation.parent_id_tag,
                    to_text(reservation.expires_at),
                    made_at,
                ),
            )

        await self._database.run(work)

    async def remove(self, reservation_ids: Iterable[int]) -> None:
        """Forget these; a number that is not there is no mistake."""
        numbers = [(number,) for number in reservation_ids]

        def work(sql: sqlite3.Connection) -> None:
            sql.executemany("DELETE FROM reservations WHERE reservation_id = ?", numbers)

        await self._database.run(work)
