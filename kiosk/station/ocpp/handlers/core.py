"""Sessions, availability, reset, cache, data transfer: the Core profile without its configuration keys."""

from __future__ import annotations

import logging
from typing import Annotated, Final

import msgspec

from kiosk.model.enums import ResetKind
from kiosk.model.errors import UnknownConnector
from kiosk.station.ocpp.asked import Payload, Station
from kiosk.station.ocpp.handlers import charging_profiles

log = logging.getLogger(__name__)

SESSION_COST: Final = "SessionCost"


class Cost(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Data of a SessionCost."""

    transaction_id: int
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f<>]+$")]


async def remote_start(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.11. Rejected before we are accepted, for connector 0, and with a profile that is none.

    A station without smart charging leaves the profile alone, as the section wants it.
    """
    connector_id = asked.get("connectorId")
    if not station.accepted() or (connector_id is not None and not 1 <= connector_id <= station.connectors):
        return {"status": "Rejected"}
    profile = asked.get("chargingProfile") if charging_profiles.supported(station) else None
    if profile is None:
        accepted = await station.commands.remote_start(asked["idTag"], connector_id)
    elif charging_profiles.unfit_for_start(station, profile):
        accepted = False
    else:
        accepted = await station.commands.remote_start(asked["idTag"], connector_id, profile)
    return {"status": "Accepted" if accepted else "Rejected"}


async def remote_stop(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.12."""
    if not station.accepted():
        return {"status": "Rejected"}
    accepted = await station.commands.remote_stop(asked["transactionId"])
    return {"status": "Accepted" if accepted else "Rejected"}


async def unlock(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.18; an unknown connector has no lock."""
    try:
        return {"status": (await station.commands.unlock(asked["connectorId"])).value}
    except UnknownConnector:
        return {"status": "NotSupported"}


async def change_availability(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.2."""
    try:
        outcome = await station.commands.change_availability(asked["connectorId"], asked["type"] == "Operative")
    except UnknownConnector:
        return {"status": "Rejected"}
    return {"status": outcome.value}


async def reset(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.14."""
    accepted = station.commands.request_reset(ResetKind(asked["type"]))
    return {"status": "Accepted" if accepted else "Rejected"}


async def clear_cache(station: Station, _asked: Payload) -> Payload:
    """OCPP 1.6 section 5.4; Rejected where no cache is kept."""
    if not station.settings.bool("AuthorizationCacheEnabled"):
        return {"status": "Rejected"}
    await station.tags.cache_clear()
    return {"status": "Accepted"}


async def data_transfer(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.6. Of the vendor named in our StatusNotifications we know one message.

    ``SessionCost`` with data ``{"transactionId": 5, "text": "12.30 EUR"}``: what the driver is shown of the cost
    of that session, so far or in all, until another text comes (decision 28).
    """
    if asked["vendorId"] != station.vendor:
        return {"status": "UnknownVendorId"}
    if asked.get("messageId") != SESSION_COST:
        return {"status": "UnknownMessageId"}
    try:
        cost = msgspec.json.decode(asked.get("data", ""), type=Cost)
    except msgspec.DecodeError as error:
        log.info("%s: %s", SESSION_COST, error)
        return {"status": "Rejected"}
    known = station.commands.show_cost(cost.transaction_id, cost.text)
    return {"status": "Accepted" if known else "Rejected"}
