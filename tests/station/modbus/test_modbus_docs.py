"""The reference page is as the table, and its examples are true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from kiosk.model import paths
from kiosk.station.modbus import docs, frames
from kiosk.station.modbus.access import write
from kiosk.station.modbus.registers import TABLE
from kiosk.station.modbus.values import STATES
from tests.fakes.scenes import scene


def test_the_page_is_fresh() -> None:
    shown = (paths.assets() / "docs" / docs.PAGE).read_text(encoding="utf-8")
    assert shown == docs.page(), "run `python -m kiosk.station.modbus.docs`"


def test_every_register_and_state_is_on_it() -> None:
    page = docs.page()
    for row in TABLE:
        assert f"**{row.name}**: {row.meaning}" in page
    for value, text in STATES.items():
        assert f"| {value} | {text} |" in page
    assert "{" not in page


def test_its_examples_are_true() -> None:
    rows = re.findall(r"^\| [^|`]+ \| `([0-9a-f ]+)` \| `([0-9a-f ]+)`", docs.page(), re.MULTILINE)
    assert len(rows) == 3
    (limit, limited), (energy, told), (half, refused) = (tuple(map(bytes.fromhex, row)) for row in rows)
    head = frames.header(limit[:7])
    request = frames.request(limit[7:])
    assert isinstance(request, frames.Write)
    (setpoint,) = write(scene(), request.address, request.words)  # type: ignore[misc]
    assert (setpoint.connector_id, setpoint.value) == (2, 20_000)
    assert limited == frames.written(head, request.address, 2)
    assert frames.request(energy[7:]) == frames.Read(4, 232, 4)
    assert told == frames.words_read(frames.header(energy[:7]), 4, (0, 0, 2, 0x7DA1))
    assert frames.request(half[7:]) == frames.WriteOne(200)
    assert refused == frames.refused(frames.header(half[:7]), 6, frames.Fault.VALUE)
    for raw in (limit, energy, half, limited, told, refused):
        assert frames.header(raw[:7]).body_bytes == len(raw) - 7


def test_a_page_is_written(tmp_path: Path) -> None:
    docs.write(tmp_path)
    assert (tmp_path / docs.PAGE).read_text(encoding="utf-8") == docs.page()


def test_a_start_without_a_controller_does_not_pay_for_modbus() -> None:
    """Neither for the protocol nor for the table."""
    asked = "import sys, kiosk.station.service; print([m for m in sys.modules if 'modbus' in m])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    loaded = ast.literal_eval(done.stdout)
    assert not [m for m in loaded if m.startswith(("pymodbus", "kiosk.station.modbus."))]
