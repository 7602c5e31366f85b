"""The shell of the slide show: hands the decisions of ``slides.show`` to the two layers of ``SlideShow.qml``.

Files are looked at on a worker thread, pictures are decoded on Qt's own image thread; the GUI thread only passes
names and numbers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtQml import QmlElement, QmlSingleton

from kiosk.model.clock import Clock
from kiosk.slides.check import Finding, Problem
from kiosk.slides.folder import Candidate, Folders, Listing, read
from kiosk.slides.playlist import FALLBACK_LANGUAGE, WELCOME, Item, demo_slides, playlist
from kiosk.slides.show import Show

log = logging.getLogger(__name__)

QML_IMPORT_NAME = "Kiosk"
QML_IMPORT_MAJOR_VERSION = 1

POLL_S: Final = 0.5
"""How often the folder and the picture shown are looked at: a change is seen within 1 s, fade not counted."""
DAMAGED: Final = Finding(
    problem=Problem.BROKEN, reason="it cannot be decoded", remedy="export it again, or copy it again in full"
)

P = ParamSpec("P")
T = TypeVar("T")


@QmlElement
@QmlSingleton
class Slides(QObject):
    """What ``SlideShow.qml`` talks to. Before ``run`` (and in still pictures) it shows our standard logo.

    Signals: ``load(owner, generation, url)`` into the hidden layer, ``fade(owner, generation)`` to the front.
    ``owner`` tells one instance of the QML item from the next, because pages are built again.
    """

    load = Signal(int, int, str)
    fade = Signal(int, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slide_time_s = 0.0
        self._folders = Folders(welcome=None, slides=None, language=FALLBACK_LANGUAGE)
        self._listing: Listing | None = None
        self._show = Show(playlist((), 0))
        self._look_now = False
        self._owner = 0
        self._attached = False
        self._running = False
        self._now: Callable[[], float] = lambda: 0.0
        self._wake: asyncio.Event | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._complaints: dict[Item, tuple[Finding, ...]] = {}

    # --- what the operator set --------------------------------------------------------------------------

    def configure(self, *, welcome_dir: str, slides_dir: str, slide_time_s: float, language: str) -> None:
        """Folders (empty = ours), GUIslideTime in seconds, and the language shown, for our own pictures."""
        folders = Folders(
            welcome=Path(welcome_dir) if welcome_dir else None,
            slides=Path(slides_dir) if slides_dir else demo_slides(),
            language=language,
        )
        if folders.slides != self._folders.slides:
            self._listing = None
        if (folders, slide_time_s) != (self._folders, self._slide_time_s):
            self._folders, self._slide_time_s = folders, slide_time_s
            self._look_now = True
            self._poke()

    @property
    def shown(self) -> Candidate | None:
        """The picture that stands on the screen now."""
        return self._show.shown

    # --- what the layers say ----------------------------------------------------------------------------

    @Slot(result=int)
    def attach(self) -> int:
        """A new pair of empty layers; returns its owner number."""
        self._owner += 1
        self._attached = True
        self._show.restart()
        return self._owner

    @Slot(int)
    def begin(self, owner: int) -> None:
        """The layers listen now."""
        if owner == self._owner:
            if self._wake is None:
                self._load(self._folders.look(WELCOME[0]))
            self._poke()

    @Slot(int)
    def detach(self, owner: int) -> None:
        if owner == self._owner:
            self._attached = self._running = False
            self._show.restart()

    @Slot(int, bool)
    def setRunning(self, owner: int, running: bool) -> None:
        """Whether anybody sees the layers; the time of a picture does not run out unseen."""
        if owner == self._owner and running != self._running:
            self._running = running
            if running:
                self._show.resume(self._now())
            self._poke()

    @Slot(int)
    def ready(self, generation: int) -> None:
        if self._show.ready(generation):
            self._fade_if_due()
            self._poke()

    @Slot(int)
    def failed(self, generation: int) -> None:
        lost = self._show.failed(generation)
        if lost is not None:
            self._complain(lost.item, lost.stamp.path, (DAMAGED,))
            self._poke()

    @Slot(int)
    def done(self, generation: int) -> None:
        if self._show.done(generation, self._now()):
            self._poke()

    # --- the loop ---------------------------------------------------------------------------------------

    async def run(self, clock: Clock) -> None:
        """Show until cancelled. Trouble with one look at the folder is logged and does not end the show."""
        self._now = clock.monotonic
        self._wake = asyncio.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="slides")
        poll_at_s = self._now()
        try:
            while True:
                self._wake.clear()
                if self._show.shown is None:
                    await self._fill()  # the first picture does not wait for a large folder
                if self._look_now or self._now() >= poll_at_s:
                    self._look_now = False
                    await self._look_around()
                    poll_at_s = self._now() + POLL_S
                await self._fill()
                self._fade_if_due()
                due_s = self._show.due_s() if self._running else None
                until_s = poll_at_s if due_s is None else min(poll_at_s, due_s)
                await self._sleep(until_s - self._now())
        finally:
            self._wake = None
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def _sleep(self, seconds: float) -> None:
        assert self._wake is not None
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look_around(self) -> None:
        """Read the folder if it changed, and look again at the files shown and waiting."""
        folders = self._folders
        if self._slide_time_s > 0 and folders.slides is not None:
            listing = await self._on_thread(read, folders.slides, self._listing)
            if listing.error and (self._listing is None or self._listing.error != listing.error):
                log.warning("the folder of the slides cannot be read: %s", listing.error)
            changed = listing is not self._listing
            self._listing = listing
        else:
            changed, self._listing = True, None
        if changed or self._show.playlist.time_s != self._slide_time_s:
            self._show.replace(playlist(self._listing.names if self._listing else (), self._slide_time_s))
        for item in self._show.watch():
            self._show.looked(await self._on_thread(folders.look, item, self._show.undecodable(item)))

    async def _fill(self) -> None:
        """Find something for the hidden layer."""
        while self._attached and (item := self._show.want(self._now())) is not None:
            folders, owner = self._folders, self._owner
            found = await self._on_thread(folders.look, item, self._show.undecodable(item))
            if owner == self._owner and self._attached:
                self._load(found)

    def _load(self, found: Candidate) -> None:
        generation = self._show.offer(found)
        if found.findings:
            self._complain(found.item, found.stamp.path, found.findings)
        elif found.own_findings:
            self._complain(found.item, found.own_path, found.own_findings)
        if generation is not None:
            self.load.emit(self._owner, generation, QUrl.fromLocalFile(found.stamp.path).toString())

    def _fade_if_due(self) -> None:
        if not self._running:
            return
        generation = self._show.start(self._now())
        if generation is not None:
            self.fade.emit(self._owner, generation)

    def _complain(self, item: Item, path: str, findings: tuple[Finding, ...]) -> None:
        if self._complaints.get(item) != findings:
            self._complaints[item] = findings
            reasons = "; ".join(f.reason for f in findings)
            remedies = "; ".join(dict.fromkeys(f.remedy for f in findings))
            log.warning("%s is not shown: %s; %s", path, reasons, remedies)

    def _poke(self) -> None:
        if self._wake is not None:
            self._wake.set()

    async def _on_thread(self, work: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        assert self._pool is not None
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)
