"""What the registers hold: states by a truth table, readings, sessions, limits; unknown and old is 0."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kiosk.model.enums import ChargePointStatus as S
from kiosk.model.enums import ConnectorType
from kiosk.model.snapshot import Session
from kiosk.station.modbus.registers import Access, Block, of
from kiosk.station.modbus.values import STATES, Scene
from tests.fakes.core import START
from tests.fakes.pictures import charging
from tests.fakes.scenes import NOW_S, idle, managed, scene

SILENT = {"power_w": None, "current_a": None, "voltage_v": None}


def words(at: Scene, n: int, offset: int, access: Access = Access.INPUT) -> tuple[int, ...]:
    block = Block.CONNECTOR if n else Block.STATION
    return next(row for row in of(block, access) if row.offset == offset).encoded(at, n)


def number(at: Scene, n: int, offset: int, access: Access = Access.INPUT) -> int:
    value = 0
    for word in words(at, n, offset, access):
        value = value << 16 | word
    return value


@pytest.mark.parametrize(
    ("fields", "updating", "state"),
    [
        ({"status": S.AVAILABLE}, False, 0),
        ({"status": S.PREPARING, "session": Session(id_tag="E36432E5")}, False, 1),  # tag, no plug
        ({"status": S.PREPARING, "plugged": True}, False, 2),  # plug, no tag
        ({"status": S.PREPARING, "plugged": True, "session": Session(id_tag="E36432E5")}, False, 2),  # both
        ({"status": S.CHARGING, "plugged": True}, False, 3),
        ({"status": S.SUSPENDED_EV, "plugged": True}, False, 4),
        ({"status": S.SUSPENDED_EVSE, "plugged": True}, False, 5),
        ({"status": S.FINISHING, "plugged": True}, False, 6),
        ({"status": S.RESERVED}, False, 7),
        ({"status": S.UNAVAILABLE}, False, 8),
        ({"status": S.UNAVAILABLE, "withheld": True}, False, 8),
        ({"status": S.UNAVAILABLE}, True, 9),
        ({"status": S.CHARGING, "plugged": True}, True, 3),  # the update waits for it
        ({"status": S.FAULTED}, False, 10),
        ({"status": S.FAULTED}, True, 10),
        ({"status": S.AVAILABLE, **SILENT}, False, 11),
        ({"status": S.UNAVAILABLE, **SILENT}, True, 11),
        ({"status": S.CHARGING, "plugged": True, **SILENT}, False, 3),  # a session is told as what it is
        ({"status": S.PREPARING, "plugged": True, **SILENT}, False, 2),
    ],
)
def test_state_of_a_connector(fields: dict[str, Any], updating: bool, state: int) -> None:
    assert number(scene(idle(1, **fields), station={"updating": updating}), 1, 0) == state
    assert state in STATES


def test_every_state_and_every_status_is_in_that_truth_table() -> None:
    rows = test_state_of_a_connector.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {state for *_, state in rows} == set(STATES)
    assert {fields["status"] for fields, *_ in rows} == set(S)


@pytest.mark.parametrize(
    ("statuses", "station", "released", "state"),
    [
        ((S.AVAILABLE, S.AVAILABLE), {}, (50_000, 50_000), 0),
        ((S.FAULTED, S.CHARGING), {}, (50_000, 50_000), 0),
        ((S.UNAVAILABLE, S.SUSPENDED_EVSE), {}, (50_000, 50_000), 0),
        ((S.FAULTED, S.UNAVAILABLE), {}, (50_000, 50_000), 8),
        ((S.UNAVAILABLE, S.UNAVAILABLE), {}, (50_000, 50_000), 8),
        ((S.AVAILABLE, S.AVAILABLE), {"operative": False}, (50_000, 50_000), 8),
        ((S.AVAILABLE, S.AVAILABLE), {"updating": True}, (50_000, 50_000), 8),
        ((S.UNAVAILABLE, S.SUSPENDED_EVSE), {}, (0, 0), 8),  # 0 W for the station
        ((S.UNAVAILABLE, S.AVAILABLE), {}, (0, 50_000), 0),  # 0 W for a connector
        ((S.FAULTED, S.FAULTED), {}, (50_000, 50_000), 10),
        ((S.FAULTED, S.FAULTED), {"operative": False}, (0, 0), 10),
        ((S.AVAILABLE, S.AVAILABLE), {"faults": (1000, 1001)}, (50_000, 50_000), 0),  # doors fault nothing
    ],
)
def test_state_of_the_station(statuses: Any, station: Any, released: Any, state: int) -> None:
    at = scene(
        *(idle(n, status=status) for n, status in enumerate(statuses, start=1)),
        station=station,
        connectors=tuple(managed(released_w=watts) for watts in released),
    )
    assert number(at, 0, 3) == state


def test_the_emergency_stop_faults_the_station() -> None:
    assert number(scene(station={"faults": (1003,)}), 0, 3) == 10


def test_the_station_tells_who_and_what_it_is() -> None:
    at = scene(serial="HYC-50-0815-0042-LONGER-THAN-24")
    assert number(at, 0, 0) == int(START.timestamp())
    assert number(at, 0, 2) == 2
    raw = b"".join(word.to_bytes(2, "big") for word in words(at, 0, 6))
    assert raw == b"HYC-50-0815-0042-LONGER-"
    raw = b"".join(word.to_bytes(2, "big") for word in words(at, 0, 30))
    assert raw == b"CP-0421".ljust(32, b"\0")
    assert [number(at, 0, offset) for offset in (46, 47, 48)] == [2, 4, 0]
    assert [number(at, 0, offset) for offset in (49, 51)] == [0, 0]
    assert number(at, 0, 18) == 0
    assert number(scene(connected=True), 0, 18) == 1


def test_power_of_the_station_is_reckoned_to_the_grid() -> None:
    at = scene(
        charging(1, power_w=48_500),
        idle(2, type=ConnectorType.CCS_AC, power_w=11_000),
        idle(3, **SILENT),
        connectors=(managed(), managed(most_w=22_000, most_grid_w=22_000), managed(most_w=0, most_grid_w=0)),
    )
    assert number(at, 0, 4) == pytest.approx(48_500 / 0.97 + 11_000, abs=1)


def test_readings_of_a_session() -> None:
    session = Session(id_tag="E36432E5", started_s=NOW_S - 754.6, energy_wh=12_349)
    at = scene(charging(1, session=session), idle(2))
    assert number(at, 1, 1) == 39_840
    assert number(at, 1, 3) == 12_170
    assert number(at, 1, 4) == 48_500
    assert number(at, 1, 6) == 754
    assert number(at, 1, 7) == 1_234
    assert number(at, 1, 8) == 4_100
    assert words(at, 1, 18) == (0, 0x0011, 0x2233, 0x44AA)
    raw = b"".join(word.to_bytes(2, "big") for word in words(at, 1, 22))
    assert raw == b"E36432E5".ljust(20, b"\0")
    assert number(at, 1, 32) == 120_000
    assert [number(at, 1, offset) for offset in (14, 16)] == [0, 0]


def test_what_is_unknown_or_too_old_reads_0() -> None:
    at = scene(idle(1, status=S.CHARGING, meter_wh=None, vehicle_id=None, session=Session(), **SILENT))
    for offset in (1, 3, 4, 6, 7, 8, 18, 22, 32):
        assert set(words(at, 1, offset)) == {0}, offset


def test_a_session_that_is_over_leaves_nothing_behind_but_the_meter() -> None:
    over = Session(
        id_tag="E36432E5", started_s=1.0, energy_wh=12_340, ended_at=START - timedelta(seconds=1), duration_s=9
    )
    at = scene(charging(1, status=S.FINISHING, plugged=True, session=over))
    assert [number(at, 1, offset) for offset in (6, 7, 22)] == [0, 0, 0]
    assert number(at, 1, 32) == 120_000


def test_a_driver_who_is_awaited_is_told_by_the_tag() -> None:
    at = scene(idle(1, status=S.PREPARING, session=Session(id_tag="04212A01B82A81")))
    assert b"".join(word.to_bytes(2, "big") for word in words(at, 1, 22)).rstrip(b"\0") == b"04212A01B82A81"
    assert number(at, 1, 6) == 0


def test_long_sessions_saturate() -> None:
    session = Session(started_s=NOW_S - 100_000, energy_wh=900_000)
    at = scene(charging(1, session=session, current_a=700.0))
    assert [number(at, 1, offset) for offset in (3, 6, 7)] == [65_535] * 3


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ConnectorType.CCS, 1),
        (ConnectorType.CHADEMO, 2),
        (ConnectorType.CCS_AC, 3),
        (ConnectorType.GBT, 4),
    ],
)
def test_connector_types_are_numbered_as_in_24(kind: ConnectorType, value: int) -> None:
    assert number(scene(idle(1, type=kind)), 1, 9) == value


@pytest.mark.parametrize(
    ("fields", "released_w", "offered_w"),
    [
        ({}, 50_000, 50_000),
        ({}, 12_000, 12_000),  # the controller's limit
        ({"can_start": False}, 50_000, 0),  # no stack is free
        ({"status": S.UNAVAILABLE, "withheld": True}, 0, 0),
        ({"status": S.UNAVAILABLE}, 50_000, 0),
        ({"status": S.FAULTED}, 50_000, 0),
        ({"status": S.PREPARING, "plugged": True}, 50_000, 50_000),
        ({"status": S.CHARGING, "limit_w": 23_456}, 50_000, 23_456),  # the setpoint, with all limits
        ({"status": S.SUSPENDED_EVSE, "limit_w": 0}, 0, 0),
    ],
)
def test_the_most_that_may_be_drawn_now(fields: dict[str, Any], released_w: int, offered_w: int) -> None:
    at = scene(idle(1, **fields), connectors=(managed(released_w=released_w),))
    assert number(at, 1, 10) == offered_w
    assert number(at, 1, 12) == 1_000
    assert number(at, 1, 36) == 51_547


def test_setpoints_are_read_back() -> None:
    at = scene(
        idle(1),
        idle(2),
        written_w=30_000,
        reactive_var=-5,
        connectors=(managed(limit_w=7_000, reactive_var=11), managed()),
    )
    assert number(at, 0, 0, Access.HOLDING) == 30_000
    assert words(at, 0, 2, Access.HOLDING) == (0xFFFF, 0xFFFB)
    assert number(at, 1, 0, Access.HOLDING) == 7_000
    assert number(at, 1, 2, Access.HOLDING) == 11


def test_where_nothing_was_written_the_most_there_is_is_read() -> None:
    at = scene()
    assert number(at, 0, 0, Access.HOLDING) == 75_000
    assert number(at, 1, 0, Access.HOLDING) == 50_000
    assert number(scene(written_w=0), 0, 0, Access.HOLDING) == 0
    assert number(scene(idle(1), connectors=(managed(limit_w=0),)), 1, 0, Access.HOLDING) == 0
