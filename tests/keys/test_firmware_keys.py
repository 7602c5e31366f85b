"""The key of the FirmwareManagement profile: the protocols that the station says it speaks."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from kiosk.model.errors import TransferFailed
from kiosk.settings.table import KEYS
from kiosk.station.system.cord import Limits
from kiosk.station.system.transfer import Transfer
from tests.fakes.file_servers import ftp_server, sftp_server, web_server
from tests.fakes.keys import key

BODY = b"firmware " * 1000
NAME = "SupportedFileTransferProtocols"


@asynccontextmanager
async def served(protocol: str, folder: Path, tls: ssl.SSLContext) -> AsyncIterator[str]:
    """The address of a folder with ``image.bin`` at a real server of that protocol."""
    scheme = protocol.lower()
    if scheme == "sftp":
        (folder / "image.bin").write_bytes(BODY)
        async with sftp_server(folder) as port:
            yield f"sftp://cp:pw@127.0.0.1:{port}/"
        return
    secured = tls if scheme.endswith("s") else None
    server: Any = web_server(secured) if scheme.startswith("http") else ftp_server(secured)
    with server as there:
        there.files["/image.bin" if scheme.startswith("http") else "image.bin"] = BODY
        yield f"{scheme}://files.example:{there.port}/"


@key("SupportedFileTransferProtocols")
@pytest.mark.parametrize("protocol", KEYS[NAME].default.split(","))
def test_SupportedFileTransferProtocols_fetch_and_deliver(
    real_aio: Any, tmp_path: Path, log_watch: Any, protocol: str
) -> None:
    if protocol == "SFTP":
        log_watch.allow("kiosk.station.system.sftp_transfer", "for the first time")
    authority = trustme.CA()
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("files.example").configure_cert(server_tls)

    def trust() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    transfer = Transfer(
        allow_private=True,
        limits=Limits(stall_s=5.0, total_s=20.0),
        known_hosts=tmp_path / "known_hosts",
        trust=trust,
        resolve=lambda _host, _port: ["127.0.0.1"],
    )
    root = tmp_path / "root"
    root.mkdir()
    log = tmp_path / "log.zip"
    log.write_bytes(b"diagnostics")

    async def story() -> None:
        async with served(protocol, root, server_tls) as url:
            assert await transfer.download(f"{url}image.bin", tmp_path / "image.bin") == len(BODY)
            await transfer.upload(url, log)

    real_aio(story())
    assert (tmp_path / "image.bin").read_bytes() == BODY


@key("SupportedFileTransferProtocols")
def test_SupportedFileTransferProtocols_are_all_there_are(aio: Any, site: Any, tmp_path: Path) -> None:
    """Read-only; the table's choices are all that the station knows, and each is named."""

    async def story() -> None:
        async with site() as here:
            value = await here.value(NAME)
            assert value == KEYS[NAME].default
            assert set(value.split(",")) == set(KEYS[NAME].choices)
            assert await here.change(NAME, "HTTP") == "Rejected"
            transfer = Transfer(
                allow_private=True, limits=Limits(stall_s=5.0, total_s=20.0), known_hosts=tmp_path / "known"
            )
            for other in ("file", "scp", "tftp", "ws", "gopher", "data"):
                with pytest.raises(TransferFailed, match="scheme"):
                    await transfer.download(f"{other}://files.example/x", tmp_path / "x")

    aio(story())
