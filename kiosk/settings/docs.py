"""The reference pages, rendered from the tables: configuration keys, faults, installation file.

``python -m kiosk.settings.docs`` writes them to ``assets/docs``; a test fails when they are stale.
"""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.model import paths
from kiosk.settings import fault_docs, reading, valuetypes
from kiosk.settings.installation import Installation
from kiosk.settings.sections import CONNECTOR_DEFAULTS
from kiosk.settings.table import KEYS, Access, Key, Source

_KEYS_INTRO: Final = """\
# Configuration keys

The {count} keys of the station. They are read and written on the web interface, by `kiosk keys`, and by the
backend with GetConfiguration and ChangeConfiguration. Names are accepted in any case and in the other spellings
given; the backend sees the bold one. Values are stored in one canonical form.

*Takes effect*: keys with `soft reset` are stored at once, the backend is told RebootRequired, and the new value
counts from the next soft reset on. Secrets can be written, but never read. Values beyond the hardware are
accepted, and clamped where they are used; the key then shows what is used. Defaults are those of the default
installation (see [installation.md](installation.md)).

This page is generated from the table of keys.
"""

_INSTALLATION_INTRO: Final = """\
# Installation file

What was built and bolted together stands in one TOML file, which the station reads at its start. Everything may be
left out. What the operator and the backend may change later are configuration keys
(see [configuration-keys.md](configuration-keys.md)).

Single values can be overridden at the start: `kiosk run --install backend.retry_min_s=1`, for connectors by their
place in the file from 0: `--install connectors.0.lock=false`. The value is TOML or a bare text.
`--connectors CCS,CCS,CHAdeMO` replaces the list of connectors. A wrong file stops the start with one line that
names everything that is wrong in it.

This page is generated from the definition of the file.

## At the top of the file
"""

_ACCESS: Final = {Access.READ: "read", Access.WRITE: "write only", Access.READ_WRITE: "read, write"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    lines = [list(heads)]
    lines.append(["---"] * len(lines[0]))
    return ["| " + " | ".join(line) + " |" for line in (*lines, *(list(row) for row in rows))]


# --- configuration keys ------------------------------------------------------------------------------------------


def _effect(key: Key) -> str:
    if not key.writable:
        return {Source.INSTALLATION: "from the installation", Source.MACHINE: "reported"}.get(key.source, "fixed")
    return "soft reset" if key.reboot else "at once"


def _key_row(key: Key) -> list[str]:
    also = f" (also {', '.join(key.aliases)})" if key.aliases else ""
    secret = "; secret" if key.secret else ""
    return [
        f"**{key.name}**{also}",
        _cell(key.help),
        _cell(valuetypes.allowed(key)),
        "" if key.secret else _code(key.default),
        _ACCESS[key.access] + secret,
        _effect(key),
    ]


def page() -> str:
    """Markdown of all configuration keys, by profile."""
    profiles: dict[str, list[Key]] = {}
    for key in KEYS.values():
        profiles.setdefault(key.profile, []).append(key)
    lines = [_KEYS_INTRO.format(count=len(KEYS)).rstrip()]
    heads = ("Key", "What it does", "Value", "Default", "Access", "Takes effect")
    for profile, keys in profiles.items():
        lines += ["", f"## {profile}", "", *_table(heads, map(_key_row, keys))]
    return "\n".join(lines) + "\n"


def rows() -> list[dict[str, Any]]:
    """The same as ``page`` for programs: one dictionary per key."""
    return [
        {
            "name": key.name,
            "aliases": list(key.aliases),
            "profile": key.profile,
            "type": key.type.value,
            "unit": key.unit,
            "allowed": valuetypes.allowed(key),
            "default": None if key.secret else key.default,
            "access": key.access.value,
            "secret": key.secret,
            "takes_effect": _effect(key),
            "label": key.web_label,
            "help": key.help,
        }
        for key in KEYS.values()
    ]


# --- installation file -------------------------------------------------------------------------------------------


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def _plain(field: reading.Field) -> bool:
    return not (
        reading.is_table(field.kind) or reading.item_table(field.kind) or typing.get_origin(field.kind) is dict
    )


def _about(field: reading.Field) -> str:
    return f"{field.about} ({reading.allowed(field.kind, field.meta)})"


def _sentence(field: reading.Field) -> str:
    return f"{field.about[0].upper()}{field.about[1:]}."


def _lines(section: msgspec.Struct, comments: bool = True) -> list[str]:
    """The plain fields of one table, each under its comment."""
    lines = []
    for field in filter(_plain, reading.fields(type(section))):
        value = getattr(section, field.name)
        if comments:
            lines.append(f"# {_about(field)}")
        lines.append(f"# {field.name} =" if value is None else f"{field.name} = {_toml(value)}")
    return lines


_EXAMPLES: Final = {"tariff": '# de = "0,49 €/kWh"', "keys": "# GUIslideTime = 15"}


def default_file() -> str:
    """The default installation as TOML, every field under its comment."""
    whole = Installation()
    lines = [
        "# Installation of one charging station. Whatever is left out has the value given here.",
        "",
        *_lines(whole),
    ]
    for field in reading.fields(Installation):
        value = getattr(whole, field.name)
        if reading.is_table(field.kind):
            lines += ["", f"# {_docstring(field.kind)}", f"[{field.name}]", *_lines(value)]
        elif item := reading.item_table(field.kind):
            lines += ["", f"# {_docstring(item)} {_sentence(field)}"]
            for i, entry in enumerate(value):
                lines += [*([""] if i else []), f"[[{field.name}]]", *_lines(entry, comments=not i)]
        elif not _plain(field):
            lines += ["", f"# {_sentence(field)}", f"[{field.name}]", _EXAMPLES[field.name]]
    return "\n".join(lines) + "\n"


def _docstring(cls: type[msgspec.Struct]) -> str:
    return (inspect.getdoc(cls) or "").replace("\n", " ")


def _field_rows(cls: type[msgspec.Struct]) -> list[list[str]]:
    return [
        [
            _code(field.name),
            _cell(field.about),
            _cell(reading.allowed(field.kind, field.meta)),
            "" if field.default is None or field.default is msgspec.NODEFAULT else _code(_toml(field.default)),
        ]
        for field in reading.fields(cls)
        if _plain(field)
    ]


def _type_defaults() -> list[str]:
    names = list(next(iter(CONNECTOR_DEFAULTS.values())))
    rows = ([_code(kind), *(_toml(given[name]) for name in names)] for kind, given in CONNECTOR_DEFAULTS.items())
    return _table(("`type`", *map(_code, names)), rows)


def installation_page() -> str:
    """Markdown of the installation file: every table and field, then the whole default file."""
    heads = ("Field", "What it is", "Value", "Default")
    lines = [_INSTALLATION_INTRO, *_table(heads, _field_rows(Installation))]
    for field in reading.fields(Installation):
        item = reading.item_table(field.kind)
        if reading.is_table(field.kind):
            lines += [
                "",
                f"## [{field.name}]",
                "",
                _docstring(field.kind),
                "",
                *_table(heads, _field_rows(field.kind)),
            ]
        elif item:
            lines += ["", f"## [[{field.name}]]", "", f"{_docstring(item)} {_sentence(field)}", ""]
            lines += _table(heads, _field_rows(item))
            lines += ["", "What follows from the type:", "", *_type_defaults()]
        elif not _plain(field):
            lines += ["", f"## [{field.name}]", "", f"{_sentence(field)} For example:", ""]
            lines += ["```toml", f"[{field.name}]", _EXAMPLES[field.name].removeprefix("# "), "```"]
    lines += ["", "## The default file", "", "```toml", default_file().rstrip(), "```"]
    return "\n".join(lines) + "\n"


PAGES: Final[dict[str, Callable[[], str]]] = {
    "configuration-keys.md": page,
    "faults.md": fault_docs.page,
    "installation.md": installation_page,
}
"""File name in ``assets/docs`` to what renders it."""


def write(folder: Path) -> None:
    """Write all pages into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(paths.assets() / "docs")
