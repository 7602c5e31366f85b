"""A whole station in this process on virtual time, its world, and a central system that judges every frame."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Final

from websockets.http11 import Request

from kiosk.backend.recording import Frame
from kiosk.lab.conformance.csms import Csms
from kiosk.lab.conformance.desk import CallError
from kiosk.lab.scenario import checks
from kiosk.lab.scenario.kinds import Line, Scenario
from kiosk.lab.scenario.pace import Pace
from kiosk.link.messages import Params
from kiosk.model.clock import LoopClock
from kiosk.model.enums import LimitReason, Phase, ResetKind
from kiosk.model.errors import CoreNotRunning, NotPossible
from kiosk.model.snapshot import Changes, Snapshot
from kiosk.settings.installation import key_text
from kiosk.station.commands.load_management import Quantity, Setpoint
from kiosk.station.hardware import simulator
from kiosk.station.hardware.simulator import Simulator
from kiosk.station.power import Limits
from kiosk.station.service import Core

log = logging.getLogger(__name__)

PORT: Final = 9000
LATENCY_S: Final = 0.04
"""Of an ordinary mobile network; without any, nothing would ever overlap."""
RESTART_S: Final = 3.0
"""How long the programs take to come back."""
MOST_FAILURES: Final = 3
"""A core that failed so often stays off."""
SURE: Final = ("backend.retry_random_s=0",)
"""Chance belongs to the scenario's seed alone."""

CHARGING_STRIDE_S: Final = 4.0
"""Below the age at which readings are stale, and below the watchdog that opens contactors (both 5 s)."""
SEARCHING_STRIDE_S: Final = 10.0
"""Nobody is there, but the station dials its backend."""
IDLE_STRIDE_S: Final = 30.0
"""Nobody is there and all is well; what a station does then, it does every half minute at most."""
LIVELY_S: Final = 4.0
LIVELY_STRIDE_S: Final = 0.25
"""So long, and so closely, it is looked at after something happened: as often as the core itself decides."""
PREPARING_STRIDE_S: Final = 0.5
"""While car and station talk."""
GIVEN_UP_S: Final = 1.0
"""An answer that has not come by then will not come: ours take far less."""
STEADY: Final = frozenset(
    {Phase.UNPLUGGED, Phase.PLUGGED, Phase.ENDED, Phase.ENERGY, Phase.SUSPENDED_EV, Phase.SUSPENDED_EVSE}
)


class House:
    """Implements ``World``. ``failed``: what ended the core though nobody wanted it."""

    def __init__(self, scenario: Scenario, folder: Path, csms: Csms, pace: Pace) -> None:
        self._folder = folder
        self._csms = csms
        self._pace = pace
        self._start = scenario.starts_at.astimezone(UTC)
        self._origin_s = pace.now_s
        self.installation = checks.installation(scenario, SURE)
        self._keys = [("WebSocketUrl", csms.url)]
        self._keys += [(name, key_text(value)) for name, value in scenario.station.keys.items()]
        self._core: Core | None = None
        self._clock: LoopClock | None = None
        self._hardware: Simulator | None = None
        self._life: asyncio.Task[None] | None = None
        self._lively_until_s = 0.0
        self._phases: dict[int, Phase] = {}
        self._wishes: dict[int, int] = {}
        self._questions: dict[str, float] = {}  # message id to when it was asked
        csms.central.recorder.listeners.append(self.hear)
        csms.central.watchers.append(self)
        self.starts = 0
        self.failed: list[str] = []
        self._first_wh: list[int] = []  # the registers before anything happened
        self._last_wh: list[int] = []
        pace.stride_s = self._stride_s

    # --- the programs ------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Start the programs; after a reset they start again by themselves."""
        assert self._life is None or self._life.done(), "the station is on"
        self._life = asyncio.create_task(self._live(), name="station")

    async def power_off(self) -> None:
        """As a power cut: the line dies, nothing is told, nothing is tidied."""
        self._csms.cut()
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)

    async def _live(self) -> None:
        while True:
            try:
                kind = await self._one_life()
            except Exception as error:
                log.exception("the station's programs failed")
                self.failed.append(f"{type(error).__name__}: {error}")
                kind = ResetKind.SOFT if len(self.failed) < MOST_FAILURES else None
            if kind is None:
                return
            await asyncio.sleep(RESTART_S)

    async def _one_life(self) -> ResetKind | None:
        clock = LoopClock(lambda: self._pace.now_s, self._start + timedelta(seconds=self.now_s))
        hardware = simulator.build(self.installation, self._folder, clock, 1.0)
        self.starts += 1
        if not self._first_wh:
            self._first_wh = [view.meter_wh or 0 for view in hardware.control.state().connectors]
            self._last_wh = list(self._first_wh)
        self._csms.judge.restarted()
        core = Core(
            data_dir=self._folder,
            installation=self.installation,
            clock=clock,
            hardware=hardware,
            start_options=self._keys,
            launch="scenario",
            doors=False,
        )
        try:
            async with core:
                self._hardware, self._clock = hardware, clock
                core.state.subscribe(self._changed)
                running = asyncio.create_task(core.run(), name="core")
                self._core = core
                try:
                    return await running
                finally:
                    self._core = None
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)
        finally:
            self._read_meters(hardware)
            hardware.close()
            self._hardware = None

    def _read_meters(self, hardware: Simulator) -> None:
        for place, view in enumerate(hardware.control.state().connectors):
            if view.meter_wh is not None:
                self._last_wh[place] = view.meter_wh

    # --- time --------------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        return self._pace.now_s - self._origin_s

    async def until(self, at_s: float) -> None:
        await self._pace.until(at_s + self._origin_s)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def touch(self) -> None:
        """Something happens: the next seconds are lived through in detail."""
        self._lively_until_s = self.now_s + LIVELY_S

    def _changed(self, changes: Changes) -> None:
        """A session begins or ends: what follows is looked at closely."""
        if not isinstance(changes.connectors, tuple):
            return
        for connector in changes.connectors:
            if self._phases.get(connector.id, connector.phase) is not connector.phase:
                self.touch()
            self._phases[connector.id] = connector.phase

    def hear(self, frame: Frame) -> None:
        """Between a question and its answer no time is skipped: answers bear times, and are waited for."""
        if frame.kind == "call":
            self._questions[frame.message_id] = self.now_s
        else:
            self._questions.pop(frame.message_id, None)

    def _asking(self) -> bool:
        """A question is open; one that nobody will answer is forgotten."""
        for message_id in [key for key, at_s in self._questions.items() if self.now_s - at_s > GIVEN_UP_S]:
            del self._questions[message_id]
        return bool(self._questions)

    def connected(self, station: str, request: Request) -> None:
        self._questions.clear()

    def disconnected(self, station: str) -> None:
        self._questions.clear()

    def _stride_s(self) -> float:
        core = self._core
        if core is None or self._asking():
            return 0.0
        if self.now_s < self._lively_until_s:
            return LIVELY_STRIDE_S
        connectors = core.state.snapshot.connectors
        if any(c.phase not in STEADY for c in connectors):
            return PREPARING_STRIDE_S
        allocation = core.supply.allocation
        if allocation is not None and any(share.waits for share in allocation.shares):
            return LIVELY_STRIDE_S
        idle = not any(c.plugged or c.session is not None for c in connectors)
        if not idle:
            return CHARGING_STRIDE_S
        return IDLE_STRIDE_S if core.state.snapshot.backend.online else SEARCHING_STRIDE_S

    # --- World -------------------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        return None if self._core is None else self._core.state.snapshot

    async def ask(self, method: str, params: Params) -> Params:
        self.touch()
        if self._core is None:
            raise CoreNotRunning("the station's programs do not run")
        return await self._core.handlers[method](params)

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.touch()
        if not self._csms.is_connected:
            raise NotPossible(f"the station is not connected, {action} cannot be asked")
        try:
            return await self._csms.call(action, payload)
        except (CallError, AssertionError) as error:
            raise NotPossible(f"{action}: {error}") from error

    async def line(self, line: Line, actions: tuple[str, ...]) -> None:
        self.touch()
        chaos, which = self._csms.chaos, frozenset(actions or ("*",))
        chaos.mute = which if line == "silent" else frozenset()
        chaos.refuse = which if line == "refusing" else frozenset()
        if line == "gone":
            await self._csms.offline()
        else:
            await self._csms.online()

    async def controller(self, station_w: int | None, connectors_w: dict[int, int]) -> None:
        core = self._core
        if core is None:
            return  # it writes to a dead socket
        wishes = {**({} if station_w is None else {0: station_w}), **connectors_w}
        if wishes != self._wishes or not core.state.snapshot.load_management.connected:
            self.touch()
            self._wishes = wishes
        core.commands.load_management.set(
            [Setpoint(connector_id=n, quantity=Quantity.POWER, value=watts) for n, watts in wishes.items()]
        )

    async def mains(self, on: bool) -> None:
        """With a back-up supply the computer hears of it and lives on until that is empty."""
        self.touch()
        hardware = self._hardware
        if hardware is None:
            if on:
                self.power_on()
        elif on or hardware.backup_supply_s > 0:
            hardware.control.mains(on)
            if not on:
                loop = asyncio.get_running_loop()
                loop.call_later(hardware.backup_supply_s, self._exhausted, hardware)
        else:
            await self.power_off()

    def _exhausted(self, hardware: Simulator) -> None:
        if self._hardware is hardware and not hardware.station.mains_on and self._life is not None:
            self._csms.cut()
            self._life.cancel()

    async def clock(self, off_s: float) -> None:
        self.touch()
        if self._clock is not None:
            self._clock.correct(self._clock.now() + timedelta(seconds=off_s))

    def requested_w(self, connector_id: int) -> int | None:
        reading = None if self._hardware is None else self._hardware.connector(connector_id).reading()
        return None if reading is None else reading.requested_w

    @property
    def grid_limit(self) -> tuple[LimitReason, int] | None:
        core = self._core
        if core is None:
            return None
        now_s, settings = core.clock.monotonic(), core.settings
        return Limits(
            outlets=(),
            grid_w=settings.int("MaxGridPower"),
            modbus_w=core.supply.controller.station_w(settings, now_s),
            fallback_w=core.supply.controller.fallback_w(settings, now_s),
            profile_w=core.profiles.station_bound(core.clock.now()).limit_w,
        ).station

    def counted_wh(self) -> list[int]:
        """What the meters have counted since the beginning, Wh, of connector 1 on."""
        if self._hardware is not None:
            self._read_meters(self._hardware)
        return [last - first for first, last in zip(self._first_wh, self._last_wh, strict=True)]


@asynccontextmanager
async def house_for(scenario: Scenario, folder: Path, pace: Pace) -> AsyncIterator[tuple[House, Csms]]:
    """Build station and central system on the running loop, and take them down again."""
    start, origin_s = scenario.starts_at.astimezone(UTC), pace.now_s
    csms = Csms(
        connectors=len(checks.installation(scenario).connectors),
        now=lambda: start + timedelta(seconds=pace.now_s - origin_s),
        port=PORT,
        latency_s=LATENCY_S,
    )
    await csms.online()
    house = House(scenario, folder, csms, pace)
    try:
        yield house, csms
    finally:
        await house.power_off()
        await csms.offline()
