"""The register map, read from ``registers.toml``, and how a value fills its words. Pure.

Addresses are those in the protocol's frames: the station from 0, connector n from n * 100; values of several words
have their high word first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from kiosk.station.commands.load_management import Quantity
from kiosk.station.modbus import values
from kiosk.station.modbus.values import Scene, Value

BLOCK: Final = 100
"""Connector n begins at n times this, the station at 0."""


class Block(StrEnum):
    STATION = "station"
    CONNECTOR = "connector"


class Access(StrEnum):
    INPUT = "input"  # function 4
    HOLDING = "holding"  # function 3, written with function 16


class Kind(StrEnum):
    U16 = "U16"
    U32 = "U32"
    I32 = "I32"
    I64 = "I64"
    TEXT = "text"  # ASCII, two characters a word, filled up with NUL
    BYTES = "bytes"  # right-aligned


class Sure(StrEnum):
    """How well the vendor's meaning is known."""

    HIGH = "high"
    MEDIUM = "medium"
    OURS = "ours"


class Register(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table."""

    block: Block
    access: Access
    offset: int
    words: int
    kind: Kind
    name: str
    value: str
    meaning: str
    source: str
    unit: str = ""
    layout: str = ""
    sure: Sure = Sure.HIGH
    writes: Quantity | None = None

    def address(self, n: int) -> int:
        """Of connector ``n``; 0: of the station."""
        return n * BLOCK + self.offset

    @property
    def end(self) -> int:
        """Offset behind its last word."""
        return self.offset + self.words

    def now(self, scene: Scene, n: int) -> Value:
        """What it holds at connector ``n``; 0: at the station."""
        found: Callable[[Scene, int], Value] = getattr(values, self.value)
        return found(scene, n)

    def shown(self, value: int | str | bytes) -> str:
        """For people: with its unit, a state in words."""
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, str):
            return value
        if self.value in ("state", "station_state"):
            return f"{value} {values.STATES.get(value, '')}".rstrip()
        if self.value == "connector_type":
            kinds = {number: kind for kind, number in values.TYPES.items()}
            return f"{value} {kinds.get(value, '')}".rstrip()
        scale, _, unit = self.unit.rpartition(" ")
        number = f"{value * Decimal(scale)}" if scale else str(value)
        return f"{number} {unit}".rstrip()

    def encoded(self, scene: Scene, n: int) -> tuple[int, ...]:
        """... as words."""
        return encode(self.kind, self.words, self.now(scene, n))


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    register: tuple[Register, ...]


def _load() -> tuple[Register, ...]:
    raw = tomllib.loads((Path(__file__).parent / "registers.toml").read_text(encoding="utf-8"))
    return msgspec.convert(raw, _File).register


TABLE: Final = _load()


def of(block: Block, access: Access) -> tuple[Register, ...]:
    """The rows of one block, by offset."""
    return tuple(row for row in TABLE if row.block is block and row.access is access)


_RANGES: Final = {
    Kind.U16: (0, 2**16 - 1),
    Kind.U32: (0, 2**32 - 1),
    Kind.I32: (-(2**31), 2**31 - 1),
    Kind.I64: (-(2**63), 2**63 - 1),
}


def encode(kind: Kind, words: int, value: Value) -> tuple[int, ...]:
    """The words of a value. Unknown is 0, a number that does not fit saturates, a text is cut at the end.

    Raises TypeError for a value of another kind.
    """
    size = words * 2
    if kind in _RANGES:
        if not isinstance(value, int | None):
            raise TypeError(f"{value!r} for a {kind}")
        low, high = _RANGES[kind]
        raw = min(max(value or 0, low), high).to_bytes(size, "big", signed=low < 0)
    elif kind is Kind.TEXT:
        if not isinstance(value, str | None):
            raise TypeError(f"{value!r} for a {kind}")
        raw = (value or "").encode("ascii", "replace")[:size].ljust(size, b"\0")
    else:
        if not isinstance(value, bytes | None):
            raise TypeError(f"{value!r} for {kind}")
        raw = (value or b"")[-size:].rjust(size, b"\0")
    return tuple(int.from_bytes(raw[i : i + 2], "big") for i in range(0, size, 2))


def decode(kind: Kind, words: Sequence[int]) -> int | str | bytes:
    """What the words mean."""
    raw = b"".join(word.to_bytes(2, "big") for word in words)
    if kind in _RANGES:
        return int.from_bytes(raw, "big", signed=_RANGES[kind][0] < 0)
    return raw.rstrip(b"\0").decode("ascii", "replace") if kind is Kind.TEXT else raw
