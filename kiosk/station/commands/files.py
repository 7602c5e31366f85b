"""Firmware updates, diagnostics and logs, as a backend, an operator or the web interface may wish them."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.enums import SecurityEventType
from kiosk.model.errors import BadFile, NotPossible, TransferFailed, UserFacing
from kiosk.model.file_jobs import (
    Acceptance,
    FirmwareNews,
    FirmwareStatus,
    LogKind,
    UploadNews,
    UploadStatus,
)
from kiosk.settings import Settings
from kiosk.station.commands.gathering import Gathering
from kiosk.station.security import SecurityLog
from kiosk.station.system import addresses, firmware, update, upload
from kiosk.station.system.cord import keep_room
from kiosk.station.system.updating import BROUGHT, Updates
from kiosk.station.system.uploading import Uploads

log = logging.getLogger(__name__)

TRIES: Final = 3
RETRY_S: Final = 60.0
"""Where the backend leaves it to us (OCPP 1.6 sections 5.9 and 5.19)."""
MOST_TRIES: Final = 100
SHORTEST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 86400.0
"""A backend may ask for any number; beyond a day nobody waits for a file."""


class Signatures(Protocol):
    """What a signed update needs of the certificates. Both raise UserFacing when it is not good; both block."""

    def check_signer(self, certificate: str) -> None: ...

    def check_file(self, image: Path, certificate: str, signature: str) -> None: ...


class FirmwareView(msgspec.Struct, frozen=True, kw_only=True):
    """How an update stands, for people. ``running``: empty for the firmware the station was delivered with."""

    running: str
    status: FirmwareStatus
    stage: str = ""
    version: str = ""
    request_id: int | None = None
    retrieve_at: datetime | None = None
    install_at: datetime | None = None
    downloaded_bytes: int | None = None  # while it is being downloaded
    size_bytes: int | None = None  # where the server tells it
    problem: str = ""  # why it failed, or why another try comes


class Files:
    """``updates`` and the two ``uploads`` do the work and keep the jobs."""

    def __init__(
        self,
        *,
        updates: Updates,
        diagnostics: Uploads,
        logs: Uploads,
        gathering: Gathering,
        signatures: Signatures,
        security: SecurityLog,
        settings: Settings,
        clock: Clock,
        folder: Path,
        on_version: Callable[[str], None],
    ) -> None:
        """``on_version``: told which firmware runs, when it is not the one that was delivered."""
        self._on_version = on_version
        self._updates = updates
        self._diagnostics = diagnostics
        self._logs = logs
        self._gathering = gathering
        self._signatures = signatures
        self._security = security
        self._settings = settings
        self._clock = clock
        self._folder = folder

    async def load(self) -> None:
        """Boot the firmware and take up what the last core left. Raises StorageFailed."""
        await asyncio.to_thread(self._tidy)
        await self._updates.load()
        if self.running_version:
            self._on_version(self.running_version)
        await self._diagnostics.load()
        await self._logs.load()

    @property
    def running_version(self) -> str:
        """Of an installed update; empty for the firmware the station was delivered with."""
        return self._updates.running.version

    def tell(
        self,
        *,
        firmware: Callable[[FirmwareNews], None],
        diagnostics: Callable[[UploadNews], None],
        logs: Callable[[UploadNews], None],
    ) -> None:
        """Who passes the statuses on."""
        self._updates.on_status = firmware
        self._diagnostics.on_status = diagnostics
        self._logs.on_status = logs

    async def run(self) -> None:
        """Until cancelled. Raises StorageFailed."""
        if self._updates.just_installed:
            self._updates.just_installed = False
            self._security.record(SecurityEventType.FIRMWARE_UPDATED, f"now {self.running_version}")
        jobs = [
            asyncio.create_task(each.run(), name=name)
            for name, each in (
                ("firmware update", self._updates),
                ("diagnostics", self._diagnostics),
                ("logs", self._logs),
            )
        ]
        try:
            await asyncio.gather(*jobs)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    # --- firmware --------------------------------------------------------------------------------------------

    async def update_firmware(
        self, *, location: str, retrieve_at: datetime, retries: int | None, retry_interval_s: int | None
    ) -> Acceptance:
        """UpdateFirmware. Rejected only while an installed firmware is about to be started.

        Raises StorageFailed.
        """
        job = update.Job(
            id=uuid.uuid4().hex,
            location=location,
            retrieve_at=retrieve_at,
            tries=_tries(retries),
            retry_interval_s=_interval_s(retry_interval_s),
        )
        return await self._updates.request(job)

    async def update_signed(
        self,
        *,
        request_id: int,
        location: str,
        retrieve_at: datetime,
        install_at: datetime | None,
        certificate: str,
        signature: str,
        retries: int | None,
        retry_interval_s: int | None,
    ) -> Acceptance:
        """SignedUpdateFirmware. The certificate is judged at once, the signature once the image is here.

        Raises StorageFailed.
        """
        try:
            await asyncio.to_thread(self._signatures.check_signer, certificate)
        except UserFacing as error:
            log.warning("firmware update %d: the signing certificate is not good: %s", request_id, error)
            self._security.record(SecurityEventType.INVALID_FIRMWARE_CERTIFICATE, str(error))
            return Acceptance.INVALID_CERTIFICATE
        try:
            addresses.parse(location)
        except TransferFailed as error:
            log.warning("firmware update %d: %s", request_id, error)
            return Acceptance.REJECTED
        job = update.Job(
            id=uuid.uuid4().hex,
            location=location,
            retrieve_at=retrieve_at,
            install_at=install_at,
            request_id=request_id,
            certificate=certificate,
            signature=signature,
            tries=_tries(retries),
            retry_interval_s=_interval_s(retry_interval_s),
        )
        return await self._updates.request(job)

    async def verified(self, image: Path, certificate: str, signature: str) -> bool:
        """Whether the signature over an image is good; a bad one is an entry of the security log."""
        try:
            await asyncio.to_thread(self._signatures.check_file, image, certificate, signature)
        except UserFacing as error:
            self._security.record(SecurityEventType.INVALID_FIRMWARE_SIGNATURE, str(error))
            return False
        return True

    async def install(self, image: Path) -> str:
        """An operator's image: copied, then installed as soon as nobody charges; returns its version.

        Raises BadFile, NotPossible, StorageFailed.
        """
        now = self._clock.now()
        job = update.Job(
            id=uuid.uuid4().hex,
            location="",
            retrieve_at=now,
            tries=1,
            retry_interval_s=RETRY_S,
            stage=update.Stage.WAITING,
        )
        brought = self._updates.image(job).with_suffix(BROUGHT)
        try:
            header = await asyncio.to_thread(self._copy, image, brought)
            acceptance = await self._updates.request(job, brought)
        except OSError as error:
            raise BadFile(image, f"cannot be copied: {error.strerror}", "check the file and the disk") from error
        finally:
            brought.unlink(missing_ok=True)
        if acceptance is Acceptance.REJECTED:
            raise NotPossible("a new firmware is about to be started; try again after the restart")
        return header.version

    @staticmethod
    def _copy(image: Path, target: Path) -> firmware.Image:
        header = firmware.read_header(image)
        target.parent.mkdir(parents=True, exist_ok=True)
        keep_room(image.stat().st_size, target.parent)
        shutil.copyfile(image, target)
        return header

    def firmware_view(self) -> FirmwareView:
        """The update that goes on, or the last one."""
        job = self._updates.job or self._updates.last
        if job is None:
            return FirmwareView(running=self.running_version, status=FirmwareStatus.IDLE)
        downloading = job.stage is update.Stage.DOWNLOADING
        moved, size = (downloading and self._updates.progress) or (None, None)
        return FirmwareView(
            downloaded_bytes=moved,
            size_bytes=size,
            running=self.running_version,
            status=job.status or FirmwareStatus.IDLE,
            stage=job.stage.value,
            version=job.version,
            request_id=job.request_id,
            retrieve_at=job.retrieve_at,
            install_at=job.install_at,
            problem=job.problem,
        )

    def firmware_status(self) -> tuple[FirmwareStatus, int | None]:
        """What goes on now, and the request of it where it is a signed update; Idle when nothing does."""
        job = self._updates.job
        status = self._updates.status
        return status, job.request_id if job is not None and status is not FirmwareStatus.IDLE else None

    @staticmethod
    def plain(status: FirmwareStatus) -> FirmwareStatus:
        """The nearest status that FirmwareStatusNotification knows."""
        return update.PLAIN.get(status, status)

    # --- diagnostics and logs --------------------------------------------------------------------------------

    async def get_diagnostics(
        self,
        *,
        location: str,
        oldest: datetime | None,
        latest: datetime | None,
        retries: int | None,
        retry_interval_s: int | None,
    ) -> str | None:
        """GetDiagnostics: the name of the file that will come; None when none will: there is nothing, or it
        cannot be an address.

        Raises StorageFailed.
        """
        try:
            addresses.parse(location)
        except TransferFailed as error:
            log.warning("diagnostics: %s", error)
            return None
        if not await self._gathering.anything(oldest, latest):
            return None
        job = self._upload(LogKind.DIAGNOSTICS, location, oldest, latest, retries, retry_interval_s)
        await self._diagnostics.request(job)
        return job.name

    async def get_log(
        self,
        *,
        kind: LogKind,
        request_id: int,
        location: str,
        oldest: datetime | None,
        latest: datetime | None,
        retries: int | None,
        retry_interval_s: int | None,
    ) -> tuple[Acceptance, str]:
        """GetLog: the answer and the name of the file that will come, empty when none. Raises StorageFailed."""
        try:
            addresses.parse(location)
        except TransferFailed as error:
            log.warning("log request %d: %s", request_id, error)
            return Acceptance.REJECTED, ""
        job = self._upload(kind, location, oldest, latest, retries, retry_interval_s)
        acceptance = await self._logs.request(msgspec.structs.replace(job, request_id=request_id))
        return acceptance, job.name

    def diagnostics_status(self) -> UploadStatus:
        return self._diagnostics.status

    def log_status(self) -> tuple[UploadStatus, int | None]:
        job = self._logs.job
        status = self._logs.status
        return status, job.request_id if job is not None and status is not UploadStatus.IDLE else None

    async def archive(self) -> Path:
        """A fresh diagnostics archive in the data folder; whoever asked takes it away. Raises NotPossible."""
        path = self._folder / self._name(LogKind.DIAGNOSTICS)
        try:
            await self._gathering.write_diagnostics(path, None, None)
        except OSError as error:
            raise NotPossible(f"{path} cannot be written: {error.strerror}; look at the disk") from error
        return path

    def _tidy(self) -> None:
        """What lies there was being delivered when the last core ended; it is made anew."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._folder.iterdir():
            if path.is_file():
                path.unlink()

    def _upload(
        self,
        kind: LogKind,
        location: str,
        oldest: datetime | None,
        latest: datetime | None,
        retries: int | None,
        retry_interval_s: int | None,
    ) -> upload.Job:
        return upload.Job(
            id=uuid.uuid4().hex,
            kind=kind,
            location=location,
            name=self._name(kind),
            oldest=oldest,
            latest=latest,
            tries=_tries(retries),
            retry_interval_s=_interval_s(retry_interval_s),
        )

    def _name(self, kind: LogKind) -> str:
        """Unique enough for a folder that many stations share."""
        identity = re.sub(r"[^A-Za-z0-9_-]", "_", self._settings.str("chargePointIdentity"))[:48]
        what, ending = ("security", "log") if kind is LogKind.SECURITY_LOG else ("diagnostics", "zip")
        return f"{what}-{identity}-{self._clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}.{ending}"


def _tries(retries: int | None) -> int:
    """``retries`` come after the first try."""
    return TRIES if retries is None else min(MOST_TRIES, max(0, retries) + 1)


def _interval_s(asked_s: int | None) -> float:
    return RETRY_S if asked_s is None else float(min(max(SHORTEST_RETRY_S, asked_s), LONGEST_RETRY_S))
