"""Certificates through the operator's door of a whole core, and what stays in the data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.lab.authority import Authority
from kiosk.link import certificate_messages as m
from kiosk.link.params import Nothing
from kiosk.model.enums import Provenance, SecurityEventType
from kiosk.model.errors import BadValue, NotPossible
from kiosk.station.__main__ import check
from kiosk.station.certificates.names import BadCertificate, CertificateUse
from kiosk.station.certificates.store import CertificateStore
from tests.fakes.core import START, RunningCore, core_on

Run = Callable[..., Any]
CENTRAL, MANUFACTURER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"


async def ask(station: RunningCore, method: str, params: Any = None) -> Any:
    return await station.core.handlers[method](params or Nothing())


async def reconfigurations(station: RunningCore) -> list[str]:
    await station.core.security.flush()
    kept = await station.core.security.events(None, None)
    return [each.tech_info for each in kept if each.type is SecurityEventType.RECONFIGURATION]


def test_an_operator_installs_lists_and_removes(aio: Run, tmp_path: Path) -> None:
    authority = Authority(now=START)

    async def story() -> None:
        async with core_on(tmp_path) as station:
            assert (await ask(station, "certificates.list")).certificates == ()
            await ask(station, "certificates.install", m.CertificateInstall(use=CENTRAL, pem=authority.pem))
            await ask(station, "certificates.install", m.CertificateInstall(use=MANUFACTURER, pem=authority.pem))
        async with core_on(tmp_path) as station:
            rows = (await ask(station, "certificates.list")).certificates
            assert [(row.use, row.in_use) for row in rows] == [(CENTRAL, False), (MANUFACTURER, False)]
            digits = rows[0].fingerprint[:8].upper()
            with pytest.raises(BadValue, match="several root certificates begin so"):
                await ask(station, "certificates.remove", m.CertificateRemove(fingerprint=digits))
            for nothing in ("", "ffffffff"):
                with pytest.raises(BadValue, match="no root certificate begins so"):
                    await ask(station, "certificates.remove", m.CertificateRemove(fingerprint=nothing))
            with pytest.raises(BadValue, match="certificates have no such use"):
                await ask(station, "certificates.install", m.CertificateInstall(use="Nobody", pem=authority.pem))
            told = await reconfigurations(station)
            assert told == [f"{use} installed: O=Trial,CN=Trial Root" for use in (CENTRAL, MANUFACTURER)]

    aio(story())


def test_a_station_is_signed_by_hand(aio: Run, tmp_path: Path) -> None:
    authority = Authority(now=START)

    async def story() -> None:
        async with core_on(tmp_path, keys=[("CpoName", "Trial CPO")]) as station:
            request = (await ask(station, "certificates.csr")).csr
            assert (await ask(station, "certificates.list")).requested
            row = await ask(
                station, "certificates.install", m.CertificateInstall(use="Station", pem=authority.sign(request))
            )
            assert row.subject == "O=Trial CPO,CN=KIOSK-0001"
            listed = await ask(station, "certificates.list")
            assert ([r.use for r in listed.certificates], listed.requested) == (["Station"], False)
            with pytest.raises(BadCertificate):
                await ask(station, "certificates.install", m.CertificateInstall(use="Station", pem="x"))
            await station.core.security.flush()
            kept = await station.core.security.events(None, None)
            assert SecurityEventType.INVALID_STATION_CERTIFICATE in [each.type for each in kept]

    aio(story())


def test_the_security_profile_knows_what_is_installed(aio: Run, tmp_path: Path) -> None:
    """At once, and after a restart."""
    authority = Authority(now=START)

    async def story() -> None:
        keys = [("AuthorizationKey", "0123456789abcdef"), ("WebSocketUrl", "wss://127.0.0.1:1/ocpp")]
        async with core_on(tmp_path, keys=keys) as station:
            settings = station.core.settings
            with pytest.raises(BadValue, match="a root certificate of the backend"):
                settings.check("SecurityProfile", "2", Provenance.OPERATOR)
            await ask(station, "certificates.install", m.CertificateInstall(use=CENTRAL, pem=authority.pem))
            settings.check("SecurityProfile", "2", Provenance.OPERATOR)
        async with core_on(tmp_path) as station:
            await station.core.commands.change_key("SecurityProfile", "2", Provenance.OPERATOR)
            (row,) = (await ask(station, "certificates.list")).certificates
            with pytest.raises(NotPossible, match="the last root certificate of the backend"):
                await ask(station, "certificates.remove", m.CertificateRemove(fingerprint=row.fingerprint))

    aio(story())


def test_changes_of_secrets_are_logged_without_them(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await station.core.commands.change_key("AuthorizationKey", "0123456789abcdef", Provenance.OPERATOR)
            await station.core.commands.change_key("SecurityProfile", "1", Provenance.OPERATOR)
            told = await reconfigurations(station)
            assert told == [
                "AuthorizationKey was changed, by operator",
                "SecurityProfile is 1, by operator",
            ]

    aio(story())


def test_a_start_is_checked_against_what_is_installed(tmp_path: Path) -> None:
    """Before anything is started, and without making anything."""
    words = [
        *("--set", "WebSocketUrl=wss://backend.example"),
        *("--set", "AuthorizationKey=0123456789abcdef"),
        *("--set", "SecurityProfile=2"),
    ]
    with pytest.raises(BadValue, match="a root certificate of the backend"):
        check(words, tmp_path)
    assert list(tmp_path.iterdir()) == []
    CertificateStore(tmp_path).install_root(CertificateUse.CENTRAL_ROOT, Authority(now=START).pem, START, most=1)
    check(words, tmp_path)
