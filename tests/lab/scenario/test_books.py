"""The audit at the end: every session billed once, and energy that adds up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from kiosk.backend.recording import Frame
from kiosk.lab.scenario.books import Books, mismatches
from kiosk.link.messages import SessionRow

AT = datetime(2026, 11, 12, 6, tzinfo=UTC)
OWN = SessionRow(
    local_id="a",
    connector_id=1,
    transaction_id=7,
    id_tag="TAG",
    started_at=AT,
    ended_at=AT,
    meter_start_wh=1000,
    meter_stop_wh=3500,
    stop_reason="Local",
)


def frame(kind: str, action: str, payload: Any, *, to_station: bool = False, message_id: str = "1") -> Frame:
    return Frame(
        seq=1,
        at=AT,
        station="X",
        to_station=to_station,
        kind=kind,
        message_id=message_id,
        action=action,
        payload=payload,
        raw="",
    )


START = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": "t0"}
STOP = {"transactionId": 7, "meterStop": 3500, "timestamp": "t1", "reason": "Local"}


def books(*stops: dict[str, Any], starts: int = 1) -> Books:
    found = Books()
    for number in range(starts):
        found.hear(frame("call", "StartTransaction", START, message_id=str(number)))
        answer = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
        found.hear(frame("result", "StartTransaction", answer, to_station=True, message_id=str(number)))
    for stop in stops:
        found.hear(frame("call", "StopTransaction", stop, message_id="s"))
    return found


def test_books_that_agree() -> None:
    found = books(STOP)
    assert found.energy_wh == 2500
    assert mismatches(found, [OWN], [2500, 0]) == []


def test_a_repeat_is_no_second_bill() -> None:
    assert mismatches(books(STOP, STOP, starts=2), [OWN], [2500]) == []


@pytest.mark.parametrize(
    ("found", "own", "meters", "problem"),
    [
        (books(), [OWN], [2500], "transaction 7 at connector 1 never ended"),
        (books(STOP, {**STOP, "meterStop": 3600}), [OWN], [2500], "ended 2 times, differently"),
        (books(STOP), [], [2500], "transaction 7 is unknown to the station"),
        (books(STOP), [OWN, OWN], [2500], "transaction 7 belongs to two sessions"),
        (books(starts=0), [OWN], [2500], "transaction 7 is unknown to the backend"),
        (books(STOP), [OWN], [2501], "the meter counted 2501 Wh, billed were 2500 Wh"),
        (
            books(STOP),
            [OWN, msgspec.structs.replace(OWN, transaction_id=None)],
            [2500],
            "a session at connector 1 that began at 06:00:00 was never billed",
        ),
        (
            books(STOP),
            [msgspec.structs.replace(OWN, meter_stop_wh=3400)],
            [2500],
            "transaction 7: billed 2500 Wh, the station has 2400 Wh",
        ),
    ],
)
def test_books_that_do_not(found: Books, own: list[SessionRow], meters: list[int], problem: str) -> None:
    assert any(problem in text for text in mismatches(found, own, meters))


def test_noise_is_not_booked() -> None:
    found = Books()
    found.hear(frame("call", "StopTransaction", STOP))
    found.hear(frame("broken", "", None))
    found.hear(frame("error", "StartTransaction", {"code": "InternalError", "description": ""}, to_station=True))
    assert found.billed == {}
