"""The shell: dials, registers, tells, delivers. Implements ``charging.ports.BackendPort``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from ocpp.exceptions import OCPPError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from kiosk import __version__
from kiosk.model.clock import Clock
from kiosk.model.enums import ChargePointErrorCode, RegistrationStatus, SecurityEventType
from kiosk.model.errors import BackendRefused, BackendUnreachable
from kiosk.model.snapshot import Backend
from kiosk.settings import Installation, Settings
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.commands import Commands
from kiosk.station.ocpp import answers, registration, status
from kiosk.station.ocpp.actions import answer as answer_call
from kiosk.station.ocpp.asked import Station as ActedOn
from kiosk.station.ocpp.asked import Trigger
from kiosk.station.ocpp.delivery import Delivery
from kiosk.station.ocpp.dial import CLOSE_S
from kiosk.station.ocpp.dialler import Dialler
from kiosk.station.ocpp.jobs import first_of, wait
from kiosk.station.ocpp.notices import Notices
from kiosk.station.ocpp.registered import Registered
from kiosk.station.ocpp.security_news import SecurityNews
from kiosk.station.ocpp.signing import Signing
from kiosk.station.ocpp.trouble import sentence
from kiosk.station.ocpp.wire import Answer, NoAnswer, Wire, why
from kiosk.station.security import SecurityLog
from kiosk.station.state import State
from kiosk.station.storage import Journal, TagStore

log = logging.getLogger(__name__)

PONG_S: Final = 20.0
"""A pong that takes longer than this, or than the ping interval, is lost: the line is dead."""
SOON_S: Final = 1.0
"""Wait before a link that was changed is dialled: a backend that changes it all the time must not keep us busy."""
MAX_REASON_BYTES: Final = 123
"""RFC 6455 section 5.5: a control frame has at most 125 bytes, two of them the code."""
_REDIAL_KEYS: Final = frozenset({"AuthorizationKey", "SecurityProfile", "WebSocketUrl", "chargePointIdentity"})


class OcppClient:
    """One station at one central system."""

    def __init__(
        self,
        *,
        dialler: Dialler,
        signing: Signing,
        security: SecurityLog,
        settings: Settings,
        installation: Installation,
        state: State,
        journal: Journal,
        tags: TagStore,
        clock: Clock,
        commands: Commands,
        on_start_answered: Callable[[str, int, IdTagInfo], Awaitable[None]],
        correct: Callable[[datetime], Awaitable[None]],
        chance: random.Random | None = None,
    ) -> None:
        """``correct`` takes the backend's time. ``chance``: source of the back-off's random part."""
        self._dialler = dialler
        self._signing = signing
        self._security = security
        self._settings = settings
        self._installation = installation
        self._state = state
        self._clock = clock
        self._correct = correct
        self._commands = commands
        waits = installation.backend
        self._backoff = registration.Backoff(
            waits.retry_min_s, waits.retry_max_s, waits.retry_random_s, chance or random.Random()
        )
        self._wire: Wire | None = None
        self._boot: RegistrationStatus | None = None
        self._told_boot: dict[str, Any] | None = None  # fields of the accepted BootNotification
        self._unreachable = False
        self._problem = ""  # why the last dial or line ended
        self._next_try_s: float | None = None
        self._served = False  # the present connection got as far as being of use
        self._boot_due_s = 0.0  # monotonic; not before this the next BootNotification, whatever line there is
        self._boot_now = asyncio.Event()
        self._ping_changed = asyncio.Event()
        self._redial_now = asyncio.Event()  # who we are was changed: what failed may succeed now
        self._delivery = Delivery(settings, journal, tags, clock, on_start_answered, self._counted)
        self.notices = Notices()
        self._registered = Registered(
            settings,
            installation,
            state,
            clock,
            journal,
            self._delivery,
            self._correct,
            self._boot_again,
            self.notices,
            commands.files,
        )
        self._delivery.on_list_conflict = self.list_conflict
        self._news = SecurityNews(security)
        self._acted_on = ActedOn(
            commands=commands,
            settings=settings,
            tags=tags,
            connectors=len(installation.connectors),
            vendor=installation.station.vendor,
            accepted=lambda: self._boot is RegistrationStatus.ACCEPTED,
            trigger=self._trigger,
        )

    # --- charging.ports.BackendPort ------------------------------------------------------------------------

    @property
    def configured(self) -> bool:
        return True

    @property
    def online(self) -> bool:
        wire = self._wire
        return wire is not None and wire.usable and self._boot is RegistrationStatus.ACCEPTED

    @property
    def unreachable(self) -> bool:
        return self._unreachable

    async def authorize(self, id_tag: str) -> IdTagInfo:
        """Ask the backend about a tag. Raises BackendUnreachable."""
        wire = self._wire
        if wire is None or not self.online:
            raise BackendUnreachable("the backend is not connected")
        try:
            answered = await wire.request("Authorize", {"idTag": id_tag}, urgent=True)
        except OCPPError as error:
            raise BackendRefused(error.code, f"the tag does not fit OCPP: {error.description}") from error
        return answers.read(answered, answers.Authorize).id_tag_info.info

    def facts_waiting(self) -> None:
        self._delivery.facts_waiting()

    def list_conflict(self) -> None:
        """A StatusNotification of connector 0 that says LocalListConflict; its status is as it is."""
        told = msgspec.structs.replace(
            status.of_station(self._state.snapshot.station),
            error_code=ChargePointErrorCode.LOCAL_LIST_CONFLICT,
        )
        self.notices.say(
            "StatusNotification", status.payload(told, self._clock.now(), self._installation.station.vendor)
        )

    # --- running -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled. Raises StorageFailed when the journal cannot be written."""
        ends = [
            self._settings.subscribe(self._key_changed),
            self._state.subscribe(self._registered.state_changed),
            self._dialler.subscribe(self._redial_now.set),
        ]
        self._publish()
        try:
            await first_of(self._dial_forever(), self._delivery.run())
        finally:
            for end in ends:
                end()
            self._wire = None

    async def _dial_forever(self) -> None:
        told = ""
        while True:
            asked_s = 0.0
            self._redial_now.clear()
            try:
                await self._connection()
            except (BackendUnreachable, WebSocketException, OSError, TimeoutError) as error:
                reason = _reason(error)
                self._problem = sentence(error)
                asked_s = getattr(error, "retry_after_s", 0.0)
                # the same trouble is told once; the tries go on
                log.log(logging.INFO if reason == told else logging.WARNING, "backend: %s", reason)
                told = "" if self._served else reason
            # losing the line is not yet a failed attempt to get one
            self._unreachable = self._unreachable or not self._served
            self._wire = None
            wait_s = max(self._backoff.next_s(), asked_s)
            if self._redial_now.is_set():  # it was changed meanwhile, and perhaps for this that we left
                wait_s = min(wait_s, SOON_S)
            self._redial_now.clear()
            self._next_try_s = self._clock.monotonic() + wait_s
            self._publish()
            log.info("backend: dialling again in %.1f s", wait_s)
            if await wait(self._redial_now, wait_s):
                self._backoff.reset()

    async def _connection(self) -> None:
        """One connection, from the dial to its end. Raises what ended it."""
        self._served = False
        async with self._dialler.connection() as socket:
            wire = Wire(
                socket,
                self._answer,
                call_timeout_s=self._installation.backend.call_timeout_s,
                now_s=self._clock.monotonic,
                on_invalid=self._invalid,
            )
            self._wire = wire
            self._publish()
            try:
                await first_of(
                    wire.serve(), self._ping(socket), self._registered.send_triggered(wire), self._talk(wire)
                )
            except asyncio.CancelledError:
                await _say_goodbye(socket, 1001, "the station stops")
                raise
            except BackendUnreachable as error:
                if wire.farewell:
                    await _say_goodbye(socket, 1000, str(error))
                raise
            finally:
                self._registered.left()
                self._delivery.left()
                socket.transport.abort()  # a dead line would make us wait for its goodbye

    async def _talk(self, wire: Wire) -> None:
        if self._boot is not RegistrationStatus.ACCEPTED or self._boot_fields() != self._told_boot:
            await self._register(wire)
        else:
            await self._registered.heartbeat(wire)
        await first_of(self._of_use(wire), self._registered.talk(wire), self._talk_of_security(wire))

    async def _of_use(self, wire: Wire) -> None:
        """A line is of use once somebody answers on it. Never ends by itself."""
        await wire.answered.wait()
        self._backoff.reset()
        self._served = True
        self._unreachable = False
        self._publish()
        await asyncio.get_running_loop().create_future()

    async def _talk_of_security(self, wire: Wire) -> None:
        await self._registered.present_told.wait()
        link = self._dialler.link
        shown = link.pair if link is not None and link.profile == 3 else None
        await first_of(self._news.talk(wire), self._signing.talk(wire, shown))

    async def _register(self, wire: Wire) -> None:
        """BootNotification until it is accepted, not before its time on any connection (OCPP 1.6 section 4.2)."""
        while self._boot is not RegistrationStatus.ACCEPTED or self._boot_fields() != self._told_boot:
            self._boot_now.clear()
            if (wait_s := self._boot_due_s - self._clock.monotonic()) > 0:
                await wait(self._boot_now, wait_s)
            try:
                await self._send_boot(wire)
            except (BackendRefused, NoAnswer) as error:
                if not wire.usable:
                    raise
                log.warning("backend: BootNotification failed: %s", error)
                self._boot_due_s = self._clock.monotonic() + self._installation.backend.boot_retry_s

    async def _boot_again(self, wire: Wire) -> None:
        """A triggered BootNotification after we were accepted; another answer begins the registration anew."""
        await self._send_boot(wire)
        if self._boot is not RegistrationStatus.ACCEPTED:
            wire.drop("the registration was withdrawn")

    async def _send_boot(self, wire: Wire) -> None:
        """Raises BackendRefused."""
        fields = self._boot_fields()
        answer = answers.read(await wire.request("BootNotification", fields), answers.Boot)
        log.info("backend: BootNotification %s, interval %d s", answer.status, answer.interval)
        await self._correct(answers.aware(answer.current_time))
        self._boot = answer.status
        if answer.status is RegistrationStatus.ACCEPTED:
            self._told_boot, self._boot_due_s = fields, 0.0
            await self._registered.heartbeat_interval(self._commands, answer.interval)
        else:
            again_in_s = answer.interval if answer.interval > 0 else self._installation.backend.boot_retry_s
            self._boot_due_s = self._clock.monotonic() + again_in_s
        self._publish()

    def _firmware(self) -> str:
        return self._state.snapshot.station.firmware or self._installation.station.firmware or __version__

    def _boot_fields(self) -> dict[str, Any]:
        return registration.boot_payload(self._settings, self._installation, self._firmware())

    async def _ping(self, socket: ClientConnection) -> None:
        """Raises BackendUnreachable when a pong does not come."""
        while True:
            self._ping_changed.clear()
            interval_s = self._settings.int("WebSocketPingInterval")
            if await wait(self._ping_changed, interval_s or None):
                continue
            try:
                async with asyncio.timeout(min(interval_s, PONG_S)):
                    await (await socket.ping())
            except TimeoutError as error:
                raise BackendUnreachable("the line is dead: no pong") from error

    # --- what comes in -------------------------------------------------------------------------------------

    async def _answer(self, action: str, payload: Any) -> Answer | None:
        """None while we are rejected: then a station does not respond (OCPP 1.6 section 4.2)."""
        if self._boot is RegistrationStatus.REJECTED:
            log.info("backend asks: %s, but it rejected the registration", action)
            return None
        log.info("backend asks: %s", action)
        return await answer_call(self._acted_on, action, payload)

    def _invalid(self, what: str) -> None:
        self._security.record(SecurityEventType.INVALID_MESSAGES, what)

    def _trigger(self, wanted: Trigger, connector_id: int | None) -> None:
        if wanted is Trigger.BOOT and not self.online:
            self._boot_now.set()
        else:
            self._registered.trigger(wanted, connector_id)

    def _key_changed(self, name: str) -> None:
        if name in _REDIAL_KEYS and not self._dialler.settling:
            self._redial_now.set()
            self._boot_due_s = 0.0  # another station to them, or another backend
            if self._boot is RegistrationStatus.REJECTED:
                self._boot = None
            if self._wire is not None:
                self._wire.drop_when_answered(f"{name} changed")
        self._ping_changed.set()
        self._registered.keys_changed()

    # --- what is shown -------------------------------------------------------------------------------------

    def _counted(self) -> None:
        self._publish()

    def _publish(self) -> None:
        connected = self._wire is not None
        self._state.set(
            backend=Backend(
                configured=True,
                connected=connected,
                problem="" if connected else self._problem,
                next_try_s=None if connected else self._next_try_s,
                boot=self._boot if connected else None,
                url=self._dialler.shown,
                waiting_messages=self._delivery.waiting,
                undelivered_messages=self._delivery.undelivered,
            )
        )


async def _say_goodbye(socket: ClientConnection, code: int, reason: str) -> None:
    """The backend is to see that the end was meant, if the line still works."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await socket.close(code, reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore"))


def _reason(error: Exception) -> str:
    """One line for the log."""
    if isinstance(error, TimeoutError):
        return "no answer to the dial"
    if isinstance(error, ConnectionClosed):
        return why(error)
    return str(error) or type(error).__name__
