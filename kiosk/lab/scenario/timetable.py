"""Scenario and seed in, everything that is going to be done out, in the order of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kiosk.lab.scenario import kinds, times, traffic
from kiosk.lab.scenario.kinds import Scenario
from kiosk.lab.scenario.traffic import Driver
from kiosk.settings.sections import MAX_CONNECTORS
from kiosk.station.hardware.simulator import cars


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an event that lasts for a while."""

    of: kinds.Event


Deed = Driver | kinds.Event | Undo


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    at_s: float
    deed: Deed


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """``entries`` are in order; ``lasts_s`` is the end of the scenario."""

    entries: tuple[Entry, ...]
    lasts_s: float

    @property
    def drivers(self) -> list[Driver]:
        return [entry.deed for entry in self.entries if isinstance(entry.deed, Driver)]


def build(scenario: Scenario, seed: int) -> Timetable:
    """A checked scenario's timetable. An event that outlasts the scenario is not undone."""
    lasts_s = times.duration_s(scenario.duration)
    found = list(_events(scenario, lasts_s))
    for stream in scenario.traffic:
        found += [
            Entry(at_s=driver.at_s, deed=driver)
            for driver in traffic.drivers(stream, seed, scenario.starts_at, lasts_s)
        ]
    return Timetable(entries=tuple(sorted(found, key=lambda entry: entry.at_s)), lasts_s=lasts_s)


def _events(scenario: Scenario, lasts_s: float) -> Iterator[Entry]:
    number = 0
    for event in scenario.at:
        for at_s in times.moments_s(event.time, event.repeat, scenario.starts_at, lasts_s):
            if isinstance(event, kinds.CarArrives):
                number += 1
                yield Entry(at_s=at_s, deed=traffic.of_event(event, at_s, number))
                continue
            yield Entry(at_s=at_s, deed=event)
            until = getattr(event, "lasts", "")
            # a profile ends by itself: its length stands in the schedule
            if until and not isinstance(event, kinds.Profile):
                end_s = at_s + times.duration_s(until)
                if end_s < lasts_s:
                    yield Entry(at_s=end_s, deed=Undo(of=event))


def cards(scenario: Scenario, timetable: Timetable) -> Iterator[tuple[str, str]]:
    """Every idTag that will be shown, with what the backend says of it.

    Cars of a model that anybody autocharges with have a contract, others have none.
    """
    models = {driver.car for driver in timetable.drivers if driver.pays == "autocharge"}
    for car in cars.catalogue():
        status = "Accepted" if models & {car.name, None} else "Invalid"
        yield from ((f"VID:{mac}", status) for mac in macs(car))
    for driver in timetable.drivers:
        yield driver.card, driver.card_status
    for event in scenario.at:
        if isinstance(event, kinds.Card):
            yield event.card, event.status


def macs(car: cars.Car) -> list[str]:
    """Of a model, and of a second car of it at one of the connectors."""
    return [
        car.vehicle_id,
        *(f"{car.vehicle_id[:8]}{n:02X}{car.vehicle_id[10:]}" for n in range(1, MAX_CONNECTORS + 1)),
    ]


def told(deed: Deed) -> str:
    """One line for a person."""
    match deed:
        case Undo(of=event):
            return f"{told(event)}: over"
        case Driver():
            car = deed.car or "any car"
            where = "" if deed.connector is None else f" to connector {deed.connector}"
            return f"{deed.name}: {car} with {deed.soc_percent} % comes{where}, pays: {deed.pays}"
        case kinds.Card():
            return f"card {deed.card} at the reader"
        case kinds.Plug():
            return f"{deed.car} car with {deed.soc} % is plugged in at connector {deed.connector}"
        case kinds.Unplug():
            return f"the plug of connector {deed.connector} is pulled"
        case kinds.Stop():
            return f"stop at connector {deed.connector}"
        case kinds.Fault():
            return f"fault {deed.code} at {_place(deed.connector)}"
        case kinds.Clear():
            return f"fault {deed.code} at {_place(deed.connector)}: cause gone"
        case kinds.Door():
            return "service door open"
        case kinds.Emergency():
            return "emergency stop pressed"
        case kinds.Heat():
            return f"{deed.celsius:g} °C inside the cabinet"
        case kinds.Mains():
            return "mains out"
        case kinds.Key():
            return f"{deed.key} = {deed.value} by the {deed.by}"
        case kinds.Backend():
            which = f" ({', '.join(deed.actions)})" if deed.actions else ""
            return f"backend {deed.line}{which}"
        case kinds.Controller():
            given = [] if deed.station_w is None else [f"station {deed.station_w} W"]
            given += [f"connector {number} {watts} W" for number, watts in deed.connector_w.items()]
            return f"load management: {', '.join(given) or 'silent'}"
        case kinds.Profile():
            return f"charging profile {deed.id} ({deed.purpose}) for {_place(deed.connector)}: {deed.watts[0]} W"
        case kinds.Ask():
            return f"backend sends {deed.action}"
        case kinds.Clock():
            return f"the station's clock is off by {deed.off}"
    return type(deed).__name__


def _place(connector_id: int) -> str:
    return f"connector {connector_id}" if connector_id else "the station"


def lines(scenario: Scenario, timetable: Timetable) -> Iterator[str]:
    """The whole timetable, for ``--dry-run``."""
    yield f"{scenario.name}: {times.spoken(timetable.lasts_s)} from {scenario.starts_at:%Y-%m-%d %H:%M %z} on"
    for entry in timetable.entries:
        yield f"{times.on_clock(scenario.starts_at, entry.at_s)}  {told(entry.deed)}"
