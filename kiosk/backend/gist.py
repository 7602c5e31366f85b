"""One readable line per message: time, station, direction, action, what matters in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kiosk.backend.recording import Frame
from kiosk.model.logs import mask

Gist = Callable[[Mapping[str, Any]], str]


def _tag(payload: Mapping[str, Any]) -> str:
    return f"tag {mask(payload.get('idTag'))}"


def _info(payload: Mapping[str, Any]) -> str:
    info = payload.get("idTagInfo")
    return str(info.get("status", "")) if isinstance(info, Mapping) else ""


def _fault(payload: Mapping[str, Any]) -> str:
    if payload.get("errorCode") == "NoError":
        return ""
    return f", {payload.get('errorCode')} {payload.get('vendorErrorCode', '')} {payload.get('info', '')}".rstrip()


def _meter(payload: Mapping[str, Any]) -> str:
    shown = []
    for value in payload.get("meterValue", ()):
        for sampled in value.get("sampledValue", ()):
            name = sampled.get("measurand", "Energy.Active.Import.Register").split(".")[0]
            shown.append(f"{name} {sampled.get('value')} {sampled.get('unit', '')}".rstrip())
    return f"connector {payload.get('connectorId')}: {', '.join(shown)}"


def _nothing(payload: Mapping[str, Any]) -> str:
    return ""


def _status(payload: Mapping[str, Any]) -> str:
    return str(payload.get("status", ""))


CALLS: Final[Mapping[str, Gist]] = {
    "BootNotification": lambda p: " ".join(
        str(p.get(k, "")) for k in ("chargePointVendor", "chargePointModel", "firmwareVersion")
    ),
    "Heartbeat": _nothing,
    "Authorize": _tag,
    "StatusNotification": lambda p: f"connector {p.get('connectorId')} {p.get('status')}{_fault(p)}",
    "StartTransaction": lambda p: f"connector {p.get('connectorId')}, {_tag(p)}, from {p.get('meterStart')} Wh",
    "MeterValues": _meter,
    "StopTransaction": lambda p: (
        f"transaction {p.get('transactionId')}, to {p.get('meterStop')} Wh, {p.get('reason', 'Local')}"
    ),
    "RemoteStartTransaction": lambda p: f"connector {p.get('connectorId', 'any')}, {_tag(p)}",
    "RemoteStopTransaction": lambda p: f"transaction {p.get('transactionId')}",
    "ChangeConfiguration": lambda p: f"{p.get('key')}",  # the value may be a secret
    "GetConfiguration": lambda p: ", ".join(p.get("key", ())) or "all keys",
    "Reset": lambda p: str(p.get("type")),
    "UnlockConnector": lambda p: f"connector {p.get('connectorId')}",
    "TriggerMessage": lambda p: f"{p.get('requestedMessage')} {p.get('connectorId', '')}".rstrip(),
    "ChangeAvailability": lambda p: f"connector {p.get('connectorId')} {p.get('type')}",
    "SecurityEventNotification": lambda p: f"{p.get('type')} {p.get('techInfo', '')}".rstrip(),
    "InstallCertificate": lambda p: str(p.get("certificateType")),
    "GetInstalledCertificateIds": lambda p: str(p.get("certificateType")),
    "DataTransfer": lambda p: f"{p.get('vendorId')} {p.get('messageId', '')}".rstrip(),
}

RESULTS: Final[Mapping[str, Gist]] = {
    "Authorize": _info,
    "StartTransaction": lambda p: f"transaction {p.get('transactionId')}, {_info(p)}",
    "StopTransaction": _info,
    "BootNotification": lambda p: f"{p.get('status')}, interval {p.get('interval')} s",
    "Heartbeat": lambda p: str(p.get("currentTime")),
    "GetConfiguration": lambda p: (
        f"{len(p.get('configurationKey', ()))} keys, {len(p.get('unknownKey', ()))} unknown"
    ),
}


def line(frame: Frame) -> str:
    """For example ``12:00:03.120 HYC-1 → StartTransaction connector 1, tag E364…, from 1000 Wh``."""
    arrow = "←" if frame.to_station else "→"
    head = f"{frame.at:%H:%M:%S}.{frame.at.microsecond // 1000:03d} {frame.station} {arrow}"
    if frame.kind == "broken":
        return f"{head} (not OCPP: {frame.raw[:60]!r})"
    if frame.kind == "error":
        return f"{head} {frame.action} CALLERROR {frame.payload['code']}: {frame.payload['description']}"
    if not isinstance(frame.payload, Mapping):
        return f"{head} {frame.action} (payload is no object)"
    if frame.kind == "call":
        gist = CALLS.get(frame.action, _nothing)(frame.payload)
        return f"{head} {frame.action} {gist}".rstrip()
    gist = RESULTS.get(frame.action, _status)(frame.payload)
    return f"{head} {frame.action}.conf {gist}".rstrip()
