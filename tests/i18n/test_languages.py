"""The table of languages: decision 19, and plural rules that agree with CLDR for whole numbers."""

import gettext

import pytest
from babel import Locale

from kiosk.i18n import LANGUAGES, by_code, by_name
from kiosk.model.errors import BadValue

DECISION_19 = (
    "Čeština cs, Dansk da, Deutsch de, English en, Español es, Français fr, Hrvatski hr, Italiano it, Magyar hu, "
    "Nederlands nl, Norsk nb, Polski pl, Português pt, Română ro, Русский ru, Slovenčina sk, Slovenščina sl, "
    "Suomi fi, Svenska sv"
)
MANUAL = (
    "Czech, Dansk, Deutsch, English, Español, Français, Hrvatski, Italiano, Magyar, Nederlands, Norsk, Polski, "
    "Portugues, Romana, русский, Slovak, Slovenscina, Suomi, Svenska"
)


def test_the_table_is_decision_19_in_its_order() -> None:
    assert ", ".join(f"{row.name} {row.code}" for row in LANGUAGES) == DECISION_19


@pytest.mark.parametrize(("row", "spelling"), list(zip(LANGUAGES, MANUAL.split(", "), strict=True)))
def test_a_language_is_found_by_name_manual_spelling_and_code(row, spelling: str) -> None:
    for text in (row.name, spelling, row.code, row.name.upper(), f" {spelling.lower()} "):
        assert by_name(text) is row
    assert by_code(row.code) is row


@pytest.mark.parametrize("text", ["", "Klingon", "d", "de_DE", "German"])
def test_an_unknown_language_is_refused_with_the_choice(text: str) -> None:
    with pytest.raises(BadValue, match="Deutsch \\(de\\)"):
        by_name(text)
    with pytest.raises(BadValue):
        by_code(text)


def test_by_code_takes_no_names() -> None:
    with pytest.raises(BadValue):
        by_code("Deutsch")


@pytest.mark.parametrize("row", LANGUAGES, ids=lambda row: row.code)
def test_gettext_form_and_cldr_category_part_whole_numbers_the_same_way(row) -> None:
    """Two numbers share a gettext form exactly when CLDR gives them one category.

    From a million on, CLDR has a form of its own in some languages; no count on a charging station gets there.
    """
    form = gettext.c2py(row.plurals[1])
    category = Locale.parse(row.locale).plural_form
    pairs = {(form(n), category(n)) for n in range(2000)}
    forms, categories = {f for f, _ in pairs}, {c for _, c in pairs}
    assert len(pairs) == len(forms) == len(categories)
    assert forms == set(range(row.plurals[0]))
    assert row.plural_forms == f"nplurals={row.plurals[0]}; plural={row.plurals[1]};"
