"""A whole core with heat inside the cabinet, and with AC cars on one phase and on three."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import LimitReason, RefusalReason
from tests.fakes.charging_profiles import profile, put, seconds
from tests.fakes.core import core_on
from tests.fakes.drivers import ask, charge, power_w, told

Run = Callable[..., Any]
WITH_AC = "CCS,CCS,CHAdeMO,CCS_AC"


# --- heat -------------------------------------------------------------------------------------------------------


def test_heat_inside_takes_from_the_stacks_and_is_named(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, connectors=WITH_AC) as station:
            await charge(station, 1)
            await charge(station, 4, "cruiser112")
            await station.until(lambda: power_w(station, 1) == 50_000 and power_w(station, 4) > 21_000)
            for celsius, limit_w, reason in (
                (50.0, 50_000, LimitReason.CONNECTOR),
                (60.0, 37_500, LimitReason.DERATING),
                (70.0, 25_000, LimitReason.DERATING),
                (74.9, 25_000, LimitReason.DERATING),
                (75.0, 0, LimitReason.DERATING),
                (70.1, 0, LimitReason.DERATING),  # it must cool down first
                (70.0, 25_000, LimitReason.DERATING),
                (None, 50_000, LimitReason.CONNECTOR),
            ):
                station.sim.heat(celsius)
                await seconds(1)
                assert told(station, 1) == (limit_w, reason, ()), celsius
                assert power_w(station, 1) <= limit_w
                status = "Charging" if limit_w else "SuspendedEVSE"
                assert station.connector(1).status == status, celsius
                assert power_w(station, 4) > 21_000, "AC comes straight from the grid"
                assert station.connector(2).can_start is False

    aio(story())


def test_who_comes_to_a_station_that_is_too_hot_is_told_no_power_free(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, connectors=WITH_AC) as station:
            station.sim.heat(80)
            await seconds(1)
            assert await charge(station, 1) is RefusalReason.NO_POWER_FREE
            assert await charge(station, 4) is None
            station.sim.heat(30)
            await seconds(1)
            assert await ask(station, 1) is None

    aio(story())


# --- AC ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("car", "phases"), [("compact40", 1), ("family64", 3)])
def test_the_least_on_ac_is_six_amperes_on_each_phase_the_car_uses(
    aio: Run, tmp_path: Path, car: str, phases: int
) -> None:
    async def story() -> None:
        least_w = 1_380 * phases
        async with core_on(tmp_path, connectors="CCS_AC") as station:
            await charge(station, 1, car)
            await seconds(5)
            for limit_w, given_w in ((least_w, least_w), (least_w - 1, 0), (least_w, least_w)):
                await put(station, 1, profile((0, limit_w)))
                await seconds(2)
                assert told(station, 1)[:2] == (given_w, LimitReason.PROFILE)
                assert power_w(station, 1) == given_w

    aio(story())


def test_amperes_of_a_profile_are_those_of_the_phases_the_car_uses(aio: Run, tmp_path: Path) -> None:
    """16 A are 16 A on one phase too, not the watts of three."""

    async def story() -> None:
        async with core_on(tmp_path, connectors="CCS_AC") as station:
            await put(station, 1, profile((0, 16), chargingRateUnit="A"))
            await charge(station, 1, "compact40")
            await seconds(5)
            assert station.connector(1).current_a == 16.0
            assert power_w(station, 1) == told(station, 1)[0] == 3_680
            assert station.core.sessions.bay(1).limit_a == 16.0
            station.sim.unplug(1)
            await station.until(lambda: station.connector(1).status == "Available")
            await charge(station, 1, "cruiser112")
            await seconds(5)
            assert power_w(station, 1) == told(station, 1)[0] == 11_040, "the next car is another one"

    aio(story())
