"""Every file of tests/cases/power is a story of allocations; add one without touching code.

The folder's README tells the fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.model.enums import ConnectorType
from kiosk.settings.installation import Installation, connector
from kiosk.station.power import (
    Allocation,
    Limits,
    Outlet,
    Request,
    Stacks,
    Strategy,
    allocate,
    outlets_of,
    stacks_of,
)
from kiosk.station.power.derating import CABINET, CABLE, Derating

FOLDER = Path(__file__).parents[2] / "cases" / "power"
FILES = sorted(FOLDER.glob("*.json"))


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    requests: tuple[Request, ...]
    expect: dict[str, Any]
    note: str = ""
    strategy: Strategy | None = None
    stacks: dict[str, Any] = {}
    limits: dict[str, int | None] = {}
    outlets: dict[int, dict[str, Any]] = {}
    cabinet_c: float | None = None
    cables_c: dict[int, float] = {}
    obey: bool = False
    restart: bool = False


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    steps: tuple[Step, ...]
    strategy: Strategy = Strategy.FCFS
    connectors: tuple[ConnectorType, ...] = (
        ConnectorType.CCS,
        ConnectorType.CCS,
        ConnectorType.CHADEMO,
        ConnectorType.CCS_AC,
    )
    stacks: dict[str, Any] = {}
    limits: dict[str, int | None] = {}
    outlets: dict[int, dict[str, Any]] = {}


def read(path: Path) -> Case:
    return msgspec.json.decode(path.read_bytes(), type=Case)


def changed(outlets: tuple[Outlet, ...], changes: dict[int, dict[str, Any]]) -> tuple[Outlet, ...]:
    assert set(changes) <= {outlet.connector_id for outlet in outlets}
    return tuple(msgspec.structs.replace(o, **changes.get(o.connector_id, {})) for o in outlets)


def differences(allocation: Allocation, expect: dict[str, Any]) -> list[str]:
    plain = msgspec.to_builtins(allocation)
    found: list[str] = []
    for name, wanted in expect.items():
        if name == "shares":
            assert {int(n) for n in wanted} == {s.connector_id for s in allocation.shares}
            for n, fields in wanted.items():
                share = msgspec.to_builtins(allocation.share(int(n)))
                found += [f"{n}.{k}: {share[k]} not {v}" for k, v in fields.items() if _plain(share[k]) != v]
        elif _plain(plain[name]) != wanted:
            found.append(f"{name}: {plain[name]} not {wanted}")
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def obedient(requests: Sequence[Request], before: Allocation | None) -> list[Request]:
    """Where a request tells no draw: what it was allowed, or what it wants if that is less."""
    found = []
    for request in requests:
        share = before.share(request.connector_id) if before is not None else None
        allowed_w = share.limit_w if share is not None else 0
        drawn_w = allowed_w if request.requested_w is None else min(allowed_w, request.requested_w)
        found.append(request if request.draw_w is not None else msgspec.structs.replace(request, draw_w=drawn_w))
    return found


class Stage:
    """What a story has come to; each step goes on from there."""

    def __init__(self, case: Case) -> None:
        built = Installation(connectors=tuple(connector(kind) for kind in case.connectors))
        self.strategy = case.strategy
        self.stacks: Stacks = msgspec.structs.replace(stacks_of(built), **case.stacks)
        self.limits = Limits(outlets=changed(outlets_of(built), case.outlets), **{"grid_w": 75_000, **case.limits})
        self.before: Allocation | None = None
        self._cabinet = Derating(CABINET)
        self._cables = {n: Derating(CABLE) for n in range(1, len(case.connectors) + 1)}

    def play(self, step: Step) -> Allocation:
        self.strategy = step.strategy or self.strategy
        self.stacks = msgspec.structs.replace(self.stacks, **step.stacks)
        hot = self._heated(step)
        outlets = changed(changed(self.limits.outlets, step.outlets), hot)
        self.limits = msgspec.structs.replace(self.limits, outlets=outlets, **step.limits)
        before = None if step.restart else self.before
        requests = obedient(step.requests, before) if step.obey else step.requests
        self.before = allocate(requests, self.stacks, self.limits, self.strategy, before)
        return self.before

    def _heated(self, step: Step) -> dict[int, dict[str, Any]]:
        if step.cabinet_c is not None:
            self._cabinet.feel(step.cabinet_c)
            derated_w = self._cabinet.limit_w(self.stacks.power_w)
            self.stacks = msgspec.structs.replace(self.stacks, derated_w=derated_w)
        hot: dict[int, dict[str, Any]] = {}
        for n, celsius in step.cables_c.items():
            self._cables[n].feel(celsius)
            hot[n] = {"derating_w": self._cables[n].limit_w(self.limits.outlet(n).max_power_w)}
        return hot


def test_there_are_cases_and_each_expects_something() -> None:
    assert len(FILES) >= 40
    assert all(step.expect for path in FILES for step in read(path).steps)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read(path)
    stage = Stage(case)
    for number, step in enumerate(case.steps, start=1):
        problems = differences(stage.play(step), step.expect)
        assert not problems, f"{case.title}, step {number} ({step.note}): {problems}"
