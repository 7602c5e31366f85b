"""Certificates and what a secured link is made of, as a backend or an operator may wish them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from kiosk.model.clock import Clock
from kiosk.model.enums import Provenance, SecurityEventType
from kiosk.model.errors import BadValue, NotPossible
from kiosk.settings import Change, Installation, Settings
from kiosk.station.certificates.names import BadCertificate, CertificateHash, CertificateInfo, CertificateUse
from kiosk.station.certificates.store import CertificateStore, Pair
from kiosk.station.security import SecurityLog
from kiosk.station.storage import SettingsStore

log = logging.getLogger(__name__)

T = TypeVar("T")

SECURITY_KEYS: Final = frozenset({"AuthorizationKey", "CpoName", "SecurityProfile"})
"""Their change is an entry of the security log."""


class Certificates:
    """``in_use``: fingerprint of the root that the present link was verified with, ``shown``: of the station's
    certificate that it shows; the link says so.
    """

    def __init__(
        self,
        *,
        store: CertificateStore,
        settings: Settings,
        settings_store: SettingsStore,
        installation: Installation,
        security: SecurityLog,
        clock: Clock,
    ) -> None:
        self.store = store
        self.in_use: str | None = None
        self.shown: str | None = None
        self._settings = settings
        self._settings_store = settings_store
        self._installation = installation
        self._security = security
        self._clock = clock
        self._lock = asyncio.Lock()
        self._wanted = False
        self._listeners: list[Callable[[], None]] = []
        settings.subscribe(self._key_changed)

    # --- roots -----------------------------------------------------------------------------------------------

    async def install(self, use: CertificateUse, pem: str) -> CertificateInfo:
        """Trust a root certificate from now on. Raises BadCertificate, StoreFailed."""
        now = self._clock.now()
        most = self._settings.int("CertificateStoreMaxLength")
        central = use is CertificateUse.CENTRAL_ROOT
        replace = central and self._settings.bool("AdditionalRootCertificateCheck")
        try:
            info = await self._work(lambda: self.store.install_root(use, pem, now, most=most, replace=replace))
        except BadCertificate as error:
            if central:
                self._security.record(SecurityEventType.INVALID_BACKEND_CERTIFICATE, f"not installed: {error}")
            raise
        self._changed(f"{use.value} installed: {info.subject}")
        return info

    async def names(self, use: CertificateUse) -> list[CertificateHash]:
        """Of all installed roots of this use, as GetInstalledCertificateIds wants them."""
        return [name for _, name in await self._work(lambda: self.store.names(use))]

    async def infos(self, use: CertificateUse) -> list[CertificateInfo]:
        return await self._work(lambda: self.store.infos(use))

    async def own(self) -> list[CertificateInfo]:
        """The station's own certificates, newest first."""
        return [pair.leaf for pair in await self._work(self.store.pairs)]

    async def delete(self, wanted: CertificateHash) -> bool:
        """Trust a root no longer; False when there is none of that name. Raises NotPossible, StoreFailed."""
        found = await self._work(lambda: self.store.find(wanted))
        if found is None:
            return False
        await self._remove(*found)
        return True

    async def remove(self, beginning: str) -> CertificateInfo:
        """Remove the root whose fingerprint begins so. Raises BadValue, NotPossible, StoreFailed."""
        wanted = beginning.replace(":", "").casefold()
        found = [
            (use, info)
            for use in CertificateUse
            for info in await self.infos(use)
            if wanted and info.fingerprint.startswith(wanted)
        ]
        if len(found) != 1:
            reason = "several root certificates begin so" if found else "no root certificate begins so"
            raise BadValue("fingerprint", beginning, reason, "the first digits shown by `kiosk certificates list`")
        use, info = found[0]
        await self._remove(use, info.fingerprint)
        return info

    async def _remove(self, use: CertificateUse, fingerprint: str) -> None:
        central = use is CertificateUse.CENTRAL_ROOT
        if central and fingerprint == self.in_use:
            raise NotPossible("the present connection to the backend was verified with this certificate")
        if (
            central
            and self._settings.int("SecurityProfile") >= 2
            and self.store.fingerprints(use) == [fingerprint]
        ):
            raise NotPossible("it is the last root certificate of the backend, and the security profile needs one")
        await self._work(lambda: self.store.remove_root(use, fingerprint))
        self._changed(f"{use.value} removed: {fingerprint[:16]}")

    # --- the station's own -----------------------------------------------------------------------------------

    async def signing_request(self) -> str:
        """A signing request in PEM form; its private key stays here. Raises StoreFailed."""
        serial, name = self._installation.station.serial, self._settings.str("CpoName")
        return await self._work(lambda: self.store.request(serial=serial, organization=name))

    async def signed(self, chain: str) -> Pair:
        """The answer to a signing request, leaf first. Raises BadCertificate, StoreFailed."""
        now = self._clock.now()
        longest = self._settings.int("CertificateSignedMaxChainSize")
        before = self.store.installed.client
        try:
            if len(chain) > longest:
                raise BadCertificate(f"the chain has {len(chain)} characters, and {longest} is the most")
            serial = self._installation.station.serial
            pair = await self._work(lambda: self.store.install_signed(chain, now, serial=serial))
        except BadCertificate as error:
            self._security.record(SecurityEventType.INVALID_STATION_CERTIFICATE, str(error))
            raise
        self._wanted = False
        self._changed(f"certificate of the station {'renewed' if before else 'installed'}: {pair.leaf.subject}")
        return pair

    async def refused(self, pair_id: str, why: str) -> None:
        """The backend takes an older certificate of ours, but not this one. Raises StoreFailed."""
        await self._work(lambda: self.store.remove_pair(pair_id))
        self._security.record(SecurityEventType.INVALID_STATION_CERTIFICATE, why)
        self._changed("a certificate of the station was given up")

    async def proven(self, root: str | None, pair_id: str | None) -> None:
        """A connection worked with these: what they replaced goes. Raises StoreFailed."""
        if root is not None:
            await self._work(lambda: self.store.confirm_roots(root))
        if pair_id is not None:
            await self._work(lambda: self.store.confirm_pair(pair_id))

    def request_renewal(self) -> None:
        """A new certificate is to be asked for (ExtendedTriggerMessage SignChargePointCertificate)."""
        self._wanted = True
        self._tell()

    @property
    def renewal_wanted(self) -> bool:
        """Somebody has asked for a new certificate, and none has come yet."""
        return self._wanted

    # --- the link --------------------------------------------------------------------------------------------

    async def restore(self, values: Mapping[str, str], why: str) -> None:
        """Keys go back to what last worked (white paper: fallback of a failed change). Raises StorageFailed.

        The only way a security profile goes down, and only until a connection has worked on the higher one.
        """
        for name, text in values.items():
            if self._settings.stored_text(name) == text and self._settings.text(name) == text:
                continue
            provenance = self._settings.provenance(name)
            change = Change(name=name, text=text, provenance=provenance, reboot_required=False)
            await self._settings_store.save(change, self._clock.now())
            self._settings.apply(change)
        self._security.record(SecurityEventType.RECONFIGURATION, why)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """``listener`` is called when something was installed, removed or asked for. Returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # --- inside ----------------------------------------------------------------------------------------------

    async def _work(self, work: Callable[[], T]) -> T:
        """On a thread, one at a time: the store waits for the disk."""
        async with self._lock:
            return await asyncio.to_thread(work)

    def _changed(self, what: str) -> None:
        log.info("certificates: %s", what)
        self._settings.certificates_are(self.store.installed)
        self._security.record(SecurityEventType.RECONFIGURATION, what)
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def _key_changed(self, name: str) -> None:
        if name in SECURITY_KEYS:
            by: Provenance = self._settings.provenance(name)
            shown = f" is {self._settings.text(name)}" if name == "SecurityProfile" else " was changed"
            self._security.record(SecurityEventType.RECONFIGURATION, f"{name}{shown}, by {by.value}")
