"""The bridge from the gettext catalogues to QML's ``qsTr``."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtQml import QQmlEngine

from kiosk.i18n import translator


class CatalogueTranslator(QTranslator):
    """Answers ``qsTr`` from the catalogue of ``code`` (one of the 19, or the made-up test language).

    The context (the QML file's name) is not used: one catalogue serves the whole product, so a sentence has one
    translation wherever it stands.
    """

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code
        self._catalogue = translator(code)

    def translate(
        self,
        context: str | bytes | bytearray | memoryview,
        sourceText: str | bytes | bytearray | memoryview,  # noqa: N803 - Qt's name
        disambiguation: str | bytes | bytearray | memoryview | None = None,
        n: int = -1,
    ) -> str:
        source = sourceText if isinstance(sourceText, str) else bytes(sourceText).decode()
        return self._catalogue.gettext(source)

    def isEmpty(self) -> bool:
        return False


class Language:
    """Holds the translator in force. Qt refreshes nothing by itself, so every switch retranslates the engine."""

    def __init__(self, engine: QQmlEngine) -> None:
        self._engine = engine
        self._current: CatalogueTranslator | None = None

    @property
    def code(self) -> str | None:
        return self._current.code if self._current else None

    def use(self, code: str) -> None:
        """Switch all ``qsTr`` texts to ``code``. Raises BadValue for a language that is none of ours."""
        if code == self.code:
            return
        new = CatalogueTranslator(code)
        if self._current is not None:
            QCoreApplication.removeTranslator(self._current)
        QCoreApplication.installTranslator(new)
        self._current = new  # Qt keeps no reference of its own
        self._engine.retranslate()

    def drop(self) -> None:
        """Take the translator out again (end of the program, tests)."""
        if self._current is not None:
            QCoreApplication.removeTranslator(self._current)
            self._current = None
