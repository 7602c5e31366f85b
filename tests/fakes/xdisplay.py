"""A display without a panel whose pixels can be read and touched from outside, the same for every program."""

from __future__ import annotations

import ctypes
import mmap
import os
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Colour = tuple[int, int, int]


class XDisplay:
    """Pixels straight from the server's frame buffer, touches as the server's own input."""

    def __init__(self, name: str, frame_file: Path) -> None:
        self.name = name
        self._file = frame_file.open("rb")
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        head = struct.unpack(">25I", self._map[:100])  # XWD file header, big endian
        self._line_bytes, colours = head[12], head[19]
        self._start = head[0] + colours * 12
        self._x11 = ctypes.CDLL("libX11.so.6")
        self._xtst = ctypes.CDLL("libXtst.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(name.encode()))
        if not self._display:
            raise RuntimeError(f"display {name} cannot be opened")

    def pixel(self, x: int, y: int) -> Colour:
        at = self._start + y * self._line_bytes + x * 4
        blue, green, red = self._map[at : at + 3]
        return red, green, blue

    def move(self, x: int, y: int) -> None:
        self._xtst.XTestFakeMotionEvent(self._display, -1, x, y, ctypes.c_ulong(0))
        self._x11.XFlush(self._display)

    def button(self, down: bool) -> None:
        self._xtst.XTestFakeButtonEvent(self._display, 1, int(down), ctypes.c_ulong(0))
        self._x11.XFlush(self._display)

    def close(self) -> None:
        self._x11.XCloseDisplay(self._display)
        self._map.close()
        self._file.close()


@contextmanager
def x_display(folder: Path) -> Iterator[XDisplay]:
    """A server of its own with one screen of 1366 x 768; ``folder`` takes its frame buffer."""
    read, write = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(write),
            "-screen",
            "0",
            "1366x768x24",
            "-fbdir",
            str(folder),
            "-nolisten",
            "tcp",
        ],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as answers:
            number = answers.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        display = XDisplay(f":{number}", folder / "Xvfb_screen0")
        try:
            yield display
        finally:
            display.close()
    finally:
        server.terminate()
        server.wait(10)


def watch(condition: Callable[[], bool], timeout_s: float) -> float | None:
    """Seconds until ``condition`` held, looked at about a thousand times a second; None = not in time."""
    began_s = time.perf_counter()
    while not condition():
        if time.perf_counter() - began_s > timeout_s:
            return None
        time.sleep(0.0005)
    return time.perf_counter() - began_s
