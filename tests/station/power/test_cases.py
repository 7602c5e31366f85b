"""Every file of tests/cases/power is a story of allocations; add one without touching code.

A case: ``title``, ``connectors`` (types, connector 1 first; default the default station plus AC), ``strategy``,
``stacks`` (fields that differ from the default ones), ``limits`` (of the station), ``outlets`` (by connector id,
fields that differ), and ``steps``. A step has ``requests`` and ``expect``, may change ``strategy``, ``limits`` and
``outlets`` from there on, and goes on from the allocation before. Of the allocation only what ``expect`` names is
compared: ``shares`` by connector id, ``startable``, ``grid_w``.
"""

from __future__ import annotations

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

FOLDER = Path(__file__).parents[2] / "cases" / "power"
FILES = sorted(FOLDER.glob("*.json"))


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    requests: tuple[Request, ...]
    expect: dict[str, Any]
    note: str = ""
    strategy: Strategy | None = None
    limits: dict[str, int | None] = {}
    outlets: dict[int, dict[str, Any]] = {}


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


def test_there_are_cases() -> None:
    assert len(FILES) >= 15


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read(path)
    built = Installation(connectors=tuple(connector(kind) for kind in case.connectors))
    stacks: Stacks = msgspec.structs.replace(stacks_of(built), **case.stacks)
    outlets = changed(outlets_of(built), case.outlets)
    limits = Limits(outlets=outlets, **{"grid_w": 75_000, **case.limits})
    strategy = case.strategy
    before: Allocation | None = None
    for number, step in enumerate(case.steps, start=1):
        strategy = step.strategy or strategy
        limits = msgspec.structs.replace(limits, outlets=changed(limits.outlets, step.outlets), **step.limits)
        before = allocate(step.requests, stacks, limits, strategy, before)
        problems = differences(before, step.expect)
        assert not problems, f"{case.title}, step {number} ({step.note}): {problems}"
