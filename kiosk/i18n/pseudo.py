"""A made-up language for tests: English with accents and half as long again."""

from __future__ import annotations

import re

_ACCENTS = str.maketrans("aceinosuyzACEINOSUYZ", "áčéíñöšüýžÁČÉÍÑÖŠÜÝŽ")
_PARTS = re.compile(r"(%\(\w+\)[sd]|%[1-9]|%%)")
_WORD = re.compile(r"[^\W\d_]+")


def plus50(text: str) -> str:
    """``text`` with accents and 50 % more letters; placeholders and figures stay."""
    grown = (part if _PARTS.fullmatch(part) else _WORD.sub(_grow, part) for part in _PARTS.split(text))
    return "".join(grown)


def _grow(match: re.Match[str]) -> str:
    word = match.group(0)
    # every second letter twice: wraps where the real word would, and grows evenly
    return "".join(letter * (1 + index % 2) for index, letter in enumerate(word.translate(_ACCENTS)))
