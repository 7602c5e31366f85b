"""What a technician far away needs, in one zip: text without secrets, card numbers or vehicle numbers."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from kiosk.model.logs import mask

PERSONAL: Final = frozenset({"id_tag", "parent_id_tag", "vehicle_id"})
"""Fields that are cut short wherever they stand in a picture."""
SHORTEST_WORD: Final = 4
HIDDEN: Final = "…"


def write_archive(path: Path, files: Mapping[str, Any]) -> None:
    """A zip of texts (``str``) and tables (anything else, as JSON). Raises OSError."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, str) else as_json(content))


def as_json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def impersonal(value: Any) -> Any:
    """A picture (structs, lists, dicts) without what points to a person."""
    return _cut(msgspec.to_builtins(value, builtin_types=()))


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: (mask(part) if name in PERSONAL and part is not None else _cut(part))
            for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_cut(part) for part in value]
    return value


def without(text: str, words: Iterable[str]) -> str:
    """``text`` without these words, whoever let them slip in. Very short ones would hit anything, and stay."""
    found = sorted({w for w in words if len(w) >= SHORTEST_WORD}, key=len, reverse=True)
    if not found:
        return text
    return re.sub("|".join(re.escape(word) for word in found), HIDDEN, text, flags=re.IGNORECASE)
