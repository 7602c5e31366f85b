"""The certificate messages, answer by answer, over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ocpp.v16 import call

from kiosk.lab.authority import DAY, Authority
from kiosk.model.enums import Provenance, SecurityEventType
from kiosk.settings import Change
from kiosk.station.certificates import files
from kiosk.station.certificates.names import CertificateUse
from tests.station.ocpp.conftest import START as NOW

Run = Callable[..., Any]
Opened = Callable[..., Any]
CENTRAL, MANUFACTURER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"


async def ask(world: Any, payload: Any) -> Any:
    return await world.central.stations["HYC-7"].ask(payload)


async def install(world: Any, pem: str, kind: str = CENTRAL) -> str:
    return str((await ask(world, call.InstallCertificate(certificate_type=kind, certificate=pem))).status)


async def names(world: Any, kind: str = CENTRAL) -> list[dict[str, str]]:
    answer = await ask(world, call.GetInstalledCertificateIds(certificate_type=kind))
    found = answer.certificate_hash_data or []
    assert answer.status == ("Accepted" if found else "NotFound")
    return list(found)


def events(world: Any) -> list[tuple[str, str]]:
    return [(f.payload["type"], f.payload.get("techInfo", "")) for f in world.calls("SecurityEventNotification")]


def force(world: Any, name: str, value: str) -> None:
    world.settings.apply(Change(name=name, text=value, provenance=Provenance.FILE, reboot_required=False))


@pytest.mark.parametrize("kind", [CENTRAL, MANUFACTURER])
def test_install_find_delete(aio: Run, running: Opened, kind: str) -> None:
    authority = Authority(now=NOW)

    async def story() -> None:
        async with running() as world:
            await world.online()
            assert await names(world, kind) == []
            assert await install(world, authority.pem, kind) == "Accepted"
            assert await install(world, authority.pem, kind) == "Accepted"
            (name,) = await names(world, kind)
            for status in ("Accepted", "NotFound"):
                answer = await ask(world, call.DeleteCertificate(certificate_hash_data=name))
                assert answer.status == status
            assert await names(world, kind) == []

    aio(story())


@pytest.mark.parametrize("algorithm", ["SHA384", "SHA512"])
def test_a_certificate_is_found_by_any_of_the_hashes(aio: Run, running: Opened, algorithm: str) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            await install(world, Authority(now=NOW).pem)
            ((_, name),) = world.commands.certificates.store.names(CertificateUse.CENTRAL_ROOT, algorithm)
            data = {
                "hash_algorithm": algorithm,
                "issuer_name_hash": name.issuer_name_hash,
                "issuer_key_hash": name.issuer_key_hash,
                "serial_number": name.serial_number,
            }
            assert (await ask(world, call.DeleteCertificate(certificate_hash_data=data))).status == "Accepted"

    aio(story())


def test_what_cannot_be_used_is_rejected(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            assert await install(world, "no certificate", MANUFACTURER) == "Rejected"
            assert await install(world, Authority(now=NOW, valid=-DAY).pem) == "Rejected"
            await world.until(lambda: bool(events(world)))
            ((kind, info),) = events(world)
            assert kind == SecurityEventType.INVALID_BACKEND_CERTIFICATE, "a manufacturer's root is no such event"
            assert "expired" in info

    aio(story())


def test_a_full_store_rejects(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            force(world, "CertificateStoreMaxLength", "1")
            await world.online()
            assert await install(world, Authority("One", now=NOW).pem) == "Accepted"
            assert await install(world, Authority("Two", now=NOW).pem, MANUFACTURER) == "Rejected"

    aio(story())


def test_a_full_disk_fails(aio: Run, running: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(now=NOW)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def story() -> None:
        async with running() as world:
            await world.online()
            with monkeypatch.context() as patch:
                patch.setattr(files, "_write", full)
                assert await install(world, authority.pem) == "Failed"
                with pytest.raises(OSError, match="No space"):
                    files.write(world.tmp_path / "x", b"")
            assert await install(world, authority.pem) == "Accepted"
            (name,) = await names(world)
            with monkeypatch.context() as patch:
                patch.setattr(files, "remove", full)
                assert (await ask(world, call.DeleteCertificate(certificate_hash_data=name))).status == "Failed"
            assert await names(world) == [name]

    aio(story())


def test_the_certificate_of_the_present_link_stays(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            for each in (Authority("One", now=NOW), Authority("Two", now=NOW)):
                await install(world, each.pem)
            certificates = world.commands.certificates
            (first, name), (second, other) = certificates.store.names(CertificateUse.CENTRAL_ROOT)
            certificates.in_use = first
            in_the_way = [n for n in await names(world) if n["serial_number"] == name.serial_number]
            answer = await ask(world, call.DeleteCertificate(certificate_hash_data=in_the_way[0]))
            assert answer.status == "Failed"
            assert len(await names(world)) == 2
            certificates.in_use = second
            answer = await ask(world, call.DeleteCertificate(certificate_hash_data=in_the_way[0]))
            assert answer.status == "Accepted"
            assert [n["serial_number"] for n in await names(world)] == [other.serial_number]

    aio(story())


def test_a_replacement_by_a_stranger_is_rejected(aio: Run, running: Opened) -> None:
    """AdditionalRootCertificateCheck."""
    old = Authority("Old", now=NOW)

    async def story() -> None:
        async with running(None, "keys.AdditionalRootCertificateCheck=true") as world:
            await world.online()
            assert await install(world, old.pem) == "Accepted"
            assert await install(world, Authority("Stranger", now=NOW).pem) == "Rejected"
            assert await install(world, Authority("Maker", now=NOW).pem, MANUFACTURER) == "Accepted"
            assert await install(world, Authority("Heir", now=NOW, above=old).pem) == "Accepted"
            assert len(await names(world)) == 1
            await world.until(lambda: bool(events(world)))
            ((kind, info),) = events(world)
            assert (kind, "not signed by" in info) == (SecurityEventType.INVALID_BACKEND_CERTIFICATE, True)

    aio(story())


def test_a_signed_certificate_is_taken_or_not(aio: Run, running: Opened) -> None:
    authority = Authority(now=NOW)

    async def story() -> None:
        async with running() as world:
            await world.online()
            await install(world, authority.pem)

            async def signed(chain: str) -> str:
                return str((await ask(world, call.CertificateSigned(certificate_chain=chain))).status)

            assert await signed(authority.client("HYC-7").pem) == "Rejected"
            request = await world.commands.certificates.signing_request()
            for wrong in (
                "",
                authority.pem,
                authority.client("HYC-7").pem,
                authority.sign(request, valid=-DAY),
                authority.sign(request, purpose="server"),
                Authority("Stranger", now=NOW).sign(request),
            ):
                assert await signed(wrong) == "Rejected"
            assert await world.commands.certificates.own() == []
            assert await signed(authority.sign(request)) == "Accepted"
            (own,) = await world.commands.certificates.own()
            assert own.subject == "CN=HYC-7"
            await world.until(lambda: len(events(world)) == 7)
            assert {kind for kind, _ in events(world)} == {SecurityEventType.INVALID_STATION_CERTIFICATE}
            assert all("MII" not in info for _, info in events(world)), "nothing of what was sent"

    aio(story())


@pytest.mark.parametrize("subject", ["HYC-8", "hyc-7", "HYC-7 "])
def test_a_certificate_in_anothers_name_is_rejected(aio: Run, running: Opened, subject: str) -> None:
    """White paper A02: its key is ours and its chain is right, but it names another station."""
    authority = Authority(now=NOW)

    async def story() -> None:
        async with running() as world:
            await world.online()
            await install(world, authority.pem)
            certificates = world.commands.certificates
            request = await certificates.signing_request()
            other = certificates.store.request(serial=subject, organization="")  # the same key signs it
            answer = await ask(world, call.CertificateSigned(certificate_chain=authority.sign(other)))
            assert answer.status == "Rejected"
            assert await certificates.own() == []
            await world.until(lambda: bool(events(world)))
            ((kind, info),) = events(world)
            assert kind == SecurityEventType.INVALID_STATION_CERTIFICATE
            assert "HYC-7 has asked" in info
            answer = await ask(world, call.CertificateSigned(certificate_chain=authority.sign(request)))
            assert answer.status == "Accepted"

    aio(story())
