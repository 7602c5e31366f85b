"""The default: a machine that only says what it would do."""

from __future__ import annotations

import logging

from kiosk.model.enums import ResetKind

log = logging.getLogger(__name__)


class SimulatedSystem:
    """Remembers what was asked; a hard reset restarts the programs only."""

    def __init__(self) -> None:
        self.resets: list[ResetKind] = []

    def reset(self, kind: ResetKind) -> None:
        self.resets.append(kind)
        if kind is ResetKind.HARD:
            log.warning("hard reset: the simulated machine does not reboot, the programs restart")
