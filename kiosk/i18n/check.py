"""How complete and how sound each catalogue is: counts and findings, nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.i18n.catalogues import DOMAIN
from kiosk.i18n.formats import NARROW_NBSP
from kiosk.i18n.languages import LANGUAGES, Language
from kiosk.i18n.placeholders import fits_one_of, same_placeholders
from kiosk.model import paths

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message


@dataclass(frozen=True, slots=True)
class Report:
    """One catalogue against the template. ``problem``: the file itself is unusable.

    The lists hold source texts, a plural's singular, with ``context: `` before where there is one.
    """

    code: str
    name: str
    total: int
    missing: tuple[str, ...] = ()
    fuzzy: tuple[str, ...] = ()
    placeholder_errors: tuple[str, ...] = ()
    unwanted_characters: tuple[str, ...] = ()  # U+202F, which the font lacks
    problem: str | None = None

    @property
    def usable(self) -> int:
        """Messages the driver sees in this language."""
        return self.total - len({*self.missing, *self.fuzzy, *self.placeholder_errors})

    @property
    def percent(self) -> int:
        """Rounded down: 100 means complete."""
        return 100 if not self.total else self.usable * 100 // self.total

    @property
    def complete(self) -> bool:
        return self.problem is None and self.usable == self.total and not self.unwanted_characters

    def line(self) -> str:
        """One line for a person."""
        if self.problem:
            return f"{self.code}  {self.name}: {self.problem}"
        found = (
            ("missing", self.missing),
            ("fuzzy", self.fuzzy),
            ("with wrong placeholders", self.placeholder_errors),
            ("with U+202F", self.unwanted_characters),
        )
        notes = ", ".join(f"{len(texts)} {what}" for what, texts in found if texts)
        line = f"{self.code}  {self.percent:3d} %  {self.usable}/{self.total}  {self.name}"
        return f"{line} ({notes})" if notes else line


def all_catalogues(locales: Path | None = None) -> list[Report]:
    """A report per language, in the order of the table. ``locales``: the folder, by default the product's.

    Raises OSError or ValueError where the template itself cannot be read.
    """
    folder = locales or paths.locales()
    wanted = read(folder / f"{DOMAIN}.pot")
    return [check_file(language, wanted, folder) for language in LANGUAGES]


def check_file(language: Language, wanted: Catalog, folder: Path) -> Report:
    total = sum(1 for message in wanted if message.id)
    path = folder / language.code / "LC_MESSAGES" / f"{DOMAIN}.po"
    try:
        return compare(language, wanted, read(path))
    except FileNotFoundError:
        problem = f"{path} does not exist: run packaging/update_catalogues.py"
    except (OSError, ValueError) as error:
        problem = f"{path} cannot be read: {error}"
    return Report(language.code, language.name, total, problem=problem)


def compare(language: Language, wanted: Catalog, given: Catalog) -> Report:
    """Pure: the catalogue ``given`` against the template ``wanted``."""
    missing, fuzzy, wrong, narrow = [], [], [], []
    total = 0
    for message in wanted:
        if not message.id:
            continue
        total += 1
        text = message.id if isinstance(message.id, str) else message.id[0]
        source = f"{message.context}: {text}" if message.context else text
        found = given.get(message.id, message.context)
        forms = _forms(found)
        if found is None or not forms or not all(forms) or len(forms) != _expected(language, message):
            missing.append(source)
            continue
        if found.fuzzy:
            fuzzy.append(source)
        if not all(_keeps(message, form) for form in forms):
            wrong.append(source)
        if any(NARROW_NBSP in form for form in forms):
            narrow.append(source)
    return Report(language.code, language.name, total, tuple(missing), tuple(fuzzy), tuple(wrong), tuple(narrow))


def read(path: Path) -> Catalog:
    """Raises OSError, ValueError (Babel's PoFileError is not one) naming the line."""
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except PoFileError as error:
        raise ValueError(f"line {error.lineno}: {error}") from error


def _forms(message: Message | None) -> tuple[str, ...]:
    if message is None:
        return ()
    string = message.string
    return (string,) if isinstance(string, str) else tuple(string or ())


def _expected(language: Language, message: Message) -> int:
    return 1 if isinstance(message.id, str) else language.plurals[0]


def _keeps(message: Message, form: str) -> bool:
    if isinstance(message.id, str):
        return same_placeholders(message.id, form)
    return fits_one_of(tuple(message.id), form)
