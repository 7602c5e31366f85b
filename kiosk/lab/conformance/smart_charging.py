"""Cases of the SmartCharging profile: what is told of the limits, and what the cars really draw under them."""

from __future__ import annotations

from typing import Any

from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.registry import case

Payload = dict[str, Any]

RAMP_S = 5.0
"""How long a car may take to follow a new limit, and the meter to tell it."""


def _profile(
    lab: Bench, purpose: str, *periods: tuple[int, float], number: int = 1, level: int = 0, **more: Any
) -> Payload:
    """A ChargingProfile that begins now; ``more``: other fields of it or of its schedule."""
    schedule: Payload = {
        "startSchedule": lab.csms.time_in(0),
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": s, "limit": limit} for s, limit in periods],
    }
    for name in ("duration", "startSchedule", "chargingRateUnit"):
        if name in more:
            schedule[name] = more.pop(name)
    if more.get("chargingProfileKind") == "Relative":
        del schedule["startSchedule"]
    profile = {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    return profile | more


async def _set(lab: Bench, connector_id: int, profile: Payload, status: str = "Accepted") -> None:
    asked = {"connectorId": connector_id, "csChargingProfiles": profile}
    await lab.csms.accepted("SetChargingProfile", asked, status)


async def _schedule(
    lab: Bench, connector_id: int, duration_s: int, unit: str | None = "W"
) -> list[tuple[int, float]]:
    """The composite schedule as (startPeriod, limit)."""
    asked: Payload = {"connectorId": connector_id, "duration": duration_s}
    if unit is not None:
        asked["chargingRateUnit"] = unit
    before = lab.csms.now()
    told = await lab.csms.accepted("GetCompositeSchedule", asked)
    schedule = told["chargingSchedule"]
    assert told["connectorId"] == connector_id
    late_s = abs((lab.csms.judge_time(told["scheduleStart"]) - before).total_seconds())
    assert late_s <= 2, f"scheduleStart is {late_s} s away"
    assert unit is None or schedule["chargingRateUnit"] == unit
    assert schedule["duration"] <= duration_s
    starts = [period["startPeriod"] for period in schedule["chargingSchedulePeriod"]]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    return [(period["startPeriod"], period["limit"]) for period in schedule["chargingSchedulePeriod"]]


async def _told_from(lab: Bench, connector_id: int, duration_s: int, *wanted: tuple[int, float]) -> None:
    """The schedule is this; edges may be a second off, because asking takes time."""
    told = await _schedule(lab, connector_id, duration_s)
    fits = len(told) == len(wanted) and all(
        abs(start - due) <= 2 and limit == w_limit
        for (start, limit), (due, w_limit) in zip(told, wanted, strict=True)
    )
    assert fits, f"connector {connector_id}: {told}, not {list(wanted)}"


async def _draws(lab: Bench, connector_id: int, limit_w: int) -> None:
    """The car follows: it takes the limit, and not more."""
    await lab.sleep(RAMP_S)
    power_w = lab.station.connector(connector_id).power_w or 0
    assert limit_w * 0.95 <= power_w <= limit_w, f"connector {connector_id} draws {power_w} W of {limit_w} W"


@case("056", "Central smart charging, TxDefaultProfile", profile="SmartCharging")
async def tc_056(lab: Bench) -> None:
    for connector_id in (1, 0):
        default = _profile(lab, "TxDefaultProfile", (0, 6000), (600, 10000), (900, 8000), duration=1200)
        await _set(lab, connector_id, default)
        await _told_from(lab, 1, 1800, (0, 6000), (600, 10000), (900, 8000), (1200, 50000))
        await lab.charge(1)
        await _draws(lab, 1, 6000)
        await lab.csms.accepted("RemoteStopTransaction", {"transactionId": lab.transaction_id(1)})
        await lab.csms.status(1, "Finishing")
        lab.driver.unplug(1)
        await lab.csms.status(1, "Available")
        await lab.csms.accepted("ClearChargingProfile", {"id": 1})


@case("057", "Central smart charging, TxProfile", profile="SmartCharging")
async def tc_057(lab: Bench) -> None:
    number = await lab.charge(1)
    await _set(lab, 1, _profile(lab, "TxProfile", (0, 6000), (60, 10000), (120, 8000), transactionId=number))
    await _told_from(lab, 1, 300, (0, 6000), (60, 10000), (120, 8000))
    await _draws(lab, 1, 6000)
    await lab.sleep(60)
    await _draws(lab, 1, 10000)
    await lab.sleep(60)
    await _draws(lab, 1, 8000)
    await lab.csms.accepted("RemoteStopTransaction", {"transactionId": number})
    await lab.csms.status(1, "Finishing")
    await _told_from(lab, 1, 300, (0, 50000))


@case("058_1", "TxProfile without a transaction", profile="SmartCharging")
async def tc_058_1(lab: Bench) -> None:
    await _set(lab, 1, _profile(lab, "TxProfile", (0, 6000)), "Rejected")
    await _set(lab, 1, _profile(lab, "TxProfile", (0, 6000), transactionId=1), "Rejected")
    await lab.csms.accepted("ClearChargingProfile", {}, "Unknown")


@case("058_2", "TxProfile with a wrong transactionId", profile="SmartCharging")
async def tc_058_2(lab: Bench) -> None:
    number = await lab.charge(1)
    await _set(lab, 1, _profile(lab, "TxProfile", (0, 6000), transactionId=number + 1), "Rejected")
    await _set(lab, 2, _profile(lab, "TxProfile", (0, 6000), transactionId=number), "Rejected")
    await _told_from(lab, 1, 300, (0, 50000))
    await lab.csms.accepted("ClearChargingProfile", {}, "Unknown")


@case("059", "Remote start with a charging profile", profile="SmartCharging")
async def tc_059(lab: Bench) -> None:
    profile = _profile(lab, "TxProfile", (0, 6000), (600, 9000), chargingProfileKind="Relative")
    asked = {"idTag": "TAG-1", "connectorId": 1, "chargingProfile": profile}
    await lab.csms.accepted("RemoteStartTransaction", asked)
    await lab.csms.status(1, "Preparing")
    lab.driver.plug(1)
    started = await lab.csms.expect("StartTransaction", connectorId=1, idTag="TAG-1")
    await lab.csms.status(1, "Charging", within_s=120)
    await _draws(lab, 1, 6000)
    gone_s = int((lab.csms.now() - started.when).total_seconds())
    await _told_from(lab, 1, 1200, (0, 6000), (600 - gone_s, 9000))
    number = lab.transaction_id(1)
    await _set(lab, 1, _profile(lab, "TxProfile", (0, 7000), number=2, transactionId=number))
    await _draws(lab, 1, 7000)
    await lab.csms.accepted("ClearChargingProfile", {"id": 1}, "Unknown")  # replaced: same level and purpose
    await lab.csms.accepted("RemoteStopTransaction", {"transactionId": number})
    await lab.csms.status(1, "Finishing")
    await lab.csms.accepted("ClearChargingProfile", {"id": 2}, "Unknown")  # gone with its transaction


@case("060", "Remote start with a charging profile, rejected", profile="SmartCharging")
async def tc_060(lab: Bench) -> None:
    for profile in (
        _profile(lab, "TxDefaultProfile", (0, 6000)),
        _profile(lab, "ChargePointMaxProfile", (0, 6000)),
        _profile(lab, "TxProfile", (0, 6000), transactionId=1),
        _profile(lab, "TxProfile", (0, 6000), level=999),
    ):
        asked = {"idTag": "TAG-1", "connectorId": 1, "chargingProfile": profile}
        await lab.csms.accepted("RemoteStartTransaction", asked, "Rejected")
    await lab.csms.never("StatusNotification", for_s=5)
    await lab.csms.accepted("ClearChargingProfile", {}, "Unknown")


@case("066", "Composite schedule", profile="SmartCharging")
async def tc_066(lab: Bench) -> None:
    assert int(await lab.csms.get_key("MaxChargingProfilesInstalled") or 0) >= 3
    assert int(await lab.csms.get_key("ChargingScheduleMaxPeriods") or 0) >= 5
    number = await lab.charge(1)
    await _set(lab, 0, _profile(lab, "ChargePointMaxProfile", (0, 10000), duration=86400, number=1))
    await _set(lab, 1, _profile(lab, "TxDefaultProfile", (0, 6000), duration=300, number=2))
    await _told_from(lab, 1, 400, (0, 6000), (300, 10000))
    session = _profile(
        lab,
        "TxProfile",
        (0, 8000),
        (50, 10000),
        (100, 20000),
        (150, 4000),
        (200, 9000),
        duration=260,
        number=3,
        transactionId=number,
    )
    await _set(lab, 1, session)
    # the second and the third period are one: both are above the station's limit
    wanted = ((0, 8000.0), (50, 10000.0), (150, 4000.0), (200, 9000.0), (260, 6000.0), (300, 10000.0))
    await _told_from(lab, 1, 400, *wanted)
    await _told_from(lab, 0, 400, (0, 10000))
    assert [limit for _, limit in await _schedule(lab, 1, 0)] == [8000]
    assert len(await _schedule(lab, 1, 400, None)) == len(wanted)
    amperes = await _schedule(lab, 0, 100, "A")
    assert [limit for _, limit in amperes] == [14.4], "10 kW on three phases of 230 V, rounded down"
    await lab.csms.accepted("GetCompositeSchedule", {"connectorId": 7, "duration": 60}, "Rejected")


@case("067", "Clear a charging profile", profile="SmartCharging")
async def tc_067(lab: Bench) -> None:
    await _set(lab, 1, _profile(lab, "TxDefaultProfile", (0, 6000), number=1, level=1))
    await _told_from(lab, 1, 300, (0, 6000))
    await lab.csms.accepted("ClearChargingProfile", {"id": 1})
    await lab.csms.accepted("ClearChargingProfile", {"id": 1}, "Unknown")
    await _told_from(lab, 1, 300, (0, 50000))
    await _set(lab, 1, _profile(lab, "TxDefaultProfile", (0, 6000), number=1, level=1))
    await _set(lab, 0, _profile(lab, "TxDefaultProfile", (0, 9000), number=2, level=1))
    await _set(lab, 0, _profile(lab, "ChargePointMaxProfile", (0, 12000), number=3, level=1))
    wrong = {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2}
    await lab.csms.accepted("ClearChargingProfile", wrong, "Unknown")
    await lab.csms.accepted("ClearChargingProfile", wrong | {"stackLevel": 1})
    await _told_from(lab, 1, 300, (0, 9000))
    await lab.csms.accepted("ClearChargingProfile", {"chargingProfilePurpose": "TxDefaultProfile"})
    await _told_from(lab, 1, 300, (0, 12000))
    await lab.csms.accepted("ClearChargingProfile", {})
    await _told_from(lab, 1, 300, (0, 50000))


@case("072", "Stacked charging profiles", profile="SmartCharging")
async def tc_072(lab: Bench) -> None:
    assert int(await lab.csms.get_key("ChargeProfileMaxStackLevel") or 0) >= 2
    await lab.charge(1)
    low = _profile(lab, "TxDefaultProfile", (0, 6000), (100, 10000), (200, 8000), duration=400, number=1, level=1)
    await _set(lab, 1, low)
    high = _profile(lab, "TxDefaultProfile", (0, 7000), (50, 5000), duration=150, number=2, level=2)
    await _set(lab, 1, high)
    await _told_from(lab, 1, 350, (0, 7000), (50, 5000), (150, 10000), (200, 8000))
    await _draws(lab, 1, 7000)
    await lab.station.restart()
    await lab.booted()
    await lab.csms.status(1, "Charging", within_s=120)
    await lab.csms.accepted("ClearChargingProfile", {"id": 2})
    told = await _schedule(lab, 1, 60)
    assert {limit for _, limit in told} <= {6000, 10000, 8000}, "the lower level counts, also after a restart"


@case("082", "TxDefaultProfile during a transaction", profile="SmartCharging")
async def tc_082(lab: Bench) -> None:
    await lab.charge(1)
    await _set(lab, 1, _profile(lab, "TxDefaultProfile", (0, 6000), (300, 9000), number=1))
    await _told_from(lab, 1, 600, (0, 6000), (300, 9000))
    await _draws(lab, 1, 6000)
    await _set(lab, 1, _profile(lab, "TxDefaultProfile", (0, 8000), number=2))  # takes the place of the first
    await _draws(lab, 1, 8000)
    await lab.csms.accepted("ClearChargingProfile", {"id": 2})
    await lab.sleep(RAMP_S)
    assert (lab.station.connector(1).power_w or 0) > 8000, "the session goes on without a default"
    nowhere = {"connectorId": 9, "csChargingProfiles": _profile(lab, "TxDefaultProfile", (0, 8000))}
    code = await lab.csms.status_or_code("SetChargingProfile", nowhere)
    assert code == "PropertyConstraintViolation", f"a connector that does not exist: {code} (errata 3.39)"
