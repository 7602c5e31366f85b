"""Requests that a sane backend could make: without them, little would ever get past the first check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from kiosk.settings import table
from kiosk.settings.table import Key

Strategy = st.SearchStrategy[Any]

LATER: Final = "2026-11-22T18:00:00Z"
TAGS: Final = st.sampled_from(("TAG-1", "TAG-2", "04AE179C4F6181"))
CONNECTORS: Final = st.integers(1, 4)
STARTS: Final = ((0,), (0, 60), (0, 60, 3600))


def _values(key: Key) -> list[str]:
    found = [key.default, *key.choices, str(key.min), str(min(key.max, 2**31)), "1", "30", "true", "false"]
    return sorted({value for value in found if len(value) <= 500})


def _key(names: tuple[str, ...]) -> Strategy:
    """A key with a value that may well suit it."""

    def valued(name: str) -> Strategy:
        return st.sampled_from(_values(table.KEYS[name])).map(lambda value: {"key": name, "value": value})

    return st.sampled_from(names).flatmap(valued)


@st.composite
def _profile(draw: st.DrawFn) -> dict[str, Any]:
    purpose = draw(st.sampled_from(("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")))
    kind = draw(st.sampled_from(("Absolute", "Relative", "Recurring")))
    limits = st.sampled_from((0.0, 6.0, 16.0, 5000.0, 22000.0))
    schedule: dict[str, Any] = {
        "chargingRateUnit": draw(st.sampled_from(("A", "W"))),
        "chargingSchedulePeriod": [
            {"startPeriod": start, "limit": draw(limits)} for start in draw(st.sampled_from(STARTS))
        ],
    }
    if draw(st.booleans()):
        schedule["duration"] = draw(st.sampled_from((0, 60, 86400)))
    if kind != "Relative":
        schedule["startSchedule"] = draw(st.sampled_from(("2026-11-22T11:00:00Z", "2026-11-22T12:01:00Z")))
    profile: dict[str, Any] = {
        "chargingProfileId": draw(st.integers(1, 4)),
        "stackLevel": draw(st.integers(0, 2)),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": schedule,
    }
    if kind == "Recurring":
        profile["recurrencyKind"] = draw(st.sampled_from(("Daily", "Weekly")))
    if purpose == "TxProfile" and draw(st.booleans()):
        profile["transactionId"] = draw(st.integers(1, 3))
    return profile


def requests(keys: tuple[str, ...]) -> Mapping[str, Strategy]:
    """Action to payloads. ``keys``: names that may be changed."""
    entries = st.lists(
        st.fixed_dictionaries({"idTag": TAGS, "idTagInfo": st.just({"status": "Accepted"})}),
        max_size=3,
        unique_by=lambda entry: str(entry["idTag"]),
    )
    return {
        "ChangeConfiguration": _key(keys),
        "SetChargingProfile": st.builds(
            lambda connector_id, profile: {
                "connectorId": 0 if profile["chargingProfilePurpose"] == "ChargePointMaxProfile" else connector_id,
                "csChargingProfiles": profile,
            },
            CONNECTORS,
            _profile(),
        ),
        "ReserveNow": st.fixed_dictionaries(
            {
                "connectorId": CONNECTORS,
                "expiryDate": st.just(LATER),
                "idTag": TAGS,
                "reservationId": st.integers(1, 3),
            }
        ),
        "CancelReservation": st.fixed_dictionaries({"reservationId": st.integers(1, 3)}),
        "RemoteStartTransaction": st.fixed_dictionaries({"idTag": TAGS, "connectorId": CONNECTORS}),
        "RemoteStopTransaction": st.fixed_dictionaries({"transactionId": st.integers(1, 3)}),
        "SendLocalList": st.fixed_dictionaries(
            {
                "listVersion": st.integers(1, 4),
                "updateType": st.sampled_from(("Full", "Differential")),
                "localAuthorizationList": entries,
            }
        ),
        "ClearChargingProfile": st.fixed_dictionaries({}, optional={"id": st.integers(1, 4)}),
        "GetCompositeSchedule": st.fixed_dictionaries(
            {"connectorId": st.integers(0, 4), "duration": st.sampled_from((0, 60, 86400, 2**31))}
        ),
    }
