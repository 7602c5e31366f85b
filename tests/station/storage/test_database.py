"""The file: layouts, damage, a full or read-only disk, cancellation."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.model.errors import BadFile, StorageFailed
from kiosk.station.storage import Database, MetaStore, migrations
from tests.fakes.clock import ManualClock

MIGRATIONS = migrations.load()


def layout(sql: sqlite3.Connection) -> list[tuple[str, str, str]]:
    return sql.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()


# --- migrations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_each_migration_applies_to_the_version_before(version: int, tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path, isolation_level=None) as sql:
        migrations.migrate(sql, path, MIGRATIONS[: version - 1])
        assert migrations.version_of(sql) == version - 1
        assert migrations.migrate(sql, path, MIGRATIONS[:version]) == [MIGRATIONS[version - 1].name]
        assert migrations.version_of(sql) == version
        assert migrations.migrate(sql, path, MIGRATIONS[:version]) == [], "applied once"
        assert sql.execute("PRAGMA foreign_key_check").fetchall() == []
    sql.close()


def test_a_failing_migration_leaves_the_version_before(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    sql = sqlite3.connect(path, isolation_level=None)
    migrations.migrate(sql, path, MIGRATIONS)
    before = layout(sql)
    broken = migrations.Migration(
        version=len(MIGRATIONS) + 1, name="broken", sql="CREATE TABLE new (x); INSERT INTO nowhere VALUES (1);"
    )
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrations.migrate(sql, path, [*MIGRATIONS, broken])
    assert migrations.version_of(sql) == len(MIGRATIONS)
    assert layout(sql) == before
    sql.close()


def test_a_newer_layout_is_refused_and_left_alone(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "station.sqlite3"
    sql = sqlite3.connect(path)
    sql.execute("CREATE TABLE future (x)")
    sql.execute("PRAGMA user_version = 999")
    sql.commit()
    sql.close()
    with pytest.raises(BadFile, match=r"layout 999.*install that version again"):
        runner.run(Database.open(path, clock))
    sql = sqlite3.connect(path)
    assert [name for _, name, _ in layout(sql)] == ["future"]
    sql.close()
    assert not list(tmp_path.glob("*.corrupt-*"))


@pytest.mark.parametrize("names", [["0001_a.sql", "0003_b.sql"], ["0002_a.sql"], ["1_a.sql"]])
def test_migration_numbers_have_no_holes(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(ValueError, match=r"migration"):
        migrations.load(tmp_path)


# --- durability -----------------------------------------------------------------------------------------------


def test_pragmas_are_in_force(runner: asyncio.Runner, db: Database) -> None:
    def ask(sql: sqlite3.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return {name: sql.execute(f"PRAGMA {name}").fetchone()[0] for name in names}

    assert runner.run(db.run(ask)) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_an_exception_rolls_back(runner: asyncio.Runner, db: Database) -> None:
    meta = MetaStore(db)

    def work(sql: sqlite3.Connection) -> None:
        sql.execute("INSERT INTO meta VALUES ('a', 'half done')")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        runner.run(db.run(work))
    assert runner.run(meta.get("a")) is None


def test_order_is_the_order_of_the_calls(tmp_path: Path, clock: ManualClock) -> None:
    """On a real loop with the real thread: many callers, one order."""

    async def story() -> list[int]:
        db = await Database.open(tmp_path / "station.sqlite3", clock)
        seen: list[int] = []

        def note(n: int) -> None:
            seen.append(n)

        await asyncio.gather(*(db.run(lambda sql, n=n: note(n)) for n in range(200)))  # type: ignore[misc]
        await db.close()
        return seen

    assert asyncio.run(story()) == list(range(200))


def test_what_is_committed_is_seen_by_another_process_at_once(runner: asyncio.Runner, db: Database) -> None:
    runner.run(MetaStore(db).set("a", "1"))
    other = sqlite3.connect(db.path)
    assert other.execute("SELECT text FROM meta WHERE name = 'a'").fetchall() == [("1",)]
    other.close()


def test_close_folds_the_log_and_is_idempotent(runner: asyncio.Runner, clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "station.sqlite3"

    async def story() -> None:
        db = await Database.open(path, clock)
        await MetaStore(db).set("a", "1")
        await db.close()
        await db.close()
        with pytest.raises(StorageFailed, match="it is closed"):
            await MetaStore(db).set("a", "2")

    runner.run(story())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["station.sqlite3"]


def test_a_slip_in_our_own_sql_is_not_blamed_on_the_disk(runner: asyncio.Runner, db: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        runner.run(db.run(lambda sql: sql.execute("SELECT * FROM nowhere")))
    with pytest.raises(sqlite3.IntegrityError):
        runner.run(db.run(lambda sql: sql.execute("INSERT INTO availability VALUES (1, 7, '')")))


# --- trouble with the disk ------------------------------------------------------------------------------------


def test_a_full_disk_is_named_with_the_remedy(runner: asyncio.Runner, db: Database) -> None:
    def shrink(sql: sqlite3.Connection) -> None:
        pages = sql.execute("PRAGMA page_count").fetchone()[0]
        sql.execute(f"PRAGMA max_page_count = {pages}")

    runner.run(db.run(shrink))
    with pytest.raises(StorageFailed, match=r"station\.sqlite3: .*the disk is full; free some space in "):
        runner.run(MetaStore(db).set("big", "x" * 1_000_000))
    runner.run(MetaStore(db).set("small", "y"))
    assert runner.run(MetaStore(db).get("small")) == "y", "what still fits is still kept"


def test_a_read_only_database_is_named_with_the_remedy(runner: asyncio.Runner, db: Database) -> None:
    runner.run(db.run(lambda sql: sql.execute("PRAGMA query_only = ON")))
    with pytest.raises(StorageFailed, match=r"read-only; make .* writable"):
        runner.run(MetaStore(db).set("a", "1"))


def test_a_folder_that_cannot_be_made_is_named(runner: asyncio.Runner, clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed, match=r"station\.sqlite3: cannot be written: "):
        runner.run(Database.open(tmp_path / "file" / "station.sqlite3", clock))


def test_a_folder_in_place_of_the_file_is_named(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path
) -> None:
    (tmp_path / "station.sqlite3").mkdir()
    with pytest.raises(StorageFailed, match=r"cannot be opened; check that "):
        runner.run(Database.open(tmp_path / "station.sqlite3", clock))


# --- damage ---------------------------------------------------------------------------------------------------


def fill(path: Path, runner: asyncio.Runner, clock: ManualClock) -> None:
    async def story() -> None:
        db = await Database.open(path, clock)
        for n in range(50):
            await MetaStore(db).set(f"name {n}", "x" * 500)
        await db.close()

    runner.run(story())


def test_a_file_that_is_no_database_is_kept_aside(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    path = tmp_path / "station.sqlite3"
    path.write_bytes(b"this was a shopping list" * 400)
    aside = tmp_path / "station.sqlite3.corrupt-20261122T120000Z"
    expected_log("kiosk.station.storage.database", f"is damaged .*{aside.name}")
    expected_log("kiosk.station.storage.salvage", "not a database")
    db = runner.run(Database.open(path, clock))
    runner.run(MetaStore(db).set("a", "1"))
    runner.run(db.close())
    assert aside.read_bytes().startswith(b"this was a shopping list")


def test_an_emptied_file_is_damage_and_not_a_new_station(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    path = tmp_path / "station.sqlite3"
    fill(path, runner, clock)
    path.write_bytes(b"")
    expected_log("kiosk.station.storage.database", "is damaged .it is empty")
    expected_log("kiosk.station.storage.salvage", "cannot be saved")
    db = runner.run(Database.open(path, clock))
    assert db.damage is not None
    assert runner.run(MetaStore(db).get("name 1")) is None
    runner.run(db.close())


def test_damaged_pages_are_found_at_open(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.storage.database", "is damaged")
    expected_log("kiosk.station.storage.salvage", "cannot be saved")
    path = tmp_path / "station.sqlite3"
    fill(path, runner, clock)
    sql = sqlite3.connect(path)
    root = sql.execute("SELECT rootpage FROM sqlite_master WHERE name = 'meta'").fetchone()[0]
    size = sql.execute("PRAGMA page_size").fetchone()[0]
    sql.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(os.urandom(size))

    db = runner.run(Database.open(path, clock))
    assert runner.run(MetaStore(db).get("name 1")) is None, "a fresh one"
    runner.run(db.close())
    assert (tmp_path / "station.sqlite3.corrupt-20261122T120000Z").exists()


def test_damage_found_in_use_leads_to_a_full_check_at_the_next_open(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.storage.database", "is damaged")
    path = tmp_path / "station.sqlite3"
    fill(path, runner, clock)
    sql = sqlite3.connect(path)
    root = sql.execute("SELECT rootpage FROM sqlite_master WHERE name = 'facts'").fetchone()[0]
    size = sql.execute("PRAGMA page_size").fetchone()[0]
    sql.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)

    async def story() -> None:
        db = await Database.open(path, clock)  # only small tables are read here
        with pytest.raises(StorageFailed, match="damaged; restart"):
            await db.run(lambda sql: sql.execute("SELECT * FROM facts").fetchall())
        await db.close()
        assert (tmp_path / "station.sqlite3.suspect").exists()
        db = await Database.open(path, clock)
        assert await db.check() == []
        await db.close()

    runner.run(story())
    assert (tmp_path / "station.sqlite3.corrupt-20261122T120000Z").exists()
    assert not (tmp_path / "station.sqlite3.suspect").exists()


def test_a_sound_file_that_was_suspected_stays(runner: asyncio.Runner, clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "station.sqlite3"
    fill(path, runner, clock)
    (tmp_path / "station.sqlite3.suspect").touch()
    db = runner.run(Database.open(path, clock))
    assert runner.run(MetaStore(db).get("name 1")) == "x" * 500
    runner.run(db.close())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["station.sqlite3"]


def test_two_damaged_files_of_one_second_are_both_kept(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, expected_log: Callable[..., None]
) -> None:
    expected_log("kiosk.station.storage.database", "is damaged")
    expected_log("kiosk.station.storage.salvage", "cannot be saved")
    path = tmp_path / "station.sqlite3"
    for text in (b"first" * 1000, b"second" * 1000):
        path.write_bytes(text)
        runner.run(runner.run(Database.open(path, clock)).close())
    kept = {p.read_bytes()[:5] for p in tmp_path.glob("*.corrupt-*")}
    assert kept == {b"first", b"secon"}


@pytest.mark.parametrize("before", [None, 0o644])
def test_nobody_else_reads_the_store(
    runner: asyncio.Runner, clock: ManualClock, tmp_path: Path, before: int | None
) -> None:
    path = tmp_path / "station.sqlite3"
    if before is not None:
        runner.run(runner.run(Database.open(path, clock)).close())
        path.chmod(before)

    def modes() -> set[tuple[str, int]]:
        return {(p.name, p.stat().st_mode & 0o777) for p in tmp_path.iterdir()}

    async def story() -> None:
        database = await Database.open(path, clock)
        await database.run(lambda sql: sql.execute("INSERT INTO meta (name, text) VALUES ('a', 'b')"))
        names = ("station.sqlite3", "station.sqlite3-wal", "station.sqlite3-shm")
        assert modes() == {(name, 0o600) for name in names}
        await database.close()

    runner.run(story())
