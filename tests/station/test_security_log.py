"""The security log: what it keeps, how much of it, and what a power cut leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.model.enums import SecurityEventType as Event
from kiosk.model.errors import StorageFailed
from kiosk.station.security import MAX_TECH_INFO, SecurityLog
from kiosk.station.storage import Database, SecurityStore
from kiosk.station.tasks import Tasks
from tests.fakes.clock import ManualClock
from tests.fakes.core import core_on

Run = Callable[..., Any]
Expected = Callable[..., None]

CRITICAL = {
    "FirmwareUpdated",
    "SettingSystemTime",
    "StartupOfTheDevice",
    "ResetOrReboot",
    "SecurityLogWasCleared",
    "MemoryExhaustion",
    "TamperDetectionActivated",
}
"""Security white paper edition 3, table of security events."""
OWED_BY_USE_CASE = {
    "FailedToAuthenticateAtCentralSystem",
    "InvalidFirmwareSignature",
    "InvalidFirmwareSigningCertificate",
    "InvalidCentralSystemCertificate",
    "InvalidChargePointCertificate",
    "InvalidTLSVersion",
    "InvalidTLSCipherSuite",
}


@pytest.mark.parametrize("kind", Event)
def test_which_events_are_critical_and_which_are_told(kind: Event) -> None:
    assert kind.critical is (kind.value in CRITICAL)
    assert kind.told is (kind.value in CRITICAL | OWED_BY_USE_CASE)
    assert len(kind.value) <= 50


async def opened(path: Path, most: int = 10_000, **more: Any) -> tuple[Database, SecurityLog, ManualClock, Tasks]:
    clock, tasks = ManualClock(), Tasks()
    database = await Database.open(path / "station.sqlite3", clock)
    return database, SecurityLog(SecurityStore(database, most), clock, tasks, **more), clock, tasks


def test_events_come_back_in_order_and_between_two_times(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        database, log, clock, _ = await opened(tmp_path)
        start = clock.now()
        for n in range(5):
            log.record(Event.RECONFIGURATION, str(n))
            clock.advance(60)
        await log.flush()

        async def found(*between: Any) -> str:
            return "".join(each.tech_info for each in await log.events(*between))

        minute = timedelta(minutes=1)
        assert await found(None, None) == "01234"
        assert await found(start + minute, None) == "1234"
        assert await found(None, start + 2 * minute) == "012"
        assert await found(start + minute, start + 3 * minute) == "123"
        assert await found(start + 5 * minute, None) == ""
        await database.close()

    aio(story())


def test_what_is_recorded_is_fit_to_be_told(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        database, log, _, _ = await opened(tmp_path)
        log.record(Event.STARTUP, "line\none\x00\u202e" + "x" * 1000)
        await log.flush()
        (event,) = await log.events(None, None)
        assert len(event.tech_info) == MAX_TECH_INFO
        assert event.tech_info.startswith("line one")
        assert event.tech_info.isprintable()
        await database.close()

    aio(story())


def test_the_log_is_bounded(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        database, log, _, _ = await opened(tmp_path, most=120)
        for n in range(450):
            log.record(Event.INVALID_MESSAGES, str(n))
        await log.flush()
        kept = [int(each.tech_info) for each in await log.events(None, None)]
        assert kept[-1] == 449
        assert 120 <= len(kept) <= 220
        assert kept == list(range(kept[0], 450))
        await database.close()

    aio(story())


def test_old_events_are_forgotten_told_or_not(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        database, log, clock, _ = await opened(tmp_path)
        log.record(Event.STARTUP, "old")
        clock.advance(3600)
        log.record(Event.STARTUP, "new")
        await log.flush()
        assert await log.forget(clock.now() - timedelta(minutes=1)) == 1
        owed = await log.next_owed()
        assert owed is not None
        assert owed.tech_info == "new"
        await log.answered(owed.seq)
        assert await log.next_owed() is None
        await database.close()

    aio(story())


def test_without_a_backend_nothing_is_owed(aio: Run, tmp_path: Path) -> None:
    async def story() -> None:
        database, log, _, _ = await opened(tmp_path, owes=lambda: False)
        log.record(Event.STARTUP)
        await log.flush()
        assert await log.next_owed() is None
        assert len(await log.events(None, None)) == 1
        await database.close()

    aio(story())


def test_a_disk_that_takes_nothing_is_logged_and_not_fatal(
    aio: Run, tmp_path: Path, expected_log: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_log("kiosk.station.security", "StartupOfTheDevice is not in the log: the disk is full")

    async def story() -> None:
        database, log, _, tasks = await opened(tmp_path)

        async def full(_work: object) -> None:
            raise StorageFailed("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(database, "run", full)
            log.record(Event.STARTUP)
            await log.flush()
        log.record(Event.RESET)
        await log.flush()
        assert [each.type for each in await log.events(None, None)] == [Event.RESET]
        await tasks.close()
        await database.close()

    aio(story())


def test_a_core_records_its_start_and_its_reset(aio: Run, tmp_path: Path, expected_log: Expected) -> None:
    expected_log("kiosk.station.service", "Soft reset")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            await station.core.handlers["station.reset"](_reset("Soft"))
            await station.running
        async with core_on(tmp_path) as station:
            await station.core.security.flush()
            kept = await station.core.security.events(None, None)
            assert [each.type for each in kept] == [Event.STARTUP, Event.RESET, Event.STARTUP]

    aio(story())


def _reset(kind: str) -> Any:
    from kiosk.link.messages import Reset
    from kiosk.model.enums import ResetKind

    return Reset(kind=ResetKind(kind))


KILLED = """
import asyncio, sys
from pathlib import Path
from kiosk.model.clock import SystemClock
from kiosk.model.enums import SecurityEventType
from kiosk.station.security import SecurityLog
from kiosk.station.storage import Database, SecurityStore
from kiosk.station.tasks import Tasks

async def main():
    clock = SystemClock()
    database = await Database.open(Path(sys.argv[1]) / "station.sqlite3", clock)
    log = SecurityLog(SecurityStore(database), clock, Tasks())
    n = 0
    while True:
        log.record(SecurityEventType.STARTUP, str(n))
        await log.flush()
        print(n, flush=True)
        if n % 2 == 0:
            await log.answered((await log.next_owed()).seq)
            print("answered", flush=True)
        n += 1

asyncio.run(main())
"""


def test_kill_9_loses_no_event_and_owes_none_twice(aio: Run, tmp_path: Path) -> None:
    recorded = answered = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=os.environ
        ) as program:
            assert program.stdout is not None
            for _ in range(15):
                line = program.stdout.readline().strip()
                recorded += line.isdigit()
                answered += line == "answered"
            program.send_signal(signal.SIGKILL)

    async def story() -> None:
        database, log, _, _ = await opened(tmp_path)
        kept = await log.events(None, None)
        owed = await asyncio.to_thread(_owed, tmp_path)
        assert len(kept) >= recorded
        assert len(kept) - owed >= answered
        assert len(kept) - recorded <= 3 * 10, "a kill comes within some lines of the last one that was read"
        await database.close()

    aio(story())


def _owed(folder: Path) -> int:
    import sqlite3

    with sqlite3.connect(folder / "station.sqlite3") as sql:
        (count,) = sql.execute("SELECT count(*) FROM security_events WHERE delivery = 'owed'").fetchone()
    sql.close()
    return int(count)


def test_an_opened_door_is_told(aio: Run, tmp_path: Path, expected_log: Expected) -> None:
    expected_log("kiosk.station.charging.alarms", "DoorOpened")

    async def story() -> None:
        async with core_on(tmp_path) as station:
            station.sim.door(True)
            await asyncio.sleep(1)
            await station.core.security.flush()
            kept = await station.core.security.events(None, None)
            assert [each.type for each in kept] == [Event.STARTUP, Event.TAMPER_DETECTION]

    aio(story())
