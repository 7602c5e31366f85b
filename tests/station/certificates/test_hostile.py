"""What a hostile backend may send for a certificate: it is refused with a sentence, or it is one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.lab.authority import Authority
from kiosk.station.certificates import chains
from kiosk.station.certificates.names import BadCertificate, CertificateUse
from kiosk.station.certificates.store import CertificateStore

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROOT = Authority("Root", now=NOW)
DER = ROOT.certificate.public_bytes(Encoding.DER)
LEAF = ROOT.client("KIOSK-0001").chain[0].public_bytes(Encoding.DER)


def pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


changes = st.lists(st.tuples(st.integers(0, min(len(DER), len(LEAF)) - 1), st.integers(0, 255)), max_size=4)


def mutated(der: bytes, made: list[tuple[int, int]], cut: int) -> bytes:
    data = bytearray(der)
    for position, value in made:
        data[position] = value
    return bytes(data[: len(data) - cut])


def use_it(text: str) -> None:
    """All that the station would do with it."""
    for certificate in chains.read(text):
        chains.info(certificate)
        chains.name(certificate, "SHA512", [ROOT.certificate])
        chains.fingerprint(certificate)
    chains.check_root(text, NOW)


@settings(max_examples=400)
@given(changes, st.integers(0, 3))
def test_a_root_with_changed_bytes(made: list[tuple[int, int]], cut: int) -> None:
    der = mutated(DER, made, cut)
    try:
        use_it(pem(der))
    except BadCertificate:
        return
    (taken,) = chains.read(pem(der))
    # an authority under one that we do not know may be trusted too: what one trusts is not for others to sign
    assert der == DER or taken.issuer != taken.subject, "a root that was changed, and whose signature still fits"


@settings(max_examples=300)
@given(changes, st.integers(0, 3))
def test_a_chain_with_changed_bytes(made: list[tuple[int, int]], cut: int) -> None:
    der = mutated(LEAF, made, cut)
    try:
        chains.check_chain(chains.read(pem(der)), [ROOT.certificate], NOW)
    except BadCertificate:
        return
    assert der == LEAF


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300).map(pem)))
def test_any_text(text: str) -> None:
    with pytest.raises(BadCertificate):
        use_it(text)


def test_nothing_of_it_stays(tmp_path: Path) -> None:
    store = CertificateStore(tmp_path)
    request = store.request(serial="K", organization="")
    for text in ("", "x" * 10_000, pem(b""), pem(DER[:-1]), ROOT.pem * 20, "\0", request):
        with pytest.raises(BadCertificate):
            store.install_root(CertificateUse.CENTRAL_ROOT, text, NOW, most=9)
        with pytest.raises(BadCertificate):
            store.install_signed(text, NOW)
    assert store.pairs() == store.infos(CertificateUse.CENTRAL_ROOT) == []
    assert store.requested
