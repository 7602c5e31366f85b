"""What the handlers of the list and of reservations make of the backend's words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from ocpp.exceptions import OCPPError

from kiosk.model.enums import AuthorizationStatus as Status
from kiosk.station.commands.local_list import UpdateKind
from kiosk.station.ocpp.actions import ACTIONS
from kiosk.station.ocpp.handlers import local_list, reservation
from kiosk.station.storage.records import TagEntry


class Said(StrEnum):
    ACCEPTED = "Accepted"


class FakeReservations:
    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def reserve(self, **asked: Any) -> Said:
        self.asked.append(asked)
        return Said.ACCEPTED

    async def cancel(self, reservation_id: int) -> Said:
        self.asked.append({"cancel": reservation_id})
        return Said.ACCEPTED


class FakeList:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def version(self) -> int:
        return 12

    async def update(self, kind: UpdateKind, version: int, entries: Sequence[Any]) -> Said:
        self.asked.append((kind, version, list(entries)))
        return Said.ACCEPTED


def do(action: str, payload: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
    """The answer, and what was asked of the two."""
    reservations, listed = FakeReservations(), FakeList()
    station: Any = SimpleNamespace(commands=SimpleNamespace(reservations=reservations, local_list=listed))
    answer: Any = asyncio.run(ACTIONS[action](station, payload))  # type: ignore[arg-type]
    return answer, reservations.asked, listed.asked


RESERVE = {"connectorId": 1, "expiryDate": "2026-11-22T13:00:00Z", "idTag": "ANNA", "reservationId": 7}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T13:00:00Z", datetime(2026, 11, 22, 13, tzinfo=UTC)),
        ("2026-11-22T13:00:00", datetime(2026, 11, 22, 13, tzinfo=UTC)),  # no zone: UTC
        ("2026-11-22T13:00:00+02:00", datetime(2026, 11, 22, 11, tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", datetime.max.replace(tzinfo=UTC)),  # later than we can say
    ],
)
def test_reserve(text: str, expected: datetime) -> None:
    answer, asked, _ = do("ReserveNow", RESERVE | {"expiryDate": text, "parentIdTag": ""})
    assert answer == {"status": "Accepted"}
    assert asked == [
        {
            "reservation_id": 7,
            "connector_id": 1,
            "id_tag": "ANNA",
            "parent_id_tag": None,
            "expires_at": expected,
        }
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"expiryDate": "tomorrow"},
        {"expiryDate": ""},
        {"reservationId": 2**63},
        {"reservationId": -(2**70)},
    ],
)
def test_what_cannot_be_kept_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OCPPError) as refused:
        do("ReserveNow", RESERVE | wrong)
    assert refused.value.code == "PropertyConstraintViolation"


def test_cancel() -> None:
    assert do("CancelReservation", {"reservationId": 7})[:2] == ({"status": "Accepted"}, [{"cancel": 7}])


def test_send_list() -> None:
    info = {"status": "Blocked", "expiryDate": "2026-12-01T00:00:00Z", "parentIdTag": "FAMILY"}
    answer, _, asked = do(
        "SendLocalList",
        {
            "listVersion": 3,
            "updateType": "Differential",
            "localAuthorizationList": [{"idTag": "A", "idTagInfo": info}, {"idTag": "B"}],
        },
    )
    entry = TagEntry(
        id_tag="A", status=Status.BLOCKED, expiry=datetime(2026, 12, 1, tzinfo=UTC), parent_id_tag="FAMILY"
    )
    assert answer == {"status": "Accepted"}
    assert asked == [(UpdateKind.DIFFERENTIAL, 3, [("A", entry), ("B", None)])]


def test_send_an_empty_list() -> None:
    assert do("SendLocalList", {"listVersion": 3, "updateType": "Full"})[2] == [(UpdateKind.FULL, 3, [])]


@pytest.mark.parametrize(
    "wrong",
    [
        {"listVersion": 2**63},
        {"localAuthorizationList": [{"idTag": "A", "idTagInfo": {"status": "Accepted", "expiryDate": "once"}}]},
    ],
)
def test_a_list_that_cannot_be_kept_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OCPPError) as refused:
        do("SendLocalList", {"listVersion": 3, "updateType": "Full"} | wrong)
    assert refused.value.code == "PropertyConstraintViolation"


def test_version() -> None:
    assert do("GetLocalListVersion", {})[0] == {"listVersion": 12}


def test_the_table_has_them() -> None:
    assert ACTIONS["ReserveNow"] is reservation.reserve_now
    assert ACTIONS["SendLocalList"] is local_list.send_list
