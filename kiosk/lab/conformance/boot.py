"""Cases of the Core profile: boot and reset."""

from __future__ import annotations

from itertools import pairwise

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

BEAT_S = 60


async def _heartbeats(lab: Bench, interval_s: int) -> None:
    """Three heartbeats in a row, each after the interval; nothing else is said meanwhile."""
    lab.csms.mark()
    beats = [await lab.csms.expect("Heartbeat", within_s=interval_s + 5) for _ in range(3)]
    for one, other in pairwise(beats):
        assert abs((other.at - one.at).total_seconds() - interval_s) <= 1, "heartbeats do not keep the interval"


async def _all_are(lab: Bench, status: str) -> None:
    """One StatusNotification for the station and for each connector, all of that status."""
    wanted = [("StatusNotification", {"connectorId": i, "status": status}) for i in (0, *lab.connector_ids)]
    await lab.csms.expect_all(*wanted)


@case("001", "Cold boot", profile="Core", booted=False)
async def tc_001(lab: Bench) -> None:
    lab.csms.heartbeat_interval_s = BEAT_S
    lab.csms.answer("BootNotification", {"status": "Rejected", "interval": 25}, times=1)
    lab.station.power_on()
    first = await lab.csms.expect("BootNotification", chargePointVendor=..., chargePointModel=...)
    second = await lab.csms.expect("BootNotification", within_s=60)
    waited_s = (second.at - first.at).total_seconds()
    assert 25 <= waited_s <= 30, f"booted again after {waited_s:.0f} s, the interval was 25 s"
    assert (
        not lab.csms.since(first, "StatusNotification") or second.at <= lab.csms.calls("StatusNotification")[0].at
    )
    await _all_are(lab, "Available")
    await _heartbeats(lab, BEAT_S)


@case("002", "Cold boot, Pending", profile="Core", booted=False)
async def tc_002(lab: Bench) -> None:
    lab.csms.heartbeat_interval_s = BEAT_S
    lab.csms.answer("BootNotification", {"status": "Pending", "interval": 30}, times=1)
    lab.station.power_on()
    first = await lab.csms.expect("BootNotification")
    known = await lab.csms.call("GetConfiguration", {"key": ["MeterValueSampleInterval"]})
    assert known["configurationKey"][0]["key"] == "MeterValueSampleInterval"
    await lab.csms.set_key("MeterValueSampleInterval", 47)
    remote = await lab.csms.call("RemoteStartTransaction", {"idTag": "TAG-1", "connectorId": 1})
    assert remote["status"] == "Rejected", "a remote start before the station was accepted"
    second = await lab.csms.expect("BootNotification", within_s=60)
    assert 30 <= (second.at - first.at).total_seconds() <= 35
    await _all_are(lab, "Available")
    assert await lab.csms.get_key("MeterValueSampleInterval") == "47"
    await _heartbeats(lab, BEAT_S)


async def _reset_without_transaction(lab: Bench, kind: str) -> None:
    """An Unavailable connector and the others Available, before and after."""
    await lab.csms.accepted("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    await lab.csms.status(1, "Unavailable")
    await lab.csms.accepted("Reset", {"type": kind})
    await lab.csms.expect("BootNotification", within_s=60)
    await lab.csms.expect_all(
        ("StatusNotification", {"connectorId": 0, "status": "Available"}),
        ("StatusNotification", {"connectorId": 1, "status": "Unavailable"}),
        *(("StatusNotification", {"connectorId": i, "status": "Available"}) for i in lab.connector_ids[1:]),
    )
    assert lab.station.starts == 2, "the programs did not start anew"
    await lab.csms.accepted("ChangeAvailability", {"connectorId": 1, "type": "Operative"})
    await lab.csms.status(1, "Available")
    assert not lab.csms.calls("StopTransaction")


@case("013", "Hard reset without a transaction", profile="Core")
async def tc_013(lab: Bench) -> None:
    await _reset_without_transaction(lab, "Hard")


@case("014", "Soft reset without a transaction", profile="Core")
async def tc_014(lab: Bench) -> None:
    await _reset_without_transaction(lab, "Soft")


async def _reset_with_transaction(lab: Bench, kind: str, reason: str) -> None:
    """The transaction ends first and is told before the station goes; the driver's plug is still in."""
    number = await lab.charge(1)
    await lab.csms.accepted("Reset", {"type": kind})
    stopped = await lab.csms.expect("StopTransaction", transactionId=number)
    assert stopped["reason"] == reason
    boot = await lab.csms.expect("BootNotification", within_s=60)
    assert stopped.at < boot.at
    after = await lab.csms.expect("StatusNotification", connectorId=1)
    assert after["status"] in ("Preparing", "Finishing"), after["status"]
    lab.driver.unplug(1)
    await lab.csms.status(1, "Available")
    assert len(lab.csms.calls("StopTransaction")) == 1


@case("015", "Hard reset with a transaction", profile="Core")
async def tc_015(lab: Bench) -> None:
    await _reset_with_transaction(lab, "Hard", "HardReset")


@case("016", "Soft reset with a transaction", profile="Core")
async def tc_016(lab: Bench) -> None:
    await _reset_with_transaction(lab, "Soft", "SoftReset")
