"""Every frame as it went over the wire, and the ways the wire can fail."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec

KEPT_FRAMES: Final = 20_000
_KINDS: Final = {2: "call", 3: "result", 4: "error"}


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame. ``action`` of an answer is that of its call; ``payload`` is None where the frame was not OCPP."""

    seq: int
    at: datetime
    station: str
    to_station: bool
    kind: str  # call, result, error, broken
    message_id: str
    action: str
    payload: Any
    raw: str


class Recorder:
    """Keeps the newest frames of all stations, in order."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._seq = 0
        self._actions: dict[tuple[str, bool, str], str] = {}  # (station, caller is the backend, id) to action
        self.frames: deque[Frame] = deque(maxlen=KEPT_FRAMES)
        self.listeners: list[Callable[[Frame], None]] = []

    def record(self, station: str, raw: str, *, to_station: bool) -> Frame:
        kind, message_id, action, payload = _read(raw)
        if kind == "call":
            self._actions[station, to_station, message_id] = action
        elif kind != "broken":
            action = self._actions.pop((station, not to_station, message_id), "")
        self._seq += 1
        frame = Frame(
            seq=self._seq,
            at=self._now(),
            station=station,
            to_station=to_station,
            kind=kind,
            message_id=message_id,
            action=action,
            payload=payload,
            raw=raw,
        )
        self.frames.append(frame)
        for listener in self.listeners:
            listener(frame)
        return frame

    def calls(self, action: str | None = None, station: str | None = None) -> list[Frame]:
        """Calls from stations, oldest first."""
        return [
            f
            for f in self.frames
            if f.kind == "call"
            and not f.to_station
            and action in (None, f.action)
            and station in (None, f.station)
        ]

    def forget(self, station: str) -> None:
        """The station hung up: calls it left open will never be answered."""
        for key in [key for key in self._actions if key[0] == station]:
            del self._actions[key]

    def action_of(self, station: str, raw: str, *, to_station: bool) -> str | None:
        """Action that an answer belongs to; None when ``raw`` is no answer."""
        kind, message_id, _, _ = _read(raw)
        if kind not in ("result", "error"):
            return None
        return self._actions.get((station, not to_station, message_id), "")


def _read(raw: str) -> tuple[str, str, str, Any]:
    """(kind, message id, action or empty, payload)"""
    try:
        message = json.loads(raw)
        kind, message_id = _KINDS[message[0]], str(message[1])
        if kind == "call":
            return kind, message_id, str(message[2]), message[3]
        if kind == "result":
            return kind, message_id, "", message[2]
        return kind, message_id, "", {"code": message[2], "description": message[3]}
    except (ValueError, TypeError, KeyError, IndexError):
        return "broken", "", "", None


class Chaos(msgspec.Struct, kw_only=True):
    """How the wire fails. May be changed while connections are open.

    ``drop_after_frames``: close without a word after so many more frames either way; it applies once.
    ``mute``: answers to these actions never arrive (``*``: to any). ``deaf``: nothing arrives either way, as with
    a black hole; pings are still answered by the socket itself. ``refuse``: these calls get a CALLERROR.
    """

    drop_after_frames: int | None = None
    mute: frozenset[str] = frozenset()
    refuse: frozenset[str] = frozenset()
    delay_s: float = 0.0
    deaf: bool = False

    def mutes(self, action: str) -> bool:
        return "*" in self.mute or action in self.mute

    def refuses(self, action: str) -> bool:
        return "*" in self.refuse or action in self.refuse

    def count(self) -> bool:
        """One more frame went by; True when the link is to be dropped now."""
        if self.drop_after_frames is None:
            return False
        self.drop_after_frames -= 1
        if self.drop_after_frames > 0:
            return False
        self.drop_after_frames = None
        return True


class Socket(Protocol):
    """What we need of a WebSocket connection."""

    async def recv(self) -> str | bytes: ...

    async def send(self, message: str) -> None: ...

    @property
    def transport(self) -> asyncio.Transport: ...


class RecordedSocket:
    """A socket whose frames are recorded, and which fails as ``chaos`` says."""

    def __init__(
        self, socket: Socket, station: str, recorder: Recorder, chaos: Chaos, on_frame: Callable[[Frame], None]
    ) -> None:
        self._socket = socket
        self._station = station
        self._recorder = recorder
        self._chaos = chaos
        self._on_frame = on_frame

    async def recv(self) -> str:
        while True:
            message = await self._socket.recv()
            if self._chaos.deaf:
                continue
            text = message if isinstance(message, str) else message.decode("utf-8", "replace")
            frame = self._note(text, to_station=False)
            if self._chaos.count():
                self.abort()
            if frame.kind == "call" and self._chaos.refuses(frame.action):
                await self.send(json.dumps([4, frame.message_id, "InternalError", "refused on purpose", {}]))
                continue
            return text

    async def send(self, message: str) -> None:
        if self._chaos.delay_s:
            await asyncio.sleep(self._chaos.delay_s)
        action = self._recorder.action_of(self._station, message, to_station=True)
        if self._chaos.deaf or (action is not None and self._chaos.mutes(action)):
            return
        self._note(message, to_station=True)
        await self._socket.send(message)
        if self._chaos.count():
            self.abort()

    def abort(self) -> None:
        """Cut the line: no close frame, as when a cable is pulled and the router says so."""
        self._socket.transport.abort()

    def _note(self, text: str, *, to_station: bool) -> Frame:
        frame = self._recorder.record(self._station, text, to_station=to_station)
        self._on_frame(frame)
        return frame
