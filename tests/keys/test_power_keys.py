"""Keys that bound and share the station's power; what binds is named beside each limit."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.station.power.model import EFFICIENCY, OWN_USE_W
from tests.fakes.keys import key
from tests.fakes.site import CARD, Site

STACKS = ["hardware.stacks=4"]
"""Enough for every connector: only the key under test binds."""


def limit(here: Site, connector_id: int) -> tuple[int | None, str | None]:
    """(setpoint in W, what binds it)"""
    connector = here.station.connector(connector_id)
    return connector.limit_w, connector.limit_reason and connector.limit_reason.value


async def charge_again(here: Site, *connector_ids: int) -> None:
    """After a reset the cars are still plugged in."""
    for connector_id in connector_ids:
        outcome = await here.card(connector_id, f"{CARD[:-1]}{connector_id}")
        assert outcome.authorized, outcome
    for connector_id in connector_ids:
        await here.status_is(connector_id, "Charging")
    await here.settle(20)


@key("MaxGridPower")
def test_MaxGridPower(aio: Any, site: Any) -> None:
    """At the grid, all connectors together; beyond the fuses it is accepted and clamped."""

    async def story() -> None:
        async with site(("ChargingStrategy", "FAIR"), install=STACKS) as here:
            for connector_id in (1, 2):
                here.station.sim.plug(connector_id, soc_percent=20)
            assert await here.change("MaxGridPower", "40000") == "RebootRequired"
            await charge_again(here, 1, 2)
            assert here.power_w(1) + here.power_w(2) > 60_000
            await here.reset()
            await charge_again(here, 1, 2)
            both_w = here.power_w(1) + here.power_w(2)
            assert both_w / EFFICIENCY + OWN_USE_W <= 40_000
            assert both_w > 35_000
            assert limit(here, 2)[1] == "grid"
            await here.set_after_reset(("MaxGridPower", "320000"))
            assert here.station.core.settings.int("MaxGridPower") == 75_000
            assert here.station.core.settings.view("MaxGridPower").clamped == "75000"

    aio(story())


@key("ConnectorsPowerLimit")
def test_ConnectorsPowerLimit(aio: Any, site: Any) -> None:
    """One item per connector, in watts at the plug."""

    async def story() -> None:
        async with site(install=STACKS) as here:
            for connector_id in (1, 2):
                here.station.sim.plug(connector_id, soc_percent=20)
            await here.set_after_reset(("ConnectorsPowerLimit", "50000, 12000, 50000"))
            await charge_again(here, 1, 2)
            assert 11_000 < here.power_w(2) <= 12_000
            assert limit(here, 2) == (12_000, "connector")
            assert here.power_w(1) > 40_000
            await here.set_after_reset(("ConnectorPowerLimit", "300000,300000,300000"))  # the manual's spelling
            assert here.station.core.settings.ints("ConnectorsPowerLimit") == (50_000, 50_000, 50_000)
            assert await here.value("ConnectorsPowerLimit") == "300000,300000,300000"
            for bad in ("50000,50000", "50000,50000,50000,50000", "1,2,-3", "1,2,x", ""):
                assert await here.change("ConnectorsPowerLimit", bad) == "Rejected", bad

    aio(story())


@key("ChargingStrategy")
def test_ChargingStrategy(aio: Any, site: Any) -> None:
    """FCFS: the first takes both stacks and the second waits; FAIR: one stack each."""

    async def story() -> None:
        async with site() as here:
            for connector_id in (1, 2):
                here.station.sim.plug(connector_id, soc_percent=20)
            await charge_again(here, 1)
            assert here.power_w(1) > 40_000
            assert not (await here.card(2)).authorized
            await here.set_after_reset(("ChargingStrategy", "Fair Share"))
            assert await here.value("ChargingStrategy") == "FAIR"
            await charge_again(here, 1, 2)
            assert here.power_w(1) <= 25_000
            assert 20_000 < here.power_w(2) <= 25_000
            assert here.station.connector(1).shared_with == (2,)
            assert await here.change("ChargingStrategy", "LIFO") == "Rejected"

    aio(story())


@key("ModbusLoadManagementEnabled", "GridFallbackPower", "GridFallbackTimeout")
@pytest.mark.parametrize(("timeout_s", "power_w"), [(5, 20_000), (30, 11_000)])
def test_ModbusLoadManagementEnabled_GridFallbackPower_and_GridFallbackTimeout(
    aio: Any, site: Any, expected_log: Any, timeout_s: int, power_w: int
) -> None:
    expected_log("kiosk.station.commands.load_management", "the controller is silent")

    async def story() -> None:
        async with site() as here:
            here.station.sim.plug(1, soc_percent=20)
            assert await here.change("GridFallbackPower", str(power_w)) == "RebootRequired"
            assert await here.change("GridFallbackTimeout", str(timeout_s)) == "RebootRequired"
            await here.reset()
            await charge_again(here, 1)
            await here.settle(40)
            assert here.power_w(1) > 40_000  # nobody manages the load
            await here.set_after_reset(("ModbusLoadManagementEnabled", "true"))
            await charge_again(here, 1)
            await here.settle(timeout_s)
            fallback_w = int((power_w - OWN_USE_W) * EFFICIENCY)
            assert limit(here, 1)[1] == "fallback"
            assert abs((limit(here, 1)[0] or 0) - fallback_w) <= 1
            assert here.power_w(1) <= fallback_w
            controller = here.station.core.supply.controller
            controller.heard(here.station.core.clock.monotonic())  # a word from the controller, and it is over
            await here.settle(timeout_s - 2)
            assert limit(here, 1)[1] != "fallback"
            await here.settle(4)
            assert limit(here, 1)[1] == "fallback"

    aio(story())


@key("GridFallbackPower")
def test_GridFallbackPower_is_never_above_MaxGridPower(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            assert await here.change("GridFallbackPower", "75001") == "Rejected"
            await here.set_after_reset(("MaxGridPower", "20000"))
            assert await here.value("GridFallbackPower") == "27500"
            assert here.station.core.settings.int("GridFallbackPower") == 20_000

    aio(story())
