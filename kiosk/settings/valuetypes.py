"""The types of configuration values. Each value has three representations:

- *typed*: what a person or a backend writes; spaces around it, other capitals, other spellings are forgiven;
- *stored*: the one canonical text, as it lies in the store and goes over the wire;
- *used*: what code works with (bool, int, str, a tuple, a dictionary).

``stored(key, typed, connectors)`` and ``used(key, stored)`` convert; ``stored`` of a stored text is that text.
A value that does not fit raises ``Unfit`` with the reason, for the caller to name key and value.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from kiosk.model import languages
from kiosk.settings import addresses, measurands
from kiosk.settings.table import MAX_INTEGER, MAX_LENGTH, Key, KeyType, max_items
from kiosk.settings.unfit import Unfit, refuse

Used = bool | int | str | tuple[str, ...] | tuple[int, ...] | dict[str, Any]


class ValueType(NamedTuple):
    """One row: text to used form, used form to canonical text, and what is allowed, in words."""

    parse: Callable[[Key, str, int], Any]  # the number of connectors comes last
    format: Callable[[Any], str]
    allowed: Callable[[Key], str]


_TO_THE_LETTER: Final = frozenset({KeyType.PASSWORD, KeyType.AUTHORIZATION_KEY})


def stored(key: Key, typed: str, connectors: int) -> str:
    """The canonical text of what somebody typed. Raises Unfit."""
    kind = TYPES[key.type]
    text = typed if key.type in _TO_THE_LETTER else typed.strip()
    if len(text) > MAX_LENGTH:
        raise Unfit(f"it has {len(text)} characters")
    if any(unicodedata.category(sign)[0] == "C" or sign in "\u2028\u2029" for sign in text):
        raise Unfit("it holds a control character")
    if not text and key.required:
        raise Unfit("it is empty")
    canonical = kind.format(kind.parse(key, text, connectors))
    if len(canonical) > MAX_LENGTH:
        raise Unfit(f"written out it has {len(canonical)} characters")
    return canonical


def used(key: Key, text: str, connectors: int) -> Used:
    """The used form of a stored text. Raises Unfit."""
    value: Used = TYPES[key.type].parse(key, text, connectors)
    return value


def written(key: Key, value: Used) -> str:
    """The canonical text of a used form."""
    return TYPES[key.type].format(value)


def allowed(key: Key) -> str:
    """What the key accepts, in words."""
    most = max_items(key)
    by = f" ({key.max_items})" if isinstance(key.max_items, str) else ""
    return TYPES[key.type].allowed(key) + (f", at most {most} items{by}" if most else "")


def options(key: Key) -> tuple[tuple[str, str], ...]:
    """Stored text and text for people of each value, where there are only a few to choose from; else empty."""
    if key.type is KeyType.BOOLEAN:
        return (("true", "True"), ("false", "False"))
    if key.type is KeyType.LANGUAGE:
        return tuple((row.spelling, row.native) for row in languages.LANGUAGES)
    if key.type is KeyType.ENUM:
        spoken = {choice: word for word, choice in reversed(key.synonyms.items())}
        return tuple((choice, spoken.get(choice, choice)) for choice in key.choices)
    return ()


def authorization_key_bytes(text: str) -> bytes:
    """The password that a stored AuthorizationKey stands for (decision 23)."""
    return bytes.fromhex(text) if _HEX_KEY.fullmatch(text) else text.encode("ascii")


# --- single values -------------------------------------------------------------------------------------------

_HEX_KEY: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}")
_PLAIN_KEY: Final = re.compile(r"[\x20-\x7e]{16,20}")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,20}")


def _boolean(_key: Key, text: str, _connectors: int) -> bool:
    word = text.casefold()
    if word not in ("true", "false"):
        raise Unfit("it is neither true nor false")
    return word == "true"


def _integer(key: Key, text: str, _connectors: int) -> int:
    if not _INTEGER.fullmatch(text):
        raise Unfit("it is no whole number")
    value = int(text)
    if value < key.min:
        raise Unfit(f"it is below {key.min}")
    if value > key.max:
        raise Unfit(f"it is above {key.max}")
    return value


def _string(key: Key, text: str, _connectors: int) -> str:
    if len(text) > key.max_length:
        raise Unfit(f"it has {len(text)} characters")
    return text


def _identity(key: Key, text: str, connectors: int) -> str:
    if ":" in text:
        raise Unfit("it holds a colon, which ends the user name in HTTP Basic authentication")
    return _string(key, text, connectors)


def _pin(_key: Key, text: str, _connectors: int) -> str:
    if text and not re.fullmatch(r"[0-9]{4,8}", text):
        raise Unfit("it is no PIN")
    return text


def _authorization_key(_key: Key, text: str, _connectors: int) -> str:
    if text and not (_HEX_KEY.fullmatch(text) or _PLAIN_KEY.fullmatch(text)):
        raise Unfit("it is neither hexadecimal nor printable text of the right length")
    return text


def _enum(key: Key, text: str, _connectors: int) -> str:
    words = {word.casefold(): word for word in key.choices} | {
        word.casefold(): choice for word, choice in key.synonyms.items()
    }
    if not text:
        return ""
    return words.get(text.casefold()) or refuse(f"{text!r} is none of them")


def _language(_key: Key, text: str, _connectors: int) -> str:
    row = languages.find(text)
    return row.code if row else refuse("the station does not speak it")


def _url(_key: Key, text: str, _connectors: int) -> str:
    return addresses.websocket_url(text) if text else ""


def _address(_key: Key, text: str, _connectors: int) -> str:
    return addresses.server(text) if text else ""


def _json(_key: Key, text: str, _connectors: int) -> Any:
    for candidate in (text, text.replace("'", '"')):
        try:
            value = json.loads(candidate, parse_constant=refuse)
        except (ValueError, RecursionError):
            continue
        if "'" in json.dumps(value) or '\\"' in json.dumps(value):
            raise Unfit("a text in it holds a quote")
        return value
    raise Unfit("it is no JSON")


def _format_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).replace('"', "'")


def _tariff(_key: Key, text: str, _connectors: int) -> dict[str, str]:
    pieces = [piece.strip() for piece in text.split("|")]
    marked = [re.fullmatch(r"([A-Za-z]{2})\s*=\s*(.*)", piece) for piece in pieces]
    if not any(marked):
        return {"": text} if text else {}
    found: dict[str, str] = {}
    for piece, mark in zip(pieces, marked, strict=True):
        row = languages.find(mark[1]) if mark else None
        if mark and row is None:
            raise Unfit(f"{mark[1]!r} is no language of the station")
        code, words = (row.code, mark[2]) if mark and row else ("", piece)
        if not words:
            raise Unfit("a text in it is empty")
        if code in found:
            raise Unfit(f"it has two texts for {code or 'all other languages'}")
        found[code] = words
    return found


def _format_tariff(value: dict[str, str]) -> str:
    return " | ".join(f"{code}={words}" if code else words for code, words in value.items())


# --- lists -----------------------------------------------------------------------------------------------------


def _items(key: Key, text: str, connectors: int) -> list[str]:
    """The items of a comma separated list, counted."""
    items = [item.strip() for item in text.split(",")] if text else []
    exact = connectors if key.per_connector else key.count
    most = max_items(key)
    if exact is not None and len(items) != exact:
        raise Unfit(f"it has {len(items)} items instead of {exact}")
    if most is not None and len(items) > most:
        raise Unfit(f"it has {len(items)} items")
    return items


def _once(items: Sequence[str]) -> tuple[str, ...]:
    folded = [item.casefold() for item in items]
    twice = next((item for i, item in enumerate(items) if folded[i] in folded[:i]), None)
    if twice is not None:
        raise Unfit(f"{twice!r} stands there twice")
    return tuple(items)


def _integers(key: Key, text: str, connectors: int) -> tuple[int, ...]:
    return tuple(_integer(key, item, connectors) for item in _items(key, text, connectors))


def _csl(key: Key, text: str, connectors: int) -> tuple[str, ...]:
    words = {word.casefold(): word for word in key.choices}
    items = _items(key, text, connectors)
    return _once([words.get(item.casefold()) or refuse(f"{item!r} is none of them") for item in items])


def _labels(key: Key, text: str, connectors: int) -> tuple[str, ...]:
    return tuple(_string(key, item, connectors) for item in _items(key, text, connectors))


def _tags(key: Key, text: str, connectors: int) -> tuple[str, ...]:
    items = _items(key, text, connectors)
    for item in items:
        if not re.fullmatch(r"[\x21-\x7e]{1,20}", item):
            raise Unfit(f"{item!r} is no tag")
    return _once(items)


def _measurands(key: Key, text: str, connectors: int) -> tuple[str, ...]:
    items = _items(key, text, connectors)
    found = _once([measurands.canonical(item) or refuse(f"{item!r} is no measurand") for item in items])
    for item in found:
        if measurands.split(item)[0] not in measurands.SUPPORTED:
            refuse(f"{item!r} is not measured by this station")
    return found


def _phase_rotation(key: Key, text: str, connectors: int) -> tuple[str, ...]:
    found: dict[int, str] = {}
    for item in _items(key, text, connectors):
        match = re.fullmatch(r"([0-9]{1,2})\.([A-Za-z]+)", item)
        order = _ROTATIONS.get(match[2].casefold()) if match else None
        if match is None or order is None:
            raise Unfit(f"{item!r} is no connector with its phase order")
        connector_id = int(match[1])
        if connector_id > connectors:
            raise Unfit(f"there is no connector {connector_id}")
        if connector_id in found:
            raise Unfit(f"connector {connector_id} stands there twice")
        found[connector_id] = order
    return tuple(f"{connector_id}.{order}" for connector_id, order in found.items())


_ROTATIONS: Final = {
    word.casefold(): word for word in ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")
}


def _colours(key: Key, text: str, connectors: int) -> tuple[str, ...]:
    items = [item.removeprefix("#").upper() for item in _items(key, text, connectors)]
    for item in items:
        if not re.fullmatch(r"(?:[0-9A-F]{6})?", item):
            raise Unfit(f"{item!r} is no colour")
    return tuple(items)


def _join(items: Sequence[object]) -> str:
    return ",".join(map(str, items))


# --- the table of types ------------------------------------------------------------------------------------------


def _range(key: Key) -> str:
    span = f"{key.min} or more" if key.max == MAX_INTEGER else f"{key.min} to {key.max}"
    return f"whole number, {span}" + (f" ({key.unit})" if key.unit else "")


def _letters(key: Key) -> str:
    return f"text of {'1 to' if key.required else 'at most'} {key.max_length} characters"


def _words(key: Key) -> str:
    return ("one of " if key.required else "empty or one of ") + ", ".join(key.choices)


TYPES: Final[dict[KeyType, ValueType]] = {
    KeyType.BOOLEAN: ValueType(_boolean, lambda v: "true" if v else "false", lambda _: "true or false"),
    KeyType.INTEGER: ValueType(_integer, str, _range),
    KeyType.INTEGERS: ValueType(_integers, _join, lambda key: f"per connector one {_range(key)}"),
    KeyType.STRING: ValueType(_string, str, _letters),
    KeyType.IDENTITY: ValueType(_identity, str, lambda key: f"{_letters(key)}, no colon"),
    KeyType.PASSWORD: ValueType(_string, str, _letters),
    KeyType.PIN: ValueType(_pin, str, lambda _: "4 to 8 digits, or empty"),
    KeyType.AUTHORIZATION_KEY: ValueType(
        _authorization_key,
        str,
        lambda _: "32 to 40 hexadecimal digits (an even number), or 16 to 20 printable ASCII characters",
    ),
    KeyType.CSL: ValueType(_csl, _join, lambda key: f"comma separated: {', '.join(key.choices)}"),
    KeyType.LABELS: ValueType(
        _labels, _join, lambda key: f"comma separated texts of at most {key.max_length} characters"
    ),
    KeyType.TAGS: ValueType(_tags, _join, lambda _: "comma separated tags of 1 to 20 printable ASCII characters"),
    KeyType.MEASURANDS: ValueType(
        _measurands,
        _join,
        lambda _: "comma separated OCPP 1.6 measurands, with or without a phase such as Voltage.L1",
    ),
    KeyType.PHASE_ROTATION: ValueType(
        _phase_rotation,
        _join,
        lambda _: f"comma separated N.ORDER, N = 0 or a connector, ORDER one of {', '.join(_ROTATIONS.values())}",
    ),
    KeyType.COLOURS: ValueType(
        _colours, _join, lambda key: f"{key.count} comma separated colours RRGGBB, an empty item is dark"
    ),
    KeyType.ENUM: ValueType(_enum, str, _words),
    KeyType.LANGUAGE: ValueType(
        _language,
        lambda code: next(row.spelling for row in languages.LANGUAGES if row.code == code),
        lambda _: "one of " + ", ".join(f"{row.native} ({row.code})" for row in languages.LANGUAGES),
    ),
    KeyType.URL: ValueType(
        _url, str, lambda _: "empty, or a ws:// or wss:// address without user, query and fragment"
    ),
    KeyType.ADDRESS: ValueType(_address, str, lambda _: "an IPv4 or IPv6 address, or empty"),
    KeyType.JSON: ValueType(_json, _format_json, lambda _: "JSON, with single quotes in place of double quotes"),
    KeyType.TARIFF: ValueType(
        _tariff, _format_tariff, lambda _: "one text, or texts such as de=... | en=... with language codes"
    ),
}
