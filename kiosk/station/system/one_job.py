"""What updates and uploads share: one job at a time, stored before every step, given up for a newer one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Generic, Protocol, TypeVar

import msgspec

from kiosk.station.system.ports import JobStore

log = logging.getLogger(__name__)


class Job(Protocol):
    """Stored as JSON, so it is a struct too."""

    @property
    def id(self) -> str: ...

    @property
    def over(self) -> bool:
        """Nothing is left to do but to tell how it ended."""
        ...


J = TypeVar("J", bound=Job)
S = TypeVar("S")
J_co = TypeVar("J_co", bound=Job, covariant=True)
S_co = TypeVar("S_co", covariant=True)


class Step(Protocol[J_co, S_co]):
    """A job as it is from now on, and the statuses that this has to tell."""

    @property
    def job(self) -> J_co: ...

    @property
    def told(self) -> tuple[S_co, ...]: ...


class OneJob(ABC, Generic[J, S]):
    """``name``: of the job in the store. A subclass says what is done (``run``) and how it is told (``_say``)."""

    def __init__(self, name: str, store: JobStore) -> None:
        self._name = name
        self._store = store
        self._job: J | None = None
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._owed: tuple[S, ...] = ()  # found out by ``load``, told by ``run``
        self._done = ""  # id of the job whose end the backend has taken

    @property
    def job(self) -> J | None:
        return self._job

    @abstractmethod
    def _say(self, job: J, status: S) -> None:
        """Tell whoever wants to know; ``_heard`` is to be called once he knows."""

    async def _begin(self, step: Step[J, S]) -> J | None:
        """A new job; the one that it takes the place of, if that was not over. With the turn held.

        Raises StorageFailed.
        """
        before = self._job
        await self._keep(step)
        self._owed = ()
        self._changed.set()
        return None if before is None or before.over else before

    async def _left(self, kind: type[J]) -> J | None:
        """The job that the last core left. Raises StorageFailed."""
        text = await self._store.get(self._name)
        if not text:
            return None
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            log.error("the stored %s is unreadable and given up: %s", self._name, error)
            await self._store.set(self._name, "")
            return None

    async def _keep(self, step: Step[J, S]) -> tuple[S, ...]:
        await self._store.set(self._name, msgspec.json.encode(step.job).decode())
        self._job = step.job
        return step.told

    async def _take(self, step: Step[J, S]) -> bool:
        """Store, then tell; False when the job was replaced meanwhile."""
        async with self._turn:
            if self._job is None or self._job.id != step.job.id:
                return False
            if step.job != self._job:
                await self._keep(step)
            self._tell(step.told)
        return True

    def _tell(self, statuses: tuple[S, ...]) -> None:
        job = self._job
        if job is not None:
            for status in statuses:
                self._say(job, status)

    def _heard(self, job: J) -> None:
        """The backend took a status of it; ``job`` as it was then."""
        if job.over and self._job is not None and self._job.id == job.id:
            self._done = job.id
            self._changed.set()

    async def _forget(self, job: J) -> bool:
        """Its end was heard: a restart need not tell it again. False when it was replaced meanwhile."""
        async with self._turn:
            if self._job is None or self._job.id != job.id:
                return False
            await self._store.set(self._name, "")
            self._job = None
            return True

    async def _wait(self, seconds: float) -> None:
        """That long, or until another job is wanted."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _unless_replaced(self, job: J, work: Awaitable[None]) -> None:
        """Do it, or give it up as soon as another job is wanted."""
        doing = asyncio.ensure_future(work)
        replaced = asyncio.ensure_future(self._replaced(job))
        try:
            await asyncio.wait({doing, replaced}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            replaced.cancel()
            if not doing.done():
                doing.cancel()
            await asyncio.gather(replaced, doing, return_exceptions=True)
        if not doing.cancelled():
            doing.result()

    async def _replaced(self, job: J) -> None:
        while self._job is not None and self._job.id == job.id:
            self._changed.clear()
            await self._changed.wait()
