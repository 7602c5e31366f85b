"""Messages that a backend wants to have sent: the RemoteTrigger profile and its extension for security."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kiosk.station.ocpp.asked import Payload, Station, Trigger
from kiosk.station.ocpp.wire import Answer

EXTENDED: Final = {
    "BootNotification": Trigger.BOOT,
    "FirmwareStatusNotification": Trigger.SIGNED_FIRMWARE,
    "Heartbeat": Trigger.HEARTBEAT,
    "LogStatusNotification": Trigger.LOG,
    "MeterValues": Trigger.METER_VALUES,
    "StatusNotification": Trigger.STATUS,
}
"""ExtendedTriggerMessage.req requestedMessage to what is sent; SignChargePointCertificate is a wish of its own."""


async def trigger_message(station: Station, asked: Payload) -> Answer:
    """OCPP 1.6 section 5.17: the answer leaves before the message that was asked for.

    Readings and certificate requests are owed until they are answered, so they are not begun before the
    registration is accepted (section 4.2.1).
    """
    try:
        wanted = Trigger(asked["requestedMessage"])
    except ValueError:
        return Answer(payload={"status": "NotImplemented"})
    return _send(station, wanted, asked.get("connectorId"))


async def extended_trigger_message(station: Station, asked: Payload) -> Answer:
    """Security white paper, section 5, ExtendedTriggerMessage."""
    name = asked["requestedMessage"]
    if name == "SignChargePointCertificate":
        if not station.accepted():
            return Answer(payload={"status": "Rejected"})
        return _accepted(station.commands.certificates.request_renewal)
    wanted = EXTENDED.get(name)
    if wanted is None:
        return Answer(payload={"status": "NotImplemented"})
    return _send(station, wanted, asked.get("connectorId"))


def _send(station: Station, wanted: Trigger, connector_id: int | None) -> Answer:
    if wanted is Trigger.METER_VALUES and not station.accepted():
        return Answer(payload={"status": "Rejected"})
    lowest = 1 if wanted is Trigger.METER_VALUES else 0
    if connector_id is not None and not lowest <= connector_id <= station.connectors:
        return Answer(payload={"status": "Rejected"})
    return _accepted(lambda: station.trigger(wanted, connector_id))


def _accepted(after: Callable[[], None]) -> Answer:
    return Answer(payload={"status": "Accepted"}, after=after)
