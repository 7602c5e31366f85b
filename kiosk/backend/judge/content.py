"""What one message may hold beyond its schema: texts, times, connectors, meter values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from kiosk.backend.judge import schemas
from kiosk.backend.judge.words import Breach

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
_PRINTABLE: Final = re.compile(r"[ -~]*")
AHEAD: Final = timedelta(seconds=2)
"""How far a station's clock may be ahead of ours, seconds and their rounding included."""
_FREE_TEXT: Final = frozenset({"data", "csr", "certificate", "value"})
"""Fields that hold what somebody else wrote (DataTransfer, PEM with line feeds, values of keys)."""
_UNITS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("Energy.Active.", frozenset({"Wh", "kWh"})),
    ("Energy.Reactive.", frozenset({"varh", "kvarh"})),
    ("Power.Factor", frozenset()),
    ("Power.Reactive.", frozenset({"var", "kvar"})),
    ("Power.", frozenset({"W", "kW"})),
    ("Current.", frozenset({"A"})),
    ("Voltage", frozenset({"V"})),
    ("Temperature", frozenset({"Celsius", "Celcius", "Fahrenheit", "K"})),
    ("SoC", frozenset({"Percent"})),
    ("Frequency", frozenset()),
    ("RPM", frozenset()),
)
"""Beginning of a measurand, and the units it may have (OCPP 1.6 sections 7.31 and 7.45)."""
ENERGY: Final = "Energy.Active.Import.Register"


def texts(payload: Any, name: str = "") -> Iterator[Breach]:
    """OCPP 1.6 section 2.2: only printable ASCII in strings."""
    if isinstance(payload, dict):
        for key, part in payload.items():
            yield from texts(part, key)
    elif isinstance(payload, list):
        for part in payload:
            yield from texts(part, name)
    elif isinstance(payload, str) and name not in _FREE_TEXT and not _PRINTABLE.fullmatch(payload):
        yield Breach(rule="text", text=f"{name} is {payload!r}")


def times(
    action: str, payload: Any, now: datetime, *, answer: bool, may_be_ahead: bool = False
) -> Iterator[Breach]:
    """Every time is UTC with Z; a call tells of the past, so nothing in it is ahead of ``now``."""
    names = schemas.times_of(action, answer=answer)
    for name, value in _fields(payload, names):
        at = parse_time(value)
        if at is None:
            yield Breach(rule="time", text=f"{name} is {value!r}, no UTC time in RFC 3339 with Z")
        elif not answer and not may_be_ahead and at > now + AHEAD:
            yield Breach(rule="time", text=f"{name} {value} is ahead of {now:%Y-%m-%dT%H:%M:%SZ}")


def parse_time(value: Any) -> datetime | None:
    """A time as OCPP wants it; None for anything else."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return None


def _fields(payload: Any, names: frozenset[str]) -> Iterator[tuple[str, Any]]:
    if isinstance(payload, dict):
        for key, part in payload.items():
            if key in names and not isinstance(part, dict | list):
                yield key, part
            yield from _fields(part, names)
    elif isinstance(payload, list):
        for part in payload:
            yield from _fields(part, names)


def connector(action: str, payload: dict[str, Any], connectors: int | None) -> Iterator[Breach]:
    """``connectors``: how many the station has, None where nobody knows."""
    connector_id = payload.get("connectorId")
    if not isinstance(connector_id, int):
        return
    lowest = 1 if action == "StartTransaction" else 0
    if connector_id < lowest or (connectors is not None and connector_id > connectors):
        yield Breach(rule="connector", text=f"{action} names connector {connector_id}")


def sampled_values(meter_values: Any) -> Iterator[tuple[datetime | None, dict[str, Any]]]:
    """(time, sampledValue) of a MeterValue list that may be anything."""
    for value in meter_values if isinstance(meter_values, list) else ():
        if isinstance(value, dict):
            at = parse_time(value.get("timestamp"))
            for sampled in value.get("sampledValue") or ():
                if isinstance(sampled, dict):
                    yield at, sampled


def meter_values(given: Any) -> Iterator[Breach]:
    """The rules of OCPP 1.6 sections 7.32, 7.43 and 7.45 for a list of MeterValue."""
    for value in given if isinstance(given, list) else ():
        samples = [s for s in (value.get("sampledValue") or ()) if isinstance(s, dict)]
        for sampled in samples:
            yield from _sampled(sampled)
        identities = [
            (s.get("measurand", ENERGY), s.get("phase"), s.get("location", "Outlet"), s.get("context"))
            for s in samples
        ]
        for identity in {i for i in identities if identities.count(i) > 1}:
            yield Breach(rule="meter-value", text=f"{identity[0]} stands twice in one MeterValue")


def _sampled(sampled: dict[str, Any]) -> Iterator[Breach]:
    measurand = str(sampled.get("measurand", ENERGY))
    units = next((units for start, units in _UNITS if measurand.startswith(start)), frozenset[str]())
    unit = sampled.get("unit", "Wh" if measurand.startswith("Energy.Active.") else None)
    if (units and unit not in units) or (not units and unit is not None):
        yield Breach(rule="meter-value", text=f"{measurand} in {unit}")
    value = number(sampled)
    if value is None and sampled.get("format", "Raw") == "Raw":
        yield Breach(rule="meter-value", text=f"{measurand} is {sampled.get('value')!r}, no number")
    if measurand == "SoC" and value is not None and not 0 <= value <= 100:
        yield Breach(rule="meter-value", text=f"SoC is {value}")
    if sampled.get("location") == "EV" and measurand != "SoC":
        yield Breach(rule="meter-value", text=f"{measurand} is said to be measured in the car")


def number(sampled: dict[str, Any]) -> Decimal | None:
    """A sampled value as a finite number."""
    text = str(sampled.get("value", ""))
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def energy_wh(sampled: dict[str, Any]) -> Decimal | None:
    """The energy register of a sampled value, Wh; None when it is something else."""
    if sampled.get("measurand", ENERGY) != ENERGY or sampled.get("phase") is not None:
        return None
    value = number(sampled)
    return value * 1000 if value is not None and sampled.get("unit") == "kWh" else value
