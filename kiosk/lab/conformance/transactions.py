"""Cases of the Core profile: how transactions begin, go on and end."""

from __future__ import annotations

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case


@case("003", "Plug in first", profile="Core")
async def tc_003(lab: Bench) -> None:
    lab.driver.plug(1)
    await lab.csms.status(1, "Preparing")
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.expect("Authorize", idTag="TAG-1")
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
    await lab.csms.status(1, "Charging")
    lab.driver.card("TAG-1")
    stopped = await lab.csms.expect("StopTransaction", transactionId=lab.transaction_id())
    assert stopped.get("reason", "Local") == "Local"
    await lab.csms.status(1, "Finishing")
    lab.driver.unplug(1)
    await lab.csms.status(1, "Available")
