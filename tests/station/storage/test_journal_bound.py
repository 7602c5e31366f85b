"""What may wait is bounded, in the middle; what everybody has is removed; what was given up comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.model.enums import AuthorizationSource, StopReason
from kiosk.station.storage import Database, Journal
from kiosk.station.storage.records import FactKind, MeterSample, TransactionBegin, TransactionEnd
from tests.fakes.clock import ManualClock
from tests.fakes.samples import samples_of

Expected = Callable[..., None]
NOW = ManualClock().now()
OWED = "kiosk.station.storage.owed"


def begin(local_id: str, connector_id: int = 1) -> TransactionBegin:
    return TransactionBegin(
        local_id=local_id,
        connector_id=connector_id,
        id_tag="E36432E5",
        started_at=NOW,
        meter_start_wh=0,
        source=AuthorizationSource.BACKEND,
    )


def sample(local_id: str | None, n: int, connector_id: int = 1, context: str = "Sample.Periodic") -> MeterSample:
    return MeterSample(
        local_id=local_id,
        connector_id=connector_id,
        at=NOW + timedelta(seconds=n),
        context=context,
        values={"Energy.Active.Import.Register": float(n)},
    )


def end(local_id: str, after: timedelta = timedelta()) -> TransactionEnd:
    return TransactionEnd(
        local_id=local_id, ended_at=NOW + after, meter_stop_wh=10**6, reason=StopReason.LOCAL, id_tag=None
    )


async def owed(db: Database, journal: Journal) -> list[tuple[str, str | None, int]]:
    """(kind, session, Wh) of what waits, in order; the counts must agree."""

    def work(sql: object) -> list[tuple[str, str | None, int]]:
        rows = sql.execute(  # type: ignore[attr-defined]
            "SELECT kind, local_id, json_extract(payload, '$.values.\"Energy.Active.Import.Register\"') FROM facts"
            " WHERE delivery = 'owed' ORDER BY seq"
        )
        return [(kind, local_id, int(wh or 0)) for kind, local_id, wh in rows]

    found = await db.run(work)
    assert (await journal.waiting())[0] == len(found), "the counts follow each commit"
    return found


def wh_of(found: list[tuple[str, str | None, int]], local_id: str | None) -> list[int]:
    return [wh for kind, of, wh in found if kind == FactKind.SAMPLE and of == local_id]


def test_the_fullest_session_is_thinned_in_the_middle(
    runner: asyncio.Runner, db: Database, expected_log: Expected
) -> None:
    """Lesson 16: every second intermediate sample goes, never the first or last, never a begin or an end."""
    expected_log(OWED, "samples dropped between others")

    async def story() -> None:
        journal = Journal(db, most_waiting=20)
        await journal.begin(begin("long"), owed=True)
        await journal.begin(begin("short", 2), owed=True)
        for n in range(5):
            await journal.sample(sample("short", n, 2), owed=True)
        for n in range(16):
            await journal.sample(sample("long", n), owed=True)
        found = await owed(db, journal)
        assert wh_of(found, "short") == [0, 1, 2, 3, 4], "other sessions are left alone"
        assert wh_of(found, "long") == [0, 2, 4, 6, 8, 10, 12, 14, 15]
        for n in range(16, 1000):
            await journal.sample(sample("long", n), owed=True)
        await journal.end(end("long"), owed=True)
        found = await owed(db, journal)
        long = wh_of(found, "long")
        assert len(found) <= 20 + 3
        assert (long[0], long[-1]) == (0, 999)
        assert long == sorted(long), "what is delivered is chronological"
        assert wh_of(found, "short") == [0, 1, 2, 3, 4]
        assert [kind for kind, of, _ in found if of == "long" and kind != "sample"] == ["begin", "end"]

    runner.run(story())


def test_samples_of_no_session_and_of_each_sort_are_thinned_by_themselves(
    runner: asyncio.Runner, db: Database, expected_log: Expected
) -> None:
    expected_log(OWED, "connector 3")

    async def story() -> None:
        journal = Journal(db, most_waiting=12)
        for n in range(13):
            context = "Sample.Clock" if n % 2 else "Sample.Periodic"
            await journal.sample(sample(None, n, 3, context), owed=True)
        left = wh_of(await owed(db, journal), None)
        assert [n for n in left if n % 2 == 0] == [0, 4, 8, 12], "every second of one sort"
        assert [n for n in left if n % 2] == [1, 5, 9, 11], "and of the other, its last kept"

    runner.run(story())


def test_with_only_firsts_and_lasts_left_nothing_more_goes(runner: asyncio.Runner, db: Database) -> None:
    async def story() -> None:
        journal = Journal(db, most_waiting=10)
        for s in range(10):
            await journal.begin(begin(f"s{s}"), owed=True)
            await journal.sample(sample(f"s{s}", 1), owed=True)
            await journal.sample(sample(f"s{s}", 2), owed=True)
        assert len(await owed(db, journal)) == 30

    runner.run(story())


def test_what_is_on_its_way_is_never_thinned_away(
    runner: asyncio.Runner, db: Database, expected_log: Expected
) -> None:
    expected_log(OWED, "dropped")

    async def story() -> None:
        journal = Journal(db, most_waiting=10)
        seq = await journal.begin(begin("a"), owed=True)
        assert await journal.answered(seq, 5) is None
        for n in range(8):
            await journal.sample(sample("a", n), owed=True)
        on_its_way = await journal.next_fact()
        assert on_its_way is not None
        for n in range(8, 100):
            await journal.sample(sample("a", n), owed=True)
            following = await journal.next_fact()
            assert following == on_its_way
        following = await journal.answered(on_its_way.seq)
        assert following is not None
        assert following == await journal.next_fact(), "the answer's commit tells what comes next"

    runner.run(story())


@settings(max_examples=40)
@given(
    steps=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=150),
    most=st.integers(10, 30),
)
def test_any_mixture_stays_bounded_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]], most: int
) -> None:
    """Four sessions take samples, the backend takes some of them."""
    folder: Path = tmp_path_factory.mktemp("bound")
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setattr(f"{OWED}.log.disabled", True)

        async def story() -> None:
            db = await Database.open(folder / "station.sqlite3", ManualClock())
            journal = Journal(db, most_waiting=most)
            taken: dict[int, list[int]] = {s: [] for s in range(4)}
            for s in range(4):
                await journal.begin(begin(f"s{s}", s + 1), owed=True)
            for n, (session, deliver) in enumerate(steps):
                await journal.sample(sample(f"s{session}", n, session + 1), owed=True)
                taken[session].append(n)
                if deliver:
                    fact = await journal.next_fact()
                    assert fact is not None
                    await journal.answered(fact.seq, 7 if fact.kind is FactKind.BEGIN else None)
            found = await owed(db, journal)
            samples = [f for f in found if f[0] == "sample"]
            assert len(samples) <= max(most, 8)
            assert [wh for *_, wh in samples] == sorted(wh for *_, wh in samples)
            for session, all_taken in taken.items():
                kept = wh_of(found, f"s{session}")
                assert not kept or kept[-1] == all_taken[-1], "the last of a session stays"
            await db.close()

        runner.run(story())


# --- what is removed ------------------------------------------------------------------------------------------


def test_old_sessions_keep_their_row_and_lose_their_samples(runner: asyncio.Runner, db: Database) -> None:
    async def story() -> None:
        journal = Journal(db)
        for local_id in ("told", "owed", "lost", "young", "open"):
            seq = await journal.begin(begin(local_id), owed=True)
            await journal.answered(seq, 1)
            seq = await journal.sample(sample(local_id, 1), owed=True) or 0
            await journal.answered(seq)
        for local_id in ("told", "owed", "lost", "young"):
            seq = await journal.end(end(local_id, timedelta(days=local_id == "young")), owed=True)
            if local_id == "lost":
                await journal.give_up(seq)
            elif local_id != "owed":
                await journal.answered(seq)
        for n, told in ((1, True), (2, False)):
            seq = await journal.sample(sample(None, n), owed=True) or 0
            if told:
                await journal.answered(seq)

        limit = NOW + timedelta(hours=1)
        assert await journal.prune(limit) == 3 + 1
        assert await journal.prune(limit) == 0, "once is enough"
        left = {s: len(await samples_of(journal, s)) for s in ("told", "owed", "lost", "young", "open")}
        assert left == {"told": 0, "owed": 1, "lost": 1, "young": 1, "open": 1}
        assert [s.local_id for s in await journal.sessions(10)] == ["open", "young", "lost", "owed", "told"]
        assert await journal.waiting() == (2, 1)

    runner.run(story())


def test_pruning_goes_in_portions(runner: asyncio.Runner, db: Database) -> None:
    async def story() -> None:
        journal = Journal(db)
        for n in range(30):
            await journal.begin(begin(f"s{n}"), owed=False)
            await journal.end(end(f"s{n}"), owed=False)
        portions = []
        while portion := await journal.prune(NOW + timedelta(days=1), most=20):
            portions.append(portion)
        assert sum(portions) == 60
        assert all(a <= 22 for a in portions), portions
        assert len(portions) > 2

    runner.run(story())


# --- what comes back ------------------------------------------------------------------------------------------


def test_only_the_chosen_ones_are_sent_again(runner: asyncio.Runner, db: Database) -> None:
    async def story() -> None:
        journal = Journal(db)
        for n in range(3):
            await journal.sample(sample(None, n), owed=True)
        numbers = []
        while (fact := await journal.next_fact()) is not None:
            numbers.append(fact.seq)
            await journal.give_up(fact.seq)
        assert await journal.undelivered() == set(numbers)
        assert await journal.send_again([numbers[1], 999]) == 1
        assert await journal.waiting() == (1, 2)
        listed = [(m.fact.seq, m.delivery.value) for m in await journal.messages()]
        assert listed == [(numbers[0], "undelivered"), (numbers[2], "undelivered"), (numbers[1], "owed")]

    runner.run(story())


def test_a_lost_begin_brings_back_what_was_told_without_a_number(runner: asyncio.Runner, db: Database) -> None:
    """Else the backend would get a transaction that never ends: its StopTransaction went out with -1."""

    async def story() -> None:
        journal = Journal(db)
        lost = await journal.begin(begin("a"), owed=True)
        await journal.give_up(lost)
        for seq in (await journal.sample(sample("a", 1), owed=True), await journal.end(end("a"), owed=True)):
            assert seq is not None
            await journal.answered(seq)
        assert await journal.waiting() == (0, 1)
        assert await journal.send_again() == 3
        assert await journal.waiting() == (3, 0)
        again = []
        while (fact := await journal.next_fact()) is not None:
            again.append((fact.kind.value, fact.transaction_id))
            await journal.answered(fact.seq, 9 if fact.kind is FactKind.BEGIN else None)
        assert again == [("begin", None), ("sample", 9), ("end", 9)]
        assert all(a <= b for a, b in pairwise([k for _, k in again][1:]))

    runner.run(story())


def test_counts_are_right_after_a_rollback_and_a_restart(runner: asyncio.Runner, db: Database) -> None:
    async def story() -> None:
        journal = Journal(db)
        await journal.begin(begin("a"), owed=True)
        with pytest.raises(ValueError, match="begun already"):
            await journal.begin(begin("a"), owed=True)
        assert await journal.waiting() == (1, 0)
        assert await Journal(db).waiting() == (1, 0)

    runner.run(story())
