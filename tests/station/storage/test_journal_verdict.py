"""The backend's number of a transaction and its word on the tag are one commit."""

from __future__ import annotations

import asyncio

import pytest

from kiosk.model.enums import AuthorizationSource, AuthorizationStatus
from kiosk.station.storage import Database, Journal
from kiosk.station.storage.records import TransactionBegin
from tests.fakes.clock import ManualClock

BEGIN = TransactionBegin(
    local_id="a",
    connector_id=1,
    id_tag="E36432E5",
    started_at=ManualClock().now(),
    meter_start_wh=1000,
    source=AuthorizationSource.BACKEND,
)


@pytest.mark.parametrize("number", [0, 7, -1, 2**63 - 1])
def test_number_and_verdict_are_found_after_a_crash(runner: asyncio.Runner, db: Database, number: int) -> None:
    """Lesson 19: the given number counts, 0 and the largest 64-bit one too; lesson 17: the latter was seen."""

    async def story() -> None:
        journal = Journal(db)
        seq = await journal.begin(BEGIN, owed=True)
        [before] = await journal.open_transactions()
        assert (before.transaction_id, before.id_tag_status) == (None, None)
        await journal.answered(seq, number, AuthorizationStatus.INVALID)
        [after] = await Journal(db).open_transactions()
        assert (after.transaction_id, after.id_tag_status) == (number, AuthorizationStatus.INVALID)

    runner.run(story())


def test_neither_is_kept_when_the_answer_was_settled_before(runner: asyncio.Runner, db: Database) -> None:
    async def story() -> None:
        journal = Journal(db)
        seq = await journal.begin(BEGIN, owed=True)
        await journal.answered(seq, 7, AuthorizationStatus.ACCEPTED)
        with pytest.raises(ValueError, match="not owed"):
            await journal.answered(seq, 8, AuthorizationStatus.BLOCKED)
        [kept] = await journal.open_transactions()
        assert (kept.transaction_id, kept.id_tag_status) == (7, AuthorizationStatus.ACCEPTED)

    runner.run(story())
