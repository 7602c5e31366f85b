"""One connector's bookkeeping in memory: what is known of it now, and what follows from that.

No I/O and no asyncio: ``sessions`` changes a bay, ``bay`` answers questions about it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kiosk.model.enums import (
    AuthorizationSource,
    ChargePointErrorCode,
    ChargePointStatus,
    RefusalReason,
    StopReason,
)
from kiosk.model.faults import EMERGENCY_STOP, FAULTS, METER_ERROR, blocks_start, gravest, stops_charging
from kiosk.model.snapshot import Connector, Session
from kiosk.station.charging.connector import (
    CHARGING,
    RUNNING,
    Facts,
    IllegalMove,
    Stage,
    check_stage,
    status_of,
)
from kiosk.station.charging.levels import Levels
from kiosk.station.charging.plausibility import FRESH_S, Watch
from kiosk.station.hardware.ports import ConnectorPort, FaultCleared, FaultRaised, Reading

STALE_READING_S = 5.0
MOST_NEW_BEGINNINGS = 3
"""Of one session, after the hardware stopped by itself."""


@dataclass
class Grant:
    """Somebody may charge here."""

    id_tag: str
    source: AuthorizationSource
    parent_id_tag: str | None = None
    remote: bool = False
    kiosk: bool = False
    reservation_id: int | None = None
    profile: dict[str, Any] | None = None  # the ChargingProfile that came with a remote start, checked
    local_id: str = field(default_factory=lambda: uuid.uuid4().hex)  # of the transaction that will begin


@dataclass
class Running:
    """The transaction of a bay, open or just over."""

    local_id: str
    grant: Grant
    started_at: datetime
    started_s: float
    meter_start_wh: int
    transaction_id: int | None = None
    vehicle_id: str | None = None  # the car that began it, as far as it told
    meter_wh: int = 0  # last known register
    soc_percent: int | None = None
    under_way: bool = False  # energy was offered, or its car had left and came back
    stop_reason: StopReason | None = None
    stop_tag: str | None = None
    ended_at: datetime | None = None
    duration_s: int | None = None
    energy_until_wh: int | None = None  # the backend refused the tag: register at which the energy ends
    begun_again: int = 0
    cost: str | None = None

    @property
    def energy_wh(self) -> int:
        return max(0, self.meter_wh - self.meter_start_wh)

    @property
    def deauthorized(self) -> bool:
        """No energy any more: the backend refused the tag, and MaxEnergyOnInvalidId has flowed since."""
        return self.energy_until_wh is not None and self.meter_wh >= self.energy_until_wh

    @property
    def over(self) -> bool:
        return self.ended_at is not None


@dataclass
class Bay:
    """One connector: its hardware, and the session on it."""

    port: ConnectorPort
    meter: Watch
    stage: Stage = Stage.IDLE
    operative: bool = True
    inoperative_after_session: bool = False  # ChangeAvailability was Scheduled
    held: bool = False  # a firmware update waits: out of service till it is over, whatever else was asked
    grant: Grant | None = None
    session: Running | None = None
    wait_until_s: float | None = None  # ConnectionTimeOut runs out here
    forget_at_s: float | None = None  # a session that is over and unplugged is told until then
    phase_since_s: float = 0.0
    levels: Levels = field(default_factory=Levels)
    station: Levels = field(default_factory=Levels)  # shared by all bays: the station's own codes
    by_hand_cycles: int | None = None  # the plug of that cycle does not start by itself any more
    meter_doubted: bool = False  # the meter's fault is raised by the core
    reserved_until: datetime | None = None  # strangers may not begin here, until then at least
    can_start: bool = True  # power allows another session (decision 10)
    withheld: bool = False  # load management leaves it no power (decision 11)
    limit_w: int = 0
    limit_a: float = 0.0  # the same as a current (AC: per phase), by the battery's voltage
    reading: Reading | None = None

    @property
    def id(self) -> int:
        return self.port.id

    @property
    def faults(self) -> frozenset[int]:
        """Its own, and those of the station that stop it."""
        return frozenset(self.levels.codes).union(c for c in self.station.codes if blocks_start((c,)))

    @property
    def faulted(self) -> bool:
        """No session can begin or go on: what blocks a start also ends one that still prepares."""
        return stops_charging(self.faults) if self.stage in CHARGING else blocks_start(self.faults)

    @property
    def stuck(self) -> bool:
        """The plug is in, and its lock has a fault."""
        lock = ChargePointErrorCode.CONNECTOR_LOCK_FAILURE
        return self.port.plugged and any(FAULTS[code].error_code is lock for code in self.faults)

    def needs_a_hand(self) -> None:
        """The plug that is in starts nothing by itself again (Autocharge): somebody must want it anew."""
        self.by_hand_cycles = self.port.cycles if self.port.plugged else None

    @property
    def running(self) -> bool:
        return self.stage in RUNNING

    @property
    def busy(self) -> bool:
        """Somebody uses it: a plug is in, somebody is authorized, a transaction is open."""
        return self.running or self.stage is Stage.AUTHORIZED or self.port.plugged

    @property
    def status(self) -> ChargePointStatus:
        return status_of(
            Facts(
                stage=self.stage,
                under_way=self.session is not None and self.session.under_way,
                plugged=self.port.plugged,
                faulted=self.faulted,
                operative=self.operative and not self.held,
                reserved=self.reserved_until is not None,
                withheld=self.withheld,
            )
        )

    @property
    def waits_for_release(self) -> bool:
        """It is Unavailable for no other reason than load management."""
        return self.withheld and self.operative and not self.held and self.status is ChargePointStatus.UNAVAILABLE

    def move(self, stage: Stage) -> None:
        """Change the stage; raises IllegalMove when the one list forbids it."""
        try:
            check_stage(self.stage, stage)
        except IllegalMove as error:
            raise IllegalMove(f"connector {self.id}: {error}") from None
        self.stage = stage

    def unusable(self, *, stopping: bool = False) -> RefusalReason | None:
        """Why no session can begin here now; None = it can."""
        if stopping or self.held:
            return RefusalReason.STATION_STOPPING
        if EMERGENCY_STOP in self.faults:
            return RefusalReason.EMERGENCY_STOP
        if blocks_start(self.faults):
            return RefusalReason.CONNECTOR_FAULTED
        if self.running or self.stage is Stage.AUTHORIZED:
            return RefusalReason.CONNECTOR_BUSY
        if not self.operative or self.inoperative_after_session:
            return RefusalReason.CONNECTOR_UNAVAILABLE
        if not self.can_start:
            return RefusalReason.NO_POWER_FREE
        return None

    def may_resume(self, vehicle_id: str | None) -> bool:
        """The session of that car can go on here after a restart.

        The car tells its id again only while it prepares; until then the plug must be proof enough.
        """
        same = vehicle_id is None or self.port.vehicle_id in (None, vehicle_id)
        return self.port.plugged and same and self.session is None and not self.faulted

    def may_begin_again(self) -> bool:
        """The hardware ended a session that nobody wanted to end (its watchdog, a frozen core): try again."""
        run = self.session
        if run is None or run.stop_reason is not None or self.faulted or not self.port.plugged:
            return False
        run.begun_again += 1
        return run.begun_again <= MOST_NEW_BEGINNINGS

    def fresh_reading(self, now_s: float) -> Reading | None:
        """The newest reading unless it is too old to be shown or sent as current (design rule 9)."""
        reading = self.port.reading()
        return reading if reading is not None and now_s - reading.at_s <= STALE_READING_S else None

    @property
    def register_wh(self) -> int | None:
        """The register, where the meter can be read and believed."""
        return self.port.meter_wh() if self.meter.doubt is None else None

    def measure(self, now_s: float) -> None:
        """Take over what the meter and the car tell, as far as it is plausible."""
        run = self.session if self.session is not None and not self.session.over else None
        reading = self.fresh_reading(now_s)
        power_w = reading.power_w if reading is not None and now_s - reading.at_s <= FRESH_S else None
        wh = self.port.meter_wh()
        if wh is not None or METER_ERROR not in self.port.faults:  # else the hardware has told why already
            self.meter.look(wh, power_w, now_s, counts=run is not None, plugged=self.port.plugged)
        if run is None:
            return
        run.meter_wh = max(run.meter_wh, self.meter.register_wh or 0)
        if reading is not None and reading.soc_percent is not None:
            run.soc_percent = reading.soc_percent

    def same_meter(self, last_wh: int, unseen_s: float, now_s: float) -> bool:
        """Whether the register goes on from where a dead core left a session, as far as one can tell."""
        return self.meter.resume(last_wh, self.port.meter_wh(), unseen_s, now_s)

    def meter_event(self) -> FaultRaised | FaultCleared | None:
        """The core's own doubt about the meter, as the hardware would tell of a meter that failed."""
        doubted = self.meter.doubt is not None
        if doubted and METER_ERROR not in self.faults:
            self.meter_doubted = True
            return FaultRaised(METER_ERROR)
        if self.meter_doubted and not doubted:
            self.meter_doubted = False
            return None if METER_ERROR in self.port.faults else FaultCleared(METER_ERROR)
        return None

    def error(self) -> tuple[ChargePointErrorCode, int]:
        """OCPP error code and vendor error code of the gravest fault."""
        worst = gravest(self.faults)
        return worst.error_code, worst.code

    def session_view(self, *, stoppable: bool, needs_card: bool) -> Session | None:
        """The session as faces see it."""
        if self.session is None:
            if self.grant is None:
                return None
            return Session(
                id_tag=self.grant.id_tag,
                kiosk=self.grant.kiosk,
                remote=self.grant.remote,
                plug_in_until_s=self.wait_until_s,
            )
        run = self.session
        return Session(
            local_id=run.local_id,
            transaction_id=run.transaction_id,
            id_tag=run.grant.id_tag,
            kiosk=run.grant.kiosk,
            remote=run.grant.remote,
            started_at=run.started_at,
            started_s=run.started_s,
            ended_at=run.ended_at,
            duration_s=run.duration_s,
            energy_wh=run.energy_wh,
            soc_percent=run.soc_percent,
            stop_reason=run.stop_reason,
            stoppable=stoppable,
            needs_card=needs_card,
            cost=run.cost,
        )


def picture(
    bay: Bay,
    previous: Connector,
    *,
    now_s: float,
    stoppable: bool,
    needs_card: bool,
    led_rgb: str,
) -> Connector:
    """The connector section of the snapshot; power-sharing fields are kept from ``previous``."""
    error_code, vendor_code = bay.error()
    reading = bay.fresh_reading(now_s)
    flows = reading is not None and reading.power_w != 0 and bay.stage is Stage.CHARGING
    return Connector(
        id=bay.id,
        type=bay.port.type,
        status=bay.status,
        error_code=error_code,
        vendor_error_code=vendor_code,
        faults=tuple(sorted(bay.faults)),
        fault_again=bay.levels.again(vendor_code),
        plugged=bay.port.plugged,
        vehicle_id=bay.port.vehicle_id,
        phase=bay.port.phase,
        phase_since_s=bay.phase_since_s,
        power_w=reading.power_w if reading else None,
        current_a=reading.current_a if reading else None,
        voltage_v=reading.voltage_v if reading else None,
        soc_percent=reading.soc_percent if reading else None,
        # what a car reckons with for the time when it charges again is no time left
        time_to_80_s=reading.time_to_80_s if reading and flows else None,
        time_to_100_s=reading.time_to_100_s if reading and flows else None,
        meter_wh=bay.port.meter_wh(),
        max_power_w=bay.port.max_power_w,
        limit_w=previous.limit_w,
        limit_reason=previous.limit_reason,
        shared_with=previous.shared_with,
        can_start=bay.can_start,
        withheld=bay.waits_for_release,
        session=bay.session_view(stoppable=stoppable, needs_card=needs_card),
        reserved_until=bay.reserved_until,
        led_rgb=led_rgb,
        cycles=bay.port.cycles,
    )
