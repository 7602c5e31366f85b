"""SFTP on a socket that was dialled for us.

A server is trusted by the key that it showed the first time we met it: a backend gives an address, never a host
key. Another key later is refused; ``known_hosts`` in the data folder is the place to correct that.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kiosk.model.errors import TransferFailed
from kiosk.station.system.addresses import Address
from kiosk.station.system.cord import Cord, Sink

if TYPE_CHECKING:
    import asyncssh

log = logging.getLogger(__name__)

BLOCK: Final = 64 * 1024


class KnownHosts:
    """``host:port`` and the key's SHA-256, one a line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def trusts(self, host: str, port: int, key: bytes) -> bool:
        """True when this server showed this key before, or never showed one: then it is kept."""
        name, digest = f"{host}:{port}", hashlib.sha256(key).hexdigest()
        known = dict(line.split(" ", 1) for line in self._lines())
        if name in known:
            return known[name] == digest
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="ascii") as file:
            file.write(f"{name} {digest}\n")
        log.warning("%s is met for the first time; its key is trusted from now on", name)
        return True

    def _lines(self) -> list[str]:
        try:
            text = self._path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return []
        return [line.strip() for line in text.splitlines() if line.count(" ") == 1]


async def download(sock: socket.socket, address: Address, target: Path, cord: Cord, known: KnownHosts) -> None:
    """Raises TransferFailed, OSError."""
    async with (
        _session(sock, address, cord, known) as client,
        client.open(_path(address), "rb") as remote,
        _sink(target, cord) as sink,
    ):
        sink.expect((await remote.stat()).size)
        while True:
            async with asyncio.timeout(cord.stall_s):
                data = bytes(await remote.read(BLOCK))  # type: ignore[arg-type]  # opened in binary
            if not data:
                break
            await asyncio.to_thread(sink.write, data)


async def upload(sock: socket.socket, address: Address, source: Path, cord: Cord, known: KnownHosts) -> None:
    """Into the folder of ``address``, under the file's own name. Raises TransferFailed, OSError."""
    folder = _path(address).rstrip("/")
    path = f"{folder}/{source.name}" if address.file_path else source.name
    async with _session(sock, address, cord, known) as client:
        if folder and not await client.isdir(folder):
            await client.makedirs(folder, exist_ok=True)
        async with client.open(path, "wb") as remote:
            with source.open("rb") as file:
                while data := file.read(BLOCK):
                    cord.check(len(data))
                    async with asyncio.timeout(cord.stall_s):
                        await remote.write(data)


@asynccontextmanager
async def _sink(target: Path, cord: Cord) -> AsyncIterator[Sink]:
    """A disk may take seconds for a large file: whoever charges must not wait for that."""
    sink = await asyncio.to_thread(Sink(target, cord).__enter__)
    try:
        yield sink
    except BaseException as error:
        await asyncio.to_thread(sink.__exit__, type(error), error, None)
        raise
    await asyncio.to_thread(sink.__exit__, None, None, None)


def _path(address: Address) -> str:
    """Servers take SFTP addresses as absolute; ``/~/`` is the login's own folder."""
    path = address.file_path
    return path.removeprefix("~/") if path.startswith("~/") else f"/{path}" if path else "."


@asynccontextmanager
async def _session(
    sock: socket.socket, address: Address, cord: Cord, known: KnownHosts
) -> AsyncIterator[asyncssh.SFTPClient]:
    # most stations never meet an SFTP server, and the library is large
    import asyncssh

    class Client(asyncssh.SSHClient):
        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
            return known.trusts(address.host, address.port, key.public_data)

    options: dict[str, Any] = {
        "username": address.username or "anonymous",
        "password": address.password,
        "client_keys": None,
        "agent_path": None,
        "known_hosts": asyncssh.import_known_hosts(""),
        "config": None,
        "client_factory": Client,
        "login_timeout": cord.stall_s,
        "keepalive_interval": cord.limits.stall_s,
        "keepalive_count_max": 1,
    }
    try:
        sock.setblocking(False)
        async with (
            asyncssh.connect(address.host, address.port, sock=sock, **options) as connection,
            connection.start_sftp_client() as client,
        ):
            yield client
    except asyncssh.HostKeyNotVerifiable as error:
        text = f"{address.host} shows another key than before"
        raise TransferFailed(text, final=True, refused=True) from error
    except asyncssh.PermissionDenied as error:
        raise TransferFailed(f"{address.host} refuses the login", final=True, refused=True) from error
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath) as error:
        raise TransferFailed(f"there is no {address.shown}", final=True) from error
    except asyncssh.SFTPPermissionDenied as error:
        raise TransferFailed(f"{address.shown} is not permitted", final=True, refused=True) from error
    except (asyncssh.Error, asyncssh.SFTPError) as error:
        raise TransferFailed(f"{address.host}: {error.reason or type(error).__name__}"[:120]) from error
