"""A message that is told again: the same content under a new id, at the right moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kiosk.settings import table

Run = Callable[..., Any]
Opened = Callable[..., Any]
Expected = Callable[..., None]


@pytest.mark.parametrize("action", ["StartTransaction", "MeterValues", "StopTransaction"])
def test_a_repeat_has_a_new_id(aio: Run, running: Opened, expected_log: Expected, action: str) -> None:
    """Lesson 7: some backends take the second one under the same id for a mistake."""
    expected_log("kiosk.station.ocpp.delivery", f"{action} failed")

    async def story() -> None:
        async with running() as world:
            await world.online()
            world.set_key("TransactionMessageRetryInterval", "1")
            world.central.chaos.refuse = frozenset({action})
            await world.session()
            await world.until(lambda: len(world.calls(action)) >= 3)
            world.central.chaos.refuse = frozenset()
            await world.delivered()
            told = world.calls(action)
            first = [f for f in told if f.payload == told[0].payload]
            assert len(first) >= 3
            assert len({f.message_id for f in told}) == len(told)

    aio(story())


def test_the_ping_keeps_a_line_awake_that_others_would_close() -> None:
    """Lesson 12: backends and routers close a line after a minute; ours says something before."""
    key = table.KEYS["WebSocketPingInterval"]
    assert 0 < int(key.default) <= 45
