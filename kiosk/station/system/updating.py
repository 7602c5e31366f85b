"""The shell of firmware updates."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.errors import BadFile, StorageFailed, TransferFailed
from kiosk.model.file_jobs import Acceptance, FirmwareNews, FirmwareStatus
from kiosk.station.system import update
from kiosk.station.system.firmware import FirmwareSlots, Running
from kiosk.station.system.one_job import OneJob
from kiosk.station.system.ports import JobStore
from kiosk.station.system.transfer import TransferPort
from kiosk.station.system.update import Job, Outcome, Step, Work

log = logging.getLogger(__name__)

NAME: Final = "firmware_job"
LOOK_S: Final = 1.0
"""How often it is looked whether the sessions are over."""
LONGEST_WAIT_S: Final = 60.0
"""The station's time may be corrected while a date is waited for."""
BROUGHT: Final = ".brought"
"""Ending of an image that an operator's copy is being made of."""
HEARD_S: Final = 5.0
"""How long a restart waits for the backend to take the status before it."""

Verify = Callable[[Path, str, str], Awaitable[bool]]
"""Image, signing certificate (PEM), signature (base64): whether the signature is good."""


class Site(Protocol):
    """What an update needs of the station."""

    def busy(self) -> bool:
        """Somebody charges, or is about to."""
        ...

    def hold(self, held: bool) -> None:
        """No new sessions while held; told as Unavailable, and as it was before when let go."""
        ...

    def reset(self) -> None:
        """Restart, if that is not under way already."""
        ...


class _Cut(Exception):
    """The work is not wanted any more."""


class Updates(OneJob[Job, FirmwareStatus]):
    """``folder``: images are kept there until they are installed."""

    def __init__(
        self,
        *,
        slots: FirmwareSlots,
        transfer: TransferPort,
        folder: Path,
        store: JobStore,
        site: Site,
        clock: Clock,
        verify: Verify,
    ) -> None:
        super().__init__(NAME, store)
        self.running = Running()
        self.just_installed = False
        """This start is the first of a new firmware."""
        self.progress: tuple[int, int | None] | None = None
        """Of the download that goes on or the last one: bytes so far, and how many it will be."""
        self.last: Job | None = None
        """The job before, once the backend knows how it ended."""
        self.on_status: Callable[[FirmwareNews], None] | None = None
        self._slots = slots
        self._transfer = transfer
        self._folder = folder
        self._site = site
        self._clock = clock
        self._verify = verify
        self._unheard: set[object] = set()

    @property
    def status(self) -> FirmwareStatus:
        """What is going on now; Idle when nothing is."""
        return update.shown(self._job)

    def image(self, job: Job) -> Path:
        """Where the image of a job lies, or will lie."""
        return self._folder / f"{job.id}.img"

    async def load(self) -> None:
        """Boot, and take up the job that the last core left. Call once, before anything is told."""
        self.running = await asyncio.to_thread(self._slots.boot)
        job = await self._left(Job)
        if job is not None:
            step = update.resumed(job, self.running)
            self.just_installed = not job.over and step.job.status is FirmwareStatus.INSTALLED
            log.info("firmware update %s goes on after a restart: %s", job.id, step.job.stage)
            self._owed = await self._keep(step)
        await asyncio.to_thread(self._tidy, (".img", ".part", BROUGHT))
        self._site.hold(update.holds(self._job, self._clock.now()))

    async def request(self, job: Job, brought: Path | None = None) -> Acceptance:
        """Begin a job; a running one gives way unless it is past the point of no return.

        ``brought``: its image, already in the folder; taken over when accepted. Raises StorageFailed, OSError.
        """
        async with self._turn:
            if not update.replaceable(self._job):
                return Acceptance.REJECTED
            if brought is not None:
                await asyncio.to_thread(brought.replace, self.image(job))
            before = await self._begin(Step(job))
        if before is None:
            return Acceptance.ACCEPTED
        log.warning("firmware update %s gives way to %s", before.id, job.id)
        return Acceptance.ACCEPTED_CANCELED

    async def run(self) -> None:
        """Until cancelled. Raises StorageFailed."""
        self._tell(self._owed)
        self._owed = ()
        while True:
            self._changed.clear()
            job = self._job
            now = self._clock.now()
            self._site.hold(update.holds(job, now))
            if job is None:
                await self._changed.wait()
                continue
            due = update.due(job, now, busy=self._site.busy())
            if not await self._take(update.entered(job, due)):
                continue
            if due.work is Work.NOTHING:
                async with self._turn:  # an image that is being taken over must not be mistaken for rubbish
                    await asyncio.to_thread(self._tidy, (".img", ".part"))
                if self._done == job.id:
                    if await self._forget(job):
                        self.last = job
                else:
                    await self._changed.wait()
            elif due.work is Work.WAIT:
                await self._wait(self._seconds(due.until))
            else:
                await self._unless_replaced(job, self._do(job.id, due.work))

    def _moved(self, moved: int, expected: int | None) -> None:
        self.progress = moved, expected

    # --- inside ---------------------------------------------------------------------------------------------

    def _seconds(self, until: datetime | None) -> float:
        if until is None:
            return LOOK_S
        return min(LONGEST_WAIT_S, max(0.001, (until - self._clock.now()).total_seconds()))

    async def _do(self, job_id: str, work: Work) -> None:
        job = self._job
        if job is None or job.id != job_id:
            return
        if work is Work.RESET:
            await self._reset()
            return
        version = problem = ""
        try:
            match work:
                case Work.DOWNLOAD:
                    self.progress = None
                    await self._transfer.download(job.location, self.image(job), self._moved)
                    outcome = Outcome.DONE
                case Work.VERIFY:
                    good = await self._verify(self.image(job), job.certificate, job.signature)
                    outcome = Outcome.DONE if good else Outcome.BROKEN
                    problem = "" if good else "the signature is not good, see the security log"
                case _:
                    version = await self._install(job)
                    outcome = Outcome.DONE
        except TransferFailed as error:
            log.warning("firmware update %s: %s", job.id, error)
            problem, outcome = str(error), Outcome.BROKEN if error.final else Outcome.FAILED
        except BadFile as error:
            log.warning("firmware update %s: %s", job.id, error)
            problem, outcome = str(error), Outcome.BROKEN
        except OSError as error:
            log.warning("firmware update %s: %s: %s", job.id, work, error.strerror or error)
            problem, outcome = str(error), Outcome.FAILED
        except StorageFailed:
            raise
        except Exception:  # what breaks on a job must end the job: it would be taken up again for ever
            log.exception("firmware update %s: %s failed", job.id, work)
            problem, outcome = "an error in the program, see the log", Outcome.BROKEN
        job = msgspec.structs.replace(job, problem=problem)
        await self._take(update.after(job, outcome, self._clock.now(), version=version))

    async def _install(self, job: Job) -> str:
        unwanted = threading.Event()

        def check() -> None:
            if unwanted.is_set():
                raise _Cut

        writing = asyncio.ensure_future(asyncio.to_thread(self._slots.install, self.image(job), job.id, check))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            unwanted.set()
            await asyncio.gather(writing, return_exceptions=True)
            raise

    async def _reset(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARD_S):
                while self._unheard:  # noqa: ASYNC110 a few looks, once in a firmware's life
                    await asyncio.sleep(0.1)
        log.info("the new firmware is started by a restart")
        self._site.reset()
        await asyncio.Event().wait()

    def _say(self, job: Job, status: FirmwareStatus) -> None:
        log.info("firmware update %s: %s", job.id, status)
        if self.on_status is None:  # there is no backend that wants to know
            self._heard(job)
            return
        mark = object()
        self._unheard.add(mark)

        def heard() -> None:
            self._unheard.discard(mark)
            self._heard(job)

        self.on_status(FirmwareNews(status, job.request_id, heard))

    def _tidy(self, endings: tuple[str, ...]) -> None:
        """Of the files with these endings only the image that is still needed stays."""
        job = self._job
        keep = self.image(job) if job is not None and not job.over else None
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if path.suffix in endings and path != keep:
                path.unlink(missing_ok=True)
