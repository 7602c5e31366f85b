"""Catalogues: a translator per language, from the built ``.mo`` or straight from the ``.po``.

A fresh checkout and a translator's live edit need no build: a ``.po`` newer than its ``.mo`` (or without one)
is compiled in memory. A translation that does not keep its source's placeholders is refused, because showing
English is better than a screen that fails while formatting.
"""

from __future__ import annotations

import gettext
import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.i18n.languages import by_code
from kiosk.i18n.placeholders import fits_one_of, same_placeholders
from kiosk.i18n.pseudo import plus50
from kiosk.model import paths

log = logging.getLogger(__name__)

DOMAIN: Final = "kiosk"
PLUS50: Final = "plus50"
"""Code of the made-up language for tests of the layout; never offered to a driver."""

_translators: dict[str, Translator] = {}


class Translator:
    """Looks messages up in one catalogue. Same methods as ``gettext.NullTranslations``.

    ``code``: the language. The four methods return the English source where there is no usable translation.
    """

    def __init__(
        self,
        code: str,
        catalogue: gettext.NullTranslations,
        disguise: Callable[[str], str] | None = None,
    ) -> None:
        self.code = code
        self._catalogue = catalogue
        self._disguise = disguise
        self._known: dict[tuple[str | None, str], str] = {}
        self._refused: set[tuple[str, str]] = set()

    def gettext(self, message: str) -> str:
        return self._lookup(None, message)

    def pgettext(self, context: str, message: str) -> str:
        return self._lookup(context, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form for the whole number ``n``."""
        return self._plural(msgid1, msgid2, n, self._catalogue.ngettext(msgid1, msgid2, n))

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return self._plural(msgid1, msgid2, n, self._catalogue.npgettext(context, msgid1, msgid2, n))

    def _lookup(self, context: str | None, message: str) -> str:
        if not message:
            return message  # gettext would answer with the catalogue's header
        key = (context, message)
        known = self._known.get(key)
        if known is None:
            if context:
                found = self._catalogue.pgettext(context, message)
            else:
                found = self._catalogue.gettext(message)
            if not same_placeholders(message, found):
                self._refuse(message, found)
                found = message
            known = self._known[key] = self._disguise(found) if self._disguise else found
        return known

    def _plural(self, singular: str, plural: str, n: int, found: str) -> str:
        if not fits_one_of((singular, plural), found):
            self._refuse(plural, found)
            found = singular if n == 1 else plural
        return self._disguise(found) if self._disguise else found

    def _refuse(self, message: str, translation: str) -> None:
        if (message, translation) not in self._refused:
            self._refused.add((message, translation))
            log.warning(
                "catalogue %s: %r has other placeholders than %r; shown in English",
                self.code,
                translation,
                message,
            )


def translator(code: str) -> Translator:
    """The translator of ``code`` (one of the 19, or ``PLUS50``), read once. Raises BadValue for other codes."""
    found = _translators.get(code)
    if found is None:
        found = _translators[code] = _open(code)
    return found


def reload() -> None:
    """Forget all catalogues: the next ``translator`` reads the files again."""
    _translators.clear()


def po_path(code: str) -> Path:
    """The source of a catalogue."""
    return paths.locales() / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def _open(code: str) -> Translator:
    if code == PLUS50:
        return Translator(code, gettext.NullTranslations(), plus50)
    by_code(code)
    po = po_path(code)
    try:
        return Translator(code, _read(po))
    except FileNotFoundError:
        log.warning("catalogue %s is missing; shown in English", po)
    except (OSError, ValueError, UnicodeError):
        log.exception("catalogue %s cannot be read; shown in English", po)
    return Translator(code, gettext.NullTranslations())


def _read(po: Path) -> gettext.GNUTranslations:
    """Raises FileNotFoundError, OSError, ValueError (damaged file)."""
    mo = po.with_suffix(".mo")
    if mo.exists() and (not po.exists() or mo.stat().st_mtime_ns >= po.stat().st_mtime_ns):
        try:
            with mo.open("rb") as built:
                return gettext.GNUTranslations(built)
        except (OSError, ValueError):
            if not po.exists():
                raise
            log.warning("built catalogue %s is damaged; reading its source instead", mo)
    return gettext.GNUTranslations(io.BytesIO(compiled(po)))


def compiled(po: Path) -> bytes:
    """The ``.mo`` of a ``.po``, without fuzzy entries. Raises OSError, ValueError naming file and line."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    try:
        with po.open("rb") as source:
            catalogue = read_po(source, abort_invalid=True)
    except PoFileError as error:
        raise ValueError(f"{po}: line {error.lineno}: {error}") from error
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()
