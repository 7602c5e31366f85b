"""What a power cut may do to a database takes nothing from it; what goes further is kept aside."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from kiosk.lab.torture import damage
from kiosk.model.enums import Provenance
from kiosk.settings.values import Change
from kiosk.station.storage import Database, MetaStore, SettingsStore
from kiosk.station.storage.reading import owed_span, read_facts
from tests.fakes.clock import ManualClock

ASIDE = ("pages", "truncated", "garbage", "empty")
"""A log that is gone takes its commits along: there is nothing to keep."""


def copy(store: Path, to: Path) -> Path:
    """As the disk holds it while the database is open."""
    to.mkdir()
    for suffix in ("", "-wal"):
        source = store.with_name(store.name + suffix)
        if source.exists():
            (to / source.name).write_bytes(source.read_bytes())
    return to / store.name


@pytest.mark.parametrize("seed", range(5))
def test_a_power_cut_takes_nothing_that_was_committed(real_aio: Any, tmp_path: Path, seed: int) -> None:
    """A crash image at every commit, spoilt as a power cut may: all that was committed is read again."""
    chance = random.Random(seed)

    async def story() -> None:
        clock = ManualClock()
        database = await Database.open(tmp_path / "station.sqlite3", clock)
        meta = MetaStore(database)
        told: dict[str, str] = {}
        done: set[str] = set()
        for n in range(12):
            name, text = f"n{n % 5}", chance.randbytes(chance.randint(1, 3000)).hex()
            await meta.set(name, text)
            told[name] = text
            store = copy(database.path, tmp_path / f"cut{n}")
            what = damage.power_cut(store, chance)
            done.add(what.split()[0] if what else "")
            again = await Database.open(store, clock)
            assert {name: await MetaStore(again).get(name) for name in told} == told
            await again.close()
            assert not list(store.parent.glob("*.corrupt*")), what
        await database.close()
        assert len(done) >= 2

    real_aio(story())


def test_what_was_not_committed_is_not_counted(tmp_path: Path, real_aio: Any) -> None:
    async def story() -> bytes:
        clock = ManualClock()
        database = await Database.open(tmp_path / "a.sqlite3", clock)
        await MetaStore(database).set("a", "b")
        log = (tmp_path / "a.sqlite3-wal").read_bytes()
        await database.close()
        return log

    log = real_aio(story())
    length, pages = damage.committed(log)
    assert length == len(log)
    assert pages
    assert damage.committed(log[:-1])[0] < length
    assert damage.committed(log[: length - 100])[0] < length
    spoilt = bytearray(log)
    spoilt[-5] ^= 1
    assert damage.committed(bytes(spoilt))[0] < length
    assert damage.committed(b"") == (0, set())
    assert damage.committed(b"x" * 200) == (0, set())
    spoilt[25] ^= 1
    assert damage.committed(bytes(spoilt)) == (0, set())


@pytest.mark.parametrize("kind", ["pages", "truncated", "empty", "garbage", "log"])
def test_a_spoilt_file_never_stops_the_start(real_aio: Any, tmp_path: Path, kind: str, expected_log: Any) -> None:
    """Kept aside where it is not whole; the station has a store again in any case."""
    chance = random.Random(kind)

    async def story() -> None:
        clock = ManualClock()
        path = tmp_path / "station.sqlite3"
        database = await Database.open(path, clock)
        settings = SettingsStore(database)
        for n in range(200):
            change = Change(name=f"Key{n}", text="x" * 100, provenance=Provenance.OPERATOR, reboot_required=False)
            await settings.save(change, clock.now())
        store = copy(path, tmp_path / "dead")
        await database.close()
        damage.spoil(store, kind, chance)
        again = await Database.open(store, clock)
        await MetaStore(again).set("works", "yes")
        assert await MetaStore(again).get("works") == "yes"
        await again.close()
        aside = list(store.parent.glob("*.corrupt*"))
        assert bool(aside) == (kind in ASIDE), aside

    if kind in ASIDE:
        expected_log("kiosk.station.storage")
    real_aio(story())


def test_no_such_damage(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"")
    with pytest.raises(ValueError, match="no such damage"):
        damage.spoil(tmp_path / "s", "magic", random.Random(1))


def test_facts_are_read_from_a_file_at_rest(real_aio: Any, tmp_path: Path) -> None:
    async def story() -> Path:
        clock = ManualClock()
        database = await Database.open(tmp_path / "station.sqlite3", clock)
        await database.close()
        return database.path

    path = real_aio(story())
    assert read_facts(path) == []
    assert owed_span(path) == (None, 0)
