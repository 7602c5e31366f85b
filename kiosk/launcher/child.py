"""One child process on the event loop: no threads, its own session, dies with us."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Final

PR_SET_PDEATHSIG: Final = 1
CHUNK: Final = 65536
MAX_LINE: Final = 16384

_libc = ctypes.CDLL(None, use_errno=True)  # found before any fork: nothing may be looked up between fork and exec


class Child:
    """A started process. ``on_line`` gets each line of its output and errors, without the line end.

    Raises OSError when the program cannot be started.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""
        parent = os.getpid()

        def die_with_parent() -> None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before the signal was set
                os._exit(1)

        self._process = subprocess.Popen(
            command,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,  # single-threaded, see the charter
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._out, False)
        self._pidfd = os.pidfd_open(self.pid)
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._out, self._read)
        self._loop.add_reader(self._pidfd, self._exited)

    async def wait(self) -> int:
        """Exit code, negative for a signal."""
        return await asyncio.shield(self._ended)

    async def stop(self, grace_s: float) -> int:
        """SIGTERM, and SIGKILL to its whole group after ``grace_s``."""
        if not self._ended.done():
            self._process.send_signal(signal.SIGTERM)
            # a stopped process takes the signal only when it runs again
            self._process.send_signal(signal.SIGCONT)
        try:
            async with asyncio.timeout(grace_s):
                return await self.wait()
        except TimeoutError:
            self._on_line(f"did not stop within {grace_s:g} s and is killed")
            self.kill()
            return await self.wait()

    def kill(self) -> None:
        """The whole group, at once."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # all gone already

    def _read(self) -> None:
        try:
            chunk = os.read(self._out, CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._loop.remove_reader(self._out)
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > MAX_LINE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._on_line(line.decode("utf-8", "replace").rstrip("\r"))

    def _exited(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        code = self._process.wait()
        self._last_words()
        self.kill()  # what it left behind in its session
        if not self._ended.done():
            self._ended.set_result(code)

    def _last_words(self) -> None:
        assert self._process.stdout is not None
        self._loop.remove_reader(self._out)
        try:
            while chunk := os.read(self._out, CHUNK):
                self._rest += chunk
        except BlockingIOError:
            self._rest += b""  # a grandchild still holds the pipe; nothing more from the child itself
        for line in filter(None, self._rest.split(b"\n")):
            self._on_line(line.decode("utf-8", "replace").rstrip("\r"))
        self._rest = b""
        self._process.stdout.close()
