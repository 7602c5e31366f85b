"""What a request yields, or the exception it meets. Pure.

Exceptions are those of the Modbus Application Protocol 1.1b3, section 7; which is met when: decision 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from kiosk.station.commands.load_management import Setpoint
from kiosk.station.modbus.registers import BLOCK, Access, Block, Register, decode, of
from kiosk.station.modbus.values import Scene

MOST_READ: Final = 125
MOST_WRITTEN: Final = 123
"""Words in one request: sections 6.3, 6.4 and 6.12."""


class Fault(IntEnum):
    """Exception codes."""

    FUNCTION = 1  # only 3, 4 and 16 are served (and 6 is known)
    ADDRESS = 2  # no such register, or more than the block has
    VALUE = 3  # count out of range, half a value, or a message that contradicts itself
    TARGET = 11  # the unit id is nobody's


_ROWS: Final = {(block, access): of(block, access) for block in Block for access in Access}
_ENDS: Final = {key: max(row.end for row in rows) for key, rows in _ROWS.items()}


def read(scene: Scene, access: Access, address: int, count: int) -> tuple[int, ...] | Fault:
    """The words from ``address`` on, within one block; gaps in it read 0. All are of the same moment."""
    if not 1 <= count <= MOST_READ:
        return Fault.VALUE
    place = _place(scene, access, address, count)
    if place is None:
        return Fault.ADDRESS
    block, n, offset = place
    words = [0] * count
    for row in _ROWS[block, access]:
        if row.offset < offset + count and row.end > offset:
            for at, word in enumerate(row.encoded(scene, n), start=row.offset - offset):
                if 0 <= at < count:
                    words[at] = word
    return tuple(words)


def write(scene: Scene, address: int, words: Sequence[int]) -> tuple[Setpoint, ...] | Fault:
    """What the words mean; nothing of it has happened yet, and all of it or nothing may."""
    if not 1 <= len(words) <= MOST_WRITTEN:
        return Fault.VALUE
    place = _place(scene, Access.HOLDING, address, len(words))
    if place is None:
        return Fault.ADDRESS
    block, n, offset = place
    end = offset + len(words)
    touched = [row for row in _ROWS[block, Access.HOLDING] if row.offset < end and row.end > offset]
    if touched[0].offset < offset or touched[-1].end > end:
        return Fault.VALUE  # the other half would be of another wish
    return tuple(_setpoint(row, n, words[row.offset - offset : row.end - offset]) for row in touched)


def write_one(scene: Scene, address: int) -> Fault:
    """Function 6 writes one word, and no setpoint has only one."""
    return Fault.ADDRESS if _place(scene, Access.HOLDING, address, 1) is None else Fault.VALUE


def _setpoint(row: Register, n: int, words: Sequence[int]) -> Setpoint:
    value = decode(row.kind, words)
    assert isinstance(value, int), "setpoints are numbers"
    assert row.writes is not None, "holding registers can be written"
    return Setpoint(connector_id=n, quantity=row.writes, value=value)


def _place(scene: Scene, access: Access, address: int, count: int) -> tuple[Block, int, int] | None:
    """Block, connector (0: station) and offset; None where the words are not all in one block."""
    n, offset = divmod(address, BLOCK)
    if n > len(scene.snapshot.connectors):
        return None
    block = Block.CONNECTOR if n else Block.STATION
    return (block, n, offset) if offset + count <= _ENDS[block, access] else None
