"""The central system: listens, knows its stations and their transactions, prints what it hears."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import ipaddress
import logging
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import unquote

import msgspec
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from kiosk.backend import door
from kiosk.backend.gist import line
from kiosk.backend.recording import Chaos, Frame, RecordedSocket, Recorder
from kiosk.backend.station import Station

log = logging.getLogger(__name__)

STATION_PATH: Final = "/ocpp/"
CONTROL_PATH: Final = "/control"
OCPP: Final = Subprotocol("ocpp1.6")
CONTROL: Final = Subprotocol("kiosk.control")
_DIALLED: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Where a station of this machine reaches a server that listens everywhere."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the backend answers.

    ``boot``: answers to BootNotification in turn, the last one for ever. ``accepted`` None: every tag but the
    blocked ones. ``parents``: idTag to parentIdTag. ``passwords``: identity to Basic password; None asks for none.
    """

    heartbeat_interval_s: int = 300
    boot: tuple[str, ...] = (RegistrationStatus.accepted.value,)
    boot_retry_s: int = 10
    accepted: frozenset[str] | None = None
    blocked: frozenset[str] = frozenset()
    parents: Mapping[str, str] = msgspec.field(default_factory=dict)
    passwords: Mapping[str, bytes] | None = None
    call_timeout_s: float = 30.0
    ping_interval_s: float | None = 20.0  # WebSocket pings of our own; a station that does not answer is dropped
    first_transaction_id: int = 1


class Transaction(msgspec.Struct, kw_only=True):
    """A session as the backend knows it. Times are as the station wrote them."""

    id: int
    station: str
    connector_id: int
    id_tag: str
    started_at: str
    meter_start_wh: int
    stopped_at: str | None = None
    meter_stop_wh: int | None = None
    reason: str | None = None
    repeats: int = 0  # StartTransaction came so many times more
    meter_values: list[dict[str, Any]] = msgspec.field(default_factory=list)
    data: list[dict[str, Any]] = msgspec.field(default_factory=list)


class Endpoint(Protocol):
    """Our end of one station's connection; ``gone`` is done when the connection is over."""

    identity: str
    socket: RecordedSocket
    gone: asyncio.Future[None]

    async def start(self) -> None:
        """Serve until the connection ends."""
        ...

    async def ask(self, payload: Any) -> Any:
        """Send a call of the ``ocpp`` library and return its answer object."""
        ...


class Watcher(Protocol):
    """Somebody who is told of a station's connections, as well as of the frames (``Recorder.listeners``)."""

    def connected(self, station: str, request: Request) -> None: ...

    def disconnected(self, station: str) -> None: ...


class CentralSystem:
    """Accepts any station. One instance per port."""

    def __init__(
        self,
        options: Options | None = None,
        *,
        chaos: Chaos | None = None,
        out: Callable[[str], None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        endpoint: Callable[[str, RecordedSocket, CentralSystem], Endpoint] | None = None,
    ) -> None:
        """``endpoint``: who serves a connection; a ``Station`` unless told."""
        self.options = options or Options()
        self.chaos = chaos or Chaos()
        self.now = now
        self.recorder = Recorder(now)
        self.stations: dict[str, Endpoint] = {}
        self.watchers: list[Watcher] = []
        self._endpoint = endpoint or Station
        self.boots: dict[str, list[dict[str, Any]]] = {}
        self.statuses: dict[str, dict[int, dict[str, Any]]] = {}
        self.transactions: dict[int, Transaction] = {}
        self.tags: dict[str, AuthorizationStatus] = {}  # upper-case idTags told at the control door
        self.connects = 0  # accepted connections of stations, ever
        self._out = out or (lambda _line: None)
        self._server: Server | None = None
        self._host = ""
        self._tls = False

    # --- listening -----------------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen; port 0 takes a free one. Raises OSError when the address is taken."""
        self._host = host
        self._tls = tls is not None
        self._server = await serve(
            self._connection,
            host,
            port,
            subprotocols=[OCPP, CONTROL],
            origins=[None],  # a page in a browser always names its origin, and has no business here
            process_request=self._admit,
            compression=None,
            ping_interval=self.options.ping_interval_s,
            close_timeout=1,
            server_header=None,
            ssl=tls,
        )

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def url(self) -> str:
        """What belongs into WebSocketUrl."""
        scheme = "wss" if self._tls else "ws"
        return f"{scheme}://{self._bracketed}:{self.port}{STATION_PATH.rstrip('/')}"

    @property
    def control_url(self) -> str:
        return f"ws://{self._bracketed}:{self.port}{CONTROL_PATH}"

    @property
    def _bracketed(self) -> str:
        host = _DIALLED.get(self._host, self._host)
        return f"[{host}]" if ":" in host else host

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.split("?", 1)[0]
        if path == CONTROL_PATH:
            if _is_here(connection.remote_address[0]):
                return None
            return connection.respond(HTTPStatus.FORBIDDEN, "control is for this machine only\n")
        identity = unquote(path.removeprefix(STATION_PATH))
        if not path.startswith(STATION_PATH) or not identity:
            return connection.respond(HTTPStatus.NOT_FOUND, f"stations connect to {STATION_PATH}<identity>\n")
        if self.options.passwords is not None:
            given = _basic(request.headers.get("Authorization", ""))
            if given != (identity, self.options.passwords.get(identity)):
                self._out(f"{identity}: refused, wrong password")
                return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong identity or password\n")
        return None

    async def _connection(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        path = socket.request.path.split("?", 1)[0]
        if path == CONTROL_PATH:
            await door.serve(self, socket)
            return
        if socket.subprotocol != OCPP:
            await socket.close(1002, "ocpp1.6 only")
            return
        identity = unquote(path.removeprefix(STATION_PATH))
        for watcher in self.watchers:
            watcher.connected(identity, socket.request)
        await self._station(identity, socket)

    async def _station(self, identity: str, socket: ServerConnection) -> None:
        recorded = RecordedSocket(socket, identity, self.recorder, self.chaos, self._say)
        station = self._endpoint(identity, recorded, self)
        before = self.stations.get(identity)
        self.stations[identity] = station
        self.connects += 1
        if before is not None:
            before.socket.abort()  # OCPP-J 1.6: the newest connection of an identity is the one that counts
        self._out(f"{identity}: connected")
        try:
            with contextlib.suppress(ConnectionClosed):
                await station.start()
        except Exception:
            log.exception("station %s: its connection ended on our mistake", identity)
        finally:
            station.gone.set_result(None)
            if self.stations.get(identity) is station:
                del self.stations[identity]
                self.recorder.forget(identity)
                for watcher in self.watchers:
                    watcher.disconnected(identity)
            self._out(f"{identity}: disconnected")

    def _say(self, frame: Frame) -> None:
        self._out(line(frame))

    # --- decisions -----------------------------------------------------------------------------------------

    def judge(self, id_tag: str) -> tuple[AuthorizationStatus, str | None]:
        """(status, parentIdTag) of a tag; tags compare case-insensitively."""
        tag = id_tag.upper()
        parent = {k.upper(): v for k, v in self.options.parents.items()}.get(tag)
        if tag in self.tags:
            return self.tags[tag], parent
        if tag in {t.upper() for t in self.options.blocked}:
            return AuthorizationStatus.blocked, parent
        accepted = self.options.accepted
        if accepted is not None and tag not in {t.upper() for t in accepted}:
            return AuthorizationStatus.invalid, parent
        return AuthorizationStatus.accepted, parent

    def boot_answer(self, identity: str, boot: dict[str, Any]) -> RegistrationStatus:
        boots = self.boots.setdefault(identity, [])
        answer = self.options.boot[min(len(boots), len(self.options.boot) - 1)]
        boots.append(boot)
        return RegistrationStatus(answer)

    def begin(self, station: str, connector_id: int, id_tag: str, meter_wh: int, at: str) -> Transaction:
        for known in self.transactions.values():
            if (known.station, known.connector_id, known.id_tag, known.meter_start_wh, known.started_at) == (
                station,
                connector_id,
                id_tag,
                meter_wh,
                at,
            ):
                known.repeats += 1
                return known
        number = self.options.first_transaction_id + len(self.transactions)
        self.transactions[number] = Transaction(
            id=number,
            station=station,
            connector_id=connector_id,
            id_tag=id_tag,
            started_at=at,
            meter_start_wh=meter_wh,
        )
        return self.transactions[number]

    def meter(self, station: str, transaction_id: int | None, values: list[dict[str, Any]]) -> None:
        transaction = self.transactions.get(transaction_id) if transaction_id is not None else None
        if transaction is not None and transaction.station == station:
            transaction.meter_values.extend(values)

    def end(self, station: str, transaction_id: int, meter_wh: int, at: str, more: dict[str, Any]) -> None:
        transaction = self.transactions.get(transaction_id)
        if transaction is None or transaction.station != station or transaction.stopped_at is not None:
            return
        transaction.stopped_at = at
        transaction.meter_stop_wh = meter_wh
        transaction.reason = more.get("reason", "Local")  # OCPP 1.6 section 6.47: omitted means Local
        transaction.data = more.get("transaction_data") or []


def _is_here(host: str) -> bool:
    """Is this the address of our own machine?"""
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def _basic(header: str) -> tuple[str, bytes] | None:
    """(user, password) of an Authorization header, None when it is none."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(token, validate=True).partition(b":")
    except binascii.Error:
        return None
    return user.decode("utf-8", "replace"), password
