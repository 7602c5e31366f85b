"""Cases of the Core profile: sessions that the central system begins and ends."""

from __future__ import annotations

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case


async def _authorizes(lab: Bench, authorize: bool) -> None:
    """Set AuthorizeRemoteTxRequests, and see that it is what the station says."""
    await lab.csms.set_key("AuthorizeRemoteTxRequests", authorize)
    assert await lab.csms.get_key("AuthorizeRemoteTxRequests") == str(authorize).lower()


async def _end(lab: Bench, connector_id: int = 1) -> None:
    """Back to rest, for the other branch of a case."""
    await lab.csms.accepted("RemoteStopTransaction", {"transactionId": lab.transaction_id(connector_id)})
    await lab.csms.expect("StopTransaction")
    await lab.csms.status(connector_id, "Finishing")
    lab.driver.unplug(connector_id)
    await lab.csms.status(connector_id, "Available")
    lab.csms.mark()


@case("010", "Remote start, cable first", profile="Core")
async def tc_010(lab: Bench) -> None:
    for authorize in (True, False):
        await _authorizes(lab, authorize)
        lab.driver.plug(1)
        preparing = await lab.csms.status(1, "Preparing")
        await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
        if authorize:
            await lab.csms.expect("Authorize", idTag="TAG-1")
        await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
        await lab.csms.status(1, "Charging", within_s=120)
        assert bool(lab.csms.since(preparing, "Authorize")) is authorize
        await _end(lab)


@case("011_1", "Remote start first", profile="Core")
async def tc_011_1(lab: Bench) -> None:
    for authorize in (True, False):
        await _authorizes(lab, authorize)
        await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
        if authorize:
            await lab.csms.expect("Authorize", idTag="TAG-1")
        await lab.csms.status(1, "Preparing")
        lab.driver.plug(1)
        await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
        await lab.csms.status(1, "Charging", within_s=120)
        assert len(lab.csms.calls("Authorize")) == 1
        await _end(lab)


@case("011_2", "Remote start, time-out", profile="Core")
async def tc_011_2(lab: Bench) -> None:
    await lab.csms.set_key("ConnectionTimeOut", 30)
    for authorize in (True, False):
        await _authorizes(lab, authorize)
        await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
        if authorize:
            await lab.csms.expect("Authorize", idTag="TAG-1")
        preparing = await lab.csms.status(1, "Preparing")
        available = await lab.csms.status(1, "Available", within_s=60)
        waited_s = (available.when - preparing.when).total_seconds()
        assert 29.5 <= waited_s <= 32, f"back to Available after {waited_s:.1f} s instead of 30 s"
    assert not lab.csms.calls("StartTransaction")


@case("012", "Remote stop", profile="Core")
async def tc_012(lab: Bench) -> None:
    number = await lab.charge(1)
    await lab.csms.accepted("RemoteStopTransaction", {"transactionId": number})
    stopped, _ = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": number}),
        ("StatusNotification", {"connectorId": 1, "status": "Finishing"}),
    )
    assert stopped["reason"] == "Remote"
    lab.driver.unplug(1)
    await lab.csms.status(1, "Available")


@case("026", "Remote start, rejected", profile="Core")
async def tc_026(lab: Bench) -> None:
    await lab.csms.set_key("LocalPreAuthorize", False)
    number = await lab.charge(1)
    answered = await lab.csms.call("RemoteStartTransaction", {"idTag": "TAG-2", "connectorId": 1})
    assert answered["status"] == "Rejected", answered
    await lab.csms.never("StopTransaction", for_s=20)
    assert not lab.csms.calls("Authorize", idTag="TAG-2")
    assert lab.transaction_id() == number


@case("027", "Remote start at connector 0", profile="Core")
async def tc_027(lab: Bench) -> None:
    lab.driver.plug(1)
    await lab.csms.status(1, "Preparing")
    told = await lab.csms.status_or_code("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 0})
    assert told in ("Rejected", "PropertyConstraintViolation"), told
    await lab.csms.never("StartTransaction", for_s=20)


@case("028", "Remote stop, rejected", profile="Core")
async def tc_028(lab: Bench) -> None:
    number = await lab.charge(1)
    for unknown in (number + 1000, -1):
        answered = await lab.csms.call("RemoteStopTransaction", {"transactionId": unknown})
        assert answered["status"] == "Rejected", answered
    await lab.csms.never("StopTransaction", for_s=20)
    assert lab.station.connector(1).status == "Charging"
