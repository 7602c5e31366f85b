"""The backend's list of tags: updates whole or not at all, versions, limits, and ten thousand tags."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run_settings
from hypothesis import strategies as st

from kiosk.model.enums import AuthorizationStatus as Status
from kiosk.model.enums import Provenance
from kiosk.settings import Installation, Settings
from kiosk.station.commands.local_list import Entry, LocalList, UpdateKind, UpdateOutcome, fault_of
from kiosk.station.storage import Database, TagStore
from kiosk.station.storage.records import TagEntry
from tests.fakes.clock import ManualClock

FULL, DIFFERENTIAL = UpdateKind.FULL, UpdateKind.DIFFERENTIAL
ACCEPTED, FAILED = UpdateOutcome.ACCEPTED, UpdateOutcome.FAILED


def good(*tags: str) -> list[Entry]:
    return [(tag, TagEntry(id_tag=tag)) for tag in tags]


class Bench:
    def __init__(self, database: Database) -> None:
        self.settings = Settings(Installation())
        self.tags = TagStore(database)
        self.list = LocalList(self.tags, self.settings)

    def enable(self, on: bool) -> None:
        self.settings.apply(self.settings.check("LocalAuthListEnabled", str(on).lower(), Provenance.BACKEND))

    async def held(self) -> list[str]:
        return [entry.id_tag for entry in await self.tags.local_list()]


@asynccontextmanager
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    database = await Database.open(tmp_path / "station.sqlite3", ManualClock())
    try:
        yield Bench(database)
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("kind", "version", "entries", "expected"),
    [
        (FULL, 1, good("A", "B"), None),
        (FULL, 1, [], None),
        (DIFFERENTIAL, 1, [("A", None)], None),
        (FULL, 0, good("A"), "version 0"),
        (FULL, -1, good("A"), "version -1"),
        (DIFFERENTIAL, 0, [], "version 0"),
        (FULL, 1, good("A", "B", "C", "D"), "4 tags, at most 3"),
        (FULL, 1, good("ab", "AB"), "twice"),
        (DIFFERENTIAL, 1, [("A", None), *good("a")], "twice"),
        (FULL, 1, [*good("A"), ("B", None)], "without idTagInfo"),
    ],
)
def test_what_can_never_be_applied(
    kind: UpdateKind, version: int, entries: list[Entry], expected: str | None
) -> None:
    fault = fault_of(kind, version, entries, 3)
    assert (fault is None) if expected is None else (fault is not None and expected in fault)


def test_full_and_differential(real_aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            assert await b.list.version() == 0
            assert await b.list.update(FULL, 3, good("A", "B")) is ACCEPTED
            assert await b.list.version() == 3
            blocked = TagEntry(id_tag="b", status=Status.BLOCKED, parent_id_tag="FAMILY")
            changes: list[Entry] = [("A", None), ("UNKNOWN", None), ("b", blocked), *good("C")]
            assert await b.list.update(DIFFERENTIAL, 4, changes) is ACCEPTED
            assert await b.held() == ["b", "C"]
            assert await b.tags.local_get("B") == blocked
            assert await b.list.update(FULL, 2, good("D")) is ACCEPTED  # a full list may be older
            assert (await b.held(), await b.list.version()) == (["D"], 2)
            assert await b.list.update(FULL, 9, []) is ACCEPTED
            assert (await b.held(), await b.list.version()) == ([], 0)
            assert await b.list.update(DIFFERENTIAL, 1, good("E")) is ACCEPTED

    real_aio(story())


def test_stale_versions(real_aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.commands.local_list", "is refused: the list is at version 5")

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.list.update(FULL, 5, good("A"))
            for stale in (4, 5):
                outcome = await b.list.update(DIFFERENTIAL, stale, good("B"))
                assert outcome is UpdateOutcome.VERSION_MISMATCH
            assert (await b.held(), await b.list.version()) == (["A"], 5)

    real_aio(story())


def test_not_supported(real_aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.list.update(FULL, 1, good("A"))
            b.enable(False)
            assert await b.list.version() == -1
            assert await b.list.update(FULL, 2, good("B")) is UpdateOutcome.NOT_SUPPORTED
            b.enable(True)
            assert (await b.held(), await b.list.version()) == (["A"], 1)

    real_aio(story())


def test_a_list_that_would_be_too_long_stays_as_it_was(
    real_aio: Any, tmp_path: Path, expected_log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log("kiosk.station.commands.local_list", "is refused: 4 tags, at most 3")

    async def story() -> None:
        async with bench(tmp_path) as b:
            whole = b.settings.int
            monkeypatch.setattr(b.settings, "int", lambda n: 3 if n == "LocalAuthListMaxLength" else whole(n))
            await b.list.update(FULL, 1, good("A", "B"))
            assert await b.list.update(DIFFERENTIAL, 2, good("C", "D")) is FAILED
            assert await b.list.update(FULL, 2, good("W", "X", "Y", "Z")) is FAILED
            assert (await b.held(), await b.list.version()) == (["A", "B"], 1)
            changes: list[Entry] = [("A", None), *good("C", "D")]  # room is made by the same update
            assert await b.list.update(DIFFERENTIAL, 2, changes) is ACCEPTED
            assert await b.held() == ["B", "C", "D"]

    real_aio(story())


def test_more_tags_than_one_update_may_carry(real_aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.commands.local_list", "501 tags, at most 500")

    async def story() -> None:
        async with bench(tmp_path) as b:
            assert await b.list.update(FULL, 1, good(*(f"T{n}" for n in range(501)))) is FAILED
            assert await b.list.version() == 0

    real_aio(story())


def test_ten_thousand_tags(real_aio: Any, tmp_path: Path) -> None:
    """Filled as a backend would, found by the primary key, kept over a restart."""

    async def fill() -> None:
        async with bench(tmp_path) as b:
            for version in range(1, 21):
                part = good(*(f"TAG{n:05}" for n in range((version - 1) * 500, version * 500)))
                assert await b.list.update(FULL if version == 1 else DIFFERENTIAL, version, part) is ACCEPTED
            assert await b.list.version() == 20

    async def look() -> None:
        async with bench(tmp_path) as b:
            assert await b.list.version() == 20
            assert await b.tags.local_get("tag09999") is not None
            assert await b.tags.local_get("TAG10000") is None

    real_aio(fill())
    real_aio(look())
    with sqlite3.connect(tmp_path / "station.sqlite3") as sql:
        plan = sql.execute(
            "EXPLAIN QUERY PLAN SELECT status FROM tags WHERE list = 'local' AND id_tag = 'x'"
        ).fetchall()
    assert "USING PRIMARY KEY" in plan[0][3]
    assert "SCAN" not in plan[0][3]


TAGS = st.sampled_from(["A", "a", "B", "C", "D"])
CHANGES = st.lists(st.tuples(TAGS, st.booleans()), max_size=4)


@run_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(updates=st.lists(st.tuples(st.sampled_from(UpdateKind), st.integers(-1, 6), CHANGES), max_size=8))
def test_any_sequence_of_updates(
    real_aio: Any,
    log_watch: Any,
    tmp_path_factory: pytest.TempPathFactory,
    updates: list[tuple[UpdateKind, int, list[tuple[str, bool]]]],
) -> None:
    """The list is what a dictionary would be, and an update that is refused changes nothing."""
    model: dict[str, str] = {}
    at = 0

    async def story() -> None:
        nonlocal model, at
        async with bench(tmp_path_factory.mktemp("list")) as b:
            for kind, version, changes in updates:
                entries: list[Entry] = [(tag, TagEntry(id_tag=tag) if put else None) for tag, put in changes]
                outcome = await b.list.update(kind, version, entries)
                doubled = len({tag.casefold() for tag, _ in changes}) < len(changes)
                if version <= 0 or doubled or (kind is FULL and any(not put for _, put in changes)):
                    assert outcome is FAILED
                elif kind is DIFFERENTIAL and version <= at:
                    assert outcome is UpdateOutcome.VERSION_MISMATCH
                else:
                    assert outcome is ACCEPTED
                    model = {} if kind is FULL else model
                    for tag, put in changes:
                        model.pop(tag.casefold(), None)
                        if put:
                            model[tag.casefold()] = tag
                    at = version if model else 0
                assert sorted(await b.held()) == sorted(model.values())
                assert await b.list.version() == at

    real_aio(story())
    log_watch.records.clear()  # refusals are warned of; here they are most of what happens
