"""The judge sees every breach of its rules, and none in a clean conversation."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.backend.judge import RULES, Judge
from kiosk.backend.recording import Recorder

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Talk:
    """A station and a backend that say what they are told to say."""

    def __init__(self, connectors: int | None = 2) -> None:
        self.now = START
        self.judge = Judge(connectors)
        recorder = Recorder(lambda: self.now)
        recorder.listeners.append(self.judge.hear)
        self._recorder = recorder
        self._count = 0
        self.judge.connected(self.now)

    @property
    def broken(self) -> list[str]:
        return [breach.rule for breach in self.judge.breaches]

    def raw(self, text: str, *, to_station: bool = False) -> None:
        self._recorder.record("S", text, to_station=to_station)

    def at(self, seconds: float = 0.0) -> str:
        return (self.now + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def say(self, action: str, answer: dict[str, Any] | None = None, **payload: Any) -> str:
        """A call of the station, and our answer (``...`` is impossible: None is an empty one)."""
        self._count += 1
        message_id = f"s{self._count}"
        self.raw(json.dumps([2, message_id, action, payload]))
        self.raw(json.dumps([3, message_id, answer or {}]), to_station=True)
        return message_id

    def ask(self, action: str, answer: dict[str, Any], **payload: Any) -> None:
        """A call of ours and the station's answer."""
        self._count += 1
        self.raw(json.dumps([2, f"b{self._count}", action, payload]), to_station=True)
        self.raw(json.dumps([3, f"b{self._count}", answer]))

    def boot(self, status: str = "Accepted", interval: int = 300) -> None:
        answer = {"status": status, "currentTime": self.at(), "interval": interval}
        self.say("BootNotification", answer, chargePointVendor="V", chargePointModel="M")

    def status(self, connector_id: int, status: str, error: str = "NoError", **more: Any) -> None:
        self.say("StatusNotification", connectorId=connector_id, status=status, errorCode=error, **more)

    def start(self, connector_id: int = 1, number: int = 7, wh: int = 1000, **more: Any) -> None:
        answer = {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
        payload = {"connectorId": connector_id, "idTag": "T", "meterStart": wh, "timestamp": self.at()} | more
        self.say("StartTransaction", answer, **payload)

    def values(self, number: int | None = 7, connector_id: int = 1, **sampled: Any) -> None:
        sample = {"value": "1100", "unit": "Wh"} | sampled
        payload: dict[str, Any] = {
            "connectorId": connector_id,
            "meterValue": [{"timestamp": self.at(), "sampledValue": [sample]}],
        }
        if number is not None:
            payload["transactionId"] = number
        self.say("MeterValues", **payload)

    def stop(self, number: int = 7, wh: int = 1200, **more: Any) -> None:
        payload = {"transactionId": number, "meterStop": wh, "timestamp": self.at()} | more
        self.say("StopTransaction", **payload)

    def begin(self) -> Talk:
        """Booted, and one car charging at connector 1."""
        self.boot()
        for connector_id in (0, 1, 2):
            self.status(connector_id, "Available")
        self.wait(5)
        self.status(1, "Preparing")
        self.start()
        self.status(1, "Charging")
        self.wait(30)
        return self


def test_a_clean_conversation_has_no_breach() -> None:
    talk = Talk().begin()
    talk.values()
    talk.ask("RemoteStopTransaction", {"status": "Accepted"}, transactionId=7)
    talk.wait(10)
    data = [{"timestamp": talk.at(-20), "sampledValue": [{"value": "1.15", "unit": "kWh"}]}]
    talk.stop(reason="Remote", transactionData=data)
    talk.status(1, "Finishing")
    talk.wait(10)
    talk.status(1, "Available")
    talk.ask("TriggerMessage", {"status": "Accepted"}, requestedMessage="StatusNotification")
    for connector_id in (0, 1, 2):
        talk.status(connector_id, "Available")
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.1}, {"startPeriod": 60, "limit": 16.3}],
    }
    answer = {"status": "Accepted", "connectorId": 1, "scheduleStart": talk.at(60), "chargingSchedule": schedule}
    talk.ask("GetCompositeSchedule", answer, connectorId=1, duration=300)
    assert talk.judge.breaches == []


def test_the_next_car_may_come_before_finishing_was_worth_telling() -> None:
    talk = Talk().begin()
    talk.wait(10)
    talk.stop()
    talk.status(1, "Preparing")
    assert talk.judge.breaches == []
    talk.status(1, "Charging")
    talk.status(1, "Preparing")
    assert [breach.rule for breach in talk.judge.breaches] == ["status"], "only once"


def test_a_start_that_had_to_wait_may_be_overtaken_by_what_it_led_to() -> None:
    talk = Talk().begin()
    talk.stop()
    talk.status(1, "Finishing")
    talk.wait(10)
    started = talk.at()
    talk.wait(5)
    talk.status(1, "SuspendedEVSE")  # Preparing was shorter than MinimumStatusDuration
    talk.start(1, number=8, wh=1200, timestamp=started)
    assert talk.judge.breaches == []


def _pending(talk: Talk) -> None:
    talk.boot("Pending", 60)


BREACHES: list[tuple[str, Callable[[Talk], None]]] = [
    ("frame", lambda t: t.raw("hello")),
    ("frame", lambda t: t.raw("[1, 2]")),
    ("frame", lambda t: t.raw('[2, 5, "Heartbeat", {}]')),
    ("frame", lambda t: t.raw('[2, "x", "Heartbeat"]')),
    ("frame", lambda t: t.raw('[2, "x", "Heartbeat", []]')),
    ("frame", lambda t: (_open(t), t.raw('[3, "b", {}, {}]'))[0]),
    ("frame", lambda t: (_open(t), t.raw('[4, "b", "NotSupported", "why"]'))[0]),
    ("frame", lambda t: (_open(t), t.raw(json.dumps([4, "b", "NotSupported", "x" * 256, {}])))[0]),
    (
        "message-id",
        lambda t: (t.say("Heartbeat", {"currentTime": t.at()}), t.raw('[2, "s7", "Heartbeat", {}]'))[0],
    ),
    ("message-id", lambda t: t.raw(json.dumps([2, "x" * 37, "Heartbeat", {}]))),
    ("one-call", lambda t: (t.raw('[2, "x", "Heartbeat", {}]'), t.raw('[2, "y", "Heartbeat", {}]'))[0]),
    ("answer", lambda t: t.raw('[3, "nobody", {}]')),
    ("answer", lambda t: (_open(t), t.raw('[3, "b", {"status": "Accepted"}]'), t.raw('[3, "b", {}]'))[0]),
    ("error-code", lambda t: (_open(t), t.raw('[4, "b", "FormatViolation", "", {}]'))[0]),
    ("schema", lambda t: t.say("StatusNotification", connectorId=1)),
    ("schema", lambda t: t.say("Heartbeat", note="x")),
    ("schema", lambda t: t.say("Heartbeats")),
    ("schema", lambda t: t.ask("Reset", {"status": "Perhaps"}, type="Soft")),
    ("schema", lambda t: t.say("Authorize", {"idTagInfo": {"status": "Invalid"}}, idTag="x" * 21)),
    ("text", lambda t: t.say("Authorize", {"idTagInfo": {"status": "Invalid"}}, idTag="Zoë")),
    ("time", lambda t: t.stop(timestamp="2026-11-22T12:00:30+01:00")),
    ("time", lambda t: t.stop(timestamp="2026-11-22 12:00:30Z")),
    ("time", lambda t: t.stop(timestamp=t.at(60))),
    ("time", lambda t: t.stop(timestamp="2026-02-30T12:00:30Z")),
    ("connector", lambda t: t.status(3, "Available")),
    ("connector", lambda t: t.start(0, number=9)),
    ("meter-value", lambda t: t.values(measurand="Voltage", unit="A")),
    ("meter-value", lambda t: t.values(measurand="Frequency", unit="A")),
    ("meter-value", lambda t: t.values(value="NaN")),
    ("meter-value", lambda t: t.values(value="1e3")),
    ("meter-value", lambda t: t.values(measurand="SoC", unit="Percent", value="101")),
    ("meter-value", lambda t: t.values(location="EV")),
    ("meter-value", lambda t: _twice(t)),
    ("registration", lambda t: (t.judge.restarted(), t.say("Heartbeat"))[0]),
    ("registration", lambda t: (_pending(t), t.status(2, "Faulted", "OtherError"))[0]),
    ("boot-interval", lambda t: (_pending(t), t.wait(30), t.boot())[0]),
    ("status", lambda t: t.status(1, "Preparing")),
    ("status", lambda t: t.status(0, "Preparing")),
    ("status-error", lambda t: t.status(1, "Faulted")),
    ("status-error", lambda t: t.status(1, "Faulted", "EVCommunicationError")),
    ("status-repeat", lambda t: t.status(1, "Charging")),
    ("start", lambda t: t.start(2, number=9)),
    ("start", lambda t: (t.status(2, "Preparing"), t.start(1, number=9, wh=1001))[0]),
    ("transaction", lambda t: t.values(99)),
    ("transaction", lambda t: t.values(7, connector_id=2)),
    ("transaction", lambda t: t.stop(99)),
    ("transaction", lambda t: (t.stop(), t.values())[0]),
    ("transaction", lambda t: (t.stop(), t.stop())[0]),
    ("order", lambda t: (t.values(), t.wait(-20), t.values())[0]),
    ("order", lambda t: t.stop(transactionData=_data(t, -10, -20))),
    ("order", lambda t: t.stop(transactionData=_data(t, 2))),
    ("register", lambda t: t.values(value="999")),
    ("register", lambda t: (t.values(), t.wait(5), t.values(value="1.05", unit="kWh"))[0]),
    ("register", lambda t: t.stop(wh=999)),
    ("register", lambda t: t.stop(wh=1100, transactionData=_data(t, -10))),
]


def _open(talk: Talk) -> None:
    """A call of ours that waits for its answer."""
    talk.raw('[2, "b", "ClearCache", {}]', to_station=True)


def _data(talk: Talk, *seconds: float) -> list[dict[str, Any]]:
    return [{"timestamp": talk.at(s), "sampledValue": [{"value": "1150"}]} for s in seconds]


def _twice(talk: Talk) -> None:
    sample = {"value": "1100", "unit": "Wh"}
    value = {"timestamp": talk.at(), "sampledValue": [sample, sample]}
    talk.say("MeterValues", connectorId=1, transactionId=7, meterValue=[value])


@pytest.mark.parametrize(("rule", "sin"), BREACHES, ids=[f"{r}-{i}" for i, (r, _) in enumerate(BREACHES)])
def test_every_breach_is_seen_and_named(rule: str, sin: Callable[[Talk], None]) -> None:
    talk = Talk().begin()
    assert talk.judge.breaches == []
    sin(talk)
    assert rule in talk.broken, talk.judge.breaches
    assert all(breach.seq > 0 for breach in talk.judge.breaches)
    allowing = Talk().begin()
    allowing.judge.allow(*talk.broken)
    sin(allowing)
    assert allowing.judge.breaches == []


def test_every_rule_has_a_breach_here() -> None:
    assert {rule for rule, _ in BREACHES} == set(RULES)


def test_an_unknown_rule_cannot_be_allowed() -> None:
    with pytest.raises(KeyError):
        Judge().allow("nothing")


def test_after_a_reconnect_statuses_are_told_anew_and_ids_are_still_new() -> None:
    talk = Talk().begin()
    talk.judge.connected(talk.now)
    for connector_id, status in ((0, "Available"), (1, "Charging"), (2, "Available")):
        talk.status(connector_id, status)
    assert talk.judge.breaches == []
    talk.raw('[2, "s1", "Heartbeat", {}]')
    assert talk.broken == ["message-id"]


def test_a_transaction_of_the_time_offline_needs_no_preparing() -> None:
    talk = Talk()
    talk.boot()
    talk.wait(60)
    talk.judge.connected(talk.now)
    talk.status(1, "Charging")
    talk.start(timestamp=talk.at(-30))
    assert talk.judge.breaches == []


def test_a_repeated_start_is_one_transaction() -> None:
    talk = Talk().begin()
    talk.start(timestamp=talk.at(-30))  # the answer was lost: the same once more
    talk.values()
    talk.stop()
    assert talk.judge.breaches == []


def test_what_was_triggered_may_be_said_before_acceptance_and_boot_comes_after_its_interval() -> None:
    talk = Talk()
    talk.boot("Pending", 60)
    talk.ask("TriggerMessage", {"status": "Accepted"}, requestedMessage="StatusNotification", connectorId=1)
    talk.status(1, "Available")
    talk.ask("TriggerMessage", {"status": "Accepted"}, requestedMessage="BootNotification")
    talk.boot("Rejected", 60)
    talk.wait(60)
    talk.boot()
    talk.status(1, "Available")
    assert talk.broken == []
    talk.status(1, "Available")
    assert talk.broken == ["status-repeat"], "told once more though nobody asked"


def test_a_call_that_was_given_up_does_not_block_the_next() -> None:
    talk = Talk()
    talk.raw('[2, "a", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]')
    talk.wait(25)
    talk.boot()
    assert talk.judge.breaches == []


def test_a_restarted_station_boots_at_once_whatever_the_interval_was() -> None:
    talk = Talk()
    talk.boot("Rejected", 3600)
    talk.judge.restarted()
    talk.wait(5)
    talk.boot()
    assert talk.judge.breaches == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(frames=st.lists(st.tuples(st.booleans(), JSON | st.text(max_size=20)), max_size=8))
def test_the_judge_survives_whatever_is_said(frames: list[tuple[bool, Any]]) -> None:
    talk = Talk().begin()
    for to_station, frame in frames:
        talk.raw(frame if isinstance(frame, str) else json.dumps(frame), to_station=to_station)


@given(
    action=st.sampled_from(["StatusNotification", "StartTransaction", "MeterValues", "StopTransaction"]),
    payload=st.dictionaries(
        st.sampled_from(
            ["connectorId", "transactionId", "timestamp", "meterValue", "transactionData", "meterStart", "status"]
        ),
        JSON,
        max_size=8,
    ),
)
def test_the_judge_survives_payloads_that_nearly_fit(action: str, payload: dict[str, Any]) -> None:
    talk = Talk().begin()
    answer = {"transactionId": 8, "idTagInfo": {"status": "Accepted"}}
    talk.say(action, answer, **payload)
    assert talk.broken


def test_a_clock_aligned_value_bears_the_begin_of_its_interval() -> None:
    talk = Talk().begin()
    talk.values(value="1150")
    value = {"timestamp": "2026-11-22T12:00:00Z", "sampledValue": [{"value": "990", "context": "Sample.Clock"}]}
    talk.say("MeterValues", connectorId=1, transactionId=7, meterValue=[value])
    assert talk.judge.breaches == []
    value["sampledValue"] = [{"value": "1001", "context": "Sample.Clock"}]
    talk.say("MeterValues", connectorId=1, transactionId=7, meterValue=[value])
    assert talk.broken == ["register"], "later told, of earlier, but more"
