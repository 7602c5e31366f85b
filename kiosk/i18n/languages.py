"""The table of languages (decision 19) and how a person may name one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.model.errors import BadValue

_ONE_OTHER: Final = (2, "(n != 1)")
_SLAVIC: Final = (
    3,
    "(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)",
)
_WEST_SLAVIC: Final = (3, "(n==1 ? 0 : n>=2 && n<=4 ? 1 : 2)")


@dataclass(frozen=True, slots=True)
class Language:
    """One row: what the driver sees, what the keys accept, how numbers are written and counted."""

    code: str  # ISO 639-1, name of the catalogue's folder
    name: str  # in its own script, as the driver sees it
    spellings: tuple[str, ...]  # the manual's, where they differ from ``name``
    locale: str  # CLDR's name
    plurals: tuple[int, str]  # gettext: number of forms, rule for whole numbers

    @property
    def plural_forms(self) -> str:
        """Value of the catalogue's ``Plural-Forms`` header."""
        count, rule = self.plurals
        return f"nplurals={count}; plural={rule};"


LANGUAGES: Final[tuple[Language, ...]] = (
    Language("cs", "Čeština", ("Czech",), "cs", _WEST_SLAVIC),
    Language("da", "Dansk", (), "da", _ONE_OTHER),
    Language("de", "Deutsch", (), "de", _ONE_OTHER),
    Language("en", "English", (), "en_GB", _ONE_OTHER),
    Language("es", "Español", ("Espanol",), "es", _ONE_OTHER),
    Language("fr", "Français", ("Francais",), "fr", (2, "(n > 1)")),
    Language("hr", "Hrvatski", (), "hr", _SLAVIC),
    Language("it", "Italiano", (), "it", _ONE_OTHER),
    Language("hu", "Magyar", (), "hu", _ONE_OTHER),
    Language("nl", "Nederlands", (), "nl", _ONE_OTHER),
    Language("nb", "Norsk", (), "nb", _ONE_OTHER),
    Language(
        "pl",
        "Polski",
        (),
        "pl",
        (3, "(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)"),
    ),
    Language("pt", "Português", ("Portugues",), "pt_PT", _ONE_OTHER),
    Language("ro", "Română", ("Romana",), "ro", (3, "(n==1 ? 0 : (n==0 || (n%100>0 && n%100<20)) ? 1 : 2)")),
    Language("ru", "Русский", ("Russian",), "ru", _SLAVIC),
    Language("sk", "Slovenčina", ("Slovak",), "sk", _WEST_SLAVIC),
    Language(
        "sl",
        "Slovenščina",
        ("Slovenscina",),
        "sl",
        (4, "(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3)"),
    ),
    Language("fi", "Suomi", (), "fi", _ONE_OTHER),
    Language("sv", "Svenska", (), "sv", _ONE_OTHER),
)
"""In the order of decision 19, which is the order on the screen (alphabetical by own name)."""

SOURCE: Final = "en"

_BY_CODE: Final = {language.code: language for language in LANGUAGES}
_BY_NAME: Final = {
    word.casefold(): language
    for language in LANGUAGES
    for word in (language.code, language.name, *language.spellings)
}


def by_code(code: str) -> Language:
    """The row of ``code``. Raises BadValue for any other text."""
    try:
        return _BY_CODE[code]
    except KeyError:
        raise _unknown(code) from None


def by_name(text: str) -> Language:
    """The row named by its own name, the manual's spelling or the code, in any case. Raises BadValue."""
    try:
        return _BY_NAME[text.strip().casefold()]
    except KeyError:
        raise _unknown(text) from None


def _unknown(text: str) -> BadValue:
    return BadValue(
        "language", text, "no such language", ", ".join(f"{row.name} ({row.code})" for row in LANGUAGES)
    )
