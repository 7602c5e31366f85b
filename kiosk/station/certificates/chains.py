"""Reading, naming and checking certificates. Pure; ``now`` is an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from kiosk.station.certificates.names import BadCertificate, CertificateHash, CertificateInfo

_ALGORITHMS: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
MAX_CHAIN: Final = 10
"""Certificates in one chain."""


def read(pem: str | bytes) -> list[x509.Certificate]:
    """The certificates of a PEM text, in its order. Raises BadCertificate."""
    data = pem.encode("ascii", "replace") if isinstance(pem, str) else pem
    try:
        found = x509.load_pem_x509_certificates(data)
        for each in found:
            # these are parsed when asked for, and a broken one must not surprise anybody later
            _ = each.subject, each.issuer, each.extensions, each.public_key(), each.serial_number
    except Exception as error:  # the library has many ways to refuse what a stranger sent
        begun = b"-----BEGIN CERTIFICATE-----" in data
        problem = "not a certificate in PEM form" + (", but a damaged one" if begun else "")
        raise BadCertificate(
            f"{problem}; give a file that begins with -----BEGIN CERTIFICATE----- and that `openssl x509` can read"
        ) from error
    if len(found) > MAX_CHAIN:
        raise BadCertificate(f"{len(found)} certificates in one chain; at most {MAX_CHAIN} are taken")
    return found


def write(certificates: Iterable[x509.Certificate]) -> bytes:
    """PEM, in the given order."""
    return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 over the DER form, hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def info(certificate: x509.Certificate) -> CertificateInfo:
    return CertificateInfo(
        fingerprint=fingerprint(certificate),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial_number=f"{certificate.serial_number:X}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def name(
    certificate: x509.Certificate, algorithm: str = "SHA256", known: Sequence[x509.Certificate] = ()
) -> CertificateHash:
    """CertificateHashData. ``known``: where the issuer is looked for.

    The key is the issuer's (RFC 6960 section 4.1.1). Where the issuer is not at hand, the certificate's own key
    stands in: a name that is the same each time is of more use than none.
    """
    issuer = (
        certificate
        if issued(certificate, certificate)
        else next((each for each in known if issued(certificate, each)), certificate)
    )
    return CertificateHash(
        hash_algorithm=algorithm,
        issuer_name_hash=_digest(algorithm, certificate.issuer.public_bytes()),
        issuer_key_hash=_digest(algorithm, _key_bits(issuer.public_key())),
        serial_number=f"{certificate.serial_number:X}",
    )


def same_name(one: CertificateHash, other: CertificateHash) -> bool:
    """Hexadecimal digits compare without case, serial numbers without leading zeros."""

    def form(each: CertificateHash) -> tuple[str, ...]:
        digits = (each.issuer_name_hash, each.issuer_key_hash, each.serial_number.lstrip("0"))
        return (each.hash_algorithm, *(text.casefold() for text in digits))

    return form(one) == form(other)


def issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    """``by`` has signed ``certificate``: name and signature fit."""
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    """May sign other certificates (RFC 5280 section 4.2.1.9, and 4.2.1.3 where key usage is named)."""
    try:
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        return missing.oid == x509.KeyUsage.oid


def check_root(pem: str, now: datetime) -> x509.Certificate:
    """One certificate of an authority, valid now. Raises BadCertificate."""
    found = read(pem)
    if len(found) != 1:
        raise BadCertificate(f"{len(found)} certificates instead of one")
    root = found[0]
    if not is_authority(root):
        raise BadCertificate("it is not the certificate of a certificate authority")
    if root.issuer == root.subject and not issued(root, root):
        raise BadCertificate("its own signature is wrong")
    _check_time(root, now)
    return root


def check_chain(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime, *, future: bool = False
) -> None:
    """Leaf first, each signed by the next, the last one by (or itself) one of ``roots``; all valid now.

    Without ``roots`` there is nothing to lead to, and only the chain itself is checked. ``future``: the leaf may
    become valid later. Raises BadCertificate.
    """
    if not chain:
        raise BadCertificate("the chain is empty")
    for each in chain:
        _check_time(each, now, future=future and each is chain[0])
    for depth, (each, above) in enumerate(pairwise(chain)):
        if not issued(each, above):
            raise BadCertificate(f"{_who(each)} is not signed by {_who(above)}, which follows it in the chain")
        _check_authority(above, depth)
    last = chain[-1]
    if not roots or any(fingerprint(last) == fingerprint(root) for root in roots):
        return
    above_last = [root for root in roots if issued(last, root)]
    if not above_last:
        raise BadCertificate(f"{_who(last)} is not signed by an installed root certificate")
    for root in above_last:
        _check_time(root, now)
        _check_authority(root, len(chain) - 1)


def check_purpose(leaf: x509.Certificate, purpose: x509.ObjectIdentifier) -> None:
    """Where a certificate names its purposes, this must be one of them. Raises BadCertificate."""
    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if purpose not in purposes and ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE not in purposes:
        raise BadCertificate(f"{_who(leaf)} is not meant for this purpose")


def same_key(certificate: x509.Certificate, key: CertificateIssuerPublicKeyTypes) -> bool:
    """The certificate is about this public key."""
    return _key_info(certificate.public_key()) == _key_info(key)


def _check_time(certificate: x509.Certificate, now: datetime, *, future: bool = False) -> None:
    if now > certificate.not_valid_after_utc:
        raise BadCertificate(f"{_who(certificate)} expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    if now < certificate.not_valid_before_utc and not future:
        raise BadCertificate(
            f"{_who(certificate)} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
        )


def _check_authority(certificate: x509.Certificate, below: int) -> None:
    """``below``: authorities between this one and the leaf (RFC 5280 section 4.2.1.9, pathLenConstraint)."""
    if not is_authority(certificate):
        raise BadCertificate(f"{_who(certificate)} may not sign certificates")
    limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    if limits is not None and below > limits:
        raise BadCertificate(f"{_who(certificate)} may not stand above {below} other authorities")


def _who(certificate: x509.Certificate) -> str:
    return f"certificate {certificate.subject.rfc4514_string()!r}"


def _digest(algorithm: str, data: bytes) -> str:
    digest = hashes.Hash(_ALGORITHMS[algorithm]())
    digest.update(data)
    return digest.finalize().hex()


def _key_info(key: object) -> bytes:
    encoded: bytes = key.public_bytes(  # type: ignore[attr-defined]  # every kind of public key has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _key_bits(key: object) -> bytes:
    """The BIT STRING inside SubjectPublicKeyInfo, without tag, length and number of unused bits."""
    outer = _content(_key_info(key))
    return _content(outer[_length(outer) :])[1:]


def _length(der: bytes) -> int:
    """Bytes of the first element, header included."""
    if der[1] < 0x80:
        return 2 + der[1]
    count = der[1] & 0x7F
    return 2 + count + int.from_bytes(der[2 : 2 + count], "big")


def _content(der: bytes) -> bytes:
    """What is in the first element."""
    header = 2 if der[1] < 0x80 else 2 + (der[1] & 0x7F)
    return der[header : _length(der)]
