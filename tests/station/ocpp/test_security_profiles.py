"""Security profiles 0 to 3 on real sockets with real TLS: who gets a connection, and what the log says if not."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from kiosk.lab.authority import DAY, Authority
from kiosk.station.certificates.names import CertificateUse
from kiosk.station.ocpp.dial import DialFailed
from tests.fakes.secured import KEY, KEY_BYTES, Event, Sites

Run = Callable[..., Any]


# --- what each profile shows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", [None, KEY_BYTES])
def test_profile_0_sends_a_key_that_is_set(real_aio: Run, site: Sites, password: bytes | None) -> None:
    async def story() -> None:
        async with site() as s:
            await s.listen(None, password=password)
            await s.set(AuthorizationKey=KEY)
            assert (await s.dial()).profile == 0

    real_aio(story())


def test_profile_1_with_the_right_and_the_wrong_key(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            await s.listen(None, password=KEY_BYTES)
            await s.set(AuthorizationKey=KEY)
            await s.set(SecurityProfile="1")
            assert (await s.dial()).profile == 1
            await s.listen(None, password=b"something-else-01")
            for _ in range(3):
                with pytest.raises(DialFailed, match="refuses HYC-7 for its AuthorizationKey"):
                    await s.dial()
            ((event, text),) = await s.events()
            assert event is Event.FAILED_TO_AUTHENTICATE
            assert KEY not in text

    real_aio(story())


def test_profile_2_checks_the_server_and_sends_the_key(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            await s.listen(s.authority.server_context(), password=KEY_BYTES)
            await s.install_root()
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile="2")
            s.reopen_dialler()
            assert (await s.dial()).profile == 2
            assert await s.events() == []

    real_aio(story())


def test_a_server_of_trustme_is_trusted_too(real_aio: Run, site: Sites) -> None:
    """An authority that none of us wrote: RSA or elliptic, intermediate included."""

    async def story() -> None:
        async with site() as s:
            top = trustme.CA()
            below = top.create_child_ca()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            below.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA).configure_cert(context)
            await s.listen(context)
            await s.certificates.install(CertificateUse.CENTRAL_ROOT, top.cert_pem.bytes().decode())
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile="2")
            s.reopen_dialler()
            await s.dial()
            (name,) = s.certificates.store.fingerprints(CertificateUse.CENTRAL_ROOT)
            async with s.dialler.connection():
                assert s.certificates.in_use == name

    real_aio(story())


BAD_SERVERS: dict[str, tuple[Callable[[Authority], ssl.SSLContext], str]] = {
    "another authority": (lambda _ours: Authority().server_context(), "certificate"),
    "another host": (lambda ours: ours.server_context("backend.example"), "IP address mismatch"),
    "expired": (lambda ours: _context_of(ours, valid=-DAY), "expired"),
    "of tomorrow": (lambda ours: _context_of(ours, since=DAY), "not yet valid"),
    "a station's": (lambda ours: _context_of(ours, client=True), "unsuitable|purpose"),
}


def _context_of(authority: Authority, *, client: bool = False, **how: timedelta) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = authority.client("127.0.0.1") if client else authority.server("127.0.0.1", **how)
    issued.into(context)
    return context


@pytest.mark.parametrize("name", BAD_SERVERS)
def test_a_server_that_cannot_prove_itself_is_left(real_aio: Run, site: Sites, name: str) -> None:
    """Lesson 14: a wrong clock or certificate is one event of the security log, not one for each try."""
    make, reason = BAD_SERVERS[name]

    async def story() -> None:
        async with site() as s:
            await s.listen(make(s.authority))
            await s.install_root()
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile="2")
            s.reopen_dialler()
            for _ in range(3):
                with pytest.raises(DialFailed, match=reason):
                    await s.dial()
            assert [event for event, _ in await s.events()] == [Event.INVALID_BACKEND_CERTIFICATE], (
                "once, not thrice"
            )

    real_aio(story())


def test_the_machines_authorities_do_not_vouch_at_profile_2(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            await s.listen(s.authority.server_context())
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile="2")
            s.reopen_dialler()
            with pytest.raises(DialFailed, match="needs a root certificate of the backend"):
                await s.dial()

    real_aio(story())


@pytest.mark.parametrize("profile", ["2", "3"])
def test_a_plain_address_is_refused_where_tls_is_asked_for(real_aio: Run, site: Sites, profile: str) -> None:
    async def story() -> None:
        async with site() as s:
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile=profile)
            with pytest.raises(DialFailed, match=r"needs TLS, but the address is ws://.*set WebSocketUrl"):
                await s.dial()
            assert s.central.connects == 0, "not a byte went out in the clear"

    real_aio(story())


def test_an_old_tls_version_is_refused(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            context = s.authority.server_context()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            assert await s.refused_by(context) == [Event.INVALID_TLS_VERSION]

    real_aio(story())


def test_a_weak_cipher_suite_is_refused(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            context = s.authority.server_context()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-ECDSA-AES128-SHA256")
            assert await s.refused_by(context) == [Event.INVALID_TLS_CIPHER_SUITE]

    real_aio(story())


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"])
def test_the_white_papers_suites_are_taken(real_aio: Run, site: Sites, suite: str) -> None:
    async def story() -> None:
        async with site() as s:
            context = s.authority.server_context()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(suite)
            await s.listen(context)
            await s.install_root()
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile="2")
            s.reopen_dialler()
            async with s.dialler.connection() as line:
                assert line.transport.get_extra_info("cipher")[0] == suite

    real_aio(story())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_profile_3_shows_the_stations_certificate(real_aio: Run, site: Sites, version: ssl.TLSVersion) -> None:
    async def story() -> None:
        async with site() as s:
            context = s.authority.server_context(clients=s.authority)
            context.maximum_version = version
            await s.listen(context)
            await s.install_root()
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile="3")
            s.reopen_dialler()
            with pytest.raises(DialFailed, match="needs a certificate of the station"):
                await s.dial()
            await s.install_own()
            link = await s.dial()
            assert link.pair == (await s.certificates.own())[0].fingerprint

    real_aio(story())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_does_not_take_our_certificate(real_aio: Run, site: Sites, version: ssl.TLSVersion) -> None:
    async def story() -> None:
        async with site() as s:
            context = s.authority.server_context(clients=Authority("Another"))
            context.maximum_version = version
            await s.install_own()
            assert await s.refused_by(context, profile="3") == [Event.FAILED_TO_AUTHENTICATE]

    real_aio(story())


def test_profile_3_sends_no_password(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            await s.listen(s.authority.server_context(clients=s.authority), password=KEY_BYTES)
            await s.install_root()
            await s.install_own()
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile="3")
            s.reopen_dialler()
            with pytest.raises(DialFailed, match="refuses HYC-7 for its certificate"):
                await s.dial()

    real_aio(story())


def test_the_profile_below_two_does_not_make_tls_of_plain_nor_plain_of_tls(real_aio: Run, site: Sites) -> None:
    async def story() -> None:
        async with site() as s:
            await s.listen(s.authority.server_context(), password=KEY_BYTES)
            await s.force(WebSocketUrl=s.central.url, AuthorizationKey=KEY, SecurityProfile="1")
            s.reopen_dialler()
            with pytest.raises(DialFailed, match="TLS failed"):
                await s.dial()  # nobody vouches for the server, and it is not asked in the clear instead
            await s.install_root()
            assert (await s.dial()).profile == 1

    real_aio(story())


def test_nobody_but_the_operator_sends_the_station_elsewhere(real_aio: Run, site: Sites) -> None:
    """A redirection could lead a password away, or TLS to a plain line."""

    async def story() -> None:
        async with site() as s:
            await s.set(AuthorizationKey=KEY)

            def elsewhere(connection: ServerConnection, _request: Request) -> Response:
                response = connection.respond(HTTPStatus.FOUND, "")
                response.headers["Location"] = f"{s.central.url}/HYC-7"
                return response

            async def nobody(_socket: ServerConnection) -> None:
                raise AssertionError("connected")

            async with serve(nobody, "127.0.0.1", 0, process_request=elsewhere) as server:
                port = next(iter(server.sockets)).getsockname()[1]
                s.reopen_dialler(f"ws://127.0.0.1:{port}")
                with pytest.raises(DialFailed, match="answers HTTP 302"):
                    await s.dial()
            assert s.central.connects == 0

    real_aio(story())
