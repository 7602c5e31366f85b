"""What a backend may ask, row by row, over the real wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from ocpp.exceptions import OCPPError
from ocpp.v16 import call
from ocpp.v16.enums import Action

from kiosk.backend import door
from kiosk.model.enums import ChargePointStatus, Provenance, ResetKind
from kiosk.model.errors import NotPossible, StorageFailed
from kiosk.settings import table
from kiosk.settings.table import Access
from kiosk.station.ocpp.actions import ACTIONS

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]


VENDOR = "alpitronic GmbH"  # the installation's, as StatusNotification names it


def cost(data: str | None) -> Any:
    return call.DataTransfer(vendor_id=VENDOR, message_id="SessionCost", data=data)


async def asked(world: Any, payload: Any) -> dict[str, Any]:
    answer = await world.central.stations["HYC-7"].ask(payload)
    return {k: v for k, v in vars(answer).items() if v is not None}


async def raw(world: Any, action: str, payload: Any) -> tuple[int, Any]:
    """Sends a call past the library's checks; (message type, code or payload)."""
    station = world.central.stations["HYC-7"]
    frames = world.central.recorder.frames
    count = len(frames)
    await station.socket.send(f'[2,"raw-{count}","{action}",{payload}]')
    await world.until(lambda: any(f.message_id == f"raw-{count}" and not f.to_station for f in frames), 60)
    answer = next(f for f in frames if f.message_id == f"raw-{count}" and not f.to_station)
    return (3, answer.payload) if answer.kind == "result" else (4, answer.payload["code"])


@pytest.mark.parametrize(
    ("says", "payload", "expected", "command"),
    [
        (
            True,
            call.RemoteStartTransaction(id_tag="T", connector_id=2),
            "Accepted",
            ("remote_start", "T", 2),
        ),
        (True, call.RemoteStartTransaction(id_tag="T"), "Accepted", ("remote_start", "T", None)),
        (
            False,
            call.RemoteStartTransaction(id_tag="T", connector_id=2),
            "Rejected",
            ("remote_start", "T", 2),
        ),
        (True, call.RemoteStartTransaction(id_tag="T", connector_id=0), "Rejected", None),
        (True, call.RemoteStartTransaction(id_tag="T", connector_id=4), "Rejected", None),
        (True, call.RemoteStopTransaction(transaction_id=0), "Accepted", ("remote_stop", 0)),
        (False, call.RemoteStopTransaction(transaction_id=7), "Rejected", ("remote_stop", 7)),
        (True, call.UnlockConnector(connector_id=1), "Unlocked", ("unlock", 1)),
        (True, call.UnlockConnector(connector_id=9), "NotSupported", ("unlock", 9)),
        (True, call.Reset(type="Soft"), "Accepted", ("reset", ResetKind.SOFT)),
        (False, call.Reset(type="Hard"), "Rejected", ("reset", ResetKind.HARD)),
        (
            True,
            call.ChangeAvailability(connector_id=0, type="Inoperative"),
            "Accepted",
            ("availability", 0, False),
        ),
        (
            True,
            call.ChangeAvailability(connector_id=2, type="Operative"),
            "Accepted",
            ("availability", 2, True),
        ),
        (
            True,
            call.ChangeAvailability(connector_id=9, type="Operative"),
            "Rejected",
            ("availability", 9, True),
        ),
        (True, call.DataTransfer(vendor_id="anybody"), "UnknownVendorId", None),
        (True, call.DataTransfer(vendor_id=VENDOR), "UnknownMessageId", None),
        (True, call.DataTransfer(vendor_id=VENDOR, message_id="Tea"), "UnknownMessageId", None),
        (True, cost('{"transactionId": 5, "text": "12.30 EUR"}'), "Accepted", ("show_cost", 5, "12.30 EUR")),
        (False, cost('{"transactionId": 6, "text": "1 EUR"}'), "Rejected", ("show_cost", 6, "1 EUR")),
        (True, cost(None), "Rejected", None),
        (True, cost("12.30"), "Rejected", None),
        (True, cost('{"transactionId": 5, "text": "<b>free</b>"}'), "Rejected", None),
        (True, cost('{"transactionId": "5", "text": "1 EUR"}'), "Rejected", None),
        (True, call.TriggerMessage(requested_message="StatusNotification", connector_id=4), "Rejected", None),
        (True, call.TriggerMessage(requested_message="MeterValues", connector_id=0), "Rejected", None),
    ],
)
def test_commands(
    aio: Run, running: Opened, says: bool, payload: Any, expected: str, command: tuple[Any, ...] | None
) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            world.commands.asked.clear()
            world.commands.says = says
            assert await asked(world, payload) == {"status": expected}
            assert world.commands.asked == ([command] if command else [])

    aio(story())


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ("BootNotification", "BootNotification"),
        ("Heartbeat", "Heartbeat"),
        ("FirmwareStatusNotification", "FirmwareStatusNotification"),
        ("DiagnosticsStatusNotification", "DiagnosticsStatusNotification"),
    ],
)
def test_a_triggered_message_follows_its_answer(aio: Run, running: Opened, wanted: str, sent: str) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.until(lambda: len(world.calls()) == 5)
            assert await door.trigger(world.central, wanted) == {"status": "Accepted"}
            await world.until(lambda: len(world.calls()) == 6)
            frames = list(world.central.recorder.frames)
            answer = next(i for i, f in enumerate(frames) if f.action == "TriggerMessage" and f.kind == "result")
            told = next(i for i, f in enumerate(frames) if f is world.calls(sent)[-1])
            assert answer < told

    aio(story())


# --- configuration keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("ConnectionTimeOut", "90", "Accepted"),
        ("connectiontimeout", "90", "Accepted"),
        ("WebSocketUrl", "ws://elsewhere/ocpp", "RebootRequired"),
        ("ConnectionTimeOut", "-1", "Rejected"),
        ("ConnectionTimeOut", "1.5", "Rejected"),
        ("ConnectionTimeOut", "true", "Rejected"),
        ("LocalPreAuthorize", "1", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("AuthorizationKey", "short", "Rejected"),
        ("NoSuchKey", "1", "NotSupported"),
    ],
)
def test_change_configuration(aio: Run, running: Opened, key: str, value: str, expected: str) -> None:
    """Lesson 28: checked before it is stored."""

    async def story() -> None:
        async with running() as world:
            await world.online()
            assert await door.change_configuration(world.central, key, value) == {"status": expected}
            if expected == "Accepted":
                assert world.settings.int("ConnectionTimeOut") == 90
                assert world.settings.provenance("ConnectionTimeOut") is Provenance.BACKEND
            else:
                assert world.settings.int("ConnectionTimeOut") == 60

    aio(story())


def test_a_change_at_the_wrong_moment_is_rejected(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            world.commands.fails = NotPossible("not now")
            answer = await door.change_configuration(world.central, "ConnectionTimeOut", "90")
            assert answer == {"status": "Rejected"}

    aio(story())


def test_get_configuration_tells_known_and_unknown_apart(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            asked_for = ["heartbeatinterval", "NumberOfConnectors", "NoSuchKey"]
            told = await door.get_configuration(world.central, asked_for)
            assert told["unknown_key"] == ["NoSuchKey"]
            assert told["configuration_key"] == [
                {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
                {"key": "NumberOfConnectors", "readonly": True, "value": "3"},
            ]
            assert await door.get_configuration(world.central, ["NoSuchKey"]) == {"unknown_key": ["NoSuchKey"]}

    aio(story())


def test_get_configuration_without_names_tells_all_and_no_secret(aio: Run, running: Opened) -> None:
    async def story() -> None:
        key = "0123456789abcdef0123456789abcdef"
        async with running(None, f"keys.AuthorizationKey={key}") as world:
            await world.online()
            told = await door.get_configuration(world.central)
            by_name = {k["key"]: k for k in told["configuration_key"]}
            assert set(by_name) == {view.name for view in world.settings.views()}
            for name, row in table.KEYS.items():
                assert ("value" in by_name[name]) is not row.secret, name
                assert by_name[name]["readonly"] is (row.access is Access.READ), name
                assert len(by_name[name].get("value", "")) <= 500
            assert key not in "".join(f.raw for f in world.central.recorder.frames)

    aio(story())


def test_more_names_than_allowed_are_refused_whole(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            most = world.settings.int("GetConfigurationMaxKeys")
            with pytest.raises(OCPPError) as refused:
                await door.get_configuration(world.central, [f"k{n}" for n in range(most + 1)])
            assert refused.value.code == "OccurenceConstraintViolation"

    aio(story())


@pytest.mark.parametrize("enabled", [True, False])
def test_clear_cache(aio: Run, running: Opened, enabled: bool) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            world.set_key("AuthorizationCacheEnabled", "true")
            await world.session()
            await world.delivered()
            await asyncio.sleep(1)
            world.set_key("AuthorizationCacheEnabled", str(enabled).lower())
            expected = "Accepted" if enabled else "Rejected"
            assert await asked(world, call.ClearCache()) == {"status": expected}
            assert (await world.tags.cache_get("E36432E5") is None) is enabled

    aio(story())


# --- what does not fit ----------------------------------------------------------------------------------------


def test_every_action_of_ocpp_is_answered(aio: Run, running: Opened) -> None:
    """Done, or refused as NotSupported; never silence, never a broken line."""

    async def story() -> None:
        async with running() as world:
            await world.online()
            for action in Action:
                kind, code = await raw(world, action.value, '{"x":1}')
                expected = "FormationViolation" if action.value in ACTIONS else "NotSupported"
                assert (kind, code) == (4, expected), action
            assert await raw(world, "MakeCoffee", "{}") == (4, "NotImplemented")
            assert world.central.connects == 1

    aio(story())


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Reset", "{}", "ProtocolError"),
        ("Reset", '{"type":"Lukewarm"}', "PropertyConstraintViolation"),
        ("Reset", '{"type":5}', "TypeConstraintViolation"),
        ("Reset", "[]", "FormationViolation"),
        ("Reset", "null", "FormationViolation"),
        ("UnlockConnector", '{"connectorId":"1"}', "TypeConstraintViolation"),
        ("ChangeConfiguration", '{"key":"' + "k" * 60 + '","value":"1"}', "TypeConstraintViolation"),
        ("RemoteStartTransaction", '{"idTag":"' + "t" * 21 + '"}', "TypeConstraintViolation"),
    ],
)
def test_malformed_calls_get_a_callerror(aio: Run, running: Opened, action: str, payload: str, code: str) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            assert await raw(world, action, payload) == (4, code)
            description = world.central.recorder.frames[-1].payload["description"]
            assert len(description) <= 255
            assert (await world.client.authorize("A1")) is not None

    aio(story())


def test_a_handler_that_fails_is_an_internal_error_and_the_line_stays(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log("kiosk.station.ocpp.wire", "UnlockConnector of the backend failed")

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.commands.fails = ZeroDivisionError("a slip of ours")
            with pytest.raises(OCPPError) as refused:
                await asked(world, call.UnlockConnector(connector_id=1))
            assert refused.value.code == "InternalError"
            assert world.central.connects == 1

    aio(story())


def test_a_store_that_fails_ends_the_client(aio: Run, opened: Opened) -> None:
    async def story() -> None:
        async with opened() as world:
            task = asyncio.create_task(world.client.run())
            await world.online()
            world.commands.fails = StorageFailed("the disk is full")
            with pytest.raises(OCPPError):
                await door.change_configuration(world.central, "ConnectionTimeOut", "90")
            with pytest.raises(StorageFailed):
                await task

    aio(story())


def test_a_slow_command_holds_up_neither_answers_nor_heartbeats(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            world.commands.slow_s = 20
            unlocking = asyncio.create_task(asked(world, call.UnlockConnector(connector_id=1)))
            await asyncio.sleep(1)
            await world.client.authorize("A1")
            assert not unlocking.done(), "our own call was answered meanwhile"
            world.set_key("MinimumStatusDuration", "0")
            world.set_status(1, ChargePointStatus.FINISHING)
            await world.until(lambda: world.calls("StatusNotification")[-1].payload["status"] == "Finishing", 5)
            assert await unlocking == {"status": "Unlocked"}

    aio(story())
