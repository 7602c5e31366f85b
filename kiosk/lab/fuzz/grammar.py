"""What is sent: nonsense, calls that fit, calls that nearly fit, and answers that nobody should give."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from kiosk.lab.fuzz import sane
from kiosk.settings import table

Strategy = st.SearchStrategy[Any]


class Send(msgspec.Struct, frozen=True):
    """A frame for the station; ``data`` as base64 text where it is binary."""

    text: str | bytes


class Wait(msgspec.Struct, frozen=True):
    seconds: float


class Drive(msgspec.Struct, frozen=True):
    """Somebody does something at a connector: plug, unplug, card, start, stop, fault, clear."""

    deed: str
    connector_id: int


class Manners(msgspec.Struct, frozen=True):
    """How calls of the station are answered from now on. ``kind``: good, payload, error, twice, late, never,
    stranger (under another id), call (a CALL under the station's own id first). ``action``: only these calls."""

    kind: str
    action: str = ""
    payload: Any = None


class Hang(msgspec.Struct, frozen=True):
    """The line breaks."""


Step = Send | Wait | Drive | Manners | Hang

# --- schemas ---------------------------------------------------------------------------------------------------


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations))) / "v16" / "schemas"


@cache
def schema(action: str, *, answer: bool = False) -> dict[str, Any]:
    """The JSON schema of a call or an answer."""
    found: dict[str, Any] = json.loads(
        (_folder() / f"{action}{'Response' if answer else ''}.json").read_text("utf-8-sig")
    )
    return found


OUR_CALLS: Final = (
    "Authorize",
    "BootNotification",
    "DataTransfer",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "SecurityEventNotification",
    "SignCertificate",
    "SignedFirmwareStatusNotification",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
)
"""What stations say."""
OFTEN_SAID: Final = ("BootNotification", "Heartbeat", "Authorize", "StartTransaction", "StopTransaction")


@cache
def asked() -> tuple[str, ...]:
    """What backends ask."""
    every = {p.stem for p in _folder().glob("*.json") if not p.stem.endswith("Response")}
    return tuple(sorted(every - set(OUR_CALLS) | {"DataTransfer"}))


# --- values ----------------------------------------------------------------------------------------------------

TAGS: Final = ("TAG-1", "TAG-2", "tag-1", "BLOCKED", "04AE179C4F6181", "VID:A0B1C2D3E4F5")
TIMES: Final = (
    "2026-11-22T12:00:00Z",
    "2026-11-22T12:05:00.123+02:00",
    "2026-11-22T13:00:00",
    "2030-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "yesterday",
    "",
)
PLACES: Final = (
    "http://127.0.0.1/x",
    "https://backend.invalid/firmware.bin",
    "ftp://user:secret@files.invalid/logs/",
    "sftp://files.invalid/",
    "file:///etc/passwd",
    "gopher://x",
    "http://[::1",
    "",
)
INTEGERS: Final = (0, 1, 2, 3, 4, 5, 9, -1, 60, 255, 2**31 - 1, 2**31, -(2**31), 2**63, 10**30)
SMALL: Final = {
    "connectorId": range(-1, 6),
    "transactionId": (1, 2, 3, 4, 0, -1, 10**12),
    "reservationId": (1, 2, 3),
    "chargingProfileId": (1, 2, 3),
    "id": (1, 2, 3),
    "stackLevel": (0, 1, 2, 10, 11, -1),
    "listVersion": (-1, 0, 1, 2, 3),
    "startPeriod": (0, 0, 1, 60, 3600, -5),
    "requestId": (1, 2),
}
_TEXT: Final = st.text(st.characters(codec="utf-8"), max_size=12)
JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from(INTEGERS)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


def of_schema(its: dict[str, Any], definitions: dict[str, Any], name: str = "") -> Strategy:
    """Values that fit ``its`` schema. ``name``: of the property, where it has a meaning here."""
    if "$ref" in its:
        return of_schema(definitions[its["$ref"].rpartition("/")[2]], definitions, name)
    if "enum" in its:
        return st.sampled_from(its["enum"])
    match its["type"]:
        case "object":
            return _object(its, definitions)
        case "array":
            return st.lists(
                of_schema(its["items"], definitions, name), min_size=its.get("minItems", 0), max_size=4
            )
        case "boolean":
            return st.booleans()
        case "integer":
            return st.sampled_from(SMALL[name]) if name in SMALL else st.sampled_from(INTEGERS)
        case "number":
            return st.sampled_from((0.0, 6.0, 16.0, 11000.0, 0.1, -1.0, 1e9, 1e300)) | st.integers(0, 50000).map(
                float
            )
        case _:
            return _string(its, name)


def _string(its: dict[str, Any], name: str) -> Strategy:
    most = its.get("maxLength", 300)
    if its.get("format") == "date-time" or "Time" in name or "Date" in name:
        return st.sampled_from(TIMES)
    if "idtag" in name.casefold():
        return st.sampled_from([t for t in TAGS if len(t) <= most]) | st.text(max_size=most)
    if name in ("location", "remoteLocation") or its.get("format") == "uri":
        return st.sampled_from(PLACES)
    return st.text(max_size=min(most, 20)) | st.just("x" * most)


def _object(its: dict[str, Any], definitions: dict[str, Any]) -> Strategy:
    required = set(its.get("required", ()))
    properties = its.get("properties", {})
    fixed = {k: of_schema(v, definitions, k) for k, v in properties.items() if k in required}
    more = {k: of_schema(v, definitions, k) for k, v in properties.items() if k not in required}
    return st.fixed_dictionaries(fixed, optional=more)


# --- payloads --------------------------------------------------------------------------------------------------

ELSEWHERE: Final = frozenset({"WebSocketUrl", "chargePointIdentity", "SecurityProfile", "AuthorizationKey"})
"""Keys that lead the station away from us: one in many is enough."""
VALUES: Final = (
    "0",
    "1",
    "2",
    "30",
    "-1",
    "1.5",
    "true",
    "FALSE",
    "",
    " ",
    "x" * 500,
    "99999999999999999999",
    "NaN",
)


@cache
def _keys() -> tuple[str, ...]:
    return tuple(k for k in (row.name for row in table.KEYS.values()) if k not in ELSEWHERE)


def _change_key() -> Strategy:
    return st.fixed_dictionaries(
        {
            "key": st.sampled_from(_keys()) | st.text(max_size=50),
            "value": st.sampled_from(VALUES) | st.text(max_size=30) | st.sampled_from(_defaults()),
        }
    )


@cache
def _defaults() -> tuple[str, ...]:
    return tuple(sorted({row.default for row in table.KEYS.values() if len(row.default) <= 500}))


@cache
def _sane() -> Mapping[str, Strategy]:
    return sane.requests(_keys())


@cache
def fitting(action: str) -> Strategy:
    """Payloads of a call that fit its schema; where there are sane ones, two times out of three one of these."""
    if action == "ChangeConfiguration":
        any_payload = _change_key()
    elif action == "GetConfiguration":
        any_payload = st.fixed_dictionaries({}, optional={"key": st.lists(st.sampled_from(_keys()), max_size=60)})
    else:
        its = schema(action)
        any_payload = of_schema(its, its.get("definitions", {}))
    known = _sane().get(action)
    return any_payload if known is None else st.one_of(any_payload, known, known)


@cache
def fitting_answer(action: str) -> Strategy:
    its = schema(action, answer=True)
    return of_schema(its, its.get("definitions", {}))


@st.composite
def bent(draw: st.DrawFn, whole: Strategy) -> Any:
    """A payload that nearly fits: something is missing, too much, or of another kind."""
    payload = draw(whole)
    if not isinstance(payload, dict) or draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    payload = dict(payload)
    names = sorted(payload)
    how = draw(st.sampled_from(("drop", "add", "replace", "long", "inside")))
    if how == "add" or not names:
        payload[draw(_TEXT)] = draw(JSON)
        return payload
    name = draw(st.sampled_from(names))
    if how == "drop":
        del payload[name]
    elif how == "long":
        payload[name] = "y" * draw(st.sampled_from((21, 51, 501, 5000)))
    elif how == "inside" and isinstance(payload[name], dict):
        payload[name] = draw(bent(st.just(payload[name])))
    else:
        payload[name] = draw(JSON)
    return payload


# --- frames ----------------------------------------------------------------------------------------------------

ODD_IDS: Final = ("", "x" * 36, "x" * 300, "\u0000", "ü-1", " ")


@st.composite
def call_frames(draw: st.DrawFn) -> Send:
    """A CALL: mostly of what backends ask, fitting two times out of three."""
    kind = draw(st.sampled_from(("asked",) * 17 + ("ours", "nobody's")))
    if kind == "nobody's":
        action = draw(_TEXT | st.just("MakeCoffee"))
    else:
        action = draw(st.sampled_from(asked() if kind == "asked" else OUR_CALLS))
    known = action in asked() or action in OUR_CALLS
    if known and draw(st.integers(0, 2)):
        payload = draw(fitting(action))
    elif known:
        payload = draw(bent(fitting(action)))
    else:
        payload = draw(JSON)
    number = draw(st.integers(0, 10**9))
    message_id = draw(st.sampled_from(ODD_IDS)) if draw(st.integers(0, 15)) == 0 else f"f-{number}"
    return Send(json.dumps([2, message_id, action, payload]))


def nonsense() -> Strategy:
    """Frames that are no OCPP, or hardly."""
    rest = st.lists(JSON, max_size=5)
    lists = st.tuples(st.sampled_from((0, 1, 2, 3, 4, 5, -2, 2.0, "2", None, True)), rest)
    return (
        _TEXT
        | JSON.map(json.dumps)
        | lists.map(lambda pair: json.dumps([pair[0], *pair[1]]))
        | st.tuples(st.sampled_from((2, 3, 4)), rest).map(lambda pair: json.dumps([pair[0], "id", *pair[1]]))
        | st.sampled_from(ODDITIES)
        | st.binary(max_size=20)
    ).map(Send)


ODDITIES: Final = (
    "[" * 50_000,
    '[2,"deep","Reset",' + "[" * 900 + "]" * 900 + "]",
    '[2,"deep","SendLocalList",' + '{"a":' * 900 + "1" + "}" * 900 + "]",
    '[2,"wide","DataTransfer",{"vendorId":"v","data":"' + "z" * 900_000 + '"}]',
    '[2,"huge","DataTransfer",{"vendorId":"v","data":"' + "z" * 1_100_000 + '"}]',
    '[2,"nan","Reset",{"type":NaN}]',
    '[2,"inf","Reset",{"type":1e999}]',
    '[2,"surrogate","DataTransfer",{"vendorId":"\\ud800"}]',
    '[2,"null","ChangeConfiguration",{"key":"\\u0000","value":"\\u0000"}]',
    '[2,"twice","Reset",{"type":"Soft","type":"Cold"}]',
    '\ufeff[2,"bom","ClearCache",{}]',
    '[2,"tail","ClearCache",{}] ',
    '[2,"tail","ClearCache",{}]]',
    '{"2":"id"}',
    "",
)


def manners() -> Strategy:
    """How the station's own calls are answered."""

    def payload_for(action: str) -> Strategy:
        payloads = fitting_answer(action) | bent(fitting_answer(action)) | JSON
        return payloads.map(lambda payload: Manners("payload", action, payload))

    kinds = st.sampled_from(("good", "error", "twice", "late", "never", "stranger", "call")).map(Manners)
    told = st.sampled_from(OFTEN_SAID * 3 + OUR_CALLS).flatmap(payload_for)
    return st.one_of(told, told, told, kinds)


def _session(connector_id: int, waits: tuple[float, ...]) -> list[Step]:
    """A car that comes and charges."""
    plug, start = Drive("plug", connector_id), Drive("start", connector_id)
    return [plug, Wait(waits[0]), start, Wait(waits[1])]


def steps() -> Strategy:
    """One conversation: scenes of one step or a few."""
    pauses = st.sampled_from((0.05, 1.0, 5.0, 40.0))
    deeds = ("plug", "unplug", "card", "start", "stop", "fault", "clear")
    drives = st.builds(Drive, st.sampled_from(deeds), st.integers(1, 4))
    scene = st.one_of(
        *[call_frames().map(lambda step: [step])] * 6,
        nonsense().map(lambda step: [step]),
        st.lists(call_frames(), min_size=2, max_size=6),
        manners().map(lambda step: [step]),
        st.tuples(manners(), pauses).map(lambda pair: [pair[0], Wait(pair[1])]),
        st.tuples(manners(), pauses).map(lambda pair: [pair[0], Hang(), Wait(pair[1])]),
        drives.map(lambda step: [step]),
        st.builds(_session, st.integers(1, 4), st.tuples(pauses, pauses)),
        pauses.map(lambda pause: [Wait(pause)]),
        st.just([Hang()]),
    )
    # a list of its own choosing would have six scenes on average
    scenes = st.integers(1, 30).flatmap(lambda count: st.lists(scene, min_size=count, max_size=count))
    return scenes.map(lambda chosen: [step for each in chosen for step in each])
