"""Words of this room that need no cryptography: uses, hashes, outcomes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from kiosk.model.errors import UserFacing


class CertificateUse(StrEnum):
    """InstallCertificate.req certificateType (security white paper edition 3)."""

    CENTRAL_ROOT = "CentralSystemRootCertificate"
    MANUFACTURER_ROOT = "ManufacturerRootCertificate"


class CertificateHash(msgspec.Struct, frozen=True, kw_only=True):
    """CertificateHashData: a certificate's name on the wire, in hexadecimal digits (RFC 6960 section 4.1.1)."""

    hash_algorithm: str  # SHA256, SHA384 or SHA512
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class CertificateInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as people see it. ``fingerprint``: SHA-256 over its DER form, hexadecimal."""

    fingerprint: str
    subject: str
    issuer: str
    serial_number: str
    not_before: datetime
    not_after: datetime


class BadCertificate(UserFacing):
    """The certificate cannot be used; says which and why."""


class StoreFailed(UserFacing):
    """The certificate is right, but the folder could not be written."""
