"""Firmware signatures: who may sign, and whether a signature fits the file."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kiosk.lab.authority import DAY, Authority
from kiosk.station.certificates import signatures
from kiosk.station.certificates.names import BadCertificate

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MAKER = Authority("Maker", now=NOW)
STRANGER = Authority("Stranger", now=NOW)
IMAGE = b"firmware" * 200_000


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.bin"
    path.write_bytes(IMAGE)
    return path


@pytest.mark.parametrize("rsa_key", [True, False])
def test_a_signature_that_fits(image: Path, rsa_key: bool) -> None:
    signer = MAKER.firmware(rsa_key=rsa_key)
    signatures.check_signing_certificate(signer.pem, [MAKER.pem.encode()], NOW)
    signatures.check_file(image, signer.sign(IMAGE), signer.pem)


def test_the_older_rsa_padding_fits_too(image: Path) -> None:
    signer = MAKER.firmware(rsa_key=True)
    assert isinstance(signer.key, rsa.RSAPrivateKey)
    signed = signer.key.sign(IMAGE, padding.PKCS1v15(), hashes.SHA256())
    folded = base64.encodebytes(signed).decode()  # with line breaks
    signatures.check_file(image, folded, signer.pem)


@pytest.mark.parametrize("rsa_key", [True, False])
def test_another_file_or_another_key_does_not_fit(image: Path, rsa_key: bool) -> None:
    signer, other = MAKER.firmware(rsa_key=rsa_key), MAKER.firmware(rsa_key=rsa_key)
    for signature in (signer.sign(IMAGE + b"x"), other.sign(IMAGE), base64.b64encode(b"x" * 64).decode(), ""):
        with pytest.raises(BadCertificate, match="does not fit the file"):
            signatures.check_file(image, signature, signer.pem)
    with pytest.raises(BadCertificate, match="not base64"):
        signatures.check_file(image, "§§§", signer.pem)


def test_who_may_sign() -> None:
    roots = [MAKER.pem.encode()]
    for wrong, reason in (
        (STRANGER.firmware().pem, "not signed by an installed root"),
        (MAKER.firmware(valid=-DAY).pem, "expired"),
        (MAKER.client("KIOSK-0001").pem, "not meant for this purpose"),
        ("nothing", "not a certificate"),
    ):
        with pytest.raises(BadCertificate, match=reason):
            signatures.check_signing_certificate(wrong, roots, NOW)
    with pytest.raises(BadCertificate, match="no manufacturer root"):
        signatures.check_signing_certificate(MAKER.firmware().pem, [], NOW)
