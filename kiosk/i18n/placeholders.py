"""Placeholders of a message, and whether a translation keeps them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%([1-9])")


def placeholders(text: str) -> Counter[str]:
    """``%(name)s`` of Python's texts and ``%1`` of QML's, with how often each stands in ``text``."""
    return Counter(match.group(0) for match in _PLACEHOLDER.finditer(text))


def same_placeholders(source: str, translation: str) -> bool:
    """True where the translation names exactly the source's placeholders; how often is its own affair."""
    return set(placeholders(source)) == set(placeholders(translation)) and not _broken(source, translation)


def fits_one_of(sources: Sequence[str], translation: str) -> bool:
    """For plurals: a form may take the placeholders of the singular or of the plural, no others."""
    return any(same_placeholders(source, translation) for source in sources)


def _broken(source: str, translation: str) -> bool:
    # a text that is formatted by the % operator would fail on a stray percent sign
    if not re.search(r"%\(\w+\)[sd]", source):
        return False
    return "%" in _PLACEHOLDER.sub("", translation).replace("%%", "")
