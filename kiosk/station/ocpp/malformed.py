"""What is wrong with a payload, in the codes of OCPP-J 1.6 (section 4.2.3, with its errata's spellings). Pure.

The library's validator knows more than its error tells: the rule that was broken and the field. Here that becomes
the code that the specification has for it, and a description that helps whoever wrote the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ocpp.exceptions import (
    FormationViolationError,
    OccurenceConstraintViolationError,
    OCPPError,
    PropertyConstraintViolationError,
    ProtocolError,
    TypeConstraintViolationError,
)

CODES: Final = frozenset(
    {
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }
)
"""All there are in OCPP-J 1.6."""

BROKEN: Final[Mapping[str, type[OCPPError]]] = {
    "required": OccurenceConstraintViolationError,
    "additionalProperties": FormationViolationError,  # the PDU has no such field
    "type": TypeConstraintViolationError,
    "maxLength": TypeConstraintViolationError,  # CiString20Type and its kin are data types
    "enum": PropertyConstraintViolationError,
    "multipleOf": PropertyConstraintViolationError,
    "minItems": OccurenceConstraintViolationError,
    "maxItems": OccurenceConstraintViolationError,
}
"""JSON Schema keyword to the error that stands for breaking it."""

_SPELLING: Final = {
    "FormatViolation": "FormationViolation",
    "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
}
"""The library speaks 2.x where 1.6 has its own spelling."""


def code_of(error: OCPPError) -> str:
    """The code on the wire; GenericError for what 1.6 has no word for."""
    code = _SPELLING.get(error.code, error.code)
    return code if code in CODES else "GenericError"


def named(error: OCPPError) -> OCPPError:
    """The same misfit under the specification's code, with the field and the rule in its description.

    An error that does not come from the validator stays as it is.
    """
    found: Any = error.__context__ or error.__cause__
    rule, path = getattr(found, "validator", None), getattr(found, "absolute_path", None)
    if rule is None or path is None:
        return error
    where = ".".join(str(step) for step in path)
    if not where and rule == "type":
        return FormationViolationError(description="the payload is no JSON object")
    if not where and rule == "required":
        return ProtocolError(description=f"the payload is incomplete: {found.message}")
    kind = BROKEN.get(str(rule), FormationViolationError)
    return kind(description=f"{where}: {found.message}" if where else str(found.message))
