"""Security events on their way to the backend: in order, once, and through every kind of trouble."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kiosk.backend.central import Options
from kiosk.model.enums import SecurityEventType as Event

Run = Callable[..., Any]
Opened = Callable[..., Any]
Expected = Callable[..., None]
ACTION = "SecurityEventNotification"


def told(world: Any) -> list[str]:
    return [frame.payload["techInfo"] for frame in world.calls(ACTION)]


async def nothing_owed(world: Any) -> None:
    await world.security.flush()
    async with asyncio.timeout(600):
        while await world.security.next_owed() is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def test_an_event_is_told_with_its_own_time(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            at = world.clock.now()
            world.security.record(Event.TAMPER_DETECTION, "the service door")
            await world.online()
            await nothing_owed(world)
            (frame,) = world.calls(ACTION)
            assert frame.payload == {
                "type": "TamperDetectionActivated",
                "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
                "techInfo": "the service door",
            }
            actions = [call.action for call in world.calls()]
            assert actions.index(ACTION) > actions.index("StatusNotification") + 3, "after the present statuses"

    aio(story())


def test_only_what_the_backend_must_know_is_told(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            for kind in Event:
                world.security.record(kind, kind.value)
            await world.security.flush()
            await nothing_owed(world)
            assert told(world) == [kind.value for kind in Event if kind.told]
            assert len(await world.security.events(None, None)) == len(Event), "but all of it is in the log"

    aio(story())


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_nothing_is_told_before_we_are_registered(aio: Run, running: Opened, status: str) -> None:
    async def story() -> None:
        async with running(Options(boot=(status, "Accepted"), boot_retry_s=100)) as world:
            world.security.record(Event.STARTUP, "a")
            await asyncio.sleep(90)
            assert told(world) == []
            await world.online()
            await nothing_owed(world)
            assert told(world) == ["a"]

    aio(story())


def test_what_came_while_nobody_listened_is_told_in_order(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log("kiosk.station.ocpp.client", "")

    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.central.stop()
            await world.until(lambda: not world.client.online)
            for n in range(20):
                world.security.record(Event.STARTUP, str(n))
            await asyncio.sleep(60)
            await world.central.start("127.0.0.1", 9000)
            await world.online()
            await nothing_owed(world)
            assert told(world) == [str(n) for n in range(20)]

    aio(story())


def test_an_unanswered_one_is_told_again_and_only_that(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log("kiosk.station.ocpp.security_news", "was not answered")

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.security.record(Event.STARTUP, "answered")
            await nothing_owed(world)
            world.central.chaos.mute = frozenset({ACTION})
            world.security.record(Event.STARTUP, "silence")
            await world.until(lambda: told(world)[-1:] == ["silence"])
            world.central.chaos.mute = frozenset()
            await nothing_owed(world)
            assert told(world) == ["answered", "silence", "silence"]
            assert world.central.connects == 1

    aio(story())


def test_a_backend_that_never_answers_is_asked_ever_more_rarely_and_told_all_in_the_end(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log("kiosk.station.ocpp.security_news", "was not answered")

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.central.chaos.mute = frozenset({ACTION})
            for n in range(3):
                world.security.record(Event.STARTUP, str(n))
            await asyncio.sleep(24 * 3600)
            assert set(told(world)) == {"0"}
            gaps = [(b.at - a.at).total_seconds() for a, b in itertools.pairwise(world.calls(ACTION))]
            assert gaps == sorted(gaps)
            assert 3600 < gaps[-1] < 3700
            world.central.chaos.mute = frozenset()
            await asyncio.sleep(3700)
            assert told(world)[-3:] == ["0", "1", "2"]
            assert world.central.connects == 1

    aio(story())


def test_a_restart_goes_on_where_it_was(aio: Run, opened: Opened) -> None:
    async def story() -> None:
        async with opened() as world:
            for n in range(3):
                world.security.record(Event.STARTUP, str(n))
            await world.security.flush()
            for _ in range(2):  # as after a restart: a client that knows nothing but the store
                running = asyncio.create_task(world.new_client().run())
                await nothing_owed(world)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            assert told(world) == ["0", "1", "2"]

    aio(story())


def test_a_backend_that_does_not_know_the_message_is_asked_once_each(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            del world.central.stations["HYC-7"].route_map[ACTION]
            world.security.record(Event.STARTUP, "a")
            world.security.record(Event.STARTUP, "b")
            await world.until(lambda: len(told(world)) == 2)
            await nothing_owed(world)
            assert told(world) == ["a", "b"]
            assert world.central.connects == 1

    aio(story())


def test_a_backend_in_trouble_gets_three_tries(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.central.chaos.refuse = frozenset({ACTION})
            await world.online()
            world.security.record(Event.STARTUP, "a")
            await world.until(lambda: len(told(world)) == 3)
            first, second, third = (frame.at for frame in world.calls(ACTION))
            assert second - first >= timedelta(seconds=10)
            assert third - second >= timedelta(seconds=20)
            world.central.chaos.refuse = frozenset()
            world.security.record(Event.STARTUP, "b")
            await nothing_owed(world)
            assert told(world) == ["a", "a", "a", "b"]

    aio(story())


def test_messages_that_break_the_rules_are_in_the_log_ever_more_rarely(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log("kiosk.station.ocpp.wire", "not OCPP")

    async def story() -> None:
        async with running() as world:
            await world.online()
            socket = world.central.stations["HYC-7"].socket
            for n in range(25):
                await socket.send("no JSON")
                await socket.send(f'[2,"{n}","Reset",{{"type":"Lukewarm"}}]')
            await world.until(lambda: len(world.central.recorder.frames) > 60)
            await asyncio.sleep(5)
            await world.security.flush()
            kept = [each.tech_info for each in await world.security.events(None, None)]
            counts = sorted(text.rpartition(" (")[2] for text in kept)
            assert counts == ["1 so far)"] * 2 + ["10 so far)"] * 2
            assert sum("no JSON" in text for text in kept) == 2
            assert sum("Violation" in text for text in kept) == 2
            assert world.calls(ACTION) == [], "it is no news for who sent them"

    aio(story())
