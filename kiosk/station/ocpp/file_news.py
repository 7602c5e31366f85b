"""How firmware updates, diagnostics and logs stand, in OCPP's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kiosk.model.file_jobs import FirmwareNews, FirmwareStatus, UploadNews, UploadStatus
from kiosk.station.commands.files import Files
from kiosk.station.ocpp.asked import Payload, Trigger
from kiosk.station.ocpp.notices import Notices

DIAGNOSTICS: Final = {
    UploadStatus.IDLE: "Idle",
    UploadStatus.UPLOADED: "Uploaded",
    UploadStatus.UPLOADING: "Uploading",
}
"""DiagnosticsStatus knows one failure only, UploadFailed (OCPP 1.6 section 7.24)."""


def connect(files: Files, notices: Notices) -> None:
    """Every news of the jobs becomes a notice."""

    def say(trigger: Trigger, payload: Payload, heard: Callable[[], None]) -> None:
        # a backend that refuses to hear it has been told, too
        notices.say(trigger.value, payload, on_answer=lambda _: heard(), on_refusal=lambda _: heard())

    def firmware(news: FirmwareNews) -> None:
        trigger = Trigger.FIRMWARE if news.request_id is None else Trigger.SIGNED_FIRMWARE
        say(trigger, _payload(news.status.value, news.request_id), news.heard)

    def diagnostics(news: UploadNews) -> None:
        say(Trigger.DIAGNOSTICS, {"status": _diagnostics(news.status)}, news.heard)

    def logs(news: UploadNews) -> None:
        say(Trigger.LOG, _payload(news.status.value, news.request_id), news.heard)

    files.tell(firmware=firmware, diagnostics=diagnostics, logs=logs)


def current(trigger: Trigger, files: Files) -> Payload:
    """The payload of a triggered status: what goes on now, Idle when nothing does."""
    match trigger:
        case Trigger.DIAGNOSTICS:
            return {"status": _diagnostics(files.diagnostics_status())}
        case Trigger.LOG:
            upload, request_id = files.log_status()
            return _payload(upload.value, request_id)
    status, request_id = files.firmware_status()
    if trigger is Trigger.FIRMWARE:
        return {"status": files.plain(status).value}
    if request_id is None and status is not FirmwareStatus.IDLE:
        status = FirmwareStatus.IDLE  # an update without a request of its own is none of this message's
    return _payload(status.value, request_id)


def _diagnostics(status: UploadStatus) -> str:
    return DIAGNOSTICS.get(status, "UploadFailed")


def _payload(status: str, request_id: int | None) -> dict[str, Any]:
    """requestId only where there is a request (security white paper: it may be left out with Idle)."""
    return {"status": status} if request_id is None else {"status": status, "requestId": request_id}
