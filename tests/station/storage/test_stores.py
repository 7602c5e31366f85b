"""Settings, tags, availability, events, named texts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from kiosk.model.enums import AuthorizationStatus, Provenance
from kiosk.settings.values import Change
from kiosk.station.storage import AvailabilityStore, Database, EventLog, MetaStore, SettingsStore, TagStore
from kiosk.station.storage.records import TagEntry
from tests.fakes.clock import ManualClock


def test_settings_keep_the_last_change(runner: asyncio.Runner, db: Database, clock: ManualClock) -> None:
    store = SettingsStore(db)

    async def story() -> None:
        assert await store.load() == []
        for text, by in (("30", Provenance.OPERATOR), ("45", Provenance.BACKEND)):
            change = Change(name="ConnectionTimeOut", text=text, provenance=by, reboot_required=False)
            await store.save(change, clock.now())
            clock.advance(1)
        (row,) = await store.load()
        assert (row.name, row.text, row.provenance) == ("ConnectionTimeOut", "45", Provenance.BACKEND)
        assert row.changed_at == clock.now() - timedelta(seconds=1)

    runner.run(story())


def test_availability_is_remembered_per_connector(
    runner: asyncio.Runner, db: Database, clock: ManualClock
) -> None:
    store = AvailabilityStore(db)

    async def story() -> None:
        assert await store.load() == {}
        await store.set(0, True, clock.now())
        await store.set(2, True, clock.now())
        await store.set(2, False, clock.now())
        assert await store.load() == {0: True, 2: False}

    runner.run(story())


def test_events_newest_first_and_forgotten_by_age(
    runner: asyncio.Runner, db: Database, clock: ManualClock
) -> None:
    events = EventLog(db)

    async def story() -> None:
        await events.add(clock.now(), "fault", 1, 18, "raised")
        clock.advance(60)
        await events.add(clock.now(), "start", None, None, "core started")
        assert [(e.kind, e.connector_id, e.code) for e in await events.list(10)] == [
            ("start", None, None),
            ("fault", 1, 18),
        ]
        assert await events.forget(clock.now()) == 1
        assert [e.kind for e in await events.list(10)] == ["start"]

    runner.run(story())


def test_meta_replaces(runner: asyncio.Runner, db: Database) -> None:
    meta = MetaStore(db)

    async def story() -> None:
        assert await meta.get("a") is None
        await meta.set("a", "1")
        await meta.set("a", "2")
        assert await meta.get("a") == "2"

    runner.run(story())


def test_whitelist_ignores_case(runner: asyncio.Runner, db: Database) -> None:
    tags = TagStore(db)

    async def story() -> None:
        await tags.whitelist_add("04AE179C4F6181")
        await tags.whitelist_add("04ae179c4f6181")
        await tags.whitelist_add("AB")
        assert [t.upper() for t in await tags.whitelist()] == ["04AE179C4F6181", "AB"]
        assert await tags.whitelist_has("04Ae179C4F6181")
        assert await tags.whitelist_remove("04AE179c4f6181")
        assert not await tags.whitelist_remove("04AE179c4f6181")
        assert await tags.whitelist() == ["AB"]
        await tags.whitelist_clear()
        assert await tags.whitelist() == []

    runner.run(story())


def test_cache_keeps_the_newest_answer(runner: asyncio.Runner, db: Database, clock: ManualClock) -> None:
    tags = TagStore(db)
    accepted = TagEntry(id_tag="A1", expiry=clock.now() + timedelta(days=1), parent_id_tag="P")
    blocked = TagEntry(id_tag="a1", status=AuthorizationStatus.BLOCKED)

    async def story() -> None:
        await tags.cache_put(accepted)
        assert await tags.cache_get("a1") == accepted
        await tags.cache_put(blocked)
        assert await tags.cache_get("A1") == blocked
        assert await tags.local_get("A1") is None, "lists do not mix"
        clock.advance(60)
        await tags.cache_put(TagEntry(id_tag="B2"))
        assert await tags.forget(clock.now()) == 1
        assert await tags.cache_get("A1") is None
        await tags.cache_clear()
        assert await tags.cache_get("B2") is None

    runner.run(story())


def test_local_list_updates_are_whole_or_nothing(runner: asyncio.Runner, db: Database) -> None:
    tags = TagStore(db)

    async def story() -> None:
        assert await tags.local_version() == 0
        await tags.local_replace([TagEntry(id_tag="A"), TagEntry(id_tag="B")], 3)
        await tags.local_update([TagEntry(id_tag="C")], ["a"], 4)
        assert [e.id_tag for e in await tags.local_list()] == ["B", "C"]
        assert await tags.local_version() == 4
        with pytest.raises(AttributeError):
            await tags.local_update([TagEntry(id_tag="D"), None], ["B"], 5)  # type: ignore[list-item]
        assert [e.id_tag for e in await tags.local_list()] == ["B", "C"]
        assert await tags.local_version() == 4
        await tags.local_replace([], 0)
        assert await tags.local_list() == []

    runner.run(story())
