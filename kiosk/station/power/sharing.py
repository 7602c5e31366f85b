"""Watts under one common budget, first come first served or in equal parts.

Everything is counted in watts at the grid, so that DC and AC compare.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from kiosk.station.power.model import Strategy

NEARLY_W = 1e-6


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One session's part: ``need`` first, ``cap`` if there is more, nothing rather than less than ``floor``."""

    connector_id: int
    need: float
    cap: float
    floor: float


def fill(claims: Sequence[Claim], budget: float, strategy: Strategy) -> dict[int, float]:
    """Watts by connector id, in sum never above ``budget`` (may be infinite). ``claims``: first come first."""
    budget = max(0.0, budget)
    served = list(claims)
    while True:
        grants = _pour(served, {c.connector_id: 0.0 for c in served}, [c.need for c in served], budget, strategy)
        starved = [c for c in served if grants[c.connector_id] < c.floor - NEARLY_W]
        if not starved:
            break
        served.remove(starved[-1])  # who came last waits
    rest = budget - sum(grants.values())
    grants = _pour(served, grants, [c.cap for c in served], rest, strategy)
    return {c.connector_id: grants.get(c.connector_id, 0.0) for c in claims}


def _pour(
    claims: Sequence[Claim], start: dict[int, float], goals: Sequence[float], amount: float, strategy: Strategy
) -> dict[int, float]:
    """Bring the grants of ``start`` towards ``goals`` with ``amount`` more."""
    grants = dict(start)
    goal = {c.connector_id: max(g, start[c.connector_id]) for c, g in zip(claims, goals, strict=True)}
    if strategy is Strategy.FCFS or math.isinf(amount):
        for n, top in goal.items():
            more = min(top - grants[n], amount)
            grants[n] += more
            amount -= more
        return grants
    open_ids = [n for n in goal if goal[n] > grants[n]]
    while open_ids and amount > NEARLY_W:
        part = min(amount / len(open_ids), min(goal[n] - grants[n] for n in open_ids))
        for n in open_ids:
            grants[n] += part
        amount -= part * len(open_ids)
        open_ids = [n for n in open_ids if goal[n] - grants[n] > NEARLY_W]
    return grants
