"""The JSON schemas of OCPP 1.6 and of its security extensions, used directly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jsonschema.validators import validator_for

SHOWN: Final = 160
"""Longest part of a validator's message that is repeated."""


@cache
def _schema(name: str) -> Any:
    """The schema file ``name``; None where there is none."""
    path = files("ocpp") / "v16" / "schemas" / f"{name}.json"
    if not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)


@cache
def _validator(name: str) -> Any:
    schema = _schema(name)
    return None if schema is None else validator_for(schema)(schema)


def known(action: str) -> bool:
    """Is there such an action?"""
    return action.isalpha() and _schema(action) is not None


def misfits(action: str, payload: Any, *, answer: bool) -> list[str]:
    """What of a payload does not fit; numbers with a fraction must come as Decimal (multiples of 0.1)."""
    validator = _validator(f"{action}Response" if answer else action)
    if validator is None:
        return [f"OCPP 1.6 has no {action}"]
    try:
        found = sorted(validator.iter_errors(payload), key=lambda error: list(map(str, error.absolute_path)))
    except ArithmeticError:  # whether it is a multiple of 0.1 is beyond the digits of a Decimal
        return [f"{action}: a number is too large"]
    return [
        f"{'.'.join(map(str, error.absolute_path)) or 'the payload'}: {error.message[:SHOWN]}" for error in found
    ]


@cache
def times_of(action: str, *, answer: bool) -> frozenset[str]:
    """Names of the fields of a message that hold times, at any depth."""
    schema = _schema(f"{action}Response" if answer else action)
    return frozenset(_date_times(schema)) if schema is not None else frozenset()


def _date_times(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        properties = schema.get("properties")
        for name, part in properties.items() if isinstance(properties, dict) else ():
            if isinstance(part, dict) and part.get("format") == "date-time":
                yield name
        for part in schema.values():
            yield from _date_times(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _date_times(part)
