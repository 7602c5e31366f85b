"""Keys that decide when a running session ends, and what happens at its plug."""

from __future__ import annotations

from typing import Any

import pytest

from kiosk.backend.central import Options
from tests.fakes.keys import key
from tests.fakes.site import CARD, Site


async def refused_while_charging(here: Site) -> None:
    """The answer to StartTransaction refuses a tag that the station let in on its own."""
    await here.station.core.commands.whitelist_add(CARD)
    here.central.options = Options(blocked=frozenset({CARD}))
    here.station.sim.plug(1, soc_percent=30)
    await here.status_is(1, "Preparing")
    assert (await here.card(1)).authorized
    await here.until(lambda: bool(here.central.transactions))


@key("StopTransactionOnInvalidId")
@pytest.mark.parametrize("stops", [True, False])
def test_StopTransactionOnInvalidId(aio: Any, site: Any, expected_log: Any, stops: bool) -> None:
    """Ended, or suspended without energy until the driver ends it."""
    expected_log("kiosk.station.charging", "refuses the tag")

    async def story() -> None:
        async with site(("StopTransactionOnInvalidId", str(stops).lower())) as here:
            await refused_while_charging(here)
            await here.settle(60)
            if stops:
                assert here.transaction.reason == "DeAuthorized"
                assert here.station.connector(1).status == "Finishing"
            else:
                assert here.transaction.stopped_at is None
                assert here.power_w(1) == 0
                await here.stop(1)
                assert here.transaction.meter_stop_wh == here.transaction.meter_start_wh

    aio(story())


@key("MaxEnergyOnInvalidId")
@pytest.mark.parametrize("energy_wh", [0, 700])
@pytest.mark.parametrize("stops", [True, False])
def test_MaxEnergyOnInvalidId(aio: Any, site: Any, expected_log: Any, energy_wh: int, stops: bool) -> None:
    """So much still flows after the refusal; then the session ends, or is suspended."""
    expected_log("kiosk.station.charging", "refuses the tag")

    async def story() -> None:
        async with site(("StopTransactionOnInvalidId", str(stops).lower())) as here:
            await here.set("MaxEnergyOnInvalidId", str(energy_wh))
            await refused_while_charging(here)
            await here.settle(110)
            transaction = here.transaction
            if stops:
                assert transaction.reason == "DeAuthorized"
                assert transaction.meter_stop_wh is not None
                flowed_wh = transaction.meter_stop_wh - transaction.meter_start_wh
            else:
                assert transaction.stopped_at is None
                assert here.power_w(1) == 0
                flowed_wh = (here.station.connector(1).meter_wh or 0) - transaction.meter_start_wh
            assert energy_wh <= flowed_wh <= energy_wh * 1.05  # 50 kW are 14 Wh in a second

    aio(story())


@key("StopTransactionOnEVSideDisconnect")
@pytest.mark.parametrize("stops", [True, False])
def test_StopTransactionOnEVSideDisconnect(aio: Any, site: Any, stops: bool) -> None:
    """Pulling the plug ends the transaction, or it waits for the plug to come back."""

    async def story() -> None:
        async with site() as here:
            await here.set("StopTransactionOnEVSideDisconnect", str(stops).lower())
            await here.charge(1)
            mark = here.mark
            here.station.sim.unplug(1)
            await here.settle(20)
            assert here.power_w(1) == 0
            if stops:
                assert here.transaction.reason == "EVDisconnected"
                assert here.statuses(1, mark)[-1] == "Available"
                return
            assert here.transaction.stopped_at is None
            assert here.statuses(1, mark)[-1] == "SuspendedEV"
            here.station.sim.plug(1)
            await here.status_is(1, "Charging")
            await here.stop(1)
            assert len(here.central.transactions) == 1
            assert here.transaction.reason == "Local"

    aio(story())


@key("UnlockConnectorOnEVSideDisconnect")
@pytest.mark.parametrize("unlocks", [True, False])
def test_UnlockConnectorOnEVSideDisconnect(aio: Any, site: Any, unlocks: bool, monkeypatch: Any) -> None:
    """The station's side lets go of a plug that was pulled out of the car, or keeps it."""

    async def story() -> None:
        async with site() as here:
            await here.set("UnlockConnectorOnEVSideDisconnect", str(unlocks).lower())
            port = here.station.core.hardware.connectors[0]
            asked: list[int] = []
            unlock = port.unlock

            def noted() -> bool:
                asked.append(port.id)
                return unlock()

            monkeypatch.setattr(port, "unlock", noted)
            await here.charge(1)
            here.station.sim.unplug(1)
            await here.settle(10)
            assert here.transaction.reason == "EVDisconnected"
            assert asked == ([1] if unlocks else [])

    aio(story())
