"""A wire that fails: answers that come late or never, links that break or fall silent, a backend that is away."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from kiosk.backend.central import CentralSystem

KINDS: Final = ("slow", "mute", "drop", "deaf", "away", "refuse")
MUTED: Final = ("StartTransaction", "StopTransaction", "MeterValues", "Heartbeat", "*")


class Weather:
    """Bad weather comes and goes until ``over``; then the sky is clear."""

    def __init__(self, central: CentralSystem, seed: int) -> None:
        self._central = central
        self._chance = random.Random(f"{seed} weather")
        self.over = False
        self.counts: dict[str, int] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(0.5, 4.0))
            if self.over:
                return
            kind = self._chance.choice(KINDS)
            self.counts[kind] = self.counts.get(kind, 0) + 1
            await self._storm(kind, self._chance.uniform(0.2, 2.5))

    async def _storm(self, kind: str, lasts_s: float) -> None:
        chaos = self._central.chaos
        if kind == "away":
            port = self._central.port
            await self._central.stop()
            await asyncio.sleep(lasts_s)
            await self._central.start(port=port)
            return
        match kind:
            case "slow":
                chaos.delay_s = self._chance.uniform(0.01, 0.4)
            case "mute":
                chaos.mute = frozenset({self._chance.choice(MUTED)})
            case "drop":
                chaos.drop_after_frames = self._chance.randint(1, 6)
            case "deaf":
                chaos.deaf = True
            case "refuse":
                chaos.refuse = frozenset({self._chance.choice(MUTED[:-1])})
        await asyncio.sleep(lasts_s)
        self.clear()

    def clear(self) -> None:
        chaos = self._central.chaos
        chaos.delay_s, chaos.deaf, chaos.drop_after_frames = 0.0, False, None
        chaos.mute = chaos.refuse = frozenset()
