"""What file jobs run on, in virtual time: a disk, a network, a boot loader and a station that outlive the core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.model.clock import LoopClock
from kiosk.model.errors import StorageFailed
from kiosk.model.file_jobs import FirmwareNews, LogKind, UploadNews
from kiosk.model.file_jobs import FirmwareStatus as F
from kiosk.model.file_jobs import UploadStatus as U
from kiosk.station.system import update, upload
from kiosk.station.system.cord import Progress
from kiosk.station.system.firmware import Running
from kiosk.station.system.updating import Updates
from kiosk.station.system.uploading import Uploads
from tests.fakes.core import START


def lay(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


class Store:
    """What survives a power cut. ``fails``: the disk is gone."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.fails = False

    async def get(self, name: str) -> str | None:
        return self.texts.get(name)

    async def set(self, name: str, text: str) -> None:
        if self.fails:
            raise StorageFailed("the disk is full")
        self.texts[name] = text


class Carrier:
    """A network in virtual time: ``takes_s`` for each transfer, then the next of ``ends``."""

    def __init__(self) -> None:
        self.takes_s = 10.0
        self.ends: list[Exception] = []
        self.asked: list[str] = []
        self.delivered: dict[str, bytes] = {}
        self.given_up = 0

    async def download(self, url: str, target: Path, progress: Progress | None = None) -> int:
        if progress is not None:
            progress(2, 5)
        await self._carry(url)
        lay(target, b"image")
        return 5

    async def upload(self, url: str, source: Path) -> None:
        content = content_of(source)
        await self._carry(url)
        self.delivered[f"{url}/{source.name}"] = content

    async def _carry(self, url: str) -> None:
        self.asked.append(url)
        try:
            await asyncio.sleep(self.takes_s)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if self.ends:
            raise self.ends.pop(0)


class Slots:
    """The boot loader; survives like the store."""

    def __init__(self) -> None:
        self.running = Running()
        self.next: Running | None = None
        self.fails: Exception | None = None
        self.damaged = False

    def boot(self) -> Running:
        if self.next is not None and not self.damaged:
            self.running = self.next
        self.next = None
        return self.running

    def install(self, image: Path, job: str, check: Callable[[], None]) -> str:
        check()
        assert image.read_bytes() == b"image"
        if self.fails is not None:
            raise self.fails
        self.next = Running(version="2.0", job=job)
        return "2.0"


class Site:
    def __init__(self) -> None:
        self.is_busy = False
        self.held = False
        self.resets = 0

    def busy(self) -> bool:
        return self.is_busy

    def hold(self, held: bool) -> None:
        self.held = held

    def reset(self) -> None:
        self.resets += 1


class Machine:
    """What stays over restarts, and one core's life on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store, self.carrier, self.slots, self.site = Store(), Carrier(), Slots(), Site()
        self.told: list[F] = []
        self.uploads_told: list[U] = []
        self.hears = True
        self.good_signature = True
        self.write_fails: OSError | None = None
        self.clock = LoopClock(asyncio.get_running_loop().time, START)
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self.updates = Updates(
            slots=self.slots,
            transfer=self.carrier,
            folder=self.folder,
            store=self.store,
            site=self.site,
            clock=self.clock,
            verify=self._verify,
        )
        self.uploads = Uploads(
            name="upload",
            transfer=self.carrier,
            folder=self.folder,
            store=self.store,
            clock=self.clock,
            write=self._write,
        )
        self.updates.on_status = self._on_status
        self.uploads.on_status = self._on_upload
        await self.updates.load()
        await self.uploads.load()
        self.tasks = [asyncio.create_task(self.updates.run()), asyncio.create_task(self.uploads.run())]

    async def cut(self) -> None:
        """The power goes, and comes back."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.site = Site()
        await self.start()

    def job(self, job_id: str = "j1", **more: Any) -> update.Job:
        given: dict[str, Any] = {
            "id": job_id,
            "location": f"http://h/{job_id}",
            "retrieve_at": self.clock.now(),
            "tries": 2,
            "retry_interval_s": 60.0,
        }
        return update.Job(**(given | more))

    def upload_job(self, job_id: str = "u1", **more: Any) -> upload.Job:
        given: dict[str, Any] = {
            "id": job_id,
            "kind": LogKind.DIAGNOSTICS,
            "location": "http://h/up",
            "name": f"{job_id}.zip",
            "tries": 2,
            "retry_interval_s": 60.0,
        }
        return upload.Job(**(given | more))

    def _on_status(self, news: FirmwareNews) -> None:
        self.told.append(news.status)
        if self.hears:
            asyncio.get_running_loop().call_later(0.5, news.heard)

    def _on_upload(self, news: UploadNews) -> None:
        self.uploads_told.append(news.status)
        if self.hears:
            asyncio.get_running_loop().call_later(0.5, news.heard)

    async def _verify(self, image: Path, certificate: str, signature: str) -> bool:
        assert content_of(image) == b"image"
        return self.good_signature

    async def _write(self, job: upload.Job, path: Path) -> None:
        if self.write_fails is not None:
            raise self.write_fails
        lay(path, job.name.encode())
