"""What a scenario file may hold: one struct per table, one comment per field. Reading, checks and the reference
page are made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from kiosk.settings.sections import about

Pays = Literal["card", "unknown card", "blocked card", "expired card", "autocharge", "kiosk", "remote", "nobody"]
Stops = Literal["screen", "card", "remote", "pull"]
Watts = Annotated[int, msgspec.Meta(ge=0)]
Line = Literal["back", "gone", "silent", "refusing"]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all tables."""


class Station(Table, frozen=True, kw_only=True):
    """The station that the scenario is about. A running station must be like this; virtually it is built."""

    connectors: Annotated[str, about("connector types, as `kiosk run --connectors` takes them", min_length=1)] = (
        "CCS,CCS,CHAdeMO"
    )
    install: Annotated[
        tuple[str, ...],
        about("fields of the installation file, as `kiosk run --install` takes them; virtual only"),
    ] = ()
    keys: Annotated[
        dict[str, str | bool | int], about("configuration keys at the beginning, as the operator would set them")
    ] = msgspec.field(default_factory=dict)


class Event(Table, frozen=True, kw_only=True):
    """Fields of every event."""

    time: Annotated[str, about('when: a clock time "07:30", "day 2 07:30", or "+90s" after the start')]
    repeat: Annotated[
        tuple[str, ...],
        about("every such day: daily, weekdays, weekend, monday ... sunday; without it: once"),
    ] = ()


class CarArrives(Event, frozen=True, kw_only=True, tag_field="do", tag="car"):
    """A driver comes, looks for a free connector that fits, pays, plugs in, charges and leaves."""

    connector: Annotated[int | None, about("this one and no other; without it: the first free one that fits")] = (
        None
    )
    car: Annotated[str, about("a model of `kiosk sim cars`; any: the first that fits")] = "any"
    soc: Annotated[int, about("state of charge it comes with, percent", ge=0, le=100)] = 20
    pays: Annotated[Pays, about("who or what lets it charge")] = "card"
    card: Annotated[str, about("idTag of the card; without it: one of its own", max_length=20)] = ""
    first: Annotated[Literal["plug", "card"], about("what the driver does first")] = "plug"
    leaves: Annotated[str, about('"full", "80 %", "45min", or "80 % or 45min": whatever comes first')] = "full"
    stops: Annotated[Stops, about("how the session is ended when the car is not full")] = "screen"
    gives_up: Annotated[str, about("leaves after that long without power; without it: never")] = ""
    patience: Annotated[str, about("waits so long for a free connector, then drives on")] = "10min"
    lingers: Annotated[str, about("stays plugged in that long after the session")] = "1min"


class Card(Event, frozen=True, kw_only=True, tag_field="do", tag="card"):
    """A card is held to the reader."""

    card: Annotated[str, about("UID in hex, or an idTag", min_length=1, max_length=20)]
    connector: Annotated[int | None, about("is chosen on the screen first")] = None
    status: Annotated[
        Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"],
        about("what the backend says of it"),
    ] = "Accepted"


class Plug(Event, frozen=True, kw_only=True, tag_field="do", tag="plug"):
    """A car is plugged in, and nobody looks after it."""

    connector: Annotated[int, about("from 1", ge=1)]
    car: Annotated[str, about("a model of `kiosk sim cars`; any: the first that fits")] = "any"
    soc: Annotated[int, about("percent", ge=0, le=100)] = 20
    seated: Annotated[bool, about("all the way in; false: it cannot be locked")] = True


class Unplug(Event, frozen=True, kw_only=True, tag_field="do", tag="unplug"):
    """The plug is pulled, by force when it is locked."""

    connector: Annotated[int, about("from 1", ge=1)]


class Stop(Event, frozen=True, kw_only=True, tag_field="do", tag="stop"):
    """Somebody ends the session on the screen."""

    connector: Annotated[int, about("from 1", ge=1)]


class Fault(Event, frozen=True, kw_only=True, tag_field="do", tag="fault"):
    """A fault is raised, at once or as soon as its phase comes."""

    connector: Annotated[int, about("from 1; 0: the station (door, emergency stop)", ge=0)]
    code: Annotated[int, about("vendor error code", ge=1)]
    lasts: Annotated[str, about("its cause is gone after that; without it: a `clear` event ends it")] = ""


class Clear(Event, frozen=True, kw_only=True, tag_field="do", tag="clear"):
    """The cause of a fault is gone."""

    connector: Annotated[int, about("from 1; 0: the station", ge=0)]
    code: Annotated[int, about("vendor error code", ge=1)]


class Door(Event, frozen=True, kw_only=True, tag_field="do", tag="door"):
    """The service door is opened."""

    lasts: Annotated[str, about("shut after that", min_length=1)]


class Emergency(Event, frozen=True, kw_only=True, tag_field="do", tag="emergency"):
    """The emergency stop is pressed."""

    lasts: Annotated[str, about("released after that", min_length=1)]


class Heat(Event, frozen=True, kw_only=True, tag_field="do", tag="heat"):
    """It gets hot inside the cabinet."""

    celsius: Annotated[float, about("degrees inside", ge=-40, le=120)]
    lasts: Annotated[str, about("as cool as ever after that; without it: it stays so")] = ""


class Mains(Event, frozen=True, kw_only=True, tag_field="do", tag="mains"):
    """The mains fail. With a back-up supply (hardware.backup_supply_s) the core ends its sessions meanwhile;
    without one it dies at once, and starts again when they are back."""

    lasts: Annotated[str, about("they are back after that", min_length=1)]


class Key(Event, frozen=True, kw_only=True, tag_field="do", tag="key"):
    """A configuration key is changed. One that needs a reset takes effect with the next."""

    key: Annotated[str, about("name of the key", min_length=1)]
    value: Annotated[str | bool | int, about("its new value")]
    by: Annotated[Literal["operator", "backend"], about("who changes it")] = "operator"


class Backend(Event, frozen=True, kw_only=True, tag_field="do", tag="backend"):
    """The line to the backend, or the backend itself, fails."""

    line: Annotated[
        Line,
        about(
            "gone: nobody listens; silent: it does not answer `actions`; refusing: it answers them with an error; "
            "back: all is well again"
        ),
    ]
    actions: Annotated[
        tuple[str, ...], about("OCPP actions that silent and refusing mean; without them: all")
    ] = ()
    lasts: Annotated[str, about("all is well after that; without it: until the next such event")] = ""


class Controller(Event, frozen=True, kw_only=True, tag_field="do", tag="controller"):
    """The load-management controller writes limits over Modbus, again and again."""

    station_w: Annotated[Watts | None, about("for the whole station, W at the grid")] = None
    connector_w: Annotated[dict[str, int], about("per connector, W at the plug")] = msgspec.field(
        default_factory=dict
    )
    every: Annotated[str, about("written anew so often", min_length=1)] = "2s"
    lasts: Annotated[str, about("falls silent after that; without it: until the next such event")] = ""


class Profile(Event, frozen=True, kw_only=True, tag_field="do", tag="profile"):
    """The backend sets a charging profile."""

    connector: Annotated[int, about("0: the station", ge=0)] = 0
    purpose: Annotated[
        Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"], about("OCPP 1.6 section 7.9")
    ] = "ChargePointMaxProfile"
    id: Annotated[int, about("chargingProfileId", ge=1)] = 1
    stack_level: Annotated[int, about("a higher one wins", ge=0)] = 0
    watts: Annotated[tuple[int, ...], about("limit per period", min_length=1)]
    period: Annotated[str, about("length of each period; the last one goes on", min_length=1)] = "15min"
    lasts: Annotated[str, about("of the whole schedule; without it: open")] = ""


class Ask(Event, frozen=True, kw_only=True, tag_field="do", tag="ask"):
    """The backend sends any call of OCPP 1.6: Reset, ChangeAvailability, UnlockConnector, ReserveNow ..."""

    action: Annotated[str, about("name of the call", min_length=1)]
    payload: Annotated[dict[str, Any], about("its fields, spelled as on the wire")] = msgspec.field(
        default_factory=dict
    )


class Clock(Event, frozen=True, kw_only=True, tag_field="do", tag="clock"):
    """The station's clock goes wrong; the backend's next answer with a time puts it right. Virtual only."""

    off: Annotated[str, about('by how much: "-90s" is slow, "+90s" is fast', min_length=1)]


EVENTS: Final[dict[str, type[Event]]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        CarArrives,
        Card,
        Plug,
        Unplug,
        Stop,
        Fault,
        Clear,
        Door,
        Emergency,
        Heat,
        Mains,
        Key,
        Backend,
        Controller,
        Profile,
        Ask,
        Clock,
    )
}
"""Word of ``do`` to the table of that event."""


class Traffic(Table, frozen=True, kw_only=True):
    """Drivers who come by chance, the same ones for the same seed. Shares need not add up to anything."""

    name: Annotated[str, about("of this stream of drivers; its chances hang on it", min_length=1, max_length=40)]
    per_hour: Annotated[
        tuple[float, ...],
        about("mean number of arrivals in each hour of the day: 24 numbers, or one for all", min_length=1),
    ]
    days: Annotated[
        tuple[str, ...], about("on these days: daily, weekdays, weekend, monday ... sunday; without it: daily")
    ] = ()
    cars: Annotated[
        dict[str, float], about("share per model; any: the first that fits the connector that is free")
    ] = msgspec.field(default_factory=lambda: {"any": 1.0})
    soc: Annotated[
        tuple[float, ...],
        about("state of charge they come with: mean and spread of a bell curve", min_length=2, max_length=2),
    ] = (25.0, 10.0)
    pays: Annotated[dict[str, float], about("share per way to pay; the words are those of a `car` event")] = (
        msgspec.field(default_factory=lambda: {"card": 1.0})
    )
    leaves: Annotated[dict[str, float], about("share per moment of leaving; as in a `car` event")] = msgspec.field(
        default_factory=lambda: {"80 %": 2.0, "full": 1.0}
    )
    stops: Annotated[dict[str, float], about("share per way to end a session; as in a `car` event")] = (
        msgspec.field(default_factory=lambda: {"screen": 2.0, "card": 1.0})
    )
    card_first: Annotated[float, about("share of drivers who show the card before they plug in", ge=0, le=1)] = 0.3
    impatient: Annotated[float, about("share of drivers who leave when no power comes", ge=0, le=1)] = 0.0
    gives_up: Annotated[str, about("the impatient leave after that long without power", min_length=1)] = "5min"
    patience: Annotated[str, about("waits so long for a free connector, then drives on", min_length=1)] = "10min"
    lingers: Annotated[str, about("stays plugged in for up to that long after the session", min_length=1)] = "5min"


class Scenario(Table, frozen=True, kw_only=True):
    """The head of the file. A built-in one is called by its name."""

    name: Annotated[str, about("short, without blanks", min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$")]
    description: Annotated[str, about("what happens, in a sentence or three", min_length=1)]
    starts_at: Annotated[
        datetime,
        about("the first moment, with the site's offset from UTC; clock times are of that offset", tz=True),
    ]
    duration: Annotated[str, about('how long it lasts, such as "24h" or "7d"', min_length=1)]
    recorded_every: Annotated[str, about("time between two moments of a recording", min_length=1)] = "30s"
    station: Annotated[Station, about("the station")] = Station()
    traffic: Annotated[tuple[Traffic, ...], about("drivers who come by chance")] = ()
    at: Annotated[tuple[Event, ...], about("events")] = ()
