"""Each fault shows itself in its phase and does what the fault table says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.model.enums import ConnectorType, Phase
from kiosk.model.errors import BadValue, NotPossible, UnknownFault
from kiosk.model.faults import FAULTS, FaultScope
from kiosk.station.hardware.ports import FaultCleared, FaultRaised, PhaseChanged
from kiosk.station.hardware.simulator import faults, registers
from tests.fakes.bench import Bench

P = Phase
CODES = [code for code, row in FAULTS.items() if row.scope is FaultScope.CONNECTOR]
FIRST_PHASE = {
    **dict.fromkeys((1, 2, 3), P.SLAC),
    **dict.fromkeys((4, 5, 6, 7), P.LINK),
    **dict.fromkeys((8, 9, 10, 11, 12, 14, 51), P.V2G),
    **dict.fromkeys((15, 16, 17), P.LOCK),
    18: P.CABLE_CHECK,
    50: P.PLUGGED,
    **dict.fromkeys((19, 20, 21, 22), P.UNPLUGGED),
}
"""Where a fault that was injected before the plug shows itself (facts.md section 4)."""


def test_all_codes_of_a_connector_are_there() -> None:
    assert [*range(1, 13), *range(14, 23), 50, 51] == CODES
    assert set(CODES) == set(FIRST_PHASE)


@pytest.mark.parametrize("code", CODES)
def test_a_code_injected_before_the_plug_fires_in_its_phase(tmp_path: Path, code: int) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.fault(1, code)
    at_once = FIRST_PHASE[code] is P.UNPLUGGED
    assert bench[1].faults == ({code} if at_once else set())
    assert bench[1].armed == (set() if at_once else {code})
    bench.sim.control.plug(1)
    bench[1].start()
    bench.limits_w[1] = 50_000
    bench.wait(60)
    assert bench.raised(1) == [code]
    position = bench.events[1].index(FaultRaised(code))
    before = [event.phase for event in bench.events[1][:position] if isinstance(event, PhaseChanged)]
    assert (before or [P.UNPLUGGED])[-1] is FIRST_PHASE[code]
    if FIRST_PHASE[code] in {P.UNPLUGGED, P.PLUGGED}:
        assert bench[1].phase is P.PLUGGED, "no session begins while it is raised"
    else:
        assert bench.phases(1)[-2:] == [P.STOPPING, P.ENDED]
    assert bench.power_w(1) == 0


@pytest.mark.parametrize("code", [code for code in CODES if P.ENERGY in FAULTS[code].phases])
def test_a_code_of_charging_opens_the_contactor_at_once(tmp_path: Path, code: int) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1)
    bench.wait(5)
    bench.events[1].clear()
    bench.sim.control.fault(1, code)
    assert port.faults == {code}
    assert not port.contactor_closed
    bench.wait(1)
    assert bench.events[1] == [FaultRaised(code), PhaseChanged(P.STOPPING), PhaseChanged(P.ENDED)]
    assert bench.power_w(1) == 0
    port.start()
    assert port.phase is P.ENDED, "no start while it is raised"


@pytest.mark.parametrize("code", [code for code in CODES if P.ENERGY not in FAULTS[code].phases])
def test_a_code_whose_phase_is_over_waits_for_the_next_session(tmp_path: Path, code: int) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1)
    bench.sim.control.fault(1, code)
    bench.wait(5)
    assert not port.faults
    assert port.contactor_closed
    bench.sim.control.unplug(1)
    bench.sim.control.plug(1)
    port.start()
    bench.wait(10)
    assert port.faults == {code}


@pytest.mark.parametrize("code", CODES)
def test_a_cleared_code_is_gone(tmp_path: Path, code: int) -> None:
    bench = Bench(tmp_path)
    bench.begin(1, phase=P.CABLE_CHECK)
    bench.sim.control.fault(1, code)
    raised = bool(bench[1].faults)
    bench.wait(1)
    if code == 18:
        bench.sim.control.clear(1, code)
        assert bench[1].faults == {18}  # latched by the plug
        bench.sim.control.unplug(1)
        bench.sim.control.plug(1)
    else:
        bench.sim.control.clear(1, code)
    bench.sim.step()
    assert not bench[1].faults
    assert not bench[1].armed
    assert (FaultCleared(code) in bench.events[1]) is raised
    bench[1].start()
    bench.until(1, P.ENERGY)


def test_to_clear_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.clear(1, 18)
    bench.sim.step()
    assert not bench.events[1]


@pytest.mark.parametrize("code", CODES)
def test_only_faults_of_the_station_itself_outlive_the_plug(tmp_path: Path, code: int) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.fault(1, code)
    bench.sim.control.plug(1)
    bench[1].start()
    bench.wait(20)
    assert bench[1].faults == {code}
    bench.sim.control.unplug(1)
    bench.sim.step()
    assert bench[1].faults == ({code} if code in {19, 20, 21, 22} else set())


@pytest.mark.parametrize("code", [15, 16, 17])
def test_a_lock_fault_keeps_the_plug(tmp_path: Path, code: int) -> None:
    bench = Bench(tmp_path)
    port = bench.begin(1)
    port.stop()
    bench.sim.control.fault(1, code)
    bench.wait(1)
    assert port.phase is P.ENDED
    assert port.unlock() is False
    assert port.locked
    bench.sim.control.clear(1, code)
    assert port.unlock() is True
    assert not port.locked


def test_a_lock_fault_that_waits_shows_when_the_lock_is_moved(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.plug(1)
    bench.sim.control.fault(1, 16)
    assert not bench[1].faults
    assert bench[1].unlock() is False
    assert bench[1].faults == {16}


def test_without_a_meter_the_register_is_unknown(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    known = bench[1].meter_wh()
    bench.sim.control.fault(1, 22)
    assert bench[1].meter_wh() is None
    bench.sim.control.clear(1, 22)
    assert bench[1].meter_wh() == known


def test_a_register_that_cannot_be_stored_is_a_meter_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.hardware", "register cannot be stored")
    bench = Bench(tmp_path)
    bench.begin(1)
    bench.wait(5)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(registers.Registers, "add", full)
    bench.wait(1)
    assert bench[1].faults == {22}
    assert bench[1].phase is P.ENDED


def test_two_codes_of_one_phase(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.sim.control.fault(1, 2)
    bench.sim.control.fault(1, 3)
    bench.sim.control.plug(1)
    bench[1].start()
    bench.wait(5)
    assert bench.raised(1) == [2]
    assert bench[1].armed == {3}, "the session was over before the second could happen"


@pytest.mark.parametrize(
    ("connector_id", "codes"), [(2, {1, 2, 3}), (3, {1, 2, 3}), (4, {1, 2, 3, *range(4, 13), 14})]
)
def test_codes_that_a_kind_of_connector_cannot_have(tmp_path: Path, connector_id: int, codes: set[int]) -> None:
    bench = Bench(tmp_path)
    refused = set()
    for code in CODES:
        try:
            bench.sim.control.fault(connector_id, code)
        except NotPossible:
            refused.add(code)
    assert refused == codes


@pytest.mark.parametrize("kind", ConnectorType)
def test_every_code_that_is_possible_comes_true(tmp_path: Path, kind: ConnectorType) -> None:
    number = [ConnectorType.CCS, ConnectorType.CHADEMO, ConnectorType.GBT, ConnectorType.CCS_AC].index(kind) + 1
    for code in CODES:
        if code in faults.NOT_ON_AC and (
            not kind.is_dc or (code in faults.POWERLINE_ONLY and not kind.has_vehicle_id)
        ):
            continue
        bench = Bench(tmp_path / str(code))
        bench.sim.control.fault(number, code)
        bench.sim.control.plug(number)
        bench[number].start()
        bench.limits_w[number] = 20_000
        bench.wait(40, step_s=0.5)
        assert bench.raised(number) == [code]


def test_an_unknown_code_and_codes_of_the_wrong_place(tmp_path: Path) -> None:
    control = Bench(tmp_path).sim.control
    with pytest.raises(UnknownFault, match="13 does not exist; codes are 0-12, 14-22, 50-51, 1000-1003"):
        control.fault(1, 13)
    with pytest.raises(UnknownFault):
        control.clear(0, 13)
    with pytest.raises(BadValue, match="whole station"):
        control.fault(1, 1001)
    with pytest.raises(BadValue, match="all is well"):
        control.fault(1, 0)
    with pytest.raises(BadValue, match="belongs to a connector"):
        control.fault(0, 18)
