"""``sim.*`` at the operator's door: the simulator's control where the hardware is simulated, refused elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import msgspec

from kiosk.link import messages as m
from kiosk.model.errors import BadValue, NotPermitted
from kiosk.station.hardware.ports import HardwarePort
from kiosk.station.hardware.simulator import Simulator, SimulatorControl
from kiosk.station.hardware.simulator.registers import MeterLie
from kiosk.station.link_handlers import Handlers


def die() -> None:
    """As a power cut takes the core: at once, nothing flushed, nobody told."""
    os.kill(os.getpid(), signal.SIGKILL)


def _lie(word: str) -> MeterLie:
    """Raises BadValue."""
    try:
        return MeterLie(word)
    except ValueError:
        raise BadValue("meter", word, "no meter goes wrong that way", ", ".join(MeterLie)) from None


def handlers(hardware: HardwarePort, powercut: Callable[[], None] = die) -> Handlers:
    """Method name → handler. With real hardware every one of them refuses."""

    def control() -> SimulatorControl:
        if not isinstance(hardware, Simulator):
            raise NotPermitted("this station has real hardware: the simulator's commands are not there")
        return hardware.control

    async def plug(p: m.SimPlug) -> m.Nothing:
        control().plug(p.connector_id, p.car, p.soc_percent, seated=p.seated)
        return m.Nothing()

    async def unplug(p: m.ConnectorParams) -> m.Nothing:
        control().unplug(p.connector_id)
        return m.Nothing()

    async def card(p: m.SimCard) -> m.Nothing:
        control().card(p.uid)
        return m.Nothing()

    async def fault(p: m.SimFault) -> m.Nothing:
        control().fault(p.connector_id, p.code, frees_after=p.frees_after)
        return m.Nothing()

    async def clear(p: m.SimFault) -> m.Nothing:
        control().clear(p.connector_id, p.code)
        return m.Nothing()

    async def door(p: m.SimDoor) -> m.Nothing:
        control().door(p.open)
        return m.Nothing()

    async def heat(p: m.SimHeat) -> m.Nothing:
        control().heat(p.celsius)
        return m.Nothing()

    async def emergency(p: m.SimEmergency) -> m.Nothing:
        control().emergency_stop(p.pressed)
        return m.Nothing()

    async def meter(p: m.SimMeter) -> m.Nothing:
        control().meter(p.connector_id, _lie(p.lie))
        return m.Nothing()

    async def mains(p: m.SimMains) -> m.Nothing:
        control().mains(p.on)
        if not p.on:
            assert isinstance(hardware, Simulator)
            asyncio.get_running_loop().call_later(hardware.backup_supply_s, exhausted)
        return m.Nothing()

    def exhausted() -> None:
        """The back-up supply is empty."""
        if isinstance(hardware, Simulator) and not hardware.station.mains_on:
            powercut()

    async def cut(_: m.Nothing) -> m.Nothing:
        control()
        powercut()
        return m.Nothing()

    async def cars(_: m.Nothing) -> m.SimCars:
        return m.SimCars(
            cars=tuple(
                m.SimCar(
                    name=car.name,
                    description=car.description,
                    inlets=tuple(car.inlets),
                    battery_wh=car.battery_wh,
                    max_power_w=car.max_power_w,
                    vehicle_id=car.vehicle_id,
                )
                for car in control().cars()
            )
        )

    async def state(_: m.Nothing) -> m.SimState:
        world = control().state()
        return m.SimState(
            connectors=tuple(msgspec.to_builtins(view) for view in world.connectors),
            door_open=world.door_open,
            emergency_stop=world.emergency_stop,
            cabinet_c=world.cabinet_c,
        )

    return {
        "sim.plug": plug,
        "sim.unplug": unplug,
        "sim.card": card,
        "sim.fault": fault,
        "sim.clear": clear,
        "sim.door": door,
        "sim.heat": heat,
        "sim.emergency": emergency,
        "sim.meter": meter,
        "sim.mains": mains,
        "sim.powercut": cut,
        "sim.cars": cars,
        "sim.state": state,
    }
