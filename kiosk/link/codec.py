"""JSON-RPC 2.0 envelopes and error objects, strictly encoded and decoded. No I/O, no state.

Errors for people travel as ``{code, message, data: {kind, reason}}``: ``message`` is the one line, ``kind`` the
name of the error's class, ``reason`` the word of a refusal. ``error_of`` and ``exception_of`` are each other's
inverse as far as a person or an exit code can tell.
"""

from __future__ import annotations

from typing import Final, Literal, TypeVar

import msgspec

from kiosk.link.messages import ERROR_CODES, Method, Params
from kiosk.model import errors
from kiosk.model.enums import RefusalReason

Id = int | str
T = TypeVar("T")


class ErrorData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    kind: str = ""
    reason: str | None = None


class ErrorObject(msgspec.Struct, frozen=True, kw_only=True):
    """JSON-RPC 2.0 section 5.1. Unknown members are ignored: a newer peer may tell more about an error."""

    code: int
    message: str
    data: ErrorData = ErrorData()


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every text frame: request, notification, result or error. Which one it is, ``peer`` decides."""

    jsonrpc: Literal["2.0"]
    id: Id | msgspec.UnsetType | None = msgspec.UNSET
    method: str | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: ErrorObject | msgspec.UnsetType = msgspec.UNSET


_ENCODER: Final = msgspec.json.Encoder()
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_EMPTY: Final = msgspec.Raw(b"{}")


def _known_classes() -> dict[str, type[errors.UserFacing]]:
    found: dict[str, type[errors.UserFacing]] = {}
    waiting: list[type[errors.UserFacing]] = [errors.UserFacing]
    while waiting:
        cls = waiting.pop()
        found[cls.__name__] = cls
        waiting.extend(cls.__subclasses__())
    return found


_CLASSES: Final = _known_classes()


def request(request_id: Id, method: str, params: Params) -> str:
    return _ENCODER.encode(
        Envelope(jsonrpc="2.0", id=request_id, method=method, params=msgspec.Raw(_ENCODER.encode(params)))
    ).decode()


def notification(method: str, payload: msgspec.Struct) -> str:
    return _ENCODER.encode(
        Envelope(jsonrpc="2.0", method=method, params=msgspec.Raw(_ENCODER.encode(payload)))
    ).decode()


def result(request_id: Id, value: Params) -> str:
    return _ENCODER.encode(
        Envelope(jsonrpc="2.0", id=request_id, result=msgspec.Raw(_ENCODER.encode(value)))
    ).decode()


def failure(request_id: Id | None, error: ErrorObject) -> str:
    return _ENCODER.encode(Envelope(jsonrpc="2.0", id=request_id, error=error)).decode()


def envelope(frame: str | bytes) -> Envelope:
    """Raises ProtocolError: with ``code`` "parse" when it is no JSON, else "invalid_request"."""
    try:
        return _ENVELOPE.decode(frame)
    except msgspec.ValidationError as error:
        raise BadFrame("invalid_request", f"not a JSON-RPC 2.0 message: {error}") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFrame("parse", f"not JSON: {error}") from error


class BadFrame(errors.ProtocolError):
    """A frame that can be answered with a JSON-RPC error; ``code`` is a word of ``ERROR_CODES``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def params_of(method: Method, raw: msgspec.Raw | msgspec.UnsetType) -> Params:
    """The params struct of ``method``. Raises BadFrame ("invalid_params") naming the field."""
    return _strict(method.params, _EMPTY if raw is msgspec.UNSET else raw, f"params of {method.name}")


def result_of(method: Method, raw: msgspec.Raw) -> Params:
    """The result struct of ``method``. Raises BadFrame naming the field."""
    return _strict(method.result, raw, f"result of {method.name}")


def payload_of(name: str, kind: type[T], raw: msgspec.Raw | msgspec.UnsetType) -> T:
    """A notification's struct. Raises BadFrame naming the field."""
    return _strict(kind, _EMPTY if raw is msgspec.UNSET else raw, name)


def _strict(kind: type[T], raw: msgspec.Raw, what: str) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadFrame("invalid_params", f"{what}: {error}") from error


def error_of(error: BaseException) -> ErrorObject:
    """What the other side is told about ``error``; the inside of an unexpected one stays here."""
    if isinstance(error, BadFrame):
        kind = "UsageError" if error.code == "invalid_params" else "ProtocolError"
        return ErrorObject(code=ERROR_CODES[error.code], message=str(error), data=ErrorData(kind=kind))
    if not isinstance(error, errors.UserFacing):
        return ErrorObject(
            code=ERROR_CODES["internal"], message="internal error; the log of the station core tells more"
        )
    reason = str(error.reason) if isinstance(error, errors.Refused) else None
    if isinstance(error, errors.UnknownMethod):
        word = "method_not_found"
    elif isinstance(error, errors.UsageError):
        word = "usage"
    elif isinstance(error, errors.NotPermitted):
        word = "not_permitted"
    else:
        word = "refused"
    data = ErrorData(kind=type(error).__name__, reason=reason)
    return ErrorObject(code=ERROR_CODES[word], message=str(error), data=data)


def exception_of(error: ErrorObject) -> errors.UserFacing:
    """The same class as on the other side where we know it, else ``UserFacing``; the text is the same.

    Only ``str()`` and, for ``Refused``, ``reason`` survive the journey: the other attributes stay behind.
    """
    cls = _CLASSES.get(error.data.kind, errors.UserFacing)
    if issubclass(cls, errors.Refused):
        try:
            return cls(RefusalReason(error.data.reason or ""), error.message)
        except ValueError:  # a newer core knows more reasons
            cls = errors.UserFacing
    found: errors.UserFacing = cls.__new__(cls, error.message)
    return found
