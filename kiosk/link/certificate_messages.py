"""Params and results of the methods ``certificates.*``. A private key is in none of them."""

from __future__ import annotations

from datetime import datetime

from kiosk.link.params import Params


class CertificateRow(Params, frozen=True, kw_only=True):
    """One certificate. ``use``: CentralSystemRootCertificate, ManufacturerRootCertificate or Station."""

    use: str
    fingerprint: str  # SHA-256, hexadecimal
    subject: str
    issuer: str
    serial_number: str
    not_before: datetime
    not_after: datetime
    in_use: bool = False  # the present connection to the backend was verified with it


class CertificateList(Params, frozen=True, kw_only=True):
    """``requested``: a signing request is open."""

    certificates: tuple[CertificateRow, ...]
    requested: bool = False


class CertificateInstall(Params, frozen=True, kw_only=True):
    """``use`` as in ``CertificateRow``; Station takes the chain that answers ``certificates.csr``, leaf first."""

    use: str
    pem: str


class CertificateRemove(Params, frozen=True, kw_only=True):
    """``fingerprint``: as many of its first digits as tell it from the others."""

    fingerprint: str


class SigningRequest(Params, frozen=True, kw_only=True):
    """PKCS#10, PEM."""

    csr: str
