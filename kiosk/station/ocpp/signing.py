"""Asks the backend to sign a certificate of the station: when told to, and before the present one expires."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

import msgspec
from ocpp.exceptions import OCPPError

from kiosk.model.clock import Clock
from kiosk.model.errors import BackendRefused
from kiosk.settings import Installation
from kiosk.station.certificates.names import CertificateInfo, StoreFailed
from kiosk.station.commands.certificates import Certificates
from kiosk.station.ocpp.jobs import wait
from kiosk.station.ocpp.wire import NoAnswer, Wire

log = logging.getLogger(__name__)

FIRST_RETRY_S: Final = 60.0
"""Wait for CertificateSigned, or after a refusal; doubles from try to try."""
LONGEST_RETRY_S: Final = 24 * 3600.0
LONGEST_LOOK_S: Final = 3600.0
"""How often the dates are looked at: the clock may have been moved."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about the station's certificate. ``wait_s`` None: until something changes."""

    ask: bool = False
    switch: bool = False  # another certificate than the one shown is the newest valid one
    wait_s: float | None = None


def plan(
    now: datetime,
    own: list[CertificateInfo],
    *,
    asked_for: bool,
    renew_days: float,
    tries: int,
    since_try_s: float,
    shown: str | None,
) -> Plan:
    """Pure. ``own``: newest first. ``tries``: requests without a certificate so far, the last ``since_try_s`` ago.

    ``shown``: fingerprint of the certificate that the present link was opened with, None: it needs none.
    """
    usable = next((each for each in own if each.not_before <= now), None)
    if shown is not None and usable is not None and usable.fingerprint != shown:
        return Plan(switch=True)
    due = asked_for
    look_s: float | None = None
    if own:
        to_renewal_s = (own[0].not_after - timedelta(days=renew_days) - now).total_seconds()
        due = due or to_renewal_s <= 0
        starts = [(each.not_before - now).total_seconds() for each in own if each.not_before > now]
        look_s = min([LONGEST_LOOK_S, *starts] + ([to_renewal_s] if to_renewal_s > 0 else []))
    if not due:
        return Plan(wait_s=look_s)
    wait_s = min(FIRST_RETRY_S * 2.0 ** min(tries - 1, 30), LONGEST_RETRY_S) - since_try_s if tries else 0.0
    return Plan(ask=True) if wait_s <= 0 else Plan(wait_s=wait_s)


class Signing:
    """Lives as long as the client, so that a lost line does not begin the back-off anew."""

    def __init__(self, certificates: Certificates, installation: Installation, clock: Clock) -> None:
        self._certificates = certificates
        self._installation = installation
        self._clock = clock
        self._wake = asyncio.Event()
        self._tries = 0
        self._tried_s = 0.0
        self._newest: str | None = None

    async def talk(self, wire: Wire, shown: str | None) -> None:
        """Until the connection ends. ``shown``: see ``plan``. Raises BackendUnreachable."""
        end = self._certificates.subscribe(self._wake.set)
        try:
            while True:
                self._wake.clear()
                next_step = await self._plan(shown)
                if next_step.switch:
                    wire.drop_when_answered("a new certificate of the station is to be shown")
                if next_step.ask:
                    await self._ask(wire)
                else:
                    await wait(self._wake, next_step.wait_s)
        finally:
            end()

    async def _plan(self, shown: str | None) -> Plan:
        own = await self._certificates.own()
        newest = own[0].fingerprint if own else None
        if newest != self._newest:
            self._newest, self._tries = newest, 0
        return plan(
            self._clock.now(),
            own,
            asked_for=self._certificates.renewal_wanted,
            renew_days=self._installation.backend.renew_certificate_days,
            tries=self._tries,
            since_try_s=self._clock.monotonic() - self._tried_s,
            shown=shown,
        )

    async def _ask(self, wire: Wire) -> None:
        """SignCertificate.req; the certificate itself comes later, in a call of the backend."""
        self._tries += 1
        self._tried_s = self._clock.monotonic()
        try:
            answered = await wire.request("SignCertificate", {"csr": await self._certificates.signing_request()})
        except (BackendRefused, OCPPError, StoreFailed) as error:
            log.warning("SignCertificate: %s", error)
            return
        except NoAnswer as error:
            if not error.alive:
                raise
            log.warning("SignCertificate: %s", error)
            return
        if answered.get("status") != "Accepted":
            log.warning("the backend does not sign our certificate: SignCertificate %s", answered.get("status"))
