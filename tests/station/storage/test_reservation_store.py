"""Reservations on the disk: what a next core finds of them, whatever became of the one before."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from kiosk.model.clock import SystemClock
from kiosk.model.enums import AuthorizationSource
from kiosk.station.storage import Database, Journal, ReservationStore
from kiosk.station.storage.records import TransactionBegin
from kiosk.station.storage.reservations import Reservation
from tests.fakes.clock import ManualClock

WRITER = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from kiosk.model.clock import SystemClock
from kiosk.station.storage import Database, ReservationStore
from kiosk.station.storage.reservations import Reservation

async def main(path):
    clock = SystemClock()
    store = ReservationStore(await Database.open(Path(path), clock))
    for n in range(1, 1000):
        later = clock.now() + timedelta(hours=n)
        await store.put(Reservation(reservation_id=n, connector_id=n % 4, id_tag=f"T{n}", expires_at=later))
        if n % 2:
            await store.remove([n])
        print(n, flush=True)

asyncio.run(main(sys.argv[1]))
"""


def reservation(clock: ManualClock, number: int, minutes: float = 30, **more: Any) -> Reservation:
    return Reservation(
        reservation_id=number,
        connector_id=1,
        id_tag="ANNA",
        expires_at=clock.now() + timedelta(minutes=minutes),
        **more,
    )


def begin(clock: ManualClock, local_id: str, reservation_id: int | None) -> TransactionBegin:
    return TransactionBegin(
        local_id=local_id,
        connector_id=1,
        id_tag="ANNA",
        started_at=clock.now(),
        meter_start_wh=0,
        source=AuthorizationSource.BACKEND,
        reservation_id=reservation_id,
    )


def test_what_the_next_core_finds(real_aio: Any, tmp_path: Path) -> None:
    async def story() -> None:
        clock = ManualClock()
        database = await Database.open(tmp_path / "station.sqlite3", clock)
        store, journal = ReservationStore(database), Journal(database)
        assert await store.load() == []
        await journal.begin(begin(clock, "old", 3), owed=False)  # a number that was used before, for another one
        clock.advance(60)
        kept = reservation(clock, 1, parent_id_tag="FAMILY")
        again = reservation(clock, 3)
        for each in (kept, reservation(clock, 2, minutes=5), again, reservation(clock, 4)):
            await store.put(each)
        moved = Reservation(reservation_id=1, connector_id=0, id_tag="BERT", expires_at=kept.expires_at)
        await store.put(moved)  # replaced
        clock.advance(60)
        await journal.begin(begin(clock, "new", 4), owed=False)
        await store.remove([9])
        clock.advance(300)
        assert await store.load() == [moved, again]  # 2 ran out, 4 was used
        await database.close()
        database = await Database.open(tmp_path / "station.sqlite3", clock)
        assert await ReservationStore(database).load() == [moved, again]
        clock.advance(3600)
        assert await ReservationStore(database).load() == []
        await database.close()

    real_aio(story())


def test_what_was_promised_survives_sigkill(real_aio: Any, tmp_path: Path) -> None:
    path = tmp_path / "station.sqlite3"

    async def life() -> int:
        """Number of the last deed that the writer said was done, before it was killed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(20):
            await process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        rest, _ = await process.communicate()
        return 20 + rest.count(b"\n")

    async def story() -> None:
        said = await life()
        database = await Database.open(path, SystemClock())
        found = [r.reservation_id for r in await ReservationStore(database).load()]
        promised = [n for n in range(1, said + 1) if n % 2 == 0]
        assert found[: len(promised)] == promised
        assert found[len(promised) :] in ([], [said + 1])  # at most the one that was being said
        await database.close()

    real_aio(story())
