"""Why there is no line: one sentence for each cause, and the picture that carries it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from kiosk.model.enums import RegistrationStatus
from kiosk.model.errors import BackendUnreachable
from kiosk.station.ocpp.dial import DialFailed
from kiosk.station.ocpp.trouble import sentence

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]

CLIENT = "kiosk.station.ocpp.client"


def untrusted(text: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = text
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def failed(text: str, cause: Exception | None = None) -> DialFailed:
    error = DialFailed(text)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            failed("wss://h/x: TLS failed", untrusted("self-signed certificate")),
            "the server's certificate is not trusted: self-signed certificate",
        ),
        (
            failed("x", tls("TLSV1_ALERT_UNKNOWN_CA")),
            "the server does not take the station's certificate",
        ),
        (failed("x", tls("UNSUPPORTED_PROTOCOL")), "TLS failed: unsupported protocol"),
        (failed("wss://u@h/x answers HTTP 503"), "the server answers HTTP 503"),
        (
            failed("ws://h/x refuses CP-1 for its AuthorizationKey (HTTP 401)"),
            "the server refuses CP-1 for its AuthorizationKey (HTTP 401)",
        ),
        (failed("x", socket.gaierror(-2, "unknown")), "the name of the server's host is not known"),
        (failed("x", ConnectionRefusedError(111, "refused")), "no server listens at that host and port"),
        (
            failed("x", OSError("Multiple exceptions: [Errno 111] a, [Errno 111] b")),
            "no server listens at that host and port",
        ),
        (OSError(113, "no route"), "the server's host cannot be reached"),
        (TimeoutError(), "the server does not answer"),
        (BackendUnreachable("the line is dead: no pong"), "the line is dead: no pong"),
        (
            failed("security profile 2 needs TLS, but the address is ws://me:secret@h/x"),
            "security profile 2 needs TLS, but the address is ws://h/x",
        ),
        (ValueError(), "ValueError"),
    ],
)
def test_each_cause_has_its_sentence(error: Exception, expected: str) -> None:
    assert sentence(error) == expected


def test_the_picture_tells_it_until_there_is_a_line(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "")

    async def story() -> None:
        async with running(None, "backend.retry_min_s=20", "backend.retry_random_s=0") as world:
            await world.online()
            shown = world.state.snapshot.backend
            assert (shown.problem, shown.next_try_s, shown.boot) == ("", None, RegistrationStatus.ACCEPTED)
            await world.central.stop()
            await world.until(lambda: not world.state.snapshot.backend.connected)
            shown = world.state.snapshot.backend
            assert "closed the connection" in shown.problem
            assert shown.boot is None, "what it once answered says nothing of now"
            assert shown.next_try_s is not None
            assert 19 <= shown.next_try_s - world.clock.monotonic() <= 20
            await world.until(lambda: "listens" in world.state.snapshot.backend.problem)

            def busy(there: ServerConnection, request: Request) -> Response:
                return there.respond(503, "later")

            async with serve(lambda _: asyncio.sleep(0), "127.0.0.1", 9000, process_request=busy):
                await world.until(lambda: "HTTP 503" in world.state.snapshot.backend.problem)
            await world.central.start("127.0.0.1", 9000)
            await world.online()
            shown = world.state.snapshot.backend
            assert (shown.problem, shown.next_try_s, shown.boot) == ("", None, RegistrationStatus.ACCEPTED)

    aio(story())
