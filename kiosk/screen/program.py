"""The running screen: one window, one link to the core, a few small duties that each log their failure.

It never blocks and never lies: the first frame comes before anything that can wait, and what the core no longer
confirms is not shown as if it were. It ends by ending ``Program.run``, never by quitting Qt.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import shiboken6
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlApplicationEngine, QQmlError
from PySide6.QtQuick import QQuickWindow

from kiosk.model.clock import Clock, SystemClock
from kiosk.model.enums import Page, Tap
from kiosk.model.errors import KioskError
from kiosk.model.snapshot import Changes, Snapshot, Tick
from kiosk.screen.engine import MAIN_QML, prepare
from kiosk.screen.health import ASK_EVERY_S, FrameWatch, Reporter
from kiosk.screen.palette import is_night
from kiosk.screen.slideshow import Slides
from kiosk.screen.translator import Language
from kiosk.screen.view import StationView

if TYPE_CHECKING:
    from kiosk.link.client import LinkClient
    from kiosk.link.messages import DriverTap

log = logging.getLogger(__name__)

FIRST_FRAME_WITHIN_S: Final = 5.0
WAKE_EVERY_S: Final = 1.0
COLLECT_EVERY_S: Final = 5.0
RESTART_AFTER_S: Final = 1.0
TAPS_WAITING: Final = 16
"""More touches than that while the core is silent are not what anybody still wants."""


class NoWindow(KioskError):
    """The QML could not be loaded; the log says why."""


class Program:
    """``data``: the data folder. ``started_s``: when the process began (monotonic seconds), for the log."""

    def __init__(
        self, data: Path, *, fullscreen: bool = False, started_s: float | None = None, clock: Clock | None = None
    ) -> None:
        self._data, self._fullscreen = data, fullscreen
        self._clock = clock or SystemClock()
        self._started_s = self._clock.monotonic() if started_s is None else started_s
        self._stop = asyncio.Event()
        self._taps: asyncio.Queue[DriverTap] = asyncio.Queue(TAPS_WAITING)
        self._frames = FrameWatch(self._clock.monotonic())
        self._painted = asyncio.Event()
        self._reporter = Reporter()
        self._waked_s = float("-inf")
        self._client: LinkClient | None = None
        self._snapshot: Snapshot | None = None
        self._night: bool | None = None
        self._report_due = asyncio.Event()

    # --- life -------------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Show the screen until SIGTERM, SIGINT or ``stop``. Returns the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        gc.disable()  # see _collect_garbage
        engine = QQmlApplicationEngine()
        try:
            try:
                self._build(engine)
            except NoWindow:
                return 1
            await self._first_frame()
            self._open_to_others()
            async with asyncio.TaskGroup() as duties:
                tasks = [
                    duties.create_task(self._supervised(name, duty))
                    for name, duty in (
                        ("link", self._link),
                        ("taps", self._send_taps),
                        ("slides", lambda: self.slides.run(self._clock)),
                        ("health", self._watch_health),
                        ("report", self._send_reports),
                        ("memory", self._collect_garbage),
                    )
                ]
                await self._stop.wait()
                for task in tasks:
                    task.cancel()
            return 0
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            self._take_down(engine)
            gc.enable()

    def stop(self) -> None:
        """End ``run`` as soon as possible."""
        self._stop.set()

    def _build(self, engine: QQmlApplicationEngine) -> None:
        self._engine = engine
        engine.setOutputWarningsToStandardError(False)
        engine.warnings.connect(_log_qml_warnings)
        prepare(engine)
        self.view = cast(StationView, engine.singletonInstance("Kiosk", "Station"))
        self.slides = cast(Slides, engine.singletonInstance("Kiosk", "Slides"))
        self.language = Language(engine)
        self.language.use(self._language_code())
        self.view.languageChanged.connect(self._language_changed)
        self.view.pageChanged.connect(self._page_changed)
        self.view.frameChanged.connect(self._report)
        self.view.tapped.connect(self._tapped)
        self._choose_palette()  # before anything is bound to it: to change it later costs 30 ms
        engine.load(QUrl.fromLocalFile(str(MAIN_QML)))
        roots = engine.rootObjects()
        if not roots or not isinstance(roots[0], QQuickWindow):
            log.error("%s gave no window", MAIN_QML)
            raise NoWindow(str(MAIN_QML))
        self.window = roots[0]
        self.window.frameSwapped.connect(self._frame_swapped)
        if self._fullscreen:
            from PySide6.QtCore import Qt  # here, because it costs 35 ms

            QGuiApplication.setOverrideCursor(Qt.CursorShape.BlankCursor)
            self.window.showFullScreen()
        else:
            self.window.show()

    async def _first_frame(self) -> None:
        """Wait for it, because nothing that is imported later is needed for it."""
        stopped = asyncio.create_task(self._stop.wait())
        painted = asyncio.create_task(self._painted.wait())
        await asyncio.wait({stopped, painted}, timeout=FIRST_FRAME_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        painted.cancel()
        took_ms = (self._clock.monotonic() - self._started_s) * 1000
        if self._painted.is_set():
            log.info("first frame after %.0f ms", took_ms)
        else:
            log.warning("no frame after %.0f ms: is the display on?", took_ms)

    def _open_to_others(self) -> None:
        """What the first frame does not need: touches, and what the core may ask."""
        from kiosk.screen.remote import Remote
        from kiosk.screen.touch import TouchWatch

        self.remote = Remote(self.window, self._page_name, self._language_code, self._is_simulated)
        self._touches = TouchWatch(self.window, self._touched)

    def _take_down(self, engine: QQmlApplicationEngine) -> None:
        """The engine goes first, while everything its bindings read still exists."""
        if hasattr(self, "language"):
            self.view.languageChanged.disconnect(self._language_changed)
            self.language.drop()
        if self._fullscreen:
            QGuiApplication.restoreOverrideCursor()
        shiboken6.delete(engine)

    async def _supervised(self, name: str, duty: Callable[[], Awaitable[object]]) -> None:
        """A duty that fails is logged and begun again; the screen stays."""
        while True:
            try:
                await duty()
                log.error("%s ended by itself; begun again in %.0f s", name, RESTART_AFTER_S)
            except Exception:
                log.exception("%s failed; begun again in %.0f s", name, RESTART_AFTER_S)
            await asyncio.sleep(RESTART_AFTER_S)

    # --- the core ---------------------------------------------------------------------------------------

    async def _link(self) -> None:
        from kiosk.link.client import LinkClient  # after the first frame: it brings websockets

        self._client = LinkClient(
            self._data,
            "screen",
            on_snapshot=self._on_snapshot,
            on_changes=self._on_changes,
            on_tick=self._on_tick,
            on_lost=self._on_lost,
            handlers=self.remote.handlers(),
        )
        try:
            await self._client.run()
        finally:
            self._client = None

    def _on_snapshot(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._reporter.forget()
        self.view.set_core_lost(False)
        self.view.apply(snapshot)
        self._configure_slides()
        self._report()

    def _on_changes(self, changes: Changes) -> None:
        if self._snapshot is not None:
            self._snapshot = changes.on(self._snapshot)
        self.view.change(changes)
        self._configure_slides()
        self._report()

    def _on_tick(self, tick: Tick) -> None:
        self.view.tick(tick)

    def _on_lost(self) -> None:
        log.warning("the station core is lost")
        self.view.set_core_lost(True)

    def _configure_slides(self) -> None:
        if self._snapshot is not None:
            gui = self._snapshot.gui
            self.slides.configure(
                welcome_dir=gui.welcome_dir,
                slides_dir=gui.slides_dir,
                slide_time_s=gui.slide_time_s,
                language=self._language_code(),
            )

    def _is_simulated(self) -> bool:
        return self._snapshot is not None and self._snapshot.station.simulated

    # --- the driver -------------------------------------------------------------------------------------

    def _touched(self) -> None:
        """Any touch anywhere keeps the dialogue awake."""
        now_s = self._clock.monotonic()
        if now_s - self._waked_s >= WAKE_EVERY_S:
            self._waked_s = now_s
            self._tapped(Tap.WAKE.value, 0)

    def _tapped(self, action: str, connector_id: int) -> None:
        from kiosk.link.messages import DriverTap

        try:
            self._taps.put_nowait(DriverTap(action=Tap(action), connector_id=connector_id or None))
        except asyncio.QueueFull:
            log.warning("touch %s is dropped: the station core does not answer", action)

    async def _send_taps(self) -> None:
        while True:
            tap = await self._taps.get()
            if self._client is None or not self._client.connected:
                log.info("touch %s is dropped: no station core", tap.action)
                continue
            try:
                await self._client.call("driver.tap", tap, timeout_s=5.0)
            except KioskError as error:
                log.warning("touch %s at connector %s: %s", tap.action, tap.connector_id, error)

    def _language_changed(self) -> None:
        self.language.use(self._language_code())
        self._configure_slides()
        self._report()

    def _page_changed(self) -> None:
        self._choose_palette()
        self._report()

    def _choose_palette(self) -> None:
        """Between pages only, never under a finger."""
        gui = self.view.gui
        night = is_night(self._clock.now().astimezone(), gui.latitude, gui.longitude)
        if night != self._night:
            self._night = night
            theme = self._engine.singletonInstance("Kiosk", "Theme")
            assert isinstance(theme, QObject)
            theme.setProperty("night", night)

    # --- health -----------------------------------------------------------------------------------------

    def _page_name(self) -> str:
        return str(self.view.page)

    def _language_code(self) -> str:
        return str(self.view.language)

    def _frame_swapped(self) -> None:
        self._frames.swapped(self._clock.monotonic())
        self._painted.set()

    async def _watch_health(self) -> None:
        """Ask for a frame every second and tell the core what is shown, where that is news."""
        while True:
            self.window.update()
            if self._page_name() == Page.STANDBY:
                self._choose_palette()
            self._report()
            await asyncio.sleep(ASK_EVERY_S)

    def _report(self) -> None:
        self._report_due.set()

    async def _send_reports(self) -> None:
        from kiosk.link.messages import ScreenReport

        while True:
            await self._report_due.wait()
            self._report_due.clear()
            if self._client is None or not self._client.connected:
                continue
            now_s = self._clock.monotonic()
            report = ScreenReport(
                name=self._page_name(),
                language=self._language_code(),
                locked=self.view.is_locked,
                frame_age_ms=self._frames.age_ms(now_s),
            )
            if self._reporter.due(report, now_s):
                try:
                    await self._client.call("screen.report", report, timeout_s=5.0)
                except KioskError as error:
                    log.warning("the station core did not take the screen's report: %s", error)
                    self._reporter.forget()

    async def _collect_garbage(self) -> None:
        """On this thread, and on this thread only: a worker that frees a Qt object would crash."""
        trim = _trimmer()
        gc.collect()
        gc.freeze()
        try:
            while True:
                trim()
                await asyncio.sleep(COLLECT_EVERY_S)
                gc.collect()
        finally:
            gc.unfreeze()


def _log_qml_warnings(warnings: list[QQmlError]) -> None:
    """A warning of QML is a mistake of ours, but for a picture that cannot be decoded: ``slideshow`` tells it."""
    for warning in warnings:
        level = logging.DEBUG if "Error decoding" in warning.description() else logging.ERROR
        log.log(level, "%s", warning.toString())


def _trimmer() -> Callable[[], object]:
    """Gives memory freed by decoded pictures back to the system, where the C library can (glibc)."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return (lambda: None) if trim is None else (lambda: trim(0))
