"""Which StatusNotification is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocpp.messages import Call, _validate_payload

from kiosk.model.enums import ChargePointErrorCode, ChargePointStatus, ConnectorType, StopReason
from kiosk.model.faults import FAULTS
from kiosk.model.snapshot import Connector, Session, Station
from kiosk.station.ocpp import status
from kiosk.station.ocpp.status import Picture, StatusBoard

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
A, P, C, F = (
    ChargePointStatus.AVAILABLE,
    ChargePointStatus.PREPARING,
    ChargePointStatus.CHARGING,
    ChargePointStatus.FINISHING,
)


def picture(word: ChargePointStatus, connector_id: int = 1) -> Picture:
    return Picture(
        connector_id=connector_id,
        status=word,
        error_code=ChargePointErrorCode.NO_ERROR,
        vendor_error_code=0,
    )


class Told:
    """A board that a backend listens to."""

    def __init__(self, minimum_s: float) -> None:
        self.board = StatusBoard()
        self.minimum_s = minimum_s
        self.heard: list[tuple[int, ChargePointStatus, float]] = []
        for connector_id in (1, 2):
            self.board.told(picture(A, connector_id))

    def change(self, at_s: float, word: ChargePointStatus, connector_id: int = 1) -> None:
        self.board.changed(picture(word, connector_id), NOW + timedelta(seconds=at_s), at_s)

    def look(self, at_s: float) -> None:
        for told, at in self.board.due(at_s, self.minimum_s):
            self.board.told(told)
            self.heard.append((told.connector_id, told.status, (at - NOW).total_seconds()))

    def words(self) -> list[ChargePointStatus]:
        return [word for _, word, _ in self.heard]


def test_without_a_minimum_every_change_is_told_with_its_own_time() -> None:
    told = Told(0)
    for at_s, word in ((1, P), (1.5, C), (1.6, F)):
        told.change(at_s, word)
    told.look(2)
    assert told.heard == [(1, P, 1), (1, C, 1.5), (1, F, 1.6)]
    assert told.board.next_due_s(0) is None


def test_a_change_waits_until_it_lasted() -> None:
    told = Told(3)
    told.change(1, P)
    assert told.board.next_due_s(3) == 4
    told.look(3.9)
    assert told.heard == []
    told.look(4)
    assert told.heard == [(1, P, 1)]


def test_an_overtaken_change_is_not_told_and_the_new_one_waits_its_own_time() -> None:
    told = Told(3)
    told.change(1, P)
    told.change(2, C)
    told.look(4)
    assert told.heard == []
    told.look(5)
    assert told.heard == [(1, C, 2)]


def test_a_change_that_lasted_is_told_even_if_it_was_overtaken_before_anybody_looked() -> None:
    told = Told(3)
    told.change(1, P)
    told.change(10, C)
    told.look(10)
    assert told.words() == [P]
    told.look(13)
    assert told.words() == [P, C]


def test_there_and_back_within_the_minimum_tells_nothing() -> None:
    told = Told(3)
    told.change(1, P)
    told.change(2, A)
    told.look(100)
    assert told.heard == []
    assert told.board.next_due_s(3) is None


def test_connectors_do_not_overtake_each_other() -> None:
    told = Told(3)
    told.change(1, P, 1)
    told.change(2, P, 2)
    told.look(5)
    assert told.heard == [(1, P, 1), (2, P, 2)]


def test_a_picture_that_says_the_same_is_no_change() -> None:
    told = Told(0)
    told.change(1, A)
    told.look(2)
    assert told.heard == []


def test_after_a_reset_nothing_of_the_past_is_told() -> None:
    told = Told(0)
    told.change(1, P)
    told.board.reset()
    told.look(2)
    assert told.heard == []


CHANGES = st.lists(st.tuples(st.floats(0.01, 5), st.sampled_from([A, P, C, F]), st.integers(1, 2)), max_size=30)


@given(CHANGES, st.sampled_from([0.0, 1.0, 3.0]), st.floats(0.1, 2))
def test_in_the_end_the_backend_knows_how_it_is(
    changes: list[tuple[float, ChargePointStatus, int]], minimum_s: float, pace_s: float
) -> None:
    told = Told(minimum_s)
    now_s, looked_s = 0.0, 0.0
    actual = {1: A, 2: A}
    for gap_s, word, connector_id in changes:
        now_s += gap_s
        told.change(now_s, word, connector_id)
        actual[connector_id] = word
        if now_s - looked_s >= pace_s:
            told.look(now_s)
            looked_s = now_s
    told.look(now_s + minimum_s)
    known = {1: A, 2: A}
    for connector_id, word, _ in told.heard:
        assert known[connector_id] != word, "nothing is told twice in a row"
        known[connector_id] = word
    assert known == actual
    assert told.board.next_due_s(minimum_s) is None


def test_every_fault_of_the_table_fits_the_schema() -> None:
    for fault in FAULTS.values():
        told = status.payload(
            Picture(
                connector_id=1,
                status=ChargePointStatus.FAULTED,
                error_code=fault.error_code,
                vendor_error_code=fault.code,
            ),
            NOW,
            "alpitronic GmbH",
        )
        _validate_payload(Call("1", "StatusNotification", told), "1.6")
        assert told["vendorErrorCode"] == str(fault.code)
        assert told.get("info") == (fault.name if fault.code else None)


def test_connector_0_tells_the_door_and_is_never_faulted() -> None:
    assert status.of_station(Station()) == picture(A, 0)
    door = status.of_station(Station(faults=(1001,)))
    assert (door.status, door.error_code) == (A, ChargePointErrorCode.OTHER_ERROR)
    assert door.vendor_error_code == 1001
    assert status.of_station(Station(operative=False)).status is ChargePointStatus.UNAVAILABLE


def test_a_connector_tells_its_own_code() -> None:
    connector = Connector(
        id=3,
        type=ConnectorType.CCS,
        status=ChargePointStatus.FAULTED,
        error_code=ChargePointErrorCode.GROUND_FAILURE,
        vendor_error_code=18,
    )
    assert status.of_connector(connector) == Picture(
        connector_id=3,
        status=ChargePointStatus.FAULTED,
        error_code=ChargePointErrorCode.GROUND_FAILURE,
        vendor_error_code=18,
    )


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (ChargePointErrorCode.EV_COMMUNICATION_ERROR, F),
        (ChargePointErrorCode.GROUND_FAILURE, ChargePointStatus.FAULTED),
        (ChargePointErrorCode.OTHER_ERROR, ChargePointStatus.FAULTED),
    ],
)
def test_a_car_that_does_not_talk_is_no_fault_of_the_connector(
    code: ChargePointErrorCode, told: ChargePointStatus
) -> None:
    connector = Connector(
        id=1, type=ConnectorType.CCS, status=ChargePointStatus.FAULTED, error_code=code, vendor_error_code=2
    )
    assert status.of_connector(connector).status is told
    assert status.of_connector(connector).error_code is code


@pytest.mark.parametrize(
    ("reason", "word", "info"),
    [
        (StopReason.EV_DISCONNECTED, F, "EV side disconnected"),
        (StopReason.EV_DISCONNECTED, A, None),
        (StopReason.LOCAL, F, None),
    ],
)
def test_a_car_that_left_is_told_as_the_reason(
    reason: StopReason, word: ChargePointStatus, info: str | None
) -> None:
    session = Session(local_id="x", stop_reason=reason)
    connector = Connector(id=1, type=ConnectorType.CCS, status=word, session=session)
    assert status.payload(status.of_connector(connector), NOW, "V").get("info") == info
