"""The quick check lets nothing pass that the library's validator would not."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from ocpp.exceptions import NotImplementedError as UnknownAction
from ocpp.exceptions import OCPPError, PropertyConstraintViolationError

from kiosk.backend.judge import schemas as judge
from kiosk.station.ocpp import schemas

EITHER = [(action, answer) for action in sorted(schemas.actions()) for answer in (False, True)]
SLOW = {
    ("GetCompositeSchedule", True),
    ("GetInstalledCertificateIds", True),
    ("RemoteStartTransaction", False),
    ("SetChargingProfile", False),
}
"""Say more than a type can (digits after the point, for one): the library decides alone."""
ODD = (None, True, 0, -1, 1.0, 1.5, "", "x" * 600, [], {}, [{}], {"a": 1}, "Accepted", 2**70)


def schema_of(action: str, answer: bool) -> dict[str, Any]:
    path = schemas._folder() / f"{action}{'Response' if answer else ''}.json"
    return dict(json.loads(path.read_text("utf-8-sig")))


def fitting(schema: dict[str, Any], top: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Payloads that are meant to fit."""
    if "$ref" in schema:
        return fitting(top["definitions"][schema["$ref"].rpartition("/")[2]], top)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object":
            properties = {name: fitting(its, top) for name, its in schema.get("properties", {}).items()}
            required = set(schema.get("required", ()))
            return st.fixed_dictionaries(
                {n: s for n, s in properties.items() if n in required},
                optional={n: s for n, s in properties.items() if n not in required},
            )
        case "array":
            return st.lists(fitting(schema["items"], top), min_size=schema.get("minItems", 0), max_size=3)
        case "string":
            return st.text("aé Z0", max_size=min(8, schema.get("maxLength", 8)))
        case "integer":
            return st.integers()
        case "boolean":
            return st.booleans()
    return st.integers(-1000, 1000).map(lambda n: n / 10)


def spoilt(payload: Any, where: int, what: Any) -> Any:
    """One place of the payload, counted through its depth, is something else."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, key))
            walk(node[key])

    walk(payload)
    if isinstance(payload, dict) and where % 3 == 0:
        payload["unknownField"] = what
    elif places:
        node, key = places[where % len(places)]
        if where % 5 == 0 and isinstance(node, dict):
            del node[key]
        else:
            node[key] = what
    return payload


@pytest.mark.parametrize(("action", "answer"), EITHER)
@settings(max_examples=30)
@given(data=st.data())
def test_what_passes_quickly_would_have_passed(action: str, answer: bool, data: st.DataObject) -> None:
    schema = schema_of(action, answer)
    payload = data.draw(fitting(schema, schema))
    if data.draw(st.booleans()):
        payload = spoilt(payload, data.draw(st.integers(0, 1000)), data.draw(st.sampled_from(ODD)))
    kind = schemas._type(action, answer)
    assert (kind is None) == ((action, answer) in SLOW)
    if kind is None:
        return
    try:
        msgspec.convert(payload, kind)
    except msgspec.ValidationError:
        return  # the library is asked, so nothing is decided here
    Draft4Validator(schema).validate(payload)


@pytest.mark.parametrize(("action", "answer"), [e for e in EITHER if e not in SLOW])
def test_nearly_every_schema_is_a_type(action: str, answer: bool) -> None:
    assert schemas._type(action, answer) is not None


def test_a_payload_that_fits_comes_back_as_it_is() -> None:
    payload = {"idTag": "E36432E5"}
    assert asyncio.run(schemas.check("Authorize", payload)) is payload


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("Authorize", {}, False),
        ("Authorize", {"idTag": 5}, False),
        ("Authorize", {"idTag": "x" * 21}, False),
        ("Authorize", {"idTag": "a", "more": 1}, False),
        ("Authorize", [], False),
        ("Authorize", None, False),
        ("Authorize", {"idTagInfo": {"status": "Fine"}}, True),
        ("StopTransaction", {"meterStop": True, "timestamp": "x", "transactionId": 1}, False),
    ],
)
def test_what_does_not_fit_is_named(action: str, payload: Any, answer: bool) -> None:
    with pytest.raises(OCPPError):
        asyncio.run(schemas.check(action, payload, answer=answer))


def test_an_unknown_action_has_no_schema() -> None:
    with pytest.raises(UnknownAction):
        asyncio.run(schemas.check("../../secret", {}))


@pytest.mark.parametrize("limit", [1e28, 1e300, -1e300, 10**40])
def test_a_limit_beyond_all_digits_is_the_senders_mistake(limit: float) -> None:
    """The validator's arithmetic gives up on it; that is no failure of ours."""
    schedule = {"chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    with pytest.raises(PropertyConstraintViolationError, match="too large"):
        asyncio.run(schemas.check("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile}))
    told = {"status": "Accepted", "chargingSchedule": judging(schedule)}
    assert judge.misfits("GetCompositeSchedule", told, answer=True) == [
        "GetCompositeSchedule: a number is too large"
    ]


def judging(payload: dict[str, Any]) -> Any:
    """As the judge reads it."""
    return json.loads(json.dumps(payload), parse_float=Decimal)
