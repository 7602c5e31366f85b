"""Cases of the Core profile: tags that are refused, the authorization cache, a plug that cannot be locked."""

from __future__ import annotations

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

TIMEOUT_S = 20


@case("023_4", "Local start, Authorize refused", profile="Core")
async def tc_023_4(lab: Bench) -> None:
    await lab.csms.set_key("MinimumStatusDuration", 10)
    await lab.csms.set_key("LocalPreAuthorize", True)
    # card first, then the plug
    lab.csms.tag("BAD-1", status="Invalid")
    lab.driver.card("BAD-1", connector_id=1)
    await lab.csms.expect("Authorize", idTag="BAD-1")
    await lab.csms.never("StatusNotification", for_s=15, connectorId=1)
    lab.driver.plug(1)
    preparing = await lab.csms.status(1, "Preparing", within_s=20)
    assert (preparing.at - preparing.when).total_seconds() >= 10, "MinimumStatusDuration was not kept"
    await lab.csms.never("StartTransaction", for_s=30)
    # plug first, then each of the other words a backend has for no
    for id_tag, word in (("BAD-2", "Blocked"), ("BAD-3", "Expired"), ("BAD-4", "ConcurrentTx")):
        lab.csms.tag(id_tag, status=word)
        lab.driver.card(id_tag, connector_id=1)
        await lab.csms.expect("Authorize", idTag=id_tag)
        await lab.csms.never("StartTransaction", for_s=10)
    # and a good one is still welcome
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")


@case("023_5", "Remote start, Authorize refused", profile="Core")
async def tc_023_5(lab: Bench) -> None:
    await lab.csms.set_key("AuthorizeRemoteTxRequests", True)
    await lab.csms.set_key("LocalPreAuthorize", True)
    lab.csms.tag("BAD-1", status="Invalid")
    # the plug comes after the refusal
    await lab.csms.accepted("RemoteStartTransaction", {"idTag": "BAD-1", "connectorId": 1})
    await lab.csms.expect("Authorize", idTag="BAD-1")
    lab.driver.plug(1)
    await lab.csms.status(1, "Preparing")
    await lab.csms.never("StartTransaction", for_s=30)
    # the plug is in already
    await lab.csms.accepted("RemoteStartTransaction", {"idTag": "BAD-1", "connectorId": 1})
    await lab.csms.expect("Authorize", idTag="BAD-1")
    await lab.csms.never("StartTransaction", for_s=30)


@case("024", "Lock failure at a start", profile="Core")
async def tc_024(lab: Bench) -> None:
    await lab.csms.set_key("AuthorizeRemoteTxRequests", True)
    for remote in (True, False):
        if remote:
            await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
        else:
            lab.driver.card("TAG-1", connector_id=1)
        await lab.csms.expect("Authorize", idTag="TAG-1")
        await lab.csms.status(1, "Preparing")
        lab.driver.plug(1, seated=False)
        await lab.csms.status(1, "Faulted", errorCode="ConnectorLockFailure")
        await lab.csms.never("StartTransaction", for_s=30)
        lab.driver.unplug(1)
        await lab.csms.status(1, "Available", errorCode="NoError")
    # with the plug all the way in it works
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")


async def _caching(lab: Bench) -> None:
    await lab.csms.set_key("AuthorizationCacheEnabled", True)
    await lab.csms.set_key("LocalPreAuthorize", True)
    await lab.csms.set_key("ConnectionTimeOut", TIMEOUT_S)


async def _back_to_available(lab: Bench) -> None:
    await lab.csms.status(1, "Preparing")
    await lab.csms.status(1, "Available", within_s=TIMEOUT_S + 10)


@case("061_1", "Clear the cache, local start", profile="Core")
async def tc_061_1(lab: Bench) -> None:
    await _caching(lab)
    for _ in range(2):  # the second time the cache is asked
        lab.driver.card("TAG-1", connector_id=1)
        await _back_to_available(lab)
    assert len(lab.csms.calls("Authorize")) == 1, "the cache was not used"
    await lab.csms.accepted("ClearCache")
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.expect("Authorize", idTag="TAG-1")
    await lab.csms.set_key("AuthorizationCacheEnabled", False)
    answered = await lab.csms.call("ClearCache")
    assert answered["status"] == "Rejected", "there is no cache to clear"


@case("061_2", "Clear the cache, remote start", profile="Core")
async def tc_061_2(lab: Bench) -> None:
    await _caching(lab)
    await lab.csms.set_key("AuthorizeRemoteTxRequests", True)
    for _ in range(2):
        await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
        await _back_to_available(lab)
    assert len(lab.csms.calls("Authorize")) == 1, "the cache was not used"
    await lab.csms.accepted("ClearCache")
    await lab.csms.accepted("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
    await lab.csms.expect("Authorize", idTag="TAG-1")
