"""``Station`` in QML: takes the core's snapshot, changes and ticks, gives out strings, figures and lists.

Everything shown is worked out anew from the last snapshot by pure functions and compared with what stands, so
QML hears only of what changed. Local to the screen: the language, the list of all languages, starting, core lost.
"""

from __future__ import annotations

import logging
from typing import Final

from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtQml import QmlNamedElement, QmlSingleton

from kiosk.i18n import LANGUAGES, PLUS50, by_code
from kiosk.i18n.languages import SOURCE
from kiosk.model.enums import Page, Tap
from kiosk.model.snapshot import (
    Backend,
    Changes,
    Connector,
    Dialogue,
    Gui,
    Listen,
    Screen,
    Snapshot,
    Station,
    Tick,
)
from kiosk.screen.view_ask import ask_of, step_rows
from kiosk.screen.view_cards import LanguageRow, connector_row, is_running, session_rows, standby_call
from kiosk.screen.view_focus import focus_of, lists_of
from kiosk.screen.view_groups import AskView, FocusView
from kiosk.screen.view_language import abandoned, settled
from kiosk.screen.view_lists import (
    ConnectorModel,
    FactModel,
    LanguageModel,
    SessionModel,
    StepModel,
    TextModel,
)

log = logging.getLogger(__name__)

QML_IMPORT_NAME = "Kiosk"
QML_IMPORT_MAJOR_VERSION = 1

STALE_MS: Final = 5000
"""A reading older than this is shown as "–" (design rule 9)."""
LANGUAGES_OPEN_S: Final = 30.0
"""The list of languages closes by itself after this long without a touch."""
EMPTY: Final = Snapshot(
    version="",
    station=Station(),
    connectors=(),
    backend=Backend(),
    screen=Screen(),
    dialogue=Dialogue(),
    gui=Gui(),
    listen=Listen(),
)


@QmlNamedElement("Station")
@QmlSingleton
class StationView(QObject):  # type: ignore[operator]  # the stubs take the decorator for an object
    """The view model. Made by the engine; Python gets it by ``engine.singletonInstance("Kiosk", "Station")``.

    ``tapped(action, connector_id)``: a ``Tap`` value and a connector, 0 = none. ``languageChosen(code)``: by the
    driver. ``languageChanged`` also when it goes back by itself: whoever holds the translator follows that one.
    """

    tapped = Signal(str, int)
    languageChosen = Signal(str)
    languageChanged = Signal()
    pageChanged = Signal()
    frameChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._snapshot: Snapshot | None = None
        self._tick: Tick | None = None
        self._lost = False
        self._languages_open_s: float | None = None
        self._touched_s = 0.0
        self._language = SOURCE
        self._language_set = False
        self._page = Page.STARTING
        self._under = Page.STARTING
        self._frame: tuple[object, ...] = ()
        self._call = ""
        self._focus = FocusView(self)
        self._ask = AskView(self)
        self._connectors = ConnectorModel(self)
        self._choices = ConnectorModel(self)
        self._sessions = SessionModel(self)
        self._bar = LanguageModel(self)
        self._all_languages = LanguageModel(self)
        self._steps = StepModel(self)
        self._readings = TextModel(self)
        self._asked = FactModel(self)
        self._result = FactModel(self)
        self._refresh()

    # --- what the core says -------------------------------------------------------------------------------

    def apply(self, snapshot: Snapshot) -> None:
        """The whole picture, at the beginning and after every reconnection."""
        first = self._snapshot is None
        self._snapshot = snapshot
        if first and not self._language_set:
            self._switch(self._primary)
        self._follow(None if first else self._page)

    def change(self, changes: Changes) -> None:
        """What is new; before the first snapshot there is nothing to change."""
        if self._snapshot is None:
            return
        before = self._snapshot
        self._snapshot = changes.on(before)
        self._switch(settled(before, self._snapshot, self._language))
        self._follow(self._page)

    def tick(self, tick: Tick) -> None:
        """The core lives; time and the age of the readings."""
        self._tick = tick
        if self._touched_s == 0.0:
            self._touched_s = tick.monotonic_s
        if self._languages_open_s is not None and tick.monotonic_s - self._languages_open_s >= LANGUAGES_OPEN_S:
            self._languages_open_s = None
        untouched_s = tick.monotonic_s - self._touched_s
        if self._snapshot and abandoned(self._snapshot, self._page, self._language, untouched_s):
            self._switch(self._primary)
        self._refresh()

    def set_core_lost(self, lost: bool) -> None:
        """No tick for 1.5 s, or the link is gone: values vanish until they are live again."""
        if lost != self._lost:
            self._lost = lost
            self._refresh()

    def set_language(self, code: str) -> None:
        """Show everything in ``code``. Raises BadValue for a language that is none of ours."""
        if code != PLUS50:
            by_code(code)
        self._language_set = True
        self._switch(code)
        self._refresh()

    def reset(self) -> None:
        """As at the beginning: no picture, no tick, nothing of the screen's own (for still pictures)."""
        self._snapshot = self._tick = self._languages_open_s = None
        self._lost = self._language_set = False
        self._touched_s = 0.0
        self._refresh()

    # --- what the driver touches --------------------------------------------------------------------------

    @Slot(str)
    @Slot(str, int)
    def tap(self, action: str, connector_id: int = 0) -> None:
        """A touch with a meaning: a word of ``Tap``; any other word is a mistake in a page and is logged."""
        self._touch()
        try:
            meant = Tap(action)
        except ValueError:
            log.error("a page sent the tap %r, which means nothing", action)
            return
        self.tapped.emit(meant.value, connector_id)

    @Slot(str)
    def chooseLanguage(self, code: str) -> None:
        self._languages_open_s = None
        self._touch()
        self.set_language(code)
        self.languageChosen.emit(code)

    @Slot()
    def openLanguages(self) -> None:
        self._touch()
        self._languages_open_s = self._now_s
        self._refresh()

    @Slot()
    def closeLanguages(self) -> None:
        self._touch()
        self._languages_open_s = None
        self._refresh()

    # --- what QML reads -----------------------------------------------------------------------------------

    @Property(str, notify=pageChanged)
    def page(self) -> str:
        return self._page.value

    @Property(str, notify=pageChanged)
    def pageFile(self) -> str:
        """``pages/CardRefused.qml`` for card_refused."""
        return f"pages/{''.join(part.title() for part in self._page.value.split('_'))}.qml"

    @Property(str, notify=languageChanged)
    def language(self) -> str:
        return self._language

    @Property(str, notify=frameChanged)
    def identity(self) -> str:
        """Empty where it is switched off."""
        snapshot = self._snapshot or EMPTY
        return snapshot.station.identity if snapshot.gui.identity_visible else ""

    @Property(str, notify=frameChanged)
    def hotline(self) -> str:
        return (self._snapshot or EMPTY).gui.hotline

    @Property(bool, notify=frameChanged)
    def several(self) -> bool:
        """More than one connector: there is something to choose."""
        return len((self._snapshot or EMPTY).connectors) != 1

    @Property(bool, notify=frameChanged)
    def languageListed(self) -> bool:
        """The language is one of the three in the bar."""
        return self._language in (self._snapshot or EMPTY).gui.languages

    @Property(bool, notify=frameChanged)
    def locked(self) -> bool:
        """Standby while a session runs."""
        return self.is_locked

    @Property(str, notify=frameChanged)
    def call(self) -> str:
        """What the standby screen asks for."""
        return self._call

    @Property(QObject, constant=True)
    def focus(self) -> QObject:
        return self._focus

    @Property(QObject, constant=True)
    def ask(self) -> QObject:
        return self._ask

    @Property(QObject, constant=True)
    def connectors(self) -> QObject:
        return self._connectors

    @Property(QObject, constant=True)
    def choices(self) -> QObject:
        return self._choices

    @Property(QObject, constant=True)
    def sessions(self) -> QObject:
        return self._sessions

    @Property(QObject, constant=True)
    def bar(self) -> QObject:
        """The three languages on offer."""
        return self._bar

    @Property(QObject, constant=True)
    def languages(self) -> QObject:
        """All 19."""
        return self._all_languages

    @Property(QObject, constant=True)
    def steps(self) -> QObject:
        return self._steps

    @Property(QObject, constant=True)
    def readings(self) -> QObject:
        return self._readings

    @Property(QObject, constant=True)
    def asked(self) -> QObject:
        return self._asked

    @Property(QObject, constant=True)
    def result(self) -> QObject:
        return self._result

    # --- for Python ---------------------------------------------------------------------------------------

    @property
    def is_locked(self) -> bool:
        snapshot = self._snapshot or EMPTY
        return self._page is Page.STANDBY and any(is_running(c) for c in snapshot.connectors)

    @property
    def gui(self) -> Gui:
        return (self._snapshot or EMPTY).gui

    # --- inside -------------------------------------------------------------------------------------------

    @property
    def _now_s(self) -> float:
        return self._tick.monotonic_s if self._tick else 0.0

    @property
    def _primary(self) -> str:
        return (self._snapshot or EMPTY).gui.languages[0]

    def _touch(self) -> None:
        self._touched_s = self._now_s
        if self._languages_open_s is not None:
            self._languages_open_s = self._now_s

    def _fresh(self, connector: Connector) -> bool:
        """A picture without a tick yet is as new as it gets."""
        if self._tick is None:
            return True
        age_ms = self._tick.reading_age_ms.get(connector.id)
        return age_ms is not None and age_ms <= STALE_MS

    def _switch(self, code: str) -> None:
        if code != self._language:
            self._language = code
            self._refresh()
            self.languageChanged.emit()

    def _follow(self, shown: Page | None) -> None:
        """The core's page moved on under the list of languages: close it."""
        assert self._snapshot is not None
        under = self._dialogue_page
        if shown is not None and self._languages_open_s is not None and under is not self._under:
            self._languages_open_s = None
        self._under = under
        self._refresh()

    @property
    def _dialogue_page(self) -> Page:
        return self._snapshot.dialogue.page if self._snapshot else Page.STARTING

    def _current_page(self) -> Page:
        if self._lost:
            return Page.CORE_LOST
        if self._languages_open_s is not None:
            return Page.LANGUAGES
        return self._dialogue_page

    def _refresh(self) -> None:
        code, snapshot = self._language, self._snapshot or EMPTY
        page = self._current_page()
        connector_id = snapshot.dialogue.connector_id
        connector = snapshot.connector(connector_id) if connector_id else None
        fresh = connector is not None and self._fresh(connector)
        self._fill_lists(code, snapshot)
        self._focus.show(focus_of(code, snapshot.gui, connector, fresh=fresh))
        started_s = connector.session.started_s if connector and connector.session else None
        lists = lists_of(
            code,
            snapshot.gui,
            connector,
            fresh=fresh,
            elapsed_s=None if started_s is None else max(0.0, self._now_s - started_s),
        )
        self._readings.set_rows(lists.readings)
        self._asked.set_rows(lists.asked)
        self._result.set_rows(lists.result)
        self._steps.set_rows(step_rows(code, connector))
        self._ask.show(ask_of(code, page, snapshot, self._now_s))
        self._call = standby_call(code, snapshot.connectors)
        if page is not self._page:
            self._page = page
            self.pageChanged.emit()
        frame = (
            self.identity,
            self.hotline,
            self.several,
            self.languageListed,
            self.is_locked,
            self._call,
            snapshot.gui,
        )
        if frame != self._frame:
            self._frame = frame
            self.frameChanged.emit()

    def _fill_lists(self, code: str, snapshot: Snapshot) -> None:
        gui = snapshot.gui
        rows = [connector_row(code, gui, c, fresh=self._fresh(c)) for c in snapshot.connectors]
        self._connectors.set_rows(rows)
        self._choices.set_rows([row for row in rows if row.connectorId in snapshot.dialogue.choices])
        fresh = frozenset(c.id for c in snapshot.connectors if self._fresh(c))
        self._sessions.set_rows(session_rows(code, gui, snapshot.connectors, fresh))
        # before the first snapshot nobody knows which three are on offer
        offered = dict.fromkeys(gui.languages) if self._snapshot else {}
        self._bar.set_rows([LanguageRow(key, by_code(key).name, key == code) for key in offered])
        self._all_languages.set_rows([LanguageRow(row.code, row.name, row.code == code) for row in LANGUAGES])
