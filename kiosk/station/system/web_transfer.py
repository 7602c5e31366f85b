"""HTTP and HTTPS: one request at a time on a socket that was dialled for us. Blocking: runs in a thread."""

from __future__ import annotations

import base64
import contextlib
import http.client
import ssl
from pathlib import Path
from socket import socket
from typing import Final

from kiosk.model.errors import TransferFailed
from kiosk.station.system.addresses import Address
from kiosk.station.system.cord import CHUNK, Cord, Sink

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DENIED: Final = frozenset({401, 403, 407})
_NOT_THIS_WAY: Final = frozenset({405, 501})
_PASSING: Final = frozenset({408, 425, 429})
"""Client errors that another try may mend."""
_AGENT: Final = "charging-station"


class Connection(http.client.HTTPConnection):
    """A connection over a socket that stands already."""

    def __init__(self, address: Address, sock: socket, stall_s: float) -> None:
        default = address.port == (443 if address.scheme == "https" else 80)
        super().__init__(address.host, None if default else address.port, timeout=stall_s)
        if default:
            self.port = self.default_port = address.port  # so that the Host header does without
        self.sock = sock

    def connect(self) -> None:
        """Raises TransferFailed: it is never dialled by itself, as that would resolve the name anew."""
        raise TransferFailed("the server closed the connection")


def secured(sock: socket, address: Address, context: ssl.SSLContext) -> socket:
    """TLS with the server's name checked. Raises TransferFailed when the certificate is not trusted."""
    try:
        return context.wrap_socket(sock, server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        sock.close()
        text = f"the certificate of {address.host} is not trusted: {error.verify_message}"
        raise TransferFailed(text, refused=True) from error


def download(sock: socket, address: Address, target: Path, cord: Cord) -> str | None:
    """Returns None when the file is there, or the address we are redirected to. Raises TransferFailed, OSError."""
    with contextlib.closing(Connection(address, sock, cord.stall_s)) as connection:
        connection.request("GET", address.path, headers=_headers(address))
        with _answer(connection) as answer:
            if answer.status in REDIRECTS and (location := answer.getheader("Location")):
                return location
            if answer.status != 200:
                raise _refusal(answer)
            _store(answer, sock, target, cord)
    return None


def upload(sock: socket, address: Address, source: Path, cord: Cord, method: str) -> str | None:
    """Returns None when the server has the file, or the address we are redirected to.

    Raises TransferFailed (``unsupported`` when the server does not know the method), OSError.
    """
    size = source.stat().st_size
    with contextlib.closing(Connection(address, sock, cord.stall_s)) as connection:
        connection.putrequest(method, address.path, skip_accept_encoding=True)
        headers = _headers(address) | {
            "Content-Type": "application/zip",
            "Content-Length": str(size),
            "Content-Disposition": f'attachment; filename="{source.name}"',
        }
        for name, value in headers.items():
            connection.putheader(name, value)
        # a server that refuses may answer and close before it has read all: its answer says why
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders()
            _send(connection, sock, source, cord)
        with _answer(connection) as answer:
            if answer.status in REDIRECTS and (location := answer.getheader("Location")):
                return location
            if not 200 <= answer.status < 300:
                raise _refusal(answer)
    return None


def _headers(address: Address) -> dict[str, str]:
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity", "Connection": "close"}
    if address.username or address.password:
        pair = f"{address.username}:{address.password}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(pair).decode("ascii")
    return headers


def _answer(connection: Connection) -> http.client.HTTPResponse:
    try:
        return connection.getresponse()
    except http.client.HTTPException as error:
        raise TransferFailed(f"the server gave no proper answer ({type(error).__name__})") from error


def _store(answer: http.client.HTTPResponse, sock: socket, target: Path, cord: Cord) -> None:
    size = answer.length
    with Sink(target, cord) as sink:
        sink.expect(size)
        before = cord.moved
        while data := _read(answer, sock, cord):
            sink.write(data)
        cord.check()
        if size is not None and cord.moved - before != size:
            raise TransferFailed(f"the server stopped after {cord.moved - before} of {size} bytes")


def _read(answer: http.client.HTTPResponse, sock: socket, cord: Cord) -> bytes:
    if answer.isclosed():
        return b""
    sock.settimeout(cord.stall_s)
    try:
        return answer.read1(CHUNK)
    except http.client.HTTPException as error:
        raise TransferFailed(f"the server broke off ({type(error).__name__})") from error


def _send(connection: Connection, sock: socket, source: Path, cord: Cord) -> None:
    with source.open("rb") as file:
        while data := file.read(CHUNK):
            cord.check(len(data))
            sock.settimeout(cord.stall_s)
            connection.send(data)


def _refusal(answer: http.client.HTTPResponse) -> TransferFailed:
    reason = "".join(c for c in answer.reason if c.isprintable())[:60]
    return TransferFailed(
        f"the server answers {answer.status} {reason}".rstrip(),
        final=400 <= answer.status < 500 and answer.status not in _PASSING,
        refused=answer.status in _DENIED,
        unsupported=answer.status in _NOT_THIS_WAY,
    )
