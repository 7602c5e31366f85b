"""A conversation over one open WebSocket: the asyncio shell around ``peer`` and ``outbox``, for both ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from kiosk.link.codec import Id
from kiosk.link.messages import MAX_BINARY_BYTES, Grabbed, Params
from kiosk.link.outbox import FreshSnapshot, Outbox
from kiosk.link.peer import Answered, Asked, Dropped, Failed, Malformed, Notification, Peer, Told
from kiosk.model.errors import LinkClosed, NotPossible, ProtocolError, UnknownMethod, UserFacing
from kiosk.model.snapshot import Changes, Snapshot, Tick

if TYPE_CHECKING:
    from websockets.asyncio.connection import Connection

log = logging.getLogger(__name__)

MAX_RUNNING: Final = 32
"""Requests of one peer that may run at the same time."""

Picture = tuple[Grabbed, bytes]
Handler = Callable[[Any], Awaitable[Params | Picture]]
"""Takes the params struct, returns the result struct; for ``screen.grab`` the struct and the PNG."""


class Channel:
    """``name`` is for the log. ``picture``: makes the snapshot for a peer that is to get one (core only)."""

    def __init__(
        self,
        connection: Connection,
        peer: Peer,
        handlers: Mapping[str, Handler],
        *,
        name: str,
        on_told: Callable[[Notification], None] | None = None,
        picture: Callable[[], Snapshot] | None = None,
        veil: Callable[[Changes], Changes] = lambda changes: changes,
    ) -> None:
        self.name = name
        self.outbox = Outbox()
        self._connection = connection
        self._peer = peer
        self._handlers = handlers
        self._on_told = on_told
        self._picture = picture
        self._veil = veil
        self._waiting: dict[Id, asyncio.Future[tuple[Params, bytes | None]]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._more = asyncio.Event()
        self._closed = False

    async def run(self) -> None:
        """Talk until the other end goes (returns), or breaks the contract (ProtocolError), or is too slow."""
        reader = asyncio.create_task(self._read(), name=f"{self.name} reader")
        writer = asyncio.create_task(self._write(), name=f"{self.name} writer")
        try:
            await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
            if writer.done():
                writer.result()
            await reader
        except (ProtocolError, LinkClosed) as error:
            await self._connection.close(1002, reason(error))
            raise
        finally:
            self._closed = True
            for task in (reader, writer):
                task.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(LinkClosed(f"the connection to {self.name} was lost"))
                    future.exception()  # whoever waited may be gone
            self._waiting.clear()

    async def call(self, method: str, params: Params, timeout_s: float) -> tuple[Params, bytes | None]:
        """Ask the other end. Raises what it raised (UserFacing), LinkClosed, ProtocolError, or NotPossible
        when no answer came in time."""
        if self._closed:
            raise LinkClosed(f"the connection to {self.name} was lost")
        request_id, frame = self._peer.request(method, params)
        future: asyncio.Future[tuple[Params, bytes | None]] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        try:
            self.send(frame)
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError as error:
            raise NotPossible(f"{self.name} did not answer {method} within {timeout_s:g} s") from error
        finally:
            if self._waiting.pop(request_id, None) is not None:
                self._peer.abandon(request_id)

    def send(self, *frames: str | bytes) -> None:
        """Queue frames. Raises LinkClosed when the peer does not read."""
        self.outbox.frames(*frames)
        self._more.set()

    def send_snapshot(self) -> None:
        self.outbox.snapshot()
        self._more.set()

    def send_changes(self, changes: Changes) -> None:
        dropped = self.outbox.dropped
        self.outbox.changes(changes)
        if self.outbox.dropped != dropped:
            log.info("%s is slow: it gets a fresh snapshot instead of every change", self.name)
        self._more.set()

    def send_tick(self, tick: Tick) -> None:
        self.outbox.tick(tick)
        self._more.set()

    async def close(self) -> None:
        """Say goodbye; ``run`` returns."""
        await self._connection.close()

    async def _write(self) -> None:
        from websockets.exceptions import ConnectionClosed

        while True:
            await self._more.wait()
            self._more.clear()
            while (item := self.outbox.take()) is not None:
                if isinstance(item, FreshSnapshot):
                    if self._picture is None:
                        raise ProtocolError("only the core has a picture to send")
                    frame: str | bytes = self._peer.tell(self._picture())
                elif isinstance(item, Changes):
                    frame = self._peer.tell(self._veil(item))
                elif isinstance(item, Tick):
                    frame = self._peer.tell(item)
                else:
                    frame = item
                try:
                    await self._connection.send(frame)
                except ConnectionClosed:
                    return  # the reader notices as well and ends the conversation

    async def _read(self) -> None:
        from websockets.exceptions import ConnectionClosed

        while True:
            try:
                frame = await self._connection.recv()
            except ConnectionClosed as closed:
                if closed.sent is not None and closed.sent.code in (1009, 1007):
                    raise ProtocolError(f"a frame that is too large or no text: {closed}") from closed
                return
            self._take(frame)

    def _take(self, frame: str | bytes) -> None:
        event = self._peer.receive(frame)
        if isinstance(event, Asked):
            if len(self._running) >= MAX_RUNNING:
                self.send(self._peer.refuse(event, NotPossible("too many requests at once; wait for an answer")))
                return
            task = asyncio.create_task(self._serve(event), name=f"{self.name} {event.method.name}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        elif isinstance(event, Answered):
            self._settle(event.id, (event.result, event.binary))
        elif isinstance(event, Failed):
            self._settle(event.id, event.error)
        elif isinstance(event, Told):
            if self._on_told is not None:
                self._on_told(event.payload)
        elif isinstance(event, Malformed):
            log.warning("%s sent a bad request: %.200s", self.name, event.error)
            self.send(event.reply)
        elif isinstance(event, Dropped):
            log.info("%s answered request %s too late", self.name, event.id)

    def _settle(self, request_id: Id, outcome: tuple[Params, bytes | None] | Exception) -> None:
        future = self._waiting.get(request_id)
        if future is None or future.done():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    async def _serve(self, asked: Asked) -> None:
        try:
            frames = await self._answer(asked)
        except (UserFacing, ProtocolError) as error:
            frames = (self._peer.refuse(asked, error),)
        except Exception as error:
            log.exception("%s: %s failed", self.name, asked.method.name)
            frames = (self._peer.refuse(asked, error),)
        try:
            self.send(*frames)
        except LinkClosed as error:
            await self._connection.close(1008, reason(error))

    async def _answer(self, asked: Asked) -> tuple[str | bytes, ...]:
        handler = self._handlers.get(asked.method.name)
        if handler is None:
            raise UnknownMethod(asked.method.name)
        outcome = await handler(asked.params)
        if not isinstance(outcome, tuple):
            return (self._peer.answer(asked, outcome),)
        grabbed, png = outcome
        if not 0 < len(png) <= MAX_BINARY_BYTES or len(png) != grabbed.bytes:
            raise NotPossible(f"the picture has {len(png)} bytes; 1 to {MAX_BINARY_BYTES} can be sent")
        return (self._peer.answer(asked, grabbed), png)


def reason(error: Exception) -> str:
    """For a close frame: at most 123 bytes fit (RFC 6455 section 5.5)."""
    return str(error).encode("ascii", "replace")[:120].decode("ascii")
