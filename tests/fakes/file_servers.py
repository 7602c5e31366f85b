"""Real servers on real sockets that files are fetched from and delivered to: HTTP(S), FTP(S), SFTP."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BODY = bytes(range(256)) * 3000
"""A file that is not all one."""

Answer = Callable[["WebHandler"], None]


class WebServer(ThreadingHTTPServer):
    """``files``: path to content, fetched and delivered. ``special``: path to what happens there instead."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), WebHandler)
        self.files: dict[str, bytes] = {}
        self.special: dict[str, Answer] = {}
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()  # what stalls, stalls until then
        self.stalled = threading.Event()  # somebody has reached the point where it stalls
        self.scheme = "http" if context is None else "https"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str, *, login: str = "", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{login}{host}:{self.port}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what some tests are about."""


class WebHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WebServer

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read what they want to know from the server."""

    def do_GET(self) -> None:
        self._note()
        special = self.server.special.get(self.path)
        if special is not None:
            special(self)
            return
        body = self.server.files.get(self.path)
        if body is None:
            self.refuse(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        self._note()
        special = self.server.special.get(self.path)
        if special is not None:
            special(self)
            return
        self.take()

    def do_POST(self) -> None:
        self.do_PUT()

    def take(self) -> None:
        self.server.files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def refuse(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    def stall(self, begin: bytes = b"") -> None:
        """Answer, and go on only when the test is over."""
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(begin)
        self.wfile.flush()
        self.server.stalled.set()
        self.server.released.wait(20)

    def _note(self) -> None:
        self.server.requests.append((self.command, self.path))
        self.server.headers.append(dict(self.headers))


@contextlib.contextmanager
def web_server(context: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    server = WebServer(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class FtpServer(socketserver.ThreadingTCPServer):
    """As much FTP as a client needs. ``tls``: AUTH TLS is offered, and wanted. ``pasv_host``: what PASV lies."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, tls: ssl.SSLContext | None, implicit: bool) -> None:
        super().__init__(("127.0.0.1", 0), FtpHandler)
        self.files: dict[str, bytes] = {}
        self.folders: set[str] = {""}
        self.commands: list[str] = []
        self.tls = tls
        self.implicit = implicit
        self.login: tuple[str, str] | None = None
        self.pasv_host = "127,0,0,1"
        self.refuse_size = False
        self.break_off = False
        self.sessions_reused: list[bool] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what some tests are about."""


class FtpHandler(socketserver.StreamRequestHandler):
    server: FtpServer

    def handle(self) -> None:
        self.user = ""
        self.secured = False
        self.listener: socket.socket | None = None
        if self.server.implicit:
            self._secure()
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            self.server.commands.append(line)
            word, _, rest = line.partition(" ")
            if word == "QUIT":
                self._say("221 bye")
                return
            getattr(self, f"_{word.lower()}", self._unknown)(rest)

    def finish(self) -> None:
        for each in (self.rfile, self.wfile, self.connection, self.listener):
            if each is not None:
                with contextlib.suppress(OSError):  # the client may be gone
                    each.close()

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
        self.wfile.flush()

    def _unknown(self, _rest: str) -> None:
        self._say("502 not done here")

    def _secure(self) -> None:
        assert self.server.tls is not None
        self.rfile.close()
        self.wfile.close()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.secured = True

    def _auth(self, _rest: str) -> None:
        if self.server.tls is None:
            self._unknown("")
            return
        self._say("234 go on")
        self._secure()

    def _user(self, rest: str) -> None:
        self.user = rest
        self._say("331 password")

    def _pass(self, rest: str) -> None:
        good = self.server.login in (None, (self.user, rest)) and (self.server.tls is None or self.secured)
        self._say("230 in" if good else "530 no")

    def _pbsz(self, _rest: str) -> None:
        self._say("200 ok")

    _prot = _type = _pbsz

    def _size(self, rest: str) -> None:
        if self.server.refuse_size or rest not in self.server.files:
            self._say("550 no")
        else:
            self._say(f"213 {len(self.server.files[rest])}")

    def _pasv(self, _rest: str) -> None:
        if self.listener is not None:
            self.listener.close()
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self._say(f"227 ({self.server.pasv_host},{port // 256},{port % 256})")

    def _data(self) -> socket.socket:
        assert self.listener is not None
        with self.listener:
            data, _ = self.listener.accept()
        if self.secured:
            assert self.server.tls is not None
            secured = self.server.tls.wrap_socket(data, server_side=True)
            self.server.sessions_reused.append(bool(secured.session_reused))
            return secured
        return data

    def _retr(self, rest: str) -> None:
        if rest not in self.server.files:
            self._say("550 no such file")
            return
        self._say("150 here")
        content = self.server.files[rest]
        with contextlib.closing(self._data()) as data:
            data.sendall(content[: len(content) // 2] if self.server.break_off else content)
            self._goodbye(data)
        self._say("426 broke off" if self.server.break_off else "226 done")

    def _stor(self, rest: str) -> None:
        if rest.rpartition("/")[0] not in self.server.folders:
            self._say("553 no such folder")
            return
        self._say("150 go on")
        taken = b""
        with contextlib.closing(self._data()) as data:
            while chunk := data.recv(65536):
                taken += chunk
            self._goodbye(data)
        self.server.files[rest] = taken
        self._say("226 done")

    def _mkd(self, rest: str) -> None:
        if rest in self.server.folders or rest.rpartition("/")[0] not in self.server.folders:
            self._say("550 no")
            return
        self.server.folders.add(rest)
        self._say(f'257 "{rest}"')

    @staticmethod
    def _goodbye(data: socket.socket) -> None:
        if isinstance(data, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                data.unwrap()


@contextlib.contextmanager
def ftp_server(tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> Iterator[FtpServer]:
    server = FtpServer(tls, implicit)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.asynccontextmanager
async def sftp_server(
    folder: Path, *, user: str = "cp", password: str = "pw", port: int = 0
) -> AsyncIterator[int]:
    """An SFTP server that shows ``folder`` as its root; yields its port."""
    import asyncssh

    class Login(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, given: str) -> bool:
            return (username, given) == (user, password)

    class Chroot(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(folder).encode())

    listener = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        server_factory=Login,
        sftp_factory=Chroot,
    )
    async with listener:
        yield listener.get_port()
