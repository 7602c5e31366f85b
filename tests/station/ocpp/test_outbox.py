"""Facts as messages, and when they are repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocpp.messages import Call, _validate_payload

from kiosk.model.enums import AuthorizationSource, StopReason
from kiosk.station.ocpp import outbox
from kiosk.station.storage.records import (
    Fact,
    FactKind,
    MeterSample,
    Payload,
    SessionRecord,
    TransactionBegin,
    TransactionEnd,
)

NOW = datetime(2026, 11, 22, 12, 0, 0, 120_999, tzinfo=UTC)
ENERGY = "Energy.Active.Import.Register"
KEYS = outbox.Keys(
    sampled=(ENERGY, "Power.Active.Import", "SoC"),
    aligned=(ENERGY,),
    stop_sampled=(ENERGY, "SoC"),
    stop_aligned=("Voltage",),
    attempts=5,
    retry_interval_s=10,
)
BEGIN = TransactionBegin(
    local_id="a",
    connector_id=2,
    id_tag="E36432E5",
    started_at=NOW,
    meter_start_wh=1000,
    source=AuthorizationSource.BACKEND,
)
END = TransactionEnd(
    local_id="a",
    ended_at=NOW + timedelta(minutes=10),
    meter_stop_wh=3000,
    reason=StopReason.EV_DISCONNECTED,
    id_tag="E36432E5",
    values={"SoC": 80.0},
)
SESSION = SessionRecord(
    local_id="a",
    connector_id=2,
    transaction_id=7,
    id_tag="E36432E5",
    parent_id_tag=None,
    vehicle_id=None,
    source=AuthorizationSource.BACKEND,
    kiosk=False,
    remote=False,
    started_at=NOW,
    meter_start_wh=1000,
    ended_at=None,
    meter_stop_wh=None,
    reason=None,
)


def sample(context: str = "Sample.Periodic", after_s: float = 60, **values: float) -> MeterSample:
    return MeterSample(
        local_id="a",
        connector_id=2,
        at=NOW + timedelta(seconds=after_s),
        context=context,
        values=values or {ENERGY: 1500.0, "Power.Active.Import": 22000.0, "SoC": 40.0, "Voltage": 400.5},
    )


def fact(payload: Payload, transaction_id: int | None = 7) -> Fact:
    kinds = {TransactionBegin: FactKind.BEGIN, MeterSample: FactKind.SAMPLE, TransactionEnd: FactKind.END}
    return Fact(
        seq=1,
        kind=kinds[type(payload)],
        local_id=payload.local_id,
        connector_id=2,
        payload=payload,
        attempts=0,
        transaction_id=transaction_id,
    )


def told(payload: Payload, transaction_id: int | None = 7, **more: Any) -> dict[str, Any]:
    """The message's payload, checked against OCPP's schema."""
    message = outbox.message(fact(payload, transaction_id), KEYS, **more)
    assert message is not None
    _validate_payload(Call("1", message.action, message.payload), "1.6")
    return message.payload


def test_start() -> None:
    assert told(BEGIN, None) == {
        "connectorId": 2,
        "idTag": "E36432E5",
        "meterStart": 1000,
        "timestamp": "2026-11-22T12:00:00.120Z",
    }
    assert told(msgspec.structs.replace(BEGIN, reservation_id=0))["reservationId"] == 0


def test_meter_values_tell_what_the_keys_want_and_what_is_known() -> None:
    assert told(sample()) == {
        "connectorId": 2,
        "transactionId": 7,
        "meterValue": [
            {
                "timestamp": "2026-11-22T12:01:00.120Z",
                "sampledValue": [
                    {"value": "1500", "context": "Sample.Periodic", "measurand": ENERGY, "unit": "Wh"},
                    {
                        "value": "22000",
                        "context": "Sample.Periodic",
                        "measurand": "Power.Active.Import",
                        "unit": "W",
                    },
                    {
                        "value": "40",
                        "context": "Sample.Periodic",
                        "measurand": "SoC",
                        "unit": "Percent",
                        "location": "EV",
                    },
                ],
            }
        ],
    }


def test_aligned_samples_follow_their_own_key() -> None:
    (value,) = told(sample("Sample.Clock"))["meterValue"]
    assert [s["measurand"] for s in value["sampledValue"]] == [ENERGY]


def test_a_sample_without_transaction_names_none() -> None:
    assert "transactionId" not in told(msgspec.structs.replace(sample(), local_id=None), None)


def test_nothing_wanted_is_nothing_sent() -> None:
    only_temperature = MeterSample(
        local_id="a", connector_id=2, at=NOW, context="Sample.Periodic", values={"Temperature": 30.0}
    )
    assert outbox.message(fact(only_temperature), KEYS) is None


def test_stop_with_its_data_in_order() -> None:
    samples = [
        sample("Transaction.Begin", 0),
        sample("Sample.Periodic", 60),
        sample("Sample.Clock", 90),
        sample("Trigger", 100),
        sample("Transaction.End", 600),
    ]
    payload = told(END, session=SESSION, samples=samples)
    assert {k: v for k, v in payload.items() if k != "transactionData"} == {
        "transactionId": 7,
        "idTag": "E36432E5",
        "meterStop": 3000,
        "timestamp": "2026-11-22T12:10:00.120Z",
        "reason": "EVDisconnected",
    }
    data = [
        (d["timestamp"][11:19], [(s["context"], s["measurand"], s["value"]) for s in d["sampledValue"]])
        for d in payload["transactionData"]
    ]
    assert data == [
        ("12:00:00", [("Transaction.Begin", ENERGY, "1000")]),
        ("12:01:00", [("Sample.Periodic", ENERGY, "1500"), ("Sample.Periodic", "SoC", "40")]),
        ("12:01:30", [("Sample.Clock", "Voltage", "400.5")]),
        ("12:10:00", [("Transaction.End", ENERGY, "3000"), ("Transaction.End", "SoC", "80")]),
    ]


def test_stop_without_card_and_without_wanted_data() -> None:
    quiet = msgspec.structs.replace(KEYS, stop_sampled=(), stop_aligned=())
    message = outbox.message(
        fact(msgspec.structs.replace(END, id_tag=None)), quiet, session=SESSION, samples=[sample()]
    )
    assert message is not None
    assert "idTag" not in message.payload
    assert "transactionData" not in message.payload


@pytest.mark.parametrize("payload", [sample(), END], ids=["sample", "end"])
def test_unknown_transaction_is_minus_one_and_0_is_a_number(payload: Payload) -> None:
    assert told(payload, None)["transactionId"] == -1
    assert told(payload, 0)["transactionId"] == 0


@pytest.mark.parametrize(
    ("measurand", "expected"),
    [
        ("Energy.Active.Import.Register", {"measurand": ENERGY, "unit": "Wh"}),
        ("Energy.Active.Import.Interval", {"measurand": "Energy.Active.Import.Interval", "unit": "Wh"}),
        ("Power.Offered", {"measurand": "Power.Offered", "unit": "W"}),
        ("Power.Factor", {"measurand": "Power.Factor"}),
        ("Power.Reactive.Import", {"measurand": "Power.Reactive.Import", "unit": "var"}),
        ("Current.Import.L1", {"measurand": "Current.Import", "phase": "L1", "unit": "A"}),
        ("Voltage", {"measurand": "Voltage", "unit": "V"}),
        ("Voltage.L1-N", {"measurand": "Voltage", "phase": "L1-N", "unit": "V"}),
        ("Temperature", {"measurand": "Temperature", "unit": "Celsius"}),
        ("Frequency", {"measurand": "Frequency"}),
        ("SoC", {"measurand": "SoC", "unit": "Percent", "location": "EV"}),
    ],
)
def test_units_phases_places(measurand: str, expected: dict[str, str]) -> None:
    keys = msgspec.structs.replace(KEYS, sampled=(measurand,))
    reading = MeterSample(
        local_id="a", connector_id=2, at=NOW, context="Sample.Periodic", values={measurand: 5.25}
    )
    message = outbox.message(fact(reading), keys)
    assert message is not None
    _validate_payload(Call("1", message.action, message.payload), "1.6")
    (sampled,) = message.payload["meterValue"][0]["sampledValue"]
    assert sampled == {"value": "5.25", "context": "Sample.Periodic"} | expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (100.0, "100"),
        (0.1 + 0.2, "0.3"),
        (1e9, "1000000000"),
        (-2.5, "-2.5"),
        (1e-9, "0"),
    ],
)
def test_numbers_are_plain(value: float, text: str) -> None:
    reading = MeterSample(local_id="a", connector_id=2, at=NOW, context="Sample.Periodic", values={ENERGY: value})
    assert told(reading)["meterValue"][0]["sampledValue"][0]["value"] == text


def test_times_are_utc_with_z() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert outbox.timestamp(elsewhere) == "2026-11-22T12:00:00.120Z"


@pytest.mark.parametrize(
    ("attempts", "allowed", "interval_s", "expected"),
    [
        (1, 5, 10, 10.0),
        (2, 5, 10, 20.0),
        (4, 5, 10, 40.0),
        (5, 5, 10, None),
        (6, 5, 10, None),  # the key was lowered meanwhile
        (1, 1, 10, None),
        (1, 0, 10, None),  # 0 attempts are one: it was sent already
        (1, 3, 0, 0.0),
    ],
)
def test_retries(attempts: int, allowed: int, interval_s: int, expected: float | None) -> None:
    keys = msgspec.structs.replace(KEYS, attempts=allowed, retry_interval_s=interval_s)
    assert outbox.retry_in_s(attempts, keys) == expected


@given(st.integers(0, 2000), st.integers(2, 300))
def test_thinning_keeps_the_ends_and_the_order(count: int, most: int) -> None:
    entries = list(range(count))
    kept = outbox.thinned(entries, most)
    assert len(kept) <= most
    assert kept == sorted(set(kept))
    assert len(kept) >= min(count, most // 2)
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)


VALUES = st.dictionaries(
    st.sampled_from([ENERGY, "Power.Active.Import", "SoC", "Voltage", "Current.Import.L2", "Temperature"]),
    st.floats(-1e9, 1e9),
)
TIMES = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 the strategy wants them so
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(
    values=VALUES,
    at=TIMES,
    context=st.sampled_from(["Sample.Periodic", "Sample.Clock", "Trigger"]),
    transaction_id=st.none() | st.integers(-1, 2**31),
    keys=st.lists(st.sampled_from([ENERGY, "SoC", "Voltage", "Current.Import.L2"]), unique=True),
)
def test_whatever_was_measured_fits_the_schema_and_is_told_alike(
    values: dict[str, float], at: datetime, context: str, transaction_id: int | None, keys: list[str]
) -> None:
    shaped = msgspec.structs.replace(KEYS, sampled=tuple(keys), aligned=tuple(keys), stop_sampled=tuple(keys))
    reading = MeterSample(local_id="a", connector_id=1, at=at, context=context, values=values)
    for payload in (reading, END):
        given_fact = fact(payload, transaction_id)
        message = outbox.message(given_fact, shaped, SESSION, [reading])
        assert message == outbox.message(given_fact, shaped, SESSION, [reading])
        if message is None:
            assert payload is reading
            assert not set(values) & set(keys)
        else:
            _validate_payload(Call("1", message.action, message.payload), "1.6")
