"""Decision 10 on a whole core with its simulated cars: stacks, order, promises, and limits that fall."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import LimitReason, RefusalReason
from tests.fakes.charging_profiles import profile, put, seconds
from tests.fakes.core import RunningCore, core_on
from tests.fakes.drivers import ask, charge, power_w, stacks, told

Run = Callable[..., Any]
WITH_AC = "CCS,CCS,CHAdeMO,CCS_AC"
FAIR = [("ChargingStrategy", "FAIR")]


# --- stacks -----------------------------------------------------------------------------------------------------


def test_fcfs_the_first_takes_both_stacks_while_it_can_use_them(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, connectors=WITH_AC) as station:
            assert await charge(station, 1) is None
            await station.until(lambda: power_w(station, 1) == 50_000)
            assert stacks(station) == [2, 0, 0, 0]
            assert await charge(station, 2) is RefusalReason.NO_POWER_FREE
            assert await charge(station, 3) is RefusalReason.NO_POWER_FREE
            assert await charge(station, 4, "cruiser112") is None  # AC is outside the stacks
            await station.until(lambda: power_w(station, 4) > 20_000)
            assert power_w(station, 1) == 50_000

            station.sim.request(1, 25_001)
            await seconds(5)
            assert stacks(station)[0] == 2
            assert not station.connector(2).can_start
            station.sim.request(1, 25_000)
            await station.until(lambda: station.connector(2).can_start, 2)
            assert stacks(station)[0] == 1
            assert await ask(station, 2) is None
            await station.until(lambda: power_w(station, 2) > 24_000)
            assert await ask(station, 3) is RefusalReason.NO_POWER_FREE

            station.sim.request(1, None)  # too late: the other one has it
            await seconds(10)
            assert stacks(station) == [1, 1, 0, 0]
            assert told(station, 1) == (25_000, LimitReason.STACK, (2,))
            station.sim.unplug(2)
            await station.until(lambda: power_w(station, 1) == 50_000, 30)
            assert stacks(station) == [2, 0, 0, 0]

    aio(story())


def test_a_wish_around_25_kw_does_not_make_the_relay_chatter(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station, 1)
            await station.until(lambda: power_w(station, 1) == 50_000)
            seen = []
            for n in range(120):
                station.sim.request(1, 24_500 if n % 2 else 25_700)
                await seconds(0.5)
                seen.append(stacks(station)[0])
            assert seen[-1] == 1
            assert sum(a != b for a, b in itertools.pairwise(seen)) == 1

    aio(story())


def test_fair_one_stack_each_as_soon_as_the_second_starts_and_no_sooner(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=FAIR) as station:
            await charge(station, 1)
            await station.until(lambda: power_w(station, 1) == 50_000)
            assert await ask(station, 2) is None  # authorized, but the plug is not in
            await seconds(20)
            assert (stacks(station), power_w(station, 1)) == ([2, 0, 0], 50_000)
            assert not station.connector(3).can_start
            station.sim.plug(2, soc_percent=30)
            lowest_w = 50_000
            while power_w(station, 2) < 24_900:
                now = stacks(station)
                assert sum(now) <= 2
                assert now[1] == 0 or power_w(station, 1) <= 25_000, "a stack moves once nothing flows through it"
                await seconds(0.1)
                lowest_w = min(lowest_w, power_w(station, 1))
            assert lowest_w >= 24_900, "the first does not dip below its part"
            assert told(station, 1) == (25_000, LimitReason.STACK, (2,))
            assert told(station, 2) == (25_000, LimitReason.STACK, (1,))
            assert await charge(station, 3) is RefusalReason.NO_POWER_FREE

    aio(story())


@pytest.mark.parametrize("keys", [[], FAIR], ids=["FCFS", "FAIR"])
def test_three_drivers_at_the_same_moment_are_not_all_let_in(
    aio: Run, tmp_path: Path, keys: list[tuple[str, str]]
) -> None:
    """Between two control steps the picture of free power is not an old one."""

    async def story() -> None:
        async with core_on(tmp_path, keys=keys) as station:
            for n in (1, 2, 3):
                station.sim.plug(n, soc_percent=30)
                await station.core.commands.whitelist_add(f"04AE179C4F618{n}")
            await station.until(lambda: all(station.connector(n).status == "Preparing" for n in (1, 2, 3)))
            refused = await asyncio.gather(*(ask(station, n) for n in (1, 2, 3)))
            sessions = [reason is None for reason in refused]
            assert sum(sessions) == (2 if keys else 1)
            assert {reason for reason in refused if reason} == {RefusalReason.NO_POWER_FREE}
            await seconds(60)
            assert [power_w(station, n) > 20_000 for n in (1, 2, 3)] == sessions

    aio(story())


def test_who_was_let_in_finds_a_stack_at_the_plug(aio: Run, tmp_path: Path) -> None:
    """FCFS: the one who plugs in first does not take what was promised to the other, while that promise lasts."""

    async def story() -> None:
        async with core_on(tmp_path, keys=[("ConnectionTimeOut", "90")]) as station:
            assert await ask(station, 1) is None
            assert await ask(station, 2) is None
            assert await ask(station, 3) is RefusalReason.NO_POWER_FREE
            station.sim.plug(1, soc_percent=30)
            await station.until(lambda: power_w(station, 1) > 24_900)
            assert stacks(station) == [1, 0, 0]
            station.sim.plug(2, soc_percent=30)
            await station.until(lambda: power_w(station, 2) > 24_900)
            assert stacks(station) == [1, 1, 0]
            station.sim.unplug(2)
            await station.until(lambda: power_w(station, 1) == 50_000)
            assert await ask(station, 2) is RefusalReason.NO_POWER_FREE

    aio(story())


def test_a_promise_nobody_takes_is_over_with_its_time_out(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with core_on(tmp_path, keys=[("ConnectionTimeOut", "60")]) as station:
            assert await ask(station, 2) is None
            await charge(station, 1)
            assert stacks(station) == [1, 0, 0]
            await station.until(lambda: power_w(station, 1) == 50_000, 70)
            assert stacks(station) == [2, 0, 0]

    aio(story())


def test_after_a_restart_nobody_has_lost_its_stack(
    aio: Run, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    """FCFS, both charge with one each; the first could use both, and finds the table empty."""
    expected_log("kiosk.station.charging", "goes on after a restart")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station, 1)
            station.sim.request(1, 20_000)
            await seconds(5)
            await charge(station, 2)
            station.sim.request(1, None)
            await seconds(5)
            assert stacks(station) == [1, 1, 0]
        async with core_on(tmp_path) as station:
            await station.until(lambda: power_w(station, 1) > 24_900 and power_w(station, 2) > 24_900)
            assert stacks(station) == [1, 1, 0]
            station.sim.unplug(1)
            await station.until(lambda: power_w(station, 2) == 50_000)

    aio(story())


# --- limits that fall -------------------------------------------------------------------------------------------


def grid_w(station: RunningCore, *, measured: bool) -> float:
    """Watts from the grid: of what is set, or of what flows."""
    total = 100.0
    for shown in station.core.state.snapshot.connectors:
        watts = (shown.power_w if measured else shown.limit_w) or 0
        total += watts / 0.97 if shown.type.is_dc else watts
    return total


@pytest.mark.parametrize("keys", [[], FAIR], ids=["FCFS", "FAIR"])
def test_what_flows_is_below_a_lowered_limit_a_second_later(
    aio: Run, tmp_path: Path, keys: list[tuple[str, str]]
) -> None:
    """Asked four times a second, told at once, taken away at 500 A/s: 50 kW are down to 10 kW in half a second.

    Cars ramp up at 20 A/s, so the way back takes its time; what is set never passes the limit on it.
    """

    async def story() -> None:
        async with core_on(tmp_path, keys=keys, connectors=WITH_AC) as station:
            await charge(station, 1)
            await charge(station, 4, "cruiser112")
            await station.until(lambda: grid_w(station, measured=True) > 73_000)
            for number, limit_w in enumerate(
                (52_000, 10_000, 74_000, 31_000, 5_200, 100, 74_000, 4_000, 0, 74_000)
            ):
                await put(station, 0, profile((0, limit_w), profile_id=number, purpose="ChargePointMaxProfile"))
                await seconds(0.3)  # the next control step
                for tenth in range(60):
                    assert grid_w(station, measured=False) <= max(limit_w, 100) + 1e-6
                    if tenth >= 7:
                        assert grid_w(station, measured=True) <= max(limit_w, 100) + 1e-6
                    await seconds(0.1)
            await station.until(lambda: grid_w(station, measured=True) > 73_000, 30)
            for n in (1, 4):
                assert station.sim.state().connectors[n - 1].contactor_closed, "suspended, never cut off"

    aio(story())


def test_a_car_that_does_not_obey_is_cut_off(aio: Run, tmp_path: Path, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.hardware.simulator", "draws more than 10000 W")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station, 1)
            await station.until(lambda: power_w(station, 1) == 50_000)
            station.sim.disobey(1)
            await put(station, 1, profile((0, 10_000)))
            await seconds(0.9)
            assert power_w(station, 1) == 50_000
            await seconds(0.6)
            assert power_w(station, 1) == 0
            assert not station.sim.state().connectors[0].contactor_closed

    aio(story())


def test_a_raise_waits_until_the_other_has_let_go(aio: Run, tmp_path: Path) -> None:
    """Connector 2 may have what connector 1 no longer draws, watt by watt, not what it is no longer allowed."""

    async def story() -> None:
        install = ["hardware.grid_connection_w=41000"]
        async with core_on(tmp_path, keys=FAIR, install=install) as station:
            await charge(station, 1)
            await charge(station, 2)
            await seconds(15)
            both_w = [power_w(station, n) for n in (1, 2)]
            assert both_w == pytest.approx([19_836, 19_836], abs=2)
            assert told(station, 1)[1:] == (LimitReason.GRID, (2,))
            station.sim.disobey(1)  # as a car that is slow: it still draws
            await put(station, 1, profile((0, 19_000)))
            await seconds(0.5)
            assert told(station, 1)[0] == 19_000
            assert told(station, 2)[0] == pytest.approx(both_w[1], abs=1), "connector 1 still draws the difference"
            station.sim.disobey(1, False)
            await seconds(0.6)
            assert told(station, 2)[0] == 20_673
            await seconds(2)
            assert sum(power_w(station, n) for n in (1, 2)) == 39_673

    aio(story())


def test_a_session_that_was_refused_leaves_the_others_its_part(aio: Run, tmp_path: Path) -> None:
    """Its energy is used up (MaxEnergyOnInvalidId), the transaction stays open, nothing flows."""

    async def story() -> None:
        keys = [*FAIR, ("StopTransactionOnInvalidId", "false")]
        async with core_on(tmp_path, keys=keys) as station:
            await charge(station, 1)
            await charge(station, 2)
            await put(station, 0, profile((0, 20_720), purpose="ChargePointMaxProfile"))
            await seconds(5)
            assert [told(station, n)[0] for n in (1, 2)] == [10_000, 10_000]
            refused = station.core.sessions.bay(1).session
            assert refused is not None
            refused.energy_until_wh = refused.meter_wh
            await seconds(3)
            assert told(station, 1)[:2] == (0, LimitReason.AUTHORIZATION)
            assert told(station, 2)[0] == 20_001

    aio(story())
