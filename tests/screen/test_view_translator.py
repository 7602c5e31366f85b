"""Every text of the pages comes out of the catalogue, without Python being asked for it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QTranslator

from kiosk.i18n import LANGUAGES, PLUS50, translator
from kiosk.screen.translator import CatalogueTranslator, message_block, sources


@pytest.mark.parametrize("code", [*(row.code for row in LANGUAGES), PLUS50])
def test_every_text_is_found_whatever_page_asks(code: str) -> None:
    qt, catalogue = CatalogueTranslator(code), translator(code)
    assert len(sources()) > 30
    for text in sources():
        assert qt.translate("AnyPage", text) == catalogue.gettext(text)
    assert not qt.translate("AnyPage", "a text of nobody")


def test_qt_never_calls_python_for_a_text() -> None:
    """It would from its loader threads, and wait for the interpreter that waits for them."""
    assert CatalogueTranslator.translate is QTranslator.translate


def test_texts_with_the_same_hash_are_told_apart() -> None:
    block = message_block([("b", "x"), ("a", "ü→"), ("", "nothing")])
    qt = QTranslator()
    assert qt.load(block)
    assert [qt.translate("", text) for text in "ab"] == ["ü→", "x"]
