"""Whatever a core, a driver and bad luck do in any order: what a connector must never do."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kiosk.model.enums import ConnectorType, Phase
from kiosk.model.errors import NotPossible
from kiosk.model.faults import FAULTS, FaultScope, stops_charging
from kiosk.station.hardware.ports import FaultCleared, FaultRaised, PhaseChanged, Plugged, Unplugged
from kiosk.station.hardware.simulator.phases import LEGAL
from tests.fakes.bench import Bench, installation

codes = st.sampled_from([code for code, row in FAULTS.items() if row.scope is FaultScope.CONNECTOR])


class ConnectorMachine(RuleBasedStateMachine):
    """One connector of any type, at any speed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="connector-"))

    @initialize(kind=st.sampled_from(ConnectorType), speed=st.sampled_from([0.5, 1.0, 30.0, 600.0]))
    def build(self, kind: ConnectorType, speed: float) -> None:
        self.built = installation(kind, stacks=2, watchdog_s=2.5)
        self.speed = speed
        self.bench = Bench(self.folder, speed, built=self.built)
        self.port = self.bench[1]
        self.register = self.bench.sim.control.state().connectors[0].meter_wh or 0
        self.shown_phase = Phase.UNPLUGGED
        self.shown_plug = False
        self.shown_faults: set[int] = set()
        self.limit_w = 0
        self.lowered_s: float | None = None

    @rule(soc=st.integers(0, 100))
    def plug(self, soc: int) -> None:
        if self.port.plugged:
            with pytest.raises(NotPossible):
                self.bench.sim.control.plug(1)
        else:
            self.bench.sim.control.plug(1, soc_percent=soc)

    @rule()
    def unplug(self) -> None:
        if self.port.plugged:
            before = self.port.cycles
            self.bench.sim.control.unplug(1)
            assert self.port.cycles == before + 1
        else:
            with pytest.raises(NotPossible):
                self.bench.sim.control.unplug(1)

    @rule()
    def start(self) -> None:
        self.port.start()

    @rule(share=st.floats(0, 1.5), watts=st.sampled_from([0, 20_000, 50_000]))
    def session(self, share: float, watts: int) -> None:
        """A session as far as ``share`` of the way to its energy, or beyond; the rules cut in from there."""
        if self.port.contactor_closed:
            return
        for code in self.port.faults:
            if self.port.plugged and FAULTS[code].latched_until_replug:
                self.bench.sim.control.unplug(1)
            else:
                self.bench.sim.control.clear(1, code)
        if not self.port.plugged:
            self.bench.sim.control.plug(1)
        if self.port.type.is_dc:
            self.bench.sim.stacks.assign(1, 2)
        self.port.start()
        self.bench.limits_w[1] = watts
        self.bench.wait(share * 28 / self.speed, step_s=max(0.05, 0.5 / self.speed))
        self.bench.limits_w.clear()

    @rule()
    def stop(self) -> None:
        self.port.stop()
        assert not self.port.contactor_closed

    @rule(watts=st.sampled_from([0, 500, 5_000, 25_000, 50_000, 200_000]))
    def limit(self, watts: int) -> None:
        self.port.set_limit_w(watts)

    @rule(count=st.integers(0, 2))
    def stacks(self, count: int) -> None:
        if self.port.type.is_dc:
            self.bench.sim.stacks.assign(1, count)

    @rule(code=codes)
    def fault(self, code: int) -> None:
        try:
            self.bench.sim.control.fault(1, code)
        except NotPossible:
            assert not self.port.type.has_vehicle_id

    @rule(code=codes)
    def clear(self, code: int) -> None:
        self.bench.sim.control.clear(1, code)
        latched = FAULTS[code].latched_until_replug and self.port.plugged
        assert code not in self.port.faults or latched

    @rule()
    def unlock(self) -> None:
        if self.port.unlock():
            assert not self.port.contactor_closed
            assert not self.port.locked

    @precondition(lambda self: self.port.plugged)
    @rule(watts=st.sampled_from([None, 0, 3_000]))
    def car_asks(self, watts: int | None) -> None:
        self.bench.sim.control.request(1, watts)

    @rule(seconds=st.sampled_from([0.05, 1.0, 2.0, 20.0]))
    def silence(self, seconds: float) -> None:
        self.bench.clock.advance(seconds)

    @rule(seconds=st.sampled_from([0.5, 5.0, 30.0]), watts=st.sampled_from([0, 8_000, 50_000]))
    def a_living_core(self, seconds: float, watts: int) -> None:
        self.bench.limits_w[1] = watts
        self.bench.wait(seconds, step_s=0.5)
        self.bench.limits_w.clear()
        if seconds >= 5:
            assert self.bench.power_w(1) <= min(watts, 50_000)

    @rule()
    def killed_and_begun_again(self) -> None:
        faults, plugged = self.port.faults, self.port.plugged
        self.bench = Bench(self.folder, self.speed, built=self.built, clock=self.bench.clock)
        self.port = self.bench[1]
        self.shown_phase = Phase.PLUGGED if plugged else Phase.UNPLUGGED
        self.shown_plug = plugged
        self.shown_faults = set(faults)
        assert self.port.phase is self.shown_phase
        assert self.port.plugged is plugged
        assert self.port.faults == faults

    @invariant()
    def hold(self) -> None:
        self.bench.sim.step()
        view = self.bench.sim.control.state().connectors[0]
        if view.meter_wh is not None:
            assert view.meter_wh >= self.register, "a register never falls"
            self.register = view.meter_wh
        if not view.contactor_closed:
            assert view.power_w == 0, "no power through an open contactor"
        if view.car is None:
            assert view.phase is Phase.UNPLUGGED
            assert not view.locked
        else:
            assert view.phase is not Phase.UNPLUGGED
            assert view.soc_percent is not None
            assert 0 <= view.soc_percent <= 100
        if stops_charging(view.faults):
            assert not view.contactor_closed
        self.told_in_order()

    def told_in_order(self) -> None:
        """What the core was told adds up to what is."""
        for event in self.bench.events[1]:
            match event:
                case PhaseChanged(phase):
                    assert phase in LEGAL[self.port.type][self.shown_phase], f"{self.shown_phase} → {phase}"
                    self.shown_phase = phase
                case Plugged():
                    assert not self.shown_plug
                    self.shown_plug = True
                case Unplugged():
                    assert self.shown_plug
                    self.shown_plug = False
                case FaultRaised(code):
                    assert code not in self.shown_faults
                    self.shown_faults.add(code)
                case FaultCleared(code):
                    self.shown_faults.remove(code)
                case _:
                    assert self.shown_plug, f"{event} without a car"
        self.bench.events[1].clear()
        assert self.shown_phase is self.port.phase
        assert self.shown_plug is self.port.plugged
        assert self.shown_faults == self.port.faults

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


TestConnector = ConnectorMachine.TestCase
TestConnector.settings = settings(max_examples=150, stateful_step_count=30)
TestConnector.pytestmark = [pytest.mark.usefixtures("silent_core")]
