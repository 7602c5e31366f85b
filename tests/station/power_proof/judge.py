"""What must hold at every control step and ten times a second, judged from outside."""

from __future__ import annotations

import math
from collections import deque

from kiosk.model.enums import ChargePointStatus, LimitReason, Phase
from kiosk.station.charging.bay import Bay
from kiosk.station.hardware.simulator.connector import SimConnector
from tests.station.power_proof.law import cool_share
from tests.station.power_proof.plant import Plant

CONTROL_S = 0.25
OBEYED_WITHIN_S = 1.0  # decision 10
TOLD_WITHIN_S = 0.5
CLOSE_W = 2.0
"""Watts are whole numbers, and each of four connectors may have lost one to that."""

RETURN_MARGIN_W = 500.0
"""Who got nothing comes back with that much more than the minimum, so that it does not come and go."""

LEAST_VOLTAGE_V = 150.0
NO_SESSION = frozenset({Phase.UNPLUGGED, Phase.PLUGGED, Phase.STOPPING, Phase.ENDED})
"""The contactor is open for good: a setpoint of before is none for the next session."""

History = deque[tuple[float, float]]


class Judge:
    """Listens to a plant; what is broken stands in ``broken``, one sentence each."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.broken: list[str] = []
        self.control_steps = self.ticks = 0
        self.named: set[str] = set()  # limits that were seen to bind
        self.set_w: dict[int, History] = {}
        self._fed_s: dict[int, float] = {}
        self._law_w: History = deque()
        self._law_from_s = plant.now_s
        self._zero: dict[int, tuple[bool, float]] = {}
        self._before_w: dict[int, int] = {}
        self._control_s: float | None = None
        plant.on_control, plant.on_tick = self.control, self.tick
        plant.on_limit, plant.on_assign = self.limited, self.assigned

    def say(self, text: str) -> None:
        self.broken.append(f"{self.plant.now_s:.2f} s: {text}")

    def note_law(self) -> None:
        """What is in force now may have changed."""
        _note(self._law_w, self.plant.now_s, self.plant.law.station(self.plant.now_s))

    def interrupted(self) -> None:
        """The core did not run for a while: from now on it has its second again."""
        self._law_w.clear()
        self._law_from_s = self.plant.now_s
        self._control_s = None
        self._before_w = {}
        self._zero = {}

    # --- between core and hardware ---------------------------------------------------------------------------

    def limited(self, port: SimConnector, limit_w: int) -> None:
        self._fed_s[port.id] = self.plant.now_s
        _note(self.set_w.setdefault(port.id, deque()), self.plant.now_s, limit_w)

    def assigned(self, port: SimConnector, stacks: int) -> None:
        """The relay: never under more load than what remains can carry."""
        remain_w = stacks * self.plant.installation.hardware.stack_power_w
        if port.limit_w > remain_w:
            self.say(f"connector {port.id} keeps {stacks} stacks with a setpoint of {port.limit_w} W")
        if (draw_w := self.plant.draw_w(port)) > remain_w + CLOSE_W:
            self.say(f"connector {port.id} keeps {stacks} stacks while {draw_w} W flow")

    # --- after each control step -----------------------------------------------------------------------------

    def control(self, now_s: float) -> None:
        self.control_steps += 1
        self._control_s = now_s
        self.note_law()
        law = self.plant.law
        ports = self.plant.hardware.connectors
        set_w = {port.id: 0 if port.phase in NO_SESSION else port.limit_w for port in ports}
        drawn_w = {port.id: (r.power_w or 0) if (r := port.reading()) is not None else 0 for port in ports}
        limit_w = law.station(now_s)
        if any(set_w.values()) and law.at_grid_w(set_w) > limit_w + 0.01:
            self.say(f"setpoints {set_w} are {law.at_grid_w(set_w):.0f} W at the grid, {limit_w} W are allowed")
        busy_w = {n: max(set_w[n], drawn_w[n]) for n in set_w}
        raised = [n for n in set_w if self._before_w and set_w[n] > self._before_w[n]]
        if raised and law.at_grid_w(busy_w) > limit_w + CLOSE_W:
            self.say(f"{raised} raised while {drawn_w} W flow and {set_w} W are set, {limit_w} W are allowed")
        self._before_w = set_w
        if (used := sum(port.stacks for port in ports)) > self.plant.installation.hardware.stacks:
            self.say(f"{used} stacks are assigned")
        bays = self.plant.core.sessions.bays
        held_w = {n: max(bays[n].limit_w, drawn_w[n]) for n in bays}  # also by who is about to begin again
        left_w = limit_w - law.at_grid_w(held_w)
        for bay in bays.values():
            if bay.running:
                self._session(bay, now_s, left_w)

    def _session(self, bay: Bay, now_s: float, left_w: float) -> None:
        told = self.plant.core.state.connector(bay.id)
        set_w = self.plant.hardware.connector(bay.id).limit_w
        if told.limit_w != set_w or bay.limit_w != set_w:
            self.say(
                f"connector {bay.id}: {set_w} W are set, {told.limit_w} W told, {bay.limit_w} W reckoned with"
            )
        for name, limit_w in self._own_limits(bay, now_s).items():
            if set_w > limit_w + 0.01:
                self.say(f"connector {bay.id}: {set_w} W are set, {name} allows {limit_w:.0f} W")
        reading = bay.fresh_reading(now_s)
        asked_w = reading.requested_w if reading is not None else None
        if not bay.port.plugged:
            asked_w = 0
        least_w = self.plant.law.least_w(bay.id, now_s)
        if 0 < set_w < min(least_w, least_w if asked_w is None else asked_w):
            self.say(f"connector {bay.id}: {set_w} W is less than {least_w} W, of {asked_w} asked for")
        if told.limit_reason is None:
            self.say(f"connector {bay.id}: nothing is said to bind {set_w} W")
        elif asked_w is not None and set_w >= asked_w:
            return
        elif not self._binds(bay, told.limit_reason, set_w, least_w, now_s, left_w):
            self.say(f"connector {bay.id}: {told.limit_reason} does not bind {set_w} W of {asked_w} W")
        else:
            self.named.add(told.limit_reason)

    def _own_limits(self, bay: Bay, now_s: float) -> dict[str, float]:
        """Whatever nobody but this connector has to keep to."""
        limits: dict[str, float] = dict(self.plant.law.connector_limits(bay.id, now_s))
        port = self.plant.hardware.connector(bay.id)
        if port.type.is_dc:
            hardware = self.plant.installation.hardware
            heat = cool_share(self.plant.hardware.stacks.temperature_c or 0.0)
            limits["stack"] = port.stacks * hardware.stack_power_w
            limits["derating"] = math.ceil(port.stacks * hardware.stack_power_w * heat)
        return limits

    def _binds(
        self, bay: Bay, reason: LimitReason, set_w: int, least_w: float, now_s: float, left_w: float
    ) -> bool:
        """The limit that was named really is what keeps the setpoint down."""
        law, share = self.plant.law, self.plant.core.supply.allocation
        mine = share.share(bay.id) if share is not None else None
        assert share is not None
        assert mine is not None
        reading = bay.fresh_reading(now_s)
        volts = (reading.voltage_v if reading else None) or 0.0
        hardware = self.plant.installation.hardware
        caps = [w for name, w in law.connector_limits(bay.id, now_s).items() if name == reason]
        fitted = self.plant.installation.connectors[bay.id - 1]
        if reason is LimitReason.CONNECTOR and fitted.type.is_dc and volts >= LEAST_VOLTAGE_V:
            caps.append(int(fitted.max_current_a * volts))
        if reason is LimitReason.STACK:
            # fewer than are still joined to it: it must come down to those before the others are taken away
            for stacks in range(mine.stacks + 1):
                caps.append(stacks * hardware.stack_power_w)
                if volts >= LEAST_VOLTAGE_V:
                    caps.append(int(stacks * hardware.stack_current_a * volts))
            if mine.waits:
                return True
        if not fitted.type.is_dc:
            caps += [int(fitted.max_current_a * 230 * phases) for phases in (1, 2, 3)]
            least_w = max(least_w, 3 * 1380) if set_w == 0 else least_w  # nobody knows yet how many phases it uses
        if reason is LimitReason.DERATING:
            inside_c = self.plant.hardware.stacks.temperature_c or 0.0
            # who was too hot stays off until it is clearly cooler
            for heat in {cool_share(inside_c), 0.0 if inside_c > 70 else 1.0} - {1.0}:
                caps += [int(stacks * hardware.stack_power_w * heat) for stacks in range(hardware.stacks + 1)]
        enough_w = least_w + RETURN_MARGIN_W
        if any(abs(cap - set_w) < CLOSE_W or (cap < enough_w and set_w == 0) for cap in caps):
            return True
        limits = law.station_limits(now_s)
        lowest = limits.get(reason.value) == min(limits.values())
        idle_w = enough_w * law.cost(bay.id) if set_w == 0 else 0.0
        awaited = any(other.waits for other in share.shares)  # what is left is meant for them
        return lowest and (awaited or left_w < idle_w + 2 * CLOSE_W)

    # --- ten times a second ----------------------------------------------------------------------------------

    def tick(self) -> None:
        self.ticks += 1
        now_s = self.plant.now_s
        draws_w = {port.id: self.plant.draw_w(port) for port in self.plant.hardware.connectors}
        for port in self.plant.hardware.connectors:
            allowed_w = _most(self.set_w.get(port.id, deque()), now_s - OBEYED_WITHIN_S)
            if draws_w[port.id] > allowed_w + CLOSE_W:
                self.say(f"connector {port.id} draws {draws_w[port.id]} W, {allowed_w:.0f} W are allowed")
            self._watchdog(port, now_s)
        if self.plant.hardware.station.emergency_stop:
            closed = [port.id for port in self.plant.hardware.connectors if port.contactor_closed]
            if closed:
                self.say(f"emergency stop, and the contactors of {closed} are closed")
        if not self.plant.alive:
            return
        self.note_law()
        unruly = any(p.vehicle is not None and p.vehicle.disobedient for p in self.plant.hardware.connectors)
        within_s = OBEYED_WITHIN_S + (CONTROL_S if unruly else 0.0)
        grid_w = self.plant.law.at_grid_w(draws_w)
        if now_s - self._law_from_s > within_s and any(draws_w.values()):
            allowed_w = _most(self._law_w, now_s - within_s)
            if grid_w > allowed_w + CLOSE_W:
                self.say(f"the station draws {grid_w:.0f} W, {allowed_w:.0f} W are allowed")
        if self._control_s is not None and now_s - self._control_s > CONTROL_S + 0.01:
            self.say(f"no control step since {self._control_s:.2f} s")
        for port in self.plant.hardware.connectors:
            self._status(port, now_s)

    def _watchdog(self, port: SimConnector, now_s: float) -> None:
        """Nobody spoke for too long: open."""
        if not port.contactor_closed:
            return
        silent_s = now_s - self._fed_s.get(port.id, 0.0)
        if silent_s > self.plant.installation.hardware.watchdog_s + 0.01:
            self.say(f"connector {port.id}: the contactor is closed, the core was silent for {silent_s:.1f} s")

    def _status(self, port: SimConnector, now_s: float) -> None:
        """SuspendedEVSE exactly while it is us who give nothing; who takes what is not given is cut off."""
        unruly = port.vehicle is not None and port.vehicle.disobedient
        if unruly or not port.contactor_closed or not self.plant.core.sessions.bays[port.id].running:
            self._zero.pop(port.id, None)
            return
        zero = port.limit_w == 0
        if port.id not in self._zero or self._zero[port.id][0] is not zero:
            self._zero[port.id] = zero, now_s
        if now_s - self._zero[port.id][1] < TOLD_WITHIN_S:
            return
        status = self.plant.core.state.connector(port.id).status
        if (status is ChargePointStatus.SUSPENDED_EVSE) is not zero:
            self.say(f"connector {port.id} is told to be {status} with a setpoint of {port.limit_w} W")


def _note(history: History, now_s: float, value: float) -> None:
    if not history or history[-1][1] != value:
        history.append((now_s, value))


def _most(history: History, since_s: float) -> float:
    """The highest value in force after ``since_s``; older ones are forgotten."""
    while len(history) > 1 and history[1][0] <= since_s + 1e-6:
        history.popleft()
    return max((value for _, value in history), default=0.0)
