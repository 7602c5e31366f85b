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
    await lab.csms.status(1, "Charging", within_s=120)
    await lab.sleep(60)
    lab.driver.card("TAG-1")
    stopped = await lab.csms.expect("StopTransaction", transactionId=lab.transaction_id())
    assert stopped.get("reason", "Local") == "Local"
    await lab.csms.status(1, "Finishing")
    lab.driver.unplug(1)
    await lab.csms.status(1, "Available")


@case("004_1", "Identification first", profile="Core")
async def tc_004_1(lab: Bench) -> None:
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.expect("Authorize", idTag="TAG-1")
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    started = await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
    assert "reservationId" not in started.payload
    await lab.csms.status(1, "Charging", within_s=120)
    # a unit of work for the backend: energy flows, and the end carries it
    await lab.sleep(120)
    lab.driver.press_stop(1)
    stopped = await lab.csms.expect("StopTransaction", transactionId=lab.transaction_id())
    assert stopped["meterStop"] > started["meterStart"]


@case("004_2", "Identification first, ConnectionTimeOut", profile="Core")
async def tc_004_2(lab: Bench) -> None:
    await lab.csms.set_key("ConnectionTimeOut", 40)
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.expect("Authorize", idTag="TAG-1")
    preparing = await lab.csms.status(1, "Preparing")
    available = await lab.csms.status(1, "Available", within_s=60)
    waited_s = (available.when - preparing.when).total_seconds()
    assert 39.5 <= waited_s <= 42, f"back to Available after {waited_s:.1f} s instead of 40 s"
    assert not lab.csms.calls("StartTransaction")
    lab.driver.plug(1)  # the authorization has run out: nobody charges on it
    await lab.csms.status(1, "Preparing")
    await lab.csms.never("StartTransaction", for_s=30)


async def _charging_with(lab: Bench, *, stop: bool, unlock: bool) -> int:
    await lab.csms.set_key("MinimumStatusDuration", 0)
    await lab.csms.set_key("StopTransactionOnEVSideDisconnect", stop)
    await lab.csms.set_key("UnlockConnectorOnEVSideDisconnect", unlock)
    return await lab.charge(1)


async def _stopped_by_the_car_leaving(lab: Bench, number: int) -> None:
    lab.driver.unplug(1)
    stopped, finishing = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": number}),
        ("StatusNotification", {"connectorId": 1, "status": "Finishing"}),
    )
    assert stopped["reason"] == "EVDisconnected"
    assert finishing["errorCode"] == "NoError"
    assert finishing["info"] == "EV side disconnected"


@case(
    "005_1",
    "EV side disconnected, StopTransactionOnEVSideDisconnect true, UnlockConnectorOnEVSideDisconnect true",
    profile="Core",
)
async def tc_005_1(lab: Bench) -> None:
    number = await _charging_with(lab, stop=True, unlock=True)
    await _stopped_by_the_car_leaving(lab, number)
    await lab.csms.status(1, "Available")


@case(
    "005_2",
    "EV side disconnected, StopTransactionOnEVSideDisconnect true, UnlockConnectorOnEVSideDisconnect false",
    profile="Core",
)
async def tc_005_2(lab: Bench) -> None:
    number = await _charging_with(lab, stop=True, unlock=False)
    await _stopped_by_the_car_leaving(lab, number)
    answered = await lab.csms.call("UnlockConnector", {"connectorId": 1})
    assert answered["status"] in ("Unlocked", "NotSupported"), answered
    await lab.csms.status(1, "Available")


@case("005_3", "EV side disconnected, StopTransactionOnEVSideDisconnect false", profile="Core")
async def tc_005_3(lab: Bench) -> None:
    number = await _charging_with(lab, stop=False, unlock=False)
    lab.driver.unplug(1)
    await lab.csms.status(1, "SuspendedEV")
    await lab.csms.never("StopTransaction", for_s=60)
    await lab.csms.accepted("RemoteStopTransaction", {"transactionId": number})
    stopped = await lab.csms.expect("StopTransaction", transactionId=number)
    assert stopped["reason"] == "Remote"
    ended = lab.csms.since(lab.csms.calls("StatusNotification", connectorId=1, status="SuspendedEV")[-1])
    statuses = [h["status"] for h in ended if h.action == "StatusNotification" and h["connectorId"] == 1]
    if not statuses:
        statuses = [(await lab.csms.expect("StatusNotification", connectorId=1))["status"]]
    assert statuses[0] in ("Finishing", "Available"), statuses


async def _cached(lab: Bench, id_tag: str) -> None:
    """The station learns a tag from an answer of ours, then is told to rely on it."""
    await lab.csms.set_key("AuthorizationCacheEnabled", True)
    await lab.csms.set_key("LocalPreAuthorize", True)
    await lab.csms.set_key("ConnectionTimeOut", 20)
    lab.driver.card(id_tag, connector_id=1)
    await lab.csms.expect("Authorize", idTag=id_tag)
    await lab.csms.status(1, "Preparing")
    await lab.csms.status(1, "Available", within_s=60)
    lab.csms.mark()


@case("007_1", "Start with a cached id", profile="Core")
async def tc_007_1(lab: Bench) -> None:
    await _cached(lab, "TAG-1")
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
    await lab.csms.status(1, "Charging", within_s=120)
    assert len(lab.csms.calls("Authorize")) == 1, "the cache was not used"


@case("007_2", "Remote start with a cached id", profile="Core")
async def tc_007_2(lab: Bench) -> None:
    await _cached(lab, "TAG-1")
    await lab.csms.set_key("AuthorizeRemoteTxRequests", True)
    await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
    await lab.csms.status(1, "Charging", within_s=120)
    assert len(lab.csms.calls("Authorize")) == 1, "the cache was not used"


@case("068", "Stop with the id that started", profile="Core")
async def tc_068(lab: Bench) -> None:
    number = await lab.charge(1, "TAG-1")
    lab.csms.tag("TAG-2", parent="ANOTHER")
    lab.driver.card("TAG-2")
    await lab.csms.never("StopTransaction", for_s=40)
    lab.driver.card("TAG-1")
    stopped, _ = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": number}),
        ("StatusNotification", {"connectorId": 1, "status": "Finishing"}),
    )
    assert stopped["idTag"] == "TAG-1"
    assert stopped.get("reason", "Local") == "Local"


@case("069", "Stop with another id of the same parentIdTag", profile="Core")
async def tc_069(lab: Bench) -> None:
    lab.csms.tag("TAG-1", parent="FAMILY")
    lab.csms.tag("TAG-2", parent="FAMILY")
    number = await lab.charge(1, "TAG-1")
    lab.driver.card("TAG-2")
    await lab.csms.expect("Authorize", idTag="TAG-2")
    stopped, _ = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": number}),
        ("StatusNotification", {"connectorId": 1, "status": "Finishing"}),
    )
    assert stopped["idTag"] == "TAG-2"
    assert stopped.get("reason", "Local") == "Local"
