"""Energy registers that a power cut cannot turn back.

One small file of fixed size, two slots per connector. A new value is written to the older slot, with a checksum,
before anybody can read it: whatever the instant of a kill, the newest whole slot is at least what was ever told.
"""

from __future__ import annotations

import logging
import os
import struct
import weakref
import zlib
from enum import StrEnum
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)

_VALUES = struct.Struct("<QQ")  # serial number of the write, energy in mWh
_SLOT_BYTES = 32
_SLOTS = 2
FACTORY_WH = (1_099_330, 873_412, 402_986, 211_047)
"""What the meters had counted before the station was set up."""

OFF_BY_WH = 5000


def _factory_mwh(connector_id: int) -> int:
    return FACTORY_WH[(connector_id - 1) % len(FACTORY_WH)] * 1000


class Registers:
    """The registers of all connectors. Raises OSError when the file cannot be opened or written."""

    def __init__(self, path: Path, count: int) -> None:
        size = count * _SLOTS * _SLOT_BYTES
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.close = weakref.finalize(self, os.close, self._fd)
        if os.fstat(self._fd).st_size < size:
            os.ftruncate(self._fd, size)
        self._serial: dict[int, int] = {}
        self._mwh: dict[int, int] = {}
        for connector_id in range(1, count + 1):
            self._load(connector_id, path)

    def _load(self, connector_id: int, path: Path) -> None:
        slots = [self._slot(connector_id, number) for number in range(_SLOTS)]
        whole = [slot for slot in slots if slot is not None]
        if whole:
            self._serial[connector_id], self._mwh[connector_id] = max(whole)
            return
        raw = os.pread(self._fd, _SLOTS * _SLOT_BYTES, self._offset(connector_id, 0))
        if raw.strip(b"\0"):
            log.warning("%s: register of connector %d is unreadable; it starts anew", path, connector_id)
        self._serial[connector_id], self._mwh[connector_id] = 0, _factory_mwh(connector_id)
        self.add(connector_id, 0)

    @staticmethod
    def _offset(connector_id: int, slot: int) -> int:
        return ((connector_id - 1) * _SLOTS + slot) * _SLOT_BYTES

    def _slot(self, connector_id: int, number: int) -> tuple[int, int] | None:
        raw = os.pread(self._fd, _SLOT_BYTES, self._offset(connector_id, number))
        values, check = raw[: _VALUES.size], raw[_VALUES.size : _VALUES.size + 4]
        if len(check) < 4 or zlib.crc32(values) != int.from_bytes(check, "little"):
            return None
        serial, mwh = _VALUES.unpack(values)
        return (serial, mwh) if serial else None  # an empty slot must not pass for a value

    def add(self, connector_id: int, mwh: int) -> None:
        """Count ``mwh`` (not negative) more; readable only once it is in the file. Raises OSError."""
        if mwh < 0:
            raise ValueError(f"a register never runs backwards: {mwh} mWh")
        serial = self._serial[connector_id] + 1
        total = self._mwh[connector_id] + mwh
        values = _VALUES.pack(serial, total)
        slot = (values + zlib.crc32(values).to_bytes(4, "little")).ljust(_SLOT_BYTES, b"\0")
        written = os.pwrite(self._fd, slot, self._offset(connector_id, serial % _SLOTS))
        if written != _SLOT_BYTES:
            raise OSError(f"register of connector {connector_id}: {written} of {_SLOT_BYTES} bytes written")
        self._serial[connector_id], self._mwh[connector_id] = serial, total

    def wh(self, connector_id: int) -> int:
        """The register, whole Wh."""
        return self._mwh[connector_id] // 1000


class MeterLie(StrEnum):
    """What is wrong with a meter that goes on counting inside. [stored]"""

    OK = "ok"  # nothing
    STUCK = "stuck"  # tells the register of the moment it broke
    JUMP = "jump"  # tells 5 kWh more
    BACK = "back"  # tells 5 kWh less, as another meter in its place would
    SILENT = "silent"  # tells nothing, and nobody why


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a meter lies; ``wh``: the register it is stuck at."""

    lie: MeterLie = MeterLie.OK
    wh: int = 0


class Meter:
    """The meter of one connector: takes energy as it comes, counts in whole mWh, and may tell something else."""

    def __init__(self, registers: Registers, connector_id: int, told: Told | None = None) -> None:
        self._registers = registers
        self._id = connector_id
        self._rest_mwh = 0.0
        self.told = told or Told()

    @property
    def wh(self) -> int | None:
        """What it tells."""
        true_wh = self._registers.wh(self._id)
        match self.told.lie:
            case MeterLie.OK:
                return true_wh
            case MeterLie.STUCK:
                return self.told.wh
            case MeterLie.JUMP:
                return true_wh + OFF_BY_WH
            case MeterLie.BACK:
                return max(0, true_wh - OFF_BY_WH)
            case MeterLie.SILENT:
                return None

    def lie(self, lie: MeterLie) -> None:
        """Begin to lie in that way; what was counted meanwhile is told when it is OK again."""
        self.told = Told(lie=lie, wh=self._registers.wh(self._id))

    def count(self, energy_wh: float) -> None:
        """Raises OSError when the register cannot be stored; it stays as it was then."""
        mwh = self._rest_mwh + energy_wh * 1000
        whole = int(mwh)
        if whole:
            self._registers.add(self._id, whole)
        self._rest_mwh = mwh - whole
