"""One simulated connector: cable, controller, lock, meter and ring, with or without a car."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kiosk.model.clock import Clock
from kiosk.model.enums import ConnectorType, Phase
from kiosk.model.errors import NotPossible, UserFacing
from kiosk.model.faults import METER_ERROR, blocks_start, fault, stops_charging
from kiosk.settings.installation import ConnectorInstallation, Hardware
from kiosk.station.hardware.ports import (
    ConnectorEvent,
    EndedByCar,
    FaultCleared,
    FaultRaised,
    PhaseChanged,
    Plugged,
    Reading,
    Unplugged,
    VehicleIdentified,
)
from kiosk.station.hardware.simulator import faults, phases, physics, readings
from kiosk.station.hardware.simulator.cars import Car, choose
from kiosk.station.hardware.simulator.leash import TINY_S, Leash
from kiosk.station.hardware.simulator.registers import Meter
from kiosk.station.hardware.simulator.ring import Ring
from kiosk.station.hardware.simulator.vehicle import Vehicle
from kiosk.station.hardware.simulator.world import Holder

log = logging.getLogger(__name__)


class SimConnector:
    """Implements ``ConnectorPort``; what the world does to it comes through the methods named ``world_*``.

    ``emit`` takes each event, in order, to be delivered later; ``changed`` is told when the stored world changed.
    Every call first lets the time since the last one pass, so durations are exact at any speed.
    """

    def __init__(
        self,
        connector_id: int,
        fitted: ConnectorInstallation,
        hardware: Hardware,
        meter: Meter,
        clock: Clock,
        speed: float,
        holder: Holder,
        changed: Callable[[], None],
        emit: Callable[[Callable[[], None]], None],
    ) -> None:
        self.id = connector_id
        self.type = ConnectorType(fitted.type)
        self.fitted = fitted
        self._hardware = hardware
        self._meter = meter
        self._clock = clock
        self._speed = speed
        self._changed = changed
        self._queue = emit
        self._listener: Callable[[ConnectorEvent], None] | None = None
        self._name = f"{self.type}{connector_id}"

        self._seen_s = clock.monotonic()  # real time up to which everything is worked out
        self._progress = phases.Progress(kind=self.type)
        self._vehicle: Vehicle | None = None

        self._leash = Leash(hardware.watchdog_s, self._seen_s)
        self.stacks = 0
        self.fed = True  # the mains are there
        self._emergency = False
        self._broken = faults.Injected()
        self._cycles = holder.cycles
        self._cable_c = physics.AMBIENT_C
        self.ring = Ring(clock.monotonic, hardware.watchdog_s)
        self._reading: Reading | None = None
        self._restore(holder)

    def _restore(self, holder: Holder) -> None:
        """After a restart the world is as it was, but no session is under way."""
        for code in holder.faults:
            try:
                faults.check(code, self.id, self.type)
            except UserFacing as error:
                log.warning("%s: a stored fault is left out: %s", self._name, error)
            else:
                self._broken.show(code)
        if holder.plugged is None:
            return
        try:
            car = choose(holder.plugged.car, self.id, self.fitted)
        except UserFacing as error:
            log.warning("%s: the stored car is left out: %s", self._name, error)
            return
        self._insert(car, holder.plugged.soc_percent, holder.plugged.vehicle_id)

    # --- ConnectorPort ----------------------------------------------------------------------------------------

    @property
    def plugged(self) -> bool:
        return self._vehicle is not None

    @property
    def phase(self) -> Phase:
        return self._progress.phase

    @property
    def vehicle_id(self) -> str | None:
        return self._vehicle.mac if self._vehicle is not None and self._vehicle.identified else None

    @property
    def faults(self) -> frozenset[int]:
        return frozenset(self._broken.raised)

    @property
    def max_power_w(self) -> int:
        if not self.type.is_dc:
            return self.fitted.max_power_w
        return min(self.fitted.max_power_w, self._hardware.stacks * self._hardware.stack_power_w)

    @property
    def cycles(self) -> int:
        return self._cycles

    def subscribe(self, listener: Callable[[ConnectorEvent], None]) -> None:
        self._listener = listener

    def reading(self) -> Reading | None:
        return self._reading

    def meter_wh(self) -> int | None:
        return None if METER_ERROR in self._broken.raised else self._meter.wh

    def start(self) -> None:
        self.catch_up()
        if self._vehicle is None or self._emergency or blocks_start(self._broken.raised):
            return
        begun = phases.start(self._progress)
        if begun is not self._progress:
            self._leash.cut()  # a limit of the session before is none for this one
            self._move(begun)

    def stop(self) -> None:
        self.catch_up()
        self._end()

    def set_limit_w(self, limit_w: int) -> None:
        self.catch_up()
        self._leash.feed(limit_w, self._seen_s, obedient=self._vehicle is None or not self._vehicle.disobedient)

    def unlock(self) -> bool:
        self.catch_up()
        if self._progress.under_way:
            return False
        for code in sorted(self._broken.armed & faults.LOCK):
            self._raise(code)
        for code in self._broken.move_lock():
            self._lower(code)
            self._changed()
        return not self._broken.raised & faults.LOCK

    def set_led(self, rgb: str, intensity_percent: int = 100) -> None:
        self.ring.show(rgb, intensity_percent)

    def flash_led(self, rgb: str, times: int) -> None:
        self.ring.flash(rgb, times)

    # --- the world ----------------------------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        """The plug is held in the car's inlet."""
        if not self.fitted.lock or self._vehicle is None:
            return False
        stuck = self._progress.phase is Phase.ENDED and bool(self._broken.raised & faults.LOCK)
        before_lock = phases.passed(self.type, Phase.LOCK) | {Phase.LOCK}
        return stuck or (self._progress.under_way and self._progress.phase not in before_lock)

    @property
    def vehicle(self) -> Vehicle | None:
        """The car as it truly is, whatever the station knows of it."""
        return self._vehicle

    @property
    def armed(self) -> frozenset[int]:
        return frozenset(self._broken.armed)

    @property
    def limit_w(self) -> int:
        return self._leash.limit_w

    @property
    def contactor_closed(self) -> bool:
        return self._progress.contactor_closed

    def holder(self) -> Holder:
        """What is to be stored."""
        plugged = self._vehicle.stored() if self._vehicle is not None else None
        return Holder(plugged=plugged, faults=tuple(sorted(self._broken.raised)), cycles=self._cycles)

    def world_plug(self, car: Car, soc_percent: float, mac: str, *, seated: bool = True) -> None:
        """``seated`` False: not all the way in. Raises NotPossible when a plug is in already."""
        self.catch_up()
        if self._vehicle is not None:
            raise NotPossible(
                f"connector {self.id} is plugged into {self._vehicle.car.name} already; unplug it first "
                f"(`kiosk sim unplug {self.id}`)"
            )
        self._insert(car, soc_percent, mac)
        if not seated:
            self._raise(faults.NOT_SEATED)
        self._changed()

    def _insert(self, car: Car, soc_percent: float, mac: str) -> None:
        self._vehicle = Vehicle(car, soc_percent, mac, self.type)
        self._tell(Plugged())
        self._move(phases.plug(self._progress))

    def world_unplug(self) -> None:
        """Pull the plug, by force when it is locked. Raises NotPossible when none is in."""
        self._present()
        self._cut()
        self._vehicle = None
        self._cycles += 1
        self._tell(Unplugged())
        self._move(phases.unplug(self._progress))
        for code in sorted(self._broken.raised):
            if fault(code).ends_with_replug:
                self._lower(code)
        self._changed()

    def world_fault(self, code: int, frees_after: int | None = None) -> None:
        """Raise ``code`` now or when its phase comes; ``frees_after``: a stuck lock comes free at that try.

        Raises UnknownFault, BadValue, NotPossible.
        """
        faults.check(code, self.id, self.type)
        self.catch_up()
        if self._broken.inject(code, self._progress.phase, frees_after):
            self._raise(code)

    def world_clear(self, code: int) -> None:
        """Take the cause of ``code`` away; what the station latches stays raised until the plug is out."""
        faults.of_connector(code)
        self.catch_up()
        if self._broken.remove(code, plugged=self.plugged):
            self._lower(code)
            self._changed()

    def world_emergency_stop(self, pressed: bool) -> None:
        """The station's button took the contactor's supply, or gave it back."""
        self.catch_up()
        self._emergency = pressed
        if pressed:
            self._end()

    def world_wish(self, wish_w: float | None) -> None:
        """The car asks for no more than that; None: by its curve. Raises NotPossible without a car."""
        self._present().wish_w = wish_w

    def world_disobey(self, disobedient: bool) -> None:
        """The car goes on drawing although the limit is lowered. Raises NotPossible without a car."""
        self._present().disobedient = disobedient
        if not disobedient:
            self._leash.come_to_heel()

    def _present(self) -> Vehicle:
        self.catch_up()
        if self._vehicle is None:
            raise NotPossible(f"connector {self.id} is not plugged in; plug a car in first")
        return self._vehicle

    def world_end(self) -> None:
        """The driver ends the session at the car. Raises NotPossible when none is under way."""
        self.catch_up()
        if not self._progress.under_way or self._progress.phase is Phase.STOPPING:
            raise NotPossible(f"connector {self.id} has no session that the car could end")
        self._tell(EndedByCar())
        self._end()

    def assign(self, stacks: int) -> None:
        self.catch_up()
        self.stacks = stacks

    # --- time -------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Work out everything up to now."""
        now_s = self._clock.monotonic()
        while now_s - self._seen_s > TINY_S:
            self._seen_s += self._slice(now_s - self._seen_s)
        if now_s > self._seen_s:
            self._seen_s = now_s

    def measure(self) -> None:
        """Renew the reading."""
        self._reading = readings.take(self._progress, self._vehicle, self._offer(), self._cable_c, self._seen_s)

    def _slice(self, dt_s: float) -> float:
        """Let up to ``dt_s`` real seconds pass, at most to the next thing that happens; returns how many."""
        vehicle = self._vehicle
        if vehicle is not None and vehicle.identify_in_s is not None:
            dt_s = min(dt_s, vehicle.identify_in_s / self._speed)
        if vehicle is not None and self.contactor_closed:
            used_s = self._charge(vehicle, dt_s)
        else:
            after, used = phases.advance(self._progress, dt_s * self._speed)
            used_s = used / self._speed
            self._cable_c = physics.cable_c(self._cable_c, 0.0, self.fitted.max_current_a, used)
            self._move(after)
        if vehicle is not None and vehicle.identify(used_s * self._speed):
            self._tell(VehicleIdentified(vehicle.mac))
        return used_s

    def _charge(self, vehicle: Vehicle, dt_s: float) -> float:
        if self._leash.silent(self._seen_s):
            log.warning("%s: the core was silent for %.1f s, contactor opened", self._name, self._leash.watchdog_s)
            self._end()
            return 0.0
        dt_s = min(dt_s, self._leash.horizon_s(self._seen_s))
        offer = self._offer()
        offered = offer.power_w > 0 and offer.current_a > 0
        self._move(phases.settle(self._progress, offered=offered, wanted=vehicle.wanted_w > 0))
        # a station takes power away within real time, however slow the simulated world
        step = vehicle.charge(offer, dt_s * self._speed, physics.RAMP_DOWN_A_PER_S / min(1.0, self._speed))
        self._count(step.energy_wh)
        self._cable_c = physics.cable_c(self._cable_c, step.draw.current_a, self.fitted.max_current_a, step.took_s)
        used_s = step.took_s / self._speed
        if step.full and self.contactor_closed:
            self._tell(EndedByCar())
            self._end()
        elif self._leash.slipped(vehicle.power_w, used_s):
            log.warning("%s: the car draws more than %d W, contactor opened", self._name, self._leash.limit_w)
            self._end()
        return used_s

    def _offer(self) -> physics.Offer:
        power_w = float(min(self._leash.obeyed_w, self.fitted.max_power_w)) if self.fed else 0.0
        current_a = float(self.fitted.max_current_a)
        if self.type.is_dc:
            power_w = min(power_w, self.stacks * self._hardware.stack_power_w)
            current_a = min(current_a, self.stacks * self._hardware.stack_current_a)
        return physics.Offer(power_w=power_w, current_a=current_a)

    def _count(self, energy_wh: float) -> None:
        try:
            self._meter.count(energy_wh)
        except OSError as error:
            log.error("%s: the register cannot be stored (%s): meter fault", self._name, error)
            self._raise(METER_ERROR)

    # --- what happens -----------------------------------------------------------------------------------------

    def _tell(self, event: ConnectorEvent) -> None:
        listener = self._listener
        if listener is not None:
            self._queue(lambda: listener(event))

    def _move(self, progress: phases.Progress) -> None:
        before, self._progress = self._progress, progress
        if progress.phase is before.phase:
            return
        phase = progress.phase
        if phase is Phase.LOCK and self.type.is_dc and self._vehicle is not None:
            self._vehicle.soc_told = True
        if progress.contactor_closed and not before.contactor_closed:
            self._leash.closed(self._seen_s)
        self._tell(PhaseChanged(phase))
        for code in self._broken.due(phase):
            if self._progress.phase is phase:  # the one before may have ended it
                self._raise(code)

    def _cut(self) -> None:
        """Open the contactor."""
        if self._vehicle is not None:
            self._vehicle.cut()
        self._leash.cut()

    def _end(self) -> None:
        ended = phases.stop(self._progress)
        if ended is self._progress:
            return
        self._cut()
        self._changed()
        self._move(ended)

    def _raise(self, code: int) -> None:
        if not self._broken.show(code):
            return
        self._changed()
        self._tell(FaultRaised(code))
        prepares = self._progress.under_way and not self.contactor_closed
        if stops_charging((code,)) or (prepares and blocks_start((code,))):
            self._end()

    def _lower(self, code: int) -> None:
        self._broken.drop(code)
        self._tell(FaultCleared(code))
