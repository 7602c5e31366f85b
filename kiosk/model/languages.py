"""The 19 languages and the names they go by (decision 19): keys accept them all, the screen shows the native one.

Their texts, plurals and numbers are the room ``i18n``'s.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class LanguageName(NamedTuple):
    """One language as keys name it."""

    code: str  # as used by code
    spelling: str  # the manual's, as stored and sent to the backend
    native: str  # as people read it


LANGUAGES: Final = (
    LanguageName("cs", "Czech", "Čeština"),
    LanguageName("da", "Dansk", "Dansk"),
    LanguageName("de", "Deutsch", "Deutsch"),
    LanguageName("en", "English", "English"),
    LanguageName("es", "Español", "Español"),
    LanguageName("fr", "Français", "Français"),
    LanguageName("hr", "Hrvatski", "Hrvatski"),
    LanguageName("it", "Italiano", "Italiano"),
    LanguageName("hu", "Magyar", "Magyar"),
    LanguageName("nl", "Nederlands", "Nederlands"),
    LanguageName("nb", "Norsk", "Norsk"),
    LanguageName("pl", "Polski", "Polski"),
    LanguageName("pt", "Portugues", "Português"),
    LanguageName("ro", "Romana", "Română"),
    LanguageName("ru", "русский", "Русский"),
    LanguageName("sk", "Slovak", "Slovenčina"),
    LanguageName("sl", "Slovenscina", "Slovenščina"),
    LanguageName("fi", "Suomi", "Suomi"),
    LanguageName("sv", "Svenska", "Svenska"),
)

_BY_WORD: Final = {word.casefold(): row for row in LANGUAGES for word in row}


def find(word: str) -> LanguageName | None:
    """The language named by its own name, the manual's spelling or its code, in any case."""
    return _BY_WORD.get(word.strip().casefold())
