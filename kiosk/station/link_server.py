"""The core's end of the local link: two doors, every face, the relay to the screen.

It carries and never decides: a command is a row of ``METHODS`` with a handler given at construction. A face that
is slow, hangs or sends nonsense is its own problem, never the core's.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kiosk import __version__
from kiosk.link.channel import Channel, Handler, Picture
from kiosk.link.messages import (
    MAX_BINARY_BYTES,
    METHODS,
    PROTOCOL_VERSION,
    SCREEN_METHODS,
    TICK_S,
    Hello,
    Nothing,
    Params,
    ScreenReport,
    Welcome,
)
from kiosk.link.peer import Peer
from kiosk.link.rundir import RunInfo, remove_run_info, runtime_dir, socket_path, write_run_info
from kiosk.model.clock import Clock
from kiosk.model.enums import Door, Page
from kiosk.model.errors import LinkError, NotPermitted, NotPossible, UnknownMethod, UsageError
from kiosk.model.logs import mask
from kiosk.model.snapshot import Changes, Connector, Screen, Snapshot, Tick
from kiosk.station.state import State

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection

log = logging.getLogger(__name__)

MAX_FACES: Final = 64
"""More connections than this are a fault of somebody's, and each costs a file descriptor of the core."""
SCREEN_TIMEOUT_S: Final = 10.0
HELLO_TIMEOUT_S: Final = 10.0
SCREEN_SILENT_S: Final = 12.0
"""A screen reports every 5 s; one that was silent for longer than two reports shows nobody knows what."""
DOOR_MODE: Final = {Door.DRIVER: 0o660, Door.OPERATOR: 0o600}


class LinkServer:
    """``handlers``: method name → async function of the params struct; the rows that are about the link itself
    (hello, screen.*) are served here. ``reading_ages``: connector → age of its newest reading in ms.

    ``async with`` opens the doors and writes ``run.json``; ``run`` sends the ticks until cancelled.
    """

    def __init__(
        self,
        state: State,
        clock: Clock,
        handlers: Mapping[str, Callable[[Any], Awaitable[Params]]],
        reading_ages: Callable[[], dict[int, int | None]],
        data_dir: Path,
    ) -> None:
        self._state, self._clock = state, clock
        self._handlers = dict(handlers)
        self._reading_ages = reading_ages
        self._data_dir = data_dir
        self._faces: set[_Face] = set()
        self._screens: list[_Face] = []  # newest last: that one is the driver's
        self._reported_s = 0.0
        self._servers: list[Server] = []
        self._sockets: list[Path] = []
        self._unsubscribe: Callable[[], None] = lambda: None
        self._seq = 0

    async def __aenter__(self) -> LinkServer:
        directory = runtime_dir(self._data_dir)
        paths = {door: socket_path(directory, door) for door in Door}
        for door, path in paths.items():
            self._servers.append(await self._open(door, path))
            self._sockets.append(path)
        self._unsubscribe = self._state.subscribe(self._changed)
        listen = msgspec.structs.replace(
            self._state.snapshot.listen,
            driver_socket=str(paths[Door.DRIVER]),
            operator_socket=str(paths[Door.OPERATOR]),
        )
        self._state.set(listen=listen)
        info = RunInfo(
            pid=os.getpid(),
            version=__version__,
            driver_socket=str(paths[Door.DRIVER]),
            operator_socket=str(paths[Door.OPERATOR]),
            started_at=self._clock.now(),
        )
        write_run_info(self._data_dir, info)
        return self

    async def __aexit__(self, *_: object) -> None:
        remove_run_info(self._data_dir, os.getpid())
        self._unsubscribe()
        for server in self._servers:
            server.close()
        for server in self._servers:
            await server.wait_closed()
        for path in self._sockets:
            path.unlink(missing_ok=True)
        self._servers.clear()
        self._sockets.clear()

    async def run(self) -> None:
        """A tick every ``TICK_S``; collected live readings go out with it."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self._state.flush()
            self.tick()
            due = max(due + TICK_S, loop.time())  # after a freeze one tick, not a burst
            await asyncio.sleep(due - loop.time())

    def tick(self) -> None:
        """Send one tick to every face that listens."""
        self._seq += 1
        told = self._state.snapshot.screen.name is not None
        if told and self._clock.monotonic() - self._reported_s > SCREEN_SILENT_S:
            log.warning("the screen is silent: what the driver sees is unknown")
            self._state.set(screen=Screen())
        tick = Tick(
            seq=self._seq,
            now=self._clock.now(),
            monotonic_s=self._clock.monotonic(),
            reading_age_ms=self._reading_ages(),
        )
        for face in self._faces:
            if face.subscribed:
                face.channel.send_tick(tick)

    async def _open(self, door: Door, path: Path) -> Server:
        from websockets.asyncio.server import unix_serve

        async def greet(connection: ServerConnection) -> None:
            await self._serve(door, connection)

        return await unix_serve(
            greet,
            sock=_bound(door, path),
            max_size=MAX_BINARY_BYTES,
            compression=None,
            close_timeout=1,
            server_header=None,
        )

    async def _serve(self, door: Door, connection: ServerConnection) -> None:
        if len(self._faces) >= MAX_FACES:
            log.warning("%d faces are connected; one more is sent away", MAX_FACES)
            await connection.close(1013, "too many faces; try again later")
            return
        face = _Face(self, door, connection)
        self._faces.add(face)
        late = asyncio.get_running_loop().call_later(HELLO_TIMEOUT_S, face.expire)
        try:
            await face.channel.run()
        except LinkError as error:
            log.warning("%s was let go: %s", face.channel.name, error)
        finally:
            late.cancel()
            self._faces.discard(face)
            self._forget_screen(face)

    def _changed(self, changes: Changes) -> None:
        for face in self._faces:
            if face.subscribed:
                face.channel.send_changes(changes)

    # the screen

    def screen_arrived(self, face: _Face) -> None:
        if self._screens:
            log.warning("a second screen connected; the newest is the driver's")
        self._screens.append(face)

    def _forget_screen(self, face: _Face) -> None:
        if face in self._screens:
            was_newest = self._screens[-1] is face
            self._screens.remove(face)
            if was_newest:
                self._state.set(screen=Screen())

    def screen_reported(self, face: _Face, report: ScreenReport) -> None:
        if face not in self._screens:
            raise NotPermitted("only a screen reports what the driver sees")
        if face is self._screens[-1]:
            self._reported_s = self._clock.monotonic()
            self._state.set(
                screen=Screen(
                    name=report.name,
                    language=report.language,
                    locked=report.locked,
                    frame_age_ms=report.frame_age_ms,
                )
            )

    async def relay(self, method: str, params: Params) -> Params | Picture:
        """Ask the driver's screen. Raises NotPossible, NotPermitted."""
        snapshot = self._state.snapshot
        if method != "screen.grab" and not snapshot.station.simulated:
            raise NotPermitted(f"{method} works with simulated hardware only")
        if method == "screen.grab" and snapshot.dialogue.page is Page.CARD_CHECKING:
            raise NotPossible("no picture while a card is being read; try again in a moment")
        if not self._screens:
            raise NotPossible("no screen is connected; start one with `kiosk screen`")
        try:
            result, png = await self._screens[-1].channel.call(method, params, SCREEN_TIMEOUT_S)
        except LinkError as error:
            raise NotPossible(f"the screen failed: {error}; it is being restarted, try again") from error
        return result if png is None else (result, png)  # type: ignore[return-value]  # only grab has a picture

    # commands

    def handler(self, method: str) -> Handler | None:
        return self._handlers.get(method)

    def picture(self, door: Door) -> Snapshot:
        snapshot = self._state.snapshot
        if door is Door.OPERATOR:
            return snapshot
        return msgspec.structs.replace(snapshot, connectors=tuple(map(veiled, snapshot.connectors)))


def _bound(door: Door, path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # left by a killed core; the data folder's lock says that nobody uses it
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(path))
    path.chmod(DOOR_MODE[door])  # before anybody can connect
    return sock


class _Face:
    """One connection at one door."""

    def __init__(self, server: LinkServer, door: Door, connection: ServerConnection) -> None:
        self.subscribed = False
        self._server = server
        self._door = door
        self._hello: Hello | None = None
        self._connection = connection
        self.channel = Channel(
            connection,
            Peer(METHODS, SCREEN_METHODS),
            {name: self._guarded(name) for name in METHODS},
            name=f"a face at the {door}'s door",
            picture=lambda: server.picture(door),
            veil=veiled_changes if door is Door.DRIVER else lambda changes: changes,
        )

    def expire(self) -> None:
        """Whoever has not said who it is by now is no face."""
        if self._hello is None:
            self._connection.transport.abort()

    def _guarded(self, name: str) -> Handler:
        async def serve(params: Params) -> Params | Picture:
            if isinstance(params, Hello):
                return self._greeted(params)
            if self._hello is None:
                raise NotPermitted("say hello first")
            if METHODS[name].door is Door.OPERATOR and self._door is Door.DRIVER:
                raise NotPermitted(f"{name} is for the operator's door only")
            if isinstance(params, ScreenReport):
                self._server.screen_reported(self, params)
                return Nothing()
            if name in SCREEN_METHODS:
                return await self._server.relay(name, params)
            handler = self._server.handler(name)
            if handler is None:
                raise UnknownMethod(name)
            return await handler(params)

        return serve

    def _greeted(self, hello: Hello) -> Welcome:
        if hello.protocol != PROTOCOL_VERSION:
            raise UsageError(
                f"protocol {hello.protocol} is not spoken here, only {PROTOCOL_VERSION}: "
                f"use programs of one version ({__version__})"
            )
        if self._hello is not None:
            raise UsageError("hello was said before")
        self._hello = hello
        self.channel.name = f"face {hello.face[:20]!r} at the {self._door}'s door"
        if hello.face == "screen" and self._door is Door.DRIVER:
            self.channel.name = "the screen"
            self._server.screen_arrived(self)
        if hello.subscribe:
            # after the welcome: the answer is queued when this handler has returned
            asyncio.get_running_loop().call_soon(self._subscribe)
        return Welcome(protocol=PROTOCOL_VERSION, version=__version__, door=self._door)

    def _subscribe(self) -> None:
        self.subscribed = True
        self.channel.send_snapshot()


def veiled(connector: Connector) -> Connector:
    """As the driver's door may see it: whose card or car it is stays with the operator."""
    session = connector.session
    return msgspec.structs.replace(
        connector,
        vehicle_id=mask(connector.vehicle_id) if connector.vehicle_id else None,
        session=msgspec.structs.replace(session, id_tag=mask(session.id_tag))
        if session and session.id_tag
        else session,
    )


def veiled_changes(changes: Changes) -> Changes:
    if changes.connectors is msgspec.UNSET:
        return changes
    return msgspec.structs.replace(changes, connectors=tuple(map(veiled, changes.connectors)))
