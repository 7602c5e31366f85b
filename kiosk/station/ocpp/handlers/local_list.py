"""The LocalAuthListManagement profile."""

from __future__ import annotations

from kiosk.model.enums import AuthorizationStatus
from kiosk.station.commands.local_list import Entry, UpdateKind
from kiosk.station.ocpp.asked import Payload, Station
from kiosk.station.ocpp.handlers import fields
from kiosk.station.storage.records import TagEntry


async def list_version(station: Station, _asked: Payload) -> Payload:
    """OCPP 1.6 section 5.10."""
    return {"listVersion": await station.commands.local_list.version()}


async def send_list(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.15."""
    entries = [_entry(row) for row in asked.get("localAuthorizationList") or ()]
    outcome = await station.commands.local_list.update(
        UpdateKind(asked["updateType"]), fields.whole(asked, "listVersion"), entries
    )
    return {"status": outcome.value}


def _entry(row: Payload) -> Entry:
    id_tag, info = row["idTag"], row.get("idTagInfo")
    if info is None:
        return id_tag, None
    return id_tag, TagEntry(
        id_tag=id_tag,
        status=AuthorizationStatus(info["status"]),
        expiry=fields.moment(info, "expiryDate") if "expiryDate" in info else None,
        parent_id_tag=info.get("parentIdTag") or None,
    )
