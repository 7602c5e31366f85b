"""The base of all params and results of the local link."""

from __future__ import annotations

import msgspec


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all params: immutable, strict."""


class Nothing(Params, frozen=True, kw_only=True):
    """No params, or an empty result."""
