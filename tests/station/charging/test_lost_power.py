"""A transaction that a power cut ended: nothing that was told of it is younger than its end."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from kiosk.model.enums import StopReason
from tests.fakes.core import START, charge, core_on
from tests.fakes.samples import samples_of

CARD = "04AE179C4F6181"
KEYS = [("MeterValueSampleInterval", "7")]  # samples fall between the checkpoints, which are 10 s apart


def test_the_end_is_not_before_the_last_sample(aio: Any, tmp_path: Path, expected_log: Any) -> None:
    expected_log("kiosk.station.charging", "closed after power loss")

    async def before() -> None:
        async with core_on(tmp_path, keys=KEYS) as station:
            await station.core.commands.whitelist_add(CARD)
            await charge(station)
            session = station.connector(1).session
            assert session is not None
            assert session.local_id is not None
            journal = station.core.journal
            while True:
                await asyncio.sleep(0.25)
                [left] = await journal.open_transactions()
                samples = await samples_of(journal, session.local_id)
                if samples and samples[-1].at > left.last_at:
                    break
            station.running.cancel()  # as a power cut: no last checkpoint is taken

    async def after() -> None:
        async with core_on(tmp_path, start=START + timedelta(hours=1)) as station:
            [record] = await station.core.commands.sessions(10)
            assert record.reason is StopReason.POWER_LOSS
            assert record.local_id is not None
            samples = await samples_of(station.core.journal, record.local_id)
            assert record.ended_at == max(sample.at for sample in samples)

    with contextlib.suppress(asyncio.CancelledError):
        aio(before())
    aio(after())
