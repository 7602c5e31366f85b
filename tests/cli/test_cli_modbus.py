"""``kiosk modbus`` and the line of ``kiosk status``: what is asked and told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from kiosk import cli
from kiosk.link.modbus_messages import RegisterList, RegisterRow
from kiosk.link.params import Nothing
from kiosk.model.enums import ChargePointStatus
from kiosk.model.snapshot import LoadManagement
from kiosk.settings import Installation
from kiosk.station.link_modbus import handlers, rows
from kiosk.station.state import State
from tests.cli.conftest import FakeCore
from tests.fakes.clock import ManualClock
from tests.fakes.pictures import charging, connector
from tests.fakes.scenes import managed, scene

Capture = pytest.CaptureFixture[str]
ON = LoadManagement(
    enabled=True,
    connected=True,
    heard=True,
    available_w=40_000,
    written_w=40_000,
    max_grid_w=75_000,
    fallback_w=27_500,
    fallback_timeout_s=5,
    connectors=(managed(), managed(limit_w=11_500)),
    address="127.0.0.1:5502",
)


def changed(**fields: Any) -> LoadManagement:
    return msgspec.structs.replace(ON, **fields)


def words(text: str) -> str:
    return " ".join(text.split())


def test_off(fake_core: FakeCore, capsys: Capture) -> None:
    assert cli.main(["modbus"]) == 0
    assert "off; the key ModbusLoadManagementEnabled switches it on" in capsys.readouterr().out
    assert cli.main(["status"]) == 0
    assert "Load" not in capsys.readouterr().out


def test_how_it_stands(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.change(lambda s: s.set(load_management=ON))
    assert cli.main(["modbus"]) == 0
    told = words(capsys.readouterr().out)
    for text in (
        "Listening 127.0.0.1:5502",
        "Controller has control",
        "Released 40 kW",
        "MaxGridPower 75 kW",
        "Fallback 27.5 kW after 5 s of silence",
        "Connector 2 limited to 11.5 kW",
    ):
        assert text in told
    assert "Connector 1" not in told
    assert cli.main(["modbus", "--json"]) == 0
    told_json = json.loads(capsys.readouterr().out)
    assert (told_json["available_w"], told_json["connectors"][1]["limit_w"]) == (40_000, 11_500)


@pytest.mark.parametrize(
    ("load", "line"),
    [
        (ON, "40 kW released, controller has control (at 127.0.0.1:5502)"),
        (
            changed(connected=False, fallback=True, available_w=27_500),
            "27.5 kW released, controller silent, the fallback holds (at 127.0.0.1:5502)",
        ),
        (changed(connected=False, heard=False), "controller has not written yet (at"),
        (
            changed(connected=False, heard=False, fallback=True),
            "controller has not written yet, the fallback holds",
        ),
        (
            changed(address=None, problem="Modbus cannot listen: why; what to do"),
            "(Modbus cannot listen: why; what",
        ),
        (changed(address=None, available_w=None), "– released, controller has control (not listening yet)"),
    ],
)
def test_the_line_of_status(
    fake_core: FakeCore, capsys: Capture, monkeypatch: pytest.MonkeyPatch, load: LoadManagement, line: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    fake_core.change(lambda s: s.set(load_management=load))
    assert cli.main(["status"]) == 0
    assert line in words(capsys.readouterr().out)


def test_status_says_why_an_idle_connector_is_unavailable(fake_core: FakeCore, capsys: Capture) -> None:
    withheld = connector(2, status=ChargePointStatus.UNAVAILABLE, withheld=True)
    fake_core.change(lambda s: s.set_connector(withheld))
    assert cli.main(["status"]) == 0
    assert "no power released" in words(capsys.readouterr().out)


def test_registers(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["modbus.registers"] = RegisterList(registers=tuple(rows(scene(charging(1)))))
    assert cli.main(["modbus", "registers"]) == 0
    assert fake_core.asked == [("modbus.registers", Nothing())]
    told = [words(line) for line in capsys.readouterr().out.splitlines()]
    assert told[0] == "Function Address Type Register Value"
    assert "4 2 U16 connectors 1" in told
    assert "4 101-102 U32 1: voltage 398.40 V" in told
    assert "4 100 U16 1: state 3 Charging" in told
    assert "3, 16 0-1 U32 power limit 75000 W" in told
    assert "3, 16 100-101 U32 1: power limit 50000 W" in told


def test_registers_of_one_connector_for_programs(fake_core: FakeCore, capsys: Capture) -> None:
    fake_core.answers["modbus.registers"] = RegisterList(registers=tuple(rows(scene(charging(1)))))
    assert cli.main(["modbus", "registers", "--connector", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["connector_id"] for row in told} == {1}
    by_address = {(row["access"], row["address"]): row for row in told}
    assert by_address["input", 118]["value"] == "00000011223344aa"
    assert by_address["input", 122]["value"] == "04A1B2C3D4"
    assert by_address["input", 101]["words"] == [0, 39_840]
    assert cli.main(["modbus", "registers", "--connector", "4"]) == 2
    assert "there is no connector 4; 0 is the station, connectors are 1 to 1" in capsys.readouterr().err


def test_what_the_core_answers_is_what_a_controller_reads() -> None:
    here = scene(charging(1), connector(2))
    state, clock = State(here.snapshot), ManualClock()
    answer = asyncio.run(handlers(state, Installation(), clock)["modbus.registers"](Nothing()))
    assert isinstance(answer, RegisterList)
    found = {(row.access, row.address): row for row in answer.registers}
    assert len(found) == len(answer.registers) == 12 + 2 + 2 * (16 + 2)
    serial = found["input", 6]
    assert isinstance(serial, RegisterRow)
    assert serial.value == Installation().station.serial
    assert found["input", 0].value == int(clock.now().timestamp())
