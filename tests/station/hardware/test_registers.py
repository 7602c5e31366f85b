"""Registers never run backwards, whatever the instant of a kill."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.station.hardware.simulator.registers import FACTORY_WH, Meter, Registers


def test_a_new_station_has_plausible_registers(tmp_path: Path) -> None:
    registers = Registers(tmp_path / "r", 4)
    assert [registers.wh(n) for n in (1, 2, 3, 4)] == list(FACTORY_WH)
    assert FACTORY_WH[0] == 1_099_330


def test_the_file_has_a_fixed_size_and_grows_only_with_connectors(tmp_path: Path) -> None:
    path = tmp_path / "r"
    registers = Registers(path, 2)
    size = path.stat().st_size
    for _ in range(50):
        registers.add(1, 12_345)
    assert path.stat().st_size == size
    registers.close()
    more = Registers(path, 4)
    assert more.wh(1) == FACTORY_WH[0] + 617
    assert more.wh(4) == FACTORY_WH[3]


def test_what_was_read_is_in_the_file_already(tmp_path: Path) -> None:
    registers = Registers(tmp_path / "r", 1)
    for mwh in (1, 999, 1, 7_000_000, 0):
        registers.add(1, mwh)
        assert Registers(tmp_path / "r", 1).wh(1) == registers.wh(1)


def test_a_register_refuses_to_run_backwards(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never runs backwards"):
        Registers(tmp_path / "r", 1).add(1, -1)


@given(torn=st.binary(min_size=1, max_size=32), at=st.integers(0, 31))
def test_a_torn_write_costs_at_most_the_value_nobody_read(
    tmp_path_factory: pytest.TempPathFactory, torn: bytes, at: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "r"
    registers = Registers(path, 1)
    registers.add(1, 5_000)
    told_wh = registers.wh(1)
    # the slot that the next write would go to is the older one
    before = path.read_bytes()
    registers.add(1, 5_000)
    after = path.read_bytes()
    slot = 0 if before[:32] != after[:32] else 32
    damaged = bytearray(before)
    damaged[slot + at : slot + 32] = (torn * 32)[: 32 - at]
    path.write_bytes(damaged)
    assert Registers(path, 1).wh(1) >= told_wh


def test_a_damaged_file_is_told_and_starts_anew(tmp_path: Path, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.hardware", "register of connector 1 is unreadable")
    path = tmp_path / "r"
    path.write_bytes(b"\xff" * 64)
    assert Registers(path, 1).wh(1) == FACTORY_WH[0]


def test_the_meter_keeps_fractions_and_counts_whole(tmp_path: Path) -> None:
    registers = Registers(tmp_path / "r", 1)
    meter = Meter(registers, 1)
    for _ in range(30_000):
        meter.count(0.0001)
    assert meter.wh == FACTORY_WH[0] + 2  # 2.9999...
    meter.count(0.001)
    assert meter.wh == FACTORY_WH[0] + 3


WRITER = """
import sys
from pathlib import Path
from kiosk.station.hardware.simulator.registers import Registers
registers = Registers(Path(sys.argv[1]), 1)
while True:
    registers.add(1, 1499)
    print(registers.wh(1), flush=True)
"""


def test_kill_at_any_instant_takes_nothing_back(tmp_path: Path) -> None:
    path = tmp_path / "r"
    last = FACTORY_WH[0]
    for lines in (1, 7, 40, 200):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as writer:
            assert writer.stdout is not None
            told = [int(writer.stdout.readline()) for _ in range(lines)]
            writer.kill()
            rest = writer.stdout.read().split("\n")
            told += [int(line) for line in rest[:-1]]  # the last line may be torn by the kill
        assert told == sorted(told)
        assert told[0] > last
        registers = Registers(path, 1)
        last = registers.wh(1)
        registers.close()
        assert last >= told[-1]


def test_a_register_that_cannot_be_written_keeps_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter(Registers(tmp_path / "r", 1), 1)
    meter.count(10)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        meter.count(10)
    assert meter.wh == FACTORY_WH[0] + 10
