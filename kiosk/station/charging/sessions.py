"""Sessions: the shell that turns plugs, cards and wishes into transactions. Journal first, then act.

Hardware events of all connectors are handled one after another by ``run``; wishes of faces take the connector's
lock, so two of them never act on one connector at once. Nothing here waits for a backend while holding a lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from kiosk.model.clock import Clock
from kiosk.model.enums import AuthorizationStatus, Phase, RefusalReason, StopReason
from kiosk.model.errors import NotPossible, UnknownConnector
from kiosk.model.faults import FAULTS
from kiosk.settings import Installation, Settings
from kiosk.station.charging.authorization import Denied, autocharge_tag, kiosk_tag, same_tag
from kiosk.station.charging.authorizer import Authorizer
from kiosk.station.charging.bay import Bay, Grant, picture
from kiosk.station.charging.connector import STAGE_OF_PHASE, Stage, led_rgb
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.charging.transactions import Transactions
from kiosk.station.hardware.ports import (
    ConnectorEvent,
    EndedByCar,
    FaultCleared,
    FaultRaised,
    HardwarePort,
    PhaseChanged,
    Plugged,
    Unplugged,
    VehicleIdentified,
)
from kiosk.station.state import State
from kiosk.station.storage import EventLog
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)

STOP_PATIENCE_S = 15.0  # a connector that does not report ENDED in that time is closed all the same
CHECKPOINT_S = 10.0
SHOWN_S = 30.0  # a session that is over is told this long after the plug was pulled: its driver stands there


class Sessions:
    """Owner of the bays."""

    def __init__(
        self,
        *,
        hardware: HardwarePort,
        settings: Settings,
        installation: Installation,
        state: State,
        transactions: Transactions,
        authorizer: Authorizer,
        events: EventLog,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self.bays: dict[int, Bay] = {}
        for port in hardware.connectors:
            self.bays[port.id] = Bay(port=port, faults=set(port.faults), phase_since_s=clock.monotonic())
        self.stopping = False  # a reset is under way: nothing new begins
        self.on_plugged: Callable[[int], None] = lambda _connector_id: None
        self._settings = settings
        self._installation = installation
        self._state = state
        self._transactions = transactions
        self._authorizer = authorizer
        self._events = events
        self._clock = clock
        self._tasks = tasks
        self._queue: asyncio.Queue[tuple[Bay, ConnectorEvent]] = asyncio.Queue()
        self._locks = {connector_id: asyncio.Lock() for connector_id in self.bays}
        self._ended = {connector_id: asyncio.Event() for connector_id in self.bays}
        self._stopping_since: dict[int, float] = {}
        self._checkpoint_due_s = 0.0

    def bay(self, connector_id: int) -> Bay:
        """Raises UnknownConnector."""
        try:
            return self.bays[connector_id]
        except KeyError:
            raise UnknownConnector(connector_id, len(self.bays)) from None

    @property
    def kiosk(self) -> bool:
        """Kiosk mode in force now (decision 7)."""
        return self._authorizer.kiosk

    # --- life -------------------------------------------------------------------------------------------

    async def restore(self, availability: dict[int, bool]) -> None:
        """Take up what the last core left: operative states, open transactions, plugs that are in."""
        for connector_id, operative in availability.items():
            if connector_id in self.bays:
                self.bays[connector_id].operative = operative
        window_s = self._installation.session.resume_within_s
        for left in await self._transactions.left_open():
            bay = self.bays.get(left.connector_id)
            age_s = (self._clock.now() - left.last_at).total_seconds()
            if bay is not None and age_s <= window_s and bay.may_resume(left.vehicle_id):
                bay.session = self._transactions.resumed(left)
                bay.stage = Stage.STARTING
                log.warning("%s%d: transaction %s goes on after a restart", bay.port.type, bay.id, left.local_id)
                continue
            await self._transactions.close_lost(left, bay.port.meter_wh() if bay is not None else None)
        for bay in self.bays.values():
            if bay.port.plugged and bay.session is None:
                bay.wait_until_s = self._plug_deadline()
            bay.port.subscribe(lambda event, bay=bay: self._queue.put_nowait((bay, event)))  # type: ignore[misc]
            if bay.session is not None:  # only now: what it tells from here on is heard
                bay.port.start()
            self.publish(bay)

    async def run(self) -> None:
        """Handle hardware events for ever, in the order in which they came."""
        while True:
            bay, event = await self._queue.get()
            async with self._locks[bay.id]:
                await self._handle(bay, event)
            self.publish(bay)

    async def step(self) -> None:
        """One control step (a few a second): deadlines, meter samples, checkpoints, live readings."""
        now_s = self._clock.monotonic()
        for bay in self.bays.values():
            bay.measure(now_s)
            async with self._locks[bay.id]:
                await self._deadlines(bay, now_s)
                await self._transactions.sample_if_due(bay)
            self.publish(bay, live=True)
        await self._transactions.align_if_due(self.bays.values())
        if now_s >= self._checkpoint_due_s:
            self._checkpoint_due_s = now_s + CHECKPOINT_S
            await self._transactions.checkpoint(self.bays.values())

    def publish(self, bay: Bay, *, live: bool = False) -> None:
        """Put the bay's picture into the state; a changed status always goes out at once."""
        previous = self._state.connector(bay.id)
        rgb = led_rgb(bay.status, self._settings.csl("GUIConnectorHolderColors"))
        stoppable = not (bay.session and bay.session.grant.remote) or self._settings.bool(
            "RemoteTxStoppableLocally"
        )
        new = picture(
            bay,
            previous,
            now_s=self._clock.monotonic(),
            stoppable=stoppable,
            needs_card=self._needs_card(bay),
            led_rgb=rgb,
        )
        self._state.set_connector(new, live=live and new.status is previous.status)

    # --- wishes -----------------------------------------------------------------------------------------

    async def start(self, connector_id: int, id_tag: str | None, *, remote: bool = False) -> RefusalReason | None:
        """Authorize a tag (None: kiosk mode) at a connector and begin, or wait for the plug.

        Returns why it was refused, None when authorized. Raises UnknownConnector, StorageFailed.
        """
        bay = self.bay(connector_id)
        kiosk = self.kiosk
        if id_tag is None:
            if not kiosk:
                return RefusalReason.CARD_NEEDED
            id_tag = kiosk_tag(connector_id, self._settings.csl("HycKioskModeTagIds"))
        if (reason := bay.unusable(stopping=self.stopping)) is not None:
            return reason
        verdict = await self._authorizer.authorize(id_tag, kiosk=kiosk and not remote, remote=remote)
        if isinstance(verdict, Denied):
            return verdict.reason
        async with self._locks[bay.id]:
            if (reason := bay.unusable(stopping=self.stopping)) is not None:
                return reason
            bay.grant = Grant(
                id_tag=id_tag,
                source=verdict.source,
                parent_id_tag=verdict.info.parent_id_tag if verdict.info else None,
                remote=remote,
                kiosk=kiosk and not remote,
            )
            bay.session, bay.forget_at_s = None, None
            bay.move(Stage.AUTHORIZED)
            bay.wait_until_s = self._plug_deadline()
            self.publish(bay)  # Preparing goes out before StartTransaction
            begun = await self._begin(bay) if bay.port.plugged else True
        self.publish(bay)
        return None if begun else RefusalReason.CONNECTOR_FAULTED

    async def stop(
        self, connector_id: int, reason: StopReason, *, id_tag: str | None = None, wait: bool = True
    ) -> None:
        """End the session at a connector; with ``wait`` returns when the transaction's end is committed.

        Raises UnknownConnector, NotPossible (no session there).
        """
        bay = self.bay(connector_id)
        if bay.stage is Stage.AUTHORIZED:
            await self.cancel(connector_id)
            return
        if not bay.running:
            raise NotPossible(f"connector {connector_id} has no running session")
        async with self._locks[bay.id]:
            await self._tell_to_stop(bay, reason, id_tag)
        self.publish(bay)
        if wait:
            await self._ended[bay.id].wait()

    async def cancel(self, connector_id: int) -> None:
        """Give up an authorization whose plug was not put in yet."""
        bay = self.bay(connector_id)
        async with self._locks[bay.id]:
            if bay.stage is Stage.AUTHORIZED:
                self._forget_grant(bay)
        self.publish(bay)

    def stoppable_by(self, uid: str, parent_id_tag: str | None) -> tuple[int, ...]:
        """Connectors whose running session this card may end: same tag or same parent (decision 22)."""
        return tuple(
            bay.id
            for bay in self.bays.values()
            if bay.running
            and bay.session is not None
            and (
                same_tag(bay.session.grant.id_tag, uid) or same_tag(bay.session.grant.parent_id_tag, parent_id_tag)
            )
        )

    async def start_answered(self, local_id: str, transaction_id: int, info: IdTagInfo) -> None:
        """The backend's answer to StartTransaction is committed: take its id, and its word on the tag."""
        bay = next((b for b in self.bays.values() if b.session and b.session.local_id == local_id), None)
        if bay is None or bay.session is None:
            return  # the session is over already; the journal knows the id
        bay.session.transaction_id = transaction_id
        await self._authorizer.remember(bay.session.grant.id_tag, info)
        if info.status is not AuthorizationStatus.ACCEPTED and bay.running and not bay.session.grant.kiosk:
            log.warning("%s%d: the backend refuses the tag: %s", bay.port.type, bay.id, info.status)
            bay.session.deauthorized = True  # no energy from here on (supply reads this)
            if self._settings.bool("StopTransactionOnInvalidId"):
                await self.stop(bay.id, StopReason.DE_AUTHORIZED, wait=False)
        self.publish(bay)

    def set_operative(self, connector_ids: Iterable[int], operative: bool) -> bool:
        """Put connectors in or out of service; False where a session defers it (Scheduled)."""
        at_once = True
        for connector_id in connector_ids:
            bay = self.bay(connector_id)
            bay.inoperative_after_session = False
            if not operative and (bay.running or bay.stage is Stage.AUTHORIZED):
                bay.inoperative_after_session = True
                at_once = False
            else:
                bay.operative = operative
            self.publish(bay)
        return at_once

    # --- inside, with the connector's lock held ---------------------------------------------------------

    async def _handle(self, bay: Bay, event: ConnectorEvent) -> None:
        match event:
            case Plugged():
                await self._plugged(bay)
            case Unplugged():
                await self._unplugged(bay)
            case VehicleIdentified(vehicle_id=vehicle_id):
                if bay.running and bay.session is not None and bay.session.vehicle_id not in (None, vehicle_id):
                    log.warning("%s%d: another car than before the restart", bay.port.type, bay.id)
                    await self._tell_to_stop(bay, StopReason.EV_DISCONNECTED, None)
                waits = bay.stage in (Stage.IDLE, Stage.FINISHED) and bay.session is None
                if waits and self._settings.bool("AutochargeEnabled") and bay.port.type.has_vehicle_id:
                    self._tasks.spawn(f"autocharge {bay.id}", self.start(bay.id, autocharge_tag(vehicle_id)))
            case PhaseChanged(phase=phase):
                await self._phase(bay, phase)
            case EndedByCar():
                if bay.session is not None and bay.session.stop_reason is None:
                    await self._tell_to_stop(bay, StopReason.LOCAL, None)
            case FaultRaised(code=code):
                await self._fault(bay, code, raised=True)
            case FaultCleared(code=code):
                await self._fault(bay, code, raised=False)

    async def _plugged(self, bay: Bay) -> None:
        if bay.stage is Stage.AUTHORIZED:
            await self._begin(bay)
            return
        bay.session, bay.forget_at_s = None, None
        bay.wait_until_s = self._plug_deadline()
        self.publish(bay)
        self.on_plugged(bay.id)
        if self.kiosk and bay.unusable(stopping=self.stopping) is None:
            self._tasks.spawn(f"kiosk start {bay.id}", self.start(bay.id, None))

    async def _unplugged(self, bay: Bay) -> None:
        if bay.running:
            await self._finish(bay, StopReason.EV_DISCONNECTED)
        bay.wait_until_s = None
        if bay.stage is Stage.FINISHED:
            bay.move(Stage.IDLE)
        bay.forget_at_s = self._clock.monotonic() + SHOWN_S

    async def _phase(self, bay: Bay, phase: Phase) -> None:
        bay.phase_since_s = self._clock.monotonic()
        if not bay.running or bay.session is None:
            return
        if phase is Phase.ENDED or (phase is Phase.PLUGGED and bay.stage is Stage.STOPPING):
            if not bay.may_begin_again():
                await self._finish(bay, bay.session.stop_reason or StopReason.OTHER)
                return
            log.warning("%s%d: the hardware stopped by itself; it begins again", bay.port.type, bay.id)
            bay.move(Stage.STARTING)
            bay.port.start()
        elif bay.stage is not Stage.STOPPING and phase in STAGE_OF_PHASE:
            bay.move(STAGE_OF_PHASE[phase])
            bay.session.energised |= phase is Phase.ENERGY

    async def _fault(self, bay: Bay, code: int, *, raised: bool) -> None:
        if raised:
            bay.faults.add(code)
        else:
            bay.faults.discard(code)
        name = FAULTS[code].name if code in FAULTS else "?"
        kind = "fault_raised" if raised else "fault_cleared"
        log.warning("%s%d: %s %d %s", bay.port.type, bay.id, kind, code, name)
        await self._events.add(self._clock.now(), kind, bay.id, code, name)
        if bay.faulted and bay.running:
            await self._tell_to_stop(bay, StopReason.OTHER, None)
        elif bay.faulted and bay.stage is Stage.AUTHORIZED:
            self._forget_grant(bay)

    async def _begin(self, bay: Bay) -> bool:
        """False when it came to nothing: a fault, or a meter that cannot be read."""
        meter_wh = bay.port.meter_wh()
        bay.faults |= bay.port.faults  # the hardware may know of one whose event is still to be handled
        if bay.grant is None or meter_wh is None or bay.faulted:
            self._forget_grant(bay)
            return False
        run = await self._transactions.begin(bay, bay.grant, meter_wh)
        bay.session, bay.grant, bay.wait_until_s = run, None, None
        self._ended[bay.id].clear()
        bay.move(Stage.STARTING)
        bay.port.start()
        bay.port.set_limit_w(bay.limit_w)
        return True

    async def _finish(self, bay: Bay, reason: StopReason) -> None:
        run = bay.session
        if run is None or run.over:
            return
        await self._transactions.end(bay, run, run.stop_reason or reason, run.stop_tag)
        self._stopping_since.pop(bay.id, None)
        bay.move(Stage.FINISHED if bay.port.plugged else Stage.IDLE)
        if bay.inoperative_after_session:
            bay.inoperative_after_session, bay.operative = False, False
        self._ended[bay.id].set()

    async def _tell_to_stop(self, bay: Bay, reason: StopReason, id_tag: str | None) -> None:
        if bay.session is None or not bay.running or bay.stage is Stage.STOPPING:
            return
        bay.session.stop_reason, bay.session.stop_tag = reason, id_tag
        bay.move(Stage.STOPPING)
        self._stopping_since[bay.id] = self._clock.monotonic()
        bay.port.stop()
        if bay.port.phase in (Phase.UNPLUGGED, Phase.PLUGGED, Phase.ENDED):
            await self._finish(bay, reason)  # the hardware had not begun, so it has no end to report

    def _forget_grant(self, bay: Bay) -> None:
        bay.grant, bay.wait_until_s = None, None
        bay.move(Stage.FINISHED if bay.port.plugged and not bay.faulted else Stage.IDLE)
        if bay.inoperative_after_session:
            bay.inoperative_after_session, bay.operative = False, False

    async def _deadlines(self, bay: Bay, now_s: float) -> None:
        if bay.wait_until_s is not None and now_s >= bay.wait_until_s:
            bay.wait_until_s = None
            if bay.stage is Stage.AUTHORIZED:
                log.info("%s%d: not plugged in in time", bay.port.type, bay.id)
                self._forget_grant(bay)
            elif bay.stage is Stage.IDLE and bay.port.plugged:
                bay.move(Stage.FINISHED)  # plug first, nobody authorized in time (decision 4)
        if bay.forget_at_s is not None and now_s >= bay.forget_at_s:
            bay.forget_at_s = None
            if bay.session is not None and bay.session.over:
                bay.session = None
        since_s = self._stopping_since.get(bay.id)
        if since_s is not None and now_s - since_s > STOP_PATIENCE_S:
            log.error("%s%d: did not report its end; the transaction is closed", bay.port.type, bay.id)
            await self._finish(bay, StopReason.OTHER)

    def _plug_deadline(self) -> float | None:
        timeout_s = self._settings.int("ConnectionTimeOut")
        return self._clock.monotonic() + timeout_s if timeout_s > 0 else None

    def _needs_card(self, bay: Bay) -> bool:
        kiosk = bay.session is not None and bay.session.grant.kiosk
        return self._installation.stop.needs_card and not kiosk
