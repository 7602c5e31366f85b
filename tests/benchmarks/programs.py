"""The three programs of the comparison: how each is written, started, watched on the display, and weighed.

Weight (PSS in MB, CPU time in seconds) is that of a process and everything it started.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil

from tests.fakes.xdisplay import Colour, XDisplay, watch

SHOW_S, FADE_S = 3, 0.6
PROBE = (683, 250)  # in a band of one colour, free on the standby page
BANDS: tuple[Colour, ...] = ((230, 30, 30), (30, 230, 30), (30, 30, 230), (230, 230, 30), (30, 230, 230))
EMPTY: Colour = (0, 0, 0)
QT = {"QT_QPA_PLATFORM": "xcb", "QT_QUICK_BACKEND": "software", "PYTHONDONTWRITEBYTECODE": ""}
"""As installed: without a GPU, with compiled modules."""
NAMES = ("Logo.png", "Authenticate.png", "1.png", "2.png", "3.png")

BARE = """
import sys
from PySide6.QtCore import QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine
app = QGuiApplication(sys.argv)
engine = QQmlApplicationEngine()
engine.load(QUrl.fromLocalFile(sys.argv[1]))
sys.exit(app.exec())
"""

BARE_QML = """
import QtQuick

Window {
    id: window

    property list<string> files: [%(urls)s]
    property int at: 0

    width: 1366
    height: 768
    visible: true

    component Layer: Image {
        anchors.fill: parent
        asynchronous: true
        cache: false
        sourceSize: Qt.size(1366, 768)
    }

    Layer { id: lower; source: window.files[0] }
    Layer { id: upper; opacity: 0 }

    NumberAnimation {
        id: fade

        target: upper
        property: "opacity"
        to: 1
        duration: %(fade_ms)d
        easing.type: Easing.InOutQuad
        onFinished: {
            lower.source = upper.source;
            settle.start();
        }
    }
    Timer { id: settle; interval: 200; onTriggered: upper.opacity = 0 }
    Timer {
        interval: %(show_ms)d
        running: true
        repeat: true
        onTriggered: {
            window.at = (window.at + 1) %% window.files.length;
            upper.source = window.files[window.at];
            start.start();
        }
    }
    Timer { id: start; interval: 100; onTriggered: fade.start() }
}
"""

BROWSER = """<!doctype html><meta charset="utf-8"><style>
html, body { margin: 0; background: #000; overflow: hidden; cursor: none }
img { position: absolute; left: 0; top: 0; width: 1366px; height: 768px }
#upper { opacity: 0 }
#upper.on { opacity: 1; transition: opacity %(fade_ms)dms ease-in-out }
#button { position: absolute; left: 907px; top: 608px; width: 416px; height: 128px; background: #005046 }
#button:active { background: #10201d }
</style><img id="lower"><img id="upper"><div id="button"></div><script>
const files = [%(urls)s]; let at = 0;
const lower = document.getElementById("lower"), upper = document.getElementById("upper");
lower.src = files[0];
setInterval(async () => {
  at = (at + 1) %% files.length; upper.src = files[at]; await upper.decode(); upper.classList.add("on");
  setTimeout(async () => {
    lower.src = files[at]; await lower.decode(); upper.classList.remove("on");
  }, %(fade_ms)d + 100);
}, %(show_ms)d);
</script>"""


class Core:
    """Only the doors of a core, in a thread: what our screen needs to show slides."""

    def __init__(self, data: Path, welcome: Path, slides: Path) -> None:
        self._data, self._welcome, self._slides = data, welcome, slides
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()
        assert self._ready.wait(20)

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    def _run(self) -> None:
        from tests.fakes.screens import MadeUpCore, picture

        async def serve() -> None:
            first = picture(slide_time_s=SHOW_S, welcome_dir=str(self._welcome), slides_dir=str(self._slides))
            async with MadeUpCore(self._data, first).open():
                self._ready.set()
                await self._stop.wait()

        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(serve())


class Program:
    """One of the three, as a command; ``started_s`` is filled by ``running``."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name, self.command, self.environment = name, command, environment
        self.started_s = 0.0

    @contextmanager
    def running(self, display: XDisplay) -> Iterator[psutil.Process]:
        assert watch(lambda: display.pixel(*PROBE) == EMPTY, 10) is not None, "the display is not free"
        self.started_s = time.perf_counter()
        process = subprocess.Popen(
            self.command,
            env=os.environ | self.environment | {"DISPLAY": display.name},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield psutil.Process(process.pid)
        finally:
            for one in tree(psutil.Process(process.pid)):
                one.terminate()
            process.wait(20)
            watch(lambda: display.pixel(*PROBE) == EMPTY, 10)

    def first_frame_s(self, display: XDisplay) -> float:
        """From the command to the first pixel that is not the empty display's."""
        return self._until(lambda: display.pixel(*PROBE) != EMPTY)

    def first_slide_s(self, display: XDisplay) -> float:
        """From the command to the first picture of the show; ours asks the core which one that is."""
        return self._until(lambda: near(display.pixel(*PROBE), BANDS))

    def _until(self, condition: Callable[[], bool]) -> float:
        assert watch(condition, 30) is not None, f"{self.name} shows nothing"
        return time.perf_counter() - self.started_s


def near(pixel: Colour, colours: tuple[Colour, ...]) -> bool:
    return any(all(abs(a - b) <= 6 for a, b in zip(pixel, colour, strict=True)) for colour in colours)


def tree(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return []


def of_tree(process: psutil.Process, figure: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for one in tree(process):
        try:
            total += figure(one)
        except psutil.NoSuchProcess:
            continue
    return total


def pss_mb(process: psutil.Process) -> float:
    return of_tree(process, lambda p: p.memory_full_info().pss / 1e6)


def pss_over_a_slide_mb(process: psutil.Process) -> float:
    """Median over the time of one slide: it differs while a picture is decoded and while two are shown."""
    samples = []
    for _ in range(5):
        samples.append(pss_mb(process))
        time.sleep(SHOW_S / 5)
    return median(samples)


def cpu_s(process: psutil.Process) -> float:
    return of_tree(process, lambda p: p.cpu_times().user + p.cpu_times().system)
