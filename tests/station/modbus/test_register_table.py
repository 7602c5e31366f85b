"""The register map: every row against the vendor's map, and how values fill their words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.commands.load_management import Quantity
from kiosk.station.modbus import values
from kiosk.station.modbus.registers import BLOCK, TABLE, Access, Block, Kind, Register, decode, encode, of
from tests.fakes.scenes import scene

STATION_INPUT = {
    0: ("U32", "s"),
    2: ("U16", ""),
    3: ("U16", ""),
    4: ("U32", "W"),
    6: ("text", 24),
    18: ("U16", ""),
    30: ("text", 32),
    46: ("U16", ""),
    47: ("U16", ""),
    48: ("U16", ""),
    49: ("U32", "var"),
    51: ("U32", "var"),
}
CONNECTOR_INPUT = {
    0: ("U16", ""),
    1: ("U32", "0.01 V"),
    3: ("U16", "0.01 A"),
    4: ("U32", "W"),
    6: ("U16", "s"),
    7: ("U16", "0.01 kWh"),
    8: ("U16", "0.01 %"),
    9: ("U16", ""),
    10: ("U32", "W"),
    12: ("U32", "W"),
    14: ("U32", "var"),
    16: ("U32", "var"),
    18: ("bytes", 8),
    22: ("text", 20),
    32: ("I64", "Wh"),
    36: ("U32", "W"),
}
HOLDING = {0: ("U32", "W"), 2: ("I32", "var")}
VENDOR = {
    (Block.STATION, Access.INPUT): STATION_INPUT,
    (Block.STATION, Access.HOLDING): HOLDING,
    (Block.CONNECTOR, Access.INPUT): CONNECTOR_INPUT,
    (Block.CONNECTOR, Access.HOLDING): HOLDING,
}
"""Offset to type and unit (texts and bytes: their length), as publicly known of the vendor's software 2.4."""
WORDS = {Kind.U16: 1, Kind.U32: 2, Kind.I32: 2, Kind.I64: 4}


@pytest.mark.parametrize(("block", "access"), VENDOR)
def test_the_map_is_the_vendors(block: Block, access: Access) -> None:
    ours = {
        row.offset: (row.kind.value, row.words * 2 if row.kind in (Kind.TEXT, Kind.BYTES) else row.unit)
        for row in of(block, access)
    }
    assert ours == VENDOR[block, access]


def _name(row: Register) -> str:
    return f"{row.block}-{row.access}-{row.offset}"


@pytest.mark.parametrize("row", TABLE, ids=_name)
def test_each_row_fits_and_has_a_value(row: Register) -> None:
    if row.kind in WORDS:
        assert row.words == WORDS[row.kind]
    n = 1 if row.block is Block.CONNECTOR else 0
    words = row.encoded(scene(), n)
    assert len(words) == row.words
    assert all(0 <= word <= 0xFFFF for word in words)
    assert 0 <= row.offset < row.end <= BLOCK
    assert row.meaning
    assert row.source
    assert (row.writes is not None) == (row.access is Access.HOLDING)


@pytest.mark.parametrize(("block", "access"), VENDOR)
def test_rows_stand_in_order_and_do_not_overlap(block: Block, access: Access) -> None:
    rows = of(block, access)
    assert all(above.end <= below.offset for above, below in pairwise(rows))


def test_every_value_is_in_the_table() -> None:
    functions = {
        name
        for name, member in vars(values).items()
        if callable(member) and getattr(member, "__module__", "") == values.__name__ and not name.startswith("_")
    }
    assert functions - {"Scene"} == {row.value for row in TABLE}


def test_both_limits_are_power_and_the_other_words_reactive() -> None:
    writes = {(row.block, row.offset): row.writes for row in TABLE if row.writes}
    assert writes == {
        (Block.STATION, 0): Quantity.POWER,
        (Block.STATION, 2): Quantity.REACTIVE,
        (Block.CONNECTOR, 0): Quantity.POWER,
        (Block.CONNECTOR, 2): Quantity.REACTIVE,
    }


@pytest.mark.parametrize(
    ("kind", "words", "value", "raw"),
    [
        (Kind.U16, 1, 65_535, (65_535,)),
        (Kind.U16, 1, 65_536, (65_535,)),  # saturates
        (Kind.U16, 1, -1, (0,)),
        (Kind.U16, 1, None, (0,)),  # unknown
        (Kind.U32, 2, 0x12345678, (0x1234, 0x5678)),  # high word first
        (Kind.U32, 2, 2**32, (0xFFFF, 0xFFFF)),
        (Kind.I32, 2, -1, (0xFFFF, 0xFFFF)),
        (Kind.I32, 2, 2**31, (0x7FFF, 0xFFFF)),
        (Kind.I32, 2, -(2**31) - 1, (0x8000, 0)),
        (Kind.I64, 4, 163_233, (0, 0, 2, 0x7DA1)),
        (Kind.I64, 4, -1, (0xFFFF,) * 4),
        (Kind.TEXT, 3, "E3", (0x4533, 0, 0)),  # filled up with NUL
        (Kind.TEXT, 1, "E36", (0x4533,)),  # cut
        (Kind.TEXT, 1, "é", (0x3F00,)),  # no ASCII
        (Kind.TEXT, 2, None, (0, 0)),
        (Kind.BYTES, 4, bytes.fromhex("a453ee033156"), (0, 0xA453, 0xEE03, 0x3156)),  # right-aligned
        (Kind.BYTES, 4, None, (0, 0, 0, 0)),
    ],
)
def test_words(kind: Kind, words: int, value: values.Value, raw: tuple[int, ...]) -> None:
    assert encode(kind, words, value) == raw


@pytest.mark.parametrize(("kind", "value"), [(Kind.U16, "1"), (Kind.TEXT, 1), (Kind.BYTES, "00"), (Kind.U32, 1.5)])
def test_a_value_of_another_kind_is_a_mistake_of_ours(kind: Kind, value: values.Value) -> None:
    with pytest.raises(TypeError):
        encode(kind, 4, value)


@given(st.sampled_from([Kind.U16, Kind.U32, Kind.I32, Kind.I64]), st.integers(-(2**70), 2**70))
def test_what_fits_comes_back_and_the_rest_is_an_end_of_the_range(kind: Kind, value: int) -> None:
    signed = kind in (Kind.I32, Kind.I64)
    bits = WORDS[kind] * 16
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    assert decode(kind, encode(kind, WORDS[kind], value)) == min(max(value, low), high)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
def test_texts_come_back(text: str) -> None:
    assert decode(Kind.TEXT, encode(Kind.TEXT, 10, text)) == text


@pytest.mark.parametrize(
    ("block", "offset", "raw", "shown"),
    [
        (Block.CONNECTOR, 1, 39_840, "398.40 V"),
        (Block.CONNECTOR, 8, 6_500, "65.00 %"),
        (Block.CONNECTOR, 4, 48_500, "48500 W"),
        (Block.CONNECTOR, 9, 3, "3 CCS_AC"),
        (Block.CONNECTOR, 0, 1, "1 Preparing: authorized, the plug is awaited"),
        (Block.STATION, 3, 8, "8 Unavailable"),
        (Block.CONNECTOR, 18, bytes(8), "0000000000000000"),
        (Block.CONNECTOR, 22, "E36432E5", "E36432E5"),
    ],
)
def test_what_people_read(block: Block, offset: int, raw: int | str | bytes, shown: str) -> None:
    row = next(row for row in of(block, Access.INPUT) if row.offset == offset)
    assert row.shown(raw) == shown


def test_addresses() -> None:
    row = next(row for row in of(Block.CONNECTOR, Access.INPUT) if row.name == "meter")
    assert [row.address(n) for n in (1, 2, 4)] == [132, 232, 432]
