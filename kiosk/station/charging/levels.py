"""The faults of one place, a connector or the station, as they count. Pure.

A level that flaps counts as raised until it was quiet for a while: contactors, backend and event log are spared.
A fault that the table latches counts as raised until the plug was out, whatever the hardware says before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from kiosk.model.faults import FAULTS

FLAPS: Final = 5
FLAPS_WITHIN_S: Final = 60.0
"""A level that rises so often in that time flaps; nobody plugs and unplugs a car as fast."""
QUIET_S: Final = 30.0
"""So long a flapping level must stay away before it counts as cleared."""


class Change(StrEnum):
    """What became of a level; also the kind of its entry in the event log. [stored]"""

    RAISED = "fault_raised"
    CLEARED = "fault_cleared"
    FLAPPING = "fault_flapping"  # it went, but counts as raised until it was quiet


class Levels:
    """Only codes of the table. Times are monotonic seconds."""

    def __init__(self, codes: Iterable[int] = ()) -> None:
        self.codes: set[int] = {code for code in codes if code in FAULTS}
        self.streaks: dict[int, int] = {}  # code with other advice the second time → times in a row
        self._rises: dict[int, deque[float]] = {}
        self._quiet_at_s: dict[int, float] = {}
        self._flapping: set[int] = set()
        self._until_replug: set[int] = set()  # latched, their cause is gone
        self._plug_left: set[int] = set()  # latched, the plug was out since they rose

    def rises(self, code: int, now_s: float) -> Change | None:
        """The hardware raised ``code``. None: it counted as raised already."""
        was_gone = code not in self.codes or code in self._quiet_at_s or code in self._until_replug
        if was_gone:
            self._rises.setdefault(code, deque(maxlen=FLAPS)).append(now_s)
        self._quiet_at_s.pop(code, None)
        self._until_replug.discard(code)
        self._plug_left.discard(code)
        if code in self.codes:
            return None
        self.codes.add(code)
        self.count(code)
        return Change.RAISED

    def falls(self, code: int, now_s: float, *, plugged: bool) -> Change | None:
        """The hardware cleared ``code``. None: it goes on counting as raised, or never did."""
        if code not in self.codes or code in self._quiet_at_s:
            return None
        if plugged and FAULTS[code].latched_until_replug and code not in self._plug_left:
            self._until_replug.add(code)
            return None
        self._until_replug.discard(code)
        rises = self._rises.get(code)  # None: raised before the core began
        if rises is None or len(rises) < FLAPS or now_s - rises[0] > FLAPS_WITHIN_S:
            self.codes.discard(code)
            self._flapping.discard(code)
            return Change.CLEARED
        self._quiet_at_s[code] = now_s + QUIET_S
        new = code not in self._flapping
        self._flapping.add(code)
        return Change.FLAPPING if new else None

    def keep_until_replug(self, code: int) -> None:
        """A latched fault of the time before a restart, whose plug never left: it counts, whatever is told now."""
        self.codes.add(code)
        self._until_replug.add(code)

    def plug_out(self) -> list[int]:
        """The plug left: which latched codes count as cleared now. The others do when the hardware says so."""
        self._plug_left = {code for code in self.codes if FAULTS[code].latched_until_replug}
        gone = sorted(self._until_replug)
        self._until_replug.clear()
        self.codes.difference_update(gone)
        return gone

    def quiet(self, now_s: float) -> list[int]:
        """Flapping codes that have been quiet long enough: they count as cleared now."""
        gone = [code for code, at_s in self._quiet_at_s.items() if now_s >= at_s]
        for code in gone:
            del self._quiet_at_s[code]
            self._flapping.discard(code)
            self.codes.discard(code)
        return gone

    def count(self, code: int) -> None:
        """It came once more before anything had gone well."""
        if FAULTS[code].advice_again:
            self.streaks[code] = self.streaks.get(code, 0) + 1

    def again(self, code: int) -> bool:
        """It came back: the driver reads other advice (decision 20)."""
        return self.streaks.get(code, 0) > 1

    def went_well(self) -> None:
        """A session with energy ended without a fault: whatever comes next is new."""
        self.streaks.clear()
