"""Certificates on the local link: translates, never decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from kiosk.link import certificate_messages as m
from kiosk.link.params import Nothing, Params
from kiosk.model.errors import BadValue
from kiosk.station.certificates.names import CertificateInfo, CertificateUse
from kiosk.station.commands.certificates import Certificates

STATION: Final = "Station"
_USES: Final = (*(use.value for use in CertificateUse), STATION)


def handlers(certificates: Certificates) -> dict[str, Callable[[Any], Awaitable[Params]]]:
    """Method name → handler, for the rows ``certificates.*``."""

    async def listed(_: Nothing) -> m.CertificateList:
        rows = [
            _row(use.value, info, certificates) for use in CertificateUse for info in await certificates.infos(use)
        ]
        rows += [_row(STATION, info, certificates) for info in await certificates.own()]
        return m.CertificateList(certificates=tuple(rows), requested=certificates.store.requested)

    async def install(p: m.CertificateInstall) -> m.CertificateRow:
        if p.use == STATION:
            return _row(STATION, (await certificates.signed(p.pem)).leaf, certificates)
        if p.use not in _USES:
            raise BadValue("use", p.use, "certificates have no such use", ", ".join(_USES))
        return _row(p.use, await certificates.install(CertificateUse(p.use), p.pem), certificates)

    async def remove(p: m.CertificateRemove) -> Nothing:
        await certificates.remove(p.fingerprint)
        return Nothing()

    async def csr(_: Nothing) -> m.SigningRequest:
        return m.SigningRequest(csr=await certificates.signing_request())

    return {
        "certificates.list": listed,
        "certificates.install": install,
        "certificates.remove": remove,
        "certificates.csr": csr,
    }


def _row(use: str, info: CertificateInfo, certificates: Certificates) -> m.CertificateRow:
    return m.CertificateRow(
        use=use,
        fingerprint=info.fingerprint,
        subject=info.subject,
        issuer=info.issuer,
        serial_number=info.serial_number,
        not_before=info.not_before,
        not_after=info.not_after,
        in_use=info.fingerprint in (certificates.in_use, certificates.shown),
    )
