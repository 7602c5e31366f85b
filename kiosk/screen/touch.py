"""Any touch anywhere, seen before the page sees it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtQuick import QQuickWindow


class TouchWatch(QObject):
    """Sees every touch before the page does, and lets it pass. ``touched`` is called for each."""

    def __init__(self, window: QQuickWindow, touched: Callable[[], None]) -> None:
        super().__init__(window)
        self._touched = touched
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.TouchBegin):
            self._touched()
        return False
