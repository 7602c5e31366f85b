"""When the core is killed: at any moment, while it starts, or at the frame where it hurts most."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec

from kiosk.lab.torture.evidence import Line

PATIENCE_S: Final = 4.0
"""An aimed kill that finds no target in that time strikes all the same."""


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """A moment. ``action``, ``kind``, ``to_station``: the frame that is waited for; ``at_most_s``: how long after
    it, at random. ``deed``: what the backend does to provoke it."""

    name: str
    action: str = ""
    kind: str = "call"
    to_station: bool = False
    at_most_s: float = 0.0
    deed: str = ""

    def meets(self, line: Line) -> bool:
        return (line.action, line.kind, line.to_station) == (self.action, self.kind, self.to_station)


def _aimed(action: str) -> list[Aim]:
    """A message of the station: before it is answered, as the answer leaves, just after."""
    return [
        Aim(name=f"{action} unanswered", action=action),
        Aim(name=f"{action} being answered", action=action, kind="result", to_station=True),
        Aim(name=f"{action} answered", action=action, kind="result", to_station=True, at_most_s=0.01),
    ]


def _asked(action: str) -> list[Aim]:
    """A message of the backend: on its way, being carried out, just answered."""
    return [
        Aim(name=f"{action} sent", action=action, to_station=True, deed=action),
        Aim(name=f"{action} in work", action=action, to_station=True, at_most_s=0.02, deed=action),
        Aim(name=f"{action} answered", action=action, kind="result", deed=action),
    ]


AIMS: Final[tuple[Aim, ...]] = (
    *_aimed("StartTransaction"),
    *_aimed("StopTransaction"),
    *_aimed("MeterValues"),
    *_aimed("BootNotification"),
    *_asked("ChangeConfiguration"),
    *_asked("ChangeAvailability"),
    *_asked("SendLocalList"),
    *_asked("SetChargingProfile"),
    *_asked("ReserveNow"),
    Aim(name="Reset answered", action="Reset", kind="result", deed="Reset"),
    Aim(name="Reset in work", action="Reset", kind="result", at_most_s=2.5, deed="Reset"),
)


class Killer:
    """Chooses moments. ``strike`` kills at once; frames are shown to ``saw`` as they pass."""

    def __init__(self, strike: Callable[[], None], log: Path, seed: int) -> None:
        self._strike = strike
        self._log = log
        self._chance = random.Random(f"{seed} killer")
        self._aim: Aim | None = None
        self._fuse: asyncio.TimerHandle | None = None
        self._struck = asyncio.Event()
        self.counts: dict[str, int] = {}

    def saw(self, line: Line) -> None:
        """A frame passes the backend."""
        aim = self._aim
        if aim is None or not aim.meets(line):
            return
        self._aim = None
        if aim.at_most_s:
            self._fuse = asyncio.get_running_loop().call_later(self._chance.uniform(0, aim.at_most_s), self._kill)
        else:
            self._kill()

    async def next(self, up: Callable[[], Awaitable[object]], do: Callable[[str], asyncio.Task[None]]) -> str:
        """Kill a core that was just started; returns why then. ``up``: a task that ends when it answers."""
        self._struck.clear()
        kind = self._chance.choice(
            ("anytime", "anytime", "starting", "journal", "journal", "aimed", "aimed", "aimed")
        )
        if kind == "starting":
            await asyncio.sleep(self._chance.uniform(0.05, 0.9))
            return self._now("starting")
        aim = self._chance.choice(AIMS)
        if kind != "aimed" or aim.action != "BootNotification":
            await up()
        if kind == "anytime":
            await asyncio.sleep(self._chance.uniform(0.0, 2.0))
            return self._now("anytime")
        if kind == "journal":
            await asyncio.sleep(self._chance.uniform(0.0, 0.8))
            await self._until_written()
            await asyncio.sleep(self._chance.choice((0.0, 0.0005, 0.002, 0.01)))
            return self._now("journal written")
        return await self._aimed(aim, do)

    async def _aimed(self, aim: Aim, do: Callable[[str], asyncio.Task[None]]) -> str:
        self._aim = aim
        doing = do(aim.deed) if aim.deed else None
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._struck.wait()
        except TimeoutError:
            return self._now(f"{aim.name}: no target")
        finally:
            self._aim = None
            if self._fuse is not None:
                self._fuse.cancel()
            if doing is not None:
                doing.cancel()
        self._count(aim.name)
        return aim.name

    def _now(self, why: str) -> str:
        self._kill()
        self._count(why)
        return why

    def _kill(self) -> None:
        self._strike()
        self._struck.set()

    async def _until_written(self) -> None:
        """The write-ahead log grows or begins anew: a commit is being made."""
        before = self._look()
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while self._look() == before and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 a file
            await asyncio.sleep(0.0005)

    def _look(self) -> tuple[int, int]:
        try:
            stat = self._log.stat()
        except FileNotFoundError:
            return 0, 0
        return stat.st_size, stat.st_mtime_ns

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
