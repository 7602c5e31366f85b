"""The station's time: kept over restarts, made good where it was not known, never believed blindly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.clock import SystemClock
from kiosk.model.enums import AuthorizationSource, SecurityEventType, StopReason
from kiosk.station.storage import Database, EventLog, Journal, MetaStore
from kiosk.station.storage.records import Checkpoint, MeterSample, TransactionBegin, TransactionEnd
from kiosk.station.timekeeper import Timekeeper
from tests.fakes.clock import ManualClock

Expected = Callable[..., None]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
UNSET = datetime(1970, 1, 1, 0, 2, tzinfo=UTC)
KEEPER = "kiosk.station.timekeeper"


class Machine:
    def __init__(self, at: datetime) -> None:
        self.at, self.steady_s = at, 50.0

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.steady_s += seconds


class Run:
    """One run of a station's clock on a data folder."""

    def __init__(self, db: Database, machine: Machine) -> None:
        self.db = db
        self.machine = machine
        self.journal, self.meta = Journal(db), MetaStore(db)
        self.clock = SystemClock(lambda: machine.at, lambda: machine.steady_s)
        self.reported: list[tuple[SecurityEventType, str]] = []
        self.moved: list[tuple[timedelta, bool]] = []
        self.keeper = Timekeeper(
            self.clock,
            self.meta,
            self.journal,
            lambda kind, text: self.reported.append((kind, text)),
            lambda by, was_set: self.moved.append((by, was_set)),
        )


@asynccontextmanager
async def run(folder: Path, machine: Machine) -> AsyncIterator[Run]:
    db = await Database.open(folder / "station.sqlite3", ManualClock())
    try:
        found = Run(db, machine)
        await found.keeper.restore()
        yield found
    finally:
        await db.close()


def begin(at: datetime, local_id: str = "a") -> TransactionBegin:
    return TransactionBegin(
        local_id=local_id,
        connector_id=1,
        id_tag="E36432E5",
        started_at=at,
        meter_start_wh=0,
        source=AuthorizationSource.KIOSK,
    )


def test_the_offset_is_kept_over_a_restart(aio: Any, tmp_path: Path) -> None:
    """Lesson 14: the backend's time is the station's, and a restart does not forget it."""

    async def story() -> None:
        machine = Machine(NOW)
        async with run(tmp_path, machine) as first:
            await first.keeper.correct(NOW + timedelta(hours=2))
            assert first.moved == [(timedelta(hours=2), True)]
            assert first.reported == [(SecurityEventType.SETTING_SYSTEM_TIME, "moved by +7200 s by the backend")]
        machine.wait(60)
        async with run(tmp_path, machine) as second:
            assert second.clock.now() == NOW + timedelta(hours=2, seconds=60)
            assert second.reported == []

    aio(story())


@pytest.mark.parametrize(
    ("by_s", "moves", "reported", "written"),
    [(0.4, False, False, False), (-0.9, False, False, False), (1.5, True, False, True), (-30, True, True, True)],
)
def test_small_differences_are_the_way_of_the_message(
    aio: Any, tmp_path: Path, by_s: float, moves: bool, reported: bool, written: bool
) -> None:
    async def story() -> None:
        async with run(tmp_path, Machine(NOW)) as here:
            await here.keeper.correct(NOW + timedelta(seconds=by_s))
            assert bool(here.moved) is moves
            assert bool(here.reported) is reported
            assert (await here.meta.get("clock") is not None) is written

    aio(story())


def test_the_offset_is_written_only_when_it_changed(aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        async with run(tmp_path, Machine(NOW)) as here:
            await here.keeper.correct(NOW + timedelta(seconds=100))
            first = await here.meta.get("clock")
            for _ in range(5):
                here.machine.wait(60)
                await here.keeper.correct(here.clock.now() + timedelta(milliseconds=300))
            assert await here.meta.get("clock") == first

    aio(story())


def test_what_happened_before_the_time_was_known_is_made_good(
    aio: Any, tmp_path: Path, expected_log: Expected
) -> None:
    """Lesson 14: stamped as the clock stood, moved when BootNotification.conf tells the time; durations hold."""
    expected_log(KEEPER, "does not know the time")

    async def story() -> None:
        machine = Machine(UNSET)
        async with run(tmp_path, machine) as here:
            await here.journal.begin(begin(here.clock.now()), owed=True)
            machine.wait(90)
            await here.journal.checkpoint([Checkpoint(local_id="a", at=here.clock.now(), meter_wh=5)])
            sample = MeterSample(
                local_id="a", connector_id=1, at=here.clock.now(), context="Sample.Periodic", values={"SoC": 4.0}
            )
            await here.journal.sample(sample, owed=True)
            machine.wait(30)
            await here.journal.end(
                TransactionEnd(local_id="a", ended_at=here.clock.now(), meter_stop_wh=9, reason=StopReason.LOCAL),
                owed=True,
            )
            await here.journal.begin(begin(here.clock.now(), "b"), owed=True)
            await EventLog(here.db).add(here.clock.now(), "fault_raised", 1, 18, "x")
            machine.wait(10)
            await here.keeper.correct(NOW)
            assert [was_set for _, was_set in here.moved] == [False]

            began, sampled, ended = (
                NOW - timedelta(seconds=130),
                NOW - timedelta(seconds=40),
                NOW - timedelta(seconds=10),
            )
            facts = []
            while (fact := await here.journal.next_fact()) is not None:
                facts.append(fact.payload)
                await here.journal.answered(fact.seq)
            assert isinstance(facts[0], TransactionBegin)
            assert isinstance(facts[1], MeterSample)
            assert isinstance(facts[2], TransactionEnd)
            assert (facts[0].started_at, facts[1].at, facts[2].ended_at) == (began, sampled, ended)
            session = await here.journal.session("a")
            assert session is not None
            assert (session.started_at, session.ended_at) == (began, ended)
            [running] = await here.journal.open_transactions()
            assert (running.started_at, running.last_at) == (ended, ended)
            [event] = await EventLog(here.db).list()
            assert event.at == ended

    aio(story())


def test_a_clock_that_fell_behind_goes_on_from_the_last_session(
    aio: Any, tmp_path: Path, expected_log: Expected
) -> None:
    """The battery of the machine's clock is empty: it begins again years ago."""
    expected_log(KEEPER, "the last session was at")

    async def story() -> None:
        machine = Machine(NOW)
        async with run(tmp_path, machine) as first:
            await first.journal.begin(begin(NOW), owed=False)
        machine.at = datetime(2023, 1, 1, tzinfo=UTC)
        async with run(tmp_path, machine) as second:
            assert second.clock.now() == NOW
            machine.wait(5)
            assert second.clock.now() == NOW + timedelta(seconds=5)

    aio(story())


def test_an_impossible_time_is_not_believed(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    expected_log(KEEPER, "not believed")

    async def story() -> None:
        async with run(tmp_path, Machine(NOW)) as here:
            await here.keeper.correct(datetime(1970, 1, 1, tzinfo=UTC))
            assert here.clock.now() == NOW
            assert here.moved == []

    aio(story())


def test_a_damaged_note_is_ignored(aio: Any, tmp_path: Path, expected_log: Expected) -> None:
    expected_log(KEEPER, "stored clock offset ignored")

    async def story() -> None:
        async with run(tmp_path, Machine(NOW)) as first:
            await first.meta.set("clock", "half a")
        async with run(tmp_path, Machine(NOW)) as second:
            assert second.clock.now() == NOW

    aio(story())
