"""Drivers who come by chance: who, when, with what, until when. Pure, and the same for the same seed.

Every question has a chance of its own, named after seed, stream and question, so that another answer to one of
them, a further stream, or a changed share moves nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from kiosk.lab.scenario import times, words
from kiosk.lab.scenario.checks import ANY
from kiosk.lab.scenario.kinds import CarArrives, Traffic
from kiosk.lab.scenario.words import Leaving

BUSY_SOC = (3, 95)
"""Nobody comes emptier or fuller by chance."""
HOUR_S = 3600.0


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """One visit, as it is meant; what becomes of it the station has a say in."""

    at_s: float
    name: str  # stream and number, for marks and summaries
    car: str | None  # None: the first that fits
    soc_percent: int
    pays: str
    card: str  # idTag, also of an autocharging or remotely started driver
    plug_first: bool
    connector: int | None
    leaving: Leaving
    stops: str
    gives_up_s: float | None
    patience_s: float
    lingers_s: float

    @property
    def card_status(self) -> str:
        """What a backend says of the card."""
        return words.CARD_STATUS.get(self.pays, "Accepted")


def of_event(event: CarArrives, at_s: float, number: int) -> Driver:
    """The driver of a ``car`` event; ``number`` tells apart those without a card of their own."""
    return Driver(
        at_s=at_s,
        name=f"driver {number}",
        car=None if event.car == ANY else event.car,
        soc_percent=event.soc,
        pays=event.pays,
        card=event.card or _uid(random.Random(f"card of driver {number}")),
        plug_first=event.first == "plug",
        connector=event.connector,
        leaving=words.leaving(event.leaves),
        stops=event.stops,
        gives_up_s=times.duration_s(event.gives_up) if event.gives_up else None,
        patience_s=times.duration_s(event.patience),
        lingers_s=times.duration_s(event.lingers),
    )


def drivers(traffic: Traffic, seed: int, starts_at: datetime, lasts_s: float) -> tuple[Driver, ...]:
    """All drivers of one stream, in the order of their arrival."""

    def chance(question: str) -> random.Random:
        return random.Random(f"{seed}/{traffic.name}/{question}")  # a text is hashed the same everywhere

    model, soc, way, card = chance("car"), chance("soc"), chance("pays"), chance("card")
    when, how, order, nerves = chance("leaves"), chance("stops"), chance("order"), chance("impatient")
    slow = chance("lingers")
    mean, spread = traffic.soc
    gives_up_s, lingers_s = times.duration_s(traffic.gives_up), times.duration_s(traffic.lingers)
    found = []
    for number, at_s in enumerate(_arrivals(traffic, chance("arrival"), starts_at, lasts_s), 1):
        car = _pick(model, traffic.cars)
        found.append(
            Driver(
                at_s=at_s,
                name=f"{traffic.name} {number}",
                car=None if car == ANY else car,
                soc_percent=round(min(max(soc.gauss(mean, spread), BUSY_SOC[0]), BUSY_SOC[1])),
                pays=_pick(way, traffic.pays),
                card=_uid(card),
                plug_first=order.random() >= traffic.card_first,
                connector=None,
                leaving=words.leaving(_pick(when, traffic.leaves)),
                stops=_pick(how, traffic.stops),
                gives_up_s=gives_up_s if nerves.random() < traffic.impatient else None,
                patience_s=times.duration_s(traffic.patience),
                lingers_s=round(slow.uniform(0.0, lingers_s), 1),
            )
        )
    return tuple(found)


def _arrivals(traffic: Traffic, chance: random.Random, starts_at: datetime, lasts_s: float) -> Iterator[float]:
    """A Poisson process whose rate follows the hours: drawn at the highest rate, and thinned out."""
    rates = traffic.per_hour * 24 if len(traffic.per_hour) == 1 else traffic.per_hour
    wanted = times.days(traffic.days)
    highest = max(rates)
    at_s = 0.0
    while highest > 0:
        at_s += chance.expovariate(highest) * HOUR_S
        if at_s >= lasts_s:
            return
        kept = chance.random() * highest
        at = starts_at + timedelta(seconds=at_s)
        if kept < rates[at.hour] and at.weekday() in wanted:
            yield round(at_s, 1)


def _pick(chance: random.Random, shares: Mapping[str, float]) -> str:
    return chance.choices(list(shares), list(shares.values()))[0]


def _uid(chance: random.Random) -> str:
    """Seven bytes of a card; 04 is one maker's, and 08 would mean a random number."""
    return f"04{chance.getrandbits(48):012X}"
