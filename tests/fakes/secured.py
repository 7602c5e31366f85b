"""A station's dialler with its stores, and a central system over TLS, on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.backend.central import CentralSystem, Options
from kiosk.lab.authority import Authority
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
            embedded_url=url,
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
