"""Charging profiles on a whole core: from the wish to the watts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import LimitReason
from kiosk.station.commands.profiles import SetOutcome
from tests.fakes.charging_profiles import charge, elapsed_s, ids, profile, put, seconds
from tests.fakes.core import core_on

Run = Callable[..., Any]
STEP_S = 0.25


def test_a_default_profile_limits_a_running_session_at_once_and_is_named(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station)
            await station.until(lambda: (station.connector(1).power_w or 0) > 20_000)
            await put(station, 0, profile((0, 12_000)))
            await seconds(STEP_S)
            assert station.connector(1).limit_w == 12_000
            assert station.connector(1).limit_reason is LimitReason.PROFILE
            await seconds(1.5)
            assert (station.connector(1).power_w or 0) <= 12_000
            assert await station.core.commands.profiles.clear(profile_id=1) == 1
            await station.until(lambda: (station.connector(1).power_w or 0) > 20_000)
            assert station.connector(1).limit_reason is not LimitReason.PROFILE

    aio(story())


def test_a_period_s_edge_is_met_within_one_control_step(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 1, profile((0, 20_000), (100, 8_000), (130, 15_000)))
            await charge(station)
            for edge_s, before_w, after_w in ((100, 20_000, 8_000), (130, 8_000, 15_000)):
                await seconds(edge_s - 0.05 - elapsed_s(station))
                assert station.connector(1).limit_w == before_w, elapsed_s(station)
                await seconds(0.05 + STEP_S)
                assert station.connector(1).limit_w == after_w, elapsed_s(station)

    aio(story())


@pytest.mark.parametrize("limit_w", [0, 999])
def test_too_little_power_suspends_and_resumes_by_itself(aio: Run, tmp_path: Path, limit_w: int) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station)
            began_s = round(elapsed_s(station))
            await put(station, 1, profile((0, 20_000), (began_s + 30, limit_w), (began_s + 60, 20_000)))
            await station.until(lambda: station.connector(1).status == "SuspendedEVSE", timeout_s=40)
            assert began_s + 30 <= elapsed_s(station) <= began_s + 33
            assert station.connector(1).limit_w == 0
            assert station.connector(1).limit_reason is LimitReason.PROFILE
            session = station.connector(1).session
            await station.until(lambda: station.connector(1).status == "Charging", timeout_s=40)
            assert began_s + 60 <= elapsed_s(station) <= began_s + 63
            again = station.connector(1).session
            assert session is not None
            assert again is not None
            assert again.local_id == session.local_id

    aio(story())


def test_a_session_may_begin_under_a_profile_of_nothing_and_waits(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 0, profile((0, 0), (300, 20_000)))
            assert station.connector(1).can_start
            station.sim.plug(1, soc_percent=30)
            await station.core.commands.whitelist_add("04AE179C4F6181")
            outcome = await station.core.commands.start(1, "04AE179C4F6181")
            assert outcome.authorized, outcome
            await station.until(lambda: station.connector(1).status == "SuspendedEVSE")
            await station.until(lambda: station.connector(1).status == "Charging", timeout_s=300)
            assert 300 <= elapsed_s(station) <= 303

    aio(story())


def test_less_than_the_cars_least_rate_is_none(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station)
            await put(station, 1, profile((0, 5_000), purpose="TxProfile", minChargingRate=6_000))
            await station.until(lambda: station.connector(1).status == "SuspendedEVSE", timeout_s=5)
            await put(station, 1, profile((0, 6_500), purpose="TxProfile", minChargingRate=6_000))
            await station.until(lambda: station.connector(1).status == "Charging", timeout_s=5)
            assert station.connector(1).limit_w == 6_500

    aio(story())


def test_amperes_follow_the_batterys_voltage(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station)
            await put(station, 1, profile((0, 20), chargingRateUnit="A"))
            await seconds(5)
            shown = station.connector(1)
            assert shown.voltage_v is not None
            assert shown.limit_w is not None
            assert abs(shown.limit_w - 20 * shown.voltage_v) <= shown.voltage_v * 0.05
            assert 19 <= (shown.current_a or 0) <= 20.05
            bay = station.core.sessions.bay(1)
            assert bay.limit_a == 20.0, "Current.Offered"

    aio(story())


def test_the_stations_own_profile_is_shared_and_named(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ChargingStrategy", "FAIR")]) as station:
            await charge(station, 1)
            await charge(station, 2)
            await put(station, 0, profile((0, 20_720), purpose="ChargePointMaxProfile"))
            await seconds(3)
            limits_w = [station.connector(n).limit_w or 0 for n in (1, 2)]
            assert sum(limits_w) <= (20_720 - 100) * 0.97
            assert sum(limits_w) > 19_900
            assert {station.connector(n).limit_reason for n in (1, 2)} == {LimitReason.PROFILE}
            drawn_w = [station.connector(n).power_w or 0 for n in (1, 2)]
            assert sum(drawn_w) <= sum(limits_w)

    aio(story())


def test_the_stations_own_profile_is_neither_taken_nor_obeyed_where_the_key_says_so(
    aio: Run, tmp_path: Path
) -> None:
    maximum = profile((0, 5_000), purpose="ChargePointMaxProfile")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await put(station, 0, maximum)
        async with core_on(tmp_path, keys=[("ChargePointMaxProfileEnabled", "false")]) as station:
            assert ids(station) == [1], "kept for better times"
            outcome = await station.core.commands.profiles.set(0, maximum)
            assert outcome is SetOutcome.NOT_SUPPORTED
            await charge(station)
            await seconds(5)
            assert (station.connector(1).limit_w or 0) > 20_000
            assert station.core.commands.profiles.composite(0, 60).spans[0].limit > 20_000

    aio(story())


def test_a_hot_cable_carries_less_and_says_why(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station)
            await seconds(20)
            before_w = station.connector(1).power_w or 0
            hot = station.core.hardware.connectors[0]
            hot._cable_c = 88.0  # type: ignore[attr-defined]
            await seconds(2)
            shown = station.connector(1)
            assert shown.limit_reason is LimitReason.DERATING
            assert 4_000 < (shown.limit_w or 0) < 8_000 < before_w
            assert (shown.power_w or 0) <= (shown.limit_w or 0)
            hot._cable_c = 60.0  # type: ignore[attr-defined]
            await seconds(5)
            assert station.connector(1).limit_reason is not LimitReason.DERATING
            assert (station.connector(1).power_w or 0) > 20_000

    aio(story())


def test_no_session_begins_under_a_station_without_power(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ChargingStrategy", "FAIR")]) as station:
            await charge(station)
            began_s = round(elapsed_s(station))
            nothing = profile((0, 50_000), (began_s + 10, 0), (began_s + 60, 50_000))
            await put(station, 0, nothing | {"chargingProfilePurpose": "ChargePointMaxProfile"})
            await seconds(5)
            assert station.connector(2).can_start
            await station.until(lambda: station.connector(1).status == "SuspendedEVSE", timeout_s=20)
            assert station.connector(1).limit_reason is LimitReason.PROFILE
            assert not station.connector(2).can_start
            await station.until(lambda: station.connector(1).status == "Charging")
            assert began_s + 60 <= elapsed_s(station) <= began_s + 63
            assert station.connector(2).can_start

    aio(story())
