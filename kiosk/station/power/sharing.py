"""Watts under one common budget, first come first served or in equal parts.

Everything is counted in watts at the grid, so that DC and AC compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from kiosk.station.power.model import Strategy

NEARLY_W = 1e-6


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One session's part: ``need`` first, ``cap`` if there is more, nothing rather than less than ``floor``.

    ``entry``: what must be left for it before it is served at all; above ``floor`` for one that starves now.
    ``least``: more than the need is given from here on only; above ``floor`` for one that needs less than that.
    """

    connector_id: int
    need: float
    cap: float
    floor: float
    entry: float
    least: float


def fill(claims: Sequence[Claim], budget: float, strategy: Strategy) -> dict[int, float]:
    """Watts by connector id, in sum never above ``budget`` (may be infinite). ``claims``: first come first.

    FCFS: each in turn takes its need of what is left, or nothing where that is too little to charge with.
    FAIR: each in turn is served if its floor can be had beside those before; then all get the same, but nobody
    less than its floor or more than its need. Watts that nobody needs are handed out up to the caps the same way.
    """
    budget = max(0.0, budget)
    if strategy is Strategy.FCFS:
        served, grants = _in_turn(claims, budget)
    else:
        served = _admitted(claims, budget)
        grants = _levelled([c.floor for c in served], [c.need for c in served], budget)
    caps = [max(grant, c.cap) for grant, c in zip(grants, served, strict=True)]
    if strategy is Strategy.FCFS:
        tops = _filled(grants, caps, budget)
    else:
        tops = _levelled(grants, caps, budget)
    given = {
        c.connector_id: top if top >= c.least - NEARLY_W else grant
        for c, grant, top in zip(served, grants, tops, strict=True)
    }
    return {c.connector_id: given.get(c.connector_id, 0.0) for c in claims}


def _filled(lows: Sequence[float], highs: Sequence[float], amount: float) -> list[float]:
    """Each in turn up to its bound, as long as there is something left of ``amount``."""
    parts = []
    left = amount - sum(lows)
    for low, high in zip(lows, highs, strict=True):
        more = min(high - low, left)
        parts.append(low + more)
        left -= more
    return parts


def _in_turn(claims: Sequence[Claim], budget: float) -> tuple[list[Claim], list[float]]:
    served, grants = [], []
    left = budget
    for claim in claims:
        if left >= claim.entry - NEARLY_W:
            grant = min(claim.need, left)
            served.append(claim)
            grants.append(grant)
            left -= grant
    return served, grants


def _admitted(claims: Sequence[Claim], budget: float) -> list[Claim]:
    served = []
    left = budget
    for claim in claims:
        if left >= claim.entry - NEARLY_W:
            served.append(claim)
            left -= claim.floor
    return served


def _levelled(lows: Sequence[float], highs: Sequence[float], amount: float) -> list[float]:
    """``amount`` in parts as equal as can be, each within its bounds; ``highs`` where there is enough for all."""
    if sum(highs) <= amount:
        return list(highs)
    parts = list(lows)
    left = max(0.0, amount - sum(lows))
    for low, high in pairwise(sorted({*lows, *highs})):
        rising = [i for i, (a, b) in enumerate(zip(lows, highs, strict=True)) if a <= low and b >= high]
        if not rising:
            continue
        step = min(high - low, left / len(rising))
        for i in rising:
            parts[i] += step
        left -= step * len(rising)
        if left <= 0:
            break
    return parts
