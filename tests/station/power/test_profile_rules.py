"""What is refused of a charging profile, and why."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from kiosk.station.power.profile_model import SentProfile, Unit
from kiosk.station.power.profile_rules import UNIT_WORDS, Bounds, problem

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOUNDS = Bounds(max_level=10, max_periods=3, units=frozenset(Unit))
GOOD: dict[str, Any] = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000}, {"startPeriod": 60, "limit": 8.1}],
    },
}
Change = dict[str, Any]


def changed(change: Change) -> SentProfile:
    payload = copy.deepcopy(GOOD)
    for name, value in change.items():
        if name in ("chargingRateUnit", "chargingSchedulePeriod", "duration", "minChargingRate", "startSchedule"):
            payload["chargingSchedule"][name] = value
        else:
            payload[name] = value
    return msgspec.convert(payload, SentProfile)


def periods(*given: tuple[int, float]) -> Change:
    return {"chargingSchedulePeriod": [{"startPeriod": start, "limit": limit} for start, limit in given]}


def phases(count: int) -> Change:
    return {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1, "numberPhases": count}]}


MAX = {"chargingProfilePurpose": "ChargePointMaxProfile"}
TX = {"chargingProfilePurpose": "TxProfile"}
RECURRING = {"chargingProfileKind": "Recurring"}


@pytest.mark.parametrize(
    ("connector_id", "change"),
    [
        (0, {}),
        (1, {}),
        (0, MAX),
        (1, TX),
        (1, TX | {"transactionId": 0}),
        (1, {"stackLevel": 10}),
        (1, {"chargingRateUnit": "A"}),
        (1, {"duration": 0}),
        (1, {"duration": 86400}),
        (1, {"minChargingRate": 0}),
        (1, RECURRING | {"recurrencyKind": "Weekly"}),
        (1, {"recurrencyKind": "Daily"}),  # of a profile that does not recur: left alone (errata 3.56)
        (1, {"chargingProfileKind": "Relative", "startSchedule": "2026-11-22T12:00:00Z"}),
        (1, {"validFrom": "2026-11-01T00:00:00Z", "validTo": "2026-11-22T12:00:01Z"}),
        (1, {"validFrom": "2027-11-01T00:00:00Z"}),
        (1, periods((0, 0))),
        (1, periods((0, 1), (1, 0), (2, 1e300))),
        (1, phases(1)),
        (1, phases(3)),
        (1, {"chargingProfileId": -(2**63) + 1}),
    ],
)
def test_taken(connector_id: int, change: Change) -> None:
    assert problem(changed(change), connector_id, BOUNDS, NOW) is None


@pytest.mark.parametrize(
    ("connector_id", "change", "why"),
    [
        (1, MAX, "connector 0"),
        (0, TX, "belongs to a connector"),
        (1, {"transactionId": 7}, "no transactionId"),
        (0, MAX | {"transactionId": 7}, "no transactionId"),
        (1, {"stackLevel": 11}, "0 to 10"),
        (1, {"stackLevel": -1}, "0 to 10"),
        (1, {"chargingProfileId": 2**63}, "too large"),
        (1, {"minChargingRate": -1}, "minChargingRate"),
        (1, {"duration": -1}, "duration"),
        (1, {"duration": 10**12}, "duration"),
        (1, RECURRING, "recurrencyKind"),
        (1, {"validFrom": "2026-11-23T00:00:00Z", "validTo": "2026-11-23T00:00:00Z"}, "validTo"),
        (1, {"validTo": "2026-11-22T12:00:00Z"}, "over"),
        (1, {"validTo": "2026-11-22T12:59:00+01:00"}, "over"),
        (1, {"chargingSchedulePeriod": []}, "0 periods"),
        (1, periods((0, 1), (1, 1), (2, 1), (3, 1)), "4 periods"),
        (1, periods((1, 1)), "not 0"),
        (1, periods((0, 1), (5, 1), (5, 2)), "ascend"),
        (1, periods((0, 1), (5, 1), (4, 2)), "ascend"),
        (1, periods((0, 1), (10**12, 1)), "far away"),
        (1, periods((0, -0.1)), "limit"),
        (1, periods((0, 1), (5, float("inf"))), "limit"),
        (1, periods((0, float("nan"))), "limit"),
        (1, phases(0), "phases"),
        (1, phases(4), "phases"),
    ],
)
def test_refused(connector_id: int, change: Change, why: str) -> None:
    found = problem(changed(change), connector_id, BOUNDS, NOW)
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    ("words", "unit", "taken"),
    [
        (("Current",), "A", True),
        (("Current",), "W", False),
        (("Power",), "W", True),
        (("Power",), "A", False),
        ((), "W", False),
    ],
)
def test_only_the_units_of_the_key(words: tuple[str, ...], unit: str, taken: bool) -> None:
    bounds = msgspec.structs.replace(BOUNDS, units=frozenset(UNIT_WORDS[word] for word in words))
    assert (problem(changed({"chargingRateUnit": unit}), 1, bounds, NOW) is None) is taken
