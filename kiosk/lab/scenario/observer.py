"""Looks at the station while a scenario is played: moments for the recording, figures for the summary, and whether
it keeps to its limit."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from kiosk.lab.scenario import checks, times
from kiosk.lab.scenario.kinds import Scenario
from kiosk.lab.scenario.recording import Mark, Moment, Point, Recording
from kiosk.lab.scenario.world import World
from kiosk.model.enums import ChargePointStatus, LimitReason
from kiosk.model.snapshot import Connector, Snapshot
from kiosk.station.power.model import EFFICIENCY, OWN_USE_W

LOOK_S: Final = 0.5
OBEYED_WITHIN_S: Final = 1.0
"""A lowered limit is kept after that (decision 10) ..."""
SEEN_WITHIN_S: Final = 1.0
"""... and that long it takes to measure and to look."""
RUNNING: Final = frozenset(
    {ChargePointStatus.CHARGING, ChargePointStatus.SUSPENDED_EV, ChargePointStatus.SUSPENDED_EVSE}
)


class Figures(msgspec.Struct, kw_only=True):
    """Sums over the whole scenario, watts at the grid."""

    bound_s: dict[str, float] = msgspec.field(default_factory=dict)  # LimitReason to connector seconds
    faults: dict[int, int] = msgspec.field(default_factory=dict)  # code to how often it was raised
    most_grid_w: int = 0
    most_grid_limit_w: int | None = None  # in force at that moment
    most_grid_at_s: float = 0.0
    over: list[str] = msgspec.field(default_factory=list)  # the draw was above the limit for too long
    down_s: float = 0.0  # the core was off


def grid_w(connectors: tuple[Connector, ...]) -> int:
    """Measured draws, losses and own use (decision 10)."""
    watts = float(OWN_USE_W)
    for connector in connectors:
        drawn_w = _drawn_w(connector)
        watts += drawn_w / EFFICIENCY if connector.type.is_dc else drawn_w
    return math.ceil(watts - 1e-6)


def _drawn_w(connector: Connector) -> int:
    return connector.power_w or 0 if connector.plugged else 0


class Observer:
    """``watch`` until cancelled; ``moment`` whenever one is to be recorded."""

    def __init__(self, world: World, speed: float = 1.0) -> None:
        """``speed``: seconds of the scenario in one of the hardware's own, which enforces its limits in these."""
        self._world = world
        self._patience_s = (OBEYED_WITHIN_S + SEEN_WITHIN_S) * speed
        self.figures = Figures()
        self.moments: list[Moment] = []
        self.marks: list[Mark] = []
        self._seen_s = world.now_s
        self._faults: dict[int, frozenset[int]] = {}
        self._limit_w: int | None = None
        self._lowered_s = -math.inf
        self._over = False

    def recording(self, scenario: Scenario, seed: int, *, until_s: float = math.inf) -> Recording:
        """What was seen so far; marks up to ``until_s``."""
        return Recording(
            name=scenario.name,
            seed=seed,
            starts_at=scenario.starts_at,
            step_s=times.duration_s(scenario.recorded_every),
            types=tuple(fitted.type.value for fitted in checks.installation(scenario).connectors),
            moments=tuple(self.moments),
            marks=tuple(mark for mark in self.marks if mark.at_s <= until_s),
        )

    def mark(self, text: str) -> None:
        self.marks.append(Mark(at_s=round(self._world.now_s, 1), text=text))

    async def watch(self) -> None:
        while True:
            self.look()
            await self._world.sleep(LOOK_S)

    def look(self) -> None:
        """Add up what went on since the last look."""
        now_s, snapshot = self._world.now_s, self._world.snapshot
        span_s, self._seen_s = now_s - self._seen_s, now_s
        if snapshot is None:
            self.figures.down_s += span_s
            return
        for connector in snapshot.connectors:
            if connector.status in RUNNING and connector.limit_reason is not None:
                reason = connector.limit_reason.value
                self.figures.bound_s[reason] = self.figures.bound_s.get(reason, 0.0) + span_s
        self._count_faults(snapshot)
        self._check_draw(snapshot, now_s)

    def _count_faults(self, snapshot: Snapshot) -> None:
        raised = {0: frozenset(snapshot.station.faults)}
        raised |= {c.id: frozenset(c.faults) - raised[0] for c in snapshot.connectors}
        for place, codes in raised.items():
            for code in codes - self._faults.get(place, frozenset()):
                self.figures.faults[code] = self.figures.faults.get(code, 0) + 1
        self._faults = raised

    def _check_draw(self, snapshot: Snapshot, now_s: float) -> None:
        drawn_w, limit = grid_w(snapshot.connectors), self._world.grid_limit
        limit_w = None if limit is None else limit[1]
        if limit_w is not None and (self._limit_w is None or limit_w < self._limit_w):
            self._lowered_s = now_s
        self._limit_w = limit_w
        if drawn_w > self.figures.most_grid_w:
            self.figures.most_grid_w, self.figures.most_grid_limit_w = drawn_w, limit_w
            self.figures.most_grid_at_s = now_s
        # the limit never falls below what the station itself uses up
        over = limit_w is not None and drawn_w > max(limit_w, OWN_USE_W)
        if over and not self._over and now_s - self._lowered_s > self._patience_s:
            self.figures.over.append(f"{drawn_w} W from the grid at {now_s:.1f} s, the limit is {limit_w} W")
            self._over = True
        elif not over:
            self._over = False

    def moment(self) -> None:
        """Record this moment; nothing while the core is down."""
        snapshot = self._world.snapshot
        if snapshot is None:
            return
        limit: tuple[LimitReason, int] | None = self._world.grid_limit
        self.moments.append(
            Moment(
                at_s=round(self._world.now_s, 3),
                connectors=tuple(self._point(c) for c in snapshot.connectors),
                grid_w=grid_w(snapshot.connectors),
                grid_limit_w=None if limit is None else limit[1],
                grid_reason=None if limit is None else limit[0],
            )
        )

    def _point(self, connector: Connector) -> Point:
        return Point(
            id=connector.id,
            status=connector.status.value,
            power_w=_drawn_w(connector),
            limit_w=connector.limit_w,
            reason=connector.limit_reason,
            requested_w=self._world.requested_w(connector.id) if connector.plugged else None,
            soc_percent=connector.soc_percent,
        )
