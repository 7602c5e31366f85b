"""The table of languages (decision 19) and how a person may name one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.model import languages
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


_POLISH: Final = (3, "(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)")
_ROMANIAN: Final = (3, "(n==1 ? 0 : (n==0 || (n%100>0 && n%100<20)) ? 1 : 2)")
_SLOVENE: Final = (4, "(n%100==1 ? 0 : n%100==2 ? 1 : n%100==3 || n%100==4 ? 2 : 3)")
_FRENCH: Final = (2, "(n > 1)")
_PLURALS: Final = {
    "cs": _WEST_SLAVIC,
    "fr": _FRENCH,
    "hr": _SLAVIC,
    "pl": _POLISH,
    "ro": _ROMANIAN,
    "ru": _SLAVIC,
    "sk": _WEST_SLAVIC,
    "sl": _SLOVENE,
}
"""Languages that count otherwise than in one and others."""
_LOCALES: Final = {"en": "en_GB", "pt": "pt_PT"}
"""Languages whose name in CLDR is not their code."""

LANGUAGES: Final[tuple[Language, ...]] = tuple(
    Language(
        code=row.code,
        name=row.native,
        spellings=(row.spelling,) if row.spelling != row.native else (),
        locale=_LOCALES.get(row.code, row.code),
        plurals=_PLURALS.get(row.code, _ONE_OTHER),
    )
    for row in languages.LANGUAGES
)
"""In the order of decision 19, which is the order on the screen (alphabetical by own name)."""

SOURCE: Final = "en"

_BY_CODE: Final = {language.code: language for language in LANGUAGES}


def by_code(code: str) -> Language:
    """The row of ``code``. Raises BadValue for any other text."""
    try:
        return _BY_CODE[code]
    except KeyError:
        raise _unknown(code) from None


def by_name(text: str) -> Language:
    """The row named by its own name, the manual's spelling or the code, in any case. Raises BadValue."""
    row = languages.find(text)
    if row is None:
        raise _unknown(text)
    return _BY_CODE[row.code]


def _unknown(text: str) -> BadValue:
    return BadValue(
        "language", text, "no such language", ", ".join(f"{row.name} ({row.code})" for row in LANGUAGES)
    )
