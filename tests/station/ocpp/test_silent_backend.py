"""Backends that do not answer some messages, or none: nobody waits behind what nobody answers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationStatus, ChargePointStatus, SecurityEventType
from kiosk.station.ocpp.turns import Turns

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]

CLIENT = "kiosk.station.ocpp.client"
REGISTERED = "kiosk.station.ocpp.registered"


def test_a_backend_without_heartbeats_hears_all_the_rest(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log(CLIENT, "the connection broke")
    expected_log(REGISTERED, "Heartbeat was not answered")

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.central.chaos.mute = frozenset({"Heartbeat"})
            world.central.stations["HYC-7"].socket.abort()
            await world.until(lambda: world.central.connects == 2)
            before = len(world.calls("StatusNotification"))
            await world.session()
            await world.delivered()
            assert len(world.calls("StatusNotification")) == before + 4
            assert (await world.client.authorize("A1")).status is AuthorizationStatus.ACCEPTED
            assert world.central.connects == 2
            assert not world.client.unreachable

    aio(story())


@pytest.mark.parametrize("ignored", ["SecurityEventNotification", "StatusNotification"])
def test_a_backend_that_ignores_one_message_takes_cards_at_once(
    aio: Run, running: Opened, expected_log: Expected, ignored: str
) -> None:
    if ignored == "StatusNotification":
        expected_log(REGISTERED, "StatusNotification was not answered")
    else:
        expected_log("kiosk.station.ocpp.security_news", "was not answered")

    async def story() -> None:
        async with running() as world:
            world.central.chaos.mute = frozenset({ignored})
            for n in range(3):
                world.security.record(SecurityEventType.STARTUP, str(n))
            await world.online()
            loop = asyncio.get_running_loop()
            for n in range(40):
                since = loop.time()
                assert (await world.client.authorize(f"A{n}")).status is AuthorizationStatus.ACCEPTED
                assert loop.time() - since <= world.installation.backend.call_timeout_s + 1
                await asyncio.sleep(7)
            await world.session()
            await world.delivered()
            assert len(world.calls(ignored)) >= 2, "it is asked again"
            assert world.central.connects == 1

    aio(story())


def test_statuses_that_were_not_answered_are_told_again_as_they_are_then(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log(REGISTERED, "StatusNotification was not answered")

    async def story() -> None:
        async with running() as world:
            world.central.chaos.mute = frozenset({"StatusNotification"})
            await world.online()
            await asyncio.sleep(200)
            asked = [f.at for f in world.calls("StatusNotification")]
            gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(asked)]
            assert gaps == sorted(gaps), "ever more rarely"
            assert len(gaps) >= 2
            assert world.central.connects == 1, "a heartbeat told that the server does not hang"
            world.central.chaos.mute = frozenset()
            world.set_status(1, ChargePointStatus.PREPARING)
            before = len(asked)
            await asyncio.sleep(400)
            told = {
                f.payload["connectorId"]: f.payload["status"] for f in world.calls("StatusNotification")[before:]
            }
            assert told == {0: "Available", 1: "Preparing", 2: "Available", 3: "Available"}

    aio(story())


def test_a_server_that_hangs_is_left_with_a_goodbye_and_dialled_ever_more_rarely(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log(CLIENT, "3 calls in a row were not answered")
    expected_log(REGISTERED, "was not answered")

    async def story() -> None:
        waits = ("backend.retry_min_s=64", "backend.retry_max_s=4096", "backend.retry_random_s=0")
        async with running(None, *waits) as world:
            await world.online()
            world.central.chaos.mute = frozenset({"*"})
            line = world.central.stations["HYC-7"].socket._socket
            for n in range(3):
                await world.until(lambda n=n: world.central.connects == n + 1, 5000)
                with pytest.raises(Exception, match="not answered"):
                    await world.client.authorize("A1")
                await world.until(lambda: not world.state.snapshot.backend.connected, 3600)
                assert world.client.unreachable == (n > 0)
            assert line.close_code == 1000
            assert "3 calls in a row" in line.close_reason
            since = asyncio.get_running_loop().time()
            await world.until(lambda: world.central.connects == 4, 5000)
            assert asyncio.get_running_loop().time() - since > 200, "the waits have grown"
            world.central.chaos.mute = frozenset()
            await world.until(lambda: not world.client.unreachable, 5000)

    aio(story())


def test_a_cancelled_waiter_neither_keeps_nor_loses_a_turn(aio: Run) -> None:
    async def story() -> None:
        turns, had = Turns(), []

        async def take(name: str) -> None:
            async with turns.mine():
                had.append(name)
                await asyncio.sleep(1)

        tasks = {name: asyncio.create_task(take(name)) for name in "abcd"}
        await asyncio.sleep(0.5)
        tasks["b"].cancel()  # while it waits
        tasks["a"].cancel()  # while it holds the turn
        await asyncio.sleep(0)
        tasks["c"].cancel()  # perhaps just as it is handed the turn
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        assert had[0] == "a"
        assert had[-1] == "d"
        async with asyncio.timeout(1), turns.mine(urgent=True):
            pass

    aio(story())
