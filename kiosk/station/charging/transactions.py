"""Transactions: journal first, then act. The only writer of transaction facts.

Everything that a backend or an operator will ever be told about a session passes through here and is committed
before anybody relies on it (design rule 8).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kiosk.model.clock import Clock, is_set
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


ON_TIME_S: Final = 1.0
"""A control step that comes later than this after a sample was due: the sample bears the true moment."""


@dataclass
class _Course:
    """Periodic samples of one session: the grid, and the register at the last one."""

    local_id: str
    interval_s: int
    due_s: float | None
    since_wh: int | None


class Transactions:
    def __init__(self, journal: Journal, backend: BackendPort, settings: Settings, clock: Clock) -> None:
        self._journal = journal
        self._backend = backend
        self._settings = settings
        self._clock = clock
        self._courses: dict[int, _Course] = {}
        self._slots: dict[int, metering.Slot] = {}
        self._slot: tuple[datetime, datetime] | None = None  # of the clock grid, under way
        self._slot_s = 0  # its interval

    def clock_moved(self, bays: Iterable[Bay], by: timedelta, was_set: bool) -> None:
        """The wall clock was corrected. Sessions that began while nobody knew the time began when they began."""
        self._slot = None
        for bay in bays:
            if not was_set and bay.session is not None:
                bay.session.started_at += by
                if bay.session.ended_at is not None:
                    bay.session.ended_at += by

    async def begin(self, bay: Bay, grant: Grant, meter_wh: int) -> Running:
        """Commit the begin of a transaction; the caller energises only afterwards.

        Raises StorageFailed: then nothing may be energised.
        """
        now = self._clock.now()
        bay.meter.begin(meter_wh, self._clock.monotonic())
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
        self._slots[bay.id] = metering.Slot(since_wh=meter_wh)  # the part of the slot that is this session's
        self._backend.facts_waiting()
        log.info(
            "%s%d: transaction %s begun for %s at %d Wh", *_name(bay), run.local_id, mask(grant.id_tag), meter_wh
        )
        return run

    async def sample_if_due(self, bay: Bay) -> None:
        """Take note of what is measured, and commit a periodic sample when the grid of the session says so."""
        now_s = self._clock.monotonic()
        run = bay.session if bay.session is not None and not bay.session.over else None
        meter_wh = run.meter_wh if run is not None else bay.register_wh
        known = self._known(bay)
        self._slots.setdefault(bay.id, metering.Slot()).add(known, meter_wh, now_s)
        if run is None:
            return
        course = self._course(bay, run, now_s)
        if course.due_s is None or now_s < course.due_s:
            return
        late_s = now_s - course.due_s
        # on the grid when the step came in time and the clock was not moved meanwhile, else the true moment
        stamp, now = run.started_at + timedelta(seconds=course.due_s - run.started_s), self._clock.now()
        if late_s >= ON_TIME_S or abs((now - stamp).total_seconds() - late_s) >= ON_TIME_S:
            stamp = now
        values = metering.wanted(
            self._measurands("MeterValuesSampledData", "StopTxnSampledData"), known, run.meter_wh, course.since_wh
        )
        course.due_s = metering.next_sample_s(run.started_s, course.interval_s, now_s)
        course.since_wh = run.meter_wh
        await self._commit([_sample(bay, run, stamp, metering.PERIODIC, values)])

    async def align_if_due(self, bays: Iterable[Bay]) -> None:
        """At the end of a slot of the day commit what it was like at each connector, all in one commit.

        OCPP 1.6 section 9.1.7: told at the end, stamped with the begin.
        """
        now = self._clock.now()
        interval_s = self._settings.int("ClockAlignedDataInterval")
        if interval_s <= 0 or not is_set(now):
            self._slot = None
            return
        if self._slot is None or self._slot_s != interval_s or now < self._slot[0]:
            # from the very beginning, after a change of the key, or after the clock was set back
            self._slot, self._slot_s = metering.slot_at(interval_s, now), interval_s
            for slot in self._slots.values():
                slot.from_begin = False
            return
        begin, end = self._slot
        if now < end:
            return
        self._slot = metering.slot_at(interval_s, now)
        in_time = (now - self._slot[0]).total_seconds() < ON_TIME_S
        samples = []
        for bay in bays:
            run = bay.session if bay.session is not None and not bay.session.over else None
            measurands = self._measurands("MeterValuesAlignedData", "StopTxnAlignedData")
            samples.append(_sample(bay, run, begin, metering.CLOCK, self._of_slot(bay, run, measurands)))
            self._slots[bay.id] = self._new_slot(bay, from_begin=in_time)
        await self._commit(samples)

    def _course(self, bay: Bay, run: Running, now_s: float) -> _Course:
        """Begun anew with each session and each change of the interval."""
        interval_s = self._settings.int("MeterValueSampleInterval")
        course = self._courses.get(bay.id)
        if course is None or course.local_id != run.local_id:
            resumed = now_s - run.started_s > max(ON_TIME_S, interval_s)
            since_wh = None if resumed else run.meter_start_wh
            course = _Course(run.local_id, -1, None, since_wh)
            self._courses[bay.id] = course
        if course.interval_s != interval_s:
            course.interval_s = interval_s
            course.due_s = metering.next_sample_s(run.started_s, interval_s, now_s)
        return course

    def _known(self, bay: Bay) -> dict[str, float]:
        reading = bay.fresh_reading(self._clock.monotonic())
        return metering.quantities(reading, bay.limit_w, bay.limit_a, ac=not bay.port.type.is_dc)

    def _of_slot(self, bay: Bay, run: Running | None, measurands: Sequence[str]) -> dict[str, float]:
        """What the slot under way was like until now."""
        meter_wh = run.meter_wh if run is not None else bay.register_wh
        slot = self._slots.setdefault(bay.id, metering.Slot())
        slot.add(self._known(bay), meter_wh, self._clock.monotonic())
        return metering.of_slot(measurands, slot, meter_wh)

    def _new_slot(self, bay: Bay, *, from_begin: bool = False) -> metering.Slot:
        slot = metering.Slot(from_begin=from_begin)
        run = bay.session if bay.session is not None and not bay.session.over else None
        slot.add(self._known(bay), run.meter_wh if run is not None else bay.register_wh, self._clock.monotonic())
        return slot

    def _measurands(self, *keys: str) -> tuple[str, ...]:
        """What is sent now and what StopTransaction will want."""
        return tuple(dict.fromkeys(m for key in keys for m in self._settings.csl(key)))

    async def _commit(self, samples: Sequence[MeterSample], *, sent: bool = True) -> None:
        """Nothing known: nothing kept."""
        telling = [sample for sample in samples if sample.values]
        if telling:
            await self._journal.samples(telling, owed=sent and self._backend.configured)
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
        bay.measure(self._clock.monotonic())
        now = max(self._clock.now(), run.started_at)
        if self._slot is not None:
            cut = self._of_slot(bay, run, self._settings.csl("StopTxnAlignedData"))
            await self._commit([_sample(bay, run, self._slot[0], metering.CLOCK, cut)], sent=False)
        course = self._courses.pop(bay.id, None)
        end = TransactionEnd(
            local_id=run.local_id,
            ended_at=now,
            meter_stop_wh=run.meter_wh,
            reason=reason,
            id_tag=id_tag,
            values=metering.wanted(
                self._settings.csl("StopTxnSampledData"),
                self._known(bay),
                run.meter_wh,
                course.since_wh if course is not None else None,
            ),
        )
        await self._journal.end(end, owed=self._backend.configured)
        run.ended_at = now
        run.duration_s = round(self._clock.monotonic() - run.started_s)  # whatever became of the wall clock
        self._slots[bay.id] = self._new_slot(bay)
        run.stop_reason = reason
        self._backend.facts_waiting()
        log.info("%s%d: transaction %s ended: %s, %d Wh", *_name(bay), run.local_id, reason, run.energy_wh)

    async def left_open(self) -> list[OpenTransaction]:
        """Transactions that a dead core left behind."""
        return await self._journal.open_transactions()

    async def close_lost(
        self, left: OpenTransaction, meter_wh: int | None, reason: StopReason = StopReason.POWER_LOSS
    ) -> None:
        """End a transaction that cannot go on: power was lost.

        ``meter_wh``: the register now, None when unreadable. No energy flows without a core, so the register is
        the truth; without it the last checkpoint is. A sample may be younger than that, and nothing that was told
        of a transaction may be younger than its end.
        """
        stop_wh = left.last_meter_wh if meter_wh is None else max(meter_wh, left.last_meter_wh)
        _, ends = await self._journal.told_at_end(left.local_id, 2)
        await self._journal.end(
            TransactionEnd(
                local_id=left.local_id,
                ended_at=max(left.last_at, left.started_at, *(sample.at for sample in ends)),
                meter_stop_wh=stop_wh,
                reason=reason,
                id_tag=None,
            ),
            owed=self._backend.configured,
        )
        self._backend.facts_waiting()
        why = "power loss" if reason is StopReason.POWER_LOSS else "the emergency stop"
        log.warning("connector %d: transaction %s closed after %s", left.connector_id, left.local_id, why)

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
        )


def _sample(bay: Bay, run: Running | None, at: datetime, context: str, values: dict[str, float]) -> MeterSample:
    return MeterSample(
        local_id=run.local_id if run is not None else None,
        connector_id=bay.id,
        at=at,
        context=context,
        values=values,
    )


def _name(bay: Bay) -> tuple[str, int]:
    return bay.port.type.value, bay.id
