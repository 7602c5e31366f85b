"""Firmware, diagnostics and logs: FirmwareManagement, and what the security white paper adds to it."""

from __future__ import annotations

from typing import Final

from ocpp.exceptions import InternalError

from kiosk.model.file_jobs import Acceptance, LogKind
from kiosk.station.ocpp.asked import Payload, Station
from kiosk.station.ocpp.handlers.fields import moment, optional_moment, whole

MAX_NAME: Final = 255
"""CiString255 of GetDiagnostics.conf fileName and GetLog.conf filename."""


async def update_firmware(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.19. Its answer cannot say no: a CALLERROR does, while a new firmware is being started."""
    acceptance = await station.commands.files.update_firmware(
        location=asked["location"],
        retrieve_at=moment(asked, "retrieveDate"),
        retries=asked.get("retries"),
        retry_interval_s=asked.get("retryInterval"),
    )
    if acceptance is Acceptance.REJECTED:
        raise InternalError(description="a new firmware is about to be started; ask again after the restart")
    return {}


async def signed_update_firmware(station: Station, asked: Payload) -> Payload:
    """Security white paper, section 5, SignedUpdateFirmware."""
    firmware = asked["firmware"]
    acceptance = await station.commands.files.update_signed(
        request_id=whole(asked, "requestId"),
        location=firmware["location"],
        retrieve_at=moment(firmware, "retrieveDateTime"),
        install_at=optional_moment(firmware, "installDateTime"),
        certificate=firmware["signingCertificate"],
        signature=firmware["signature"],
        retries=asked.get("retries"),
        retry_interval_s=asked.get("retryInterval"),
    )
    return {"status": acceptance.value}


async def get_diagnostics(station: Station, asked: Payload) -> Payload:
    """OCPP 1.6 section 5.9: without a file name there is nothing to upload."""
    name = await station.commands.files.get_diagnostics(
        location=asked["location"],
        oldest=optional_moment(asked, "startTime"),
        latest=optional_moment(asked, "stopTime"),
        retries=asked.get("retries"),
        retry_interval_s=asked.get("retryInterval"),
    )
    return {} if name is None else {"fileName": name[:MAX_NAME]}


async def get_log(station: Station, asked: Payload) -> Payload:
    """Security white paper, section 5, GetLog."""
    wanted = asked["log"]
    acceptance, name = await station.commands.files.get_log(
        kind=LogKind(asked["logType"]),
        request_id=whole(asked, "requestId"),
        location=wanted["remoteLocation"],
        oldest=optional_moment(wanted, "oldestTimestamp"),
        latest=optional_moment(wanted, "latestTimestamp"),
        retries=asked.get("retries"),
        retry_interval_s=asked.get("retryInterval"),
    )
    return {"status": acceptance.value} | ({"filename": name[:MAX_NAME]} if name else {})
