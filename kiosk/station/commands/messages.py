"""What the backend has not taken: shown to the operator, and sent again when he wants it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from kiosk.model.clock import Clock
from kiosk.model.errors import BadValue
from kiosk.station.charging.ports import BackendPort
from kiosk.station.storage import Journal
from kiosk.station.storage.records import (
    Delivery,
    FactKind,
    MeterSample,
    Payload,
    TransactionBegin,
)

log = logging.getLogger(__name__)

ACTIONS: Final = {
    FactKind.BEGIN: "StartTransaction",
    FactKind.SAMPLE: "MeterValues",
    FactKind.END: "StopTransaction",
}
"""By these names operator and backend know the facts."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One message. ``age_s``: since what it tells happened. ``undelivered``: given up after all attempts."""

    seq: int
    action: str
    connector_id: int
    local_id: str | None
    transaction_id: int | None
    at: datetime
    age_s: float
    attempts: int
    undelivered: bool


class Messages:
    """Part of the one door."""

    def __init__(self, journal: Journal, backend: BackendPort, clock: Clock) -> None:
        self._journal = journal
        self._backend = backend
        self._clock = clock

    async def list(self, limit: int) -> list[Waiting]:
        """Undelivered ones first, then the waiting ones, each oldest first; at most ``limit`` of each."""
        now = self._clock.now()
        return [
            Waiting(
                seq=found.fact.seq,
                action=ACTIONS[found.fact.kind],
                connector_id=found.fact.connector_id,
                local_id=found.fact.local_id,
                transaction_id=found.fact.transaction_id,
                at=(at := _moment(found.fact.payload)),
                age_s=max(0.0, (now - at).total_seconds()),
                attempts=found.fact.attempts,
                undelivered=found.delivery is Delivery.UNDELIVERED,
            )
            for found in await self._journal.messages(limit)
        ]

    async def send_again(self, only: Iterable[int] = ()) -> int:
        """Owe undelivered messages again (no numbers: all of them); returns how many messages wait more now.

        Raises BadValue for a number under which nothing is undelivered; then nothing is sent again.
        """
        wanted = set(only)
        if wanted:
            unknown = wanted - await self._journal.undelivered()
            if unknown:
                raise BadValue(
                    "message",
                    ", ".join(map(str, sorted(unknown))),
                    "it is not among the undelivered messages",
                    "a number that `kiosk messages` shows as undelivered",
                )
        again = await self._journal.send_again(wanted or None)
        if again:
            log.info("%d messages are owed to the backend again", again)
            self._backend.facts_waiting()
        return again


def _moment(payload: Payload) -> datetime:
    if isinstance(payload, TransactionBegin):
        return payload.started_at
    return payload.at if isinstance(payload, MeterSample) else payload.ended_at
