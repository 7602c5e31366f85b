"""When an injected fault shows itself. What it does to charging stands in ``kiosk.model.faults``."""

from __future__ import annotations

from typing import Final

from kiosk.model.enums import ConnectorType, Phase
from kiosk.model.errors import BadValue, NotPossible
from kiosk.model.faults import FAULTS, Fault, FaultScope, fault

METER: Final = 22
LOCK: Final = frozenset({15, 16, 17})
NOT_SEATED: Final = 15
"""What a plug tells that is not all the way in: its lock cannot close."""
DOOR_CLOSED: Final = 1000
DOOR_OPENED: Final = 1001
POWERLINE_ONLY: Final = frozenset({1, 2, 3})
"""Modem and SLAC: only cars on powerline know them."""

NOT_ON_AC: Final = frozenset({*POWERLINE_ONLY, *range(4, 15)})
"""An AC outlet speaks by pulse width alone: no link, no TCP, no messages to get wrong."""


def of_connector(code: int) -> Fault:
    """The fault ``code`` of a connector. Raises UnknownFault, BadValue for a code of the whole station."""
    row = fault(code)
    if row.scope is not FaultScope.CONNECTOR:
        what = (
            "it belongs to the whole station" if row.scope is FaultScope.STATION else "it means that all is well"
        )
        codes = ", ".join(str(known) for known, r in FAULTS.items() if r.scope is FaultScope.CONNECTOR)
        raise BadValue("fault of a connector", str(code), what, codes)
    return row


def check(code: int, connector_id: int, kind: ConnectorType) -> None:
    """Raises UnknownFault, BadValue, and NotPossible where this kind of connector cannot have that fault."""
    row = of_connector(code)
    impossible = (code in POWERLINE_ONLY and not kind.has_vehicle_id) or (code in NOT_ON_AC and not kind.is_dc)
    if impossible:
        raise NotPossible(
            f"connector {connector_id} ({kind}) cannot have fault {code} ({row.name}); take a CCS connector"
        )


def fires_in(code: int, phase: Phase) -> bool:
    """An injected ``code`` shows itself in ``phase``; elsewhere it waits."""
    return phase in FAULTS[code].phases


def ends_with_replug(code: int) -> bool:
    """A fault that only exists with a plug in (or is latched by it) is gone when the plug is out."""
    row = FAULTS[code]
    return row.latched_until_replug or Phase.UNPLUGGED not in row.phases
