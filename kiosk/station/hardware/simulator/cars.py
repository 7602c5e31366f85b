"""The cars there are, read from ``cars.toml``, and which of them fits which connector."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Protocol

import msgspec

from kiosk.model.enums import ConnectorType
from kiosk.model.errors import BadFile, UnfittingCar, UnknownCar

Curve = tuple[tuple[float, float], ...]
"""Points (x, y) with rising x; linear in between, level outside."""


class Car(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model; the meaning of the fields stands in ``cars.toml``."""

    name: str
    description: str
    inlets: tuple[ConnectorType, ...]
    battery_wh: int
    empty_v: float
    full_v: float
    vehicle_id: str
    max_power_w: int = 0
    max_current_a: float = 0.0
    ac_power_w: int = 0
    ac_phases: int = 3
    efficiency: float = 0.95
    ac_efficiency: float = 0.90
    curve: Curve = ()


class CarFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    curve: Curve
    cars: tuple[Car, ...]


class Outlet(Protocol):
    """What of a connector decides if a car fits (``ConnectorInstallation`` has it)."""

    @property
    def type(self) -> ConnectorType: ...

    @property
    def max_voltage_v(self) -> float: ...


def parse(text: str, source: str) -> tuple[Car, ...]:
    """The cars of a file's ``text``. Raises BadFile, naming ``source``, the car and the remedy."""
    try:
        content = msgspec.toml.decode(text, type=CarFile)
    except msgspec.DecodeError as error:  # ValidationError is one too
        raise BadFile(source, str(error), "compare with the notes at the head of the file") from error
    cars = tuple(msgspec.structs.replace(c, curve=c.curve or content.curve) for c in content.cars)
    for car in cars:
        for wrong, problem in _rules(car):
            if wrong:
                raise BadFile(source, f"car {car.name!r}: {problem}", "correct that car")
    names = [car.name.casefold() for car in cars]
    if len(set(names)) != len(names):
        raise BadFile(source, "two cars have the same name", "rename one")
    return cars


def _rules(car: Car) -> tuple[tuple[bool, str], ...]:
    xs = [x for x, _ in car.curve]
    dc = any(inlet.is_dc for inlet in car.inlets)
    return (
        (not car.inlets, "it has no inlet"),
        (car.battery_wh <= 0, "battery_wh must be above 0"),
        (not 0 < car.empty_v < car.full_v, "0 < empty_v < full_v is needed"),
        (
            dc and (car.max_power_w <= 0 or car.max_current_a <= 0),
            "a DC inlet needs max_power_w and max_current_a",
        ),
        (ConnectorType.CCS_AC in car.inlets and car.ac_power_w <= 0, "an AC inlet needs ac_power_w"),
        (car.ac_phases not in (1, 2, 3), "ac_phases is 1, 2 or 3"),
        (not (0 < car.efficiency <= 1 and 0 < car.ac_efficiency <= 1), "efficiencies lie above 0 and up to 1"),
        (len(xs) < 2 or any(a >= b for a, b in pairwise(xs)), "the curve's x must rise"),
        (any(not 0 < y <= 1 for _, y in car.curve), "the curve's shares lie above 0 and up to 1"),
        (re.fullmatch("[0-9A-F]{12}", car.vehicle_id) is None, "vehicle_id is 12 upper-case hex digits"),
    )


@cache
def catalogue() -> tuple[Car, ...]:
    """All cars of the package, in the order of the file."""
    file = resources.files("kiosk.station.hardware.simulator") / "cars.toml"
    return parse(file.read_text(encoding="utf-8"), "cars.toml")


def find(name: str) -> Car:
    """The car of that name, whatever its case. Raises UnknownCar."""
    for car in catalogue():
        if car.name.casefold() == name.casefold():
            return car
    raise UnknownCar(name, ", ".join(car.name for car in catalogue()))


def misfit(car: Car, outlet: Outlet) -> str | None:
    """Why ``car`` cannot charge at ``outlet``, None when it can."""
    if outlet.type not in car.inlets:
        return f"it has no {outlet.type} inlet, but {' and '.join(car.inlets)}"
    if outlet.type.is_dc and car.full_v > outlet.max_voltage_v:
        return f"its battery needs {car.full_v:.0f} V, the connector gives {outlet.max_voltage_v:.0f} V"
    return None


def fitting(outlet: Outlet) -> tuple[Car, ...]:
    """All cars that can charge at ``outlet``."""
    return tuple(car for car in catalogue() if misfit(car, outlet) is None)


def choose(name: str | None, connector_id: int, outlet: Outlet) -> Car:
    """The named car, or the first that fits. Raises UnknownCar, UnfittingCar."""
    fits = fitting(outlet)
    known = ", ".join(car.name for car in fits) or "none"
    if name is None:
        if not fits:
            raise UnfittingCar(f"no car fits connector {connector_id} ({outlet.type})")
        return fits[0]
    car = find(name)
    problem = misfit(car, outlet)
    if problem is not None:
        raise UnfittingCar(
            f"car {car.name!r} does not fit connector {connector_id} ({outlet.type}): {problem}; "
            f"cars that fit: {known}"
        )
    return car
