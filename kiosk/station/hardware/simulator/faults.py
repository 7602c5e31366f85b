"""When an injected fault shows itself. What it does to charging stands in ``kiosk.model.faults``."""

from __future__ import annotations

from typing import Final

from kiosk.model.enums import ConnectorType, Phase
from kiosk.model.errors import BadValue, NotPossible
from kiosk.model.faults import FAULTS, Fault, FaultScope, fault

LOCK: Final = frozenset({15, 16, 17})
NOT_SEATED: Final = 15
"""What a plug tells that is not all the way in: its lock cannot close."""
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


class Injected:
    """What is broken at one connector: codes that are raised, and codes that wait for their phase. Pure."""

    def __init__(self) -> None:
        self.raised: set[int] = set()
        self.armed: set[int] = set()
        self._moves: dict[int, int] = {}  # a stuck lock comes free when it was moved that many times more

    def inject(self, code: int, phase: Phase, frees_after: int | None) -> bool:
        """Take note of ``code``; True: it shows itself now. ``frees_after``: of a lock."""
        if frees_after is not None and code in LOCK:
            self._moves[code] = frees_after
        if code in self.raised:
            return False
        if fires_in(code, phase):
            return True
        self.armed.add(code)
        return False

    def due(self, phase: Phase) -> list[int]:
        """Waiting codes that ``phase`` brings out."""
        return [code for code in sorted(self.armed) if fires_in(code, phase)]

    def show(self, code: int) -> bool:
        """Raise it; False when it is already."""
        self.armed.discard(code)
        new = code not in self.raised
        self.raised.add(code)
        return new

    def remove(self, code: int, *, plugged: bool) -> bool:
        """Take the cause away; True when the fault ends with it, and not only with the plug."""
        self.armed.discard(code)
        return code in self.raised and not (FAULTS[code].latched_until_replug and plugged)

    def drop(self, code: int) -> None:
        self.raised.discard(code)
        self._moves.pop(code, None)

    def move_lock(self) -> list[int]:
        """The lock drive tries once; the faults that end because it comes free."""
        for code in self._moves:
            self._moves[code] -= 1
        return [code for code, left in self._moves.items() if left <= 0 and code in self.raised]
