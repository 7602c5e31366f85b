"""The measurands of OCPP 1.6 (section 7.31) and the phases that may follow them (7.34)."""

from __future__ import annotations

from typing import Final

MEASURANDS: Final = (
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "RPM",
    "SoC",
    "Temperature",
    "Voltage",
)
SUPPORTED: Final = (
    "Energy.Active.Import.Register",
    "Energy.Active.Import.Interval",
    "Power.Active.Import",
    "Power.Offered",
    "Current.Import",
    "Current.Offered",
    "Voltage",
    "SoC",
    "Temperature",
)
"""What this hardware's meters and cars tell; a key that asks for another one is refused."""
PHASES: Final = ("L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1")

_NAMES: Final = {name.casefold(): name for name in MEASURANDS} | {
    f"{name}.{phase}".casefold(): f"{name}.{phase}" for name in MEASURANDS for phase in PHASES
}


def canonical(text: str) -> str | None:
    """The measurand, with its phase if one is named, in OCPP's spelling; None when there is no such one."""
    return _NAMES.get(text.strip().casefold())


def split(item: str) -> tuple[str, str | None]:
    """A canonical item as measurand and phase (``Voltage.L1`` → ``Voltage``, ``L1``)."""
    head, _, tail = item.rpartition(".")
    return (head, tail) if tail in PHASES else (item, None)
