"""The phases of a charging session at one outlet: what follows what, and how long it takes.

Pure: a ``Progress`` and a wish or some seconds in, the next ``Progress`` out. Durations are those measured at
public stations (facts.md section 4), in seconds of the simulated world.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from kiosk.model.enums import ConnectorType, Phase

SEQUENCES: Final[Mapping[ConnectorType, tuple[tuple[Phase, float], ...]]] = {
    ConnectorType.CCS: (
        (Phase.SLAC, 1.5),
        (Phase.LINK, 3.0),
        (Phase.V2G, 5.0),
        (Phase.LOCK, 1.5),
        (Phase.CABLE_CHECK, 15.0),
        (Phase.PRECHARGE, 1.5),
    ),
    ConnectorType.CHADEMO: (
        (Phase.LINK, 2.0),
        (Phase.V2G, 3.0),
        (Phase.LOCK, 1.5),
        (Phase.CABLE_CHECK, 12.0),
        (Phase.PRECHARGE, 1.5),
    ),
    ConnectorType.GBT: (
        (Phase.LINK, 2.5),
        (Phase.V2G, 4.0),
        (Phase.LOCK, 1.5),
        (Phase.CABLE_CHECK, 12.0),
        (Phase.PRECHARGE, 1.5),
    ),
    ConnectorType.CCS_AC: ((Phase.LOCK, 1.5),),
}
"""From the start of a session to its energy."""

STOPPING_S: Final = 0.5
IDENTIFY_S: Final = 2.0
"""From the plug to the car's MAC (powerline only)."""

CONTACTOR_CLOSED: Final = frozenset({Phase.ENERGY, Phase.SUSPENDED_EV, Phase.SUSPENDED_EVSE})
IDLE: Final = frozenset({Phase.UNPLUGGED, Phase.PLUGGED, Phase.ENDED})
"""No session is under way."""


def _legal(kind: ConnectorType) -> dict[Phase, frozenset[Phase]]:
    steps = [phase for phase, _ in SEQUENCES[kind]]
    table = {
        here: {following, Phase.STOPPING, Phase.UNPLUGGED}
        for here, following in zip(steps, [*steps[1:], Phase.ENERGY], strict=True)
    }
    table[Phase.UNPLUGGED] = {Phase.PLUGGED}
    table[Phase.PLUGGED] = {steps[0], Phase.UNPLUGGED}
    table[Phase.ENDED] = {steps[0], Phase.UNPLUGGED}
    for phase in CONTACTOR_CLOSED:
        table[phase] = (set(CONTACTOR_CLOSED) - {phase}) | {Phase.STOPPING, Phase.UNPLUGGED}
    table[Phase.STOPPING] = {Phase.ENDED, Phase.UNPLUGGED}
    return {phase: frozenset(following) for phase, following in table.items()}


LEGAL: Final[Mapping[ConnectorType, Mapping[Phase, frozenset[Phase]]]] = {
    kind: _legal(kind) for kind in ConnectorType
}
"""The one list of legal transitions."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where an outlet stands."""

    kind: ConnectorType
    phase: Phase = Phase.UNPLUGGED
    elapsed_s: float = 0.0  # since the phase began

    @property
    def contactor_closed(self) -> bool:
        return self.phase in CONTACTOR_CLOSED

    @property
    def under_way(self) -> bool:
        return self.phase not in IDLE

    @property
    def duration_s(self) -> float | None:
        """How long this phase takes; None when it lasts until something happens."""
        if self.phase is Phase.STOPPING:
            return STOPPING_S
        return next((seconds for phase, seconds in SEQUENCES[self.kind] if phase is self.phase), None)

    @property
    def left_s(self) -> float | None:
        """Seconds until this phase ends by itself."""
        duration_s = self.duration_s
        return None if duration_s is None else max(0.0, duration_s - self.elapsed_s)

    def to(self, phase: Phase) -> Progress:
        """Enter ``phase``. Raises ValueError when the table forbids it."""
        if phase not in LEGAL[self.kind][self.phase]:
            raise ValueError(f"{self.kind}: {phase} cannot follow {self.phase}")
        return Progress(kind=self.kind, phase=phase)


def passed(kind: ConnectorType, phase: Phase) -> frozenset[Phase]:
    """The phases of a session that lie before ``phase``."""
    steps = [step for step, _ in SEQUENCES[kind]]
    if phase in steps:
        return frozenset(steps[: steps.index(phase)])
    return frozenset() if phase in IDLE else frozenset(steps)


def plug(progress: Progress) -> Progress:
    return progress.to(Phase.PLUGGED)


def unplug(progress: Progress) -> Progress:
    return progress if progress.phase is Phase.UNPLUGGED else progress.to(Phase.UNPLUGGED)


def start(progress: Progress) -> Progress:
    """Begin a session where a plug is in and none is under way; else nothing."""
    if progress.phase in (Phase.PLUGGED, Phase.ENDED):
        return progress.to(SEQUENCES[progress.kind][0][0])
    return progress


def stop(progress: Progress) -> Progress:
    """End the session under way; else nothing."""
    if not progress.under_way or progress.phase is Phase.STOPPING:
        return progress
    return progress.to(Phase.STOPPING)


def advance(progress: Progress, dt_s: float) -> tuple[Progress, float]:
    """Let time pass, at most to the next phase. Returns the progress and the seconds used of ``dt_s``."""
    left_s = progress.left_s
    if left_s is None or left_s > dt_s:
        return msgspec.structs.replace(progress, elapsed_s=progress.elapsed_s + dt_s), dt_s
    return progress.to(_following(progress)), left_s


def _following(progress: Progress) -> Phase:
    if progress.phase is Phase.STOPPING:
        return Phase.ENDED
    steps = [phase for phase, _ in SEQUENCES[progress.kind]]
    index = steps.index(progress.phase) + 1
    return steps[index] if index < len(steps) else Phase.ENERGY


def settle(progress: Progress, *, offered: bool, wanted: bool) -> Progress:
    """With the contactor closed: energy, or who holds it back. The station's word comes first."""
    if not progress.contactor_closed:
        return progress
    phase = Phase.SUSPENDED_EVSE if not offered else Phase.ENERGY if wanted else Phase.SUSPENDED_EV
    return progress if phase is progress.phase else progress.to(phase)
