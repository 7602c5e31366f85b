"""What requests yield and which exceptions they meet: cases, and anything at all against a naive reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.commands.load_management import Quantity, Setpoint
from kiosk.station.modbus.access import Fault, read, write, write_one
from kiosk.station.modbus.registers import TABLE, Access, Block
from tests.fakes.pictures import charging
from tests.fakes.scenes import idle, managed, scene

SCENE = scene(
    charging(1),
    idle(2),
    written_w=30_000,
    reactive_var=-5,
    connectors=(managed(limit_w=7_000), managed(reactive_var=3)),
)
INPUT, HOLDING = Access.INPUT, Access.HOLDING


def image(access: Access) -> dict[int, int]:
    """Every word that can be read, by address: the table laid out, gaps of a block filled with 0."""
    found: dict[int, int] = {}
    for n in range(len(SCENE.snapshot.connectors) + 1):
        rows = [r for r in TABLE if r.access is access and (r.block is Block.CONNECTOR) == (n > 0)]
        last = max(r.offset + r.words for r in rows)
        found |= dict.fromkeys(range(n * 100, n * 100 + last), 0)
        for row in rows:
            found |= dict(enumerate(row.encoded(SCENE, n), start=n * 100 + row.offset))
    return found


IMAGES = {access: image(access) for access in Access}
anywhere = st.one_of(st.integers(0, 450), st.integers(0, 65_535))


def test_the_image_is_not_empty() -> None:
    assert len(IMAGES[INPUT]) == 53 + 2 * 38
    assert len(IMAGES[HOLDING]) == 3 * 4
    assert sum(word != 0 for word in IMAGES[INPUT].values()) > 30


@given(st.sampled_from(Access), anywhere, st.one_of(st.integers(0, 130), st.integers(0, 65_535)))
def test_any_read_is_that_part_of_the_image_or_a_fault(access: Access, address: int, count: int) -> None:
    wanted = range(address, address + count)
    answer = read(SCENE, access, address, count)
    if not 1 <= count <= 125:
        assert answer is Fault.VALUE
    elif all(at in IMAGES[access] for at in wanted):
        assert answer == tuple(IMAGES[access][at] for at in wanted)
    else:
        assert answer is Fault.ADDRESS


@given(anywhere, st.lists(st.integers(0, 65_535), max_size=130))
def test_any_write_is_whole_setpoints_or_a_fault(address: int, words: list[int]) -> None:
    answer = write(SCENE, address, words)
    n, offset = divmod(address, 100)
    if not 1 <= len(words) <= 123:
        assert answer is Fault.VALUE
    elif n > 2 or offset + len(words) > 4:
        assert answer is Fault.ADDRESS
    elif offset % 2 or len(words) % 2:
        assert answer is Fault.VALUE
    else:
        assert isinstance(answer, tuple)
        assert [each.connector_id for each in answer] == [n] * (len(words) // 2)
        first = words[0] << 16 | words[1]
        if offset == 0:
            assert answer[0] == Setpoint(connector_id=n, quantity=Quantity.POWER, value=first)
        else:
            signed = first - 2**32 if first >= 2**31 else first
            assert answer == (Setpoint(connector_id=n, quantity=Quantity.REACTIVE, value=signed),)


@pytest.mark.parametrize(
    ("access", "address", "count", "answer"),
    [
        (INPUT, 0, 53, 53),  # the whole station in one go, across the gap
        (INPUT, 19, 11, 11),  # the gap alone
        (INPUT, 100, 38, 38),
        (INPUT, 132, 4, 4),
        (INPUT, 1, 1, 1),  # half a value can be read
        (INPUT, 0, 0, Fault.VALUE),
        (INPUT, 0, 126, Fault.VALUE),
        (INPUT, 0, 54, Fault.ADDRESS),
        (INPUT, 53, 1, Fault.ADDRESS),
        (INPUT, 100, 39, Fault.ADDRESS),
        (INPUT, 138, 1, Fault.ADDRESS),
        (INPUT, 300, 1, Fault.ADDRESS),  # no third connector
        (INPUT, 65_535, 1, Fault.ADDRESS),
        (INPUT, 65_535, 125, Fault.ADDRESS),
        (HOLDING, 0, 4, 4),
        (HOLDING, 200, 2, 2),
        (HOLDING, 4, 1, Fault.ADDRESS),  # an input register is no holding register
        (HOLDING, 0, 5, Fault.ADDRESS),
    ],
)
def test_reads(access: Access, address: int, count: int, answer: int | Fault) -> None:
    found = read(SCENE, access, address, count)
    assert (found if isinstance(found, Fault) else len(found)) == answer


@pytest.mark.parametrize(
    ("address", "words", "answer"),
    [
        (0, (0, 30_000), [(0, Quantity.POWER, 30_000)]),
        (200, (0, 0), [(2, Quantity.POWER, 0)]),
        (100, (1, 0x86A0), [(1, Quantity.POWER, 100_000)]),
        (102, (0xFFFF, 0xFC18), [(1, Quantity.REACTIVE, -1_000)]),
        (0, (0xFFFF, 0xFFFF, 0, 7), [(0, Quantity.POWER, 2**32 - 1), (0, Quantity.REACTIVE, 7)]),  # both at once
        (0, (0,), Fault.VALUE),  # half
        (1, (30_000,), Fault.VALUE),
        (1, (30_000, 0), Fault.VALUE),  # halves of two
        (0, (0, 30_000, 0), Fault.VALUE),  # one and a half
        (0, (), Fault.VALUE),
        (0, (0,) * 124, Fault.VALUE),
        (0, (0, 0, 0, 0, 0, 0), Fault.ADDRESS),
        (10, (0, 0), Fault.ADDRESS),  # an input register
        (104, (0, 0), Fault.ADDRESS),
        (300, (0, 0), Fault.ADDRESS),
    ],
)
def test_writes(address: int, words: tuple[int, ...], answer: list[tuple[int, Quantity, int]] | Fault) -> None:
    found = write(SCENE, address, words)
    plain = found if isinstance(found, Fault) else [(s.connector_id, s.quantity, s.value) for s in found]
    assert plain == answer


@pytest.mark.parametrize(
    ("address", "fault"),
    [(0, Fault.VALUE), (1, Fault.VALUE), (203, Fault.VALUE), (4, Fault.ADDRESS), (300, Fault.ADDRESS)],
)
def test_one_word_is_never_a_setpoint(address: int, fault: Fault) -> None:
    assert write_one(SCENE, address) is fault
