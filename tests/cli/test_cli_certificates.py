"""``kiosk certificates``: what is typed, what the core is asked, what comes out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk import cli
from kiosk.lab.authority import Authority
from kiosk.link.certificate_messages import (
    CertificateInstall,
    CertificateList,
    CertificateRemove,
    CertificateRow,
    SigningRequest,
)
from kiosk.model.errors import NotPossible
from kiosk.station.certificates.names import BadCertificate
from tests.cli.conftest import FakeCore

ROOT = CertificateRow(
    use="CentralSystemRootCertificate",
    fingerprint="ab" * 32,
    subject="CN=Trial Root",
    issuer="CN=Trial Root",
    serial_number="1F",
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    not_after=datetime(2036, 1, 1, tzinfo=UTC),
    in_use=True,
)


def test_the_list_is_a_table(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    fake_core.answers["certificates.list"] = CertificateList(certificates=(ROOT,), requested=True)
    assert cli.main(["certificates"]) == 0
    titles, row, request = capsys.readouterr().out.splitlines()
    assert titles.split() == ["for", "subject", "valid", "until", "fingerprint"]
    assert row.split() == ["*", "backend", "CN=Trial", "Root", "2036-01-01", "ab" * 8]
    assert "a signing request is open" in request
    assert cli.main(["certificates", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["certificates"][0]["serial_number"] == "1F"


def test_an_empty_list_says_what_to_do(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    fake_core.answers["certificates.list"] = CertificateList(certificates=())
    assert cli.main(["certificates"]) == 0
    assert "kiosk certificates install FILE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "use"),
    [
        ([], "CentralSystemRootCertificate"),
        (["--for", "manufacturer"], "ManufacturerRootCertificate"),
        (["--for", "station"], "Station"),
    ],
)
def test_a_file_is_installed(
    fake_core: FakeCore, capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], use: str
) -> None:
    pem = Authority().pem
    (tmp_path / "root.pem").write_text(pem)
    fake_core.answers["certificates.install"] = ROOT
    assert cli.main(["certificates", "install", str(tmp_path / "root.pem"), *words]) == 0
    assert fake_core.asked == [("certificates.install", CertificateInstall(use=use, pem=pem))]
    assert capsys.readouterr().out == "installed: CN=Trial Root, valid until 2036-01-01\n"


def test_a_refused_one_is_told(fake_core: FakeCore, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("no certificate")
    fake_core.answers["certificates.install"] = BadCertificate("not a certificate in PEM form; give another")
    assert cli.main(["certificates", "install", str(tmp_path / "root.pem")]) == 1
    assert capsys.readouterr().err == "kiosk: not a certificate in PEM form; give another\n"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read: No such file"), (b"\x30\x82\xff", "PEM form")]
)
def test_a_file_that_is_none(
    fake_core: FakeCore, capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "root.pem"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["certificates", "install", str(path)]) == 1
    assert said in capsys.readouterr().err
    assert fake_core.asked == []


def test_one_is_removed_or_not(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["certificates", "remove", "abab"]) == 0
    assert fake_core.asked == [("certificates.remove", CertificateRemove(fingerprint="abab"))]
    assert capsys.readouterr().out == "removed\n"
    fake_core.answers["certificates.remove"] = NotPossible("the present connection was verified with it")
    assert cli.main(["certificates", "remove", "abab"]) == 1
    assert "present connection" in capsys.readouterr().err


def test_a_signing_request_is_printed(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    fake_core.answers["certificates.csr"] = SigningRequest(csr="-----BEGIN CERTIFICATE REQUEST-----\nx\n")
    assert cli.main(["certificates", "csr"]) == 0
    assert capsys.readouterr().out == "-----BEGIN CERTIFICATE REQUEST-----\nx\n"
