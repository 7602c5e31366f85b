"""The shell of uploads of diagnostics and logs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

from kiosk.model.clock import Clock
from kiosk.model.errors import StorageFailed, TransferFailed
from kiosk.model.file_jobs import Acceptance, UploadNews, UploadStatus
from kiosk.station.system import upload
from kiosk.station.system.one_job import OneJob
from kiosk.station.system.ports import JobStore
from kiosk.station.system.transfer import TransferPort
from kiosk.station.system.upload import Job, Step

log = logging.getLogger(__name__)

LONGEST_WAIT_S: Final = 60.0
"""The station's time may be corrected while a pause lasts."""

Write = Callable[[Job, Path], Awaitable[None]]
"""Write what the job asks for to this path. Raises OSError."""


class Uploads(OneJob[Job, UploadStatus]):
    """``name``: of the job in the store. ``folder``: where a file lies until it is delivered."""

    def __init__(
        self, *, name: str, transfer: TransferPort, folder: Path, store: JobStore, clock: Clock, write: Write
    ) -> None:
        super().__init__(name, store)
        self.on_status: Callable[[UploadNews], None] | None = None
        self._transfer = transfer
        self._folder = folder
        self._clock = clock
        self._write = write

    @property
    def status(self) -> UploadStatus:
        """What is going on now; Idle when nothing is."""
        return upload.shown(self._job)

    async def load(self) -> None:
        """Take up the job that the last core left. Call once, before ``run``."""
        job = await self._left(Job)
        if job is not None:
            self._owed = await self._keep(upload.resumed(job))

    async def request(self, job: Job) -> Acceptance:
        """Begin a job; a running one gives way. Raises StorageFailed."""
        async with self._turn:
            before = await self._begin(Step(job))
        if before is None:
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
            if job is not None and job.over and self._done == job.id:
                await self._forget(job)
            elif job is None or job.over:
                await self._changed.wait()
            elif (until := upload.wait_until(job, self._clock.now())) is not None:
                seconds = (until - self._clock.now()).total_seconds()
                await self._wait(min(LONGEST_WAIT_S, max(0.001, seconds)))
            elif await self._take(upload.entered(job)):
                await self._unless_replaced(job, self._try(job.id))

    # --- inside ---------------------------------------------------------------------------------------------

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

    def _say(self, job: Job, status: UploadStatus) -> None:
        log.info("upload of %s: %s", job.name, status)
        if self.on_status is None:  # there is no backend any more that wants to know
            self._heard(job)
        else:
            self.on_status(UploadNews(status, job.request_id, partial(self._heard, job)))
