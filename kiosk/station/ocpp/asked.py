"""What the handlers of a backend's calls act on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from kiosk.model.enums import Provenance, ResetKind
from kiosk.model.file_jobs import (
    Acceptance,
    FirmwareNews,
    FirmwareStatus,
    LogKind,
    UploadNews,
    UploadStatus,
)
from kiosk.settings import Change, Settings
from kiosk.station.certificates.names import CertificateHash, CertificateInfo, CertificateUse
from kiosk.station.commands.local_list import UpdateKind
from kiosk.station.power.profile_model import Purpose, Unit
from kiosk.station.power.profiles import Composite
from kiosk.station.storage.records import TagEntry

Payload = dict[str, Any]


class Trigger(StrEnum):
    """TriggerMessage.req requestedMessage that we can send (OCPP 1.6 section 7.34)."""

    BOOT = "BootNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    STATUS = "StatusNotification"
    FIRMWARE = "FirmwareStatusNotification"
    DIAGNOSTICS = "DiagnosticsStatusNotification"
    # of ExtendedTriggerMessage (security white paper, section 5)
    SIGNED_FIRMWARE = "SignedFirmwareStatusNotification"
    LOG = "LogStatusNotification"


class Certificates(Protocol):
    """``kiosk.station.commands.certificates.Certificates``, as far as handlers ask it."""

    async def install(self, use: CertificateUse, pem: str) -> CertificateInfo: ...

    async def names(self, use: CertificateUse) -> list[CertificateHash]: ...

    async def delete(self, wanted: CertificateHash) -> bool: ...

    async def signed(self, chain: str) -> object: ...

    def request_renewal(self) -> None: ...


class Profiles(Protocol):
    """``kiosk.station.commands.profiles.Profiles``, as far as handlers ask it."""

    async def set(self, connector_id: int, payload: Payload) -> StrEnum: ...

    def refusal_of_start(self, payload: Payload) -> str | None: ...

    async def clear(
        self,
        *,
        profile_id: int | None = None,
        connector_id: int | None = None,
        purpose: Purpose | None = None,
        stack_level: int | None = None,
    ) -> int: ...

    def composite(self, connector_id: int, duration_s: int, unit: Unit | None = None) -> Composite: ...


class Reservations(Protocol):
    """``kiosk.station.commands.reservations.Reservations``."""

    async def reserve(
        self,
        *,
        reservation_id: int,
        connector_id: int,
        id_tag: str,
        expires_at: datetime,
        parent_id_tag: str | None = None,
    ) -> StrEnum: ...

    async def cancel(self, reservation_id: int) -> StrEnum: ...


class LocalList(Protocol):
    """``kiosk.station.commands.local_list.LocalList``."""

    async def version(self) -> int: ...

    async def update(
        self, kind: UpdateKind, version: int, entries: Sequence[tuple[str, TagEntry | None]]
    ) -> StrEnum: ...


class Files(Protocol):
    """``kiosk.station.commands.files.Files``, as far as this room asks it."""

    def tell(
        self,
        *,
        firmware: Callable[[FirmwareNews], None],
        diagnostics: Callable[[UploadNews], None],
        logs: Callable[[UploadNews], None],
    ) -> None: ...

    async def update_firmware(
        self, *, location: str, retrieve_at: datetime, retries: int | None, retry_interval_s: int | None
    ) -> Acceptance: ...

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
    ) -> Acceptance: ...

    async def get_diagnostics(
        self,
        *,
        location: str,
        oldest: datetime | None,
        latest: datetime | None,
        retries: int | None,
        retry_interval_s: int | None,
    ) -> str | None: ...

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
    ) -> tuple[Acceptance, str]: ...

    def firmware_status(self) -> tuple[FirmwareStatus, int | None]: ...

    def plain(self, status: FirmwareStatus) -> FirmwareStatus: ...

    def diagnostics_status(self) -> UploadStatus: ...

    def log_status(self) -> tuple[UploadStatus, int | None]: ...


class Commands(Protocol):
    """What this room needs of the one door, ``kiosk.station.commands.Commands``."""

    @property
    def certificates(self) -> Certificates: ...

    @property
    def files(self) -> Files: ...

    @property
    def profiles(self) -> Profiles: ...

    @property
    def reservations(self) -> Reservations: ...

    @property
    def local_list(self) -> LocalList: ...

    async def remote_start(
        self, id_tag: str, connector_id: int | None, profile: Payload | None = None
    ) -> bool: ...

    async def remote_stop(self, transaction_id: int) -> bool: ...

    async def unlock(self, connector_id: int) -> StrEnum: ...

    async def change_availability(self, connector_id: int, operative: bool) -> StrEnum: ...

    async def change_key(self, name: str, value: str, by: Provenance) -> Change: ...

    def show_cost(self, transaction_id: int, text: str) -> bool: ...

    def request_reset(self, kind: ResetKind) -> bool: ...


class Cache(Protocol):
    """The authorization cache."""

    async def cache_clear(self) -> None: ...


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """What the handlers act on.

    ``accepted``: BootNotification was accepted. ``trigger``: send this message when its turn comes (None: all
    connectors).
    """

    commands: Commands
    settings: Settings
    cache: Cache
    connectors: int
    vendor: str
    accepted: Callable[[], bool]
    trigger: Callable[[Trigger, int | None], None]
