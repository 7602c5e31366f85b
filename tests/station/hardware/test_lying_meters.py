"""Meters of the simulated station that tell something else than they count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.link.messages import SimMeter
from kiosk.model.errors import BadValue, UnknownConnector
from kiosk.station import sim_door
from kiosk.station.hardware.simulator.registers import FACTORY_WH, OFF_BY_WH, Meter, MeterLie, Registers
from tests.fakes.bench import Bench

BEGIN_WH = FACTORY_WH[0]


@pytest.mark.parametrize(
    ("lie", "told_wh", "later_wh"),
    [
        (MeterLie.OK, BEGIN_WH, BEGIN_WH + 70),
        (MeterLie.STUCK, BEGIN_WH, BEGIN_WH),
        (MeterLie.JUMP, BEGIN_WH + OFF_BY_WH, BEGIN_WH + OFF_BY_WH + 70),
        (MeterLie.BACK, BEGIN_WH - OFF_BY_WH, BEGIN_WH - OFF_BY_WH + 70),
        (MeterLie.SILENT, None, None),
    ],
)
def test_what_each_lie_tells(tmp_path: Path, lie: MeterLie, told_wh: int | None, later_wh: int | None) -> None:
    meter = Meter(Registers(tmp_path / "r", 1), 1)
    meter.lie(lie)
    assert meter.wh == told_wh
    meter.count(70)
    assert meter.wh == later_wh
    meter.lie(MeterLie.OK)
    assert meter.wh == BEGIN_WH + 70, "inside it counted all the time"


def test_a_young_meter_cannot_tell_less_than_nothing(tmp_path: Path) -> None:
    registers = Registers(tmp_path / "r", 1)
    registers._mwh[1] = 1000
    meter = Meter(registers, 1)
    meter.lie(MeterLie.BACK)
    assert meter.wh == 0


def test_a_lie_outlives_the_program_and_so_does_the_truth(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(2)
    bench.wait(20)
    bench.sim.control.meter(2, MeterLie.STUCK)
    stuck_wh = port.meter_wh()
    bench.wait(20)
    after = Bench(tmp_path, clock=bench.clock)  # killed: nothing more is stored
    assert after[2].meter_wh() == stuck_wh
    assert [view.meter for view in after.sim.control.state().connectors] == [
        MeterLie.OK,
        MeterLie.STUCK,
        MeterLie.OK,
        MeterLie.OK,
    ]
    after.sim.control.meter(2, MeterLie.OK)
    assert (after[2].meter_wh() or 0) > (stuck_wh or 0) + 100
    assert Bench(tmp_path)[2].meter_wh() == after[2].meter_wh()


def test_it_lies_from_that_moment_on(tmp_path: Path) -> None:
    """What has flowed since the last step is in the register it is stuck at."""
    bench = Bench(tmp_path)
    port = bench.begin(1)
    bench.wait(20)
    known_wh = port.meter_wh() or 0
    bench.clock.advance(2)
    bench.sim.control.meter(1, MeterLie.STUCK)
    stuck_wh = port.meter_wh() or 0
    assert 25 <= stuck_wh - known_wh <= 29
    bench.wait(5)
    assert port.meter_wh() == stuck_wh


def test_only_connectors_that_are_there_have_meters(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with pytest.raises(UnknownConnector):
        bench.sim.control.meter(5, MeterLie.JUMP)


def test_through_the_operators_door(aio: Any, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    meter = sim_door.handlers(bench.sim)["sim.meter"]
    aio(meter(SimMeter(connector_id=3, lie="back")))
    assert bench.sim.control.state().connectors[2].meter is MeterLie.BACK
    with pytest.raises(BadValue, match=r"nowhere.*ok, stuck, jump, back, silent"):
        aio(meter(SimMeter(connector_id=3, lie="nowhere")))
