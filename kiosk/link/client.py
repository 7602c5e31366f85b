"""The one client of every face: finds the core, connects, keeps the picture, reconnects.

``on_lost`` and ``on_snapshot`` alternate: after a loss (connection gone, or no tick for 1.5 s) the next thing a
face hears is a whole snapshot. websockets is imported when it is first needed, because a screen shows its first
frame before that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from kiosk.link.channel import Channel, Handler
from kiosk.link.messages import (
    LOST_AFTER_S,
    MAX_BINARY_BYTES,
    METHODS,
    SCREEN_METHODS,
    Grabbed,
    Hello,
    Nothing,
    Params,
)
from kiosk.link.peer import MAX_ANSWER_BYTES, Notification, Peer
from kiosk.link.rundir import find_core, not_running
from kiosk.model.enums import Door
from kiosk.model.errors import CoreNotRunning, LinkClosed, LinkError, ProtocolError, UserFacing
from kiosk.model.snapshot import Changes, Snapshot, Tick

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

log = logging.getLogger(__name__)

CALL_TIMEOUT_S: Final = 60.0
HELLO_TIMEOUT_S: Final = 10.0
RETRY_S: Final = (0.1, 0.2, 0.4, 0.8, 1.0)
"""Pauses between attempts; the last one repeats. A restarted core is found again within a second."""


def _ignore(_: object) -> None:
    """A face that does not care about that kind of news."""


class LinkClient:
    """``face`` is "screen", "web" or "cli"; a screen knocks at the driver's door unless ``door`` says otherwise.

    ``handlers``: what this face answers to the core (rows of ``SCREEN_METHODS``). ``snapshot`` is the newest
    picture, None before the first. Callbacks run on the event loop and must not block.
    """

    def __init__(
        self,
        data_dir: Path,
        face: str,
        on_snapshot: Callable[[Snapshot], None] = _ignore,
        on_changes: Callable[[Changes], None] = _ignore,
        on_tick: Callable[[Tick], None] = _ignore,
        on_lost: Callable[[], None] = lambda: None,
        handlers: Mapping[str, Handler] | None = None,
        *,
        door: Door | None = None,
    ) -> None:
        self.snapshot: Snapshot | None = None
        self._trouble = ""
        self._data_dir, self._face = data_dir, face
        self._door = door or (Door.DRIVER if face == "screen" else Door.OPERATOR)
        self._on_snapshot, self._on_changes, self._on_tick = on_snapshot, on_changes, on_tick
        self._on_lost = on_lost
        self._handlers = dict(handlers or {})
        self._channel: Channel | None = None
        self._attempts = 0
        self._lost = True
        self._silence: asyncio.TimerHandle | None = None

    @property
    def connected(self) -> bool:
        """The core greets us and its ticks come."""
        return self._channel is not None and not self._lost

    async def run(self) -> NoReturn:
        """Connect and stay connected until cancelled. Raises nothing else."""
        while True:
            try:
                await self._once()
            except CoreNotRunning:
                log.debug("no station core yet")
            except LinkClosed as closed:
                log.info("%s", closed)
            except (UserFacing, LinkError) as error:
                # the same trouble is told once; the tries go on
                level = logging.DEBUG if str(error) == self._trouble else logging.WARNING
                log.log(level, "talking to the station core failed: %s", error)
                self._trouble = str(error)
            except Exception:
                log.exception("a face failed over what the station core told; it gets a fresh picture")
            finally:
                self._channel = None
                self._quiet()
            self._lose()
            await asyncio.sleep(RETRY_S[min(self._attempts, len(RETRY_S) - 1)])
            self._attempts += 1

    async def call(self, method: str, params: Params | None = None, timeout_s: float = CALL_TIMEOUT_S) -> Params:
        """Ask the core; the method's result struct. Raises UserFacing subclasses as the core raised them,
        NotPossible after ``timeout_s``, LinkClosed when not connected or the connection is lost meanwhile."""
        return (await self._ask(method, params, timeout_s))[0]

    async def grab(self, timeout_s: float = CALL_TIMEOUT_S) -> tuple[Grabbed, bytes]:
        """A picture of the driver's screen, PNG. Raises like ``call``."""
        return _picture(await self._ask("screen.grab", Nothing(), timeout_s))

    async def _ask(self, method: str, params: Params | None, timeout_s: float) -> tuple[Params, bytes | None]:
        if self._channel is None:
            raise LinkClosed("not connected to the station core")
        return await self._channel.call(method, Nothing() if params is None else params, timeout_s)

    async def _once(self) -> None:
        connection = await _connect(self._data_dir, self._door)
        async with connection:
            channel = _channel(connection, self._handlers, on_told=self._told)
            talking = asyncio.create_task(_talk(channel), name="link")
            try:
                welcome = await channel.call("hello", Hello(face=self._face), HELLO_TIMEOUT_S)
                log.debug("connected: %s", welcome)
                self._channel = channel
                self._listen_for_silence()
                await talking
            finally:
                talking.cancel()
                await asyncio.gather(talking, return_exceptions=True)

    def _told(self, payload: Notification) -> None:
        if isinstance(payload, Snapshot):
            self.snapshot = payload
            self._lost = False
            self._attempts, self._trouble = 0, ""  # only now: a core that we do not understand is no success
            self._listen_for_silence()
            self._on_snapshot(payload)
        elif self.snapshot is None:
            raise ProtocolError("changes or a tick before the first snapshot")
        elif isinstance(payload, Changes):
            self.snapshot = payload.on(self.snapshot)
            if not self._lost:
                self._on_changes(payload)
        else:
            self._listen_for_silence()
            if self._lost:  # it was silent, not gone: everything since then is in our picture
                self._lost = False
                self._on_snapshot(self.snapshot)
            self._on_tick(payload)

    def _listen_for_silence(self) -> None:
        self._quiet()
        self._silence = asyncio.get_running_loop().call_later(LOST_AFTER_S, self._lose)

    def _quiet(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._on_lost()


async def one_shot(
    data_dir: Path,
    method: str,
    params: Params | None = None,
    *,
    timeout_s: float = CALL_TIMEOUT_S,
    door: Door = Door.OPERATOR,
    face: str = "cli",
) -> Params:
    """One question without a subscription. Raises CoreNotRunning, and like ``LinkClient.call``."""
    return (await _one_shot(data_dir, method, params, timeout_s, door, face))[0]


async def one_shot_grab(data_dir: Path, *, timeout_s: float = 15.0, face: str = "cli") -> tuple[Grabbed, bytes]:
    """One picture of the driver's screen, PNG. Raises like ``one_shot``."""
    return _picture(await _one_shot(data_dir, "screen.grab", None, timeout_s, Door.OPERATOR, face))


async def _one_shot(
    data_dir: Path, method: str, params: Params | None, timeout_s: float, door: Door, face: str
) -> tuple[Params, bytes | None]:
    connection = await _connect(data_dir, door)
    async with connection:
        channel = _channel(connection, {}, on_told=None)
        talking = asyncio.create_task(channel.run())
        try:
            await channel.call("hello", Hello(face=face, subscribe=False), HELLO_TIMEOUT_S)
            return await channel.call(method, Nothing() if params is None else params, timeout_s)
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)


async def fetch_snapshot(data_dir: Path, *, face: str = "cli") -> Snapshot:
    """The picture of this moment. Raises CoreNotRunning, NotPossible, LinkClosed."""
    first: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()

    def take(payload: Notification) -> None:
        if isinstance(payload, Snapshot) and not first.done():
            first.set_result(payload)

    connection = await _connect(data_dir, Door.OPERATOR)
    async with connection:
        channel = _channel(connection, {}, on_told=take)
        talking = asyncio.create_task(channel.run())
        try:
            await channel.call("hello", Hello(face=face), HELLO_TIMEOUT_S)
            try:
                return await asyncio.wait_for(first, HELLO_TIMEOUT_S)
            except TimeoutError as error:
                raise LinkClosed("the station core did not send its picture") from error
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)


def _channel(
    connection: ClientConnection, handlers: Mapping[str, Handler], on_told: Callable[[Notification], None] | None
) -> Channel:
    peer = Peer(SCREEN_METHODS, METHODS, listens=True, limit_bytes=MAX_ANSWER_BYTES)
    return Channel(connection, peer, handlers, name="the station core", on_told=on_told)


async def _talk(channel: Channel) -> None:
    await channel.run()
    raise LinkClosed("the station core closed the connection")


async def _connect(data_dir: Path, door: Door) -> ClientConnection:
    from websockets.asyncio.client import unix_connect
    from websockets.exceptions import WebSocketException

    info = find_core(data_dir)
    try:
        return await unix_connect(
            info.socket(door), "ws://localhost/", max_size=MAX_BINARY_BYTES, compression=None, open_timeout=5
        )
    except PermissionError as error:
        raise CoreNotRunning(
            f"{info.socket(door)} may not be opened by this user: log in as the user that runs the station"
        ) from error
    except (ConnectionError, FileNotFoundError) as error:
        raise not_running(data_dir) from error
    except (TimeoutError, WebSocketException, OSError) as error:
        raise CoreNotRunning(
            f"the station core (process {info.pid}) does not answer; look at its log, or restart it"
        ) from error


def _picture(answer: tuple[Params, bytes | None]) -> tuple[Grabbed, bytes]:
    grabbed, png = answer
    if not isinstance(grabbed, Grabbed) or png is None:
        raise ProtocolError("an answer to screen.grab without a picture")
    return grabbed, png
