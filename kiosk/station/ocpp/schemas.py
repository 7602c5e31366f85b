"""The message schemas of OCPP 1.6, as checks that cost microseconds.

The schemas are those of the ``ocpp`` library. Each is turned once into a msgspec type, which decides quickly that
a payload fits; whatever does not fit, or whose schema uses more than types can say, goes to the library's own
validator, which names the error. So a payload passes only if both would let it pass (a test compares them), and
jsonschema, 100 ms of imports, is loaded only when somebody errs.
"""

from __future__ import annotations

import importlib.util
import json
import keyword
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from ocpp.exceptions import FormationViolationError, OCPPError, PropertyConstraintViolationError

from kiosk.station.ocpp import malformed

VERSION: Final = "1.6"
_SIMPLE: Final = {"string": str, "integer": int, "number": float, "boolean": bool}
_SAID: Final = frozenset(
    {"type", "properties", "required", "additionalProperties", "enum", "maxLength", "items", "minItems", "$ref"}
)
_UNSAID: Final = frozenset(
    {"$schema", "$id", "id", "title", "description", "comment", "javaType", "definitions", "format"}
)
"""Says nothing of what fits (the library's validator does not look at ``format`` either)."""


class _TooRich(Exception):
    """The schema says more than a type can."""


async def check(action: str, payload: Any, *, answer: bool = False) -> Any:
    """The payload, if it fits its schema: that of a call, or of an ``answer``.

    Numbers may come back as Decimal where the schema limits their digits. Raises OCPPError with the code that
    OCPP-J 1.6 section 4.2.3 wants; NotImplementedError of the library for an action without a schema.
    """
    kind = _type(action, answer)
    if kind is not None:
        with suppress(msgspec.ValidationError):  # the library finds out what is wrong
            msgspec.convert(payload, kind)
            return payload
    from ocpp.messages import Call, CallResult, validate_payload

    message = CallResult("", payload, action) if answer else Call("", action, payload)
    try:
        await validate_payload(message, VERSION)
    except RecursionError as error:
        raise FormationViolationError(description=f"{action}: nested too deeply") from error
    except ArithmeticError as error:  # whether it is a multiple of 0.1 is beyond the validator's digits
        raise PropertyConstraintViolationError(description=f"{action}: a number is too large") from error
    except OCPPError as error:
        raise malformed.named(error) from error
    return message.payload


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))) / "v16" / "schemas"


@cache
def actions() -> frozenset[str]:
    """All actions of OCPP 1.6 and its security extension, in either direction."""
    return frozenset(p.stem for p in _folder().glob("*.json") if not p.stem.endswith("Response"))


@cache
def _type(action: str, answer: bool) -> Any:
    """The schema as a type; None where there is none or it cannot be said as one."""
    if action not in actions():
        return None
    path = _folder() / f"{action}{'Response' if answer else ''}.json"
    try:
        schema = json.loads(path.read_text("utf-8-sig"))
        return _typed(schema, schema.get("definitions", {}), path.stem)
    except (OSError, _TooRich):
        return None


def _typed(schema: dict[str, Any], definitions: dict[str, Any], name: str) -> Any:
    """Raises _TooRich."""
    if "$ref" in schema:
        _, _, target = schema["$ref"].rpartition("/")
        return _typed(definitions[target], definitions, f"{name}_{target}")
    if unknown := schema.keys() - _SAID - _UNSAID:
        raise _TooRich(f"{name}: {unknown}")
    kind = schema.get("type")
    if "enum" in schema:
        if kind != "string":
            raise _TooRich(name)
        return Literal[tuple(schema["enum"])]
    if kind == "object":
        return _object(schema, definitions, name)
    if kind == "array":
        items = _typed(schema["items"], definitions, f"{name}_item")
        return Annotated[list[items], msgspec.Meta(min_length=schema.get("minItems", 0))]  # type: ignore[valid-type]
    if not isinstance(kind, str) or kind not in _SIMPLE:
        raise _TooRich(f"{name}: type {kind!r}")
    if "maxLength" in schema:
        return Annotated[str, msgspec.Meta(max_length=schema["maxLength"])]
    return _SIMPLE[kind]


def _object(schema: dict[str, Any], definitions: dict[str, Any], name: str) -> Any:
    fields: list[Any] = []
    required = set(schema.get("required", ()))
    properties = schema.get("properties", {})
    if not required <= properties.keys() or any(keyword.iskeyword(p) for p in properties):
        raise _TooRich(name)
    for field, its in properties.items():
        kind = _typed(its, definitions, f"{name}_{field}")
        if field in required:
            fields.append((field, kind))
        else:
            fields.append((field, kind | msgspec.UnsetType, msgspec.UNSET))
    return msgspec.defstruct(
        name, fields, kw_only=True, forbid_unknown_fields=not schema.get("additionalProperties", True)
    )
