"""What the core needs from the machine. Each part's docstring states its duties, also in abnormal cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from kiosk.model.enums import ConnectorType, Phase


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Live values of one connector. Unknown is None. ``at_s``: station monotonic seconds of the measurement."""

    at_s: float
    power_w: int | None = None  # DC (or AC) side, to the car
    current_a: float | None = None
    voltage_v: float | None = None
    soc_percent: int | None = None  # None until the car has told it
    time_to_80_s: int | None = None
    time_to_100_s: int | None = None
    requested_w: int | None = None  # what the car would take now
    temperature_c: float | None = None  # of the cable, where it is hottest


class Plugged(msgspec.Struct, frozen=True):
    """The plug is in a car's inlet (proximity contact)."""


class Unplugged(msgspec.Struct, frozen=True):
    """The plug was pulled. Energy is off already when this is told."""


class VehicleIdentified(msgspec.Struct, frozen=True):
    """The car told its MAC: 12 upper-case hex digits."""

    vehicle_id: str


class PhaseChanged(msgspec.Struct, frozen=True):
    phase: Phase


class EndedByCar(msgspec.Struct, frozen=True):
    """The car ended the session (full, or its own stop button); STOPPING and ENDED follow."""


class FaultRaised(msgspec.Struct, frozen=True):
    code: int


class FaultCleared(msgspec.Struct, frozen=True):
    code: int


StationEvent = FaultRaised | FaultCleared
ConnectorEvent = Plugged | Unplugged | VehicleIdentified | PhaseChanged | EndedByCar | FaultRaised | FaultCleared


class ConnectorPort(Protocol):
    """One charging cable with its controller, lock, meter and ring.

    Duties: reports Plugged/Unplugged and phases in order; opens its contactor by itself on a fault that stops
    charging, on the station's emergency stop, on Unplugged, when ``set_limit_w`` was not repeated for
    ``watchdog_s`` (the core is dead), and when the car still draws more than the limit 1 s after it was lowered.
    STOPPING that nobody asked for, without EndedByCar, FaultRaised or Unplugged before it, is one of the last two.
    A fault that the table latches stays raised until the plug was out, over power cuts too.
    After a restart of the core it reports the plug state as it is, with the contactor open: phase PLUGGED, and
    VehicleIdentified again where the car tells it.

    Events are told from the event loop, never inside a call; the properties may be further on by then.
    """

    @property
    def id(self) -> int: ...

    @property
    def type(self) -> ConnectorType: ...

    @property
    def plugged(self) -> bool: ...

    @property
    def phase(self) -> Phase: ...

    @property
    def vehicle_id(self) -> str | None: ...

    @property
    def faults(self) -> frozenset[int]: ...

    @property
    def max_power_w(self) -> int:
        """The most this cable and its source can give, by the installation."""
        ...

    @property
    def cycles(self) -> int:
        """Times a plug went into a car and out again, over the station's life. Durable."""
        ...

    def subscribe(self, listener: Callable[[ConnectorEvent], None]) -> None:
        """Register the one listener; events before that are not repeated (read the properties first)."""
        ...

    def reading(self) -> Reading | None:
        """The newest measurement, None before the first."""
        ...

    def meter_wh(self) -> int | None:
        """Energy register, integer Wh, only ever rising, durable. None when the meter cannot be read."""
        ...

    def start(self) -> None:
        """Begin a session with the plugged car: communication, lock, isolation test, precharge, energy.

        Allowed from PLUGGED and ENDED. Power stays 0 until ``set_limit_w`` allows more after this call. Progress
        comes as PhaseChanged. No car plugged in, a fault raised that blocks a start, the emergency stop pressed,
        or a session that is still STOPPING: nothing happens (the core reads the properties first). Idempotent.
        """
        ...

    def stop(self) -> None:
        """End the session: contactor open at once, STOPPING, then ENDED, unlocked. Idempotent; any phase.

        Without a session (UNPLUGGED, PLUGGED, ENDED) nothing happens and nothing is told.
        """
        ...

    def set_limit_w(self, limit_w: int) -> None:
        """The most the car may draw from now on. 0 = SUSPENDED_EVSE. Feeds the watchdog."""
        ...

    def unlock(self) -> bool:
        """Move the lock once; True when the plug is free. False with a session under way, or when it is stuck.

        A lock that moves again clears its fault: FaultCleared follows.
        """
        ...

    def set_led(self, rgb: str, intensity_percent: int = 100) -> None:
        """Steady light of the holder's ring: RRGGBB, empty = off, at that share of full brightness.

        Duty: a ring whose light was not repeated for ``watchdog_s`` goes dark (the core is dead).
        """
        ...

    def flash_led(self, rgb: str, times: int) -> None:
        """Flash the ring that many times in this colour, about twice a second, then show the steady light again.

        Brightness as set with ``set_led``. A new call replaces flashes still to come; 0 times ends them.
        """
        ...


class CardReaderPort(Protocol):
    """RFID reader. Duty: one call per card presented, UID as upper-case hex without separators."""

    def subscribe(self, listener: Callable[[str], None]) -> None: ...


class StationPort(Protocol):
    """What there is once per station: door, emergency stop, light sensor.

    Duty: the emergency stop opens every contactor by wire, whether the core lives or not, and no connector begins
    a session while it is pressed. Released, nothing begins by itself.
    """

    @property
    def door_open(self) -> bool: ...

    @property
    def emergency_stop(self) -> bool:
        """The button is pressed. Durable: it stays so until somebody releases it."""
        ...

    @property
    def emergency_stops(self) -> int:
        """Times it was pressed over the station's life. Durable: tells of a press that the core slept through."""
        ...

    @property
    def light_lux(self) -> float | None:
        """Ambient light, None without a sensor."""
        ...

    def subscribe(self, listener: Callable[[StationEvent], None]) -> None:
        """Station-wide codes: 1001 while the door is open, 1003 while the emergency stop is pressed.

        1000 (door closed) and 1002 (emergency stop released) are told in passing, around the other's clearing.
        """
        ...

    def subscribe_mains(self, listener: Callable[[bool], None]) -> None:
        """Told False when the mains fail and a back-up supply lets us hear of it, True when they are back."""
        ...


class StacksPort(Protocol):
    """The power stacks and the relay that joins them."""

    @property
    def count(self) -> int: ...

    @property
    def power_w(self) -> int:
        """Of one stack."""
        ...

    @property
    def temperature_c(self) -> float | None:
        """Of the air inside the cabinet, where the stacks draw theirs; None while nothing measures it."""
        ...

    def assign(self, connector_id: int, stacks: int) -> None:
        """Switch that many stacks to the connector (0 = release); releases come before what they make possible.

        Raises UnknownConnector, ValueError when the sum would exceed ``count`` or the connector is AC.
        """
        ...


class HardwarePort(Protocol):
    """All parts of one station."""

    @property
    def connectors(self) -> tuple[ConnectorPort, ...]: ...

    @property
    def card_reader(self) -> CardReaderPort: ...

    @property
    def station(self) -> StationPort: ...

    @property
    def stacks(self) -> StacksPort: ...

    @property
    def simulated(self) -> bool: ...

    @property
    def pace(self) -> float:
        """Seconds of charging in one of the station's; 1.0 except in a simulation that runs faster."""
        ...

    async def run(self) -> None:
        """The hardware's own life (polling, physics) until cancelled."""
        ...
