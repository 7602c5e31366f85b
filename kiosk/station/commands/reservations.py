"""Reservations, as a backend may wish them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from kiosk.station.charging.reserving import Outcome
from kiosk.station.charging.sessions import Sessions
from kiosk.station.storage.reservations import Reservation


class CancelOutcome(StrEnum):
    """CancelReservation.conf status."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class Reservations:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def reserve(
        self,
        *,
        reservation_id: int,
        connector_id: int,
        id_tag: str,
        expires_at: datetime,
        parent_id_tag: str | None = None,
    ) -> Outcome:
        """ReserveNow; ``connector_id`` 0: any. Stored when this returns; nothing is raised for a bad wish."""
        return await self._sessions.reserve(
            Reservation(
                reservation_id=reservation_id,
                connector_id=connector_id,
                id_tag=id_tag,
                parent_id_tag=parent_id_tag,
                expires_at=expires_at,
            )
        )

    async def cancel(self, reservation_id: int) -> CancelOutcome:
        """CancelReservation."""
        found = await self._sessions.cancel_reservation(reservation_id)
        return CancelOutcome.ACCEPTED if found else CancelOutcome.REJECTED

    def all(self) -> tuple[Reservation, ...]:
        """Those in force."""
        return self._sessions.reservations.all()
