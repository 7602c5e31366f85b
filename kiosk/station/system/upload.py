"""An upload of diagnostics or a log, step by step. Pure, and stored after every step like ``update``."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from kiosk.model.errors import TransferFailed
from kiosk.model.file_jobs import LogKind, UploadStatus


class Stage(StrEnum):
    """Where a job stands. [stored]"""

    UPLOADING = "uploading"
    PAUSED = "paused"  # between two tries
    OVER = "over"  # until somebody was told


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """[stored] as JSON. ``oldest``, ``latest``: what is asked for; None: open. ``status``: told last."""

    id: str
    kind: LogKind
    location: str
    name: str
    tries: int
    retry_interval_s: float
    oldest: datetime | None = None
    latest: datetime | None = None
    request_id: int | None = None
    stage: Stage = Stage.UPLOADING
    tried: int = 0
    until: datetime | None = None
    status: UploadStatus | None = None

    @property
    def over(self) -> bool:
        return self.stage is Stage.OVER


class Step(msgspec.Struct, frozen=True):
    job: Job
    told: tuple[UploadStatus, ...] = ()


def wait_until(job: Job, now: datetime) -> datetime | None:
    """When the next try begins; None: now."""
    return job.until if job.stage is Stage.PAUSED and job.until is not None and now < job.until else None


def entered(job: Job) -> Step:
    """The job as it is while a try is made; told once, not with every try."""
    told = () if job.status is UploadStatus.UPLOADING else (UploadStatus.UPLOADING,)
    return Step(
        msgspec.structs.replace(job, stage=Stage.UPLOADING, until=None, status=UploadStatus.UPLOADING), told
    )


def after(job: Job, failure: TransferFailed | None, now: datetime) -> Step:
    """What the end of a try means; ``failure``: None when it is delivered."""
    if failure is None:
        return _over(job, UploadStatus.UPLOADED)
    job = msgspec.structs.replace(job, tried=job.tried + 1)
    if not failure.final and job.tried < job.tries:
        until = now + timedelta(seconds=job.retry_interval_s)
        return Step(msgspec.structs.replace(job, stage=Stage.PAUSED, until=until))
    return _over(job, verdict(failure))


def verdict(failure: TransferFailed) -> UploadStatus:
    """The status that says best why it failed for good."""
    if failure.refused:
        return UploadStatus.PERMISSION_DENIED
    if failure.unsupported:
        return UploadStatus.NOT_SUPPORTED
    return UploadStatus.UPLOAD_FAILURE


def resumed(job: Job) -> Step:
    """After a restart: what was told may not have been heard, so it is told again."""
    if job.over:
        return Step(job, (job.status,) if job.status is not None else ())
    return Step(msgspec.structs.replace(job, status=None))


def shown(job: Job | None) -> UploadStatus:
    """The status to tell when somebody asks (OCPP 1.6 section 4.4)."""
    return UploadStatus.IDLE if job is None or job.over else UploadStatus.UPLOADING


def _over(job: Job, status: UploadStatus) -> Step:
    return Step(msgspec.structs.replace(job, stage=Stage.OVER, status=status), (status,))
