"""The installation file: what was built and bolted together, as one TOML file.

Each field carries its comment, from which the documented default file and the reference page are made. Sections
and fields may be left out. Facts of one run come on top as ``--install`` overrides (``backend.retry_min_s=1``,
``connectors.0.lock=false``). All problems of a file are reported together, in one line.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from kiosk.model.enums import ConnectorType
from kiosk.model.errors import BadFile, BadValue
from kiosk.settings import reading
from kiosk.settings.languages import LANGUAGES

MAX_CONNECTORS: Final = 4


def _about(text: str, **limits: Any) -> msgspec.Meta:
    """The field's comment, for the documented default file and the reference page, and its limits."""
    return msgspec.Meta(description=text, **limits)


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all tables of the file."""


class ConnectorInstallation(Section, frozen=True, kw_only=True):
    """One charging cable. Values left out follow from the type."""

    type: Annotated[ConnectorType, _about("charging standard: CCS (Combo 2), CHAdeMO, GBT or CCS_AC (Type 2)")]
    max_current_a: Annotated[float, _about("largest current of the cable, A (AC: per phase)", gt=0, le=1000)]
    min_voltage_v: Annotated[float, _about("lowest output voltage, V", ge=0, le=1500)]
    max_voltage_v: Annotated[float, _about("highest output voltage, V", gt=0, le=1500)]
    max_power_w: Annotated[int, _about("largest power of the cable and its source, W", gt=0, le=1_000_000)]
    lock: Annotated[bool, _about("the station can lock and release the plug; false: an unlock is NotSupported")]
    label: Annotated[
        str, _about("what is painted on the holder; empty: the connector's number", max_length=20)
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


_TYPE_WORDS: Final = {kind.value.casefold(): kind for kind in ConnectorType}


def connector(kind: ConnectorType, **given: Any) -> ConnectorInstallation:
    """A connector of ``kind`` with the values that follow from it, but ``given`` ones."""
    return msgspec.convert({"type": kind, **CONNECTOR_DEFAULTS[kind], **given}, ConnectorInstallation)


class StationInstallation(Section, frozen=True, kw_only=True):
    """Who made the station and what it is called. Sent with BootNotification."""

    vendor: Annotated[str, _about("chargePointVendor", min_length=1, max_length=20)] = "alpitronic GmbH"
    model: Annotated[str, _about("chargePointModel, the general name", min_length=1, max_length=20)] = "HYC_50"
    product_name: Annotated[str, _about("title of the web interface", min_length=1)] = "Charging station"
    serial: Annotated[
        str, _about("chargePointSerialNumber; also the identity until chargePointIdentity is set",
                    min_length=1, max_length=25, pattern=r"^[\x21-\x39\x3b-\x7e]+$")
    ] = "KIOSK-0001"  # fmt: skip
    charge_box_serial: Annotated[str, _about("chargeBoxSerialNumber; empty: not sent", max_length=25)] = ""
    firmware: Annotated[str, _about("firmwareVersion; empty: the version of this software", max_length=50)] = ""
    meter_serial: Annotated[str, _about("meterSerialNumber of a main meter; empty: not sent", max_length=25)] = ""
    meter_type: Annotated[str, _about("meterType of a main meter; empty: not sent", max_length=25)] = ""


class Hardware(Section, frozen=True, kw_only=True):
    """The power electronics and who plays them."""

    kind: Annotated[Literal["simulator"], _about("which implementation stands behind the hardware ports")] = (
        "simulator"
    )
    stacks: Annotated[int, _about("number of DC power stacks", ge=0, le=16)] = 2
    stack_power_w: Annotated[int, _about("power of one stack, W", gt=0, le=1_000_000)] = 25000
    stack_current_a: Annotated[float, _about("largest current of one stack, A", gt=0, le=1000)] = 75.0
    grid_connection_w: Annotated[
        int, _about("what the supply and its fuses are built for, W; MaxGridPower beyond it is clamped",
                    gt=0, le=10_000_000)
    ] = 75000  # fmt: skip
    speed: Annotated[
        float, _about("simulator only: phases and charging run this many times faster", gt=0, le=10_000)
    ] = 1.0
    watchdog_s: Annotated[
        float, _about("contactors open when the core was silent for this long, s", gt=0, le=3600)
    ] = 5.0
    light_sensor: Annotated[bool, _about("an ambient light sensor is fitted")] = False


class BackendInstallation(Section, frozen=True, kw_only=True):
    """How patiently the backend is called. Its address is the configuration key WebSocketUrl."""

    retry_min_s: Annotated[float, _about("first wait before dialling again, s", gt=0, le=3600)] = 3.0
    retry_max_s: Annotated[float, _about("longest wait; it doubles from try to try, s", gt=0, le=86400)] = 120.0
    retry_random_s: Annotated[
        float, _about("up to this much is added at random, so that a site does not dial as one, s", ge=0, le=3600)
    ] = 5.0
    connect_timeout_s: Annotated[float, _about("give up dialling after this long, s", gt=0, le=600)] = 15.0
    call_timeout_s: Annotated[float, _about("a request unanswered for this long has failed, s", gt=0, le=600)] = (
        30.0
    )
    boot_retry_s: Annotated[
        float, _about("wait before BootNotification is repeated when no interval was given, s", gt=0, le=86400)
    ] = 60.0


class Reader(Section, frozen=True, kw_only=True):
    """The card reader."""

    position: Annotated[
        Literal["left", "right", "above", "below"], _about("where the reader is, seen from the screen")
    ] = "left"
    reverse_uid: Annotated[bool, _about("read the bytes of a card's number from last to first")] = False


class Stop(Section, frozen=True, kw_only=True):
    """How a session is ended at the station."""

    needs_card: Annotated[bool, _about("the screen's Stop asks for the card that began the session")] = False
    button: Annotated[bool, _about("a stop button is fitted in the front door")] = False


class Site(Section, frozen=True, kw_only=True):
    """Where the station stands: sunrise and sunset choose the day or night colours of the screen."""

    latitude: Annotated[Annotated[float, msgspec.Meta(ge=-90, le=90)] | None, _about("degrees north")] = None
    longitude: Annotated[Annotated[float, msgspec.Meta(ge=-180, le=180)] | None, _about("degrees east")] = None


class Panel(Section, frozen=True, kw_only=True):
    """The driver's display, always 1366 x 768."""

    px_per_mm: Annotated[float, _about("pixels per millimetre; 3.95 is a 15.6-inch panel", ge=1, le=20)] = 3.95


class ScreenInstallation(Section, frozen=True, kw_only=True):
    """How the driver's screen behaves."""

    palette: Annotated[
        Literal["auto", "day", "night"], _about("auto: by light sensor, else sun at the site, else 7:00 to 19:00")
    ] = "auto"
    reduced_motion: Annotated[bool, _about("no movement on the screen")] = False


class Folders(Section, frozen=True, kw_only=True):
    """Where pictures lie. A relative path starts in the data folder."""

    welcome: Annotated[str, _about("Logo.png and Authenticate.png", min_length=1)] = "welcome"
    slides: Annotated[str, _about("slides of the standby show", min_length=1)] = "slides"


class Storage(Section, frozen=True, kw_only=True):
    """What is kept, and how long."""

    keep_days: Annotated[
        int, _about("card and vehicle numbers are removed after this many days", ge=1, le=36500)
    ] = 400


class System(Section, frozen=True, kw_only=True):
    """The computer that the programs run on."""

    kind: Annotated[
        Literal["simulated", "debian"], _about("simulated: nothing of this computer is ever changed")
    ] = "simulated"
    set_clock: Annotated[bool, _about("set this computer's clock from the backend")] = False


class Modbus(Section, frozen=True, kw_only=True):
    """Modbus TCP server for a load-management controller; ModbusLoadManagementEnabled switches it on."""

    host: Annotated[str, _about("address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int, _about("port, 0: any free one; 502 is the usual one on a real station", ge=0, le=65535)
    ] = 5502
    allow: Annotated[tuple[str, ...], _about("addresses or networks that may connect; empty: all")] = ()
    reads_feed_watchdog: Annotated[
        bool, _about("a read counts as a sign of life too, not only a write of a power register")
    ] = False


class Web(Section, frozen=True, kw_only=True):
    """The operator's web interface."""

    enabled: Annotated[bool, _about("start it with the other programs")] = True
    host: Annotated[str, _about("address to listen on", min_length=1)] = "127.0.0.1"
    port: Annotated[int, _about("port, 0: any free one", ge=0, le=65535)] = 8080
    allowed_hosts: Annotated[tuple[str, ...], _about("further host names under which it may be reached")] = ()
    idle_timeout_s: Annotated[float, _about("logged out after this long without a request, s", gt=0, le=86400)] = (
        1800.0
    )


class SessionRules(Section, frozen=True, kw_only=True):
    """Sessions and restarts."""

    resume_within_s: Annotated[
        float,
        _about(
            "a session interrupted by a restart goes on when no longer than this has passed, s", ge=0, le=86400
        ),
    ] = 120.0


class Sockets(Section, frozen=True, kw_only=True):
    """The local sockets between the programs."""

    runtime_dir: Annotated[str, _about("folder of the sockets; empty: the user's runtime folder")] = ""


class Transfer(Section, frozen=True, kw_only=True):
    """Downloads and uploads that the backend asks for."""

    allow_private: Annotated[
        bool, _about("addresses of private networks are allowed (loopback and link-local never are)")
    ] = False


def _default_connectors() -> tuple[ConnectorInstallation, ...]:
    return tuple(connector(kind) for kind in DEFAULT_CONNECTORS)


DEFAULT_CONNECTORS: Final = (ConnectorType.CCS, ConnectorType.CCS, ConnectorType.CHADEMO)


class Installation(Section, frozen=True, kw_only=True):
    """The whole file, checked. ``Installation()`` is the default station of decision 3."""

    hotline: Annotated[str, _about("telephone number shown to drivers; empty: none", max_length=40)] = ""
    energy_is_free: Annotated[bool, _about("the operator gives the energy away; the screen says so")] = False
    tariff: Annotated[
        dict[str, str], _about('price text per language code, "" for all others; the key TariffText beats it')
    ] = msgspec.field(default_factory=dict)
    keys: Annotated[
        dict[str, str | bool | int], _about("first values of configuration keys, until somebody changes them")
    ] = msgspec.field(default_factory=dict)
    station: StationInstallation = StationInstallation()
    connectors: Annotated[
        tuple[ConnectorInstallation, ...], _about("1 to 4 of them", min_length=1, max_length=MAX_CONNECTORS)
    ] = msgspec.field(default_factory=_default_connectors)
    hardware: Hardware = Hardware()
    backend: BackendInstallation = BackendInstallation()
    reader: Reader = Reader()
    stop: Stop = Stop()
    site: Site = Site()
    panel: Panel = Panel()
    screen: ScreenInstallation = ScreenInstallation()
    folders: Folders = Folders()
    storage: Storage = Storage()
    system: System = System()
    modbus: Modbus = Modbus()
    web: Web = Web()
    session: SessionRules = SessionRules()
    sockets: Sockets = Sockets()
    transfer: Transfer = Transfer()

    @classmethod
    def load(cls, path: Path | None, overrides: Sequence[str] = ()) -> Installation:
        """Read ``path`` (None: all defaults) and lay the overrides (``dotted.path=value``) on top.

        Raises BadFile naming all problems of the file, BadValue for a wrong override.
        """
        raw = reading.file(path) if path else {}
        _expand_connectors(raw)
        installation = _build(raw, path)
        if overrides:
            reading.override(cls, raw, overrides, _expand_connectors)
            installation = _build(raw, None)
        return installation

    def with_connectors(self, types: str) -> Installation:
        """This installation with other connectors (``CCS,CCS,CHAdeMO``).

        Where the type at a place stays, so do the details the file gives for it. Raises BadValue.
        """
        kinds = connector_types(types)
        kept = [
            self.connectors[i] if i < len(self.connectors) and self.connectors[i].type is kind else connector(kind)
            for i, kind in enumerate(kinds)
        ]
        return msgspec.structs.replace(self, connectors=tuple(kept))

    @property
    def ac_power_w(self) -> int:
        """Sum of the AC outlets, W."""
        return sum(c.max_power_w for c in self.connectors if not c.type.is_dc)

    def connector_limit_w(self, connector_id: int) -> int:
        """The most the hardware can ever give to connector ``connector_id`` (from 1), W."""
        fitted = self.connectors[connector_id - 1]
        stacks_w = self.hardware.stacks * self.hardware.stack_power_w
        return min(fitted.max_power_w, stacks_w) if fitted.type.is_dc else fitted.max_power_w

    def welcome_dir(self, data_dir: Path) -> Path:
        return data_dir / Path(self.folders.welcome).expanduser()

    def slides_dir(self, data_dir: Path) -> Path:
        return data_dir / Path(self.folders.slides).expanduser()


def connector_types(text: str) -> tuple[ConnectorType, ...]:
    """``CCS,CCS,CHAdeMO`` in any case as types. Raises BadValue."""
    words = [word.strip() for word in text.split(",")]
    allowed = f"1 to {MAX_CONNECTORS} of {', '.join(ConnectorType)}, separated by commas"
    for word in words:
        if word.casefold() not in _TYPE_WORDS:
            raise BadValue("connectors", text, f"{word!r} is no connector type", allowed)
    if len(words) > MAX_CONNECTORS:
        raise BadValue("connectors", text, f"{len(words)} connectors are too many", allowed)
    return tuple(_TYPE_WORDS[word.casefold()] for word in words)


def _expand_connectors(raw: dict[str, Any]) -> None:
    """Bring the short forms of ``connectors`` (``"CCS,CCS"``, ``["CCS", "CCS"]``, nothing) to a list of tables."""
    given = raw.get("connectors", list(DEFAULT_CONNECTORS))
    if isinstance(given, str):
        given = [word.strip() for word in given.split(",")]
    if isinstance(given, list):
        given = [{"type": _type_word(entry)} if isinstance(entry, str) else entry for entry in given]
    raw["connectors"] = given


def _type_word(word: str) -> str:
    kind = _TYPE_WORDS.get(word.casefold())
    return kind.value if kind else word


def _with_type_defaults(entry: Any) -> Any:
    """What follows from a connector's type, so that only real facts need to stand in the file."""
    if not isinstance(entry, dict):
        return entry
    kind = _TYPE_WORDS.get(str(entry.get("type")).casefold(), ConnectorType.CCS)  # the misfit is named elsewhere
    return {**CONNECTOR_DEFAULTS[kind], **entry}


def _build(raw: dict[str, Any], path: Path | None) -> Installation:
    """Raises BadFile with all problems."""
    problems: list[str] = []
    connectors = raw["connectors"]
    if isinstance(connectors, list):
        raw = {**raw, "connectors": [_with_type_defaults(entry) for entry in connectors]}
    built: Installation | None = reading.convert(Installation, raw, problems)
    if built is not None:
        problems += _contradictions(built)
    if built is None or problems:
        raise BadFile(
            path or "installation",
            "; ".join(problems),
            "correct this; the page installation.md describes every field",
        )
    return built


def _contradictions(installation: Installation) -> list[str]:
    """What no field alone can show, one text per contradiction."""
    found = []
    for i, fitted in enumerate(installation.connectors):
        if fitted.min_voltage_v >= fitted.max_voltage_v:
            found.append(f"connectors.{i}.min_voltage_v is not below max_voltage_v")
        if fitted.type.is_dc and not installation.hardware.stacks:
            found.append(f"hardware.stacks is 0, but connectors.{i} ({fitted.type}) needs one")
    if (installation.site.latitude is None) is not (installation.site.longitude is None):
        found.append("site.latitude and site.longitude need each other")
    if installation.backend.retry_min_s > installation.backend.retry_max_s:
        found.append("backend.retry_min_s is above backend.retry_max_s")
    for network in installation.modbus.allow:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            found.append(f"modbus.allow: {network!r} is no address or network")
    codes = {language.code for language in LANGUAGES}
    found += [f"tariff.{code} is no language code" for code in installation.tariff if code not in {"", *codes}]
    return found
