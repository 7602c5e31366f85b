"""Catalogues on disk: built or not, edited, damaged, missing. English stands in, the screen never fails."""

import os
from pathlib import Path

import pytest

from kiosk.i18n import PLUS50, catalogues, reload, translator
from kiosk.model import paths
from kiosk.model.errors import BadValue

LOGGER = "kiosk.i18n.catalogues"
HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)
TEXTS = """\
msgid "Free"
msgstr "Frei"

msgctxt "of charge"
msgid "Free"
msgstr "Kostenlos"

msgid "in %(time)s"
msgstr "in %(zeit)s"

#, fuzzy
msgid "Back"
msgstr "Rücken"

msgid "Cancel"
msgstr ""

msgid "%(n)s car"
msgid_plural "%(n)s cars"
msgstr[0] "%(n)s Auto"
msgstr[1] "%(n)s Autos"

msgctxt "waiting"
msgid "%(n)s car"
msgid_plural "%(n)s cars"
msgstr[0] "%(n)s Auto wartet"
msgstr[1] "%(m)s Autos warten"
"""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder of catalogues of the test's own; gives the German one's path."""
    po = tmp_path / "de" / "LC_MESSAGES" / "kiosk.po"
    po.parent.mkdir(parents=True)
    po.write_text(HEADER + TEXTS, encoding="utf-8")
    monkeypatch.setattr(paths, "locales", lambda: tmp_path)
    reload()
    yield po
    reload()


def test_a_checkout_needs_no_build(german: Path) -> None:
    de = translator("de")
    assert de.code == "de"
    assert de.gettext("Free") == "Frei"
    assert de.pgettext("of charge", "Free") == "Kostenlos"
    assert [de.ngettext("%(n)s car", "%(n)s cars", n) for n in (0, 1, 2)] == [
        "%(n)s Autos",
        "%(n)s Auto",
        "%(n)s Autos",
    ]
    assert not german.with_suffix(".mo").exists()


@pytest.mark.parametrize("message", ["Back", "Cancel", "Not in the catalogue", ""])
def test_without_a_usable_translation_the_source_is_shown(german: Path, message: str) -> None:
    assert translator("de").gettext(message) == message


def test_wrong_placeholders_are_refused_and_told_once(
    german: Path, caplog: pytest.LogCaptureFixture, expected_log
) -> None:
    expected_log(LOGGER, "zeit")
    expected_log(LOGGER, "Autos warten")
    de = translator("de")
    assert [de.gettext("in %(time)s") for _ in range(3)] == ["in %(time)s"] * 3
    assert de.npgettext("waiting", "%(n)s car", "%(n)s cars", 1) == "%(n)s Auto wartet"
    assert [de.npgettext("waiting", "%(n)s car", "%(n)s cars", 2) for _ in range(3)] == ["%(n)s cars"] * 3
    assert len(caplog.records) == 2


def test_the_translator_is_kept_until_reload(german: Path) -> None:
    first = translator("de")
    german.write_text(HEADER + 'msgid "Free"\nmsgstr "Verfügbar"\n', encoding="utf-8")
    assert translator("de") is first
    reload()
    assert translator("de").gettext("Free") == "Verfügbar"


def test_a_built_catalogue_is_used_unless_the_source_is_newer(german: Path) -> None:
    mo = german.with_suffix(".mo")
    mo.write_bytes(catalogues.compiled(german))
    german.write_text(HEADER + 'msgid "Free"\nmsgstr "Verfügbar"\n', encoding="utf-8")
    os.utime(german, ns=(1_000, 1_000))
    os.utime(mo, ns=(1_000, 1_000))
    assert translator("de").gettext("Free") == "Frei"
    os.utime(german, ns=(2_000, 2_000))
    reload()
    assert translator("de").gettext("Free") == "Verfügbar"
    german.unlink()
    reload()
    assert translator("de").gettext("Free") == "Frei"


@pytest.mark.parametrize("content", [b'msgid "x', b"\xff\xfe\x00", b'msgid "a"\nmsgstr[x] "b"\n'])
def test_a_damaged_source_shows_english_and_says_so(german: Path, content: bytes, expected_log) -> None:
    expected_log(LOGGER, f"{german} cannot be read")
    german.write_bytes(content)
    assert translator("de").gettext("Free") == "Free"


def test_a_damaged_build_does_not_hide_its_source(german: Path, expected_log) -> None:
    expected_log(LOGGER, "kiosk.mo is damaged")
    german.with_suffix(".mo").write_bytes(b"not a catalogue")
    assert translator("de").gettext("Free") == "Frei"


def test_a_damaged_build_alone_shows_english_and_says_so(german: Path, expected_log) -> None:
    expected_log(LOGGER, "cannot be read")
    german.with_suffix(".mo").write_bytes(b"not a catalogue")
    german.unlink()
    assert translator("de").gettext("Free") == "Free"


def test_a_missing_catalogue_shows_english_and_says_so(german: Path, expected_log) -> None:
    expected_log(LOGGER, "fi.*is missing")
    assert translator("fi").gettext("Free") == "Free"


def test_the_made_up_language_needs_no_file(german: Path) -> None:
    pseudo = translator(PLUS50)
    assert pseudo.gettext("Free") == "Frrééé"
    assert pseudo.ngettext("%(n)s car", "%(n)s cars", 2) == "%(n)s čááršš"


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(BadValue):
        translator("xx")
