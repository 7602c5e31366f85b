"""Bytes of Modbus TCP: frames of real stations, lengths that lie, functions that are not served."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU

from kiosk.station.modbus import frames
from kiosk.station.modbus.access import Fault
from kiosk.station.modbus.frames import Garbage, Header, Read, Write, WriteOne

ASKED = Header(transaction=0x0102, unit=1, body_bytes=5)


def test_a_header() -> None:
    assert frames.header(bytes.fromhex("0102 0000 0006 01")) == Header(0x0102, 1, 5)
    assert frames.header(bytes.fromhex("ffff 0000 00fe ff")) == Header(0xFFFF, 255, 253)  # the longest


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("0102 0001 0006 01", "protocol id 1"),
        ("0102 0000 0001 01", "a frame of 1 bytes"),  # without a function code
        ("0102 0000 0000 01", "a frame of 0 bytes"),
        ("0102 0000 00ff 01", "a frame of 255 bytes"),
        ("4745 5420 2f20 48", "protocol id"),  # GET / H
        ("1603 0102 0001 00", "protocol id"),  # TLS
    ],
)
def test_no_header(raw: str, why: str) -> None:
    with pytest.raises(Garbage, match=why):
        frames.header(bytes.fromhex(raw))


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        ("04 00e8 0004", Read(4, 232, 4)),  # seen at a real station
        ("03 0064 0002", Read(3, 100, 2)),
        ("10 00c8 0002 04 00000000", Write(200, (0, 0))),  # seen at a real station
        ("10 0000 0004 08 ffff ffff 0000 0007", Write(0, (0xFFFF, 0xFFFF, 0, 7))),
        ("06 00c8 0000", WriteOne(200)),
        ("10 00c8 0000 00", Write(200, ())),
        ("04 00e8", Fault.VALUE),  # cut
        ("04 00e8 0004 00", Fault.VALUE),  # too long
        ("03", Fault.VALUE),
        ("06 00c8", Fault.VALUE),
        ("10 00c8 0002", Fault.VALUE),
        ("10 00c8 0002 03 00000000", Fault.VALUE),  # byte count lies
        ("10 00c8 0001 04 00000000", Fault.VALUE),  # count lies
        ("10 00c8 0002 04 0000", Fault.VALUE),  # words are missing
        ("10 00c8 0002 04 0000000000", Fault.VALUE),
        ("01 0000 0001", Fault.FUNCTION),  # coils
        ("02 0000 0001", Fault.FUNCTION),
        ("05 0000 ff00", Fault.FUNCTION),
        ("0f 0000 0001 01 01", Fault.FUNCTION),
        ("16 0000 0000 0000", Fault.FUNCTION),  # mask write
        ("17 0000 0001 0000 0001 02 0000", Fault.FUNCTION),  # read and write
        ("08 0000 0000", Fault.FUNCTION),  # diagnostics
        ("2b 0e 01 00", Fault.FUNCTION),  # identification
        ("00", Fault.FUNCTION),
        ("84 02", Fault.FUNCTION),  # an answer
    ],
)
def test_requests(body: str, request_: object) -> None:
    assert frames.request(bytes.fromhex(body)) == request_


@given(st.binary(min_size=1, max_size=253))
def test_any_body_is_a_request_or_a_fault(body: bytes) -> None:
    asked = frames.request(body)
    assert isinstance(asked, Read | Write | WriteOne | Fault)
    assert (asked is Fault.FUNCTION) == (body[0] not in (3, 4, 6, 16))


def test_answers() -> None:
    assert frames.words_read(ASKED, 4, (0, 0, 2, 0x7DA1)).hex() == "01020000000b0104080000000000027da1"
    assert frames.words_read(ASKED, 3, (0, 1)).hex() == "01020000000701030400000001"
    assert frames.written(ASKED, 200, 2).hex() == "010200000006011000c80002"
    assert frames.refused(ASKED, 6, Fault.VALUE).hex() == "010200000003018603"
    assert frames.refused(ASKED, 0x2B, Fault.FUNCTION).hex() == "01020000000301ab01"
    assert frames.refused(ASKED, 0x84, Fault.FUNCTION).hex() == "010200000003018401"
    assert frames.refused(ASKED, 4, Fault.TARGET).hex() == "01020000000301840b"


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=125), st.integers(0, 65_535), st.integers(0, 255))
def test_a_client_reads_what_was_sent(words: list[int], transaction: int, unit: int) -> None:
    raw = frames.words_read(Header(transaction, unit, 5), 4, tuple(words))
    used, pdu = FramerSocket(DecodePDU(False)).handleFrame(raw, 0, 0)
    assert used == len(raw)
    assert pdu is not None
    assert (list(pdu.registers), pdu.transaction_id, pdu.dev_id) == (words, transaction, unit)
