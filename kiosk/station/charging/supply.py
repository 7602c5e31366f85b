"""Power for the sessions: measures, lets ``power`` decide, sets stacks and limits. Every control step anew.

Re-reading reality each step survives restarts and lost messages; repeating the limits also feeds the hardware's
watchdog, so that a dead core means no power.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from datetime import datetime

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.enums import LimitReason
from kiosk.model.snapshot import Changes
from kiosk.settings import Installation, Settings
from kiosk.station.charging.bay import Bay
from kiosk.station.charging.connector import Stage
from kiosk.station.charging.profiles import ProfileBook
from kiosk.station.charging.sessions import Sessions
from kiosk.station.hardware.ports import HardwarePort
from kiosk.station.power import (
    Allocation,
    Limits,
    Outlet,
    Request,
    Strategy,
    allocate,
    outlets_of,
    stacks_of,
)
from kiosk.station.power.derating import CABINET, CABLE, Derating
from kiosk.station.power.load_management import Controller, withheld
from kiosk.station.power.model import Stacks, grid_cost, least_ac_w
from kiosk.station.power.profile_model import Circuit
from kiosk.station.power.profiles import Bound
from kiosk.station.state import State

log = logging.getLogger(__name__)


class Supply:
    def __init__(
        self,
        hardware: HardwarePort,
        sessions: Sessions,
        settings: Settings,
        installation: Installation,
        state: State,
        profiles: ProfileBook,
        clock: Clock,
    ) -> None:
        self._hardware = hardware
        self._sessions = sessions
        self._settings = settings
        self._installation = installation
        self._state = state
        self._profiles = profiles
        self._clock = clock
        self._fitted_stacks = stacks_of(installation)
        self._cabinet = Derating(CABINET)
        self._cables = {bay.id: Derating(CABLE) for bay in sessions.bays.values()}
        self._promised: set[int] = set()  # connectors that were let in, and have no stack yet
        self._stages: tuple[Stage, ...] = ()  # of the bays, when it was last reckoned where another may start
        self.allocation: Allocation | None = None
        self.controller = Controller()  # an external load management
        state.subscribe(self._moved)

    def step(self, now_s: float) -> None:
        """One allocation: limits first go down, then stacks move, then limits go up."""
        self._feel(now_s)
        new, limits = self._reckon(now_s)
        self._switch(new)
        for bay in self._sessions.bays.values():
            share = new.share(bay.id)
            if bay.running and share is not None:
                deauthorized = bay.session is not None and bay.session.deauthorized
                bay.limit_w = 0 if deauthorized else share.limit_w
                bay.port.set_limit_w(bay.limit_w)
                bay.limit_a = round(bay.limit_w / _per_ampere(self._profiles.circuit(bay, now_s)), 1)
                reason = LimitReason.AUTHORIZATION if deauthorized else share.reason
                self._tell(bay, bay.limit_w, reason, () if deauthorized else share.shared_with)
            else:
                bay.limit_w, bay.limit_a = 0, 0.0
                self._tell(bay, None, None, ())
            bay.withheld = withheld(limits.outlet(bay.id), limits.managed_w)
        self.allocation = new

    def _moved(self, changes: Changes) -> None:
        """Somebody was authorized, or left: who asks for a start next must not be answered by an old picture."""
        if changes.connectors is msgspec.UNSET:
            return
        if self._stages != tuple(bay.stage for bay in self._sessions.bays.values()):
            self._reckon(self._clock.monotonic())

    def _reckon(self, now_s: float) -> tuple[Allocation, Limits]:
        """The allocation for now, and with it where another session would find power."""
        bays = self._sessions.bays
        self._stages = tuple(bay.stage for bay in bays.values())
        running = [bay for bay in bays.values() if bay.running]
        awaited = [bay for bay in bays.values() if bay.stage is Stage.AUTHORIZED]
        self._promise(running, awaited)
        limits, stacks = self._limits(running, now_s), self._stacks()
        strategy = Strategy(self._settings.str("ChargingStrategy"))
        requests = [_request(bay, now_s, promised=bay.id in self._promised) for bay in running]
        new = allocate(requests, self._left(stacks, strategy, awaited), limits, strategy, self.allocation)
        startable = set(new.startable)
        if awaited:  # each holds one stack's worth, not more
            coming = [Request(connector_id=bay.id, since_s=now_s, requested_w=stacks.power_w) for bay in awaited]
            asked = [*requests, *coming]
            startable &= set(allocate(asked, stacks, limits, strategy, self.allocation).startable)
        for bay in bays.values():
            bay.can_start = bay.running or bay.stage is Stage.AUTHORIZED or bay.id in startable
        return new, limits

    def _promise(self, running: Sequence[Bay], awaited: Sequence[Bay]) -> None:
        """Who is let in while a stack is free must not find it gone at the plug, nor after a restart."""
        if self.allocation is None:  # sessions that a restart interrupted had their stack
            kept = {bay.id for bay in running if bay.port.type.is_dc}
        else:
            held = {share.connector_id for share in self.allocation.shares if share.stacks}
            kept = self._promised & {bay.id for bay in running} - held
        self._promised = kept | {bay.id for bay in awaited if bay.port.type.is_dc}

    def _left(self, stacks: Stacks, strategy: Strategy, awaited: Sequence[Bay]) -> Stacks:
        """Without the stacks of those on the way to the plug. FAIR gives whoever starts one anyway."""
        if strategy is Strategy.FAIR:
            return stacks
        coming = sum(bay.port.type.is_dc for bay in awaited)
        held = sum(share.stacks for share in self.allocation.shares) if self.allocation else 0
        return msgspec.structs.replace(stacks, count=stacks.count - min(coming, max(0, stacks.count - held)))

    def _stacks(self) -> Stacks:
        """The stacks with what heat leaves of them."""
        fitted = self._fitted_stacks
        return msgspec.structs.replace(fitted, derated_w=self._cabinet.limit_w(fitted.power_w))

    def _feel(self, now_s: float) -> None:
        self._cabinet.feel(self._hardware.stacks.temperature_c)
        for bay in self._sessions.bays.values():
            reading = bay.fresh_reading(now_s)
            self._cables[bay.id].feel(reading.temperature_c if reading else None)

    def _limits(self, running: Sequence[Bay], now_s: float) -> Limits:
        """Every limit in force now. Profiles are asked anew each step, so that a period's edge is met by the next
        step whatever the clock did meanwhile."""
        now = self._clock.now()
        station = self._profiles.station_bound(now)
        busy = {bay.id: bay for bay in running}
        outlets = [
            msgspec.structs.replace(
                outlet, modbus_w=self.controller.connector_w(outlet.connector_id, self._settings, now_s)
            )
            for outlet in outlets_of(self._installation, self._settings.ints("ConnectorsPowerLimit"))
        ]
        return Limits(
            outlets=tuple(
                outlet
                if (bay := busy.get(outlet.connector_id)) is None
                else self._bounded(outlet, bay, station, now, now_s)
                for outlet in outlets
            ),
            grid_w=self._settings.int("MaxGridPower"),
            modbus_w=self.controller.station_w(self._settings, now_s),
            fallback_w=self.controller.fallback_w(self._settings, now_s),
            profile_w=station.limit_w,
        )

    def _bounded(self, outlet: Outlet, bay: Bay, station: Bound, now: datetime, now_s: float) -> Outlet:
        """The outlet with its session's limits.

        Less than a profile's minChargingRate is of no use to the car; that of the station's profile, W at the
        grid, holds for each. An AC car that was seen to use fewer phases can do with less, and takes less.
        """
        bound = self._profiles.session_bound(bay, now, now_s)
        most_w, least_w = outlet.max_power_w, outlet.min_power_w
        if not outlet.dc:
            circuit = self._profiles.circuit(bay, now_s)
            fitted = self._installation.connectors[bay.id - 1]
            most_w = min(most_w, int(fitted.max_current_a * circuit.volts * circuit.phases))
            least_w = least_ac_w(circuit.phases)
        return msgspec.structs.replace(
            outlet,
            profile_w=bound.limit_w,
            max_power_w=most_w,
            min_power_w=max(least_w, bound.min_w, math.floor(station.min_w / grid_cost(outlet))),
            derating_w=self._cables[bay.id].limit_w(outlet.max_power_w),
        )

    def _switch(self, new: Allocation) -> None:
        """Release stacks before they are given to another connector, and only below the new limit."""
        before = {s.connector_id: s.stacks for s in self.allocation.shares} if self.allocation else {}
        after = {s.connector_id: s.stacks for s in new.shares}
        for connector_id in sorted(before | after, key=lambda n: after.get(n, 0) - before.get(n, 0)):
            if after.get(connector_id, 0) != before.get(connector_id, 0):
                share = new.share(connector_id)
                self._sessions.bays[connector_id].port.set_limit_w(share.limit_w if share else 0)
                self._hardware.stacks.assign(connector_id, after.get(connector_id, 0))

    def _tell(
        self, bay: Bay, limit_w: int | None, reason: LimitReason | None, shared_with: tuple[int, ...]
    ) -> None:
        old = self._state.connector(bay.id)
        new = msgspec.structs.replace(old, limit_w=limit_w, limit_reason=reason, shared_with=shared_with)
        self._state.set_connector(new, live=(reason, shared_with) == (old.limit_reason, old.shared_with))


def _per_ampere(circuit: Circuit) -> float:
    """Watts at the plug for one ampere (AC: of each phase)."""
    return circuit.volts * circuit.phases


def _request(bay: Bay, now_s: float, *, promised: bool) -> Request:
    reading = bay.fresh_reading(now_s)
    session = bay.session
    requested_w = reading.requested_w if reading else None
    refused = session is not None and session.deauthorized
    if bay.running and (refused or not bay.port.plugged):
        requested_w = 0  # nothing may flow, or no car is there: it leaves the others what it does not need
    return Request(
        connector_id=bay.id,
        since_s=session.started_s if session is not None and bay.running else now_s,
        requested_w=requested_w,
        draw_w=reading.power_w if reading else None,
        voltage_v=(reading.voltage_v or None) if reading else None,
        promised=promised,
    )
