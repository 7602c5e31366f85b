"""Cases of the RemoteTrigger profile, and DataTransfer."""

from __future__ import annotations

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case


async def _trigger(lab: Bench, message: str, connector_id: int | None = None) -> str:
    asked: dict[str, object] = {"requestedMessage": message}
    if connector_id is not None:
        asked["connectorId"] = connector_id
    lab.csms.mark()
    answered = await lab.csms.call("TriggerMessage", asked)
    return str(answered["status"])


@case("054", "Trigger a message", profile="RemoteTrigger")
async def tc_054(lab: Bench) -> None:
    number = await lab.charge(1)
    assert await _trigger(lab, "MeterValues", 1) == "Accepted"
    values = await lab.csms.expect("MeterValues", connectorId=1)
    assert values["transactionId"] == number
    assert {s["context"] for v in values["meterValue"] for s in v["sampledValue"]} == {"Trigger"}
    assert await _trigger(lab, "Heartbeat") == "Accepted"
    await lab.csms.expect("Heartbeat")
    assert await _trigger(lab, "StatusNotification", 1) == "Accepted"
    await lab.csms.status(1, "Charging")
    assert await _trigger(lab, "DiagnosticsStatusNotification") == "Accepted"
    await lab.csms.expect("DiagnosticsStatusNotification", status="Idle")
    assert await _trigger(lab, "FirmwareStatusNotification") == "Accepted"
    await lab.csms.expect("FirmwareStatusNotification", status="Idle")
    assert await _trigger(lab, "StatusNotification") == "Accepted"  # without a connector: all of them
    await lab.csms.expect_all(*(("StatusNotification", {"connectorId": i}) for i in (0, *lab.connector_ids)))
    assert await _trigger(lab, "BootNotification") == "Accepted"
    await lab.csms.expect("BootNotification")
    assert lab.station.connector(1).status == "Charging", "a triggered message must not disturb the session"


@case("055", "Trigger a message, rejected", profile="RemoteTrigger")
async def tc_055(lab: Bench) -> None:
    asked = {"requestedMessage": "MeterValues", "connectorId": len(lab.connector_ids) + 1}
    told = await lab.csms.status_or_code("TriggerMessage", asked)
    assert told in ("Rejected", "PropertyConstraintViolation"), told
    await lab.csms.never("MeterValues", for_s=20)


@case("062", "Data transfer to the station", profile="Core")
async def tc_062(lab: Bench) -> None:
    asked = {"vendorId": "org.example.nobody", "messageId": "hello", "data": "{}"}
    answered = await lab.csms.call("DataTransfer", asked)
    assert answered["status"] in ("Rejected", "UnknownMessageId", "UnknownVendorId"), answered
    await lab.csms.call("GetConfiguration", {"key": ["HeartbeatInterval"]})  # and it still listens
