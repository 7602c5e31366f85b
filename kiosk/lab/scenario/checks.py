"""What no field of a scenario alone can show: names that must exist, times that must lie in it, shares. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ocpp.v16 import call
from ocpp.v16.enums import Action

from kiosk.lab.scenario import kinds, times, words
from kiosk.lab.scenario.kinds import Scenario, Traffic
from kiosk.model.enums import Provenance
from kiosk.model.errors import KioskError
from kiosk.model.faults import FAULTS, FaultScope
from kiosk.settings import Installation, Settings
from kiosk.settings.installation import key_text
from kiosk.station.hardware.simulator import cars, faults

ANY: Final = "any"
MOST_ARRIVALS: Final = 60.0
"""Per hour, of one stream: more is a typing error, not traffic."""


def installation(scenario: Scenario, more: Sequence[str] = ()) -> Installation:
    """The station that the scenario is about; ``more``: further overrides, before its own. Raises KioskError."""
    station = scenario.station
    return Installation.load(None, [*more, *station.install]).with_connectors(station.connectors)


def problems(scenario: Scenario) -> list[str]:
    """Every mistake, each with its place and what is allowed there."""
    if scenario.starts_at.tzinfo is None:
        return ["starts_at has no offset from UTC (allowed: a time such as 2026-07-14T00:00:00+02:00)"]
    found = [*_text("duration", scenario.duration, times.duration_s)]
    found += _text("recorded_every", scenario.recorded_every, times.duration_s)
    if found:
        return found
    for name in ("duration", "recorded_every"):
        if times.duration_s(getattr(scenario, name)) < 1:
            found.append(f"{name} is below a second (allowed: {times.DURATION})")
    try:
        fitted = installation(scenario)
    except KioskError as error:
        return [*found, f"station: {error}"]
    found += _keys(scenario, fitted)
    for number, traffic in enumerate(scenario.traffic, 1):
        found += [f"traffic {number} ({traffic.name}): {text}" for text in _traffic(traffic, fitted)]
    names = [traffic.name for traffic in scenario.traffic]
    if len(set(names)) != len(names):
        found.append("traffic: two streams have the same name; rename one")
    lasts_s = times.duration_s(scenario.duration)
    for number, event in enumerate(scenario.at, 1):
        where = f"at {number} ({event.__struct_config__.tag}): "
        try:
            times.moments_s(event.time, event.repeat, scenario.starts_at, lasts_s)
        except ValueError as error:
            found.append(f"{where}time = {event.time!r} does not fit (allowed: {error})")
        found += [where + text for text in _event(event, fitted)]
    return found


def _text(name: str, value: str, parse: Callable[[str], Any]) -> Iterator[str]:
    try:
        parse(value)
    except ValueError as error:
        yield f"{name} = {value!r} does not fit (allowed: {error})"


def _keys(scenario: Scenario, fitted: Installation) -> Iterator[str]:
    for name, value in scenario.station.keys.items():
        try:
            Settings(fitted).check_all([(name, key_text(value))], Provenance.OPERATOR)
        except KioskError as error:
            yield f"station.keys: {error}"


def _traffic(traffic: Traffic, fitted: Installation) -> Iterator[str]:
    if len(traffic.per_hour) not in (1, 24) or not all(0 <= n <= MOST_ARRIVALS for n in traffic.per_hour):
        yield f"per_hour does not fit (allowed: 24 numbers, or one, each from 0 to {MOST_ARRIVALS:.0f})"
    if not (0 <= traffic.soc[0] <= 100 and 0 <= traffic.soc[1] <= 50):
        yield "soc does not fit (allowed: a mean from 0 to 100 and a spread from 0 to 50)"
    try:
        times.days(traffic.days)
    except ValueError as error:
        yield f"days = {list(traffic.days)} does not fit (allowed: {error})"
    for name in ("gives_up", "patience", "lingers"):
        yield from _text(name, getattr(traffic, name), times.duration_s)
    for word in traffic.cars:
        yield from _car("cars", word, None, fitted)
    for word in traffic.leaves:
        yield from _text("leaves", word, words.leaving)
    for name, allowed in (("pays", words.PAYS), ("stops", words.STOPS)):
        for word in getattr(traffic, name):
            if word not in allowed:
                yield f"{name}: {word!r} does not exist (one of {', '.join(allowed)})"
    for name in ("cars", "pays", "leaves", "stops"):
        shares = getattr(traffic, name).values()
        if not shares or min(shares) < 0 or sum(shares) <= 0:
            yield f"{name} does not fit (allowed: shares from 0 on, at least one of them above 0)"


def _event(event: kinds.Event, fitted: Installation) -> Iterator[str]:
    count = len(fitted.connectors)
    number = getattr(event, "connector", None)
    if number is not None and not 0 <= number <= count:
        yield f"connector {number} does not exist (allowed: 1 to {count})"
        return
    for name in ("lasts", "patience", "lingers", "gives_up", "every", "period"):
        if getattr(event, name, ""):
            yield from _text(name, getattr(event, name), times.duration_s)
    match event:
        case kinds.CarArrives():
            if event.connector == 0:
                yield f"connector 0 is the station (allowed: 1 to {count})"
            else:
                yield from _car("car", event.car, event.connector, fitted)
            yield from _text("leaves", event.leaves, words.leaving)
        case kinds.Plug():
            yield from _car("car", event.car, event.connector, fitted)
        case kinds.Fault() | kinds.Clear():
            yield from _fault(event.connector, event.code, fitted)
        case kinds.Key():
            try:
                Settings(fitted).check_all([(event.key, key_text(event.value))], Provenance(event.by))
            except KioskError as error:
                yield str(error)
        case kinds.Controller():
            for name in event.connector_w:
                if not (name.isascii() and name.isdigit() and 1 <= int(name) <= count):
                    yield f"connector_w.{name} does not exist (allowed: 1 to {count})"
        case kinds.Ask():
            if event.action not in set(Action) or not hasattr(call, event.action):
                yield f"action = {event.action!r} does not exist (allowed: a call of OCPP 1.6, such as Reset)"
        case kinds.Clock():
            yield from _text("off", event.off, words.offset_s)


def _car(name: str, word: str, connector_id: int | None, fitted: Installation) -> Iterator[str]:
    """A model that exists and can charge somewhere, at the given connector if there is one."""
    outlets = fitted.connectors if connector_id is None else (fitted.connectors[connector_id - 1],)
    models = sorted({car.name for outlet in outlets for car in cars.fitting(outlet)})
    if word != ANY and word.casefold() not in {model.casefold() for model in models}:
        place = "this station" if connector_id is None else f"connector {connector_id}"
        yield f"{name}: {word!r} cannot charge at {place} (one of {', '.join([ANY, *models])})"


def _fault(connector_id: int, code: int, fitted: Installation) -> Iterator[str]:
    if connector_id == 0:
        station = [str(row.code) for row in FAULTS.values() if row.scope is FaultScope.STATION]
        if str(code) not in station:
            yield f"code {code} is none of the station's (allowed: {', '.join(station)})"
        return
    try:
        faults.check(code, connector_id, fitted.connectors[connector_id - 1].type)
    except KioskError as error:
        yield str(error)
