"""Cases of the Core profile: the power fails, and faults."""

from __future__ import annotations

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

BACKUP = ("hardware.backup_supply_s=20",)
CABLE_FAULT = 20


async def _back(lab: Bench) -> None:
    """The programs are up and have booted."""
    await lab.csms.expect("BootNotification", within_s=60)


@case("032_1", "Power failure, transaction stopped before going down", profile="Core", install=BACKUP)
async def tc_032_1(lab: Bench) -> None:
    number = await lab.charge(1)
    lab.station.sim.mains(False)
    stopped, _ = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": number}),
        ("StatusNotification", {"connectorId": 1, "status": "Finishing"}),
        within_s=15,  # before the back-up supply is empty
    )
    assert stopped["reason"] == "PowerLoss"
    refused = await lab.csms.call("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 2})
    assert refused["status"] == "Rejected", "a start without mains"
    await lab.station.restart(kill=True)
    await _back(lab)
    told = await lab.csms.expect_all(
        *(("StatusNotification", {"connectorId": i}) for i in (0, *lab.connector_ids))
    )
    statuses = [heard["status"] for heard in told]
    assert statuses[1] in ("Finishing", "Preparing"), statuses
    assert [statuses[0], *statuses[2:]] == ["Available"] * len(lab.connector_ids), statuses
    await lab.sleep(30)
    assert len(lab.csms.calls("StopTransaction")) == 1, "the end was told twice"


@case("032_2", "Power failure, transaction stopped or resumed at boot", profile="Core")
async def tc_032_2(lab: Bench) -> None:
    # a short failure: the transaction goes on, and ends by the card that began it
    number = await lab.charge(1)
    await lab.sleep(60)
    await lab.station.restart(kill=True, pause_s=20)
    await _back(lab)
    await lab.csms.status(1, "Charging", within_s=120)
    assert not lab.csms.calls("StopTransaction")
    assert len(lab.csms.calls("StartTransaction")) == 1, "the transaction was begun again"
    lab.driver.card("TAG-1")
    stopped = await lab.csms.expect("StopTransaction", transactionId=number)
    assert stopped["idTag"] == "TAG-1"
    await lab.csms.status(1, "Finishing")
    lab.driver.unplug(1)
    await lab.csms.status(1, "Available")
    # a long one: the transaction is closed at boot, at the time when it was last known to run
    number = await lab.charge(1)
    await lab.sleep(60)
    cut_at = lab.csms.now()
    await lab.station.restart(kill=True, pause_s=600)
    await _back(lab)
    stopped, told = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": number}), ("StatusNotification", {"connectorId": 1})
    )
    assert stopped["reason"] == "PowerLoss"
    assert abs((stopped.when - cut_at).total_seconds()) <= 15, "the end is not where the power failed"
    assert told["status"] in ("Finishing", "Preparing"), told["status"]
    lab.driver.unplug(1)
    await lab.csms.status(1, "Available")


@case("034", "Power failure with the station Unavailable", profile="Core")
async def tc_034(lab: Bench) -> None:
    everywhere = [("StatusNotification", {"connectorId": i}) for i in (0, *lab.connector_ids)]
    await lab.csms.accepted("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    for heard in await lab.csms.expect_all(*everywhere):
        assert heard["status"] == "Unavailable", heard.payload
    await lab.station.restart(kill=True)
    await _back(lab)
    for heard in await lab.csms.expect_all(*everywhere):
        assert heard["status"] == "Unavailable", heard.payload
    refused = await lab.csms.call("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
    assert refused["status"] == "Rejected"
    await lab.csms.accepted("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
    for heard in await lab.csms.expect_all(*everywhere):
        assert heard["status"] == "Available", heard.payload


@case("041", "Fault behaviour", profile="Core")
async def tc_041(lab: Bench) -> None:
    lab.station.sim.fault(1, CABLE_FAULT)
    told = await lab.csms.status(1, "Faulted")
    assert told["errorCode"] != "NoError"
    assert told["vendorErrorCode"] == str(CABLE_FAULT)
    lab.driver.plug(1)
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.never("StartTransaction", for_s=60)
    refused = await lab.csms.call("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
    assert refused["status"] == "Rejected"
    lab.driver.unplug(1)
    lab.station.sim.clear(1, CABLE_FAULT)
    well = await lab.csms.status(1, "Available")
    assert well["errorCode"] == "NoError"
