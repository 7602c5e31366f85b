"""Where the Modbus server listens and to whom: allow list, loopback, a taken port; every problem has a remedy."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import re
import socket
from itertools import pairwise
from typing import Any

import pytest

from kiosk.model.clock import LoopClock
from kiosk.settings import Installation
from kiosk.station.modbus.server import Server, cannot_listen, is_allowed, is_loopback
from kiosk.station.state import State
from tests.fakes.core import START
from tests.fakes.scenes import scene
from tests.station.modbus.conftest import PORT, READ, Door

pytestmark = pytest.mark.filterwarnings("ignore:Ignoring socket option")
LOG = "kiosk.station.modbus.server"
TWO = bytes.fromhex("04020002")  # two connectors


def test_who_is_not_allowed_is_told_of_once(
    aio: Any, bench: Any, expected_log: Any, caplog: pytest.LogCaptureFixture
) -> None:
    expected_log(LOG, "is not in modbus.allow")

    async def story() -> None:
        async with bench("modbus.allow=10.0.0.0/8") as here:
            for _ in range(5):
                client = await here.connect()
                assert await client.is_gone()
            assert here.door.reads == 0

    aio(story())
    assert sum("modbus.allow" in record.getMessage() for record in caplog.records) == 1


def test_who_is_allowed_may(aio: Any, bench: Any) -> None:
    async def story() -> None:
        async with bench("modbus.allow=10.0.0.0/8, ::1") as here:
            assert await (await here.connect()).ask(READ) == TWO

    aio(story())


@pytest.mark.parametrize(
    ("host", "networks", "allowed"),
    [
        ("10.1.2.3", (), True),
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("11.1.2.3", ("10.0.0.0/8",), False),
        ("11.1.2.3", ("10.0.0.0/8", "11.1.2.3"), True),
        ("::ffff:10.1.2.3", ("10.0.0.0/8",), True),  # IPv4 on a socket for both
        ("::ffff:11.1.2.3", ("10.0.0.0/8",), False),
        ("fe80::1%eth0", ("fe80::/10",), True),
        ("fe80::1", ("10.0.0.0/8",), False),
    ],
)
def test_allow_list(host: str, networks: tuple[str, ...], allowed: bool) -> None:
    assert is_allowed(host, [ipaddress.ip_network(text) for text in networks]) == allowed


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.5", False),
        ("station.example", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


@pytest.mark.parametrize("install", [(), ("modbus.allow=10.0.0.0/8",)])
def test_an_open_server_is_warned_of(aio: Any, bench: Any, expected_log: Any, install: tuple[str, ...]) -> None:
    if not install:
        expected_log(LOG, "for whoever can reach it; name the controllers in modbus.allow")

    async def story() -> None:
        async with bench("modbus.host=0.0.0.0", *install) as here:
            assert here.door.listening == [(f"0.0.0.0:{PORT}", "")]

    aio(story())


def test_a_port_that_is_taken_is_told_of_and_tried_again(
    aio: Any, expected_log: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOG)
    expected_log(LOG, f"another program has port {PORT} of 127.0.0.1; stop it, or give another modbus.port")
    real, attempts = asyncio.start_server, []

    async def taken(*args: Any, **kwargs: Any) -> asyncio.Server:
        attempts.append(asyncio.get_running_loop().time())
        if len(attempts) < 8:
            raise OSError(errno.EADDRINUSE, "address already in use")
        return await real(*args, **kwargs)

    monkeypatch.setattr(asyncio, "start_server", taken)

    async def story() -> None:
        state = State(scene().snapshot)
        door = Door(state)
        installation = Installation.load(None, [f"modbus.port={PORT}"])
        clock = LoopClock(asyncio.get_running_loop().time, START)
        running = asyncio.create_task(Server(door, state, installation, clock).run())  # type: ignore[arg-type]
        await asyncio.sleep(400)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        problems = {problem for _, problem in door.listening[:-2]}
        assert len(problems) == 1
        assert "port" in problems.pop()
        assert door.listening[-2:] == [(f"127.0.0.1:{PORT}", ""), (None, "")]

    aio(story())
    pauses = [later - sooner for sooner, later in pairwise(attempts)]
    assert pauses == [5, 10, 20, 40, 60, 60, 60]
    assert [r.levelname for r in caplog.records if "cannot listen" in r.getMessage()] == ["ERROR"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EADDRINUSE, "in use"), "another program has port 502 of 10.0.0.5"),
        (OSError(errno.EADDRNOTAVAIL, "not available"), "modbus.host '10.0.0.5' is no address of this machine"),
        (socket.gaierror(-2, "unknown"), "modbus.host '10.0.0.5' is no address of this machine"),
        (PermissionError(errno.EACCES, "denied"), "give a modbus.port above 1023"),
        (OSError(errno.ENOBUFS, "no buffers"), "no buffers; see \\[modbus\\] in the installation file"),
    ],
)
def test_every_problem_has_a_remedy(error: OSError, words: str) -> None:
    text = cannot_listen("10.0.0.5", 502, error)
    assert re.search(words, text)
    assert "\n" not in text
