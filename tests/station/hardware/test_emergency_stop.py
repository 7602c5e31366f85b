"""The emergency stop as the hardware alone carries it out, and locks that come free when they are moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.model.enums import Phase
from kiosk.model.errors import BadValue
from kiosk.station.hardware.ports import FaultCleared, FaultRaised
from tests.fakes.bench import Bench

P = Phase


def test_pressed_opens_every_contactor_and_nobody_had_to_say_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.begin(1)
    bench.begin(4, limit_w=11_000)
    bench.begin(3, phase=P.CABLE_CHECK)
    bench.limits_w.clear()  # the core is dead from here on
    bench.sim.control.emergency_stop(True)
    assert not any(bench[n].contactor_closed for n in (1, 3, 4))
    bench.wait(1)
    assert [bench[n].phase for n in (1, 3, 4)] == [P.ENDED] * 3
    assert bench.station == [FaultRaised(1003)]
    assert not any(bench[n].faults for n in (1, 3, 4)), "the code belongs to the station"
    assert [bench.power_w(n) for n in (1, 3, 4)] == [0, 0, 0]


def test_nothing_begins_while_it_is_pressed(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.emergency_stop(True)
    bench.sim.control.plug(1)
    bench[1].start()
    bench.wait(60)
    assert bench[1].phase is P.PLUGGED


def test_released_nothing_begins_by_itself_and_a_start_works(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.begin(1)
    bench.sim.control.emergency_stop(True)
    bench.wait(1)
    bench.station.clear()
    bench.sim.control.emergency_stop(False)
    bench.wait(30)
    assert bench.station == [FaultRaised(1002), FaultCleared(1003), FaultCleared(1002)]
    assert bench[1].phase is P.ENDED
    bench[1].start()
    bench.until(1, P.ENERGY)


def test_to_press_twice_is_to_press_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.emergency_stop(False)
    bench.sim.control.emergency_stop(True)
    bench.sim.control.emergency_stop(True)
    bench.sim.step()
    assert bench.station == [FaultRaised(1003)]
    assert bench.sim.station.emergency_stops == 1


def test_it_stays_pressed_over_a_power_cut_and_is_counted(tmp_path: Path) -> None:
    before = Bench(tmp_path)
    before.sim.control.plug(1)
    before.sim.control.emergency_stop(True)
    before.sim.close()
    after = Bench(tmp_path)
    assert after.sim.station.emergency_stop
    assert after.sim.station.emergency_stops == 1
    assert after.sim.control.state().emergency_stop
    after[1].start()
    after.wait(1)
    assert after[1].phase is P.PLUGGED
    after.sim.control.emergency_stop(False)
    after[1].start()
    assert after[1].phase is P.SLAC


def test_the_codes_of_the_station_are_its_buttons(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    control, station = bench.sim.control, bench.sim.station
    control.fault(0, 1003)
    assert station.emergency_stop
    control.clear(0, 1002)  # told in passing: there is nothing to take away
    control.clear(0, 1000)
    assert station.emergency_stop
    control.clear(0, 1003)
    assert not station.emergency_stop
    control.fault(0, 1003)
    control.fault(0, 1002)
    assert not station.emergency_stop


@pytest.mark.parametrize("code", [15, 16, 17])
def test_a_stuck_lock_comes_free_at_the_try_that_was_given(tmp_path: Path, code: int) -> None:
    bench = Bench(tmp_path)
    bench.begin(1).stop()
    bench.wait(1)
    bench.sim.control.fault(1, code, frees_after=2)
    assert bench[1].unlock() is False
    assert bench[1].locked
    assert bench[1].unlock() is True
    bench.sim.step()
    assert bench.events[1][-1] == FaultCleared(code)
    assert not bench[1].faults
    bench[1].start()
    bench.until(1, P.ENERGY)


def test_a_lock_that_waits_to_be_stuck_counts_its_tries_from_then_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.plug(1)
    bench.sim.control.fault(1, 15, frees_after=2)
    assert bench[1].unlock() is False
    assert bench[1].faults == {15}
    assert bench[1].unlock() is True


@pytest.mark.parametrize(("code", "frees_after"), [(18, 1), (15, 0)])
def test_only_a_lock_comes_free(tmp_path: Path, code: int, frees_after: int) -> None:
    with pytest.raises(BadValue, match="frees_after"):
        Bench(tmp_path).sim.control.fault(1, code, frees_after=frees_after)
