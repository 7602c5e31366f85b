"""The Modbus TCP server: sockets, clients and their limits. ``access`` answers, the one door takes wishes.

A client that floods, stalls, sends nonsense or goes away without a word costs the others and the core next to
nothing: each has a pace, each frame a time, and there is a limit of clients.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Sequence
from typing import Any, Final

from kiosk.model.clock import Clock
from kiosk.settings import Installation
from kiosk.station.commands.load_management import LoadManagement
from kiosk.station.modbus import access, frames
from kiosk.station.modbus.access import Fault
from kiosk.station.modbus.registers import Access
from kiosk.station.modbus.values import Scene
from kiosk.station.state import State

log = logging.getLogger(__name__)

UNITS: Final = frozenset({0, 1, 255})
"""This station. 1 is what controllers are set to; 0 and 255 are what the implementation guide calls for on TCP."""
MOST_CLIENTS: Final = 8
IDLE_S: Final = 60.0
"""A client silent for longer gives way to a new one when all places are taken; otherwise it may stay."""
FRAME_S: Final = 5.0
"""From a frame's first byte to its last, and for an answer to be taken."""
REQUESTS_PER_S: Final = 200.0
BURST: Final = 200
"""A client may be that many requests ahead of its pace before it is made to wait."""
WRITE_COSTS: Final = 5
"""A write counts as that many requests: all limits are reckoned anew with it."""
RETRY_S: Final = (5.0, 60.0)
"""Between attempts to listen: the first pause, doubled up to the last."""
MOST_TOLD: Final = 100
"""News of clients that are remembered, so that each is told aloud only once."""
_KEEPALIVE: Final = (("SO_KEEPALIVE", 1), ("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))


class Server:
    """``run`` serves until it is cancelled; it never fails because of the network."""

    def __init__(self, load: LoadManagement, state: State, installation: Installation, clock: Clock) -> None:
        self._load = load
        self._state = state
        self._host, self._port = installation.modbus.host, installation.modbus.port
        self._allowed = [ipaddress.ip_network(text, strict=False) for text in installation.modbus.allow]
        self._serial = installation.station.serial
        self._clock = clock
        self._clients: dict[asyncio.Task[Any], _Client] = {}
        self._told: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Listen, serve, and listen again when the address was not to be had."""
        if not self._allowed and not is_loopback(self._host):
            log.warning(
                "Modbus listens on %s for whoever can reach it; name the controllers in modbus.allow", self._host
            )
        pause_s = RETRY_S[0]
        while True:
            try:
                server = await asyncio.start_server(self._serve, self._host, self._port, limit=4096)
            except OSError as error:
                problem = cannot_listen(self._host, self._port, error)
                if problem != self._state.snapshot.load_management.problem:
                    log.error("%s; trying again", problem)
                self._load.listens(None, problem)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, RETRY_S[1])
                continue
            try:
                address = _text(server.sockets[0].getsockname())
                log.info("Modbus: listening on %s", address)
                self._load.listens(address)
                await asyncio.get_running_loop().create_future()  # till somebody cancels
            finally:
                self._load.listens(None)
                server.close()
                await self._hang_up(list(self._clients))

    async def _hang_up(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- one client ---------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        if peer is None:  # it was gone before it was looked at, as port scanners are
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        client = _Client(_text(peer), self._clock.monotonic())
        try:
            if not is_allowed(peer[0], self._allowed):
                self._tell(logging.WARNING, peer[0], "is not in modbus.allow; its connections are closed")
                return
            if not await self._find_place(peer[0]):
                return
            self._clients[task] = client
            keep_alive(writer.get_extra_info("socket"))
            self._tell(logging.INFO, peer[0], "connected")
            await self._answer_all(client, reader, writer)
            log.debug("Modbus: %s left", client.name)
        except frames.Garbage as error:
            self._tell(logging.WARNING, peer[0], "does not speak Modbus TCP", f": {error}")
        except TimeoutError:
            log.info("Modbus: %s stalled and was let go", client.name)
        except (OSError, asyncio.IncompleteReadError) as error:
            log.info("Modbus: %s is lost: %s", client.name, error)
        except asyncio.CancelledError:
            log.info("Modbus: %s was let go", client.name)  # nobody awaits this task but who cancelled it
        except Exception:
            log.exception("Modbus: serving %s failed", client.name)
        finally:
            self._clients.pop(task, None)
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()  # who does not take an answer would keep the socket open
            else:
                writer.close()

    async def _answer_all(
        self, client: _Client, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while first := await reader.read(1):
            client.heard_s = self._clock.monotonic()
            async with asyncio.timeout(FRAME_S):
                head = frames.header(first + await reader.readexactly(frames.HEADER_BYTES - 1))
                body = await reader.readexactly(head.body_bytes)
            writer.write(self.answer(head, body))
            async with asyncio.timeout(FRAME_S):
                await writer.drain()
            cost = WRITE_COSTS if body[0] == frames.WRITE else 1
            await asyncio.sleep(client.pause_s(self._clock.monotonic(), cost))

    def answer(self, head: frames.Header, body: bytes) -> bytes:
        """The frame that answers; a write has happened when this returns."""
        function = body[0]
        if head.unit not in UNITS:
            return frames.refused(head, function, Fault.TARGET)
        request = frames.request(body)
        if isinstance(request, Fault):
            return frames.refused(head, function, request)
        scene = self.scene()
        if isinstance(request, frames.Read):
            kind = Access.HOLDING if request.function == frames.READ_HOLDING else Access.INPUT
            words = access.read(scene, kind, request.address, request.count)
            if isinstance(words, Fault):
                return frames.refused(head, function, words)
            self._load.polled()
            return frames.words_read(head, function, words)
        if isinstance(request, frames.WriteOne):
            return frames.refused(head, function, access.write_one(scene, request.address))
        setpoints = access.write(scene, request.address, request.words)
        if isinstance(setpoints, Fault):
            return frames.refused(head, function, setpoints)
        self._load.set(setpoints)
        return frames.written(head, request.address, len(request.words))

    def scene(self) -> Scene:
        """What the registers show now."""
        return Scene(
            snapshot=self._state.snapshot,
            now=self._clock.now(),
            now_s=self._clock.monotonic(),
            serial=self._serial,
        )

    # --- who may ------------------------------------------------------------------------------------------

    async def _find_place(self, host: str) -> bool:
        """A place for one more client; when there is none, who was silent longest leaves."""
        if len(self._clients) < MOST_CLIENTS:
            return True
        task, client = min(self._clients.items(), key=lambda each: each[1].heard_s)
        if self._clock.monotonic() - client.heard_s < IDLE_S:
            self._tell(logging.WARNING, host, f"was sent away: {MOST_CLIENTS} clients are connected")
            return False
        log.info("Modbus: %s was silent for long and gives way", client.name)
        await self._hang_up([task])
        return len(self._clients) < MOST_CLIENTS

    def _tell(self, level: int, host: str, what: str, more: str = "") -> None:
        """Log it aloud the first time only: a client may do it again with every request."""
        known = (host, what) in self._told or len(self._told) >= MOST_TOLD
        log.log(logging.DEBUG if known else level, "Modbus: %s %s%s", host, what, more)
        if not known:
            self._told.add((host, what))


class _Client:
    """Name, pace and last word of one connection."""

    def __init__(self, name: str, now_s: float) -> None:
        self.name = name
        self.heard_s = now_s
        self._free_s = now_s  # when all its requests so far are paid for

    def pause_s(self, now_s: float, cost: int) -> float:
        """How long its next request has to wait; one of that cost has just been served."""
        self._free_s = max(self._free_s, now_s) + cost / REQUESTS_PER_S
        return max(0.0, self._free_s - now_s - BURST / REQUESTS_PER_S)


def is_loopback(host: str) -> bool:
    """Nobody outside this machine reaches it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_allowed(host: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Whether that client may connect; no networks: everybody."""
    if not networks:
        return True
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Why, and what to do, for the operator."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"Modbus cannot listen: modbus.host {host!r} is no address of this machine; give one that is"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Modbus cannot listen: another program has port {port} of {host}; "
            "stop it, or give another modbus.port in the installation file"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"Modbus cannot listen: this user may not use port {port}; "
            "give a modbus.port above 1023, or the right to bind lower ones (CAP_NET_BIND_SERVICE)"
        )
    why = error.strerror or str(error)
    return f"Modbus cannot listen on {host}, port {port}: {why}; see [modbus] in the installation file"


def _text(address: Sequence[Any]) -> str:
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def keep_alive(connection: socket.socket) -> None:
    """So that a client that was cut off does not hold its place for hours."""
    for name, value in _KEEPALIVE:
        number = getattr(socket, name, None)  # not every system has all of them
        if number is not None:
            level = socket.SOL_SOCKET if name.startswith("SO_") else socket.IPPROTO_TCP
            connection.setsockopt(level, number, value)
