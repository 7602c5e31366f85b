"""What a row of the fault table means for whoever comes to repair the station, in English sentences. Pure."""

from __future__ import annotations

from typing import Final

from kiosk.model.enums import ChargePointErrorCode, Phase
from kiosk.model.faults import Fault, FaultScope

_WHEN: Final[dict[Phase, str]] = {
    Phase.UNPLUGGED: "with no plug in",
    Phase.PLUGGED: "plugged in, before the start",
    Phase.SLAC: "powerline match",
    Phase.LINK: "data link",
    Phase.V2G: "exchange of messages",
    Phase.LOCK: "locking",
    Phase.CABLE_CHECK: "insulation test",
    Phase.PRECHARGE: "precharge",
    Phase.ENERGY: "charging",
    Phase.SUSPENDED_EV: "paused by the car",
    Phase.SUSPENDED_EVSE: "paused by the station",
    Phase.STOPPING: "stopping",
    Phase.ENDED: "session over, plug still in",
}


def when(fault: Fault) -> str:
    """Where in a session it can come."""
    if set(fault.phases) == set(Phase):
        return "at any time"
    return ", ".join(_WHEN[phase] for phase in Phase if phase in fault.phases)


def effect(fault: Fault) -> str:
    """What stops, and what cannot begin."""
    place = "at every connector" if fault.scope is FaultScope.STATION else "at this connector"
    if fault.stops_charging:
        reason = "EmergencyStop" if fault.scope is FaultScope.STATION else "Other"
        return f"The contactor opens, the session {place} ends (reason {reason}), and none can begin there."
    if fault.blocks_start:
        return f"No session can begin {place}, and one that still prepares ends; one that charges goes on."
    return "Nothing stops: charging goes on and can begin."


def told(fault: Fault) -> str:
    """What the backend reads of it."""
    if fault.error_code is ChargePointErrorCode.NO_ERROR:
        return "NoError, vendorErrorCode 0"
    where = "connector 0" if fault.scope is FaultScope.STATION else "the connector"
    status = "Faulted" if fault.blocks_start else "the status stays"
    if fault.error_code is ChargePointErrorCode.EV_COMMUNICATION_ERROR:
        status = "Finishing (a warning of the car is no fault of the connector, OCPP 1.6 section 4.9)"
    elif fault.scope is FaultScope.STATION and fault.blocks_start:
        where = "connector 0 and every connector"
    return f"{where}: {status}, {fault.error_code}, vendorErrorCode {fault.code}, info {fault.name}"


def recovery(fault: Fault) -> str:
    """How it is over."""
    if not fault.blocks_start:
        return "By itself."
    if fault.latched_until_replug:
        return "Only when the plug was out; a restart changes nothing."
    if fault.scope is FaultScope.STATION:
        return "When the button is released. Nothing begins by itself: a card, a start or a new plug does."
    if fault.error_code is ChargePointErrorCode.CONNECTOR_LOCK_FAILURE:
        return (
            "When the lock moves again (UnlockConnector, `kiosk unlock`: three tries each), or the plug was out."
        )
    if fault.error_code is ChargePointErrorCode.POWER_METER_FAILURE:
        return (
            "When a meter that was silent speaks again. One that told what cannot be true is tried again when the "
            "plug has been out for 10 s; after three such trials in a row, only after a restart."
        )
    if fault.ends_with_replug:
        return "When its cause is gone, or the plug was out."
    return "When its cause is gone; the plug has nothing to do with it."
