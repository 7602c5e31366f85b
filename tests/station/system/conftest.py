"""Machines, servers and transfers for tests of files that come and go."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from kiosk.model.errors import TransferFailed
from kiosk.station.system.cord import Limits
from kiosk.station.system.transfer import Transfer
from tests.fakes.file_machine import Machine
from tests.fakes.file_servers import BODY, WebServer, web_server


@pytest.fixture
def play(aio: Any, tmp_path: Path) -> Any:
    """``play(story)``: ``story`` gets a running machine."""

    def run(story: Callable[[Machine], Any]) -> None:
        async def whole() -> None:
            machine = Machine(tmp_path / "firmware")
            await machine.start()
            await story(machine)
            for task in machine.tasks:
                assert not task.done(), task.exception() if not task.cancelled() else "ended"
                task.cancel()
            await asyncio.gather(*machine.tasks, return_exceptions=True)

        aio(whole())

    return run


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("files.example").configure_cert(context)
    return context


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        server.files["/image.bin"] = BODY
        yield server


Make = Callable[..., Transfer]


@pytest.fixture
def make(tmp_path: Path, authority: trustme.CA) -> Make:
    def transfer(*, allow_private: bool = True, trusted: bool = True, **limits: Any) -> Transfer:
        def trust() -> ssl.SSLContext:
            context = ssl.create_default_context()
            if trusted:
                authority.configure_trust(context)
            return context

        return Transfer(
            allow_private=allow_private,
            limits=Limits(**({"stall_s": 5.0, "total_s": 20.0} | limits)),
            known_hosts=tmp_path / "known_hosts",
            trust=trust,
            resolve=lambda host, _port: ["127.0.0.1"] if host.endswith(".example") else [host],
        )

    return transfer


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "log.zip"
    path.write_bytes(BODY)
    return path


@pytest.fixture
def failing(real_aio: Any) -> Callable[[Any], TransferFailed]:
    """``failing(transfer.download(...))``: how it failed."""

    def run(work: Any) -> TransferFailed:
        with pytest.raises(TransferFailed) as caught:
            real_aio(work)
        return caught.value

    return run
