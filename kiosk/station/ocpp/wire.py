"""One connection: one call in flight, the other side's calls answered meanwhile, answers matched by their id."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import msgspec
from ocpp.exceptions import FormationViolationError, GenericError, InternalError, OCPPError
from websockets.exceptions import ConnectionClosed

from kiosk.model.errors import BackendRefused, BackendUnreachable, StorageFailed
from kiosk.station.ocpp import malformed, schemas
from kiosk.station.ocpp.jobs import first_of
from kiosk.station.ocpp.turns import Turns

log = logging.getLogger(__name__)

PROBE_S: Final = 5.0
"""How long a pong may take when it is asked whether a silent backend is alive."""
MAX_DESCRIPTION: Final = 255
"""OCPP-J 1.6 section 4.2.3: errorDescription."""
MAX_CALLS: Final = 64
MAX_CALLS_BYTES: Final = 2 * 1024 * 1024
"""Calls of the other side that may wait for their answer, and their size on the wire; OCPP-J 1.6 section 4.1.1
allows it one at a time. Beyond, they are refused at once: whoever floods us must not fill our memory."""


DOUBTFUL: Final = 2
MOST_SILENCES: Final = 3
"""Calls in a row without an answer, though pings are answered: then it is asked whether the server behind the
socket hangs, and then the line is given up."""


class NoAnswer(BackendUnreachable):
    """The call time-out ran out. ``alive``: the other side answered a ping, and the line goes on; otherwise the
    line is dead and given up."""

    def __init__(self, text: str, *, alive: bool) -> None:
        super().__init__(text)
        self.alive = alive


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a call of the other side; ``after`` is done once it has left."""

    payload: dict[str, Any]
    after: Callable[[], None] | None = None


class Socket(Protocol):
    """What we need of a WebSocket connection."""

    async def recv(self) -> str | bytes: ...

    async def send(self, message: str) -> None: ...

    async def ping(self) -> Awaitable[float]: ...


Handler = Callable[[str, dict[str, Any]], Awaitable[Answer | None]]
"""None: this call gets no answer."""


class Wire:
    """``handler(action, payload)`` answers calls of the backend; it raises OCPPError for a CALLERROR.

    ``now_s``: monotonic seconds. ``last_s``: when a message last went by, either way. ``on_invalid`` hears of
    messages that break the rules of OCPP, the more rarely the more there are. ``answered``: set with the first
    answer to a call of ours. ``doubted``: set when the server behind the socket may hang; whoever sees it asks.
    ``farewell``: the line was given up though it works, so a goodbye may be said.
    """

    def __init__(
        self,
        socket: Socket,
        handler: Handler,
        *,
        call_timeout_s: float,
        now_s: Callable[[], float],
        on_invalid: Callable[[str], None] = lambda _what: None,
    ) -> None:
        self._on_invalid = on_invalid
        self._socket = socket
        self._handler = handler
        self._call_timeout_s = call_timeout_s
        self._now_s = now_s
        self.last_s = now_s()
        self._turns = Turns()
        self._pending: tuple[str, asyncio.Future[dict[str, Any]]] | None = None
        self._given_up: deque[str] = deque(maxlen=MAX_CALLS)  # ids whose answer may still come
        self._silences = 0  # calls in a row without an answer
        self.answered = asyncio.Event()
        self.doubted = asyncio.Event()
        self.farewell = False
        self._calls: asyncio.Queue[tuple[str, str, Any, int]] = asyncio.Queue()
        self._calls_bytes = 0
        self._nonsense = 0  # messages that nobody can answer
        self._broken = 0  # calls that we refused for their form
        self._answering = False
        self._drop_when_answered: str | None = None
        self._dropped: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._exchanges: set[asyncio.Task[dict[str, Any]]] = set()

    # --- the connection's life -----------------------------------------------------------------------------

    async def serve(self) -> None:
        """Read and answer until the connection ends or is dropped. Raises BackendUnreachable saying why."""
        try:
            await first_of(self._read(), self._answer_calls(), self._until_dropped())
        except ConnectionClosed as error:
            raise BackendUnreachable(why(error)) from error
        finally:
            self._lose("the connection ended")

    def drop(self, reason: str) -> None:
        """End the connection now, though it works."""
        if not self._dropped.done():
            self.farewell = True
            self._dropped.set_result(reason)

    def drop_when_answered(self, reason: str) -> None:
        """End the connection, but let an answer that is being made leave first."""
        if self._answering:
            self._drop_when_answered = reason
        else:
            self.drop(reason)

    @property
    def usable(self) -> bool:
        """Not given up yet."""
        return not self._dropped.done()

    async def alive(self) -> bool:
        """Does the other side still answer a ping?"""
        try:
            async with asyncio.timeout(PROBE_S):
                await (await self._socket.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return True

    # --- our calls -----------------------------------------------------------------------------------------

    async def request(self, action: str, payload: dict[str, Any], *, urgent: bool = False) -> dict[str, Any]:
        """Send a call and return the answer's payload as it came.

        Waits its turn: only one call is in flight; ``urgent``: before all others that wait. A cancelled
        caller does not free the turn; the answer is
        still awaited. Raises NoAnswer, BackendUnreachable, BackendRefused (CALLERROR), OCPPError for a payload
        of ours that breaks the schema.
        """
        await schemas.check(action, payload)
        message_id = str(uuid.uuid4())
        text = _encode([2, message_id, action, payload])
        exchange = asyncio.create_task(self._exchange(action, message_id, text, urgent), name=f"ocpp {action}")
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._forget)
        return await asyncio.shield(exchange)

    def _forget(self, exchange: asyncio.Task[dict[str, Any]]) -> None:
        self._exchanges.discard(exchange)
        if not exchange.cancelled() and (error := exchange.exception()) is not None:
            log.debug("%s: %s", exchange.get_name(), error)

    async def _exchange(self, action: str, message_id: str, text: str, urgent: bool) -> dict[str, Any]:
        async with self._turns.mine(urgent=urgent):
            if self._dropped.done():
                raise BackendUnreachable(f"not connected: {self._dropped.result()}")
            answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
            self._pending = (message_id, answered)
            try:
                async with asyncio.timeout(self._call_timeout_s):
                    await self._send(text)  # waits where a dead line has filled the buffer
                    return await answered
            except ConnectionClosed as error:
                raise BackendUnreachable(why(error)) from error
            except TimeoutError as error:
                self._pending = None
                self._given_up.append(message_id)
                alive = await self.alive()
                self._unanswered(action, alive)
                silence = f"{action} was not answered in {self._call_timeout_s:g} s"
                raise NoAnswer(silence, alive=alive) from error
            finally:
                self._pending = None
                answered.cancel()  # nobody listens any more, so nobody is to be told of an end either

    def _unanswered(self, action: str, alive: bool) -> None:
        self._silences += 1
        if not alive:
            self._lose(f"{action} was not answered")
        elif self._silences >= MOST_SILENCES:
            self.drop(f"{self._silences} calls in a row were not answered, the last was {action}")
        elif self._silences >= DOUBTFUL:
            self.doubted.set()

    def _lose(self, reason: str) -> None:
        """Nobody may wait for this connection any longer, nor use it."""
        if not self._dropped.done():
            self._dropped.set_result(reason)
        if self._pending is not None and not self._pending[1].done():
            self._pending[1].set_exception(BackendUnreachable(reason))
            self._pending[1].exception()  # told, even if the sender is stuck in the socket and never looks

    # --- inside --------------------------------------------------------------------------------------------

    async def _until_dropped(self) -> None:
        raise BackendUnreachable(await asyncio.shield(self._dropped))

    async def _send(self, text: str) -> None:
        self.last_s = self._now_s()
        await self._socket.send(text)

    async def _read(self) -> None:
        while True:
            raw = await self._socket.recv()
            self.last_s = self._now_s()
            if isinstance(raw, bytes):
                self._ignore("a binary frame")  # OCPP-J 1.6 section 4.1.2: text
                continue
            try:
                message = msgspec.json.decode(raw)
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                self._ignore(f"no JSON ({type(error).__name__})")
            else:
                await self._take(message, len(raw))

    async def _take(self, message: Any, size: int) -> None:
        match message:
            case [2, str(message_id), str(), _] if self._crowded(size):
                await self._refuse(
                    message_id, GenericError(description="too many calls at once; wait for answers")
                )
            case [2, str(message_id), str(action), payload]:
                self._calls_bytes += size
                self._calls.put_nowait((message_id, action, payload, size))
            case [2, str(message_id), *_]:
                await self._refuse(message_id, FormationViolationError(description="not a CALL of four elements"))
            case [3, str(message_id), dict(payload)]:
                self._resolve(message_id, payload)
            case [4, str(message_id), str(code), *rest]:
                description = rest[0] if rest and isinstance(rest[0], str) else ""
                self._resolve(message_id, BackendRefused(code, description))
            case [3, str(message_id), *_] | [4, str(message_id), *_]:
                self._resolve(message_id, BackendRefused("FormationViolation", "the answer is malformed"))
            case _:
                self._ignore("neither call nor answer")

    def _crowded(self, size: int) -> bool:
        waiting = self._calls.qsize()
        return waiting >= MAX_CALLS or (waiting > 0 and self._calls_bytes + size > MAX_CALLS_BYTES)

    def _ignore(self, what: str) -> None:
        """It has no message id, or nobody waits for it. Told ever more rarely: a flood must not fill the log."""
        self._nonsense += 1
        if _is_told(self._nonsense):
            log.warning("the backend sent something that is not OCPP: %s (%d so far)", what, self._nonsense)
            self._on_invalid(f"{what} ({self._nonsense} so far)")

    def _resolve(self, message_id: str, answer: dict[str, Any] | BackendRefused) -> None:
        if message_id in self._given_up:
            self._given_up.remove(message_id)
            self._silences = 0  # slow, but it does not hang
            log.info("the backend answers a call that was given up: %s", message_id)
            return
        if self._pending is None or self._pending[0] != message_id or self._pending[1].done():
            self._ignore(f"the answer to a call that is not open: {message_id[:40]!r}")
            return
        self._silences = 0
        self.answered.set()
        if isinstance(answer, BackendRefused):
            self._pending[1].set_exception(answer)
        else:
            self._pending[1].set_result(answer)

    async def _answer_calls(self) -> None:
        """One after the other, in the order they came, while the reading goes on."""
        while True:
            message_id, action, payload, size = await self._calls.get()
            self._calls_bytes -= size
            self._answering = True
            try:
                await self._answer(message_id, action, payload)
            finally:
                self._answering = False
            if self._drop_when_answered is not None:
                self.drop(self._drop_when_answered)

    async def _answer(self, message_id: str, action: str, payload: Any) -> None:
        try:
            answer = await self._handler(action, payload)
            if answer is None:
                return
            await self._fits(action, answer)
            text = _encode([3, message_id, answer.payload])
        except OCPPError as error:
            await self._refuse(message_id, error)
            return
        except StorageFailed:
            await self._refuse(message_id, InternalError(description=f"{action} could not be stored"))
            raise
        except Exception:
            log.exception("%s of the backend failed", action)
            await self._refuse(message_id, InternalError(description=f"{action} failed"))
            return
        await self._send(text)
        if answer.after is not None:
            answer.after()

    @staticmethod
    async def _fits(action: str, answer: Answer) -> None:
        """Raises AssertionError: a bad answer is our mistake, and no fault of the call."""
        try:
            await schemas.check(action, answer.payload, answer=True)
        except OCPPError as error:
            raise AssertionError(f"the answer to {action} breaks its schema: {error.description}") from error

    async def _refuse(self, message_id: str, error: OCPPError) -> None:
        description = str(error.description or "")[:MAX_DESCRIPTION]
        code = malformed.code_of(error)
        if code.endswith("Violation") or code == "ProtocolError":
            self._broken += 1
            if _is_told(self._broken):
                self._on_invalid(f"{code}: {description} ({self._broken} so far)")
        await self._send(_encode([4, message_id, code, description, {}]))


def _is_told(count: int) -> bool:
    """The first, the tenth, the hundredth, then every thousandth."""
    return count in (1, 10, 100) or count % 1000 == 0


def _encode(message: list[Any]) -> str:
    return msgspec.json.encode(message).decode()


def why(closed: ConnectionClosed) -> str:
    """One line for the log."""
    if closed.rcvd is not None:
        return f"the backend closed the connection ({closed.rcvd.code} {closed.rcvd.reason})".replace(" )", ")")
    return "the connection broke"
