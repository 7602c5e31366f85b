"""Many conversations, from one seed, with figures; a finding is shown as the shortest conversation that has it."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import async_solipsism
import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky

from kiosk.lab.fuzz import grammar
from kiosk.lab.fuzz.play import Played, play

BATCH: Final = 40
"""Conversations between two looks at the clock."""
SHRINK_S: Final = 60.0
"""So long a finding is made shorter."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """``steps``: the conversation, as short as could be made."""

    what: list[str]
    steps: list[str]
    seed: int


class Figures(msgspec.Struct, kw_only=True):
    seed: int
    seconds: float = 0.0
    conversations: int = 0
    steps: int = 0
    frames: int = 0
    calls: int = 0
    answers: int = 0
    sessions: int = 0
    restarts: int = 0
    codes: dict[str, int] = {}
    words: dict[str, int] = {}  # action and status of the answers
    found: int = 0  # batches that ended with a finding, known ones too
    findings: list[Finding] = []


class Found(AssertionError):
    """A conversation after which something was wrong."""


def conversation(steps: Sequence[grammar.Step]) -> Played:
    """Play it on a virtual loop of its own, in a folder that is gone afterwards."""
    quiet = logging.getLogger("kiosk")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="kiosk-fuzz-") as folder,
            asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner,
        ):
            return runner.run(play(steps, Path(folder)))
    finally:
        quiet.setLevel(level)


class Fuzz:
    """``say`` hears of progress and findings."""

    def __init__(self, seed: int, say: Callable[[str], None] = lambda _line: None) -> None:
        self.figures = Figures(seed=seed)
        self._say = say
        self._codes: Counter[str] = Counter()
        self._words: Counter[str] = Counter()
        self._shortest: tuple[list[str], list[str]] = ([], [])
        self._shrink_until_s: float | None = None

    def run(self, *, conversations: int | None = None, minutes: float | None = None) -> Figures:
        """Until so many conversations were held or the time is up, whichever comes first."""
        begun_s = time.monotonic()
        number = 0
        while True:
            elapsed_s = time.monotonic() - begun_s
            left = BATCH if conversations is None else min(BATCH, conversations - self.figures.conversations)
            if left <= 0 or (minutes is not None and elapsed_s >= minutes * 60):
                break
            self._batch(self.figures.seed * 100_000 + number, left)
            number += 1
            self.figures.seconds = round(time.monotonic() - begun_s, 1)
            f = self.figures
            self._say(f"{f.conversations} conversations, {f.frames} frames, {len(f.findings)} findings")
        self.figures.codes = dict(sorted(self._codes.items()))
        self.figures.words = dict(sorted(self._words.items()))
        return self.figures

    def _batch(self, number: int, examples: int) -> None:
        self._shrink_until_s = None

        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )
        @given(grammar.steps())
        def hold(steps: list[grammar.Step]) -> None:
            self._one(steps)

        try:
            hold()
        except (Found, Flaky):  # flaky: the time for making it shorter was up
            what, steps = self._shortest
            self.figures.found += 1
            if what[0] in {finding.what[0] for finding in self.figures.findings}:
                return
            self.figures.findings.append(Finding(what=what, steps=steps, seed=number))
            self._say("\n  ".join(["found:", *what, "by:", *steps]))

    def _one(self, steps: list[grammar.Step]) -> None:
        if self._shrink_until_s is not None and time.monotonic() > self._shrink_until_s:
            return
        played = conversation(steps)
        f = self.figures
        f.conversations += 1
        f.steps += len(steps)
        f.frames += played.frames
        f.calls += played.calls
        f.answers += played.answers
        f.sessions += played.sessions
        f.restarts += played.restarts
        self._codes.update(played.codes)
        self._words.update(played.words)
        if played.findings:
            self._shortest = (played.findings[:5], [_shown(step) for step in steps])
            if self._shrink_until_s is None:
                self._shrink_until_s = time.monotonic() + SHRINK_S
                self._say(f"something is wrong: {played.findings[0]}")
            raise Found(played.findings[0])


def _shown(step: grammar.Step) -> str:
    text = repr(step)
    return text if len(text) <= 600 else f"{text[:400]} ... {text[-100:]} ({len(text)} characters)"
