"""The shell of uploads: one job at a time, stored before every step, cancelled for a newer one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.errors import StorageFailed, TransferFailed
from kiosk.model.file_jobs import Acceptance, UploadNews, UploadStatus
from kiosk.station.system import upload
from kiosk.station.system.ports import JobStore
from kiosk.station.system.transfer import TransferPort
from kiosk.station.system.upload import Job, Stage, Step

log = logging.getLogger(__name__)

LONGEST_WAIT_S: Final = 60.0
"""The station's time may be corrected while a pause lasts."""

Write = Callable[[Job, Path], Awaitable[None]]
"""Write what the job asks for to this path. Raises OSError."""


class Uploads:
    """``name``: of the job in the store. ``folder``: where a file lies until it is delivered."""

    def __init__(
        self, *, name: str, transfer: TransferPort, folder: Path, store: JobStore, clock: Clock, write: Write
    ) -> None:
        self.on_status: Callable[[UploadNews], None] | None = None
        self._name = name
        self._transfer = transfer
        self._folder = folder
        self._store = store
        self._clock = clock
        self._write = write
        self._job: Job | None = None
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._owed: tuple[UploadStatus, ...] = ()
        self._done = ""  # id of the job whose end the backend has taken

    @property
    def job(self) -> Job | None:
        return self._job

    @property
    def status(self) -> UploadStatus:
        """What is going on now; Idle when nothing is."""
        return upload.shown(self._job)

    async def load(self) -> None:
        """Take up the job that the last core left. Call once, before ``run``."""
        text = await self._store.get(self._name)
        if text:
            try:
                step = upload.resumed(msgspec.json.decode(text, type=Job))
            except msgspec.DecodeError as error:
                log.error("the stored upload is unreadable and given up: %s", error)
                await self._store.set(self._name, "")
                return
            self._owed = await self._keep(step)

    async def request(self, job: Job) -> Acceptance:
        """Begin a job; a running one gives way. Raises StorageFailed."""
        async with self._turn:
            before = self._job
            await self._keep(Step(job))
            self._owed = ()
        self._changed.set()
        if before is None or before.stage is Stage.OVER:
            return Acceptance.ACCEPTED
        log.warning("upload of %s gives way to %s", before.name, job.name)
        return Acceptance.ACCEPTED_CANCELED

    async def run(self) -> None:
        """Until cancelled. Raises StorageFailed."""
        self._tell(self._owed)
        self._owed = ()
        while True:
            self._changed.clear()
            job = self._job
            if job is not None and job.stage is Stage.OVER and self._done == job.id:
                await self._forget(job)
            elif job is None or job.stage is Stage.OVER:
                await self._changed.wait()
            elif (until := upload.wait_until(job, self._clock.now())) is not None:
                seconds = (until - self._clock.now()).total_seconds()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(LONGEST_WAIT_S, max(0.001, seconds))):
                        await self._changed.wait()
            elif await self._take(upload.entered(job)):
                await self._unless_replaced(job.id)

    # --- inside ---------------------------------------------------------------------------------------------

    async def _unless_replaced(self, job_id: str) -> None:
        """One try, given up as soon as another job is wanted."""
        trying = asyncio.ensure_future(self._try(job_id))
        replaced = asyncio.ensure_future(self._replaced(job_id))
        try:
            await asyncio.wait({trying, replaced}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            replaced.cancel()
            if not trying.done():
                trying.cancel()
            await asyncio.gather(replaced, trying, return_exceptions=True)
        if not trying.cancelled():
            trying.result()

    async def _replaced(self, job_id: str) -> None:
        while self._job is not None and self._job.id == job_id:
            self._changed.clear()
            await self._changed.wait()

    async def _try(self, job_id: str) -> None:
        job = self._job
        if job is None or job.id != job_id:
            return
        path = self._folder / job.name
        failure: TransferFailed | None = None
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
            await self._write(job, path)
            await self._transfer.upload(job.location, path)
        except TransferFailed as error:
            failure = error
        except OSError as error:
            failure = TransferFailed(f"{path}: {error.strerror or error}")
        except StorageFailed:
            raise
        except Exception as error:  # what breaks on a job must end the job: it would be taken up again for ever
            log.exception("upload of %s failed", job.name)
            failure = TransferFailed(type(error).__name__, final=True)
        finally:
            path.unlink(missing_ok=True)
        if failure is not None:
            log.warning("upload of %s: %s", job.name, failure)
        await self._take(upload.after(job, failure, self._clock.now()))

    async def _take(self, step: Step) -> bool:
        """Store, then tell; False when the job was replaced meanwhile."""
        async with self._turn:
            if self._job is None or self._job.id != step.job.id:
                return False
            if step.job != self._job:
                await self._keep(step)
            self._tell(step.told)
        return True

    async def _keep(self, step: Step) -> tuple[UploadStatus, ...]:
        await self._store.set(self._name, msgspec.json.encode(step.job).decode())
        self._job = step.job
        return step.told

    async def _forget(self, job: Job) -> None:
        """Its end was heard: a restart need not tell it again."""
        async with self._turn:
            if self._job is not None and self._job.id == job.id:
                await self._store.set(self._name, "")
                self._job = None

    def _tell(self, statuses: tuple[UploadStatus, ...]) -> None:
        job = self._job
        if job is None:
            return
        for status in statuses:
            log.info("upload of %s: %s", job.name, status)
            if self.on_status is None:  # there is no backend any more that wants to know
                self._heard(job.id, status)
            else:
                self.on_status(UploadNews(status, job.request_id, partial(self._heard, job.id, status)))

    def _heard(self, job_id: str, status: UploadStatus) -> None:
        job = self._job
        if job is not None and job.id == job_id and job.stage is Stage.OVER and job.status is status:
            self._done = job_id
            self._changed.set()
