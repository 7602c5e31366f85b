"""The simulated station as a whole: parts, time, and what is stored."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path

from kiosk.model.clock import Clock
from kiosk.model.errors import BadFile, UnknownConnector
from kiosk.model.faults import DOOR_CLOSED, DOOR_OPENED, EMERGENCY_STOP, EMERGENCY_STOP_RELEASED
from kiosk.settings.installation import Installation
from kiosk.station.hardware.ports import FaultCleared, FaultRaised
from kiosk.station.hardware.simulator import physics, world
from kiosk.station.hardware.simulator.connector import SimConnector
from kiosk.station.hardware.simulator.control import SimulatorControl
from kiosk.station.hardware.simulator.registers import Meter, MeterLie, Registers

log = logging.getLogger(__name__)

STEP_S = 0.1
SAVE_EVERY_S = 1.0
FOLDER = "simulator"
DAYLIGHT_LUX = 5000.0


class SimCardReader:
    """Implements ``CardReaderPort``."""

    def __init__(self, emit: Callable[[Callable[[], None]], None]) -> None:
        self._emit = emit
        self._listener: Callable[[str], None] | None = None

    def subscribe(self, listener: Callable[[str], None]) -> None:
        self._listener = listener

    def present(self, uid: str) -> None:
        """``uid``: upper-case hex. Nobody listening: the card was held to a dead reader."""
        listener = self._listener
        if listener is not None:
            self._emit(lambda: listener(uid))


class SimStation:
    """Implements ``StationPort``. ``cut`` opens or frees every contactor by wire: nobody's leave is asked."""

    def __init__(
        self,
        stored: world.World,
        light_lux: float | None,
        changed: Callable[[], None],
        emit: Callable[[Callable[[], None]], None],
        cut: Callable[[bool], None],
    ) -> None:
        self._door_open = stored.door_open
        self._emergency_stop = stored.emergency_stop
        self._emergency_stops = stored.emergency_stops
        self._light_lux = light_lux
        self._cut = cut
        self._changed = changed
        self._emit = emit
        self._listener: Callable[[FaultRaised | FaultCleared], None] | None = None
        self._mains_listener: Callable[[bool], None] | None = None
        self.mains_on = True

    @property
    def door_open(self) -> bool:
        return self._door_open

    @property
    def emergency_stop(self) -> bool:
        return self._emergency_stop

    @property
    def emergency_stops(self) -> int:
        return self._emergency_stops

    @property
    def light_lux(self) -> float | None:
        return self._light_lux

    def subscribe(self, listener: Callable[[FaultRaised | FaultCleared], None]) -> None:
        self._listener = listener

    def subscribe_mains(self, listener: Callable[[bool], None]) -> None:
        self._mains_listener = listener

    def set_mains(self, on: bool) -> None:
        """The mains fail or come back; without them the stacks have nothing to give."""
        if on is self.mains_on:
            return
        self.mains_on = on
        listener = self._mains_listener
        if listener is not None:
            self._emit(lambda: listener(on))

    def set_light(self, lux: float) -> None:
        self._light_lux = lux

    def set_door(self, door_open: bool) -> None:
        """Open or close the service door; 1001 stays raised while it is open, 1000 is told in passing."""
        if door_open is self._door_open:
            return
        self._door_open = door_open
        self._changed()
        self._level(DOOR_OPENED, door_open, DOOR_CLOSED)

    def set_emergency_stop(self, pressed: bool) -> None:
        """Press or release the button; 1003 stays raised while it is pressed, 1002 is told in passing."""
        if pressed is self._emergency_stop:
            return
        self._emergency_stop = pressed
        self._emergency_stops += pressed
        self._level(EMERGENCY_STOP, pressed, EMERGENCY_STOP_RELEASED)
        self._cut(pressed)
        self._changed()

    def _level(self, code: int, raised: bool, in_passing: int) -> None:
        """``in_passing`` is told around the clearing, so that it is what is left to report for that moment."""
        if raised:
            self._tell(FaultRaised(code))
        else:
            self._tell(FaultRaised(in_passing))
            self._tell(FaultCleared(code))
            self._tell(FaultCleared(in_passing))

    def _tell(self, event: FaultRaised | FaultCleared) -> None:
        listener = self._listener
        if listener is not None:
            self._emit(lambda: listener(event))


class SimStacks:
    """Implements ``StacksPort``: a stack feeds one connector at a time."""

    def __init__(
        self,
        count: int,
        power_w: int,
        connectors: tuple[SimConnector, ...],
        heated_c: float | None,
        changed: Callable[[], None],
    ) -> None:
        self.count = count
        self.power_w = power_w
        self.heated_c = heated_c
        self._connectors = connectors
        self._changed = changed

    @property
    def temperature_c(self) -> float | None:
        return physics.AMBIENT_C if self.heated_c is None else self.heated_c

    def heat(self, celsius: float | None) -> None:
        """The air inside the cabinet has that temperature from now on; None: the usual one again."""
        if celsius != self.heated_c:
            self.heated_c = celsius
            self._changed()

    def assign(self, connector_id: int, stacks: int) -> None:
        """Raises UnknownConnector, ValueError for a sum beyond ``count`` or an AC connector."""
        if not 1 <= connector_id <= len(self._connectors):
            raise UnknownConnector(connector_id, len(self._connectors))
        chosen = self._connectors[connector_id - 1]
        others = sum(c.stacks for c in self._connectors if c is not chosen)
        if stacks < 0 or others + stacks > self.count:
            raise ValueError(f"{stacks} stacks for connector {connector_id}: {self.count - others} are free")
        if stacks and not chosen.type.is_dc:
            raise ValueError(f"connector {connector_id} ({chosen.type}) is not fed by stacks")
        chosen.assign(stacks)

    def assigned(self, connector_id: int) -> int:
        return self._connectors[connector_id - 1].stacks


class Simulator:
    """Implements ``HardwarePort``; ``control`` is what a person in front of the station can do.

    Raises BadFile when the data folder cannot hold the registers.
    """

    simulated = True

    def __init__(self, installation: Installation, data_dir: Path, clock: Clock, speed: float = 1.0) -> None:
        folder = data_dir / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._registers = Registers(folder / "registers.bin", len(installation.connectors))
        except OSError as error:
            raise BadFile(
                folder, f"the meters cannot be stored there ({error})", "choose a writable folder"
            ) from error
        self.pace = speed
        self._file = folder / "world.json"
        self._waiting: deque[Callable[[], None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._called = False
        self._clock = clock
        self._saved_s = clock.monotonic()
        self._save_failed = False
        stored = world.load(self._file)
        hardware = installation.hardware
        self.backup_supply_s = hardware.backup_supply_s
        self._ready = False
        numbers = range(1, len(installation.connectors) + 1)
        self._meters = {n: Meter(self._registers, n, stored.meters.get(n)) for n in numbers}
        self.connectors = tuple(
            SimConnector(
                connector_id=number,
                fitted=fitted,
                hardware=hardware,
                meter=self._meters[number],
                clock=clock,
                speed=speed,
                holder=stored.holders.get(number, world.Holder()),
                changed=self._save,
                emit=self._emit,
            )
            for number, fitted in enumerate(installation.connectors, start=1)
        )
        self.card_reader = SimCardReader(self._emit)
        lux = DAYLIGHT_LUX if hardware.light_sensor else None
        self.station = SimStation(stored, lux, self._save, self._emit, self._emergency_stop)
        if stored.emergency_stop:
            self._emergency_stop(True)
        self.stacks = SimStacks(
            hardware.stacks, hardware.stack_power_w, self.connectors, stored.heated_c, self._save
        )
        self.control = SimulatorControl(self)
        self._ready = True

    def connector(self, connector_id: int) -> SimConnector:
        """Raises UnknownConnector."""
        if not 1 <= connector_id <= len(self.connectors):
            raise UnknownConnector(connector_id, len(self.connectors))
        return self.connectors[connector_id - 1]

    def lie(self, connector_id: int, lie: MeterLie) -> None:
        """The meter of that connector goes wrong, or right again. Raises UnknownConnector."""
        self.connector(connector_id).catch_up()
        self._meters[connector_id].lie(lie)
        self._save()

    def lie_of(self, connector_id: int) -> MeterLie:
        """What is wrong with the meter of a connector that is there."""
        return self._meters[connector_id].told.lie

    async def run(self) -> None:
        """Ten steps a second until cancelled; on the way out the world is stored."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self.step()
                await asyncio.sleep(STEP_S)
        finally:
            self._loop = None
            self._save()

    def step(self) -> None:
        """Let the world catch up with the clock, take the readings, tell what happened."""
        for connector in self.connectors:
            connector.catch_up()
            connector.measure()
        if self._clock.monotonic() - self._saved_s >= SAVE_EVERY_S and any(
            c.contactor_closed for c in self.connectors
        ):
            self._save()
        self.deliver()

    def deliver(self) -> None:
        """Tell the listeners what waits, in order; a listener that fails does not stop the world."""
        self._called = False
        while self._waiting:
            tell = self._waiting.popleft()
            try:
                tell()
            except Exception:
                log.exception("a listener of the hardware failed; the others go on")

    def close(self) -> None:
        """Store the world and let go of the register file."""
        self._save()
        self._registers.close()

    def _emergency_stop(self, pressed: bool) -> None:
        for connector in self.connectors:
            connector.world_emergency_stop(pressed)

    def _emit(self, tell: Callable[[], None]) -> None:
        self._waiting.append(tell)
        if self._loop is not None and not self._called:
            self._called = True
            self._loop.call_soon(self.deliver)

    def _save(self) -> None:
        if not self._ready:
            return
        self._saved_s = self._clock.monotonic()
        picture = world.World(
            door_open=self.station.door_open,
            emergency_stop=self.station.emergency_stop,
            emergency_stops=self.station.emergency_stops,
            heated_c=self.stacks.heated_c,
            holders={c.id: c.holder() for c in self.connectors},
            meters={n: meter.told for n, meter in self._meters.items() if meter.told.lie is not MeterLie.OK},
        )
        try:
            world.save(self._file, picture)
        except OSError as error:
            if not self._save_failed:
                log.error("%s cannot be written (%s); after a restart the cars will be gone", self._file, error)
            self._save_failed = True
        else:
            self._save_failed = False


def build(installation: Installation, data_dir: Path, clock: Clock, speed: float = 1.0) -> Simulator:
    """A simulated station with the installation's parts, its world stored under ``data_dir``.

    ``speed``: phases and charging run that many times faster; watchdog and readings stay in real time. The car's
    own time estimates are in its (faster) time. Raises BadFile.
    """
    return Simulator(installation, data_dir, clock, speed)
