"""Of a damaged file the settings and lists are saved."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.model.enums import Provenance
from kiosk.settings.values import Change
from kiosk.station.storage import AvailabilityStore, Database, MetaStore, SettingsStore, TagStore
from kiosk.station.storage.salvage import TABLES
from tests.fakes.clock import ManualClock

Expected = Callable[..., None]


async def fill(path: Path, clock: ManualClock) -> None:
    db = await Database.open(path, clock)
    change = Change(name="WebSocketUrl", text="ws://h", provenance=Provenance.OPERATOR, reboot_required=True)
    await SettingsStore(db).save(change, clock.now())
    await AvailabilityStore(db).set(2, False, clock.now())
    await MetaStore(db).set("a", "1")
    await TagStore(db).whitelist_add("E36432E5")
    await db.close()


async def left(path: Path, clock: ManualClock) -> dict[str, object]:
    db = await Database.open(path, clock)
    found = {
        "settings": [(k.name, k.text) for k in await SettingsStore(db).load()],
        "availability": dict(await AvailabilityStore(db).load()),
        "meta": await MetaStore(db).get("a"),
        "tags": await TagStore(db).whitelist(),
    }
    await db.close()
    return found


def spoil(path: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    sql = sqlite3.connect(path)
    root = sql.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    size = sql.execute("PRAGMA page_size").fetchone()[0]
    sql.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


WHOLE = {
    "settings": [("WebSocketUrl", "ws://h")],
    "availability": {2: False},
    "meta": "1",
    "tags": ["E36432E5"],
}
LOST = {"settings": [], "availability": {}, "meta": None, "tags": []}


@pytest.mark.parametrize("table", ["facts", "events", *TABLES])
def test_what_is_readable_is_kept(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, expected_log: Expected, table: str
) -> None:
    path = tmp_path / "station.sqlite3"
    runner.run(fill(path, clock))
    spoil(path, table)
    (tmp_path / "station.sqlite3.suspect").touch()
    expected_log("kiosk.station.storage.database", "is damaged")
    if table in TABLES:
        expected_log("kiosk.station.storage.salvage", rf"saved: {table} \(")
    assert runner.run(left(path, clock)) == WHOLE | ({table: LOST[table]} if table in LOST else {})


def test_of_a_file_that_is_no_database_nothing_is_kept(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, expected_log: Expected
) -> None:
    path = tmp_path / "station.sqlite3"
    path.write_bytes(b"a shopping list " * 1000)
    expected_log("kiosk.station.storage.database", "is damaged")
    expected_log("kiosk.station.storage.salvage", r"settings \(file is not a database\), meta .*tags")
    assert runner.run(left(path, clock)) == LOST


def test_rows_that_break_a_rule_are_left_out(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, expected_log: Expected
) -> None:
    path = tmp_path / "station.sqlite3"
    runner.run(fill(path, clock))
    sql = sqlite3.connect(path)
    sql.execute("PRAGMA ignore_check_constraints = ON")
    sql.execute("INSERT INTO availability VALUES (3, 7, '')")
    sql.commit()
    sql.close()
    spoil(path, "facts")
    (tmp_path / "station.sqlite3.suspect").touch()
    expected_log("kiosk.station.storage.database", "is damaged")
    expected_log("kiosk.station.storage.salvage", "a row of availability is damaged")
    assert runner.run(left(path, clock)) == WHOLE
