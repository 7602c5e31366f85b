"""What is owed gets there: repeats, refusals, silence, restarts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kiosk.backend.recording import Frame
from kiosk.model.enums import AuthorizationStatus

Opened = Callable[..., Any]
Run = Callable[..., Any]
Expected = Callable[..., None]

CLIENT = "kiosk.station.ocpp.client"
DELIVERY = "kiosk.station.ocpp.delivery"


def content(frame: Frame) -> str:
    """A call without its message id."""
    return frame.raw.replace(frame.message_id, "")


def test_a_refused_stop_is_repeated_with_growing_waits_then_kept_and_the_queue_goes_on(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    """Lesson 6: a message that nobody takes does not hold up the others for ever."""
    expected_log(DELIVERY, "StopTransaction failed")
    expected_log(DELIVERY, "StopTransaction given up after 3 attempts")

    async def story() -> None:
        async with running() as world:
            world.set_key("TransactionMessageAttempts", "3")
            world.set_key("TransactionMessageRetryInterval", "20")
            world.central.chaos.refuse = frozenset({"StopTransaction"})
            await world.online()
            await world.session("a", samples=0)
            await world.begin("b", 2)
            await world.delivered()
            stops = world.calls("StopTransaction")
            assert len(stops) == 3
            waits = [round((b.at - a.at).total_seconds()) for a, b in itertools.pairwise(stops)]
            assert waits == [20, 40], "interval times attempt"
            assert len({s.message_id for s in stops}) == 3, "a new message id each time"
            assert len({content(s) for s in stops}) == 1, "the same content each time"
            assert [f.action for f in world.calls()][-1] == "StartTransaction", "the next session is not held up"
            backend = world.state.snapshot.backend
            assert (backend.waiting_messages, backend.undelivered_messages) == (0, 1)

            world.central.chaos.refuse = frozenset()
            assert await world.journal.send_again() == 1
            world.client.facts_waiting()
            await world.delivered()
            assert next(iter(world.central.transactions.values())).stopped_at is not None

    aio(story())


def test_after_a_lost_start_the_rest_is_told_as_minus_one(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log(DELIVERY, "StartTransaction failed")
    expected_log(DELIVERY, "StartTransaction given up")

    async def story() -> None:
        async with running() as world:
            world.set_key("TransactionMessageAttempts", "2")
            world.central.chaos.refuse = frozenset({"StartTransaction"})
            await world.online()
            await world.session(samples=1)
            await world.delivered()
            told = [(f.action, f.payload.get("transactionId")) for f in world.calls()[5:]]
            assert told == [
                ("StartTransaction", None),
                ("StartTransaction", None),
                ("MeterValues", -1),
                ("StopTransaction", -1),
            ]
            assert world.answers == []

    aio(story())


def test_minus_one_is_never_told_while_the_start_can_still_be_delivered(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    """Lesson 1: a session that began offline is told under the backend's number, never under a made-up one."""
    expected_log(CLIENT, "the connection broke")

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.central.chaos.mute = frozenset({"StartTransaction"})
            await world.session(samples=3)
            await world.until(lambda: len(world.calls("StartTransaction")) == 1)
            world.central.stations["HYC-7"].socket.abort()
            await asyncio.sleep(0.1)
            world.central.chaos.mute = frozenset()
            await world.delivered()
            assert len(world.calls("StartTransaction")) == 2
            assert {f.payload["transactionId"] for f in world.calls("MeterValues")} == {1}
            (transaction,) = world.central.transactions.values()
            assert transaction.repeats == 1, "the repeat had the same content"
            assert transaction.meter_stop_wh == 1400

    aio(story())


def test_a_silent_but_living_backend_uses_up_attempts(aio: Run, running: Opened, expected_log: Expected) -> None:
    """Lesson 8: how long an answer may take and when to try again are two settings."""
    expected_log(DELIVERY, "no answer, though it answers pings")
    expected_log(DELIVERY, "given up after 2 attempts")

    async def story() -> None:
        async with running() as world:
            world.set_key("TransactionMessageAttempts", "2")
            world.central.chaos.mute = frozenset({"StopTransaction"})
            await world.online()
            await world.session(samples=0)
            await world.delivered()
            first, second = (f.at for f in world.calls("StopTransaction"))
            wait_s = world.installation.backend.call_timeout_s + world.settings.int(
                "TransactionMessageRetryInterval"
            )
            assert round((second - first).total_seconds()) == wait_s
            assert (await world.journal.waiting()) == (0, 1)
            assert world.central.connects == 1, "the line is kept"

    aio(story())


def test_a_dead_line_uses_up_no_attempt(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "no pong|was not answered")

    async def story() -> None:
        async with running() as world:
            world.set_key("TransactionMessageAttempts", "1")
            await world.online()
            for _ in range(3):
                world.central.stations["HYC-7"].socket._socket.transport.pause_reading()
                await world.sample_of_none()
                await world.until(lambda: not world.state.snapshot.backend.connected)
                await world.online()
            await world.delivered()
            assert (await world.journal.waiting()) == (0, 0)
            assert len({content(f) for f in world.calls("MeterValues")}) == 3

    aio(story())


@pytest.mark.parametrize("die_after", range(1, 11))
def test_a_restart_goes_on_where_the_journal_stands(aio: Run, opened: Opened, die_after: int) -> None:
    """The core dies at every possible moment of a session's delivery; the backend sees one whole session."""

    async def story() -> None:
        async with opened() as world:
            await world.session(samples=3)
            task = asyncio.create_task(world.client.run())
            await world.until(lambda: len(world.central.recorder.frames) >= 10 + die_after)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            world.client = world.new_client()
            task = asyncio.create_task(world.client.run())
            await world.delivered()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            (transaction,) = world.central.transactions.values()
            energies = [v["sampled_value"][0]["value"] for v in transaction.meter_values]
            assert list(dict.fromkeys(energies)) == ["1100", "1200", "1300"]
            assert transaction.meter_stop_wh == 1400

    aio(story())


def test_stop_transaction_carries_the_samples(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.session(samples=2)
            await world.delivered()
            (stop,) = world.calls("StopTransaction")
            data = stop.payload["transactionData"]
            told = [(d["sampledValue"][0]["context"], d["sampledValue"][0]["value"]) for d in data]
            assert told == [
                ("Transaction.Begin", "1000"),
                ("Sample.Periodic", "1100"),
                ("Sample.Periodic", "1200"),
                ("Transaction.End", "1300"),
            ]

    aio(story())


def test_an_answer_with_fields_of_its_own_is_understood(aio: Run, running: Opened) -> None:
    """A backend may add what it likes; a start that was answered is never repeated for it."""

    async def story() -> None:
        async with running() as world:
            await world.online()
            wire = world.client._wire
            assert wire is not None
            original = wire.request

            async def decorated(action: str, payload: dict[str, Any]) -> dict[str, Any]:
                return await original(action, payload) | {"x-vendor": {"deep": [1]}}

            wire.request = decorated  # type: ignore[method-assign]
            await world.session()
            await world.delivered()
            assert len(world.calls("StartTransaction")) == 1
            assert world.answers[0][1] == 1

    aio(story())


def test_a_start_answered_with_nonsense_counts_as_failed(
    aio: Run, running: Opened, expected_log: Expected
) -> None:
    expected_log(DELIVERY, "StartTransaction failed .*does not fit")

    async def story() -> None:
        async with running() as world:
            await world.online()
            wire = world.client._wire
            assert wire is not None
            original = wire.request
            spoilt = 1

            async def decorated(action: str, payload: dict[str, Any]) -> dict[str, Any]:
                nonlocal spoilt
                answer = await original(action, payload)
                if action == "StartTransaction" and spoilt:
                    spoilt -= 1
                    return {"idTagInfo": {"status": "Accepted"}}
                return answer

            wire.request = decorated  # type: ignore[method-assign]
            await world.begin()
            await world.delivered()
            assert [a[:2] for a in world.answers] == [("a", 1)]

    aio(story())


def test_a_stop_answer_updates_the_cache(aio: Run, running: Opened) -> None:
    async def story() -> None:
        async with running() as world:
            world.set_key("AuthorizationCacheEnabled", "true")
            await world.online()
            await world.session()
            await world.delivered()
            await asyncio.sleep(1)
            entry = await world.tags.cache_get("E36432E5")
            assert entry is not None
            assert entry.status is AuthorizationStatus.ACCEPTED

    aio(story())


def test_a_backlog_goes_out_in_order_without_pause(aio: Run, running: Opened, expected_log: Expected) -> None:
    expected_log(CLIENT, "No socket listening")

    async def story() -> None:
        async with running() as world:
            await world.central.stop()
            await world.begin()
            for n in range(200):
                await world.sample("a", 1, 1001 + n)
            await world.central.start("127.0.0.1", 9000)
            await world.online()
            since = world.clock.now()
            await world.delivered()
            assert world.clock.now() - since < timedelta(seconds=5)
            (transaction,) = world.central.transactions.values()
            energies = [int(v["sampled_value"][0]["value"]) for v in transaction.meter_values]
            assert energies == list(range(1001, 1201))

    aio(story())


@pytest.mark.parametrize("frames", range(1, 16))
def test_a_line_that_breaks_after_any_frame_loses_nothing(
    aio: Run, running: Opened, expected_log: Expected, frames: int
) -> None:
    expected_log(CLIENT)

    async def story() -> None:
        async with running() as world:
            await world.online()
            await world.until(lambda: len(world.calls("StatusNotification")) == 4)
            world.central.chaos.drop_after_frames = frames
            await world.session(samples=3)
            await world.begin("b", 2)
            await world.end("b", 2000)
            for n in range(3):
                await asyncio.sleep(1)
                await world.session(f"c{n}", samples=0)
            await world.delivered()
            transactions = list(world.central.transactions.values())
            assert [t.connector_id for t in transactions] == [1, 2, 1, 1, 1]
            assert all(t.stopped_at is not None for t in transactions)
            energies = [v["sampled_value"][0]["value"] for v in transactions[0].meter_values]
            assert list(dict.fromkeys(energies)) == ["1100", "1200", "1300"]
            assert (await world.journal.waiting()) == (0, 0)

    aio(story())
