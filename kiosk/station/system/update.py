"""A firmware update, step by step. Pure: the job, what happened and the time in; the job and what to tell out.

``due`` says what is to be done next, ``entered`` what is told when that begins, ``after`` what its outcome means,
``resumed`` how a job goes on after the power was cut at any moment. The job is stored after every step, before
anything of the next is done; each piece of work may be done twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from kiosk.model.file_jobs import FirmwareStatus as S
from kiosk.station.system.firmware import Running


class Stage(StrEnum):
    """Where a job stands. [stored]"""

    SCHEDULED = "scheduled"  # retrieveDate has not come
    DOWNLOADING = "downloading"
    PAUSED = "paused"  # between two tries
    VERIFYING = "verifying"  # signature of a signed image
    WAITING = "waiting"  # for installDateTime, then for running sessions
    INSTALLING = "installing"
    REBOOTING = "rebooting"
    OVER = "over"  # until somebody was told


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """[stored] as JSON. ``tried``: downloads that failed. ``until``: end of a pause. ``status``: told last.
    ``problem``: what went wrong last, for people.

    ``request_id`` and the signature fields are set for SignedUpdateFirmware. ``location`` is empty for an image
    that lies in the data folder already.
    """

    id: str
    location: str
    retrieve_at: datetime
    tries: int
    retry_interval_s: float
    install_at: datetime | None = None
    request_id: int | None = None
    certificate: str = ""
    signature: str = ""
    stage: Stage = Stage.SCHEDULED
    tried: int = 0
    until: datetime | None = None
    version: str = ""
    status: S | None = None
    problem: str = ""

    @property
    def signed(self) -> bool:
        return self.request_id is not None

    @property
    def over(self) -> bool:
        return self.stage is Stage.OVER


class Work(StrEnum):
    """What the shell does for a job."""

    WAIT = "wait"
    DOWNLOAD = "download"
    VERIFY = "verify"
    INSTALL = "install"
    RESET = "reset"
    NOTHING = "nothing"


class Due(msgspec.Struct, frozen=True):
    """``until``: when to look again (WAIT); None: when the sessions change."""

    work: Work
    until: datetime | None = None


class Outcome(StrEnum):
    """How a piece of work ended."""

    DONE = "done"
    FAILED = "failed"  # another try may help
    BROKEN = "broken"  # no other try can help: wrong address, wrong signature, damaged image


class Step(msgspec.Struct, frozen=True):
    job: Job
    told: tuple[S, ...] = ()


_WORK: Final = {
    Stage.DOWNLOADING: Work.DOWNLOAD,
    Stage.VERIFYING: Work.VERIFY,
    Stage.INSTALLING: Work.INSTALL,
    Stage.REBOOTING: Work.RESET,
    Stage.OVER: Work.NOTHING,
}
_FIXED: Final = frozenset({Stage.REBOOTING})
"""Past the point of no return: another request must wait for the restart."""
UNSIGNED: Final = frozenset(
    {S.DOWNLOADED, S.DOWNLOAD_FAILED, S.DOWNLOADING, S.IDLE, S.INSTALLATION_FAILED, S.INSTALLING, S.INSTALLED}
)
"""All that FirmwareStatusNotification.req knows (OCPP 1.6 section 7.25)."""
PLAIN: Final = {
    S.DOWNLOAD_SCHEDULED: S.IDLE,
    S.DOWNLOAD_PAUSED: S.DOWNLOADING,
    S.INSTALL_REBOOTING: S.INSTALLING,
    S.INSTALL_SCHEDULED: S.DOWNLOADED,
    S.INSTALL_VERIFICATION_FAILED: S.INSTALLATION_FAILED,
    S.INVALID_SIGNATURE: S.DOWNLOAD_FAILED,
    S.SIGNATURE_VERIFIED: S.DOWNLOADED,
}
"""The nearest that FirmwareStatusNotification.req knows to the others."""


def due(job: Job, now: datetime, *, busy: bool) -> Due:
    """What is to be done now. ``busy``: somebody charges, or is about to."""
    match job.stage:
        case Stage.SCHEDULED:
            return Due(Work.DOWNLOAD) if now >= job.retrieve_at else Due(Work.WAIT, job.retrieve_at)
        case Stage.PAUSED:
            over = job.until is None or now >= job.until
            return Due(Work.DOWNLOAD) if over else Due(Work.WAIT, job.until)
        case Stage.WAITING:
            if job.install_at is not None and now < job.install_at:
                return Due(Work.WAIT, job.install_at)
            return Due(Work.WAIT) if busy else Due(Work.INSTALL)
        case stage:
            return Due(_WORK[stage])


def holds(job: Job | None, now: datetime) -> bool:
    """Whether new sessions must wait: the installation is due, or under way."""
    if job is None or job.stage not in (Stage.WAITING, Stage.INSTALLING, Stage.REBOOTING):
        return False
    return job.stage is not Stage.WAITING or job.install_at is None or now >= job.install_at


def entered(job: Job, next_: Due) -> Step:
    """The job as it is while ``next_`` is being done, and what that has to tell."""
    match next_.work:
        case Work.DOWNLOAD:
            return _say(job, S.DOWNLOADING, stage=Stage.DOWNLOADING, until=None)
        case Work.INSTALL:
            return _say(job, S.INSTALLING, stage=Stage.INSTALLING)
        case Work.RESET:
            return _say(job, S.INSTALL_REBOOTING)
        case Work.WAIT if job.stage is Stage.SCHEDULED:
            return _say(job, S.DOWNLOAD_SCHEDULED)
        case Work.WAIT if job.stage is Stage.WAITING:
            return _say(job, S.INSTALL_SCHEDULED)
        case _:
            return Step(job)


def after(job: Job, outcome: Outcome, now: datetime, *, version: str = "") -> Step:
    """What the outcome of the work of this stage means. ``version``: of an image that was installed."""
    done = outcome is Outcome.DONE
    match job.stage:
        case Stage.DOWNLOADING if done:
            return _say(job, S.DOWNLOADED, stage=Stage.VERIFYING if job.signed else Stage.WAITING)
        case Stage.DOWNLOADING:
            tried = job.tried + 1
            if outcome is Outcome.BROKEN or tried >= job.tries:
                return _say(job, S.DOWNLOAD_FAILED, stage=Stage.OVER, tried=tried)
            until = now + timedelta(seconds=job.retry_interval_s)
            return _say(job, S.DOWNLOAD_PAUSED, stage=Stage.PAUSED, tried=tried, until=until)
        case Stage.VERIFYING if done:
            return _say(job, S.SIGNATURE_VERIFIED, stage=Stage.WAITING)
        case Stage.VERIFYING:
            return _say(job, S.INVALID_SIGNATURE, stage=Stage.OVER)
        case Stage.INSTALLING if done:
            return Step(msgspec.structs.replace(job, stage=Stage.REBOOTING, version=version))
        case Stage.INSTALLING:
            damaged = job.signed and outcome is Outcome.BROKEN
            status = S.INSTALL_VERIFICATION_FAILED if damaged else S.INSTALLATION_FAILED
            return _say(job, status, stage=Stage.OVER)
        case Stage.REBOOTING if not done:
            return _say(job, S.INSTALLATION_FAILED, stage=Stage.OVER)
        case _:
            return Step(job)


def resumed(job: Job, running: Running) -> Step:
    """The job after a restart, wanted or not. ``running``: what the boot loader started.

    What was told before may not have been heard, so the present status is told again when the work goes on.
    """
    if job.over:
        return Step(job, (job.status,) if job.status is not None else ())
    fresh = msgspec.structs.replace(job, status=None)
    if job.stage in (Stage.INSTALLING, Stage.REBOOTING) and running.job == job.id:
        return _say(fresh, S.INSTALLED, stage=Stage.OVER, version=running.version)
    if job.stage is Stage.REBOOTING:
        return _say(fresh, S.INSTALLATION_FAILED, stage=Stage.OVER)
    return Step(fresh)


def replaceable(job: Job | None) -> bool:
    """Another request may take this job's place."""
    return job is None or job.stage not in _FIXED


def shown(job: Job | None) -> S:
    """The status to tell when somebody asks: Idle when nothing is going on (OCPP 1.6 section 4.5)."""
    if job is None or job.over:
        return S.IDLE
    return job.status or S.IDLE


def _say(job: Job, status: S, **changes: object) -> Step:
    """Told once; a status that unsigned updates do not have is not told, and so does not count."""
    if not job.signed and status not in UNSIGNED:
        return Step(msgspec.structs.replace(job, **changes))
    told = (status,) if status is not job.status else ()
    return Step(msgspec.structs.replace(job, status=status, **changes), told)
