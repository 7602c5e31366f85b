"""One end of a conversation without I/O: frames in, events out; words in, frames out.

Both ends ask and answer. A binary frame never stands alone: it completes the answer before it (``screen.grab``),
so that answer is only reported when its picture has arrived.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

import msgspec

from kiosk.link import codec
from kiosk.link.codec import BadFrame, Id
from kiosk.link.messages import MAX_BINARY_BYTES, MAX_FRAME_BYTES, Grabbed, Method, Params
from kiosk.model.errors import ProtocolError, UnknownMethod, UserFacing
from kiosk.model.snapshot import Changes, Snapshot, Tick

Notification = Snapshot | Changes | Tick
NOTIFICATIONS: Final[dict[str, type[Notification]]] = {"snapshot": Snapshot, "changes": Changes, "tick": Tick}
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""Largest JSON frame from the core: a list of 10,000 tags fits."""


class Asked(msgspec.Struct, frozen=True):
    """The other end wants something; answer with ``Peer.answer`` or ``Peer.refuse``."""

    id: Id
    method: Method
    params: Params


class Answered(msgspec.Struct, frozen=True):
    """Our request was answered; ``binary`` is the picture that came with it."""

    id: Id
    result: Params
    binary: bytes | None = None


class Failed(msgspec.Struct, frozen=True):
    """Our request failed, over there or because its answer breaks the contract."""

    id: Id
    error: UserFacing | ProtocolError


class Told(msgspec.Struct, frozen=True):
    """A notification."""

    payload: Notification


class Malformed(msgspec.Struct, frozen=True):
    """A bad request; ``reply`` is to be sent, the conversation goes on."""

    reply: str
    error: Exception


class Dropped(msgspec.Struct, frozen=True):
    """The late answer to a request that nobody waits for any more."""

    id: Id


Event = Asked | Answered | Failed | Told | Malformed | Dropped


class Peer:
    """``serves``: what the other end may ask of us; ``asks``: what we may ask of it.

    ``listens``: we take notifications (a face does, the core does not). ``limit_bytes``: largest text frame taken.
    ``receive`` raises ProtocolError, and nothing else, when the conversation cannot go on.
    """

    def __init__(
        self,
        serves: Mapping[str, Method],
        asks: Mapping[str, Method],
        *,
        listens: bool = False,
        limit_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        self._serves, self._asks = serves, asks
        self._listens = listens
        self._limit_bytes = limit_bytes
        self._last_id = 0
        self._open: dict[Id, Method] = {}
        self._abandoned: set[Id] = set()
        self._pictures: deque[tuple[Id, Grabbed]] = deque()

    # words in, frames out

    def request(self, method: str, params: Params) -> tuple[Id, str]:
        """A new request. Raises UnknownMethod, or ProtocolError when ``params`` is of another method."""
        row = self._asks.get(method)
        if row is None:
            raise UnknownMethod(method)
        if type(params) is not row.params:
            raise ProtocolError(f"{method} takes {row.params.__name__}, not {type(params).__name__}")
        self._last_id += 1
        self._open[self._last_id] = row
        return self._last_id, codec.request(self._last_id, method, params)

    def answer(self, asked: Asked, result: Params) -> str:
        """Raises ProtocolError when ``result`` is not what the method promises."""
        if type(result) is not asked.method.result:
            promised = asked.method.result.__name__
            raise ProtocolError(f"{asked.method.name} answers {promised}, not {type(result).__name__}")
        return codec.result(asked.id, result)

    def refuse(self, asked: Asked, error: BaseException) -> str:
        return codec.failure(asked.id, codec.error_of(error))

    def tell(self, payload: Notification) -> str:
        return codec.notification(type(payload).__name__.lower(), payload)

    def abandon(self, request_id: Id) -> None:
        """Nobody waits for that answer any more; when it comes, it is dropped together with its picture."""
        if request_id in self._open:
            self._abandoned.add(request_id)

    # frames in, events out

    def receive(self, frame: str | bytes) -> Event | None:
        """What a text (``str``) or binary (``bytes``) frame means; None: nothing yet, a picture follows."""
        if isinstance(frame, bytes):
            return self._picture(frame)
        if len(frame) > self._limit_bytes or len(frame.encode("utf-8", "surrogatepass")) > self._limit_bytes:
            raise ProtocolError(f"a message of more than {self._limit_bytes} bytes")
        try:
            envelope = codec.envelope(frame)
        except BadFrame as error:
            return Malformed(codec.failure(None, codec.error_of(error)), error)
        if envelope.method is not msgspec.UNSET:
            return self._request_or_notification(envelope, envelope.method)
        return self._response(envelope)

    def _request_or_notification(self, envelope: codec.Envelope, name: str) -> Event:
        if envelope.result is not msgspec.UNSET or envelope.error is not msgspec.UNSET:
            error = BadFrame("invalid_request", "a message is a request or a response, not both")
            return Malformed(codec.failure(None, codec.error_of(error)), error)
        if envelope.id is msgspec.UNSET:
            return self._notification(envelope, name)
        if envelope.id is None:
            error = BadFrame("invalid_request", "a request needs an id that is not null")
            return Malformed(codec.failure(None, codec.error_of(error)), error)
        row = self._serves.get(name)
        try:
            if row is None:
                raise UnknownMethod(name)
            return Asked(envelope.id, row, codec.params_of(row, envelope.params))
        except (UnknownMethod, BadFrame) as bad:
            return Malformed(codec.failure(envelope.id, codec.error_of(bad)), bad)

    def _notification(self, envelope: codec.Envelope, name: str) -> Told:
        kind = NOTIFICATIONS.get(name)
        if kind is None or not self._listens:
            raise ProtocolError(f"notification {name[:60]!r} is not in the contract here")
        return Told(codec.payload_of(name, kind, envelope.params))

    def _response(self, envelope: codec.Envelope) -> Event | None:
        if envelope.id is msgspec.UNSET or envelope.params is not msgspec.UNSET:
            raise ProtocolError("a message that is neither request nor response")
        if envelope.id is None:
            told = envelope.error.message if envelope.error is not msgspec.UNSET else "no reason given"
            raise ProtocolError(f"the other end could not read our message: {told}")
        row = self._open.pop(envelope.id, None)
        if row is None:
            raise ProtocolError(f"an answer to request {str(envelope.id)[:60]!r}, which is not open")
        if envelope.error is not msgspec.UNSET:
            if envelope.result is not msgspec.UNSET:
                raise ProtocolError("an answer with both result and error")
            return self._unless_abandoned(Failed(envelope.id, codec.exception_of(envelope.error)))
        if envelope.result is msgspec.UNSET:
            raise ProtocolError("an answer with neither result nor error")
        try:
            result = codec.result_of(row, envelope.result)
        except BadFrame as error:
            return self._unless_abandoned(Failed(envelope.id, error))
        if isinstance(result, Grabbed):
            if not 0 < result.bytes <= MAX_BINARY_BYTES:
                raise ProtocolError(f"a picture of {result.bytes} bytes; 1 to {MAX_BINARY_BYTES} are allowed")
            self._pictures.append((envelope.id, result))
            return None
        return self._unless_abandoned(Answered(envelope.id, result))

    def _picture(self, frame: bytes) -> Event:
        if not self._pictures:
            raise ProtocolError("a binary frame that nobody announced")
        request_id, grabbed = self._pictures.popleft()
        if len(frame) != grabbed.bytes:
            raise ProtocolError(f"a picture of {len(frame)} bytes where {grabbed.bytes} were announced")
        return self._unless_abandoned(Answered(request_id, grabbed, frame))

    def _unless_abandoned(self, event: Answered | Failed) -> Event:
        if event.id in self._abandoned:
            self._abandoned.remove(event.id)
            return Dropped(event.id)
        return event
