"""Is the screen alive? Measured by a round trip, not by a flag: a frame is asked for and its coming is timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.link.messages import ScreenReport

REPORT_EVERY_S = 5.0
ASK_EVERY_S = 1.0


class FrameWatch:
    """Age of the newest frame in ms. The shell asks for a frame every ``ASK_EVERY_S``, so a still picture is no
    excuse: an age well over that means that nothing is drawn any more. Times are monotonic seconds."""

    def __init__(self, now_s: float) -> None:
        self._swapped_s = now_s

    def swapped(self, now_s: float) -> None:
        self._swapped_s = now_s

    def age_ms(self, now_s: float) -> int:
        return max(0, round((now_s - self._swapped_s) * 1000))


class Reporter:
    """Decides when the core is to be told: at once on a change, else every 5 s. The age alone is no change."""

    def __init__(self) -> None:
        self._last: ScreenReport | None = None
        self._sent_s = float("-inf")

    def due(self, report: ScreenReport, now_s: float) -> bool:
        """True: send ``report`` now (and remember that it was sent)."""
        last = self._last
        changed = last is None or (last.name, last.language, last.locked) != (
            report.name,
            report.language,
            report.locked,
        )
        if not changed and now_s - self._sent_s < REPORT_EVERY_S:
            return False
        self._last, self._sent_s = report, now_s
        return True

    def forget(self) -> None:
        """The core is another one, or lost us: the next report is news."""
        self._last = None
