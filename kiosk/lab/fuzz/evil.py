"""A backend without manners. It sends what it is told, answers as it is told, and counts what comes back."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from kiosk.backend.judge import schemas
from kiosk.backend.judge.line import ERROR_CODES
from kiosk.lab.fuzz.grammar import Manners

HOST: Final = "127.0.0.1"
PORT: Final = 9000
LATE_S: Final = 35.0
EXCUSED: Final = "ask again after the restart"
"""UpdateFirmware has no other way to say no."""
GOOD: Final = Manners("good")


class Line:
    """One connection of the station: what it owes us."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.owed: Counter[str] = Counter()  # message id to answers that must come
        self.actions: dict[str, str] = {}
        self.open = True


class Evil:
    """``findings``: everything that no station may do."""

    def __init__(self, now: Any) -> None:
        self._now = now
        self._server: Server | None = None
        self._late: set[asyncio.Task[None]] = set()
        self.manners = GOOD
        self.line: Line | None = None
        self.findings: list[str] = []
        self.codes: Counter[str] = Counter()
        self.words: Counter[str] = Counter()  # action and status: what was reached inside
        self.frames = 0
        self.calls = 0
        self.answers = 0
        self._transactions = 0

    @property
    def url(self) -> str:
        return f"ws://{HOST}:{PORT}/ocpp"

    async def start(self) -> None:
        self._server = await serve(
            self._connection,
            HOST,
            PORT,
            subprotocols=[Subprotocol("ocpp1.6")],
            compression=None,
            ping_interval=None,
            close_timeout=1,
        )

    async def stop(self) -> None:
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    # --- sending -------------------------------------------------------------------------------------------

    async def send(self, data: str | bytes) -> None:
        """A frame on the present line; nothing without one."""
        line = self.line
        if line is None or not line.open:
            return
        self.frames += 1
        message_id, action = answerable(data)
        if message_id is not None:
            self.calls += 1
            line.owed[message_id] += 1
            line.actions[message_id] = action
        try:
            await line.socket.send(data)
        except ConnectionClosed:
            line.open = False

    def hang_up(self) -> None:
        if self.line is not None:
            self.line.open = False
            self.line.socket.transport.abort()

    def unanswered(self) -> list[str]:
        """Calls on the present line that were not answered once, each with what it got."""
        line = self.line
        if line is None or not line.open:
            return []
        return [f"{line.actions.get(i, '?')} {i[:40]!r}: {n:+d} answers owed" for i, n in line.owed.items() if n]

    # --- listening -----------------------------------------------------------------------------------------

    async def _connection(self, socket: ServerConnection) -> None:
        line = self.line = Line(socket)
        try:
            with suppress(ConnectionClosed):
                async for raw in socket:
                    await self._take(line, raw)
        finally:
            line.open = False

    async def _take(self, line: Line, raw: str | bytes) -> None:
        try:
            message = json.loads(raw, parse_float=Decimal)
            kind, message_id = message[0], message[1]
        except (ValueError, TypeError, IndexError, KeyError):
            self.findings.append(f"the station sent what is no OCPP: {raw[:100]!r}")
            return
        if isinstance(raw, bytes):
            self.findings.append("the station sent a binary frame")
        if kind == 2:
            await self._called(line, message_id, message[2], message[3])
        else:
            self._answered(line, kind, message_id, message)

    def _answered(self, line: Line, kind: int, message_id: str, message: list[Any]) -> None:
        if line.owed.get(message_id, 0) <= 0:
            self.findings.append(f"an answer to nothing: {str(message)[:120]}")
            return
        line.owed[message_id] -= 1
        self.answers += 1
        action = line.actions.get(message_id, "")
        if kind == 3:
            self.codes["CALLRESULT"] += 1
            if isinstance(message[2], dict) and isinstance(message[2].get("status"), str):
                self.words[f"{action} {message[2]['status']}"] += 1
            self._judge(action, message[2], answer=True)
            return
        if (
            len(message) != 5
            or message[2] not in ERROR_CODES
            or len(message[3]) > 255
            or not isinstance(message[4], dict)
        ):
            self.findings.append(f"a CALLERROR that 1.6 does not know: {str(message)[:200]}")
            return
        self.codes[message[2]] += 1
        if message[2] == "InternalError" and EXCUSED not in message[3]:
            self.findings.append(f"{action}: InternalError {message[3]}")

    def _judge(self, action: str, payload: Any, *, answer: bool) -> None:
        what = f"{'its answer to ' if answer else ''}{action[:40]}"
        if not schemas.known(action):
            self.findings.append(f"{what}: OCPP 1.6 has no such action")
            return
        self.findings += [
            f"{what} breaks the schema: {m}" for m in schemas.misfits(action, payload, answer=answer)
        ]

    async def _called(self, line: Line, message_id: str, action: str, payload: Any) -> None:
        self._judge(action, payload, answer=False)
        manners = self.manners
        if manners.action not in ("", action):
            manners = GOOD
        good = [3, message_id, self._good(action)]
        match manners.kind:
            case "payload":
                await self._say(line, [3, message_id, manners.payload])
            case "error":
                await self._say(line, [4, message_id, "GenericError", "no", {}])
            case "twice":
                await self._say(line, good)
                await self._say(line, good)
            case "late":
                task = asyncio.create_task(self._later(line, good))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
            case "never":
                return
            case "stranger":
                await self._say(line, [3, "stranger", good[2]])
            case "call":
                line.owed[message_id] += 1
                line.actions[message_id] = "ClearCache"
                self.calls += 1
                await self._say(line, [2, message_id, "ClearCache", {}])
                await self._say(line, good)
            case _:
                await self._say(line, good)

    async def _later(self, line: Line, message: list[Any]) -> None:
        await asyncio.sleep(LATE_S)
        await self._say(line, message)

    async def _say(self, line: Line, message: list[Any]) -> None:
        self.frames += 1
        try:
            await line.socket.send(json.dumps(message))
        except ConnectionClosed:
            line.open = False

    def _good(self, action: str) -> dict[str, Any]:
        now: datetime = self._now()
        stamp = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
        match action:
            case "BootNotification":
                return {"currentTime": stamp, "interval": 300, "status": "Accepted"}
            case "Heartbeat":
                return {"currentTime": stamp}
            case "Authorize":
                return {"idTagInfo": {"status": "Accepted"}}
            case "StartTransaction":
                self._transactions += 1
                return {"idTagInfo": {"status": "Accepted"}, "transactionId": self._transactions}
            case "DataTransfer" | "SignCertificate":
                return {"status": "Accepted"}
        return {}


def answerable(data: str | bytes) -> tuple[str | None, str]:
    """(message id, action) of a frame that a station must answer; None for what it cannot or need not."""
    if isinstance(data, bytes) or len(data) > 1024 * 1024:
        return None, ""
    try:
        message = json.loads(data, parse_constant=_refused, parse_float=_finite)
        data.encode()
        json.dumps(message, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None, ""
    match message:
        case [2, str(message_id), str(action), _] if message[0] is not True:
            return message_id, action
        case [2, str(message_id), *_]:
            return message_id, ""
    return None, ""


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is out of range")
    return value
