"""Volts, amperes, watts and watt-hours of a charging car."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.hardware.simulator import physics
from kiosk.station.hardware.simulator.cars import Car, catalogue, find
from kiosk.station.hardware.simulator.physics import Draw, Offer

FAMILY = find("family64")
EVERYTHING = Offer(power_w=1e6, current_a=1e4)
STATION = Offer(power_w=50_000, current_a=150)

dc_cars = st.sampled_from([car for car in catalogue() if car.inlets[0].is_dc])
socs = st.floats(0, 100)
offers = st.builds(Offer, power_w=st.floats(0, 400_000), current_a=st.floats(0, 500))


@pytest.mark.parametrize(
    ("x", "y"), [(-5, 0.7), (0, 0.7), (5, 0.85), (10, 1.0), (55, 0.75), (100, 0.5), (120, 0.5)]
)
def test_a_curve_is_linear_between_its_points_and_level_outside(x: float, y: float) -> None:
    assert physics.at(((0, 0.7), (10, 1.0), (100, 0.5)), x) == pytest.approx(y)


@pytest.mark.parametrize(("soc", "volts"), [(0, 320), (50, 366), (100, 412)])
def test_voltage_is_linear_in_charge(soc: float, volts: float) -> None:
    assert physics.voltage_v(FAMILY, soc, ac=False) == pytest.approx(volts)


@pytest.mark.parametrize(
    ("car", "soc", "ac", "watts"),
    [
        ("family64", 30, False, 270 * 347.6),  # its current binds
        ("family64", 60, False, 105_000 * 0.85),
        ("family64", 80, False, 105_000 * 0.50),
        ("family64", 100, False, 0),
        ("family64", 50, True, 11_000),
        ("family64", 100, True, 0),
        ("hybrid14", 99, True, 14_000 * 0.05),
    ],
)
def test_what_a_car_asks_for(car: str, soc: float, ac: bool, watts: float) -> None:
    assert physics.requested_w(find(car), soc, ac=ac) == pytest.approx(watts)


def test_the_current_rises_by_20_amperes_a_second() -> None:
    draw = Draw(soc_percent=30)
    for second in range(1, 8):
        draw = physics.advance(FAMILY, draw, STATION, 1.0, ac=False).draw
        assert draw.current_a == pytest.approx(min(20 * second, 50_000 / 347.6), rel=0.01)


def test_a_lowered_limit_holds_within_half_a_second() -> None:
    draw = Draw(soc_percent=30, current_a=143)
    low = Offer(power_w=5_000, current_a=150)
    draw = physics.advance(FAMILY, draw, low, 0.5, ac=False).draw
    assert physics.power_w(FAMILY, draw, ac=False) <= 5_000


def test_half_a_charge_by_hand() -> None:
    # a car without taper: 10 kWh at 10 kW and 80 % efficiency take an hour for 8 kWh
    car = Car(
        name="flat", description="", inlets=FAMILY.inlets, vehicle_id="",
        battery_wh=10_000, empty_v=399.9, full_v=400,
        max_power_w=10_000, max_current_a=1000, efficiency=0.8, curve=((0, 1.0), (100, 1.0)),
    )  # fmt: skip
    start = Draw(soc_percent=10, current_a=25.0)
    step = physics.advance(car, start, EVERYTHING, 3600, ac=False)
    assert step.energy_wh == pytest.approx(10_000, rel=1e-3)
    assert step.draw.soc_percent == pytest.approx(90, abs=0.1)
    assert physics.time_to_s(car, 10, 80, EVERYTHING, ac=False) == pytest.approx(
        7_000 / 0.8 / 10_000 * 3600, abs=2
    )


def test_a_battery_that_becomes_full_ends_the_step_early() -> None:
    step = physics.advance(FAMILY, Draw(soc_percent=99.9, current_a=10), STATION, 3600, ac=False)
    assert step.full
    assert 0 < step.took_s < 120
    assert step.energy_wh == pytest.approx(64_000 * 0.001 / 0.95)


def test_a_full_battery_takes_no_time_and_no_energy() -> None:
    step = physics.advance(FAMILY, Draw(soc_percent=100.0), STATION, 10, ac=False)
    assert (step.full, step.took_s, step.energy_wh) == (True, 0.0, 0.0)


@pytest.mark.parametrize(
    ("soc", "goal", "offer", "expected"),
    [
        (85, 80, STATION, 0),
        (80, 80, STATION, 0),
        (20, 80, Offer(power_w=0, current_a=150), None),
        (99.5, 100, STATION, 1),
    ],
)
def test_time_left_at_the_edges(soc: float, goal: float, offer: Offer, expected: int | None) -> None:
    left = physics.time_to_s(FAMILY, soc, goal, offer, ac=False)
    if expected:
        assert left is not None
        assert left >= expected
    else:
        assert left == expected


@pytest.mark.parametrize("car", [car for car in catalogue() if car.inlets[0].is_dc], ids=lambda car: car.name)
@pytest.mark.parametrize("goal", [80.0, 100.0])
def test_the_estimate_is_what_comes_true(car: Car, goal: float) -> None:
    estimate = physics.time_to_s(car, 20, goal, STATION, ac=False)
    assert estimate is not None
    draw, seconds = Draw(soc_percent=20), 0.0
    while draw.soc_percent < goal:
        step = physics.advance(car, draw, STATION, 1.0, ac=False)
        draw, seconds = step.draw, seconds + step.took_s
    assert estimate == pytest.approx(seconds, rel=0.01)


@given(car=dc_cars, soc=socs, goal=st.sampled_from([80.0, 100.0]), offer=offers)
def test_time_left_is_never_negative_and_shrinks_with_charge(
    car: Car, soc: float, goal: float, offer: Offer
) -> None:
    left = physics.time_to_s(car, soc, goal, offer, ac=False)
    if left is None:
        return
    assert left >= 0
    later = physics.time_to_s(car, min(100.0, soc + 1), goal, offer, ac=False)
    assert later is not None
    assert later <= left


@given(car=dc_cars, soc=socs, current_a=st.floats(0, 200), offer=offers, dt_s=st.floats(0, 3600))
def test_energy_is_conserved_and_no_limit_is_passed(
    car: Car, soc: float, current_a: float, offer: Offer, dt_s: float
) -> None:
    start = Draw(soc_percent=soc, current_a=current_a)
    step = physics.advance(car, start, offer, dt_s, ac=False)
    assert 0 <= step.took_s <= dt_s
    assert step.energy_wh >= 0
    assert soc <= step.draw.soc_percent <= 100
    stored_wh = (step.draw.soc_percent - soc) / 100 * car.battery_wh
    assert stored_wh == pytest.approx(step.energy_wh * car.efficiency, abs=1e-3)
    if dt_s > 30 and not step.full:  # every ramp is over
        assert physics.power_w(car, step.draw, ac=False) <= offer.power_w
        assert step.draw.current_a <= min(offer.current_a, car.max_current_a) + 1e-9


@given(car=dc_cars, soc=st.floats(0, 90), pieces=st.integers(2, 40))
def test_long_steps_give_what_short_ones_give(car: Car, soc: float, pieces: int) -> None:
    whole = physics.advance(car, Draw(soc_percent=soc), STATION, 120, ac=False)
    draw, energy_wh = Draw(soc_percent=soc), 0.0
    for _ in range(pieces):
        step = physics.advance(car, draw, STATION, 120 / pieces, ac=False)
        draw, energy_wh = step.draw, energy_wh + step.energy_wh
    assert whole.energy_wh == pytest.approx(energy_wh, rel=2e-3)


def test_an_ac_charger_draws_on_its_phases() -> None:
    outlet = Offer(power_w=22_000, current_a=32)
    draw = physics.advance(find("compact40"), Draw(soc_percent=30), outlet, 60, ac=True).draw
    assert draw.current_a == pytest.approx(32)  # 7.4 kW on one phase would be 32.2 A
    draw = physics.advance(FAMILY, Draw(soc_percent=30), outlet, 60, ac=True).draw
    assert draw.current_a == pytest.approx(11_000 / 690)
    assert physics.power_w(FAMILY, draw, ac=True) == pytest.approx(11_000, abs=1)


def test_the_voltage_of_the_precharge_rises_to_the_battery() -> None:
    shares = [physics.precharge_share(t / 10, 1.5) for t in range(17)]
    assert shares[0] == shares[5] == 0.0
    assert shares[10] == pytest.approx(1.0)
    assert shares == sorted(shares)


def test_a_cable_warms_under_current_and_cools_without() -> None:
    hot = physics.cable_c(25.0, 150, 150, 3600)
    assert hot == pytest.approx(physics.AMBIENT_C + physics.CABLE_RISE_K, abs=0.2)
    assert 25.0 < physics.cable_c(hot, 0, 150, 600) < hot
    assert physics.cable_c(hot, 0, 150, 1e6) == pytest.approx(25.0)
    assert math.isclose(
        physics.cable_c(physics.cable_c(25, 100, 150, 30), 100, 150, 30), physics.cable_c(25, 100, 150, 60)
    )
