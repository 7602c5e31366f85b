"""What an external load-management controller allows, and whether it is still there.

Pure: told what was written, asked with ``now``, monotonic seconds.
"""

from __future__ import annotations

import math

from kiosk.settings import Settings
from kiosk.station.power.model import OWN_USE_W, Outlet, grid_cost


class Controller:
    """Limits of a controller, and GridFallbackPower while it is silent for longer than GridFallbackTimeout.

    Until it has spoken for the first time the fallback holds as well: what it allowed before a restart is unknown,
    and unknown is the lowest. Silence releases its limits of single connectors, since nobody is left who would
    raise them again. Its limit of the station gives way to the fallback and holds again with its next word, until
    it writes another: what it allowed last is safer than no limit at all.
    ModbusLoadManagementEnabled off: nothing is remembered, nothing limits.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._heard_s: float | None = None
        self._station_w: int | None = None
        self._connectors_w: dict[int, int] = {}
        self._reactive_var: dict[int, int] = {}

    def heard(self, now_s: float) -> None:
        """A sign of life; the fallback ends at once. Ask ``connected`` first, as for ``limit_connector``."""
        self._heard_s = now_s

    @property
    def heard_of(self) -> bool:
        """It has said something since load management was switched on."""
        return self._heard_s is not None

    def limit_station(self, watts: int, now_s: float) -> None:
        """From now on the station draws at most that, W at the grid. Raises ValueError below 0."""
        self._station_w = _power(watts)
        self.heard(now_s)

    def limit_connector(self, n: int, watts: int, now_s: float) -> None:
        """From now on connector ``n`` gives at most that, W at the plug. Raises ValueError below 0.

        Ask ``connected`` before the first limit after a pause, so that those from before it are gone.
        """
        self._connectors_w[n] = _power(watts)
        self.heard(now_s)

    def ask_reactive(self, n: int, var: int) -> None:
        """Reactive power wished of connector ``n`` (0: the station), var. Remembered, no more: nothing here can
        shift phases. It is no word about power, so no sign of life either."""
        self._reactive_var[n] = var

    def reactive_var(self, n: int) -> int:
        """What was wished last, 0 before."""
        return self._reactive_var.get(n, 0)

    def connected(self, settings: Settings, now_s: float) -> bool:
        """It is there and has control: its last word is younger than GridFallbackTimeout."""
        if not settings.bool("ModbusLoadManagementEnabled"):
            self._forget()
            return False
        if self._heard_s is None:
            return False
        if now_s - self._heard_s < settings.int("GridFallbackTimeout"):
            return True
        self._connectors_w.clear()
        return False

    @property
    def written_station_w(self) -> int | None:
        """What it wrote last for the whole station, in force or not, W at the grid; None: nothing."""
        return self._station_w

    def station_w(self, settings: Settings, now_s: float) -> int | None:
        """What it allows the whole station now, W at the grid; None: nothing of the kind is in force."""
        return self._station_w if self.connected(settings, now_s) else None

    def connector_w(self, n: int, settings: Settings, now_s: float) -> int | None:
        """What it allows connector ``n`` now, W at the plug; None: nothing of the kind is in force."""
        return self._connectors_w.get(n) if self.connected(settings, now_s) else None

    def fallback_w(self, settings: Settings, now_s: float) -> int | None:
        """The limit of the whole station while the controller is silent, W at the grid; None: no such limit."""
        if not settings.bool("ModbusLoadManagementEnabled") or self.connected(settings, now_s):
            return None
        return settings.int("GridFallbackPower")  # never above MaxGridPower, the settings see to it


def released_w(outlet: Outlet, station_w: int | None) -> int:
    """What load management leaves a connector if it were alone, W at the plug; 0 where it is too little to charge.

    ``station_w``: limit of the whole station, W at the grid, None: none.
    """
    watts = outlet.max_power_w if outlet.modbus_w is None else min(outlet.max_power_w, outlet.modbus_w)
    if station_w is not None:
        watts = min(watts, math.floor((station_w - OWN_USE_W) / grid_cost(outlet) + 1e-6))
    return watts if watts >= outlet.min_power_w else 0


def withheld(outlet: Outlet, station_w: int | None) -> bool:
    """Load management leaves it nothing to charge with, though it could give something."""
    return outlet.max_power_w >= outlet.min_power_w and released_w(outlet, station_w) == 0


def _power(watts: int) -> int:
    if watts < 0:
        raise ValueError(f"a limit of {watts} W")
    return watts
