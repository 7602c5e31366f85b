"""``kiosk backend --strict``: a judge for every station that connects; breaches are printed as they happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from websockets.http11 import Request

from kiosk.backend.judge import RULES, Judge
from kiosk.backend.recording import Frame

if TYPE_CHECKING:
    from kiosk.backend.central import CentralSystem


class Strict:
    """Judges all stations of a central system. ``breaches``: how often each rule was broken, over all stations."""

    def __init__(self, central: CentralSystem, out: Callable[[str], None]) -> None:
        self._central = central
        self._out = out
        self._judges: dict[str, Judge] = {}
        self.breaches: Counter[str] = Counter()
        central.watchers.append(self)
        central.recorder.listeners.append(self._hear)

    def connected(self, station: str, request: Request) -> None:
        if station not in self._judges:
            self._judges[station] = Judge()
            self._judges[station].known_before()  # accepted by an earlier run of ours, perhaps
        self._judges[station].connected(self._central.now())

    def disconnected(self, station: str) -> None:
        """Nothing to judge: a line may break."""

    def summary(self) -> list[str]:
        """One line per broken rule with the sentence it stands for; what was broken most comes first."""
        if not self.breaches:
            return ["strict: no breach was seen"]
        total = sum(self.breaches.values())
        lines = [f"strict: {total} breach{'es' if total > 1 else ''}"]
        return lines + [f"  {count} x [{rule}] {RULES[rule]}" for rule, count in self.breaches.most_common()]

    def _hear(self, frame: Frame) -> None:
        for breach in self._judges[frame.station].hear(frame):
            self.breaches[breach.rule] += 1
            self._out(f"{frame.at:%H:%M:%S} {frame.station} !! {breach}")
