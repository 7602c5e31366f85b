"""Downloads and uploads at addresses that a backend gives (design rule 10).

The name is resolved once, and the IP address that was judged is the one dialled. A redirect is a new address:
same scheme, judged anew. Blocking libraries work in a thread whose sockets are shut when the transfer is
cancelled. Passwords in an address are never logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

from kiosk.model.errors import TransferFailed, UserFacing
from kiosk.station.system import addresses, sftp_transfer
from kiosk.station.system.addresses import Address
from kiosk.station.system.cord import Cord, Limits, Progress

log = logging.getLogger(__name__)

T = TypeVar("T")
Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to IP addresses, in the order to try. Blocking; raises OSError."""

MOST_REDIRECTS: Final = 5
DIAL_S: Final = 15.0
_WEB: Final = ("http", "https")


class TransferPort(Protocol):
    """What the jobs need of it."""

    async def download(self, url: str, target: Path, progress: Progress | None = None) -> int:
        """Bring the file to ``target``, whole or not at all; returns its size in bytes. Raises TransferFailed."""
        ...

    async def upload(self, url: str, source: Path) -> None:
        """Deliver ``source`` at ``url``, a folder, under its own name. Raises TransferFailed."""
        ...


def resolved(host: str, port: int) -> list[str]:
    """The system's answer, without doubles."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Transfer:
    """``trust``: makes the TLS context; blocks, raises UserFacing. ``known_hosts``: keys of SFTP servers."""

    def __init__(
        self,
        *,
        allow_private: bool,
        limits: Limits,
        known_hosts: Path,
        trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        resolve: Resolve = resolved,
    ) -> None:
        self._allow_private = allow_private
        self._limits = limits
        self._known_hosts = sftp_transfer.KnownHosts(known_hosts)
        self._trust = trust
        self._resolve = resolve

    async def download(self, url: str, target: Path, progress: Progress | None = None) -> int:
        """Bring the file to ``target``, whole or not at all; returns its size in bytes.

        Raises TransferFailed, whose text holds no credentials.
        """
        address = addresses.parse(url)
        log.info("download of %s begins", address.shown)
        cord = Cord(self._limits, progress)
        await self._bounded(address, cord, self._download(address, target, cord))
        log.info("download of %s done, %d bytes", address.shown, cord.moved)
        return cord.moved

    async def upload(self, url: str, source: Path) -> None:
        """Deliver ``source`` under its own name in the folder ``url``.

        A web address that carries a query is taken as it is: such addresses are signed for one file. PUT is
        tried first, then POST. Raises TransferFailed, whose text holds no credentials.
        """
        address = addresses.parse(url)
        log.info("upload of %s to %s begins", source.name, address.shown)
        cord = Cord(self._limits)
        await self._bounded(address, cord, self._upload(address, source, cord))
        log.info("upload of %s to %s done", source.name, address.shown)

    # --- the schemes ---------------------------------------------------------------------------------------

    async def _download(self, address: Address, target: Path, cord: Cord) -> None:
        from kiosk.station.system import ftp_transfer, web_transfer  # not on the core's way to its first message

        if address.scheme in _WEB:
            await self._web(address, cord, lambda sock, where: web_transfer.download(sock, where, target, cord))
            return
        sock = await self._dial(address, cord)
        if address.scheme == "sftp":
            await sftp_transfer.download(sock, address, target, cord, self._known_hosts)
        else:
            context = await self._in_thread(cord, self._trust) if address.scheme == "ftps" else None
            await self._in_thread(cord, ftp_transfer.download, sock, address, target, cord, context)

    async def _upload(self, address: Address, source: Path, cord: Cord) -> None:
        from kiosk.station.system import ftp_transfer, web_transfer

        if address.scheme in _WEB:
            named = address if address.has_query else address.below(source.name)

            def send(sock: socket.socket, where: Address, method: str) -> str | None:
                return web_transfer.upload(sock, where, source, cord, method)

            try:
                await self._web(named, cord, functools.partial(send, method="PUT"))
            except TransferFailed as error:
                if not error.unsupported:
                    raise
                cord.moved = 0
                await self._web(address, cord, functools.partial(send, method="POST"))
            return
        sock = await self._dial(address, cord)
        if address.scheme == "sftp":
            await sftp_transfer.upload(sock, address, source, cord, self._known_hosts)
        else:
            context = await self._in_thread(cord, self._trust) if address.scheme == "ftps" else None
            await self._in_thread(cord, ftp_transfer.upload, sock, address, source, cord, context)

    async def _web(
        self, address: Address, cord: Cord, request: Callable[[socket.socket, Address], str | None]
    ) -> None:
        """``request`` on a fresh connection, and again wherever it is redirected."""
        from kiosk.station.system import web_transfer

        for _ in range(MOST_REDIRECTS + 1):
            sock = await self._dial(address, cord)

            def work(sock: socket.socket = sock, where: Address = address) -> str | None:
                with contextlib.closing(sock):
                    if where.scheme == "https":
                        sock = cord.hold(web_transfer.secured(sock, where, self._trust()))
                    with contextlib.closing(sock):
                        return request(sock, where)

            location = await self._in_thread(cord, work)
            if location is None:
                return
            address = addresses.redirected(address, location)
            log.info("redirected to %s", address.shown)
        raise TransferFailed(f"{address.shown}: more than {MOST_REDIRECTS} redirects", final=True)

    # --- below them ----------------------------------------------------------------------------------------

    async def _dial(self, address: Address, cord: Cord) -> socket.socket:
        """A connected socket to a judged address of the host. Raises TransferFailed."""
        # nothing can cut a name server short: whoever gives up does not wait for its answer
        found = await asyncio.to_thread(self._resolve, address.host, address.port)
        good = addresses.usable(address, found, allow_private=self._allow_private)

        def work() -> socket.socket:
            trouble: OSError | None = None
            for ip in good:
                cord.check()
                try:
                    sock = socket.create_connection((ip, address.port), timeout=min(DIAL_S, cord.stall_s))
                except OSError as error:
                    trouble = error
                    continue
                sock.settimeout(cord.stall_s)
                return cord.hold(sock)
            raise TransferFailed(f"{address.shown} does not answer") from trouble

        return await self._in_thread(cord, work)

    async def _bounded(self, address: Address, cord: Cord, work: Awaitable[None]) -> None:
        """Every kind of failure as TransferFailed, told with the address."""
        try:
            async with asyncio.timeout(self._limits.total_s + DIAL_S):
                await work
        except TransferFailed as error:
            log.info("%s: %s", address.shown, error)
            raise
        except UserFacing as error:  # what we trust is damaged
            raise TransferFailed(f"{address.shown}: {error}", final=True) from error
        except TimeoutError as error:
            raise TransferFailed(f"{address.shown} has stalled") from error
        except UnicodeError as error:
            raise TransferFailed(f"{address.shown}: the host has no such name", final=True) from error
        except OSError as error:
            raise TransferFailed(f"{address.shown}: {error.strerror or type(error).__name__}") from error
        finally:
            cord.cut()

    @staticmethod
    async def _in_thread(cord: Cord, work: Callable[..., T], *args: object) -> T:
        """Cancelled: the cord is cut, and the thread is gone before this returns."""
        job = asyncio.ensure_future(asyncio.to_thread(work, *args))
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            cord.cut()
            with contextlib.suppress(Exception):
                await job
            raise
