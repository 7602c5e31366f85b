"""The runner fails what is to fail, with the reason, and lets nothing through."""

from __future__ import annotations

import asyncio
import builtins
import json
import logging
from typing import Any
from xml.etree import ElementTree

import pytest

from kiosk.lab.conformance import report
from kiosk.lab.conformance.bench import Bench
from kiosk.lab.conformance.csms import CallError
from kiosk.lab.conformance.registry import Case, NotApplicable, Play, case, cases
from kiosk.lab.conformance.runner import Outcome, Verdict, play
from kiosk.lab.missing import LabMissing


def played(play_it: Play, **more: Any) -> Outcome:
    return play(Case(id="000", title="A case of the tests", profile="Core", play=play_it, **more))


def test_a_case_that_holds_passes_on_virtual_time() -> None:
    async def good(lab: Bench) -> None:
        await lab.sleep(3600)
        lab.driver.plug(1)
        await lab.csms.status(1, "Preparing")

    outcome = played(good)
    assert (outcome.verdict, outcome.reason, outcome.breaches) == (Verdict.PASS, "", ())
    assert outcome.virtual_s > 3600
    assert outcome.took_s < 60
    assert next(f.action for f in outcome.frames if f.kind == "call") == "BootNotification"


def test_a_case_that_cannot_apply_says_why() -> None:
    async def off(lab: Bench) -> None:
        raise NotApplicable("there is no such part")

    outcome = played(off, booted=False)
    assert (outcome.verdict, outcome.reason) == (Verdict.NOT_APPLICABLE, "there is no such part")


def test_what_was_not_said_fails_with_what_was_said_instead() -> None:
    async def bad(lab: Bench) -> None:
        lab.driver.plug(1)
        await lab.csms.status(1, "Reserved", within_s=5)

    outcome = played(bad)
    assert outcome.verdict is Verdict.FAILED
    assert "not said within 5 s: StatusNotification connectorId=1, status=Reserved" in outcome.reason
    assert "; StatusNotification connectorId=1, errorCode=NoError, status=Preparing" in outcome.reason


def test_an_unwanted_word_fails() -> None:
    async def bad(lab: Bench) -> None:
        lab.driver.plug(1)
        await lab.csms.never("StatusNotification", for_s=10, connectorId=1)

    assert played(bad).reason.startswith("unwanted: StatusNotification connectorId=1")


def test_a_bare_assert_is_told_by_its_line() -> None:
    async def bad(lab: Bench) -> None:
        raise AssertionError

    assert played(bad).reason == "raise AssertionError"


def test_a_breach_fails_a_case_that_would_pass() -> None:
    async def unknown_connector(lab: Bench) -> None:
        lab.csms.judge.connectors = 2  # the judge is told of a smaller station, so connector 3 is a breach
        await lab.csms.call("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 3})
        await lab.csms.expect("StatusNotification", connectorId=3)

    outcome = played(unknown_connector)
    assert outcome.verdict is Verdict.FAILED
    assert outcome.reason == "[connector] StatusNotification names connector 3"
    assert "!! [connector] StatusNotification names connector 3" in report.trace(outcome)

    async def meant(lab: Bench) -> None:
        lab.csms.judge.allow("connector")
        await unknown_connector(lab)

    assert played(meant).verdict is Verdict.PASS


def test_an_exception_that_the_station_logged_fails() -> None:
    async def bad(lab: Bench) -> None:
        try:
            raise ValueError("lost")
        except ValueError:
            logging.getLogger("kiosk.station.somewhere").exception("a part failed")

    outcome = played(bad)
    assert outcome.verdict is Verdict.FAILED
    assert outcome.reason == "the station logged: kiosk.station.somewhere: a part failed: ValueError('lost')"


def test_a_broken_case_fails_and_the_next_one_runs() -> None:
    async def broken(lab: Bench) -> None:
        raise ZeroDivisionError("nobody caught it")

    async def good(lab: Bench) -> None:
        await lab.sleep(1)

    assert played(broken).reason == "ZeroDivisionError: nobody caught it"
    assert played(good).verdict is Verdict.PASS


def test_a_case_that_hangs_is_ended() -> None:
    async def hangs(lab: Bench) -> None:
        await asyncio.Event().wait()

    outcome = played(hangs, limit_s=600.0)
    assert (outcome.verdict, outcome.reason) == (Verdict.FAILED, "the case did not come to an end")


def test_a_call_nobody_answers_and_one_that_is_refused() -> None:
    async def story(lab: Bench) -> None:
        with pytest.raises(CallError) as refused:
            await lab.csms.call("NoSuchThing", {})
        assert refused.value.code == "NotImplemented"
        lab.csms.chaos.deaf = True
        with pytest.raises(AssertionError, match="ClearCache was not answered within 5 s"):
            await lab.csms.call("ClearCache", within_s=5)
        lab.csms.chaos.deaf = False
        await lab.csms.offline()
        with pytest.raises(AssertionError, match="not connected, ClearCache cannot be asked"):
            await lab.csms.call("ClearCache")

    assert played(story).reason == ""


def test_scripts_of_the_central_system() -> None:
    async def story(lab: Bench) -> None:
        lab.csms.answer("Authorize", {"idTagInfo": {"status": "Blocked"}}, times=1)
        lab.csms.answer("StartTransaction", lambda asked: {"transactionId": asked["connectorId"] + 40})
        lab.driver.plug(1)
        await lab.csms.status(1, "Preparing")
        lab.driver.card("TAG-1", connector_id=1)
        await lab.csms.expect("Authorize", idTag="TAG-1")
        await lab.csms.never("StartTransaction", for_s=10)
        lab.driver.card("TAG-1", connector_id=1)
        started = await lab.csms.expect("StartTransaction", idTag="TAG-1", reservationId=None, timestamp=...)
        await lab.station.until(lambda: lab.station.connector(1).session.transaction_id == 41)
        assert lab.csms.since(started, "Authorize") == []
        assert [h.action for h in lab.csms.calls(connectorId=lambda n: n == 1)][-1] == "StartTransaction"

    outcome = played(story)
    assert outcome.reason == ""


def test_the_report_in_all_its_forms() -> None:
    async def good(lab: Bench) -> None:
        await lab.sleep(300)

    async def bad(lab: Bench) -> None:
        raise AssertionError("so <it> is\x00")

    async def off(lab: Bench) -> None:
        raise NotApplicable("no such part")

    outcomes = [played(good), played(bad, booted=False), played(off, booted=False)]
    text = report.text(outcomes)
    assert text.splitlines()[0].startswith("pass           000    A case of the tests  (")
    assert "5 min of the station's time" in text
    assert "FAILED         000    A case of the tests" in text
    assert "3 cases: 1 pass, 1 not applicable, 1 FAILED;" in text
    assert "runs the public case list; this is no certification" in text
    told = json.loads(report.as_json(outcomes))
    assert [row["verdict"] for row in told["cases"]] == ["pass", "FAILED", "not applicable"]
    assert told["note"] == report.DISCLAIMER
    suite = ElementTree.fromstring(report.junit(outcomes))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert suite.find("testcase/failure").get("message") == "so <it> is"
    assert suite.find("testcase/skipped").get("message") == "no such part"


def test_the_trace_tells_frames_and_the_world_in_order() -> None:
    async def story(lab: Bench) -> None:
        lab.driver.plug(2)
        await lab.csms.status(2, "Preparing")

    lines = report.trace(played(story)).splitlines()
    boot = next(i for i, line in enumerate(lines) if "→ BootNotification" in line)
    plug = next(i for i, line in enumerate(lines) if "simulator: plug(2, soc_percent=30)" in line)
    told = next(i for i, line in enumerate(lines) if 'status: "Preparing"' in line)
    assert boot < plug < told
    assert lines[-1].startswith("pass           000")


def test_without_virtual_time_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "async_solipsism":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)

    async def good(lab: Bench) -> None:
        await lab.sleep(1)

    with pytest.raises(LabMissing, match=r"-m pip install async-solipsism hypothesis"):
        played(good)


def test_a_case_cannot_be_registered_twice() -> None:
    taken = next(iter(cases()))
    with pytest.raises(ValueError, match=f"case {taken} is there twice"):
        case(taken, "Again", profile="Core")(lambda lab: lab.sleep(0))
