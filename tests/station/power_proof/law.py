"""What may be drawn, said once more: plain bookkeeping of what the story did, apart from the rooms proved."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from kiosk.settings import Installation

EFFICIENCY = 0.97
OWN_USE_W = 100


def cool_share(inside_c: float) -> float:
    """Part of a stack's power at that temperature of the cabinet (facts.md section 4)."""
    if inside_c <= 50:
        return 1.0
    return 0.0 if inside_c >= 75 else max(0.5, 1.0 - (inside_c - 50) / 20 / 2)


@dataclass(frozen=True)
class Plan:
    """A charging profile without frills: watts from seconds after its beginning on, until ``ends_s``."""

    purpose: str
    connector_id: int
    began_s: float
    periods: tuple[tuple[int, int], ...]
    duration_s: int | None = None
    least_w: int = 0

    def watts(self, now_s: float) -> int | None:
        elapsed_s = round(now_s - self.began_s, 3)
        if elapsed_s < 0 or (self.duration_s is not None and elapsed_s >= self.duration_s):
            return None
        return [limit for start, limit in self.periods if start <= elapsed_s][-1]


@dataclass
class Law:
    """Told by the deeds of a story, asked with the time. Watts of the station are at the grid."""

    installation: Installation
    keys: dict[str, str]
    plans: dict[tuple[str, int], Plan] = field(default_factory=dict)
    heard_s: float | None = None
    station_w: int | None = None
    connectors_w: dict[int, int] = field(default_factory=dict)

    def restarted(self) -> None:
        """A core that begins anew has heard nobody yet; profiles are on the disk."""
        self.heard_s = self.station_w = None
        self.connectors_w = {}

    def asked(self) -> None:
        """A control step of the core."""
        if self.keys["ModbusLoadManagementEnabled"] != "true":
            self.restarted()

    def wrote(self, connector_id: int, watts: int, now_s: float) -> None:
        """The controller: ``connector_id`` 0 is the station."""
        if not self._controlled(now_s):
            self.connectors_w = {}
        if connector_id:
            self.connectors_w[connector_id] = watts
        else:
            self.station_w = watts
        self.heard_s = now_s

    def _controlled(self, now_s: float) -> bool:
        enabled = self.keys["ModbusLoadManagementEnabled"] == "true"
        return enabled and self.heard_s is not None and now_s - self.heard_s < self._patience_s

    @property
    def _patience_s(self) -> int:
        return int(self.keys["GridFallbackTimeout"])

    def station_limits(self, now_s: float) -> dict[str, int]:
        """By the name of the reason."""
        grid_w = min(int(self.keys["MaxGridPower"]), self.installation.hardware.grid_connection_w)
        found = {"grid": grid_w}
        if self.keys["ModbusLoadManagementEnabled"] == "true":
            if self._controlled(now_s):
                if self.station_w is not None:
                    found["modbus"] = self.station_w
            else:  # also before its first word: what it allowed before a restart is unknown
                found["fallback"] = min(int(self.keys["GridFallbackPower"]), grid_w)
        plan = self.plans.get(("ChargePointMaxProfile", 0))
        if plan is not None and (watts := plan.watts(now_s)) is not None:
            found["profile"] = watts
        return found

    def station(self, now_s: float) -> int:
        """The lowest."""
        return min(self.station_limits(now_s).values())

    def connector_limits(self, connector_id: int, now_s: float) -> dict[str, int]:
        """Those of one connector that do not hang on what the car tells; by the name of the reason."""
        fitted = self.installation.connectors[connector_id - 1]
        keyed_w = int(self.keys["ConnectorsPowerLimit"].split(",")[connector_id - 1])
        hardware = self.installation.hardware
        source_w = hardware.stacks * hardware.stack_power_w if fitted.type.is_dc else fitted.max_power_w
        found = {"connector": min(fitted.max_power_w, source_w, keyed_w)}
        if self._controlled(now_s) and connector_id in self.connectors_w:
            found["modbus"] = self.connectors_w[connector_id]
        plan = self._plan(connector_id)
        if plan is not None and (watts := plan.watts(now_s)) is not None:
            found["profile"] = watts
        return found

    def least_w(self, connector_id: int, now_s: float) -> float:
        """Less than this is no charging. AC: at least, for a car of one phase."""
        own_w = 1000 if self.installation.connectors[connector_id - 1].type.is_dc else 1380
        told = [float(own_w)]
        for plan, cost in (
            (self._plan(connector_id), 1.0),
            (self.plans.get(("ChargePointMaxProfile", 0)), self.cost(connector_id)),
        ):
            if plan is not None and plan.watts(now_s) is not None:
                told.append(math.floor(plan.least_w / cost))
        return max(told)

    def _plan(self, connector_id: int) -> Plan | None:
        """A connector's own default takes the place of the station's."""
        own = self.plans.get(("TxDefaultProfile", connector_id))
        return own or self.plans.get(("TxDefaultProfile", 0))

    def cost(self, connector_id: int) -> float:
        """Watts from the grid for one at the plug."""
        return 1 / EFFICIENCY if self.installation.connectors[connector_id - 1].type.is_dc else 1.0

    def at_grid_w(self, watts: dict[int, int]) -> float:
        return OWN_USE_W + sum(w * self.cost(n) for n, w in watts.items())
