"""What a TLS connection to the central system needs, and what can go wrong with one. No cryptography needed."""

from __future__ import annotations

import hashlib
import logging
import ssl
from collections.abc import Iterable
from typing import Any, Final

from kiosk.model.enums import SecurityEventType
from kiosk.station.certificates.names import BadCertificate
from kiosk.station.certificates.store import Pair

log = logging.getLogger(__name__)

CIPHERS: Final = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    )
)
"""For TLS 1.2: the white paper's four, those without forward secrecy last, and ECDHE with RSA certificates, which
it does not forbid and which beats them. TLS 1.3 brings its own."""

_VERSION: Final = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "VERSION_TOO_LOW")
_CIPHER: Final = ("HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "NO_CIPHERS_AVAILABLE", "INSUFFICIENT_SECURITY")
_OWN: Final = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED",
               "CERTIFICATE_UNKNOWN", "UNSUPPORTED_CERTIFICATE", "ALERT_UNKNOWN_CA", "ACCESS_DENIED",
               "DECRYPT_ERROR")  # fmt: skip
"""Alerts of the other side about the certificate that we showed."""


def client(roots: Iterable[bytes], pair: Pair | None, *, system_roots: bool) -> ssl.SSLContext:
    """TLS 1.2 or later; the server's chain and host name are checked. Blocks on the disk.

    ``roots``: PEM of those we trust, damaged ones are left out; ``system_roots``: the machine's too. Raises
    BadCertificate when ``pair`` is damaged.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks host names and demands a certificate
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION
    # an operator's sub-authority may be all that is trusted: RFC 5280 section 6.1 lets us choose the anchor
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for pem in roots:
        try:
            context.load_verify_locations(cadata=pem.decode("ascii", "replace"))
        except (ssl.SSLError, ValueError) as error:
            log.warning("a stored root certificate is damaged and left out; install it again: %s", error)
    try:
        if system_roots:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if pair is not None:
            context.load_cert_chain(pair.chain, pair.key)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise BadCertificate(f"the station's certificate cannot be used: {error}; request a new one") from error
    return context


def verified_root(ssl_object: Any) -> str | None:
    """Fingerprint of the root that the present connection's chain led to; None where it cannot be told."""
    inner = getattr(ssl_object, "_sslobj", None)  # public from Python 3.13 on
    chain = getattr(inner, "get_verified_chain", None)
    found = chain() if chain is not None else None
    if not found:
        return None
    last = found[-1]
    der: bytes = last if isinstance(last, bytes) else ssl.PEM_cert_to_DER_cert(last.public_bytes())
    return hashlib.sha256(der).hexdigest()


def trouble(error: BaseException) -> tuple[SecurityEventType, str] | None:
    """Which event of the security log a failed connection is, and what to tell of it; None: no TLS trouble."""
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return SecurityEventType.INVALID_BACKEND_CERTIFICATE, each.verify_message or "verification failed"
        if isinstance(each, ssl.SSLError):
            reason = each.reason or ""
            for words, kind in (
                (_OWN, SecurityEventType.FAILED_TO_AUTHENTICATE),
                (_VERSION, SecurityEventType.INVALID_TLS_VERSION),
                (_CIPHER, SecurityEventType.INVALID_TLS_CIPHER_SUITE),
            ):
                if any(word in reason for word in words):
                    return kind, reason.replace("_", " ").lower()
    return None


def _causes(error: BaseException) -> Iterable[BaseException]:
    seen: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in seen:
        seen.append(at)
        at = at.__cause__ or at.__context__
    return seen
