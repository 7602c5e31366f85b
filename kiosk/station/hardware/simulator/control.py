"""What a person can do to the simulated station: plug cars, hold cards, break things, look behind the panels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from kiosk.model.enums import ConnectorType, Phase
from kiosk.model.errors import BadValue, NotPossible
from kiosk.model.faults import DOOR_CLOSED, DOOR_OPENED, EMERGENCY_STOP, EMERGENCY_STOP_RELEASED
from kiosk.station.hardware.simulator import cars, faults
from kiosk.station.hardware.simulator.registers import MeterLie

if TYPE_CHECKING:
    from kiosk.station.hardware.simulator.connector import SimConnector
    from kiosk.station.hardware.simulator.simulator import Simulator

ARRIVES_WITH_PERCENT = 20
"""State of charge of a car when nobody names one."""


class ConnectorView(msgspec.Struct, frozen=True, kw_only=True):
    """One connector as only the simulated world knows it."""

    id: int
    type: ConnectorType
    phase: Phase
    car: str | None  # name of the model plugged in
    soc_percent: float | None  # true, told to the station or not
    vehicle_id: str | None  # true, told to the station or not
    locked: bool
    contactor_closed: bool
    limit_w: int
    stacks: int
    power_w: int | None
    meter_wh: int | None  # as the meter tells it
    meter: MeterLie
    cycles: int
    led_rgb: str
    led_percent: int
    led_flashes: int  # still to come
    led_seen: str  # colour an eye sees at this moment, empty = dark
    faults: tuple[int, ...]
    armed: tuple[int, ...]  # injected, waiting for their phase


class WorldView(msgspec.Struct, frozen=True, kw_only=True):
    connectors: tuple[ConnectorView, ...]
    door_open: bool
    emergency_stop: bool
    light_lux: float | None
    cabinet_c: float | None


class SimulatorControl:
    """Every method raises UnknownConnector for a connector that is not there."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def plug(
        self, connector_id: int, car: str | None = None, soc_percent: int | None = None, *, seated: bool = True
    ) -> None:
        """Plug a car in; without a name the first that fits. ``seated`` False: only halfway.

        Raises UnknownCar, UnfittingCar, BadValue (state of charge), NotPossible (plugged already; halfway where
        nothing is locked).
        """
        connector = self._simulator.connector(connector_id)
        if soc_percent is not None and not 0 <= soc_percent <= 100:
            raise BadValue("state of charge", str(soc_percent), "there is no such charge", "0 to 100 percent")
        if not seated and not connector.fitted.lock:
            raise NotPossible(
                f"connector {connector_id} locks nothing, so nobody notices a plug that is halfway in"
            )
        chosen = cars.choose(car, connector_id, connector.fitted)
        soc = ARRIVES_WITH_PERCENT if soc_percent is None else soc_percent
        connector.world_plug(chosen, float(soc), self._mac(chosen, connector), seated=seated)

    def _mac(self, car: cars.Car, connector: SimConnector) -> str:
        """The model's MAC; a second car of the same model at the station has one of its own."""
        taken = {other.vehicle.mac for other in self._simulator.connectors if other.vehicle is not None}
        if car.vehicle_id not in taken:
            return car.vehicle_id
        return f"{car.vehicle_id[:8]}{connector.id:02X}{car.vehicle_id[10:]}"

    def unplug(self, connector_id: int) -> None:
        """Pull the plug, by force when locked. Raises NotPossible when none is in."""
        self._simulator.connector(connector_id).world_unplug()

    def card(self, uid: str) -> None:
        """Hold a card to the reader: a UID in hex (4 to 10 bytes, told without separators), or any other idTag.

        The latter is for backends whose test tags are names; OCPP's 20 printable ASCII characters are the limit.
        Raises BadValue.
        """
        bare = re.sub(r"[\s:-]", "", uid).upper()
        if re.fullmatch(r"(?:[0-9A-F]{2}){4,10}", bare) is not None:
            self._simulator.card_reader.present(bare)
        elif re.fullmatch(r"[!-~]{1,20}", uid) is not None:
            self._simulator.card_reader.present(uid)
        else:
            allowed = "4 to 10 bytes in hex such as 04AE179C4F6181, or an idTag of 1 to 20 printable characters"
            raise BadValue("card", uid, "no reader could tell it", allowed)

    def fault(self, connector_id: int, code: int, *, frees_after: int | None = None) -> None:
        """Raise a fault, now or when its phase comes; connector 0 takes the codes of door and emergency stop.

        ``frees_after``: a lock that is stuck comes free at that try to move it; None: never by itself.
        Raises UnknownFault, BadValue (a code that belongs elsewhere), NotPossible (not on this kind of connector).
        """
        if frees_after is not None and (code not in faults.LOCK or frees_after < 1):
            locks = f"1 and more, with {', '.join(map(str, sorted(faults.LOCK)))}"
            raise BadValue("frees_after", str(frees_after), "only a stuck lock comes free by being moved", locks)
        if connector_id == 0:
            self._of_station(code, raised=True)
        else:
            self._simulator.connector(connector_id).world_fault(code, frees_after)

    def clear(self, connector_id: int, code: int) -> None:
        """Take a fault away, raised or waiting; one that is not there: nothing. Raises as ``fault``."""
        if connector_id == 0:
            self._of_station(code, raised=False)
        else:
            self._simulator.connector(connector_id).world_clear(code)

    def _of_station(self, code: int, *, raised: bool) -> None:
        """What is told in passing cannot be cleared: it is over."""
        if code == DOOR_OPENED:
            self.door(raised)
        elif code == EMERGENCY_STOP:
            self.emergency_stop(raised)
        elif code == DOOR_CLOSED:
            if raised:
                self.door(False)
        elif code == EMERGENCY_STOP_RELEASED:
            if raised:
                self.emergency_stop(False)
        else:
            faults.of_connector(code)
            raise BadValue("fault of the station", str(code), "it belongs to a connector", "1000 to 1003")

    def door(self, open: bool) -> None:
        self._simulator.station.set_door(open)

    def emergency_stop(self, pressed: bool) -> None:
        """Press or release the station's emergency stop: the contactors open by wire."""
        self._simulator.station.set_emergency_stop(pressed)

    def meter(self, connector_id: int, lie: MeterLie) -> None:
        """The meter tells nonsense from now on, or (OK) the truth again."""
        self._simulator.lie(connector_id, lie)

    def mains(self, on: bool) -> None:
        """The mains fail or come back, while a back-up supply keeps the computer alive. Raises NotPossible."""
        if self._simulator.backup_supply_s <= 0:
            raise NotPossible(
                "this station has no back-up supply (installation file: hardware.backup_supply_s); "
                "`kiosk sim powercut` takes its power at once"
            )
        for connector in self._simulator.connectors:
            connector.catch_up()
            connector.fed = on
        self._simulator.station.set_mains(on)

    def light(self, lux: float) -> None:
        """Ambient light at the sensor. Raises BadValue, NotPossible without a sensor."""
        if self._simulator.station.light_lux is None:
            raise NotPossible("this station has no light sensor (installation file: hardware.light_sensor)")
        if not 0 <= lux < 1e6:
            raise BadValue("light", str(lux), "there is no such light", "0 to 1000000 lux")
        self._simulator.station.set_light(lux)

    def heat(self, celsius: float | None) -> None:
        """Temperature of the air inside the cabinet; None: the usual one again. Raises BadValue."""
        if celsius is not None and not -60 <= celsius <= 150:
            raise BadValue("temperature", str(celsius), "no cabinet is like that", "-60 to 150 degrees Celsius")
        self._simulator.stacks.heat(celsius)

    def request(self, connector_id: int, request_w: int | None) -> None:
        """The car asks for no more than that; 0: it suspends; None: by its curve again."""
        self._simulator.connector(connector_id).world_wish(request_w)

    def end(self, connector_id: int) -> None:
        """The driver ends the session at the car. Raises NotPossible without one."""
        self._simulator.connector(connector_id).world_end()

    def disobey(self, connector_id: int, disobedient: bool = True) -> None:
        """The car keeps its power when the limit is lowered."""
        self._simulator.connector(connector_id).world_disobey(disobedient)

    def cars(self) -> tuple[cars.Car, ...]:
        """All cars there are."""
        return cars.catalogue()

    def state(self) -> WorldView:
        """The whole simulated world, as it is now."""
        station = self._simulator.station
        return WorldView(
            connectors=tuple(self._view(c) for c in self._simulator.connectors),
            door_open=station.door_open,
            emergency_stop=station.emergency_stop,
            light_lux=station.light_lux,
            cabinet_c=self._simulator.stacks.temperature_c,
        )

    def _view(self, c: SimConnector) -> ConnectorView:
        reading, vehicle = c.reading(), c.vehicle
        return ConnectorView(
            id=c.id,
            type=c.type,
            phase=c.phase,
            car=vehicle.car.name if vehicle else None,
            soc_percent=vehicle.draw.soc_percent if vehicle else None,
            vehicle_id=vehicle.mac if vehicle else None,
            locked=c.locked,
            contactor_closed=c.contactor_closed,
            limit_w=c.limit_w,
            stacks=c.stacks,
            power_w=reading.power_w if reading else None,
            meter_wh=c.meter_wh(),
            meter=self._simulator.lie_of(c.id),
            cycles=c.cycles,
            led_rgb=c.ring.rgb,
            led_percent=c.ring.intensity_percent,
            led_flashes=c.ring.flashes,
            led_seen=c.ring.seen,
            faults=tuple(sorted(c.faults)),
            armed=tuple(sorted(c.armed)),
        )
