"""A short fuzz run in every test run, what earlier ones found, and proof that the judge sees."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from kiosk.lab.fuzz import grammar
from kiosk.lab.fuzz.evil import Evil, answerable
from kiosk.lab.fuzz.grammar import Drive, Hang, Manners, Send, Step, Wait
from kiosk.lab.fuzz.play import START
from kiosk.lab.fuzz.run import Fuzz, conversation


def test_a_hundred_frames_and_more() -> None:
    """Lesson 34: whatever is said, the station lives, and every call has one answer that fits."""
    told: list[str] = []
    found = Fuzz(2026, told.append).run(conversations=40, minutes=1)
    assert not found.findings, "\n".join(told)
    assert found.conversations >= 10
    assert found.calls == found.answers > 50
    assert {"CALLRESULT", "FormationViolation"} <= found.codes.keys()
    assert "InternalError" not in found.codes


def boot(**more: Any) -> list[Step]:
    """The line breaks; on the next one the registration is asked for again and answered like this."""
    return [Manners("payload", "Heartbeat", more), Hang(), Wait(40.0)]


FIRMWARE = {"location": "http://127.0.0.1/x", "signingCertificate": "", "signature": ""}
FOUND: dict[str, list[Step]] = {
    "a time that no calendar has": boot(currentTime="0001-01-01T00:00:00+14:00"),
    "a time at the end of all calendars": boot(currentTime="9999-12-31T23:59:59-14:00"),
    "a day that the month has not": [
        Send(
            json.dumps(
                [
                    2,
                    "1",
                    "SignedUpdateFirmware",
                    {"requestId": 1, "firmware": FIRMWARE | {"retrieveDateTime": "2026-02-30T00:00:00Z"}},
                ]
            )
        )
    ],
    "a pause of 300 milliards of years": [
        Send(
            '[2,"1","UpdateFirmware",{"location":"https://x.invalid/f","retrieveDate":"2026-11-22T12:00:00Z",'
            '"retryInterval":9223372036854775808}]'
        ),
        Wait(40.0),
    ],
    "an expiry that no calendar has": [
        Manners(
            "payload",
            "StartTransaction",
            {"transactionId": 1, "idTagInfo": {"status": "Accepted", "expiryDate": "0001-01-01T00:00:00+14:00"}},
        ),
        Drive("plug", 1),
        Drive("start", 1),
        Wait(40.0),
    ],
}
"""Conversations that once went wrong."""


@pytest.mark.parametrize("name", FOUND)
def test_found_and_mended(name: str) -> None:
    assert conversation(FOUND[name]).findings == []


def test_all_that_backends_ask_is_asked() -> None:
    assert {"Reset", "SendLocalList", "GetLog", "ExtendedTriggerMessage", "DataTransfer"} <= set(grammar.asked())
    assert not {"Heartbeat", "StartTransaction"} & set(grammar.asked())
    assert len(grammar.asked()) == 26


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ('[2,"1","Reset",{}]', ("1", "Reset")),
        ('[2,"1"]', ("1", "")),
        ('[2,1,"Reset",{}]', (None, "")),
        ('[3,"1",{}]', (None, "")),
        ("[" * 10_000, (None, "")),
        ('[2,"1","Reset",{"type":NaN}]', (None, "")),
        ('[2,"1","Reset",{"type":1e999}]', (None, "")),
        ('[2,"1","Reset",{"type":"\\ud800"}]', (None, "")),
        (b'[2,"1","Reset",{}]', (None, "")),
    ],
)
def test_what_must_be_answered(frame: str | bytes, expected: tuple[str | None, str]) -> None:
    assert answerable(frame) == expected


BAD_STATIONS = {
    "answers twice": (['[3,"1",{"status":"Accepted"}]'] * 2, "an answer to nothing"),
    "says nothing": ([], "ClearCache '1': +1"),
    "answers under another id": (['[3,"2",{"status":"Accepted"}]'], "an answer to nothing"),
    "answers what does not fit": (['[3,"1",{"status":"Perhaps"}]'], "breaks the schema"),
    "has a code of its own": (['[4,"1","FormatViolation","",{}]'], "that 1.6 does not know"),
    "is wordy": (['[4,"1","GenericError","' + "x" * 256 + '",{}]'], "that 1.6 does not know"),
    "forgets the details": (['[4,"1","GenericError",""]'], "that 1.6 does not know"),
    "fails inside": (['[4,"1","InternalError","",{}]'], "InternalError"),
    "talks nonsense": (["hello"], "what is no OCPP"),
    "speaks in binary": ([b'[3,"1",{"status":"Accepted"}]'], "binary frame"),
    "calls against the schema": (
        ['[3,"1",{"status":"Accepted"}]', '[2,"9","Heartbeat",{"x":1}]'],
        "breaks the schema",
    ),
    "calls what there is not": (['[3,"1",{"status":"Accepted"}]', '[2,"9","Coffee",{}]'], "no such action"),
}


@pytest.mark.parametrize("name", BAD_STATIONS)
def test_the_judge_sees(aio: Any, name: str) -> None:
    frames, finding = BAD_STATIONS[name]

    async def story() -> list[str]:
        evil = Evil(lambda: START)
        await evil.start()
        async with connect(f"{evil.url}/X", subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as socket:
            await asyncio.sleep(0.1)
            await evil.send('[2,"1","ClearCache",{}]')
            await socket.recv()
            for frame in frames:
                await socket.send(frame)
            await asyncio.sleep(1)
            found = evil.findings + evil.unanswered()
        await evil.stop()
        return found

    found = aio(story())
    assert any(finding in line for line in found), found


def test_the_judge_has_nothing_against_a_good_station(aio: Any) -> None:
    async def story() -> list[str]:
        evil = Evil(lambda: START)
        await evil.start()
        async with connect(f"{evil.url}/X", subprotocols=[Subprotocol("ocpp1.6")], proxy=None) as socket:
            await asyncio.sleep(0.1)
            await evil.send('[2,"1","ClearCache",{}]')
            await evil.send('[2,"2","MakeCoffee",{}]')
            await socket.send('[3,"1",{"status":"Accepted"}]')
            await socket.send('[4,"2","NotImplemented","no",{}]')
            await socket.send('[2,"9","Heartbeat",{}]')
            await asyncio.sleep(1)
            found = evil.findings + evil.unanswered()
        await evil.stop()
        return found

    assert aio(story()) == []
