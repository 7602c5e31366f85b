"""Cases of the Core profile: UnlockConnector.

"Not fixed" in the public list means a plug that the station can lock and release; on a station whose cables are
all fixed that is the lock of the plug in the car's inlet (installation file: ``connectors.N.lock``).
"""

from __future__ import annotations

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

NO_LOCK = ("connectors.0.lock=false",)
STUCK = 15
"""Fault of the plug's lock: it does not let go."""


async def _unlock(lab: Bench, connector_id: int) -> str:
    answered = await lab.csms.call("UnlockConnector", {"connectorId": connector_id})
    return str(answered["status"])


@case("017_1", "Unlock without a session, cable not fixed", profile="Core")
async def tc_017_1(lab: Bench) -> None:
    assert await _unlock(lab, 1) == "Unlocked"
    lab.driver.plug(1)
    await lab.csms.status(1, "Preparing")
    assert await _unlock(lab, 1) == "Unlocked"
    assert not lab.csms.calls("StopTransaction")


@case("017_2", "Unlock without a session, cable fixed", profile="Core", install=NO_LOCK)
async def tc_017_2(lab: Bench) -> None:
    assert await _unlock(lab, 1) == "NotSupported"


@case("018_1", "Unlock with a session, cable not fixed", profile="Core")
async def tc_018_1(lab: Bench) -> None:
    number = await lab.charge(1)
    assert await _unlock(lab, 1) == "Unlocked"
    stopped, _ = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": number}),
        ("StatusNotification", {"connectorId": 1, "status": "Finishing"}),
    )
    assert stopped["reason"] == "UnlockCommand"
    lab.driver.unplug(1)
    await lab.csms.status(1, "Available")


@case("018_2", "Unlock with a session, cable fixed", profile="Core", install=NO_LOCK)
async def tc_018_2(lab: Bench) -> None:
    await lab.charge(1)
    assert await _unlock(lab, 1) == "NotSupported"
    await lab.csms.never("StopTransaction", for_s=30)
    assert lab.station.connector(1).status == "Charging"


@case("030", "Unlock failure", profile="Core")
async def tc_030(lab: Bench) -> None:
    lab.driver.plug(1)
    await lab.csms.status(1, "Preparing")
    lab.station.sim.fault(1, STUCK)
    assert await _unlock(lab, 1) == "UnlockFailed"


@case("031", "Unlock an unknown connector", profile="Core")
async def tc_031(lab: Bench) -> None:
    for connector_id in (len(lab.connector_ids) + 1, 99):
        assert await _unlock(lab, connector_id) == "NotSupported"
