"""The tables of the installation file: every field with its comment, its limits and its default."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from kiosk.model.enums import ConnectorType

MAX_CONNECTORS: Final = 4


def about(text: str, **limits: Any) -> msgspec.Meta:
    """The field's comment, for the documented default file and the reference page, and its limits."""
    return msgspec.Meta(description=text, **limits)


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all tables of the file."""


class ConnectorInstallation(Section, frozen=True, kw_only=True):
    """One charging cable. Values left out follow from the type."""

    type: Annotated[ConnectorType, about("charging standard: CCS (Combo 2), CHAdeMO, GBT or CCS_AC (Type 2)")]
    max_current_a: Annotated[float, about("largest current of the cable, A (AC: per phase)", gt=0, le=1000)]
    min_voltage_v: Annotated[float, about("lowest output voltage, V", ge=0, le=1500)]
    max_voltage_v: Annotated[float, about("highest output voltage, V", gt=0, le=1500)]
    max_power_w: Annotated[int, about("largest power of the cable and its source, W", gt=0, le=1_000_000)]
    lock: Annotated[bool, about("the station can lock and release the plug; false: an unlock is NotSupported")]
    label: Annotated[
        str,
        about(
            "what is painted on the holder, without comma; empty: the connector's number",
            max_length=20,
            pattern=r"^[^,\x00-\x1f]*$",
        ),
    ] = ""


def _type_defaults(current_a: float, low_v: float, high_v: float, power_w: int, lock: bool) -> dict[str, Any]:
    return {
        "max_current_a": current_a,
        "min_voltage_v": low_v,
        "max_voltage_v": high_v,
        "max_power_w": power_w,
        "lock": lock,
    }


CONNECTOR_DEFAULTS: Final = {
    ConnectorType.CCS: _type_defaults(150.0, 150.0, 1000.0, 50000, True),
    ConnectorType.CHADEMO: _type_defaults(125.0, 50.0, 500.0, 50000, True),
    ConnectorType.GBT: _type_defaults(125.0, 200.0, 750.0, 50000, True),
    ConnectorType.CCS_AC: _type_defaults(32.0, 230.0, 400.0, 22000, False),
}
"""Decision 3 and facts.md section 4. The AC cable is fixed to the station, hence no lock on this side."""

TYPE_WORDS: Final = {kind.value.casefold(): kind for kind in ConnectorType}
"""Connector types as people may write them, case-folded."""


def connector(kind: ConnectorType, **given: Any) -> ConnectorInstallation:
    """A connector of ``kind`` with the values that follow from it, but ``given`` ones."""
    return msgspec.convert({"type": kind, **CONNECTOR_DEFAULTS[kind], **given}, ConnectorInstallation)


class StationInstallation(Section, frozen=True, kw_only=True):
    """Who made the station and what it is called. Sent with BootNotification."""

    vendor: Annotated[str, about("chargePointVendor", min_length=1, max_length=20)] = "alpitronic GmbH"
    model: Annotated[str, about("chargePointModel, the general name", min_length=1, max_length=20)] = "HYC_50"
    product_name: Annotated[str, about("title of the web interface", min_length=1)] = "Charging station"
    serial: Annotated[
        str, about("chargePointSerialNumber; also the identity until chargePointIdentity is set",
                    min_length=1, max_length=25, pattern=r"^[\x21-\x39\x3b-\x7e]+$")
    ] = "KIOSK-0001"  # fmt: skip
    charge_box_serial: Annotated[str, about("chargeBoxSerialNumber; empty: not sent", max_length=25)] = ""
    firmware: Annotated[str, about("firmwareVersion; empty: the version of this software", max_length=50)] = ""
    meter_serial: Annotated[str, about("meterSerialNumber of a main meter; empty: not sent", max_length=25)] = ""
    meter_type: Annotated[str, about("meterType of a main meter; empty: not sent", max_length=25)] = ""


class Hardware(Section, frozen=True, kw_only=True):
    """The power electronics and who plays them."""

    kind: Annotated[Literal["simulator"], about("which implementation stands behind the hardware ports")] = (
        "simulator"
    )
    stacks: Annotated[int, about("number of DC power stacks", ge=0, le=16)] = 2
    stack_power_w: Annotated[int, about("power of one stack, W", gt=0, le=1_000_000)] = 25000
    stack_current_a: Annotated[float, about("largest current of one stack, A", gt=0, le=1000)] = 75.0
    grid_connection_w: Annotated[
        int, about("what the supply and its fuses are built for, W; MaxGridPower beyond it is clamped",
                    gt=0, le=10_000_000)
    ] = 75000  # fmt: skip
    speed: Annotated[
        float, about("simulator only: phases and charging run this many times faster", gt=0, le=10_000)
    ] = 1.0
    watchdog_s: Annotated[
        float, about("contactors open when the core was silent for this long, s", gt=0, le=3600)
    ] = 5.0
    light_sensor: Annotated[bool, about("an ambient light sensor is fitted")] = False
    backup_supply_s: Annotated[
        float, about("the computer lives on this long when the mains fail; 0: no back-up supply", ge=0, le=3600)
    ] = 0.0


class BackendInstallation(Section, frozen=True, kw_only=True):
    """How patiently the backend is called. Its address is the configuration key WebSocketUrl."""

    retry_min_s: Annotated[float, about("first wait before dialling again, s", gt=0, le=3600)] = 3.0
    retry_max_s: Annotated[float, about("longest wait; it doubles from try to try, s", gt=0, le=86400)] = 120.0
    retry_random_s: Annotated[
        float, about("up to this much is added at random, so that a site does not dial as one, s", ge=0, le=3600)
    ] = 5.0
    connect_timeout_s: Annotated[float, about("give up dialling after this long, s", gt=0, le=600)] = 15.0
    call_timeout_s: Annotated[float, about("a request unanswered for this long has failed, s", gt=0, le=600)] = (
        25.0
    )
    boot_retry_s: Annotated[
        float, about("wait before BootNotification is repeated when no interval was given, s", gt=0, le=86400)
    ] = 60.0
    new_link_tries: Annotated[
        int,
        about(
            "a new address, password, security profile or certificate is tried so often before the last one that"
            " worked gets a turn",
            ge=1,
            le=100,
        ),
    ] = 3
    renew_certificate_days: Annotated[
        float, about("a new certificate is requested so many days before the station's own expires", ge=0, le=3650)
    ] = 30.0


class Reader(Section, frozen=True, kw_only=True):
    """The card reader."""

    position: Annotated[
        Literal["left", "right", "above", "below"], about("where the reader is, seen from the screen")
    ] = "left"
    reverse_uid: Annotated[bool, about("read the bytes of a card's number from last to first")] = False


class Stop(Section, frozen=True, kw_only=True):
    """How a session is ended at the station."""

    needs_card: Annotated[bool, about("the screen's Stop asks for the card that began the session")] = False
    button: Annotated[bool, about("a stop button is fitted in the front door")] = False


class Site(Section, frozen=True, kw_only=True):
    """Where the station stands: sunrise and sunset choose the day or night colours of the screen."""

    latitude: Annotated[Annotated[float, msgspec.Meta(ge=-90, le=90)] | None, about("degrees north")] = None
    longitude: Annotated[Annotated[float, msgspec.Meta(ge=-180, le=180)] | None, about("degrees east")] = None


class Panel(Section, frozen=True, kw_only=True):
    """The driver's display, always 1366 x 768."""

    px_per_mm: Annotated[float, about("pixels per millimetre; 3.95 is a 15.6-inch panel", ge=1, le=20)] = 3.95


class ScreenInstallation(Section, frozen=True, kw_only=True):
    """How the driver's screen behaves."""

    palette: Annotated[
        Literal["auto", "day", "night"], about("auto: by light sensor, else sun at the site, else 7:00 to 19:00")
    ] = "auto"
    reduced_motion: Annotated[bool, about("no movement on the screen")] = False


class Folders(Section, frozen=True, kw_only=True):
    """Where pictures lie. A relative path starts in the data folder."""

    welcome: Annotated[str, about("Logo.png and Authenticate.png", min_length=1)] = "welcome"
    slides: Annotated[str, about("slides of the standby show", min_length=1)] = "slides"


class Storage(Section, frozen=True, kw_only=True):
    """What is kept, and how long."""

    keep_days: Annotated[
        int, about("card and vehicle numbers are removed after this many days", ge=1, le=36500)
    ] = 400
    most_waiting: Annotated[
        int, about("so many meter samples may wait for the backend; beyond, every second one between the first"
                    " and the last of the fullest session is dropped", ge=10, le=1_000_000)
    ] = 5000  # fmt: skip
    keep_samples_days: Annotated[
        int, about("meter samples of ended sessions, once the backend has them, are removed after this many days;"
                    " the sessions themselves are kept", ge=1, le=36500)
    ] = 30  # fmt: skip


class System(Section, frozen=True, kw_only=True):
    """The computer that the programs run on."""

    kind: Annotated[
        Literal["simulated", "debian"], about("simulated: nothing of this computer is ever changed")
    ] = "simulated"
    set_clock: Annotated[bool, about("set this computer's clock from the backend")] = False


class Modbus(Section, frozen=True, kw_only=True):
    """Modbus TCP server for a load-management controller; ModbusLoadManagementEnabled switches it on."""

    host: Annotated[str, about("address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int, about("port, 0: any free one; 502 is the usual one on a real station", ge=0, le=65535)
    ] = 5502
    allow: Annotated[tuple[str, ...], about("addresses or networks that may connect; empty: all")] = ()
    reads_feed_watchdog: Annotated[
        bool, about("a read counts as a sign of life too, not only a write of a power register")
    ] = False


class Web(Section, frozen=True, kw_only=True):
    """The operator's web interface."""

    enabled: Annotated[bool, about("start it with the other programs")] = True
    host: Annotated[str, about("address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[int, about("port, 0: any free one", ge=0, le=65535)] = 8080
    allowed_hosts: Annotated[tuple[str, ...], about("further host names under which it may be reached")] = ()
    idle_timeout_s: Annotated[float, about("logged out after this long without a request, s", gt=0, le=86400)] = (
        1800.0
    )


class SessionRules(Section, frozen=True, kw_only=True):
    """Sessions and restarts."""

    resume_within_s: Annotated[
        float,
        about("a session interrupted by a restart goes on when no longer than this has passed, s", ge=0, le=86400),
    ] = 120.0


class Reservation(Section, frozen=True, kw_only=True):
    """What a backend may reserve."""

    connectors: Annotated[bool, about("a backend may reserve a connector")] = True
    station: Annotated[bool, about("a backend may reserve any one connector of the station (connector 0)")] = True


class Sockets(Section, frozen=True, kw_only=True):
    """The local sockets between the programs."""

    runtime_dir: Annotated[str, about("folder of the sockets; empty: the user's runtime folder")] = ""


class Transfer(Section, frozen=True, kw_only=True):
    """Downloads and uploads that the backend asks for."""

    allow_private: Annotated[
        bool, about("addresses of private networks and of this machine are allowed; link-local ones never are")
    ] = False
    max_mb: Annotated[int, about("a larger file is refused, MB", ge=1, le=100_000)] = 2048
    stall_s: Annotated[float, about("given up when no byte came for this long, s", gt=0, le=3600)] = 60.0
    total_s: Annotated[float, about("given up when it takes longer than this, s", gt=0, le=86400)] = 3600.0
