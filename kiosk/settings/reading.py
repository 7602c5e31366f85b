"""From TOML to checked structs, field by field, so that all problems are found at once and each names its place.

Knows nothing of stations: it walks any tree of msgspec structs, lists of structs, dictionaries and plain values.
"""

from __future__ import annotations

import difflib
import math
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union

import msgspec

from kiosk.model.errors import BadFile, BadValue

Raw = dict[str, Any]


class Field(NamedTuple):
    """One field of a struct, taken apart for checking and for documentation."""

    name: str
    kind: Any  # type without its annotation
    meta: msgspec.Meta
    full: Any  # type with its annotation
    default: Any  # msgspec.NODEFAULT: must be given
    about: str


def fields(cls: type[msgspec.Struct]) -> list[Field]:
    """The fields of a struct, in order."""
    found = []
    for info in msgspec.structs.fields(cls):
        kind, meta = info.type, msgspec.Meta()
        if typing.get_origin(kind) is Annotated:
            kind, meta = typing.get_args(kind)[:2]
        default = info.default_factory() if info.default_factory is not msgspec.NODEFAULT else info.default
        found.append(Field(info.name, kind, meta, info.type, default, meta.description or ""))
    return found


def is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def item_table(kind: Any) -> type[msgspec.Struct] | None:
    """The struct of a list of tables, None for anything else."""
    args = typing.get_args(kind)
    return args[0] if typing.get_origin(kind) is tuple and is_table(args[0]) else None


def allowed(kind: Any, meta: msgspec.Meta) -> str:
    """What a field accepts, in words."""
    origin = typing.get_origin(kind)
    if origin is Annotated:
        return allowed(*typing.get_args(kind)[:2])
    if origin is Literal:
        return ("one of " if len(typing.get_args(kind)) > 1 else "only ") + ", ".join(typing.get_args(kind))
    if origin in (Union, types.UnionType):
        return " or ".join(allowed(k, meta) for k in typing.get_args(kind) if k is not type(None))
    if origin is tuple:
        numbers = {int: "whole numbers", float: "numbers"}.get(typing.get_args(kind)[0], "texts")
        return "list" if item_table(kind) else f"list of {numbers}"
    if origin is dict:
        return "table of names and values"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "one of " + ", ".join(str(member.value) for member in kind)
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        return ("whole number" if kind is int else "number") + _range(meta)
    if is_table(kind):
        return "table"
    if kind is datetime:
        return "date and time such as 2026-07-14T00:00:00+02:00"
    letters = f", at most {meta.max_length} letters" if meta.max_length else ""
    return "text" + (", not empty" if meta.min_length else "") + letters


def _range(meta: msgspec.Meta) -> str:
    low = f" above {_number(meta.gt)}" if meta.gt is not None else ""
    low = f" from {_number(meta.ge)}" if meta.ge is not None else low
    return low + (f" to {_number(meta.le)}" if meta.le is not None else "")


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:g}"


def file(path: Path) -> Raw:
    """The parsed file. Raises BadFile when it cannot be read or is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadFile(path, "there is no such file", "give the path of an installation file") from error
    except OSError as error:
        raise BadFile(path, f"cannot be read ({error.strerror})", "check its path and its permissions") from error
    except UnicodeDecodeError as error:
        raise BadFile(path, f"byte {error.start} is not UTF-8", "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadFile(path, f"is not valid TOML: {error}", "correct that place") from error


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def convert(cls: type[msgspec.Struct], raw: Raw, problems: list[str], where: str = "") -> Any:
    """A struct of ``raw``, or None where something does not fit; every misfit is added to ``problems``."""
    before = len(problems)
    known = {field.name: field for field in fields(cls)}
    for name in raw:
        if name not in known:
            meant = nearest(name, known)
            problems.append(
                f"{where}{printable(name)} is unknown" + (f" (did you mean {meant}?)" if meant else "")
            )
    values = {}
    for name, field in known.items():
        if name in raw:
            values[name] = _value(field, raw[name], problems, f"{where}{name}")
        elif field.default is msgspec.NODEFAULT:
            problems.append(f"{where}{name} is missing ({allowed(field.kind, field.meta)})")
    return cls(**values) if len(problems) == before else None


def _value(field: Field, value: Any, problems: list[str], where: str) -> Any:
    item = item_table(field.kind)
    if is_table(field.kind) and isinstance(value, dict):
        return convert(field.kind, value, problems, f"{where}.")
    if item and isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        entries = [convert(item, entry, problems, f"{where}.{i}.") for i, entry in enumerate(value)]
        low, high = field.meta.min_length or 0, field.meta.max_length or len(entries)
        if not low <= len(entries) <= high:
            problems.append(f"{where} has {len(entries)} entries, allowed are {low} to {high}")
        return tuple(entries)
    if typing.get_origin(field.kind) is dict and isinstance(value, dict):
        entry = field._replace(kind=typing.get_args(field.kind)[1], meta=msgspec.Meta())
        entry = entry._replace(full=entry.kind)
        return {
            name: _value(entry, given, problems, f"{where}.{printable(name)}") for name, given in value.items()
        }
    try:
        if not all(math.isfinite(number) for number in _floats(value)):
            raise msgspec.ValidationError("not finite")
        return msgspec.convert(value, field.full)
    except msgspec.ValidationError:
        problems.append(f"{where} = {_show(value)} does not fit ({allowed(field.kind, field.meta)})")
        return None


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _floats(entry)


def printable(name: str) -> str:
    """A name from a file for a line of text; TOML allows line breaks in quoted names."""
    return name if name.isprintable() else repr(name)


def _show(value: Any) -> str:
    if isinstance(value, bool):
        text = str(value).lower()
    else:
        text = value.isoformat() if isinstance(value, date | time) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def override(
    cls: type[msgspec.Struct], raw: Raw, overrides: Sequence[str], expand: Callable[[Raw], None] = lambda _: None
) -> None:
    """Lay ``dotted.path=value`` texts over ``raw``, one after the other. The value is TOML, or a bare text.

    ``expand`` turns short forms into tables, so that a later override finds their fields. Raises BadValue.
    """
    for text in overrides:
        path, sign, value = text.partition("=")
        path = path.strip()
        if not sign:
            raise BadValue(printable(text), "", "there is no '='", "dotted.path=value, for example hotline=0800")
        _place(cls, raw, path.split("."), printable(path), value.strip())
        expand(raw)


def _place(cls: type[msgspec.Struct], raw: Raw, steps: list[str], path: str, text: str) -> None:
    known = {field.name: field for field in fields(cls)}
    field = known.get(steps[0])
    if field is None:
        above = path.removesuffix(".".join(steps))
        meant = nearest(".".join(steps), paths(cls)) or nearest(steps[0], known)
        hint = f"; did you mean {above}{meant}?" if meant else ""
        raise BadValue(path, text, f"the installation has no such field{hint}", ", ".join(known))
    rest, item = steps[1:], item_table(field.kind)
    if is_table(field.kind):
        if not rest:
            raise BadValue(path, text, "this is a table", f"one of its fields: {', '.join(paths(field.kind))}")
        _place(field.kind, raw.setdefault(field.name, {}), rest, path, text)
    elif item and rest:
        entries = raw.setdefault(field.name, [])
        if not (rest[0].isascii() and rest[0].isdigit() and int(rest[0]) < len(entries)):
            raise BadValue(path, text, f"there is no entry {rest[0]!r}", f"0 to {len(entries) - 1}")
        if len(rest) == 1:
            raise BadValue(path, text, "this is a table", f"one of its fields: {', '.join(paths(item))}")
        _place(item, entries[int(rest[0])], rest[1:], path, text)
    elif typing.get_origin(field.kind) is dict:
        if not rest:
            raise BadValue(path, text, "this is a table", f"{path}.NAME=value")
        raw.setdefault(field.name, {})[".".join(rest)] = _parse(text, typing.get_args(field.kind)[1])
    elif rest:
        raise BadValue(path, text, f"{field.name} has no fields of its own", allowed(field.kind, field.meta))
    else:
        value = _parse(text, field.kind)
        problems: list[str] = []
        if not item:
            _value(field, value, problems, path)
        if problems:
            raise BadValue(path, text, "it does not fit", allowed(field.kind, field.meta))
        raw[field.name] = value


def _parse(text: str, kind: Any) -> Any:
    """``text`` as a TOML value if it is one and the field is not a plain text; else the text itself."""
    try:
        value = tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except tomllib.TOMLDecodeError:
        value = text
    if (kind is str or str in typing.get_args(kind)) and not isinstance(value, str | list):
        return text
    if typing.get_origin(kind) is tuple and isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


def paths(cls: type[msgspec.Struct], prefix: str = "") -> list[str]:
    """All dotted paths of plain values; ``0`` stands for the place in a list."""
    found = []
    for field in fields(cls):
        item = item_table(field.kind)
        if is_table(field.kind):
            found += paths(field.kind, f"{prefix}{field.name}.")
        elif item:
            found += paths(item, f"{prefix}{field.name}.0.")
        else:
            found.append(prefix + field.name)
    return found
