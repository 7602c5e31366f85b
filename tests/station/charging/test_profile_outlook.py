"""What the arithmetic of profiles is told of a connector: its volts and phases, and when its session began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from kiosk.model.enums import AuthorizationSource, ConnectorType
from kiosk.settings.installation import connector
from kiosk.station.charging.bay import Grant, Running
from kiosk.station.charging.profiles import circuit_of, held
from kiosk.station.power.profile_model import Circuit, to_ms
from tests.fakes.clock import ManualClock

T = ConnectorType


@pytest.mark.parametrize(
    ("kind", "fields", "battery_v", "circuit"),
    [
        (T.CCS, {}, None, Circuit(dc=True, volts=400.0)),
        (T.CCS, {}, 812.5, Circuit(dc=True, volts=812.5)),
        (T.CHADEMO, {"max_voltage_v": 250.0}, None, Circuit(dc=True, volts=250.0)),
        (T.CCS_AC, {}, None, Circuit(dc=False, volts=230.0, phases=3)),
        (T.CCS_AC, {}, 233.0, Circuit(dc=False, volts=230.0, phases=3)),  # not the measured voltage (7.12)
        (T.CCS_AC, {"max_power_w": 11_000, "max_current_a": 16.0}, None, Circuit(dc=False, volts=230.0, phases=3)),
        (T.CCS_AC, {"max_power_w": 7_360}, None, Circuit(dc=False, volts=230.0, phases=1)),
        (T.CCS_AC, {"max_power_w": 43_000}, None, Circuit(dc=False, volts=230.0, phases=3)),
        (T.CCS_AC, {"max_power_w": 2_000}, None, Circuit(dc=False, volts=230.0, phases=1)),
    ],
)
def test_the_circuit(
    kind: ConnectorType, fields: dict[str, Any], battery_v: float | None, circuit: Circuit
) -> None:
    assert circuit_of(connector(kind, **fields), battery_v) == circuit


@dataclass
class Case:
    """``lasted_s``: by the clock that only runs; ``set_s``: how far the wall clock was set meanwhile."""

    lasted_s: float
    set_s: float
    begun_s: float  # from the start that was noted


@pytest.mark.parametrize(
    "case",
    [
        Case(lasted_s=100.0, set_s=0.0, begun_s=0.0),
        Case(lasted_s=100.0, set_s=1.5, begun_s=0.0),  # a slow correction is no new begin
        Case(lasted_s=100.0, set_s=3600.0, begun_s=3600.0),
        Case(lasted_s=100.0, set_s=-3600.0, begun_s=-3600.0),
        Case(lasted_s=0.0, set_s=0.0, begun_s=0.0),
    ],
)
def test_a_clock_that_is_set_does_not_shift_the_schedule(case: Case) -> None:
    clock = ManualClock()
    run = Running(
        local_id="a",
        grant=Grant(id_tag="E36432E5", source=AuthorizationSource.CACHE),
        started_at=clock.now(),
        started_s=clock.monotonic(),
        meter_start_wh=0,
    )
    began = clock.now()
    clock.advance(case.lasted_s)
    clock.correct(clock.now() + timedelta(seconds=case.set_s))
    found = held(run, clock.now(), clock.monotonic())
    assert found.local_id == "a"
    assert found.begin_ms == to_ms(began + timedelta(seconds=case.begun_s))
