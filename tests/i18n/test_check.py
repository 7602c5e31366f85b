"""Counts of the catalogue check: what the driver would not see in his language, and why."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from kiosk.i18n import LANGUAGES, by_code, check

TEMPLATE = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "Free"
msgstr ""

msgid "in %(time)s"
msgstr ""

msgid "%(n)s car"
msgid_plural "%(n)s cars"
msgstr[0] ""
msgstr[1] ""

msgctxt "of charge"
msgid "Free"
msgstr ""
"""
FULL = {
    'msgid "Free"\nmsgstr ""\n\nmsgid "in': 'msgid "Free"\nmsgstr "Frei"\n\nmsgid "in',
    'msgid "in %(time)s"\nmsgstr ""': 'msgid "in %(time)s"\nmsgstr "in %(time)s"',
    'msgstr[0] ""\nmsgstr[1] ""': 'msgstr[0] "%(n)s Auto"\nmsgstr[1] "%(n)s Autos"',
    'msgctxt "of charge"\nmsgid "Free"\nmsgstr ""': 'msgctxt "of charge"\nmsgid "Free"\nmsgstr "Umsonst"',
    '"Content-Type': '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n"Content-Type',
}


def german() -> str:
    text = TEMPLATE
    for old, new in FULL.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text


def compared(text: str) -> check.Report:
    return check.compare(by_code("de"), read_po(BytesIO(TEMPLATE.encode())), read_po(BytesIO(text.encode())))


def test_a_full_catalogue_is_complete() -> None:
    report = compared(german())
    assert (report.total, report.usable, report.percent, report.complete) == (4, 4, 100, True)
    assert report.line() == "de  100 %  4/4  Deutsch"


BAD = [
    # (in the full catalogue, replaced by, which list, source text)
    ('"Frei"', '""', "missing", "Free"),
    ('"Umsonst"', '""', "missing", "of charge: Free"),
    ('"%(n)s Autos"', '""', "missing", "%(n)s car"),
    ('msgstr[1] "%(n)s Autos"\n', "", "missing", "%(n)s car"),
    ('msgid "in %(time)s"\nmsgstr "in', 'msgid "um %(time)s"\nmsgstr "in', "missing", "in %(time)s"),
    ('msgid "in', '#, fuzzy\nmsgid "in', "fuzzy", "in %(time)s"),
    ('msgstr "in %(time)s"', 'msgstr "in %(zeit)s"', "placeholder_errors", "in %(time)s"),
    ('"%(n)s Autos"', '"%(m)s Autos"', "placeholder_errors", "%(n)s car"),
]


@pytest.mark.parametrize(("old", "new", "where", "source"), BAD)
def test_what_is_wrong_is_found_and_counted(old: str, new: str, where: str, source: str) -> None:
    assert old in german()
    report = compared(german().replace(old, new, 1))
    lists = {name: getattr(report, name) for name in ("missing", "fuzzy", "placeholder_errors")}
    assert lists == {**dict.fromkeys(lists, ()), where: (source,)}
    assert (report.usable, report.percent, report.complete) == (3, 75, False)
    assert "3/4" in report.line()
    assert "(1 " in report.line()


def test_a_space_that_the_font_lacks_is_a_finding_though_the_text_is_usable() -> None:
    report = compared(german().replace('"Frei"', '"Frei\u202f"', 1))
    assert report.unwanted_characters == ("Free",)
    assert (report.percent, report.complete) == (100, False)


def test_a_text_that_is_fuzzy_and_wrong_counts_once() -> None:
    text = (
        german().replace('msgid "in', '#, fuzzy\nmsgid "in', 1).replace('msgstr "in %(time)s"', 'msgstr "gleich"')
    )
    report = compared(text)
    assert (report.fuzzy, report.placeholder_errors) == (("in %(time)s",), ("in %(time)s",))
    assert report.usable == 3


def test_a_folder_gives_one_report_per_language(tmp_path: Path) -> None:
    (tmp_path / "kiosk.pot").write_text(TEMPLATE, encoding="utf-8")
    for code, text in (("de", german()), ("it", 'msgid "broken'), ("fi", TEMPLATE)):
        (tmp_path / code / "LC_MESSAGES").mkdir(parents=True)
        (tmp_path / code / "LC_MESSAGES" / "kiosk.po").write_text(text, encoding="utf-8")
    reports = {report.code: report for report in check.all_catalogues(tmp_path)}
    assert list(reports) == [row.code for row in LANGUAGES]
    assert reports["de"].complete
    assert (reports["fi"].percent, reports["fi"].problem) == (0, None)
    assert "cannot be read" in (reports["it"].problem or "")
    assert "does not exist" in reports["cs"].line()
    assert not reports["cs"].complete


def test_a_missing_template_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check.all_catalogues(tmp_path)
