"""Keys of the SmartCharging profile: what a charging profile may look like, and whom it limits."""

from __future__ import annotations

from typing import Any

import pytest
from ocpp.v16 import call

from kiosk.station.power.model import EFFICIENCY, OWN_USE_W
from tests.fakes.keys import key
from tests.fakes.site import Site


def profile(
    profile_id: int = 1,
    *,
    level: int = 0,
    purpose: str = "TxDefaultProfile",
    limits: tuple[float, ...] = (20_000.0,),
    unit: str = "W",
    phases: int | None = None,
) -> dict[str, Any]:
    """A schedule of one minute per limit."""
    periods = [{"startPeriod": 60 * n, "limit": limit} for n, limit in enumerate(limits)]
    if phases is not None:
        periods[0]["numberPhases"] = phases
    return {
        "chargingProfileId": profile_id,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": "2026-11-22T11:00:00Z",
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": periods,
        },
    }


async def install(here: Site, connector_id: int = 0, **wanted: Any) -> str:
    """SetChargingProfile; its status."""
    payload = call.SetChargingProfile(connector_id=connector_id, cs_charging_profiles=profile(**wanted))
    answer = await here.ask(payload)
    return str(answer.status)


@key("ChargeProfileMaxStackLevel")
def test_ChargeProfileMaxStackLevel(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            highest = int(await here.value("ChargeProfileMaxStackLevel"))
            assert await install(here, level=highest) == "Accepted"
            assert await install(here, profile_id=2, level=highest + 1) == "Rejected"
            assert await here.change("ChargeProfileMaxStackLevel", "99") == "Rejected"

    aio(story())


@key("ChargingScheduleMaxPeriods")
def test_ChargingScheduleMaxPeriods(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            most = int(await here.value("ChargingScheduleMaxPeriods"))
            assert await install(here, limits=tuple(10_000.0 + n for n in range(most))) == "Accepted"
            assert (
                await install(here, profile_id=2, limits=tuple(10_000.0 + n for n in range(most + 1)))
                == "Rejected"
            )
            assert await here.change("ChargingScheduleMaxPeriods", "999") == "Rejected"

    aio(story())


@key("MaxChargingProfilesInstalled")
def test_MaxChargingProfilesInstalled(aio: Any, site: Any) -> None:
    """As many as it says, by level, purpose and connector; one that replaces another needs no room."""

    async def story() -> None:
        async with site(connectors="CCS,CCS,CHAdeMO,CCS_AC", install=["hardware.stacks=4"]) as here:
            most = int(await here.value("MaxChargingProfilesInstalled"))
            places = [(c, p, n) for c, p in PLACES for n in range(11)]
            running = await sessions(here)
            places += [(c, "TxProfile", n) for c in running for n in range(11)]
            assert len(places) > most
            accepted = 0
            for number, (connector_id, purpose, level) in enumerate(places, start=1):
                status = await install(here, connector_id, profile_id=number, purpose=purpose, level=level)
                accepted += status == "Accepted"
            assert accepted == most
            assert await install(here, 1, profile_id=1, level=0) == "Accepted"
            assert await here.change("MaxChargingProfilesInstalled", "999") == "Rejected"

    aio(story())


PLACES = ((0, "ChargePointMaxProfile"), *((c, "TxDefaultProfile") for c in range(5)))


async def sessions(here: Site) -> tuple[int, ...]:
    """Connectors that charge: as many as there is power for."""
    for connector_id in (1, 2, 3, 4):
        here.station.sim.plug(connector_id, soc_percent=20)
        here.station.sim.request(connector_id, 11_000)
        await here.status_is(connector_id, "Preparing")
        if (await here.card(connector_id, f"CARD-{connector_id}")).authorized:
            await here.status_is(connector_id, "Charging")
            await here.settle(20)
    return tuple(c.id for c in here.snapshot.connectors if c.status == "Charging")


@key("ChargingScheduleAllowedChargingRateUnit")
@pytest.mark.parametrize(("unit", "limit", "binds_w"), [("W", 20_000.0, 20_000), ("A", 30.0, None)])
def test_ChargingScheduleAllowedChargingRateUnit(
    aio: Any, site: Any, unit: str, limit: float, binds_w: int | None
) -> None:
    """Both quantities are told, and both bind."""

    async def story() -> None:
        async with site() as here:
            assert await here.value("ChargingScheduleAllowedChargingRateUnit") == "Current,Power"
            assert await install(here, 1, unit=unit, limits=(limit,)) == "Accepted"
            await here.charge(1)
            await here.settle(30)
            connector = here.station.connector(1)
            assert connector.limit_reason == "profile"
            if binds_w is not None:
                assert connector.limit_w == binds_w
            else:
                assert 25 < (connector.current_a or 0) <= 30.5
            assert await here.change("ChargingScheduleAllowedChargingRateUnit", "Power") == "Rejected"

    aio(story())


@key("ConnectorSwitch3to1PhaseSupported")
def test_ConnectorSwitch3to1PhaseSupported(aio: Any, site: Any) -> None:
    """False, and so a running session keeps its three phases, with no more power than one was allowed."""

    async def story() -> None:
        async with site(connectors="CCS_AC") as here:
            assert await here.value("ConnectorSwitch3to1PhaseSupported") == "false"
            assert await here.change("ConnectorSwitch3to1PhaseSupported", "true") == "Rejected"
            await here.charge(1)
            await here.settle(20)
            assert here.power_w(1) > 10_000
            whole_w = here.power_w(1)
            assert await install(here, 1, purpose="TxProfile", unit="A", limits=(24.0,), phases=1) == "Accepted"
            await here.settle(20)
            # one phase of 24 A, spread over the three that the session keeps
            assert whole_w / 3 < here.power_w(1) <= 24 * 230
            assert here.station.connector(1).status == "Charging"

    aio(story())


@key("ChargePointMaxProfileEnabled")
def test_ChargePointMaxProfileEnabled(aio: Any, site: Any) -> None:
    """Off: what is installed is not obeyed, and no other is taken; on: it limits the whole station."""

    async def story() -> None:
        async with site(install=["hardware.stacks=4"]) as here:
            assert await install(here, purpose="ChargePointMaxProfile", limits=(30_000.0,)) == "Accepted"
            for connector_id in (1, 2):
                here.station.sim.plug(connector_id, soc_percent=20)
                here.station.sim.request(connector_id, 20_000)
                await here.status_is(connector_id, "Preparing")
                assert (await here.card(connector_id, f"CARD-{connector_id}")).authorized
                await here.status_is(connector_id, "Charging")
                await here.settle(20)
            both_w = here.power_w(1) + here.power_w(2)
            assert both_w <= (30_000 - OWN_USE_W) * EFFICIENCY
            assert here.station.connector(2).limit_reason == "profile"
            await here.set_after_reset(("ChargePointMaxProfileEnabled", "false"))
            for connector_id in (1, 2):
                assert (await here.card(connector_id, f"CARD-{connector_id}")).authorized
            await here.settle(60)
            assert here.power_w(1) + here.power_w(2) > 38_000
            assert await install(here, profile_id=2, purpose="ChargePointMaxProfile") == "NotSupported"
            assert await install(here, 1, profile_id=3) == "Accepted"

    aio(story())
