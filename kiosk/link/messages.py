"""The contract of the local link. The reference page is generated from this file.

Core to face, notifications: ``snapshot`` (once, on connect), ``changes``, ``tick`` (every 500 ms).
Core to screen, requests: ``screen.grab``, ``screen.tap``, ``screen.texts``.
Face to core, requests: the rows of ``METHODS``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from kiosk.model.enums import Door, Provenance, RefusalReason, ResetKind, Tap

PROTOCOL_VERSION: Final = 1
MAX_FRAME_BYTES: Final = 64 * 1024
"""Largest JSON frame a face may send."""
MAX_BINARY_BYTES: Final = 4 * 1024 * 1024
"""Largest binary frame (a screenshot)."""
TICK_S: Final = 0.5
LOST_AFTER_S: Final = 1.5
"""No tick for this long: the core is lost (design rule 9)."""


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all params: immutable, strict."""


class Nothing(Params):
    """No params, or an empty result."""


class Hello(Params):
    """First message of every face: who it is. Answer: ``Welcome``. A wrong protocol version is refused."""

    face: str  # screen, web, cli
    protocol: int = PROTOCOL_VERSION
    subscribe: bool = True  # False: no snapshot, no changes, no ticks (a one-shot command)


class Welcome(Params):
    protocol: int
    version: str
    door: Door


# --- driver's door -----------------------------------------------------------------------------------------


class DriverTap(Params):
    """A driver touched something that means something."""

    action: Tap
    connector_id: int | None = None


class ScreenReport(Params):
    """What the driver sees now; sent on change and every 5 s."""

    name: str
    language: str
    locked: bool
    frame_age_ms: int


# --- operator's door ---------------------------------------------------------------------------------------


class StartSession(Params):
    """A card at connector N; without a tag only in kiosk mode. Answered when authorized or refused."""

    connector_id: int
    id_tag: str | None = None


class StartResult(Params):
    authorized: bool
    reason: RefusalReason | None = None
    text: str = ""
    status: str = ""  # connector's status afterwards


class ConnectorParams(Params):
    connector_id: int


class StopResult(Params):
    local_id: str | None
    energy_wh: int | None


class Reset(Params):
    kind: ResetKind = ResetKind.SOFT


class Availability(Params):
    """Connector 0 is the whole station."""

    connector_id: int
    operative: bool


class KeyName(Params):
    name: str


class KeySet(Params):
    name: str
    value: str


class KeyInfo(Params):
    """One configuration key as people read it. ``value`` is None for secrets."""

    name: str
    value: str | None
    in_force: str | None
    default: str
    provenance: Provenance
    profile: str
    type: str
    unit: str
    allowed: str
    access: str
    reboot_required: bool
    pending_reboot: bool
    help: str
    aliases: tuple[str, ...] = ()
    clamped: str | None = None  # what the hardware makes of it, where that differs


class KeyList(Params):
    keys: tuple[KeyInfo, ...]


class KeyChanged(Params):
    name: str
    value: str | None
    reboot_required: bool


class TagParams(Params):
    id_tag: str


class TagList(Params):
    id_tags: tuple[str, ...]
    warning: str = ""


class SessionRow(Params):
    local_id: str
    connector_id: int
    transaction_id: int | None
    id_tag: str
    started_at: datetime
    ended_at: datetime | None
    meter_start_wh: int
    meter_stop_wh: int | None
    stop_reason: str | None


class SessionList(Params):
    sessions: tuple[SessionRow, ...]


class SessionQuery(Params):
    limit: int = 100


class Grabbed(Params):
    """The PNG itself follows in the next binary frame to whoever asked."""

    bytes: int
    width: int
    height: int


class TapAt(Params):
    x: int
    y: int


class Texts(Params):
    """All visible texts of the live screen, in reading order."""

    name: str
    language: str
    texts: tuple[str, ...]


# --- simulator, operator's door, simulated hardware only ------------------------------------------------------


class SimPlug(Params):
    connector_id: int
    car: str | None = None  # None: the first that fits
    soc_percent: int | None = None


class SimCard(Params):
    uid: str


class SimFault(Params):
    connector_id: int  # 0: the station (door codes)
    code: int


class SimDoor(Params):
    open: bool


class SimCar(Params):
    name: str
    description: str
    inlets: tuple[str, ...]
    battery_wh: int
    max_power_w: int
    vehicle_id: str


class SimCars(Params):
    cars: tuple[SimCar, ...]


class SimState(Params):
    """What only the simulated world knows, for tests and for the simulator page."""

    connectors: tuple[dict[str, Any], ...]
    door_open: bool


class Method(msgspec.Struct, frozen=True):
    """One row of the contract."""

    name: str
    params: type[Params]
    result: type[Params]
    door: Door  # the lowest door that may call it; the operator may call everything of the driver's
    help: str


D, O = Door.DRIVER, Door.OPERATOR  # noqa: E741 - a table reads best with one letter a column
METHODS: Final[dict[str, Method]] = {
    m.name: m
    for m in (
        Method("hello", Hello, Welcome, D, "Say who you are; the snapshot follows."),
        Method("driver.tap", DriverTap, Nothing, D, "A driver's tap with a meaning."),
        Method("screen.report", ScreenReport, Nothing, D, "The screen tells what it shows."),
        Method("session.start", StartSession, StartResult, O, "Hold a card to a connector."),
        Method("session.stop", ConnectorParams, StopResult, O, "End the session at a connector."),
        Method("session.list", SessionQuery, SessionList, O, "Stored sessions, newest first."),
        Method("connector.unlock", ConnectorParams, Nothing, O, "End the session and release the plug."),
        Method("connector.availability", Availability, Nothing, O, "Put in or take out of service."),
        Method("station.reset", Reset, Nothing, O, "Soft: restart the programs. Hard: the machine."),
        Method("keys.list", Nothing, KeyList, O, "All configuration keys."),
        Method("keys.get", KeyName, KeyInfo, O, "One configuration key."),
        Method("keys.set", KeySet, KeyChanged, O, "Change a configuration key."),
        Method("whitelist.list", Nothing, TagList, O, "NFC whitelist."),
        Method("whitelist.add", TagParams, TagList, O, "Add a tag to the NFC whitelist."),
        Method("whitelist.remove", TagParams, TagList, O, "Remove a tag from the NFC whitelist."),
        Method("whitelist.clear", Nothing, TagList, O, "Empty the NFC whitelist."),
        Method("screen.grab", Nothing, Grabbed, O, "Picture of the driver's screen, as the next binary frame."),
        Method("screen.tap", TapAt, Nothing, O, "Touch the driver's screen (simulated hardware only)."),
        Method("screen.texts", Nothing, Texts, O, "Texts on the driver's screen (simulated hardware only)."),
        Method("sim.plug", SimPlug, Nothing, O, "Plug a car in."),
        Method("sim.unplug", ConnectorParams, Nothing, O, "Pull the plug."),
        Method("sim.card", SimCard, Nothing, O, "Hold a card to the reader."),
        Method("sim.fault", SimFault, Nothing, O, "Raise a fault by vendor error code."),
        Method("sim.clear", SimFault, Nothing, O, "Clear a fault."),
        Method("sim.door", SimDoor, Nothing, O, "Open or close the service door."),
        Method("sim.powercut", Nothing, Nothing, O, "The core dies at once, as with SIGKILL."),
        Method("sim.cars", Nothing, SimCars, O, "The cars there are."),
        Method("sim.state", Nothing, SimState, O, "LED rings, stacks, cars: the simulated world."),
    )
}

SCREEN_METHODS: Final[dict[str, Method]] = {
    m.name: m
    for m in (
        Method("screen.grab", Nothing, Grabbed, D, "Grab the window, PNG in the next binary frame."),
        Method("screen.tap", TapAt, Nothing, D, "Deliver a touch to the window."),
        Method("screen.texts", Nothing, Texts, D, "Walk the live items and list the visible texts."),
    )
}
"""What the core asks of a connected screen."""

ERROR_CODES: Final = {
    "parse": -32700,
    "invalid_request": -32600,
    "method_not_found": -32601,
    "invalid_params": -32602,
    "internal": -32603,
    "usage": -32001,  # UsageError
    "refused": -32002,  # every other UserFacing
    "not_permitted": -32003,
}
"""JSON-RPC error codes; ``message`` is the one line for a person, ``data.kind`` the error's class name."""
