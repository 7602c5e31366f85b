"""The client against a real WebSocket central system, in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from kiosk.backend import door
from kiosk.backend.central import Options
from kiosk.model.enums import AuthorizationStatus, ChargePointErrorCode, ChargePointStatus, RegistrationStatus
from kiosk.model.errors import BackendRefused, BackendUnreachable
from kiosk.station.ocpp.wire import NoAnswer

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]

CLIENT = "kiosk.station.ocpp.client"
DELIVERY = "kiosk.station.ocpp.delivery"
HEARTBEAT = Options(heartbeat_interval_s=300)


def test_a_session_reaches_the_backend(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.session()
            await world.delivered()
            actions = [f.action for f in world.calls()]
            assert actions == [
                "BootNotification",
                *["StatusNotification"] * 4,
                "StartTransaction",
                "MeterValues",
                "MeterValues",
                "StopTransaction",
            ]
            (transaction,) = world.central.transactions.values()
            assert transaction.station == "HYC-7"
            assert (transaction.meter_start_wh, transaction.meter_stop_wh) == (1000, 1300)
            assert [a[:2] for a in world.answers] == [("a", transaction.id)]
            assert world.answers[0][2].status is AuthorizationStatus.ACCEPTED
            record = await world.journal.by_transaction_id(transaction.id)
            assert record is not None
            assert record.local_id == "a"
            backend = world.state.snapshot.backend
            assert (backend.connected, backend.boot) == (True, RegistrationStatus.ACCEPTED)
            assert backend.url == "ws://127.0.0.1:9000/ocpp/HYC-7"
            assert not world.client.unreachable

    aio(story())


# --- registration ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["Pending", "Rejected"])
def test_boot_is_repeated_after_the_interval_and_nothing_else_is_sent(
    aio: Run, running: Opened, first: str
) -> None:
    async def story() -> None:
        async with running(Options(boot=(first, first, "Accepted"), boot_retry_s=40)) as world:
            await world.begin()
            await world.until(lambda: len(world.central.boots.get("HYC-7", [])) == 2)
            one, two = world.calls()
            assert (one.action, two.action) == ("BootNotification", "BootNotification")
            assert two.at - one.at >= timedelta(seconds=40)
            assert not world.client.online
            assert world.state.snapshot.backend.boot == first
            with pytest.raises(BackendUnreachable):
                await world.client.authorize("E36432E5")
            await world.online()
            await world.delivered()
            assert [f.action for f in world.calls()][3:] == ["StatusNotification"] * 4 + ["StartTransaction"]

    aio(story())


def test_pending_answers_and_obeys_triggers(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running(Options(boot=("Pending", "Accepted"), boot_retry_s=500)) as world:
            await world.until(lambda: world.state.snapshot.backend.boot is RegistrationStatus.PENDING)
            keys = await door.get_configuration(world.central, ["HeartbeatInterval"])
            assert keys["configuration_key"][0]["value"] == str(world.settings.int("HeartbeatInterval"))
            started = await door.remote_start(world.central, connector_id=1)
            assert started == {"status": "Rejected"}
            assert world.commands.asked == []
            await door.trigger(world.central, "StatusNotification", 1)
            await world.until(lambda: len(world.calls("StatusNotification")) == 1)
            await door.trigger(world.central, "BootNotification")
            await world.online()
            assert world.calls("BootNotification")[1].at - world.calls()[0].at < timedelta(seconds=10)

    aio(story())


def test_the_interval_of_boot_becomes_the_heartbeat_interval(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running(HEARTBEAT) as world:
            await world.online()
            assert world.settings.int("HeartbeatInterval") == 300
            await world.until(lambda: len(world.calls("Heartbeat")) == 3, 1000)
            beats = [f.at for f in world.calls("Heartbeat")]
            assert [round((b - a).total_seconds()) for a, b in itertools.pairwise(beats)] == [300, 300]

    aio(story())


def test_any_message_puts_the_heartbeat_off(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running(HEARTBEAT) as world:
            await world.online()
            for _ in range(10):
                await asyncio.sleep(200)
                await world.client.authorize("E36432E5")
            assert world.calls("Heartbeat") == []
            world.set_key("HeartbeatInterval", "0")
            await asyncio.sleep(5000)
            assert world.calls("Heartbeat") == []

    aio(story())


def test_the_backends_time_is_taken_from_boot_and_heartbeat(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running(HEARTBEAT) as world:
            true_now = world.central.now
            world.central.now = lambda: true_now() + timedelta(hours=1)
            await world.online()
            assert abs(world.clock.now() - world.central.now()) < timedelta(seconds=1)
            world.central.now = true_now
            await world.until(lambda: len(world.calls("Heartbeat")) == 1)
            await asyncio.sleep(1)
            assert abs(world.clock.now() - true_now()) < timedelta(seconds=1)

    aio(story())


def test_a_triggered_boot_may_withdraw_the_registration(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "registration was withdrawn")

    async def story() -> None:
        async with running(Options(boot=("Accepted", "Rejected", "Accepted"), boot_retry_s=20)) as world:
            await world.online()
            await door.trigger(world.central, "BootNotification")
            await world.until(lambda: not world.client.online)
            await world.online()
            assert len(world.calls("BootNotification")) == 3

    aio(story())


# --- the line -------------------------------------------------------------------------------------------------


def test_a_reconnect_tells_the_present_statuses_and_goes_on_with_what_is_owed(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
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
            assert [f.action for f in told] == ["StatusNotification"] * 4 + ["MeterValues"] * 3 + [
                "StopTransaction"
            ]
            assert [f.payload["status"] for f in told[:4]] == ["Available", "Charging", "Available", "Available"]
            (transaction,) = world.central.transactions.values()
            energies = [v["sampled_value"][0]["value"] for v in transaction.meter_values]
            assert energies == ["1100", "1200", "1300"]

    aio(story())


def test_a_line_the_backend_closes_is_dialled_again_with_growing_waits(
    aio: Run, opened: Opened, expected_log: Expected
) -> None:
    """A server that takes the connection and hangs up: every dial waits, none is skipped."""
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


def test_a_call_without_answer_ends_the_line_and_its_late_answer_meets_nobody(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log(CLIENT, "was not answered")

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.central.chaos.mute = frozenset({"Authorize"})
            first = world.central.connects
            asked = [asyncio.create_task(world.client.authorize(t)) for t in ("A1", "B2")]
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert isinstance(results[0], NoAnswer)
            assert isinstance(results[1], BackendUnreachable)
            assert [f.payload["idTag"] for f in world.calls("Authorize")] == ["A1"], "one call in flight"
            world.central.chaos.mute = frozenset()
            await world.online()
            assert world.central.connects == first + 1
            assert (await world.client.authorize("C3")).status is AuthorizationStatus.ACCEPTED

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
            asked = asyncio.create_task(door.change_configuration(world.central, "AuthorizationKey", new))
            passwords["HYC-7"] = new.encode()
            assert await asked == {"status": "Accepted"}, "the answer left before the line was ended"
            await world.until(lambda: world.central.connects == 2)
            await world.online()

    aio(story())


def test_a_wrong_password_is_told_once_and_tried_again(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "HTTP 401")

    async def story() -> None:
        async with running(Options(passwords={"HYC-7": b"another"})) as world:
            await asyncio.sleep(600)
            assert world.client.unreachable
            assert world.central.connects == 0

    aio(story())


# --- statuses -------------------------------------------------------------------------------------------------


def test_a_status_is_told_once_it_lasted(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "3")
            await world.online()
            before = len(world.calls("StatusNotification"))
            since = world.clock.now()
            world.set_status(2, ChargePointStatus.PREPARING)
            await asyncio.sleep(2)
            assert len(world.calls("StatusNotification")) == before
            await asyncio.sleep(2)
            (told,) = world.calls("StatusNotification")[before:]
            assert (told.payload["connectorId"], told.payload["status"]) == (2, "Preparing")
            assert told.payload["timestamp"] == since.strftime("%Y-%m-%dT%H:%M:%S.") + (
                f"{since.microsecond // 1000:03d}Z"
            )

    aio(story())


def test_changes_of_a_moment_are_told_in_order_without_a_minimum(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "0")
            await world.online()
            before = len(world.calls("StatusNotification"))
            for status in (ChargePointStatus.PREPARING, ChargePointStatus.CHARGING, ChargePointStatus.FINISHING):
                world.set_status(1, status)
            await world.until(lambda: len(world.calls("StatusNotification")) == before + 3)
            told = [f.payload["status"] for f in world.calls("StatusNotification")[before:]]
            assert told == ["Preparing", "Charging", "Finishing"]

    aio(story())


def test_a_fault_is_told_with_its_code_and_cleared(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "0")
            await world.online()
            before = len(world.calls("StatusNotification"))
            code = ChargePointErrorCode.GROUND_FAILURE
            world.set_status(1, ChargePointStatus.FAULTED, error_code=code, vendor_error_code=18)
            await asyncio.sleep(1)
            no_error = ChargePointErrorCode.NO_ERROR
            world.set_status(1, ChargePointStatus.AVAILABLE, error_code=no_error, vendor_error_code=0)
            await asyncio.sleep(1)
            raised, cleared = (f.payload for f in world.calls("StatusNotification")[before:])
            assert raised["vendorErrorCode"] == "18"
            assert raised["errorCode"] == "GroundFailure"
            assert raised["vendorId"] == world.installation.station.vendor
            assert raised["info"]
            assert (cleared["errorCode"], cleared["vendorErrorCode"]) == ("NoError", "0")

    aio(story())


def test_triggered_statuses_come_at_once_and_for_all(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "100")
            await world.online()
            before = len(world.calls("StatusNotification"))
            world.set_status(2, ChargePointStatus.PREPARING)
            assert await door.trigger(world.central, "StatusNotification") == {"status": "Accepted"}
            await world.until(lambda: len(world.calls("StatusNotification")) == before + 4, 10)
            told = {
                f.payload["connectorId"]: f.payload["status"] for f in world.calls("StatusNotification")[before:]
            }
            assert told == {0: "Available", 1: "Available", 2: "Preparing", 3: "Available"}
            await asyncio.sleep(200)
            assert len(world.calls("StatusNotification")) == before + 4, "the backend knows it already"

    aio(story())


def test_a_refused_status_does_not_end_the_line(aio: Run, running: Opened, expected_log: Expected) -> None:
    for connector_id in range(4):
        expected_log("kiosk.station.ocpp.registered", f"StatusNotification of connector {connector_id}")

    async def story() -> None:
        async with running() as world:
            world.central.chaos.refuse = frozenset({"StatusNotification"})
            await world.online()
            await world.session()
            await world.delivered()
            assert world.central.connects == 1

    aio(story())


def test_triggered_meter_values_are_journalled(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            world.set_status(1, ChargePointStatus.AVAILABLE, meter_wh=12345, voltage_v=401.5)
            await door.trigger(world.central, "MeterValues", 1)
            await world.until(lambda: len(world.calls("MeterValues")) == 1)
            (told,) = world.calls("MeterValues")
            assert "transactionId" not in told.payload
            (value,) = told.payload["meterValue"]
            sampled = {s["measurand"]: (s["value"], s["context"]) for s in value["sampledValue"]}
            assert sampled == {
                "Energy.Active.Import.Register": ("12345", "Trigger"),
                "Voltage": ("401.5", "Trigger"),
            }

    aio(story())
