"""Roots and pairs on disk: what is taken, what is refused, and what a power cut leaves."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.lab.authority import DAY, Authority
from kiosk.settings.rules import Certificates
from kiosk.station.certificates import chains, context, files
from kiosk.station.certificates.names import BadCertificate, CertificateUse, StoreFailed
from kiosk.station.certificates.store import CertificateStore, installed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CENTRAL, MANUFACTURER = CertificateUse.CENTRAL_ROOT, CertificateUse.MANUFACTURER_ROOT


@pytest.fixture
def store(tmp_path: Path) -> CertificateStore:
    return CertificateStore(tmp_path)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(now=NOW)


def signed(store: CertificateStore, authority: Authority, **how: timedelta) -> str:
    return authority.sign(store.request(serial="KIOSK-0001", organization="Trial CPO"), **how)


# --- roots ----------------------------------------------------------------------------------------------------


def test_a_root_is_kept_over_a_restart(tmp_path: Path, store: CertificateStore, authority: Authority) -> None:
    assert store.installed == Certificates(root=False, client=False)
    info = store.install_root(CENTRAL, authority.pem, NOW, most=3)
    assert store.installed == Certificates(root=True, client=False)
    again = CertificateStore(tmp_path)
    assert [each.fingerprint for each in again.infos(CENTRAL)] == [info.fingerprint]
    assert again.roots(CENTRAL) == [authority.pem.encode()]
    assert again.infos(MANUFACTURER) == []


def test_a_manufacturers_root_secures_no_link(store: CertificateStore, authority: Authority) -> None:
    store.install_root(MANUFACTURER, authority.pem, NOW, most=3)
    assert store.installed == Certificates(root=False, client=False)
    assert store.roots(CENTRAL) == []


def test_the_folder_is_for_the_owner_alone(tmp_path: Path, store: CertificateStore, authority: Authority) -> None:
    store.install_root(CENTRAL, authority.pem, NOW, most=3)
    store.install_signed(signed(store, authority), NOW)
    store.request(serial="KIOSK-0001", organization="")
    for path in (tmp_path / "certificates", *(tmp_path / "certificates").rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def _leaf(now: datetime) -> str:
    return Authority(now=now).server("backend.example").pem


def _forged(now: datetime) -> str:
    """A root whose own signature is another key's."""
    real, other = Authority(now=now), Authority(now=now)
    return Authority("Trial Root", now=now, above=other, key=real.key).pem


BAD_ROOTS: dict[str, tuple[Callable[[], str], str]] = {
    "nothing": (lambda: "", "not a certificate"),
    "not PEM": (lambda: "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n", "not a certificate"),
    "beyond ASCII": (lambda: "Zertifikät", "not a certificate"),
    "two of them": (lambda: Authority(now=NOW).pem + Authority(now=NOW).pem, "2 certificates instead of one"),
    "a server's": (lambda: _leaf(NOW), "not the certificate of a certificate authority"),
    "expired": (lambda: Authority(now=NOW, valid=-DAY).pem, "expired"),
    "not valid yet": (lambda: Authority(now=NOW + 30 * DAY).pem, "not valid before"),
    "forged": (lambda: _forged(NOW), "its own signature is wrong"),
}


@pytest.mark.parametrize("name", BAD_ROOTS)
def test_a_root_that_cannot_be_used_is_refused(store: CertificateStore, name: str) -> None:
    make, reason = BAD_ROOTS[name]
    with pytest.raises(BadCertificate, match=reason):
        store.install_root(CENTRAL, make(), NOW, most=3)
    assert store.fingerprints(CENTRAL) == []


def test_a_sub_authority_may_be_what_is_trusted(store: CertificateStore, authority: Authority) -> None:
    below = Authority("Operator", now=NOW, above=authority)
    store.install_root(CENTRAL, below.pem, NOW, most=3)
    store.install_signed(signed(store, below), NOW)
    assert store.installed.client


def test_the_store_is_bounded_over_all_uses(store: CertificateStore, authority: Authority) -> None:
    store.install_root(CENTRAL, authority.pem, NOW, most=2)
    store.install_root(MANUFACTURER, Authority("Maker", now=NOW).pem, NOW, most=2)
    store.install_root(CENTRAL, authority.pem, NOW, most=2)  # the same again needs no room
    with pytest.raises(BadCertificate, match="2 is the most"):
        store.install_root(CENTRAL, Authority("Third", now=NOW).pem, NOW, most=2)


def test_a_replacement_must_be_signed_by_what_it_replaces(store: CertificateStore, authority: Authority) -> None:
    store.install_root(CENTRAL, authority.pem, NOW, most=1, replace=True)
    stranger, heir = Authority("Stranger", now=NOW), Authority("Heir", now=NOW, above=authority)
    with pytest.raises(BadCertificate, match="not signed by the root certificate that it would replace"):
        store.install_root(CENTRAL, stranger.pem, NOW, most=1, replace=True)
    info = store.install_root(CENTRAL, heir.pem, NOW, most=1, replace=True)
    assert store.fingerprints(CENTRAL) == [info.fingerprint]
    assert len(store.roots(CENTRAL)) == 2, "the old one is trusted until the new one was used"
    store.confirm_roots(chains.fingerprint(authority.certificate))
    assert len(store.roots(CENTRAL)) == 2, "a connection with the old one proves nothing"
    store.confirm_roots(info.fingerprint)
    assert store.roots(CENTRAL) == [heir.pem.encode()]


def test_names_find_their_certificate(store: CertificateStore, authority: Authority) -> None:
    maker = Authority("Maker", now=NOW)
    store.install_root(CENTRAL, authority.pem, NOW, most=3)
    store.install_root(MANUFACTURER, maker.pem, NOW, most=3)
    for algorithm, digits in (("SHA256", 64), ("SHA384", 96), ("SHA512", 128)):
        ((stem, name),) = store.names(MANUFACTURER, algorithm)
        assert (len(name.issuer_name_hash), len(name.issuer_key_hash)) == (digits, digits)
        assert store.find(name) == (MANUFACTURER, stem)
    store.remove_root(MANUFACTURER, stem)
    assert store.find(name) is None


# --- the station's own --------------------------------------------------------------------------------------


def test_a_request_keeps_its_key_until_it_is_signed(store: CertificateStore, authority: Authority) -> None:
    """Lesson 32: a request that is repeated must not orphan the certificate on its way."""
    first = store.request(serial="KIOSK-0001", organization="Trial CPO")
    store.request(serial="KIOSK-0001", organization="Trial CPO")
    pair = store.install_signed(authority.sign(first), NOW)
    assert not store.requested
    assert pair.leaf.subject == "O=Trial CPO,CN=KIOSK-0001"
    assert store.installed.client
    assert store.pair(NOW) == pair


def test_the_same_chain_again_changes_nothing(store: CertificateStore, authority: Authority) -> None:
    chain = signed(store, authority)
    assert store.install_signed(chain, NOW) == store.install_signed(chain, NOW)
    assert len(store.pairs()) == 1


def test_an_unsolicited_certificate_is_refused(store: CertificateStore, authority: Authority) -> None:
    with pytest.raises(BadCertificate, match="has not asked"):
        store.install_signed(authority.client("KIOSK-0001").pem, NOW)


def test_a_certificate_of_another_key_is_refused(store: CertificateStore, authority: Authority) -> None:
    store.request(serial="KIOSK-0001", organization="")
    with pytest.raises(BadCertificate, match="another key"):
        store.install_signed(authority.client("KIOSK-0001").pem, NOW)
    assert store.requested, "the right answer may still come"


def test_the_old_pair_stays_until_the_new_one_worked(store: CertificateStore, authority: Authority) -> None:
    old = store.install_signed(signed(store, authority), NOW)
    new = store.install_signed(signed(store, authority), NOW)
    assert [pair.id for pair in store.pairs()] == [new.id, old.id]
    assert new.key.read_bytes() != old.key.read_bytes(), "a renewal has a key of its own"
    store.confirm_pair(old.id)
    assert len(store.pairs()) == 2
    store.confirm_pair(new.id)
    assert store.pairs() == [new]


def test_a_certificate_of_tomorrow_waits(store: CertificateStore, authority: Authority) -> None:
    today = store.install_signed(signed(store, authority), NOW)
    tomorrow = store.install_signed(signed(store, authority, since=DAY), NOW)
    assert store.pair(NOW) == today
    assert store.pair(NOW + 2 * DAY) == tomorrow


def test_a_refused_pair_goes(store: CertificateStore, authority: Authority) -> None:
    old = store.install_signed(signed(store, authority), NOW)
    new = store.install_signed(signed(store, authority), NOW)
    store.remove_pair(new.id)
    assert store.pairs() == [old]


def test_a_damaged_pair_is_left_out(
    store: CertificateStore, authority: Authority, expected_log: Callable[..., None]
) -> None:
    old = store.install_signed(signed(store, authority), NOW)
    new = store.install_signed(signed(store, authority), NOW)
    new.chain.write_bytes(b"\0" * 100)
    expected_log("kiosk.station.certificates.store", "is left out")
    assert store.pairs() == [old]


def test_a_damaged_root_does_not_take_the_others_along(
    store: CertificateStore, authority: Authority, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    store.install_root(CENTRAL, authority.pem, NOW, most=3)
    info = store.install_root(CENTRAL, Authority("Other", now=NOW).pem, NOW, most=3)
    (tmp_path / "certificates" / "central" / f"{info.fingerprint}.pem").write_bytes(b"\0" * 900)
    expected_log("kiosk.station.certificates.store", f"{info.fingerprint}.pem is left out")
    assert len(store.infos(CENTRAL)) == len(store.names(CENTRAL)) == 1
    store.install_signed(signed(store, authority), NOW)
    expected_log("kiosk.station.certificates.context", "damaged and left out")
    trusted = context.client(store.roots(CENTRAL), store.pair(NOW), system_roots=False)
    assert len(trusted.get_ca_certs()) == 1
    store.install_root(CENTRAL, Authority("Third", now=NOW).pem, NOW, most=3)  # goes on


def test_a_station_that_lost_its_folder_goes_on(store: CertificateStore, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "certificates")
    assert store.pairs() == store.infos(CENTRAL) == store.roots(CENTRAL) == []
    assert store.installed == installed(tmp_path) == Certificates()


def test_a_damaged_request_begins_anew(
    store: CertificateStore, authority: Authority, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    store.request(serial="KIOSK-0001", organization="")
    (tmp_path / "certificates" / "station" / "request.pem").write_bytes(b"half a k")
    expected_log("kiosk.station.certificates.store", "damaged: a new one is made")
    store.install_signed(signed(store, authority), NOW)
    assert len(store.pairs()) == 1


# --- disk and power -----------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_told(
    store: CertificateStore, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(StoreFailed, match=r"No space left on device.*free some space"):
        store.install_root(CENTRAL, authority.pem, NOW, most=3)
    assert store.fingerprints(CENTRAL) == []


@pytest.mark.parametrize("step", ["_write", "_sync", "rename", "replace", "unlink"])
@pytest.mark.parametrize("countdown", [1, 2, 3, 4])
def test_whatever_step_fails_key_and_certificate_match(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, step: str, countdown: int
) -> None:
    """A failure at any point of a renewal leaves a usable pair, and the renewal can be repeated."""
    store = CertificateStore(tmp_path)
    store.install_signed(signed(store, authority), NOW)
    chain = signed(store, authority)
    left = countdown
    owner: object = files if step.startswith("_") else Path
    real = getattr(owner, step)

    def breaks(*args: object, **kwargs: object) -> object:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(5, "Input/output error")
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, step, breaks)
    try:
        store.install_signed(chain, NOW)
    except StoreFailed:
        logging.debug("as provoked")
    monkeypatch.undo()
    again = CertificateStore(tmp_path)
    check_pairs(again)
    again.install_signed(chain, NOW)
    check_pairs(again)
    assert len(again.pairs()) == 2
    assert not list(tmp_path.rglob(".new-*"))


def check_pairs(store: CertificateStore) -> None:
    """Every pair that is offered holds a key and the certificate of that key."""
    from kiosk.station.certificates import requests

    assert store.pairs()
    for pair in store.pairs():
        leaf = chains.read(pair.chain.read_bytes())[0]
        assert chains.same_key(leaf, requests.load_key(pair.key.read_bytes()).public_key())


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from kiosk.lab.authority import Authority
from kiosk.station.certificates.store import CertificateStore
now = datetime(2026, 11, 22, 12, tzinfo=UTC)
authority = Authority(now=now)
store = CertificateStore(Path(sys.argv[1]))
while True:
    pair = store.install_signed(authority.sign(store.request(serial="K", organization="")), now)
    print(pair.id, flush=True)
    store.confirm_pair(pair.id)
"""


def test_a_kill_at_any_moment_leaves_a_pair_that_matches(tmp_path: Path) -> None:
    for round_number in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=os.environ
        ) as program:
            assert program.stdout is not None
            for _ in range(1 + 3 * round_number):
                last = program.stdout.readline().strip()
            program.send_signal(signal.SIGKILL)
        store = CertificateStore(tmp_path)
        check_pairs(store)
        assert int(store.pairs()[0].id) >= int(last), "what was said to be installed is installed"
        assert not list(tmp_path.rglob(".new-*"))
