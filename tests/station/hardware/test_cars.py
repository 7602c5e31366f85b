"""The cars of the simulated world, and which connector they fit."""

from __future__ import annotations

import pytest

from kiosk.model.enums import ConnectorType
from kiosk.model.errors import BadFile, UnfittingCar, UnknownCar
from kiosk.settings.installation import connector
from kiosk.station.hardware.simulator import cars, physics

GOOD = """
curve = [[0, 0.7], [10, 1.0], [100, 0.05]]
[[cars]]
name = "one"
description = "a car"
inlets = ["CCS"]
battery_wh = 40000
empty_v = 300
full_v = 400
max_power_w = 50000
max_current_a = 125
vehicle_id = "020000000001"
"""


def test_there_are_five_models_from_small_400_v_to_large_800_v() -> None:
    dc = [car for car in cars.catalogue() if any(inlet.is_dc for inlet in car.inlets)]
    assert len(dc) >= 5
    assert min(car.battery_wh for car in dc) <= 24_000
    assert max(car.battery_wh for car in dc) >= 90_000
    assert any(car.full_v < 450 for car in dc)
    assert any(car.full_v > 750 for car in dc)


@pytest.mark.parametrize("car", cars.catalogue(), ids=lambda car: car.name)
def test_every_car_is_sound(car: cars.Car) -> None:
    assert car.curve[0][0] == 0
    assert car.curve[-1][0] == 100
    fitting = [kind for kind in ConnectorType if cars.misfit(car, connector(kind)) is None]
    assert set(fitting) == set(car.inlets), "each of its inlets has a connector of ours that it can charge at"
    best_w = max(physics.requested_w(car, soc, ac=not car.inlets[0].is_dc) for soc in range(100))
    top_w = car.max_power_w if car.inlets[0].is_dc else car.ac_power_w
    assert 0.8 * top_w <= best_w <= top_w
    assert int(car.vehicle_id[:2], 16) & 0b11 == 0b10, "a locally administered address: nobody real is meant"


def test_macs_and_names_are_unique() -> None:
    assert len({car.vehicle_id for car in cars.catalogue()}) == len(cars.catalogue())
    assert len({car.name.casefold() for car in cars.catalogue()}) == len(cars.catalogue())


@pytest.mark.parametrize("kind", ConnectorType)
def test_every_connector_type_finds_a_car_by_itself(kind: ConnectorType) -> None:
    assert kind in cars.choose(None, 1, connector(kind)).inlets


def test_a_car_without_the_inlet_names_the_cars_that_fit() -> None:
    with pytest.raises(UnfittingCar, match=r"'city24' does not fit connector 2 \(CCS\).*no CCS inlet.*family64"):
        cars.choose("City24", 2, connector(ConnectorType.CCS))


def test_an_800_v_car_does_not_fit_a_500_v_connector() -> None:
    with pytest.raises(UnfittingCar, match="needs 820 V, the connector gives 500 V"):
        cars.choose("grand93", 1, connector(ConnectorType.CCS, max_voltage_v=500.0))


def test_an_unknown_car_names_the_known_ones() -> None:
    with pytest.raises(UnknownCar, match="'beetle' does not exist; cars are family64, city24"):
        cars.choose("beetle", 1, connector(ConnectorType.CCS))


def test_a_good_file_is_read_and_the_common_curve_used() -> None:
    (car,) = cars.parse(GOOD, "my.toml")
    assert car.curve == ((0, 0.7), (10, 1.0), (100, 0.05))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("battery_wh = 40000", "battery_wh = 0", "battery_wh must be above 0"),
        ("empty_v = 300", "empty_v = 400", "empty_v < full_v"),
        ('inlets = ["CCS"]', "inlets = []", "no inlet"),
        ('inlets = ["CCS"]', 'inlets = ["CCS", "CCS_AC"]', "ac_power_w"),
        ("max_power_w = 50000", "", "needs max_power_w"),
        ('vehicle_id = "020000000001"', 'vehicle_id = "02:00"', "12 upper-case hex digits"),
        ('vehicle_id = "020000000001"', 'vehicle_id = "020000000001"\nac_phases = 4', "1, 2 or 3"),
        ('vehicle_id = "020000000001"', 'vehicle_id = "020000000001"\nefficiency = 1.2', "efficiencies"),
        ("[10, 1.0]", "[0, 1.0]", "must rise"),
        ("[10, 1.0]", "[10, 0.0]", "shares"),
        ('inlets = ["CCS"]', 'inlets = ["CCS3"]', "CCS3"),
        ("battery_wh", "batery_wh", "batery_wh"),
        ("[[cars]]", "[[cars]", "my.toml"),
    ],
)
def test_a_bad_file_is_refused_by_name(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    with pytest.raises(BadFile, match=problem) as caught:
        cars.parse(GOOD.replace(old, new), "my.toml")
    assert str(caught.value).startswith("my.toml: ")


def test_two_cars_of_one_name_are_refused() -> None:
    car = GOOD[GOOD.index("[[cars]]") :]
    with pytest.raises(BadFile, match="same name"):
        cars.parse(GOOD + car.replace('"one"', '"ONE"'), "my.toml")
