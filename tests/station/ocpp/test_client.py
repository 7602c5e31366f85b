"""The client against a real WebSocket central system, in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kiosk.backend import door
from kiosk.backend.central import Options
from kiosk.model.enums import AuthorizationStatus, ChargePointErrorCode, ChargePointStatus, RegistrationStatus
from kiosk.model.errors import BackendUnreachable
from kiosk.station.ocpp.asked import Trigger

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
            [record] = await world.journal.sessions()
            assert (record.local_id, record.transaction_id) == ("a", transaction.id)
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
    """Lesson 13: it may be configured while it waits, and asks again after the interval."""

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


def test_a_rejected_station_neither_answers_nor_speaks_before_its_time(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    """OCPP 1.6 section 4.2, also where the backend hangs up and the station dials again meanwhile."""
    expected_log(CLIENT, "closed the connection|connection broke")

    async def story() -> None:
        async with running(Options(boot=("Rejected", "Accepted"), boot_retry_s=300, call_timeout_s=20)) as world:
            await world.until(lambda: world.state.snapshot.backend.boot is RegistrationStatus.REJECTED)
            with pytest.raises(Exception, match="Waited"):
                await door.get_configuration(world.central, ["HeartbeatInterval"])
            world.central.stations["HYC-7"].socket.abort()
            await world.until(lambda: world.central.connects == 2)
            await world.online()
            first, second = world.calls("BootNotification")
            assert 300 <= (second.at - first.at).total_seconds() < 310
            assert world.calls().index(second) == 1, "nothing was said in between"

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


def test_preparing_is_told_before_the_start(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "3")
            await world.online()
            before = len(world.calls())
            world.set_status(1, ChargePointStatus.PREPARING)
            await world.begin()
            await world.delivered()
            told = [(f.action, f.payload.get("status")) for f in world.calls()[before:]]
            assert told == [("StatusNotification", "Preparing"), ("StartTransaction", None)]

    aio(story())


def test_a_connector_that_never_rests_does_not_keep_the_start(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("MinimumStatusDuration", "3")
            await world.online()
            world.set_status(1, ChargePointStatus.PREPARING)
            await world.begin()
            since = world.clock.now()
            for n in range(10):
                await asyncio.sleep(1)
                word = ChargePointStatus.CHARGING if n % 2 else ChargePointStatus.SUSPENDED_EV
                world.set_status(1, word)
            (start,) = world.calls("StartTransaction")
            assert start.at - since < timedelta(seconds=3.5)

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


def test_triggers_without_end_do_not_pile_up(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running(HEARTBEAT) as world:
            await world.online()
            await asyncio.sleep(1)
            before = len(world.calls())
            for _ in range(1000):
                world.client._trigger(Trigger.HEARTBEAT, None)
                world.client._trigger(Trigger.STATUS, 2)
            await asyncio.sleep(10)
            assert [f.action for f in world.calls()[before:]] == ["Heartbeat", "StatusNotification"]
            world.client._trigger(Trigger.HEARTBEAT, None)
            await asyncio.sleep(1)
            assert world.calls()[-1].action == "Heartbeat", "one that was sent may be asked for again"

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
