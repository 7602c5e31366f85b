"""Firmware, diagnostics and logs in OCPP's words: what is asked, answered, told, and told on request."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from kiosk.backend.central import Options
from kiosk.model.file_jobs import Acceptance, FirmwareNews, FirmwareStatus, LogKind, UploadNews, UploadStatus

AT = "2026-11-23T02:00:00Z"
WHEN = datetime(2026, 11, 23, 2, tzinfo=UTC)
RETRIES = {"retries": 1, "retryInterval": 30}
SIGNED: dict[str, Any] = {
    "requestId": 7,
    "firmware": {
        "location": "https://h/x",
        "retrieveDateTime": AT,
        "signingCertificate": "PEM",
        "signature": "c2ln",
    },
}
LOG: dict[str, Any] = {"logType": "SecurityLog", "requestId": 8, "log": {"remoteLocation": "https://h/up"}}

Opened = Callable[..., Any]


async def ask(world: Any, action: str, payload: dict[str, Any]) -> Any:
    """Over the wire; the answer's payload, or the code of a CALLERROR."""
    frames = world.central.recorder.frames
    message_id = f"ask-{len(frames)}"
    await world.central.stations["HYC-7"].socket.send(json.dumps([2, message_id, action, payload]))

    def answers() -> list[Any]:
        return [f for f in frames if f.message_id == message_id and not f.to_station]

    await world.until(lambda: bool(answers()), 60)
    answer = answers()[0]
    return answer.payload if answer.kind == "result" else answer.payload["code"]


def told(world: Any, action: str) -> list[dict[str, Any]]:
    """Payloads of the calls of this action, in order."""
    return [
        f.payload
        for f in world.central.recorder.frames
        if not f.to_station and f.kind == "call" and f.action == action
    ]


@pytest.mark.parametrize(
    ("action", "payload", "method", "passed"),
    [
        (
            "UpdateFirmware",
            {"location": "ftp://h/x", "retrieveDate": "2026-11-23T02:00:00", **RETRIES},
            "update_firmware",
            {"location": "ftp://h/x", "retrieve_at": WHEN, "retries": 1, "retry_interval_s": 30},
        ),
        (
            "UpdateFirmware",
            {"location": "ftp://h/x", "retrieveDate": "2026-11-23T03:00:00.000+01:00"},
            "update_firmware",
            {"location": "ftp://h/x", "retrieve_at": WHEN, "retries": None, "retry_interval_s": None},
        ),
        (
            "SignedUpdateFirmware",
            {**SIGNED, **RETRIES, "firmware": {**SIGNED["firmware"], "installDateTime": AT}},
            "update_signed",
            {
                "request_id": 7,
                "location": "https://h/x",
                "retrieve_at": WHEN,
                "install_at": WHEN,
                "certificate": "PEM",
                "signature": "c2ln",
                "retries": 1,
                "retry_interval_s": 30,
            },
        ),
        (
            "GetDiagnostics",
            {"location": "ftp://h/up", "startTime": AT, "stopTime": AT, **RETRIES},
            "get_diagnostics",
            {"location": "ftp://h/up", "oldest": WHEN, "latest": WHEN, "retries": 1, "retry_interval_s": 30},
        ),
        (
            "GetLog",
            {**LOG, "log": {**LOG["log"], "oldestTimestamp": AT}},
            "get_log",
            {
                "kind": LogKind.SECURITY_LOG,
                "request_id": 8,
                "location": "https://h/up",
                "oldest": WHEN,
                "latest": None,
                "retries": None,
                "retry_interval_s": None,
            },
        ),
    ],
)
def test_what_is_passed_on(
    aio: Any, running: Opened, action: str, payload: dict[str, Any], method: str, passed: dict[str, Any]
) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            answer = await ask(world, action, payload)
            assert isinstance(answer, dict), answer
            assert world.commands.files.asked == [(method, passed)]

    aio(story())


@pytest.mark.parametrize(
    ("action", "payload", "says", "name", "answer"),
    [
        ("UpdateFirmware", {"location": "ftp://h/x", "retrieveDate": AT}, Acceptance.ACCEPTED_CANCELED, "", {}),
        (
            "UpdateFirmware",
            {"location": "ftp://h/x", "retrieveDate": AT},
            Acceptance.REJECTED,
            "",
            "InternalError",
        ),
        *(("SignedUpdateFirmware", SIGNED, says, "", {"status": says.value}) for says in Acceptance),
        ("GetDiagnostics", {"location": "ftp://h"}, Acceptance.ACCEPTED, "d.zip", {"fileName": "d.zip"}),
        ("GetDiagnostics", {"location": "ftp://h"}, Acceptance.ACCEPTED, None, {}),
        ("GetLog", LOG, Acceptance.ACCEPTED, "s.log", {"status": "Accepted", "filename": "s.log"}),
        (
            "GetLog",
            LOG,
            Acceptance.ACCEPTED_CANCELED,
            "s.log",
            {"status": "AcceptedCanceled", "filename": "s.log"},
        ),
        ("GetLog", LOG, Acceptance.REJECTED, "", {"status": "Rejected"}),
    ],
)
def test_what_is_answered(
    aio: Any,
    running: Opened,
    action: str,
    payload: dict[str, Any],
    says: Acceptance,
    name: str | None,
    answer: Any,
) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            world.commands.files.says, world.commands.files.name = says, name
            assert await ask(world, action, payload) == answer

    aio(story())


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("UpdateFirmware", {"location": "ftp://h/x"}, "ProtocolError"),
        ("UpdateFirmware", {"location": 5, "retrieveDate": AT}, "TypeConstraintViolation"),
        ("UpdateFirmware", {"location": "ftp://h", "retrieveDate": "soon"}, "PropertyConstraintViolation"),
        (
            "UpdateFirmware",
            {"location": "ftp://h", "retrieveDate": "0000-01-01T00:00:00Z"},
            "PropertyConstraintViolation",
        ),
        ("GetLog", {**LOG, "requestId": 10**30}, "PropertyConstraintViolation"),
        ("SignedUpdateFirmware", {**SIGNED, "requestId": -(10**30)}, "PropertyConstraintViolation"),
        ("GetLog", {**LOG, "logType": "Gossip"}, "PropertyConstraintViolation"),
        ("ExtendedTriggerMessage", {"requestedMessage": "Gossip"}, "PropertyConstraintViolation"),
    ],
)
def test_what_does_not_fit_the_schema_is_not_passed_on(
    aio: Any, running: Opened, action: str, payload: dict[str, Any], code: str
) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            assert await ask(world, action, payload) == code
            assert world.commands.files.asked == []

    aio(story())


def test_news_are_told_and_the_job_hears_of_it(aio: Any, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            files, heard = world.commands.files, []

            def note(word: str) -> Callable[[], None]:
                return lambda: heard.append(word)

            files.firmware_news(FirmwareNews(FirmwareStatus.DOWNLOADING, None, note("a")))  # before it is online
            await world.online()
            files.firmware_news(FirmwareNews(FirmwareStatus.SIGNATURE_VERIFIED, 7, note("b")))
            for status in (UploadStatus.UPLOADING, UploadStatus.PERMISSION_DENIED):
                files.diagnostics_news(UploadNews(status, None, note("c")))
            files.log_news(UploadNews(UploadStatus.PERMISSION_DENIED, 8, note("d")))
            await world.until(lambda: heard == ["a", "b", "c", "c", "d"])
            assert told(world, "FirmwareStatusNotification") == [{"status": "Downloading"}]
            assert told(world, "SignedFirmwareStatusNotification") == [
                {"status": "SignatureVerified", "requestId": 7}
            ]
            assert told(world, "DiagnosticsStatusNotification") == [
                {"status": "Uploading"},
                {"status": "UploadFailed"},
            ]
            assert told(world, "LogStatusNotification") == [{"status": "PermissionDenied", "requestId": 8}]

    aio(story())


IDLE = {"status": "Idle"}


@pytest.mark.parametrize(
    ("extended", "message", "firmware", "diagnostics", "log", "action", "payload"),
    [
        (False, "FirmwareStatusNotification", None, None, None, "FirmwareStatusNotification", IDLE),
        (
            False,
            "FirmwareStatusNotification",
            (FirmwareStatus.INSTALLING, None),
            None,
            None,
            "FirmwareStatusNotification",
            {"status": "Installing"},
        ),
        (
            False,
            "FirmwareStatusNotification",
            (FirmwareStatus.INSTALL_REBOOTING, 7),
            None,
            None,
            "FirmwareStatusNotification",
            {"status": "Installing"},
        ),
        (
            False,
            "DiagnosticsStatusNotification",
            None,
            UploadStatus.UPLOADING,
            None,
            "DiagnosticsStatusNotification",
            {"status": "Uploading"},
        ),
        (True, "FirmwareStatusNotification", None, None, None, "SignedFirmwareStatusNotification", IDLE),
        (
            True,
            "FirmwareStatusNotification",
            (FirmwareStatus.INSTALL_SCHEDULED, 7),
            None,
            None,
            "SignedFirmwareStatusNotification",
            {"status": "InstallScheduled", "requestId": 7},
        ),
        (
            True,
            "FirmwareStatusNotification",
            (FirmwareStatus.INSTALLING, None),  # an update that was not asked for this way
            None,
            None,
            "SignedFirmwareStatusNotification",
            IDLE,
        ),
        (True, "LogStatusNotification", None, None, None, "LogStatusNotification", IDLE),
        (
            True,
            "LogStatusNotification",
            None,
            None,
            (UploadStatus.UPLOADING, 8),
            "LogStatusNotification",
            {"status": "Uploading", "requestId": 8},
        ),
        (True, "Heartbeat", None, None, None, "Heartbeat", {}),
    ],
)
def test_triggered_is_what_is_true(
    aio: Any,
    running: Opened,
    extended: bool,
    message: str,
    firmware: Any,
    diagnostics: Any,
    log: Any,
    action: str,
    payload: dict[str, Any],
) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            files = world.commands.files
            files.firmware = firmware or files.firmware
            files.diagnostics = diagnostics or files.diagnostics
            files.log = log or files.log
            before = len(told(world, action))
            trigger = "ExtendedTriggerMessage" if extended else "TriggerMessage"
            assert await ask(world, trigger, {"requestedMessage": message}) == {"status": "Accepted"}
            await world.until(lambda: len(told(world, action)) > before)
            assert told(world, action)[-1] == payload

    aio(story())


def test_extended_triggers_reach_connectors(aio: Any, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.until(lambda: len(told(world, "StatusNotification")) == 4)
            one = {"requestedMessage": "StatusNotification", "connectorId": 2}
            assert await ask(world, "ExtendedTriggerMessage", one) == {"status": "Accepted"}
            await world.until(lambda: len(told(world, "StatusNotification")) == 5)
            assert told(world, "StatusNotification")[-1]["connectorId"] == 2
            for wrong in ({"connectorId": 9}, {"connectorId": -1}):
                assert await ask(world, "ExtendedTriggerMessage", {**one, **wrong}) == {"status": "Rejected"}
            meter = {"requestedMessage": "MeterValues", "connectorId": 0}
            assert await ask(world, "ExtendedTriggerMessage", meter) == {"status": "Rejected"}
            boot = {"requestedMessage": "BootNotification"}
            assert await ask(world, "ExtendedTriggerMessage", boot) == {"status": "Accepted"}
            await world.until(lambda: len(told(world, "BootNotification")) == 2)

    aio(story())


def test_a_new_certificate_is_asked_for_on_request(aio: Any, running: Opened, expected_log: Any) -> None:
    expected_log("kiosk.station.ocpp.signing", "does not sign")  # this backend has no authority

    async def story() -> None:
        async with running() as world:
            await world.online()
            assert not world.commands.certificates.renewal_wanted
            wish = {"requestedMessage": "SignChargePointCertificate"}
            assert await ask(world, "ExtendedTriggerMessage", wish) == {"status": "Accepted"}
            assert world.commands.certificates.renewal_wanted

    aio(story())


def test_triggered_while_the_registration_is_pending(aio: Any, running: Opened) -> None:
    """OCPP 1.6 section 4.2.1: a pending station answers triggers, and tells nothing by itself."""

    async def story() -> None:
        async with running(Options(boot=("Pending",))) as world:
            await world.until(lambda: bool(told(world, "BootNotification")))
            world.commands.files.firmware_news(FirmwareNews(FirmwareStatus.INSTALLED, None, lambda: None))
            wish = {"requestedMessage": "FirmwareStatusNotification"}
            assert await ask(world, "TriggerMessage", wish) == {"status": "Accepted"}
            await world.until(lambda: bool(told(world, "FirmwareStatusNotification")))
            assert told(world, "FirmwareStatusNotification") == [IDLE]

    aio(story())
