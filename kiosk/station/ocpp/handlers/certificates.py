"""Certificates: the security white paper's messages (edition 3, sections 3 and 4)."""

from __future__ import annotations

from kiosk.model.errors import NotPossible
from kiosk.station.certificates.names import BadCertificate, CertificateHash, CertificateUse, StoreFailed
from kiosk.station.ocpp.asked import Payload, Station


async def certificate_signed(station: Station, asked: Payload) -> Payload:
    """CertificateSigned.req: what a wrong chain is told by a security event, not by the answer."""
    try:
        await station.commands.certificates.signed(asked["certificateChain"])
    except (BadCertificate, StoreFailed):
        return {"status": "Rejected"}
    return {"status": "Accepted"}


async def install_certificate(station: Station, asked: Payload) -> Payload:
    """InstallCertificate.req: Rejected when it cannot be used, Failed when it could not be kept."""
    try:
        await station.commands.certificates.install(CertificateUse(asked["certificateType"]), asked["certificate"])
    except BadCertificate:
        return {"status": "Rejected"}
    except StoreFailed:
        return {"status": "Failed"}
    return {"status": "Accepted"}


async def installed_certificates(station: Station, asked: Payload) -> Payload:
    """GetInstalledCertificateIds.req: NotFound when there is none of that type."""
    names = await station.commands.certificates.names(CertificateUse(asked["certificateType"]))
    if not names:
        return {"status": "NotFound"}
    return {"status": "Accepted", "certificateHashData": [_written(name) for name in names]}


async def delete_certificate(station: Station, asked: Payload) -> Payload:
    """DeleteCertificate.req: Failed for the one that the link hangs on."""
    data = asked["certificateHashData"]
    wanted = CertificateHash(
        hash_algorithm=data["hashAlgorithm"],
        issuer_name_hash=data["issuerNameHash"],
        issuer_key_hash=data["issuerKeyHash"],
        serial_number=data["serialNumber"],
    )
    try:
        found = await station.commands.certificates.delete(wanted)
    except (NotPossible, StoreFailed):
        return {"status": "Failed"}
    return {"status": "Accepted" if found else "NotFound"}


def _written(name: CertificateHash) -> Payload:
    return {
        "hashAlgorithm": name.hash_algorithm,
        "issuerNameHash": name.issuer_name_hash,
        "issuerKeyHash": name.issuer_key_hash,
        "serialNumber": name.serial_number,
    }
