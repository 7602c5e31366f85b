"""Transaction facts as OCPP messages, and when to repeat one. Pure.

A fact is always told the same way, so a repeat has the same content (only the message id is new).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from kiosk.station.storage.records import (
    Fact,
    MeterSample,
    SessionRecord,
    TransactionBegin,
    TransactionEnd,
)

UNKNOWN_TRANSACTION: Final = -1
"""transactionId after the delivery of StartTransaction finally failed (OCPP 1.6 errata sheet, 3.18)."""
MAX_TRANSACTION_DATA: Final = 300
"""Most meter values in one StopTransaction; beyond, every second one between first and last is left out."""

_ENERGY: Final = "Energy.Active.Import.Register"
_BEGIN, _CLOCK, _TRIGGER, _END = "Transaction.Begin", "Sample.Clock", "Trigger", "Transaction.End"
_PHASES: Final = frozenset({"L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"})
_UNITS: Final = (
    ("Energy.Active.", "Wh"),
    ("Energy.Reactive.", "varh"),
    ("Power.Factor", None),
    ("Power.Reactive.", "var"),
    ("Power.", "W"),
    ("Current.", "A"),
    ("Voltage", "V"),
    ("Temperature", "Celsius"),
    ("SoC", "Percent"),
)
"""Beginning of a measurand to its unit of measure (OCPP 1.6 sections 7.31 and 7.45); others have none."""


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration keys that shape messages and repeats."""

    sampled: tuple[str, ...]  # MeterValuesSampledData
    aligned: tuple[str, ...]  # MeterValuesAlignedData
    stop_sampled: tuple[str, ...]  # StopTxnSampledData
    stop_aligned: tuple[str, ...]  # StopTxnAlignedData
    attempts: int  # TransactionMessageAttempts
    retry_interval_s: int  # TransactionMessageRetryInterval


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A call to be sent: OCPP action and payload, in OCPP's own spelling."""

    action: str
    payload: dict[str, Any]


def message(
    fact: Fact, keys: Keys, session: SessionRecord | None = None, samples: Sequence[MeterSample] = ()
) -> Message | None:
    """What a fact is told as; None when nothing of it is wanted by the keys.

    ``session`` and ``samples`` belong to the fact's transaction and are read for an end only.
    """
    match fact.payload:
        case TransactionBegin() as begin:
            return _start(begin)
        case MeterSample() as sample:
            return _meter_values(fact, sample, keys)
        case TransactionEnd() as end:
            return _stop(fact, end, keys, session, samples)


def retry_in_s(attempts: int, keys: Keys) -> float | None:
    """Wait before the next try after ``attempts`` failed ones (at least 1); None: give it up.

    OCPP 1.6 section 3.7.1: interval times the number of tries so far.
    """
    if attempts >= max(1, keys.attempts):
        return None
    return float(keys.retry_interval_s * attempts)


def timestamp(at: datetime) -> str:
    """ISO 8601 in UTC, milliseconds, ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def thinned(entries: Sequence[Any], most: int = MAX_TRANSACTION_DATA) -> list[Any]:
    """At most ``most`` entries (at least 2): every second inner one goes until it fits; the ends stay."""
    kept = list(entries)
    while len(kept) > max(2, most):
        kept = [kept[0], *kept[2:-1:2], kept[-1]]
    return kept


# --- one fact each --------------------------------------------------------------------------------------------


def _start(begin: TransactionBegin) -> Message:
    payload: dict[str, Any] = {
        "connectorId": begin.connector_id,
        "idTag": begin.id_tag,
        "meterStart": begin.meter_start_wh,
        "timestamp": timestamp(begin.started_at),
    }
    if begin.reservation_id is not None:
        payload["reservationId"] = begin.reservation_id
    return Message(action="StartTransaction", payload=payload)


def _meter_values(fact: Fact, sample: MeterSample, keys: Keys) -> Message | None:
    measurands = keys.aligned if sample.context == _CLOCK else keys.sampled
    value = _meter_value(sample.at, sample.context, sample.values, measurands)
    if value is None:
        return None
    payload: dict[str, Any] = {"connectorId": sample.connector_id, "meterValue": [value]}
    if sample.local_id is not None:
        payload["transactionId"] = _transaction_id(fact)
    return Message(action="MeterValues", payload=payload)


def _stop(
    fact: Fact, end: TransactionEnd, keys: Keys, session: SessionRecord | None, samples: Sequence[MeterSample]
) -> Message:
    payload: dict[str, Any] = {
        "transactionId": _transaction_id(fact),
        "meterStop": end.meter_stop_wh,
        "timestamp": timestamp(end.ended_at),
        "reason": end.reason.value,
    }
    if end.id_tag:
        payload["idTag"] = end.id_tag
    data = _transaction_data(end, keys, session, samples)
    if data:
        payload["transactionData"] = thinned(data)
    return Message(action="StopTransaction", payload=payload)


def _transaction_data(
    end: TransactionEnd, keys: Keys, session: SessionRecord | None, samples: Sequence[MeterSample]
) -> list[dict[str, Any]]:
    """Begin, samples, end: what StopTxnSampledData and StopTxnAlignedData ask for, in the order of time."""
    values: list[dict[str, Any] | None] = []
    if session is not None:
        begin = {_ENERGY: float(session.meter_start_wh)}
        values.append(_meter_value(session.started_at, _BEGIN, begin, keys.stop_sampled))
    for sample in samples:
        if sample.context in (_BEGIN, _END, _TRIGGER):
            continue  # begin and end stand here by themselves; a triggered reading is nobody's interval
        measurands = keys.stop_aligned if sample.context == _CLOCK else keys.stop_sampled
        values.append(_meter_value(sample.at, sample.context, sample.values, measurands))
    last = end.values | {_ENERGY: float(end.meter_stop_wh)}
    values.append(_meter_value(end.ended_at, _END, last, keys.stop_sampled))
    return [value for value in values if value is not None]


def _transaction_id(fact: Fact) -> int:
    return UNKNOWN_TRANSACTION if fact.transaction_id is None else fact.transaction_id


def _meter_value(
    at: datetime, context: str, values: dict[str, float], measurands: Sequence[str]
) -> dict[str, Any] | None:
    """One MeterValue (OCPP 1.6 section 7.32), None when nothing wanted is known."""
    sampled = [_sampled(m, values[m], context) for m in measurands if m in values]
    return {"timestamp": timestamp(at), "sampledValue": sampled} if sampled else None


def _sampled(measurand: str, value: float, context: str) -> dict[str, str]:
    name, _, last = measurand.rpartition(".")
    phase = last if name and last in _PHASES else None
    if phase is None:
        name = measurand
    sampled = {"value": _number(value), "context": context, "measurand": name}
    unit = next((unit for beginning, unit in _UNITS if name.startswith(beginning)), None)
    if unit is not None:
        sampled["unit"] = unit
    if phase is not None:
        sampled["phase"] = phase
    if name == "SoC":
        sampled["location"] = "EV"  # the battery's, not ours; all others are at the outlet, which is the default
    return sampled


def _number(value: float) -> str:
    """At most three decimals, no exponent, no trailing zeros."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
