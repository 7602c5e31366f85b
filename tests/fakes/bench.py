"""A simulated station on a clock that stands still, and a core that only repeats its limits."""

from __future__ import annotations

from pathlib import Path

from kiosk.model.enums import ConnectorType, Phase
from kiosk.settings.installation import Installation, connector
from kiosk.station.hardware.ports import ConnectorEvent, FaultCleared, FaultRaised, PhaseChanged
from kiosk.station.hardware.simulator import Simulator, build
from kiosk.station.hardware.simulator.connector import SimConnector
from tests.fakes.clock import ManualClock

ALL_TYPES = (ConnectorType.CCS, ConnectorType.CHADEMO, ConnectorType.GBT, ConnectorType.CCS_AC)


def installation(*types: ConnectorType, **hardware: object) -> Installation:
    """A station of these connectors; ``hardware``: fields of that section."""
    made = Installation(connectors=tuple(connector(kind) for kind in types or ALL_TYPES))
    values = {name: getattr(made.hardware, name) for name in made.hardware.__struct_fields__} | hardware
    return Installation(connectors=made.connectors, hardware=type(made.hardware)(**values))


class Bench:
    """``events``: what each connector told. ``limits_w`` is repeated with every step, as a living core does."""

    def __init__(
        self,
        folder: Path,
        speed: float = 1.0,
        *,
        built: Installation | None = None,
        clock: ManualClock | None = None,
    ) -> None:
        self.clock = clock or ManualClock()
        self.built = built or installation(stacks=4)
        self.sim: Simulator = build(self.built, folder, self.clock, speed)
        self.events: dict[int, list[ConnectorEvent]] = {c.id: [] for c in self.sim.connectors}
        self.cards: list[str] = []
        self.station: list[FaultRaised | FaultCleared] = []
        self.limits_w: dict[int, int] = {}
        for port in self.sim.connectors:
            port.subscribe(self.events[port.id].append)
        self.sim.card_reader.subscribe(self.cards.append)
        self.sim.station.subscribe(self.station.append)

    def __getitem__(self, connector_id: int) -> SimConnector:
        return self.sim.connectors[connector_id - 1]

    def wait(self, seconds: float, step_s: float = 0.1) -> None:
        """Time passes in steps, limits are repeated."""
        steps = round(seconds / step_s)
        for _ in range(steps):
            self.clock.advance(step_s)
            for connector_id, limit_w in self.limits_w.items():
                self[connector_id].set_limit_w(limit_w)
            self.sim.step()

    def until(self, connector_id: int, phase: Phase, timeout_s: float = 120.0) -> None:
        waited = 0.0
        while self[connector_id].phase is not phase:
            assert waited < timeout_s, f"{phase} not reached, but {self[connector_id].phase}"
            self.wait(0.1)
            waited += 0.1

    def begin(
        self,
        connector_id: int,
        car: str | None = None,
        soc_percent: int | None = None,
        *,
        limit_w: int = 50_000,
        stacks: int = 2,
        phase: Phase = Phase.ENERGY,
        timeout_s: float = 120.0,
    ) -> SimConnector:
        """A session up to ``phase``."""
        self.sim.control.plug(connector_id, car, soc_percent)
        port = self[connector_id]
        if port.type.is_dc:
            self.sim.stacks.assign(connector_id, stacks)
        self.limits_w[connector_id] = limit_w
        port.start()
        self.until(connector_id, phase, timeout_s)
        return port

    def phases(self, connector_id: int) -> list[Phase]:
        return [event.phase for event in self.events[connector_id] if isinstance(event, PhaseChanged)]

    def raised(self, connector_id: int) -> list[int]:
        return [event.code for event in self.events[connector_id] if isinstance(event, FaultRaised)]

    def power_w(self, connector_id: int) -> int:
        reading = self[connector_id].reading()
        assert reading is not None
        assert reading.power_w is not None
        return reading.power_w
