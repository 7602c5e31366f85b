"""The contract of the local link. The reference page is generated from this file and the ``*_messages``.

Core to face, notifications: ``snapshot`` (once, on connect), ``changes``, ``tick`` (every 500 ms).
Core to screen, requests: ``screen.grab``, ``screen.tap``, ``screen.texts``.
Face to core, requests: the rows of ``METHODS``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from kiosk.link.certificate_messages import (
    CertificateInstall,
    CertificateList,
    CertificateRemove,
    CertificateRow,
    SigningRequest,
)
from kiosk.link.file_messages import Archive, FirmwareFile, FirmwareState, FirmwareTaken
from kiosk.link.modbus_messages import RegisterList
from kiosk.link.params import Nothing as Nothing
from kiosk.link.params import Params as Params
from kiosk.link.profile_messages import (
    ProfileFilter,
    ProfileId,
    ProfileList,
    ProfilesCleared,
    ProfileSent,
    Schedule,
    ScheduleQuery,
)
from kiosk.model.enums import Door, Provenance, RefusalReason, ResetKind, Tap

PROTOCOL_VERSION: Final = 1
MAX_FRAME_BYTES: Final = 64 * 1024
"""Largest JSON frame a face may send."""
MAX_BINARY_BYTES: Final = 4 * 1024 * 1024
"""Largest binary frame (a screenshot)."""
TICK_S: Final = 0.5
LOST_AFTER_S: Final = 1.5
"""No tick for this long: the core is lost (design rule 9)."""


class Hello(Params, frozen=True, kw_only=True):
    """First message of every face: who it is. Answer: ``Welcome``. A wrong protocol version is refused."""

    face: str  # screen, web, cli
    protocol: int = PROTOCOL_VERSION
    subscribe: bool = True  # False: no snapshot, no changes, no ticks (a one-shot command)


class Welcome(Params, frozen=True, kw_only=True):
    protocol: int
    version: str
    door: Door


# --- driver's door -----------------------------------------------------------------------------------------


class DriverTap(Params, frozen=True, kw_only=True):
    """A driver touched something that means something."""

    action: Tap
    connector_id: int | None = None


class ScreenReport(Params, frozen=True, kw_only=True):
    """What the driver sees now; sent on change and every 5 s."""

    name: str
    language: str
    locked: bool
    frame_age_ms: int


# --- operator's door ---------------------------------------------------------------------------------------


class StartSession(Params, frozen=True, kw_only=True):
    """A card at connector N; without a tag only in kiosk mode. Answered when authorized or refused."""

    connector_id: int
    id_tag: str | None = None


class StartResult(Params, frozen=True, kw_only=True):
    authorized: bool
    reason: RefusalReason | None = None
    text: str = ""
    status: str = ""  # connector's status afterwards


class ConnectorParams(Params, frozen=True, kw_only=True):
    connector_id: int


class StopResult(Params, frozen=True, kw_only=True):
    local_id: str | None
    energy_wh: int | None


class Reset(Params, frozen=True, kw_only=True):
    kind: ResetKind = ResetKind.SOFT


class Availability(Params, frozen=True, kw_only=True):
    """Connector 0 is the whole station."""

    connector_id: int
    operative: bool


class KeyName(Params, frozen=True, kw_only=True):
    name: str


class KeySet(Params, frozen=True, kw_only=True):
    name: str
    value: str


class KeyInfo(Params, frozen=True, kw_only=True):
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


class KeyList(Params, frozen=True, kw_only=True):
    keys: tuple[KeyInfo, ...]


class KeyChanged(Params, frozen=True, kw_only=True):
    name: str
    value: str | None
    reboot_required: bool


class TagParams(Params, frozen=True, kw_only=True):
    id_tag: str


class TagList(Params, frozen=True, kw_only=True):
    id_tags: tuple[str, ...]
    warning: str = ""


class SessionRow(Params, frozen=True, kw_only=True):
    local_id: str
    connector_id: int
    transaction_id: int | None
    id_tag: str
    started_at: datetime
    ended_at: datetime | None
    meter_start_wh: int
    meter_stop_wh: int | None
    stop_reason: str | None


class SessionList(Params, frozen=True, kw_only=True):
    sessions: tuple[SessionRow, ...]


class SessionQuery(Params, frozen=True, kw_only=True):
    limit: int = 100


class MessageQuery(Params, frozen=True, kw_only=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class MessageRow(Params, frozen=True, kw_only=True):
    """What the backend has not taken. ``undelivered``: all attempts are used up; it can be sent again."""

    seq: int
    action: str
    connector_id: int
    local_id: str | None
    transaction_id: int | None
    at: datetime
    age_s: float
    attempts: int
    undelivered: bool


class MessageList(Params, frozen=True, kw_only=True):
    """Undelivered ones first, each sort oldest first."""

    messages: tuple[MessageRow, ...]


class MessageNumbers(Params, frozen=True, kw_only=True):
    """``seq`` of messages; none: all that are undelivered."""

    numbers: tuple[int, ...] = ()


class SentAgain(Params, frozen=True, kw_only=True):
    """``messages``: so many wait now that did not before."""

    messages: int


class Grabbed(Params, frozen=True, kw_only=True):
    """The PNG itself follows in the next binary frame to whoever asked."""

    bytes: int
    width: int
    height: int


class TapAt(Params, frozen=True, kw_only=True):
    x: int
    y: int


class Texts(Params, frozen=True, kw_only=True):
    """All visible texts of the live screen, in reading order."""

    name: str
    language: str
    texts: tuple[str, ...]


# --- simulator, operator's door, simulated hardware only ------------------------------------------------------


class SimPlug(Params, frozen=True, kw_only=True):
    connector_id: int
    car: str | None = None  # None: the first that fits
    soc_percent: int | None = None
    seated: bool = True  # False: only halfway in


class SimCard(Params, frozen=True, kw_only=True):
    uid: str


class SimFault(Params, frozen=True, kw_only=True):
    connector_id: int  # 0: the station (door, emergency stop)
    code: int
    frees_after: int | None = None  # a lock that is stuck comes free at that try to unlock it


class SimDoor(Params, frozen=True, kw_only=True):
    open: bool


class SimEmergency(Params, frozen=True, kw_only=True):
    pressed: bool


class SimMeter(Params, frozen=True, kw_only=True):
    connector_id: int
    lie: str  # stuck, jump, back, silent; ok: the truth again


class SimMains(Params, frozen=True, kw_only=True):
    on: bool


class SimHeat(Params, frozen=True, kw_only=True):
    celsius: float | None = None  # None: the usual temperature again


class SimCar(Params, frozen=True, kw_only=True):
    name: str
    description: str
    inlets: tuple[str, ...]
    battery_wh: int
    max_power_w: int
    vehicle_id: str


class SimCars(Params, frozen=True, kw_only=True):
    cars: tuple[SimCar, ...]


class SimState(Params, frozen=True, kw_only=True):
    """What only the simulated world knows, for tests and for the simulator page."""

    connectors: tuple[dict[str, Any], ...]
    door_open: bool
    emergency_stop: bool = False
    cabinet_c: float | None = None  # air inside the cabinet


class Method(msgspec.Struct, frozen=True):
    """One row of the contract."""

    name: str
    params: type[Params]
    result: type[Params]
    door: Door  # the lowest door that may call it; the operator may call everything of the driver's
    help: str


DRV, OPR = Door.DRIVER, Door.OPERATOR
METHODS: Final[dict[str, Method]] = {
    m.name: m
    for m in (
        Method("hello", Hello, Welcome, DRV, "Say who you are; the snapshot follows."),
        Method("driver.tap", DriverTap, Nothing, DRV, "A driver's tap with a meaning."),
        Method("screen.report", ScreenReport, Nothing, DRV, "The screen tells what it shows."),
        Method("session.start", StartSession, StartResult, OPR, "Hold a card to a connector."),
        Method("session.stop", ConnectorParams, StopResult, OPR, "End the session at a connector."),
        Method("session.list", SessionQuery, SessionList, OPR, "Stored sessions, newest first."),
        Method("messages.list", MessageQuery, MessageList, OPR, "What the backend has not taken."),
        Method("messages.send_again", MessageNumbers, SentAgain, OPR, "Send undelivered messages again."),
        Method("connector.unlock", ConnectorParams, Nothing, OPR, "End the session and release the plug."),
        Method("connector.availability", Availability, Nothing, OPR, "Put in or take out of service."),
        Method("station.reset", Reset, Nothing, OPR, "Soft: restart the programs. Hard: the machine."),
        Method("keys.list", Nothing, KeyList, OPR, "All configuration keys."),
        Method("keys.get", KeyName, KeyInfo, OPR, "One configuration key."),
        Method("keys.set", KeySet, KeyChanged, OPR, "Change a configuration key."),
        Method("whitelist.list", Nothing, TagList, OPR, "NFC whitelist."),
        Method("whitelist.add", TagParams, TagList, OPR, "Add a tag to the NFC whitelist."),
        Method("whitelist.remove", TagParams, TagList, OPR, "Remove a tag from the NFC whitelist."),
        Method("whitelist.clear", Nothing, TagList, OPR, "Empty the NFC whitelist."),
        Method(
            "firmware.install", FirmwareFile, FirmwareTaken, OPR, "Install an image as soon as nobody charges."
        ),
        Method("firmware.status", Nothing, FirmwareState, OPR, "Which firmware runs, and how an update stands."),
        Method("diagnostics.archive", Nothing, Archive, OPR, "Write a fresh diagnostics archive."),
        Method("certificates.list", Nothing, CertificateList, OPR, "Installed certificates."),
        Method("certificates.install", CertificateInstall, CertificateRow, OPR, "Install a certificate."),
        Method("certificates.remove", CertificateRemove, Nothing, OPR, "Remove a root certificate."),
        Method("certificates.csr", Nothing, SigningRequest, OPR, "A signing request for the station."),
        Method("profiles.list", Nothing, ProfileList, OPR, "Installed charging profiles, and which count now."),
        Method("profiles.show", ProfileId, ProfileSent, OPR, "One charging profile, as the backend sent it."),
        Method("profiles.clear", ProfileFilter, ProfilesCleared, OPR, "Remove charging profiles."),
        Method(
            "profiles.schedule", ScheduleQuery, Schedule, OPR, "Composite schedule of a connector or the station."
        ),
        Method("modbus.registers", Nothing, RegisterList, OPR, "The Modbus registers, with what they hold now."),
        Method("screen.grab", Nothing, Grabbed, OPR, "Picture of the driver's screen, as the next binary frame."),
        Method("screen.tap", TapAt, Nothing, OPR, "Touch the driver's screen (simulated hardware only)."),
        Method("screen.texts", Nothing, Texts, OPR, "Texts on the driver's screen (simulated hardware only)."),
        Method("sim.plug", SimPlug, Nothing, OPR, "Plug a car in."),
        Method("sim.unplug", ConnectorParams, Nothing, OPR, "Pull the plug."),
        Method("sim.card", SimCard, Nothing, OPR, "Hold a card to the reader."),
        Method("sim.fault", SimFault, Nothing, OPR, "Raise a fault by vendor error code."),
        Method("sim.clear", SimFault, Nothing, OPR, "Clear a fault."),
        Method("sim.door", SimDoor, Nothing, OPR, "Open or close the service door."),
        Method("sim.emergency", SimEmergency, Nothing, OPR, "Press or release the emergency stop."),
        Method("sim.meter", SimMeter, Nothing, OPR, "The meter goes wrong, or right again."),
        Method("sim.mains", SimMains, Nothing, OPR, "The mains fail or are back; needs a back-up supply."),
        Method("sim.heat", SimHeat, Nothing, OPR, "Temperature of the air inside the cabinet."),
        Method("sim.powercut", Nothing, Nothing, OPR, "The core dies at once, as with SIGKILL."),
        Method("sim.cars", Nothing, SimCars, OPR, "The cars there are."),
        Method("sim.state", Nothing, SimState, OPR, "LED rings, stacks, cars: the simulated world."),
    )
}

SCREEN_METHODS: Final[dict[str, Method]] = {
    m.name: m
    for m in (
        Method("screen.grab", Nothing, Grabbed, DRV, "Grab the window, PNG in the next binary frame."),
        Method("screen.tap", TapAt, Nothing, DRV, "Deliver a touch to the window."),
        Method("screen.texts", Nothing, Texts, DRV, "Walk the live items and list the visible texts."),
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
