"""Names, chains and purposes of certificates, against another library's arithmetic and a table of mistakes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from kiosk.lab.authority import DAY, Authority
from kiosk.station.certificates import chains
from kiosk.station.certificates.names import BadCertificate

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = Authority("Root", now=NOW)
SUB = Authority("Sub", now=NOW, above=ROOT)
SUBSUB = Authority("Subsub", now=NOW, above=SUB)
STRANGER = Authority("Stranger", now=NOW)


@pytest.mark.parametrize("algorithm", [hashes.SHA256, hashes.SHA384, hashes.SHA512])
@pytest.mark.parametrize(("certificate", "issuer"), [(ROOT, ROOT), (SUB, ROOT), (SUBSUB, SUB)])
def test_names_are_those_of_rfc_6960(
    certificate: Authority, issuer: Authority, algorithm: type[hashes.HashAlgorithm]
) -> None:
    """The OCSP request of the cryptography package counts the same hashes."""
    wanted = ocsp.OCSPRequestBuilder().add_certificate(certificate.certificate, issuer.certificate, algorithm())
    request = wanted.build()
    name = chains.name(certificate.certificate, algorithm.name.upper(), [issuer.certificate])
    assert name.issuer_name_hash == request.issuer_name_hash.hex()
    assert name.issuer_key_hash == request.issuer_key_hash.hex()
    assert int(name.serial_number, 16) == request.serial_number


def test_a_name_of_an_rsa_root_is_right_too() -> None:
    """Its key is longer than 127 bytes, so its length is written in another form."""
    issued = ROOT.firmware(rsa_key=True).chain[0]
    name = chains.name(issued, "SHA256", [ROOT.certificate])
    request = ocsp.OCSPRequestBuilder().add_certificate(issued, ROOT.certificate, hashes.SHA256()).build()
    assert name.issuer_key_hash == request.issuer_key_hash.hex()
    alone = chains.name(issued)
    assert len(alone.issuer_key_hash) == 64
    assert alone.issuer_key_hash != name.issuer_key_hash, "its own key stands in where the issuer is not at hand"


def test_names_compare_without_case_and_leading_zeros() -> None:
    name = chains.name(ROOT.certificate)
    other = type(name)(
        hash_algorithm=name.hash_algorithm,
        issuer_name_hash=name.issuer_name_hash.upper(),
        issuer_key_hash=name.issuer_key_hash.upper(),
        serial_number="000" + name.serial_number.lower(),
    )
    assert chains.same_name(name, other)
    assert not chains.same_name(name, chains.name(STRANGER.certificate))


def leaf(authority: Authority, **how: object) -> list[x509.Certificate]:
    return authority.client("KIOSK-0001", **how).chain  # type: ignore[arg-type]


GOOD = {
    "under the root": (leaf(ROOT), [ROOT]),
    "with the root itself": ([*leaf(ROOT), ROOT.certificate], [ROOT]),
    "two authorities between": (leaf(SUBSUB), [ROOT]),
    "a sub-authority is trusted": (leaf(SUBSUB), [SUB]),
    "nobody to lead to": (leaf(SUB), []),
    "one root of several": (leaf(SUB), [STRANGER, ROOT]),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_chains(name: str) -> None:
    chain, roots = GOOD[name]
    chains.check_chain(chain, [root.certificate for root in roots], NOW)


BAD = {
    "empty": ([], [ROOT], "is empty"),
    "of a stranger": (leaf(STRANGER), [ROOT], "not signed by an installed root"),
    "a link is missing": (leaf(SUBSUB)[:1], [ROOT], "not signed by an installed root"),
    "in the wrong order": ([SUB.certificate, *leaf(SUB)[:1]], [ROOT], "which follows it in the chain"),
    "expired": (leaf(ROOT, valid=-DAY), [ROOT], "expired on"),
    "of tomorrow": (leaf(ROOT, since=DAY), [ROOT], "not valid before"),
    "an authority has expired": (leaf(Authority("Old", now=NOW, valid=-DAY, above=ROOT)), [ROOT], "expired on"),
    "the root has expired": (leaf(old := Authority("Old root", now=NOW, valid=-DAY)), [old], "expired on"),
    "a leaf signs": (
        [Authority("Bogus", now=NOW, above=ROOT).client("x").chain[0], ROOT.client("y").chain[0]],
        [ROOT],
        "not signed by",
    ),
    "too many below": (
        leaf(Authority("Lower", now=NOW, above=Authority("Upper", now=NOW, above=ROOT, path_length=0))),
        [ROOT],
        "may not stand above 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_chains(name: str) -> None:
    chain, roots, reason = BAD[name]
    with pytest.raises(BadCertificate, match=reason):
        chains.check_chain(chain, [root.certificate for root in roots], NOW)


def test_a_leaf_that_signs_is_no_authority() -> None:
    """Name and signature fit, but it was never allowed to sign."""
    forger = ROOT.client("Forger")
    fake = Authority("Forger", now=NOW, key=forger.key)  # type: ignore[arg-type]
    chain = [fake.client("KIOSK-0001").chain[0], forger.chain[0]]
    assert chains.issued(chain[0], chain[1])
    with pytest.raises(BadCertificate, match="may not sign certificates"):
        chains.check_chain(chain, [ROOT.certificate], NOW)


def test_only_the_leaf_may_be_of_tomorrow() -> None:
    chains.check_chain(leaf(ROOT, since=DAY), [ROOT.certificate], NOW, future=True)
    late = Authority("Late", now=NOW + 30 * DAY, above=ROOT)
    with pytest.raises(BadCertificate, match="not valid before"):
        chains.check_chain(leaf(late), [ROOT.certificate], NOW, future=True)


def test_purposes() -> None:
    client = leaf(ROOT)[0]
    chains.check_purpose(client, ExtendedKeyUsageOID.CLIENT_AUTH)
    chains.check_purpose(ROOT.certificate, ExtendedKeyUsageOID.CLIENT_AUTH)  # names none
    with pytest.raises(BadCertificate, match="not meant for this purpose"):
        chains.check_purpose(client, ExtendedKeyUsageOID.CODE_SIGNING)


def test_too_long_a_chain_is_not_read() -> None:
    pem = ROOT.certificate.public_bytes(Encoding.PEM) * (chains.MAX_CHAIN + 1)
    with pytest.raises(BadCertificate, match="11 certificates in one chain"):
        chains.read(pem)


def test_reading_and_writing_are_inverse() -> None:
    chain = leaf(SUBSUB)
    assert chains.read(chains.write(chain)) == chain
