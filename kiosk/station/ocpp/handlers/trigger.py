"""Messages that a backend wants to have sent: the RemoteTrigger profile."""

from __future__ import annotations

from kiosk.station.ocpp.asked import Payload, Station, Trigger
from kiosk.station.ocpp.wire import Answer


async def trigger_message(station: Station, asked: Payload) -> Answer:
    """OCPP 1.6 section 5.17: the answer leaves before the message that was asked for."""
    connector_id = asked.get("connectorId")
    try:
        wanted = Trigger(asked["requestedMessage"])
    except ValueError:
        return Answer(payload={"status": "NotImplemented"})
    lowest = 1 if wanted is Trigger.METER_VALUES else 0
    if connector_id is not None and not lowest <= connector_id <= station.connectors:
        return Answer(payload={"status": "Rejected"})
    return Answer(payload={"status": "Accepted"}, after=lambda: station.trigger(wanted, connector_id))
