"""When meter values are taken and what stands in them. Pure.

Values are numbers in OCPP's base units by measurand: Wh, W, A, V, Percent, Celsius. Unknown ones are left out:
a state of charge of 0 before the car has told it would be a lie (facts.md section 2).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from kiosk.station.hardware.ports import Reading

BEGIN: Final = "Transaction.Begin"
PERIODIC: Final = "Sample.Periodic"
CLOCK: Final = "Sample.Clock"
END: Final = "Transaction.End"


def values(
    measurands: tuple[str, ...],
    reading: Reading | None,
    meter_wh: int | None,
    offered_w: int | None,
    offered_a: float | None = None,
) -> dict[str, float]:
    """The wanted measurands that are known now; a phase suffix (``Voltage.L1``) asks for the same quantity."""
    known: dict[str, float | int | None] = {
        "Energy.Active.Import.Register": meter_wh,
        "Power.Offered": offered_w,
        "Current.Offered": offered_a,
    }
    if reading is not None:
        known |= {
            "Power.Active.Import": reading.power_w,
            "Current.Import": reading.current_a,
            "Voltage": reading.voltage_v,
            "SoC": reading.soc_percent,
            "Temperature": reading.temperature_c,
        }
    return {m: float(v) for m in measurands if (v := known.get(m)) is not None}


def next_sample(started_at: datetime, interval_s: int, now: datetime) -> datetime | None:
    """The next point of the grid ``started_at + n * interval`` after ``now``; None when sampling is off."""
    if interval_s <= 0:
        return None
    periods = max(0, int((now - started_at).total_seconds() // interval_s)) + 1
    return started_at + timedelta(seconds=periods * interval_s)


def next_aligned(interval_s: int, now: datetime) -> datetime | None:
    """The next point of the clock grid after ``now``: midnight UTC plus multiples of the interval.

    OCPP 1.6 section 9.1.7; None when clock-aligned data is off.
    """
    if interval_s <= 0:
        return None
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    periods = int((now - midnight).total_seconds() // interval_s) + 1
    due = midnight + timedelta(seconds=periods * interval_s)
    return min(due, midnight + timedelta(days=1))
