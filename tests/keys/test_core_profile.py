from __future__ import annotations

from typing import Any

from tests.fakes.keys import key


@key("HeartbeatInterval")
def test_HeartbeatInterval(aio: Any, site: Any) -> None:
    async def story() -> None:
        async with site() as here:
            await here.set("HeartbeatInterval", "60")
            mark = here.mark
            await here.settle(300)
            assert 4 <= len(here.calls("Heartbeat", mark)) <= 5
            await here.reset()
            assert await here.value("HeartbeatInterval") == "300"

    aio(story())
