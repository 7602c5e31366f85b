"""The extraction: fault table, QML and Python into one template, translations carried over."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from kiosk.i18n import by_code, extract

MAPPING = Path(__file__).resolve().parents[2] / "packaging" / "babel.cfg"
TABLE = b"""\
[[fault]]
code = 18
title = "It \\"stopped\\""
cause = "Too little insulation."
meaning = "For the operator."
measures = ["title", "Reset"]

[[fault]]
code = 19
title = "A unit failed"
cause = "Too little insulation."
advice = ""

[fault.more]
advice = "Unplug."
"""


def test_the_fault_table_gives_its_drivers_texts_with_their_lines() -> None:
    found = list(extract.fault_table(BytesIO(TABLE), (), (), {"fields": "title cause advice"}))
    assert [(line, text) for line, _function, text, _notes in found] == [
        (3, 'It "stopped"'),
        (4, "Too little insulation."),
        (10, "A unit failed"),
        (4, "Too little insulation."),
        (15, "Unplug."),
    ]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with one file of each kind."""
    for name, text in {
        "model/faults.toml": TABLE.decode(),
        "i18n/words.py": 'N_("Free")\n# TRANSLATORS: on a button\nt.gettext("Back")\n'
        't.ngettext("%(n)s car", "%(n)s cars", n)\nt.pgettext("of charge", "Free")\n',
        "screen/view.py": 't.gettext("Back")\n',
        "screen/qml/pages/A.qml": 'Text { text: qsTr("Caf\\u00e9 \\"x\\"") }\nText { text: other("No") }\n',
        "screen/qml/B.qml": "Text { text: qsTr('Back') } // qsTr(\"a comment\")\n",
        "station/core.py": 'gettext("not for drivers")\n',
    }.items():
        path = tmp_path / "kiosk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def messages(catalogue: Catalog) -> list[tuple[str | None, object]]:
    return [(m.context, m.id) for m in catalogue if m.id]


def test_the_template_holds_every_drivers_text_once(checkout: Path) -> None:
    found = messages(extract.template(checkout, MAPPING))
    assert found == [
        (None, "Free"),
        (None, "Back"),
        (None, ("%(n)s car", "%(n)s cars")),
        ("of charge", "Free"),
        (None, 'It "stopped"'),
        (None, "Too little insulation."),
        (None, "A unit failed"),
        (None, "Unplug."),
        (None, 'Café "x"'),
    ]


def test_a_message_tells_where_it_stands_and_what_the_translator_should_know(checkout: Path) -> None:
    text = extract.as_text(extract.template(checkout, MAPPING), None)
    assert (
        "#. on a button\n#: kiosk/i18n/words.py kiosk/screen/qml/B.qml kiosk/screen/view.py\n"
        'msgid "Back"\nmsgstr ""\n'
    ) in text
    assert "POT-Creation-Date" not in text


def test_translations_are_carried_over_and_what_is_gone_goes(checkout: Path) -> None:
    german = by_code("de")
    template = extract.template(checkout, MAPPING)
    first = extract.as_text(extract.updated(german, template, None), german)
    edited = (
        first.replace('msgid "Back"\nmsgstr ""', '# said twice\nmsgid "Back"\nmsgstr "Zurück"')
        .replace('msgid "Unplug."\nmsgstr ""', '#, fuzzy\nmsgid "Unplug."\nmsgstr "Ziehen."')
        .replace('msgid "A unit failed"\nmsgstr ""', 'msgid "A unit broke"\nmsgstr "Kaputt"')
    )
    assert edited.count("Zurück") == edited.count("Ziehen.") == edited.count("Kaputt") == 1
    after = extract.as_text(extract.updated(german, template, read_po(BytesIO(edited.encode()))), german)
    assert "# said twice\n" in after
    assert 'msgid "Back"\nmsgstr "Zurück"' in after
    assert '#, fuzzy\nmsgid "Unplug."\nmsgstr "Ziehen."' in after
    assert "Kaputt" not in after
    assert 'msgid "A unit failed"\nmsgstr ""' in after
    again = extract.as_text(extract.updated(german, template, read_po(BytesIO(after.encode()))), german)
    assert again == after


def test_a_message_that_becomes_plural_starts_empty(checkout: Path) -> None:
    slovenian = by_code("sl")
    old = read_po(
        BytesIO(
            b'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "%(n)s car"\nmsgstr "avto"\n'
        )
    )
    new = extract.updated(slovenian, extract.template(checkout, MAPPING), old)
    message = new.get("%(n)s car")
    assert message is not None
    assert message.string == ("", "", "", "")


def test_the_source_language_translates_itself(checkout: Path) -> None:
    english = extract.updated(by_code("en"), extract.template(checkout, MAPPING), None)
    assert all(m.string == m.id for m in english if m.id)


def test_the_header_is_the_languages_own() -> None:
    text = extract.as_text(Catalog(), by_code("sl"))
    assert '"Language: sl\\n"' in text
    assert '"Plural-Forms: nplurals=4;' in text
    assert read_po(BytesIO(text.encode())).num_plurals == 4
