"""A reset that fails is tried again, so often and not oftener."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kiosk.model.enums import ResetKind
from kiosk.model.errors import MachineFailed
from kiosk.station.system.retries import PAUSE_S, reset


class Machine:
    def __init__(self, fails: int) -> None:
        self.fails = fails
        self.tries: list[float] = []
        self.done: list[ResetKind] = []

    def reset(self, kind: ResetKind) -> None:
        self.tries.append(asyncio.get_running_loop().time())
        if len(self.tries) <= self.fails:
            raise MachineFailed("busy")
        self.done.append(kind)


@pytest.mark.parametrize(
    ("retries", "fails", "tries", "done"),
    [(3, 0, 1, True), (0, 0, 1, True), (0, 1, 1, False), (3, 2, 3, True), (3, 3, 4, True), (3, 4, 4, False)],
)
def test_tries(aio: Any, log_watch: Any, retries: int, fails: int, tries: int, done: bool) -> None:
    log_watch.allow("kiosk.station.system.retries") if fails else None
    machine = Machine(fails)
    aio(reset(machine, ResetKind.HARD, retries))  # never raises: the core leaves all the same
    assert [at - machine.tries[0] for at in machine.tries] == [PAUSE_S * n for n in range(tries)]
    assert machine.done == ([ResetKind.HARD] if done else [])
    assert len(log_watch.records) == min(fails, tries)
