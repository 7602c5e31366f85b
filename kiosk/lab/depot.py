"""A web server on loopback where stations under trial fetch firmware and leave logs. Real sockets, own thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

ANSWER_S: Final = 0.01
"""How soon the server notices that it is to end."""


class Depot:
    """``files``: path to content; what is delivered lands there too. ``broken``: paths that answer 500."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.files: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self.requests: list[tuple[str, str]] = []

    def put(self, path: str, content: bytes) -> str:
        """Lay a file out; its address."""
        self.files[path] = content
        return self.url + path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    depot: Depot


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """The depot keeps its own list of requests."""

    def do_GET(self) -> None:
        depot = self._note()
        content = depot.files.get(self.path)
        if self.path in depot.broken:
            self._answer(500)
        elif content is None:
            self._answer(404)
        else:
            self._answer(200, content)

    def do_PUT(self) -> None:
        depot = self._note()
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if any(self.path.startswith(path) for path in depot.broken):
            self._answer(500)
        else:
            depot.files[self.path] = content
            self._answer(201)

    def _note(self) -> Depot:
        self.server.depot.requests.append((self.command, self.path))
        return self.server.depot

    def _answer(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def depot() -> Iterator[Depot]:
    """A depot that is open until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.depot = Depot(int(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": ANSWER_S}, daemon=True)
    thread.start()
    try:
        yield server.depot
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
