"""The car at the end of a cable: its battery, what it has told the station, and how it behaves."""

from __future__ import annotations

import math

from kiosk.model.enums import ConnectorType
from kiosk.station.hardware.simulator import phases, physics
from kiosk.station.hardware.simulator.cars import Car
from kiosk.station.hardware.simulator.world import PluggedCar

ESTIMATE_EVERY_S = 1.0
"""Real seconds between two estimates of the time left: they walk along the whole curve."""


class Vehicle:
    """One plugged car. Times of its own are seconds of the simulated world."""

    def __init__(self, car: Car, soc_percent: float, mac: str, kind: ConnectorType) -> None:
        self.car = car
        self.mac = mac
        self.ac = not kind.is_dc
        self.draw = physics.Draw(soc_percent=min(max(soc_percent, 0.0), physics.FULL_PERCENT))
        self.identify_in_s: float | None = phases.IDENTIFY_S if kind.has_vehicle_id else None
        self.identified = False  # the station knows its MAC
        self.soc_told = False  # the station knows its state of charge
        self.wish_w: float | None = None  # asks for no more than that
        self.disobedient = False  # goes on drawing when the limit is lowered
        self._estimates: tuple[int | None, int | None] = (None, None)
        self._estimated_s = -math.inf

    @property
    def wanted_w(self) -> float:
        """What it would take if everything were offered."""
        curve_w = physics.requested_w(self.car, self.draw.soc_percent, ac=self.ac)
        return curve_w if self.wish_w is None else min(curve_w, self.wish_w)

    @property
    def power_w(self) -> int:
        return physics.power_w(self.car, self.draw, ac=self.ac)

    @property
    def voltage_v(self) -> float:
        return physics.voltage_v(self.car, self.draw.soc_percent, ac=self.ac)

    def charge(self, offer: physics.Offer, dt_s: float, ramp_down_a_per_s: float) -> physics.Step:
        """Take what is offered for ``dt_s``, or until full."""
        step = physics.advance(
            self.car,
            self.draw,
            offer,
            dt_s,
            ac=self.ac,
            wish_w=self.wish_w,
            ramp_down_a_per_s=ramp_down_a_per_s,
        )
        self.draw = step.draw
        return step

    def cut(self) -> None:
        """The contactor opened."""
        self.draw = physics.Draw(soc_percent=self.draw.soc_percent)
        self._estimates, self._estimated_s = (None, None), -math.inf

    def identify(self, dt_s: float) -> bool:
        """Let time pass on the powerline; True at the moment the MAC is known."""
        if self.identify_in_s is None:
            return False
        self.identify_in_s -= dt_s
        if self.identify_in_s > 1e-6:
            return False
        self.identify_in_s = None
        self.identified = True
        return True

    def time_left_s(self, offer: physics.Offer, now_s: float) -> tuple[int | None, int | None]:
        """To 80 % and to 100 %, as the car tells it; None while it tells nothing. ``now_s``: real time."""
        if not self.soc_told:
            return (None, None)
        if now_s - self._estimated_s >= ESTIMATE_EVERY_S:
            soc = self.draw.soc_percent
            self._estimated_s = now_s
            self._estimates = (
                physics.time_to_s(self.car, soc, 80.0, offer, ac=self.ac, wish_w=self.wish_w),
                physics.time_to_s(self.car, soc, physics.FULL_PERCENT, offer, ac=self.ac, wish_w=self.wish_w),
            )
        return self._estimates

    def stored(self) -> PluggedCar:
        return PluggedCar(car=self.car.name, soc_percent=self.draw.soc_percent, vehicle_id=self.mac)
