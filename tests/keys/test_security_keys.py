"""Keys of the Security profile: the backend's password, its certificates, and the station's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from ocpp.v16 import call

from kiosk.backend.central import Options
from kiosk.lab.authority import Authority
from kiosk.model.enums import Provenance
from kiosk.model.errors import BadValue
from tests.fakes import secured
from tests.fakes.core import START
from tests.fakes.keys import key
from tests.fakes.site import IDENTITY, Site

HEX = "00112233445566778899AABBCCDDEEFF"
CENTRAL = "CentralSystemRootCertificate"


@key("AuthorizationKey")
@pytest.mark.parametrize(
    ("given", "password"),
    [(HEX, bytes.fromhex(HEX)), ("sixteen-letters!", b"sixteen-letters!")],
    ids=["hex", "plain"],
)
def test_AuthorizationKey(aio: Any, site: Any, expected_log: Any, given: str, password: bytes) -> None:
    """The link is made anew with it at once and after a reset; it is never given back."""
    expected_log("kiosk.station.ocpp", "AuthorizationKey changed")

    async def story() -> None:
        async with site() as here:
            here.central.options = Options(passwords={IDENTITY: password})
            connects = here.central.connects
            await here.set("AuthorizationKey", given)
            await here.until(lambda: here.central.connects == connects + 1)
            await here.until(lambda: here.snapshot.backend.online)
            await here.reset()  # would be refused with another one
            assert await here.value("AuthorizationKey") is None
            assert await here.change("AuthorizationKey", "") == "Rejected"
            assert await here.change("AuthorizationKey", "too short") == "Rejected"

    aio(story())


@key("SecurityProfile")
def test_SecurityProfile(aio: Any, site: Any, expected_log: Any) -> None:
    """Rises only, and only when all it needs is there; the link is made anew on the new level."""
    expected_log("kiosk.station.ocpp", "(AuthorizationKey|SecurityProfile) changed")

    async def story() -> None:
        async with site() as here:
            for profile in ("1", "2", "3", "4"):
                assert await here.change("SecurityProfile", profile) == "Rejected", profile
            here.central.options = Options(passwords={IDENTITY: bytes.fromhex(HEX)})
            await here.set("AuthorizationKey", HEX)
            await here.until(lambda: here.central.connects == 2 and here.snapshot.backend.online)
            await here.set("SecurityProfile", "1")
            await here.until(lambda: here.central.connects == 3 and here.snapshot.backend.online)
            await here.reset()
            assert await here.value("SecurityProfile") == "1"
            for profile in ("0", "2", "3"):
                assert await here.change("SecurityProfile", profile) == "Rejected", profile

    aio(story())


@key("SecurityProfile")
def test_SecurityProfile_over_TLS(real_aio: Any, tmp_path: Path) -> None:
    """Profile 2 needs an address with TLS and a root, profile 3 a certificate of ours; each is then used."""

    async def story() -> None:
        here = secured.Site(tmp_path)
        await here.open()
        try:
            await here.listen(here.authority.server_context(), password=secured.KEY_BYTES)
            await here.set(Provenance.OPERATOR, AuthorizationKey=secured.KEY)
            await here.set(Provenance.OPERATOR, WebSocketUrl=here.central.url)
            here.settings.restart()
            with pytest.raises(BadValue, match="root certificate of the backend"):
                await here.set(SecurityProfile="2")
            await here.install_root()
            await here.set(SecurityProfile="2")
            assert (await here.dial()).profile == 2
            with pytest.raises(BadValue, match="certificate of the station"):
                await here.set(SecurityProfile="3")
            await here.install_own()
            await here.set(SecurityProfile="3")
            await here.listen(here.authority.server_context(clients=here.authority))
            link = await here.dial()
            assert link.profile == 3
            assert link.pair
        finally:
            await here.central.stop()
            await here.close()

    real_aio(story())


async def signing_request(here: Site) -> x509.CertificateSigningRequest:
    """What the station asks to be signed, of a backend that is no certificate authority."""
    here.allow("kiosk.station.ocpp", "does not sign our certificate")
    mark = here.mark
    await here.ask(call.ExtendedTriggerMessage(requested_message="SignChargePointCertificate"))
    await here.until(lambda: bool(here.calls("SignCertificate", mark)))
    return x509.load_pem_x509_csr(here.calls("SignCertificate", mark)[0].payload["csr"].encode())


@key("CpoName")
def test_CpoName(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            request = await signing_request(here)
            assert not request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
            await here.set("CpoName", "Mustermann Energie")
            request = await signing_request(here)
            [name] = request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
            assert name.value == "Mustermann Energie"
            assert await here.change("CpoName", "x" * 65) == "Rejected"

    aio(story())


async def install(here: Site, pem: str) -> str:
    answer = await here.ask(call.InstallCertificate(certificate_type=CENTRAL, certificate=pem))
    return str(answer.status)


@key("CertificateStoreMaxLength")
def test_CertificateStoreMaxLength(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            most = int(await here.value("CertificateStoreMaxLength"))
            roots = [Authority(now=START).pem for _ in range(most + 1)]
            assert [await install(here, pem) for pem in roots] == ["Accepted"] * most + ["Rejected"]
            assert await install(here, roots[0]) == "Accepted"  # there already
            assert await here.change("CertificateStoreMaxLength", "99") == "Rejected"

    aio(story())


@key("AdditionalRootCertificateCheck")
@pytest.mark.parametrize(("checked", "status"), [("true", "Rejected"), ("false", "Accepted")])
def test_AdditionalRootCertificateCheck(aio: Any, site: Any, checked: str, status: str) -> None:
    """Read-only for the backend, set by the installation file: a second root of strangers is refused."""

    async def story() -> None:
        async with site(install=[f"keys.AdditionalRootCertificateCheck={checked}"]) as here:
            assert await here.value("AdditionalRootCertificateCheck") == checked
            assert await here.change("AdditionalRootCertificateCheck", "false") == "Rejected"
            assert await install(here, Authority(now=START).pem) == "Accepted"
            assert await install(here, Authority(now=START).pem) == status

    aio(story())


@key("CertificateSignedMaxChainSize")
def test_CertificateSignedMaxChainSize(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            longest = int(await here.value("CertificateSignedMaxChain"))  # the manual's name for it
            authority = Authority(now=START)
            assert await install(here, authority.pem) == "Accepted"
            mark = here.mark
            await signing_request(here)
            chain = authority.sign(here.calls("SignCertificate", mark)[0].payload["csr"])
            padded = chain + "\n" * (longest + 1 - len(chain))
            refused = await here.raw("CertificateSigned", {"certificateChain": padded})
            # the schema's own limit is 10000, a lower one of ours is told by the status
            assert refused.payload.get("status", refused.payload.get("code")) in (
                "Rejected",
                "TypeConstraintViolation",
            )
            answer = await here.ask(call.CertificateSigned(certificate_chain=padded[:-1]))
            assert answer.status == "Accepted"
            assert await here.change("CertificateSignedMaxChainSize", "99") == "Rejected"

    aio(story())
