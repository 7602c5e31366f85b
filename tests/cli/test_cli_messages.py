"""``kiosk messages``: what waits, what was given up, and sending it again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from kiosk import cli
from kiosk.cli.messages import age
from kiosk.link.messages import MessageList, MessageNumbers, MessageQuery, MessageRow, SentAgain
from kiosk.model import errors
from tests.cli.conftest import FakeCore


def row(seq: int, action: str, *, undelivered: bool, transaction_id: int | None = None) -> MessageRow:
    return MessageRow(
        seq=seq,
        action=action,
        connector_id=2,
        local_id="a",
        transaction_id=transaction_id,
        at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        age_s=3700.0,
        attempts=5 if undelivered else 0,
        undelivered=undelivered,
    )


def test_a_list_for_people_and_for_programs(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    fake_core.answers["messages.list"] = MessageList(
        messages=(
            row(7, "StopTransaction", undelivered=True),
            row(9, "MeterValues", undelivered=False, transaction_id=0),
        )
    )
    assert cli.main(["messages", "list", "--limit", "3"]) == 0
    assert fake_core.asked == [("messages.list", MessageQuery(limit=3))]
    lines = capsys.readouterr().out.splitlines()
    assert "StopTransaction" in lines[-2]
    assert "undelivered" in lines[-2]
    assert "1 h 1 min" in lines[-2]
    assert lines[-1].split()[:4] == ["9", "MeterValues", "2", "0"], "transaction 0 is one like any other"
    assert cli.main(["messages", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(m["seq"], m["undelivered"]) for m in found] == [(7, True), (9, False)]


def test_nothing_waits(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    fake_core.answers["messages.list"] = MessageList(messages=())
    assert cli.main(["messages", "list"]) == 0
    assert capsys.readouterr().out == "nothing waits for the backend\n"


def test_alone_it_lists(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    fake_core.answers["messages.list"] = MessageList(messages=(row(7, "StopTransaction", undelivered=True),))
    assert cli.main(["messages"]) == 0
    assert fake_core.asked == [("messages.list", MessageQuery(limit=50))]
    assert "StopTransaction" in capsys.readouterr().out
    assert cli.main(["messages", "--json", "--limit", "2"]) == 0
    assert fake_core.asked[1:] == [("messages.list", MessageQuery(limit=2))]
    assert json.loads(capsys.readouterr().out)[0]["seq"] == 7


@pytest.mark.parametrize(
    ("words", "asked", "count", "said"),
    [
        ([], (), 4, "4 messages to send\n"),
        (["7"], (7,), 1, "1 message to send\n"),
        ([], (), 0, "nothing is undelivered\n"),
    ],
)
def test_sending_again(
    fake_core: FakeCore,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    asked: tuple[int, ...],
    count: int,
    said: str,
) -> None:
    fake_core.answers["messages.send_again"] = SentAgain(messages=count)
    assert cli.main(["messages", "send-again", *words]) == 0
    assert fake_core.asked == [("messages.send_again", MessageNumbers(numbers=asked))]
    assert capsys.readouterr().out == said


def test_a_number_that_is_not_undelivered(fake_core: FakeCore, capsys: pytest.CaptureFixture[str]) -> None:
    fake_core.answers["messages.send_again"] = errors.BadValue("message", "8", "it is not undelivered", "another")
    assert cli.main(["messages", "send-again", "8"]) != 0
    assert "message" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90_000, "1 d 1 h"), (86_400 * 400, "400 d")],
)
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text
