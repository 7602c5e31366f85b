"""What the instruments of one connector show. Pure."""

from __future__ import annotations

from kiosk.model.enums import Phase
from kiosk.station.hardware.ports import Reading
from kiosk.station.hardware.simulator import physics
from kiosk.station.hardware.simulator.phases import Progress
from kiosk.station.hardware.simulator.vehicle import Vehicle


def take(
    progress: Progress, vehicle: Vehicle | None, offer: physics.Offer, cable_c: float, now_s: float
) -> Reading:
    """The reading at ``now_s``. An open contactor shows no current; what the car has not told is None."""
    if vehicle is None:
        return Reading(at_s=now_s, power_w=0, current_a=0.0, voltage_v=0.0, temperature_c=round(cable_c, 1))
    closed = progress.contactor_closed
    volts = 0.0
    if closed:
        volts = vehicle.voltage_v
    elif progress.phase is Phase.PRECHARGE:
        volts = vehicle.voltage_v * physics.precharge_share(progress.elapsed_s, progress.duration_s or 0.0)
    told = progress.under_way and progress.phase is not Phase.STOPPING and (vehicle.soc_told or closed)
    to_80_s, to_100_s = vehicle.time_left_s(offer, now_s) if closed else (None, None)
    return Reading(
        at_s=now_s,
        power_w=vehicle.power_w if closed else 0,
        current_a=round(vehicle.draw.current_a, 2) if closed else 0.0,
        voltage_v=round(volts, 1),
        soc_percent=int(vehicle.draw.soc_percent) if vehicle.soc_told else None,
        time_to_80_s=to_80_s,
        time_to_100_s=to_100_s,
        requested_w=int(vehicle.wanted_w) if told else None,
        temperature_c=round(cable_c, 1),
    )
