"""What a line to a backend can do, on the virtual loop with real frames: it is always dialled again, in time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import call
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from kiosk.backend.central import Options
from kiosk.model.enums import ChargePointStatus
from kiosk.station.certificates.store import CertificateStore
from kiosk.station.ocpp import registration
from kiosk.station.ocpp.dial import DialFailed, dial
from kiosk.station.ocpp.links import Link

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]

CLIENT = "kiosk.station.ocpp.client"
DELIVERY = "kiosk.station.ocpp.delivery"
FIXED = ("backend.retry_min_s=2", "backend.retry_max_s=60", "backend.retry_random_s=0")


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 4999])
def test_whatever_code_a_server_closes_with_it_is_dialled_again(
    aio: Run, running: Opened, expected_log: Expected, code: int
) -> None:
    """Lesson 10: a close by the server (restart 1012, try again later 1013 ...) is no reason to stay away."""
    expected_log(CLIENT, f"the backend closed the connection \\({code} because\\)")

    async def story() -> None:
        async with running(None, *FIXED) as world:
            await world.online()
            await world.begin()
            await world.delivered()
            loop = asyncio.get_running_loop()
            since = loop.time()
            await world.central.stations["HYC-7"].socket._socket.close(code, "because")
            await world.until(lambda: not world.state.snapshot.backend.connected, 2)
            await world.sample("a", 1, 1100)
            await world.online()
            assert 2 <= loop.time() - since < 3, "the shortest wait, because the line had been of use"
            await world.delivered()
            assert len(world.calls("BootNotification")) == 1
            assert len(world.calls("MeterValues")) == 1

    aio(story())


@pytest.mark.parametrize(
    ("status", "headers", "gaps"),
    [
        (401, {}, [2, 4, 8, 16, 32, 60, 60]),
        (403, {}, [2, 4, 8, 16, 32, 60, 60]),
        (404, {}, [2, 4, 8, 16, 32, 60, 60]),
        (500, {}, [2, 4, 8, 16, 32, 60, 60]),
        (503, {"Retry-After": "20"}, [20, 20, 20, 20, 32, 60, 60]),
        (429, {"Retry-After": "999999"}, [3600, 3600]),
        (503, {"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"}, [2, 4, 8]),
    ],
)
def test_a_server_that_refuses_is_asked_ever_more_rarely(
    aio: Run, opened: Opened, expected_log: Expected, status: int, headers: dict[str, str], gaps: list[int]
) -> None:
    """Lesson 11: the wait grows, holds for each dial, and is at least what the server asked for."""
    expected_log(CLIENT, f"HTTP {status}")

    async def story() -> None:
        async with opened(None, *FIXED) as world:
            await world.central.stop()
            loop = asyncio.get_running_loop()
            dials: list[float] = []

            def refuse(_: ServerConnection, __: Request) -> Response:
                dials.append(loop.time())
                return Response(status, "no", Headers(headers | {"Content-Length": "0"}), b"")

            async def never(_: ServerConnection) -> None:
                raise AssertionError("refused before")

            async with serve(never, "127.0.0.1", 9000, process_request=refuse):
                task = asyncio.create_task(world.client.run())
                await world.until(lambda: len(dials) == len(gaps) + 1, 30_000)
                await end(task)
            assert [round(b - a) for a, b in itertools.pairwise(dials)] == gaps
            await world.central.start("127.0.0.1", 9000)

    aio(story())


def test_the_random_part_is_drawn_anew_for_each_dial(aio: Run, opened: Opened, expected_log: Expected) -> None:
    """Lesson 11: a site whose mains come back does not dial as one."""
    expected_log(CLIENT, "No socket listening")

    async def story() -> None:
        overrides = ("backend.retry_min_s=4", "backend.retry_max_s=4", "backend.retry_random_s=3")
        async with opened(None, *overrides) as world:
            await world.central.stop()
            waits = []
            backoff = world.client._backoff
            original = backoff.next_s

            def noted() -> float:
                waits.append(original())
                return waits[-1]

            backoff.next_s = noted
            task = asyncio.create_task(world.client.run())
            await world.until(lambda: len(waits) == 40, 3600)
            await end(task)
            assert all(4 <= w <= 7 for w in waits)
            assert len({round(w, 6) for w in waits}) == 40
            assert max(waits) - min(waits) > 1.5
            await world.central.start("127.0.0.1", 9000)

    aio(story())


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "1e3", "٣"])
def test_a_pause_that_cannot_be_read_is_none(header: str | None) -> None:
    assert registration.retry_after_s(header) == 0.0


def test_a_server_that_takes_the_dial_and_says_nothing(aio: Run, opened: Opened, expected_log: Expected) -> None:
    """Half-open from the start: the dial is given up in time, and made again."""
    expected_log(CLIENT, "no answer to the dial")

    async def story() -> None:
        async with opened(None, *FIXED, "backend.connect_timeout_s=7") as world:
            await world.central.stop()
            loop = asyncio.get_running_loop()
            dials: list[float] = []

            class Hole(asyncio.Protocol):
                def connection_made(self, transport: asyncio.BaseTransport) -> None:
                    dials.append(loop.time())

            server = await loop.create_server(Hole, "127.0.0.1", 9000)
            task = asyncio.create_task(world.client.run())
            await world.until(lambda: len(dials) == 4, 600)
            assert [round(b - a) for a, b in itertools.pairwise(dials)] == [7 + 2, 7 + 4, 7 + 8]
            await end(task)
            server.close()
            await asyncio.sleep(1)
            await world.central.start("127.0.0.1", 9000)

    aio(story())


def test_a_tls_handshake_that_hangs_is_given_up(real_aio: Run, tmp_path: Path) -> None:
    """The ClientHello falls into a hole."""

    class Hole(asyncio.Protocol):
        heard = 0

        def data_received(self, data: bytes) -> None:
            Hole.heard += len(data)

    async def story() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Hole, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        link = Link(url=f"wss://127.0.0.1:{port}", identity="HYC-7", profile=0, key="")
        since = loop.time()
        with pytest.raises(DialFailed, match="no answer to the dial"):
            async with dial(link, link.url, CertificateStore(tmp_path), 0.3):
                raise AssertionError("nobody is there")
        assert 0.25 < loop.time() - since < 10
        assert Hole.heard > 100, "TLS was begun"
        server.close()

    real_aio(story())


def test_statuses_after_a_reconnect_are_the_present_ones_each_once(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    """Lesson 24: no history is kept for a backend that is away; what moved is told where it rests."""
    expected_log(CLIENT, "the connection broke")

    async def story() -> None:
        async with running(None, *FIXED) as world:
            await world.online()
            await asyncio.sleep(1)
            before = len(world.calls("StatusNotification"))
            world.central.stations["HYC-7"].socket.abort()
            await world.until(lambda: not world.state.snapshot.backend.connected)
            for status in (ChargePointStatus.PREPARING, ChargePointStatus.CHARGING, ChargePointStatus.FINISHING):
                world.set_status(2, status)
            await world.online()
            await asyncio.sleep(60)
            told = [(f.payload["connectorId"], f.payload["status"]) for f in world.calls("StatusNotification")]
            assert told[before:] == [(0, "Available"), (1, "Available"), (2, "Finishing"), (3, "Available")]

    aio(story())


@pytest.mark.parametrize(("interval", "expected"), [("0", 0), ("100", 9), ("86400", 0)])
def test_heartbeats_come_after_silence_only(
    aio: Run, running: Opened, expected_log: Expected, interval: str, expected: int
) -> None:
    """Lesson 12: any traffic counts; 0 means none; the ping keeps the line alive in any case."""

    async def story() -> None:
        async with running(Options(heartbeat_interval_s=0, ping_interval_s=None)) as world:
            await world.online()
            world.set_key("HeartbeatInterval", interval)
            await asyncio.sleep(1)
            before = len(world.calls("Heartbeat"))
            await asyncio.sleep(995)
            assert len(world.calls("Heartbeat")) - before == expected
            assert world.central.connects == 1
            before = len(world.calls("Heartbeat"))
            for _ in range(20):
                await world.client.authorize("A1")
                await asyncio.sleep(60)
            assert len(world.calls("Heartbeat")) - before == 0, "somebody spoke every minute"

    aio(story())


def test_the_default_ping_is_well_under_a_minute(aio: Run, running: Opened) -> None:
    """Lesson 12: servers drop a line that is silent for as long as the heartbeat."""

    async def story() -> None:
        async with running(Options(ping_interval_s=None)) as world:
            await world.online()
            pings: list[float] = []
            protocol = world.central.stations["HYC-7"].socket._socket.protocol
            original = protocol.recv_frame

            def noted(frame: Any) -> None:
                if frame.opcode == 9:
                    pings.append(asyncio.get_running_loop().time())
                original(frame)

            protocol.recv_frame = noted
            await asyncio.sleep(200)
            assert {round(b - a) for a, b in itertools.pairwise(pings)} == {30}
            world.set_key("WebSocketPingInterval", "10")
            await asyncio.sleep(45)
            assert [round(b - a) for a, b in itertools.pairwise(pings)][-3:] == [10, 10, 10], "at once"

    aio(story())


@pytest.mark.parametrize(("call_timeout_s", "interval"), [(5, 1), (5, 40), (40, 1)])
def test_call_time_out_and_retry_interval_are_two_settings(
    aio: Run, running: Opened, expected_log: Expected, call_timeout_s: int, interval: int
) -> None:
    """Lesson 8: silence is bounded by one, the wait after a refusal is the other alone."""
    expected_log(DELIVERY, "StopTransaction failed")

    async def story() -> None:
        async with running(None, f"backend.call_timeout_s={call_timeout_s}") as world:
            world.set_key("TransactionMessageRetryInterval", str(interval))
            world.central.chaos.refuse = frozenset({"StopTransaction"})
            await world.online()
            await world.session(samples=0)
            await world.until(lambda: len(world.calls("StopTransaction")) == 3)
            first, second, third = (f.at for f in world.calls("StopTransaction"))
            assert round((second - first).total_seconds()) == interval
            assert round((third - second).total_seconds()) == 2 * interval
            world.central.chaos.refuse = frozenset()
            await world.delivered()

            world.central.chaos.mute = frozenset({"Authorize"})
            loop = asyncio.get_running_loop()
            since = loop.time()
            with pytest.raises(Exception, match="not answered"):
                await world.client.authorize("A1")
            assert round(loop.time() - since) == call_timeout_s
            assert world.client.online, "who answers pings keeps the line"

    aio(story())


def test_an_unanswered_message_is_repeated_on_the_next_line_with_a_new_id(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    """Lesson 7: the reconnect, not a timer, brings the repeat of a call that was lost with its line."""
    expected_log(CLIENT, "the connection broke")

    async def story() -> None:
        async with running(None, *FIXED) as world:
            await world.online()
            await world.begin()
            await world.delivered()
            world.central.chaos.mute = frozenset({"MeterValues"})
            await world.sample("a", 1, 1100)
            await world.until(lambda: len(world.calls("MeterValues")) == 1)
            world.central.stations["HYC-7"].socket.abort()
            world.central.chaos.mute = frozenset()
            await world.delivered()
            lost, repeat = world.calls("MeterValues")
            assert lost.message_id != repeat.message_id
            assert lost.payload == repeat.payload
            assert repeat.at - lost.at < timedelta(seconds=4), "the shortest wait for a line, no retry interval"

    aio(story())


def test_calls_of_the_backend_are_answered_while_ours_waits(aio: Run, running: Opened) -> None:
    """Lesson 9: one call in flight in each direction, and neither waits for the other."""

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.central.chaos.mute = frozenset({"Authorize"})
            asked = asyncio.create_task(world.client.authorize("A1"))
            await asyncio.sleep(5)
            loop = asyncio.get_running_loop()
            since = loop.time()
            answer = await world.central.stations["HYC-7"].ask(call.GetConfiguration(key=["HeartbeatInterval"]))
            assert answer.configuration_key
            assert loop.time() - since < 1
            second = asyncio.create_task(world.client.authorize("B2"))
            await asyncio.sleep(5)
            assert [f.payload["idTag"] for f in world.calls("Authorize")] == ["A1"], "ours wait for each other"
            for task in (asked, second):
                await end(task)

    aio(story())
