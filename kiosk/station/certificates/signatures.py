"""Signatures over firmware files (security white paper edition 3, secure firmware update)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.x509.oid import ExtendedKeyUsageOID

from kiosk.station.certificates import chains
from kiosk.station.certificates.names import BadCertificate

_PIECE: Final = 1024 * 1024


def check_signing_certificate(pem: str, roots: Sequence[bytes], now: datetime) -> None:
    """A firmware signing certificate (leaf first, if a chain) that leads to one of ``roots`` (PEM).

    Raises BadCertificate; also without any root, because then nobody vouches for it.
    """
    if not roots:
        raise BadCertificate("no manufacturer root certificate is installed; install one first")
    chain = chains.read(pem)
    chains.check_chain(chain, [chains.read(root)[0] for root in roots], now)
    chains.check_purpose(chain[0], ExtendedKeyUsageOID.CODE_SIGNING)


def check_file(path: Path, signature: str, pem: str) -> None:
    """``signature``: base64, over the SHA-256 of the whole file, by the key of the first certificate in ``pem``.

    RSA with PSS padding, as the white paper wants it, or with the older PKCS#1 v1.5; else ECDSA. Blocks on the
    disk. Raises
    BadCertificate when it does not fit, OSError when the file cannot be read.
    """
    try:
        given = base64.b64decode("".join(signature.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCertificate("the signature is not base64") from error
    digest = hashes.Hash(hashes.SHA256())
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    if not _fits(chains.read(pem)[0], given, digest.finalize()):
        raise BadCertificate("the signature does not fit the file")


def _fits(certificate: x509.Certificate, signature: bytes, digest: bytes) -> bool:
    key = certificate.public_key()
    hashed = Prehashed(hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _verified(lambda: key.verify(signature, digest, ec.ECDSA(hashed)))
    if isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
        return any(
            _verified(lambda how=how: key.verify(signature, digest, how, hashed))  # type: ignore[misc]
            for how in (pss, padding.PKCS1v15())
        )
    raise BadCertificate("the signing certificate's key is neither RSA nor elliptic")


def _verified(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True
