"""What the hardware does by itself when the core or the car does not do its part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.model.enums import Phase
from tests.fakes.bench import Bench, installation

SILENT = ("kiosk.station.hardware", "core was silent")
P = Phase


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_silent_core_loses_the_contactor(
    tmp_path: Path, speed: float, expected_log: Callable[..., None]
) -> None:
    expected_log(*SILENT)
    bench = Bench(tmp_path, speed, built=installation(stacks=4, watchdog_s=2.5))
    port = bench.begin(1)
    bench.wait(1)
    bench.limits_w.clear()
    bench.wait(2.4)
    assert port.contactor_closed
    bench.wait(0.2)
    assert not port.contactor_closed
    assert bench.power_w(1) == 0
    bench.wait(1)
    assert bench.phases(1)[-2:] == [P.STOPPING, P.ENDED]
    register = port.meter_wh()
    bench.wait(60)
    assert port.meter_wh() == register


def test_a_frozen_core_wakes_to_an_open_contactor(tmp_path: Path, expected_log: Callable[..., None]) -> None:
    expected_log(*SILENT)
    bench = Bench(tmp_path, built=installation(stacks=4, watchdog_s=2.5))
    port = bench.begin(1)
    bench.wait(10)
    before = port.meter_wh() or 0
    bench.clock.advance(300)  # frozen: neither limits nor steps
    port.set_limit_w(50_000)  # the first thing it does is too late
    bench.sim.step()
    assert port.phase is P.ENDED
    energy_wh = (port.meter_wh() or 0) - before
    assert energy_wh == pytest.approx(50_000 * 2.5 / 3600, abs=2), "energy flowed until the watchdog, not longer"


def test_a_limit_of_nothing_feeds_the_watchdog_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, built=installation(stacks=4, watchdog_s=2.5))
    bench.begin(1)
    bench.limits_w[1] = 0
    bench.wait(10)
    assert bench[1].phase is P.SUSPENDED_EVSE


def test_before_the_contactor_closes_nobody_is_missed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, built=installation(stacks=4, watchdog_s=2.5))
    bench.sim.control.plug(1)
    bench.wait(100)
    bench[1].start()
    bench.wait(20)
    assert bench[1].phase is P.CABLE_CHECK


def test_a_car_that_ignores_a_lower_limit_is_cut_off_after_a_second(
    tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.hardware", "draws more than 5000 W")
    bench = Bench(tmp_path)
    port = bench.begin(1, soc_percent=30)
    bench.wait(10)
    bench.sim.control.disobey(1)
    bench.limits_w[1] = 5_000
    bench.wait(0.9)
    assert bench.power_w(1) == 50_000
    assert port.contactor_closed
    bench.wait(0.3)
    assert not port.contactor_closed
    assert bench.power_w(1) == 0


def test_a_car_that_comes_to_its_senses_goes_on(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.begin(1, soc_percent=30)
    bench.wait(10)
    for _ in range(3):
        bench.sim.control.disobey(1)
        bench.limits_w[1] = 5_000
        bench.wait(0.6)
        bench.sim.control.disobey(1, False)
        bench.wait(0.5)
        assert bench.power_w(1) <= 5_000
        bench.limits_w[1] = 50_000
        bench.wait(10)
    assert bench[1].phase is P.ENERGY


@pytest.mark.parametrize("connector_id", [1, 2, 3, 4])
@pytest.mark.parametrize("speed", [0.2, 1.0, 600.0])
def test_an_obedient_car_is_never_cut_off(tmp_path: Path, connector_id: int, speed: float) -> None:
    bench = Bench(tmp_path, speed)
    bench.begin(connector_id, soc_percent=10, limit_w=50_000, timeout_s=200)
    bench.wait({0.2: 40, 1.0: 10, 600.0: 1}[speed])
    assert bench.power_w(connector_id) > 5_000
    bench.limits_w[connector_id] = 1_500
    bench.wait(1.0)
    assert bench.power_w(connector_id) <= 1_500
    bench.wait(2)
    assert bench[connector_id].contactor_closed
