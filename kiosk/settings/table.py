"""The table of configuration keys: ``keys.toml`` as checked rows, and the finder of a key by any of its names."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from kiosk.model.errors import UnknownKey

MAX_LENGTH: Final = 500
"""CiString500: the longest value that ChangeConfiguration and GetConfiguration can carry (OCPP 1.6 6.19, 7.29)."""
MAX_INTEGER: Final = 2_147_483_647


class KeyType(StrEnum):
    """What a value is; ``valuetypes`` has one row for each."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    INTEGERS = "integers"  # list of integers
    STRING = "string"
    IDENTITY = "identity"  # user name and last part of an address
    PASSWORD = "password"  # kept to the letter
    PIN = "pin"  # digits, leading zeros count
    AUTHORIZATION_KEY = "authorization_key"
    CSL = "csl"  # list of words
    LABELS = "labels"  # list of texts, items may be empty
    TAGS = "tags"  # list of idTags
    MEASURANDS = "measurands"
    PHASE_ROTATION = "phase_rotation"
    COLOURS = "colours"
    ENUM = "enum"
    LANGUAGE = "language"
    URL = "url"
    ADDRESS = "address"  # IPv4 or IPv6
    JSON = "json"
    TARIFF = "tariff"  # text, or text per language


class Access(StrEnum):
    """What the backend may do with a key."""

    READ = "R"
    WRITE = "W"
    READ_WRITE = "RW"


class Source(StrEnum):
    """Where the value of a key lives."""

    STORED = ""
    INSTALLATION = "installation"
    MACHINE = "machine"


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row; ``keys.toml`` explains the columns."""

    name: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9]{1,50}$")]
    profile: Annotated[str, msgspec.Meta(min_length=1)]
    type: KeyType
    access: Access
    default: Annotated[str, msgspec.Meta(max_length=MAX_LENGTH)]
    help: Annotated[str, msgspec.Meta(min_length=1)]
    aliases: tuple[str, ...] = ()
    unit: str = ""
    min: int = 0
    max: int = MAX_INTEGER
    choices: tuple[str, ...] = ()
    synonyms: dict[str, str] = msgspec.field(default_factory=dict)
    count: int | None = None
    per_connector: bool = False
    max_items: int | str | None = None
    max_length: Annotated[int, msgspec.Meta(ge=1, le=MAX_LENGTH)] = MAX_LENGTH
    required: bool = False
    file: bool = False
    reboot: bool = False
    secret: bool = False
    source: Source = Source.STORED
    label: str = ""

    @property
    def web_label(self) -> str:
        """What stands beside the field on the web interface."""
        return self.label or self.name

    @property
    def writable(self) -> bool:
        """May be changed while the station runs."""
        return self.access is not Access.READ and self.source is Source.STORED


def read(text: str) -> Mapping[str, Key]:
    """The table by canonical name. Raises ValueError naming the row that is wrong."""
    rows: dict[str, Key] = {}
    taken: dict[str, str] = {}
    for raw in tomllib.loads(text)["key"]:
        try:
            row = msgspec.convert(raw, Key)
        except msgspec.ValidationError as error:
            raise ValueError(f"keys.toml: key {raw.get('name', '?')}: {error}") from error
        for name in (row.name, *row.aliases):
            if name.casefold() in taken:
                raise ValueError(f"keys.toml: {name} of {row.name} is a name of {taken[name.casefold()]} already")
            taken[name.casefold()] = row.name
        rows[row.name] = row
    for row in rows.values():
        if isinstance(row.max_items, str) and row.max_items not in rows:
            raise ValueError(f"keys.toml: key {row.name}: max_items names {row.max_items}, which is no key")
    return MappingProxyType(rows)


KEYS: Final[Mapping[str, Key]] = read(Path(__file__).with_name("keys.toml").read_text(encoding="utf-8"))
"""Canonical name to row, in the order of the file."""

_BY_NAME: Final = {name.casefold(): row for row in KEYS.values() for name in (row.name, *row.aliases)}


def find(name: str) -> Key:
    """The row of a name or alias in any case. Raises UnknownKey with the name that was probably meant."""
    row = _BY_NAME.get(name.strip().casefold())
    if row is None:
        close = difflib.get_close_matches(name.strip().casefold(), _BY_NAME, n=1, cutoff=0.6)
        raise UnknownKey(name, _BY_NAME[close[0]].name if close else None)
    return row


def max_items(key: Key) -> int | None:
    """Most items of a list key, read from the key that tells it where the row names one. None: no limit."""
    return int(KEYS[key.max_items].default) if isinstance(key.max_items, str) else key.max_items
