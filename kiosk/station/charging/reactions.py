"""What follows from what the hardware tells. Called with the connector's lock held, one event after another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from kiosk.model.clock import Clock
from kiosk.model.enums import Phase, RefusalReason, StopReason
from kiosk.model.faults import METER_ERROR
from kiosk.settings import Settings
from kiosk.station.charging.acts import Acts
from kiosk.station.charging.alarms import Alarms
from kiosk.station.charging.authorization import autocharge_tag
from kiosk.station.charging.bay import Bay
from kiosk.station.charging.connector import STAGE_OF_PHASE, Stage
from kiosk.station.hardware.ports import (
    ConnectorEvent,
    EndedByCar,
    FaultCleared,
    FaultRaised,
    PhaseChanged,
    Plugged,
    Unplugged,
    VehicleIdentified,
)
from kiosk.station.storage import EventLog
from kiosk.station.tasks import Tasks

log = logging.getLogger(__name__)

STOP_KEY = "StopTransactionOnEVSideDisconnect"
SHOWN_S = 30.0  # a session that is over is told this long after the plug was pulled: its driver stands there


class Reactions:
    """``start`` authorizes a tag at a connector (None: kiosk mode).

    ``plugged_in`` tells of a plug that nobody awaited; returns whether kiosk mode may start there.
    """

    def __init__(
        self,
        *,
        acts: Acts,
        alarms: Alarms,
        settings: Settings,
        events: EventLog,
        clock: Clock,
        tasks: Tasks,
        start: Callable[[int, str | None], Coroutine[Any, Any, RefusalReason | None]],
        plugged_in: Callable[[Bay], bool],
        publish: Callable[[Bay], None],
    ) -> None:
        self._acts = acts
        self._alarms = alarms
        self._settings = settings
        self._events = events
        self._clock = clock
        self._tasks = tasks
        self._start = start
        self._plugged_in = plugged_in
        self._publish = publish

    async def handle(self, bay: Bay, event: ConnectorEvent) -> None:
        match event:
            case Plugged():
                await self._plugged(bay)
            case Unplugged():
                await self._unplugged(bay)
            case VehicleIdentified(vehicle_id=vehicle_id):
                await self._identified(bay, vehicle_id)
            case PhaseChanged(phase=phase):
                await self._phase(bay, phase)
            case EndedByCar():
                if bay.session is not None and bay.session.stop_reason is None:
                    await self._acts.tell_to_stop(bay, StopReason.LOCAL, None)
            case FaultRaised() | FaultCleared():
                await self._alarms.take(bay, event)

    async def meter(self, bay: Bay) -> None:
        """What the watch over the register found since it was asked last."""
        while bay.meter.news:
            text = bay.meter.news.pop(0)
            log.warning("%s%d: %s", bay.port.type, bay.id, text)
            await self._events.add(self._clock.now(), "meter_doubted", bay.id, METER_ERROR, text)
        event = bay.meter_event()
        if event is not None:
            await self.handle(bay, event)

    async def _plugged(self, bay: Bay) -> None:
        await self._alarms.catch_up(bay)  # a plug that brings a fault along begins nothing
        if bay.stage is Stage.AUTHORIZED:
            await self._acts.begin(bay)
            return
        if bay.running:  # the cable was out of the car, the transaction went on
            log.info("%s%d: plugged in again", bay.port.type, bay.id)
            self._acts.energise(bay)
            return
        bay.session, bay.forget_at_s = None, None
        bay.wait_until_s = self._acts.plug_deadline()
        if self._plugged_in(bay):
            self._tasks.spawn(f"kiosk start {bay.id}", self._start(bay.id, None))

    async def _unplugged(self, bay: Bay) -> None:
        if bay.running and bay.stage is not Stage.STOPPING and not self._settings.bool(STOP_KEY):
            log.info("%s%d: the plug is out, the transaction stays open", bay.port.type, bay.id)
            bay.move(Stage.SUSPENDED_EV)  # OCPP 1.6 section 4.9
            if bay.session is not None:
                bay.session.under_way = True
            return
        if bay.running:
            await self._acts.finish(bay, StopReason.EV_DISCONNECTED, plug_leaves=True)
            self._publish(bay)
            if self._settings.bool("UnlockConnectorOnEVSideDisconnect") and not bay.port.unlock():
                log.warning("%s%d: does not unlock", bay.port.type, bay.id)
        bay.wait_until_s = None
        await self._alarms.unplugged(bay)
        if bay.stage is Stage.FINISHED:
            bay.move(Stage.IDLE)
        self._acts.go_out_of_service(bay)
        bay.forget_at_s = self._clock.monotonic() + SHOWN_S

    async def _identified(self, bay: Bay, vehicle_id: str) -> None:
        if bay.running and bay.session is not None:
            if bay.session.vehicle_id not in (None, vehicle_id):
                log.warning("%s%d: another car than the one that began", bay.port.type, bay.id)
                await self._acts.tell_to_stop(bay, StopReason.EV_DISCONNECTED, None)
            bay.session.vehicle_id = bay.session.vehicle_id or vehicle_id
        waits = bay.stage in (Stage.IDLE, Stage.FINISHED) and bay.session is None
        waits = waits and bay.by_hand_cycles != bay.port.cycles
        if waits and self._settings.bool("AutochargeEnabled") and bay.port.type.has_vehicle_id:
            self._tasks.spawn(f"autocharge {bay.id}", self._start(bay.id, autocharge_tag(vehicle_id)))

    async def _phase(self, bay: Bay, phase: Phase) -> None:
        bay.phase_since_s = self._clock.monotonic()
        if not bay.running or bay.session is None:
            return
        if phase is Phase.ENDED or (phase is Phase.PLUGGED and bay.stage is Stage.STOPPING):
            if not bay.may_begin_again():
                await self._acts.finish(bay, bay.session.stop_reason or StopReason.OTHER)
                return
            log.warning("%s%d: the hardware stopped by itself; it begins again", bay.port.type, bay.id)
            self._acts.energise(bay)
        elif bay.stage is not Stage.STOPPING and phase in STAGE_OF_PHASE:
            # a contactor that closes onto a refused tag gives nothing, and never will
            waits = phase is Phase.ENERGY and bay.session.deauthorized
            bay.move(Stage.SUSPENDED_EVSE if waits else STAGE_OF_PHASE[phase])
            bay.session.under_way |= phase is Phase.ENERGY
