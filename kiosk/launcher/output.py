"""Passing lines on without ever waiting for whoever reads them.

A person stops the terminal with Ctrl-S, or a pipe's reader hangs: a launcher that waited would fill the pipes of
its programs, and the core would stand still in the middle of a session. So lines are dropped, and it is told.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable
from typing import Final

MAX_WAITING: Final = 2000
"""Lines kept for a reader that does not read."""
PIECE: Final = 4096
"""At most this many bytes fit for certain where ``poll`` promises room (PIPE_BUF)."""
RETRY_S: Final = 0.1


class Output:
    """Lines to the file descriptor ``fd``. ``later(seconds, function)``: how to be called again."""

    def __init__(self, fd: int, later: Callable[[float, Callable[[], None]], object]) -> None:
        self._fd = fd
        self._later = later
        self._waiting: deque[bytes] = deque()
        self._dropped = 0
        self._called_again = False
        self._gone = False
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)

    def line(self, text: str) -> None:
        """Pass on a line. Never waits, never raises."""
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
            return
        if self._dropped:
            self._waiting.append(f"... {self._dropped} lines dropped: nobody read them\n".encode())
            self._dropped = 0
        self._waiting.append(text.encode("utf-8", "backslashreplace") + b"\n")
        self.flush()

    def flush(self) -> None:
        """Write what can be written now."""
        while self._waiting and not self._gone and self._poll.poll(0):
            chunk = self._waiting.popleft()
            try:
                written = os.write(self._fd, chunk[:PIECE])
            except OSError:  # nobody is there any more: a closed pipe, a terminal that hung up
                self._gone = True
                break
            if written < len(chunk):
                self._waiting.appendleft(chunk[written:])
        if self._gone:
            self._waiting.clear()
        elif self._waiting and not self._called_again:
            self._called_again = True
            self._later(RETRY_S, self._again)

    def _again(self) -> None:
        self._called_again = False
        self.flush()
