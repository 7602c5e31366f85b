"""A process that writes the journal dies by SIGKILL: what it said was kept is kept, in order."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.station.storage import Database, Journal
from tests.fakes.clock import ManualClock

Run = Callable[..., Any]

WRITER = """
import asyncio, sys
from pathlib import Path
from kiosk.model.clock import SystemClock
from kiosk.model.enums import AuthorizationSource, StopReason
from kiosk.station.storage import Database, Journal
from kiosk.station.storage.records import TransactionBegin, TransactionEnd

async def main(path):
    clock = SystemClock()
    journal = Journal(await Database.open(Path(path), clock))
    n = 0
    while True:
        n += 1
        begin = TransactionBegin(local_id=f"t{n}", connector_id=1, id_tag="T", started_at=clock.now(),
                                 meter_start_wh=n, source=AuthorizationSource.KIOSK)
        print("begin", await journal.begin(begin, owed=True), flush=True)
        end = TransactionEnd(local_id=f"t{n}", ended_at=clock.now(), meter_stop_wh=n, reason=StopReason.LOCAL)
        print("end", await journal.end(end, owed=True), flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("seed", range(3))
def test_what_was_said_to_be_kept_is_kept(real_aio: Run, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "station.sqlite3"
    chance = random.Random(seed)

    async def life() -> list[int]:
        """Numbers the writer said were committed, before it was killed in the middle of something."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        said = [int((await process.stdout.readline()).split()[1]) for _ in range(chance.randint(1, 30))]
        process.send_signal(signal.SIGKILL)
        rest, _ = await process.communicate()
        return said + [int(line.split()[1]) for line in rest.splitlines() if line.count(b" ") == 1]

    async def story() -> None:
        said = await life()
        db = await Database.open(path, ManualClock())
        journal = Journal(db)
        owed = []
        while (fact := await journal.next_fact()) is not None:
            owed.append(fact.seq)
            await journal.answered(fact.seq)
        assert owed[: len(said)] == said, "all that was said, in order"
        assert len(owed) - len(said) <= 1, "and at most the one that was being said"
        assert await db.check() == []
        assert len(await journal.open_transactions()) == len(owed) % 2
        await db.close()

    real_aio(story())
