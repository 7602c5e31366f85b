"""What is done at a connector with its lock held: begin, stop, finish, give up. Journal first, then act."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from kiosk.model.clock import Clock
from kiosk.model.enums import AuthorizationStatus, Phase, StopReason
from kiosk.model.faults import EMERGENCY_STOP, FAULTS, blocks_start
from kiosk.settings import Settings
from kiosk.station.charging.bay import Bay, Grant, Running
from kiosk.station.charging.connector import Stage
from kiosk.station.charging.levels import Levels
from kiosk.station.charging.plausibility import Watch
from kiosk.station.charging.reservations import Reservations
from kiosk.station.charging.transactions import Transactions
from kiosk.station.hardware.ports import HardwarePort
from kiosk.station.storage import ReservationStore
from kiosk.station.storage.records import OpenTransaction

log = logging.getLogger(__name__)

STOP_PATIENCE_S = 15.0  # a connector that does not report ENDED in that time is closed all the same


class Acts:
    """Owner of the bays and of the locks on them."""

    def __init__(
        self,
        hardware: HardwarePort,
        settings: Settings,
        transactions: Transactions,
        store: ReservationStore,
        clock: Clock,
    ) -> None:
        self.bays: dict[int, Bay] = {}
        self.station = Levels()
        self._station_port = hardware.station
        for port in hardware.connectors:
            meter = Watch(port.max_power_w, hardware.pace)
            self.bays[port.id] = Bay(
                port=port,
                meter=meter,
                levels=Levels(port.faults),
                station=self.station,
                phase_since_s=clock.monotonic(),
            )
        self.reservations = Reservations(store, settings, clock, self.bays)
        self.locks = {connector_id: asyncio.Lock() for connector_id in self.bays}
        self.ended = {connector_id: asyncio.Event() for connector_id in self.bays}
        self._settings = settings
        self._transactions = transactions
        self._clock = clock
        self._stopping_since: dict[int, float] = {}
        self.before_begin: Callable[[Bay, Grant], Awaitable[None]] = _nothing
        """What must be on the disk before the transaction is; its id is ``grant.local_id`` already."""

    async def begin(self, bay: Bay) -> bool:
        """False when it came to nothing: a fault, or a meter that cannot be read."""
        meter_wh = bay.register_wh
        if bay.grant is None or meter_wh is None or self._unfit(bay):
            self.forget_grant(bay)
            return False
        reserved = self.reservations.match(bay.id, bay.grant.id_tag, bay.grant.parent_id_tag)
        bay.grant.reservation_id = reserved.reservation_id if reserved is not None else None
        await self.before_begin(bay, bay.grant)
        run = await self._transactions.begin(bay, bay.grant, meter_wh)
        run.vehicle_id = bay.port.vehicle_id
        bay.session, bay.grant, bay.wait_until_s = run, None, None
        self.ended[bay.id].clear()
        self.energise(bay)
        if reserved is not None:  # a core that dies before this drops it when it starts
            await self.reservations.used(reserved.reservation_id)
        return True

    def _unfit(self, bay: Bay) -> bool:
        """The hardware may know of a fault whose event is still to be handled."""
        return bay.faulted or blocks_start(bay.port.faults & FAULTS.keys()) or self._station_port.emergency_stop

    def energise(self, bay: Bay) -> None:
        """The car is there and its transaction is open: let the hardware begin, or begin again."""
        bay.move(Stage.STARTING)
        bay.port.start()
        bay.port.set_limit_w(0 if bay.session is not None and bay.session.deauthorized else bay.limit_w)

    async def tell_to_stop(self, bay: Bay, reason: StopReason, id_tag: str | None) -> None:
        """Open the contactor; the transaction ends when the hardware says so."""
        if bay.session is None or not bay.running or bay.stage is Stage.STOPPING:
            return
        bay.session.stop_reason, bay.session.stop_tag = reason, id_tag
        bay.move(Stage.STOPPING)
        self._stopping_since[bay.id] = self._clock.monotonic()
        bay.port.stop()
        if bay.port.phase in (Phase.UNPLUGGED, Phase.PLUGGED, Phase.ENDED):
            await self.finish(bay, reason)  # the hardware had not begun, so it has no end to report

    async def take_up(self, left: OpenTransaction, window_s: float, unseen_s: float, *, ended: bool) -> None:
        """A transaction that a dead core left open goes on, or is closed. ``ended``: by the emergency stop."""
        bay, now_s = self.bays.get(left.connector_id), self._clock.monotonic()
        in_time = (self._clock.now() - left.last_at).total_seconds() <= window_s
        same = bay is not None and bay.same_meter(left.last_meter_wh, unseen_s, now_s)
        if bay is None or not same or not in_time or ended or not bay.may_resume(left.vehicle_id):
            reason = StopReason.EMERGENCY_STOP if ended else StopReason.POWER_LOSS
            await self._transactions.close_lost(left, bay.port.meter_wh() if bay and same else None, reason)
            return
        bay.session = self._transactions.resumed(left)
        bay.stage = Stage.STARTING
        bay.inoperative_after_session, bay.operative = not bay.operative, True
        if left.id_tag_status not in (None, AuthorizationStatus.ACCEPTED) and not left.kiosk:
            # when it was refused is not kept; counted from the begin it is never given twice
            self.refuse(bay, bay.session, left.meter_start_wh)
        log.warning("%s%d: transaction %s goes on after a restart", bay.port.type, bay.id, left.local_id)

    async def finish(self, bay: Bay, reason: StopReason, *, plug_leaves: bool = False) -> None:
        """Commit the end of the transaction; ``reason`` where nobody gave one before.

        ``plug_leaves``: the car was just disconnected; a backend hears Finishing before the connector is free.
        """
        run = bay.session
        if run is None or run.over:
            return
        await self._transactions.end(bay, run, run.stop_reason or reason, run.stop_tag)
        self._stopping_since.pop(bay.id, None)
        bay.needs_a_hand()
        if run.under_way and not bay.faulted:
            bay.levels.went_well()
        bay.move(Stage.FINISHED if bay.port.plugged or plug_leaves else Stage.IDLE)
        self.go_out_of_service(bay)
        self.ended[bay.id].set()

    def refuse(self, bay: Bay, run: Running, since_wh: int) -> None:
        """The backend does not accept the tag: from ``since_wh`` on only MaxEnergyOnInvalidId may flow."""
        run.energy_until_wh = since_wh + self._settings.int("MaxEnergyOnInvalidId")
        log.warning("%s%d: the backend refuses the tag of transaction %s", bay.port.type, bay.id, run.local_id)

    async def end_refused(self, bay: Bay) -> bool:
        """Stop a session whose tag was refused, once its energy is used up; else it stays suspended.

        OCPP 1.6 section 4.8 with errata 3.17.
        """
        if bay.session is None or not bay.running or not bay.session.deauthorized:
            return False
        if not self._settings.bool("StopTransactionOnInvalidId"):
            return False
        await self.tell_to_stop(bay, StopReason.DE_AUTHORIZED, None)
        return True

    async def obey_faults(self, bay: Bay) -> None:
        """A fault that stops charging ends what is under way, the emergency stop with a reason of its own."""
        if not bay.faulted:
            if bay.stage is Stage.IDLE and bay.port.plugged and bay.wait_until_s is None:
                bay.wait_until_s = self.plug_deadline()  # whoever plugged in has the time for a card anew
        elif bay.running:
            pressed = EMERGENCY_STOP in bay.faults
            await self.tell_to_stop(bay, StopReason.EMERGENCY_STOP if pressed else StopReason.OTHER, None)
        elif bay.stage is Stage.AUTHORIZED:
            self.forget_grant(bay)

    def forget_grant(self, bay: Bay) -> None:
        """Nobody may charge here any more."""
        bay.grant, bay.wait_until_s = None, None
        unfit = self._unfit(bay)
        bay.move(Stage.FINISHED if bay.port.plugged and not unfit else Stage.IDLE)
        self.go_out_of_service(bay)

    async def deadlines(self, bay: Bay, now_s: float) -> None:
        """What runs out by itself at this connector."""
        if bay.wait_until_s is not None and now_s >= bay.wait_until_s:
            bay.wait_until_s = None
            if bay.stage is Stage.AUTHORIZED:
                log.info("%s%d: not plugged in in time", bay.port.type, bay.id)
                self.forget_grant(bay)
            elif bay.stage is Stage.IDLE and bay.port.plugged:
                bay.move(Stage.FINISHED)  # plug first, nobody authorized in time (decision 4)
        await self.end_refused(bay)
        if bay.forget_at_s is not None and now_s >= bay.forget_at_s:
            bay.forget_at_s = None
            if bay.session is not None and bay.session.over:
                bay.session = None
        since_s = self._stopping_since.get(bay.id)
        if since_s is not None and now_s - since_s > STOP_PATIENCE_S:
            log.error("%s%d: did not report its end; the transaction is closed", bay.port.type, bay.id)
            await self.finish(bay, StopReason.OTHER)

    def plug_deadline(self) -> float | None:
        """Monotonic time at which ConnectionTimeOut runs out from now; None: never."""
        timeout_s = self._settings.int("ConnectionTimeOut")
        return self._clock.monotonic() + timeout_s if timeout_s > 0 else None

    def go_out_of_service(self, bay: Bay) -> None:
        """What ChangeAvailability scheduled happens as soon as nobody uses the connector."""
        if bay.inoperative_after_session and not bay.busy:
            bay.inoperative_after_session, bay.operative = False, False


async def _nothing(_bay: Bay, _grant: Grant) -> None:
    """Nothing belongs to the transaction."""
