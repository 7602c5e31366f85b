"""Whether an energy register can be believed: how far it may and must have risen, by power and time. Pure.

A register is compared with what its connector was measured to give. Between two looks the power lies between the
two measured values, so the energy lies between the sum of the lower and the sum of the higher ones; where nothing
was measured it lies between nothing and all that the connector can give. Beyond that, and beyond what meters and
clocks are off by, a register lies. A lie is not counted from its first look on; one that lasts is a fault.

Decisions
- The core raises the meter's own fault (22), as a level, as the hardware does when it hears nothing of its meter.
  To the backend, the driver and the technician a meter that lies and one that is silent are the same thing.
- The session ends with the last register that was believed. What flowed while the lie was being found is given
  away: a station may be generous, never wrong.
- A register that rises too little is believed all the same until then, as it harms nobody.
- While nobody charges a register may be anything: meters are replaced. It is written down, nothing is raised.
- What is wrong with a register that stands still can only be seen while energy flows. So the next car is a new
  trial, till ``MOST_STRIKES`` of them in a row have failed; then it takes a restart (and, likely, a technician).
- Spans begin anew about every minute, or an hour of right counting would buy minutes of standing still.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TOLERANCE: Final = 0.1
"""Between a meter and the power electronics' own reckoning: losses (3 %) and both instruments."""

OVER_RATED: Final = 1.1
FRESH_S: Final = 1.5
"""A power that was measured longer ago is unknown."""

METER_LAG_S: Final = 1.0
"""Meters tell a register that is up to this old."""

LONGEST_STEP_S: Final = 2.0
"""Between two looks that are further apart anything may have happened."""

ROUNDING_WH: Final = 2
SPAN_S: Final = 60.0
PATIENCE_S: Final = 5.0
"""A register must be wrong for this long: one bad telegram is none."""

SILENCE_S: Final = 10.0
"""A meter that cannot be read for so long has failed."""

SETTLED_S: Final = 10.0
MOST_STRIKES: Final = 3


class Doubt(StrEnum):
    """What is wrong with a register."""

    BACKWARDS = "went backwards"
    JUMP = "rose by more than can have flowed"
    STUCK = "did not rise with the energy that flowed"
    SILENT = "cannot be read"


@dataclass
class _Span:
    """Since ``since_s`` at least ``low_wh`` and at most ``high_wh`` have flowed."""

    since_s: float
    wh: int
    low_wh: float = 0.0
    high_wh: float = 0.0


class Watch:
    """One meter. ``rated_w``: the most its connector can give. ``pace``: seconds of the world in one of ours."""

    def __init__(self, rated_w: int, pace: float = 1.0) -> None:
        self.register_wh: int | None = None
        """The last register that was believed."""
        self.doubt: Doubt | None = None
        """It cannot be believed any more."""
        self.news: list[str] = []
        """What a technician is to know; whoever writes it down takes it out."""
        self.strikes = 0
        self._most_w = rated_w * OVER_RATED
        self._pace = pace
        self.slack_wh = ROUNDING_WH + self._wh(self._most_w, FRESH_S + METER_LAG_S)
        """What an honest register may be off by, whatever flows."""
        self._enough_wh = 2 * self.slack_wh  # with less than that flowing, a span shows nothing: it goes on
        self._spans: list[_Span] = []  # the older one first
        self._seen_s: float | None = None
        self._power_w: float | None = None
        self._wrong_since_s: float | None = None
        self._silent_since_s: float | None = None
        self._fine_since_s: float | None = None

    def found_within_s(self, power_w: float) -> float:
        """A register that stands still, or that runs on by itself, is a fault after so long at that power."""
        span_wh = max(self._wh(self._most_w, SPAN_S), 2 * self._enough_wh)
        tolerated_wh = self.slack_wh + TOLERANCE * span_wh + self._enough_wh
        return tolerated_wh / self._wh(power_w * (1 - TOLERANCE), 1.0) + LONGEST_STEP_S + PATIENCE_S

    def begin(self, wh: int, now_s: float) -> None:
        """A session begins (or goes on after a restart) at that register."""
        self.register_wh = wh
        self._spans = [_Span(now_s, wh)]
        self._wrong_since_s = None

    def resume(self, last_wh: int, wh: int | None, unseen_s: float, now_s: float) -> bool:
        """A session was left open at ``last_wh``, nobody has looked for ``unseen_s`` at most, and ``wh`` is found.

        False: that is another meter, or one that lost its memory. No difference of the two is an energy.
        """
        unseen_wh = self._wh(self._most_w, unseen_s + LONGEST_STEP_S)
        if wh is not None and not last_wh - ROUNDING_WH <= wh <= last_wh + unseen_wh + self.slack_wh:
            self.news.append(f"the register stood at {last_wh} Wh in a session and at {wh} Wh after a restart")
            return False
        self.register_wh = last_wh
        self._spans = [_Span(now_s, last_wh, high_wh=unseen_wh)]
        return True

    def look(
        self,
        wh: int | None,
        power_w: int | None,
        now_s: float,
        *,
        counts: bool,
        plugged: bool = True,
    ) -> None:
        """Take note of the register ``wh`` (None: unreadable) and of the power measured, and judge.

        ``counts``: a session is billed by it. ``plugged``: a car is there.
        """
        self._flow(power_w, now_s)
        if self.doubt is not None:
            self._recover(wh, now_s, counts=counts, plugged=plugged)
        elif wh is None:
            self._silent(now_s)
        else:
            self._silent_since_s = None
            if counts:
                self._charging(wh, now_s)
            else:
                self._idle(wh, now_s)

    # --- inside -----------------------------------------------------------------------------------------

    def _wh(self, watts: float, seconds: float) -> float:
        return watts * seconds * self._pace / 3600

    def _flow(self, power_w: int | None, now_s: float) -> None:
        """Between the last look and this one, at least and at most this much has flowed."""
        before_w, self._power_w = self._power_w, power_w
        seen_s, self._seen_s = self._seen_s, now_s
        if seen_s is None or now_s <= seen_s:
            return
        dt_s = now_s - seen_s
        low_w, high_w = 0.0, self._most_w
        if before_w is not None and power_w is not None and dt_s <= LONGEST_STEP_S:
            low_w = min(before_w, power_w, self._most_w)
            high_w = min(max(before_w, power_w), self._most_w)
        for span in self._spans:
            span.low_wh += self._wh(low_w, dt_s)
            span.high_wh += self._wh(high_w, dt_s)

    def _silent(self, now_s: float) -> None:
        if self._silent_since_s is None:
            self._silent_since_s = now_s
        if now_s - self._silent_since_s >= SILENCE_S:
            self._give_up(Doubt.SILENT, f"the register cannot be read; it stood at {self.register_wh} Wh")

    def _idle(self, wh: int, now_s: float) -> None:
        before, self.register_wh = self.register_wh, wh
        wrong = self._wrong(wh, before) if before is not None and self._spans else None
        self._spans = [_Span(now_s, wh)]
        self._wrong_since_s = None
        if wrong not in (None, Doubt.STUCK):
            self.news.append(f"the register {wrong} while nobody charged: {before} Wh, now {wh} Wh")

    def _charging(self, wh: int, now_s: float) -> None:
        if not self._spans:
            self._spans = [_Span(now_s, wh)]
        believed = self.register_wh if self.register_wh is not None else wh
        wrong = self._wrong(wh, believed)
        if wrong in (None, Doubt.STUCK):
            self.register_wh = max(believed, wh)
        if wrong is None:
            self._wrong_since_s = None
            self._renew(now_s)
            return
        if self._wrong_since_s is None:
            self._wrong_since_s = now_s
        if now_s - self._wrong_since_s >= PATIENCE_S:
            span = self._spans[0]
            self._give_up(
                wrong,
                f"the register {wrong}: {wh} Wh after {span.wh} Wh, while {span.low_wh:.0f} to "
                f"{span.high_wh:.0f} Wh were given; {self.register_wh} Wh count",
            )

    def _wrong(self, wh: int, believed_wh: int | None) -> Doubt | None:
        if believed_wh is not None and wh < believed_wh - ROUNDING_WH:
            return Doubt.BACKWARDS
        for span in self._spans:
            rise_wh = wh - span.wh
            if rise_wh > span.high_wh * (1 + TOLERANCE) + self.slack_wh:
                return Doubt.JUMP
            if rise_wh < span.low_wh * (1 - TOLERANCE) - self.slack_wh:
                return Doubt.STUCK
        return None

    def _renew(self, now_s: float) -> None:
        """Two spans overlap, so that there is always one of half a length at least."""
        newer = self._spans[-1]
        if now_s - newer.since_s < SPAN_S / 2 or newer.high_wh < self._enough_wh:
            return
        assert self.register_wh is not None
        if self.register_wh - newer.wh > self.slack_wh:
            self.strikes = 0  # it has counted well
        self._spans = [newer, _Span(now_s, self.register_wh)]

    def _give_up(self, doubt: Doubt, why: str) -> None:
        self.doubt = doubt
        self._fine_since_s = None
        self.strikes += doubt is not Doubt.SILENT
        self.news.append(why)

    def _recover(self, wh: int | None, now_s: float, *, counts: bool, plugged: bool) -> None:
        """A silent meter speaks again; one that lied gets a new trial with the next car."""
        in_use = counts or (plugged and self.doubt is not Doubt.SILENT)
        if wh is None or in_use or self.strikes >= MOST_STRIKES:
            self._fine_since_s = None
            return
        if self._fine_since_s is None:
            self._fine_since_s = now_s
        if now_s - self._fine_since_s < SETTLED_S:
            return
        self.doubt, self._silent_since_s, self._wrong_since_s = None, None, None
        self.register_wh = wh
        self._spans = [_Span(now_s, wh)]
