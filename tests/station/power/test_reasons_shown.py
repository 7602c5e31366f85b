"""Why the power is not higher, from the cause in the world to the sentence on the driver's screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import LimitReason
from kiosk.screen.view_focus import notice_of
from tests.fakes.charging_profiles import profile, put, seconds
from tests.fakes.core import RunningCore, core_on

Run = Callable[..., Any]
CARD = "04AE179C4F618"
R = LimitReason


async def charge(station: RunningCore, connector_id: int, car: str | None, soc_percent: int) -> None:
    station.sim.plug(connector_id, car, soc_percent)
    await station.core.commands.whitelist_add(f"{CARD}{connector_id}")
    outcome = await station.core.commands.start(connector_id, f"{CARD}{connector_id}")
    assert outcome.authorized, outcome
    await station.until(lambda: station.connector(connector_id).status == "Charging")


def shown(station: RunningCore, connector_id: int) -> tuple[LimitReason | None, str, str]:
    """What binds, and the notice's tone and sentence."""
    connector = station.connector(connector_id)
    notice = notice_of("en", connector, fresh=True)
    return connector.limit_reason, notice.tone, notice.text


@pytest.mark.parametrize(
    ("car", "soc_percent", "reason", "words"),
    [
        ("grand93", 30, R.CONNECTOR, "highest power of this connector"),
        ("family64", 2, R.CONNECTOR, "highest power of this connector"),  # 150 A at 321 V
        ("winter64", 10, R.CAR, "Your car sets the charging power"),  # cold: nobody but the car knows
        ("compact40", 70, R.CAR, "Your car sets the charging power"),
        ("compact40", 88, R.CAR, "nearly full"),
        ("winter64", 90, R.CAR, "nearly full"),
    ],
)
def test_alone_at_the_station(
    aio: Run, tmp_path: Path, car: str, soc_percent: int, reason: LimitReason, words: str
) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station, 1, car, soc_percent)
            await seconds(20)
            found, tone, text = shown(station, 1)
            assert (found, tone) == (reason, "calm")
            assert words in text

    aio(story())


def test_a_cold_car_leaves_the_others_what_it_cannot_take_and_is_never_told_the_station_is_slow(
    aio: Run, tmp_path: Path
) -> None:
    """It takes more as it warms up; the reason stays the car, until the station has no more to give."""

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station, 1, "winter64", 5)
            await seconds(10)
            cold_w = station.connector(1).power_w or 0
            assert 20_000 < cold_w < 23_000
            assert station.connector(2).can_start, "one stack is enough for it"
            await seconds(15 * 60)
            warmer_w = station.connector(1).power_w or 0
            assert cold_w < warmer_w < 30_000
            assert shown(station, 1)[0] is R.CAR
            await charge(station, 2, "grand93", 30)
            await seconds(15 * 60)
            assert shown(station, 1)[:2] == (R.STACK, "caution")
            assert "shared with connector 2" in shown(station, 1)[2]

    aio(story())


def test_a_stack_that_has_no_more_amperes_says_so(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, install=["hardware.stacks=1"]) as station:
            await charge(station, 1, "family64", 2)  # 75 A at 321 V are less than its 25 kW
            await seconds(20)
            assert shown(station, 1)[:2] == (R.STACK, "calm")
            assert "highest power of this station" in shown(station, 1)[2]

    aio(story())


@pytest.mark.parametrize(
    ("cause", "reason", "words"),
    [
        ("profile", R.PROFILE, "the operator has set a limit"),
        ("heat", R.DERATING, "cooling down"),
        ("fallback", R.FALLBACK, "does not answer"),
        ("grid", R.GRID, "grid connection is fully used"),
    ],
)
def test_limited_by_the_station(
    aio: Run, tmp_path: Path, expected_log: Callable[..., None], cause: str, reason: LimitReason, words: str
) -> None:
    keys = [("MaxGridPower", "30000")] if cause == "grid" else []
    if cause == "fallback":
        expected_log("kiosk.station.commands.load_management", "silent")
        keys = [("ModbusLoadManagementEnabled", "true"), ("GridFallbackPower", "20000")]

    async def story() -> None:
        async with core_on(tmp_path, keys=keys, install=["modbus.port=0"]) as station:
            if cause == "fallback":
                station.core.supply.controller.limit_station(60_000, station.core.clock.monotonic())
            await charge(station, 1, "grand93", 30)
            if cause == "profile":
                await put(station, 1, profile((0, 20_000)))
            if cause == "heat":
                station.sim.heat(65)
            await seconds(20)
            found, tone, text = shown(station, 1)
            assert (found, tone) == (reason, "caution")
            assert words in text

    aio(story())


def test_too_hot_to_charge_at_all_is_a_pause(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station, 1, "grand93", 30)
            station.sim.heat(76)
            await seconds(5)
            assert station.connector(1).status == "SuspendedEVSE"
            assert shown(station, 1)[:2] == (R.DERATING, "caution")
            assert "no power to give at the moment" in shown(station, 1)[2]
            station.sim.heat(None)
            await seconds(15)
            assert station.connector(1).status == "Charging"
            assert shown(station, 1)[:2] == (R.CONNECTOR, "calm")

    aio(story())
