"""Bytes and requests: the frames of Modbus TCP, and the three functions that are served. Pure.

The codec is pymodbus's; what it lets pass (lengths that contradict each other) is refused here.
"""

from __future__ import annotations

import struct
from typing import Final

import msgspec
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersResponse,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)

from kiosk.model.errors import KioskError
from kiosk.station.modbus.access import Fault

HEADER_BYTES: Final = 7
LONGEST_BODY: Final = 253
"""Function code and data (Modbus Messaging on TCP/IP Implementation Guide 1.0b, section 3.1.3)."""
READ_HOLDING: Final = 3
READ_INPUT: Final = 4
WRITE_ONE: Final = 6
WRITE: Final = 16
_FRAMER: Final = FramerSocket(DecodePDU(True))


class Garbage(KioskError):
    """What came is no frame of Modbus TCP, and where the next one begins is unknown."""


class Header(msgspec.Struct, frozen=True):
    transaction: int
    unit: int
    body_bytes: int  # function code and data


class Read(msgspec.Struct, frozen=True):
    function: int  # READ_HOLDING or READ_INPUT
    address: int
    count: int


class Write(msgspec.Struct, frozen=True):
    address: int
    words: tuple[int, ...]


class WriteOne(msgspec.Struct, frozen=True):
    address: int


Request = Read | Write | WriteOne


def header(raw: bytes) -> Header:
    """The first ``HEADER_BYTES`` of a frame. Raises Garbage."""
    transaction, protocol, length, unit = struct.unpack(">HHHB", raw)
    if protocol != 0:
        raise Garbage(f"protocol id {protocol} instead of 0")
    if not 2 <= length <= LONGEST_BODY + 1:
        raise Garbage(f"a frame of {length} bytes")
    return Header(transaction, unit, length - 1)


def request(body: bytes) -> Request | Fault:
    """What function code and data ask for."""
    function, data = body[0], body[1:]
    match function:
        case 3 | 4 if len(data) == 4:
            return Read(function, *struct.unpack(">HH", data))
        case 16 if len(data) >= 5:
            pdu = WriteMultipleRegistersRequest()
            pdu.decode(data)
            consistent = pdu.byte_count == 2 * pdu.count == len(data) - 5
            return Write(pdu.address, tuple(pdu.registers)) if consistent else Fault.VALUE
        case 6 if len(data) == 4:
            return WriteOne(struct.unpack(">HH", data)[0])
        case 3 | 4 | 6 | 16:
            return Fault.VALUE
    return Fault.FUNCTION


def words_read(asked: Header, function: int, words: tuple[int, ...]) -> bytes:
    """The frame that answers a read."""
    kind = ReadHoldingRegistersResponse if function == READ_HOLDING else ReadInputRegistersResponse
    return _frame(asked, kind(registers=list(words)))


def written(asked: Header, address: int, count: int) -> bytes:
    """The frame that answers a write."""
    return _frame(asked, WriteMultipleRegistersResponse(address=address, count=count))


def refused(asked: Header, function: int, fault: Fault) -> bytes:
    """The frame that tells an exception."""
    return _frame(asked, ExceptionResponse(function & 0x7F, fault.value))


def _frame(asked: Header, answer: ModbusPDU) -> bytes:
    answer.dev_id, answer.transaction_id = asked.unit, asked.transaction
    return _FRAMER.buildFrame(answer)
