"""What keeps a blocking transfer in bounds: a deadline, a stall limit, a size limit, and an end from outside."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import msgspec

from kiosk.model.errors import TransferFailed

CHUNK: Final = 256 * 1024
KEEP_FREE_BYTES: Final = 64 * 1024 * 1024
"""The disk is never filled further than this: the journal lies on it too."""
_LOOK_EVERY: Final = 32 * 1024 * 1024


def keep_room(size: int, folder: Path) -> None:
    """Raises OSError when so many bytes more would leave too little of the disk."""
    if size > shutil.disk_usage(folder).free - KEEP_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one transfer. ``stall_s``: without a single byte. ``total_s``: all in all."""

    max_bytes: int = 2 * 1024**3
    stall_s: float = 60.0
    total_s: float = 3600.0


Progress = Callable[[int, int | None], None]
"""Bytes so far, and how many it will be (None: nobody knows). Called in the thread that works."""


class Cord:
    """Held by both sides: the thread that works calls ``check``, the other may ``cut`` it.

    ``moved``: bytes so far. ``now_s``: monotonic seconds of the machine, as sockets count in them.
    """

    def __init__(
        self, limits: Limits, progress: Progress | None = None, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self.moved = 0
        self._progress = progress
        self._expected: int | None = None
        self._now_s = now_s
        self._deadline_s = now_s() + limits.total_s
        self._cut = threading.Event()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    @property
    def stall_s(self) -> float:
        """Time-out for one socket operation."""
        return max(0.001, min(self.limits.stall_s, self._deadline_s - self._now_s()))

    def hold(self, sock: socket.socket) -> socket.socket:
        """``cut`` ends what waits on this socket."""
        with self._lock:
            self._sockets.append(sock)
        if self._cut.is_set():
            _shut(sock)
        return sock

    def cut(self) -> None:
        """From another thread: give up now."""
        self._cut.set()
        with self._lock:
            for sock in self._sockets:
                _shut(sock)

    def check(self, moved: int = 0) -> None:
        """Count ``moved`` bytes. Raises TransferFailed when a bound is passed or the cord was cut."""
        self.moved += moved
        if self._progress is not None:
            self._progress(self.moved, self._expected)
        if self._cut.is_set():
            raise TransferFailed("given up", final=True)
        if self._now_s() > self._deadline_s:
            raise TransferFailed(f"not done within {self.limits.total_s:g} s")
        if self.moved > self.limits.max_bytes:
            raise TransferFailed(f"more than {self.limits.max_bytes} bytes", final=True)

    def announced(self, size: int | None, folder: Path) -> None:
        """The other side says how much it will be (None: it does not). Raises TransferFailed (final)."""
        if size is not None and size > self.limits.max_bytes:
            raise TransferFailed(f"{size} bytes, more than the {self.limits.max_bytes} allowed", final=True)
        room = shutil.disk_usage(folder).free - KEEP_FREE_BYTES
        if size is not None:
            self._expected = size
        if (size or 0) > room:
            text = f"no room on the disk: {size or 0} bytes to come, {max(0, room)} free"
            raise TransferFailed(text, final=True)


class Sink:
    """A file that is whole or not there: written beside its place, on the disk, then renamed."""

    def __init__(self, target: Path, cord: Cord) -> None:
        self._target = target
        self._part = target.with_name(target.name + ".part")
        self._cord = cord
        self._looked = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Sink:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._cord.announced(None, self._target.parent)
        self._file = open(self._part, "wb", opener=_private)
        return self

    def expect(self, size: int | None) -> None:
        """Raises TransferFailed when so much has no room."""
        self._cord.announced(size, self._target.parent)

    def write(self, data: bytes) -> None:
        assert self._file is not None
        self._cord.check(len(data))
        if self._cord.moved - self._looked >= _LOOK_EVERY:
            self._looked = self._cord.moved
            self._cord.announced(None, self._target.parent)
        self._file.write(data)

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        assert self._file is not None
        try:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()
            if kind is not None:
                self._part.unlink(missing_ok=True)
        if kind is None:
            os.replace(self._part, self._target)
            sync_folder(self._target.parent)


def sync_folder(folder: Path) -> None:
    """A rename survives a power cut only when the folder is on the disk too."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already
        sock.shutdown(socket.SHUT_RDWR)
