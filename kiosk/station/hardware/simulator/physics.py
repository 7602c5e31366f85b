"""Pure physics of one charging outlet and one car: volts, amperes, watts, watt-hours, time left.

Times are seconds of the simulated world. Nothing here knows phases, meters or sessions. Long steps are cut into
short ones, so the result hardly depends on how often somebody asks.
"""

from __future__ import annotations

import math

import msgspec

from kiosk.station.hardware.simulator.cars import Car, Curve

RAMP_UP_A_PER_S = 20.0
RAMP_DOWN_A_PER_S = 500.0
"""A station takes current away much faster than a car asks for it: 0.3 s to nothing (facts.md section 4)."""

LONGEST_STEP_S = 2.0
AC_PHASE_V = 230.0
AMBIENT_C = 25.0
CABLE_RISE_K = 35.0
"""Rise of the cable above ambient at its full current, once settled."""

CABLE_SETTLES_S = 600.0
LONGEST_ESTIMATE_S = 48 * 3600.0
FULL_PERCENT = 100.0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """The most the outlet gives at the moment: the lowest of its limits."""

    power_w: float
    current_a: float


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """What flows, and what is in the battery."""

    soc_percent: float
    current_a: float = 0.0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a step; ``took_s`` is shorter than asked for when the battery became full."""

    draw: Draw
    energy_wh: float
    took_s: float

    @property
    def full(self) -> bool:
        return self.draw.soc_percent >= FULL_PERCENT


def at(curve: Curve, x: float) -> float:
    """The curve's value at ``x``."""
    before = curve[0]
    if x <= before[0]:
        return before[1]
    for point in curve:
        if x <= point[0]:
            share = (x - before[0]) / (point[0] - before[0])
            return before[1] + share * (point[1] - before[1])
        before = point
    return before[1]


def voltage_v(car: Car, soc_percent: float, *, ac: bool) -> float:
    """Battery voltage at the plug; for AC the voltage of one phase."""
    if ac:
        return AC_PHASE_V
    return car.empty_v + (car.full_v - car.empty_v) * soc_percent / FULL_PERCENT


def watts_per_ampere(car: Car, soc_percent: float, *, ac: bool) -> float:
    """Watts that one ampere (of each phase) carries."""
    return AC_PHASE_V * car.ac_phases if ac else voltage_v(car, soc_percent, ac=False)


def requested_w(car: Car, soc_percent: float, *, ac: bool) -> float:
    """What the car would take if everything were offered."""
    if soc_percent >= FULL_PERCENT:
        return 0.0
    if ac:
        # the charger on board is small: only the very end of the curve slows it down
        return min(car.ac_power_w, car.battery_wh * at(car.curve, soc_percent))
    by_current = car.max_current_a * voltage_v(car, soc_percent, ac=False)
    return min(car.max_power_w * at(car.curve, soc_percent), by_current)


def target_a(car: Car, soc_percent: float, offer: Offer, *, ac: bool, wish_w: float | None = None) -> float:
    """The current that settles: the car's request within the offer; ``wish_w`` caps the request."""
    request_w = requested_w(car, soc_percent, ac=ac)
    if wish_w is not None:
        request_w = min(request_w, wish_w)
    power_w = max(0.0, min(request_w, offer.power_w))
    return max(0.0, min(power_w / watts_per_ampere(car, soc_percent, ac=ac), offer.current_a))


def advance(
    car: Car,
    draw: Draw,
    offer: Offer,
    dt_s: float,
    *,
    ac: bool,
    wish_w: float | None = None,
    ramp_down_a_per_s: float = RAMP_DOWN_A_PER_S,
) -> Step:
    """Charge for ``dt_s`` seconds; the offer does not change meanwhile."""
    energy_wh = 0.0
    left_s = dt_s
    while left_s > 1e-9 and draw.soc_percent < FULL_PERCENT:
        step = _short(car, draw, offer, min(left_s, LONGEST_STEP_S), ac, wish_w, ramp_down_a_per_s)
        draw = step.draw
        energy_wh += step.energy_wh
        left_s -= step.took_s
    return Step(draw=draw, energy_wh=energy_wh, took_s=dt_s - max(0.0, left_s))


def _short(
    car: Car, draw: Draw, offer: Offer, dt_s: float, ac: bool, wish_w: float | None, ramp_down_a_per_s: float
) -> Step:
    per_ampere = watts_per_ampere(car, draw.soc_percent, ac=ac)
    goal_a = target_a(car, draw.soc_percent, offer, ac=ac, wish_w=wish_w)
    start_a = draw.current_a
    rate = RAMP_UP_A_PER_S if goal_a > start_a else ramp_down_a_per_s
    ramp_s = min(dt_s, abs(goal_a - start_a) / rate)
    arrived = ramp_s < dt_s
    end_a = goal_a if arrived else start_a + math.copysign(rate * ramp_s, goal_a - start_a)
    ampere_s = (start_a + end_a) / 2 * ramp_s + end_a * (dt_s - ramp_s)
    energy_wh = per_ampere * ampere_s / 3600
    efficiency = car.ac_efficiency if ac else car.efficiency
    room_wh = car.battery_wh * (FULL_PERCENT - draw.soc_percent) / FULL_PERCENT / efficiency
    if energy_wh >= room_wh:
        took_s = dt_s * (room_wh / energy_wh)
        return Step(draw=Draw(soc_percent=FULL_PERCENT, current_a=end_a), energy_wh=room_wh, took_s=took_s)
    soc_percent = draw.soc_percent + energy_wh * efficiency / car.battery_wh * FULL_PERCENT
    if arrived:
        # the battery's voltage rose meanwhile: the same amperes would be too many watts
        end_a = min(end_a, target_a(car, soc_percent, offer, ac=ac, wish_w=wish_w))
    return Step(draw=Draw(soc_percent=soc_percent, current_a=end_a), energy_wh=energy_wh, took_s=dt_s)


def power_w(car: Car, draw: Draw, *, ac: bool) -> int:
    """Watts into the plug now, rounded down."""
    return int(draw.current_a * watts_per_ampere(car, draw.soc_percent, ac=ac) + 1e-6)


def time_to_s(
    car: Car, soc_percent: float, goal_percent: float, offer: Offer, *, ac: bool, wish_w: float | None = None
) -> int | None:
    """Seconds until ``goal_percent`` if offer and wish stay; 0 when reached, None for never and for days."""
    if soc_percent >= goal_percent:
        return 0
    efficiency = car.ac_efficiency if ac else car.efficiency
    total_s = 0.0
    low = soc_percent
    while low < goal_percent:
        high = min(goal_percent, math.floor(low) + 1.0)
        middle = (low + high) / 2
        amperes = target_a(car, middle, offer, ac=ac, wish_w=wish_w)
        watts = amperes * watts_per_ampere(car, middle, ac=ac)
        if watts <= 0:
            return None
        total_s += car.battery_wh * (high - low) / FULL_PERCENT / efficiency / watts * 3600
        low = high
        if total_s > LONGEST_ESTIMATE_S:
            return None
    return math.ceil(total_s)


def precharge_share(elapsed_s: float, duration_s: float) -> float:
    """Share of the battery's voltage at the outlet while it is brought there: nothing for a third, then a rise."""
    return max(0.0, min(1.0, (elapsed_s / duration_s - 1 / 3) * 3)) if duration_s > 0 else 1.0


def cable_c(temperature_c: float, current_a: float, max_current_a: float, dt_s: float) -> float:
    """Temperature of the cable after ``dt_s``: it settles where losses and cooling meet."""
    load = current_a / max_current_a if max_current_a > 0 else 0.0
    settled_c = AMBIENT_C + CABLE_RISE_K * load * load
    return settled_c + (temperature_c - settled_c) * math.exp(-dt_s / CABLE_SETTLES_S)
