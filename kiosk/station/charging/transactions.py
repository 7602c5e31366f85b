"""Transactions: journal first, then act. The only writer of transaction facts.

Everything that a backend or an operator will ever be told about a session passes through here and is committed
before anybody relies on it (design rule 8).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from kiosk.model.clock import Clock
from kiosk.model.enums import StopReason
from kiosk.model.logs import mask
from kiosk.settings import Settings
from kiosk.station.charging import metering
from kiosk.station.charging.bay import Bay, Grant, Running
from kiosk.station.charging.ports import BackendPort
from kiosk.station.storage import Journal
from kiosk.station.storage.records import (
    Checkpoint,
    MeterSample,
    OpenTransaction,
    TransactionBegin,
    TransactionEnd,
)

log = logging.getLogger(__name__)


class Transactions:
    def __init__(self, journal: Journal, backend: BackendPort, settings: Settings, clock: Clock) -> None:
        self._journal = journal
        self._backend = backend
        self._settings = settings
        self._clock = clock
        self._aligned_at: datetime | None = None  # the next point of the clock grid
        settings.subscribe(self._key_changed)
        self._aligned_every_s = 0  # ... and the interval it was worked out for

    async def begin(self, bay: Bay, grant: Grant, meter_wh: int) -> Running:
        """Commit the begin of a transaction; the caller energises only afterwards.

        Raises StorageFailed: then nothing may be energised.
        """
        now = self._clock.now()
        run = Running(
            local_id=grant.local_id,
            grant=grant,
            started_at=now,
            started_s=self._clock.monotonic(),
            meter_start_wh=meter_wh,
            meter_wh=meter_wh,
        )
        await self._journal.begin(
            TransactionBegin(
                local_id=run.local_id,
                connector_id=bay.id,
                id_tag=grant.id_tag,
                started_at=now,
                meter_start_wh=meter_wh,
                source=grant.source,
                kiosk=grant.kiosk,
                remote=grant.remote,
                vehicle_id=bay.port.vehicle_id,
                reservation_id=grant.reservation_id,
                parent_id_tag=grant.parent_id_tag,
            ),
            owed=self._backend.configured,
        )
        run.next_sample_at = metering.next_sample(now, self._settings.int("MeterValueSampleInterval"), now)
        self._backend.facts_waiting()
        log.info(
            "%s%d: transaction %s begun for %s at %d Wh", *_name(bay), run.local_id, mask(grant.id_tag), meter_wh
        )
        return run

    async def sample_if_due(self, bay: Bay) -> None:
        """Commit a periodic sample when the grid of the session says so."""
        run = bay.session
        if run is None or run.over:
            return
        now = self._clock.now()
        interval_s = self._settings.int("MeterValueSampleInterval")
        if interval_s <= 0:
            run.next_sample_at = None
            return
        due, coming = run.next_sample_at, metering.next_sample(run.started_at, interval_s, now)
        if due is None or coming is None or now < due:
            # earlier where the interval became shorter or the clock was set back
            run.next_sample_at = coming if due is None or coming is None else min(due, coming)
            return
        run.next_sample_at = coming
        # on the grid when the step came in time, else at the true moment
        stamp = due if (now - due).total_seconds() < 1.0 else now
        await self._sample(bay, stamp, metering.PERIODIC, "MeterValuesSampledData", "StopTxnSampledData")

    async def align_if_due(self, bays: Iterable[Bay]) -> None:
        """Commit clock-aligned samples of all connectors, stamped on the grid (OCPP 1.6 section 9.1.7)."""
        now = self._clock.now()
        interval_s = self._settings.int("ClockAlignedDataInterval")
        due = self._aligned_at if interval_s == self._aligned_every_s else None
        self._aligned_every_s = interval_s
        if due is None or now >= due or interval_s <= 0:
            self._aligned_at = metering.next_aligned(interval_s, now)
        if due is None or now < due or interval_s <= 0:
            return
        for bay in bays:
            await self._sample(bay, due, metering.CLOCK, "MeterValuesAlignedData", "StopTxnAlignedData")

    def _key_changed(self, name: str) -> None:
        if name == "ClockAlignedDataInterval":
            self._aligned_at = None  # the grid is another one from now on

    async def _sample(self, bay: Bay, at: datetime, context: str, sent_key: str, kept_key: str) -> None:
        """One sample of what is sent now and what StopTransaction will want; nothing known: nothing kept."""
        run = bay.session if bay.session is not None and not bay.session.over else None
        meter_wh = run.meter_wh if run is not None else bay.port.meter_wh()
        measurands = tuple(dict.fromkeys((*self._settings.csl(sent_key), *self._settings.csl(kept_key))))
        reading = bay.fresh_reading(self._clock.monotonic())
        values = metering.values(measurands, reading, meter_wh, bay.limit_w, bay.limit_a)
        if values:
            sample = MeterSample(
                local_id=run.local_id if run is not None else None,
                connector_id=bay.id,
                at=at,
                context=context,
                values=values,
            )
            await self._journal.sample(sample, owed=self._backend.configured)
            self._backend.facts_waiting()

    async def checkpoint(self, bays: Iterable[Bay]) -> None:
        """Commit the register of every running session (every 10 s): what a power cut cannot take."""
        now = self._clock.now()
        rows = [
            Checkpoint(
                local_id=bay.session.local_id,
                at=now,
                meter_wh=bay.session.meter_wh,
                soc_percent=reading.soc_percent if (reading := bay.port.reading()) is not None else None,
            )
            for bay in bays
            if bay.session is not None and not bay.session.over
        ]
        if rows:
            await self._journal.checkpoint(rows)

    async def end(self, bay: Bay, run: Running, reason: StopReason, id_tag: str | None) -> None:
        """Commit the end of a transaction. ``run`` is over afterwards."""
        meter_wh = bay.port.meter_wh()
        if meter_wh is not None:
            run.meter_wh = max(run.meter_wh, meter_wh)
        now = max(self._clock.now(), run.started_at)
        reading = bay.fresh_reading(self._clock.monotonic())
        end = TransactionEnd(
            local_id=run.local_id,
            ended_at=now,
            meter_stop_wh=run.meter_wh,
            reason=reason,
            id_tag=id_tag,
            values=metering.values(self._settings.csl("StopTxnSampledData"), reading, run.meter_wh, None),
        )
        await self._journal.end(end, owed=self._backend.configured)
        run.ended_at = now
        run.duration_s = max(0, round((now - run.started_at).total_seconds()))
        run.stop_reason = reason
        self._backend.facts_waiting()
        log.info("%s%d: transaction %s ended: %s, %d Wh", *_name(bay), run.local_id, reason, run.energy_wh)

    async def left_open(self) -> list[OpenTransaction]:
        """Transactions that a dead core left behind."""
        return await self._journal.open_transactions()

    async def close_lost(self, left: OpenTransaction, meter_wh: int | None) -> None:
        """End a transaction that cannot go on: power was lost.

        ``meter_wh``: the register now, None when unreadable. No energy flows without a core, so the register is
        the truth; without it the last checkpoint is.
        """
        stop_wh = left.last_meter_wh if meter_wh is None else max(meter_wh, left.last_meter_wh)
        await self._journal.end(
            TransactionEnd(
                local_id=left.local_id,
                ended_at=max(left.last_at, left.started_at),
                meter_stop_wh=stop_wh,
                reason=StopReason.POWER_LOSS,
                id_tag=None,
            ),
            owed=self._backend.configured,
        )
        self._backend.facts_waiting()
        log.warning("connector %d: transaction %s closed after power loss", left.connector_id, left.local_id)

    def resumed(self, left: OpenTransaction) -> Running:
        """The running session of a transaction that goes on after a restart of the core."""
        now = self._clock.now()
        lasted_s = max(0.0, (now - left.started_at).total_seconds())
        return Running(
            local_id=left.local_id,
            grant=Grant(
                id_tag=left.id_tag,
                source=left.source,
                parent_id_tag=left.parent_id_tag,
                remote=left.remote,
                kiosk=left.kiosk,
            ),
            started_at=left.started_at,
            started_s=self._clock.monotonic() - lasted_s,
            meter_start_wh=left.meter_start_wh,
            meter_wh=left.last_meter_wh,
            transaction_id=left.transaction_id,
            vehicle_id=left.vehicle_id,
            next_sample_at=metering.next_sample(
                left.started_at, self._settings.int("MeterValueSampleInterval"), now
            ),
        )


def _name(bay: Bay) -> tuple[str, int]:
    return bay.port.type.value, bay.id
