"""What QML reads of the current connector and of the question that stands: properties over plain structs.

One signal per group, given only when something in the group changed; a text that stayed equal costs no layout.
"""

from __future__ import annotations

from PySide6.QtCore import Property, QObject, Signal

from kiosk.screen.view_ask import Ask
from kiosk.screen.view_focus import Focus


class FocusView(QObject):
    """``Station.focus``: the connector that the driver deals with."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = Focus()

    def show(self, new: Focus) -> None:
        """Take ``new`` over; told only where it differs."""
        if new != self._now:
            self._now = new
            self.changed.emit()

    @Property(str, notify=changed)
    def number(self) -> str:
        return self._now.number

    @Property(str, notify=changed)
    def kind(self) -> str:
        return self._now.kind

    @Property(str, notify=changed)
    def art(self) -> str:
        return self._now.art

    @Property(str, notify=changed)
    def summary(self) -> str:
        return self._now.summary

    @Property(str, notify=changed)
    def powerUpTo(self) -> str:
        return self._now.power_up_to

    @Property(str, notify=changed)
    def powerUnit(self) -> str:
        return self._now.power_unit

    @Property(str, notify=changed)
    def statusText(self) -> str:
        return self._now.status_text

    @Property(bool, notify=changed)
    def socKnown(self) -> bool:
        return self._now.soc_known

    @Property(bool, notify=changed)
    def lit(self) -> bool:
        return self._now.lit

    @Property(bool, notify=changed)
    def live(self) -> bool:
        return self._now.live

    @Property(int, notify=changed)
    def percent(self) -> int:
        return self._now.percent

    @Property(int, notify=changed)
    def target(self) -> int:
        return self._now.target

    @Property(str, notify=changed)
    def heroNumber(self) -> str:
        return self._now.hero_number

    @Property(str, notify=changed)
    def heroUnit(self) -> str:
        return self._now.hero_unit

    @Property(str, notify=changed)
    def heroLabel(self) -> str:
        return self._now.hero_label

    @Property(str, notify=changed)
    def targetMark(self) -> str:
        return self._now.target_mark

    @Property(str, notify=changed)
    def timeNumber(self) -> str:
        return self._now.time_number

    @Property(str, notify=changed)
    def timeUnit(self) -> str:
        return self._now.time_unit

    @Property(str, notify=changed)
    def timeLabel(self) -> str:
        return self._now.time_label

    @Property(str, notify=changed)
    def mainLabel(self) -> str:
        return self._now.main_label

    @Property(str, notify=changed)
    def mainNumber(self) -> str:
        return self._now.main_number

    @Property(str, notify=changed)
    def mainUnit(self) -> str:
        return self._now.main_unit

    @Property(str, notify=changed)
    def noticeTone(self) -> str:
        return self._now.notice.tone

    @Property(str, notify=changed)
    def noticeIcon(self) -> str:
        return self._now.notice.icon

    @Property(str, notify=changed)
    def noticeText(self) -> str:
        return self._now.notice.text

    @Property(bool, notify=changed)
    def stoppable(self) -> bool:
        return self._now.stoppable

    @Property(str, notify=changed)
    def stopHint(self) -> str:
        return self._now.stop_hint

    @Property(str, notify=changed)
    def cost(self) -> str:
        return self._now.cost

    @Property(str, notify=changed)
    def endReason(self) -> str:
        return self._now.end_reason

    @Property(bool, notify=changed)
    def plugged(self) -> bool:
        return self._now.plugged

    @Property(bool, notify=changed)
    def hasCost(self) -> bool:
        return self._now.has_cost


class AskView(QObject):
    """``Station.ask``: titles, reasons, countdown of the page that stands."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = Ask()

    def show(self, new: Ask) -> None:
        """Take ``new`` over; told only where it differs."""
        if new != self._now:
            self._now = new
            self.changed.emit()

    @Property(str, notify=changed)
    def title(self) -> str:
        return self._now.title

    @Property(str, notify=changed)
    def why(self) -> str:
        return self._now.why

    @Property(str, notify=changed)
    def advice(self) -> str:
        return self._now.advice

    @Property(str, notify=changed)
    def codeNumber(self) -> str:
        return self._now.code_number

    @Property(bool, notify=changed)
    def counting(self) -> bool:
        return self._now.counting

    @Property(int, notify=changed)
    def remaining(self) -> int:
        return self._now.remaining

    @Property(int, notify=changed)
    def total(self) -> int:
        return self._now.total

    @Property(str, notify=changed)
    def backIn(self) -> str:
        return self._now.back_in

    @Property(str, notify=changed)
    def countdownText(self) -> str:
        return self._now.countdown_text

    @Property(str, notify=changed)
    def elapsed(self) -> str:
        return self._now.elapsed

    @Property(str, notify=changed)
    def notice(self) -> str:
        return self._now.notice

    @Property(bool, notify=changed)
    def cardKept(self) -> bool:
        return self._now.card_kept

    @Property(bool, notify=changed)
    def hasConnector(self) -> bool:
        return self._now.has_connector

    @Property(str, notify=changed)
    def readerPosition(self) -> str:
        return self._now.reader_position

    @Property(str, notify=changed)
    def readerText(self) -> str:
        return self._now.reader_text

    @Property(str, notify=changed)
    def offline(self) -> str:
        return self._now.offline

    @Property(str, notify=changed)
    def tariff(self) -> str:
        return self._now.tariff

    @Property(str, notify=changed)
    def startText(self) -> str:
        return self._now.start_text

    @Property(bool, notify=changed)
    def free(self) -> bool:
        return self._now.free
