"""Why there is no line to the backend, in one short sentence for people. Pure."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterator
from typing import Final

from websockets.exceptions import ConnectionClosed

from kiosk.model.enums import SecurityEventType
from kiosk.station.certificates import context
from kiosk.station.ocpp.wire import why

_ADDRESS_FIRST: Final = re.compile(r"^wss?://\S+")
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]*@")
_NETWORK: Final = (
    (errno.ECONNREFUSED, "no server listens at that host and port"),
    (errno.ENETUNREACH, "there is no way to the server's network"),
    (errno.EHOSTUNREACH, "the server's host cannot be reached"),
    (errno.ECONNRESET, "the server hung up"),
)


def sentence(error: BaseException) -> str:
    """What ended a dial or a line; the address is known to the reader, and no credentials are in it."""
    trouble = context.trouble(error)
    if trouble is not None:
        return _tls(*trouble)
    for each in _causes(error):
        if isinstance(each, ConnectionClosed):
            return why(each)
        if isinstance(each, socket.gaierror):
            return "the name of the server's host is not known"
        if isinstance(each, ConnectionRefusedError):
            return "no server listens at that host and port"
        if isinstance(each, OSError):
            for number, text in _NETWORK:  # where a host has several addresses, the numbers are only in the text
                if each.errno == number or f"[Errno {number}]" in str(each):
                    return text
    if isinstance(error, TimeoutError):
        return "the server does not answer"
    text = _ADDRESS_FIRST.sub("the server", str(error) or type(error).__name__)
    return _CREDENTIALS.sub("", text)


def _tls(kind: SecurityEventType, text: str) -> str:
    match kind:
        case SecurityEventType.INVALID_BACKEND_CERTIFICATE:
            return f"the server's certificate is not trusted: {text.rstrip('.')}"
        case SecurityEventType.FAILED_TO_AUTHENTICATE:
            return "the server does not take the station's certificate"
        case _:
            return f"TLS failed: {text}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__
