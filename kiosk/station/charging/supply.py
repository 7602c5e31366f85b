"""Power for the sessions: measures, lets ``power`` decide, sets stacks and limits. Every control step anew.

Re-reading reality each step survives restarts and lost messages; repeating the limits also feeds the hardware's
watchdog, so that a dead core means no power.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.enums import LimitReason
from kiosk.settings import Installation, Settings
from kiosk.station.charging.bay import Bay
from kiosk.station.charging.connector import Stage
from kiosk.station.charging.profiles import ProfileBook
from kiosk.station.charging.sessions import Sessions
from kiosk.station.hardware.ports import HardwarePort, Reading
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
from kiosk.station.power.derating import derated_w
from kiosk.station.power.load_management import Controller
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
        self._stacks = stacks_of(installation)
        self.allocation: Allocation | None = None
        self.controller = Controller()  # an external load management

    def step(self, now_s: float) -> None:
        """One allocation: limits first go down, then stacks move, then limits go up."""
        bays = self._sessions.bays
        running = [bay for bay in bays.values() if bay.running]
        limits = self._limits(running, now_s)
        strategy = Strategy(self._settings.str("ChargingStrategy"))
        new = allocate([_request(bay, now_s) for bay in running], self._stacks, limits, strategy, self.allocation)
        self._switch(new)
        startable = set(new.startable)
        awaited = [bay for bay in bays.values() if bay.stage is Stage.AUTHORIZED]
        if awaited:  # whoever is on the way to the plug holds one stack's worth, not more
            asked = [_request(bay, now_s) for bay in running]
            asked += [
                Request(connector_id=bay.id, since_s=now_s, requested_w=self._stacks.power_w) for bay in awaited
            ]
            startable &= set(allocate(asked, self._stacks, limits, strategy, self.allocation).startable)
        for bay in bays.values():
            share = new.share(bay.id)
            if bay.running and share is not None:
                deauthorized = bay.session is not None and bay.session.deauthorized
                bay.limit_w = 0 if deauthorized else share.limit_w
                bay.port.set_limit_w(bay.limit_w)
                bay.limit_a = round(bay.limit_w / self._profiles.volts(bay, now_s), 1)
                reason = LimitReason.AUTHORIZATION if deauthorized else share.reason
                self._tell(bay, bay.limit_w, reason, () if deauthorized else share.shared_with)
            else:
                bay.limit_w, bay.limit_a = 0, 0.0
                self._tell(bay, None, None, ())
            bay.can_start = bay.running or bay.stage is Stage.AUTHORIZED or bay.id in startable
        self.allocation = new

    def _limits(self, running: Sequence[Bay], now_s: float) -> Limits:
        """Every limit in force now. Profiles are asked anew each step, so that a period's edge is met by the next
        step whatever the clock did meanwhile."""
        grid_w = min(self._settings.int("MaxGridPower"), self._installation.hardware.grid_connection_w)
        now = self._clock.now()
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
                else _bounded(outlet, self._profiles.session_bound(bay, now, now_s), bay.fresh_reading(now_s))
                for outlet in outlets
            ),
            grid_w=grid_w,
            modbus_w=self.controller.station_w(self._settings, now_s),
            fallback_w=self.controller.fallback_w(self._settings, now_s),
            profile_w=self._profiles.station_bound(now).limit_w,
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


def _bounded(outlet: Outlet, bound: Bound, reading: Reading | None) -> Outlet:
    """The outlet with its session's limits. Less than the profile's minChargingRate is of no use to the car."""
    return msgspec.structs.replace(
        outlet,
        profile_w=bound.limit_w,
        min_power_w=max(outlet.min_power_w, bound.min_w),
        derating_w=derated_w(outlet.max_power_w, reading.temperature_c if reading else None),
    )


def _request(bay: Bay, now_s: float) -> Request:
    reading = bay.fresh_reading(now_s)
    session = bay.session
    requested_w = reading.requested_w if reading else None
    if bay.running and not bay.port.plugged:
        requested_w = 0  # the transaction stays open without a car: it leaves the others what it does not need
    return Request(
        connector_id=bay.id,
        since_s=session.started_s if session is not None and bay.running else now_s,
        requested_w=requested_w,
        draw_w=reading.power_w if reading else None,
        voltage_v=(reading.voltage_v or None) if reading else None,
    )
