"""The embedded central system as a station and as a person at the control door see it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from kiosk.backend import central
from kiosk.backend.central import CentralSystem, Options

Run = Callable[..., Any]
Open = Callable[..., Any]


def test_a_session_is_kept_and_printed(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here:
            async with here.station() as station:
                boot = await station.boot()
                assert (boot["status"], boot["interval"]) == ("Accepted", 300)
                assert boot["currentTime"].endswith("Z")
                assert (await station.say("Authorize", idTag="E36432E5"))["idTagInfo"]["status"] == "Accepted"
                assert (await station.start())["transactionId"] == 1
                energy = {"value": "1200", "unit": "Wh"}
                value = {"timestamp": "2026-11-22T12:01:00Z", "sampledValue": [energy]}
                assert await station.say("MeterValues", connectorId=1, transactionId=1, meterValue=[value]) == {}
                stop = await station.say(
                    "StopTransaction", transactionId=1, meterStop=1500, timestamp="2026-11-22T12:05:00Z"
                )
                assert stop == {}
                assert "currentTime" in await station.say("Heartbeat")
                status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
                assert await station.say("StatusNotification", **status) == {}
                (told,) = await here.ask("stations")
                assert told["statuses"]["1"]["status"] == "Available"
            (kept,) = await here.ask("transactions")
            assert (kept["meter_start_wh"], kept["meter_stop_wh"], kept["reason"]) == (1000, 1500, "Local")
            assert len(kept["meter_values"]) == 1
            assert here.printed[0] == "HYC-1: connected"
            assert any("→ StartTransaction connector 1, tag E364…, from 1000 Wh" in p for p in here.printed)
            assert not any("E36432E5" in p for p in here.printed), "whole tags are not printed"
            await asyncio.sleep(1)
            assert here.printed[-1] == "HYC-1: disconnected"

    aio(story())


def test_a_repeated_start_gets_the_same_number_and_another_a_new_one(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place(Options(first_transaction_id=0)) as here, here.station() as station:
            numbers = [(await station.start())["transactionId"] for _ in range(2)]
            numbers.append((await station.start(at="2026-11-22T13:00:00Z"))["transactionId"])
            assert numbers == [0, 0, 1]
            assert here.central.transactions[0].repeats == 1

    aio(story())


@pytest.mark.parametrize(
    ("tag", "status"), [("GOOD", "Accepted"), ("good", "Accepted"), ("bad", "Blocked"), ("OTHER", "Invalid")]
)
def test_tags_are_judged_by_the_options(aio: Run, place: Open, tag: str, status: str) -> None:
    async def story() -> None:
        options = Options(accepted=frozenset({"Good", "BAD"}), blocked=frozenset({"BAD"}), parents={"good": "P"})
        async with place(options) as here, here.station() as station:
            info = (await station.say("Authorize", idTag=tag))["idTagInfo"]
            assert info["status"] == status
            assert info.get("parentIdTag") == ("P" if tag.upper() == "GOOD" else None)
            assert ("expiryDate" in info) is (status == "Accepted")

    aio(story())


def test_boot_answers_come_in_turn(aio: Run, place: Open) -> None:
    async def story() -> None:
        options = Options(boot=("Rejected", "Pending", "Accepted"), boot_retry_s=7, heartbeat_interval_s=60)
        async with place(options) as here, here.station() as station:
            told = [(b["status"], b["interval"]) for b in [await station.boot() for _ in range(4)]]
            assert told == [("Rejected", 7), ("Pending", 7), ("Accepted", 60), ("Accepted", 60)]

    aio(story())


def test_nonsense_is_answered_with_a_callerror(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here, here.station() as station:
            assert await station.say("BootNotification", chargePointVendor=5) in (
                "TypeConstraintViolation",
                "ProtocolError",
            )
            assert await station.say("MakeCoffee") == "NotSupported"
            await station.socket.send("not even JSON")
            assert (await station.boot())["status"] == "Accepted"
            assert any("not OCPP: 'not even JSON'" in line for line in here.printed)

    aio(story())


@pytest.mark.parametrize("path", ["/", "/ocpp/", "/HYC-1", "/control/x"])
def test_other_paths_are_refused(aio: Run, place: Open, path: str) -> None:
    async def story() -> None:
        async with place() as here:
            with pytest.raises(InvalidStatus, match="404"):
                async with here.station(path):
                    pass

    aio(story())


def test_a_browser_may_not_talk_to_the_control_door(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here:
            with pytest.raises(InvalidStatus, match="403"):
                async with connect(
                    here.central.control_url,
                    subprotocols=[Subprotocol("kiosk.control")],
                    origin="http://evil.example",  # type: ignore[arg-type]
                    proxy=None,
                ):
                    pass

    aio(story())


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("192.168.1.5", False), ("fe80::1%eth0", False)],
)
def test_only_this_machine_may_control(host: str, here: bool) -> None:
    assert central._is_here(host) is here


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "ws://127.0.0.1:"), ("0.0.0.0", "ws://127.0.0.1:"), ("::1", "ws://[::1]:")]
)
def test_the_told_address_can_be_dialled(aio: Run, host: str, url: str) -> None:
    async def story() -> None:
        listening = CentralSystem()
        await listening.start(host, 0)
        assert listening.url.startswith(url)
        assert listening.control_url.startswith(url)
        await listening.stop()

    aio(story())


def test_identities_are_decoded_and_the_newest_connection_counts(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here, here.station("/ocpp/HYC%201%2F2") as old:
            await old.boot()
            assert list(here.central.stations) == ["HYC 1/2"]
            async with here.station("/ocpp/HYC%201%2F2") as new:
                await new.boot()
                with pytest.raises(ConnectionClosed):
                    await old.socket.recv()
                assert list(here.central.stations) == ["HYC 1/2"]

    aio(story())


@pytest.mark.parametrize("password", [b"right", b"wrong", None])
def test_basic_authentication(aio: Run, place: Open, password: bytes | None) -> None:
    async def story() -> None:
        headers = {}
        if password is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(b"HYC-1:" + password).decode()
        async with place(Options(passwords={"HYC-1": b"right"})) as here:
            if password == b"right":
                async with here.station(additional_headers=headers) as station:
                    assert (await station.boot())["status"] == "Accepted"
            else:
                with pytest.raises(InvalidStatus, match="401"):
                    async with here.station(additional_headers=headers):
                        pass

    aio(story())


# --- the control door -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "params", "action", "asked", "answer"),
    [
        (
            "remote_start",
            {"connector_id": 2, "id_tag": "T"},
            "RemoteStartTransaction",
            {"connectorId": 2, "idTag": "T"},
            {"status": "Accepted"},
        ),
        ("remote_start", {}, "RemoteStartTransaction", {"idTag": "REMOTE"}, {"status": "Rejected"}),
        (
            "remote_stop",
            {"transaction_id": 5},
            "RemoteStopTransaction",
            {"transactionId": 5},
            {"status": "Accepted"},
        ),
        (
            "change_configuration",
            {"key": "k", "value": "v"},
            "ChangeConfiguration",
            {"key": "k", "value": "v"},
            {"status": "NotSupported"},
        ),
        ("reset", {"kind": "Hard"}, "Reset", {"type": "Hard"}, {"status": "Accepted"}),
        ("unlock", {"connector_id": 1}, "UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"}),
        (
            "trigger",
            {"message": "Heartbeat"},
            "TriggerMessage",
            {"requestedMessage": "Heartbeat"},
            {"status": "Accepted"},
        ),
        (
            "availability",
            {"connector_id": 0, "operative": False},
            "ChangeAvailability",
            {"connectorId": 0, "type": "Inoperative"},
            {"status": "Scheduled"},
        ),
        ("clear_cache", {}, "ClearCache", {}, {"status": "Accepted"}),
        (
            "ask",
            {
                "action": "ReserveNow",
                "payload": {"connectorId": 1, "idTag": "T", "expiryDate": "x", "reservationId": 3},
            },
            "ReserveNow",
            {"connectorId": 1, "idTag": "T", "expiryDate": "x", "reservationId": 3},
            {"status": "Occupied"},
        ),
    ],
)
def test_what_the_door_passes_on(
    aio: Run,
    place: Open,
    name: str,
    params: dict[str, Any],
    action: str,
    asked: dict[str, Any],
    answer: dict[str, Any],
) -> None:
    async def story() -> None:
        async with place() as here, here.station() as station:
            await station.boot()
            obeyed, told = await asyncio.gather(station.obey(**answer), here.ask(name, **params))
            assert obeyed == (action, asked)
            assert told == answer

    aio(story())


def test_the_door_says_what_a_tag_is_worth(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here:
            assert here.central.judge("04ab")[0] == "Accepted"
            await here.ask("tag", id_tag="04AB", status="Expired")
            assert here.central.judge("04ab")[0] == "Expired"
            await here.ask("tag", id_tag="04ab")
            assert here.central.judge("04AB")[0] == "Accepted"

    aio(story())


def test_remote_stop_without_a_number_means_the_newest_running(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here, here.station() as station:
            with pytest.raises(AssertionError, match="no running transaction"):
                await here.ask("remote_stop", station="HYC-1")
            await station.start()
            obeyed, _ = await asyncio.gather(station.obey(status="Accepted"), here.ask("remote_stop"))
            assert obeyed == ("RemoteStopTransaction", {"transactionId": 1})

    aio(story())


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"name": "make_coffee"}, "make_coffee.*does not exist; calls are remote_start"),
        ({"name": "unlock"}, "does not fit.*connector_id"),
        ({"name": "reset", "kind": "Lukewarm"}, "does not fit.*Lukewarm"),
        ({"name": "reset", "station": "HYC-9"}, "HYC-9.*not connected"),
        ({"name": "chaos", "deaf": "very"}, "does not fit"),
        ({"name": "ask", "action": "Any"}, "OCPP 1.6 has no call 'Any'"),
        ({"name": "ask", "action": "Reset", "payload": {"kind": "Soft"}}, "does not fit.*kind"),
        ({"name": "tag", "id_tag": "X", "status": "Liked"}, "does not fit.*Liked"),
    ],
)
def test_wrong_requests_are_told_and_the_door_stays(
    aio: Run, place: Open, request_: dict[str, Any], error: str
) -> None:
    async def story() -> None:
        async with place() as here, here.station():
            with pytest.raises(AssertionError, match=error):
                await here.ask(**request_)
            assert await here.ask("transactions") == []

    aio(story())


def test_a_station_that_hangs_up_or_refuses_is_told(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here:
            with pytest.raises(AssertionError, match="name a station; connected: none"):
                await here.ask("reset")
            async with here.station() as station:
                asking = asyncio.create_task(here.ask("reset"))
                await station.socket.recv()
                station.socket.transport.abort()
                with pytest.raises(AssertionError, match="HYC-1 hung up"):
                    await asking

    aio(story())


def test_the_log_tells_the_newest_frames(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here, here.station() as station:
            await station.boot()
            await station.start()
            frames = await here.ask("log")
            assert [(f["kind"], f["action"], f["to_station"]) for f in frames] == [
                ("call", "BootNotification", False),
                ("result", "BootNotification", True),
                ("call", "StartTransaction", False),
                ("result", "StartTransaction", True),
            ]
            assert frames[2]["payload"]["meterStart"] == 1000
            assert [f["action"] for f in await here.ask("log", last=1)] == ["StartTransaction"]
            assert len(await here.ask("log", action="BootNotification")) == 2
            assert await here.ask("log", last=0) == []

    aio(story())


# --- chaos ----------------------------------------------------------------------------------------------------


def test_chaos_on_the_wire(aio: Run, place: Open) -> None:
    async def story() -> None:
        async with place() as here:
            async with here.station() as station:
                await here.ask("chaos", refuse=["Authorize"])
                assert await station.say("Authorize", idTag="T") == "InternalError"
                await here.ask("chaos", refuse=[], mute=["Authorize"])
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(60):
                        await station.say("Authorize", idTag="T")
                assert (await station.boot())["status"] == "Accepted"
                loop = asyncio.get_running_loop()
                since = loop.time()
                await here.ask("chaos", mute=[], delay_s=5)
                await station.boot()
                assert loop.time() - since >= 5
                await here.ask("chaos", delay_s=0, drop_after_frames=2)
                await station.boot()
                with pytest.raises(ConnectionClosed):
                    await station.boot()
            async with here.station() as station:
                await station.boot()
                await here.ask("chaos", deaf=True)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(60):
                        await station.boot()
                await here.ask("disconnect")
                with pytest.raises(ConnectionClosed):
                    await station.socket.recv()

    aio(story())
