"""Charging profiles on the disk."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest

from kiosk.station.storage import Database
from kiosk.station.storage.profiles import ProfileRow, ProfileStore
from kiosk.station.storage.salvage import salvage
from tests.fakes.clock import ManualClock


def row(profile_id: int, connector_id: int = 1, level: int = 0, purpose: str = "TxDefaultProfile") -> ProfileRow:
    return ProfileRow(
        profile_id=profile_id,
        connector_id=connector_id,
        purpose=purpose,
        stack_level=level,
        payload=f'{{"chargingProfileId":{profile_id}}}',
        installed_at=ManualClock().now(),
        local_id="a" * 32 if purpose == "TxProfile" else None,
    )


def test_rows_come_back_as_they_went(runner: asyncio.Runner, db: Database) -> None:
    store = ProfileStore(db)

    async def story() -> None:
        given = [
            row(-(2**63) + 1, 0, purpose="ChargePointMaxProfile"),
            row(2, 2),
            row(2**63 - 1, 1, 9, "TxProfile"),
        ]
        for each in given:
            assert await store.put(each) == []
        assert await store.load() == (given, [])

    runner.run(story())


@pytest.mark.parametrize(
    ("new", "replaced"),
    [
        (row(1, 2, 7), [1]),  # the same id
        (row(9), [1]),  # the same place
        (row(2), [1, 2]),  # one by its place, one by its id
        (row(9, level=1), []),
        (row(9, connector_id=0), []),
        (row(9, purpose="TxProfile"), []),
    ],
)
def test_a_profile_takes_the_place_of_its_like(
    runner: asyncio.Runner, db: Database, new: ProfileRow, replaced: list[int]
) -> None:
    store = ProfileStore(db)

    async def story() -> None:
        await store.put(row(1))
        await store.put(row(2, 2))
        assert sorted(await store.put(new)) == replaced
        rows, _ = await store.load()
        left = [each for each in (row(1), row(2, 2)) if each.profile_id not in replaced]
        assert sorted(rows, key=lambda r: r.profile_id) == sorted([*left, new], key=lambda r: r.profile_id)

    runner.run(story())


def test_remove(runner: asyncio.Runner, db: Database) -> None:
    store = ProfileStore(db)

    async def story() -> None:
        for profile_id in (1, 2, 3):
            await store.put(row(profile_id, profile_id))
        await store.remove([1, 3, 9])
        rows, _ = await store.load()
        assert [each.profile_id for each in rows] == [2]

    runner.run(story())


def test_a_row_that_cannot_be_read_is_told_apart(runner: asyncio.Runner, db: Database) -> None:
    store = ProfileStore(db)

    async def story() -> None:
        await store.put(row(1))
        await store.put(row(2, 2))
        await db.run(
            lambda sql: sql.execute("UPDATE charging_profiles SET installed_at = '?' WHERE profile_id = 1")
        )
        rows, damaged = await store.load()
        assert [each.profile_id for each in rows] == [2]
        assert [each[0] for each in damaged] == [1]

    runner.run(story())


def test_a_session_s_profile_names_its_session_and_no_other_does(runner: asyncio.Runner, db: Database) -> None:
    store = ProfileStore(db)

    async def story() -> None:
        for wrong in (
            msgspec.structs.replace(row(1), local_id="a"),
            msgspec.structs.replace(row(1, purpose="TxProfile"), local_id=None),
        ):
            with pytest.raises(sqlite3.IntegrityError):
                await store.put(wrong)
        assert await store.load() == ([], [])

    runner.run(story())


def test_a_put_that_fails_leaves_what_it_would_replace(runner: asyncio.Runner, db: Database) -> None:
    store = ProfileStore(db)

    async def story() -> None:
        await store.put(row(1))
        with pytest.raises(sqlite3.IntegrityError):
            await store.put(msgspec.structs.replace(row(1), local_id="a"))
        assert await store.load() == ([row(1)], [])

    runner.run(story())


def test_profiles_are_saved_from_a_damaged_file(runner: asyncio.Runner, tmp_path: Path) -> None:
    """Without its limits a station would give full power."""

    async def story() -> None:
        old = await Database.open(tmp_path / "old.sqlite3", ManualClock())
        await ProfileStore(old).put(row(1))
        await old.close()
        fresh = await Database.open(tmp_path / "fresh.sqlite3", ManualClock())
        await fresh.close()
        with sqlite3.connect(tmp_path / "fresh.sqlite3", isolation_level=None) as sql:
            assert salvage(sql, tmp_path / "old.sqlite3")["charging_profiles"] == 1
        again = await Database.open(tmp_path / "fresh.sqlite3", ManualClock())
        assert await ProfileStore(again).load() == ([row(1)], [])
        await again.close()

    runner.run(story())
