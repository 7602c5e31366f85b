"""The authorization cache: bounded, newest answer wins, what is of least use goes first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from kiosk.model.enums import AuthorizationStatus as Status
from kiosk.station.storage import Database, TagStore
from kiosk.station.storage.records import TagEntry
from tests.fakes.clock import ManualClock


def test_a_full_cache_loses_the_invalid_then_the_longest_unused(real_aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock()
        database = await Database.open(tmp_path / "station.sqlite3", clock)
        tags = TagStore(database)

        async def put(tag: str, status: Status = Status.ACCEPTED, lasts_s: float | None = None) -> None:
            clock.advance(60)
            expiry = clock.now() + timedelta(seconds=lasts_s) if lasts_s is not None else None
            await tags.cache_put(TagEntry(id_tag=tag, status=status, expiry=expiry), most=4)

        async def kept() -> str:
            return "".join([t for t in "ABCDEFGHI" if await tags.cache_get(t) is not None])

        await put("A")
        await put("B", Status.BLOCKED)
        await put("C", lasts_s=100)
        await put("D")
        await put("a")  # the same tag again needs no room, and is the newest now
        assert await kept() == "ABCD"
        await put("E")  # B is worth nothing, and C has run out meanwhile
        assert await kept() == "ADE"
        await put("F")
        await tags.cache_used("D")
        await put("G")
        assert await kept() == "DEFG"  # A was used longest ago
        await put("H", Status.INVALID)  # a refusal is kept too, while it is the newest word
        assert await kept() == "DFGH"
        await tags.local_replace([TagEntry(id_tag="A")], 1)
        await tags.whitelist_add("B")
        await put("I")
        assert await kept() == "DFGI"
        assert await tags.local_get("A") is not None
        assert await tags.whitelist() == ["B"]
        await database.close()

    real_aio(story())
