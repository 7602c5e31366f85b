"""Any order of set, clear and restart: the book, the disk and a plain list of rules agree."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import async_solipsism
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.settings import Installation, Settings
from kiosk.station.charging.profiles import ProfileBook
from kiosk.station.storage import Database
from kiosk.station.storage.profiles import ProfileRow, ProfileStore
from tests.fakes.charging_profiles import profile
from tests.fakes.clock import ManualClock

PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")


@st.composite
def rows(draw: st.DrawFn) -> ProfileRow:
    purpose = draw(st.sampled_from(PURPOSES))
    profile_id, level = draw(st.integers(1, 4)), draw(st.integers(0, 2))
    return ProfileRow(
        profile_id=profile_id,
        connector_id=0 if purpose == PURPOSES[0] else draw(st.integers(1, 2)),
        purpose=purpose,
        stack_level=level,
        payload=msgspec.json.encode(
            profile((0, draw(st.integers(0, 50_000))), profile_id=profile_id, level=level, purpose=purpose)
        ).decode(),
        installed_at=ManualClock().now(),
        local_id=draw(st.sampled_from(["one", "two"])) if purpose == PURPOSES[2] else None,
    )


deeds = st.lists(
    st.one_of(
        rows(),
        st.lists(st.integers(1, 4), max_size=2, unique=True).map(lambda ids: ("remove", ids)),
        st.just(("restart", [])),
    ),
    max_size=12,
)


def expected(model: list[ProfileRow], new: ProfileRow) -> list[ProfileRow]:
    """The rule, said once more: one of each id, one of each place."""
    kept = [
        old
        for old in model
        if old.profile_id != new.profile_id
        and (old.connector_id, old.purpose, old.stack_level) != (new.connector_id, new.purpose, new.stack_level)
    ]
    return [*kept, new]


@given(deeds)
@settings(max_examples=60)
def test_book_disk_and_rule_agree(story: list[Any]) -> None:
    installation = Installation.load(None)

    async def play(folder: Path) -> None:
        database = await Database.open(folder / "station.sqlite3", ManualClock())
        book = ProfileBook(ProfileStore(database), Settings(installation), installation)
        await book.load()
        model: list[ProfileRow] = []
        for deed in story:
            if isinstance(deed, ProfileRow):
                model = expected(model, deed)
                await book.put(deed)
            elif deed[0] == "remove":
                model = [row for row in model if row.profile_id not in deed[1]]
                await book.remove(deed[1])
            else:
                book = ProfileBook(ProfileStore(database), Settings(installation), installation)
                await book.load()
            stored, damaged = await ProfileStore(database).load()
            wanted = sorted(model, key=lambda row: row.profile_id)
            assert stored == wanted
            assert sorted((each.row for each in book.installed.values()), key=lambda r: r.profile_id) == wanted
            assert damaged == []
            assert book.damaged == {}
        await database.close()

    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner,
    ):
        runner.run(play(Path(folder)))
