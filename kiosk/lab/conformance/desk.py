"""The central system's end of one connection, scripted: answers from a table, asks what it is told to ask."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any, Final

from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from ocpp.v16 import call_result
from websockets.exceptions import ConnectionClosed

from kiosk.backend.recording import RecordedSocket

Payload = dict[str, Any]
Responder = Callable[[str, Payload], "Payload | Refusal | None"]
CALL_S: Final = 30.0


class CallError(Exception):
    """The station answered with a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


class Refusal:
    """Answer with a CALLERROR."""

    def __init__(self, code: str) -> None:
        self.code = code


class Desk:
    """``respond(action, payload)``: the answer's payload, a Refusal, or None for no answer at all."""

    def __init__(self, identity: str, socket: RecordedSocket, respond: Responder) -> None:
        self.identity = identity
        self.socket = socket
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._respond = respond
        self._open: dict[str, asyncio.Future[Payload]] = {}
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Until the connection ends."""
        try:
            while True:
                await self._take(await self.socket.recv())
        finally:
            for waiting in self._open.values():
                waiting.cancel()

    async def call(self, action: str, payload: Payload, within_s: float = CALL_S) -> Payload:
        """Ask the station; one call at a time. Raises CallError; AssertionError when no answer comes."""
        async with self._turn:
            message_id = str(uuid.uuid4())
            answered: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
            self._open[message_id] = answered
            try:
                await self.socket.send(json.dumps([2, message_id, action, payload]))
                async with asyncio.timeout(within_s):
                    return await asyncio.shield(answered)
            except (TimeoutError, ConnectionClosed) as error:
                raise AssertionError(f"{action} was not answered within {within_s:g} s") from error
            except asyncio.CancelledError:
                if answered.cancelled():
                    raise AssertionError(f"the station hung up instead of answering {action}") from None
                raise
            finally:
                self._open.pop(message_id, None)

    async def ask(self, payload: Any) -> Any:
        """``call`` with the library's objects, as ``Endpoint`` has it."""
        action = type(payload).__name__
        fields = {k: v for k, v in vars(payload).items() if v is not None}
        answered = await self.call(action, snake_to_camel_case(fields))
        return getattr(call_result, action)(**camel_to_snake_case(answered))

    async def _take(self, raw: str) -> None:
        try:
            message = json.loads(raw)
            kind, message_id = message[0], message[1]
        except (ValueError, LookupError, TypeError):
            return  # the judge has seen it
        match message:
            case [2, str(), str(action), dict(payload)]:
                await self._answer(message_id, action, payload)
            case [3, str(), dict(payload)]:
                self._resolve(message_id, payload)
            case [4, str(), str(code), *rest]:
                self._resolve(message_id, CallError(code, str(rest[0]) if rest else ""))
            case _ if kind == 2:
                await self.socket.send(json.dumps([4, str(message_id), "FormationViolation", "", {}]))

    async def _answer(self, message_id: str, action: str, payload: Payload) -> None:
        match self._respond(action, payload):
            case Refusal(code=code):
                await self.socket.send(json.dumps([4, message_id, code, "refused on purpose", {}]))
            case dict(answer):
                await self.socket.send(json.dumps([3, message_id, answer]))

    def _resolve(self, message_id: str, answer: Payload | CallError) -> None:
        waiting = self._open.get(message_id)
        if waiting is None or waiting.done():
            return
        if isinstance(answer, CallError):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)
