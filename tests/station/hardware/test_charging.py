"""A session at a simulated connector, on a clock that the test moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.model.enums import ConnectorType, Phase
from kiosk.station.hardware.ports import EndedByCar, PhaseChanged, Plugged, Unplugged, VehicleIdentified
from tests.fakes.bench import Bench, installation

P = Phase
DC = [P.LINK, P.V2G, P.LOCK, P.CABLE_CHECK, P.PRECHARGE, P.ENERGY]
WAYS = {1: [P.SLAC, *DC], 2: DC, 3: DC, 4: [P.LOCK, P.ENERGY]}
TO_ENERGY_S = {1: 27.5, 2: 20.0, 3: 21.5, 4: 1.5}


@pytest.mark.parametrize("speed", [1.0, 10.0, 0.5])
@pytest.mark.parametrize("connector_id", [1, 2, 3, 4])
def test_a_session_takes_its_time(tmp_path: Path, connector_id: int, speed: float) -> None:
    bench = Bench(tmp_path, speed)
    bench.sim.control.plug(connector_id)
    began_s = bench.clock.monotonic()
    port = bench[connector_id]
    port.start()
    bench.limits_w[connector_id] = 10_000
    if port.type.is_dc:
        bench.sim.stacks.assign(connector_id, 1)
    bench.until(connector_id, P.ENERGY)
    took_s = bench.clock.monotonic() - began_s
    assert took_s == pytest.approx(TO_ENERGY_S[connector_id] / speed, abs=0.11)
    assert bench.phases(connector_id) == [P.PLUGGED, *WAYS[connector_id]]
    port.stop()
    assert port.phase is P.STOPPING
    assert not port.contactor_closed
    bench.wait(0.5 / speed + 0.1)
    assert port.phase is P.ENDED
    assert not port.locked
    bench.sim.control.unplug(connector_id)
    bench.sim.step()
    assert bench.phases(connector_id)[-3:] == [P.STOPPING, P.ENDED, P.UNPLUGGED]
    assert bench.events[connector_id][0] == Plugged()
    assert bench.events[connector_id][-2:] == [Unplugged(), PhaseChanged(P.UNPLUGGED)]


def test_one_long_step_tells_the_same_as_many_short_ones(tmp_path: Path) -> None:
    short, long = Bench(tmp_path / "a"), Bench(tmp_path / "b")
    for bench in (short, long):
        bench.sim.control.plug(1)
        bench[1].start()
    short.wait(26)
    long.wait(26, step_s=26)
    assert short.events[1] == long.events[1]
    assert long[1].phase is P.PRECHARGE


def test_a_ccs_car_is_identified_two_seconds_after_the_plug(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.plug(1, "tourer77")
    bench.wait(1.9)
    assert bench[1].vehicle_id is None
    bench.wait(0.2)
    assert bench[1].vehicle_id == "02A4C1770004"
    assert bench.events[1][-1] == VehicleIdentified("02A4C1770004")
    bench.sim.control.unplug(1)
    assert bench[1].vehicle_id is None


@pytest.mark.parametrize("connector_id", [2, 3, 4])
def test_other_cars_are_never_identified(tmp_path: Path, connector_id: int) -> None:
    bench = Bench(tmp_path)
    bench.begin(connector_id)
    assert bench[connector_id].vehicle_id is None
    assert not any(isinstance(event, VehicleIdentified) for event in bench.events[connector_id])


def test_charge_is_unknown_until_the_car_told_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1, soc_percent=42, phase=P.V2G)
    assert port.reading().soc_percent is None  # type: ignore[union-attr]
    bench.until(1, P.LOCK)
    assert port.reading().soc_percent == 42  # type: ignore[union-attr]
    bench.until(1, P.ENERGY)
    port.stop()
    bench.wait(1)
    assert port.reading().soc_percent == 42  # type: ignore[union-attr]
    bench.sim.control.unplug(1)
    bench.sim.step()
    assert port.reading().soc_percent is None  # type: ignore[union-attr]


def test_an_ac_car_never_tells_its_charge(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.begin(4, limit_w=22_000)
    bench.wait(30)
    reading = bench[4].reading()
    assert reading is not None
    assert (reading.soc_percent, reading.time_to_80_s, reading.time_to_100_s) == (None, None, None)
    assert reading.power_w == pytest.approx(11_000, abs=2)
    assert reading.current_a == pytest.approx(15.94, abs=0.01)
    assert reading.voltage_v == 230.0


def test_voltage_rises_in_the_precharge_without_current(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1, soc_percent=50, phase=P.CABLE_CHECK)
    seen = []
    while port.phase is not P.ENERGY:
        bench.wait(0.1)
        reading = port.reading()
        assert reading is not None
        if port.phase is not P.ENERGY:
            assert (reading.power_w, reading.current_a) == (0, 0.0)
            seen.append(reading.voltage_v or 0.0)
    assert seen == sorted(seen)
    assert seen[0] == 0.0
    assert seen[-1] == pytest.approx(366.0, abs=1)


def test_power_stays_nothing_until_a_limit_allows_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.plug(1)
    bench.sim.stacks.assign(1, 2)
    bench[1].start()
    bench.limits_w[1] = 0
    bench.until(1, P.SUSPENDED_EVSE)
    register = bench[1].meter_wh()
    bench.wait(10)
    assert (bench.power_w(1), bench[1].meter_wh()) == (0, register)
    bench.limits_w[1] = 20_000
    bench.wait(10)
    assert bench[1].phase is P.ENERGY
    assert bench.power_w(1) == 20_000


@pytest.mark.parametrize(
    ("car", "soc", "limit_w", "stacks", "power_w"),
    [
        ("family64", 30, 50_000, 2, 50_000),  # the connector's 50 kW
        ("family64", 30, 50_000, 1, 25_000),  # one stack
        ("family64", 30, 12_345, 2, 12_345),  # the limit
        ("family64", 30, 80_000, 2, 50_000),  # a limit above the hardware's
        ("compact40", 0, 50_000, 2, 35_000),  # the car's curve
        ("grand93", 0, 50_000, 1, 25_000),
        ("family64", 30, 50_000, 0, 0),
    ],
)
def test_the_lowest_limit_wins(
    tmp_path: Path, car: str, soc: int, limit_w: int, stacks: int, power_w: int
) -> None:
    bench = Bench(tmp_path, built=installation(ConnectorType.CCS, stacks=2))
    phase = P.ENERGY if stacks else P.SUSPENDED_EVSE
    bench.begin(1, car, soc, limit_w=limit_w, stacks=stacks, phase=phase)
    bench.wait(10)
    assert bench.power_w(1) == pytest.approx(power_w, rel=0.002)
    assert bench.power_w(1) <= max(power_w, 0) + 1


def test_the_stack_current_binds_at_low_voltage(tmp_path: Path) -> None:
    bench = Bench(tmp_path, built=installation(ConnectorType.CCS, stacks=1, stack_current_a=50.0))
    bench.begin(1, soc_percent=10, stacks=1)
    bench.wait(10)
    reading = bench[1].reading()
    assert reading is not None
    assert reading.current_a == pytest.approx(50.0)


def test_a_lowered_limit_holds_within_a_second(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.begin(1, soc_percent=30)
    bench.wait(10)
    assert bench.power_w(1) == 50_000
    bench.limits_w[1] = 3_000
    bench.wait(1.0)
    assert 0 < bench.power_w(1) <= 3_000
    assert bench[1].phase is P.ENERGY


def test_the_car_suspends_and_comes_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.begin(1)
    bench.sim.control.request(1, 0)
    bench.wait(1)
    assert bench[1].phase is P.SUSPENDED_EV
    assert bench.power_w(1) == 0
    bench.limits_w[1] = 0
    bench.wait(1)
    assert bench[1].phase is P.SUSPENDED_EVSE, "the station's word comes first"
    bench.limits_w[1] = 50_000
    bench.sim.control.request(1, 7_000)
    bench.wait(5)
    assert (bench[1].phase, bench.power_w(1)) == (P.ENERGY, 7_000)
    bench.sim.control.request(1, None)
    bench.wait(10)
    assert bench.power_w(1) == 50_000
    assert EndedByCar() not in bench.events[1]


def test_a_full_car_ends_the_session_itself(tmp_path: Path) -> None:
    bench = Bench(tmp_path, speed=60)
    bench.begin(1, soc_percent=98)
    bench.until(1, P.ENDED)
    position = bench.events[1].index(EndedByCar())
    assert bench.events[1][position + 1 :] == [PhaseChanged(P.STOPPING), PhaseChanged(P.ENDED)]
    assert bench.sim.control.state().connectors[0].soc_percent == 100
    assert bench[1].reading().soc_percent == 100  # type: ignore[union-attr]


def test_the_driver_ends_it_at_the_car(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.begin(1)
    bench.sim.control.end(1)
    bench.wait(1)
    assert bench.events[1][-3:] == [EndedByCar(), PhaseChanged(P.STOPPING), PhaseChanged(P.ENDED)]


def test_a_second_session_begins_without_a_new_plug(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1)
    port.stop()
    bench.wait(1)
    bench.limits_w[1] = 10_000
    port.start()
    assert port.phase is P.SLAC
    bench.until(1, P.ENERGY)


def test_an_old_limit_does_not_feed_a_new_session(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1)
    port.stop()
    bench.wait(1)
    del bench.limits_w[1]
    port.start()
    bench.until(1, P.SUSPENDED_EVSE)
    assert port.limit_w == 0


@pytest.mark.parametrize("speed", [1.0, 60.0, 600.0])
def test_the_register_is_the_integral_of_the_power(tmp_path: Path, speed: float) -> None:
    bench = Bench(tmp_path, speed)
    port = bench.begin(1, soc_percent=20)
    register = port.meter_wh()
    assert register is not None
    start = bench.sim.control.state().connectors[0].soc_percent
    assert start is not None
    integral_wh, last_w = 0.0, bench.power_w(1)
    for _ in range(600):
        bench.wait(0.1)
        if not port.contactor_closed:
            break
        integral_wh += (last_w + bench.power_w(1)) / 2 * 0.1 * speed / 3600
        last_w = bench.power_w(1)
    counted_wh = (port.meter_wh() or 0) - register
    soc = bench.sim.control.state().connectors[0].soc_percent
    assert soc is not None
    into_battery_wh = (soc - start) / 100 * 64_000
    assert counted_wh == pytest.approx(into_battery_wh / 0.95, abs=2 + 0.0005 * counted_wh)
    if speed == 1:
        assert counted_wh == pytest.approx(integral_wh, abs=1)


def test_speed_changes_how_long_it_takes_not_how_much(tmp_path: Path) -> None:
    counted = {}
    for speed in (10.0, 100.0, 600.0):
        bench = Bench(tmp_path / str(speed), speed)
        port = bench.begin(1, soc_percent=20)
        before = port.meter_wh()
        bench.until(1, P.ENDED, timeout_s=2000)
        counted[speed] = (port.meter_wh() or 0) - (before or 0)
    assert counted[100.0] == pytest.approx(counted[10.0], abs=60)
    assert counted[600.0] == pytest.approx(64_000 * 0.8 / 0.95, rel=0.02)


def test_pulling_the_plug_by_force_ends_the_energy_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1)
    bench.wait(5)
    bench.sim.control.unplug(1)
    register = port.meter_wh()
    bench.wait(5)
    assert bench.events[1][-2:] == [Unplugged(), PhaseChanged(P.UNPLUGGED)]
    assert (bench.power_w(1), port.meter_wh(), port.phase) == (0, register, P.UNPLUGGED)


@pytest.mark.parametrize(
    ("phase", "locked", "free"),
    [
        (P.SLAC, False, False),
        (P.LOCK, False, False),
        (P.CABLE_CHECK, True, False),
        (P.ENERGY, True, False),
    ],
)
def test_the_lock_holds_the_plug_from_the_isolation_test_on(
    tmp_path: Path, phase: Phase, locked: bool, free: bool
) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1, phase=phase)
    assert port.locked is locked
    assert port.unlock() is free
    port.stop()
    assert port.unlock() is False, "not while the current comes down"
    bench.wait(1)
    assert port.unlock() is True
    assert not port.locked


def test_start_and_stop_where_there_is_nothing_to_do(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    port = bench[1]
    port.start()
    port.stop()
    assert port.unlock()
    assert port.phase is P.UNPLUGGED
    bench.sim.control.plug(1)
    port.stop()
    assert port.phase is P.PLUGGED
    port.start()
    port.start()
    bench.wait(1)
    port.start()
    assert bench.phases(1) == [P.PLUGGED, P.SLAC]
    port.stop()
    port.stop()
    port.start()
    bench.wait(1)
    assert bench.phases(1) == [P.PLUGGED, P.SLAC, P.STOPPING, P.ENDED]


def test_estimates_are_there_while_energy_flows(tmp_path: Path) -> None:
    bench = Bench(tmp_path, speed=60)
    port = bench.begin(1, soc_percent=20)
    bench.wait(2)
    reading = port.reading()
    assert reading is not None
    assert reading.time_to_80_s is not None
    assert reading.time_to_100_s is not None
    assert 0 < reading.time_to_80_s < reading.time_to_100_s
    waited_s = reading.time_to_80_s / 60
    bench.wait(waited_s)
    assert port.reading().soc_percent == pytest.approx(80, abs=1)  # type: ignore[union-attr]
    bench.limits_w[1] = 0
    bench.wait(2)
    assert port.reading().time_to_100_s is None  # type: ignore[union-attr]


def test_the_cable_warms_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path, speed=60)
    port = bench.begin(1, soc_percent=10)
    cold = port.reading().temperature_c  # type: ignore[union-attr]
    bench.wait(20)
    assert port.reading().temperature_c > (cold or 0) + 10  # type: ignore[union-attr, operator]
