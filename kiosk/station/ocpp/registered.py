"""What a registered station tells by itself: statuses, heartbeats, and what the backend triggers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.enums import Provenance
from kiosk.model.errors import BackendRefused
from kiosk.model.snapshot import Changes, Connector
from kiosk.settings import Installation, Settings
from kiosk.station.commands import Commands
from kiosk.station.commands.files import Files
from kiosk.station.ocpp import answers, file_news, status
from kiosk.station.ocpp.asked import Trigger
from kiosk.station.ocpp.delivery import Delivery
from kiosk.station.ocpp.jobs import first_of, wait
from kiosk.station.ocpp.notices import Notices
from kiosk.station.ocpp.wire import NoAnswer, Wire
from kiosk.station.state import State
from kiosk.station.storage import Journal
from kiosk.station.storage.records import MeterSample

log = logging.getLogger(__name__)

AGAIN_FIRST_S: Final = 10.0
AGAIN_LONGEST_S: Final = 3600.0
"""Pause of all statuses after one that a living backend did not answer; it doubles with each."""
TRIGGERED = "Trigger"
"""ReadingContext of a triggered reading (OCPP 1.6 section 7.33)."""


class Registered:
    """``correct`` takes the backend's time; ``boot_again`` repeats the registration."""

    def __init__(
        self,
        settings: Settings,
        installation: Installation,
        state: State,
        clock: Clock,
        journal: Journal,
        delivery: Delivery,
        correct: Callable[[datetime], Awaitable[None]],
        boot_again: Callable[[Wire], Awaitable[None]],
        notices: Notices,
        files: Files,
    ) -> None:
        self._settings = settings
        self._installation = installation
        self._state = state
        self._clock = clock
        self._journal = journal
        self._delivery = delivery
        self._correct = correct
        self._boot_again = boot_again
        self._notices = notices
        self._files = files
        file_news.connect(files, notices)
        self._board = status.StatusBoard()
        self._listening = False
        self._telling = asyncio.Lock()  # changes taken off the board are told before anybody takes more
        delivery.tell_before_start = self._tell_before_start
        self.present_told = asyncio.Event()  # the backend knows how every connector is
        self._again: set[int] = set()  # connectors whose status was not answered
        self._again_s = 0.0  # monotonic time of their next try
        self._pause_s = AGAIN_FIRST_S
        self._status_wake = asyncio.Event()
        self._beat_wake = asyncio.Event()
        self._triggers: dict[tuple[Trigger, int | None], None] = {}  # in the order in which they were asked for
        self._trigger_wake = asyncio.Event()

    # --- news from inside ----------------------------------------------------------------------------------

    def state_changed(self, changes: Changes) -> None:
        if not self._listening:
            return
        at, now_s = self._clock.now(), self._clock.monotonic()
        pictures = []
        if changes.station is not msgspec.UNSET:
            pictures.append(status.of_station(changes.station))
        if changes.connectors is not msgspec.UNSET:
            pictures.extend(status.of_connector(c) for c in changes.connectors)
        for picture in pictures:
            self._board.changed(picture, at, now_s)
        self._status_wake.set()

    def keys_changed(self) -> None:
        self._status_wake.set()
        self._beat_wake.set()

    def trigger(self, wanted: Trigger, connector_id: int | None) -> None:
        """One that waits already does not wait twice: a backend that asks without end must not fill our memory."""
        self._triggers[wanted, connector_id] = None
        self._trigger_wake.set()

    def left(self) -> None:
        """The connection is gone, and with it what was asked for on it."""
        self._listening = False
        self.present_told.clear()
        self._board.reset()
        self._again.clear()
        self._triggers.clear()

    async def heartbeat_interval(self, commands: Commands, interval_s: int) -> None:
        """The interval of BootNotification.conf overwrites HeartbeatInterval; 0 leaves it to us."""
        if interval_s > 0 and interval_s != self._settings.int("HeartbeatInterval"):
            await commands.change_key("HeartbeatInterval", str(interval_s), Provenance.BACKEND)

    # --- telling -------------------------------------------------------------------------------------------

    async def talk(self, wire: Wire) -> None:
        """Until the connection ends. First the present statuses, then what is owed, then whatever happens."""
        self._board.reset()
        self._listening = True
        await self._tell_present(wire, None)
        self._delivery.joined(wire)
        self.present_told.set()
        await first_of(self._statuses(wire), self._beat(wire), self._notices.talk(wire), self._doubt(wire))

    async def _tell_present(self, wire: Wire, wanted: set[int] | None) -> None:
        """``wanted``: connectors, None: all."""
        now = self._clock.now()
        pictures = status.of_all(self._state.snapshot)
        await self._tell_all(wire, [(p, now) for p in pictures if wanted is None or p.connector_id in wanted])

    async def _tell_all(self, wire: Wire, changes: list[tuple[status.Picture, datetime]]) -> None:
        """In order, until one is not answered: that connector and those behind it are told again later."""
        for n, (picture, at) in enumerate(changes):
            if not await self._tell(wire, picture, at):
                for unasked, _ in changes[n:]:
                    self._board.told(unasked)  # a change is told at once, as ever; this one after the pause
                    self._again.add(unasked.connector_id)
                self._again_s = self._clock.monotonic() + self._pause_s
                self._pause_s = min(2 * self._pause_s, AGAIN_LONGEST_S)
                self._status_wake.set()
                return

    async def _doubt(self, wire: Wire) -> None:
        """Several calls were not answered: does the server hang, or does it only not know those messages?"""
        while True:
            await wire.doubted.wait()
            wire.doubted.clear()
            await self.heartbeat(wire)

    async def _tell_before_start(self, wire: Wire, connector_id: int, started_at: datetime) -> None:
        minimum_s = float(self._settings.int("MinimumStatusDuration"))
        async with self._telling:
            await self._tell_all(wire, self._board.before_start(connector_id, started_at, minimum_s))

    async def _statuses(self, wire: Wire) -> None:
        while True:
            self._status_wake.clear()
            minimum_s = float(self._settings.int("MinimumStatusDuration"))
            async with self._telling:
                await self._tell_all(wire, self._board.due(self._clock.monotonic(), minimum_s))
            if self._again and self._clock.monotonic() >= self._again_s:
                await self._tell_present(wire, set(self._again))
            times_s = [self._board.next_due_s(minimum_s), self._again_s if self._again else None]
            due_s = min((each for each in times_s if each is not None), default=None)
            wait_s = None if due_s is None else max(0.0, due_s - self._clock.monotonic())
            await wait(self._status_wake, wait_s)

    async def _tell(self, wire: Wire, picture: status.Picture, at: datetime) -> bool:
        """False: a living backend did not answer."""
        self._board.told(picture)
        payload = status.payload(picture, at, self._installation.station.vendor)
        try:
            await wire.request("StatusNotification", payload)
        except BackendRefused as error:
            log.warning("StatusNotification of connector %d: %s", picture.connector_id, error)
        except NoAnswer as error:
            if not error.alive:
                raise
            log.warning("StatusNotification of connector %d: %s", picture.connector_id, error)
            return False
        self._again.discard(picture.connector_id)
        self._pause_s = AGAIN_FIRST_S
        return True

    async def _beat(self, wire: Wire) -> None:
        """A heartbeat once nothing was exchanged for HeartbeatInterval (OCPP 1.6 section 4.6)."""
        while True:
            self._beat_wake.clear()
            interval_s = self._settings.int("HeartbeatInterval")
            silent_s = self._clock.monotonic() - wire.last_s
            if interval_s <= 0:
                await self._beat_wake.wait()
            elif silent_s >= interval_s:
                await self.heartbeat(wire)
            else:
                await wait(self._beat_wake, interval_s - silent_s)

    async def heartbeat(self, wire: Wire) -> None:
        """Also corrects the clock (OCPP 1.6 section 4.6)."""
        try:
            answered = answers.read(await wire.request("Heartbeat", {}), answers.Heartbeat)
        except BackendRefused as error:
            log.warning("Heartbeat: %s", error)
        except NoAnswer as error:
            if not error.alive:
                raise
            log.warning("Heartbeat: %s", error)
        else:
            await self._correct(answers.aware(answered.current_time))

    # --- triggered -----------------------------------------------------------------------------------------

    async def send_triggered(self, wire: Wire) -> None:
        """Until the connection ends; also while the registration is pending (OCPP 1.6 section 4.2.1)."""
        while True:
            if not self._triggers:
                self._trigger_wake.clear()
                await self._trigger_wake.wait()
                continue
            wanted, connector_id = next(iter(self._triggers))
            del self._triggers[wanted, connector_id]
            try:
                await self._send(wire, wanted, connector_id)
            except (BackendRefused, NoAnswer) as error:
                if isinstance(error, NoAnswer) and not error.alive:
                    raise
                log.warning("triggered %s: %s", wanted, error)

    async def _send(self, wire: Wire, wanted: Trigger, connector_id: int | None) -> None:
        match wanted:
            case Trigger.BOOT:
                await self._boot_again(wire)
            case Trigger.HEARTBEAT:
                await self.heartbeat(wire)
            case Trigger.STATUS:
                await self._tell_present(wire, None if connector_id is None else {connector_id})
            case Trigger.METER_VALUES:
                for connector in self._state.snapshot.connectors:
                    if connector_id in (None, connector.id):
                        await self._read_meter(connector)
            case Trigger.FIRMWARE | Trigger.DIAGNOSTICS | Trigger.SIGNED_FIRMWARE | Trigger.LOG:
                await wire.request(wanted.value, file_news.current(wanted, self._files))

    async def _read_meter(self, connector: Connector) -> None:
        """Journalled like every sample that is sent; it takes its turn behind what is owed."""
        session = connector.session
        running = session is not None and session.local_id is not None and session.ended_at is None
        known = {
            "Energy.Active.Import.Register": connector.meter_wh,
            "Power.Active.Import": connector.power_w,
            "Power.Offered": connector.limit_w,
            "Current.Import": connector.current_a,
            "Voltage": connector.voltage_v,
            "SoC": connector.soc_percent,
        }
        sample = MeterSample(
            local_id=session.local_id if session is not None and running else None,
            connector_id=connector.id,
            at=self._clock.now(),
            context=TRIGGERED,
            values={name: float(value) for name, value in known.items() if value is not None},
        )
        await self._journal.sample(sample, owed=True)
        self._delivery.facts_waiting()
