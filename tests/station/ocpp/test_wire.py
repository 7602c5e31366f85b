"""One connection: turns, ids, nonsense, endings. Without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import async_solipsism
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.model.errors import BackendRefused, BackendUnreachable
from kiosk.station.ocpp.wire import Answer, NoAnswer, Wire

Run = Callable[..., Any]
Expected = Callable[..., None]


class Pipe:
    """A socket whose other end is the test."""

    def __init__(self, pongs: bool = True) -> None:
        self.incoming: asyncio.Queue[str | Exception] = asyncio.Queue()
        self.sent: list[Any] = []
        self.pongs = pongs

    async def recv(self) -> str | bytes:
        message = await self.incoming.get()
        if isinstance(message, Exception):
            raise message
        return message

    async def send(self, message: str) -> None:
        self.sent.append(json.loads(message))

    async def ping(self) -> Awaitable[float]:
        pong: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        if self.pongs:
            pong.set_result(0.01)
        return pong

    def tell(self, *message: Any) -> None:
        self.incoming.put_nowait(json.dumps(message))

    async def settle(self) -> None:
        await asyncio.sleep(0.01)


async def echo(action: str, payload: dict[str, Any]) -> Answer:
    return Answer(payload={"status": "Accepted"})


def wire_on(pipe: Pipe, handler: Any = echo) -> Wire:
    return Wire(pipe, handler, call_timeout_s=30, now_s=asyncio.get_running_loop().time)


def served(story: Callable[[Pipe, Wire], Awaitable[None]], pongs: bool = True) -> Callable[[], Any]:
    """``story`` with a wire that is being served."""

    async def run() -> None:
        pipe = Pipe(pongs)
        wire = wire_on(pipe)
        serving = asyncio.create_task(wire.serve())
        await story(pipe, wire)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    return run


def test_calls_take_turns_and_answers_find_their_call(aio: Run) -> None:
    """Lesson 9: one call at a time, each answer to its own."""

    async def story(pipe: Pipe, wire: Wire) -> None:
        asked = [asyncio.create_task(wire.request("Authorize", {"idTag": t})) for t in ("A", "B", "C")]
        for tag in ("A", "B", "C"):
            await pipe.settle()
            assert pipe.sent[-1][2:] == ["Authorize", {"idTag": tag}]
            pipe.tell(3, pipe.sent[-1][1], {"for": tag})
        assert [await a for a in asked] == [{"for": "A"}, {"for": "B"}, {"for": "C"}]
        assert len({m[1] for m in pipe.sent}) == 3

    aio(served(story)())


def test_an_answer_to_another_id_is_left_alone(aio: Run, expected_log: Expected) -> None:
    expected_log("kiosk.station.ocpp.wire", "not open: 'somebody-else'")

    async def story(pipe: Pipe, wire: Wire) -> None:
        asked = asyncio.create_task(wire.request("Heartbeat", {}))
        await pipe.settle()
        pipe.tell(3, "somebody-else", {"currentTime": "wrong"})
        await pipe.settle()
        assert not asked.done()
        pipe.tell(3, pipe.sent[-1][1], {"currentTime": "right"})
        assert await asked == {"currentTime": "right"}

    aio(served(story)())


@pytest.mark.parametrize(
    "answer",
    [(4, "GenericError", "no", {}), (4, "GenericError"), (4,), (3,), (3, "text"), (3, None), (4, 7, 8)],
)
def test_a_refusal_or_malformed_answer_is_told_to_the_caller(aio: Run, answer: tuple[Any, ...]) -> None:
    async def story(pipe: Pipe, wire: Wire) -> None:
        asked = asyncio.create_task(wire.request("Heartbeat", {}))
        await pipe.settle()
        pipe.tell(answer[0], pipe.sent[-1][1], *answer[1:])
        with pytest.raises(BackendRefused):
            await asked

    aio(served(story)())


@pytest.mark.parametrize("pongs", [True, False])
def test_silence_says_whether_the_other_side_lives_and_ends_a_dead_wire(aio: Run, pongs: bool) -> None:
    async def story(pipe: Pipe, wire: Wire) -> None:
        waiting = asyncio.create_task(wire.request("Heartbeat", {}))
        second = asyncio.create_task(wire.request("Authorize", {"idTag": "A"}))
        with pytest.raises(NoAnswer) as silent:
            await waiting
        assert silent.value.alive is pongs
        assert wire.usable is pongs
        with pytest.raises(NoAnswer if pongs else BackendUnreachable):
            await second
        assert [m[2] for m in pipe.sent] == (["Heartbeat", "Authorize"] if pongs else ["Heartbeat"])
        assert not wire.farewell

    aio(served(story, pongs)())


def test_three_silences_in_a_row_end_the_wire_with_a_farewell(aio: Run) -> None:
    async def story(pipe: Pipe, wire: Wire) -> None:
        async def silence() -> None:
            with pytest.raises(NoAnswer):
                await wire.request("Heartbeat", {})

        for _ in range(2):
            await silence()
        assert wire.doubted.is_set()
        assert not wire.answered.is_set()
        asked = asyncio.create_task(wire.request("Heartbeat", {}))
        await pipe.settle()
        pipe.tell(4, pipe.sent[-1][1], "GenericError", "no", {})
        with pytest.raises(BackendRefused):
            await asked
        assert wire.answered.is_set()
        for _ in range(2):
            await silence()
        assert wire.usable, "an answer began the count anew"
        await silence()
        assert not wire.usable
        assert wire.farewell

    aio(served(story)())


def test_a_late_answer_is_no_offence_and_meets_nobody(aio: Run) -> None:
    async def story() -> None:
        pipe = Pipe()
        offences: list[str] = []
        now_s = asyncio.get_running_loop().time
        wire = Wire(pipe, echo, call_timeout_s=30, now_s=now_s, on_invalid=offences.append)
        serving = asyncio.create_task(wire.serve())
        for _ in range(4):  # as often as one likes: it is slow, but does not hang
            with pytest.raises(NoAnswer):
                await wire.request("Heartbeat", {})
            late = pipe.sent[-1][1]
            asked = asyncio.create_task(wire.request("Authorize", {"idTag": "A"}))
            await pipe.settle()
            pipe.tell(3, late, {"currentTime": "late"})
            await pipe.settle()
            assert not asked.done()
            with pytest.raises(NoAnswer):
                await asked
            pipe.tell(3, pipe.sent[-1][1], {"late": True})
            await pipe.settle()
        assert wire.usable
        assert offences == []
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    aio(story())


def test_an_urgent_call_waits_only_for_the_one_in_flight(aio: Run) -> None:
    async def story(pipe: Pipe, wire: Wire) -> None:
        async def ask(action: str, urgent: bool = False) -> None:
            payload = {"idTag": "A"} if action == "Authorize" else {}
            await wire.request(action, payload, urgent=urgent)

        asked = [asyncio.create_task(ask("Heartbeat")) for _ in range(3)]
        await pipe.settle()
        asked.append(asyncio.create_task(ask("Authorize", urgent=True)))
        for _ in range(4):
            await pipe.settle()
            pipe.tell(3, pipe.sent[-1][1], {})
        await asyncio.gather(*asked)
        assert [m[2] for m in pipe.sent] == ["Heartbeat", "Authorize", "Heartbeat", "Heartbeat"]

    aio(served(story)())


def test_a_line_that_takes_nothing_more_is_given_up_too(aio: Run) -> None:
    """The buffer of a dead line is full: sending, and even pinging, never comes back."""

    class Stuck(Pipe):
        async def send(self, message: str) -> None:
            await asyncio.Event().wait()

        async def ping(self) -> Awaitable[float]:
            await asyncio.Event().wait()
            raise AssertionError

    async def story() -> None:
        wire = wire_on(Stuck())
        serving = asyncio.create_task(wire.serve())
        with pytest.raises(NoAnswer) as silent:
            await wire.request("Heartbeat", {})
        assert not silent.value.alive
        with pytest.raises(BackendUnreachable, match="not answered"):
            await serving

    aio(story())


def test_a_broken_line_wakes_whoever_waits(aio: Run) -> None:
    async def story() -> None:
        pipe = Pipe()
        wire = wire_on(pipe)
        serving = asyncio.create_task(wire.serve())
        asked = asyncio.create_task(wire.request("Heartbeat", {}))
        await pipe.settle()
        wire.drop("pulled")
        with pytest.raises(BackendUnreachable, match="pulled"):
            await serving
        with pytest.raises(BackendUnreachable):
            await asked
        with pytest.raises(BackendUnreachable, match="pulled"):
            await wire.request("Heartbeat", {})

    aio(story())


def test_dropping_waits_for_the_answer_being_made(aio: Run) -> None:
    async def story() -> None:
        pipe = Pipe()

        async def slow(action: str, payload: dict[str, Any]) -> Answer:
            wire.drop_when_answered("new key")
            await asyncio.sleep(5)
            return Answer(payload={"status": "Accepted"})

        wire = wire_on(pipe, slow)
        pipe.tell(2, "1", "Reset", {"type": "Soft"})
        with pytest.raises(BackendUnreachable, match="new key"):
            await wire.serve()
        assert pipe.sent == [[3, "1", {"status": "Accepted"}]]

    aio(story())


def test_an_answer_of_ours_that_breaks_the_schema_is_not_sent(aio: Run, expected_log: Expected) -> None:
    expected_log("kiosk.station.ocpp.wire", "Reset of the backend failed")

    async def story() -> None:
        pipe = Pipe()

        async def wrong(action: str, payload: dict[str, Any]) -> Answer:
            return Answer(payload={"status": "Perhaps"})

        serving = asyncio.create_task(wire_on(pipe, wrong).serve())
        pipe.tell(2, "1", "Reset", {"type": "Soft"})
        await pipe.settle()
        assert pipe.sent[0][:3] == [4, "1", "InternalError"]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    aio(story())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
NONSENSE = (
    st.text(max_size=30)
    | JSON.map(json.dumps)
    | st.lists(JSON, max_size=6).map(lambda rest: json.dumps([2, "id", *rest]))
    | st.lists(JSON, max_size=4).map(lambda rest: json.dumps([3, "id", *rest]))
    | st.just("[" * 100_000)
)


@settings(max_examples=40)
@given(st.lists(NONSENSE, max_size=8))
def test_nonsense_never_ends_the_wire(frames: list[str]) -> None:
    async def story(pipe: Pipe, wire: Wire) -> None:
        for frame in frames:
            pipe.incoming.put_nowait(frame)
        asked = asyncio.create_task(wire.request("Heartbeat", {}))
        await pipe.settle()
        call = next(m for m in pipe.sent if m[0] == 2)
        pipe.tell(3, call[1], {"currentTime": "now"})
        assert await asked == {"currentTime": "now"}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kiosk.station.ocpp.wire.log.disabled", True)
        with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
            runner.run(served(story)())
