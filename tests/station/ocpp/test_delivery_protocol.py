"""Any interleaving of answers, refusals, silence, broken lines and crashes keeps the order and loses nothing.

The delivery and the journal are the real ones; the backend is a script of what happens to each message.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import async_solipsism
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.model.clock import LoopClock
from kiosk.model.enums import AuthorizationSource, Provenance, StopReason
from kiosk.model.errors import BackendRefused, BackendUnreachable
from kiosk.settings import Installation, Settings
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.ocpp.delivery import Delivery
from kiosk.station.ocpp.wire import NoAnswer
from kiosk.station.storage import Database, Journal, TagStore
from kiosk.station.storage.records import MeterSample, TransactionBegin, TransactionEnd

START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
ATTEMPTS = 2
Fate = Literal["answer", "refuse", "ignored", "unsent", "unanswered", "crash"]
FATES: tuple[Fate, ...] = ("answer", "refuse", "ignored", "unsent", "unanswered", "crash")
"""ignored: processed, no answer though alive. unanswered: processed, then the line broke. crash: then we died."""


class Core:
    """The delivery of one core, its line to the scripted backend, and what that backend saw."""

    def __init__(self, journal: Journal, tags: TagStore, clock: LoopClock, script: Sequence[Fate]) -> None:
        self.journal, self.tags, self.clock = journal, tags, clock
        self.script = list(script)
        self.heard: list[tuple[str, str, int | None]] = []  # (action, content, transaction id)
        self.committed: list[str] = []  # contents whose answer reached us
        self.settings = Settings(Installation.load(None))
        for key, value in (("TransactionMessageAttempts", ATTEMPTS), ("TransactionMessageRetryInterval", 5)):
            self.settings.apply(self.settings.check(key, str(value), Provenance.OPERATOR))
        self.crashed = asyncio.Event()
        self.broken = asyncio.Event()
        self.delivery = self._delivery()
        self.numbers: dict[str, int] = {}

    def _delivery(self) -> Delivery:
        return Delivery(self.settings, self.journal, self.tags, self.clock, self._answered, lambda: None)

    async def _answered(self, local_id: str, transaction_id: int, info: IdTagInfo) -> None:
        self.numbers[local_id] = transaction_id

    async def request(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """What the wire does."""
        await asyncio.sleep(0.1)
        fate = self.script.pop(0) if self.script else "answer"
        content = payload.get("timestamp") or payload["meterValue"][0]["timestamp"]
        if fate == "unsent":
            self.broken.set()
            raise BackendUnreachable("the line broke")
        if fate == "refuse":
            raise BackendRefused("InternalError", "cannot process")
        self.heard.append((action, content, payload.get("transactionId")))
        if fate == "ignored":
            self.broken.set()
            raise NoAnswer("silence", alive=True)
        if fate == "unanswered":
            self.broken.set()
            raise BackendUnreachable("the line broke")
        if fate == "crash":
            self.crashed.set()
            await asyncio.Event().wait()
        self.committed.append(content)
        if action == "StartTransaction":
            return {"transactionId": 100 + len(self.heard), "idTagInfo": {"status": "Accepted"}}
        return {}

    async def live(self) -> None:
        """Deliver for ever, over broken lines and crashes."""
        while True:
            running = asyncio.create_task(self.delivery.run())
            self.delivery.joined(self)  # type: ignore[arg-type]
            while not self.crashed.is_set():
                events = [asyncio.create_task(e.wait()) for e in (self.crashed, self.broken)]
                try:
                    await asyncio.wait([*events, running], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for event in events:
                        event.cancel()
                if running.done():
                    running.result()
                if self.broken.is_set():
                    self.broken.clear()
                    self.delivery.left()
                    await asyncio.sleep(3)
                    self.delivery.joined(self)  # type: ignore[arg-type]
            self.crashed.clear()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            self.delivery = self._delivery()


async def record(core: Core, sessions: Sequence[int], gap_s: float) -> None:
    """Sessions with so many samples each, written while the delivery runs."""
    for n, samples in enumerate(sessions):
        local_id = f"session {n}"
        begin = TransactionBegin(
            local_id=local_id,
            connector_id=n % 3 + 1,
            id_tag="E36432E5",
            started_at=core.clock.now(),
            meter_start_wh=1000,
            source=AuthorizationSource.BACKEND,
        )
        await core.journal.begin(begin, owed=True)
        core.delivery.facts_waiting()
        for wh in range(samples):
            await asyncio.sleep(gap_s)
            values = {"Energy.Active.Import.Register": 1000.0 + wh}
            sample = MeterSample(
                local_id=local_id,
                connector_id=begin.connector_id,
                at=core.clock.now(),
                context="Sample.Periodic",
                values=values,
            )
            await core.journal.sample(sample, owed=True)
            core.delivery.facts_waiting()
        await asyncio.sleep(gap_s)
        end = TransactionEnd(
            local_id=local_id, ended_at=core.clock.now(), meter_stop_wh=2000, reason=StopReason.LOCAL
        )
        await core.journal.end(end, owed=True)
        core.delivery.facts_waiting()
        await asyncio.sleep(gap_s)


async def facts(db: Database) -> list[tuple[str, str, str, str]]:
    """(session, kind, delivery, payload) in order."""
    return await db.run(
        lambda sql: sql.execute("SELECT local_id, kind, delivery, payload FROM facts ORDER BY seq").fetchall()
    )


async def story(folder: Path, script: Sequence[Fate], sessions: Sequence[int], gap_s: float) -> None:
    clock = LoopClock(asyncio.get_running_loop().time, START)
    db = await Database.open(folder / "station.sqlite3", clock)
    journal = Journal(db)
    core = Core(journal, TagStore(db), clock, script)
    living = asyncio.create_task(core.live())
    await record(core, sessions, gap_s)
    async with asyncio.timeout(3600):
        while (await journal.waiting())[0]:  # noqa: ASYNC110 virtual time costs nothing
            await asyncio.sleep(1)
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)

    stored = await facts(db)
    assert len(stored) == sum(n + 2 for n in sessions), "nothing is lost from the journal"
    fates = {delivery for _, _, delivery, _ in stored}
    assert fates <= {"answered", "undelivered"}
    answered = sum(delivery == "answered" for _, _, delivery, _ in stored)
    assert answered == len(core.committed) == len(set(core.committed)), "answered once, never sent again after"

    first_heard = list(dict.fromkeys(content for _, content, _ in core.heard))
    assert first_heard == sorted(first_heard), "in the order of time"
    for content in core.committed:
        times = [i for i, (_, heard, _) in enumerate(core.heard) if heard == content]
        later = [i for i, (_, heard, _) in enumerate(core.heard) if heard > content]
        assert not later or times[-1] < later[0], "a repeat comes before the next message"

    lost_starts = {local for local, kind, delivery, _ in stored if kind == "begin" and delivery == "undelivered"}
    known = {t for _, _, t in core.heard if t is not None and t != -1}
    assert known <= set(core.numbers.values()), "only numbers that the backend gave"
    if not lost_starts:
        assert -1 not in {t for _, _, t in core.heard}, "-1 only after a start was given up"
    assert set(core.numbers) == {local for local, kind, delivery, _ in stored if kind == "begin"} - lost_starts
    await db.close()


@settings(max_examples=25)
@given(
    script=st.lists(st.sampled_from(FATES), max_size=25),
    sessions=st.lists(st.integers(0, 4), min_size=1, max_size=3),
    gap_s=st.sampled_from([0.001, 0.35, 7.0]),
)
def test_order_is_kept_and_nothing_is_lost(script: list[Fate], sessions: list[int], gap_s: float) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("kiosk.station.ocpp.delivery.log.disabled", True)
        with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
            runner.run(story(Path(folder), script, sessions, gap_s))
