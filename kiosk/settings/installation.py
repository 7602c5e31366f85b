"""The installation file: what was built and bolted together, as one TOML file.

Each field carries its comment, from which the documented default file and the reference page are made. Sections
and fields may be left out. Facts of one run come on top as ``--install`` overrides (``backend.retry_min_s=1``,
``connectors.0.lock=false``). All problems of a file are reported together, in one line.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from kiosk.model.enums import ConnectorType
from kiosk.model.errors import BadFile, BadValue, UnknownKey
from kiosk.model.languages import LANGUAGES
from kiosk.settings import reading, table, valuetypes
from kiosk.settings.sections import (
    CONNECTOR_DEFAULTS,
    MAX_CONNECTORS,
    TYPE_WORDS,
    BackendInstallation,
    ConnectorInstallation,
    Folders,
    Hardware,
    Modbus,
    Panel,
    Reader,
    Reservation,
    ScreenInstallation,
    Section,
    SessionRules,
    Site,
    Sockets,
    StationInstallation,
    Stop,
    Storage,
    System,
    Transfer,
    Web,
    about,
    connector,
)
from kiosk.settings.unfit import Unfit

__all__ = ["ConnectorInstallation", "Hardware", "Installation", "connector", "connector_types"]


def _default_connectors() -> tuple[ConnectorInstallation, ...]:
    return tuple(connector(kind) for kind in DEFAULT_CONNECTORS)


DEFAULT_CONNECTORS: Final = (ConnectorType.CCS, ConnectorType.CCS, ConnectorType.CHADEMO)


class Installation(Section, frozen=True, kw_only=True):
    """The whole file, checked. ``Installation()`` is the default station of decision 3."""

    hotline: Annotated[str, about("telephone number shown to drivers; empty: none", max_length=40)] = ""
    energy_is_free: Annotated[bool, about("the operator gives the energy away; the screen says so")] = False
    tariff: Annotated[
        dict[str, str], about('price text per language code, "" for all others; the key TariffText beats it')
    ] = msgspec.field(default_factory=dict)
    keys: Annotated[
        dict[str, str | bool | int], about("first values of configuration keys, until somebody changes them")
    ] = msgspec.field(default_factory=dict)
    station: StationInstallation = StationInstallation()
    connectors: Annotated[
        tuple[ConnectorInstallation, ...], about("1 to 4 of them", min_length=1, max_length=MAX_CONNECTORS)
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
    reservation: Reservation = Reservation()
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
            installation = _build(raw, path, overrides)
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
        if word.casefold() not in TYPE_WORDS:
            raise BadValue("connectors", text, f"{word!r} is no connector type", allowed)
    if len(words) > MAX_CONNECTORS:
        raise BadValue("connectors", text, f"{len(words)} connectors are too many", allowed)
    return tuple(TYPE_WORDS[word.casefold()] for word in words)


def _expand_connectors(raw: dict[str, Any]) -> None:
    """Bring the short forms of ``connectors`` (``"CCS,CCS"``, ``["CCS", "CCS"]``, nothing) to a list of tables."""
    given = raw.get("connectors", list(DEFAULT_CONNECTORS))
    if isinstance(given, str):
        given = [word.strip() for word in given.split(",")]
    if isinstance(given, list):
        given = [{"type": _type_word(entry)} if isinstance(entry, str) else entry for entry in given]
    raw["connectors"] = given


def _type_word(word: str) -> str:
    kind = TYPE_WORDS.get(word.casefold())
    return kind.value if kind else word


def _with_type_defaults(entry: Any) -> Any:
    """What follows from a connector's type, so that only real facts need to stand in the file."""
    if not isinstance(entry, dict):
        return entry
    kind = TYPE_WORDS.get(str(entry.get("type")).casefold(), ConnectorType.CCS)  # the misfit is named elsewhere
    return {**CONNECTOR_DEFAULTS[kind], **entry}


def _build(raw: dict[str, Any], path: Path | None, overrides: Sequence[str] = ()) -> Installation:
    """Raises with all problems: BadValue where the file alone was fine, BadFile else."""
    problems: list[str] = []
    connectors = raw["connectors"]
    if isinstance(connectors, list):
        raw = {**raw, "connectors": [_with_type_defaults(entry) for entry in connectors]}
    built: Installation | None = reading.convert(Installation, raw, problems)
    if built is not None:
        problems += _contradictions(built)
    if overrides and (built is None or problems):
        allowed = "what fits together; the page installation.md describes every field"
        raise BadValue("--install", " ".join(overrides), "; ".join(problems), allowed)
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
    found += [
        f"tariff.{reading.printable(code)} is no language code"
        for code in installation.tariff
        if code not in {"", *codes}
    ]
    return found + _misfit_keys(installation)


def _misfit_keys(installation: Installation) -> list[str]:
    """First values of configuration keys that the keys' own rules refuse."""
    found = []
    for name, given in installation.keys.items():
        try:
            key = table.find(name)
            valuetypes.stored(key, key_text(given), len(installation.connectors))
        except UnknownKey as error:
            found.append(f"keys: {error}")
        except Unfit as error:
            shown = "its value" if key.secret else repr(given)
            found.append(f"keys.{key.name}: {shown} refused: {error}; allowed: {valuetypes.allowed(key)}")
    return found


def key_text(given: str | bool | int) -> str:
    """A TOML value as the text of a configuration key."""
    return str(given).lower() if isinstance(given, bool) else str(given)
