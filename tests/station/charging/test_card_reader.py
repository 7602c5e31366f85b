"""What a card at the reader is called: by its UID as it stands, or from last to first (reader.reverse_uid)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.model.errors import BadValue
from tests.fakes.site import site_on

UID, REVERSED = "04AE179C4F6181", "81614F9C17AE04"


@pytest.mark.parametrize(("reverse", "tag"), [("false", UID), ("true", REVERSED)])
def test_the_backend_knows_the_card_by_that_number(
    aio: Any, tmp_path: Path, expected_log: Any, reverse: str, tag: str
) -> None:
    """At the start, at the stop and in between; a tag that a backend sends is no card and stays as it is."""

    async def story() -> None:
        async with site_on(tmp_path, expected_log, install=[f"reader.reverse_uid={reverse}"]) as site:
            site.station.sim.plug(1, soc_percent=30)
            await site.until(lambda: site.page == "card")
            site.station.sim.card(UID)
            await site.status_is(1, "Charging")
            await site.settle()
            assert [f.payload["idTag"] for f in site.calls("Authorize")] == [tag]
            assert [f.payload["idTag"] for f in site.calls("StartTransaction")] == [tag]
            site.station.sim.card(UID)  # the same card ends it
            await site.status_is(1, "Finishing")
            await site.settle()
            [stop] = site.calls("StopTransaction")
            assert stop.payload["idTag"] == tag
            assert (await site.card(2, UID)).authorized  # typed by an operator, or told by a backend
            await site.settle()
            assert site.calls("Authorize")[-1].payload["idTag"] == UID

    aio(story())


@pytest.mark.parametrize(
    ("reverse", "random", "fixed"), [("false", "08648427", "27846408"), ("true", "27846408", "08648427")]
)
def test_a_uid_that_is_new_at_every_read_is_known_either_way(
    aio: Any, tmp_path: Path, expected_log: Any, reverse: str, random: str, fixed: str
) -> None:
    async def story() -> None:
        async with site_on(tmp_path, expected_log, install=[f"reader.reverse_uid={reverse}"]) as site:
            commands = site.station.core.commands
            with pytest.raises(BadValue, match="new at every read"):
                await commands.whitelist_add(random)
            assert await commands.whitelist_add(fixed) == fixed

    aio(story())
