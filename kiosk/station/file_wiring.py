"""Builds what firmware updates, diagnostics and logs are done with, out of the core's parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.enums import ResetKind
from kiosk.settings import Installation, Settings
from kiosk.station.certificates import context
from kiosk.station.certificates.names import CertificateUse
from kiosk.station.certificates.store import CertificateStore
from kiosk.station.charging.connector import Stage
from kiosk.station.charging.sessions import Sessions
from kiosk.station.commands import Commands
from kiosk.station.commands.files import Files
from kiosk.station.commands.gathering import Gathering
from kiosk.station.security import SecurityLog
from kiosk.station.state import State
from kiosk.station.storage import EventLog, Journal, MetaStore
from kiosk.station.system.cord import Limits
from kiosk.station.system.firmware import FirmwareSlots, SimulatedSlots
from kiosk.station.system.transfer import Transfer, TransferPort
from kiosk.station.system.updating import Updates
from kiosk.station.system.uploading import Uploads

MB: Final = 1_000_000


class Site:
    """The station, as an update sees it. ``request_reset``: of the one door."""

    def __init__(self, sessions: Sessions, state: State, request_reset: Callable[[ResetKind], bool]) -> None:
        self._sessions = sessions
        self._state = state
        self._request_reset = request_reset

    def busy(self) -> bool:
        # an authorization that never runs out (ConnectionTimeOut 0) could be waited for till doomsday
        return any(
            bay.running or (bay.stage is Stage.AUTHORIZED and bay.wait_until_s is not None)
            for bay in self._sessions.bays.values()
        )

    def hold(self, held: bool) -> None:
        station = self._state.snapshot.station
        if station.updating is not held:
            self._state.set(station=msgspec.structs.replace(station, updating=held))
        self._sessions.hold(held)

    def reset(self) -> None:
        self._request_reset(ResetKind.SOFT)


class Signatures:
    """Firmware signatures against the manufacturer's root certificates in the store."""

    def __init__(self, store: CertificateStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def check_signer(self, certificate: str) -> None:
        """Raises BadCertificate."""
        from kiosk.station.certificates import signatures  # a start does not pay for cryptography

        roots = self._store.roots(CertificateUse.MANUFACTURER_ROOT)
        signatures.check_signing_certificate(certificate, roots, self._clock.now())

    def check_file(self, image: Path, certificate: str, signature: str) -> None:
        """Raises BadCertificate, OSError."""
        from kiosk.station.certificates import signatures

        signatures.check_file(image, signature, certificate)


class Parts(Protocol):
    """What is needed of the core."""

    data_dir: Path
    installation: Installation
    settings: Settings
    clock: Clock
    state: State
    sessions: Sessions
    journal: Journal
    events: EventLog
    security: SecurityLog
    meta: MetaStore
    commands: Commands


def build(
    core: Parts,
    certificates: CertificateStore,
    slots: FirmwareSlots | None = None,
    transfer: TransferPort | None = None,
) -> Files:
    """Also hung on the one door. ``slots``, ``transfer``: None: the simulated machine's, and the real network."""
    bounds = core.installation.transfer
    firmware, uploaded = core.data_dir / "firmware", core.data_dir / "uploads"
    carrier = transfer or Transfer(
        allow_private=bounds.allow_private,
        limits=Limits(max_bytes=bounds.max_mb * MB, stall_s=bounds.stall_s, total_s=bounds.total_s),
        known_hosts=core.data_dir / "known_hosts",
        trust=lambda: context.client(certificates.roots(CertificateUse.CENTRAL_ROOT), None, system_roots=True),
    )
    gathering = Gathering(
        data_dir=core.data_dir,
        settings=core.settings,
        installation=core.installation,
        state=core.state,
        journal=core.journal,
        events=core.events,
        security=core.security,
        clock=core.clock,
    )

    async def verify(image: Path, certificate: str, signature: str) -> bool:
        return await files.verified(image, certificate, signature)

    def uploads(name: str) -> Uploads:
        return Uploads(
            name=name,
            transfer=carrier,
            folder=uploaded,
            store=core.meta,
            clock=core.clock,
            write=gathering.write,
        )

    def runs(version: str) -> None:
        core.state.set(station=msgspec.structs.replace(core.state.snapshot.station, firmware=version))

    files = Files(
        updates=Updates(
            slots=slots or SimulatedSlots(firmware),
            transfer=carrier,
            folder=firmware,
            store=core.meta,
            site=Site(core.sessions, core.state, core.commands.request_reset),
            clock=core.clock,
            verify=verify,
        ),
        diagnostics=uploads("diagnostics_job"),
        logs=uploads("log_job"),
        gathering=gathering,
        signatures=Signatures(certificates, core.clock),
        security=core.security,
        settings=core.settings,
        clock=core.clock,
        folder=uploaded,
        on_version=runs,
    )
    core.commands.files = files
    return files
