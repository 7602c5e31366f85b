"""The Reservation profile."""

from __future__ import annotations

from kiosk.station.ocpp.asked import Payload, Station
from kiosk.station.ocpp.handlers import fields


async def reserve_now(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.13."""
    outcome = await station.commands.reservations.reserve(
        reservation_id=fields.whole(asked, "reservationId"),
        connector_id=asked["connectorId"],
        id_tag=asked["idTag"],
        parent_id_tag=asked.get("parentIdTag") or None,
        expires_at=fields.moment(asked, "expiryDate"),
    )
    return {"status": outcome.value}


async def cancel_reservation(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.1; a number that cannot be stored is of no reservation."""
    return {"status": (await station.commands.reservations.cancel(asked["reservationId"])).value}
