"""The screen program: ``python -m kiosk.screen --data DIR``. What it does stands in ``program``.

This module imports as little as it can: half of the time to the first frame is Python's imports.
"""

from __future__ import annotations

import argparse
import builtins
import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from kiosk.model import logs, paths


class Options(argparse.Namespace):
    """What the command line said."""

    data: Path
    fullscreen: bool
    started_s: float  # monotonic


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Reads the command line; ends the program with a message where it is wrong, as argparse does."""
    parser = argparse.ArgumentParser(
        prog="python -m kiosk.screen",
        description="The driver's screen. It shows what the station core of the same data folder says, "
        "and waits for one.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=paths.default_data_dir(),
        metavar="DIR",
        help="data folder of the station (default: %(default)s)",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--fullscreen", action="store_true", help="cover the whole panel and hide the pointer")
    size.add_argument(
        "--windowed", dest="fullscreen", action="store_false", help="a window of 1366 x 768 (default)"
    )
    return parser.parse_args(arguments, Options(started_s=time.monotonic()))


def prepare_environment(data: Path) -> None:
    """Settings that Qt reads once, before it starts; what the environment says already wins."""
    os.environ.setdefault("QT_QUICK_BACKEND", "software")  # without a GPU it beats the emulated one by far
    # Qt waits 5 ms before it paints what a touch changed; animations have their own beat of 16 ms either way
    os.environ.setdefault("QT_QPA_UPDATE_IDLE_TIME", "0")
    os.environ.setdefault("QML_DISK_CACHE_PATH", str(data / "cache" / "qml"))
    # written by Qt itself, not by a Python handler: Qt's own threads log too, and one that waits for the
    # interpreter while the GUI thread waits for it is a deadlock (seen)
    os.environ.setdefault(
        "QT_MESSAGE_PATTERN",
        "screen %{if-debug}DEBUG%{endif}%{if-info}INFO%{endif}%{if-warning}WARNING%{endif}"
        "%{if-critical}ERROR%{endif}%{if-fatal}CRITICAL%{endif} qt.%{category}: %{message}",
    )
    os.environ["QT_API"] = "pyside6"  # or qasync takes whatever binding it finds first


def plain_imports() -> None:
    """Takes PySide's redirection of ``import`` out again; call it once PySide6 is imported.

    It reads the source text of every module imported later to see whether that module may use ``__feature__``, and
    keeps the text: 8 MB, and a good part of the start. No module of ours uses ``__feature__``; one that PySide
    does not know keeps the plain names. Without such a redirection nothing is done.
    """
    plain = getattr(builtins, "__orig_import__", None)
    if plain is not None:
        builtins.__import__ = plain


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the screen until SIGTERM or SIGINT. Returns the exit code."""
    gc.disable()  # to look through what the imports bring costs 10 ms; the program collects, see there
    options = parse(arguments)
    logs.configure("screen")
    prepare_environment(options.data)

    import asyncio

    from PySide6.QtGui import QGuiApplication

    plain_imports()
    from kiosk.screen.program import Program
    from kiosk.screen.qt_loop import make_loop

    app = QGuiApplication(sys.argv[:1])
    app.setApplicationName("kiosk-screen")
    app.setQuitOnLastWindowClosed(False)  # the main coroutine ends the program
    with asyncio.Runner(loop_factory=lambda: make_loop(app)) as runner:
        return runner.run(Program(options.data, fullscreen=options.fullscreen, started_s=options.started_s).run())
