"""Lines that break, fall silent or are refused; the client against a real WebSocket server, in virtual time."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from kiosk.backend import door
from kiosk.backend.central import Options
from kiosk.model.enums import AuthorizationStatus, ChargePointStatus
from kiosk.model.errors import BackendRefused, BackendUnreachable
from kiosk.station.ocpp import dial
from kiosk.station.ocpp.wire import NoAnswer

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]

CLIENT = "kiosk.station.ocpp.client"
DELIVERY = "kiosk.station.ocpp.delivery"
HEARTBEAT = Options(heartbeat_interval_s=300)


def test_a_backend_that_hangs_up_at_once_is_dialled_ever_more_rarely(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log(CLIENT, "the connection broke")

    async def story() -> None:
        overrides = ("backend.retry_min_s=1", "backend.retry_max_s=64", "backend.retry_random_s=0")
        async with running(None, *overrides) as world:
            await world.online()
            loop = asyncio.get_running_loop()
            dials: list[float] = []
            serve_station = world.central._station

            async def hang_up(identity: str, socket: Any) -> None:
                dials.append(loop.time())
                socket.transport.abort()

            world.central._station = hang_up
            world.central.stations["HYC-7"].socket.abort()
            await asyncio.sleep(130)
            gaps = [round(b - a) for a, b in itertools.pairwise(dials)]
            assert gaps[:5] == [2, 4, 8, 16, 32]
            world.central._station = serve_station
            await world.online()

    aio(story())


def test_a_reconnect_tells_the_present_statuses_and_goes_on_with_what_is_owed(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    """Lesson 24: the present ones, not the history."""
    expected_log(CLIENT, "the connection broke")

    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.begin()
            await world.delivered()
            before = len(world.calls())
            world.central.stations["HYC-7"].socket.abort()
            await world.until(lambda: not world.state.snapshot.backend.connected)
            assert not world.client.unreachable, "losing the line is no failed attempt yet"
            world.set_status(1, ChargePointStatus.PREPARING)
            world.set_status(1, ChargePointStatus.CHARGING)
            for wh in (1100, 1200, 1300):
                await world.sample("a", 1, wh)
            await world.until(lambda: world.state.snapshot.backend.waiting_messages == 3)
            await world.online()
            await world.end("a", 1400)
            await world.delivered()
            told = list(world.calls())[before:]
            assert [f.action for f in told] == [
                "Heartbeat",  # a line is of use once somebody answers on it
                *["StatusNotification"] * 4,
                *["MeterValues"] * 3,
                "StopTransaction",
            ]
            assert [f.payload["status"] for f in told[1:5]] == ["Available", "Charging", "Available", "Available"]
            (transaction,) = world.central.transactions.values()
            energies = [v["sampled_value"][0]["value"] for v in transaction.meter_values]
            assert energies == ["1100", "1200", "1300"]

    aio(story())


def test_a_line_the_backend_closes_is_dialled_again_with_growing_waits(
    aio: Run, opened: Opened, expected_log: Expected
) -> None:
    """Lesson 11: a server that takes the connection and hangs up: every dial waits, none is skipped."""
    expected_log(CLIENT, "closed the connection")

    async def story() -> None:
        async with opened(None, "backend.retry_min_s=2", "backend.retry_max_s=60") as world:
            await world.central.stop()
            dials: list[float] = []
            loop = asyncio.get_running_loop()

            async def hang_up(socket: ServerConnection) -> None:
                dials.append(loop.time())
                await socket.close(1001, "not today")

            async with serve(hang_up, "127.0.0.1", 9000, subprotocols=["ocpp1.6"]):  # type: ignore[list-item]
                task = asyncio.create_task(world.client.run())
                await world.until(lambda: len(dials) == 9, 3600)
                assert world.client.unreachable
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            waits = [b - a for a, b in itertools.pairwise(dials)]
            for n, wait in enumerate(waits):
                base = min(2 * 2**n, 60)
                assert base <= wait <= base + 5 + 1, waits
            # the world closes its own server
            await world.central.start("127.0.0.1", 9000)

    aio(story())


def test_a_backend_that_comes_up_late_is_found(aio: Run, opened: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "No socket listening")

    async def story() -> None:
        async with opened() as world:
            await world.central.stop()
            task = asyncio.create_task(world.client.run())
            await world.session()
            await asyncio.sleep(3600)
            assert (world.client.online, world.client.unreachable) == (False, True)
            assert world.state.snapshot.backend.waiting_messages == 4
            await world.central.start("127.0.0.1", 9000)
            await world.online()
            await world.delivered()
            assert world.client.unreachable is False
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    aio(story())


def test_a_black_hole_is_noticed_by_the_ping(aio: Run, running: Opened, expected_log: Expected) -> None:
    """Lesson 10: and dialled again."""
    expected_log(CLIENT, "no pong")

    async def story() -> None:
        async with running(Options(ping_interval_s=None)) as world:
            await world.online()
            assert world.settings.int("WebSocketPingInterval") == 30
            # nobody reads the socket any more: frames and pings fall into a hole, and no one hangs up
            world.central.stations["HYC-7"].socket._socket.transport.pause_reading()
            loop = asyncio.get_running_loop()
            since = loop.time()
            await world.until(lambda: not world.state.snapshot.backend.connected, 120)
            assert loop.time() - since <= 30 + 20 + 1
            await world.online()

    aio(story())


def test_a_ping_interval_of_0_sends_none_and_a_change_counts_at_once(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    """Lesson 12: pings and heartbeats are two things."""
    expected_log(CLIENT, "no pong")

    async def story() -> None:
        async with running(Options(ping_interval_s=None)) as world:
            world.set_key("WebSocketPingInterval", "0")
            await world.online()
            world.central.stations["HYC-7"].socket._socket.transport.pause_reading()
            await asyncio.sleep(250)
            assert world.state.snapshot.backend.connected
            world.set_key("WebSocketPingInterval", "10")
            await world.until(lambda: not world.state.snapshot.backend.connected, 40)

    aio(story())


def test_a_call_without_answer_keeps_a_line_that_answers_pings(aio: Run, running: Opened) -> None:
    """OCPP-J 1.6 section 4.1.1: the next call goes once the one before was answered or timed out."""

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.central.chaos.mute = frozenset({"Authorize"})
            first = world.central.connects
            asked = [asyncio.create_task(world.client.authorize(t)) for t in ("A1", "B2")]
            await world.until(lambda: len(world.calls("Authorize")) == 1)
            await asyncio.sleep(20)
            assert [f.payload["idTag"] for f in world.calls("Authorize")] == ["A1"], "one call in flight"
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert [type(r) for r in results] == [NoAnswer, NoAnswer]
            assert [f.payload["idTag"] for f in world.calls("Authorize")] == ["A1", "B2"]
            world.central.chaos.mute = frozenset()
            assert (await world.client.authorize("C3")).status is AuthorizationStatus.ACCEPTED
            assert world.central.connects == first

    aio(story())


def test_authorize_fails_at_once_when_the_line_breaks(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "the connection broke")

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.central.chaos.mute = frozenset({"Authorize"})
            asked = asyncio.create_task(world.client.authorize("A1"))
            await world.until(lambda: len(world.calls("Authorize")) == 1)
            loop = asyncio.get_running_loop()
            since = loop.time()
            world.central.stations["HYC-7"].socket.abort()
            with pytest.raises(BackendUnreachable):
                await asked
            assert loop.time() - since < 1
            await world.until(lambda: not world.state.snapshot.backend.connected)

    aio(story())


def test_authorize_tells_the_whole_answer(aio: Run, running: Opened) -> None:
    async def story() -> None:
        options = Options(blocked=frozenset({"BAD"}), parents={"CHILD": "PARENT"})
        async with running(options) as world:
            await world.online()
            assert (await world.client.authorize("bad")).status is AuthorizationStatus.BLOCKED
            child = await world.client.authorize("CHILD")
            assert (child.parent_id_tag, child.status) == ("PARENT", AuthorizationStatus.ACCEPTED)
            assert child.expiry is not None
            assert child.expiry.tzinfo is not None
            with pytest.raises(BackendRefused, match="does not fit OCPP"):
                await world.client.authorize("X" * 21)

    aio(story())


def test_a_caller_that_gives_up_does_not_free_the_turn(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            world.central.chaos.delay_s = 5
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await world.client.authorize("A1")
            second = await world.client.authorize("B2")
            assert second.status is AuthorizationStatus.ACCEPTED
            frames = [(f.kind, f.message_id) for f in world.central.recorder.frames if f.action == "Authorize"]
            assert [kind for kind, _ in frames] == ["call", "result", "call", "result"]

    aio(story())


def test_a_new_authorization_key_is_used_on_the_next_line(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log(CLIENT, "AuthorizationKey changed")
    old, new = "0123456789abcdef0123456789abcdef", "a plain password"

    async def story() -> None:
        passwords = {"HYC-7": bytes.fromhex(old)}
        async with running(Options(passwords=passwords), f"keys.AuthorizationKey={old}") as world:
            await world.online()
            line = world.central.stations["HYC-7"].socket._socket
            asked = asyncio.create_task(door.change_configuration(world.central, "AuthorizationKey", new))
            passwords["HYC-7"] = new.encode()
            assert await asked == {"status": "Accepted"}, "the answer left before the line was ended"
            await world.until(lambda: world.central.connects == 2)
            await world.online()
            assert (line.close_code, line.close_reason) == (1000, "AuthorizationKey changed")

    aio(story())


def test_a_corrected_password_is_tried_at_once(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "HTTP 401")
    right = "the right password"

    async def story() -> None:
        async with running(Options(passwords={"HYC-7": right.encode()})) as world:
            await asyncio.sleep(3600)  # the waits have grown to minutes
            world.set_key("AuthorizationKey", right)
            await world.until(lambda: world.client.online, 1)

    aio(story())


def test_a_wrong_password_is_told_once_and_tried_again(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "HTTP 401")

    async def story() -> None:
        async with running(Options(passwords={"HYC-7": b"another"})) as world:
            await asyncio.sleep(600)
            assert world.client.unreachable
            assert world.central.connects == 0

    aio(story())


def test_a_name_that_does_not_resolve_is_tried_again(
    aio: Run, running: Opened, expected_log: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log(CLIENT, "Name or service not known")
    connect, failures = dial.Connect, 3

    def without_dns(*args: Any, **kwargs: Any) -> Any:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise socket.gaierror(-2, "Name or service not known")
        return connect(*args, **kwargs)

    monkeypatch.setattr(dial, "Connect", without_dns)

    async def story() -> None:
        async with running() as world:
            await world.until(lambda: world.client.unreachable)
            await world.online()
            assert not world.client.unreachable

    aio(story())


def test_a_server_without_our_subprotocol_is_no_backend(aio: Run, opened: Opened, expected_log: Expected) -> None:
    """Lesson 33: ocpp1.6 is offered always, and must come back."""
    expected_log(CLIENT, "does not speak ocpp1.6")

    async def story() -> None:
        async with opened() as world:
            await world.central.stop()

            async def silent(connection: ServerConnection) -> None:
                await connection.wait_closed()

            async with serve(silent, "127.0.0.1", 9000):
                task = asyncio.create_task(world.client.run())
                await world.until(lambda: world.client.unreachable)
                assert not world.state.snapshot.backend.connected
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await world.central.start("127.0.0.1", 9000)

    aio(story())


def test_a_station_that_stops_says_goodbye(aio: Run, opened: Opened) -> None:
    async def story() -> None:
        async with opened() as world:
            running = asyncio.create_task(world.client.run())
            await world.online()
            line = world.central.stations["HYC-7"].socket._socket
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await line.wait_closed()
            assert line.close_code == 1001

    aio(story())
