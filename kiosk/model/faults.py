"""The fault table: every vendor error code, what it does to charging, and its texts.

The data stand in ``faults.toml``; a malformed row fails at import, naming the row. Faults are levels (raised,
cleared, by code): whoever holds a set of raised codes asks ``stops_charging``, ``blocks_start`` and ``gravest``
here and decides nothing of the kind by itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec

from kiosk.model.enums import ChargePointErrorCode, Phase
from kiosk.model.errors import UnknownFault

MAX_TITLE: Final = 50
"""Letters that a full-width title of the driver's screen holds."""


class FaultScope(StrEnum):
    """What a fault belongs to."""

    NONE = "none"  # code 0: there is no fault
    CONNECTOR = "connector"
    STATION = "station"  # reported on connector 0


Text = Annotated[str, msgspec.Meta(min_length=1)]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the table. ``faults.toml`` explains each column."""

    code: Annotated[int, msgspec.Meta(ge=0)]
    name: Annotated[str, msgspec.Meta(pattern="^[A-Z][A-Za-z0-9]+$", max_length=50)]
    error_code: ChargePointErrorCode
    scope: FaultScope
    gravity: Annotated[int, msgspec.Meta(ge=0, le=100)]
    stops_charging: bool
    blocks_start: bool
    latched_until_replug: bool
    phases: Annotated[tuple[Phase, ...], msgspec.Meta(min_length=1)]
    beyond_manual: bool = False
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TITLE)]
    cause: Text
    advice: Text
    advice_again: str = ""
    meaning: Text
    reason: str
    measures: tuple[Text, ...]

    @property
    def ends_with_replug(self) -> bool:
        """It only exists with a plug in, or is latched by it: gone when the plug is out."""
        return self.latched_until_replug or (
            self.scope is FaultScope.CONNECTOR and Phase.UNPLUGGED not in self.phases
        )

    def advice_for(self, *, again: bool) -> str:
        """What the driver is to do; ``again``: it came back before a session had gone well."""
        return self.advice_again if again and self.advice_again else self.advice


def _row(raw: dict[str, Any]) -> Fault:
    if raw.get("phases") == ["any"]:
        raw = {**raw, "phases": list(Phase)}
    try:
        return msgspec.convert(raw, Fault)
    except msgspec.ValidationError as error:
        raise ValueError(f"faults.toml: fault {raw.get('code', '?')}: {error}") from error


def read(text: str) -> Mapping[int, Fault]:
    """The table by code, in the order of the codes. Raises ValueError naming the row that is wrong."""
    rows: dict[int, Fault] = {}
    names: set[str] = set()
    for raw in tomllib.loads(text)["fault"]:
        row = _row(raw)
        if row.code in rows or row.name in names:
            raise ValueError(f"faults.toml: fault {row.code} ({row.name}): code or name stands there twice")
        if row.stops_charging and not row.blocks_start:
            raise ValueError(f"faults.toml: fault {row.code}: stops charging but would let it begin again")
        rows[row.code] = row
        names.add(row.name)
    return MappingProxyType(dict(sorted(rows.items())))


FAULTS: Final[Mapping[int, Fault]] = read(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
"""Every vendor error code, 0 (no error) among them."""

NO_FAULT: Final = FAULTS[0]
METER_ERROR: Final = 22
DOOR_CLOSED: Final = 1000
DOOR_OPENED: Final = 1001
EMERGENCY_STOP_RELEASED: Final = 1002
EMERGENCY_STOP: Final = 1003


def fault(code: int) -> Fault:
    """The row of ``code``. Raises UnknownFault."""
    try:
        return FAULTS[code]
    except KeyError:
        raise UnknownFault(code, _known()) from None


def gravest(codes: Iterable[int]) -> Fault:
    """The fault to report and to show of all that are raised; ``NO_FAULT`` when there is none.

    Equally grave: the lower code, so that the answer does not hang on the order. Raises UnknownFault.
    """
    return max((fault(code) for code in codes), key=lambda row: (row.gravity, -row.code), default=NO_FAULT)


def stops_charging(codes: Iterable[int]) -> bool:
    """Do these raised faults end a running session? The only place that says so. Raises UnknownFault."""
    return any(fault(code).stops_charging for code in codes)


def blocks_start(codes: Iterable[int]) -> bool:
    """Do these raised faults forbid to begin a session, and end one that still prepares? Raises UnknownFault."""
    return any(fault(code).blocks_start for code in codes)


def _known() -> str:
    """The codes for a person: ``0-12, 14-22, 50-51, 1000-1003``."""
    runs: list[list[int]] = []
    for code in FAULTS:
        if runs and code == runs[-1][-1] + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
