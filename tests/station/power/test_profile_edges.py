"""Charging profiles on a whole core: every edge of every kind is met, and what is no use is not given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from kiosk.model.enums import LimitReason
from kiosk.station.power.profile_model import Unit
from tests.fakes.charging_profiles import charge, elapsed_s, profile, put, seconds
from tests.fakes.core import START, RunningCore, core_on

Run = Callable[..., Any]
FAIR = [("ChargingStrategy", "FAIR")]


def at(offset_s: float) -> str:
    return (START + timedelta(seconds=offset_s)).isoformat()


def told(station: RunningCore, connector_id: int) -> tuple[int | None, LimitReason | None]:
    shown = station.connector(connector_id)
    return shown.limit_w, shown.limit_reason


def test_what_is_in_force_follows_the_composite_schedule_through_every_edge(aio: Run, tmp_path: Path) -> None:
    """Periods, a duration that ends, validFrom and validTo, a day that begins anew, the session's own profile, the
    station's: each second the limit in force is the one that was told before."""

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await charge(station)
            began_s = round(elapsed_s(station)) + 10
            begins, midday = at(began_s), at(began_s + 130 - 86_400)  # of today, of a day that was yesterday's
            daily = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily", "duration": 86_000}
            window = {"validFrom": at(began_s + 80), "validTo": at(began_s + 95), "startSchedule": begins}
            own = {"purpose": "TxProfile", "startSchedule": at(began_s + 145), "duration": 10}
            whole = {"purpose": "ChargePointMaxProfile", "startSchedule": begins}
            shared = profile((0, 40_000), (25, 33_000), (50, 21_000), startSchedule=begins)
            short = profile((0, 17_000), level=1, startSchedule=at(began_s + 60), duration=15)
            for number, (connector_id, payload) in enumerate(
                (
                    (0, shared),
                    (1, short),
                    (1, profile((0, 9_000), level=2, **window)),
                    (1, profile((0, 28_000), (8, 12_000), level=3, startSchedule=midday, **daily)),
                    (1, profile((0, 14_000), **own)),
                    (0, profile((0, 70_000), (160, 5_000), **whole)),
                )
            ):
                await put(station, connector_id, payload | {"chargingProfileId": number})
            await seconds(began_s - elapsed_s(station))
            plan = station.core.commands.profiles.composite(1, 180, Unit.WATT)
            assert len(plan.spans) >= 10
            for before, after in zip(plan.spans, plan.spans[1:], strict=False):
                await seconds(began_s + after.start_s - 0.01 - elapsed_s(station))
                assert abs((told(station, 1)[0] or 0) - before.limit) < 1, after.start_s
                await seconds(0.26)
                expected_w = after.limit
                if after.limit == 5_000:  # the station's, told as it was sent; losses are not told
                    expected_w = int((5_000 - 100) * 0.97)
                assert told(station, 1) == (expected_w, LimitReason.PROFILE), after.start_s
            assert plan.spans[-1].limit == 5_000

    aio(story())


def test_the_least_rate_of_the_stations_profile_gives_few_enough_rather_than_all_too_little(
    aio: Run, tmp_path: Path
) -> None:
    """It names no vehicle, so it holds for each: 10 kW are no 5 and 5, where less than 6 is of no use."""

    async def story() -> None:
        async with core_on(tmp_path, keys=FAIR) as station:
            await charge(station, 1)
            await charge(station, 2)
            for number, (least_w, given_w) in enumerate(((4_000, 4_801), (6_000, 9_603), (0, 4_801))):
                payload = profile(
                    (0, 10_000), profile_id=number, purpose="ChargePointMaxProfile", minChargingRate=least_w
                )
                await put(station, 0, payload)
                await seconds(3)
                assert told(station, 1) == (given_w, LimitReason.PROFILE)
                second_w = given_w if least_w < 5_000 else 0
                assert abs((told(station, 2)[0] or 0) - second_w) <= 1
                assert station.connector(2).status == ("Charging" if second_w else "SuspendedEVSE")

    aio(story())


def test_a_profile_that_is_too_low_for_three_phases_is_enough_for_one(aio: Run, tmp_path: Path) -> None:
    """6 A on each phase that is used (the numberPhases of a profile say how its amperes are meant, no more)."""

    async def story() -> None:
        async with core_on(tmp_path, connectors="CCS_AC") as station:
            await put(station, 1, profile((0, 6), chargingRateUnit="A"))
            station.sim.plug(1, "compact40", 30)
            await station.core.commands.whitelist_add("04AE179C4F6181")
            assert (await station.core.commands.start(1, "04AE179C4F6181")).authorized
            await station.until(lambda: (station.connector(1).power_w or 0) > 1_000)
            await seconds(3)
            assert told(station, 1) == (1_380, LimitReason.PROFILE)
            assert station.connector(1).current_a == 6.0

    aio(story())
