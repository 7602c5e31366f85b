"""The judging central system of a case: scripted answers, expectations, and what it heard."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
from websockets.http11 import Request

from kiosk.backend.central import CentralSystem, Options
from kiosk.backend.judge import Judge
from kiosk.backend.judge.content import parse_time
from kiosk.backend.recording import Chaos, Frame, RecordedSocket
from kiosk.lab.conformance.desk import CALL_S, CallError, Desk, Payload, Refusal

__all__ = ["CallError", "Csms", "Handshake", "Heard", "Refusal"]

HOST: Final = "127.0.0.1"
WITHIN_S: Final = 30.0
SHOWN: Final = 12
"""How many of the newest messages a failed expectation shows."""
T = TypeVar("T")
Answer = Payload | Refusal | Callable[[Payload], Payload | None] | None


class Heard(msgspec.Struct, frozen=True):
    """A call of the station. ``heard["connectorId"]`` is a field of it, ``.when`` its own timestamp."""

    frame: Frame

    def __getitem__(self, name: str) -> Any:
        return self.frame.payload[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.frame.payload.get(name, default)

    @property
    def action(self) -> str:
        return self.frame.action

    @property
    def payload(self) -> Payload:
        payload: Payload = self.frame.payload
        return payload

    @property
    def at(self) -> datetime:
        """When it came in."""
        return self.frame.at

    @property
    def when(self) -> datetime:
        """Its field ``timestamp``."""
        at = parse_time(self.payload.get("timestamp"))
        assert at is not None, f"{self.action} has no timestamp"
        return at


class Handshake(msgspec.Struct, frozen=True):
    """How a connection was opened: path, headers, when."""

    path: str
    headers: dict[str, str]
    at: datetime


class Csms:
    """One central system for one station. ``judge`` hears every frame."""

    def __init__(self, *, connectors: int, now: Callable[[], datetime], port: int, latency_s: float = 0.0) -> None:
        """``latency_s``: how long everything of ours takes to get to the station."""
        self.now = now
        self.judge = Judge(connectors)
        self.chaos = Chaos(delay_s=latency_s)
        self.handshakes: list[Handshake] = []
        self.tags: dict[str, Payload] = {}
        self.notes: list[tuple[int, datetime, str]] = []  # (after frame, when, what happened in the world)
        self.heartbeat_interval_s = 300
        self.central = CentralSystem(
            Options(heartbeat_interval_s=300, ping_interval_s=None),
            chaos=self.chaos,
            now=now,
            endpoint=self._desk,
        )
        self.central.watchers.append(self)
        self.central.recorder.listeners.append(self._hear)
        self._port = port
        self._tls: ssl.SSLContext | None = None
        self._desk_now: Desk | None = None
        self._listening = False
        self._scripts: dict[str, tuple[Answer, int | None]] = {}
        self._heard: list[Heard] = []
        self._cursor = 0
        self._news = asyncio.Event()
        self._arrived = asyncio.Event()

    # --- being there, and not ----------------------------------------------------------------------------------

    async def online(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen (again), at the same address as before; ``tls`` stays in force until another is given."""
        if self._listening:
            return
        self._tls = tls or self._tls
        await self.central.start(HOST, self._port, tls=self._tls)
        self._port = self.central.port
        self._listening = True
        self.note("the central system is there")

    async def offline(self) -> None:
        """Gone without a word: lines are cut, nobody listens."""
        if not self._listening:
            return
        self._listening = False
        self.cut()
        await self.central.stop()
        self.note("the central system is gone")

    def cut(self) -> None:
        """Cut the line without a word; the station may dial again at once."""
        if self._desk_now is not None:
            self._desk_now.socket.abort()
            self.note("the line is cut")

    @property
    def url(self) -> str:
        """What belongs into WebSocketUrl."""
        return self.central.url

    @property
    def is_connected(self) -> bool:
        return self._desk_now is not None and not self._desk_now.gone.done()

    async def connection(self, within_s: float = 60.0) -> None:
        """Wait until the station is connected."""
        async with asyncio.timeout(within_s):
            while not self.is_connected:
                self._arrived.clear()
                await self._arrived.wait()

    def note(self, text: str) -> None:
        """Something of the world, for the trace."""
        frames = self.central.recorder.frames
        self.notes.append((frames[-1].seq if frames else 0, self.now(), text))

    # --- central.Watcher ---------------------------------------------------------------------------------------

    def connected(self, station: str, request: Request) -> None:
        headers = {name.casefold(): value for name, value in request.headers.raw_items()}
        self.handshakes.append(Handshake(request.path, headers, self.now()))
        self.judge.connected(self.now())
        self.note(f"{station} connects")

    def disconnected(self, station: str) -> None:
        self._desk_now = None
        self.note(f"{station} is disconnected")

    def _desk(self, identity: str, socket: RecordedSocket, _central: CentralSystem) -> Desk:
        self._desk_now = Desk(identity, socket, self._respond)
        self._arrived.set()
        return self._desk_now

    def _hear(self, frame: Frame) -> None:
        self.judge.hear(frame)
        if frame.kind == "call" and not frame.to_station and isinstance(frame.payload, dict):
            self._heard.append(Heard(frame))
        self._news.set()

    # --- what we answer ----------------------------------------------------------------------------------------

    def answer(
        self, action: str, payload: Payload | Callable[[Payload], Payload | None], times: int | None = None
    ) -> None:
        """Answer ``action`` so from now on, or so many times; fields that are not given are the kind answer's.

        ``payload`` may be a function of what was asked; it returns None for no answer at all.
        """
        self._scripts[action] = (payload, times)

    def refuse(self, action: str, code: str = "InternalError", times: int | None = None) -> None:
        """Answer with a CALLERROR."""
        self._scripts[action] = (Refusal(code), times)

    def mute(self, action: str, times: int | None = None) -> None:
        """Do not answer at all."""
        self._scripts[action] = (None, times)

    def kindly(self, *actions: str) -> None:
        """Forget the scripts of these actions; without any: of all."""
        for action in actions or tuple(self._scripts):
            self._scripts.pop(action, None)

    def tag(self, id_tag: str, status: str = "Accepted", parent: str | None = None, **more: Any) -> None:
        """What is known of a tag (every other is Accepted); ``more``: fields of IdTagInfo."""
        info: Payload = {"status": status, **more}
        if parent is not None:
            info["parentIdTag"] = parent
        self.tags[id_tag.casefold()] = info

    def _respond(self, action: str, payload: Payload) -> Payload | Refusal | None:
        script = self._scripts.get(action)
        if script is None:
            return self._kind(action, payload)
        given, times = script
        if times is not None:
            if times <= 1:
                del self._scripts[action]
            else:
                self._scripts[action] = (given, times - 1)
        told = given(payload) if callable(given) else given
        return {**self._kind(action, payload), **told} if isinstance(told, dict) else told

    def _kind(self, action: str, payload: Payload) -> Payload:
        now = self.text(self.now())
        match action:
            case "BootNotification":
                return {"currentTime": now, "interval": self.heartbeat_interval_s, "status": "Accepted"}
            case "Heartbeat":
                return {"currentTime": now}
            case "Authorize":
                return {"idTagInfo": self._info(payload)}
            case "StartTransaction":
                begun = self.central.begin(
                    self.central.recorder.frames[-1].station,
                    payload["connectorId"],
                    payload["idTag"],
                    payload["meterStart"],
                    payload["timestamp"],
                )
                return {"transactionId": begun.id, "idTagInfo": self._info(payload)}
            case "StopTransaction":
                return {"idTagInfo": self._info(payload)} if payload.get("idTag") else {}
            case "DataTransfer":
                return {"status": "UnknownVendorId"}
            case "SignCertificate":
                return {"status": "Accepted"}
        return {}

    def _info(self, payload: Payload) -> Payload:
        return dict(self.tags.get(str(payload.get("idTag")).casefold(), {"status": "Accepted"}))

    @staticmethod
    def text(at: datetime) -> str:
        """A time as OCPP writes it."""
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @staticmethod
    def judge_time(text: str) -> datetime:
        """A time as the station wrote it. Raises AssertionError when it is none of OCPP's."""
        at = parse_time(text)
        assert at is not None, f"{text!r} is no time"
        return at

    def time_in(self, seconds: float) -> str:
        """So many seconds from now, as OCPP writes it."""
        return self.text(self.now() + timedelta(seconds=seconds))

    # --- asking ------------------------------------------------------------------------------------------------

    async def call(self, action: str, payload: Payload | None = None, *, within_s: float = CALL_S) -> Payload:
        """Ask the station. Raises CallError for a CALLERROR, AssertionError when nobody answers."""
        desk = self._desk_now
        assert desk is not None, f"the station is not connected, {action} cannot be asked"
        return await desk.call(action, payload or {}, within_s)

    async def accepted(self, action: str, payload: Payload | None = None, status: str = "Accepted") -> Payload:
        """``call`` whose answer must have that status."""
        answered = await self.call(action, payload)
        assert answered.get("status") == status, f"{action} {payload}: {answered}, not {status}"
        return answered

    async def status_or_code(self, action: str, payload: Payload) -> str:
        """The status of the answer, or the code of a CALLERROR, where the specification leaves the choice."""
        try:
            return str((await self.call(action, payload)).get("status"))
        except CallError as refused:
            return refused.code

    async def set_key(self, key: str, value: str | int | bool) -> None:
        """ChangeConfiguration that is to be accepted."""
        text = str(value).lower() if isinstance(value, bool) else str(value)
        await self.accepted("ChangeConfiguration", {"key": key, "value": text})

    async def get_key(self, key: str) -> str | None:
        """GetConfiguration of one key; None where it has no value to show."""
        answered = await self.call("GetConfiguration", {"key": [key]})
        entries = answered.get("configurationKey") or []
        assert len(entries) == 1, f"GetConfiguration {key}: {answered}"
        value: str | None = entries[0].get("value")
        return value

    # --- hearing -----------------------------------------------------------------------------------------------

    def mark(self) -> None:
        """What was said until now is no longer expected."""
        self._cursor = len(self._heard)

    def calls(self, action: str | None = None, **fields: Any) -> list[Heard]:
        """Everything the station ever said that fits."""
        return [h for h in self._heard if _fits(h, action, fields)]

    def since(self, heard: Heard, action: str | None = None, **fields: Any) -> list[Heard]:
        """What fits and came after ``heard``."""
        return [h for h in self.calls(action, **fields) if h.frame.seq > heard.frame.seq]

    async def expect(self, action: str, *, within_s: float = WITHIN_S, **fields: Any) -> Heard:
        """Wait for the next call that fits, and move on past it.

        A field may be a value, ``...`` (it is there), ``None`` (it is not there), or a function that says whether
        a value fits. Raises AssertionError when none comes.
        """
        found = await self._await(lambda: self._find(action, fields, self._cursor), within_s)
        if found is None:
            raise AssertionError(self._missed([(action, fields)], within_s))
        self._cursor = found + 1
        return self._heard[found]

    async def expect_all(self, *wanted: tuple[str, dict[str, Any]], within_s: float = WITHIN_S) -> list[Heard]:
        """Wait for one call for each ``(action, fields)``, in any order, and move on past the last."""

        def all_found() -> list[int] | None:
            taken: list[int] = []
            for action, fields in wanted:
                start = self._cursor
                while (i := self._find(action, fields, start)) is not None and i in taken:
                    start = i + 1
                if i is None:
                    return None
                taken.append(i)
            return taken

        found = await self._await(all_found, within_s)
        if found is None:
            missing = [w for w in wanted if self._find(w[0], w[1], self._cursor) is None] or list(wanted)
            raise AssertionError(self._missed(missing, within_s))
        self._cursor = max(found) + 1
        return [self._heard[i] for i in found]

    async def status(self, connector_id: int, status: str, *, within_s: float = WITHIN_S, **fields: Any) -> Heard:
        """``expect`` a StatusNotification."""
        return await self.expect(
            "StatusNotification", within_s=within_s, connectorId=connector_id, status=status, **fields
        )

    async def never(self, action: str, *, for_s: float, **fields: Any) -> None:
        """Wait; raises AssertionError when such a call comes (or came since the last ``expect``)."""
        found = await self._await(lambda: self._find(action, fields, self._cursor), for_s)
        if found is not None:
            raise AssertionError(f"unwanted: {_shown(self._heard[found])}")

    def _find(self, action: str, fields: dict[str, Any], start: int) -> int | None:
        return next((i for i in range(start, len(self._heard)) if _fits(self._heard[i], action, fields)), None)

    async def _await(self, look: Callable[[], T | None], within_s: float) -> T | None:
        """What ``look`` finds first; None when the time runs out."""
        try:
            async with asyncio.timeout(within_s):
                while (found := look()) is None:
                    self._news.clear()
                    await self._news.wait()
                return found
        except TimeoutError:
            return look()

    def _missed(self, wanted: list[tuple[str, dict[str, Any]]], within_s: float) -> str:
        texts = " and ".join(f"{action} {_fields(fields)}".strip() for action, fields in wanted)
        heard = "; ".join(_shown(h) for h in self._heard[self._cursor :][-SHOWN:]) or "nothing"
        return f"not said within {within_s:g} s: {texts}. Said instead: {heard}"


def _fits(heard: Heard, action: str | None, fields: dict[str, Any]) -> bool:
    if action is not None and heard.action != action:
        return False
    return all(_field_fits(heard.payload.get(name), wanted) for name, wanted in fields.items())


def _field_fits(value: Any, wanted: Any) -> bool:
    if wanted is ...:
        return value is not None
    return bool(wanted(value)) if callable(wanted) else value == wanted


def _fields(fields: dict[str, Any]) -> str:
    return ", ".join(f"{k}={'…' if v is ... or callable(v) else v}" for k, v in fields.items())


def _shown(heard: Heard) -> str:
    plain = {k: v for k, v in heard.payload.items() if not isinstance(v, list | dict)}
    return f"{heard.action} {_fields(plain)}".strip()
