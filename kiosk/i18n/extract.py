"""Extraction: where messages stand, and the reader for tables that hold sentences.

Babel reads Python itself and QML through its JavaScript reader (keyword ``qsTr``); ``fault_table`` is the
reader for ``kiosk/model/faults.toml``. Used by ``packaging/update_catalogues.py`` and the tests only.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from kiosk.i18n.languages import SOURCE, Language

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

Extracted = tuple[int, None, str, list[str]]

PROJECT: Final = "kiosk"
TRANSLATOR_TAG: Final = "TRANSLATORS:"
QML_KEYWORD: Final = "qsTr"
KEYWORDS: Final[dict[str, Any]] = {
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    # by number of arguments: the text alone, or the text and its context
    QML_KEYWORD: {1: (1,), 2: (1, (2, "c"))},
}
"""Babel's form of ``-k qsTr:1,1t -k qsTr:1,2c,2t`` and of gettext's own functions."""


def fault_table(
    file: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, str]
) -> Iterator[Extracted]:
    """Babel extractor for a TOML table: the strings of the fields that option ``fields`` names.

    Yields (line, None, message, comments), a message as often as it stands there.
    """
    source = file.read().decode("utf-8")
    fields = frozenset(options["fields"].split())
    lines = source.splitlines()
    for field, text in _strings(tomllib.loads(source), fields):
        start = text[:20].replace('"', '\\"')
        line = next((n for n, row in enumerate(lines, 1) if field in row and start in row), 1)
        yield line, None, text, []


def _strings(node: object, fields: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str):
                if name in fields and value:
                    yield name, value
            else:
                yield from _strings(value, fields)
    elif isinstance(node, list):
        for item in node:
            yield from _strings(item, fields)


def template(root: Path, mapping: Path) -> Catalog:
    """All messages of the checkout ``root``, read as ``mapping`` (Babel's ini form) says; sorted by place.

    Raises ValueError when a message is written with and without plural forms, OSError.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir
    from babel.messages.frontend import parse_mapping_cfg

    with mapping.open(encoding="utf-8") as ini:
        methods, options = parse_mapping_cfg(ini)  # type: ignore[no-untyped-call]
    catalogue = Catalog(project=PROJECT, charset="utf-8", header_comment=_HEADER)
    found = extract_from_dir(
        root / "kiosk",
        methods,
        options,
        keywords=KEYWORDS,
        comment_tags=(TRANSLATOR_TAG,),
        strip_comment_tags=True,
    )
    rows = sorted(
        ((f"kiosk/{name}", line, text, notes, context) for name, line, text, notes, context in found), key=_place
    )
    for path, _line, text, notes, context in rows:
        catalogue.add(text, locations=[(path, 0)], auto_comments=notes, context=context)
    return catalogue


def updated(language: Language, template: Catalog, old: Catalog | None) -> Catalog:
    """The catalogue of ``language`` with exactly the template's messages and the translations it had."""
    from babel.messages.catalog import Catalog

    catalogue = Catalog(project=PROJECT, charset="utf-8", header_comment=_HEADER)
    # Babel's own table has one form for Hungarian where CLDR and gettext have two
    catalogue.mime_headers = [("Plural-Forms", language.plural_forms)]
    for message in template:
        if not message.id:
            continue
        before = old.get(message.id, message.context) if old else None
        fits = before is not None and isinstance(before.id, tuple) == isinstance(message.id, tuple)
        text = before.string if fits and before else _empty(language, message.id)
        flags = before.flags & {"fuzzy"} if fits and before else set()
        catalogue.add(
            message.id,
            text,
            locations=message.locations,
            auto_comments=message.auto_comments,
            user_comments=before.user_comments if fits and before else (),
            flags=flags,
            context=message.context,
        )
    return catalogue


def as_text(catalogue: Catalog, language: Language | None) -> str:
    """The file's text: a fixed order, no line numbers and no dates, so that only real changes show."""
    from babel.messages.pofile import write_po

    out = io.BytesIO()
    write_po(out, catalogue, width=110, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return _header(language) + out.getvalue().decode("utf-8")


_HEADER: Final = "Texts of the driver's screen."


def _header(language: Language | None) -> str:
    who = f"{language.name} ({language.code})" if language else "template"
    fields = {
        "Project-Id-Version": PROJECT,
        "Language": language.code if language else "",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    if language:
        fields["Plural-Forms"] = language.plural_forms
    rows = "".join(f'"{name}: {value}\\n"\n' for name, value in fields.items())
    return f'# {_HEADER[:-1]}: {who}.\nmsgid ""\nmsgstr ""\n{rows}\n'


def _place(row: tuple[str, int, Any, list[str], str | None]) -> tuple[str, int, str, str]:
    path, line, text, _notes, context = row
    return path, line, str(text), context or ""


def _empty(language: Language, message_id: Any) -> str | tuple[str, ...]:
    if language.code == SOURCE:
        return tuple(message_id) if isinstance(message_id, list | tuple) else str(message_id)
    return ("",) * language.plurals[0] if isinstance(message_id, tuple) else ""
