"""The simulated world survives its program."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.model.enums import ConnectorType, Phase
from kiosk.model.errors import BadFile
from kiosk.station.hardware.ports import VehicleIdentified
from kiosk.station.hardware.simulator import world
from kiosk.station.hardware.simulator.simulator import FOLDER
from kiosk.station.hardware.simulator.world import Holder, PluggedCar, World
from tests.fakes.bench import Bench, installation


def test_a_world_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    car = PluggedCar(car="city24", soc_percent=41.5, vehicle_id="02A4C1240002")
    stored = World(door_open=True, holders={2: Holder(plugged=car, faults=(18, 20), cycles=7), 1: Holder()})
    world.save(tmp_path / "world.json", stored)
    assert world.load(tmp_path / "world.json") == stored
    assert [p.name for p in tmp_path.iterdir()] == ["world.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2}', '{"holders": {"1": {"cycles": "x"}}}', "\0\0\0"]
)
def test_a_damaged_file_is_kept_aside(tmp_path: Path, text: str, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.hardware", "damaged")
    path = tmp_path / "world.json"
    path.write_text(text)
    assert world.load(path) == World()
    assert (tmp_path / "world.broken").read_text() == text
    assert not path.exists()


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.hardware", "cannot be read")
    (tmp_path / "world.json").mkdir()
    assert world.load(tmp_path / "world.json") == World()


def test_after_a_kill_the_car_is_plugged_and_the_contactor_open(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1, soc_percent=30)
    bench.wait(30)
    bench.sim.control.door(True)
    bench.sim.control.fault(2, 21)
    told_wh, soc = port.meter_wh(), port.reading().soc_percent  # type: ignore[union-attr]
    assert told_wh is not None
    # killed here: nothing more is stored

    after = Bench(tmp_path, clock=bench.clock)
    again = after[1]
    assert (again.phase, again.plugged, again.contactor_closed) == (Phase.PLUGGED, True, False)
    assert again.vehicle_id is None
    assert again.meter_wh() is not None
    assert again.meter_wh() >= told_wh  # type: ignore[operator]
    assert after.sim.station.door_open
    assert after[2].faults == {21}
    view = after.sim.control.state().connectors[0]
    assert view.car == "family64"
    assert view.soc_percent == pytest.approx(soc, abs=1)
    after.wait(3)
    assert after.events[1] == [VehicleIdentified("02A4C1640001")], "the plug state is read, not told again"
    after.limits_w[1] = 50_000
    after.sim.stacks.assign(1, 2)
    again.start()
    after.until(1, Phase.ENERGY)


def test_charge_is_stored_at_most_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path)
    bench.begin(1)
    saves: list[float] = []
    save = world.save

    def counted(path: Path, picture: World) -> None:
        saves.append(bench.clock.monotonic())
        save(path, picture)

    monkeypatch.setattr(world, "save", counted)
    bench.wait(20)
    assert 15 <= len(saves) <= 20
    saves.clear()
    bench.sim.control.unplug(1)
    bench.wait(20)
    assert len(saves) == 1, "an idle station writes nothing"


def test_cycles_count_plugs_for_the_life_of_the_station(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for count in range(1, 4):
        bench.sim.control.plug(3)
        assert bench[3].cycles == count - 1
        bench.sim.control.unplug(3)
        assert bench[3].cycles == count
        assert Bench(tmp_path)[3].cycles == count


def test_a_stored_car_that_fits_no_more_is_left_out(tmp_path: Path, expected_log: Callable[..., None]) -> None:
    expected_log("kiosk.station.hardware", "stored car is left out")
    expected_log("kiosk.station.hardware", "stored fault is left out")
    bench = Bench(tmp_path, built=installation(ConnectorType.CCS))
    bench.begin(1, phase=Phase.SLAC)
    bench.sim.control.fault(1, 2)
    assert bench[1].faults == {2}
    other = Bench(tmp_path, built=installation(ConnectorType.CHADEMO))
    assert not other[1].plugged
    assert not other[1].faults


def test_a_world_that_cannot_be_stored_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.hardware", "cannot be written")
    bench = Bench(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(world, "save", refuse)
    bench.sim.control.plug(1)
    bench.sim.control.unplug(1)
    assert bench[1].cycles == 1


def test_a_folder_that_cannot_hold_the_meters_is_refused(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    with pytest.raises(BadFile, match=r"meters cannot be stored there.*writable folder"):
        Bench(tmp_path)


CHARGES = """
import sys
from pathlib import Path
from kiosk.station.hardware.simulator import build
from tests.fakes.bench import installation
from tests.fakes.clock import ManualClock

clock = ManualClock()

sim = build(installation(stacks=4), Path(sys.argv[1]), clock, speed=60)
if sim.connectors[0].plugged:
    sim.control.unplug(1)
sim.control.plug(1, "grand93", 5)
sim.stacks.assign(1, 2)
port = sim.connectors[0]
port.start()
while True:
    port.set_limit_w(50_000)
    sim.step()
    if port.contactor_closed:
        print(port.meter_wh(), flush=True)
    clock.advance(0.1)
"""


def test_a_real_kill_in_a_session_takes_nothing_back(tmp_path: Path) -> None:
    told = [0]
    for lines in (3, 60, 150):
        command = [sys.executable, "-c", CHARGES, str(tmp_path)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
        ) as program:
            assert program.stdout is not None
            now = [int(program.stdout.readline()) for _ in range(lines)]
            program.kill()
            now += [int(line) for line in program.stdout.read().split("\n")[:-1]]
        assert now == sorted(now)
        assert now[0] >= told[-1]
        told = now
        after = Bench(tmp_path)
        assert after[1].plugged
        assert not after[1].contactor_closed
        assert (after[1].meter_wh() or 0) >= told[-1]
        assert not list((tmp_path / FOLDER).glob("*.broken"))
        after.sim.close()
