"""Cases of the Core profile: the line is gone, and comes back."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.csms import Heard
from kiosk.lab.conformance.registry import case

SAMPLE_S = 20


def _times(messages: list[Heard]) -> list[str]:
    return [value["timestamp"] for heard in messages for value in heard["meterValue"]]


@case("036", "Connection lost during a transaction", profile="Core")
async def tc_036(lab: Bench) -> None:
    await lab.csms.set_key("MeterValueSampleInterval", SAMPLE_S)
    await lab.csms.set_key("ClockAlignedDataInterval", 0)
    number = await lab.charge(1)
    began = lab.csms.calls("StartTransaction")[-1]
    await lab.csms.expect("MeterValues", transactionId=number, within_s=SAMPLE_S + 5)
    await lab.sleep(1)  # our answer has arrived: nothing need be repeated
    await lab.csms.offline()
    await lab.sleep(5 * SAMPLE_S)
    await lab.csms.online()
    await lab.csms.connection()
    back_at = lab.csms.now()
    await lab.sleep(3 * SAMPLE_S)
    told = [h for h in lab.csms.calls("MeterValues", transactionId=number) if h.at > began.at]
    at = [lab.csms.judge_time(text) for text in _times(told)]
    assert len(at) >= 8, f"{len(at)} meter values in about nine intervals"
    assert at == sorted(at), "not in the order of time"
    for one, other in pairwise(at):
        assert other - one == timedelta(seconds=SAMPLE_S), f"a gap of {other - one} before {other}"
    late = [h for h in told if h.at >= back_at]
    assert lab.csms.judge_time(_times(late)[0]) < back_at, "a new value came before the queued ones"
    for heard in told:
        for value in heard["meterValue"]:
            for sampled in value["sampledValue"]:
                assert sampled.get("context", "Sample.Periodic") == "Sample.Periodic", sampled
                assert sampled.get("format", "Raw") == "Raw", sampled


async def _knowing(lab: Bench, *, unknown_too: bool = True) -> None:
    """Offline starts are allowed for the tag TAG-1, from the cache."""
    await lab.csms.set_key("AuthorizationCacheEnabled", True)
    await lab.csms.set_key("LocalAuthListEnabled", True)
    await lab.csms.set_key("LocalAuthorizeOffline", True)
    await lab.csms.set_key("AllowOfflineTxForUnknownId", unknown_too)
    await lab.csms.set_key("ConnectionTimeOut", 20)
    lab.driver.card("TAG-1", connector_id=1)
    await lab.csms.expect("Authorize", idTag="TAG-1")
    await lab.csms.status(1, "Preparing")
    await lab.csms.status(1, "Available", within_s=60)
    lab.csms.mark()


async def _offline_start(lab: Bench, id_tag: str) -> None:
    await lab.csms.offline()
    await lab.sleep(10)
    lab.driver.plug(1)
    await lab.sleep(3)
    lab.driver.card(id_tag, connector_id=1)
    await lab.station.until(lambda: lab.station.connector(1).status == "Charging", "Charging while offline", 120)


@case("037_1", "Offline start, valid id", profile="Core")
async def tc_037_1(lab: Bench) -> None:
    await _knowing(lab)
    await _offline_start(lab, "TAG-1")
    away_until = lab.csms.now()
    await lab.csms.online()
    started, _ = await lab.csms.expect_all(
        ("StartTransaction", {"connectorId": 1, "idTag": "TAG-1"}),
        ("StatusNotification", {"connectorId": 1, "status": "Charging"}),
    )
    assert started.when < away_until, "the start is not told at the time when it was made"
    await lab.csms.never("StopTransaction", for_s=60)


@case("037_2", "Offline start, invalid id, StopTransactionOnInvalidId false", profile="Core")
async def tc_037_2(lab: Bench) -> None:
    await lab.csms.set_key("StopTransactionOnInvalidId", False)
    await lab.csms.set_key("MaxEnergyOnInvalidId", 0)
    await _knowing(lab)
    lab.csms.tag("BAD-1", status="Invalid")
    await _offline_start(lab, "BAD-1")
    await lab.csms.online()
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="BAD-1")
    await lab.csms.status(1, "SuspendedEVSE")
    await lab.csms.never("StopTransaction", for_s=60)
    assert lab.station.sim.state().connectors[0].power_w in (0, None), "energy flows for an invalid id"


@case("037_3", "Offline start, invalid id, StopTransactionOnInvalidId true", profile="Core")
async def tc_037_3(lab: Bench) -> None:
    await lab.csms.set_key("StopTransactionOnInvalidId", True)
    await _knowing(lab)
    lab.csms.tag("BAD-1", status="Invalid")
    await _offline_start(lab, "BAD-1")
    await lab.csms.online()
    await lab.csms.expect("StartTransaction", connectorId=1, idTag="BAD-1")
    stopped, _ = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": lab.transaction_id()}),
        ("StatusNotification", {"connectorId": 1, "status": "Finishing"}),
    )
    assert stopped["reason"] == "DeAuthorized"


@case("038", "Offline stop", profile="Core")
async def tc_038(lab: Bench) -> None:
    number = await lab.charge(1)
    await lab.csms.offline()
    await lab.sleep(30)
    lab.driver.card("TAG-1")
    await lab.station.until(lambda: lab.station.connector(1).status == "Finishing", "Finishing while offline")
    ended_before = lab.csms.now()
    await lab.csms.online()
    stopped, _ = await lab.csms.expect_all(
        ("StopTransaction", {"transactionId": number}),
        ("StatusNotification", {"connectorId": 1, "status": "Finishing"}),
    )
    assert stopped.get("reason", "Local") == "Local"
    assert stopped.when <= ended_before


@case("039", "Offline transaction", profile="Core")
async def tc_039(lab: Bench) -> None:
    await _knowing(lab)
    await _offline_start(lab, "TAG-1")
    await lab.sleep(120)
    lab.driver.card("TAG-1")
    await lab.station.until(lambda: lab.station.connector(1).status == "Finishing", "Finishing while offline")
    lab.driver.unplug(1)
    await lab.sleep(5)
    await lab.csms.online()
    started = await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
    stopped = await lab.csms.expect("StopTransaction", transactionId=lab.transaction_id())
    assert stopped.get("reason", "Local") == "Local"
    assert stopped["meterStop"] > started["meterStart"]
    assert 60 < (stopped.when - started.when).total_seconds() < 200
    statuses = [h["status"] for h in lab.csms.since(started, "StatusNotification", connectorId=1)]
    assert all(s == "Available" for s in statuses), f"history is told as if it were now: {statuses}"
