"""Any request at all gets one well-formed answer, and only whole writes of setpoints change anything."""

from __future__ import annotations

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.settings import Installation
from kiosk.station.modbus import frames
from kiosk.station.modbus.server import UNITS, Server
from kiosk.station.state import State
from tests.fakes.clock import ManualClock
from tests.fakes.scenes import scene
from tests.station.modbus.conftest import Door

writes = st.builds(
    lambda address, words: struct.pack(f">BHHB{len(words)}H", 16, address, len(words), len(words) * 2, *words),
    st.integers(0, 310),
    st.lists(st.integers(0, 65_535), max_size=6),
)
reads = st.builds(struct.pack, st.just(">BHH"), st.sampled_from([3, 4]), st.integers(0, 310), st.integers(0, 130))
bodies = st.one_of(reads, writes, st.binary(min_size=1, max_size=253))


@given(st.integers(0, 255), st.integers(0, 65_535), bodies)
@example(1, 7, bytes.fromhex("1000000002040001a0f0"))
@example(1, 7, bytes.fromhex("100000000408") + b"\xff" * 8)
def test_one_answer_to_anything(unit: int, transaction: int, body: bytes) -> None:
    state = State(scene().snapshot)
    door = Door(state)
    server = Server(door, state, Installation(), ManualClock())  # type: ignore[arg-type]
    raw = server.answer(frames.Header(transaction, unit, len(body)), body)
    head = frames.header(raw[: frames.HEADER_BYTES])
    told = raw[frames.HEADER_BYTES :]
    assert (head.transaction, head.unit, head.body_bytes) == (transaction, unit, len(told))
    assert told[0] in (body[0], body[0] | 0x80)
    accepted = not told[0] & 0x80
    if not accepted:
        assert len(told) == 2
        assert told[1] in (1, 2, 3, 11)
        assert (told[1] == 11) == (unit not in UNITS)
    assert bool(door.setpoints) == (accepted and body[0] == 16)
    assert door.reads == (accepted and body[0] in (3, 4))
    if door.setpoints:
        assert told == body[:5]
        assert len(door.setpoints) * 2 == struct.unpack(">H", body[3:5])[0]
