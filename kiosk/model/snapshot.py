"""The current picture of the station, as every face receives it.

Whole sections are replaced on change; nothing is patched below a section. Unknown is ``None``.
Units stand in the names; times are aware UTC, ``*_s`` points in time are station monotonic seconds
(compare with ``Tick.monotonic_s``).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from kiosk.model.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    ConnectorType,
    LimitReason,
    Page,
    Phase,
    RefusalReason,
    RegistrationStatus,
    StopReason,
)


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all sections: immutable, strict."""


class Session(Section, frozen=True, kw_only=True):
    """The session at a connector, from authorization on, until the plug is out and the driver is done."""

    local_id: str | None = None  # ours, from begin on; None while only authorized
    transaction_id: int | None = None  # the backend's, None before its answer
    id_tag: str | None = None  # masked at the driver door
    kiosk: bool = False
    remote: bool = False  # begun by the backend
    started_at: datetime | None = None
    started_s: float | None = None
    ended_at: datetime | None = None
    duration_s: int | None = None  # set when it ended
    energy_wh: int | None = None
    soc_percent: int | None = None  # the last that the car told in this session
    stop_reason: StopReason | None = None
    plug_in_until_s: float | None = None  # ConnectionTimeOut runs out here
    stoppable: bool = True  # by the driver, here
    needs_card: bool = False  # ... with the card
    cost: str | None = None  # as the backend sent it (decision 28)


class Connector(Section, frozen=True, kw_only=True):
    id: int
    type: ConnectorType
    status: ChargePointStatus
    error_code: ChargePointErrorCode = ChargePointErrorCode.NO_ERROR
    vendor_error_code: int = 0
    faults: tuple[int, ...] = ()  # its own, and those of the station that stop it
    fault_again: bool = False  # the gravest came back before a session had gone well: other advice
    plugged: bool = False
    vehicle_id: str | None = None  # MAC, 12 hex digits
    phase: Phase = Phase.UNPLUGGED
    phase_since_s: float = 0.0
    # live readings, None while unknown
    power_w: int | None = None
    current_a: float | None = None
    voltage_v: float | None = None
    soc_percent: int | None = None
    time_to_80_s: int | None = None
    time_to_100_s: int | None = None
    meter_wh: int | None = None
    # power
    max_power_w: int = 0  # the most this connector can ever give
    limit_w: int | None = None  # what it may draw now
    limit_reason: LimitReason | None = None
    shared_with: tuple[int, ...] = ()  # connectors that share its power now
    can_start: bool = True  # decision 10: false = "no power free"
    withheld: bool = False  # Unavailable only because load management releases no power for it (decision 11)
    session: Session | None = None
    reserved_until: datetime | None = None
    led_rgb: str = ""  # RRGGBB, empty = off
    cycles: int = 0

    # shorthands, so that `kiosk status` and the screen agree
    @property
    def energy_wh(self) -> int | None:
        return self.session.energy_wh if self.session else None


class Backend(Section, frozen=True, kw_only=True):
    configured: bool = False
    connected: bool = False  # socket open
    problem: str = ""  # why not connected, one sentence; empty while connected and before the first dial
    next_try_s: float | None = None  # not before this it is dialled again; None while connected
    boot: RegistrationStatus | None = None  # None while not connected
    url: str | None = None  # without credentials
    waiting_messages: int = 0
    undelivered_messages: int = 0

    @property
    def online(self) -> bool:
        """It answers: connected and accepted."""
        return self.connected and self.boot is RegistrationStatus.ACCEPTED


class Screen(Section, frozen=True, kw_only=True):
    name: str | None = None  # what the driver sees; None without a screen
    language: str | None = None
    locked: bool | None = None
    frame_age_ms: int | None = None


class Dialogue(Section, frozen=True, kw_only=True):
    """What the driver is being asked, at which connector, until when."""

    page: Page = Page.STANDBY
    connector_id: int | None = None
    since_s: float = 0.0
    until_s: float | None = None  # it returns by itself then; None = stays
    total_s: float | None = None  # length of that time-out, for the dial
    reason: RefusalReason | None = None
    choices: tuple[int, ...] = ()  # WHICH_SESSION
    holds_card: bool = False  # a card was read and waits for a connector
    notice_connector: int | None = None  # SELECTION: why that card cannot be used
    notice: RefusalReason | None = None


class Gui(Section, frozen=True, kw_only=True):
    """What the screen needs of keys and installation, resolved."""

    languages: tuple[str, str, str] = ("de", "en", "it")
    identity_visible: bool = True
    slide_time_s: int = 10
    overlay_visible: bool = True
    current_visible: bool = True
    voltage_visible: bool = True
    power_visible: bool = True
    time_remaining_visible: bool = True
    labels: tuple[str | None, ...] = ()  # per connector; None = the next rule
    connector_power_visible: bool = True
    tariff: dict[str, str] = msgspec.field(default_factory=dict)  # language or "" → text
    hotline: str = ""
    reader_position: str = "left"  # left, right, below, above
    energy_is_free: bool = False
    stop_button: bool = False  # front-door stop button fitted
    latitude: float | None = None
    longitude: float | None = None
    px_per_mm: float = 3.95
    welcome_dir: str = ""
    slides_dir: str = ""


class Station(Section, frozen=True, kw_only=True):
    identity: str = ""
    product_name: str = "Charging station"
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    started_at: datetime | None = None
    simulated: bool = True
    kiosk: bool = False  # kiosk mode in force now
    operative: bool = True  # connector 0 not Unavailable
    door_open: bool = False
    emergency_stop: bool = False  # pressed: no contactor is closed, nothing begins
    faults: tuple[int, ...] = ()  # station-wide codes
    reset_pending: str | None = None  # Soft, Hard
    storage_problem: str = ""  # the data file was or is damaged: what an operator is to know
    updating: bool = False  # a firmware is being installed, or waits for the sessions to end


class Listen(Section, frozen=True, kw_only=True):
    """Where the programs listen, real ports."""

    driver_socket: str | None = None
    operator_socket: str | None = None
    modbus: str | None = None
    web: str | None = None
    backend: str | None = None  # embedded backend


class ManagedConnector(Section, frozen=True, kw_only=True):
    """What load management may know of one connector and has said of it; watts at the plug."""

    most_w: int  # by hardware and ConnectorsPowerLimit
    least_w: int  # with less there is no charging
    most_grid_w: int  # what ``most_w`` costs at the grid
    released_w: int  # what it could have now if it were alone; 0 where that is too little
    limit_w: int | None = None  # what the controller allows; None: it says nothing of this connector
    reactive_var: int = 0  # wished, of no effect


class LoadManagement(Section, frozen=True, kw_only=True):
    """An external load-management controller (Modbus); watts at the grid."""

    enabled: bool = False  # ModbusLoadManagementEnabled
    connected: bool = False  # it has control: its last word is younger than fallback_timeout_s
    heard: bool = False  # it has said something since load management was switched on
    fallback: bool = False  # fallback_w holds now, because it is silent
    available_w: int | None = None  # what the whole station may draw now
    written_w: int | None = None  # what the controller wrote last, in force or not
    max_grid_w: int = 0  # MaxGridPower, clamped to the connection
    fallback_w: int = 0  # GridFallbackPower
    fallback_timeout_s: int = 0  # GridFallbackTimeout
    reactive_var: int = 0  # wished of the station, of no effect
    connectors: tuple[ManagedConnector, ...] = ()  # in the order of their ids
    address: str | None = None  # where it is listened to; None: nowhere
    problem: str = ""  # why nowhere, with the remedy


class Snapshot(Section, frozen=True, kw_only=True):
    """The whole picture."""

    version: str
    station: Station
    connectors: tuple[Connector, ...]
    backend: Backend
    screen: Screen
    dialogue: Dialogue
    gui: Gui
    listen: Listen
    load_management: LoadManagement = LoadManagement()

    def connector(self, connector_id: int) -> Connector | None:
        return next((c for c in self.connectors if c.id == connector_id), None)


class Changes(Section, frozen=True, kw_only=True):
    """Sections that changed since the last message; absent = as it was."""

    station: Station | msgspec.UnsetType = msgspec.UNSET
    connectors: tuple[Connector, ...] | msgspec.UnsetType = msgspec.UNSET  # only the changed ones
    backend: Backend | msgspec.UnsetType = msgspec.UNSET
    screen: Screen | msgspec.UnsetType = msgspec.UNSET
    dialogue: Dialogue | msgspec.UnsetType = msgspec.UNSET
    gui: Gui | msgspec.UnsetType = msgspec.UNSET
    listen: Listen | msgspec.UnsetType = msgspec.UNSET
    load_management: LoadManagement | msgspec.UnsetType = msgspec.UNSET

    def on(self, snapshot: Snapshot) -> Snapshot:
        """``snapshot`` with these changes."""
        fields = {
            name: value
            for name in ("station", "backend", "screen", "dialogue", "gui", "listen", "load_management")
            if (value := getattr(self, name)) is not msgspec.UNSET
        }
        if self.connectors is not msgspec.UNSET:
            newer = {c.id: c for c in self.connectors}
            fields["connectors"] = tuple(newer.get(c.id, c) for c in snapshot.connectors)
        return msgspec.structs.replace(snapshot, **fields)


class Tick(Section, frozen=True, kw_only=True):
    """Every 500 ms: the core is alive, and this is the time and the age of the readings."""

    seq: int
    now: datetime
    monotonic_s: float
    reading_age_ms: dict[int, int | None]  # by connector; None = never read
