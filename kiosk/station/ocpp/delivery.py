"""Delivers what the journal says is owed, in order, for as long as the station lives.

It outlives connections: an answer that was received is committed even if the line breaks at that moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from ocpp.exceptions import OCPPError

from kiosk.model.clock import Clock
from kiosk.model.errors import BackendRefused, BackendUnreachable
from kiosk.settings import Settings
from kiosk.station.charging.authorizer import remember
from kiosk.station.charging.ports import IdTagInfo
from kiosk.station.ocpp import answers, outbox
from kiosk.station.ocpp.jobs import wait
from kiosk.station.ocpp.wire import NoAnswer, Wire
from kiosk.station.storage import Journal, TagStore
from kiosk.station.storage.records import Fact, FactKind, TransactionBegin, TransactionEnd

log = logging.getLogger(__name__)

NEVER: Final = frozenset({"NotImplemented", "NotSupported"})
"""OCPP-J 1.6 section 4.2.3: whoever says so to an action will say it again."""
COUNTED_EVERY_S: Final = 0.5
"""While a backlog goes out, the counts are shown this often."""


async def _tell_nothing(_wire: Wire, _connector_id: int, _started_at: datetime) -> None:
    """Nobody keeps a status back."""


class Delivery:
    """``on_counted`` is called when ``waiting`` or ``undelivered`` changed.

    ``tell_before_start(wire, connector_id, started_at)`` tells at once what it was before a transaction began.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        tags: TagStore,
        clock: Clock,
        on_start_answered: Callable[[str, int, IdTagInfo], Awaitable[None]],
        on_counted: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._tags = tags
        self._clock = clock
        self._on_start_answered = on_start_answered
        self._on_counted = on_counted
        self._wire: Wire | None = None
        self._wake = asyncio.Event()
        self._not_before: tuple[int, float] = (0, 0.0)  # (fact, monotonic time of its next try)
        self._ahead: Fact | None = None  # read with the last answer's commit
        self._counted_s = 0.0
        self.on_list_conflict: Callable[[], None] = lambda: None
        self._without_meter_values = False  # the backend said so, and the log knows it
        self.tell_before_start: Callable[[Wire, int, datetime], Awaitable[None]] = _tell_nothing
        self.waiting = 0
        self.undelivered = 0

    def facts_waiting(self) -> None:
        """The journal has news, perhaps of something older than what was read ahead."""
        self._ahead = None
        self._wake.set()

    def joined(self, wire: Wire) -> None:
        """The backend may be told now."""
        self._wire = wire
        self._wake.set()

    def left(self) -> None:
        """The connection is gone."""
        self._wire = None

    async def run(self) -> None:
        """Until cancelled. Raises StorageFailed."""
        while True:
            self._wake.clear()
            await self._count(self._clock.monotonic() - self._counted_s >= COUNTED_EVERY_S)
            wait_s = await self._step()
            if wait_s != 0:
                await self._count(True)
                await wait(self._wake, wait_s)

    async def _step(self) -> float | None:
        """Deliver at most one fact; returns how long there is nothing to do (None: until woken)."""
        wire = self._wire
        if wire is None:
            return None
        fact, self._ahead = self._ahead or await self._journal.next_fact(), None
        if fact is None:
            return None
        seq, not_before_s = self._not_before
        if fact.seq == seq and (wait_s := not_before_s - self._clock.monotonic()) > 0:
            return wait_s
        message = await self._message(fact)
        if message is None:
            self._ahead = await self._journal.answered(fact.seq)  # the keys want nothing of it told
            return 0
        try:
            await self._status_first(wire, fact)
            await self._settle(fact, await wire.request(message.action, message.payload))
        except BackendRefused as error:
            await self._refused(fact, message.action, error)
        except NoAnswer as error:
            if not error.alive:
                return None  # the line is given up; the next one begins with this fact
            await self._failed(fact, message.action, "no answer, though it answers pings")
        except BackendUnreachable:
            return None
        except OCPPError as error:
            log.error("%s does not fit the schema: %s %s", message.action, error.code, error.description)
            await self._journal.give_up(fact.seq)
        return 0

    async def _status_first(self, wire: Wire, fact: Fact) -> None:
        """A backend hears Preparing before StartTransaction, though MinimumStatusDuration keeps it back."""
        if isinstance(fact.payload, TransactionBegin):
            await self.tell_before_start(wire, fact.connector_id, fact.payload.started_at)

    async def _message(self, fact: Fact) -> outbox.Message | None:
        if isinstance(fact.payload, TransactionEnd):
            session, samples = await self._journal.told_at_end(fact.payload.local_id, outbox.MAX_TRANSACTION_DATA)
            return outbox.message(fact, self._keys(), session, samples)
        return outbox.message(fact, self._keys())

    async def _settle(self, fact: Fact, answered: dict[str, object]) -> None:
        """Commit the answer, then tell whoever waits for it. Raises BackendRefused for an unfit answer."""
        if fact.kind is FactKind.BEGIN:
            start = answers.read(answered, answers.Start)
            number, info = start.transaction_id, start.id_tag_info.info
            self._ahead = await self._journal.answered(fact.seq, number, info.status, info.parent_id_tag)
            assert fact.local_id is not None
            await self._on_start_answered(fact.local_id, number, info)
            return
        self._ahead = await self._journal.answered(fact.seq)
        if fact.kind is FactKind.SAMPLE:
            self._without_meter_values = False
        if isinstance(fact.payload, TransactionEnd) and fact.payload.id_tag:
            await self._take_verdict(fact.payload.id_tag, answered)

    async def _take_verdict(self, id_tag: str, answered: dict[str, object]) -> None:
        """StopTransaction.conf updates the authorization cache (OCPP 1.6 section 3.4.1)."""
        try:
            told = answers.read(answered, answers.Stop).id_tag_info
        except BackendRefused as error:
            log.warning("StopTransaction.conf: %s", error)
            return
        if told is not None and await remember(self._settings, self._tags, id_tag, told.info, self._clock):
            self.on_list_conflict()

    async def _refused(self, fact: Fact, action: str, error: BackendRefused) -> None:
        """Readings for a backend that does not take any are done with: they must not hold up the end of the
        session, nor wait as undelivered for somebody to send them again."""
        if fact.kind is not FactKind.SAMPLE or error.code not in NEVER:
            await self._failed(fact, action, str(error))
            return
        if not self._without_meter_values:
            self._without_meter_values = True
            log.warning("the backend does not take MeterValues, each is tried once: %s", error)
        self._ahead = await self._journal.answered(fact.seq)

    async def _failed(self, fact: Fact, action: str, reason: str) -> None:
        attempts = await self._journal.failed(fact.seq)
        wait_s = outbox.retry_in_s(attempts, self._keys())
        if wait_s is None:
            await self._journal.give_up(fact.seq)
            log.error("%s given up after %d attempts, kept as undelivered: %s", action, attempts, reason)
            return
        self._not_before = (fact.seq, self._clock.monotonic() + wait_s)
        log.warning("%s failed (attempt %d), again in %g s: %s", action, attempts, wait_s, reason)

    async def _count(self, show: bool) -> None:
        if not show:
            return
        counted = await self._journal.waiting()
        if counted != (self.waiting, self.undelivered):
            self._counted_s = self._clock.monotonic()
            self.waiting, self.undelivered = counted
            self._on_counted()

    def _keys(self) -> outbox.Keys:
        settings = self._settings
        return outbox.Keys(
            sampled=settings.csl("MeterValuesSampledData"),
            aligned=settings.csl("MeterValuesAlignedData"),
            stop_sampled=settings.csl("StopTxnSampledData"),
            stop_aligned=settings.csl("StopTxnAlignedData"),
            attempts=settings.int("TransactionMessageAttempts"),
            retry_interval_s=settings.int("TransactionMessageRetryInterval"),
        )
