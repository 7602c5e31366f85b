"""FTP and FTPS on a control connection that was dialled for us. Blocking: runs in a thread.

Data connections go to the address of the control connection, whatever the server answers to PASV. ``ftps`` on
port 990 is TLS from the first byte; on another port the connection is secured with AUTH TLS (RFC 4217).
"""

from __future__ import annotations

import contextlib
import ftplib
import ssl
from collections.abc import Iterator
from pathlib import Path
from socket import socket
from typing import Any, Final

from kiosk.model.errors import TransferFailed
from kiosk.station.system.addresses import PORTS, Address
from kiosk.station.system.cord import CHUNK, Cord, Sink

ANONYMOUS: Final = "anonymous"
_DENIED: Final = frozenset({"530", "532", "553"})
_NOT_DONE: Final = frozenset({"500", "502", "504"})


class _Secured(ftplib.FTP_TLS):
    """FTP_TLS whose data connections take up the control connection's TLS session, as many servers want."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket, int | None]:
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        control: Any = self.sock
        secured = self.context.wrap_socket(plain, server_hostname=self.host, session=control.session)
        return secured, size


def download(sock: socket, address: Address, target: Path, cord: Cord, context: ssl.SSLContext | None) -> None:
    """Raises TransferFailed, OSError."""
    with _told(address), _session(sock, address, cord, context) as ftp, Sink(target, cord) as sink:
        path = address.file_path
        with contextlib.suppress(ftplib.error_perm):  # SIZE is an extension
            sink.expect(ftp.size(path))
        with contextlib.closing(cord.hold(ftp.transfercmd(f"RETR {path}"))) as data:
            while True:
                data.settimeout(cord.stall_s)
                chunk = data.recv(CHUNK)
                if not chunk:
                    break
                sink.write(chunk)
            cord.check()
            _end_of(data)
        ftp.voidresp()


def upload(sock: socket, address: Address, source: Path, cord: Cord, context: ssl.SSLContext | None) -> None:
    """Into the folder of ``address``, under the file's own name. Raises TransferFailed, OSError."""
    folder = address.file_path.rstrip("/")
    path = f"{folder}/{source.name}" if address.file_path else source.name
    with _told(address), _session(sock, address, cord, context) as ftp, source.open("rb") as file:
        try:
            data = ftp.transfercmd(f"STOR {path}")
        except ftplib.error_perm as error:
            if not folder or not str(error).startswith("55"):
                raise
            _make(ftp, folder)
            data = ftp.transfercmd(f"STOR {path}")
        with contextlib.closing(cord.hold(data)):
            while chunk := file.read(CHUNK):
                cord.check(len(chunk))
                data.settimeout(cord.stall_s)
                data.sendall(chunk)
            _end_of(data)
        ftp.voidresp()


@contextlib.contextmanager
def _session(sock: socket, address: Address, cord: Cord, context: ssl.SSLContext | None) -> Iterator[ftplib.FTP]:
    """Logged in, binary. Left without waiting for a goodbye when something failed."""
    ftp = ftplib.FTP(timeout=cord.stall_s) if context is None else _Secured(context=context, timeout=cord.stall_s)
    ftp.host, ftp.port = address.host, address.port
    try:
        if context is not None and address.port == PORTS["ftps"]:
            sock = cord.hold(context.wrap_socket(sock, server_hostname=address.host))
        ftp.sock, ftp.af = sock, sock.family
        ftp.file = sock.makefile("r", encoding=ftp.encoding)
        ftp.welcome = ftp.getresp()
        # FTP_TLS secures the connection in login() unless it is secured already
        ftp.login(address.username or ANONYMOUS, address.password or (ANONYMOUS if not address.username else ""))
        if isinstance(ftp, ftplib.FTP_TLS):
            ftp.prot_p()
            cord.hold(ftp.sock)
        ftp.voidcmd("TYPE I")
        yield ftp
        ftp.quit()
    finally:
        ftp.close()
        sock.close()


@contextlib.contextmanager
def _told(address: Address) -> Iterator[None]:
    """The server's refusals as TransferFailed."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        text = f"the certificate of {address.host} is not trusted: {error.verify_message}"
        raise TransferFailed(text, refused=True) from error
    except ftplib.error_perm as error:
        code = str(error)[:3]
        raise TransferFailed(
            f"the server answers {_clean(error)}",
            final=True,
            refused=code in _DENIED,
            unsupported=code in _NOT_DONE,
        ) from error
    except (ftplib.Error, EOFError) as error:
        raise TransferFailed(f"the server answers {_clean(error) or 'nothing'}") from error


def _make(ftp: ftplib.FTP, folder: str) -> None:
    """Every level of it; what is there already is refused, and the upload tells whether that was the reason."""
    parts = folder.split("/")
    for depth in range(1, len(parts) + 1):
        if level := "/".join(parts[:depth]):
            with contextlib.suppress(ftplib.error_perm):
                ftp.mkd(level)


def _end_of(data: socket) -> None:
    """A TLS data connection says goodbye, so that the server knows the file is whole."""
    if isinstance(data, ssl.SSLSocket):
        with contextlib.suppress(OSError):  # the server did not wait for it
            data.unwrap()


def _clean(error: BaseException) -> str:
    return "".join(c if c.isprintable() else " " for c in str(error))[:80].strip()
