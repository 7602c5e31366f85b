"""A backend without manners, frame by frame: what is answered, with which code, and what cannot be answered."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from kiosk.model.errors import BackendRefused
from kiosk.station.ocpp.dial import MAX_FRAME_BYTES
from kiosk.station.ocpp.wire import MAX_CALLS, MAX_CALLS_BYTES, Answer, Wire

PORT = 9100
Run = Callable[..., Any]
Expected = Callable[..., None]
Opened = Callable[..., Any]


class Pipe:
    """A socket whose other end is the test."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.sent: list[Any] = []

    async def recv(self) -> str | bytes:
        return await self.incoming.get()

    async def send(self, message: str) -> None:
        self.sent.append(json.loads(message))

    async def ping(self) -> Awaitable[float]:
        pong: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        pong.set_result(0.01)
        return pong

    def tell(self, *message: Any) -> None:
        self.incoming.put_nowait(json.dumps(message))


async def accept(action: str, payload: dict[str, Any]) -> Answer:
    return Answer(payload={"status": "Accepted"})


def served(
    story: Callable[[Pipe, Wire], Awaitable[None]], handler: Callable[..., Awaitable[Answer]] = accept
) -> Callable[[], Any]:
    async def run() -> None:
        pipe = Pipe()
        wire = Wire(pipe, handler, call_timeout_s=30, now_s=asyncio.get_running_loop().time)
        serving = asyncio.create_task(wire.serve())
        await story(pipe, wire)
        serving.cancel()
        results = await asyncio.gather(serving, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError), results

    return run


UNANSWERABLE = [
    "",
    "null",
    "{}",
    "[]",
    "[2]",
    "hello",
    '"2"',
    "[" * 50_000,
    '{"messageTypeId":2,"uniqueId":"1","action":"Reset"}',
    '[2,7,"Reset",{"type":"Soft"}]',  # an id is a string
    '[2,null,"Reset",{}]',
    '[2,["1"],"Reset",{}]',
    '[5,"1","Reset",{}]',  # no such message type: OCPP-J 1.6 section 4.1.3 has it ignored
    '["2","1","Reset",{}]',
    '[2,"1","Reset",{"type":NaN}]',
    '[2,"1","Reset",{"type":1e999}]',
    '[2,"1","DataTransfer",{"vendorId":"\\ud800"}]',  # half a character
    '[2,"1","ClearCache",{}]]',
    '\ufeff[2,"1","ClearCache",{}]',
    '[3,"unknown",{}]',
    '[4,"unknown","GenericError","",{}]',
    b'[2,"1","ClearCache",{}]',  # OCPP-J speaks in text frames
    b"\x00\xff",
]


@pytest.mark.parametrize("frame", UNANSWERABLE, ids=lambda f: repr(f[:40]))
def test_what_has_no_id_cannot_be_answered(aio: Run, expected_log: Expected, frame: str | bytes) -> None:
    """Lesson 34: hostile input is not answered with a guess, and the next call is answered as ever."""
    expected_log("kiosk.station.ocpp.wire", r"not OCPP: .* \(1 so far\)")

    async def story(pipe: Pipe, wire: Wire) -> None:
        pipe.incoming.put_nowait(frame)
        pipe.tell(2, "next", "ClearCache", {})
        await asyncio.sleep(0.1)
        assert pipe.sent == [[3, "next", {"status": "Accepted"}]]

    aio(served(story)())


@pytest.mark.parametrize(
    "frame",
    [
        '[2,"1"]',
        '[2,"1","Reset"]',
        '[2,"1",7,{}]',
        '[2,"1",null,{}]',
        '[2,"1",{"type":"Soft"},"Reset"]',
        '[2,"1","Reset",{"type":"Soft"},"more"]',
    ],
)
def test_a_call_that_is_no_call_is_a_formation_violation(aio: Run, frame: str) -> None:
    async def story(pipe: Pipe, wire: Wire) -> None:
        pipe.incoming.put_nowait(frame)
        await asyncio.sleep(0.1)
        [[kind, message_id, code, description, details]] = pipe.sent
        assert (kind, message_id, code, details) == (4, "1", "FormationViolation", {})
        assert description

    aio(served(story)())


@pytest.mark.parametrize("message_id", ["", " ", "x" * 36, "x" * 5000, "\u0000", "ü✓", '"],[2'])
def test_any_id_comes_back_as_it_was(aio: Run, message_id: str) -> None:
    async def story(pipe: Pipe, wire: Wire) -> None:
        pipe.tell(2, message_id, "ClearCache", {})
        await asyncio.sleep(0.1)
        assert pipe.sent == [[3, message_id, {"status": "Accepted"}]]

    aio(served(story)())


def test_the_same_id_twice_is_answered_twice(aio: Run) -> None:
    async def story(pipe: Pipe, wire: Wire) -> None:
        pipe.tell(2, "1", "ClearCache", {})
        pipe.tell(2, "1", "Reset", {"type": "Soft"})
        pipe.tell(2, "1", "ClearCache", {})
        await asyncio.sleep(0.1)
        assert [m[1] for m in pipe.sent] == ["1", "1", "1"]

    aio(served(story)())


def test_a_call_under_our_own_id_is_a_call(aio: Run) -> None:
    """Each side has ids of its own: ours is still waiting for its answer."""

    async def story(pipe: Pipe, wire: Wire) -> None:
        asked = asyncio.create_task(wire.request("Heartbeat", {}))
        await asyncio.sleep(0.1)
        ours = pipe.sent[0][1]
        pipe.tell(2, ours, "ClearCache", {})
        await asyncio.sleep(0.1)
        assert pipe.sent[1] == [3, ours, {"status": "Accepted"}]
        assert not asked.done()
        pipe.tell(3, ours, {"currentTime": "now"})
        assert await asked == {"currentTime": "now"}

    aio(served(story)())


def test_answered_twice_counts_once(aio: Run, expected_log: Expected) -> None:
    expected_log("kiosk.station.ocpp.wire", "a call that is not open")

    async def story(pipe: Pipe, wire: Wire) -> None:
        first = asyncio.create_task(wire.request("Authorize", {"idTag": "A"}))
        await asyncio.sleep(0.1)
        answer = [3, pipe.sent[0][1], {"idTagInfo": {"status": "Accepted"}}]
        second = asyncio.create_task(wire.request("Authorize", {"idTag": "B"}))
        pipe.tell(*answer)
        pipe.tell(*answer)
        assert await first == answer[2]
        await asyncio.sleep(0.1)
        assert not second.done(), "the second answer was taken for that of another call"
        pipe.tell(4, pipe.sent[1][1], "GenericError", "no", {})
        with pytest.raises(BackendRefused):
            await second

    aio(served(story)())


def test_a_flood_is_answered_in_order_or_refused_and_never_kept(aio: Run) -> None:
    """10,000 calls at once: each has one answer, what is kept is bounded, and our own call still goes through."""

    async def slow(action: str, payload: dict[str, Any]) -> Answer:
        await asyncio.sleep(0.01)
        return Answer(payload={"status": "Accepted"})

    async def story(pipe: Pipe, wire: Wire) -> None:
        asked = asyncio.create_task(wire.request("Heartbeat", {}))
        await asyncio.sleep(0.1)
        ours = pipe.sent.pop()[1]
        for n in range(10_000):
            pipe.tell(2, str(n), "ClearCache", {})
        pipe.tell(3, ours, {"currentTime": "now"})
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        assert await asked == {"currentTime": "now"}
        assert wire._calls.qsize() <= MAX_CALLS
        answers_bytes = sum(len(json.dumps(m)) for m in pipe.sent) * 10  # what the test itself keeps of them
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < answers_bytes + 2_000_000
        await asyncio.sleep(30)
        assert sorted(int(m[1]) for m in pipe.sent) == list(range(10_000))
        kept = [int(m[1]) for m in pipe.sent if m[0] == 3]
        assert kept == sorted(kept)
        assert len(kept) >= MAX_CALLS
        assert {m[2] for m in pipe.sent if m[0] == 4} == {"GenericError"}

    aio(served(story, slow)())


def test_large_calls_do_not_pile_up(aio: Run) -> None:
    async def never(action: str, payload: dict[str, Any]) -> Answer:
        await asyncio.sleep(1000)
        return Answer(payload={"status": "Accepted"})

    async def story(pipe: Pipe, wire: Wire) -> None:
        large = "z" * (MAX_CALLS_BYTES // 4)
        for n in range(20):
            pipe.tell(2, str(n), "DataTransfer", {"vendorId": "v", "data": large})
        await asyncio.sleep(1)
        assert wire._calls_bytes <= MAX_CALLS_BYTES
        assert len(pipe.sent) >= 15
        assert Counter(m[2] for m in pipe.sent) == {"GenericError": len(pipe.sent)}

    aio(served(story, never)())


def test_nonsense_cannot_fill_the_log(aio: Run, log_watch: Any) -> None:
    log_watch.allow("kiosk.station.ocpp.wire", "not OCPP")

    async def story(pipe: Pipe, wire: Wire) -> None:
        for _ in range(5000):
            pipe.incoming.put_nowait("nonsense")
        await asyncio.sleep(1)

    aio(served(story)())
    assert len(log_watch.records) <= 10
    assert "(5000 so far)" in log_watch.records[-1].getMessage()


# --- on a real line --------------------------------------------------------------------------------------------


def hostile_server(frames: list[str | bytes], *, raw: bytes = b"") -> Callable[..., Any]:
    """A server that sends ``frames`` (and ``raw`` bytes into the stream) on its first connection, then behaves."""
    seen: list[str] = []
    closes: list[int] = []

    async def talk(socket: ServerConnection) -> None:
        evil = not closes
        try:
            async for text in socket:
                await hear(socket, json.loads(text), evil=evil and not seen[1:])
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else 1006
            closes.append(code)

    async def hear(socket: ServerConnection, message: list[Any], *, evil: bool) -> None:
        if message[0] != 2:
            return
        seen.append(message[2])
        if evil:
            for frame in frames:
                await socket.send(frame)
            if raw:
                socket.transport.write(raw)
                return
        answer = {"currentTime": "2026-11-22T12:00:00Z", "interval": 300, "status": "Accepted"}
        fields = {"BootNotification": answer, "Heartbeat": {"currentTime": answer["currentTime"]}}
        await socket.send(json.dumps([3, message[1], fields.get(message[2], {})]))

    async def start(port: int) -> Any:
        return await serve(
            talk, "127.0.0.1", port, subprotocols=[Subprotocol("ocpp1.6")], compression=None, ping_interval=None
        )

    start.seen, start.closes = seen, closes  # type: ignore[attr-defined]
    return start


@pytest.mark.parametrize(
    ("frames", "raw", "code"),
    [
        (['[2,"huge","DataTransfer",{"vendorId":"v","data":"' + "z" * 1_100_000 + '"}]'], b"", 1009),
        ([], b"\x81\x02\xff\xfe", 1007),  # a text frame that is not UTF-8
        ([], b"\x83\x00", 1002),  # a frame of a kind that there is not
        ([], b"\x81\x82\x00\x00\x00\x00[]", 1002),  # a server does not mask
    ],
    ids=["too large", "no UTF-8", "no such opcode", "masked"],
)
def test_a_frame_that_breaks_the_line_costs_one_line(
    aio: Run, opened: Opened, expected_log: Expected, frames: list[str | bytes], raw: bytes, code: int
) -> None:
    """The line is closed with the code that WebSocket has for it, and the station dials again."""
    expected_log("kiosk.station.ocpp")

    async def story() -> None:
        async with opened(None, "backend.retry_min_s=1", "backend.retry_random_s=0") as world:
            start = hostile_server(frames, raw=raw)
            server = await start(PORT)
            client = world.new_client(f"ws://127.0.0.1:{PORT}/ocpp")
            task = asyncio.create_task(client.run())
            await world.until(lambda: bool(start.closes) and client.online, 120)
            assert start.closes[0] in (code, 1006)
            assert start.seen.count("BootNotification") >= 2
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            server.close()
            await server.wait_closed()

    aio(story())


def test_the_limits_fit_each_other() -> None:
    assert MAX_FRAME_BYTES == 1024 * 1024
    assert MAX_CALLS_BYTES >= MAX_FRAME_BYTES
