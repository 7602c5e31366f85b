"""Errors keep their class, their line and their exit code over the link."""

from __future__ import annotations

import pytest

from kiosk.link import codec
from kiosk.link.codec import ErrorData, ErrorObject
from kiosk.link.messages import ERROR_CODES
from kiosk.model import errors
from kiosk.model.enums import RefusalReason

RAISED = [
    (errors.UnknownConnector(9, 3), "usage"),
    (errors.UnknownKey("Nmae", "Name"), "usage"),
    (errors.UnknownFault(99, "1 to 26"), "usage"),
    (errors.UnknownCar("tank", "mini"), "usage"),
    (errors.UnfittingCar("the mini has no CHAdeMO inlet"), "usage"),
    (errors.BadValue("Key", "x", "no number", "0 to 9"), "usage"),
    (errors.UnknownMethod("no.such"), "method_not_found"),
    (errors.NotPermitted("the operator's door only"), "not_permitted"),
    (errors.ReadOnlyKey("Connectors"), "refused"),
    (errors.NotPossible("no car is plugged in"), "refused"),
    (errors.BadFile("a.toml", "no TOML", "mend it"), "refused"),
    (errors.StorageFailed("disk full"), "refused"),
]


@pytest.mark.parametrize(
    ("error", "code"), RAISED, ids=lambda v: type(v).__name__ if isinstance(v, Exception) else v
)
def test_there_and_back(error: errors.UserFacing, code: str) -> None:
    sent = codec.error_of(error)
    assert sent.code == ERROR_CODES[code]
    back = codec.exception_of(sent)
    assert type(back) is type(error)
    assert str(back) == str(error)


@pytest.mark.parametrize("reason", RefusalReason)
def test_refusals_keep_their_reason(reason: RefusalReason) -> None:
    back = codec.exception_of(codec.error_of(errors.Refused(reason, "no")))
    assert isinstance(back, errors.Refused)
    assert (back.reason, str(back)) == (reason, "no")


def test_error_of_a_newer_core() -> None:
    for data in (ErrorData(kind="TooModern"), ErrorData(kind="Refused", reason="moon_phase"), ErrorData()):
        back = codec.exception_of(ErrorObject(code=1, message="whatever it was", data=data))
        assert type(back) is errors.UserFacing
        assert str(back) == "whatever it was"


def test_the_inside_of_a_fault_stays_inside() -> None:
    sent = codec.error_of(RuntimeError("password=hunter2"))
    assert sent.code == ERROR_CODES["internal"]
    assert "hunter2" not in sent.message


def test_only_people_errors_can_be_named() -> None:
    """A peer cannot make us raise what it likes."""
    back = codec.exception_of(ErrorObject(code=1, message="x", data=ErrorData(kind="KeyboardInterrupt")))
    assert type(back) is errors.UserFacing
