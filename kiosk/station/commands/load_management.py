"""Wishes of an external load-management controller, and the picture that all faces have of it."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.snapshot import ManagedConnector
from kiosk.settings import Installation, Settings
from kiosk.station.charging.supply import Supply
from kiosk.station.power import Outlet, outlets_of
from kiosk.station.power.load_management import released_w
from kiosk.station.power.model import grid_cost
from kiosk.station.state import State

log = logging.getLogger(__name__)


class Quantity(StrEnum):
    """What a controller may set."""

    POWER = "power"  # most active power: of the station at the grid, of a connector at its plug, W
    REACTIVE = "reactive"  # reactive power, var


class Setpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One wish. Connector 0 is the whole station; power is never negative."""

    connector_id: int
    quantity: Quantity
    value: int


class LoadManagement:
    """``supply.controller`` remembers and decides what is in force; this is the way to it."""

    def __init__(
        self,
        supply: Supply,
        settings: Settings,
        installation: Installation,
        state: State,
        clock: Clock,
    ) -> None:
        self._supply = supply
        self._controller = supply.controller
        self._settings = settings
        self._installation = installation
        self._state = state
        self._clock = clock

    def set(self, setpoints: Sequence[Setpoint]) -> None:
        """Take over what the controller wrote; what is beyond the station is clamped to what it has.

        Powers are a sign of life, others are not (decision 11). Raises KeyError for an unknown connector, before
        anything is taken over.
        """
        now_s = self._clock.monotonic()
        outlets = {outlet.connector_id: outlet for outlet in self._outlets(now_s)}
        most_w = {0: self._grid_w()} | {n: outlet.max_power_w for n, outlet in outlets.items()}
        clamped = [(each, min(each.value, most_w[each.connector_id])) for each in setpoints]
        back = not self._controller.connected(self._settings, now_s)  # also: limits from before a silence go now
        before = self._in_force(now_s)
        for each, watts in clamped:
            if each.quantity is Quantity.REACTIVE:
                self._controller.ask_reactive(each.connector_id, each.value)
            elif each.connector_id == 0:
                self._controller.limit_station(watts, now_s)
            else:
                self._controller.limit_connector(each.connector_id, watts, now_s)
        if back and self._controller.connected(self._settings, now_s):
            log.info("load management: the controller has control")
        if self._in_force(now_s) != before:
            self._supply.step(now_s)  # a lowered limit does not wait for the next control step
        self.publish()

    def polled(self) -> None:
        """It read something: a sign of life where the installation says so."""
        if self._installation.modbus.reads_feed_watchdog:
            now_s = self._clock.monotonic()
            self._controller.connected(self._settings, now_s)  # limits from before a silence go first
            self._controller.heard(now_s)

    def listens(self, address: str | None, problem: str = "") -> None:
        """Where a controller is listened to now; None with a ``problem``: nowhere, and why."""
        snapshot = self._state.snapshot
        self._state.set(
            load_management=msgspec.structs.replace(snapshot.load_management, address=address, problem=problem),
            listen=msgspec.structs.replace(snapshot.listen, modbus=address),
        )

    def publish(self) -> None:
        """Renew the picture; asked every control step, because silence makes no noise."""
        before = self._state.snapshot.load_management
        now_s = self._clock.monotonic()
        connected = self._controller.connected(self._settings, now_s)
        released = self._released_w(now_s)
        fallback = self._controller.fallback_w(self._settings, now_s) is not None
        if fallback and not before.fallback:
            lost = self._controller.heard_of
            who = "the controller is silent" if lost else "no controller has written since the start"
            log.log(
                logging.WARNING if lost else logging.INFO,
                "load management: %s, GridFallbackPower holds until it writes",
                who,
            )
        self._state.set(
            load_management=msgspec.structs.replace(
                before,
                enabled=self._settings.bool("ModbusLoadManagementEnabled"),
                connected=connected,
                heard=self._controller.heard_of,
                fallback=fallback,
                available_w=released,
                written_w=self._controller.written_station_w,
                max_grid_w=self._grid_w(),
                fallback_w=self._settings.int("GridFallbackPower"),
                fallback_timeout_s=self._settings.int("GridFallbackTimeout"),
                reactive_var=self._controller.reactive_var(0),
                connectors=tuple(self._connector(outlet, released) for outlet in self._outlets(now_s)),
            )
        )

    def _released_w(self, now_s: float) -> int:
        """What the whole station may draw now, W at the grid."""
        bounds = (
            self._grid_w(),
            self._controller.station_w(self._settings, now_s),
            self._controller.fallback_w(self._settings, now_s),
        )
        return min(watts for watts in bounds if watts is not None)

    def _in_force(self, now_s: float) -> list[int | None]:
        return [self._released_w(now_s), *(outlet.modbus_w for outlet in self._outlets(now_s))]

    def _connector(self, outlet: Outlet, station_w: int) -> ManagedConnector:
        return ManagedConnector(
            most_w=outlet.max_power_w,
            least_w=outlet.min_power_w,
            most_grid_w=math.ceil(outlet.max_power_w * grid_cost(outlet) - 1e-6),
            released_w=released_w(outlet, station_w),
            limit_w=outlet.modbus_w,
            reactive_var=self._controller.reactive_var(outlet.connector_id),
        )

    def _outlets(self, now_s: float) -> list[Outlet]:
        return [
            msgspec.structs.replace(
                outlet, modbus_w=self._controller.connector_w(outlet.connector_id, self._settings, now_s)
            )
            for outlet in outlets_of(self._installation, self._settings.ints("ConnectorsPowerLimit"))
        ]

    def _grid_w(self) -> int:
        return self._settings.int("MaxGridPower")  # never above the connection, the settings see to it
