"""What is owed beside the transactions: order kept, bounded, repeated, given up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocpp.exceptions import FormatViolationError

from kiosk.model.errors import BackendRefused, BackendUnreachable
from kiosk.station.ocpp.notices import MOST_SILENCES, SILENT_S, Notice, Notices, Waiting
from kiosk.station.ocpp.wire import NoAnswer

EVENT, FIRMWARE = "SecurityEventNotification", "FirmwareStatusNotification"


class FakeWire:
    """Answers as told: a payload, or an exception; nothing told: for ever silent."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def request(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.sent.append((action, payload))
        if not self.answers:
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def status(name: str, request_id: int | None = None) -> Notice:
    payload: dict[str, Any] = {"status": name}
    if request_id is not None:
        payload["requestId"] = request_id
    return Notice(action=FIRMWARE, payload=payload)


def talk_for(notices: Notices, wire: FakeWire, seconds: float = 1.0) -> Any:
    async def story() -> None:
        async with asyncio.timeout(seconds):
            await notices.talk(wire)  # type: ignore[arg-type]

    return story()


def test_one_after_the_other_in_order(aio: Any) -> None:
    notices, wire, heard = Notices(), FakeWire({"a": 1}, {}), []
    notices.say("SignCertificate", {"csr": "x"}, on_answer=heard.append)
    notices.say(FIRMWARE, {"status": "Downloading"})
    notices.say(FIRMWARE, {"status": "Downloaded"})
    with pytest.raises(TimeoutError):
        aio(talk_for(notices, wire))
    assert [payload for _, payload in wire.sent] == [
        {"csr": "x"},
        {"status": "Downloading"},
        {"status": "Downloaded"},
    ]
    assert heard == [{"a": 1}]
    assert len(notices) == 1, "the unanswered one is still owed"


def test_said_while_talking_is_sent_at_once(aio: Any) -> None:
    async def story() -> None:
        notices, wire = Notices(), FakeWire({}, {})
        talk = asyncio.create_task(notices.talk(wire))  # type: ignore[arg-type]
        await asyncio.sleep(5)
        assert wire.sent == []
        notices.say(FIRMWARE, {"status": "Installed"})
        await asyncio.sleep(0.1)
        assert len(wire.sent) == 1
        assert len(notices) == 0
        talk.cancel()

    aio(story())


def test_a_lost_connection_repeats_what_was_not_answered(aio: Any) -> None:
    notices = Notices()
    notices.say(FIRMWARE, {"status": "Downloading"})
    notices.say(FIRMWARE, {"status": "Downloaded"})
    with pytest.raises(BackendUnreachable):
        aio(talk_for(notices, FakeWire({}, BackendUnreachable("gone"))))
    wire = FakeWire({})
    with pytest.raises(TimeoutError):
        aio(talk_for(notices, wire))
    assert wire.sent == [(FIRMWARE, {"status": "Downloaded"})]
    assert len(notices) == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BackendRefused("NotSupported", "no"), "NotSupported"),
        (FormatViolationError(description="too long"), "FormatViolation"),
    ],
)
def test_a_refused_one_is_dropped_and_the_next_goes_on(
    aio: Any, expected_log: Any, error: Exception, code: str
) -> None:
    expected_log("kiosk.station.ocpp.notices", "SignCertificate is dropped")
    notices, wire, refused = Notices(), FakeWire(error, {}), []
    notices.say("SignCertificate", {}, on_refusal=refused.append)
    notices.say(FIRMWARE, {"status": "Idle"})
    with pytest.raises(TimeoutError):
        aio(talk_for(notices, wire))
    assert refused == [code]
    assert len(wire.sent) == 2
    assert len(notices) == 0


def test_silence_of_a_living_backend_is_borne_three_times(aio: Any, expected_log: Any) -> None:
    expected_log("kiosk.station.ocpp.notices", "SignCertificate is dropped")
    notices, refused = Notices(), []
    notices.say("SignCertificate", {}, on_refusal=refused.append)
    for _ in range(5):  # a dead line is no verdict
        with pytest.raises(NoAnswer):
            aio(talk_for(notices, FakeWire(NoAnswer("silent", alive=False))))
    wire = FakeWire(*[NoAnswer("silent", alive=True)] * MOST_SILENCES)

    async def patient() -> None:
        talk = asyncio.create_task(notices.talk(wire))  # type: ignore[arg-type]
        await asyncio.sleep(SILENT_S / 2)
        assert len(wire.sent) == 1, "not at once again"
        await asyncio.sleep(SILENT_S)
        assert len(wire.sent) == 2
        assert len(notices) == 1
        await asyncio.sleep(SILENT_S)
        assert len(wire.sent) == 2, "the pause grows"
        await asyncio.sleep(SILENT_S)
        assert len(wire.sent) == MOST_SILENCES
        talk.cancel()

    aio(patient())
    assert len(notices) == 0
    assert refused == ["NoAnswer"]


def test_too_many_are_told_in_the_log(expected_log: Any) -> None:
    expected_log("kiosk.station.ocpp.notices", "a FirmwareStatusNotification is dropped")
    notices = Notices(most=2)
    for name in ("Downloading", "Downloaded", "Installing"):
        notices.say(FIRMWARE, {"status": name})
    assert len(notices) == 2


def test_an_old_status_goes_before_an_event() -> None:
    waiting = Waiting(most=3)
    first, event, old = status("Downloading", 1), Notice(action=EVENT, payload={}), status("Downloaded", 1)
    for notice in (event, first, old):
        assert waiting.add(notice) is None
    assert waiting.add(status("Installing", 1)) is first
    assert waiting.add(status("Idle", 2)) is old
    assert waiting.add(Notice(action=EVENT, payload={"n": 2})) is event


notice_kinds = st.one_of(
    st.builds(status, st.sampled_from(["Downloading", "Installed"]), st.integers(0, 3)),
    st.builds(lambda n: Notice(action=EVENT, payload={"n": n}), st.integers()),
)


@given(st.lists(notice_kinds, max_size=60), st.integers(5, 12))
def test_bounded_in_order_and_the_newest_status_of_every_job_stays(notices: list[Notice], most: int) -> None:
    """With room for every job there is (four here, and the newest arrival), no job's last word is lost."""
    waiting = Waiting(most)
    for notice in notices:
        waiting.add(notice)
        assert len(waiting) <= most
    left = []
    while (first := waiting.first) is not None:
        left.append(first)
        waiting.done(first)
    places = [next(i for i, n in enumerate(notices) if n is kept) for kept in left]
    assert places == sorted(places)
    newest = {n.job: n for n in notices if n.job is not None}
    for notice in newest.values():
        assert any(kept is notice for kept in left)
