"""Chooses the link to dial, remembers the one that worked, and tells the security log what went wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection

from kiosk.model.clock import Clock
from kiosk.model.enums import SecurityEventType
from kiosk.settings import Installation, Settings
from kiosk.station.certificates import context
from kiosk.station.certificates.names import StoreFailed
from kiosk.station.certificates.store import Pair
from kiosk.station.commands.certificates import Certificates
from kiosk.station.ocpp import links, registration
from kiosk.station.ocpp.dial import DialFailed, dial
from kiosk.station.ocpp.links import Link
from kiosk.station.security import SecurityLog
from kiosk.station.storage import MetaStore

log = logging.getLogger(__name__)

WORKED: Final = "link.worked"
"""Name under which the link that worked is kept. [stored]"""


class Dialler:
    """``embedded_url``: base address while WebSocketUrl is empty."""

    def __init__(
        self,
        *,
        embedded_url: str | None,
        settings: Settings,
        installation: Installation,
        certificates: Certificates,
        security: SecurityLog,
        meta: MetaStore,
        clock: Clock,
    ) -> None:
        self._embedded_url = embedded_url
        self._settings = settings
        self._installation = installation
        self._certificates = certificates
        self._security = security
        self._meta = meta
        self._clock = clock
        self._turns = links.Turns(installation.backend.new_link_tries)
        self._worked: Link | None = None
        self._loaded = False
        self._told: set[tuple[SecurityEventType, str]] = set()
        self.link: Link | None = None  # of the present connection
        self.settling = False  # keys are being put back: no reason to leave the line that did it

    @property
    def shown(self) -> str:
        """The address that is dialled, for people."""
        return self._shown(links.wanted(self._settings, ""))

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """``listener`` is called when other certificates may let a dial succeed. Returns the way out."""
        return self._certificates.subscribe(listener)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[ClientConnection]:
        """One open connection. Raises DialFailed; what is raised inside goes through. Raises StorageFailed."""
        if not self._loaded:
            self._worked = await self._load()
            self._loaded = True
        pair = await self._pair()
        new = links.wanted(self._settings, pair.leaf.fingerprint if pair else "")
        trial = self._worked is not None and links.on_trial(new, self._worked, self._settings.provenance)
        link = self._turns.next(new, self._worked if trial else None)
        shown = self._shown(link)
        log.info("backend: dialling %s, security profile %d", shown, link.profile)
        opened = False
        try:
            timeout_s = self._installation.backend.connect_timeout_s
            async with dial(link, self._base(link), self._certificates.store, timeout_s) as socket:
                opened = True
                await self._opened(link, new, pair, socket)
                self.link = link
                log.info("backend: connected to %s", shown)
                yield socket
        except DialFailed as error:
            if not opened:
                self._failed(link, error)
            raise
        finally:
            self.link = self._certificates.in_use = self._certificates.shown = None

    # --- inside ----------------------------------------------------------------------------------------------

    def _base(self, link: Link) -> str:
        """Empty where there is no address at all."""
        return link.url or self._embedded_url or ""

    def _shown(self, link: Link) -> str:
        return registration.without_credentials(registration.address(self._base(link), link.identity))

    async def _opened(self, link: Link, new: Link, pair: Pair | None, socket: ClientConnection) -> None:
        """The link works: it is the one to come back to, committed before it is relied upon."""
        self._told.clear()
        root = context.verified_root(socket.transport.get_extra_info("ssl_object"))
        self._certificates.in_use, self._certificates.shown = root, link.pair or None
        if link != self._worked:
            await self._meta.set(WORKED, msgspec.json.encode(link).decode())
            self._worked = link
        if link != new:
            await self._fall_back(link, new, pair)
        shown_pair = pair.id if pair is not None and pair.leaf.fingerprint == link.pair else None
        try:
            await self._certificates.proven(root, shown_pair)
        except StoreFailed as error:
            log.error("certificates that are of no more use stay: %s", error)  # no reason to leave a good line

    async def _fall_back(self, link: Link, new: Link, pair: Pair | None) -> None:
        back = links.differences(link, new)
        what = ", ".join(back) or "the certificate of the station"
        log.error("backend: the new link does not work: back to what worked, for %s", what)
        self.settling = True
        try:
            if back:
                await self._certificates.restore(back, f"a new link did not work, back to the last one: {what}")
        finally:
            self.settling = False
        if pair is not None and new.profile == link.profile == 3 and new.pair != link.pair:
            why = "the backend takes the old certificate, but not the new one"
            try:
                await self._certificates.refused(pair.id, why)
            except StoreFailed as error:
                log.error("a refused certificate stays, and will be tried again: %s", error)

    def _failed(self, link: Link, error: DialFailed) -> None:
        self._turns.failed(link)
        if error.event is not None and (error.event, str(error)) not in self._told:
            self._told.add((error.event, str(error)))  # once for each cause, not for each try
            self._security.record(error.event, str(error))

    async def _pair(self) -> Pair | None:
        if self._settings.int("SecurityProfile") < 3:
            return None
        return await asyncio.to_thread(self._certificates.store.pair, self._clock.now())

    async def _load(self) -> Link | None:
        text = await self._meta.get(WORKED)
        if text is None:
            return None
        try:
            return msgspec.json.decode(text, type=Link)
        except msgspec.DecodeError as error:
            log.warning("the link that worked last is not readable, so there is none to fall back to: %s", error)
            return None
