"""A button pressed while the core still starts is neither missed nor taken twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.model.faults import EMERGENCY_STOP
from kiosk.station.charging.reservations import Reservations
from kiosk.station.hardware import simulator
from tests.conftest import Run
from tests.fakes.core import core_on


def test_the_emergency_stop_is_heard_while_sessions_are_restored(
    aio: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: Any
) -> None:
    expected_log("kiosk.station.charging.alarms", r"station: fault_raised 1003")
    built, build, load = [], simulator.build, Reservations.load

    def build_and_keep(*args: Any) -> simulator.Simulator:
        built.append(build(*args))
        return built[-1]

    async def press_and_load(self: Reservations) -> None:
        """By now the faults are restored, and the connectors not yet."""
        built[-1].control.emergency_stop(True)
        await load(self)

    monkeypatch.setattr(simulator, "build", build_and_keep)
    monkeypatch.setattr(Reservations, "load", press_and_load)

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await station.until(lambda: station.core.state.snapshot.station.emergency_stop, 5.0)
            assert {c.status for c in station.core.state.snapshot.connectors} == {"Faulted"}
            told = [e for e in await station.core.events.list(50) if e.code == EMERGENCY_STOP]
            assert [e.kind for e in told] == ["fault_raised"]

    aio(story())
