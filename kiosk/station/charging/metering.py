"""When meter values are taken and what stands in them. Pure.

Values are numbers in OCPP's base units by measurand: Wh, W, A, V, Percent, Celsius. Unknown ones are left out:
a state of charge of 0 before the car has told it would be a lie (facts.md section 2).

Decisions
- Periodic samples follow the monotonic clock from the session's begin, so they keep their distance whatever
  happens to the wall clock.
- Clock-aligned samples follow ``configuration_keys.csv`` and OCPP 1.6 section 9.1.7, which agree: the day is cut
  from midnight UTC; a slot is told at its end and bears its start; energy of the interval is added up, the other
  quantities are averaged over the time they were known. The register is no flow but a reading: the one at the time
  that the slot bears, so that by their times readings never fall.
- A slot that a session covers in part is told for that part; without the register when the session began in it,
  because that stood at its own begin, not at the slot's. One that the session's end cuts short stands in
  StopTransaction only: as a message of its own it would come twice.
- No sample is aligned while the clock is not set; after a step of the clock the grid is found anew.
- Of phases only the first is known: every car that charges with AC uses it, and the meter gives volts and amperes
  per phase but not how many carry current.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from kiosk.station.hardware.ports import Reading

BEGIN: Final = "Transaction.Begin"
PERIODIC: Final = "Sample.Periodic"
CLOCK: Final = "Sample.Clock"
END: Final = "Transaction.End"

REGISTER: Final = "Energy.Active.Import.Register"
INTERVAL: Final = "Energy.Active.Import.Interval"
_FIRST_PHASE: Final = {
    "Voltage": ("Voltage.L1", "Voltage.L1-N"),
    "Current.Import": ("Current.Import.L1",),
    "Current.Offered": ("Current.Offered.L1",),
}
LONGEST_GAP_S: Final = 5.0
"""A reading counts for no longer than it may be shown as current (design rule 9)."""


def quantities(
    reading: Reading | None, offered_w: int | None, offered_a: float | None = None, *, ac: bool = False
) -> dict[str, float]:
    """All that has a value at one moment; a session's energy is no such thing."""
    known: dict[str, float | int | None] = {"Power.Offered": offered_w, "Current.Offered": offered_a}
    if reading is not None:
        known |= {
            "Power.Active.Import": reading.power_w,
            "Current.Import": reading.current_a,
            "Voltage": reading.voltage_v,
            "SoC": reading.soc_percent,
            "Temperature": reading.temperature_c,
        }
    if ac:
        known |= {phase: known.get(name) for name, phases in _FIRST_PHASE.items() for phase in phases}
    return {name: float(value) for name, value in known.items() if value is not None}


def wanted(
    measurands: Sequence[str], known: dict[str, float], meter_wh: int | None, since_wh: int | None = None
) -> dict[str, float]:
    """Of all that is known what the keys want. ``since_wh``: the register where the interval began."""
    energy: dict[str, float] = {}
    if meter_wh is not None:
        energy[REGISTER] = float(meter_wh)
        if since_wh is not None:
            energy[INTERVAL] = float(max(0, meter_wh - since_wh))
    everything = known | energy
    return {m: everything[m] for m in measurands if m in everything}


@dataclass
class Slot:
    """What a part of the day was like at one connector: means, weighted by time, and energy.

    ``from_begin``: heard of since the time that it will bear.
    """

    since_wh: int | None = None
    from_begin: bool = False
    _sums: dict[str, float] = field(default_factory=dict)
    _spans_s: dict[str, float] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)
    _last_s: float | None = None

    def add(self, known: dict[str, float], meter_wh: int | None, now_s: float) -> None:
        """It is like this now; until now it was as it was told last."""
        if self.since_wh is None:
            self.since_wh = meter_wh
        if self._last_s is not None:
            span_s = min(max(0.0, now_s - self._last_s), LONGEST_GAP_S)
            for name, value in self._last.items():
                self._sums[name] = self._sums.get(name, 0.0) + value * span_s
                self._spans_s[name] = self._spans_s.get(name, 0.0) + span_s
        self._last, self._last_s = known, now_s

    def means(self) -> dict[str, float]:
        """Of each quantity over the time it was known; the last value of one that was known for no time."""
        means = {name: self._sums[name] / span_s for name, span_s in self._spans_s.items() if span_s > 0}
        return self._last | means


def of_slot(measurands: Sequence[str], slot: Slot, meter_wh: int | None) -> dict[str, float]:
    """What a slot that ends now is told as; the register is that of its begin."""
    values = wanted(measurands, slot.means(), meter_wh, slot.since_wh)
    register = values.pop(REGISTER, None)
    if register is not None and slot.from_begin and slot.since_wh is not None:
        values[REGISTER] = float(slot.since_wh)
    return {m: values[m] for m in measurands if m in values}


def next_sample_s(started_s: float, interval_s: int, now_s: float) -> float | None:
    """The next point of the grid ``started_s + n * interval`` after ``now_s``; None when sampling is off."""
    if interval_s <= 0:
        return None
    return started_s + (max(0, int((now_s - started_s) // interval_s)) + 1) * interval_s


def slot_at(interval_s: int, at: datetime) -> tuple[datetime, datetime]:
    """Begin and end of the slot of the day that holds ``at``; ``interval_s`` at least 1.

    Slots are counted from midnight UTC; the last one of a day that the interval does not divide is short.
    """
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = midnight + timedelta(seconds=int((at - midnight).total_seconds() // interval_s) * interval_s)
    return begin, min(begin + timedelta(seconds=interval_s), midnight + timedelta(days=1))
