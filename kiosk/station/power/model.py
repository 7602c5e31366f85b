"""What goes into an allocation and what comes out of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from kiosk.model.enums import LimitReason

EFFICIENCY: Final = 0.97
"""DC watts per watt from the grid (decision 10)."""

OWN_USE_W: Final = 100
MIN_DC_W: Final = 1000
"""Below this a DC session is suspended rather than kept alive with next to nothing. Ours: no public figure."""

LEAST_VOLTAGE_V: Final = 150.0
"""A lower one is no battery's but an outlet's on its way up: it says nothing about the power to come."""

AC_V: Final = 230.0
LEAST_AC_A: Final = 6.0
"""On each phase: the least that IEC 61851 can say to a car."""


class Strategy(StrEnum):
    """Values of the key ChargingStrategy (manual 4.4.2)."""

    FCFS = "FCFS"  # who came first takes what it can use
    FAIR = "FAIR"  # equal parts; what one cannot use goes to the others


class Stacks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The power stacks: each feeds one DC connector at a time, several may feed the same."""

    count: int
    power_w: int
    current_a: float | None = None  # of one stack; None: no limit of its own
    derated_w: int | None = None  # what heat leaves of ``power_w``; None: all of it

    @property
    def each_w(self) -> int:
        """The power of one stack now."""
        return self.power_w if self.derated_w is None else min(self.power_w, self.derated_w)


class Outlet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One connector with the limits of its own, watts and amperes at the plug. None: no such limit."""

    connector_id: int
    dc: bool
    max_power_w: int
    max_current_a: float | None = None
    min_power_w: int = 0  # less than this is no charging: it gets 0 instead
    derating_w: int | None = None
    modbus_w: int | None = None
    profile_w: int | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every limit in force; those of the station are watts at the grid. None: no such limit."""

    outlets: tuple[Outlet, ...]
    grid_w: int | None = None
    modbus_w: int | None = None
    fallback_w: int | None = None
    profile_w: int | None = None

    def outlet(self, connector_id: int) -> Outlet:
        """Raises KeyError."""
        for outlet in self.outlets:
            if outlet.connector_id == connector_id:
                return outlet
        raise KeyError(connector_id)

    @property
    def managed_w(self) -> int | None:
        """What load management leaves the whole station: its controller, or the fallback. None: no such limit."""
        given = [watts for watts in (self.modbus_w, self.fallback_w) if watts is not None]
        return min(given, default=None)

    @property
    def station(self) -> tuple[LimitReason, int] | None:
        """The lowest limit of the whole station, W at the grid. None: there is none."""
        given = [
            (watts, order, reason)
            for order, (reason, watts) in enumerate(
                (
                    (LimitReason.GRID, self.grid_w),
                    (LimitReason.MODBUS, self.modbus_w),
                    (LimitReason.FALLBACK, self.fallback_w),
                    (LimitReason.PROFILE, self.profile_w),
                )
            )
            if watts is not None
        ]
        if not given:
            return None
        watts, _, reason = min(given)
        return reason, watts


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connector with a session: from the moment it may start until its contactor is open for good.

    ``since_s`` orders who came first. ``requested_w``: what the car would take now, None while it has not told.
    ``draw_w``: measured at the plug, None while unknown. ``voltage_v``: of the battery, None while unknown.
    ``promised``: it was let in when a stack was free for it, and has not got it yet.
    """

    connector_id: int
    since_s: float
    requested_w: int | None = None
    draw_w: int | None = None
    voltage_v: float | None = None
    promised: bool = False


class Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one connector gets: ``limit_w`` to set now, ``stacks`` to switch to it now."""

    connector_id: int
    limit_w: int
    stacks: int
    reason: LimitReason
    shared_with: tuple[int, ...] = ()  # who holds what this one would like to have
    waits: bool = False  # more is meant for it once the others have let go


class Allocation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One share per request, in the order of connector ids, and where another session could begin."""

    shares: tuple[Share, ...] = ()
    startable: tuple[int, ...] = ()
    grid_w: int = OWN_USE_W  # from the grid when every setpoint is used up

    def share(self, connector_id: int) -> Share | None:
        return next((share for share in self.shares if share.connector_id == connector_id), None)

    def can_start(self, connector_id: int) -> bool:
        """A session there would find power, or has some already. False = "no power free" (decision 10)."""
        return connector_id in self.startable or self.share(connector_id) is not None


def least_ac_w(phases: int) -> int:
    """The least at which a car charges on so many phases, W at the plug."""
    return round(LEAST_AC_A * AC_V * phases)


def grid_cost(outlet: Outlet) -> float:
    """Watts from the grid for one watt at the plug."""
    return 1 / EFFICIENCY if outlet.dc else 1.0


def grid_power_w(shares: dict[int, int], limits: Limits) -> float:
    """Watts from the grid for these watts at the plugs, by connector id."""
    return OWN_USE_W + sum(watts * grid_cost(limits.outlet(n)) for n, watts in shares.items())
