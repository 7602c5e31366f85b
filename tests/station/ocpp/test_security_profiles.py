"""Security profiles 0 to 3 on real sockets with real TLS: who gets a connection, and what the log says if not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from kiosk.backend.central import CentralSystem, Options
from kiosk.lab.authority import DAY, Authority
from kiosk.model.clock import SystemClock
from kiosk.model.enums import Provenance, SecurityEventType
from kiosk.settings import Installation, Settings
from kiosk.settings.values import Change
from kiosk.station.certificates.names import CertificateUse
from kiosk.station.certificates.store import CertificateStore
from kiosk.station.commands.certificates import Certificates
from kiosk.station.ocpp.dial import DialFailed
from kiosk.station.ocpp.dialler import Dialler
from kiosk.station.ocpp.links import Link
from kiosk.station.security import SecurityLog
from kiosk.station.storage import Database, MetaStore, SecurityStore, SettingsStore
from kiosk.station.tasks import Tasks

Run = Callable[..., Any]
Sites = Callable[..., Any]
KEY = "0123456789abcdef0123456789ABCDEF01234567"
KEY_BYTES = bytes.fromhex(KEY)
Event = SecurityEventType


def _serve_once(listening: socket.socket, context: ssl.SSLContext) -> None:
    """One connection, as far as the two understand each other; the alert leaves before the line goes."""
    connection, _ = listening.accept()
    with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secured:
        with contextlib.suppress(OSError):
            secured.do_handshake()
            secured.recv(1000)
        with contextlib.suppress(OSError):
            plain = socket.socket(fileno=secured.detach())
            with plain:
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(1000):
                    pass


class Site:
    """A dialler with its stores on one folder, and a central system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority()
        self.central = CentralSystem(Options())

    async def open(self, *, url: str | None = None) -> None:
        """Start the station's side, as after a reboot."""
        self.clock = SystemClock()
        self.installation = Installation.load(
            None, ["station.serial=HYC-7", "backend.connect_timeout_s=5", "backend.new_link_tries=2"]
        )
        self.db = await Database.open(self.folder / "station.sqlite3", self.clock)
        self.settings = Settings(self.installation)
        self.keys = SettingsStore(self.db)
        self.settings.load(await self.keys.load())
        self.tasks = Tasks()
        self.security = SecurityLog(SecurityStore(self.db), self.clock, self.tasks)
        store = CertificateStore(self.folder)
        self.settings.certificates_are(store.installed)
        self.certificates = Certificates(
            store=store,
            settings=self.settings,
            settings_store=self.keys,
            installation=self.installation,
            security=self.security,
            clock=self.clock,
        )
        self.reopen_dialler(url)

    def reopen_dialler(self, url: str | None = None) -> None:
        """As the core builds it at its start, with the address in force."""
        self.dialler = Dialler(
            url=url or self.settings.str("WebSocketUrl"),
            settings=self.settings,
            installation=self.installation,
            certificates=self.certificates,
            security=self.security,
            meta=MetaStore(self.db),
            clock=self.clock,
        )

    async def close(self) -> None:
        await self.tasks.close()
        await self.db.close()

    async def reboot(self) -> None:
        await self.close()
        await self.open()

    async def listen(self, tls: ssl.SSLContext | None, *, password: bytes | None = None) -> None:
        """(Re)start the central system at the same port."""
        port = self.central.port if self.central._server else 0
        await self.central.stop()
        options = Options(passwords=None if password is None else {"HYC-7": password})
        self.central = CentralSystem(options)
        await self.central.start("127.0.0.1", port, tls=tls)

    async def set(self, by: Provenance = Provenance.BACKEND, /, **keys: str) -> None:
        for name, value in keys.items():
            change = self.settings.check(name, value, by)
            await self.keys.save(change, self.clock.now())
            self.settings.apply(change)

    async def dial(self) -> Link:
        """One try; the link that was opened. Raises DialFailed."""
        async with self.dialler.connection() as line:
            assert self.dialler.link is not None
            assert line.subprotocol == "ocpp1.6"
            return self.dialler.link

    async def events(self) -> list[tuple[Event, str]]:
        """What the security log holds of connections."""
        await asyncio.sleep(0.05)
        kept = await self.security.events(None, None)
        return [(each.type, each.tech_info) for each in kept if each.type is not Event.RECONFIGURATION]

    async def refused_by(self, context: ssl.SSLContext, profile: str = "2") -> list[Event]:
        """The events of two dials at a server of that context, which tells by an alert what it does not like.

        asyncio's own servers hang up without one, so this one stands on a thread.
        """
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            await self.install_root()
            url = f"wss://127.0.0.1:{port}/ocpp"
            await self.force(WebSocketUrl=url, AuthorizationKey=KEY, SecurityProfile=profile)
            self.reopen_dialler()
            for _ in range(2):
                serving = asyncio.create_task(asyncio.to_thread(_serve_once, listening, context))
                with pytest.raises(DialFailed, match="TLS failed"):
                    await self.dial()
                await serving
        return [event for event, _ in await self.events()]

    async def install_root(self, authority: Authority | None = None) -> None:
        await self.certificates.install(CertificateUse.CENTRAL_ROOT, (authority or self.authority).pem)

    async def install_own(self, authority: Authority | None = None, **how: timedelta) -> None:
        request = await self.certificates.signing_request()
        await self.certificates.signed((authority or self.authority).sign(request, **how))

    async def force(self, **keys: str) -> None:
        """Keys as a former version or an installation file may have left them: no rule is asked."""
        for name, value in keys.items():
            self.settings.apply(Change(name=name, text=value, provenance=Provenance.FILE, reboot_required=False))


@pytest.fixture
def site(tmp_path: Path) -> Sites:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Site]:
        made = Site(tmp_path)
        await made.listen(None)
        await made.open(url=made.central.url)
        try:
            yield made
        finally:
            await made.close()
            await made.central.stop()

    return opened


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
