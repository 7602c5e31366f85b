"""The fault table: every row, and the functions that decide on sets of raised codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import kiosk.model.faults
from kiosk.model.enums import ChargePointErrorCode, Phase
from kiosk.model.errors import UnknownFault
from kiosk.model.faults import (
    FAULTS,
    MAX_TITLE,
    Fault,
    FaultScope,
    blocks_start,
    fault,
    gravest,
    read,
    stops_charging,
)

SPEC = {  # vendor error code: error code, station-wide
    0: ("NoError", False),
    **dict.fromkeys((*range(1, 13), 14), ("EVCommunicationError", False)),
    **dict.fromkeys((15, 16, 17), ("ConnectorLockFailure", False)),
    18: ("GroundFailure", False),
    **dict.fromkeys((19, 20, 21, 50, 51), ("OtherError", False)),
    22: ("PowerMeterFailure", False),
    1000: ("OtherError", True),
    1001: ("OtherError", True),
}
"""The 26 of the manual."""
BEYOND = {1002: ("OtherError", True), 1003: ("OtherError", True)}
DATA = Path(kiosk.model.faults.__file__).with_suffix(".toml").read_text(encoding="utf-8")
FIRST_ROW = DATA[DATA.index("[[fault]]") : DATA.index("[[fault]]", DATA.index("[[fault]]") + 1)]


def test_every_code_of_the_specification_is_there_and_no_other() -> None:
    told = {code: (row.error_code.value, row.scope is FaultScope.STATION) for code, row in FAULTS.items()}
    assert {code: told[code] for code, row in FAULTS.items() if not row.beyond_manual} == SPEC
    assert {code: told[code] for code, row in FAULTS.items() if row.beyond_manual} == BEYOND
    assert len(SPEC) == 26


@pytest.mark.parametrize("row", FAULTS.values(), ids=lambda row: row.name)
def test_row_is_complete_and_fit_to_be_read(row: Fault) -> None:
    assert row.phases
    assert len(row.title) <= MAX_TITLE
    assert not row.title.endswith("."), "titles carry no full stop"
    for sentence in (row.cause, row.advice, row.meaning, *filter(None, [row.advice_again])):
        assert sentence.endswith("."), sentence
        assert sentence == sentence.strip()
    assert len(row.advice) <= 100, "three lines of the notice on the fault screen"
    assert len(row.advice_again) <= 100
    assert len(row.cause) <= 100
    if row.code:
        assert row.reason.endswith(".")
        assert row.measures


@pytest.mark.parametrize("row", FAULTS.values(), ids=lambda row: row.name)
def test_a_row_alone_decides_as_its_columns_say(row: Fault) -> None:
    assert stops_charging([row.code]) is row.stops_charging
    assert blocks_start([row.code]) is row.blocks_start
    assert gravest([row.code]) is row


def test_only_the_door_and_what_is_over_let_charging_begin() -> None:
    assert {code for code in FAULTS if not blocks_start([code])} == {0, 1000, 1001, 1002}


def test_voltage_before_the_start_blocks_it_and_stops_nothing() -> None:
    assert {code for code in FAULTS if blocks_start([code]) and not stops_charging([code])} == {50}


def test_only_the_isolation_fault_stays_until_the_plug_was_out() -> None:
    assert [code for code, row in FAULTS.items() if row.latched_until_replug] == [18]


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((), 0),
        ((0,), 0),
        ((1000,), 1000),
        ((1000, 1001), 1001),
        ((1001, 2), 2),
        ((18, 20, 50), 18),
        ((50, 20), 50),
        ((51, 19), 19),
        ((12, 8, 11), 8),  # equally grave
        ((22, 15), 22),
        ((1003, 18), 1003),
        ((1002, 1001), 1001),
    ],
)
def test_gravest(codes: tuple[int, ...], code: int) -> None:
    assert gravest(codes).code == code
    assert gravest(reversed(codes)).code == code


def test_several_faults_stop_charging_when_one_does() -> None:
    assert stops_charging([1001, 1000, 22])
    assert not stops_charging([1001, 1000])
    assert not stops_charging([])


@pytest.mark.parametrize("code", [13, 23, -1, 999, 1004])
def test_an_unknown_code_names_the_known_ones(code: int) -> None:
    with pytest.raises(UnknownFault, match=rf"{code} does not exist; codes are 0-12, 14-22, 50-51, 1000-1003"):
        fault(code)
    with pytest.raises(UnknownFault):
        stops_charging([code])


def test_phases_follow_the_order_of_a_session() -> None:
    assert fault(2).phases == (Phase.SLAC,)
    assert Phase.CABLE_CHECK in fault(18).phases
    assert Phase.ENERGY not in fault(50).phases
    assert set(fault(1001).phases) == set(Phase)


def test_fault_18_tells_to_replug_once_and_then_to_leave_the_connector() -> None:
    assert fault(18).advice == "Unplug and plug in again once. If it comes back, do not use this connector."
    assert fault(18).error_code is ChargePointErrorCode.GROUND_FAILURE
    assert fault(18).advice_for(again=False) == fault(18).advice
    assert fault(18).advice_for(again=True) == "Do not use this connector. Please use another one."


def test_a_fault_without_other_words_says_the_same_again() -> None:
    assert fault(20).advice_for(again=True) == fault(20).advice


def test_what_is_gone_with_the_plug() -> None:
    assert [c for c, row in FAULTS.items() if row.ends_with_replug] == [*range(1, 13), *range(14, 19), 50, 51]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("code = 0", 'code = "0"', "Expected `int`"),
        ('scope = "none"', 'scope = "cable"', "Invalid enum value"),
        ('name = "NoError"', 'name = "No Error"', "matching regex"),
        ("gravity = 0", "gravity = 0\nextra = 1", "unknown field"),
        ('title = "Everything is in order"', f'title = "{"x" * 51}"', "length <= 50"),
        ('phases = ["any"]', 'phases = ["lunch"]', "Invalid enum value"),
        ("stops_charging = false", "stops_charging = true", "would let it begin again"),
    ],
)
def test_a_malformed_row_is_named(old: str, new: str, says: str) -> None:
    assert old in FIRST_ROW
    with pytest.raises(ValueError, match=r"faults.toml: fault .*" + says):
        read(FIRST_ROW.replace(old, new))


def test_a_code_that_stands_twice_is_named() -> None:
    with pytest.raises(ValueError, match=r"fault 0 \(NoError\): code or name stands there twice"):
        read(FIRST_ROW + FIRST_ROW)
