"""The rules of the conversation, frame by frame."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.link.messages import (
    ERROR_CODES,
    MAX_BINARY_BYTES,
    MAX_FRAME_BYTES,
    METHODS,
    SCREEN_METHODS,
    ConnectorParams,
    Grabbed,
    Nothing,
    StopResult,
)
from kiosk.link.peer import Answered, Asked, Dropped, Failed, Malformed, Peer, Told
from kiosk.model.errors import ProtocolError, UnknownMethod
from kiosk.model.snapshot import Changes, Screen, Tick
from tests.fakes.clock import ManualClock
from tests.fakes.pictures import snapshot


def core() -> Peer:
    return Peer(METHODS, SCREEN_METHODS)


def face() -> Peer:
    return Peer(SCREEN_METHODS, METHODS, listens=True)


def stop_request(**changes: Any) -> dict[str, Any]:
    frame = {"jsonrpc": "2.0", "id": 1, "method": "session.stop", "params": {"connector_id": 2}}
    return {k: v for k, v in (frame | changes).items() if v is not ...}


def error_in(event: Malformed) -> tuple[Any, int, str]:
    reply = json.loads(event.reply)
    return reply["id"], reply["error"]["code"], reply["error"]["message"]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_travels(name: str) -> None:
    """A walk over the whole contract: the smallest params that fit arrive as they were sent."""
    row = METHODS[name]
    params = _smallest(row.params)
    request_id, frame = face().request(name, params)
    assert core().receive(frame) == Asked(request_id, row, params)


def _smallest(kind: type[msgspec.Struct]) -> Any:
    samples = {str: "x", int: 1, bool: True, float: 1.0}
    required = {
        f.name: samples.get(f.type) or next(iter(f.type)) for f in msgspec.structs.fields(kind) if f.required
    }
    return kind(**required)


@pytest.mark.parametrize(
    ("frame", "reply_id", "code", "words"),
    [
        ("{", None, "parse", "not JSON"),
        ("", None, "parse", "not JSON"),
        ("[]", None, "invalid_request", "JSON-RPC"),  # no batches
        ("3", None, "invalid_request", "JSON-RPC"),
        ('{"jsonrpc":"1.0","id":1,"method":"hello"}', None, "invalid_request", "jsonrpc"),
        ('{"id":1,"method":"hello"}', None, "invalid_request", "jsonrpc"),
        ('{"jsonrpc":"2.0","id":1,"method":"hello","extra":1}', None, "invalid_request", "extra"),
        ('{"jsonrpc":"2.0","id":1.5,"method":"hello"}', None, "invalid_request", "id"),
        ('{"jsonrpc":"2.0","id":null,"method":"hello"}', None, "invalid_request", "id"),
        ('{"jsonrpc":"2.0","id":1,"method":"hello","result":{}}', None, "invalid_request", "both"),
        ('{"jsonrpc":"2.0","id":"a","method":"no.such","params":{}}', "a", "method_not_found", "no.such"),
        (json.dumps(stop_request(params={})), 1, "invalid_params", "connector_id"),
        (json.dumps(stop_request(params={"connector_id": "2"})), 1, "invalid_params", "connector_id"),
        (json.dumps(stop_request(params={"connector_id": 2.5})), 1, "invalid_params", "connector_id"),
        (json.dumps(stop_request(params={"connector_id": True})), 1, "invalid_params", "connector_id"),
        (json.dumps(stop_request(params={"connector_id": 2, "wish": 1})), 1, "invalid_params", "wish"),
        (json.dumps(stop_request(params=[2])), 1, "invalid_params", "session.stop"),
        (json.dumps(stop_request(params=...)), 1, "invalid_params", "connector_id"),
    ],
)
def test_bad_request_is_answered(frame: str, reply_id: object, code: str, words: str) -> None:
    event = core().receive(frame)
    assert isinstance(event, Malformed)
    got_id, got_code, message = error_in(event)
    assert (got_id, got_code) == (reply_id, ERROR_CODES[code])
    assert words in message


@pytest.mark.parametrize(
    "frame",
    [
        '{"jsonrpc":"2.0"}',
        '{"jsonrpc":"2.0","id":1}',
        '{"jsonrpc":"2.0","id":1,"params":{}}',
        '{"jsonrpc":"2.0","id":99,"result":{}}',
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}',
        '{"jsonrpc":"2.0","method":"tick","params":{}}',  # only a face takes notifications
        '{"jsonrpc":"2.0","method":"rm","params":{}}',
        "x" * (MAX_FRAME_BYTES + 1),
        "ä" * (MAX_FRAME_BYTES // 2 + 1),
        b"a picture that nobody asked for",
    ],
)
def test_conversation_cannot_go_on(frame: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        core().receive(frame)


def test_answer_with_result_and_error_is_no_answer() -> None:
    asking = face()
    request_id, _ = asking.request("session.stop", ConnectorParams(connector_id=2))
    both = {"jsonrpc": "2.0", "id": request_id, "result": {}, "error": {"code": 1, "message": "x"}}
    with pytest.raises(ProtocolError, match="both"):
        asking.receive(json.dumps(both))


def test_question_and_answer() -> None:
    asking, asked = face(), core()
    request_id, frame = asking.request("session.stop", ConnectorParams(connector_id=2))
    question = asked.receive(frame)
    assert isinstance(question, Asked)
    result = StopResult(local_id="s-1", energy_wh=4711)
    answer = asked.answer(question, result)
    assert asking.receive(answer) == Answered(request_id, result)
    with pytest.raises(ProtocolError, match="not open"):  # once only
        asking.receive(answer)


def test_wrong_structs_never_leave() -> None:
    asking, asked = face(), core()
    with pytest.raises(ProtocolError, match="ConnectorParams"):
        asking.request("session.stop", Nothing())
    with pytest.raises(UnknownMethod):
        asking.request("no.such", Nothing())
    question = asked.receive(asking.request("session.stop", ConnectorParams(connector_id=2))[1])
    assert isinstance(question, Asked)
    with pytest.raises(ProtocolError, match="StopResult"):
        asked.answer(question, Nothing())


def test_result_that_breaks_the_contract_fails_the_call() -> None:
    asking = face()
    request_id, _ = asking.request("session.stop", ConnectorParams(connector_id=2))
    event = asking.receive(json.dumps({"jsonrpc": "2.0", "id": request_id, "result": {"local_id": 5}}))
    assert isinstance(event, Failed)
    assert "local_id" in str(event.error)


def test_notifications_travel() -> None:
    clock = ManualClock()
    tick = Tick(seq=3, now=clock.now(), monotonic_s=clock.monotonic(), reading_age_ms={1: 20, 2: None})
    for payload in (snapshot(), Changes(screen=Screen(name="standby")), tick):
        assert face().receive(core().tell(payload)) == Told(payload)


def test_bad_notification_ends_the_conversation() -> None:
    with pytest.raises(ProtocolError, match="seq"):
        face().receive('{"jsonrpc":"2.0","method":"tick","params":{"seq":"one"}}')


# pictures


def grab(asking: Peer, size: int) -> tuple[int | str, str]:
    request_id, _ = asking.request("screen.grab", Nothing())
    result = msgspec.to_builtins(Grabbed(bytes=size, width=1366, height=768))
    return request_id, json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result})


def test_picture_completes_its_answer() -> None:
    asking = face()
    request_id, frame = grab(asking, 3)
    assert asking.receive(frame) is None
    assert asking.receive(b"png") == Answered(request_id, Grabbed(bytes=3, width=1366, height=768), b"png")


def test_pictures_keep_their_order() -> None:
    asking = face()
    first, frame_1 = grab(asking, 1)
    second, frame_2 = grab(asking, 2)
    assert asking.receive(frame_2) is None
    assert asking.receive(frame_1) is None
    answers = [asking.receive(b"22"), asking.receive(b"1")]
    assert [(a.id, a.binary) for a in answers if isinstance(a, Answered)] == [(second, b"22"), (first, b"1")]


@pytest.mark.parametrize("size", [0, -1, MAX_BINARY_BYTES + 1])
def test_picture_of_impossible_size(size: int) -> None:
    asking = face()
    with pytest.raises(ProtocolError, match="picture"):
        asking.receive(grab(asking, size)[1])


def test_picture_of_another_size_than_announced() -> None:
    asking = face()
    asking.receive(grab(asking, 3)[1])
    with pytest.raises(ProtocolError, match="announced"):
        asking.receive(b"four")


def test_late_answer_is_dropped_with_its_picture() -> None:
    asking = face()
    request_id, frame = grab(asking, 3)
    asking.abandon(request_id)
    assert asking.receive(frame) is None
    assert asking.receive(b"png") == Dropped(request_id)


# whatever comes in

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
nearly = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | st.text(max_size=3),
        "id": st.integers(0, 3) | json_values,
        "method": st.sampled_from([*METHODS, "tick", "snapshot", "changes"]) | st.text(max_size=8),
        "params": json_values,
        "result": json_values,
        "error": json_values
        | st.fixed_dictionaries({"code": st.integers(), "message": st.text()}, optional={"data": json_values}),
    },
).map(json.dumps)


@given(st.one_of(st.text(), st.binary(), json_values.map(json.dumps), nearly), st.booleans())
def test_nothing_but_protocol_error_is_ever_raised(frame: str | bytes, as_face: bool) -> None:
    peer = face() if as_face else core()
    if as_face:
        peer.request("screen.grab", Nothing())
        peer.request("session.stop", ConnectorParams(connector_id=1))
    try:
        event = peer.receive(frame)
    except ProtocolError:
        return
    if isinstance(event, Malformed):
        assert json.loads(event.reply)["error"]["code"] in ERROR_CODES.values()


@given(st.integers(5_000, 60_000))
def test_deep_nesting_is_refused(depth: int) -> None:
    event = core().receive('{"jsonrpc":"2.0","id":1,"method":"hello","params":' + "[" * depth)
    assert isinstance(event, Malformed)
