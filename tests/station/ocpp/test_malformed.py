"""Which rule of a schema becomes which code of OCPP-J 1.6 (section 4.2.3)."""

from __future__ import annotations

import asyncio
from typing import Any

import ocpp.exceptions
import pytest
from ocpp.exceptions import OCPPError

from kiosk.station.ocpp import malformed, schemas

PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}],
    },
}


def profile(**changed: Any) -> dict[str, Any]:
    return {"connectorId": 1, "csChargingProfiles": PROFILE | changed}


@pytest.mark.parametrize(
    ("action", "payload", "code", "told"),
    [
        ("Reset", {}, "ProtocolError", "'type' is a required property"),
        ("Reset", {"type": "Soft", "more": 1}, "FormationViolation", "more"),
        ("Reset", [], "FormationViolation", "no JSON object"),
        ("Reset", None, "FormationViolation", "no JSON object"),
        ("Reset", "Soft", "FormationViolation", "no JSON object"),
        ("Reset", {"type": "Lukewarm"}, "PropertyConstraintViolation", "type: 'Lukewarm'"),
        ("Reset", {"type": 7}, "TypeConstraintViolation", "type: "),
        ("Reset", {"type": None}, "TypeConstraintViolation", "type: "),
        ("UnlockConnector", {"connectorId": "1"}, "TypeConstraintViolation", "connectorId: '1'"),
        ("UnlockConnector", {"connectorId": 1.5}, "TypeConstraintViolation", "connectorId: 1.5"),
        ("UnlockConnector", {"connectorId": True}, "TypeConstraintViolation", "connectorId: True"),
        ("RemoteStartTransaction", {"idTag": "x" * 21}, "TypeConstraintViolation", "idTag: "),
        (
            "SetChargingProfile",
            profile(stackLevel="high"),
            "TypeConstraintViolation",
            "csChargingProfiles.stackLevel",
        ),
        (
            "SetChargingProfile",
            profile(chargingSchedule={}),
            "OccurenceConstraintViolation",
            "csChargingProfiles.",
        ),
        ("SetChargingProfile", profile(chargingProfileKind="Odd"), "PropertyConstraintViolation", "csCharging"),
    ],
)
def test_the_table(action: str, payload: Any, code: str, told: str) -> None:
    with pytest.raises(OCPPError) as refused:
        asyncio.run(schemas.check(action, payload))
    assert malformed.code_of(refused.value) == code
    assert told in str(refused.value.description)


def test_every_error_of_the_library_has_a_code_of_1_6() -> None:
    """Lesson 34: the 1.6 spellings, whichever the library has."""
    kinds = [k for k in vars(ocpp.exceptions).values() if isinstance(k, type) and issubclass(k, OCPPError)]
    codes = {malformed.code_of(k()) for k in kinds if k is not OCPPError}
    assert codes <= malformed.CODES
    assert malformed.code_of(ocpp.exceptions.FormatViolationError()) == "FormationViolation"
    assert (
        malformed.code_of(ocpp.exceptions.OccurrenceConstraintViolationError()) == "OccurenceConstraintViolation"
    )


def test_a_code_of_another_version_is_generic() -> None:
    class Newer(OCPPError):  # type: ignore[misc]
        code = "RpcFrameworkError"

    assert malformed.code_of(Newer()) == "GenericError"


def test_an_error_without_a_rule_stays_as_it_is() -> None:
    error = ocpp.exceptions.SecurityError(description="no")
    assert malformed.named(error) is error
