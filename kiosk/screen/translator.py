"""The bridge from the gettext catalogues to QML's ``qsTr``.

The texts are handed to Qt as one block in Qt's own message format, not asked of Python one by one: Qt also
translates on its loader threads, and one that waited for the interpreter while the interpreter waited for it would
stop the screen for ever.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtQml import QQmlEngine

from kiosk.i18n import translator
from kiosk.screen.engine import QML_DIR

_QSTR: Final = re.compile(r'\bqsTr\("((?:[^"\\]|\\.)*)"\)')
_MAGIC: Final = bytes.fromhex("3cb86418caef9c95cd211cbf60a1bddd")
_HASHES, _MESSAGES = 0x42, 0x69
_END, _TRANSLATION, _SOURCE = 1, 3, 6


@lru_cache(maxsize=1)
def sources() -> tuple[str, ...]:
    """Every literal that a page gives to ``qsTr``."""
    found: dict[str, None] = {}
    for path in sorted(QML_DIR.rglob("*.qml")):
        for literal in _QSTR.findall(path.read_text(encoding="utf-8")):
            found[re.sub(r"\\(.)", r"\1", literal)] = None
    return tuple(found)


def _hash(text: bytes) -> int:
    """ELF hash, as Qt looks messages up by."""
    h = 0
    for byte in text:
        h = ((h << 4) + byte) & 0xFFFFFFFF
        high = h & 0xF0000000
        if high:
            h ^= high >> 24
        h &= ~high
    return h or 1


def message_block(pairs: Iterable[tuple[str, str]]) -> bytes:
    """(source, translation) pairs as Qt's compiled message file; no contexts: one text has one translation."""
    messages, hashes = bytearray(), []
    for source, translation in pairs:
        key, said = source.encode(), translation.encode("utf-16-be")
        hashes.append((_hash(key), len(messages)))
        messages += struct.pack(">BI", _TRANSLATION, len(said)) + said
        messages += struct.pack(">BI", _SOURCE, len(key)) + key + bytes([_END])
    table = b"".join(struct.pack(">II", *row) for row in sorted(hashes))
    return (
        _MAGIC
        + struct.pack(">BI", _HASHES, len(table))
        + table
        + struct.pack(">BI", _MESSAGES, len(messages))
        + bytes(messages)
    )


class CatalogueTranslator(QTranslator):
    """Answers ``qsTr`` from the catalogue of ``code`` (one of the 19, or the made-up test language)."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code
        catalogue = translator(code)
        self._block = message_block((text, catalogue.gettext(text)) for text in sources())
        if not self.load(self._block):
            raise RuntimeError(f"Qt does not take the texts of {code}")


class Language:
    """Holds the translator in force. Qt refreshes nothing by itself, so every switch retranslates the engine."""

    def __init__(self, engine: QQmlEngine) -> None:
        self._engine = engine
        self._current: QTranslator | None = None
        self._code: str | None = None

    @property
    def code(self) -> str | None:
        return self._code

    def use(self, code: str) -> None:
        """Switch all ``qsTr`` texts to ``code``. Raises BadValue for a language that is none of ours."""
        if code == self._code:
            return
        new = CatalogueTranslator(code)
        if self._current is not None:
            QCoreApplication.removeTranslator(self._current)
        QCoreApplication.installTranslator(new)
        self._current, self._code = new, code  # Qt keeps no reference of its own
        self._engine.retranslate()

    def drop(self) -> None:
        """Take the translator out again (end of the program, tests)."""
        if self._current is not None:
            QCoreApplication.removeTranslator(self._current)
            self._current = self._code = None
